//! From entries of the address book to answers.

use serde_json::{Value, json};
use whimbrel_core::Faulty;
use whimbrel_core::call::record::{Record, RecordKind, RecordOutcome};
use whimbrel_core::zone::Zone;

use super::{Contact, GROUP_FAULT, Group, PROPERTIES};
use crate::Reply;
use crate::http::HttpResponse;
use crate::seven::{answer, codes, zone};

/// The answer to a call about contacts or groups.
pub(in crate::seven) fn render(kind: RecordKind, outcome: &RecordOutcome, reply: &Reply) -> HttpResponse {
    let zone = zone::of(&reply.home);
    match outcome {
        RecordOutcome::Page { records, total, skip, count_max } => {
            let entries: Vec<Value> = records.iter().map(|record| shown(kind, record, zone)).collect();
            let paging = json!({
                "offset": skip,
                "count": entries.len(),
                "total": total,
                "limit": count_max,
                "has_more": skip + (entries.len() as u64) < *total,
            });
            answer::json(&json!({ "data": entries, "pagingMetadata": paging }))
        }
        RecordOutcome::One(record) => answer::json(&shown(kind, record, zone)),
        RecordOutcome::Removed => answer::json(&json!({ "success": true })),
        RecordOutcome::Unknown => HttpResponse { status: 404, ..failed("there is no entry with that id") },
        RecordOutcome::TooMany { count_max } => {
            failed(&format!("the account has {count_max} entries, which is as many as it may have: delete one first"))
        }
        RecordOutcome::TooLong { octets_max } => HttpResponse {
            status: 400,
            ..failed(&format!("the entry would take more than {octets_max} octets of JSON: shorten what it says"))
        },
    }
}

/// The answer to a request that cannot be carried out; `None` if it was about something else.
pub(in crate::seven) fn refused(faulty: &Faulty, reply: &Reply) -> Option<HttpResponse> {
    if faulty.kind == super::old::FAULT {
        return Some(super::old::refused(reply));
    }
    let is_ours = (super::CONTACT_FAULT..=GROUP_FAULT).contains(&faulty.kind);
    is_ours.then(|| HttpResponse { status: 400, ..failed(&codes::fault_text(&faulty.detail, &faulty.fields)) })
}

fn failed(why: &str) -> HttpResponse {
    answer::json(&json!({ "success": false, "error": why }))
}

fn shown(kind: RecordKind, record: &Record, zone: Zone) -> Value {
    let id: u64 = record.key.parse().unwrap_or_default();
    let created = zone::seconds(zone, record.made_at);
    if kind == RecordKind::Group {
        let group: Group = serde_json::from_str(&record.json).unwrap_or_default();
        return json!({ "id": id, "name": group.name, "members_count": record.members, "created": created });
    }
    let contact: Contact = serde_json::from_str(&record.json).unwrap_or_default();
    let mut properties = serde_json::Map::new();
    for name in PROPERTIES {
        properties.insert(name.to_owned(), json!(contact.property(name)));
    }
    let full_name = contact.full_name();
    properties.insert("fullname".to_owned(), json!(full_name));
    let initials: String = full_name.split(' ').filter_map(|name| name.chars().next()).take(2).collect();
    json!({
        "id": id,
        "avatar": contact.avatar,
        "created": created,
        "groups": contact.groups,
        "initials": { "initials": initials, "color": "" },
        "properties": properties,
        "validation": { "state": null, "timestamp": null },
    })
}
