//! `/api/contacts` and `/api/groups`: an address book. Contacts and groups are documents of this dialect; a contact says in which groups it
//! is. A text may be sent to the name of either.

mod book;
mod old;
mod patch;
mod render;

use serde::{Deserialize, Serialize};
use serde_json::{Map, Value, json};
use whimbrel_core::call::record::{RecordCall, RecordKind, RecordName};
use whimbrel_core::{Call, Faulty, Home, Scope};

use super::params::Params;
use crate::http::HttpRequest;

pub(super) use book::{is_member, member_counts, numbers};
pub(super) use old::{Action, read as read_old, render as render_old};
pub(super) use patch::patched;
pub(super) use render::{refused, render};

/// Entries of a page: if nothing is said, and at most.
const PAGE: u32 = 100;
const PAGE_MAX: u32 = 1_000;
/// Groups that a contact may be in, and characters of anything that an entry says.
const GROUPS_MAX: usize = 100;
const CHARS_MAX: usize = 1_000;
/// What a contact says, in the order of answers.
const PROPERTIES: [&str; 10] = [
    "firstname",
    "lastname",
    "mobile_number",
    "home_number",
    "email",
    "address",
    "postal_code",
    "city",
    "birthday",
    "notes",
];

/// A contact, as it is kept.
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
#[serde(default)]
struct Contact {
    avatar: String,
    groups: Vec<u64>,
    properties: Map<String, Value>,
}

/// A group, as it is kept.
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
#[serde(default)]
struct Group {
    name: String,
}

/// Reads a request about contacts or groups; `id` is the segment of the path behind the resource.
pub(super) fn read(kind: RecordKind, id: Option<&str>, request: &HttpRequest<'_>, params: &Params) -> Call {
    let name = |id: &str| RecordName { kind, key: id.into() };
    let call = match (request.method, id) {
        _ if params.get("action").is_some() => {
            Err("`action` goes with /api/contacts alone: use the methods".to_owned())
        }
        ("GET", None) => list(kind, params),
        ("GET", Some(id)) => Ok(RecordCall::Show(name(id))),
        ("DELETE", Some(id)) if kind == RecordKind::Group && params.is_on("delete_contacts") => {
            Ok(RecordCall::RemoveWithMembers(name(id)))
        }
        ("DELETE", Some(id)) => Ok(RecordCall::Remove(name(id))),
        ("POST", None) => {
            entry(kind, params, Missing::Matters).map(|json| RecordCall::Make { kind, json, secret: None })
        }
        ("PATCH" | "PUT" | "POST", Some(id)) => {
            entry(kind, params, Missing::Stays).map(|json| RecordCall::Patch(name(id), json))
        }
        _ => Err("the path or the method is none of this resource".to_owned()),
    };
    let number = if kind == RecordKind::Group { GROUP_FAULT } else { CONTACT_FAULT };
    match call {
        Ok(call) => Call::Record(call),
        Err(why) => {
            Call::Faulty(Faulty { scope: Scope::Account, kind: number, detail: why.into(), fields: Vec::new() })
        }
    }
}

/// The numbers of faults of these resources; hooks have 0.
const CONTACT_FAULT: u16 = 1;
const GROUP_FAULT: u16 = 2;

/// What becomes of what a request does not say.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Missing {
    /// It may be needed.
    Matters,
    /// It stays as it is.
    Stays,
}

fn list(kind: RecordKind, params: &Params) -> Result<RecordCall, String> {
    let count = |name: &str, usual: u32| match params.get(name) {
        None => Ok(usual),
        Some(text) => text.parse::<u32>().map_err(|_| format!("{name} is no number")),
    };
    for name in ["search", "group_id", "order_by", "order_direction"] {
        if params.get(name).is_some() {
            return Err(format!("{name} is not offered: entries are listed as they were made"));
        }
    }
    let count_max = count("limit", PAGE)?.clamp(1, PAGE_MAX);
    Ok(RecordCall::List { kind, skip: count("offset", 0)?.into(), count_max })
}

/// What an entry says, or what of it changes.
fn entry(kind: RecordKind, params: &Params, missing: Missing) -> Result<Box<str>, String> {
    let document = match kind {
        RecordKind::Group => match (params.get("name"), missing) {
            (Some(name), _) if name.chars().count() <= CHARS_MAX && !name.contains(',') => json!({ "name": name }),
            (Some(_), _) => return Err(format!("name has a comma, or more than {CHARS_MAX} characters")),
            (None, Missing::Matters) => return Err("name is missing".to_owned()),
            (None, Missing::Stays) => json!({}),
        },
        RecordKind::Contact | RecordKind::Hook => contact(params)?,
    };
    Ok(document.to_string().into())
}

fn contact(params: &Params) -> Result<Value, String> {
    let mut document = Map::new();
    let mut properties = Map::new();
    for name in PROPERTIES {
        let Some(value) = params.member("properties", name).or_else(|| params.first(name)) else { continue };
        if value.chars().count() > CHARS_MAX {
            return Err(format!("{name} has more than {CHARS_MAX} characters"));
        }
        // In a patch an empty one takes the value away.
        properties.insert(name.to_owned(), if value.is_empty() { Value::Null } else { value.into() });
    }
    if let Some(number) = properties.get("mobile_number").and_then(Value::as_str)
        && super::sms_number(number, &Home::default()).is_none()
    {
        return Err("mobile_number is no number".to_owned());
    }
    if !properties.is_empty() {
        document.insert("properties".to_owned(), Value::Object(properties));
    }
    if let Some(avatar) = params.first("avatar").filter(|avatar| avatar.len() <= CHARS_MAX) {
        document.insert("avatar".to_owned(), avatar.into());
    }
    if params.first("groups").is_some() {
        let ids = params.all("groups").flat_map(|value| value.split(',')).map(str::trim).filter(|id| !id.is_empty());
        let groups: Result<Vec<u64>, _> = ids.map(str::parse).collect();
        let groups = groups.ok().filter(|groups| groups.len() <= GROUPS_MAX);
        document.insert("groups".to_owned(), json!(groups.ok_or("groups must be numbers of groups")?));
    }
    Ok(Value::Object(document))
}
