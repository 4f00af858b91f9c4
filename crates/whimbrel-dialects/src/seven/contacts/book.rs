//! Whom a name stands for.

use std::collections::{HashMap, HashSet};

use serde_json::Value;
use whimbrel_core::call::record::Record;
use whimbrel_core::{Home, PhoneNumber};

use super::{Contact, Group};
use crate::seven::sms_number;

/// The numbers that each name stands for and none before it: of the first contact of that name, else of all contacts of the first group
/// of that name. Case does not count. Contacts without a number that can be read are left out; who has nobody else is nobody's name.
pub(in crate::seven) fn numbers(
    names: &[Box<str>],
    contacts: &[Record],
    groups: &[Record],
    home: &Home,
) -> Vec<Option<Vec<PhoneNumber>>> {
    let contacts: Vec<Contact> = contacts.iter().filter_map(|record| serde_json::from_str(&record.json).ok()).collect();
    let mut called: HashMap<String, usize> = HashMap::new();
    for (place, contact) in contacts.iter().enumerate() {
        for name in contact.names() {
            called.entry(name).or_insert(place);
        }
    }
    let mut ids: HashMap<String, u64> = HashMap::new();
    for record in groups {
        if let (Ok(group), Ok(id)) = (serde_json::from_str::<Group>(&record.json), record.key.parse()) {
            ids.entry(folded(&group.name)).or_insert(id);
        }
    }
    let in_groups = members(&contacts, ids.values().copied());
    let mut known = HashSet::new();
    let mut told = HashSet::new();
    let numbers_of = |name: &str| {
        let name = folded(name);
        let places = match (called.get(&name), ids.get(&name)) {
            (Some(place), _) => std::slice::from_ref(place),
            (None, Some(id)) => in_groups.get(id)?.as_slice(),
            (None, None) => return None,
        };
        // The same name once more has nothing new: it is not looked at again.
        if !told.insert(name) {
            return Some(Vec::new());
        }
        let mut is_somebody = false;
        let numbers = places.iter().filter_map(|place| contacts[*place].number(home));
        let new = numbers.inspect(|_| is_somebody = true).filter(|number| known.insert(number.clone())).collect();
        is_somebody.then_some(new)
    };
    names.iter().map(|name| &**name).map(numbers_of).collect()
}

/// How many contacts are in each of the groups.
pub(in crate::seven) fn member_counts(contacts: &[Record], groups: &[Record]) -> Vec<u32> {
    let contacts: Vec<Contact> = contacts.iter().filter_map(|record| serde_json::from_str(&record.json).ok()).collect();
    let id = |record: &Record| record.key.parse::<u64>().ok();
    let in_groups = members(&contacts, groups.iter().filter_map(id));
    let count = |record| id(record).and_then(|id| in_groups.get(&id)).map_or(0, Vec::len);
    groups.iter().map(|record| u32::try_from(count(record)).unwrap_or(u32::MAX)).collect()
}

/// The contacts of each of the groups, by their places.
fn members(contacts: &[Contact], groups: impl Iterator<Item = u64>) -> HashMap<u64, Vec<usize>> {
    let mut members: HashMap<u64, Vec<usize>> = groups.map(|id| (id, Vec::new())).collect();
    for (place, contact) in contacts.iter().enumerate() {
        for id in &contact.groups {
            // A contact may name a group twice.
            if let Some(places) = members.get_mut(id).filter(|places| places.last() != Some(&place)) {
                places.push(place);
            }
        }
    }
    members
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

    /// What it may be called, with case folded.
    fn names(&self) -> impl Iterator<Item = String> {
        let single = ["firstname", "lastname"].map(|name| self.property(name).map(folded));
        let full = Some(folded(&self.full_name()));
        single.into_iter().chain([full]).flatten().filter(|name| !name.is_empty())
    }

    fn number(&self, home: &Home) -> Option<PhoneNumber> {
        self.property("mobile_number").and_then(|number| sms_number(number, home))
    }
}

fn folded(name: &str) -> String {
    name.trim().to_lowercase()
}

#[cfg(test)]
mod tests {
    use whimbrel_core::Timestamp;

    use super::*;

    fn record(key: &str, json: &str) -> Record {
        Record { key: key.into(), json: json.into(), secret: None, made_at: Timestamp(0), members: None }
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
        let found = |names: &[&str]| -> Vec<Option<Vec<String>>> {
            let names: Vec<Box<str>> = names.iter().map(|name| (*name).into()).collect();
            let digits = |numbers: Vec<PhoneNumber>| numbers.iter().map(|number| number.digits().to_owned()).collect();
            numbers(&names, &contacts, &groups, &Home::default())
                .into_iter()
                .map(|numbers| numbers.map(digits))
                .collect()
        };
        let (ada, team) = ("491701234567".to_owned(), "4915228817300".to_owned());
        assert_eq!(found(&["ada king"]), [Some(vec![ada.clone()])]);
        assert_eq!(found(&["KING"]), [Some(vec![ada.clone()])]);
        assert_eq!(found(&["Team"]), [Some(vec![team.clone()])], "the contact goes before the group");
        assert_eq!(found(&["friends"]), [Some(vec![ada.clone(), team.clone()])]);
        let together = found(&["team", "nobody", "friends", "Ada", "FRIENDS"]);
        assert_eq!(together, [Some(vec![team]), None, Some(vec![ada]), Some(vec![]), Some(vec![])], "each number once");
        for nobody in ["Nobody", "Silent", "somebody else", ""] {
            assert_eq!(found(&[nobody]), [None], "{nobody}");
        }
        assert_eq!(member_counts(&contacts, &groups), [3, 1, 0]);
        assert!(is_member(&contacts[1].json, "8") && !is_member(&contacts[0].json, "8") && !is_member("broken", "8"));
    }
}
