//! The claim `acl`: which paths of the API a token is good for.
//!
//! `{"paths":{"/*/users/**":{},"/*/media/**":{"methods":["GET"]}}}`: `*` stands for one segment, `**` at the end for any
//! rest, none included. The vendor documents paths, and neither `methods` nor `filters`: methods are honoured as they
//! read; an entry with filters allows nothing, because a condition that cannot be checked must not be taken as met.

use serde_json::{Map, Value};

use crate::Fault;

/// The most entries that are read.
pub const PATHS_MAX: usize = 128;

/// The paths that a token is good for.
#[derive(Debug, Clone, PartialEq)]
pub struct Acl {
    entries: Vec<Entry>,
    /// As it came, to be written again.
    claim: Value,
}

#[derive(Debug, Clone, PartialEq)]
struct Entry {
    pattern: String,
    /// None: all of them.
    methods: Option<Vec<String>>,
    is_filtered: bool,
}

/// What is asked for: the method and the path of a request line, without the query.
#[derive(Debug, Clone, Copy)]
pub struct Call<'a> {
    /// Such as `GET`.
    pub method: &'a str,
    /// Such as `/v1/messages`, as it was sent: escapes are not decoded.
    pub path: &'a str,
}

impl Acl {
    /// Reads the claim's text.
    ///
    /// # Errors
    /// [`Fault::Malformed`] or [`Fault::Ambiguous`] if it is not such an object.
    pub fn from_json(text: &str) -> Result<Self, Fault> {
        match super::json::object(text.as_bytes()) {
            Ok(object) => Self::from_claim(&Value::Object(object)),
            Err(super::json::NotStrict::NameTwice(name)) => Err(Fault::Ambiguous(name)),
            Err(_) => Err(Fault::Malformed("acl")),
        }
    }

    pub(super) fn from_claim(claim: &Value) -> Result<Self, Fault> {
        let paths = claim.get("paths").and_then(Value::as_object).ok_or(Fault::Malformed("acl"))?;
        if paths.len() > PATHS_MAX {
            return Err(Fault::Malformed("acl"));
        }
        let entries: Option<Vec<_>> = paths.iter().map(|(pattern, rule)| Entry::read(pattern, rule)).collect();
        Ok(Self { entries: entries.ok_or(Fault::Malformed("acl"))?, claim: claim.clone() })
    }

    /// Whether any entry allows the call. A path with empty, `.` or `..` segments, or with escapes that could become
    /// such or a slash, is never allowed: what it means depends on who reads it.
    #[must_use]
    pub fn allows(&self, call: Call<'_>) -> bool {
        is_plain(call.path) && self.entries.iter().any(|entry| entry.allows(call))
    }

    pub(super) fn claim(&self) -> &Value {
        &self.claim
    }
}

impl Entry {
    fn read(pattern: &str, rule: &Value) -> Option<Self> {
        let rule = rule.as_object()?;
        Some(Self { pattern: pattern.to_owned(), methods: methods(rule)?, is_filtered: is_filtered(rule)? })
    }

    fn allows(&self, call: Call<'_>) -> bool {
        let method = self.methods.as_ref().is_none_or(|methods| methods.iter().any(|method| method == call.method));
        method && !self.is_filtered && matches(&self.pattern, call.path)
    }
}

#[expect(clippy::option_option, reason = "outside: whether it could be read; inside: whether there is a restriction")]
fn methods(rule: &Map<String, Value>) -> Option<Option<Vec<String>>> {
    let Some(methods) = rule.get("methods") else { return Some(None) };
    let names = methods.as_array()?.iter().map(|method| method.as_str().map(str::to_ascii_uppercase));
    names.collect::<Option<Vec<_>>>().map(Some)
}

fn is_filtered(rule: &Map<String, Value>) -> Option<bool> {
    rule.get("filters").map_or(Some(false), |filters| filters.as_object().map(|filters| !filters.is_empty()))
}

fn matches(pattern: &str, path: &str) -> bool {
    let mut segments = path.split('/');
    let mut wanted = pattern.split('/').peekable();
    while let Some(want) = wanted.next() {
        if want == "**" && wanted.peek().is_none() {
            return true;
        }
        match segments.next() {
            Some(segment) if want == "*" || want == segment => {}
            _ => return false,
        }
    }
    segments.next().is_none()
}

