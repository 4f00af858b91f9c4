//! The forms of answers: JSON, text or CSV, and what decides between them.
//!
//! Clients that send `Accept: application/json` read JSON everywhere; all others read the plain text of the API's first years, unless
//! `json=1` asks for JSON, which only some pages heed.

use std::borrow::Cow;

use serde::Serialize;
use whimbrel_core::{Money, Refusal};

use super::codes::Code;
use super::params::Params;
use crate::http::{Headers, HttpRequest, HttpResponse};
use crate::{RefusalWords, Reply};

const JSON: &str = "application/json";
pub(super) const TEXT: &str = "text/plain; charset=utf-8";
pub(super) const CSV: &str = "text/csv; charset=utf-8";

/// What a request says of the form of its answer: the high octet of [`Reply::page`].
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Wish(u16);

impl Wish {
    const ACCEPT: u16 = 1 << 8;
    const JSON: u16 = 1 << 9;
    const MESSAGE_ID: u16 = 1 << 10;
    const DETAILS: u16 = 1 << 11;
    const FORMAT: u16 = 1 << 12;

    pub(super) fn of(request: &HttpRequest<'_>, params: &Params) -> Self {
        let accepts =
            request.headers.iter().filter(|(name, _)| *name == "accept").any(|(_, value)| {
                std::str::from_utf8(value).is_ok_and(|value| value.to_ascii_lowercase().contains(JSON))
            });
        let flags = [
            (Self::ACCEPT, accepts),
            (Self::JSON, params.is_on("json")),
            (Self::MESSAGE_ID, params.is_on("return_msg_id")),
            (Self::DETAILS, params.is_on("details")),
            (Self::FORMAT, params.get("format").is_some_and(|format| format.eq_ignore_ascii_case("json"))),
        ];
        Self(flags.into_iter().filter(|(_, is_set)| *is_set).fold(0, |all, (flag, _)| all | flag))
    }

    /// Of a reply that this dialect made.
    pub(super) const fn of_reply(reply: &Reply) -> Self {
        Self(reply.page & 0xff00)
    }

    /// As [`Reply::page`] carries it.
    pub(super) const fn bits(self) -> u16 {
        self.0
    }

    /// Whether the header asks for JSON.
    pub(super) const fn accepts_json(self) -> bool {
        self.0 & Self::ACCEPT != 0
    }

    /// Whether the header or the parameter asks for JSON.
    pub(super) const fn wants_json(self) -> bool {
        self.0 & (Self::ACCEPT | Self::JSON) != 0
    }

    /// Whether the list of prices is wanted in JSON.
    pub(super) const fn wants_json_prices(self) -> bool {
        self.0 & (Self::ACCEPT | Self::FORMAT) != 0
    }

    /// Whether the ids of the messages are wanted in a text.
    pub(super) const fn wants_ids(self) -> bool {
        self.0 & Self::MESSAGE_ID != 0
    }

    /// Whether details are wanted in a text.
    pub(super) const fn wants_details(self) -> bool {
        self.0 & Self::DETAILS != 0
    }
}

/// An answer in JSON.
pub(super) fn json(document: &impl Serialize) -> HttpResponse {
    // Our documents hold texts and numbers that are finite: they can be written.
    let body = serde_json::to_vec(document).unwrap_or_default();
    HttpResponse { status: 200, headers: headers(JSON), body }
}

/// An answer in plain text.
pub(super) fn text(text: impl Into<String>) -> HttpResponse {
    HttpResponse { status: 200, headers: headers(TEXT), body: text.into().into_bytes() }
}

/// An answer as a table.
pub(super) fn csv(table: String) -> HttpResponse {
    HttpResponse { status: 200, headers: headers(CSV), body: table.into_bytes() }
}

/// A refusal in words, if the operator wants them: clients that look for a code find it.
#[derive(Serialize)]
struct Verbose {
    success: bool,
    code: String,
    error: String,
}

/// An answer that consists of a code: a string in JSON, else its digits. Clients compare the whole body.
pub(super) fn refused(refusal: &Refusal, reply: &Reply) -> HttpResponse {
    let Code { number, status, reason, wait } = Code::of(refusal);
    let code = number.to_string();
    let mut response = match (Wish::of_reply(reply).accepts_json(), reply.wording.refusals) {
        (true, RefusalWords::Verbose) => {
            let error =
                reason.as_deref().map_or_else(|| Code::text(number).to_owned(), |reason| reason.replace('_', " "));
            json(&Verbose { success: false, code, error })
        }
        (true, RefusalWords::Code) => json(&code),
        // Who reads text compares it with three digits.
        (false, _) => text(code),
    };
    response.status = status;
    if let Some(wait) = wait {
        // The whole second that has begun counts.
        let seconds = wait.0.div_euclid(1_000_000) + 1;
        response.headers.push(("Retry-After", seconds.to_string().into()));
    }
    if let Some(reason) = reason {
        response.headers.push(("X-Whimbrel-Error", reason));
    }
    response
}

/// The answer to a path that the vendor has and we do not, and to one that nobody has.
pub(super) fn nothing_here() -> HttpResponse {
    HttpResponse { status: 404, headers: headers(JSON), body: b"{}".to_vec() }
}

/// The answer to a method that no page takes.
pub(super) fn wrong_method() -> HttpResponse {
    let mut headers = headers(JSON);
    headers.push(("Allow", Cow::Borrowed("GET, POST, PUT, PATCH, DELETE")));
    HttpResponse { status: 405, headers, body: b"{}".to_vec() }
}

fn headers(content_type: &'static str) -> Headers {
    vec![("Content-Type", Cow::Borrowed(content_type))]
}

/// An amount as a number of JSON. Amounts have eight decimals and stay below 2^63 of these: what is written reads back as the same
/// amount wherever clients compute with 64 bits.
pub(super) fn amount(money: Money) -> f64 {
    money.units as f64 / 1e8
}

/// An amount with a decimal point and at least two decimals: clients take three characters for a code, and a whole number for an error.
pub(super) fn amount_text(money: Money) -> String {
    let long = money.eight_decimals();
    let shortest = long.len() - 6;
    let kept = long.trim_end_matches('0').len().max(shortest);
    long[..kept].to_owned()
}

#[cfg(test)]
mod tests {
    use whimbrel_core::Currency;

    use super::*;

    #[test]
    fn amounts_keep_two_decimals() {
        let text = |text: &str| amount_text(Money::parse(text, Currency::EUR).expect("an amount"));
        assert_eq!(
            ["500", "0.075", "12.345", "0.1", "-3", "0.00000001"].map(text),
            ["500.00", "0.075", "12.345", "0.10", "-3.00", "0.00000001"]
        );
    }
}
