//! Calls about the secrets of an account, and what they come to, as files state them.

use std::fmt::Write as _;

use whimbrel_core::{SecretId, SecretRefusal, SecretShown, SecretsCall, SecretsOutcome, SecretsWish, credential};

use super::file::Facts;

pub(super) fn print_call(out: &mut String, call: &SecretsCall) {
    let _ = match &call.wish {
        SecretsWish::List => write!(out, "call: list secrets of {}", call.key),
        SecretsWish::Add(secret) => write!(out, "call: add secret {} to {}", secret.expose(), call.key),
        SecretsWish::Show { id } => write!(out, "call: show secret {id} of {}", call.key),
        SecretsWish::Revoke { id } => write!(out, "call: revoke secret {id} of {}", call.key),
    };
}

/// `listed`, `added`, `shown`, `revoked`, with a `secret: <id> <instant>` for each; `other account`; `unknown` with `id`; `weak`,
/// `in use`, `too many`, `last`.
pub(super) fn outcome(facts: &Facts<'_>) -> SecretsOutcome {
    let key = || facts.get("key").into();
    let secrets = || facts.0.lines().filter_map(|line| line.strip_prefix("secret: ")).map(shown).collect::<Vec<_>>();
    let refused = SecretsOutcome::Refused;
    match facts.get("came to") {
        "listed" => SecretsOutcome::Listed { key: key(), secrets: secrets() },
        "added" => SecretsOutcome::Added { key: key(), secret: secrets()[0] },
        "shown" => SecretsOutcome::Shown { key: key(), secret: secrets()[0] },
        "revoked" => SecretsOutcome::Revoked,
        "other account" => SecretsOutcome::OtherAccount { key: key() },
        "unknown" => SecretsOutcome::Unknown { id: facts.get("id").into() },
        "weak" => refused(SecretRefusal::Weak(credential::SecretFault::TooShort)),
        "in use" => refused(SecretRefusal::InUse),
        "too many" => refused(SecretRefusal::TooMany),
        "last" => refused(SecretRefusal::Last),
        other => panic!("no outcome `{other}` of a call about secrets"),
    }
}

fn shown(text: &str) -> SecretShown {
    let (id, at) = text.split_once(' ').expect("an id and an instant");
    SecretShown {
        id: SecretId::parse(id).expect("a UUID"),
        created_at: whimbrel_core::Timestamp(at.parse().expect("microseconds")),
    }
}
