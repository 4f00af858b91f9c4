//! An SMSC that answers at once and counts who was reached, for measuring gateways: the reducer, without a socket or a clock.
//!
//! It promises an id of its own to every text, at most [`RECEIPTS_OPEN_MAX`] unanswered receipts on a link, and that a
//! receipt whose link ended goes out again on the next one.

use std::collections::{HashMap, HashSet, VecDeque};

use hdrhistogram::Histogram;
use serde::Serialize;

use super::frames::{self, Frame, RESPONSE, Submission};
use super::words::left_us;
use crate::harness::callers::histogram;

/// Unanswered receipts on a link.
pub const RECEIPTS_OPEN_MAX: usize = 100;

/// What came so far, as `/counts` tells it.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
pub struct Counts {
    /// Texts that came, copies too.
    pub submissions: u64,
    /// Different recipients.
    pub numbers: u64,
    /// Different texts.
    pub texts: u64,
    /// Bodies that could not be read.
    pub malformed: u64,
    /// Receipts that the gateway took.
    pub receipts_taken: u64,
    /// Receipts that it refused.
    pub receipts_refused: u64,
    /// Receipts that wait or are not answered.
    pub receipts_open: u64,
    /// Texts since the mark.
    pub marked_submissions: u64,
    /// From the first to the last text since the mark.
    pub marked_span_us: u64,
    /// From the time that texts since the mark say they left to their coming here.
    pub transit_p50_us: u64,
    /// See `transit_p50_us`.
    pub transit_p99_us: u64,
}

/// Microsecond 0 of a sink on other clocks.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Zero {
    /// In seconds of Unix time.
    pub unix_seconds: u64,
    /// In microseconds of the machine's monotonic clock.
    pub monotonic_us: u64,
}

/// The far end of a bench.
#[derive(Debug)]
pub struct Smsc {
    /// After how long a text that asks for a receipt gets it; `None` for never.
    receipt_delay_us: Option<u64>,
    zero: Zero,
    counts: Counts,
    transit: Histogram<u64>,
    marked_first_us: Option<u64>,
    numbers: HashSet<u64>,
    texts: HashSet<u64>,
    next_id: u64,
    due: VecDeque<(u64, Vec<u8>)>,
}

/// One link.
#[derive(Debug, Default)]
pub struct Link {
    takes_receipts: bool,
    sequence: u32,
    open: HashMap<u32, Vec<u8>>,
}

impl Smsc {
    /// A sink that has seen nothing.
    pub fn new(receipt_delay_us: Option<u64>, zero: Zero) -> Self {
        Self {
            receipt_delay_us,
            zero,
            counts: Counts::default(),
            transit: histogram(),
            marked_first_us: None,
            numbers: HashSet::new(),
            texts: HashSet::new(),
            next_id: 0,
            due: VecDeque::new(),
        }
    }

    /// Starts the span that is measured, with the next text.
    pub fn mark(&mut self) {
        self.marked_first_us = None;
        self.counts.marked_submissions = 0;
        self.counts.marked_span_us = 0;
        self.transit.reset();
    }

    /// What came so far.
    pub fn counts(&self) -> Counts {
        Counts {
            numbers: self.numbers.len() as u64,
            texts: self.texts.len() as u64,
            transit_p50_us: self.transit.value_at_quantile(0.5),
            transit_p99_us: self.transit.value_at_quantile(0.99),
            ..self.counts.clone()
        }
    }

    /// Takes every whole PDU of `bytes` and answers into `out`; how many bytes they took. An error if a length cannot be.
    pub fn take(&mut self, link: &mut Link, bytes: &[u8], now_us: u64, out: &mut Vec<u8>) -> Result<usize, ()> {
        let mut at = 0;
        while let Some(frame) = frames::first(&bytes[at..])? {
            self.take_one(link, &frame, now_us, out);
            at += frame.length;
        }
        Ok(at)
    }

    fn take_one(&mut self, link: &mut Link, frame: &Frame<'_>, now_us: u64, out: &mut Vec<u8>) {
        let Frame { command, sequence, .. } = *frame;
        match command {
            frames::SUBMIT_SM => match frames::submission(frame.body) {
                Some(submission) => {
                    let id = self.count(&submission, now_us);
                    frames::put(out, command | RESPONSE, frames::STATUS_OK, sequence, format!("{id}\0").as_bytes());
                }
                None => {
                    self.counts.malformed += 1;
                    frames::put(out, command | RESPONSE, frames::STATUS_SYSTEM_ERROR, sequence, b"");
                }
            },
            frames::ENQUIRE_LINK | frames::UNBIND => {
                frames::put(out, command | RESPONSE, frames::STATUS_OK, sequence, b"");
            }
            bind if frames::BINDS.contains(&bind) => {
                link.takes_receipts = bind != frames::BIND_TRANSMITTER;
                frames::put(out, command | RESPONSE, frames::STATUS_OK, sequence, b"SINK\0");
            }
            answer if answer & RESPONSE != 0 => self.take_answer(link, frame),
            _ => frames::put(out, RESPONSE, frames::STATUS_INVALID_COMMAND, sequence, b""),
        }
    }

