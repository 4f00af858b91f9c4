//! Leased numbers: a phone of its own for each test.
//!
//! A lease gives a number that nobody else holds, of the ranges that regulators keep for fiction, so that whatever is sent to it reaches
//! the simulator and nobody. It brings the mark from which `wait` finds the texts of this test and no older ones. Numbers go round:
//! one that was given back is given again last. Leases are in memory: a restart ends them.
//!
//! Numbers that end in 00 to 12 are never leased, because they choose their outcome by themselves; nor are those of ours, and of Britain
//! none below 447700900300, so that what documents and people use by hand stays free.

use std::collections::{BTreeMap, BTreeSet};
use std::ops::Range;
use std::sync::{Mutex, MutexGuard, PoisonError};

use serde_json::{Value, json};
use whimbrel_core::{CountryCode, Networks, PhoneNumber, Span, Timestamp};
use whimbrel_dialects::http::HttpResponse;
use whimbrel_simulator::{Control, Outcome, PhoneSetting};

use super::json::{Fields, bad};
use super::search::Mark;
use super::wait::span;
use super::{Api, document, unavailable};
use crate::server::{IncomingRequest, problem};

/// How long a lease lasts if nobody says.
const TTL_DEFAULT: Span = Span::seconds(15 * 60);
/// How long a lease may last.
const TTL_MAX: Span = Span::hours(24);
/// How long a receipt may be put off.
const AFTER_MAX: Span = Span::hours(24);
/// Octets of a note.
const NOTE_BYTES_MAX: usize = 200;
/// Leases at once: far below the phones that the simulator keeps texts of.
const LEASES_MAX: usize = 5_000;

/// Blocks of numbers: how they begin, and how many digits follow. Ofcom's, the Bundesnetzagentur's and the development numbers of the
/// simulator's table.
const BLOCKS: &[(&str, u32, u32)] = &[
    ("447700900", 300, 900),
    ("492214710", 0, 1_000),
    ("493023125", 0, 1_000),
    ("494066969", 0, 1_000),
    ("496990009", 0, 1_000),
    ("498999998", 0, 1_000),
];
/// The last two digits that may be leased.
const SUFFIX_MIN: u32 = 13;
/// The ranges of two digits: North America's behind 555-01 with every area code, and Viet Nam's.
const AREA_CODES: Range<u32> = 201..1_000;
const VIET_NAM: &str = "849800000";

/// Who holds which number.
#[derive(Debug, Default)]
pub(super) struct Leases(Mutex<Held>);

#[derive(Default)]
struct Held {
    by_number: BTreeMap<Box<str>, Lease>,
    /// Of each country the number that was leased last.
    last: BTreeMap<CountryCode, Box<str>>,
}

impl std::fmt::Debug for Held {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Held").field("count", &self.by_number.len()).finish_non_exhaustive()
    }
}

#[derive(Clone)]
struct Lease {
    mark: Mark,
    since: Timestamp,
    expires_at: Timestamp,
    outcome: Option<Outcome>,
    after: Option<Span>,
    note: Box<str>,
}

/// What a test wants of its phone.
struct Wish {
    country: Option<CountryCode>,
    outcome: Option<Outcome>,
    is_off: bool,
    after: Option<Span>,
    ttl: Span,
    note: Box<str>,
}

