//! What is waited for: the parameters of the call, read.

use whimbrel_core::{AccountId, PhoneNumber, Span, Timestamp, id};
use whimbrel_dialects::http::HttpResponse;
use whimbrel_inbox::extract;
use whimbrel_inbox::search::{Query, instant};
use whimbrel_store::{Search, Sight};

use super::waiters::Asker;
use crate::api::json::bad;
use crate::api::search::{Mark, Whose, parameters, read_query};
use crate::api::{Api, accounts, messages};

/// How long a caller waits who does not say.
const TIMEOUT_DEFAULT: Span = Span::seconds(10);
/// How long a caller may wait.
const TIMEOUT_MAX: Span = Span::seconds(300);

/// What a caller wants out of a text.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(in crate::api) enum Extract {
    /// Its one-time code.
    Otp,
    /// Its link.
    Link,
    /// All of it.
    Text,
}

impl Extract {
    fn read(word: &str) -> Option<Self> {
        match word {
            "otp" => Some(Self::Otp),
            "link" => Some(Self::Link),
            "text" => Some(Self::Text),
            _ => None,
        }
    }

    /// In a word.
    pub(in crate::api) const fn as_str(self) -> &'static str {
        match self {
            Self::Otp => "otp",
            Self::Link => "link",
            Self::Text => "text",
        }
    }

    /// What is wanted, if the text has it.
    pub(super) fn of(self, text: &str) -> Option<String> {
        match self {
            Self::Otp => extract::otp(text).map(|code| code.code),
            Self::Link => extract::link(text).map(str::to_owned),
            Self::Text => Some(text.to_owned()),
        }
    }
}

/// How masked codes are shown.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(in crate::api) enum Codes {
    /// As the phone has them.
    AtThePhone,
    /// Masked.
    Masked,
}

/// What a caller waits for.
pub(in crate::api) struct Wanted {
    pub(in crate::api) query: Query,
    pub(in crate::api) to: Option<PhoneNumber>,
    pub(in crate::api) extract: Option<Extract>,
    account: Option<AccountId>,
    sight: Sight,
    /// Whose question it is.
    pub(super) asker: Asker,
    /// Whether codes that are masked may be read at the phone.
    pub(in crate::api) codes: Codes,
    pub(in crate::api) timeout: Span,
    /// The mark that was given.
    pub(super) since: Option<Mark>,
    /// What is asked, to know the same question again.
    pub(super) question: String,
}

impl Wanted {
    /// A search for at most so many of the messages that the caller may see.
    pub(in crate::api) fn search(&self, query: Query, count_max: usize) -> Search {
        Search { account: self.account, sight: self.sight, ..Search::new(query, count_max) }
    }

    /// Whether what is about that account may matter.
    pub(super) fn is_about(&self, account: Option<AccountId>) -> bool {
        self.account.is_none() || self.account == account
    }
}

pub(super) async fn read(api: &Api, whose: Whose, query: &str) -> Result<Wanted, HttpResponse> {
    let mut wanted = Wanted {
        query: Query::default(),
        to: None,
        extract: None,
        account: whose.account(),
        sight: whose.sight(api),
        asker: whose.account(),
        codes: if whose == Whose::All && api.access.reveals_codes() { Codes::AtThePhone } else { Codes::Masked },
        timeout: TIMEOUT_DEFAULT,
        since: None,
        question: String::new(),
    };
    // A key for trying out is given other texts than the account's others.
    let mut question = vec![if matches!(whose, Whose::TrialsOf(_)) { "trials".to_owned() } else { String::new() }];
    for (name, value) in parameters(query)? {
        match &*name {
            "to" => {
                let number = PhoneNumber::parse(&value);
                wanted.to = Some(number.map_err(|_| bad("`to` must be an international number of 7 to 15 digits"))?);
            }
            "q" => {
                wanted.query = read_query(api, &value, wanted.account).await?;
                whose.may_ask(&wanted.query)?;
            }
            "extract" => {
                let extract = Extract::read(&value).ok_or_else(|| bad("`extract` must be one of otp, link, text"))?;
                wanted.extract = Some(extract);
            }
            "account" if whose == Whose::All => wanted.account = Some(accounts::find(api, &value)?),
            "timeout" => {
                wanted.timeout = span(&value)
                    .filter(|span| *span <= TIMEOUT_MAX)
                    .ok_or_else(|| bad("`timeout` must be a time such as 10s, 1500ms or 2m, and at most 5m"))?
            }
            "since" => wanted.since = Some(read_since(&value, api.engine.world().now())?),
            other => {
                let other: String = other.chars().take(40).collect();
                let account = if whose == Whose::All { ", account" } else { "" };
                return Err(bad(&format!(
                    "`{other}` is no parameter here; the parameters are to, q, extract, timeout, since{account}"
                )));
            }
        }
        if matches!(&*name, "to" | "q" | "extract" | "account") {
            question.push(format!("{name}={value}"));
        }
    }
    question.sort();
    wanted.question = question.join("&");
    wanted.query.terms.extend(wanted.to.as_ref().map(messages::to));
    Ok(wanted)
}

fn read_since(text: &str, now: Timestamp) -> Result<Mark, HttpResponse> {
    let mark = Mark::read(text).or_else(|| instant(text, now).map(|at| Mark(id::lowest_at(at) - 1)));
    mark.ok_or_else(|| bad("`since` must be a `since` of an answer or a lease, a time (RFC 3339), or so long ago: -5m"))
}

/// A length of time with its unit.
pub(in crate::api) fn span(text: &str) -> Option<Span> {
    let (number, unit) = text.split_at(text.find(|c: char| !c.is_ascii_digit()).unwrap_or(text.len()));
    let millis: i64 = match unit {
        "ms" => 1,
        "s" => 1_000,
        "m" => 60_000,
        "h" => 3_600_000,
        "d" => 86_400_000,
        _ => return None,
    };
    number.parse::<i64>().ok()?.checked_mul(millis)?.checked_mul(1_000).map(Span)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn spans_have_units() {
        assert_eq!((span("1500ms"), span("2m")), (Some(Span::millis(1_500)), Some(Span::seconds(120))));
        for wrong in ["", "10", "s", "-1s", "1.5s", "99999999999999999d", "1w"] {
            assert_eq!(span(wrong), None, "{wrong}");
        }
    }
}
