//! Answers and webhooks of exchange files, as examples: what the tests hold the renderers to is what the documents show.

use serde_json::{Map, Value};

use super::webhook::Sent;

/// An exchange file.
#[derive(Debug, Clone, Copy)]
pub struct Exchange<'a> {
    text: &'a str,
}

/// An answer in pieces.
#[derive(Debug, Clone, PartialEq)]
pub struct Given<'a> {
    /// The status.
    pub status: u16,
    /// The media type, parameters and all; empty if there is no body.
    pub media: &'a str,
    /// The body: JSON as a value, anything else as a text.
    pub value: Value,
}

impl<'a> Exchange<'a> {
    /// The text of a file.
    #[must_use]
    pub const fn read(text: &'a str) -> Self {
        Self { text }
    }

    /// What stands under a heading, which is the last one.
    fn last(&self, heading: &str) -> &'a str {
        let found = self.text.split_once(&format!("--- {heading}\n"));
        found.unwrap_or_else(|| panic!("the file has no {heading}")).1
    }

    /// The webhook in it.
    ///
    /// # Panics
    /// If there is none: files are compiled in, and tests read all that are.
    #[must_use]
    pub fn sent(&self) -> Sent {
        let (head, body) = self.last("webhook").split_once("\n\n").unwrap_or_else(|| panic!("no request"));
        let mut lines = head.lines();
        let (method, url) = lines.next().and_then(|line| line.split_once(' ')).unwrap_or_else(|| panic!("no request"));
        let media = lines.find_map(|line| line.strip_prefix("Content-Type: ")).unwrap_or_default();
        let body = body.strip_suffix('\n').unwrap_or(body);
        let parameters = if media.is_empty() { url.split_once('?').map_or("", |(_, query)| query) } else { body };
        let value = match media.contains("json") {
            true => serde_json::from_str(body).unwrap_or_else(|error| panic!("{error}: {body}")),
            false => {
                let pairs = form_urlencoded::parse(parameters.as_bytes());
                Value::Object(pairs.map(|(name, value)| (name.into_owned(), Value::from(value))).collect::<Map<_, _>>())
            }
        };
        Sent { method: method.to_owned(), media: media.to_owned(), value }
    }

    /// The answer in it.
    ///
    /// # Panics
    /// If there is none: files are compiled in, and tests read all that are.
    #[must_use]
    pub fn answer(&self) -> Given<'a> {
        let response = self.last("response");
        let (head, body) = response.split_once("\n\n").unwrap_or((response, ""));
        let mut lines = head.lines();
        let status = lines.next().and_then(|status| status.parse().ok()).unwrap_or_else(|| panic!("no status: {head}"));
        let media = lines.find_map(|line| line.strip_prefix("Content-Type: ")).unwrap_or_default();
        let body = body.strip_suffix('\n').unwrap_or(body);
        let value = match media.contains("json") {
            true => serde_json::from_str(body).unwrap_or_else(|error| panic!("{error}: {body}")),
            false => Value::from(body),
        };
        Given { status, media: if body.is_empty() { "" } else { media }, value }
    }
}