fn is_plain(path: &str) -> bool {
    let lower = path.to_ascii_lowercase();
    let hidden = ["%2e", "%2f", "%5c", "%25", "\\", "?", "#"].iter().any(|mark| lower.contains(mark));
    let Some(rest) = path.strip_prefix('/') else { return false };
    !hidden && (rest.is_empty() || !rest.split('/').any(|segment| matches!(segment, "" | "." | "..")))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn allows(acl: &str, method: &str, path: &str) -> bool {
        Acl::from_json(acl).expect("an acl").allows(Call { method, path })
    }

    #[test]
    fn the_documented_paths() {
        let acl = r#"{"paths":{"/*/users/**":{},"/*/conversations/**":{},"/*/sessions/**":{},"/*/devices/**":{},
            "/*/image/**":{},"/*/media/**":{},"/*/applications/**":{},"/*/push/**":{},"/*/knocking/**":{},"/*/legs/**":{}}}"#;
        for path in ["/v1/users", "/v0.1/users/USR-1", "/beta/users/a/b", "/v1/legs/1"] {
            assert!(allows(acl, "GET", path), "{path}");
        }
        for path in
            ["/v1/messages", "/users/1", "/v1/v2/users", "/v1/usersx", "/v1", "/", "", "users", "*", "/v1/Users/1"]
        {
            assert!(!allows(acl, "GET", path), "{path}");
        }
        assert!(!allows(r#"{"paths":{}}"#, "GET", "/v1/users"));
        assert!(allows(r#"{"paths":{"/**":{}}}"#, "GET", "/"));
    }

    #[test]
    fn a_path_that_two_readers_read_in_two_ways_is_not_allowed() {
        for path in [
            "/v1/users/../messages",
            "/v1/users/./a",
            "/v1//users",
            "/v1/users/",
            "/v1/users/%2e%2E/messages",
            "/v1/users%2F..",
            "/v1/users/%252e%252e",
            "/v1/users\\..\\messages",
            "/v1/users?x=1",
            "/v1/users#x",
        ] {
            assert!(!allows(r#"{"paths":{"/*/users/**":{},"/**":{}}}"#, "GET", path), "{path}");
        }
    }

    #[test]
    fn double_stars_elsewhere_are_a_segment_of_that_name() {
        let acl = r#"{"paths":{"/**/users":{}}}"#;
        assert!(!allows(acl, "GET", "/v1/users"));
        assert!(!allows(acl, "GET", "/a/b/users"));
        assert!(allows(acl, "GET", "/**/users"));
    }

    #[test]
    fn methods_restrict_and_filters_close() {
        let acl = r#"{"paths":{"/*/users/**":{"methods":["GET","post"]},"/*/legs/**":{"filters":{"a":"b"}},"/*/media/**":{"filters":{}}}}"#;
        assert!(allows(acl, "GET", "/v1/users/1"));
        assert!(allows(acl, "POST", "/v1/users/1"));
        assert!(!allows(acl, "DELETE", "/v1/users/1"));
        assert!(!allows(acl, "get", "/v1/users/1"));
        assert!(!allows(acl, "GET", "/v1/legs/1"));
        assert!(allows(acl, "GET", "/v1/media/1"));
    }

    #[test]
    fn what_is_not_such_an_object_is_refused() {
        for text in [
            "null",
            "[]",
            "{}",
            r#"{"paths":null}"#,
            r#"{"paths":["/**"]}"#,
            r#"{"paths":{"/**":null}}"#,
            r#"{"paths":{"/**":{"methods":"GET"}}}"#,
            r#"{"paths":{"/**":{"methods":[1]}}}"#,
            r#"{"paths":{"/**":{"filters":1}}}"#,
        ] {
            assert_eq!(Acl::from_json(text), Err(Fault::Malformed("acl")), "{text}");
        }
        let twice = r#"{"paths":{"/**":{"methods":[]},"/**":{}}}"#;
        assert_eq!(Acl::from_json(twice), Err(Fault::Ambiguous("/**".to_owned())));
        let paths: Vec<String> = (0..=PATHS_MAX).map(|n| format!("\"/{n}\":{{}}")).collect();
        assert!(Acl::from_json(&format!("{{\"paths\":{{{}}}}}", paths.join(","))).is_err());
    }
}
