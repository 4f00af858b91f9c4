//! Reads a request: whose it is, by path and method; who calls; and what they want.
//!
//! Checks come in a fixed order, since a client is told of the first fault only. The vendor does not publish its order; ours is
//! key, secret, credentials, then sender, recipient, type, content, marks, and the options. What needs an account, a route or
//! a balance is the engine's to judge.

mod content;
mod wish;

use whimbrel_core::Timestamp;

use super::super::answer::{self, Form};
use super::super::claim::Product;
use super::super::params::Params;
use super::super::{Api, claim, reply};
use crate::http::HttpRequest;
use crate::{Match, Parsed, Reply};

/// What a path is.
enum Path {
    /// The send API, answered in that form.
    Send(Form),
    Foreign,
}

/// Reads a request of the SMS API.
pub(in super::super) fn read(request: &HttpRequest<'_>, trace_id: u128, now: Timestamp) -> Match {
    let Path::Send(form) = path(request.path) else { return Match::NotMine };
    let reply = reply(request, Api::Sms, form, trace_id, now);
    match request.method {
        "GET" | "POST" => Match::Parsed(Box::new(parse(request, reply))),
        "HEAD" => Match::Answered(answer::sms(&reply, Vec::new())),
        _ => Match::Answered(answer::not_found(&reply)),
    }
}

/// Whether a path is that of the send API.
pub(super) fn is_send(path_asked: &str) -> bool {
    matches!(path(path_asked), Path::Send(_))
}

/// One trailing slash is tolerated: some clients add it.
fn path(path: &str) -> Path {
    match path.strip_suffix('/').unwrap_or(path) {
        "/sms/json" | "/v1/sms/json" => Path::Send(Form::Json),
        "/sms/xml" | "/v1/sms/xml" => Path::Send(Form::Xml),
        _ => Path::Foreign,
    }
}

fn parse(request: &HttpRequest<'_>, reply: Reply) -> Parsed {
    match Params::read(request.query(), request.body) {
        Ok(params) => {
            Parsed { claim: claim::claim(Product::Sms, request, &params), call: wish::call(request, &params), reply }
        }
        Err(refusal) => Parsed { claim: Err(refusal.clone()), call: Err(refusal), reply },
    }
}
