//! A bar for work that somebody waits for at a terminal: on stderr, in one line that is written over, and gone when the work is done.
//!
//! Where stderr is no terminal, with `--quiet` and with `--json` there is nothing.

use super::output::Out;

/// Cells of a bar.
const CELLS: u64 = 24;

/// Shows how far some work is.
pub(super) struct Bar<'a> {
    out: &'a Out,
    what: &'static str,
    /// The line that stands there now; empty if there is none.
    shown: String,
}

impl<'a> Bar<'a> {
    /// A bar for `what`, such as "copying".
    pub(super) const fn new(out: &'a Out, what: &'static str) -> Self {
        Self { out, what, shown: String::new() }
    }

    /// Shows that `done` of `total` is done; `unit` stands behind the numbers.
    pub(super) fn at(&mut self, done: u64, total: u64, unit: &str) {
        self.show(line(self.what, (done, total), unit));
    }

    /// Shows that `done` is done, of nobody knows how much.
    pub(super) fn count(&mut self, done: u64, unit: &str) {
        self.show(format!("{} {done} {unit}", self.what));
    }

    /// Makes room for a line of the answer.
    pub(super) fn clear(&mut self) {
        if !self.shown.is_empty() {
            self.out.rewrite("");
            self.shown.clear();
        }
    }

    fn show(&mut self, line: String) {
        if self.out.has_bars() && line != self.shown {
            self.out.rewrite(&line);
            self.shown = line;
        }
    }
}

impl Drop for Bar<'_> {
    fn drop(&mut self) {
        self.clear();
    }
}

fn line(what: &str, (done, total): (u64, u64), unit: &str) -> String {
    let (done, total) = (done.min(total), total.max(1));
    let share = |of: u64| u128::from(done) * u128::from(of) / u128::from(total);
    // Both are at most `CELLS`.
    let full = share(CELLS) as usize;
    let rest = CELLS as usize - full;
    format!("{what} [{}{}] {:>3}%  {done} of {total} {unit}", "#".repeat(full), ".".repeat(rest), share(100))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_bar_is_as_long_as_the_work_is_far() {
        for (done, total, wanted) in [
            (0, 4, "copying [........................]   0%  0 of 4 MB"),
            (1, 4, "copying [######..................]  25%  1 of 4 MB"),
            (4, 4, "copying [########################] 100%  4 of 4 MB"),
            (9, 4, "copying [########################] 100%  4 of 4 MB"),
            (0, 0, "copying [........................]   0%  0 of 1 MB"),
        ] {
            assert_eq!(line("copying", (done, total), "MB"), wanted);
        }
        assert!(line("x", (u64::MAX, u64::MAX), "").contains("100%"));
    }

    #[test]
    fn nobody_who_does_not_look_on_gets_one() {
        let out = Out::plain();
        let mut bar = Bar::new(&out, "copying");
        bar.at(1, 2, "MB");
        assert!(bar.shown.is_empty());
    }
}
