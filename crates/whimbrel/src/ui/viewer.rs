//! Who looks at a page, and whether a form is one of ours.

use whimbrel_core::Secret;
use whimbrel_dialects::http::HttpResponse;
use whimbrel_store::OperatorRole;
use whimbrel_web::frame::{Mode, Role, Viewer};

use super::form::Form;
use crate::api::{Api, Known, Local};
use crate::people::Person;
use crate::server::IncomingRequest;

/// Who asks. In development that is whoever sits at this machine; a page elsewhere that only leads here is no danger, since it
/// can neither read the answer nor frame it.
///
/// # Errors
/// The answer to a program, if nobody is known to ask.
pub(super) fn judge(api: &Api, request: &IncomingRequest) -> Result<Known, HttpResponse> {
    match is_navigation(request) {
        true => api.who_opens(request),
        false => api.who(request),
    }
}

/// Somebody as pages show them.
pub(super) fn shown(api: &Api, known: &Known) -> Viewer {
    let (name, role) = match &known.person {
        Person::AdminToken | Person::ThisMachine => ("operator", Role::Operator),
        Person::Operator { name, role: OperatorRole::Operator, .. } => (&**name, Role::Operator),
        Person::Operator { name, role: OperatorRole::Viewer, .. } => (&**name, Role::Viewer),
        Person::Owner { key, .. } => (&**key, Role::Owner),
    };
    let csrf = known.session.as_ref().map_or("", |session| session.form_token.expose());
    let mode = match api.access.local() {
        Local::Trusted => Mode::Development,
        Local::NeedsToken => Mode::Production,
    };
    Viewer { name: name.into(), role, csrf: csrf.into(), mode }
}

/// A browser opens the page itself, and no other page asks for it with a script.
fn is_navigation(request: &IncomingRequest) -> bool {
    request.method() == "GET"
        && request.header("sec-fetch-mode") == Some("navigate")
        && request.header("sec-fetch-dest") == Some("document")
}

/// Whether what a form sent comes from a page of ours: by its origin, and by its token if the viewer has a session.
pub(super) fn is_own_form(api: &Api, request: &IncomingRequest, known: &Known) -> bool {
    let has_token = match &known.session {
        None => true,
        // Secrets are compared in constant time.
        Some(session) => {
            Form::read(request).value("csrf").is_some_and(|shown| Secret::new(shown) == session.form_token)
        }
    };
    api.is_own(request) && has_token
}
