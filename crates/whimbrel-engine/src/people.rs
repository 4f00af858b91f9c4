//! Who looks after the gateway: signing in, passwords, and what is written down of what they do.
//!
//! An unknown name and a wrong password cost the same work, and both count as failures of that name and source, as secrets of accounts
//! do. A code that was used is written down before it counts, so that it is good once even if the process dies. What a code of an app
//! is, the caller knows: it passes a function.

use std::sync::{Arc, MutexGuard, PoisonError};

use whimbrel_core::{Secret, Span, Timestamp};
use whimbrel_store::{
    AuditEntry, NewOperator, Op, OpResult, Operator, OperatorId, OperatorRole, PeopleDone, PeopleOp, PeopleRefused,
    SecretVerifier, StoreError, TotpChange, Used,
};

use crate::Engine;
use crate::authenticate::Origin;
use crate::batcher::CommitError;
use crate::failures::{KeyName, Source};
use crate::prover::{Asker, Overloaded, Spent};
use crate::secrets::VERIFIER_TRIES_MAX;
use crate::wrong_codes::WrongCodes;

/// Where names of operators are counted as those of keys are among the customers of a dialect.
const NAMES: &str = "operators";
/// Characters of a name, at most.
const NAME_CHARS_MAX: usize = 40;
/// Characters of a password: NIST's SP 800-63B asks for 8 at least and 64 at most or more; with one factor 15 are better (revision 4,
/// read 2026).
pub const PASSWORD_CHARS: std::ops::RangeInclusive<usize> = 12..=256;
/// Recovery codes that are made with the secret of an app.
pub const RECOVERY_CODES: usize = 10;

/// Whether what was typed is the code of a step around a time, above the last one used: that step.
pub type CodeStep = fn(secret: &Secret, typed: &str, used_step: i64, now: Timestamp) -> Option<i64>;

/// What somebody shows who wants to sign in.
pub struct SignIn<'a> {
    /// Their name.
    pub name: &'a str,
    /// Their password.
    pub password: Secret,
    /// A code of their app or a recovery code; empty if they have none.
    pub code: Secret,
    /// Looks at codes of apps.
    pub code_step: CodeStep,
}

/// Why nobody is signed in.
#[derive(Debug, Clone)]
pub enum SignInRefused {
    /// No such name, another password, a wrong or used code, or none where one is asked for: nobody is told which.
    Wrong,
    /// Too many failed with that name or from there.
    TooManyFailures {
        /// How long to wait.
        wait: Span,
    },
    /// Too many dear comparisons wait.
    Overloaded,
    /// The store could not be read or written.
    Store(Box<str>),
}

/// Why who looks after the gateway did not change.
#[derive(Debug, Clone)]
pub enum PeopleError {
    /// The name is none.
    Name,
    /// The password is too short, too long or the name.
    WeakPassword,
    /// The store says no.
    Refused(PeopleRefused),
    /// Too many dear comparisons wait; try again.
    Overloaded,
    /// The store could not be read.
    Read(StoreError),
    /// The store could not be written.
    Commit(CommitError),
    /// A fault of ours.
    Bug(Box<str>),
}

impl std::fmt::Display for PeopleError {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Name => write!(
                f,
                "a name has 1 to {NAME_CHARS_MAX} small letters, digits, full stops, hyphens or underscores, and begins with a letter"
            ),
            Self::WeakPassword => write!(
                f,
                "a password has {} to {} characters and does not hold the name",
                PASSWORD_CHARS.start(),
                PASSWORD_CHARS.end()
            ),
            Self::Refused(PeopleRefused::NameTaken) => f.write_str("somebody has that name"),
            Self::Refused(PeopleRefused::Unknown) => f.write_str("there is no operator of that name"),
            Self::Refused(PeopleRefused::TooMany) => f.write_str("there are as many operators as there may be"),
            Self::Refused(PeopleRefused::KeyGone) => f.write_str("the keys at rest change just now; try again"),
            Self::Overloaded => f.write_str("too many secrets are compared just now; try again"),
            Self::Read(error) => error.fmt(f),
            Self::Commit(error) => error.fmt(f),
            Self::Bug(why) => write!(f, "the store answered with something else ({why}): report this as a bug"),
        }
    }
}

