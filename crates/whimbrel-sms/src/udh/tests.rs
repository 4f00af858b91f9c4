//! Headers as the standard writes them, and as it should never see them.

use super::*;

fn part_count(value: u8) -> PartCount {
    PartCount::new(value).expect("not 0 in these tests")
}

fn place(sequence: u8, total: u8) -> Place {
    Place { sequence: part_count(sequence), total: part_count(total) }
}

fn header(reference: ConcatRef, place: Place) -> Vec<u8> {
    let mut octets = Vec::new();
    Concat::new(reference, place).expect("a place that exists").write_header(&mut octets);
    octets
}

/// Reads `user_data` and compares the mark, as (reference, total, sequence), and the text.
#[track_caller]
fn check(user_data: &[u8], concat: Option<(ConcatRef, u8, u8)>, text: &[u8]) {
    let (udh, found_text) = strip(user_data);
    let found = udh.and_then(Udh::concat);
    let found = found.map(|mark| (mark.reference(), mark.total().value(), mark.sequence().value()));
    assert_eq!((found, found_text), (concat, text), "{user_data:02x?}");
}

/// 3GPP TS 23.040 §9.2.3.24.1 and §9.2.3.24.8: `05 00 03 ref total seq` and `06 08 04 refhi reflo total seq`.
#[test]
fn concatenation_headers_as_octets() {
    assert_eq!(header(ConcatRef::Octet(0xCC), place(1, 2)), [0x05, 0x00, 0x03, 0xCC, 0x02, 0x01]);
    assert_eq!(header(ConcatRef::Word(0xABCD), place(3, 255)), [0x06, 0x08, 0x04, 0xAB, 0xCD, 0xFF, 0x03]);
}

#[test]
fn what_is_written_is_read() {
    for reference in
        [ConcatRef::Octet(0), ConcatRef::Octet(255), ConcatRef::Word(0), ConcatRef::Word(7), ConcatRef::Word(0xFFFF)]
    {
        for (sequence, total) in [(1, 1), (1, 255), (255, 255), (2, 3)] {
            let mut user_data = header(reference, place(sequence, total));
            assert_eq!(user_data.len(), reference.width().udh_octets());
            user_data.extend_from_slice(b"text");
            check(&user_data, Some((reference, total, sequence)), b"text");
        }
    }
}

#[test]
fn a_part_beyond_the_total_is_not_made() {
    assert_eq!(Concat::new(ConcatRef::Octet(1), place(3, 2)), None);
}

#[test]
fn a_mark_among_other_elements() {
    // Ports (IEI 05), the mark, Turkish single shift (IEI 24).
    let octets = [0x0E, 0x05, 0x04, 0x15, 0x81, 0x00, 0x00, 0x00, 0x03, 0x2A, 0x02, 0x01, 0x24, 0x01, 0x01, b'x'];
    check(&octets, Some((ConcatRef::Octet(0x2A), 2, 1)), b"x");
    let elements: Vec<_> =
        strip(&octets).0.expect("a header").elements().map(|element| (element.iei, element.data.len())).collect();
    assert_eq!(elements, [(0x05, 4), (0x00, 3), (0x24, 1)]);
}

/// 3GPP TS 23.040 §9.2.3.24: of an element that occurs twice the last counts.
#[test]
fn the_last_mark_that_makes_sense_counts() {
    let two = [0x0A, 0x00, 0x03, 0x01, 0x02, 0x01, 0x00, 0x03, 0x09, 0x03, 0x02];
    check(&two, Some((ConcatRef::Octet(9), 3, 2)), b"");
    let second_is_nonsense = [0x0A, 0x00, 0x03, 0x01, 0x02, 0x01, 0x00, 0x03, 0x09, 0x03, 0x00];
    check(&second_is_nonsense, Some((ConcatRef::Octet(1), 2, 1)), b"");
    let both_widths = [0x0B, 0x00, 0x03, 0x01, 0x02, 0x01, 0x08, 0x04, 0x12, 0x34, 0x02, 0x01];
    check(&both_widths, Some((ConcatRef::Word(0x1234), 2, 1)), b"");
}

