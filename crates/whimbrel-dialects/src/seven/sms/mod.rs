//! `/api/sms`: sending, and calling back what has not left.

mod parse;
mod render;

pub(super) use parse::{cancel, number, send};
pub(super) use render::{cancelled, sent};
