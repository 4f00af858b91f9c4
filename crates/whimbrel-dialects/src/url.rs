//! URLs that customers give: absolute, http or https. Whether one may be reached is judged when it is used.

use whimbrel_core::CallbackFault;

/// An absolute http or https URL.
///
/// # Errors
/// What is wrong with it.
pub(crate) fn absolute(url: &str, chars_max: usize) -> Result<Box<str>, CallbackFault> {
    let is_scheme_character = |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'+' | b'-' | b'.');
    let (scheme, rest) = url.split_once("://").ok_or(CallbackFault::MissingProtocol)?;
    if scheme.is_empty() || !scheme.bytes().all(is_scheme_character) {
        return Err(CallbackFault::MissingProtocol);
    }
    let known_scheme = scheme.eq_ignore_ascii_case("http") || scheme.eq_ignore_ascii_case("https");
    let has_host = !rest.is_empty() && !rest.starts_with(['/', '?', '#', ':', '@']);
    let is_url_character = |byte: u8| {
        byte.is_ascii_graphic() && !matches!(byte, b'"' | b'<' | b'>' | b'\\' | b'^' | b'`' | b'{' | b'|' | b'}')
    };
    match known_scheme && has_host && url.len() <= chars_max && url.bytes().all(is_url_character) {
        true => Ok(url.into()),
        false => Err(CallbackFault::Malformed),
    }
}
