//! The page about what can be called.

use askama::Template;

use crate::document::Block;
use crate::frame::Frame;
use crate::inbox::QuickStart;

/// How applications send, and what each API can be called for.
#[derive(Debug, Template)]
#[template(path = "reference.html")]
pub struct ReferencePage {
    /// What stands around it.
    pub frame: Frame,
    /// Command lines.
    pub start: QuickStart,
    /// The APIs that there are, and which is shown.
    pub apis: Vec<ApiChoice>,
    /// The one that is shown.
    pub api: ShownApi,
    /// What is looked for; empty: everything is shown.
    pub query: String,
    /// The documentation of the native API, beside its operations.
    pub native: Vec<Block>,
}

/// An API that can be chosen.
#[derive(Debug)]
pub struct ApiChoice {
    /// Its name in addresses.
    pub name: &'static str,
    /// Its title.
    pub title: String,
    /// Whether it is the one that is shown.
    pub is_shown: bool,
}

/// An API that is shown.
#[derive(Debug)]
pub struct ShownApi {
    /// Its name in addresses.
    pub name: &'static str,
    /// Its title.
    pub title: String,
    /// What it is for.
    pub about: &'static str,
    /// Operations by what they belong to.
    pub groups: Vec<Group>,
}

/// Operations that belong together.
#[derive(Debug)]
pub struct Group {
    /// To what.
    pub tag: &'static str,
    /// They.
    pub operations: Vec<ShownOperation>,
}

/// An operation.
#[derive(Debug)]
pub struct ShownOperation {
    /// Its name, for links.
    pub name: &'static str,
    /// Its method.
    pub method: &'static str,
    /// Its path.
    pub path: &'static str,
    /// What it does.
    pub summary: &'static str,
    /// What else is to be known; empty: nothing.
    pub about: String,
    /// Parameters and the members of the body.
    pub fields: Vec<ShownField>,
    /// A command line that calls it.
    pub curl: String,
    /// What it answers.
    pub answers: Vec<ShownAnswer>,
}

/// A parameter.
#[derive(Debug)]
pub struct ShownField {
    /// Its name.
    pub name: &'static str,
    /// Where it stands.
    pub place: &'static str,
    /// Whether it has to be there.
    pub is_required: bool,
    /// What it is.
    pub kind: String,
    /// What it means.
    pub about: &'static str,
}

/// An answer.
#[derive(Debug)]
pub struct ShownAnswer {
    /// Its status.
    pub status: u16,
    /// What it means.
    pub about: &'static str,
    /// Its media type; empty: no body.
    pub media: &'static str,
    /// The members of its object, if it is one.
    pub members: Vec<ShownField>,
    /// Answers that were seen.
    pub examples: Vec<String>,
}