impl Leases {
    fn held(&self) -> MutexGuard<'_, Held> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// `POST leases`.
pub(super) async fn lease(api: &Api, request: &IncomingRequest) -> HttpResponse {
    let Some(simulator) = &api.simulator else { return no_simulator() };
    let wish = match read(request.body()) {
        Ok(wish) => wish,
        Err(refused) => return refused,
    };
    let ours = match api.engine.read(|store| Ok((store.numbers(None)?, store.pool(None, 100_000)?))).await {
        Ok((owned, pool)) => {
            let owned = owned.into_iter().map(|owned| owned.number);
            owned.chain(pool.into_iter().map(|pooled| pooled.offer.number)).collect()
        }
        Err(error) => return unavailable(&error),
    };
    let now = api.engine.world().now();
    let networks = api.engine.snapshot();
    let mut held = api.leases.held();
    held.expire(simulator, now);
    if held.by_number.len() >= LEASES_MAX {
        return exhausted(&format!("{LEASES_MAX} numbers are leased already"));
    }
    let Some(number) = held.next(wish.country, &networks.networks, &ours) else {
        let whose = wish
            .country
            .map_or("the countries that have numbers for fiction".to_owned(), |code| code.as_str().to_owned());
        return exhausted(&format!("no number of {whose} is free"));
    };
    let setting = match (wish.is_off, wish.outcome) {
        (true, _) => PhoneSetting::Off,
        (false, Some(outcome)) => PhoneSetting::Outcome(outcome),
        (false, None) => PhoneSetting::On,
    };
    let set = simulator.set_phone(&number, setting).and_then(|()| simulator.set_receipt_delay(&number, wish.after));
    if let Err(error) = set {
        return problem(409, "Conflict", &error.to_string());
    }
    let lease = Lease {
        mark: Mark(api.engine.world().next_id()),
        since: now,
        expires_at: now + wish.ttl,
        outcome: if wish.is_off { Some(Outcome::Absent) } else { wish.outcome },
        after: wish.after,
        note: wish.note,
    };
    let shown = shown(&number, &lease);
    held.by_number.insert(number, lease);
    document(201, &shown)
}

fn read(body: &[u8]) -> Result<Wish, HttpResponse> {
    let body = if body.is_empty() { b"{}" } else { body };
    let mut fields = Fields::read(body, &["country", "outcome", "after", "ttl", "note"])?;
    let country = fields.text("country")?.map(|code| {
        let parsed = CountryCode::parse(&code.to_ascii_uppercase());
        parsed.ok_or_else(|| bad("`country` must be two letters such as GB"))
    });
    let outcome = fields.text("outcome")?;
    let is_off = outcome.as_deref() == Some("off");
    let outcome = outcome.filter(|word| !matches!(word.as_str(), "on" | "off")).map(|word| {
        serde_json::from_value(json!(word)).map_err(|_| {
            bad("`outcome` must be off, or a row of the outcome table such as delivered, expired, rejected, absent, no-receipt")
        })
    });
    let note = fields.text("note")?.unwrap_or_default();
    if note.len() > NOTE_BYTES_MAX {
        return Err(bad(&format!("`note` must have at most {NOTE_BYTES_MAX} octets")));
    }
    let mut time = |name: &'static str, max: Span| -> Result<Option<Span>, HttpResponse> {
        let Some(text) = fields.text(name)? else { return Ok(None) };
        let span = span(&text).filter(|span| *span <= max);
        span.map(Some)
            .ok_or_else(|| bad(&format!("`{name}` must be a time such as 500ms, 10s or 5m, and at most a day")))
    };
    Ok(Wish {
        after: time("after", AFTER_MAX)?,
        ttl: time("ttl", TTL_MAX)?.unwrap_or(TTL_DEFAULT),
        country: country.transpose()?,
        outcome: outcome.transpose()?,
        is_off,
        note: note.into(),
    })
}

impl Held {
    /// Gives back what nobody wants any more.
    fn expire(&mut self, simulator: &Control, now: Timestamp) {
        let over: Vec<Box<str>> = self
            .by_number
            .iter()
            .filter(|(_, lease)| lease.expires_at <= now)
            .map(|(number, _)| number.clone())
            .collect();
        for number in over {
            self.by_number.remove(&number);
            forget(simulator, &number);
        }
    }

    /// The number that comes next in its country, or, if none is named, in Britain, else in the first that has one.
    fn next(
        &mut self,
        country: Option<CountryCode>,
        networks: &Networks,
        ours: &BTreeSet<Box<str>>,
    ) -> Option<Box<str>> {
        let countries = match country {
            Some(country) => vec![country],
            None => ["GB", "US", "DE", "VN"].into_iter().filter_map(CountryCode::parse).collect(),
        };
        countries.into_iter().find_map(|country| self.next_of(country, networks, ours))
    }

    fn next_of(&mut self, country: CountryCode, networks: &Networks, ours: &BTreeSet<Box<str>>) -> Option<Box<str>> {
        let is_there = |block: &Block| {
            let first = block.numbers().next().and_then(|number| PhoneNumber::from_digits(&number).ok());
            first.and_then(|first| networks.find(&first)).is_some_and(|network| network.country == country)
        };
        // A block is of one country, so its first number speaks for all.
        let blocks: Vec<Block> = blocks().filter(is_there).collect();
        let is_free = |number: &String| !self.by_number.contains_key(&**number) && !ours.contains(&**number);
        let free = || blocks.iter().flat_map(Block::numbers).filter(is_free);
        let last = self.last.get(&country);
        let found = free().find(|number| last.is_none_or(|last| **number > **last));
        let found: Box<str> = found.or_else(|| free().next())?.into();
        self.last.insert(country, found.clone());
        Some(found)
    }
}

/// Numbers that begin alike.
struct Block {
    prefix: String,
    /// What follows, in so many digits.
    rest: Range<u32>,
    digits: usize,
}

impl Block {
    /// Those that may be leased, in order.
    fn numbers(&self) -> impl Iterator<Item = String> {
        let Self { prefix, rest, digits } = self;
        let leased = rest.clone().filter(|number| number % 100 >= SUFFIX_MIN);
        leased.map(move |number| format!("{prefix}{number:0digits$}"))
    }
}

