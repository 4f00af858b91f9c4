//! The outcome table: what the last two digits of a destination make the simulator do. Pure.
//!
//! Only numbers that nobody owns choose an outcome, so that no test ever rings at a stranger's by accident:
//!
//! - +44 7700 900xxx: Ofcom, "Telephone numbers for use in TV and radio drama programmes", mobile.
//! - +1 NPA 555 01xx: ATIS, "555 NXX Line Number Reference Document" (555-0100 to 555-0199).
//! - +49: Bundesnetzagentur, notice 148/2021 in Amtsblatt 7/2021, "Rufnummern für Medienproduktionen": its seven blocks. The
//!   single numbers of that notice are no block and behave like suffix 00.
//! - +84 98 000 00xx, only where the options say so: a development server's own choice.
//!
//! Every other number behaves like suffix 00. The table knows nothing of sessions, clocks and receipts' wording.

use serde::{Deserialize, Serialize};
use whimbrel_core::Span;
use whimbrel_smpp::{CommandStatus, MessageState};

/// How long after the answer an ordinary receipt is due.
pub const RECEIPT_DELAY: Span = Span::millis(200);
/// How long after the answer the second of two receipts is due, where the table names no other time.
const REPEAT_DELAY: Span = Span::millis(400);
/// How long after the answer a message that was underway is delivered.
const LATE_DELAY: Span = Span::seconds(2);
/// How long suffix 11 makes the client wait.
const SLOW_ANSWER: Span = Span::seconds(30);

/// The MAP error of an absent subscriber: "absentSubscriber", 3GPP TS 29.002 §17.6.6.
pub const MAP_ABSENT_SUBSCRIBER: u16 = 27;

/// Which numbers choose an outcome.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Ranges {
    /// The ranges that the regulators keep for fiction.
    #[default]
    Fictional,
    /// Those, and +84 98 000 00xx of development servers.
    FictionalAndDevelopment,
}

/// A row of the table, by name.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Outcome {
    /// 00: taken and delivered.
    Delivered,
    /// 01: taken, underway, delivered two seconds later.
    Buffered,
    /// 02: taken, expired.
    Expired,
    /// 03: refused.
    Rejected,
    /// 04: taken, the subscriber is absent.
    Absent,
    /// 05: refused, for the number is wrong.
    Unreachable,
    /// 06: throttled once, then taken and delivered.
    ThrottledOnce,
    /// 07: delivered, said twice.
    Twice,
    /// 08: the receipt comes before the answer.
    ReceiptFirst,
    /// 09: taken, and no receipt ever.
    NoReceipt,
    /// 10: the second part finds the subscriber absent.
    SecondPartAbsent,
    /// 11: answered after thirty seconds.
    SlowAnswer,
    /// 12: no answer at all.
    Silence,
}

impl Outcome {
    /// The outcome that a number's last two digits choose; all others are like 00.
    #[must_use]
    pub const fn of_suffix(suffix: Option<u8>) -> Self {
        match suffix {
            Some(1) => Self::Buffered,
            Some(2) => Self::Expired,
            Some(3) => Self::Rejected,
            Some(4) => Self::Absent,
            Some(5) => Self::Unreachable,
            Some(6) => Self::ThrottledOnce,
            Some(7) => Self::Twice,
            Some(8) => Self::ReceiptFirst,
            Some(9) => Self::NoReceipt,
            Some(10) => Self::SecondPartAbsent,
            Some(11) => Self::SlowAnswer,
            Some(12) => Self::Silence,
            _ => Self::Delivered,
        }
    }

    /// What happens to part `part` of a message with this outcome.
    #[must_use]
    pub const fn behaviour(self, part: u8) -> Behaviour {
        let receipts = match self {
            Self::Delivered | Self::SlowAnswer => DELIVERED,
            Self::Buffered => BUFFERED,
            Self::Expired => EXPIRED,
            Self::Rejected => return Behaviour::Refuse(CommandStatus::RX_P_APPN),
            Self::Absent => ABSENT,
            Self::Unreachable => return Behaviour::Refuse(CommandStatus::RINVDSTADR),
            Self::ThrottledOnce => return Behaviour::ThrottleOnce,
            Self::Twice => TWICE,
            Self::ReceiptFirst => {
                return Behaviour::ReceiptFirst(Planned::new(MessageState::Delivered, Span::ZERO));
            }
            Self::NoReceipt => &[],
            Self::SecondPartAbsent if part == 2 => ABSENT,
            Self::SecondPartAbsent => DELIVERED,
            Self::Silence => return Behaviour::Silence,
        };
        let answer_after = if matches!(self, Self::SlowAnswer) { SLOW_ANSWER } else { Span::ZERO };
        Behaviour::Accept { answer_after, receipts }
    }
}

