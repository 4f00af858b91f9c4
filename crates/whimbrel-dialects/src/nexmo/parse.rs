//! Reads a request: whose it is, by path and method; who calls; and what they want.
//!
//! Checks come in a fixed order, since a client is told of the first fault only. The vendor does not publish its order; ours is
//! key, secret, credentials, then sender, recipient, type, content, marks, and the options. What needs an account, a route or
//! a balance is the engine's to judge.

mod claim;
mod content;
mod wish;

use whimbrel_core::Timestamp;

use super::answer::{self, Form};
use super::params::Params;
use crate::http::HttpRequest;
use crate::{Match, Parsed, Reply, own};

const TRACE_ID_CHARS_MAX: usize = 64;

/// What a path is.
enum Path {
    /// The send API, answered in that form.
    Send(Form),
    Foreign,
}

/// Reads a request of the SMS API.
pub(super) fn read(request: &HttpRequest<'_>, trace_id: u128, now: Timestamp) -> Match {
    let Path::Send(form) = path(request.path) else { return Match::NotMine };
    let reply = reply(request, form, trace_id, now);
    match request.method {
        "GET" | "POST" => Match::Parsed(Box::new(parse(request, reply))),
        "HEAD" => Match::Answered(answer::sms(&reply, Vec::new())),
        _ => Match::Answered(answer::not_found(&reply)),
    }
}

/// One trailing slash is tolerated: some clients add it.
fn path(path: &str) -> Path {
    match path.strip_suffix('/').unwrap_or(path) {
        "/sms/json" | "/v1/sms/json" => Path::Send(Form::Json),
        "/sms/xml" | "/v1/sms/xml" => Path::Send(Form::Xml),
        _ => Path::Foreign,
    }
}

fn reply(request: &HttpRequest<'_>, form: Form, trace_id: u128, now: Timestamp) -> Reply {
    let given = request.header("x-nexmo-trace-id").filter(|given| own::is_visible(given, TRACE_ID_CHARS_MAX));
    let trace_id = given.map_or_else(|| format!("{trace_id:032x}").into(), Box::from);
    Reply { form: form.number(), trace_id, host: request.host_kind(), now }
}

fn parse(request: &HttpRequest<'_>, reply: Reply) -> Parsed {
    match Params::read(request.query, request.body) {
        Ok(params) => Parsed { claim: claim::claim(request, &params), call: wish::call(request, &params), reply },
        Err(refusal) => Parsed { claim: Err(refusal.clone()), call: Err(refusal), reply },
    }
}
