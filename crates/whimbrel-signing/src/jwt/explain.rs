//! Says why a token is not accepted, for both kinds.

pub mod application;
pub mod webhook;

use serde_json::{Map, Value};

use super::compact::{self, Parts};
use crate::digest::{base64, hex, unhex};
use crate::{Canonical, Mistake};

/// A token taken apart without judging it.
struct Lenient<'a> {
    parts: Parts<'a>,
    header: Vec<u8>,
    payload: Vec<u8>,
    signature: Vec<u8>,
    /// What the header names.
    algorithm: String,
    claims: Map<String, Value>,
}

impl<'a> Lenient<'a> {
    fn read(token: &'a str) -> Option<Self> {
        let parts = compact::parts(token).ok()?;
        let header = compact::object(parts.header, "header").ok()?;
        Some(Self {
            header: compact::decode(parts.header, "header").ok()?,
            payload: compact::decode(parts.payload, "payload").ok()?,
            signature: compact::decode(parts.signature, "signature").ok()?,
            algorithm: header.get("alg")?.as_str()?.to_owned(),
            claims: compact::object(parts.payload, "payload").ok()?,
            parts,
        })
    }

    fn is_unsigned(&self) -> bool {
        self.algorithm.eq_ignore_ascii_case("none") && self.signature.is_empty()
    }

    /// Texts that were signed in place of `header.payload`.
    fn other_texts(&self) -> [(Mistake, Vec<u8>); 4] {
        [
            (Mistake::PartsNotEncoded, [&*self.header, b".", &*self.payload].concat()),
            (Mistake::HeaderNotSigned, self.parts.payload.into()),
            (Mistake::HeaderNotSigned, self.payload.clone()),
            (Mistake::NewlineAdded, format!("{}\n", self.parts.signed).into()),
        ]
    }

    /// The signature as octets that were written in another way than base64url.
    fn other_signatures(&self) -> impl Iterator<Item = (Mistake, Vec<u8>)> + use<> {
        let as_text = std::str::from_utf8(&self.signature).ok().and_then(unhex);
        let as_digits = unhex(self.parts.signature);
        let found = [(Mistake::Base64OfHex, as_text), (Mistake::HexForBase64, as_digits)];
        found.into_iter().filter_map(|(mistake, octets)| Some((mistake, octets?)))
    }
}

/// What the signature should have covered: the first two parts, or nothing if there are none.
fn canonical_of(token: &str) -> Canonical {
    compact::parts(token).map_or_else(|_| Canonical::new([]), |parts| Canonical::new(parts.signed))
}

/// The token as it should have been written, if it was written otherwise, and the mistake.
fn rewritten(token: &str) -> Option<(Mistake, String)> {
    let bare = token.trim();
    let bare = bare.get(..7).filter(|scheme| scheme.eq_ignore_ascii_case("bearer ")).map_or(bare, |_| &bare[7..]);
    let bare = bare.trim_matches(['"', '\'', ' ', '\t', '\r', '\n']);
    if bare != token {
        return Some((Mistake::TokenWrapped, bare.to_owned()));
    }
    let url: String = token.replace('+', "-").replace('/', "_");
    let unpadded = url.replace('=', "");
    match (url == token, unpadded == url) {
        (true, true) => None,
        (false, _) => Some((Mistake::Base64ForBase64Url, unpadded)),
        (true, false) => Some((Mistake::PaddingAdded, unpadded)),
    }
}

/// The claims with their times divided by 1000, if any of them is in milliseconds.
fn in_seconds(claims: &Map<String, Value>) -> Option<Map<String, Value>> {
    /// The year 5138 in seconds, 1973 in milliseconds.
    const MILLISECONDS_MIN: i64 = 100_000_000_000;
    let mut changed = claims.clone();
    for name in ["iat", "exp", "nbf"] {
        if let Some(time) = changed.get_mut(name)
            && let Some(milliseconds) = time.as_i64().filter(|time| *time >= MILLISECONDS_MIN)
        {
            *time = Value::from(milliseconds / 1000);
        }
    }
    (changed != *claims).then_some(changed)
}

/// Digests as texts that are written in place of small hexadecimal digits.
fn other_spellings(digest: &[u8]) -> [String; 2] {
    [base64(digest), base64(hex(digest).as_bytes())]
}