    /// Counts a text, orders its receipt; its id.
    fn count(&mut self, submission: &Submission<'_>, now_us: u64) -> String {
        let first = *self.marked_first_us.get_or_insert(now_us);
        self.counts.marked_span_us = now_us - first;
        self.counts.marked_submissions += 1;
        self.counts.submissions += 1;
        self.numbers.insert(fingerprint(submission.to));
        self.texts.insert(fingerprint(submission.text));
        if let Some(left) = left_us(submission.text) {
            self.transit.saturating_record((self.zero.monotonic_us + now_us).saturating_sub(left));
        }
        self.next_id += 1;
        let id = format!("{:010}", self.next_id);
        if let Some(delay) = self.receipt_delay_us.filter(|_| submission.wants_receipt) {
            let stamp = stamp(self.zero.unix_seconds + now_us / 1_000_000);
            self.due.push_back((now_us + delay, frames::receipt(submission, &id, &stamp)));
            self.counts.receipts_open += 1;
        }
        id
    }

    fn take_answer(&mut self, link: &mut Link, frame: &Frame<'_>) {
        if frame.command == frames::DELIVER_SM | RESPONSE && link.open.remove(&frame.sequence).is_some() {
            self.counts.receipts_open -= 1;
            if frame.status == frames::STATUS_OK {
                self.counts.receipts_taken += 1;
            } else {
                self.counts.receipts_refused += 1;
            }
        }
    }

    /// Puts the receipts whose time has come into `out`; when the next one is due, unless an answer must come first.
    pub fn deliver(&mut self, link: &mut Link, now_us: u64, out: &mut Vec<u8>) -> Option<u64> {
        while link.takes_receipts && link.open.len() < RECEIPTS_OPEN_MAX {
            let due = self.due.front()?.0;
            if due > now_us {
                return Some(due);
            }
            let (_, body) = self.due.pop_front()?;
            link.sequence = link.sequence % 0x7FFF_FFFF + 1;
            frames::put(out, frames::DELIVER_SM, 0, link.sequence, &body);
            link.open.insert(link.sequence, body);
        }
        None
    }

    /// A link ended: what it did not answer goes out again.
    pub fn ended(&mut self, link: &mut Link) {
        for (_, body) in link.open.drain() {
            self.due.push_front((0, body));
        }
    }
}

/// FNV-1a, 64 bits: enough to tell a million numbers or texts apart, and cheap.
pub fn fingerprint(bytes: &[u8]) -> u64 {
    bytes.iter().fold(0xCBF2_9CE4_8422_2325, |hash, byte| (hash ^ u64::from(*byte)).wrapping_mul(0x100_0000_01B3))
}