impl std::error::Error for PeopleError {}

impl From<CommitError> for PeopleError {
    fn from(error: CommitError) -> Self {
        Self::Commit(error)
    }
}

impl Engine {
    /// Everybody who looks after the gateway, by name.
    ///
    /// # Errors
    /// [`StoreError::Read`].
    pub async fn operators(&self) -> Result<Vec<Operator>, StoreError> {
        self.read(|store| store.operators()).await
    }

    /// Who signs in.
    ///
    /// # Errors
    /// [`SignInRefused`].
    pub async fn sign_in(&self, sign_in: SignIn<'_>, origin: Origin) -> Result<Operator, SignInRefused> {
        let (name, source, now) = (KeyName::of(NAMES, sign_in.name), Source::of(origin.address), self.world.now());
        let too_many = |wait| SignInRefused::TooManyFailures { wait };
        self.wrong_codes().judge(name, now).map_err(too_many)?;
        {
            // It counts as failed until it is known not to be: many at once would else all be judged before the first of them counts.
            let mut failures = self.failures();
            failures.judge(name, source, now).map_err(too_many)?;
            failures.failed(name, source, now);
        }
        let proved = self.prove_operator(&sign_in, name, source, now).await;
        if !matches!(proved, Ok(None)) {
            self.failures().forgiven(name, source, now);
        }
        match proved {
            Ok(Some(operator)) => {
                self.failures().proved(name, source);
                self.wrong_codes().right(name);
                Ok(operator)
            }
            Ok(None) => {
                metrics::counter!("whimbrel_auth_failures_total", "dialect" => NAMES).increment(1);
                Err(SignInRefused::Wrong)
            }
            Err(refused) => Err(refused),
        }
    }

    fn wrong_codes(&self) -> MutexGuard<'_, WrongCodes> {
        self.wrong_codes.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Whoever has that name, password and code.
    async fn prove_operator(
        &self,
        sign_in: &SignIn<'_>,
        name: KeyName,
        source: Source,
        now: Timestamp,
    ) -> Result<Option<Operator>, SignInRefused> {
        let operators = self.operators().await.map_err(|error| SignInRefused::Store(error.to_string().into()))?;
        let operator = operators.into_iter().find(|operator| &*operator.name == sign_in.name);
        let (keyring, password) = (Arc::clone(&self.keyring), sign_in.password.clone());
        let compare = move || {
            let proved = match operator {
                Some(operator) if keyring.proves(&operator.verifier, &password) => Some(operator),
                Some(_) => None,
                None => {
                    keyring.prove_nothing(&password);
                    None
                }
            };
            // Where a code is asked for as well, the password alone is no more than a guess, and answered as late.
            let is_done = proved.as_ref().is_some_and(|operator: &Operator| operator.totp.is_none());
            let spent = if is_done { Spent::Well } else { Spent::OnAGuess };
            (proved, spent)
        };
        let proved = self.prover.run(Asker::Source(source), compare).await;
        let Some(operator) = proved.map_err(|Overloaded| SignInRefused::Overloaded)? else { return Ok(None) };
        // Counted before the store is asked, for the same reason.
        if operator.totp.is_some() {
            self.wrong_codes().wrong(name, now);
        }
        let code_op = match &operator.totp {
            None => return Ok(Some(operator)),
            Some(totp) => match (sign_in.code_step)(&totp.secret, sign_in.code.expose(), totp.used_step, now) {
                Some(step) => PeopleOp::UseStep { id: operator.id, step, at: now },
                None => PeopleOp::UseRecoveryCode {
                    id: operator.id,
                    digests: self.keyring.digests(&recovery_code(&sign_in.code)),
                    at: now,
                },
            },
        };
        match self.change(Op::People(code_op), |_| {}).await {
            Ok(Some(OpResult::People(PeopleDone::Code(Used::First)))) => Ok(Some(operator)),
            Ok(Some(OpResult::People(PeopleDone::Code(Used::Again)))) => Ok(None),
            Ok(_) => Err(SignInRefused::Store("an answer of another kind".into())),
            Err(error) => Err(SignInRefused::Store(error.to_string().into())),
        }
    }

