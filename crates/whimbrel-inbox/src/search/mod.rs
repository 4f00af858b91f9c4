//! The search grammar: one parser for pages, native API and command line.
//!
//! A query is words, `"phrases"` and `key:value`; all of them must hold. `-` or `!` before one of them says that it must not. Words and
//! phrases are looked for in the text, whatever their case. [`KEYS`] lists the keys; one that is not there is refused with the nearest
//! known one, because a search that leaves out half of what was asked for shows the wrong messages.
//!
//! Texts are compared as they are shown: of a one-time code that is masked, a search learns nothing. Knows nothing of stores: whoever
//! has messages makes a [`Candidate`] of each, and asks [`Query::fits`], then, for what is dear to find out, [`Query::fits_progress`].

mod candidate;
mod compare;
mod error;
mod keys;
mod lexer;
mod number;
mod parse;
mod time;

pub use candidate::{Candidate, Direction, PartProgress, Progress, WebhookProgress};
pub use compare::Comparison;
pub use error::SearchError;
pub use keys::{KEYS, Key};
pub use number::NumberPattern;
pub use parse::{QUERY_BYTES_MAX, TERMS_MAX, parse};
pub use time::instant;

use std::ops::Range;

use whimbrel_core::{CountryCode, MessageClass, Networks, Timestamp};

/// What is looked for: every term must hold. The empty query finds everything.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Query {
    /// The terms in the order of the text.
    pub terms: Vec<Term>,
}

/// One condition.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Term {
    /// What is asked.
    pub test: Test,
    /// Whether the answer must be yes or no.
    pub sense: Sense,
    /// Where it stands in the query, in octets.
    pub span: Range<usize>,
}

/// What the answer to a [`Test`] must be.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Sense {
    /// Yes.
    Holds,
    /// No: `-` or `!` stood before it.
    Fails,
}

/// A question about one message.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Test {
    /// `to:` the recipient, or our number that a text came in for.
    To(NumberPattern),
    /// `from:` the sender.
    From(SenderPattern),
    /// A word, a phrase or `text:`, in lower case.
    Text(Box<str>),
    /// `id:` a public id of the message or of a part, or the customer's own mark.
    Id {
        /// As it was written.
        text: Box<str>,
        /// What it names, once [`Query::resolve`] said so.
        number: Option<i64>,
    },
    /// `account:` the key, or `dialect:key`.
    Account(Box<str>),
    /// `dialect:` its name.
    Dialect(Box<str>),
    /// `carrier:` its name.
    Carrier(Box<str>),
    /// `country:` of the recipient's network.
    Country {
        /// Which.
        code: CountryCode,
        /// The codes of its networks, once [`Query::resolve`] said so.
        networks: Vec<Box<str>>,
    },
    /// `network:` a code or a part of a name.
    Network {
        /// As it was written, in lower case.
        text: Box<str>,
        /// The codes that it stands for, once [`Query::resolve`] said so.
        networks: Vec<Box<str>>,
    },
    /// `class:`
    Class(MessageClass),
    /// `status:` the word that lists show.
    Status(Box<str>),
    /// `err:` the cause or the carrier's code of a part's end.
    Err(Box<str>),
    /// `parts:` how many.
    Parts(Comparison),
    /// `price:` what the whole message costs, in units of 10^-8 of the account's currency.
    Price(Comparison),
    /// `has:`
    Has(Feature),
    /// `is:`
    Is(Kind),
    /// `webhook:`
    Webhook(WebhookProgress),
    /// `after:` then or later.
    After(Timestamp),
    /// `before:` earlier than then.
    Before(Timestamp),
    /// `otp:` the one-time code in the text, in capitals.
    Otp(Box<str>),
}

/// Whom `from:` means.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum SenderPattern {
    /// A number, however typed.
    Number(NumberPattern),
    /// A name in lower case; `*` stands for any characters.
    Name(Box<str>),
}

/// What a text may have.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Feature {
    /// A one-time code ([`crate::extract::otp`]).
    Otp,
    /// A link ([`crate::extract::link`]).
    Link,
    /// Characters that GSM 7-bit has not.
    Unicode,
}

/// What a message may be.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    /// A text from a handset.
    Inbound,
    /// Ended: nothing more becomes of it.
    Final,
}

impl Query {
    /// What `id:` names in this query, to be told to [`resolve`](Self::resolve).
    pub fn ids(&self) -> impl Iterator<Item = &str> {
        self.terms.iter().filter_map(|term| match &term.test {
            Test::Id { text, .. } => Some(&**text),
            _ => None,
        })
    }

    /// Fills in what the text of a query cannot know: the messages that ids name, and the networks of countries and names.
    pub fn resolve(&mut self, networks: &Networks, id: impl Fn(&str) -> Option<i64>) {
        let codes = |wanted: &dyn Fn(&whimbrel_core::Network) -> bool| -> Vec<Box<str>> {
            let found = networks.distinct().into_iter().filter(|network| wanted(network));
            found.map(|network| network.code.clone()).collect()
        };
        for term in &mut self.terms {
            match &mut term.test {
                Test::Id { text, number } => *number = id(text),
                Test::Country { code, networks } => *networks = codes(&|network| network.country == *code),
                Test::Network { text, networks } => {
                    *networks = codes(&|network| {
                        network.code.eq_ignore_ascii_case(text) || network.name.to_lowercase().contains(&**text)
                    });
                }
                _ => {}
            }
        }
    }

    /// Whether it asks for texts from handsets.
    #[must_use]
    pub fn wants_inbound(&self) -> bool {
        self.terms.iter().any(|term| term.test == Test::Is(Kind::Inbound) && term.sense == Sense::Holds)
    }

    /// Tests that must hold, for a store that can narrow its rows by them.
    pub fn holding(&self) -> impl Iterator<Item = &Test> {
        self.terms.iter().filter(|term| term.sense == Sense::Holds).map(|term| &term.test)
    }
}
