//! What must hold for any octets, in one place for the fuzzers and the tests.

use crate::frame::{FrameReader, HEADER_OCTETS};
use crate::id;
use crate::pdu::{Address, Pdu, ShortMessage};
use crate::receipt::{Delivery, MessageState, ReceiptDates, ReceiptText, ReceiptTlvs, classify, compose};
use crate::tlv::tag;

const OCTETS_MAX: usize = 4096;

/// Reads octets as a peer's stream: cutting does not depend on how they come in, reading does not panic, and what
/// can be written again reads as the same.
///
/// # Panics
///
/// When one of these does not hold.
pub fn frames(octets: &[u8]) {
    let whole = cut(octets.chunks(octets.len().max(1)));
    assert_eq!(whole, cut(octets.chunks(1)), "frames depend on how the octets came in");
    for frame in &whole {
        assert!((HEADER_OCTETS..=OCTETS_MAX).contains(&frame.len()));
        let Ok(pdu) = Pdu::decode(frame) else { continue };
        let _ = format!("{pdu:?}");
        let mut written = Vec::new();
        if pdu.encode(&mut written).is_ok() {
            assert_eq!(Pdu::decode(&written).as_ref(), Ok(&pdu), "what was written reads as something else");
        } else {
            assert!(written.is_empty(), "a refused PDU left octets");
        }
    }
}

fn cut<'a>(pieces: impl Iterator<Item = &'a [u8]>) -> Vec<Vec<u8>> {
    let mut reader = FrameReader::new(OCTETS_MAX);
    let mut frames = Vec::new();
    for piece in pieces {
        reader.push(piece);
        while let Some(frame) = reader.next() {
            frames.extend(frame.map(<[u8]>::to_vec));
        }
    }
    frames
}

/// Reads octets as a message: `esm_class`, `data_coding`, the length of its text, the text, and parameters that take
/// the rest. Reading does not panic; what names a message can be looked up; a receipt written anew with the same id
/// and state reads as the same.
///
/// # Panics
///
/// When one of these does not hold.
pub fn receipt(octets: &[u8]) {
    let [esm_class, data_coding, length, rest @ ..] = octets else { return };
    let (text, parameters) = rest.split_at(usize::from(*length).min(rest.len()));
    let mut message = ShortMessage { esm_class: *esm_class, data_coding: *data_coding, ..ShortMessage::default() };
    message.short_message = text.to_vec();
    message.tlvs = crate::Tlvs::read(parameters).0;
    let (sniffed, marked) = (classify(&message, true), classify(&message, false));
    assert!(marked == Delivery::Message || marked == sniffed, "sniffing changed a receipt that was marked");
    let Delivery::Receipt(receipt) = sniffed else { return };
    let _ = format!("{receipt:?}");
    let first = id::candidates(&receipt.id).into_iter().next();
    assert_eq!(first.map(|candidate| candidate.key).unwrap_or_default(), id::key(&receipt.id));
    let is_plain = receipt.id.iter().all(|octet| octet.is_ascii_alphanumeric() || *octet == b'-');
    if is_plain && (1..=64).contains(&receipt.id.len()) {
        written_anew(&receipt.id, receipt.state, text);
    }
}

fn written_anew(id: &[u8], state: MessageState, text: &[u8]) {
    for tlvs in [ReceiptTlvs::Send, ReceiptTlvs::Omit] {
        let message = compose(&ReceiptText {
            id,
            state,
            error: 1,
            submitted_unix_seconds: 0,
            done_unix_seconds: u64::from(u32::MAX),
            text,
            source: Address::default(),
            destination: Address::default(),
            is_intermediate: false,
            dates: ReceiptDates::TwelveDigits,
            tlvs,
        });
        assert_eq!(message.tlvs.get(tag::MESSAGE_STATE).is_some(), tlvs == ReceiptTlvs::Send);
        let Delivery::Receipt(read) = classify(&message, false) else { panic!("a composed receipt is a message") };
        assert_eq!((read.id.as_slice(), read.state), (id, state), "a composed receipt reads as another");
        let error = read.error.map(|error| (error.network_type, error.value));
        assert_eq!(error, Some((if tlvs == ReceiptTlvs::Send { Some(3) } else { None }, Some(1))));
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    const RECEIPT: &[u8] = b"\x04\x00\x58id:0123456789 sub:001 dlvrd:001 submit date:2611010101 done date:2611010102 \
        stat:DELIVRD err:000\0\x1E\0\x040a1\0\x04\x27\0\x01\x02\x04\x23\0\x03\x03\0\x21";

    const WORDS: [&[u8]; 20] = [
        b"id:",
        b"sub:",
        b"dlvrd:",
        b"submit date:",
        b"done date:",
        b"stat:",
        b"err:",
        b"text:",
        b" ",
        b",",
        b";",
        b"\0",
        b"DELIVRD",
        b"0",
        b"a",
        b"\x11",
        b"\xFF",
        b":",
        b"submit",
        b"  ",
    ];

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(ProptestConfig::default().cases * 2))]

        #[test]
        fn any_octets_are_read_without_a_panic(octets in proptest::collection::vec(any::<u8>(), 0..200)) {
            super::frames(&octets);
            super::receipt(&octets);
        }

        #[test]
        fn any_body_is_read_without_a_panic(
            command in prop_oneof![0_u32..0x22, 0x100_u32..0x108],
            is_response: bool,
            status in prop_oneof![Just(0_u32), 1_u32..0x500],
            body in proptest::collection::vec(prop_oneof![2 => Just(0_u8), 1 => 0_u8..6, 1 => any::<u8>()], 0..90),
        ) {
            let command = command | if is_response { 0x8000_0000 } else { 0 };
            let length = u32::try_from(16 + body.len()).unwrap_or(0);
            let mut octets: Vec<u8> = [length, command, status, 7].iter().flat_map(|word| word.to_be_bytes()).collect();
            octets.extend(body);
            super::frames(&octets);
        }

        #[test]
        fn any_change_to_a_receipt_is_read_without_a_panic(
            changes in proptest::collection::vec((any::<proptest::sample::Index>(), any::<u8>()), 0..6),
            cut in any::<proptest::sample::Index>(),
        ) {
            let mut octets = RECEIPT.to_vec();
            for (at, octet) in changes {
                let at = at.index(octets.len());
                octets[at] = octet;
            }
            super::receipt(&octets);
            super::receipt(&octets[..cut.index(octets.len())]);
        }

        #[test]
        fn any_row_of_names_is_read_without_a_panic(
            head in any::<[u8; 2]>(),
            words in proptest::collection::vec(proptest::sample::select(&WORDS[..]), 0..40),
        ) {
            super::receipt(&[&[head[0] & 0x7C, head[1] & 0x0C, 0xFF][..], &words.concat()].concat());
        }
    }
}