    /// One more who looks after the gateway.
    ///
    /// # Errors
    /// [`PeopleError`]; nothing was changed.
    pub async fn add_operator(
        &self,
        name: &str,
        role: OperatorRole,
        password: &Secret,
    ) -> Result<Operator, PeopleError> {
        judge_name(name)?;
        judge_password(password, name)?;
        let id = OperatorId(self.world.next_id());
        let at = self.world.now();
        self.with_verifier(password, |verifier| {
            PeopleOp::Add(NewOperator { id, name: name.into(), role, verifier, at })
        })
        .await
    }

    /// Another password for an operator.
    ///
    /// # Errors
    /// [`PeopleError`]; nothing was changed.
    pub async fn set_operator_password(&self, name: &str, password: &Secret) -> Result<Operator, PeopleError> {
        let id = self.operator_named(name).await?.id;
        judge_password(password, name)?;
        let at = self.world.now();
        self.with_verifier(password, |verifier| PeopleOp::SetPassword { id, verifier, at }).await
    }

    /// One less; answers who it was.
    ///
    /// # Errors
    /// [`PeopleError`]; nothing was changed.
    pub async fn remove_operator(&self, name: &str) -> Result<OperatorId, PeopleError> {
        let id = self.operator_named(name).await?.id;
        match self.change_people(PeopleOp::Remove { id, at: self.world.now() }).await? {
            PeopleDone::Removed => Ok(id),
            other => Err(unexpected(&other)),
        }
    }

    /// Codes of an app are asked for from an operator from now on: made from `secret`, or one of `recovery_codes`, each once.
    ///
    /// # Errors
    /// [`PeopleError`]; nothing was changed.
    pub async fn ask_for_codes(
        &self,
        name: &str,
        secret: &Secret,
        recovery_codes: &[Secret],
    ) -> Result<Operator, PeopleError> {
        let id = self.operator_named(name).await?.id;
        let at = self.world.now();
        let recovery_codes = recovery_codes.iter().map(|code| self.keyring.verifier(&recovery_code(code))).collect();
        let totp = TotpChange::On { secret: secret.clone(), recovery_codes };
        self.operator_changed(PeopleOp::SetTotp { id, totp, at }).await
    }

    /// Codes of an app are asked for no more.
    ///
    /// # Errors
    /// [`PeopleError`]; nothing was changed.
    pub async fn ask_for_no_codes(&self, name: &str) -> Result<Operator, PeopleError> {
        let id = self.operator_named(name).await?.id;
        self.operator_changed(PeopleOp::SetTotp { id, totp: TotpChange::Off, at: self.world.now() }).await
    }

    /// Writes down what somebody does or did; the same id again, what it was answered.
    ///
    /// # Errors
    /// [`CommitError`]; it is not written down.
    pub async fn write_down(&self, entry: AuditEntry) -> Result<(), PeopleError> {
        match self.change(Op::Audit(Box::new(entry)), |_| {}).await? {
            Some(OpResult::Audited) => Ok(()),
            _ => Err(PeopleError::Bug("an answer of another kind".into())),
        }
    }

    /// Adds what was answered. Nobody waits for it: who did something is not to wait for two flushes.
    pub fn write_down_answer(&self, entry: AuditEntry) {
        let then = |result: Result<Vec<OpResult>, CommitError>| {
            if let Err(error) = result {
                tracing::error!(%error, "an act was done whose answer could not be added to the audit log");
            }
        };
        self.batcher.push_in_passing(vec![Op::Audit(Box::new(entry))], Box::new(then));
    }

    /// A page of what was written down, the newest first: all of it that was handed over before this was asked.
    ///
    /// # Errors
    /// [`StoreError::Read`].
    pub async fn audit_log(&self, before: Option<i64>, count_max: usize) -> Result<Vec<AuditEntry>, StoreError> {
        self.batcher.reached().await;
        self.read(move |store| store.audit_log(before, count_max)).await
    }

