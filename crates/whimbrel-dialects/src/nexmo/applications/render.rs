//! Answers: applications with their links, pages of them, and problem documents.

use serde_json::{Map, Value, json};
use whimbrel_core::{
    ApplicationOutcome, ApplicationPage, ApplicationShown, Faulty, Outcome, PageWish, Refusal, Secret,
};

use super::super::answer;
use super::super::problem::{Problem, general};
use super::fault;
use crate::Reply;
use crate::http::HttpResponse;

/// The answer to a request.
pub(in super::super) fn render(outcome: &Outcome, reply: &Reply) -> HttpResponse {
    match outcome {
        Outcome::Application(outcome) => answered(outcome, reply),
        Outcome::Faulty(faulty) => faulted(faulty).answer(reply),
        Outcome::Refused(refusal) => refused(refusal).answer(reply),
        // The engine answers a call about applications with nothing else.
        Outcome::Sent(_) => general(&Refusal::Internal).answer(reply),
    }
}

fn answered(outcome: &ApplicationOutcome, reply: &Reply) -> HttpResponse {
    match outcome {
        ApplicationOutcome::Made(application, key) => answer::json(reply, 201, &shown(application, key.as_ref())),
        ApplicationOutcome::Replaced(application, key) => answer::json(reply, 200, &shown(application, key.as_ref())),
        ApplicationOutcome::Shown(application) => answer::json(reply, 200, &shown(application, None)),
        ApplicationOutcome::Page(page) => answer::json(reply, 200, &listed(page)),
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

fn refused(refusal: &Refusal) -> Problem {
    match refusal {
        Refusal::Missing { .. } | Refusal::BadCredentials => Problem::unauthorized("Invalid credentials supplied"),
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

/// An application: its document with the id, the key and the link that it has here.
fn shown(application: &ApplicationShown, private_key: Option<&Secret>) -> Value {
    let mut document = match serde_json::from_str(&application.document) {
        Ok(Value::Object(document)) => document,
        _ => Map::new(),
    };
    let mut keys = Map::new();
    keys.insert("public_key".to_owned(), Value::from(&*application.public_key));
    if let Some(key) = private_key {
        keys.insert("private_key".to_owned(), Value::from(key.expose()));
    }
    let id = application.id.to_string();
    document.insert("keys".to_owned(), Value::Object(keys));
    document.insert("_links".to_owned(), json!({ "self": { "href": format!("/v2/applications/{id}") } }));
    document.insert("id".to_owned(), Value::String(id));
    Value::Object(document)
}

fn listed(page: &ApplicationPage) -> Value {
    let PageWish { page: number, page_size } = page.wish;
    // Python takes the last page for the last only if its number is that of all pages, so an empty list has one page.
    let pages = page.total.div_ceil(page_size).max(1);
    let link = |page: u32| json!({ "href": format!("/v2/applications?page_size={page_size}&page={page}") });
    let mut links = Map::new();
    links.insert("self".to_owned(), link(number));
    links.insert("first".to_owned(), json!({ "href": format!("/v2/applications?page_size={page_size}") }));
    links.insert("last".to_owned(), link(pages));
    if number < pages {
        links.insert("next".to_owned(), link(number + 1));
    }
    if number > 1 {
        links.insert("prev".to_owned(), link(number.min(pages + 1) - 1));
    }
    json!({
        "page_size": page_size,
        "page": number,
        "total_items": page.total,
        "total_pages": pages,
        "_embedded": { "applications": page.applications.iter().map(|one| shown(one, None)).collect::<Vec<_>>() },
        "_links": links,
    })
}
