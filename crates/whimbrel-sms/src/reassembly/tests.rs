//! Parts in any order, twice, mixed, late, too many.

use super::*;
use crate::incoming::{Content, IncomingRules, Octets, read};
use crate::udh::Place;

const WIDE: AssemblerLimits = AssemblerLimits { messages_max: 100, octets_max: 100_000 };

fn count(value: u8) -> PartCount {
    PartCount::new(value).expect("not 0")
}

fn concat(reference: ConcatRef, sequence: u8, total: u8) -> Concat {
    Concat::new(reference, Place { sequence: count(sequence), total: count(total) }).expect("within the total")
}

fn part(text: &str) -> Incoming {
    read(Octets { data_coding: 1, has_header: false, octets: text.as_bytes() }, IncomingRules::default())
}

/// Key, reference, place (sequence, total), text, what becomes of it.
type Step<'a> = (&'static str, ConcatRef, (u8, u8), &'a str, &'a str);

#[track_caller]
fn check(assembler: &mut Assembler<&'static str>, steps: &[Step<'_>]) {
    for (now, &(key, reference, (sequence, total), text, wanted)) in (0..).zip(steps) {
        let added = assembler.add(key, concat(reference, sequence, total), part(text), now);
        let mut seen = format!("{:?}", added.outcome);
        for message in &added.released {
            let Content::Text(text) = message.join().content else { panic!("texts give a text") };
            seen += &format!(" {}:{:?}:{text}", message.key, message.ending);
        }
        assert_eq!(seen, wanted, "step {now}");
    }
}

const SEVEN: ConcatRef = ConcatRef::Octet(7);

#[test]
fn parts_come_in_any_order() {
    let mut assembler = Assembler::new(WIDE);
    check(
        &mut assembler,
        &[
            ("a", SEVEN, (3, 3), "C", "Waiting"),
            ("a", SEVEN, (1, 3), "A", "Waiting"),
            ("a", SEVEN, (1, 3), "A", "Duplicate"),
            ("a", SEVEN, (2, 3), "B", "Completed a:Complete:ABC"),
            ("b", SEVEN, (1, 1), "alone", "Completed b:Complete:alone"),
        ],
    );
    assert_eq!((assembler.message_count(), assembler.octets(), assembler.next_expiry()), (0, 0, None));
}

/// jookies/jasmin#664: parts of different messages under one reference.
#[test]
fn senders_widths_and_totals_are_kept_apart() {
    let mut assembler = Assembler::new(WIDE);
    check(
        &mut assembler,
        &[
            ("a", SEVEN, (1, 2), "A1", "Waiting"),
            ("b", SEVEN, (1, 2), "B1", "Waiting"),
            ("a", ConcatRef::Word(7), (1, 2), "W1", "Waiting"),
            ("a", SEVEN, (1, 3), "T1", "Waiting"),
            ("b", SEVEN, (2, 2), "B2", "Completed b:Complete:B1B2"),
            ("a", ConcatRef::Word(7), (2, 2), "W2", "Completed a:Complete:W1W2"),
            ("a", SEVEN, (2, 2), "A2", "Completed a:Complete:A1A2"),
        ],
    );
    assert_eq!(assembler.message_count(), 1);
}

#[test]
fn a_reference_that_is_used_again() {
    check(
        &mut Assembler::new(WIDE),
        &[
            ("a", SEVEN, (1, 2), "old", "Waiting"),
            ("a", SEVEN, (1, 2), "new", "Waiting a:Replaced:old"),
            ("a", SEVEN, (2, 2), "er", "Completed a:Complete:newer"),
        ],
    );
}

#[test]
fn what_is_late_is_given_out_incomplete() {
    let mut assembler = Assembler::new(WIDE);
    assembler.add("a", concat(SEVEN, 2, 3), part("B"), 0);
    assembler.add("b", concat(SEVEN, 1, 2), part("x"), 10);
    // A later part does not make a message younger.
    assembler.add("a", concat(SEVEN, 1, 3), part("A"), 1_000);
    assert_eq!(assembler.next_expiry(), Some(TIMEOUT_MICROS));
    assert_eq!(assembler.expired(TIMEOUT_MICROS - 1), []);
    let expired = assembler.expired(TIMEOUT_MICROS);
    let [message] = &expired[..] else { panic!("one: {expired:?}") };
    assert_eq!(
        (message.key, message.ending, message.is_complete(), message.started_at),
        ("a", Ending::TimedOut, false, 0)
    );
    let joined = message.join();
    assert_eq!((joined.content, joined.missing), (Content::Text("AB".into()), vec![count(3)]));
    assert_eq!(assembler.expired(i64::MAX).len(), 1);
    assert_eq!(assembler.octets(), 0);
}

#[test]
fn the_oldest_makes_room() {
    let limits = AssemblerLimits { messages_max: 2, octets_max: 10 };
    let mut assembler = Assembler::new(limits);
    check(
        &mut assembler,
        &[
            ("a", SEVEN, (1, 9), "aaaa", "Waiting"),
            ("b", SEVEN, (1, 9), "b", "Waiting"),
            ("c", SEVEN, (1, 9), "c", "Waiting a:Evicted:aaaa"),
            ("b", SEVEN, (2, 9), "bbbbbbbb", "Waiting"),
            ("c", SEVEN, (2, 9), "c", "Waiting b:Evicted:bbbbbbbbb"),
            ("d", SEVEN, (1, 9), "elevenelevn", "TooLarge d:Evicted:elevenelevn"),
            ("c", SEVEN, (3, 9), "ccccccccc", "Waiting c:Evicted:ccccccccccc"),
        ],
    );
    assert_eq!((assembler.message_count(), assembler.octets()), (0, 0));
}

#[test]
fn joining_texts_and_octets() {
    let [text, octets] = [Content::Text("é".into()), Content::Binary(vec![1, 2])];
    let joined = |parts: &[(u8, &Content)], total| {
        let parts: Vec<_> =
            parts.iter().map(|&(sequence, content)| JoinPart { sequence: count(sequence), content }).collect();
        join(&parts, count(total))
    };
    assert_eq!(joined(&[(2, &text), (1, &text)], 2).content, Content::Text("éé".into()));
    assert_eq!(joined(&[(2, &octets), (1, &text)], 2).content, Content::Binary(vec![0xC3, 0xA9, 1, 2]));
    assert_eq!(joined(&[(1, &octets), (1, &text)], 1).content, Content::Binary(vec![1, 2]), "the first counts");
    assert_eq!(joined(&[(3, &octets), (1, &text)], 2).missing, [count(2)], "beyond the total");
    assert_eq!(joined(&[], 255).missing.len(), 255);
    assert_eq!(joined(&[(255, &text)], 255).content, Content::Text("é".into()));
}

#[test]
fn debug_does_not_show_the_text() {
    let mut assembler = Assembler::new(WIDE);
    assembler.add("a", concat(SEVEN, 1, 2), part("secret"), 0);
    let shown = format!("{assembler:?}");
    let added = assembler.add("a", concat(SEVEN, 2, 2), part("secret"), 0);
    let shown = format!("{shown}{added:?}{:?}", added.released[0].join());
    assert!(!shown.contains("secret"), "{shown}");
}
