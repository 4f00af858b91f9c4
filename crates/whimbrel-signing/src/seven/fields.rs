//! The five fields, for the right string and for wrong ones.

use super::{Request, Stamp};
use crate::digest::{Hash, hex};

/// The five fields as texts. No `Debug`: the URL may hold a message.
#[derive(Clone, PartialEq, Eq)]
pub(super) struct Fields {
    pub(super) timestamp: String,
    pub(super) nonce: String,
    pub(super) method: String,
    pub(super) url: Vec<u8>,
    /// The hash of the body, in hexadecimal digits.
    pub(super) body: Vec<u8>,
}

impl Fields {
    pub(super) fn of(request: &Request<'_>, stamp: Stamp<'_>) -> Self {
        Self {
            timestamp: stamp.timestamp.0.to_string(),
            nonce: stamp.nonce.as_str().to_owned(),
            method: request.method.to_owned(),
            url: request.url.into(),
            body: hex(&Hash::Md5.of(&[request.body])).into(),
        }
    }

    /// In their order.
    pub(super) fn in_order(&self) -> [&[u8]; 5] {
        [self.timestamp.as_bytes(), self.nonce.as_bytes(), self.method.as_bytes(), &self.url, &self.body]
    }

    /// The right string.
    pub(super) fn joined(&self) -> Vec<u8> {
        self.in_order().join(&b'\n')
    }

    /// Joined by something else.
    pub(super) fn joined_by(&self, separator: &str) -> Vec<u8> {
        self.in_order().join(separator.as_bytes())
    }
}