/// What becomes of one submit_sm.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Behaviour {
    /// Accepted: answered with ESME_ROK `answer_after` its arrival, then the receipts.
    Accept {
        /// When the answer goes out, from the arrival.
        answer_after: Span,
        /// The receipts, in order of their time.
        receipts: &'static [Planned],
    },
    /// Accepted, but this receipt goes out before the answer.
    ReceiptFirst(Planned),
    /// Refused with ESME_RTHROTTLED the first time, accepted like suffix 00 from then on.
    ThrottleOnce,
    /// Refused with this status every time.
    Refuse(CommandStatus),
    /// Neither an answer nor a receipt.
    Silence,
}

/// A receipt that the table asks for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Planned {
    /// When it is due, from the answer.
    pub after: Span,
    /// What it says.
    pub state: MessageState,
    /// The network's error, a MAP code (network type 3).
    pub map_error: Option<u16>,
}

impl Planned {
    const fn new(state: MessageState, after: Span) -> Self {
        Self { after, state, map_error: None }
    }
}

const DELIVERED: &[Planned] = &[Planned::new(MessageState::Delivered, RECEIPT_DELAY)];
const BUFFERED: &[Planned] =
    &[Planned::new(MessageState::Enroute, RECEIPT_DELAY), Planned::new(MessageState::Delivered, LATE_DELAY)];
const EXPIRED: &[Planned] = &[Planned::new(MessageState::Expired, RECEIPT_DELAY)];
const ABSENT: &[Planned] =
    &[Planned { after: RECEIPT_DELAY, state: MessageState::Undeliverable, map_error: Some(MAP_ABSENT_SUBSCRIBER) }];
const TWICE: &[Planned] =
    &[Planned::new(MessageState::Delivered, RECEIPT_DELAY), Planned::new(MessageState::Delivered, REPEAT_DELAY)];

/// What happens to part `part` (from 1; a message that is whole is part 1) of a message to `destination`.
#[must_use]
pub fn behaviour(destination: &[u8], part: u8, ranges: Ranges) -> Behaviour {
    Outcome::of_suffix(suffix(destination, ranges)).behaviour(part)
}

/// The receipts of a message that is accepted like suffix 00.
#[must_use]
pub const fn plain_receipts() -> &'static [Planned] {
    DELIVERED
}

/// The last two digits of a number that chooses its outcome; `None` for all others.
#[must_use]
pub fn suffix(destination: &[u8], ranges: Ranges) -> Option<u8> {
    let digits = international(destination);
    if !digits.iter().all(u8::is_ascii_digit) {
        return None;
    }
    let chooses = in_blocks(digits)
        || in_north_america(digits)
        || (ranges == Ranges::FictionalAndDevelopment && digits.len() == 11 && digits.starts_with(b"849800000"));
    let [.., tens, ones] = digits else { return None };
    chooses.then(|| (tens - b'0') * 10 + (ones - b'0'))
}

/// The number without `+` or `00`.
pub(crate) fn international(destination: &[u8]) -> &[u8] {
    destination.strip_prefix(b"+").or_else(|| destination.strip_prefix(b"00")).unwrap_or(destination)
}

/// Whole blocks: how a number of the block begins, and how many digits follow.
const BLOCKS: &[(&[u8], usize)] = &[
    (b"447700900", 3),
    (b"493023125", 3),
    (b"496990009", 3),
    (b"494066969", 3),
    (b"492214710", 3),
    (b"498999998", 3),
    (b"4917139200", 2),
    (b"49176040690", 2),
];

fn in_blocks(digits: &[u8]) -> bool {
    BLOCKS.iter().any(|(prefix, rest)| digits.len() == prefix.len() + rest && digits.starts_with(prefix))
}

/// 1, an area code (which begins with 2 to 9), 55501, two digits.
fn in_north_america(digits: &[u8]) -> bool {
    digits.len() == 11 && digits[0] == b'1' && digits[1] >= b'2' && &digits[4..9] == b"55501"
}

