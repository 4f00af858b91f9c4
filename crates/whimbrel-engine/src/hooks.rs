//! Notices for hooks: one for all becomes one for each that wants it, and each of these has tries of its own.
//!
//! Which hooks want it is decided when it is due first, from the hooks of then, and stored before anything is sent: a crash repeats
//! no webhook of a hook that took it.

use std::sync::Arc;

use whimbrel_core::{AccountId, ForHook, Notice, NoticeId};
use whimbrel_dialects::{Dialect, Hooks};
use whimbrel_store::{
    Document, DocumentFilter, DocumentKind, DocumentPlace, NoticeResult, NoticeTried, Op, OpResult, Spread, StoreError,
};

use crate::Engine;
use crate::batcher::CommitError;

/// Hooks that are looked at.
const HOOKS_MAX: usize = 100;

/// Why a notice was not spread: it is there as before, and is spread after a restart at the latest.
#[derive(Debug)]
pub(crate) enum NotSpread {
    Read(StoreError),
    Commit(CommitError),
}

impl std::fmt::Display for NotSpread {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Read(error) => error.fmt(f),
            Self::Commit(error) => error.fmt(f),
        }
    }
}

impl Engine {
    /// The keys of an account's hooks that want a notice, in the order in which they were made.
    pub(crate) async fn hooks_wanting(
        self: &Arc<Self>,
        dialect: &dyn Dialect,
        hooks: &dyn Hooks,
        notice: &Notice,
    ) -> Result<Vec<Box<str>>, StoreError> {
        let filter = DocumentFilter {
            dialect: dialect.descriptor().id.into(),
            kind: DocumentKind::Hook,
            account_id: notice.account_id,
            skip: 0,
            count_max: HOOKS_MAX,
        };
        let page = self.read(move |store| store.documents(&filter)).await?;
        let wanting = page.documents.into_iter().filter(|document| hooks.wants(&document.json, notice));
        Ok(wanting.map(|document| document.place.key).collect())
    }

    /// Puts a notice for each hook that wants it in the place of the one for all. Answers them, durable.
    pub(crate) async fn spread(
        self: &Arc<Self>,
        dialect: &dyn Dialect,
        hooks: &dyn Hooks,
        notice: &Notice,
    ) -> Result<Vec<Notice>, NotSpread> {
        let wanting = self.hooks_wanting(dialect, hooks, notice).await.map_err(NotSpread::Read)?;
        let hooks: Vec<_> = wanting.into_iter().map(|key| (NoticeId(self.world.next_id()), key)).collect();
        let op = match hooks.is_empty() {
            // Nobody wants it: the message's story says so.
            true => Op::Notice(NoticeTried {
                id: notice.id,
                at: self.world.now(),
                result: NoticeResult::GivenUp,
                detail: "no hook wants it".into(),
            }),
            false => Op::Spread(Box::new(Spread { id: notice.id, hooks, at: self.world.now() })),
        };
        match self.batcher.settle(vec![op]).await.map_err(NotSpread::Commit)?.pop() {
            Some(OpResult::Spread(notices)) => Ok(notices),
            _ => Ok(Vec::new()),
        }
    }

    /// The hook that a notice is for, if it is for one and the account still has it.
    pub(crate) async fn hook_of(&self, notice: &Notice) -> Result<Option<Document>, StoreError> {
        let ForHook::One(key) = &notice.hook else { return Ok(None) };
        let place = DocumentPlace { dialect: notice.dialect.clone(), kind: DocumentKind::Hook, key: key.clone() };
        let AccountId(account) = notice.account_id;
        let found = self.read(move |store| store.document(&place)).await?;
        Ok(found.filter(|document| document.account_id.0 == account))
    }
}
