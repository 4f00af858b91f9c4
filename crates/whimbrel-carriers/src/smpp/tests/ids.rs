//! Ids in every form that carriers are known to use: the receipt finds its answer, and no other.

use std::collections::HashMap;

use whimbrel_core::KeyForm;
use whimbrel_smpp::id::key;
use whimbrel_smpp::receipt::{Delivery, classify};
use whimbrel_smpp::{ShortMessage, Tlvs, tag};

use crate::smpp::TextErrorCodes;
use crate::smpp::receipt::{IdFormat, Reading, read};

const COUNT: u64 = 100_000;

/// A form: the id in the answer, and in the receipt, of the message with this number.
type Form = fn(u64) -> (String, String);

/// With the public reports that tell of each.
const FORMS: &[Form] = &[
    // The usual one: decimal, as it is.
    |n| (n.to_string(), n.to_string()),
    // jookies/jasmin issues 20, 210, 1034: hexadecimal in the answer, decimal in the receipt; and padded.
    |n| (format!("{n:x}"), n.to_string()),
    |n| (format!("{n:X}"), format!("{n:010}")),
    |n| (format!("{n:08X}"), n.to_string()),
    |n| (format!("{n:016x}"), n.to_string()),
    // elibom/mokai issue 8, the other way.
    |n| (n.to_string(), format!("{n:X}")),
    |n| (format!("{n:010}"), format!("{n:08x}")),
    // jasmin issues 375, 423, 643, 1129: leading zeros.
    |n| (format!("{n:010}"), n.to_string()),
    |n| (n.to_string(), format!("{n:020}")),
    // jasmin issues 405, 418, 916: case.
    |n| (format!("{n:x}-ab"), format!("{n:X}-AB")),
    // jasmin issue 586: beyond 63 bits.
    |n| (format!("{:X}", 0x812F_C747_0000_0000 + n), (0x812F_C747_0000_0000 + n).to_string()),
    // Ids of 22 digits and more (jasmin issue 423).
    |n| (format!("1234567890123{n:012}"), format!("1234567890123{n:012}")),
    // UUIDs (jasmin issue 643) and 32 hexadecimal digits (issue 70).
    |n| (format!("f47ac10b-58cc-4372-a567-{n:012x}"), format!("F47AC10B-58CC-4372-A567-{n:012X}")),
    |n| (format!("f47ac10b58cc4372a567{n:012x}"), format!("f47ac10b58cc4372a567{n:012x}")),
];

/// SplitMix64 (Steele, Lea, Flood, 2014), so that the numbers have nothing in common.
fn mixed(seed: u64) -> u64 {
    let mixed = seed.wrapping_mul(0x9E37_79B9_7F4A_7C15);
    let mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
    (mixed ^ (mixed >> 27)) >> 24
}

fn receipt(id: &str, seed: u64) -> ShortMessage {
    let text = match seed % 4 {
        0 => {
            format!("id:{id} sub:001 dlvrd:001 submit date:2611241200 done date:2611241201 stat:DELIVRD err:000 text:")
        }
        1 => format!("ID: {id}, STAT: DELIVRD"),
        2 => format!("stat:DELIVRD id:{id}"),
        _ => String::new(),
    };
    let mut tlvs = Tlvs::new();
    if text.is_empty() {
        tlvs.push(tag::RECEIPTED_MESSAGE_ID, [id.as_bytes(), b"\0"].concat());
        tlvs.push(tag::MESSAGE_STATE, [2]);
    }
    ShortMessage { esm_class: 4, short_message: text.into_bytes(), tlvs, ..ShortMessage::default() }
}

/// The number that an id is under each reading, as text.
fn numbers(id: &str) -> Vec<String> {
    let decimal = id.parse::<u128>().map(|number| format!("{number:x}"));
    let hexadecimal = u128::from_str_radix(id, 16).map(|number| number.to_string());
    [decimal.ok(), hexadecimal.ok()].into_iter().flatten().collect()
}

#[test]
fn a_hundred_thousand_receipts_find_their_answers() {
    let reading = Reading { text_errors: TextErrorCodes::Opaque, causes: &[], ids: IdFormat::Auto };
    for (number, form) in FORMS.iter().enumerate() {
        let share = COUNT.div_ceil(FORMS.len() as u64);
        let all: Vec<(String, String)> = (0..share).map(|seed| form(mixed(seed + number as u64 * share))).collect();
        let answers: HashMap<Box<[u8]>, usize> =
            all.iter().enumerate().map(|(at, (answer, _))| (key(answer.as_bytes()), at)).collect();
        assert_eq!(answers.len(), all.len(), "the ids of form {number} are not different");
        for (at, (answer, told)) in all.iter().enumerate() {
            let Delivery::Receipt(found) = classify(&receipt(told, at as u64), true) else { panic!("{told}") };
            let keys = read(&found, "447700900123".into(), reading).keys;
            assert!(keys.iter().any(|found| answers.get(&found.key) == Some(&at)), "form {number}: {answer} {told}");
            assert_eq!(keys.first().map(|found| found.form), Some(KeyForm::Plain));
            // Another message's key is found only where the digits, read the other way, are those of its id.
            for stranger in keys.iter().filter(|found| answers.get(&found.key).is_some_and(|other| *other != at)) {
                let key = String::from_utf8_lossy(&stranger.key).into_owned();
                assert!(stranger.form.is_converted() && numbers(told).contains(&key), "form {number}: {told} {key}");
            }
        }
    }
}

#[test]
fn what_looks_like_a_uuid_is_looked_up_as_it_stands() {
    let reading = Reading { text_errors: TextErrorCodes::Opaque, causes: &[], ids: IdFormat::Auto };
    for id in ["f47ac10b-58cc-4372-a567-0e02b2c3d479", "f47ac10b58cc4372a5670e02b2c3d479"] {
        let Delivery::Receipt(found) = classify(&receipt(id, 0), true) else { panic!("{id}") };
        assert_eq!(read(&found, Box::default(), reading).keys.len(), 1);
    }
}