/// `YYMMDDhhmm` in UTC, as receipts write times. The calendar is H. Hinnant's `civil_from_days`.
fn stamp(unix_seconds: u64) -> String {
    let (days, minutes) = (unix_seconds / 86_400 + 719_468, unix_seconds / 60 % 1440);
    let day_of_era = days % 146_097;
    let year_of_era = (day_of_era - day_of_era / 1460 + day_of_era / 36_524 - day_of_era / 146_096) / 365;
    let day_of_year = day_of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
    let month_from_march = (5 * day_of_year + 2) / 153;
    let day = day_of_year - (153 * month_from_march + 2) / 5 + 1;
    let month = if month_from_march < 10 { month_from_march + 3 } else { month_from_march - 9 };
    let year = year_of_era + days / 146_097 * 400 + u64::from(month <= 2);
    format!("{:02}{month:02}{day:02}{:02}{:02}", year % 100, minutes / 60, minutes % 60)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::bench::frames::tests::submit;

    const ZERO: Zero = Zero { unix_seconds: 0, monotonic_us: 1_000 };

    fn bound(command: u32, smsc: &mut Smsc) -> Link {
        let (mut link, mut bind) = (Link::default(), Vec::new());
        frames::put(&mut bind, command, 0, 1, b"me\0pw\0\0\x34\0\0\0");
        smsc.take(&mut link, &bind, 1, &mut Vec::new()).unwrap();
        link
    }

    fn answer(sequence: u32, status: u32) -> Vec<u8> {
        let mut pdu = Vec::new();
        frames::put(&mut pdu, frames::DELIVER_SM | RESPONSE, status, sequence, b"\0");
        pdu
    }

    #[test]
    fn whole_submissions_are_answered_and_counted() {
        let mut smsc = Smsc::new(None, ZERO);
        let (mut link, mut out) = (bound(9, &mut smsc), Vec::new());
        let mut bytes = [submit(7, "440", 1, "a"), submit(8, "441", 1, "b"), submit(9, "440", 1, "b")].concat();
        let cut = submit(10, "442", 1, "c");
        bytes.extend_from_slice(&cut[..cut.len() - 1]);
        let used = smsc.take(&mut link, &bytes, 10, &mut out).unwrap();
        assert_eq!(bytes.len() - used, cut.len() - 1);
        let counts = smsc.counts();
        assert_eq!((counts.submissions, counts.numbers, counts.texts, counts.malformed), (3, 2, 2, 0));
        assert_eq!(out.len(), 3 * (16 + 11));
        assert_eq!(&out[..27], b"\0\0\0\x1b\x80\0\0\x04\0\0\0\0\0\0\0\x070000000001\0");
        assert_eq!(&out[43..53], b"0000000002");
        assert_eq!(smsc.deliver(&mut link, u64::MAX, &mut out), None, "receipts are off");
    }

    #[test]
    fn a_cut_body_is_malformed_and_a_lying_length_ends_the_link() {
        let mut smsc = Smsc::new(None, ZERO);
        let (mut link, mut out, mut short) = (bound(9, &mut smsc), Vec::new(), Vec::new());
        frames::put(&mut short, frames::SUBMIT_SM, 0, 1, b"\0\0\0x\0\0\0");
        smsc.take(&mut link, &short, 1, &mut out).unwrap();
        assert_eq!((smsc.counts().submissions, smsc.counts().malformed), (0, 1));
        assert_eq!(out[11], 8);
        assert_eq!(smsc.take(&mut link, &[0, 0, 0, 15, 0, 0, 0, 4, 0, 0, 0, 0, 0, 0, 0, 1], 1, &mut out), Err(()));
    }

    #[test]
    fn the_mark_starts_the_span_at_the_next_text() {
        let mut smsc = Smsc::new(None, ZERO);
        let mut link = bound(9, &mut smsc);
        let mut at =
            |smsc: &mut Smsc, now| smsc.take(&mut link, &submit(1, "44", 0, "x"), now, &mut Vec::new()).unwrap();
        at(&mut smsc, 5);
        smsc.mark();
        at(&mut smsc, 100);
        at(&mut smsc, 350);
        let counts = smsc.counts();
        assert_eq!((counts.submissions, counts.marked_submissions, counts.marked_span_us), (3, 2, 250));
    }

    #[test]
    fn texts_that_say_when_they_left_tell_their_transit() {
        let mut smsc = Smsc::new(None, ZERO);
        let mut link = bound(9, &mut smsc);
        let mut at = |smsc: &mut Smsc, now, text| {
            smsc.take(&mut link, &submit(1, "44", 0, text), now, &mut Vec::new()).unwrap();
        };
        at(&mut smsc, 90_000, "left at 0000000000000.");
        smsc.mark();
        at(&mut smsc, 500, "left at 0000000001100.");
        at(&mut smsc, 600, "without a time");
        let counts = smsc.counts();
        assert_eq!((counts.transit_p50_us, counts.transit_p99_us), (400, 400));
    }

    #[test]
    fn receipts_wait_for_their_time_their_window_and_their_answers() {
        let mut smsc = Smsc::new(Some(50), ZERO);
        let mut link = bound(9, &mut smsc);
        let many: Vec<u8> = (0..=100).flat_map(|n| submit(n, "44", 1, "x")).collect();
        smsc.take(&mut link, &many, 100, &mut Vec::new()).unwrap();
        smsc.take(&mut link, &submit(1, "45", 0, "not asked for"), 100, &mut Vec::new()).unwrap();
        let mut out = Vec::new();
        assert_eq!(smsc.deliver(&mut link, 149, &mut out), Some(150));
        assert!(out.is_empty());
        assert_eq!(smsc.deliver(&mut link, 150, &mut out), None);
        assert_eq!((link.open.len(), smsc.due.len()), (RECEIPTS_OPEN_MAX, 1));

        smsc.take(&mut link, &[answer(1, 0), answer(1, 0), answer(2, 0x58)].concat(), 160, &mut out).unwrap();
        smsc.deliver(&mut link, 160, &mut out);
        let counts = smsc.counts();
        assert_eq!((counts.receipts_taken, counts.receipts_refused, counts.receipts_open), (1, 1, 99));

        smsc.ended(&mut link);
        let mut transmitter = bound(frames::BIND_TRANSMITTER, &mut smsc);
        assert_eq!(smsc.deliver(&mut transmitter, 170, &mut out), None);
        assert!(transmitter.open.is_empty());
        let mut again = bound(9, &mut smsc);
        smsc.deliver(&mut again, 170, &mut out);
        assert_eq!(again.open.len(), 99);
    }

    #[test]
    fn stamps_follow_the_calendar() {
        for (seconds, written) in [
            (0, "7001010000"),
            (951_782_340, "0002282359"),
            (951_782_400, "0002290000"),
            (1_735_689_599, "2412312359"),
            (1_772_323_200, "2603010000"),
        ] {
            assert_eq!(stamp(seconds), written);
        }
    }
}
