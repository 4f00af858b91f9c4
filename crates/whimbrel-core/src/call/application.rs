//! What is asked about applications, and what it comes to.

use crate::id::ApplicationId;
use crate::secret::Secret;

/// A call about the applications of the account that calls.
#[derive(Clone, PartialEq, Eq)]
pub enum ApplicationCall {
    /// Some of them, in the order in which they were made.
    List(PageWish),
    /// Make one.
    Make(ApplicationWish),
    /// Show one.
    Show {
        /// Its id as the caller wrote it.
        id: Box<str>,
    },
    /// Change one: everything but what the wish leaves as it is.
    Replace {
        /// Its id as the caller wrote it.
        id: Box<str>,
        /// What it is from now on.
        wish: ApplicationWish,
    },
    /// Remove one: its tokens prove nothing any more.
    Remove {
        /// Its id as the caller wrote it.
        id: Box<str>,
    },
}

/// Documents may hold addresses with secrets in them, and an id is whatever the caller wrote: only what is done is shown.
impl std::fmt::Debug for ApplicationCall {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::List(page) => write!(f, "List({page:?})"),
            Self::Make(wish) => write!(f, "Make({wish:?})"),
            Self::Show { .. } => f.write_str("Show"),
            Self::Replace { wish, .. } => write!(f, "Replace({wish:?})"),
            Self::Remove { .. } => f.write_str("Remove"),
        }
    }
}

/// Which page of a list.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct PageWish {
    /// From 1.
    pub page: u32,
    /// At least 1.
    pub page_size: u32,
}

/// An application as it is wanted.
#[derive(Clone, PartialEq, Eq)]
pub struct ApplicationWish {
    /// What only the dialect understands.
    pub document: Box<str>,
    /// Its key.
    pub key: KeyWish,
}

impl std::fmt::Debug for ApplicationWish {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let key = match self.key {
            KeyWish::Kept => "kept",
            KeyWish::Given(_) => "given",
            KeyWish::New => "new",
        };
        f.debug_struct("ApplicationWish").field("key", &key).finish_non_exhaustive()
    }
}

/// Which key an application has.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum KeyWish {
    /// The one it has; a new one if it is new.
    Kept,
    /// This public key, in PEM.
    Given(Box<str>),
    /// A new pair, whose private key is shown once.
    New,
}

/// What a call about applications came to.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum ApplicationOutcome {
    /// It was made; the private key is nowhere but here.
    Made(ApplicationShown, Option<Secret>),
    /// It is so.
    Shown(ApplicationShown),
    /// It is so from now on; the private key is nowhere but here.
    Replaced(ApplicationShown, Option<Secret>),
    /// It is gone.
    Removed,
    /// A page of them.
    Page(ApplicationPage),
    /// The account has none with that id.
    Unknown {
        /// The id as the caller wrote it.
        id: Box<str>,
    },
    /// The account has as many as it may have.
    TooMany {
        /// How many.
        count_max: u32,
    },
}

/// An application as its owner sees it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ApplicationShown {
    /// Which.
    pub id: ApplicationId,
    /// What verifies its tokens, in PEM.
    pub public_key: Box<str>,
    /// What only the dialect understands.
    pub document: Box<str>,
}

/// A page of applications.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ApplicationPage {
    /// Which page it is.
    pub wish: PageWish,
    /// How many applications the account has.
    pub total: u32,
    /// Those of this page; none behind the last page.
    pub applications: Vec<ApplicationShown>,
}
