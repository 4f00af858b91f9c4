//! What must hold for any octets, in one place for the fuzzers and the tests.

use std::borrow::Cow;

use whimbrel_core::Timestamp;

use crate::extract::{self, Code};
use crate::search::{Candidate, Direction, Query, Sense, TERMS_MAX, Term, parse};

/// 2026-11-24, about noon.
const NOW: Timestamp = Timestamp(1_795_526_000_000_000);

/// Reads octets as a query. One that is refused says where; of one that is taken, every term stands somewhere, and a message with the query
/// for its text fits a term or its opposite.
///
/// # Panics
///
/// When one of these does not hold.
pub fn query(octets: &[u8]) {
    let Ok(text) = std::str::from_utf8(octets) else { return };
    match parse(text, NOW) {
        Err(error) => {
            assert!(text.get(error.span.clone()).is_some(), "what is wrong stands nowhere: {:?}", error.span);
            assert!(error.underlined(text).ends_with('^'), "nothing is marked");
        }
        Ok(query) => {
            assert!(query.terms.len() <= TERMS_MAX);
            assert_eq!(parse(text, NOW).as_ref(), Ok(&query), "read twice it is another one");
            for term in &query.terms {
                assert!(text.get(term.span.clone()).is_some_and(|token| !token.is_empty()), "a term stands nowhere");
                // What is not known yet may fit either way; nothing fits neither.
                assert!(fits(term, Sense::Holds, text) || fits(term, Sense::Fails, text), "it neither fits nor not");
            }
        }
    }
}

fn fits(term: &Term, sense: Sense, text: &str) -> bool {
    let candidate = Candidate {
        direction: Direction::Sent,
        id: 7,
        account_key: "devkey01",
        account_dialect: "other",
        dialect: "other",
        carrier: "acme",
        to: "447700900123",
        from: "Acme",
        text: Cow::Borrowed(text),
        is_unicode: !text.is_ascii(),
        network: "23410",
        class: None,
        part_count: 1,
        price: Some(3_330_000),
        client_ref: "order 7",
        at: NOW,
    };
    Query { terms: vec![Term { sense, ..term.clone() }] }.fits(&candidate)
}

/// Reads octets as a text. What is found in it stands there; the best comes first, and is what is taken for the code, if anything is; a
/// link is a piece of the text.
///
/// # Panics
///
/// When one of these does not hold.
pub fn text(octets: &[u8]) {
    let Ok(text) = std::str::from_utf8(octets) else { return };
    let found = extract::candidates(text);
    for code in &found {
        let piece = text.get(code.span.clone()).expect("it stands in the text");
        assert!(!code.code.is_empty() && !piece.is_empty(), "nothing is no code");
        assert!(code.code.is_ascii() && code.code.len() <= piece.len(), "it is shorter than what was written");
    }
    assert!(found.is_sorted_by_key(|code| -code.score), "the best comes first");
    let best = extract::otp(text);
    assert_eq!(best.as_ref(), found.first().filter(|code| code.score >= Code::SCORE_MIN));
    if let Some(code) = best {
        let bare: String = code.code.chars().filter(|c| *c != '-').map(|c| c.to_ascii_uppercase()).collect();
        assert!(extract::is_otp(text, &bare), "a code that is found is known again");
    }
    if let Some(link) = extract::link(text) {
        assert!(!link.is_empty() && text.contains(link), "a link that does not stand there");
    }
}
