//! What a customer's application sends and reads: for the command line and tests, so that they speak a dialect without naming it.

use whimbrel_core::{Alphabet, Outcome, Refusal, Secret, Timestamp};

use crate::http::{Headers, HttpRequest};
use crate::{Dialect, Match};

/// A text to send as a customer would.
#[derive(Debug, Clone, Copy)]
pub struct Text<'a> {
    /// The account's key.
    pub key: &'a str,
    /// Its secret.
    pub secret: &'a Secret,
    /// The recipient.
    pub to: &'a str,
    /// The sender.
    pub from: &'a str,
    /// The text.
    pub text: &'a str,
    /// The alphabet to ask for.
    pub alphabet: Alphabet,
}

/// A request to a server of the dialect.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ClientRequest {
    /// The method.
    pub method: &'static str,
    /// The path on the server.
    pub path: &'static str,
    /// Names and values, in order.
    pub headers: Headers,
    /// The body.
    pub body: Vec<u8>,
}

/// What an answer says.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum ClientAnswer {
    /// The text was accepted.
    Accepted {
        /// The public ids of its parts.
        ids: Vec<String>,
    },
    /// It was not.
    Refused {
        /// Why, in the vendor's words.
        why: String,
    },
    /// It is no answer of this dialect.
    Unreadable,
}

/// A refusal in the words that customers of the dialect read, for operators: as its own client reads its own answer.
#[must_use]
pub fn refusal_words(dialect: &dyn Dialect, refusal: Refusal, now: Timestamp) -> String {
    const NONE: &str = "refused, for a reason that has no words";
    let secret = Secret::new("");
    let text = Text { key: "", secret: &secret, to: "", from: "", text: "", alphabet: Alphabet::Detect };
    let request = dialect.client_request(&text);
    let headers: Vec<(String, &[u8])> =
        request.headers.iter().map(|(name, value)| (name.to_ascii_lowercase(), value.as_bytes())).collect();
    let headers: Vec<(&str, &[u8])> = headers.iter().map(|(name, value)| (name.as_str(), *value)).collect();
    let ClientRequest { method, path, ref body, .. } = request;
    let Match::Parsed(parsed) =
        dialect.read(&HttpRequest { method, path, query: None, headers: &headers, body }, 0, now)
    else {
        return NONE.to_owned();
    };
    match dialect.client_answer(&dialect.render(&Outcome::Refused(refusal), &parsed.reply).body) {
        ClientAnswer::Refused { why } => why,
        ClientAnswer::Accepted { .. } | ClientAnswer::Unreadable => NONE.to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::registry;

    #[test]
    fn every_dialect_has_words_for_a_refusal() {
        for dialect in registry::DIALECTS {
            let words = refusal_words(*dialect, Refusal::AccountBarred, Timestamp(0));
            assert!(!words.contains("no words") && !words.contains("AccountBarred"), "{words}");
        }
    }
}
