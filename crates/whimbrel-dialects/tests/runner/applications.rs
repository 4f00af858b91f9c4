//! Calls about applications, and what they come to, as files state them.

use std::fmt::Write as _;

use whimbrel_core::{
    ApplicationCall, ApplicationId, ApplicationOutcome, ApplicationPage, ApplicationShown, ApplicationWish, KeyWish,
    PageWish, Secret, Uuid,
};

use super::file::Facts;

/// The public key that files speak of: the example of RFC 7515 §A.2.
const PUBLIC_KEY: &str = include_str!("../../../whimbrel-signing/tests/keys/rfc7515_a2.spki.pem");

pub(super) fn print_call(out: &mut String, call: &ApplicationCall) {
    let _ = match call {
        ApplicationCall::List(PageWish { page, page_size }) => {
            write!(out, "call: list applications, page {page} of {page_size}")
        }
        ApplicationCall::Make(wish) => write!(out, "call: make an application\n{}", print_wish(wish)),
        ApplicationCall::Show { id } => write!(out, "call: show application {id}"),
        ApplicationCall::Replace { id, wish } => write!(out, "call: replace application {id}\n{}", print_wish(wish)),
        ApplicationCall::Remove { id } => write!(out, "call: remove application {id}"),
    };
}

fn print_wish(wish: &ApplicationWish) -> String {
    let key = match &wish.key {
        KeyWish::Kept => "kept",
        KeyWish::New => "new",
        KeyWish::Given(pem) if **pem == *PUBLIC_KEY => "that of RFC 7515 A.2",
        KeyWish::Given(_) => "given",
    };
    format!("key: {key}\ndocument: {}", wish.document)
}

/// `made`, `shown`, `replaced` with `id`, `document` and perhaps `private key`; `removed`; `page` with `total` and any number of
/// applications; `unknown` with `id`; `too many` with `count`.
pub(super) fn outcome(facts: &Facts<'_>) -> ApplicationOutcome {
    let private_key = || facts.find("private key").map(Secret::new);
    match facts.get("came to") {
        "made" => ApplicationOutcome::Made(shown(facts.get("application")), private_key()),
        "shown" => ApplicationOutcome::Shown(shown(facts.get("application"))),
        "replaced" => ApplicationOutcome::Replaced(shown(facts.get("application")), private_key()),
        "removed" => ApplicationOutcome::Removed,
        "page" => ApplicationOutcome::Page(ApplicationPage {
            wish: PageWish { page: facts.count("page"), page_size: facts.count("page size") },
            total: facts.count("total"),
            applications: facts.0.lines().filter_map(|line| line.strip_prefix("application: ")).map(shown).collect(),
        }),
        "unknown" => ApplicationOutcome::Unknown { id: facts.get("id").into() },
        "too many" => ApplicationOutcome::TooMany { count_max: facts.count("count") },
        other => panic!("no outcome `{other}` of a call about applications"),
    }
}

/// An id and a document, a blank between them.
fn shown(text: &str) -> ApplicationShown {
    let (id, document) = text.split_once(' ').expect("an id and a document");
    let id = ApplicationId(Uuid::parse(id).expect("a UUID").0);
    ApplicationShown { id, public_key: PUBLIC_KEY.into(), document: document.into() }
}
