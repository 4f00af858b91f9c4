//! The secrets of an account: `/accounts/{api_key}/secrets`, by Basic credentials alone.
//!
//! Follows the vendor's OpenAPI definition ("Account API", secret management) and its libraries, read 2026-11.

mod read;
mod render;

pub(super) use read::read;
pub(super) use render::render;

/// The one fault of a body that this API has: no secret in it that could be one.
const NO_SECRET: u16 = 0;
