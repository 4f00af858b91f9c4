//! Chance from a seed: `SplitMix64` (Steele, Lea, Flood, "Fast Splittable Pseudorandom Number Generators", 2014).

/// A stream of numbers that its seed decides.
pub struct Random(u64);

impl Random {
    /// The stream of this seed.
    pub const fn new(seed: u64) -> Self {
        Self(seed)
    }

    /// Any number.
    pub const fn word(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9E37_79B9_7F4A_7C15);
        let mut word = self.0;
        word = (word ^ (word >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
        word = (word ^ (word >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
        word ^ (word >> 31)
    }

    /// A number below `end`, which is not 0.
    pub const fn below(&mut self, end: u64) -> u64 {
        // The bias of a remainder is of no account for ends this small.
        self.word() % end
    }

    /// A count up to `most`.
    pub fn count(&mut self, most: usize) -> usize {
        usize::try_from(self.below(most as u64 + 1)).unwrap_or(most)
    }

    /// Any octet.
    pub const fn octet(&mut self) -> u8 {
        self.word().to_le_bytes()[0]
    }

    /// Any two octets.
    pub const fn pair(&mut self) -> u16 {
        let [low, high, ..] = self.word().to_le_bytes();
        u16::from_le_bytes([low, high])
    }

    /// True once in `times`.
    pub const fn once_in(&mut self, times: u64) -> bool {
        self.below(times) == 0
    }

    /// That many octets.
    pub fn octets(&mut self, count: usize) -> Vec<u8> {
        (0..count).map(|_| self.octet()).collect()
    }

    /// A text of up to `most` ASCII characters, blanks among them.
    pub fn text(&mut self, most: usize) -> Vec<u8> {
        let count = self.count(most);
        let mut text: Vec<u8> = (0..count).map(|_| 0x20 + self.octet() % 0x5F).collect();
        // tshark writes a backslash as one or as two, by its version.
        text.iter_mut().filter(|octet| **octet == b'\\').for_each(|octet| *octet = b'/');
        text
    }

    /// One of these.
    pub fn one_of<T: Copy>(&mut self, choices: &[T]) -> T {
        choices[self.count(choices.len() - 1)]
    }
}