#[cfg(test)]
mod tests {
    use super::*;

    const DEV: Ranges = Ranges::FictionalAndDevelopment;

    #[test]
    fn the_table_as_data() {
        use MessageState::{Delivered, Enroute, Expired, Undeliverable};
        let accept = |millis: i64, receipts: &[(i64, MessageState, Option<u16>)]| {
            let list: Vec<String> =
                receipts.iter().map(|(after, state, error)| format!("{after} {state:?} {error:?}")).collect();
            format!("accept {millis}: {}", list.join(", "))
        };
        let shown = |behaviour: Behaviour| match behaviour {
            Behaviour::Accept { answer_after, receipts } => {
                let list: Vec<_> = receipts
                    .iter()
                    .map(|planned| (planned.after.as_millis(), planned.state, planned.map_error))
                    .collect();
                accept(answer_after.as_millis(), &list)
            }
            Behaviour::ReceiptFirst(planned) => format!("first {:?}", planned.state),
            Behaviour::ThrottleOnce => "throttle".to_owned(),
            Behaviour::Refuse(status) => format!("refuse {:#x}", status.0),
            Behaviour::Silence => "silence".to_owned(),
        };
        let plain = accept(0, &[(200, Delivered, None)]);
        let absent = accept(0, &[(200, Undeliverable, Some(27))]);
        let table: &[(u8, u8, String)] = &[
            (0, 1, plain.clone()),
            (1, 1, accept(0, &[(200, Enroute, None), (2_000, Delivered, None)])),
            (2, 1, accept(0, &[(200, Expired, None)])),
            (3, 1, "refuse 0x65".to_owned()),
            (4, 1, absent.clone()),
            (5, 1, "refuse 0xb".to_owned()),
            (6, 1, "throttle".to_owned()),
            (7, 1, accept(0, &[(200, Delivered, None), (400, Delivered, None)])),
            (8, 1, "first Delivered".to_owned()),
            (9, 1, accept(0, &[])),
            (10, 1, plain.clone()),
            (10, 2, absent),
            (10, 3, plain.clone()),
            (11, 1, accept(30_000, &[(200, Delivered, None)])),
            (12, 1, "silence".to_owned()),
            (13, 1, plain.clone()),
            (99, 1, plain),
        ];
        for (suffix, part, wanted) in table {
            let destination = format!("4477009001{suffix:02}");
            assert_eq!(
                &shown(behaviour(destination.as_bytes(), *part, Ranges::Fictional)),
                wanted,
                "{destination}/{part}"
            );
        }
    }

    #[test]
    fn only_numbers_that_nobody_owns_choose() {
        let cases: &[(&str, Ranges, Option<u8>)] = &[
            ("447700900104", DEV, Some(4)),
            ("+447700900104", DEV, Some(4)),
            ("00447700900104", DEV, Some(4)),
            ("447700900004", Ranges::Fictional, Some(4)),
            ("447700900999", DEV, Some(99)),
            // One digit more or less, and the neighbours of the block.
            ("4477009001044", DEV, None),
            ("44770090010", DEV, None),
            ("447700899904", DEV, None),
            ("447700901004", DEV, None),
            ("12025550104", DEV, Some(4)),
            ("12025550204", DEV, None),
            ("12025540104", DEV, None),
            // No area code begins with 0 or 1.
            ("11025550104", DEV, None),
            ("2025550104", DEV, None),
            ("493023125004", DEV, Some(4)),
            ("496990009004", DEV, Some(4)),
            ("494066969004", DEV, Some(4)),
            ("492214710004", DEV, Some(4)),
            ("498999998004", DEV, Some(4)),
            ("491713920004", DEV, Some(4)),
            ("4917604069004", DEV, Some(4)),
            ("4917604069104", DEV, None),
            // A single number of the notice is no block.
            ("491729925904", DEV, None),
            ("84980000004", DEV, Some(4)),
            ("84980000104", DEV, None),
            ("84980000004", Ranges::Fictional, None),
            ("4477009001o4", DEV, None),
            ("+", DEV, None),
            ("0", DEV, None),
            ("", DEV, None),
        ];
        for (destination, ranges, wanted) in cases {
            assert_eq!(suffix(destination.as_bytes(), *ranges), *wanted, "{destination}");
        }
    }
}
