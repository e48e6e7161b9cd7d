//! The generator of pseudo-random numbers behind the test data.
//!
//! SplitMix64, written out here so that a seed gives the same catalogue with every version of every library.

/// A deterministic stream of numbers.
#[derive(Clone, Debug)]
pub struct Rng(u64);

impl Rng {
    /// A stream of its own for each `(seed, purpose)`, so that one table's data never depend on another's.
    pub fn new(seed: u64, purpose: &str) -> Self {
        let mut rng = Rng(seed);
        for byte in purpose.bytes() {
            rng.0 = rng.next_u64() ^ u64::from(byte);
        }
        rng
    }

    /// The next 64 random bits.
    pub fn next_u64(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9E37_79B9_7F4A_7C15);
        let mut bits = self.0;
        bits = (bits ^ (bits >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
        bits = (bits ^ (bits >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
        bits ^ (bits >> 31)
    }

    /// A number in `0..bound`; `bound` is at least 1.
    pub fn below(&mut self, bound: u64) -> u64 {
        let product = u128::from(self.next_u64()) * u128::from(bound.max(1));
        (product >> 64) as u64
    }

    /// True `percent` times in a hundred.
    pub fn percent(&mut self, percent: u64) -> bool {
        self.below(100) < percent
    }

    /// One of the items.
    pub fn pick<'a, T: ?Sized>(&mut self, items: &[&'a T]) -> &'a T {
        items[self.below(items.len() as u64) as usize]
    }

    /// A random UUID, version 4, as text.
    pub fn uuid(&mut self) -> String {
        let (high, low) = (self.next_u64(), self.next_u64());
        format!(
            "{:08x}-{:04x}-4{:03x}-{:04x}-{:012x}",
            high >> 32,
            (high >> 16) & 0xffff,
            high & 0x0fff,
            ((low >> 48) & 0x3fff) | 0x8000,
            low & 0xffff_ffff_ffff
        )
    }
}

/// Numbers in `0..n`, small ones far more often than large ones (Zipf's law with exponent 0.8).
#[derive(Clone, Debug)]
pub struct Zipf {
    cumulative: Vec<f64>,
}

impl Zipf {
    /// A distribution over `0..n`; `n` is at least 1.
    pub fn new(n: u64) -> Self {
        let mut total = 0.0;
        let cumulative = (1..=n.max(1))
            .map(|rank| {
                total += (rank as f64).powf(-0.8);
                total
            })
            .collect();
        Zipf { cumulative }
    }

    /// Draws one number.
    pub fn draw(&self, rng: &mut Rng) -> u64 {
        let total = self.cumulative.last().copied().unwrap_or(1.0);
        let unit = (rng.next_u64() >> 11) as f64 / (1_u64 << 53) as f64;
        let rank = self.cumulative.partition_point(|&sum| sum <= unit * total);
        rank.min(self.cumulative.len() - 1) as u64
    }
}

#[cfg(test)]
mod tests {
    use super::{Rng, Zipf};

    #[test]
    fn a_seed_gives_the_same_stream_for_ever() {
        let mut rng = Rng::new(42, "tb_product");
        let first: Vec<u64> = (0..3).map(|_| rng.below(1_000_000)).collect();
        let mut again = Rng::new(42, "tb_product");
        assert_eq!(first, (0..3).map(|_| again.below(1_000_000)).collect::<Vec<_>>());
        let mut other = Rng::new(42, "tb_review");
        assert_ne!(first, (0..3).map(|_| other.below(1_000_000)).collect::<Vec<_>>());
    }

    #[test]
    fn uuids_have_version_and_variant() {
        let mut rng = Rng::new(1, "uuid");
        for _ in 0..100 {
            let uuid = rng.uuid();
            assert_eq!(uuid.len(), 36, "{uuid}");
            assert_eq!(&uuid[14..15], "4", "{uuid}");
            assert!("89ab".contains(&uuid[19..20]), "{uuid}");
        }
    }

    #[test]
    fn zipf_is_skewed_and_in_range() {
        let zipf = Zipf::new(20);
        let mut rng = Rng::new(7, "zipf");
        let mut hits = [0_u32; 20];
        for _ in 0..20_000 {
            hits[zipf.draw(&mut rng) as usize] += 1;
        }
        assert!(hits.iter().all(|&count| count > 0), "{hits:?}");
        assert!(hits[0] > 5 * hits[19], "{hits:?}");
    }
}
