//! A change of the key that guards secrets at rest, under load.
//!
//! ```text
//! new key in the file  ──>  batches sealed anew, each a commit  ──>  database marked  ──>  old key out of the file
//! ```
//!
//! At every arrow both keys are in the file or nothing refers to the one that is not, so a kill anywhere leaves everything
//! readable; the next start goes on where it was left.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use whimbrel_store::{KeyId, KeyState, Op, OpResult, Rest};

use crate::Engine;
use crate::batcher::CommitError;

/// Secrets sealed anew in one commit: some milliseconds of the writer.
const RESEAL_MAX: usize = 256;

/// Why the keys did not change, or not all the way.
#[derive(Debug, Clone)]
pub enum KeyError {
    /// A change is under way.
    Busy,
    /// The key file could not be read or written.
    File(Box<str>),
    /// The store could not be written.
    Commit(CommitError),
    /// A fault of ours.
    Bug(Box<str>),
}

impl std::fmt::Display for KeyError {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Busy => f.write_str("the keys are being changed already: wait until that is done"),
            Self::File(why) => {
                write!(f, "{why}; all keys are there: free space or repair the folder, then run it again")
            }
            Self::Commit(error) => error.fmt(f),
            Self::Bug(why) => write!(f, "the store answered with something else ({why}): report this as a bug"),
        }
    }
}

impl std::error::Error for KeyError {}

/// What a change of keys came to.
#[derive(Debug, Clone)]
pub struct Rotated {
    /// The key of now.
    pub current: KeyId,
    /// Secrets that were sealed anew.
    pub resealed_count: usize,
}

/// Held while the keys are changed.
#[derive(Debug, Default)]
pub(crate) struct Changing(AtomicBool);

struct Turn<'a>(&'a Changing);

impl Changing {
    fn take(&self) -> Option<Turn<'_>> {
        self.0.compare_exchange(false, true, Ordering::AcqRel, Ordering::Acquire).is_ok().then_some(Turn(self))
    }
}

impl Drop for Turn<'_> {
    fn drop(&mut self) {
        self.0.0.store(false, Ordering::Release);
    }
}

impl Engine {
    /// Every key with its state.
    #[must_use]
    pub fn keys(&self) -> Vec<(KeyId, KeyState)> {
        self.keyring.states()
    }

    /// Makes a new key, seals everything by it, and gives up the old one. A change that was cut short is finished instead.
    ///
    /// # Errors
    /// [`KeyError`]; everything is readable, and the next call goes on.
    pub async fn rotate_keys(&self) -> Result<Rotated, KeyError> {
        let _turn = self.changing_keys.take().ok_or(KeyError::Busy)?;
        let keyring = Arc::clone(&self.keyring);
        let begun = tokio::task::spawn_blocking(move || keyring.begin_rotation()).await;
        let begun = begun.map_err(|error| KeyError::Bug(error.to_string().into()))?;
        let current = begun.map_err(|error| {
            tracing::error!(%error, "no new key could be made");
            KeyError::File(error.to_string().into())
        })?;
        tracing::info!(key = %current, "secrets are sealed by a new key from now on; those of before are sealed anew");
        let resealed_count = self.finish_keys().await?;
        Ok(Rotated { current, resealed_count })
    }

    /// Finishes a change that the last process left, if it left one.
    pub(crate) async fn resume_keys(self: Arc<Self>) {
        if !self.keyring.is_rotating() {
            return;
        }
        let Some(_turn) = self.changing_keys.take() else { return };
        if let Err(error) = self.finish_keys().await {
            tracing::error!(%error, "the change of keys could not be finished; run `whimbrel key rotate`");
        }
    }

    async fn finish_keys(&self) -> Result<usize, KeyError> {
        let mut count = 0;
        loop {
            if self.is_stopping() {
                return Err(KeyError::Commit(CommitError::Closed));
            }
            match self.commit_key_op(Op::Reseal { count_max: RESEAL_MAX }).await? {
                OpResult::Resealed(resealed) => {
                    count += resealed.count;
                    if resealed.rest == Rest::None {
                        break;
                    }
                }
                other => return Err(unexpected(other)),
            }
        }
        // Only now that the last batch and the database's mark are durable.
        match self.commit_key_op(Op::RetireKeys).await? {
            OpResult::KeysRetired(retired) => retired.map_err(KeyError::File)?,
            other => return Err(unexpected(other)),
        }
        tracing::info!(resealed_count = count, "the old key opens nothing any more and is gone");
        Ok(count)
    }

    async fn commit_key_op(&self, op: Op) -> Result<OpResult, KeyError> {
        let result = self.change(op, |_| {}).await.map_err(KeyError::Commit)?;
        result.ok_or_else(|| KeyError::Bug("no answer".into()))
    }
}

fn unexpected(result: OpResult) -> KeyError {
    match result {
        OpResult::Failed(why) => KeyError::Bug(why),
        _ => KeyError::Bug("an answer of another kind".into()),
    }
}
