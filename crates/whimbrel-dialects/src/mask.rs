//! What of a request may be seen: everything but secrets, which the dialect names.
//!
//! Where it cannot be told which octets are secret (a body that is neither a form nor JSON, or is broken), none of it is shown.

use std::borrow::Cow;

use serde_json::value::RawValue;

use crate::members::{Members, raw, text};

/// What stands in the place of a secret.
pub const MASK: &str = "[secret]";
/// Values inside values that are looked into.
const DEPTH_MAX: usize = 32;

/// Headers that hold secrets in every dialect, in small letters.
const HEADERS: &[&str] = &["authorization", "proxy-authorization", "cookie", "set-cookie", "webhook-signature"];
/// Parameters that hold secrets in every dialect, in small letters. Of an address: what customers guard their receivers with.
const PARAMETERS: &[&str] = &["password", "secret", "token", "access_token", "api_key_secret"];

/// Names of what is secret in a dialect's requests and webhooks, in small letters; case does not matter. What is secret everywhere
/// (`Authorization`, cookies) need not be named.
#[derive(Debug, Clone, Copy)]
pub struct Hidden {
    /// Parameters of queries and forms, and members of JSON objects at any depth: secrets, signatures, one-time codes.
    pub parameters: &'static [&'static str],
    /// Headers.
    pub headers: &'static [&'static str],
}

impl Hidden {
    /// Whether a header's value is secret.
    #[must_use]
    pub fn has_header(&self, name: &str) -> bool {
        HEADERS.iter().chain(self.headers).any(|hidden| name.eq_ignore_ascii_case(hidden))
    }

    fn has_parameter(&self, name: &str) -> bool {
        PARAMETERS.iter().chain(self.parameters).any(|hidden| name.eq_ignore_ascii_case(hidden))
    }

    /// A header's value as it may be seen.
    #[must_use]
    pub fn header<'a>(&self, name: &str, value: &'a [u8]) -> Cow<'a, str> {
        match self.has_header(name) {
            // The scheme in front of it says what kind of secret it is.
            true => match std::str::from_utf8(value).ok().and_then(|value| value.split_once(' ')) {
                Some((scheme, _)) if is_scheme(scheme) => Cow::Owned(format!("{scheme} {MASK}")),
                _ => Cow::Borrowed(MASK),
            },
            false => String::from_utf8_lossy(value),
        }
    }

    /// A query or form as it may be seen: each value of a secret name is masked, the rest stands as it was written.
    #[must_use]
    pub fn form(&self, form: &str) -> String {
        let shown = form.split('&').map(|pair| {
            let (name, value) = pair.split_once('=').unwrap_or((pair, ""));
            match self.has_parameter(&decoded(name)) && !value.is_empty() {
                true => Cow::Owned(format!("{name}={MASK}")),
                false => Cow::Borrowed(pair),
            }
        });
        shown.collect::<Vec<_>>().join("&")
    }

    /// An address as it may be seen: its query as a form, and no password before the host.
    #[must_use]
    pub fn url(&self, url: &str) -> String {
        let (address, query) = url.split_once('?').map_or((url, None), |(address, query)| (address, Some(query)));
        let address = match address.split_once("://") {
            Some((scheme, rest)) => {
                let host_end = rest.find('/').unwrap_or(rest.len());
                match rest[..host_end].rfind('@') {
                    Some(at) => format!("{scheme}://{MASK}{}", &rest[at..]),
                    None => address.to_owned(),
                }
            }
            None => address.to_owned(),
        };
        match query {
            Some(query) => format!("{address}?{}", self.form(query)),
            None => address,
        }
    }

    /// A body as it may be seen; `None` if it cannot be told what of it is secret. JSON is taken for JSON and a form for a form, whatever
    /// the headers say: clients mix these up.
    #[must_use]
    pub fn body(&self, body: &[u8]) -> Option<String> {
        let text = std::str::from_utf8(body).ok()?;
        let begins = text.trim_start_matches('\u{feff}').trim_start();
        if begins.is_empty() {
            return Some(String::new());
        }
        if begins.starts_with(['{', '[']) {
            let read: Box<RawValue> = serde_json::from_str(begins).ok()?;
            let masked = self.json(&read, DEPTH_MAX)?;
            return Some(masked.map_or_else(|| text.to_owned(), |masked| masked.get().to_owned()));
        }
        // A form has no line breaks, and a name before its first sign of equality.
        let is_form = text.contains('=') && !text.contains(['\n', '\r', '<', '{', '"']);
        is_form.then(|| self.form(text))
    }

    /// The value with its secrets masked, `Some(None)` if it has none; `None` if it is too deep to tell.
    #[expect(clippy::option_option, reason = "nothing to mask and not to be told are two answers")]
    fn json(&self, value: &RawValue, depth: usize) -> Option<Option<Box<RawValue>>> {
        let json = value.get();
        match json.as_bytes().first() {
            Some(b'{') => {
                let mut members = Members::read(json)?;
                let mut is_changed = false;
                for (name, value) in &mut members.0 {
                    let masked = match self.has_parameter(name) {
                        true => Some(text(MASK)),
                        false => self.json(value, depth.checked_sub(1)?)?,
                    };
                    if let Some(masked) = masked {
                        (*value, is_changed) = (masked, true);
                    }
                }
                Some(is_changed.then(|| raw(members.written())))
            }
            Some(b'[') => {
                let mut items: Vec<Box<RawValue>> = serde_json::from_str(json).ok()?;
                let mut is_changed = false;
                for item in &mut items {
                    if let Some(masked) = self.json(item, depth.checked_sub(1)?)? {
                        (*item, is_changed) = (masked, true);
                    }
                }
                let items = || items.iter().map(|item| item.get()).collect::<Vec<_>>().join(",");
                Some(is_changed.then(|| raw(format!("[{}]", items()))))
            }
            _ => Some(None),
        }
    }
}

