//! Whimbrel's own request headers: the same for every dialect, and none of any vendor's.
//!
//! `X-Whimbrel-Class` says why a message is sent; `Idempotency-Key` marks requests that are the same one.

use whimbrel_core::{MessageClass, Refusal};

use crate::http::HttpRequest;

/// The header that sets a message's class: `otp` or `bulk`.
pub const CLASS_HEADER: &str = "X-Whimbrel-Class";
/// The header with the caller's mark for "the same request".
pub const IDEMPOTENCY_KEY_HEADER: &str = "Idempotency-Key";
/// The longest idempotency key, in characters.
pub const IDEMPOTENCY_KEY_CHARS_MAX: usize = 255;

/// The class that the request names.
///
/// # Errors
/// [`Refusal::Invalid`] for a header that is given twice or names no class.
pub fn class(request: &HttpRequest<'_>) -> Result<Option<MessageClass>, Refusal> {
    const REFUSAL: Refusal = Refusal::Invalid { field: CLASS_HEADER };
    let Some(text) = only(request, "x-whimbrel-class").ok_or(REFUSAL)? else { return Ok(None) };
    match MessageClass::parse(text) {
        Some(class) => Ok(Some(class)),
        None => Err(REFUSAL),
    }
}

/// The idempotency key that the request carries: 1 to 255 visible ASCII characters.
///
/// # Errors
/// [`Refusal::Invalid`] for any other key, and for a header that is given twice.
pub fn idempotency_key<'a>(request: &HttpRequest<'a>) -> Result<Option<&'a str>, Refusal> {
    const REFUSAL: Refusal = Refusal::Invalid { field: IDEMPOTENCY_KEY_HEADER };
    let Some(key) = only(request, "idempotency-key").ok_or(REFUSAL)? else { return Ok(None) };
    match is_visible(key, IDEMPOTENCY_KEY_CHARS_MAX) {
        true => Ok(Some(key)),
        false => Err(REFUSAL),
    }
}

/// Whether `text` is 1 to `chars_max` visible ASCII characters.
pub(crate) fn is_visible(text: &str, chars_max: usize) -> bool {
    (1..=chars_max).contains(&text.len()) && text.bytes().all(|byte| byte.is_ascii_graphic())
}

/// The one header of that name; `None` if there are several or it is not UTF-8.
fn only<'a>(request: &HttpRequest<'a>, name: &str) -> Option<Option<&'a str>> {
    let mut values = request.headers.iter().filter(|(header, _)| *header == name).map(|(_, value)| *value);
    let Some(value) = values.next() else { return Some(None) };
    if values.next().is_some() {
        return None;
    }
    std::str::from_utf8(value).ok().map(Some)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn with<'a>(headers: &'a [(&'a str, &'a [u8])]) -> HttpRequest<'a> {
        HttpRequest { method: "POST", path: "/", query: None, headers, body: b"" }
    }

    #[test]
    fn a_class_is_one_of_two_words() {
        assert_eq!(class(&with(&[])), Ok(None));
        assert_eq!(class(&with(&[("x-whimbrel-class", b"otp")])), Ok(Some(MessageClass::Otp)));
        assert_eq!(class(&with(&[("x-whimbrel-class", b"bulk")])), Ok(Some(MessageClass::Bulk)));
        let refused = Err(Refusal::Invalid { field: CLASS_HEADER });
        for bad in [&b""[..], b"OTP", b"otp, bulk", b"\xff"] {
            assert_eq!(class(&with(&[("x-whimbrel-class", bad)])), refused, "{bad:?}");
        }
        assert_eq!(class(&with(&[("x-whimbrel-class", b"otp"), ("x-whimbrel-class", b"otp")])), refused);
    }

    #[test]
    fn an_idempotency_key_is_short_and_visible() {
        let longest = "k".repeat(255);
        assert_eq!(idempotency_key(&with(&[])), Ok(None));
        assert_eq!(idempotency_key(&with(&[("idempotency-key", longest.as_bytes())])), Ok(Some(longest.as_str())));
        let refused = Err(Refusal::Invalid { field: IDEMPOTENCY_KEY_HEADER });
        let too_long = "k".repeat(256);
        for bad in [&b""[..], b"a b", b"caf\xc3\xa9", b"\xff", b"a\tb", too_long.as_bytes()] {
            assert_eq!(idempotency_key(&with(&[("idempotency-key", bad)])), refused, "{bad:?}");
        }
        assert_eq!(idempotency_key(&with(&[("idempotency-key", b"a"), ("idempotency-key", b"a")])), refused);
    }
}
