//! Webhooks that somebody asks for: one again, what a message told, a made-up event.

use serde_json::{Value, json};
use whimbrel_core::{MessageId, PartId};
use whimbrel_dialects::edit::Edit;
use whimbrel_dialects::http::HttpResponse;
use whimbrel_dialects::registry;
use whimbrel_engine::tape::TapeId;
use whimbrel_engine::{Attempted, ResendError, Trigger};

use super::attempts::{answered, http, timed};
use crate::api::json::{Fields, bad};
use crate::api::messages::read_id;
use crate::api::{Api, accounts, document, unavailable};
use crate::server::{IncomingRequest, problem};

/// Names and values that one order changes.
const CHANGES_MAX: usize = 100;
const URL_BYTES_MAX: usize = 2_000;

/// `POST webhooks/attempts/{id}/resend`, with what is to be changed in the body, if anything.
pub(in crate::api) async fn resend(api: &Api, id: &str, request: &IncomingRequest) -> HttpResponse {
    let Ok(id) = id.parse() else { return bad("the id of an attempt is a number, as the list of attempts has it") };
    let edit = Fields::read(body(request), &["body", "set", "add", "remove"]).and_then(|mut fields| edit(&mut fields));
    match edit {
        Ok(edit) => answer(api.engine.resend(TapeId(id), &edit).await.map(|tried| shown(&tried))),
        Err(refused) => refused,
    }
}

/// `POST messages/{id}/webhooks/resend`: what was told of it, from the store.
pub(in crate::api) async fn of_message(api: &Api, id: &str) -> HttpResponse {
    let unknown = || problem(404, "Not Found", "there is no message with that id");
    let number = match read_id(api, id).await {
        Ok(Some(number)) => number,
        Ok(None) => return unknown(),
        Err(refused) => return refused,
    };
    let message = match api.engine.read(move |store| store.message_of_part(PartId(number))).await {
        Ok(Some(message)) => message,
        Ok(None) => return unknown(),
        Err(error) => return unavailable(&error),
    };
    answer(api.engine.retell(MessageId(message.0)).await.map(|tried| several(&tried)))
}

/// `GET accounts/{key}/webhooks/trigger`: the events that can be made up for an account.
pub(in crate::api) fn samples(api: &Api, key: &str) -> HttpResponse {
    let entry = match accounts::entry(api, key) {
        Ok(entry) => entry,
        Err(refused) => return refused,
    };
    let samples = registry::by_name(&entry.dialect).map_or(&[][..], |dialect| dialect.samples());
    let names: Vec<&str> = samples.iter().map(|sample| sample.name).collect();
    document(200, &json!({ "account": entry.account.key, "dialect": entry.dialect, "events": names }))
}

/// `POST accounts/{key}/webhooks/trigger`: sends a made-up event.
pub(in crate::api) async fn trigger(api: &Api, key: &str, request: &IncomingRequest) -> HttpResponse {
    let read = accounts::find(api, key).and_then(|account_id| {
        let mut fields = Fields::read(body(request), &["event", "to", "body", "set", "add", "remove"])?;
        let event = fields.text("event")?.ok_or_else(|| bad("`event` is missing: name one, such as dlr.delivered"))?;
        let url = fields.text("to")?;
        if url.as_ref().is_some_and(|url| url.len() > URL_BYTES_MAX) {
            return Err(bad(&format!("`to` must have at most {URL_BYTES_MAX} characters")));
        }
        let edit = edit(&mut fields)?;
        Ok(Trigger { account_id, event: event.into(), url: url.map(Into::into), edit })
    });
    match read {
        Ok(trigger) => answer(api.engine.trigger(&trigger).await.map(|tried| several(&tried))),
        Err(refused) => refused,
    }
}

fn body(request: &IncomingRequest) -> &[u8] {
    if request.body().is_empty() { b"{}" } else { request.body() }
}

fn edit(fields: &mut Fields) -> Result<Edit, HttpResponse> {
    let edit = Edit {
        body: fields.text("body")?.map(Into::into),
        set: pairs(fields, "set")?,
        add: pairs(fields, "add")?,
        remove: fields.texts("remove")?.unwrap_or_default().into_iter().map(Into::into).collect(),
    };
    match edit.set.len() + edit.add.len() + edit.remove.len() <= CHANGES_MAX {
        true => Ok(edit),
        false => Err(bad(&format!("at most {CHANGES_MAX} parameters can be changed at once"))),
    }
}

/// A parameter and its value.
type Pair = (Box<str>, Box<str>);

/// `["name=value", ..]`, as the command line has them: names may repeat and keep their order.
fn pairs(fields: &mut Fields, name: &'static str) -> Result<Vec<Pair>, HttpResponse> {
    let texts = fields.texts(name)?.unwrap_or_default();
    let pair = |text: String| {
        let pair = text.split_once('=').map(|(name, value)| (name.into(), value.into()));
        pair.ok_or_else(|| bad(&format!("each of `{name}` must be `name=value`")))
    };
    texts.into_iter().map(pair).collect()
}

fn several(tried: &[Attempted]) -> Value {
    json!({ "attempts": tried.iter().map(shown).collect::<Vec<_>>() })
}

/// A try as it went.
fn shown(tried: &Attempted) -> Value {
    let answer = &tried.watched.answer;
    json!({
        "id": tried.id.map(|id| id.0),
        "url": tried.url,
        "result": tried.end.as_str(),
        "request": http(&tried.request),
        "answer": answer.as_ref().ok().map(answered),
        "error": answer.as_ref().err(),
        "timing": timed(&tried.watched.timing),
    })
}

fn answer(done: Result<Value, ResendError>) -> HttpResponse {
    match done {
        Ok(shown) => document(200, &shown),
        Err(error) => match &error {
            ResendError::Unknown | ResendError::UnknownAccount => problem(404, "Not Found", &error.to_string()),
            ResendError::NothingTold => problem(409, "Conflict", &error.to_string()),
            ResendError::Busy => super::busy(&error),
            ResendError::Store(error) => unavailable(error),
            ResendError::UnknownEvent(_) | ResendError::NoUrl | ResendError::CannotSign(_) | ResendError::Edit(_) => {
                bad(&error.to_string())
            }
        },
    }
}
