//! Whether everybody counted the same: the loader, the gateway's store, the sink, the receiver of webhooks.
//!
//! A rate means nothing for texts that were lost, doubled or only seemed accepted.

use serde::Serialize;

use crate::failure::{Outcome, require};

/// The counts of a whole row, its warm-up included.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
pub struct Books {
    /// Texts whose answer said accepted.
    pub accepted: u64,
    /// Texts whose answer was missing or cut.
    pub broken: u64,
    /// By how much the store's count of messages grew.
    pub stored: u64,
    /// Parts that still have to reach the carrier or be answered by it.
    pub unsent: u64,
    /// Texts at the sink, copies too.
    pub submissions: u64,
    /// Different recipients at the sink.
    pub numbers: u64,
    /// Different texts at the sink.
    pub texts: u64,
    /// Bodies that the sink could not read.
    pub malformed: u64,
    /// In a row with receipts, what became of them.
    pub receipts: Option<Receipts>,
}

/// The way back.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
pub struct Receipts {
    /// Receipts that the gateway took from the sink.
    pub taken: u64,
    /// Receipts that it refused.
    pub refused: u64,
    /// Parts without their final receipt, and webhooks that are not delivered.
    pub open: u64,
    /// Different recipients that webhooks told of.
    pub told: u64,
}

impl Books {
    /// Whether nothing more will happen.
    pub fn are_settled(&self) -> bool {
        let way_back =
            self.receipts.as_ref().is_none_or(|receipts| receipts.open == 0 && receipts.told >= self.accepted);
        self.unsent == 0 && self.numbers >= self.accepted && way_back
    }

    /// Fails unless every count is the count of accepted texts.
    pub fn check(&self) -> Outcome<()> {
        let Self { accepted, broken, stored, unsent, numbers, texts, malformed, .. } = self;
        require(*accepted > 0, || "no text was accepted: there is nothing to measure".to_owned())?;
        require(*broken == 0, || format!("{broken} requests had no whole answer: nobody knows what became of them"))?;
        require(*malformed == 0, || format!("the sink could not read {malformed} of the gateway's texts"))?;
        require(stored == accepted, || {
            format!("{accepted} texts were accepted, but the store has {stored} more messages")
        })?;
        require(numbers == accepted, || {
            format!(
                "{accepted} texts were accepted, but {numbers} recipients reached the sink ({unsent} parts are still open)"
            )
        })?;
        require(texts == accepted, || {
            format!("{accepted} different texts were accepted, but {texts} reached the sink")
        })?;
        require(*unsent == 0, || format!("{unsent} parts are still open in the store"))?;
        let Some(Receipts { taken, refused, open, told }) = &self.receipts else { return Ok(()) };
        require(*refused == 0, || format!("the gateway refused {refused} receipts"))?;
        require(taken >= accepted, || {
            format!("{accepted} texts were accepted, but the gateway took {taken} receipts")
        })?;
        require(told == accepted, || {
            format!("{accepted} texts were accepted, but webhooks told of {told} recipients")
        })?;
        require(*open == 0, || format!("{open} receipts or webhooks are still open in the store"))
    }

    /// Texts that reached the sink more than once.
    pub fn copies(&self) -> u64 {
        self.submissions.saturating_sub(self.numbers)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn good() -> Books {
        Books {
            accepted: 100,
            stored: 100,
            submissions: 103,
            numbers: 100,
            texts: 100,
            receipts: Some(Receipts { taken: 101, told: 100, ..Receipts::default() }),
            ..Books::default()
        }
    }

    #[test]
    fn equal_counts_are_settled_and_good() {
        assert!(good().are_settled());
        good().check().unwrap();
        assert_eq!(good().copies(), 3);
        Books { receipts: None, ..good() }.check().unwrap();
    }

    #[test]
    fn every_mismatch_is_found_and_named() {
        let receipts = |taken, refused, open, told| Some(Receipts { taken, refused, open, told });
        for (books, said) in [
            (Books::default(), "no text was accepted"),
            (Books { broken: 1, ..good() }, "1 requests had no whole answer"),
            (Books { malformed: 2, ..good() }, "could not read 2"),
            (Books { stored: 99, ..good() }, "the store has 99"),
            (Books { stored: 101, ..good() }, "the store has 101"),
            (Books { numbers: 99, unsent: 1, ..good() }, "99 recipients reached the sink (1 parts are still open)"),
            (Books { numbers: 101, ..good() }, "101 recipients"),
            (Books { texts: 99, ..good() }, "99 reached the sink"),
            (Books { unsent: 3, ..good() }, "3 parts are still open"),
            (Books { receipts: receipts(99, 0, 0, 100), ..good() }, "took 99 receipts"),
            (Books { receipts: receipts(100, 1, 0, 100), ..good() }, "refused 1 receipts"),
            (Books { receipts: receipts(100, 0, 0, 99), ..good() }, "told of 99"),
            (Books { receipts: receipts(100, 0, 4, 100), ..good() }, "4 receipts or webhooks"),
        ] {
            let failure = books.check().unwrap_err().to_string();
            assert!(failure.contains(said), "{failure}");
        }
    }

    #[test]
    fn what_is_on_its_way_is_waited_for() {
        for books in [
            Books { unsent: 1, ..good() },
            Books { numbers: 99, ..good() },
            Books { receipts: Some(Receipts { taken: 100, refused: 0, open: 1, told: 100 }), ..good() },
            Books { receipts: Some(Receipts { taken: 100, refused: 0, open: 0, told: 99 }), ..good() },
        ] {
            assert!(!books.are_settled(), "{books:?}");
        }
    }
}
