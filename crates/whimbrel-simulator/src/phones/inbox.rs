//! The latest texts of the latest phones, with their parts put together. Pure.

use std::collections::{HashMap, VecDeque};
use std::fmt;
use std::sync::Arc;

use serde::{Deserialize, Serialize};
use whimbrel_core::Timestamp;
use whimbrel_smpp::{ShortMessage, tag};
use whimbrel_sms::incoming::{self, Content, IncomingRules, Octets};
use whimbrel_sms::reassembly::Assembled;
use whimbrel_sms::udh::Place;
use whimbrel_sms::{Assembler, AssemblerLimits, Concat, ConcatRef, PartCount};

use crate::journal::hex;
use crate::outcome::international;
use crate::receipt::ESM_CLASS_UDHI;

/// How many texts of one phone are kept.
pub const TEXTS_MAX: usize = 100;
/// What may wait for its other parts; the oldest are forgotten.
const PARTIAL: AssemblerLimits = AssemblerLimits { messages_max: 1_000, octets_max: 16 * 1024 * 1024 };
/// message_payload takes 64 KiB; this much of it is kept.
const TEXT_OCTETS_MAX: usize = 4_096;

/// Which way a text went.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Direction {
    /// It reached the phone.
    ToPhone,
    /// The phone sent it.
    FromPhone,
}

/// A text that reached a phone, or that it sent. `Debug` does not show it.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct KeptText {
    /// Which way it went.
    pub direction: Direction,
    /// The other end: who sent it, or whom it was sent to.
    pub with: String,
    /// The client it came from or went to; empty if anybody.
    pub system_id: String,
    /// The text, if it is one.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub text: Option<String>,
    /// The octets in hexadecimal, if it is no text.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub binary_hex: Option<String>,
    /// How many parts it had.
    pub part_count: u8,
    /// When its last part came: RFC 3339.
    pub at: String,
}

impl fmt::Debug for KeptText {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { direction, part_count, at, .. } = self;
        let mut shown = f.debug_struct("KeptText");
        shown.field("direction", direction).field("part_count", part_count).field("at", at).finish_non_exhaustive()
    }
}

/// A phone that is known.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Phone {
    /// Its number, without `+`.
    pub number: String,
    /// How many texts of it are kept.
    pub text_count: usize,
}

/// The latest texts.
pub(crate) struct Inbox {
    phones_max: usize,
    phones: HashMap<Vec<u8>, VecDeque<KeptText>>,
    oldest_first: VecDeque<Vec<u8>>,
    partial: Assembler<Talk>,
}

/// Client, sender and recipient: what the parts of one text have in common beside what they say of themselves.
type Talk = (Arc<[u8]>, Vec<u8>, Vec<u8>);

impl Inbox {
    pub fn new(phones_max: usize) -> Self {
        Self { phones_max, phones: HashMap::new(), oldest_first: VecDeque::new(), partial: Assembler::new(PARTIAL) }
    }

    /// Takes a message that reached its phone.
    pub fn take(&mut self, system_id: &Arc<[u8]>, message: &ShortMessage, at: Timestamp) {
        let octets = message.user_data();
        let part = incoming::read(
            Octets {
                data_coding: message.data_coding,
                has_header: message.esm_class & ESM_CLASS_UDHI != 0,
                octets: &octets[..octets.len().min(TEXT_OCTETS_MAX)],
            },
            IncomingRules::default(),
        );
        let (content, part_count) = match part.concat.or_else(|| sar(message)) {
            None => (part.content, 1),
            Some(concat) => {
                let talk = (Arc::clone(system_id), message.source.digits.clone(), message.destination.digits.clone());
                let added = self.partial.add(talk, concat, part, at.0);
                let Some(whole) = added.released.into_iter().find(Assembled::is_complete) else { return };
                (whole.join().content, whole.total.value())
            }
        };
        let (text, octets) = match content {
            Content::Text(text) => (Some(text), None),
            Content::Binary(octets) => (None, Some(octets)),
        };
        let kept = KeptText {
            direction: Direction::ToPhone,
            with: String::from_utf8_lossy(&message.source.digits).into_owned(),
            system_id: String::from_utf8_lossy(system_id).into_owned(),
            binary_hex: octets.map(|octets| hex(&octets)),
            text,
            part_count,
            at: at.to_string(),
        };
        self.keep(&message.destination.digits, kept);
    }

    /// Keeps a text with its phone.
    pub fn keep(&mut self, number: &[u8], kept: KeptText) {
        let number = international(number).to_vec();
        if !self.phones.contains_key(&number) {
            if self.phones.len() >= self.phones_max
                && let Some(oldest) = self.oldest_first.pop_front()
            {
                self.phones.remove(&oldest);
            }
            self.oldest_first.push_back(number.clone());
        }
        let texts = self.phones.entry(number).or_default();
        if texts.len() >= TEXTS_MAX {
            texts.pop_front();
        }
        texts.push_back(kept);
    }

    /// The phones, the oldest first.
    pub fn phones(&self) -> Vec<Phone> {
        let phone = |number: &Vec<u8>| Phone {
            number: String::from_utf8_lossy(number).into_owned(),
            text_count: self.phones.get(number).map_or(0, VecDeque::len),
        };
        self.oldest_first.iter().map(phone).collect()
    }

