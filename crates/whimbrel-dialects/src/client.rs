//! What a customer's application sends and reads: for the command line and tests, so that they speak a dialect without naming it.

use whimbrel_core::{Alphabet, Secret};

use crate::http::Headers;

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
