//! Numbers and lists, as operators change them.

use std::sync::Arc;

use whimbrel_core::policy::ListEntryError;
use whimbrel_core::{AccountId, ListKind, Lists};
use whimbrel_store::{ListChange, NumberChange, NumberFate, NumberRefused, Op, OpResult, OwnedNumber};

use crate::Engine;
use crate::batcher::CommitError;

/// Why a number or a list did not change.
#[derive(Debug, Clone)]
pub enum ListError {
    /// The number is neither a number nor a short code.
    NotANumber,
    /// The number was not given to the account.
    Refused(NumberRefused),
    /// A line does not belong into the list.
    Entry(ListEntryError),
    /// There is no such account.
    UnknownAccount,
    /// The store could not be written.
    Commit(CommitError),
    /// A fault of ours.
    Bug(Box<str>),
}

impl std::fmt::Display for ListError {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::NotANumber => {
                f.write_str("a number has 7 to 15 digits with its country code, a short code 3 to 6 digits")
            }
            Self::Refused(NumberRefused::Taken) => {
                f.write_str("the number belongs to another account: release it there first")
            }
            Self::Refused(NumberRefused::UnknownAccount) | Self::UnknownAccount => {
                f.write_str("there is no such account")
            }
            Self::Entry(error) => error.fmt(f),
            Self::Commit(error) => error.fmt(f),
            Self::Bug(why) => write!(f, "the store answered with something else ({why}): report this as a bug"),
        }
    }
}

impl std::error::Error for ListError {}

/// The form in which a number of ours is kept: digits without a plus, as carriers name it.
///
/// # Errors
/// [`ListError::NotANumber`].
pub fn own_number(text: &str) -> Result<Box<str>, ListError> {
    match whimbrel_core::SenderId::parse(text) {
        Some(whimbrel_core::SenderId::Number(number)) => Ok(number.digits().into()),
        Some(whimbrel_core::SenderId::ShortCode(code)) if code.len() >= 3 => Ok(code),
        _ => Err(ListError::NotANumber),
    }
}

impl Engine {
    /// Gives a number to an account: texts to it are the account's from now on. Again for the same account changes the URL.
    ///
    /// # Errors
    /// [`ListError`]; nothing was changed.
    pub async fn assign_number(
        self: &Arc<Self>,
        number: &str,
        account_id: AccountId,
        inbound_url: Option<Box<str>>,
    ) -> Result<OwnedNumber, ListError> {
        let country = own_number(number).ok().and_then(|number| self.country_of(&number));
        let fate = NumberFate::Assign { account_id, inbound_url, country };
        self.change_number(number, fate).await?.ok_or_else(|| ListError::Bug("nobody owns the number".into()))
    }

    /// Takes a number away from whoever has it.
    ///
    /// # Errors
    /// [`ListError`]; nothing was changed.
    pub async fn release_number(self: &Arc<Self>, number: &str) -> Result<(), ListError> {
        self.change_number(number, NumberFate::Release).await.map(|_| ())
    }

    async fn change_number(self: &Arc<Self>, number: &str, fate: NumberFate) -> Result<Option<OwnedNumber>, ListError> {
        let number = own_number(number)?;
        let op = Op::Number(NumberChange { number: number.clone(), change: fate, at: self.world.now() });
        let engine = Arc::clone(self);
        let changed = move |result: &OpResult| {
            if let OpResult::Number(owner) = result {
                engine.directory.set_owner(&number, owner.as_ref().map(|owned| owned.account_id));
            }
        };
        match self.change(op, changed).await.map_err(ListError::Commit)? {
            Some(OpResult::Number(owner)) => Ok(owner),
            Some(OpResult::NumberRefused(why)) => Err(ListError::Refused(why)),
            other => Err(unexpected(other)),
        }
    }

    /// Changes a list of an account, or everybody's. The next request is judged by it.
    ///
    /// # Errors
    /// [`ListError`]; nothing was changed.
    pub async fn change_list(
        self: &Arc<Self>,
        account_id: Option<AccountId>,
        kind: ListKind,
        add: &[String],
        remove: &[String],
    ) -> Result<(), ListError> {
        if account_id.is_some_and(|id| self.directory.by_id(id).is_none()) {
            return Err(ListError::UnknownAccount);
        }
        let entries =
            |lines: &[String]| lines.iter().map(|line| Lists::entry(kind, line)).collect::<Result<Vec<_>, _>>();
        let (add, remove) = (entries(add).map_err(ListError::Entry)?, entries(remove).map_err(ListError::Entry)?);
        let op = Op::List(ListChange { account_id, kind, add, remove, at: self.world.now() });
        let engine = Arc::clone(self);
        let changed = move |result: &OpResult| {
            if let OpResult::Lists(lists) = result {
                engine.directory.set_lists(account_id, Arc::clone(lists));
            }
        };
        match self.change(op, changed).await.map_err(ListError::Commit)? {
            Some(OpResult::Lists(_)) => Ok(()),
            other => Err(unexpected(other)),
        }
    }
}

pub(crate) fn unexpected(result: Option<OpResult>) -> ListError {
    match result {
        Some(OpResult::Failed(why)) => ListError::Bug(why),
        _ => ListError::Bug("an answer of another kind".into()),
    }
}
