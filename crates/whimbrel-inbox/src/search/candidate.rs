//! One message, as far as a query looks at it.

use std::borrow::Cow;

use whimbrel_core::{MessageClass, Timestamp};

use super::number::wild;
use super::{Feature, Kind, Query, SenderPattern, Sense, Test};
use crate::extract;

/// Which way a message went.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Direction {
    /// To a handset.
    Sent,
    /// From one.
    CameIn,
}

/// What is known of a message without a look elsewhere. What a text that came in does not have is empty, and fits nothing.
#[derive(Clone)]
pub struct Candidate<'a> {
    /// Which way.
    pub direction: Direction,
    /// Its number.
    pub id: i64,
    /// The account's key; empty if it is nobody's.
    pub account_key: &'a str,
    /// The account's dialect.
    pub account_dialect: &'a str,
    /// In whose words it was sent.
    pub dialect: &'a str,
    /// The carrier's name.
    pub carrier: &'a str,
    /// To whom, in digits.
    pub to: &'a str,
    /// From whom.
    pub from: &'a str,
    /// The text as it may be shown: codes that are kept secret are masked. Empty for octets.
    pub text: Cow<'a, str>,
    /// Whether its text has characters that GSM 7-bit has not.
    pub is_unicode: bool,
    /// The recipient's network code.
    pub network: &'a str,
    /// Its class.
    pub class: Option<MessageClass>,
    /// How many parts.
    pub part_count: u8,
    /// What the whole message costs, in units of 10^-8.
    pub price: Option<i64>,
    /// The customer's own mark.
    pub client_ref: &'a str,
    /// When it was accepted, or came.
    pub at: Timestamp,
}

/// How far a part is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PartProgress<'a> {
    /// The cause of its end, if it ended.
    pub cause: Option<&'a str>,
    /// The carrier's code for it; empty if there is none.
    pub code: &'a str,
}

/// How the last webhook about a message went.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum WebhookProgress {
    /// It was taken.
    Delivered,
    /// It was not; it may be tried again.
    Failed,
    /// It waits for its first or next try.
    Pending,
}

/// What is dear to find out.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Progress<'a> {
    /// The word that lists show.
    pub status: &'a str,
    /// Its parts.
    pub parts: Vec<PartProgress<'a>>,
    /// Whether one waits.
    pub has_pending_webhook: bool,
    /// How the last one that was tried went.
    pub last_webhook: Option<WebhookProgress>,
}

impl Query {
    /// Whether a message may be what is looked for, as far as it is known without its [`Progress`]. What is cheap to answer is asked
    /// first, whatever the order of the terms.
    #[must_use]
    pub fn fits(&self, candidate: &Candidate<'_>) -> bool {
        // In lower case once, however many terms look at it.
        let mut lower: Option<String> = None;
        [Effort::Look, Effort::Read, Effort::Understand].into_iter().all(|effort| {
            self.terms.iter().filter(|term| Effort::of(&term.test) == effort).all(|term| {
                let answer = match &term.test {
                    Test::Text(wanted) => Some(contains(&candidate.text, wanted, &mut lower)),
                    test => candidate.answer(test),
                };
                answer.is_none_or(|answer| answer == (term.sense == Sense::Holds))
            })
        })
    }

    /// Whether the text has a say. Without it a [`Candidate`] may come with an empty one.
    #[must_use]
    pub fn needs_text(&self) -> bool {
        self.terms.iter().any(|term| Effort::of(&term.test) != Effort::Look)
    }

    /// Whether [`fits_progress`](Self::fits_progress) has a say.
    #[must_use]
    pub fn needs_progress(&self) -> bool {
        self.terms.iter().any(|term| is_about_progress(&term.test))
    }

    /// Whether it asks how webhooks went.
    #[must_use]
    pub fn needs_webhooks(&self) -> bool {
        self.terms.iter().any(|term| matches!(term.test, Test::Webhook(_)))
    }