    /// The phones that sent or got a text last, the latest first, each with that text; those that have none come at the end.
    pub fn latest(&self, count_max: usize) -> Vec<(Phone, Option<KeptText>)> {
        let last = |phone: Phone| {
            let last = self.phones.get(phone.number.as_bytes()).and_then(VecDeque::back).cloned();
            (phone, last)
        };
        let mut phones: Vec<_> = self.phones().into_iter().map(last).collect();
        // RFC 3339 in UTC sorts as time does. Stable, so that of equals the one seen first is first.
        phones.sort_by(|(_, a), (_, b)| {
            let at = |text: &Option<KeptText>| text.as_ref().map(|text| text.at.clone()).unwrap_or_default();
            at(b).cmp(&at(a))
        });
        phones.truncate(count_max);
        phones
    }

    /// The texts of a phone, the oldest first.
    pub fn texts(&self, number: &str) -> Vec<KeptText> {
        self.phones.get(international(number.as_bytes())).into_iter().flatten().cloned().collect()
    }
}

/// The place that the sar parameters give a part (SMPP 3.4 §5.3.2.22 to 24).
fn sar(message: &ShortMessage) -> Option<Concat> {
    let count = |tag| message.tlvs.get_u8(tag).and_then(PartCount::new);
    let reference = ConcatRef::Word(message.tlvs.get_u16(tag::SAR_MSG_REF_NUM)?);
    let place = Place { sequence: count(tag::SAR_SEGMENT_SEQNUM)?, total: count(tag::SAR_TOTAL_SEGMENTS)? };
    Concat::new(reference, place)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn message(from: &str, to: &str, data_coding: u8, data: &[u8]) -> ShortMessage {
        let mut message = ShortMessage { data_coding, short_message: data.to_vec(), ..ShortMessage::default() };
        message.source.digits = from.into();
        message.destination.digits = to.into();
        message
    }

    fn texts(inbox: &Inbox, number: &str) -> Vec<String> {
        let shown = |kept: KeptText| kept.text.or(kept.binary_hex).unwrap_or_default();
        inbox.texts(number).into_iter().map(shown).collect()
    }

    #[test]
    fn parts_are_put_together_in_any_order_and_senders_are_not_mixed() {
        let mut inbox = Inbox::new(10);
        let one: Arc<[u8]> = b"one".as_slice().into();
        let part = |from: &str, header: &[u8], text: &[u8]| ShortMessage {
            esm_class: 0x40,
            ..message(from, "447700900000", 0, &[header, text].concat())
        };
        inbox.take(&one, &part("a", &[5, 0, 3, 7, 2, 2], b"lo"), Timestamp(0));
        // Jasmin issue 664: two senders with one reference.
        inbox.take(&one, &part("b", &[5, 0, 3, 7, 2, 1], b"bye"), Timestamp(0));
        assert_eq!(texts(&inbox, "+447700900000"), Vec::<String>::new());
        inbox.take(&one, &part("a", &[5, 0, 3, 7, 2, 1], b"hel"), Timestamp(0));
        inbox.take(&one, &part("c", &[6, 8, 4, 1, 7, 2, 9], b"nonsense"), Timestamp(0));
        assert_eq!(texts(&inbox, "+447700900000"), ["hello", "nonsense"]);
        let mut segment = message("a", "447700900000", 8, &[0x20, 0xAC]);
        segment.tlvs.push(tag::SAR_MSG_REF_NUM, [0, 7]);
        segment.tlvs.push(tag::SAR_TOTAL_SEGMENTS, [1]);
        segment.tlvs.push(tag::SAR_SEGMENT_SEQNUM, [1]);
        inbox.take(&one, &segment, Timestamp(0));
        assert_eq!(texts(&inbox, "447700900000"), ["hello", "nonsense", "€"]);
    }

    #[test]
    fn the_phones_of_the_latest_texts_come_first() {
        let mut inbox = Inbox::new(10);
        let one: Arc<[u8]> = b"one".as_slice().into();
        for (second, number) in [(1, "447700900001"), (2, "447700900002"), (3, "447700900001"), (2, "447700900003")] {
            inbox.take(&one, &message("a", number, 4, &[second]), Timestamp(i64::from(second) * 1_000_000));
        }
        let latest = inbox.latest(2);
        let shown = |(phone, last): &(Phone, Option<KeptText>)| {
            (phone.number.clone(), last.as_ref().and_then(|last| last.binary_hex.clone()).unwrap_or_default())
        };
        let latest: Vec<_> = latest.iter().map(shown).collect();
        assert_eq!(
            latest,
            [("447700900001".to_owned(), "03".to_owned()), ("447700900002".to_owned(), "02".to_owned())]
        );
    }

    #[test]
    fn what_is_kept_is_bounded() {
        let mut inbox = Inbox::new(2);
        let one: Arc<[u8]> = b"one".as_slice().into();
        for number in ["1", "2", "3"] {
            for count in 0..TEXTS_MAX + 1 {
                inbox.take(&one, &message("a", number, 4, &[u8::try_from(count).expect("few")]), Timestamp(0));
            }
        }
        assert_eq!(inbox.phones().iter().map(|phone| phone.number.as_str()).collect::<Vec<_>>(), ["2", "3"]);
        assert_eq!((texts(&inbox, "3").len(), texts(&inbox, "3")[0].as_str()), (TEXTS_MAX, "01"));
        for reference in 0..=u8::MAX {
            for total in 2..10 {
                let data = [5, 0, 3, reference, total, 1];
                inbox.take(&one, &ShortMessage { esm_class: 0x40, ..message("a", "3", 0, &data) }, Timestamp(0));
            }
        }
        assert_eq!(inbox.partial.message_count(), PARTIAL.messages_max);
    }
}
