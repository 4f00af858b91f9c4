//! A verifier of signed requests written a second time, of which any one check can be taken out.
//!
//! Whole, it must judge every request as the gateway does. With a check taken out, it must take the attacks which that check is
//! there for: that shows that they are attacks, and that nothing else stops them.

use std::collections::{BTreeMap, BTreeSet};

use whimbrel_core::SignatureMethod;

use super::Facts;
use super::strings::{self, octets_of};
use crate::wire::{Pairs, Request, digest, prefixed};

macro_rules! checks {
    ($($name:ident $what:literal,)+) => {
        /// A check that a verifier may lack.
        #[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
        pub enum Check { $(#[doc = $what] $name),+ }

        impl Check {
            /// Every one.
            pub const ALL: &[Self] = &[$(Self::$name),+];

            /// What it sees to.
            pub const fn what(self) -> &'static str {
                match self { $(Self::$name => $what),+ }
            }
        }
    };
}

checks! {
    Digest "the digest is compared",
    Length "no fewer digits are compared than there are",
    Rest "nothing may follow the digits",
    Hex "only hexadecimal digits count",
    Method "only the account's method counts",
    Minimum "the policy's weakest method is kept",
    Owner "only the account's own secret counts",
    ApiSecret "the API secret signs nothing",
    Empty "an empty secret signs nothing",
    Ended "the secret before counts until its end only",
    UnknownNames "names that nobody knows are covered",
    Query "the query is covered where the body is signed",
    Body "the body is covered where the query is signed",
    Twice "a name has one value",
    TwiceApart "query and body agree",
    Names "names hold no separators",
    NameCase "case counts in names",
    Nul "values go on behind an octet of zero",
    Trim "blanks around values count",
    Numbers "numbers count as they are spelled",
    Charset "text is UTF-8",
    Decoded "values are signed decoded",
    Sorted "pairs are sorted",
    ByName "pairs are sorted by name alone",
    Ampersand "the string begins with a separator",
    Replaced "separators in values are replaced",
    Joined "separators between pairs are kept",
    Order "the secret does not stand in front",
    Agent "fields signed as None are one library's alone",
    Old "the time is not too old",
    New "the time is not too far ahead",
    TimeNeeded "there is a time",
    TimeForm "the time is decimal digits",
    Millis "the time is in seconds",
    TimeCovered "the time is covered",
    Replay "a signature is good once",
    BySignature "a signature is known by its octets, whatever is around it",
    Alone "no secret stands beside a signature",
    SameKey "no other key stands beside a signature",
    NoFallback "a secret does not mend a wrong signature",
    Required "who must sign, must",
    Standing "a suspended account does nothing",
}

/// What becomes of a request.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Verdict {
    /// It sends a message.
    Sent,
    /// It is answered as before and sends nothing.
    Again,
    Refused,
}

/// A way to write the string that is signed.
type Writer = fn(&Pairs) -> Vec<u8>;

/// The verifier.
pub struct Model<'a> {
    accounts: &'a BTreeMap<String, Facts>,
    removed: Option<Check>,
    used: BTreeSet<Vec<u8>>,
}

impl<'a> Model<'a> {
    pub fn new(accounts: &'a BTreeMap<String, Facts>, removed: Option<Check>) -> Self {
        Self { accounts, removed, used: BTreeSet::new() }
    }

    fn has(&self, check: Check) -> bool {
        self.removed != Some(check)
    }

    pub fn judge(&mut self, request: &Request, now: i64) -> Verdict {
        let (body, query) = (strings::body(request, self.has(Check::Numbers)), strings::query(request));
        let all: Pairs = [body.clone(), query.clone()].concat();
        let first = |name: &str| all.iter().find(|pair| pair.0 == name).map(|pair| pair.1.as_str());
        let Some((key, facts)) = first("api_key").and_then(|key| self.accounts.get_key_value(key)) else {
            return Verdict::Refused;
        };
        let basic = strings::basic(request);
        let Some(sig) = first("sig").filter(|sig| !sig.is_empty()) else {
            let proved = first("api_secret") == Some(&facts.api_secret);
            let may = proved && (!self.has(Check::Required) || !facts.must_sign);
            return if may { Verdict::Sent } else { Verdict::Refused };
        };
        let other_key = basic.as_ref().is_some_and(|(other, _)| other != key);
        if first("api_secret").is_some() && self.has(Check::Alone) || other_key && self.has(Check::SameKey) {
            return Verdict::Refused;
        }
        let by_query = !body.iter().any(|pair| pair.0 == "sig");
        let Some(pairs) = self.covered(body, query, by_query) else { return Verdict::Refused };
        let good = self.is_in_time(&pairs, now) && self.matches(&pairs, request, facts, sig);
        let by_header = !self.has(Check::NoFallback) && basic.is_some_and(|(_, secret)| secret == facts.api_secret);
        if !good && !by_header {
            return Verdict::Refused;
        }
        let too_weak = facts.method < facts.method_min && self.has(Check::Minimum);
        if too_weak || facts.is_suspended && self.has(Check::Standing) {
            return Verdict::Refused;
        }
        let mark = match self.has(Check::BySignature) {
            true => format!("{key} {}", sig.to_lowercase()).into_bytes(),
            false => format!("{request:?}").into_bytes(),
        };
        match self.used.insert(mark) || !self.has(Check::Replay) {
            true => Verdict::Sent,
            false => Verdict::Again,
        }
    }