    /// Whether the rest of the terms holds as well.
    #[must_use]
    pub fn fits_progress(&self, progress: &Progress<'_>) -> bool {
        self.terms
            .iter()
            .filter(|term| is_about_progress(&term.test))
            .all(|term| progress.answer(&term.test) == (term.sense == Sense::Holds))
    }
}

/// What it takes to answer a test, from little to much.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Effort {
    /// A look at a field.
    Look,
    /// The text is read.
    Read,
    /// What the text says is told.
    Understand,
}

impl Effort {
    const fn of(test: &Test) -> Self {
        match test {
            Test::Text(_) => Self::Read,
            Test::Otp(_) | Test::Has(Feature::Otp | Feature::Link) => Self::Understand,
            _ => Self::Look,
        }
    }
}

const fn is_about_progress(test: &Test) -> bool {
    matches!(test, Test::Status(_) | Test::Err(_) | Test::Is(Kind::Final) | Test::Webhook(_))
}

/// Whether `text` has `wanted`, which is in lower case, in any case.
fn contains(text: &str, wanted: &str, lower: &mut Option<String>) -> bool {
    lower.get_or_insert_with(|| text.to_lowercase()).contains(wanted)
}

impl Candidate<'_> {
    /// The answer to a test; `None` if it is not known yet.
    fn answer(&self, test: &Test) -> Option<bool> {
        Some(match test {
            Test::To(pattern) => pattern.fits(self.to),
            Test::From(SenderPattern::Number(pattern)) => {
                pattern.fits(self.from.strip_prefix('+').unwrap_or(self.from))
            }
            Test::From(SenderPattern::Name(name)) => wild(name, &self.from.to_lowercase()),
            Test::Text(wanted) => self.text.to_lowercase().contains(&**wanted),
            Test::Id { text, number } => *number == Some(self.id) || *self.client_ref == **text,
            Test::Account(name) => match name.split_once(':') {
                Some((dialect, key)) => dialect == self.account_dialect && key == self.account_key,
                None => **name == *self.account_key,
            },
            Test::Dialect(name) => **name == *self.dialect,
            Test::Carrier(name) => **name == *self.carrier,
            Test::Country { networks, .. } | Test::Network { networks, .. } => {
                networks.iter().any(|network| **network == *self.network)
            }
            Test::Class(class) => self.class == Some(*class),
            Test::Parts(count) => count.fits(i64::from(self.part_count)),
            Test::Price(price) => self.price.is_some_and(|own| price.fits(own)),
            Test::Has(Feature::Otp) => extract::otp(&self.text).is_some(),
            Test::Has(Feature::Link) => extract::link(&self.text).is_some(),
            Test::Has(Feature::Unicode) => self.is_unicode,
            Test::Is(Kind::Inbound) => self.direction == Direction::CameIn,
            Test::After(at) => self.at >= *at,
            Test::Before(at) => self.at < *at,
            Test::Otp(code) => extract::is_otp(&self.text, code),
            // A text that came in has ended, and nothing else is to be said of its progress.
            Test::Is(Kind::Final) if self.direction == Direction::CameIn => true,
            Test::Status(_) | Test::Err(_) | Test::Webhook(_) if self.direction == Direction::CameIn => false,
            Test::Status(_) | Test::Err(_) | Test::Is(Kind::Final) | Test::Webhook(_) => return None,
        })
    }
}

impl Progress<'_> {
    fn answer(&self, test: &Test) -> bool {
        match test {
            Test::Status(wanted) => **wanted == *self.status,
            Test::Is(Kind::Final) => self.parts.iter().all(|part| part.cause.is_some()),
            Test::Err(wanted) => self.parts.iter().any(|part| {
                let is_cause = part.cause.is_some_and(|cause| cause != "none" && *cause == **wanted);
                is_cause || (!part.code.is_empty() && part.code.eq_ignore_ascii_case(wanted))
            }),
            Test::Webhook(WebhookProgress::Pending) => self.has_pending_webhook,
            Test::Webhook(wanted) => self.last_webhook == Some(*wanted),
            // Answered by the candidate.
            _ => true,
        }
    }
}
