//! What is written reads as the same, however the stream is cut.

mod support;

use proptest::prelude::*;
use whimbrel_smpp::{FrameReader, PDU_OCTETS_MAX_DEFAULT, Pdu};

proptest! {
    #[test]
    fn what_is_written_reads_as_the_same(pdu in support::pdu()) {
        let mut octets = Vec::new();
        pdu.encode(&mut octets).expect("within every bound");
        prop_assert_eq!(Pdu::decode(&octets), Ok(pdu));
    }

    #[test]
    fn a_stream_gives_the_same_pdus_however_it_is_cut(
        pdus in proptest::collection::vec(support::pdu(), 1..6),
        segments in proptest::collection::vec(1_usize..300, 1..20),
    ) {
        let mut octets = Vec::new();
        for pdu in &pdus {
            pdu.encode(&mut octets).expect("within every bound");
        }
        let mut reader = FrameReader::new(PDU_OCTETS_MAX_DEFAULT);
        let mut read = Vec::new();
        let mut rest = octets.as_slice();
        for length in segments.iter().cycle() {
            let (segment, after) = rest.split_at((*length).min(rest.len()));
            reader.push(segment);
            while let Some(frame) = reader.next() {
                read.push(Pdu::decode(frame.expect("a good length")).expect("readable"));
            }
            rest = after;
            if rest.is_empty() {
                break;
            }
        }
        prop_assert_eq!(read, pdus);
        prop_assert_eq!(reader.held(), 0);
    }

    #[test]
    fn a_changed_pdu_never_puts_the_stream_out_of_step(
        pdu in support::pdu(),
        changes in proptest::collection::vec((any::<proptest::sample::Index>(), any::<u8>()), 1..5),
        next in support::pdu(),
    ) {
        let mut octets = Vec::new();
        pdu.encode(&mut octets).expect("within every bound");
        for (at, octet) in changes {
            // All but the length.
            let at = 4 + at.index(octets.len() - 4);
            octets[at] = octet;
        }
        let length = octets.len();
        next.encode(&mut octets).expect("within every bound");
        let mut reader = FrameReader::new(PDU_OCTETS_MAX_DEFAULT);
        reader.push(&octets);
        let first = reader.next().expect("whole").expect("a good length").to_vec();
        prop_assert_eq!(first.len(), length);
        let _ = Pdu::decode(&first);
        let second = reader.next().expect("whole").expect("a good length").to_vec();
        prop_assert_eq!(Pdu::decode(&second), Ok(next));
    }
}

#[test]
fn several_pdus_in_the_segment_of_the_bind_response_are_all_read() {
    // Row 31: release note 1.4.1 of smpp34.
    let mut octets = Vec::new();
    let pdus = support::drawn(&support::pdu(), 40);
    for pdu in &pdus {
        pdu.encode(&mut octets).expect("within every bound");
    }
    let mut reader = FrameReader::new(PDU_OCTETS_MAX_DEFAULT);
    reader.push(&octets);
    let mut read = Vec::new();
    while let Some(frame) = reader.next() {
        read.push(Pdu::decode(frame.expect("a good length")).expect("readable"));
    }
    assert_eq!(read, pdus);
}
