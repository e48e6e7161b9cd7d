//! The words of the format, as the server's `utils/jsonb.h` defines them, in the machine's byte order.

use crate::error::{Error, Result};

/// Bytes of a word: the header of a container, or an entry.
pub(crate) const WORD: usize = 4;
/// Each so many entries hold an end instead of a length.
pub(crate) const OFFSET_STRIDE: usize = 32;

/// The bits of a header for the number of elements or pairs.
pub(crate) const COUNT_MASK: u32 = 0x0FFF_FFFF;
/// A document that is a scalar.
pub(crate) const SCALAR: u32 = 0x1000_0000;
/// The container is an object.
pub(crate) const OBJECT: u32 = 0x2000_0000;
/// The container is an array.
pub(crate) const ARRAY: u32 = 0x4000_0000;

/// The bits of an entry for the length or end of its child.
pub(crate) const LENGTH_MASK: u32 = 0x0FFF_FFFF;
/// The bits of an entry for the type of its child.
pub(crate) const TYPE_MASK: u32 = 0x7000_0000;
/// The entry has its child's end, not its length.
pub(crate) const HAS_END: u32 = 0x8000_0000;

/// Types of children.
pub(crate) const IS_STRING: u32 = 0x0000_0000;
pub(crate) const IS_NUMERIC: u32 = 0x1000_0000;
pub(crate) const IS_FALSE: u32 = 0x2000_0000;
pub(crate) const IS_TRUE: u32 = 0x3000_0000;
pub(crate) const IS_NULL: u32 = 0x4000_0000;
pub(crate) const IS_CONTAINER: u32 = 0x5000_0000;

/// The server's limits: what it can hold in memory while it builds an array of values, or of pairs of them.
const MAX_ALLOCATION: usize = 0x3FFF_FFFF;
pub(crate) const MAX_ELEMENTS: usize = MAX_ALLOCATION / 32;
pub(crate) const MAX_PAIRS: usize = MAX_ALLOCATION / 72;

/// The word at a position.
pub(crate) fn word(bytes: &[u8], at: usize) -> Option<u32> {
    let bytes = bytes.get(at..at.checked_add(WORD)?)?;
    Some(u32::from_ne_bytes(bytes.try_into().ok()?))
}

/// The next position at which a number or a container may begin.
pub(crate) fn aligned(position: usize) -> usize {
    position.next_multiple_of(WORD)
}

/// A length or an end as an entry has it.
pub(crate) fn length_bits(length: usize) -> Result<u32> {
    u32::try_from(length)
        .ok()
        .filter(|length| *length <= LENGTH_MASK)
        .ok_or(Error::TooLarge)
}

/// The number of elements of an array as a header has it.
pub(crate) fn array_count(count: usize) -> Result<u32> {
    count_bits(count, MAX_ELEMENTS)
}

/// The number of pairs of an object as a header has it.
pub(crate) fn object_count(count: usize) -> Result<u32> {
    count_bits(count, MAX_PAIRS)
}

fn count_bits(count: usize, most: usize) -> Result<u32> {
    u32::try_from(count)
        .ok()
        .filter(|_| count <= most)
        .ok_or(Error::TooMany)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn limits_are_the_servers() {
        assert_eq!(length_bits(0x0FFF_FFFF), Ok(0x0FFF_FFFF));
        assert_eq!(length_bits(0x1000_0000), Err(Error::TooLarge));
        assert_eq!(length_bits(usize::MAX), Err(Error::TooLarge));
        assert_eq!(array_count(33_554_431), Ok(33_554_431));
        assert_eq!(array_count(33_554_432), Err(Error::TooMany));
        assert_eq!(object_count(14_913_080), Ok(14_913_080));
        assert_eq!(object_count(14_913_081), Err(Error::TooMany));
    }

    #[test]
    fn words_beyond_the_end_are_none() {
        assert_eq!(word(&[1; 8], 4), Some(0x0101_0101));
        assert_eq!(word(&[1; 7], 4), None);
        assert_eq!(word(&[1; 7], usize::MAX), None);
    }
}
