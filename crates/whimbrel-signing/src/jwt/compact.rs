//! The compact form: `header.payload.signature`, each part base64url (RFC 7515 §3.1), and what a header may say.

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde_json::{Map, Value};

use super::json::{self, NotStrict};
use crate::Fault;

/// The longest token that is read, in octets. One with a signature of 4096 bits and every documented path has 1,700.
pub const TOKEN_OCTETS_MAX: usize = 4_096;

/// Header parameters that would choose or bring a key, or change how the token is read. RFC 7515 §4.1.11 forbids to
/// ignore `crit`; the others could be ignored, but nobody who means well sends them here.
const HEADERS_REFUSED: &[&str] = &["crit", "b64", "zip", "enc", "jku", "jwk", "x5u", "x5c"];

/// A token that was taken apart. Its payload is not to be believed before its signature was checked.
pub(super) struct Compact<'a> {
    /// What the signature covers.
    pub(super) signed: &'a str,
    /// The signature.
    pub(super) signature: Vec<u8>,
    /// The claims.
    pub(super) payload: Map<String, Value>,
}

/// Takes a token apart whose header names `algorithm`, and none else.
pub(super) fn read<'a>(token: &'a str, algorithm: &str) -> Result<Compact<'a>, Fault> {
    let parts = parts(token)?;
    check_header(&object(parts.header, "header")?, algorithm)?;
    let signature = decode(parts.signature, "signature")?;
    Ok(Compact { signed: parts.signed, signature, payload: object(parts.payload, "payload")? })
}

/// The three parts as they stand.
pub(super) struct Parts<'a> {
    pub(super) signed: &'a str,
    pub(super) header: &'a str,
    pub(super) payload: &'a str,
    pub(super) signature: &'a str,
}

/// Cuts a token in three.
pub(super) fn parts(token: &str) -> Result<Parts<'_>, Fault> {
    if token.is_empty() {
        return Err(Fault::Missing("token"));
    }
    if token.len() > TOKEN_OCTETS_MAX {
        return Err(Fault::TooLong { field: "token", octets_max: TOKEN_OCTETS_MAX });
    }
    let malformed = Fault::Malformed("token");
    let (signed, signature) = token.rsplit_once('.').ok_or(malformed.clone())?;
    let (header, payload) = signed.split_once('.').ok_or(malformed.clone())?;
    // Five parts are an encrypted token, which is nothing that is used here.
    if payload.contains('.') { Err(malformed) } else { Ok(Parts { signed, header, payload, signature }) }
}

/// Decodes one part. No padding, no other alphabet, no bits left over: else two texts would be one token.
pub(super) fn decode(part: &str, name: &'static str) -> Result<Vec<u8>, Fault> {
    URL_SAFE_NO_PAD.decode(part).map_err(|_| Fault::Malformed(name))
}

/// Encodes one part.
pub(super) fn encode(octets: &[u8]) -> String {
    URL_SAFE_NO_PAD.encode(octets)
}

/// The part as an object of JSON.
pub(super) fn object(part: &str, name: &'static str) -> Result<Map<String, Value>, Fault> {
    json::object(&decode(part, name)?).map_err(|fault| match fault {
        NotStrict::NotJson | NotStrict::NotAnObject => Fault::Malformed(name),
        NotStrict::NameTwice(name) => Fault::Ambiguous(name),
    })
}

fn check_header(header: &Map<String, Value>, algorithm: &str) -> Result<(), Fault> {
    match header.get("alg") {
        None => return Err(Fault::Missing("alg")),
        Some(Value::String(named)) if named == algorithm => {}
        Some(Value::String(_)) => return Err(Fault::AlgorithmRefused),
        Some(_) => return Err(Fault::Malformed("alg")),
    }
    // RFC 7519 §5.1: `typ` is optional, and case does not matter.
    match header.get("typ") {
        None => {}
        Some(Value::String(typ)) if typ.eq_ignore_ascii_case("JWT") => {}
        Some(_) => return Err(Fault::Malformed("typ")),
    }
    match HEADERS_REFUSED.iter().find(|name| header.contains_key(**name)) {
        Some(name) => Err(Fault::Malformed(name)),
        None => Ok(()),
    }
}

/// What is to be signed: the header that everybody sends, and these claims.
pub(super) fn signing_input(algorithm: &str, payload: &str) -> String {
    let header = format!(r#"{{"alg":"{algorithm}","typ":"JWT"}}"#);
    format!("{}.{}", encode(header.as_bytes()), encode(payload.as_bytes()))
}

/// The whole token.
pub(super) fn join(signing_input: &str, signature: &[u8]) -> String {
    format!("{signing_input}.{}", encode(signature))
}

/// A text as JSON, in quotes.
pub(super) fn quoted(text: &str) -> String {
    Value::from(text).to_string()
}
