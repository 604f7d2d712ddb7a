//! Numbers that look random and come again with the same seed.

/// A sequence of numbers (splitmix64).
#[derive(Clone, Debug)]
pub(crate) struct Chance(u64);

impl Chance {
    /// The sequence of this run, different for each `story`; the seed is printed.
    pub(crate) fn of(story: &str) -> Self {
        let seed = std::env::var("ENTENTE_SEED")
            .ok()
            .map_or(1, |text| text.parse::<u64>().expect("ENTENTE_SEED must be a whole number"));
        println!("{story}: ENTENTE_SEED={seed}");
        Self(story.bytes().fold(seed, |mixed, byte| mixed.wrapping_mul(31) + u64::from(byte)))
    }

    /// A number below `limit`.
    pub(crate) fn below(&mut self, limit: u64) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut mixed = self.0;
        mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        (mixed ^ (mixed >> 31)) % limit
    }
}
