//! The page about what can be called.

use askama::Template;

use crate::document::{Block, Span};
use crate::frame::Frame;
use crate::inbox::QuickStart;

/// How applications send, and the native API.
#[derive(Debug, Template)]
#[template(path = "reference.html")]
pub struct ReferencePage {
    /// What stands around it.
    pub frame: Frame,
    /// Command lines.
    pub start: QuickStart,
    /// The documentation of the native API.
    pub native: Vec<Block>,
}
