//! The Application API: `/v2/applications`, each application with a key pair and what it can do.
//!
//! Follows the vendor's OpenAPI definition 2.1.0 ("Application API") and what its libraries send, read 2026-11. What an application
//! can do is checked as the definition says, kept, and given back; capabilities that nobody here knows are kept as they came.

mod document;
mod read;
mod render;

pub(super) use document::{facts, written};
pub(super) use read::read;
pub(super) use render::render;

/// The numbers of this API's own refusals, as [`Faulty::kind`](whimbrel_core::Faulty) carries them.
mod fault {
    /// The body is no JSON object.
    pub(super) const INVALID_JSON: u16 = 0;
    /// Fields of the body.
    pub(super) const PAYLOAD: u16 = 1;
    /// Parameters of a list.
    pub(super) const LIST: u16 = 2;
}
