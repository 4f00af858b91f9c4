//! URLs as the vendor's APIs take them.

use whimbrel_core::CallbackFault;

pub(super) use crate::url::absolute;

/// Longest URL that is stored for an account or a number.
const STORED_CHARS_MAX: usize = 2_000;

/// A URL to store, or nothing, which takes away the one that is stored.
///
/// # Errors
/// As [`absolute`].
pub(super) fn stored(url: &str) -> Result<Box<str>, CallbackFault> {
    if url.is_empty() { Ok("".into()) } else { absolute(url, STORED_CHARS_MAX) }
}
