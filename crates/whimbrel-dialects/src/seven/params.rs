//! A request's parameters: from the query, a form or a JSON object, and any mixture of them.
//!
//! The method does not matter, and neither does the label of the body: clients send `application/json` with an empty GET, and forms with
//! DELETE. A body that is a JSON object is one, and every other body is a form. The body wins over the query, the first value over
//! later ones. Forms nest by brackets as PHP writes them (`ids[0]=1`, `to[]=..`, `files[0][name]=..`): what is asked for by its name
//! has all values under it, in their order.
//!
//! Octets that are no UTF-8 are ISO-8859-1, as clients of the time before the vendor took its present name send them. The word
//! `undefined` counts as no value, but for a text: the vendor's JavaScript client (5.6.0) writes it where nothing was given.

#[cfg(test)]
mod tests;

use serde_json::Value;
use whimbrel_core::Refusal;

/// Values that one request may have: as many as it may name recipients, and room for the rest.
const VALUES_MAX: usize = 4_096;
/// What a refusal names that is about the request as a whole.
const WHOLE: &str = "request";
/// The parameter whose value may be any word.
const TEXT: &str = "text";

/// One value under a name.
struct Pair {
    /// Without brackets.
    name: String,
    /// What stood in the first brackets behind it, or the member's name in an object of JSON.
    member: String,
    /// As text: numbers as they were written, truth as `1` and `0`.
    value: String,
}

/// The parameters of one request. They are not shown in `Debug`: keys and texts are among them.
#[derive(Default)]
pub(super) struct Params {
    body: Vec<Pair>,
    query: Vec<Pair>,
}

impl Params {
    /// Reads query and body.
    ///
    /// # Errors
    /// [`Refusal::Invalid`] for a body that begins as a JSON object and is none, and for too many values.
    pub(super) fn read(query: &str, body: &[u8]) -> Result<Self, Refusal> {
        let body = if body.trim_ascii_start().starts_with(b"{") { json(body) } else { form(body) };
        let params = Self { body: body.ok_or(REFUSED)?, query: form(query.as_bytes()).ok_or(REFUSED)? };
        match params.body.len() + params.query.len() > VALUES_MAX {
            true => Err(REFUSED),
            false => Ok(params),
        }
    }

    /// The value that counts, unless it is absent or empty.
    pub(super) fn get(&self, name: &str) -> Option<&str> {
        let first = |side: &'_ [Pair]| side.iter().position(|pair| pair.counts(name));
        let found = match first(&self.body) {
            Some(at) => self.body.get(at),
            None => first(&self.query).and_then(|at| self.query.get(at)),
        };
        found.map(|pair| pair.value.as_str()).filter(|value| !value.is_empty())
    }

    /// All values under a name, empty ones too: those of the body, and those of the query if the body has none.
    pub(super) fn all<'s>(&'s self, name: &'s str) -> impl Iterator<Item = &'s str> {
        let in_body = self.body.iter().any(|pair| pair.counts(name));
        let side = if in_body { &self.body } else { &self.query };
        side.iter().filter(move |pair| pair.counts(name)).map(|pair| pair.value.as_str())
    }

    /// The value that counts under a name, empty or not; `None` if it did not come.
    pub(super) fn first<'s>(&'s self, name: &'s str) -> Option<&'s str> {
        self.all(name).next()
    }

    /// The value of a member of what came under a name, as in `properties[city]`.
    pub(super) fn member(&self, name: &str, member: &str) -> Option<&str> {
        let pairs = self.body.iter().chain(&self.query);
        pairs.filter(|pair| pair.counts(name)).find(|pair| pair.member == member).map(|pair| pair.value.as_str())
    }

    /// Whether a switch is on: `1` and `true` are, everything else is off.
    pub(super) fn is_on(&self, name: &str) -> bool {
        self.get(name).is_some_and(|value| value == "1" || value.eq_ignore_ascii_case("true"))
    }

    /// Every value with its name, in the order in which they count.
    pub(super) fn pairs(&self) -> impl Iterator<Item = (&str, &str)> {
        self.body.iter().chain(&self.query).map(|pair| (pair.name.as_str(), pair.value.as_str()))
    }
}

const REFUSED: Refusal = Refusal::Invalid { field: WHOLE };

impl Pair {
    fn counts(&self, name: &str) -> bool {
        self.name == name && (self.value != "undefined" || name == TEXT)
    }
}

/// The values of a form or a query; `None` if there are too many.
fn form(form: &[u8]) -> Option<Vec<Pair>> {
    let mut pairs = Vec::new();
    for part in form.split(|octet| *octet == b'&').filter(|part| !part.is_empty()) {
        if pairs.len() >= VALUES_MAX {
            return None;
        }
        let (name, value) = match part.iter().position(|octet| *octet == b'=') {
            Some(at) => (&part[..at], &part[at + 1..]),
            None => (part, &b""[..]),
        };
        let name = text(unescaped(name));
        let (base, brackets) = name.split_once('[').unwrap_or((&name, ""));
        let member = brackets.split(']').next().unwrap_or_default();
        pairs.push(Pair { name: base.to_owned(), member: member.to_owned(), value: text(unescaped(value)) });
    }
    Some(pairs)
}

/// The values of a JSON object; `None` if it is none, or there are too many.
fn json(body: &[u8]) -> Option<Vec<Pair>> {
    let text = text(body.to_vec());
    let Value::Object(members) = serde_json::from_str(&text).ok()? else { return None };
    let mut pairs = Vec::new();
    for (name, value) in members {
        add(&mut pairs, &name, value)?;
    }
    Some(pairs)
}

/// Adds a value; of a list each, of an object each member.
fn add(pairs: &mut Vec<Pair>, name: &str, value: Value) -> Option<()> {
    let value = match value {
        Value::Null => return Some(()),
        Value::Array(values) => return values.into_iter().try_for_each(|value| add(pairs, name, value)),
        Value::Bool(is_true) => if is_true { "1" } else { "0" }.to_owned(),
        Value::Number(number) => number.to_string(),
        Value::String(text) => text,
        Value::Object(members) => {
            // Deeper than this nothing is asked for.
            for (member, value) in members {
                let value = match value {
                    Value::String(text) => text,
                    Value::Null => String::new(),
                    other => other.to_string(),
                };
                push(pairs, Pair { name: name.to_owned(), member, value })?;
            }
            return Some(());
        }
    };
    push(pairs, Pair { name: name.to_owned(), member: String::new(), value })
}

fn push(pairs: &mut Vec<Pair>, pair: Pair) -> Option<()> {
    (pairs.len() < VALUES_MAX).then(|| pairs.push(pair))
}

/// Octets with `+` and `%xx` undone; a `%` that begins no escape stays.
fn unescaped(escaped: &[u8]) -> Vec<u8> {
    let digit = |at: usize| escaped.get(at).and_then(|octet| char::from(*octet).to_digit(16));
    let mut octets = Vec::with_capacity(escaped.len());
    let mut at = 0;
    while let Some(octet) = escaped.get(at) {
        match (octet, digit(at + 1), digit(at + 2)) {
            (b'%', Some(high), Some(low)) => {
                octets.push((high << 4 | low) as u8);
                at += 2;
            }
            (b'+', ..) => octets.push(b' '),
            _ => octets.push(*octet),
        }
        at += 1;
    }
    octets
}

/// UTF-8, or else ISO-8859-1, whose octets are the first characters of Unicode.
fn text(octets: Vec<u8>) -> String {
    String::from_utf8(octets).unwrap_or_else(|error| error.into_bytes().into_iter().map(char::from).collect())
}
