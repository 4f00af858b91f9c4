//! A request that cannot be carried out as it was written.

use std::borrow::Cow;

use crate::credential::Scope;

/// What is wrong with a request. It is told to a caller that has proved who it is, and to nobody else.
#[derive(Clone, PartialEq, Eq)]
pub struct Faulty {
    /// What it was about.
    pub scope: Scope,
    /// Which of its vendor's errors it is: a number of the dialect, which no one else understands.
    pub kind: u16,
    /// What is wrong with the whole; empty if the fields say it.
    pub detail: Box<str>,
    /// What is wrong with single fields, in the order found.
    pub fields: Vec<FieldFault>,
}

/// What is wrong may be told in the caller's own words: it is not shown.
impl std::fmt::Debug for Faulty {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Faulty").field("scope", &self.scope).field("kind", &self.kind).finish_non_exhaustive()
    }
}

/// What is wrong with a field.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FieldFault {
    /// Its path, as the vendor writes it.
    pub name: Cow<'static, str>,
    /// Why it cannot be so, as the vendor says it.
    pub reason: Cow<'static, str>,
}
