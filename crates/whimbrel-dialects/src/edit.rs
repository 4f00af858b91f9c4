//! Changes that somebody makes to a webhook before it is sent: another body, or some of its parameters.
//!
//! Parameters stand where the webhook carries them: in the query of a GET, in a form, or in JSON, where a name with full stops goes into
//! the objects inside (`data.status`). What signs the webhook is made anew afterwards, see [`Dialect::sign_again`](crate::Dialect).

use std::fmt;

use serde_json::value::RawValue;

use crate::http::WebhookRequest;
use crate::members::{Members, raw, text};

/// What is to be changed. The default changes nothing.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Edit {
    /// What stands in the place of the whole body; of a GET: of the whole query.
    pub body: Option<Box<str>>,
    /// Parameters that are there and get another value.
    pub set: Vec<(Box<str>, Box<str>)>,
    /// Parameters that come in.
    pub add: Vec<(Box<str>, Box<str>)>,
    /// Parameters that go out.
    pub remove: Vec<Box<str>>,
}

/// Why it cannot be changed so.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum EditFault {
    /// It has no such parameter.
    Missing(Box<str>),
    /// It has that parameter already.
    Present(Box<str>),
    /// Its body is no JSON object.
    NoObject,
}

impl fmt::Display for EditFault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Missing(name) => {
                write!(f, "the webhook has no parameter `{name}`: add it instead, or see what it has")
            }
            Self::Present(name) => write!(f, "the webhook has a parameter `{name}` already: set it instead"),
            Self::NoObject => f.write_str("the body is no JSON object, so it has no parameters to change"),
        }
    }
}

impl std::error::Error for EditFault {}

/// What happens to one parameter.
#[derive(Clone, Copy)]
enum Step<'a> {
    Set(&'a str, &'a str),
    Add(&'a str, &'a str),
    Remove(&'a str),
}

impl Edit {
    /// Whether nothing is changed.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        *self == Self::default()
    }

    /// Changes a webhook; its signature is that of before.
    ///
    /// # Errors
    /// [`EditFault`]; the webhook may be half changed then, and must not be sent.
    pub fn apply(&self, request: &mut WebhookRequest) -> Result<(), EditFault> {
        if let Some(body) = &self.body {
            match request.method {
                "GET" => request.url = with_query(&request.url, body),
                _ => request.body = body.as_bytes().to_vec(),
            }
        }
        let steps: Vec<Step<'_>> = (self.set.iter().map(|(name, value)| Step::Set(name, value)))
            .chain(self.add.iter().map(|(name, value)| Step::Add(name, value)))
            .chain(self.remove.iter().map(|name| Step::Remove(name)))
            .collect();
        if steps.is_empty() {
            return Ok(());
        }
        if request.method == "GET" {
            let query = request.url.split_once('?').map_or("", |(_, query)| query);
            request.url = with_query(&request.url, &changed_form(query, &steps)?);
        } else if is_json(request) {
            let json = std::str::from_utf8(&request.body).map_err(|_| EditFault::NoObject)?;
            let mut members = Members::read(json).ok_or(EditFault::NoObject)?;
            for step in steps {
                change_member(&mut members, step.name(), step)?;
            }
            request.body = members.written().into_bytes();
        } else {
            let form = String::from_utf8_lossy(&request.body);
            request.body = changed_form(&form, &steps)?.into_bytes();
        }
        Ok(())
    }
}

impl<'a> Step<'a> {
    const fn name(self) -> &'a str {
        match self {
            Self::Set(name, _) | Self::Add(name, _) | Self::Remove(name) => name,
        }
    }
}

/// Whether a webhook's body is JSON by its headers.
pub(crate) fn is_json(request: &WebhookRequest) -> bool {
    request.headers.iter().any(|(name, value)| name.eq_ignore_ascii_case("content-type") && value.contains("json"))
}

/// The address with another query.
pub(crate) fn with_query(url: &str, query: &str) -> String {
    let address = url.split_once('?').map_or(url, |(address, _)| address);
    format!("{address}?{query}")
}

