//! The `Authorization` header, read and written (RFC 5849 §3.5.1).

use super::parameters::{Origin, Parameter, Parameters};
use super::{Keys, Method, Request, SIGNATURE, sign};
use crate::percent::{self, Plus, Style};
use crate::{Fault, Secret, UnixSeconds};

const AUTHORIZATION: &str = "authorization";
const SCHEME: &str = "OAuth";

/// What a client says of itself.
#[derive(Debug, Clone, Copy)]
pub struct Protocol<'a> {
    /// Who calls.
    pub consumer_key: &'a str,
    /// On whose behalf, if a token is there.
    pub token: Option<&'a str>,
    /// The time of signing.
    pub timestamp: UnixSeconds,
    /// A text that this consumer has not used at this second.
    pub nonce: &'a str,
    /// How to sign.
    pub method: Method,
    /// Where the browser is to go after consent, when a token is asked for.
    pub callback: Option<&'a str>,
    /// What consent gave, when a token is fetched.
    pub verifier: Option<&'a str>,
}

/// The value of an `Authorization` header that signs the request; `request.authorization` is passed over.
///
/// # Errors
/// As [`Parameters::read`] for the signed request: the address or a parameter cannot be read, the consumer's key or the nonce
/// is empty, query or form hold a parameter that the header has.
pub fn authorization(request: &Request<'_>, protocol: &Protocol<'_>, keys: Keys<'_>) -> Result<String, Fault> {
    let timestamp = protocol.timestamp.0.to_string();
    let given = [
        ("oauth_consumer_key", Some(protocol.consumer_key)),
        ("oauth_token", protocol.token),
        ("oauth_signature_method", Some(protocol.method.name())),
        ("oauth_timestamp", Some(timestamp.as_str())),
        ("oauth_nonce", Some(protocol.nonce)),
        ("oauth_version", Some("1.0")),
        ("oauth_callback", protocol.callback),
        ("oauth_verifier", protocol.verifier),
    ];
    let mut pairs: Vec<_> = given.into_iter().filter_map(|(name, value)| Some((name, value?))).collect();
    let unsigned = written(&pairs);
    let parameters = Parameters::gather(&Request { authorization: Some(&unsigned), ..*request })?;
    let signature = sign(&parameters, keys)?;
    pairs.push((SIGNATURE, signature.as_str()));
    let header = written(&pairs);
    // What a verifier would refuse is not sent: query and form may hold protocol parameters too.
    Parameters::read(&Request { authorization: Some(&header), ..*request })?;
    Ok(header)
}

fn written(pairs: &[(&str, &str)]) -> String {
    let encoded = |text: &str| String::from_utf8_lossy(&percent::encode(text.as_bytes(), Style::Strict)).into_owned();
    let pairs: Vec<_> = pairs.iter().map(|(name, value)| format!("{name}=\"{}\"", encoded(value))).collect();
    format!("{SCHEME} {}", pairs.join(", "))
}

/// The parameters of a header, and `realm` apart. A header of another scheme has none.
pub(super) fn read(header: &str) -> Result<(Vec<Parameter>, Option<Vec<u8>>), Fault> {
    let (mut parameters, mut realm) = (vec![], None);
    let header = header.trim();
    let (scheme, mut rest) = header.split_once(|blank: char| blank.is_ascii_whitespace()).unwrap_or((header, ""));
    if !scheme.eq_ignore_ascii_case(SCHEME) {
        return Ok((parameters, realm));
    }
    loop {
        rest = rest.trim_start_matches(|letter: char| letter == ',' || letter.is_ascii_whitespace());
        if rest.is_empty() {
            return Ok((parameters, realm));
        }
        let (name, value, after) = pair(rest).ok_or(Fault::Malformed(AUTHORIZATION))?;
        rest = after;
        // No name of the protocol has an escape, and `realm` is no parameter of the request (§3.4.1.3.1).
        if name.eq_ignore_ascii_case("realm") {
            realm = Some(value.as_bytes().to_vec());
            continue;
        }
        let decoded = |text: &str| percent::decode(text.as_bytes(), Plus::Itself);
        parameters.push(Parameter { name: decoded(name), value: decoded(value), origin: Origin::Header });
    }
}

/// The first `name="value"` and what follows it, which begins with a comma or is empty.
fn pair(text: &str) -> Option<(&str, &str, &str)> {
    let (name, rest) = text.split_once('=')?;
    let (value, rest) = rest.trim_start().strip_prefix('"')?.split_once('"')?;
    let (name, rest) = (name.trim_end(), rest.trim_start());
    let is_name =
        !name.is_empty() && !name.contains(|letter: char| matches!(letter, '"' | ',') || letter.is_whitespace());
    (is_name && (rest.is_empty() || rest.starts_with(','))).then_some((name, value, rest))
}

impl<'a> Keys<'a> {
    /// The keys of a consumer that has no token yet.
    #[must_use]
    pub const fn of_consumer(consumer: Secret<'a>) -> Self {
        Self { consumer, token: None }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn names_and_values(header: &str) -> Option<Vec<(String, String)>> {
        let text = |octets: Vec<u8>| String::from_utf8(octets).unwrap();
        let (parameters, _) = read(header).ok()?;
        Some(parameters.into_iter().map(|parameter| (text(parameter.name), text(parameter.value))).collect())
    }

    fn pairs(pairs: &[(&str, &str)]) -> Option<Vec<(String, String)>> {
        Some(pairs.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect())
    }

    #[test]
    fn headers_are_read_with_their_blanks_and_escapes() {
        assert_eq!(names_and_values(r#"OAuth a="b""#), pairs(&[("a", "b")]));
        assert_eq!(names_and_values("oauth\ta = \"%2B+\" ,\r\n b=\"\", "), pairs(&[("a", "++"), ("b", "")]));
        assert_eq!(names_and_values(r#"OAuth realm="x,y=z", a="b""#), pairs(&[("a", "b")]));
        assert_eq!(names_and_values("OAuth"), pairs(&[]));
        assert_eq!(names_and_values("Basic YTpi"), pairs(&[]));
    }

    #[test]
    fn what_is_no_header_is_refused() {
        for bad in
            [r#"OAuth a"#, r#"OAuth a="b"#, r#"OAuth a=b"#, r#"OAuth ="b""#, r#"OAuth a="b" c="d""#, r#"OAuth "a"="b""#]
        {
            assert_eq!(read(bad).err(), Some(Fault::Malformed(AUTHORIZATION)), "{bad}");
        }
    }
}
