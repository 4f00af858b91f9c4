//! The SMS API: `GET` and `POST` on `/sms/json` and `/sms/xml`, receipts, and texts that came in.
//!
//! Answers are HTTP 200 also where they refuse, pretty-printed as the service prints them.

pub(super) mod codes;
mod parse;
mod rejection;
mod render;
mod webhook;

#[cfg(test)]
mod tests;

pub(super) use parse::read;
pub(super) use rejection::rejection;
pub(super) use render::render;
pub(super) use webhook::{rules, sign_again, url_test, webhook};
