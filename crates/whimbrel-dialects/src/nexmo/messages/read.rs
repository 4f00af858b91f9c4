//! Reads a request: a message to send, or one to mark.
//!
//! Methods, `Accept` and `Content-Type` are judged before the caller is (our choice; the vendor does not say), everything else after.

use whimbrel_core::{Call, MessageCall, MessageId, Timestamp, Uuid};

use super::super::answer::Form;
use super::super::claim::{self, Product};
use super::super::params::Params;
use super::super::problem::{Problem, unfit};
use super::super::{Api, reply, token};
use super::wish;
use crate::http::HttpRequest;
use crate::{Match, Parsed};

const PATH: &str = "/v1/messages";
/// Of an id that is repeated in an answer.
const ID_CHARS_MAX: usize = 100;

/// Reads a request of the Messages API.
pub(in super::super) fn read(request: &HttpRequest<'_>, trace_id: u128, now: Timestamp) -> Match {
    let Some(rest) = request.path.strip_prefix(PATH) else { return Match::NotMine };
    // One trailing slash is tolerated: the definition writes it, libraries leave it out.
    let id = match rest.strip_suffix('/').unwrap_or(rest) {
        "" => None,
        rest => match rest.strip_prefix('/').filter(|id| !id.is_empty() && !id.contains('/')) {
            Some(id) => Some(id),
            None => return Match::NotMine,
        },
    };
    let reply = reply(request, Api::Messages, Form::Json, trace_id, now);
    match (request.method, id) {
        ("POST", None) | ("PATCH", Some(_)) => {}
        _ => return Match::Answered(Problem::wrong_verb(request.method).answer(&reply)),
    }
    if let Some(problem) = unfit(request) {
        return Match::Answered(problem.answer(&reply));
    }
    let claim = token::claim(request).unwrap_or_else(|| claim::claim(Product::Messages, request, &Params::empty()));
    let call = match id {
        None => wish::call(request),
        Some(id) => Ok(mark(request, id)),
    };
    Match::Parsed(Box::new(Parsed { claim, call, reply }))
}

fn mark(request: &HttpRequest<'_>, id: &str) -> Call {
    if let Err(faulty) = wish::mark(request.body) {
        return Call::Faulty(faulty);
    }
    let message = Uuid::parse(id).and_then(Uuid::id).map(MessageId);
    Call::Message(MessageCall::Mark { id: id.chars().take(ID_CHARS_MAX).collect::<String>().into(), message })
}
