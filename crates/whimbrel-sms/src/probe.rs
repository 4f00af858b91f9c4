//! What must hold for any octets, in one place for the fuzzers and the tests.

use crate::incoming::{Content, IncomingRules, Octets, Sniff, read};
use crate::udh::{self, Udh};
use crate::{ConcatRef, DefaultAlphabet, EncodingChoice, PartCount, RefWidth, SplitOptions, count, split};

const ALPHABETS: [DefaultAlphabet; 5] = [
    DefaultAlphabet::Gsm7,
    DefaultAlphabet::Gsm7Packed,
    DefaultAlphabet::Latin1,
    DefaultAlphabet::Ascii,
    DefaultAlphabet::Utf8,
];

/// Reads octets as user data: the data coding, an octet of flags, then header and text. Under all rules, reading does not panic, no
/// octet is made up, a header that was read reads the same again, and the text can be sent again in as many parts as were counted.
///
/// # Panics
///
/// When one of these does not hold.
pub fn incoming(octets: &[u8]) {
    let [data_coding, flags, rest @ ..] = octets else { return };
    let delivered = Octets { data_coding: *data_coding, has_header: flags & 1 == 1, octets: rest };
    for default_alphabet in ALPHABETS {
        for sniff in [Sniff::Off, Sniff::On] {
            let part = read(delivered, IncomingRules { default_alphabet, sniff });
            assert!(part.header.is_empty() || rest.starts_with(&part.header), "a header that did not come");
            if !part.header.is_empty() {
                let (again, body) = udh::strip(rest);
                assert_eq!(again.map(Udh::octets), Some(&part.header[..]), "a header reads as another");
                assert_eq!(again.and_then(Udh::concat), part.concat);
                assert_eq!(part.header.len() + body.len(), rest.len());
            }
            if let Content::Text(text) = &part.content {
                sent_again(text);
            }
        }
    }
}

fn sent_again(text: &str) {
    for encoding in [EncodingChoice::Detect, EncodingChoice::Gsm7, EncodingChoice::Ucs2] {
        let counted = count(text, encoding, RefWidth::Bits8).part_count;
        let options = SplitOptions { encoding, reference: ConcatRef::Octet(9), part_count_max: PartCount::MAX };
        match split(text, options) {
            Ok(parts) => assert_eq!(parts.iter().count(), counted, "counted parts and parts made differ"),
            Err(too_long) => assert_eq!(too_long.part_count_needed, counted, "counted parts and parts needed differ"),
        }
    }
}
