//! Who looks at the pages and calls the native API: how they prove themselves, how long that holds, and what they may do.
//!
//! There are four kinds of people ([`Person`]): whoever has the admin token, in development whoever sits at this machine, operators and
//! viewers who signed in, and owners of accounts. A browser proves itself by a cookie that names a session ([`sessions`]); what a page
//! of another site makes it send is refused ([`foreign`]).

pub mod codes;
pub mod cookie;
pub mod foreign;
pub mod sessions;
pub mod shares;

use whimbrel_core::AccountId;
use whimbrel_engine::SignedInOwner;
use whimbrel_store::{OperatorId, OperatorRole};

/// Somebody whose word counts.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Person {
    /// Whoever has the admin token.
    AdminToken,
    /// In development: whoever is on this machine and no page of another site.
    ThisMachine,
    /// An operator or viewer who signed in.
    Operator {
        /// Who.
        id: OperatorId,
        /// By which name.
        name: Box<str>,
        /// What they may do.
        role: OperatorRole,
    },
    /// The owner of an account who signed in.
    Owner {
        /// What they proved.
        owner: SignedInOwner,
        /// The dialect of the account.
        dialect: &'static str,
        /// Its key.
        key: Box<str>,
    },
}

/// What somebody may do, as routes ask for it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Right {
    /// Everything.
    All,
    /// Look, without texts and secrets.
    Look,
    /// What is an account's own.
    OwnAccount,
}

impl Person {
    /// What they may do.
    #[must_use]
    pub const fn right(&self) -> Right {
        match self {
            Self::AdminToken | Self::ThisMachine => Right::All,
            Self::Operator { role: OperatorRole::Operator, .. } => Right::All,
            Self::Operator { role: OperatorRole::Viewer, .. } => Right::Look,
            Self::Owner { .. } => Right::OwnAccount,
        }
    }

    /// Whose things alone they may see; `None`: everybody's.
    #[must_use]
    pub const fn account(&self) -> Option<AccountId> {
        match self {
            Self::AdminToken | Self::ThisMachine | Self::Operator { .. } => None,
            Self::Owner { owner, .. } => Some(owner.account_id),
        }
    }

    /// Who it is, as the audit log says it.
    #[must_use]
    pub fn audit_name(&self) -> String {
        match self {
            Self::AdminToken => "admin-token".to_owned(),
            Self::ThisMachine => "this-machine".to_owned(),
            Self::Operator { name, .. } => format!("operator:{name}"),
            Self::Owner { dialect, key, .. } => format!("owner:{dialect}:{key}"),
        }
    }
}
