//! What can be called, as values: the document of an API in the words of the OpenAPI Specification 3.1.0 (read 2026).
//!
//! Whoever routes a request describes it beside the route, with [`Operation`] and [`Schema`]; [`Document::json`] writes the whole. Tests walk
//! routes and documents both ways, and hold real answers against the schemas ([`Schema::faults`]). Knows no vendor.

mod exchange;
mod operation;
mod schema;
mod webhook;
mod writing;

pub use exchange::{Exchange, Given};
pub use operation::{Answer, Body, Field, Method, Operation, Parameter, Place, may, need};
pub use schema::{
    Fields, Schema, any, boolean, integer, list, map, null, number, object, one_of, open, text, whole_number, words,
};
pub use webhook::{Sent, Webhook};

/// The text of an exchange file of the tests, by its path below `tests/exchanges` without the extension.
#[macro_export]
macro_rules! exchange {
    ($name:literal) => {
        $crate::openapi::Exchange::read(include_str!(concat!(
            env!("CARGO_MANIFEST_DIR"),
            "/tests/exchanges/",
            $name,
            ".txt"
        )))
    };
}

/// An API.
#[derive(Debug, Clone)]
pub struct Document {
    /// Its title.
    pub title: String,
    /// What it is for, in Markdown.
    pub about: &'static str,
    /// Ways to prove who calls.
    pub proofs: &'static [Proof],
    /// What can be called, in the order in which it is read best; operations of one tag stand together.
    pub operations: Vec<Operation>,
    /// What customers are told at their own URLs.
    pub webhooks: Vec<Webhook>,
}

/// A way to prove who calls.
#[derive(Debug, Clone, Copy)]
pub struct Proof {
    /// Its name among the document's.
    pub name: &'static str,
    /// What is shown, and where from.
    pub about: &'static str,
    /// Where it is shown.
    pub shown: Shown,
}

/// Where a proof is shown.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Shown {
    /// `Authorization: Basic` with name and password.
    Basic,
    /// `Authorization: Bearer`.
    Bearer,
    /// A header.
    Header(&'static str),
    /// A parameter of the query, or of a form.
    Query(&'static str),
    /// A cookie.
    Cookie(&'static str),
}

impl Document {
    /// The operation that answers that method and path; a slash at the end does not count.
    #[must_use]
    pub fn find<'d>(&'d self, method: &str, path: &'d str) -> Option<&'d Operation> {
        self.at(path).find(|operation| operation.method.as_str() == method)
    }

    /// The operations at a path.
    pub fn at<'d>(&'d self, path: &'d str) -> impl Iterator<Item = &'d Operation> {
        self.operations.iter().filter(move |operation| operation.paths().any(|template| fits(template, path)))
    }

    /// The tags, each once, in order.
    #[must_use]
    pub fn tags(&self) -> Vec<&'static str> {
        let mut tags: Vec<&'static str> = Vec::new();
        let all = self.operations.iter().map(|operation| operation.tag);
        for tag in all.chain(self.webhooks.iter().map(|webhook| webhook.tag)) {
            if !tags.contains(&tag) {
                tags.push(tag);
            }
        }
        tags
    }
}

/// Whether a path is one of a template's, whose pieces in braces stand for any that is not empty.
fn fits(template: &str, path: &str) -> bool {
    let (mut wanted, mut given) = (template.split('/'), path.strip_suffix('/').unwrap_or(path).split('/'));
    loop {
        match (wanted.next(), given.next()) {
            (None, None) => return true,
            (Some(wanted), Some(given)) if wanted.starts_with('{') && !given.is_empty() => {}
            (Some(wanted), Some(given)) if wanted == given => {}
            _ => return false,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_template_fits_its_paths_and_no_other() {
        for (template, path, is_fit) in [
            ("/a/{id}", "/a/1", true),
            ("/a/{id}", "/a/1/", true),
            ("/a/{id}", "/a/", false),
            ("/a/{id}", "/a", false),
            ("/a/{id}/b", "/a/1/b", true),
            ("/a/{id}/b", "/a/1/c", false),
            ("/a", "/a/1", false),
        ] {
            assert_eq!(fits(template, path), is_fit, "{template} {path}");
        }
    }
}
