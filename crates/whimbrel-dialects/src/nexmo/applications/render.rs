//! Answers: applications with their links, pages of them, and problem documents.

use std::borrow::Cow;

use serde::Serialize;
use serde_json::value::RawValue;
use whimbrel_core::{
    ApplicationOutcome, ApplicationPage, ApplicationShown, Faulty, Outcome, PageWish, Refusal, Secret,
};

use super::super::answer;
use super::super::problem::{Problem, general};
use super::document::Document;
use super::fault;
use crate::Reply;
use crate::http::HttpResponse;

/// The answer to a request.
pub(in super::super) fn render(outcome: &Outcome, reply: &Reply) -> HttpResponse {
    match outcome {
        Outcome::Application(outcome) => answered(outcome, reply),
        Outcome::Faulty(faulty) => faulted(faulty).answer(reply),
        Outcome::Refused(refusal) => refused(refusal).answer(reply),
        // Of another API: a fault of ours.
        _ => general(&Refusal::Internal).answer(reply),
    }
}

fn answered(outcome: &ApplicationOutcome, reply: &Reply) -> HttpResponse {
    match outcome {
        ApplicationOutcome::Made(application, key) => document(reply, 201, shown(application, key.as_ref())),
        ApplicationOutcome::Replaced(application, key) => document(reply, 200, shown(application, key.as_ref())),
        ApplicationOutcome::Shown(application) => document(reply, 200, shown(application, None)),
        ApplicationOutcome::Page(of) => document(reply, 200, page(of)),
        ApplicationOutcome::Removed => answer::empty(reply, 204),
        ApplicationOutcome::Unknown { id } => {
            let detail = format!("ID '{id}' does not exist, or you do not have access");
            Problem::new(404, "#not-found", "Not Found", detail).answer(reply)
        }
        ApplicationOutcome::TooMany { count_max } => {
            let detail = format!("The account has reached the maximum number [{count_max}] of applications");
            Problem::new(403, "#forbidden", "Application Addition Forbidden", detail).answer(reply)
        }
    }
}

fn document(reply: &Reply, status: u16, document: Option<impl Serialize>) -> HttpResponse {
    match document {
        Some(document) => answer::json(reply, status, &document),
        None => general(&Refusal::Internal).answer(reply),
    }
}

fn refused(refusal: &Refusal) -> Problem {
    match refusal {
        Refusal::Missing { .. }
        | Refusal::BadCredentials
        | Refusal::MethodNotAllowed { .. }
        | Refusal::SourceNotAllowed => Problem::unauthorized("Invalid credentials supplied"),
        other => general(other),
    }
}

fn faulted(faulty: &Faulty) -> Problem {
    let detail = "The request failed due to validation errors";
    let problem = match faulty.kind {
        fault::INVALID_JSON => {
            let detail = format!("The request body did not contain valid JSON: {}", faulty.detail);
            Problem::new(400, "#invalid-json", "Bad Request", detail)
        }
        fault::LIST => Problem::new(400, "/application#list-validation", "Bad Request", detail),
        _ => Problem::new(400, "/application#payload-validation", "Bad Request", detail),
    };
    Problem { fields: faulty.fields.clone(), ..problem }
}

#[derive(Serialize)]
struct Shown<'a> {
    id: String,
    name: Cow<'a, str>,
    keys: Keys<'a>,
    privacy: &'a RawValue,
    capabilities: &'a RawValue,
    _links: Links,
}

#[derive(Serialize)]
struct Keys<'a> {
    public_key: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    private_key: Option<&'a str>,
}

#[derive(Serialize, Default)]
struct Links {
    #[serde(rename = "self")]
    own: Link,
    #[serde(skip_serializing_if = "Option::is_none")]
    first: Option<Link>,
    #[serde(skip_serializing_if = "Option::is_none")]
    last: Option<Link>,
    #[serde(skip_serializing_if = "Option::is_none")]
    next: Option<Link>,
    #[serde(skip_serializing_if = "Option::is_none")]
    prev: Option<Link>,
}

#[derive(Serialize, Default)]
struct Link {
    href: String,
}

#[derive(Serialize)]
struct Page<'a> {
    page_size: u32,
    page: u32,
    total_items: u32,
    total_pages: u32,
    _embedded: Embedded<'a>,
    _links: Links,
}

#[derive(Serialize)]
struct Embedded<'a> {
    applications: Vec<Shown<'a>>,
}

/// An application: its document with the id, the key and the link that it has here; `None` if the document is none of ours.
fn shown<'a>(application: &'a ApplicationShown, private_key: Option<&'a Secret>) -> Option<Shown<'a>> {
    let Document { name, capabilities, privacy } = Document::read(&application.document)?;
    let id = application.id.to_string();
    let own = Link { href: format!("/v2/applications/{id}") };
    let keys = Keys { public_key: &application.public_key, private_key: private_key.map(Secret::expose) };
    Some(Shown { id, name, keys, privacy, capabilities, _links: Links { own, ..Links::default() } })
}

fn page(page: &ApplicationPage) -> Option<Page<'_>> {
    let PageWish { page: number, page_size } = page.wish;
    // Python takes the last page for the last only if its number is that of all pages, so an empty list has one page.
    let pages = page.total.div_ceil(page_size).max(1);
    let link = |page: u32| Link { href: format!("/v2/applications?page_size={page_size}&page={page}") };
    let links = Links {
        own: link(number),
        first: Some(Link { href: format!("/v2/applications?page_size={page_size}") }),
        last: Some(link(pages)),
        next: (number < pages).then(|| link(number + 1)),
        prev: (number > 1).then(|| link(number.min(pages + 1) - 1)),
    };
    let applications = page.applications.iter().map(|one| shown(one, None)).collect::<Option<_>>()?;
    Some(Page {
        page_size,
        page: number,
        total_items: page.total,
        total_pages: pages,
        _embedded: Embedded { applications },
        _links: links,
    })
}