/// Every block. Those of one country stand in order.
fn blocks() -> impl Iterator<Item = Block> {
    let whole = BLOCKS.iter().map(|(prefix, from, until)| Block {
        prefix: (*prefix).to_owned(),
        rest: *from..*until,
        digits: 3,
    });
    // N11 are no area codes.
    let areas = AREA_CODES.filter(|area| area % 100 != 11);
    let america = areas.map(|area| Block { prefix: format!("1{area}55501"), rest: 0..100, digits: 2 });
    let viet_nam = Block { prefix: VIET_NAM.to_owned(), rest: 0..100, digits: 2 };
    whole.chain(america).chain(std::iter::once(viet_nam))
}

/// `GET leases`, by number.
pub(super) fn list(api: &Api) -> HttpResponse {
    let Some(simulator) = &api.simulator else { return no_simulator() };
    let mut held = api.leases.held();
    held.expire(simulator, api.engine.world().now());
    let list: Vec<Value> = held.by_number.iter().map(|(number, lease)| shown(number, lease)).collect();
    document(200, &json!({ "leases": list }))
}

/// `DELETE leases/{number}`.
pub(super) fn release(api: &Api, number: &str) -> HttpResponse {
    let Some(simulator) = &api.simulator else { return no_simulator() };
    let digits = number.strip_prefix('+').or_else(|| number.strip_prefix("%2B")).unwrap_or(number);
    let mut held = api.leases.held();
    held.expire(simulator, api.engine.world().now());
    match held.by_number.remove(digits) {
        Some(lease) => {
            forget(simulator, digits);
            document(200, &shown(digits, &lease))
        }
        None => problem(
            404,
            "Not Found",
            "nobody holds that number: it was never leased, was given back, or its time is over",
        ),
    }
}

/// The phone is as any other again.
fn forget(simulator: &Control, number: &str) {
    // Taking a setting back never fails: only there are none to add.
    _ = simulator.set_phone(number, PhoneSetting::On);
    _ = simulator.set_receipt_delay(number, None);
}

fn shown(number: &str, lease: &Lease) -> Value {
    json!({
        "number": format!("+{number}"),
        "since": lease.mark.to_string(),
        "leased_at": lease.since.to_string(),
        "expires_at": lease.expires_at.to_string(),
        "outcome": lease.outcome,
        "after_ms": lease.after.map(Span::as_millis),
        "note": if lease.note.is_empty() { Value::Null } else { json!(lease.note) },
    })
}

fn exhausted(what: &str) -> HttpResponse {
    problem(
        409,
        "Conflict",
        &format!("{what}: give some back (`DELETE leases/NUMBER`), ask for a shorter `ttl`, or for another `country`"),
    )
}

fn no_simulator() -> HttpResponse {
    problem(
        409,
        "Conflict",
        "this server runs no simulator, and so has no phones to lease: start it with `serve --dev`",
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    fn networks() -> Networks {
        Networks::parse(include_str!("../../../../data/networks.csv")).expect("the table")
    }

    fn country(code: &str) -> Option<CountryCode> {
        CountryCode::parse(code)
    }

    fn hold(held: &mut Held, number: Box<str>) {
        let at = Timestamp(0);
        let lease =
            Lease { mark: Mark(1), since: at, expires_at: at, outcome: None, after: None, note: Box::default() };
        assert!(held.by_number.insert(number, lease).is_none(), "leased twice");
    }

    #[test]
    fn no_number_is_leased_twice_and_none_chooses_its_outcome() {
        let (networks, mut held, ours) = (networks(), Held::default(), BTreeSet::from(["447700900313".into()]));
        for code in ["GB", "DE", "US", "VN"] {
            for _ in 0..50 {
                let number = held.next(country(code), &networks, &ours).expect("enough");
                assert!(number[number.len() - 2..].parse::<u32>().expect("digits") >= SUFFIX_MIN, "{number}");
                assert!(!ours.contains(&number));
                hold(&mut held, number);
            }
        }
        assert_eq!(held.by_number.len(), 200);
    }

    #[test]
    fn numbers_of_one_length_stand_in_order_so_that_they_go_round() {
        let all: Vec<String> = blocks().flat_map(|block| block.numbers().collect::<Vec<_>>()).collect();
        for pair in all.windows(2).filter(|pair| pair[0][..2] == pair[1][..2]) {
            assert!(pair[0] < pair[1], "{pair:?}");
        }
    }

    #[test]
    fn what_was_given_back_comes_last_and_the_end_is_told() {
        let (networks, mut held, ours) = (networks(), Held::default(), BTreeSet::new());
        let first = held.next(country("VN"), &networks, &ours).expect("one");
        hold(&mut held, first.clone());
        held.by_number.remove(&first);
        let mut count = 0;
        let mut last = first.clone();
        while let Some(number) = held.next(country("VN"), &networks, &ours) {
            hold(&mut held, number.clone());
            (count, last) = (count + 1, number);
        }
        assert_eq!((count, &last), (100 - SUFFIX_MIN, &first));
        assert!(held.next(country("FR"), &networks, &ours).is_none(), "no numbers for fiction there");
        assert!(held.next(None, &networks, &ours).expect("Britain's").starts_with("4477"));
    }
}
