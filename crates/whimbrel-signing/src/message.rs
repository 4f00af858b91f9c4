//! A request or webhook as plain values, for those who handle every scheme alike.

use std::fmt;

use crate::percent::{self, Plus};
use crate::{Fault, reserialised};

/// A request or webhook, whole. `Debug` shows sizes only.
#[derive(Clone, Copy)]
pub struct Message<'a> {
    /// The HTTP method in capitals.
    pub method: &'a str,
    /// The whole address with scheme, host and query, as the client calls it.
    pub url: &'a str,
    /// Names and values, in the order in which they came.
    pub headers: &'a [(&'a str, &'a str)],
    /// The octets of the body.
    pub body: &'a [u8],
}

impl<'a> Message<'a> {
    /// The value of the first header of that name; case does not count.
    #[must_use]
    pub fn header(&self, name: &str) -> Option<&'a str> {
        self.headers.iter().find(|(header, _)| header.eq_ignore_ascii_case(name)).map(|(_, value)| *value)
    }

    /// The query, still encoded; empty if there is none.
    pub(crate) fn query(&self) -> &'a str {
        let url = self.url.split('#').next().unwrap_or(self.url);
        url.split_once('?').map_or("", |(_, query)| query)
    }

    /// Scheme and host, and the rest.
    pub(crate) fn base_and_rest(&self) -> (&'a str, &'a str) {
        let authority = self.url.find("://").map_or(0, |index| index + "://".len());
        let end = self.url[authority..].find(['/', '?', '#']).map_or(self.url.len(), |index| authority + index);
        self.url.split_at(end)
    }

    /// The body, if its content type says that it is a form.
    pub(crate) fn form(&self) -> Option<&'a [u8]> {
        let content_type = self.header("content-type")?.split(';').next()?.trim();
        content_type.eq_ignore_ascii_case("application/x-www-form-urlencoded").then_some(self.body)
    }

    /// The token of `Authorization: Bearer`.
    #[cfg_attr(not(feature = "jwt"), expect(dead_code, reason = "tokens are read with the feature jwt"))]
    pub(crate) fn bearer(&self) -> Result<&'a str, Fault> {
        let value = self.header("authorization").ok_or(Fault::Missing("authorization"))?;
        let (scheme, token) = value.trim().split_once(' ').ok_or(Fault::Malformed("authorization"))?;
        let is_bearer = scheme.eq_ignore_ascii_case("bearer");
        is_bearer.then_some(token.trim()).ok_or(Fault::Malformed("authorization"))
    }

    /// The decoded parameters: those of the body, which is a JSON object or else a form, then those of the query.
    pub(crate) fn parameters(&self) -> Result<Vec<(String, String)>, Fault> {
        let text = |octets: Vec<u8>| String::from_utf8_lossy(&octets).into_owned();
        let decoded = |(name, value)| (text(name), text(value));
        let mut found = match self.body.trim_ascii_start().first() {
            Some(b'{') => reserialised::fields(self.body).ok_or(Fault::Malformed("body"))?,
            _ => percent::form(self.body, Plus::Blank).map(decoded).collect(),
        };
        found.extend(percent::form(self.query().as_bytes(), Plus::Blank).map(decoded));
        Ok(found)
    }
}

impl fmt::Debug for Message<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (headers, octets) = (self.headers.len(), self.body.len());
        f.debug_struct("Message").field("headers", &headers).field("body_octets", &octets).finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parameters(url: &str, body: &str) -> Result<String, Fault> {
        let message = Message { method: "POST", url, headers: &[], body: body.as_bytes() };
        let pairs = message.parameters()?;
        Ok(pairs.iter().map(|(name, value)| format!("{name}={value}")).collect::<Vec<_>>().join(";"))
    }

    #[test]
    fn parameters_come_from_form_json_and_query() {
        assert_eq!(parameters("http://a/?a=%20+&&b#c=d", "c=1&d").unwrap(), "c=1;d=;a=  ;b=");
        let json = r#" {"a": 1.50, "b": true, "c": null, "d": "\u00e9&"} "#;
        assert_eq!(parameters("http://a/", json).unwrap(), "a=1.50;b=true;d=é&");
        assert_eq!(parameters("http://a/", r#"{"a": [1]}"#), Err(Fault::Malformed("body")));
        assert_eq!(parameters("http://a/", "{"), Err(Fault::Malformed("body")));
    }

    #[test]
    fn addresses_are_cut_behind_the_host() {
        for (url, base, rest) in
            [("https://a:1/b?c", "https://a:1", "/b?c"), ("http://a?b", "http://a", "?b"), ("http://a", "http://a", "")]
        {
            let message = Message { method: "GET", url, headers: &[], body: b"" };
            assert_eq!(message.base_and_rest(), (base, rest), "{url}");
        }
    }
}
