//! Documents that only a dialect understands, such as applications: what can be changed, and what reads answer.

use whimbrel_core::{AccountId, Secret, Timestamp};

/// What a document is about.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum DocumentKind {
    /// An application of a customer.
    Application,
    /// A program that may ask accounts for access by OAuth. Its secret signs.
    OauthConsumer,
    /// What an account granted to a consumer. Its secret signs.
    OauthGrant,
    /// Where webhooks of a customer go.
    Hook,
    /// Somebody whom a customer sends to.
    Contact,
    /// Several contacts.
    Group,
}

impl DocumentKind {
    /// The kind's name in rows.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Application => "application",
            Self::OauthConsumer => "oauth-consumer",
            Self::OauthGrant => "oauth-grant",
            Self::Hook => "hook",
            Self::Contact => "contact",
            Self::Group => "group",
        }
    }

    /// Whether the keys are numbers of the row that messages have theirs from.
    #[must_use]
    pub const fn is_numbered(self) -> bool {
        matches!(self, Self::Hook | Self::Contact | Self::Group)
    }
}

/// Where a document is kept. A key is unique among the documents of its kind and dialect, whoever's they are.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct DocumentPlace {
    /// Whose words it is written in.
    pub dialect: Box<str>,
    /// What it is about.
    pub kind: DocumentKind,
    /// Its name.
    pub key: Box<str>,
}

/// A document.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Document {
    /// Where it is kept.
    pub place: DocumentPlace,
    /// Whose it is.
    pub account_id: AccountId,
    /// From 1; one more with every change.
    pub version: u32,
    /// What it says. Of a consumer it is the name alone, of a grant the consumer's key.
    pub json: Box<str>,
    /// What verifies tokens of its owner, in PEM.
    pub public_key: Option<Box<str>>,
    /// The key before it, which verifies them as well until then.
    pub old_key: Option<(Box<str>, Timestamp)>,
    /// Its secret.
    pub secret: Option<Secret>,
    /// When it was made.
    pub made_at: Timestamp,
}

/// A change of a document of an account.
#[derive(Debug, Clone)]
pub struct DocumentChange {
    /// Where it is kept.
    pub place: DocumentPlace,
    /// Whose it is: a change of another account's document finds nothing.
    pub account_id: AccountId,
    /// What becomes of it.
    pub fate: DocumentFate,
    /// When.
    pub at: Timestamp,
}

/// What becomes of a document.
#[derive(Debug, Clone)]
pub enum DocumentFate {
    /// It is made. The very same one again is answered as the first time.
    Make {
        /// What it says.
        json: Box<str>,
        /// What verifies tokens of its owner, in PEM.
        public_key: Option<Box<str>>,
        /// Its secret.
        secret: Option<Secret>,
        /// Whether texts that come in are told to it.
        texts: TakesTexts,
        /// How many of its kind the account may have.
        count_max: u32,
    },
    /// It says this from now on; `None` leaves a half as it is.
    Replace {
        /// What it says.
        json: Option<NewContent>,
        /// What verifies tokens of its owner.
        public_key: Option<NewKey>,
    },
    /// It is gone.
    Remove,
}

/// Another content in the place of the one that there is.
#[derive(Debug, Clone)]
pub struct NewContent {
    /// What it says.
    pub json: Box<str>,
    /// Whether texts that come in are told to it.
    pub texts: TakesTexts,
}

/// Whether texts that come in for the numbers of a document's owner are told to it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum TakesTexts {
    /// They are: whole, each long one when all of it is there.
    Yes,
    /// They are told as if it were not there.
    No,
}

/// Another key in the place of the one that there is.
#[derive(Debug, Clone)]
pub struct NewKey {
    /// It, in PEM.
    pub public_key: Box<str>,
    /// Until when the old one counts beside it; a time that has passed: not at all.
    pub old_until: Timestamp,
}

/// Why a document did not change.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum DocumentRefused {
    /// The account has none there.
    Unknown,
    /// Another document has that key.
    Taken,
    /// The account has as many as it may have.
    TooMany,
}

/// Which documents.
#[derive(Debug, Clone)]
pub struct DocumentFilter {
    /// Only in the words of this dialect.
    pub dialect: Box<str>,
    /// Only of this kind.
    pub kind: DocumentKind,
    /// Only of this account.
    pub account_id: AccountId,
    /// So many are passed over.
    pub skip: u64,
    /// At most so many.
    pub count_max: usize,
}

/// Documents of an account, in the order in which they were made.
#[derive(Debug, Clone, Default)]
pub struct DocumentPage {
    /// Those asked for.
    pub documents: Vec<Document>,
    /// How many there are in all.
    pub total: u64,
}
