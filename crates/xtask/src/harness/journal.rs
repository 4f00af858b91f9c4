//! The simulator's journal: one JSON object a line, flushed per record, so that it outlives every kill.

use std::collections::HashMap;
use std::path::Path;

use serde_json::Value;

use crate::failure::{Attempted as _, Outcome};

/// What reached the simulator.
#[derive(Debug, Default)]
pub struct Submissions {
    /// Recipient to the line numbers of its copies, in order.
    copies: HashMap<u64, Vec<usize>>,
    lines: usize,
}

impl Submissions {
    /// Reads the whole journal. A last line that is still being written is left out.
    pub fn read(path: &Path) -> Outcome<Self> {
        let text = std::fs::read_to_string(path).attempting(format_args!("read {}", path.display()))?;
        let whole = text.rfind('\n').map_or("", |end| &text[..end]);
        let mut found = Self::default();
        for (index, line) in whole.lines().enumerate() {
            found.lines = index + 1;
            let record: Value =
                serde_json::from_str(line).attempting(format_args!("read line {} of the journal", index + 1))?;
            if record["event"] != "submit_sm" {
                continue;
            }
            if let Some(to) = record["destination"].as_str().and_then(|digits| digits.parse().ok()) {
                found.copies.entry(to).or_default().push(index + 1);
            }
        }
        Ok(found)
    }

    /// How many lines there are: a place in the story.
    pub fn lines(&self) -> usize {
        self.lines
    }

    /// Whether a text to this number arrived.
    pub fn has(&self, to: u64) -> bool {
        self.copies.contains_key(&to)
    }

    /// How many numbers were reached.
    pub fn unique(&self) -> usize {
        self.copies.len()
    }

    /// How many copies too many came after line `from` and up to line `to`.
    pub fn extra_between(&self, from: usize, to: usize) -> usize {
        let extra = self.copies.values().flat_map(|lines| lines.iter().skip(1));
        extra.filter(|line| from < **line && **line <= to).count()
    }
}

/// How many whole lines a journal has, without reading records.
pub fn line_count(path: &Path) -> Outcome<usize> {
    let bytes = std::fs::read(path).attempting(format_args!("read {}", path.display()))?;
    Ok(bytes.iter().filter(|byte| **byte == b'\n').count())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn copies_are_counted_where_they_came() {
        let file = std::env::temp_dir().join(format!("whimbrel-journal-{}", std::process::id()));
        let line = |to: u64| format!("{{\"event\":\"submit_sm\",\"destination\":\"{to}\"}}\n");
        let text = format!("{}{}{{\"event\":\"receipt\"}}\n{}{}{{\"event\":", line(1), line(2), line(1), line(1));
        std::fs::write(&file, text).expect("a temporary file");
        let found = Submissions::read(&file).expect("a journal");
        std::fs::remove_file(&file).expect("the same file");
        assert_eq!((found.unique(), found.lines()), (2, 5));
        assert_eq!((found.extra_between(0, 3), found.extra_between(3, 4), found.extra_between(0, 5)), (0, 1, 2));
        assert!(found.has(2) && !found.has(3));
    }
}
