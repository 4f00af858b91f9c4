//! The Messages API: `POST /v1/messages` for texts, and its status and inbound webhooks.
//!
//! Follows the vendor's OpenAPI definition 1.4.0 ("Messages API"), its guides and its libraries, read 2026-11. Channels that need a
//! provider which a gateway for texts does not have are refused as the vendor refuses a channel that an account cannot use.

pub(super) mod codes;
pub(super) mod form;
mod read;
mod render;
mod webhook;
mod wish;

pub(super) use read::read;
pub(super) use render::render;
pub(super) use webhook::{rules, sign_again, webhook};
