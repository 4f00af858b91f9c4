//! Chance that can be repeated: the same seed and session number give the same numbers. Pure.

/// A generator (Steele, Lea and Flood, "Fast splittable pseudorandom number generators", 2014: SplitMix64).
#[derive(Debug, Clone)]
pub struct Chance(u64);

impl Chance {
    /// The chance of one session.
    pub const fn new(seed: u64, session: u64) -> Self {
        Self(seed ^ session.wrapping_mul(0xD1B5_4A32_D192_ED03))
    }

    fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9E37_79B9_7F4A_7C15);
        let mixed = (self.0 ^ (self.0 >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
        let mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
        mixed ^ (mixed >> 31)
    }

    /// True as often as `rate` says, 0 to 1.
    pub fn happens(&mut self, rate: f64) -> bool {
        // Of 32 bits: exact as a float.
        rate > 0.0 && f64::from((self.next() >> 32) as u32) < rate * 4_294_967_296.0
    }

    /// A number from 0 to `most`.
    pub fn up_to(&mut self, most: u64) -> u64 {
        let number = self.next();
        most.checked_add(1).map_or(number, |count| number % count)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_same_seed_gives_the_same_chance() {
        let numbers = |seed, session| {
            let mut chance = Chance::new(seed, session);
            (0..8).map(|_| chance.up_to(1_000)).collect::<Vec<_>>()
        };
        assert_eq!(numbers(1, 1), numbers(1, 1));
        assert_ne!(numbers(1, 1), numbers(2, 1));
        assert_ne!(numbers(1, 1), numbers(1, 2));
        let mut chance = Chance::new(7, 1);
        let happened = (0..10_000).filter(|_| chance.happens(0.25)).count();
        assert!((2_000..3_000).contains(&happened), "{happened}");
        assert!((0..100).all(|_| chance.happens(1.0) && !chance.happens(0.0) && chance.up_to(3) <= 3));
    }
}
