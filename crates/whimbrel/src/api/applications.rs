//! Applications as operators list, make and remove them, and give them new keys.

use serde_json::{Value, json};
use whimbrel_core::{
    AccountId, ApplicationEndpoint, ApplicationFacts, ApplicationId, ApplicationShown, EndpointKind, KeyWish,
    NoticeForm, PageWish, Secret, Span, Uuid,
};
use whimbrel_dialects::http::HttpResponse;
use whimbrel_dialects::registry;
use whimbrel_engine::{ApplicationError, NewApplication};

use super::json::{Fields, bad};
use super::{Api, accounts, document, unavailable};
use crate::server::{IncomingRequest, problem};

const PAGE_SIZE_DEFAULT: u32 = 100;
const PAGE_SIZE_MAX: u32 = 1_000;
/// Thirty days.
const OVERLAP_SECONDS_MAX: u32 = 30 * 24 * 3_600;

/// `GET accounts/{key}/applications?page=&page_size=`.
pub(super) async fn list(api: &Api, key: &str, request: &IncomingRequest) -> HttpResponse {
    let read = || Ok((accounts::find(api, key)?, page(request.query())?));
    let (account, wish) = match read() {
        Ok(read) => read,
        Err(refused) => return refused,
    };
    match api.engine.list_applications(account, wish).await {
        Ok(page) => {
            let applications: Vec<Value> = page.applications.iter().map(|one| shown(api, account, one)).collect();
            let PageWish { page: number, page_size } = page.wish;
            document(
                200,
                &json!({ "applications": applications, "page": number, "page_size": page_size, "total": page.total }),
            )
        }
        Err(error) => refused(&error),
    }
}

fn page(query: &str) -> Result<PageWish, HttpResponse> {
    let mut wish = PageWish { page: 1, page_size: PAGE_SIZE_DEFAULT };
    for (name, value) in form_urlencoded::parse(query.as_bytes()) {
        let (place, max) = match &*name {
            "page" => (&mut wish.page, u32::MAX),
            "page_size" => (&mut wish.page_size, PAGE_SIZE_MAX),
            _ => return Err(bad("the parameters here are page, page_size")),
        };
        match value.parse().ok().filter(|number| (1..=max).contains(number)) {
            Some(number) => *place = number,
            None => return Err(bad(&format!("`{name}` must be a number from 1 to {max}"))),
        }
    }
    Ok(wish)
}

/// `POST accounts/{key}/applications`: makes one; a private key that is made here is shown this once.
pub(super) async fn create(api: &Api, key: &str, request: &IncomingRequest) -> HttpResponse {
    let new = match accounts::find(api, key).and_then(|account| read_new(account, request.body())) {
        Ok(new) => new,
        Err(refused) => return refused,
    };
    let account = new.account_id;
    match api.engine.create_application(new).await {
        Ok((application, private_key)) => document(201, &with_key(api, account, &application, private_key.as_ref())),
        Err(error) => refused(&error),
    }
}

fn read_new(account_id: AccountId, body: &[u8]) -> Result<NewApplication, HttpResponse> {
    let mut fields = Fields::read(body, &["name", "id", "public_key", "receipt_url", "inbound_url"])?;
    let name = fields.text("name")?.ok_or_else(|| bad("`name` is missing"))?;
    let id = match fields.text("id")? {
        None => None,
        Some(text) => match Uuid::parse(&text) {
            Some(uuid) => Some(ApplicationId(uuid.0)),
            None => return Err(bad("`id` must be a UUID such as 78d335fa-323d-0114-9c3d-d6f0d48968cf")),
        },
    };
    let key = read_key(&mut fields)?;
    let mut endpoints = Vec::new();
    for (kind, name) in [(EndpointKind::Receipt, "receipt_url"), (EndpointKind::Inbound, "inbound_url")] {
        let url = fields.text(name)?.map(|url| accounts::checked_url(name, &url)).transpose()?;
        if let Some(url) = url.filter(|url| !url.is_empty()) {
            // The dialect writes the form that it takes for the usual one.
            endpoints.push(ApplicationEndpoint { kind, url, form: NoticeForm::default() });
        }
    }
    Ok(NewApplication { account_id, id, facts: ApplicationFacts { name: name.into(), endpoints }, key })
}

