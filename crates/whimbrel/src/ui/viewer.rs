//! Who looks at a page, and whether a form is one of ours.

use whimbrel_core::{AccountId, Secret};
use whimbrel_web::frame::{Frame, Mode, Role, Theme, Viewer};
use whimbrel_web::{Flash, Links};

use super::{Visit, answer, form::Form};
use crate::api::{Api, Local};
use crate::server::{Answer, IncomingRequest};

/// Why somebody sees no page.
pub(super) struct NotIn;

/// Who asks, and whose things alone they may see (`None`: everybody's). In development that is whoever sits at this machine; a page elsewhere that only leads here is no danger, since it
/// can neither read the answer nor frame it.
///
/// # Errors
/// [`NotIn`] if nobody is known to ask.
pub(super) fn judge(api: &Api, request: &IncomingRequest) -> Result<(Viewer, Option<AccountId>), NotIn> {
    let judged = match is_navigation(request) {
        true => api.access.judge_navigation(request),
        false => api.access.judge(request),
    };
    judged.map_err(|_| NotIn)?;
    let mode = match api.access.local() {
        Local::Trusted => Mode::Development,
        Local::NeedsToken => Mode::Production,
    };
    Ok((Viewer { name: "operator".into(), role: Role::Operator, csrf: "".into(), mode }, None))
}

/// A browser opens the page itself, and no other page asks for it with a script.
fn is_navigation(request: &IncomingRequest) -> bool {
    request.method() == "GET"
        && request.header("sec-fetch-mode") == Some("navigate")
        && request.header("sec-fetch-dest") == Some("document")
}

/// Whether what a form sent comes from a page of ours: by its origin, and by its token if the viewer has one.
pub(super) fn is_own_form(visit: &Visit<'_>) -> bool {
    if !crate::api::is_same_origin(visit.request) {
        return false;
    }
    let known = &*visit.viewer.csrf;
    // Secrets are compared in constant time.
    let is_known = |shown: &str| Secret::new(shown) == Secret::new(known);
    known.is_empty() || Form::read(visit.request).value("csrf").is_some_and(is_known)
}

impl NotIn {
    /// What a stranger sees.
    pub fn answer(self, links: &Links, theme: Theme) -> Answer {
        let mut frame = Frame::new("Who are you?", links.clone());
        frame.theme = theme;
        frame.flash = Some(Flash::failed("These pages are for operators of this server."));
        answer::say(
            401,
            frame,
            &[
                "On a development server they open for whoever is at the machine itself, by the name localhost, 127.0.0.1 or [::1].",
                "Programs send `Authorization: Bearer` with the admin token, which stands in the file admin.token of the data folder.",
            ],
        )
    }
}
