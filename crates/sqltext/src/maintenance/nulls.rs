//! Where unit keys have NULLs.

/// Which columns of the unit keys are NULL, as a bit mask over key columns. Many units are looked up by equality, which NULLs
/// don't satisfy and an index can't serve beside `IS NULL`: so units are worked on by the places of their NULLs. Of the columns after
/// the first [`Nulls::COLUMNS`] it says nothing: these are compared so that NULL equals NULL.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Nulls(u64);

impl Nulls {
    /// Of how many key columns it says whether they are NULL.
    pub const COLUMNS: usize = u64::BITS as usize;

    /// The key columns with these numbers, from 0, are NULL.
    pub fn at(numbers: impl IntoIterator<Item = usize>) -> Nulls {
        let bits = numbers.into_iter().filter_map(bit);
        Nulls(bits.fold(0, |all, bit| all | bit))
    }

    /// Whether the key column with this number, from 0, is NULL; `None` if that is not said.
    pub fn has(self, number: usize) -> Option<bool> {
        Some(self.0 & bit(number)? != 0)
    }
}

fn bit(number: usize) -> Option<u64> {
    1u64.checked_shl(u32::try_from(number).ok()?)
}