/// Whether it is a scheme of RFC 9110 §11.1 that clients use. Any short word would do by its form, the first one of a secret too.
fn is_scheme(text: &str) -> bool {
    ["Basic", "Bearer", "Digest", "OAuth", "HMAC", "Signature", "Token"]
        .iter()
        .any(|scheme| text.eq_ignore_ascii_case(scheme))
}

fn decoded(name: &str) -> Cow<'_, str> {
    form_urlencoded::parse(name.as_bytes()).next().map_or(Cow::Borrowed(""), |(name, _)| match name {
        Cow::Borrowed(_) => Cow::Owned(name.into_owned()),
        Cow::Owned(name) => Cow::Owned(name),
    })
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use serde_json::{Value as Json, json};

    use super::*;

    const HIDDEN: Hidden = Hidden { parameters: &["api_secret", "sig", "code"], headers: &["x-api-key"] };

    #[test]
    fn secrets_are_masked_wherever_they_stand_and_nothing_else() {
        let check =
            |body: &str, shown: &str| assert_eq!(HIDDEN.body(body.as_bytes()).as_deref(), Some(shown), "{body}");
        check("api_key=k&api_secret=planted&text=a%20b", "api_key=k&api_secret=[secret]&text=a%20b");
        check("API%5FSecret=planted&sig=planted&sig=", "API%5FSecret=[secret]&sig=[secret]&sig=");
        check("&&a&=b", "&&a&=b");
        check("{\"b\":1, \"a\": [ 2 ]}", "{\"b\":1, \"a\": [ 2 ]}");
        check(
            r#"{"b":{"Code":"planted","x":"\u0041"},"a":[{"sig":["planted"]},1.50]}"#,
            r#"{"b":{"Code":"[secret]","x":"\u0041"},"a":[{"sig":"[secret]"},1.50]}"#,
        );
        check(r#"{"\u0063ode":482917}"#, r#"{"code":"[secret]"}"#);
        check("", "");
    }

    #[test]
    fn what_cannot_be_told_is_not_shown() {
        let deep = format!("{}{}", "[".repeat(40), "]".repeat(40));
        let multipart = "--x\r\nContent-Disposition: form-data; name=\"api_secret\"\r\n\r\nplanted\r\n--x--";
        for body in ["{\"api_secret\":\"planted\"", "planted", "<a>api_secret=planted</a>", &deep, multipart] {
            assert_eq!(HIDDEN.body(body.as_bytes()), None, "{body}");
        }
        assert_eq!(HIDDEN.body(b"a=\xff&api_secret=planted"), None);
    }

    /// JSON around a secret, as deep as it pleases, with members and items of any kind beside it.
    fn around() -> impl Strategy<Value = Json> {
        let secret = prop_oneof![
            Just(json!({ "api_secret": "planted" })),
            Just(json!({ "x": 1, "SIG": ["planted", { "y": "planted" }] })),
            Just(json!([{ "code": { "z": "planted" } }, null])),
        ];
        secret.prop_recursive(6, 32, 4, |inner| {
            prop_oneof![
                ("[a-z]{1,8}", inner.clone(), any::<i32>())
                    .prop_map(|(name, value, number)| json!({ "n": number, name: value })),
                (prop::collection::vec(any::<Option<bool>>(), 0..3), inner)
                    .prop_map(|(items, value)| json!([items, value])),
            ]
        })
    }

    proptest! {
        #[test]
        fn no_octets_make_it_panic_and_headers_take_any(octets in any::<Vec<u8>>(), text in "\\PC*") {
            _ = HIDDEN.body(&octets);
            _ = HIDDEN.header("authorization", &octets);
            _ = HIDDEN.url(&text);
            _ = HIDDEN.body(text.as_bytes());
        }

        #[test]
        fn a_secret_is_masked_wherever_it_stands_in_json(value in around()) {
            if let Some(shown) = HIDDEN.body(value.to_string().as_bytes()) {
                prop_assert!(!shown.contains("planted"), "{}", shown);
                prop_assert!(serde_json::from_str::<Json>(&shown).is_ok());
            }
        }

        #[test]
        fn a_secret_is_masked_wherever_it_stands_in_a_form(before in "[a-z0-9=&%+]{0,40}", after in "[a-z0-9=&%+]{0,40}") {
            let form = format!("{before}&api_secret=planted&{after}");
            let shown = HIDDEN.body(form.as_bytes()).unwrap_or_default();
            prop_assert!(!shown.contains("planted"), "{}", shown);
        }
    }

    #[test]
    fn headers_and_addresses() {
        assert_eq!(HIDDEN.header("Authorization", b"Basic cGxhbnRlZA=="), "Basic [secret]");
        assert_eq!(HIDDEN.header("X-Api-Key", b"planted and more"), "[secret]", "no word of it is a scheme");
        assert_eq!(HIDDEN.header("authorization", b"planted"), MASK);
        assert_eq!(HIDDEN.header("X-Api-Key", b"planted"), MASK);
        assert_eq!(HIDDEN.header("Accept", b"*/*"), "*/*");
        assert_eq!(
            HIDDEN.url("https://me:planted@a.example/x?sig=planted&b=1"),
            "https://[secret]@a.example/x?sig=[secret]&b=1"
        );
        assert_eq!(HIDDEN.url("https://a.example/x@y"), "https://a.example/x@y");
    }
}
