//! Reads a request: which application, and what is to become of it.
//!
//! Methods, `Accept` and `Content-Type` are judged before the caller is (our choice; the vendor does not say), everything else after.

use serde_json::Value;
use whimbrel_core::{ApplicationCall, ApplicationWish, Call, Faulty, FieldFault, KeyWish, PageWish, Scope, Timestamp};

use super::super::answer::Form;
use super::super::claim::Product;
use super::super::params::Params;
use super::super::problem::{Problem, unfit};
use super::super::{Api, claim, reply};
use super::{document, fault};
use crate::http::HttpRequest;
use crate::{Match, Parsed};

const PATH: &str = "/v2/applications";
const PAGE_SIZE_DEFAULT: u32 = 10;
/// The reference says 100; the vendor's Java library asks for 1000 to have all.
const PAGE_SIZE_MAX: u32 = 1_000;
const PAGE_MAX: u32 = 1_000_000;
/// Of an id that is repeated in an answer.
const ID_CHARS_MAX: usize = 100;

/// What a path is.
enum Path {
    All,
    One(Box<str>),
}

/// Reads a request of the Application API.
pub(in super::super) fn read(request: &HttpRequest<'_>, trace_id: u128, now: Timestamp) -> Match {
    let Some(path) = path(request.path) else { return Match::NotMine };
    let reply = reply(request, Api::Applications, Form::Json, trace_id, now);
    if !has_method(&path, request.method) {
        return Match::Answered(Problem::wrong_verb(request.method).answer(&reply));
    }
    if let Some(problem) = unfit(request) {
        return Match::Answered(problem.answer(&reply));
    }
    Match::Parsed(Box::new(Parsed {
        claim: claim::claim(Product::Applications, request, &Params::empty()),
        call: Ok(call(request, path)),
        reply,
    }))
}

/// One trailing slash is tolerated: the vendor's Go library adds it.
fn path(path: &str) -> Option<Path> {
    let rest = path.strip_prefix(PATH)?;
    match rest.strip_suffix('/').unwrap_or(rest) {
        "" => Some(Path::All),
        rest => {
            let id = rest.strip_prefix('/').filter(|id| !id.is_empty() && !id.contains('/'))?;
            Some(Path::One(id.chars().take(ID_CHARS_MAX).collect::<String>().into()))
        }
    }
}

fn has_method(path: &Path, method: &str) -> bool {
    match path {
        Path::All => matches!(method, "GET" | "POST"),
        Path::One(_) => matches!(method, "GET" | "PUT" | "DELETE"),
    }
}

fn call(request: &HttpRequest<'_>, path: Path) -> Call {
    let call = match (request.method, path) {
        ("POST", Path::All) => wish(request.body).map(ApplicationCall::Make),
        (_, Path::All) => page(request.query()).map(ApplicationCall::List),
        ("PUT", Path::One(id)) => wish(request.body).map(|wish| ApplicationCall::Replace { id, wish }),
        ("DELETE", Path::One(id)) => Ok(ApplicationCall::Remove { id }),
        (_, Path::One(id)) => Ok(ApplicationCall::Show { id }),
    };
    call.map_or_else(Call::Faulty, Call::Application)
}

fn faulty(kind: u16, detail: &str, fields: Vec<FieldFault>) -> Faulty {
    Faulty { scope: Scope::Applications, kind, detail: detail.into(), fields }
}

fn page(query: &str) -> Result<PageWish, Faulty> {
    let mut wish = PageWish { page: 1, page_size: PAGE_SIZE_DEFAULT };
    let mut fields = Vec::new();
    for (name, value) in form_urlencoded::parse(query.as_bytes()) {
        let (name, place, max) = match &*name {
            "page_size" => ("page_size", &mut wish.page_size, PAGE_SIZE_MAX),
            "page" => ("page", &mut wish.page, PAGE_MAX),
            _ => continue,
        };
        // The standard library would take a plus.
        let digits = value.bytes().all(|byte| byte.is_ascii_digit());
        match value.parse() {
            Ok(number) if digits && (1..=max).contains(&number) => *place = number,
            _ => {
                let reason = format!("must be between 1 and {max}").into();
                fields.push(FieldFault { name: name.into(), reason });
            }
        }
    }
    match fields.is_empty() {
        true => Ok(wish),
        false => Err(faulty(fault::LIST, "", fields)),
    }
}

fn wish(body: &[u8]) -> Result<ApplicationWish, Faulty> {
    let unread = |why: &str| faulty(fault::INVALID_JSON, why, Vec::new());
    let value: Value = serde_json::from_slice(body).map_err(|error| unread(&error.to_string()))?;
    let Value::Object(mut body) = value else { return Err(unread("the body must be a JSON object")) };
    let key = match body.remove("keys") {
        None | Some(Value::Null) => Ok(KeyWish::Kept),
        Some(keys) => key(keys),
    };
    let document = document::checked(body);
    match (document, key) {
        (Ok(document), Ok(key)) => Ok(ApplicationWish { document, key }),
        (document, key) => {
            let fields = [document.err(), key.err().map(|fault| vec![fault])];
            let fields = fields.into_iter().flatten().flatten().collect();
            Err(faulty(fault::PAYLOAD, "", fields))
        }
    }
}

/// The key of `keys`, which may hold other things: libraries send back what they were given.
fn key(keys: Value) -> Result<KeyWish, FieldFault> {
    let Value::Object(mut keys) = keys else {
        return Err(FieldFault { name: "keys".into(), reason: "must be an object".into() });
    };
    match keys.remove("public_key") {
        None | Some(Value::Null) => Ok(KeyWish::Kept),
        Some(Value::String(pem)) => match whimbrel_signing::jwt::PublicKey::from_pem(&pem) {
            // Written anew: people paste keys with all kinds of line ends.
            Ok(key) => Ok(KeyWish::Given(key.to_pem().into())),
            Err(fault) => Err(FieldFault { name: "keys.public_key".into(), reason: fault.to_string().into() }),
        },
        Some(_) => Err(FieldFault { name: "keys.public_key".into(), reason: "must be a string".into() }),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_page_is_asked_for_by_number_and_size() {
        let of = |query| page(query).map(|wish| (wish.page, wish.page_size)).map_err(|faulty| faulty.fields.len());
        assert_eq!(of(""), Ok((1, 10)));
        assert_eq!(of("page_size=100&page=2&x=y"), Ok((2, 100)));
        assert_eq!(of("page_size=1000"), Ok((1, 1_000)));
        for query in ["page_size=0", "page_size=1001", "page=0", "page=-1", "page=%2B1", "page=", "page=1.0"] {
            assert_eq!(of(query), Err(1), "{query}");
        }
        assert_eq!(of("page=x&page_size=99999999999999999999"), Err(2));
    }

    #[test]
    fn a_path_has_an_application_or_none() {
        assert!(matches!(path("/v2/applications"), Some(Path::All)));
        assert!(matches!(path("/v2/applications/"), Some(Path::All)));
        assert!(matches!(path("/v2/applications/x/"), Some(Path::One(id)) if &*id == "x"));
        for foreign in ["/v2/applicationsx", "/v2/applications//", "/v2/applications/a/b", "/v1/applications"] {
            assert!(path(foreign).is_none(), "{foreign}");
        }
    }
}
