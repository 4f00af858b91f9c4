//! `/api/contacts` with `action`: the address book as the first clients ask for it.
//!
//! `action=read` lists contacts, or the one of `id`; `action=write` makes one of `nick`, `empfaenger` and `email`, or changes the one of
//! `id`; `action=del` removes it. Whoever takes JSON, or says `json=1`, gets a list or `{"return":"152","id":"12"}`; all others lines of
//! text: `"12";"Ada King";"491771783130"`, or the code and below it the id. 152 is done, 151 is not. (npm `sms77-client` 2.27.0.)

use serde_json::{Map, Value, json};
use whimbrel_core::call::record::{Record, RecordCall, RecordKind, RecordName, RecordOutcome};
use whimbrel_core::{Call, Faulty, Home, Scope};

use super::{CHARS_MAX, Contact, PAGE_MAX};
use crate::Reply;
use crate::http::HttpResponse;
use crate::seven::answer::{self, Wish};
use crate::seven::params::Params;

/// The number of faults of this form.
pub(super) const FAULT: u16 = 4;
const DONE: &str = "152";
const FAILED: &str = "151";

/// What is asked for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(in crate::seven) enum Action {
    Read,
    Write,
    Delete,
    /// None that there is.
    Other,
}

impl Action {
    /// By its name.
    pub(in crate::seven) fn of(name: &str) -> Self {
        match name {
            "read" => Self::Read,
            "write" => Self::Write,
            "del" => Self::Delete,
            _ => Self::Other,
        }
    }
}

/// Reads a request.
pub(in crate::seven) fn read(action: Action, params: &Params) -> Call {
    let kind = RecordKind::Contact;
    let named = params.get("id").map(|id| RecordName { kind, key: id.into() });
    let call = match (action, named) {
        (Action::Read, None) => Ok(RecordCall::List { kind, skip: 0, count_max: PAGE_MAX }),
        (Action::Read, Some(name)) => Ok(RecordCall::Show(name)),
        (Action::Write, None) => {
            written(params).map(|said| RecordCall::Make { kind, json: said.to_string().into(), secret: None })
        }
        (Action::Write, Some(name)) => written(params).map(|said| RecordCall::Patch(name, said.to_string().into())),
        (Action::Delete, Some(name)) => Ok(RecordCall::Remove(name)),
        (Action::Delete, None) => Err("id is missing"),
        (Action::Other, _) => Err("action is none of read, write, del"),
    };
    match call {
        Ok(call) => Call::Record(call),
        Err(why) => Call::Faulty(Faulty { scope: Scope::Account, kind: FAULT, detail: why.into(), fields: Vec::new() }),
    }
}

/// What a contact says. These clients have one name for all: it becomes the first, as the vendor has it since.
fn written(params: &Params) -> Result<Value, &'static str> {
    let mut properties = Map::new();
    for (name, ours) in [("nick", "firstname"), ("empfaenger", "mobile_number"), ("email", "email")] {
        let Some(value) = params.first(name) else { continue };
        if value.chars().count() > CHARS_MAX {
            return Err("a value has too many characters");
        }
        if ours == "mobile_number" && !value.is_empty() && super::super::sms_number(value, &Home::default()).is_none() {
            return Err("empfaenger is no number");
        }
        properties.insert(ours.to_owned(), if value.is_empty() { Value::Null } else { value.into() });
    }
    if properties.is_empty() {
        return Err("nick, empfaenger and email are missing");
    }
    Ok(json!({ "properties": properties }))
}

/// The answer.
pub(in crate::seven) fn render(action: Action, outcome: &RecordOutcome, reply: &Reply) -> HttpResponse {
    let is_json = Wish::of_reply(reply).wants_json();
    match (action, outcome) {
        (Action::Read, RecordOutcome::Page { records, .. }) => list(records, is_json),
        (Action::Read, RecordOutcome::One(record)) => list(std::slice::from_ref(record), is_json),
        (Action::Read, RecordOutcome::Unknown) => list(&[], is_json),
        (_, RecordOutcome::One(record)) => code(DONE, Some(&record.key), is_json),
        (_, RecordOutcome::Removed) => code(DONE, None, is_json),
        (_, _) => code(FAILED, None, is_json),
    }
}

/// The answer to what cannot be carried out.
pub(super) fn refused(reply: &Reply) -> HttpResponse {
    code(FAILED, None, Wish::of_reply(reply).wants_json())
}

fn list(records: &[Record], is_json: bool) -> HttpResponse {
    let entries = records.iter().map(|record| {
        let contact: Contact = serde_json::from_str(&record.json).unwrap_or_default();
        let number = contact.property("mobile_number").unwrap_or_default().to_owned();
        (&*record.key, contact.full_name(), number)
    });
    if is_json {
        let entries = entries.map(|(id, name, number)| json!({ "ID": id, "Name": name, "Number": number }));
        return answer::json(&entries.collect::<Vec<_>>());
    }
    let quoted = |field: &str| format!("\"{}\"", field.replace('"', "\"\""));
    let lines = entries.map(|(id, name, number)| [id, &name, &number].map(quoted).join(";"));
    answer::text(lines.collect::<Vec<_>>().join("\n"))
}

fn code(code: &str, id: Option<&str>, is_json: bool) -> HttpResponse {
    match (is_json, id) {
        (true, Some(id)) => answer::json(&json!({ "return": code, "id": id })),
        (true, None) => answer::json(&json!({ "return": code })),
        (false, Some(id)) => answer::text(format!("{code}\n{id}")),
        (false, None) => answer::text(code),
    }
}
