//! Whom a name stands for.

use serde_json::Value;
use whimbrel_core::PhoneNumber;
use whimbrel_core::call::record::Record;

use super::{Contact, Group};
use crate::seven::sms_number;

/// The numbers that a name stands for: of the contact of that name, else of all contacts of the group of that name. Case does not
/// count. Contacts without a number that can be read are left out.
pub(in crate::seven) fn numbers(name: &str, contacts: &[Record], groups: &[Record]) -> Vec<PhoneNumber> {
    let contacts: Vec<Contact> = contacts.iter().filter_map(|record| serde_json::from_str(&record.json).ok()).collect();
    if let Some(contact) = contacts.iter().find(|contact| contact.is_called(name)) {
        return contact.number().into_iter().collect();
    }
    let group = groups
        .iter()
        .find(|record| serde_json::from_str::<Group>(&record.json).is_ok_and(|group| same(&group.name, name)));
    let Some(id) = group.and_then(|record| record.key.parse::<u64>().ok()) else { return Vec::new() };
    contacts.iter().filter(|contact| contact.groups.contains(&id)).filter_map(Contact::number).collect()
}

/// Whether a contact is in the group of that number.
pub(in crate::seven) fn is_member(contact: &str, group: &str) -> bool {
    let group = group.parse::<u64>().ok();
    serde_json::from_str::<Contact>(contact).is_ok_and(|contact| group.is_some_and(|id| contact.groups.contains(&id)))
}

impl Contact {
    pub(super) fn property(&self, name: &str) -> Option<&str> {
        self.properties.get(name).and_then(Value::as_str)
    }

    /// First and last name, as far as there are any.
    pub(super) fn full_name(&self) -> String {
        let names = ["firstname", "lastname"].map(|name| self.property(name));
        names.into_iter().flatten().collect::<Vec<_>>().join(" ")
    }

    fn is_called(&self, name: &str) -> bool {
        let full = self.full_name();
        let single =
            ["firstname", "lastname"].iter().any(|property| self.property(property).is_some_and(|own| same(own, name)));
        !full.is_empty() && (same(&full, name) || single)
    }

    fn number(&self) -> Option<PhoneNumber> {
        self.property("mobile_number").and_then(sms_number)
    }
}

fn same(a: &str, b: &str) -> bool {
    a.trim().to_lowercase() == b.trim().to_lowercase()
}

#[cfg(test)]
mod tests {
    use whimbrel_core::Timestamp;

    use super::*;

    fn record(key: &str, json: &str) -> Record {
        Record { key: key.into(), json: json.into(), made_at: Timestamp(0), members: None }
    }

    #[test]
    fn a_name_is_a_contacts_and_else_a_groups() {
        let contacts = [
            record(
                "1",
                r#"{"groups":[7],"properties":{"firstname":"Ada","lastname":"King","mobile_number":"0170 1234567"}}"#,
            ),
            record("2", r#"{"groups":[7,8],"properties":{"firstname":"Team","mobile_number":"+4915228817300"}}"#),
            record("3", r#"{"groups":[7],"properties":{"lastname":"Silent"}}"#),
            record("4", "broken"),
        ];
        let groups = [
            record("7", r#"{"name":"Friends"}"#),
            record("8", r#"{"name":"team"}"#),
            record("9", r#"{"name":"Nobody"}"#),
        ];
        let found = |name: &str| -> Vec<String> {
            numbers(name, &contacts, &groups).iter().map(|number| number.digits().to_owned()).collect()
        };
        assert_eq!(found("ada king"), ["491701234567"]);
        assert_eq!(found("KING"), ["491701234567"]);
        assert_eq!(found("Team"), ["4915228817300"], "the contact goes before the group");
        assert_eq!(found("friends"), ["491701234567", "4915228817300"]);
        for nobody in ["Nobody", "Silent", "somebody else", ""] {
            assert_eq!(found(nobody), [""; 0], "{nobody}");
        }
        assert!(is_member(&contacts[1].json, "8") && !is_member(&contacts[0].json, "8") && !is_member("broken", "8"));
    }
}