    async fn operator_named(&self, name: &str) -> Result<Operator, PeopleError> {
        let operators = self.operators().await.map_err(PeopleError::Read)?;
        let found = operators.into_iter().find(|operator| &*operator.name == name);
        found.ok_or(PeopleError::Refused(PeopleRefused::Unknown))
    }

    /// Makes what proves a password, dearly, and what is to be done with it; again if its key is given up meanwhile.
    async fn with_verifier(
        &self,
        password: &Secret,
        op: impl Fn(SecretVerifier) -> PeopleOp,
    ) -> Result<Operator, PeopleError> {
        for _ in 0..VERIFIER_TRIES_MAX {
            let (keyring, password) = (Arc::clone(&self.keyring), password.clone());
            let make = move || (keyring.chosen_verifier(&password), Spent::Well);
            let made = self.prover.run(Asker::Source(Source::of(None)), make).await;
            let verifier = made.map_err(|Overloaded| PeopleError::Overloaded)?;
            let verifier = verifier.map_err(|error| PeopleError::Bug(error.to_string().into()))?;
            match self.operator_changed(op(verifier)).await {
                Err(PeopleError::Refused(PeopleRefused::KeyGone)) => {}
                done => return done,
            }
        }
        Err(PeopleError::Refused(PeopleRefused::KeyGone))
    }

    async fn operator_changed(&self, change: PeopleOp) -> Result<Operator, PeopleError> {
        match self.change_people(change).await? {
            PeopleDone::Operator(operator) => Ok(*operator),
            other => Err(unexpected(&other)),
        }
    }

    async fn change_people(&self, change: PeopleOp) -> Result<PeopleDone, PeopleError> {
        match self.change(Op::People(change), |_| {}).await? {
            Some(OpResult::People(PeopleDone::Refused(why))) => Err(PeopleError::Refused(why)),
            Some(OpResult::People(done)) => Ok(done),
            Some(OpResult::Failed(why)) => Err(PeopleError::Bug(why)),
            _ => Err(PeopleError::Bug("an answer of another kind".into())),
        }
    }
}

fn unexpected(done: &PeopleDone) -> PeopleError {
    PeopleError::Bug(format!("{done:?}").into())
}

fn judge_name(name: &str) -> Result<(), PeopleError> {
    let is_good = (1..=NAME_CHARS_MAX).contains(&name.len())
        && name.starts_with(|first: char| first.is_ascii_lowercase())
        && name.bytes().all(|byte| byte.is_ascii_lowercase() || byte.is_ascii_digit() || b".-_".contains(&byte));
    if is_good { Ok(()) } else { Err(PeopleError::Name) }
}

fn judge_password(password: &Secret, name: &str) -> Result<(), PeopleError> {
    let text = password.expose();
    let is_good = PASSWORD_CHARS.contains(&text.chars().count()) && !text.to_lowercase().contains(name);
    if is_good { Ok(()) } else { Err(PeopleError::WeakPassword) }
}

/// A recovery code as it is digested: without the hyphens and blanks that make it readable, in small letters.
fn recovery_code(typed: &Secret) -> Secret {
    let plain = typed.expose().chars().filter(|char| char.is_ascii_alphanumeric());
    Secret::new(plain.map(|char| char.to_ascii_lowercase()).collect::<String>())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_plain_and_passwords_long() {
        for good in ["ann", "a", "ann.b-c_9"] {
            assert!(judge_name(good).is_ok(), "{good}");
        }
        for bad in ["", "Ann", "9ann", "ann b", "ann/b", "ann\n", "änn", &"a".repeat(41)] {
            assert!(judge_name(bad).is_err(), "{bad}");
        }
        let judge = |password: &str| judge_password(&Secret::new(password), "ann").is_ok();
        assert!(judge("twelve chars") && judge(&"ü".repeat(12)) && judge(&"x".repeat(256)));
        assert!(!judge("eleven char") && !judge(&"x".repeat(257)) && !judge("my name is Ann, really"));
    }

    #[test]
    fn a_recovery_code_may_be_typed_in_any_way() {
        for typed in ["abcd-efgh-2345", "ABCD EFGH 2345", "abcdefgh2345"] {
            assert_eq!(recovery_code(&Secret::new(typed)).expose(), "abcdefgh2345");
        }
    }
}