/// The key that was given; else a new one is made.
fn read_key(fields: &mut Fields) -> Result<KeyWish, HttpResponse> {
    let Some(pem) = fields.text("public_key")? else { return Ok(KeyWish::New) };
    match whimbrel_signing::jwt::PublicKey::from_pem(&pem) {
        Ok(key) => Ok(KeyWish::Given(key.to_pem().into())),
        Err(fault) => Err(bad(&format!("`public_key`: {fault}"))),
    }
}

/// `POST accounts/{key}/applications/{id}/key`: another key, made here unless `public_key` is given; the old one
/// counts beside it for `overlap_seconds`.
pub(super) async fn rotate_key(api: &Api, key: &str, id: &str, request: &IncomingRequest) -> HttpResponse {
    let read = || {
        let account = accounts::find(api, key)?;
        let body = if request.body().is_empty() { b"{}" } else { request.body() };
        let mut fields = Fields::read(body, &["public_key", "overlap_seconds"])?;
        let overlap = fields.count("overlap_seconds", OVERLAP_SECONDS_MAX)?.unwrap_or(0);
        Ok((account, read_key(&mut fields)?, Span::seconds(overlap.into())))
    };
    let (account, wish, overlap) = match read() {
        Ok(read) => read,
        Err(refused) => return refused,
    };
    match api.engine.rotate_application_key(account, id, wish, overlap).await {
        Ok((application, private_key)) => document(200, &with_key(api, account, &application, private_key.as_ref())),
        Err(error) => refused(&error),
    }
}

/// `DELETE accounts/{key}/applications/{id}`.
pub(super) async fn remove(api: &Api, key: &str, id: &str) -> HttpResponse {
    let account = match accounts::find(api, key) {
        Ok(account) => account,
        Err(refused) => return refused,
    };
    match api.engine.delete_application(account, id).await {
        Ok(()) => document(200, &json!({ "id": id, "removed": true })),
        Err(error) => refused(&error),
    }
}

fn shown(api: &Api, account: AccountId, application: &ApplicationShown) -> Value {
    let dialect = api.engine.directory().by_id(account).and_then(|entry| registry::by_name(&entry.dialect));
    let facts = dialect.and_then(|dialect| Some(dialect.applications()?.facts(&application.document)));
    let facts = facts.unwrap_or_default();
    let url = |kind| facts.endpoint(kind).map(|endpoint| &endpoint.url);
    json!({
        "id": application.id.to_string(),
        "name": facts.name,
        "public_key": application.public_key,
        "receipt_url": url(EndpointKind::Receipt),
        "inbound_url": url(EndpointKind::Inbound),
    })
}

fn with_key(api: &Api, account: AccountId, application: &ApplicationShown, private_key: Option<&Secret>) -> Value {
    let mut document = shown(api, account, application);
    if let Some(key) = private_key {
        document["private_key"] = json!(key.expose());
        document["note"] = json!("the private key is shown this once");
    }
    document
}

fn refused(error: &ApplicationError) -> HttpResponse {
    match error {
        ApplicationError::Unknown | ApplicationError::UnknownAccount => problem(404, "Not Found", &error.to_string()),
        ApplicationError::Taken | ApplicationError::TooMany => problem(409, "Conflict", &error.to_string()),
        ApplicationError::NotOffered | ApplicationError::Fields(_) => bad(&error.to_string()),
        ApplicationError::Busy => problem(503, "Service Unavailable", &error.to_string()),
        ApplicationError::Key(_)
        | ApplicationError::Read(_)
        | ApplicationError::Commit(_)
        | ApplicationError::Bug(_) => unavailable(error),
    }
}
