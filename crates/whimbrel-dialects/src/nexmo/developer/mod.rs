//! What the APIs of `rest.nexmo.com` beside the SMS API share: account, pricing, search and numbers.
//!
//! Credentials may stand in the query, the body, a Basic header, or at the end of the path; the form of the answer follows `Accept`; the
//! status is the HTTP status. Follows the vendor's OpenAPI definitions and captured answers, read 2026-11.

pub(super) mod body;
pub(super) mod fault;
mod form;

use whimbrel_core::{Call, Refusal, Timestamp};

use super::answer::{self, Form as WireForm};
use super::claim::{self, Product};
use super::params::Params;
use super::{Api, reply};
use crate::http::{HttpRequest, HttpResponse};
use crate::{Match, Parsed, Reply};

use form::Form;

/// A place of one of these APIs.
#[derive(Debug, Clone, Copy)]
pub(super) struct Place {
    /// Which ways to prove who calls it takes.
    pub(super) product: Product,
    /// Whose.
    pub(super) api: Api,
    /// Which of the API's answers; below 64.
    pub(super) page: u8,
    /// `GET` (and with it `HEAD`), `POST`, or both.
    pub(super) methods: &'static [&'static str],
}

/// What follows a known beginning of a path: names with their values, such as credentials.
pub(super) type Tail = Vec<(&'static str, String)>;

/// The segments behind `base`, under `names`. One slash at the end is tolerated, and all may be missing; `None` if the path is
/// another one.
pub(super) fn tail(path: &str, base: &str, names: &[&'static str]) -> Option<Tail> {
    let rest = path.strip_suffix('/').unwrap_or(path).strip_prefix(base)?;
    if rest.is_empty() {
        return Some(Tail::new());
    }
    let segments: Vec<&str> = rest.strip_prefix('/')?.split('/').collect();
    let is_whole = segments.len() == names.len() && segments.iter().all(|segment| !segment.is_empty());
    is_whole.then(|| names.iter().zip(segments).map(|(name, segment)| (*name, decoded(segment))).collect())
}

/// A segment of a path without its percent escapes. A plus is a plus there.
fn decoded(segment: &str) -> String {
    let pair = format!("={}", segment.replace('+', "%2B").replace('&', "%26"));
    form_urlencoded::parse(pair.as_bytes()).next().map(|(_, value)| value.into_owned()).unwrap_or_default()
}

/// Reads a request to `place`. `refused`: the answer to a method that the place does not take.
pub(super) fn read(
    request: &HttpRequest<'_>,
    place: Place,
    tail: Tail,
    (trace_id, now): (u128, Timestamp),
    refused: fn(&Reply) -> HttpResponse,
    call: impl FnOnce(&Params<'_>) -> Result<Call, Refusal>,
) -> Match {
    let reply = reply(request, place.api, WireForm::Json, trace_id, now);
    let form = Form::wanted(request.header("accept"));
    let reply = Reply { page: place.api.number() << 8 | u16::from(place.page << 2) | form.number(), ..reply };
    let method = if request.method == "HEAD" { "GET" } else { request.method };
    if !place.methods.contains(&method) {
        return Match::Answered(refused(&reply));
    }
    let parsed = match Params::read(request.query(), request.body) {
        Ok(mut params) => {
            for (name, value) in tail {
                params.add_from_path(name, value);
            }
            Parsed { claim: claim::claim(place.product, request, &params), call: call(&params), reply }
        }
        Err(refusal) => Parsed { claim: Err(refusal.clone()), call: Err(refusal), reply },
    };
    Match::Parsed(Box::new(parsed))
}

/// Which answer of the API a reply asks for.
pub(super) fn page(reply: &Reply) -> u8 {
    ((reply.page & 0xff) >> 2) as u8
}

/// Whether it is wanted in XML.
pub(super) fn is_xml(reply: &Reply) -> bool {
    Form::of(reply).is_xml()
}

/// The answer with that body.
pub(super) fn answer(reply: &Reply, status: u16, body: Vec<u8>) -> HttpResponse {
    answer::developer(reply, status, Form::of(reply).content_type(), body)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_path_ends_with_all_its_names_or_none() {
        let names = &["api_key", "api_secret"];
        let tail = |path| tail(path, "/account/numbers", names);
        assert_eq!(tail("/account/numbers"), Some(vec![]));
        assert_eq!(tail("/account/numbers/"), Some(vec![]));
        let both = vec![("api_key", "k&1".to_owned()), ("api_secret", "a+b c/".to_owned())];
        assert_eq!(tail("/account/numbers/k%261/a+b%20c%2F"), Some(both));
        for other in
            ["/account/numbersx", "/account/numbers/k", "/account/numbers/k/", "/account/numbers//s", "/account"]
        {
            assert_eq!(tail(other), None, "{other}");
        }
    }
}
