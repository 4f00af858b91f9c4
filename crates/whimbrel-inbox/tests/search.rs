//! The grammar against a table of messages; the two files are for other readers of queries as well.

use std::borrow::Cow;
use std::fmt::Write as _;

use whimbrel_core::{Currency, MessageClass, Money, Networks, Timestamp};
use whimbrel_inbox::search::{
    Candidate, Direction, PartProgress, Progress, QUERY_BYTES_MAX, TERMS_MAX, WebhookProgress, instant, parse,
};

const MESSAGES: &str = include_str!("search/messages.tsv");
const CASES: &str = include_str!("search/cases.tsv");
const NETWORKS: &str = "prefix,mccmnc,country,name\n4477,23410,GB,O2\n4478,23415,GB,Vodafone\n4915,26201,DE,Telekom\n1202,310260,US,T-Mobile\n";

fn now() -> Timestamp {
    instant("2026-11-28T10:00:00Z", Timestamp(0)).expect("an instant")
}

fn lines(file: &str) -> impl Iterator<Item = Vec<&str>> {
    file.lines().filter(|line| !line.starts_with('#')).map(|line| line.split('\t').collect())
}

fn candidate<'a>(line: &[&'a str], id: i64) -> Candidate<'a> {
    let text = line[17];
    Candidate {
        direction: if line[1] == "in" { Direction::CameIn } else { Direction::Sent },
        id,
        account_key: line[2],
        account_dialect: line[3],
        dialect: if line[1] == "in" { "" } else { line[3] },
        carrier: line[4],
        to: line[5],
        from: line[6],
        text: Cow::Borrowed(text),
        is_unicode: text.chars().any(|c| ('\u{400}'..'\u{500}').contains(&c)),
        network: line[7],
        class: match line[8] {
            "otp" => Some(MessageClass::Otp),
            "bulk" => Some(MessageClass::Bulk),
            _ => None,
        },
        part_count: line[9].parse().expect("a count"),
        price: Money::parse(line[10], Currency::EUR).ok().map(|price| price.units),
        client_ref: line[11],
        at: instant(line[12], Timestamp(0)).expect("an instant"),
    }
}

fn progress<'a>(line: &[&'a str]) -> Progress<'a> {
    let cause = Some(line[14]).filter(|cause| *cause != "-");
    Progress {
        status: line[13],
        parts: vec![PartProgress { cause, code: line[15] }],
        has_pending_webhook: line[16].ends_with("pending"),
        last_webhook: match line[16] {
            "ok" => Some(WebhookProgress::Delivered),
            "failed" | "failed+pending" => Some(WebhookProgress::Failed),
            _ => None,
        },
    }
}

/// What is found, or what is said.
fn outcome(query: &str) -> String {
    let networks = Networks::parse(NETWORKS).expect("a table");
    let mut parsed = match parse(query, now()) {
        Ok(parsed) => parsed,
        Err(error) => return format!("! {}..{} {error}", error.span.start, error.span.end),
    };
    let mut found = String::new();
    for (line, id) in lines(MESSAGES).zip(1..) {
        parsed.resolve(&networks, |text| text.eq_ignore_ascii_case(line[0]).then_some(id));
        let candidate = candidate(&line, id);
        let is_sent = candidate.direction == Direction::Sent;
        if parsed.fits(&candidate) && (!is_sent || !parsed.needs_progress() || parsed.fits_progress(&progress(&line))) {
            let _ = write!(found, "{} ", line[0]);
        }
    }
    found.trim_end().to_owned()
}

#[test]
fn every_case_finds_what_it_says() {
    let mut wrong = String::new();
    let mut count = 0;
    for case in lines(CASES) {
        let [query, wanted] = case[..] else { panic!("a case has two columns: {case:?}") };
        count += 1;
        let got = outcome(query);
        let is_right = match wanted.strip_prefix("! ") {
            None => got == wanted,
            Some(said) => {
                let (span, said) = said.split_once(' ').expect("a span and what is said");
                got.starts_with(&format!("! {span} ")) && got.contains(said)
            }
        };
        if !is_right {
            let _ = writeln!(wrong, "{query}\n  wanted {wanted}\n  got    {got}");
        }
    }
    assert!(count >= 40, "{count} cases");
    assert!(wrong.is_empty(), "\n{wrong}");
}

#[test]
fn every_key_has_an_example_that_is_understood() {
    for key in whimbrel_inbox::search::KEYS {
        let query = parse(key.example, now()).unwrap_or_else(|error| panic!("{}: {error}", key.example));
        assert_eq!(query.terms.len(), 1, "{}", key.example);
        assert!(key.example.trim_start_matches('-').starts_with(&format!("{}:", key.name)), "{}", key.example);
    }
}

#[test]
fn every_key_stands_in_the_guide() {
    let guide = include_str!("../../../docs/guide/testing.md");
    for key in whimbrel_inbox::search::KEYS {
        assert!(guide.contains(&format!("`{}:`", key.name)), "{}", key.name);
    }
}

#[test]
fn what_is_too_long_is_refused() {
    let words = |count: usize| "a ".repeat(count);
    assert!(parse(&words(TERMS_MAX), now()).is_ok());
    assert!(parse(&words(TERMS_MAX + 1), now()).is_err());
    assert!(parse(&"a".repeat(QUERY_BYTES_MAX), now()).is_ok());
    assert!(parse(&"a".repeat(QUERY_BYTES_MAX + 1), now()).is_err());
}

proptest::proptest! {
    #[test]
    fn no_query_panics_and_errors_point_into_it(query in "\\PC{0,60}") {
        match parse(&query, now()) {
            Ok(parsed) => for term in parsed.terms {
                assert!(query.get(term.span).is_some());
            },
            Err(error) => {
                assert!(query.get(error.span.clone()).is_some(), "{error:?}");
                assert_eq!(error.underlined(&query).lines().count(), 2);
            }
        }
    }

    #[test]
    fn pieces_of_the_grammar_in_any_order(pieces in proptest::collection::vec(
        proptest::sample::select(vec!["to:", "+44", "7700", "\"", "-", "!", " ", ":", "*", "has:", "otp", "a", "\\", "..", ">", "\u{e9}", "after:", "-1m"]), 0..12)) {
        let query = pieces.concat();
        if let Err(error) = parse(&query, now()) {
            assert!(query.get(error.span).is_some());
        }
    }
}
