//! What a request uses up besides what it asks for: its nonce, and with the first use of either kind the right to have proved
//! somebody.
//!
//! It is used up after rate and policy were judged, so that nobody writes by requests that are refused, and before anything is
//! carried out. A text uses it up in the transaction that takes it.

use whimbrel_core::{AuthMethod, Call, Refusal, ReplayKind, SignatureCause};
use whimbrel_store::{Op, OpResult, UseOnce, Used};

use crate::Engine;
use crate::account::odd;
use crate::authenticate::Caller;

impl Engine {
    /// Uses the nonce of a request that takes no text.
    ///
    /// # Errors
    /// What a wrong credential of that kind is told, if it was used before.
    pub(crate) async fn use_nonce(&self, caller: &Caller, call: &Call) -> Result<(), Refusal> {
        let (account_id, world) = (caller.by.id, &self.world);
        let key = match caller.replay {
            Some(key) if key.kind == ReplayKind::Nonce => key,
            _ => return Ok(()),
        };
        if matches!(call, Call::Send(_) | Call::Faulty(_)) {
            return Ok(());
        }
        let once = UseOnce { account_id, key, used_by: world.next_id(), at: world.now() };
        match self.ask(Op::UseOnce(once), |_| {}).await? {
            OpResult::Used(Used::First) => {
                self.note_first_use(caller);
                Ok(())
            }
            OpResult::Used(Used::Again) => {
                self.tell_replayed(&caller.by, world.now());
                Err(replayed(caller.method))
            }
            other => Err(odd(&other)),
        }
    }

    /// Notes that a signed request proved its caller: not before, since what is used again may be a stranger's copy.
    pub(crate) fn note_first_use(&self, caller: &Caller) {
        if caller.replay.is_some() {
            self.failures().proved(caller.name, caller.source);
        }
    }
}

/// What a request is told whose nonce was used before.
pub(crate) const fn replayed(method: AuthMethod) -> Refusal {
    match method {
        AuthMethod::OAuth => Refusal::BadCredentials,
        AuthMethod::Signature | AuthMethod::Token => Refusal::InvalidSignature,
        // A signature beside a key: whoever has one is told why.
        AuthMethod::Parameters | AuthMethod::Basic | AuthMethod::SecretKey => {
            Refusal::SignatureRefused { cause: SignatureCause::Replayed }
        }
    }
}
