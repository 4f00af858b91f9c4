//! Applications: a customer's programs, each with a key of its own to prove who is calling and with places of its own for notices.

use crate::account::EndpointKind;
use crate::id::{AccountId, ApplicationId};
use crate::notice::NoticeForm;
use crate::time::Timestamp;

/// An application as requests are judged by it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Application {
    /// Which.
    pub id: ApplicationId,
    /// Whose.
    pub account_id: AccountId,
    /// What verifies its tokens, in PEM.
    pub public_key: Box<str>,
    /// The key before it, which verifies them as well until then.
    pub old_key: Option<(Box<str>, Timestamp)>,
    /// What its document says.
    pub facts: ApplicationFacts,
}

/// What the engine must know of an application's document, which only a dialect understands.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct ApplicationFacts {
    /// For people.
    pub name: Box<str>,
    /// Where notices of its messages go; at most one of each kind.
    pub endpoints: Vec<ApplicationEndpoint>,
}

/// An application's URL for one kind of notice.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ApplicationEndpoint {
    /// What it is told.
    pub kind: EndpointKind,
    /// An absolute http or https URL.
    pub url: Box<str>,
    /// In which form.
    pub form: NoticeForm,
}

impl Application {
    /// The keys that verify its tokens at `now`, in PEM.
    #[must_use]
    pub fn keys(&self, now: Timestamp) -> Vec<Box<str>> {
        let old = self.old_key.as_ref().filter(|(_, until)| now < *until).map(|(key, _)| key.clone());
        std::iter::once(self.public_key.clone()).chain(old).collect()
    }
}

impl ApplicationFacts {
    /// The place for notices of `kind`, if one is set.
    #[must_use]
    pub fn endpoint(&self, kind: EndpointKind) -> Option<&ApplicationEndpoint> {
        self.endpoints.iter().find(|endpoint| endpoint.kind == kind)
    }
}
