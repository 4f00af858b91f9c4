//! `GET api`: how applications send, and the calls of the native API: the page of the documentation, which is in the binary.

use whimbrel_web::Section;
use whimbrel_web::document;
use whimbrel_web::reference::ReferencePage;

use super::{Visit, inbox, page};
use crate::server::Answer;

/// What the page shows.
const NATIVE: &str = include_str!("../../../../docs/api.md");

/// Shows it.
pub(super) fn show(visit: &Visit<'_>) -> Answer {
    let shown = ReferencePage {
        frame: visit.frame_in(Section::Api, "API"),
        start: inbox::quick_start(visit),
        native: document::read(NATIVE),
    };
    page(200, &shown).into()
}