/// 3GPP TS 23.040 §9.2.3.24.1: part 0, a total of 0 and a part beyond the total are ignored.
#[test]
fn a_mark_that_makes_no_sense_is_passed_over() {
    check(&[0x05, 0x00, 0x03, 0x01, 0x02, 0x00, b'x'], None, b"x");
    check(&[0x05, 0x00, 0x03, 0x01, 0x00, 0x00, b'x'], None, b"x");
    check(&[0x05, 0x00, 0x03, 0x01, 0x00, 0x01, b'x'], None, b"x");
    check(&[0x05, 0x00, 0x03, 0x01, 0x02, 0x03, b'x'], None, b"x");
    check(&[0x04, 0x00, 0x02, 0x01, 0x02, b'x'], None, b"x"); // too short for a mark
    check(&[0x06, 0x00, 0x04, 0x01, 0x02, 0x01, 0x01, b'x'], None, b"x"); // too long for an 8-bit one
}

#[test]
fn a_header_that_claims_more_than_there_is_is_text() {
    check(&[], None, b"");
    check(&[0x01], None, &[0x01]);
    check(&[0xFF, 0x00, 0x03], None, &[0xFF, 0x00, 0x03]);
    check(&[0x05, 0x00, 0x03, 0x01, 0x02], None, &[0x05, 0x00, 0x03, 0x01, 0x02]);
}

#[test]
fn an_empty_header_is_a_header() {
    assert!(strip(&[0x00, b'x']).0.is_some());
    check(&[0x00, b'x'], None, b"x");
    check(&[0x00], None, b"");
}

#[test]
fn an_element_that_claims_more_than_the_header_ends_it() {
    // After a good mark comes an element of 9 octets where 1 is left; the text is not touched.
    let octets = [0x08, 0x00, 0x03, 0x01, 0x02, 0x01, 0x05, 0x09, 0xEE, b'x', b'y'];
    check(&octets, Some((ConcatRef::Octet(1), 2, 1)), b"xy");
    // An identifier without a length.
    check(&[0x01, 0x05, b'x'], None, b"x");
}

#[test]
fn elements_are_encoded_in_order() {
    let ports = Element { iei: 0x05, data: &[0x15, 0x81, 0x15, 0x81] };
    let empty = Element { iei: 0x70, data: &[] };
    assert_eq!(encode(&[ports, empty]), Ok(vec![0x08, 0x05, 0x04, 0x15, 0x81, 0x15, 0x81, 0x70, 0x00]));
    assert_eq!(encode(&[]), Ok(vec![0x00]));
}

#[test]
fn a_header_has_140_octets_at_most() {
    let element = |size: usize| Element { iei: 0x70, data: &[0xAA; 300][..size] };
    let full = encode(&[element(137)]).expect("1 + 2 + 137 octets fit");
    assert_eq!((full.len(), full[0]), (140, 139));
    assert!(Udh::read_strict(&full).is_some());
    for (size, udh_octets) in [(138, 141), (300, 303)] {
        assert_eq!(encode(&[element(size)]), Err(UdhTooLong { udh_octets }));
    }
}

#[test]
fn a_header_to_send_must_add_up() {
    let good: [&[u8]; 3] = [&[0x00], &[0x05, 0x00, 0x03, 1, 2, 1], &[0x02, 0x70, 0x00]];
    for octets in good {
        assert_eq!(Udh::read_strict(octets).map(Udh::octets), Some(octets));
    }
    let bad: [&[u8]; 5] = [&[], &[0x01], &[0x00, 0x00], &[0x01, 0x70], &[0x03, 0x70, 0x02, 0x00]];
    for octets in bad {
        assert_eq!(Udh::read_strict(octets), None, "{octets:02x?}");
    }
}
