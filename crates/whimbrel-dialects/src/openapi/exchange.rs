//! Answers of exchange files, as examples: what the tests hold the renderers to is what the documents show.

use serde_json::Value;

/// An exchange file.
#[derive(Debug, Clone, Copy)]
pub struct Exchange<'a> {
    response: &'a str,
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
    /// Reads the text of a file.
    ///
    /// # Panics
    /// If it has no response: files are compiled in, and tests read all that are.
    #[must_use]
    pub fn read(text: &'a str) -> Self {
        let (_, response) = text.split_once("--- response\n").unwrap_or_else(|| panic!("the file has no response"));
        Self { response }
    }

    /// The answer in it.
    ///
    /// # Panics
    /// If it is none.
    #[must_use]
    pub fn answer(&self) -> Given<'a> {
        let (head, body) = self.response.split_once("\n\n").unwrap_or((self.response, ""));
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
