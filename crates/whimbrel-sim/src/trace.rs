//! What happened, line by line: a hash of it, and on demand the lines.

use std::fmt::Write as _;

/// The story of one seed.
pub struct Trace {
    hash: u64,
    line: String,
    lines: Option<Vec<String>>,
}

/// Whether lines are kept.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Lines {
    /// They are.
    Kept,
    /// Only their hash.
    Hashed,
}

impl Trace {
    /// An empty story.
    pub fn new(lines: Lines) -> Self {
        let lines = (lines == Lines::Kept).then(Vec::new);
        Self { hash: 0xcbf2_9ce4_8422_2325, line: String::new(), lines }
    }

    /// Adds a line.
    pub fn tell(&mut self, text: std::fmt::Arguments<'_>) {
        self.line.clear();
        // Writing into a string does not fail.
        _ = self.line.write_fmt(text);
        for byte in self.line.bytes().chain([b'\n']) {
            // FNV-1a.
            self.hash = (self.hash ^ u64::from(byte)).wrapping_mul(0x0100_0000_01b3);
        }
        if let Some(lines) = &mut self.lines {
            lines.push(self.line.clone());
        }
    }

    /// The hash of all lines.
    pub const fn hash(&self) -> u64 {
        self.hash
    }

    /// The lines, if they were kept.
    pub fn into_lines(self) -> Vec<String> {
        self.lines.unwrap_or_default()
    }
}