fn changed_form(form: &str, steps: &[Step<'_>]) -> Result<String, EditFault> {
    let mut pairs: Vec<(String, String)> =
        form_urlencoded::parse(form.as_bytes()).map(|(name, value)| (name.into_owned(), value.into_owned())).collect();
    for step in steps {
        let place = pairs.iter().position(|(name, _)| name == step.name());
        match (*step, place) {
            (Step::Set(_, value), Some(place)) => value.clone_into(&mut pairs[place].1),
            (Step::Add(name, value), None) => pairs.push((name.to_owned(), value.to_owned())),
            (Step::Remove(name), Some(_)) => pairs.retain(|(present, _)| present != name),
            (Step::Set(name, _) | Step::Remove(name), None) => return Err(EditFault::Missing(name.into())),
            (Step::Add(name, _), Some(_)) => return Err(EditFault::Present(name.into())),
        }
    }
    let mut form = form_urlencoded::Serializer::new(String::new());
    form.extend_pairs(&pairs);
    Ok(form.finish())
}

/// `path`: what is left of the step's name below `members`. A member of that very name goes before the objects inside.
fn change_member(members: &mut Members, path: &str, step: Step<'_>) -> Result<(), EditFault> {
    let place = members.0.iter().position(|(name, _)| name == path);
    match (step, place) {
        (Step::Set(_, value), Some(place)) => {
            // What is a text stays one: many vendors write numbers as texts.
            let is_text = members.0[place].1.get().starts_with('"');
            members.0[place].1 = if is_text { text(value) } else { value_of(value) };
        }
        (Step::Add(name, _), Some(_)) => return Err(EditFault::Present(name.into())),
        (Step::Remove(_), Some(_)) => members.0.retain(|(present, _)| present != path),
        (_, None) => {
            let inside = path.split_once('.').and_then(|(first, rest)| {
                let place = members.0.iter().position(|(name, _)| name == first)?;
                Some((place, Members::read(members.0[place].1.get())?, rest))
            });
            match (inside, step) {
                (Some((place, mut inside, rest)), step) => {
                    change_member(&mut inside, rest, step)?;
                    members.0[place].1 = raw(inside.written());
                }
                (None, Step::Add(_, value)) => members.0.push((path.to_owned(), value_of(value))),
                (None, Step::Set(name, _) | Step::Remove(name)) => return Err(EditFault::Missing(name.into())),
            }
        }
    }
    Ok(())
}

/// JSON as it stands; anything else is a text.
fn value_of(value: &str) -> Box<RawValue> {
    serde_json::from_str::<Box<RawValue>>(value).unwrap_or_else(|_| text(value))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn pair(name: &str, value: &str) -> Vec<(Box<str>, Box<str>)> {
        vec![(name.into(), value.into())]
    }

    fn json(body: &str) -> WebhookRequest {
        let mut request = WebhookRequest::new("POST", "https://a.example/".to_owned());
        request.headers.push(("Content-Type", "application/json".into()));
        request.body = body.as_bytes().to_vec();
        request
    }

    fn changed(mut request: WebhookRequest, edit: &Edit) -> Result<String, EditFault> {
        edit.apply(&mut request)?;
        Ok(if request.method == "GET" { request.url } else { String::from_utf8_lossy(&request.body).into_owned() })
    }

    #[test]
    fn parameters_are_changed_where_they_stand_and_keep_their_order() {
        let edit = Edit {
            set: pair("status", "failed"),
            add: pair("x", "a b"),
            remove: vec!["scts".into()],
            ..Edit::default()
        };
        let get = WebhookRequest::new("GET", "https://a.example/dlr?status=delivered&scts=1&to=2".to_owned());
        assert_eq!(changed(get, &edit).unwrap(), "https://a.example/dlr?status=failed&to=2&x=a+b");
        let body = r#"{"status":"delivered","scts":"1","to":"2"}"#;
        assert_eq!(changed(json(body), &edit).unwrap(), r#"{"status":"failed","to":"2","x":"a b"}"#);
        let mut form = WebhookRequest::new("POST", "https://a.example/".to_owned());
        form.body = b"status=delivered&scts=1&to=2".to_vec();
        assert_eq!(changed(form, &edit).unwrap(), "status=failed&to=2&x=a+b");
    }

    #[test]
    fn full_stops_go_into_objects_and_a_text_stays_a_text() {
        let body = r#"{"b":{"c":"1"},"a":true,"d.e":1}"#;
        let edit = Edit {
            set: vec![("b.c".into(), "2".into()), ("d.e".into(), "null".into())],
            add: pair("b.f", "x"),
            ..Edit::default()
        };
        assert_eq!(changed(json(body), &edit).unwrap(), r#"{"b":{"c":"2","f":"x"},"a":true,"d.e":null}"#);
    }

    #[test]
    fn what_does_not_fit_is_refused_by_name() {
        let missing = Edit { set: pair("nothing", "1"), ..Edit::default() };
        let present = Edit { add: pair("a", "1"), ..Edit::default() };
        let gone = Edit { remove: vec!["a.b".into()], ..Edit::default() };
        assert_eq!(changed(json(r#"{"a":1}"#), &missing), Err(EditFault::Missing("nothing".into())));
        assert_eq!(changed(json(r#"{"a":1}"#), &present), Err(EditFault::Present("a".into())));
        assert_eq!(changed(json(r#"{"a":1}"#), &gone), Err(EditFault::Missing("a.b".into())));
        assert_eq!(changed(json("[1]"), &present), Err(EditFault::NoObject));
        let get = WebhookRequest::new("GET", "https://a.example/?a=1".to_owned());
        assert_eq!(changed(get, &missing), Err(EditFault::Missing("nothing".into())));
    }

    #[test]
    fn a_whole_body_may_be_replaced() {
        let edit = Edit { body: Some("a=2&b=3".into()), set: pair("a", "4"), ..Edit::default() };
        let get = WebhookRequest::new("GET", "https://a.example/?x=1".to_owned());
        assert_eq!(changed(get, &edit).unwrap(), "https://a.example/?a=4&b=3");
        let edit = Edit { body: Some("not json".into()), ..Edit::default() };
        assert_eq!(changed(json("{}"), &edit).unwrap(), "not json");
    }
}