    /// The pairs that a signature must cover, one of each name; nothing if they contradict each other.
    fn covered(&self, body: Pairs, query: Pairs, by_query: bool) -> Option<Pairs> {
        let differ = |ours: &Pairs, theirs: &Pairs| {
            ours.iter().any(|(name, value)| theirs.iter().any(|other| other.0 == *name && other.1 != *value))
        };
        let contradicts = differ(&body, &body) || differ(&query, &query);
        let disagree = differ(&body, &query);
        if contradicts && self.has(Check::Twice) || disagree && self.has(Check::TwiceApart) {
            return None;
        }
        let places = match (by_query, self.has(Check::Query), self.has(Check::Body)) {
            (false, false, _) => vec![body],
            (true, _, false) => vec![query],
            _ => vec![body, query],
        };
        let mut pairs: Pairs = Vec::new();
        for (name, value) in places.concat() {
            let name = if self.has(Check::NameCase) { name } else { name.to_lowercase() };
            if !pairs.iter().any(|pair| pair.0 == name) {
                pairs.push((name, value));
            }
        }
        if pairs.iter().any(|pair| pair.0.contains(['&', '='])) && self.has(Check::Names) {
            return None;
        }
        Some(pairs)
    }

    fn is_in_time(&self, pairs: &Pairs, now: i64) -> bool {
        let Some(text) = pairs.iter().find(|pair| pair.0 == "timestamp").map(|pair| pair.1.as_str()) else {
            return !self.has(Check::TimeNeeded);
        };
        let strict = text.bytes().all(|octet| octet.is_ascii_digit()).then(|| text.parse().ok()).flatten();
        let read = if self.has(Check::TimeForm) { strict } else { strict.or_else(|| strings::lenient_number(text)) };
        let Some(second) = read else { return false };
        let second = if second > 100_000_000_000 && !self.has(Check::Millis) { second / 1_000 } else { second };
        let (age, ahead) = (now - second, second - now);
        (age <= 300 || !self.has(Check::Old)) && (ahead <= 300 || !self.has(Check::New))
    }

    fn matches(&self, pairs: &Pairs, request: &Request, facts: &Facts, sig: &str) -> bool {
        let mut secrets = vec![facts.secret.as_str()];
        secrets.extend((!self.has(Check::Ended)).then_some(facts.ended_secret.as_str()));
        secrets.extend((!self.has(Check::ApiSecret)).then_some(facts.api_secret.as_str()));
        secrets.extend((!self.has(Check::Empty)).then_some(""));
        if !self.has(Check::Owner) {
            secrets.extend(self.accounts.values().map(|facts| facts.secret.as_str()));
        }
        let own = [facts.method];
        let methods: &[SignatureMethod] = if self.has(Check::Method) { &own } else { super::METHODS };
        let strings = self.strings(pairs, request);
        let mut tries = strings.iter().flat_map(|string| {
            secrets.iter().flat_map(move |secret| methods.iter().map(move |method| (string, *secret, *method)))
        });
        tries.any(|(string, secret, method)| {
            let in_front = !self.has(Check::Order) && prefixed(method, string, secret) == sig;
            in_front || self.same(&digest(method, string, secret), sig)
        })
    }

    /// Whether the digits that were presented count as those that were made.
    fn same(&self, made: &str, sig: &str) -> bool {
        use base64::Engine as _;
        let lower = sig.to_lowercase();
        let base64 = || base64::engine::general_purpose::STANDARD.encode(octets_of(made));
        lower == made
            || !self.has(Check::Digest)
            || !self.has(Check::Length) && made.starts_with(&lower)
            || !self.has(Check::Rest) && lower.starts_with(made)
            || !self.has(Check::Hex) && sig == base64()
    }

    /// The strings that may have been signed.
    fn strings(&self, pairs: &Pairs, request: &Request) -> Vec<Vec<u8>> {
        let mut pairs = pairs.clone();
        if !self.has(Check::UnknownNames) {
            pairs.retain(|pair| strings::KNOWN.contains(&pair.0.as_str()));
        }
        if !self.has(Check::TimeCovered) {
            pairs.retain(|pair| pair.0 != "timestamp");
        }
        for (_, value) in &mut pairs {
            if !self.has(Check::Nul) {
                *value = value.split('\0').next().unwrap_or_default().to_owned();
            }
            if !self.has(Check::Trim) {
                *value = value.trim().to_owned();
            }
        }
        let mut all = vec![strings::canonical(&pairs), strings::without_blanks(&pairs)];
        if strings::is_python(request) || !self.has(Check::Agent) {
            all.push(strings::with_none(&pairs));
        }
        let sloppy: [(Check, Writer); 7] = [
            (Check::Decoded, strings::encoded),
            (Check::Sorted, strings::as_received),
            (Check::ByName, strings::by_pair),
            (Check::Ampersand, strings::without_first_separator),
            (Check::Replaced, strings::with_separators),
            (Check::Joined, strings::all_replaced),
            (Check::Charset, strings::in_latin_1),
        ];
        all.extend(sloppy.iter().filter(|(check, _)| !self.has(*check)).map(|(_, string)| string(&pairs)));
        all
    }
}
