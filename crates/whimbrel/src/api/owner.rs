//! What an account's owner may do of the native API: the part below its own account, by the account's own credentials.
//!
//! There is no other credential to lose: whoever has the key has the account by the vendor's API anyway, and the key's policy,
//! the failure limits and the account's rate hold here as there. An account that is not the caller's looks like one that there is
//! not. What costs the operator money or loosens what the operator demands is not among the calls.

use std::sync::Arc;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use serde_json::Value;
use whimbrel_core::policy::Signable;
use whimbrel_core::{Account, AuthMethod, KeyMode, Refusal, Scope, Secret};
use whimbrel_dialects::Claim;
use whimbrel_dialects::http::HttpResponse;
use whimbrel_dialects::registry::{self, DIALECTS};
use whimbrel_engine::{Origin, SignedInOwner};

use super::audit::Lined;
use super::json::bad;
use super::{Api, PREFIX, accounts, not_found, shown_to};
use crate::server::{IncomingRequest, problem};

/// Names the dialect of an account whose key an account of another dialect has as well.
const DIALECT_HEADER: &str = "x-whimbrel-dialect";
/// Stands for the caller's own key.
const SELF: &str = "self";

/// What owners may call, below `accounts/{key}`; `*` is anything. A key for trying out may call what reads, but for
/// [`LIVE_ONLY`].
const CALLS: &[Entry] = &[
    ("GET", &[], Scope::Read),
    ("PATCH", &[], Scope::Account),
    ("GET", &["usage"], Scope::Read),
    ("GET", &["ledger"], Scope::Read),
    ("GET", &["messages"], Scope::Read),
    ("GET", &["messages", "*"], Scope::Read),
    ("POST", &["messages", "*", "share"], Scope::Account),
    ("GET", &["inbound"], Scope::Read),
    ("GET", &["wait"], Scope::Read),
    ("POST", &["webhooks", "test"], Scope::Account),
    ("GET", &["policy"], Scope::Read),
    ("GET", &["secrets"], Scope::Secrets),
    ("POST", &["secrets"], Scope::Secrets),
    ("DELETE", &["secrets", "*"], Scope::Secrets),
    ("GET", &["signing"], Scope::Read),
    ("POST", &["signing", "rotate"], Scope::Secrets),
    ("GET", &["applications"], Scope::Applications),
    ("POST", &["applications"], Scope::Applications),
    ("DELETE", &["applications", "*"], Scope::Applications),
    ("POST", &["applications", "*", "key"], Scope::Applications),
    ("GET", &["webhooks"], Scope::Read),
    ("GET", &["webhooks", "attempts"], Scope::Read),
    ("POST", &["webhooks", "secret"], Scope::Secrets),
    ("GET", &["oauth", "grants"], Scope::Account),
    ("DELETE", &["oauth", "grants", "*"], Scope::Account),
];

/// What reads and is still not for a key for trying out: it shows numbers and texts of all messages of the account.
const LIVE_ONLY: &[&[&str]] = &[&["webhooks", "attempts"]];

/// What an owner may set of its account.
const FIELDS: &[&str] = &["receipt_url", "inbound_url", "webhook_method"];

/// Somebody who says that an account is its own.
pub(super) struct Owner {
    dialect: &'static str,
    claim: Claim,
}

/// Who says so; `None` if the request has no credentials that an account could have.
pub(super) fn read(api: &Api, request: &IncomingRequest) -> Option<Owner> {
    let (scheme, credentials) = request.header("authorization")?.trim().split_once(' ')?;
    let named = request.header(DIALECT_HEADER).and_then(registry::by_name).map(|dialect| dialect.descriptor().id);
    if scheme.eq_ignore_ascii_case("bearer") {
        return of_secret_key(Secret::new(credentials.trim()));
    }
    if !scheme.eq_ignore_ascii_case("basic") {
        return None;
    }
    let pair = String::from_utf8(STANDARD.decode(credentials.trim()).ok()?).ok()?;
    let (key, secret) = pair.split_once(':')?;
    of_pair(api, named, key, Secret::new(secret))
}

// Where a request cannot be signed, the policy says whether it is taken.
const SIGNABLE: Signable = Signable::No;

fn of_secret_key(secret: Secret) -> Option<Owner> {
    let has_form = |dialect: &&'static dyn whimbrel_dialects::Dialect| {
        dialect.descriptor().secret_keys.as_ref().is_some_and(|form| form.mode(&secret).is_some())
    };
    let dialect = DIALECTS.iter().find(|dialect| has_form(dialect))?.descriptor().id;
    let claim = Claim::SecretKey { secret, method: AuthMethod::SecretKey, signable: SIGNABLE };
    Some(Owner { dialect, claim })
}

fn of_pair(api: &Api, named: Option<&'static str>, key: &str, secret: Secret) -> Option<Owner> {
    let dialect = named.or_else(|| match api.engine.directory().with_key(key).as_slice() {
        [entry] => registry::by_name(&entry.dialect).map(|dialect| dialect.descriptor().id),
        _ => None,
    });
    let dialect = dialect.or_else(|| DIALECTS.first().map(|dialect| dialect.descriptor().id))?;
    let claim = Claim::KeyAndSecret { key: key.into(), secret, method: AuthMethod::Basic, signable: SIGNABLE };
    Some(Owner { dialect, claim })
}

impl Owner {
    /// The claim as the policy judges it for such a call. Nothing here can be signed; but who could make a secret by a secret alone
    /// could sign whatever must be signed elsewhere, so there it counts as if it could.
    fn claim_for(self, method: &str, scope: Scope) -> Claim {
        let makes_secrets = makes_secrets(method, scope);
        match self.claim {
            Claim::SecretKey { secret, method, .. } if makes_secrets => {
                Claim::SecretKey { secret, method, signable: Signable::Yes }
            }
            Claim::KeyAndSecret { key, secret, method, .. } if makes_secrets => {
                Claim::KeyAndSecret { key, secret, method, signable: Signable::Yes }
            }
            claim => claim,
        }
    }
}

/// A call that an owner may make, below its account.
struct Call<'a> {
    /// The account as the path names it; `None`: the call is none of an owner's.
    key: Option<&'a str>,
    below: Vec<&'a str>,
    scope: Scope,
    /// Method and path, with `*` for what is different from call to call.
    kind: String,
}

impl<'a> Call<'a> {
    fn read(request: &'a IncomingRequest) -> Self {
        let rest = request.path().strip_prefix(PREFIX).unwrap_or_default();
        let segments: Vec<&str> = rest.trim_end_matches('/').split('/').collect();
        let found = match segments.as_slice() {
            ["accounts", key, below @ ..] => entry(request.method(), below).map(|entry| (*key, below.to_vec(), entry)),
            _ => None,
        };
        match found {
            Some((key, below, (method, pattern, scope))) => {
                let path: String = pattern.iter().map(|part| format!("/{part}")).collect();
                Self { key: Some(key), below, scope: *scope, kind: format!("{method} accounts/*{path}") }
            }
            // Who it is comes first, also where there is nothing for it: nobody learns by a guess what there is.
            None => Self { key: None, below: Vec::new(), scope: Scope::Read, kind: String::new() },
        }
    }
}

impl Api {
    /// Answers an owner who proves itself by this request.
    pub(super) async fn handle_owner(&self, owner: Owner, request: &IncomingRequest, origin: Origin) -> HttpResponse {
        let call = Call::read(request);
        let dialect = owner.dialect;
        let claim = owner.claim_for(request.method(), call.scope);
        match self.engine.owner(dialect, &claim, origin, call.scope).await {
            Ok((account, mode)) => {
                self.answer_owner(Proved { dialect, account: &account, mode }, call, request, origin).await
            }
            Err(refusal) => refused(&refusal),
        }
    }

    /// Lets an owner sign in by what a form says; `None` if that cannot be an owner's.
    pub(crate) async fn sign_in_owner(
        &self,
        dialect: Option<&str>,
        key: &str,
        secret: Secret,
        origin: Origin,
    ) -> Option<Result<(&'static str, Arc<Account>, SignedInOwner), Refusal>> {
        let named = dialect.and_then(registry::by_name).map(|dialect| dialect.descriptor().id);
        let owner = if key.is_empty() { of_secret_key(secret) } else { of_pair(self, named, key, secret) }?;
        let signed_in = self.engine.sign_in_owner(owner.dialect, &owner.claim, origin).await;
        Some(signed_in.map(|(account, signed_in)| (owner.dialect, account, signed_in)))
    }

    /// Answers an owner who signed in.
    pub(super) async fn handle_signed_in_owner(
        &self,
        (dialect, owner): (&'static str, &SignedInOwner),
        request: &IncomingRequest,
        origin: Origin,
    ) -> HttpResponse {
        let call = Call::read(request);
        let signable = if makes_secrets(request.method(), call.scope) { Signable::Yes } else { Signable::No };
        match self.engine.owner_again(owner, origin, call.scope, signable) {
            // A key for trying out signs nobody in.
            Ok(account) => {
                let proved = Proved { dialect, account: &account, mode: KeyMode::Live };
                self.answer_owner(proved, call, request, origin).await
            }
            Err(refusal) => refused(&refusal),
        }
    }

    async fn answer_owner(
        &self,
        Proved { dialect, account, mode }: Proved<'_>,
        call: Call<'_>,
        request: &IncomingRequest,
        origin: Origin,
    ) -> HttpResponse {
        let Some(key) = call.key else { return not_for_owners(request.path()) };
        if key != SELF && !is_own(self, key, account) {
            return accounts::unknown();
        }
        if request.method() == "PATCH"
            && let Err(refused) = only_own_fields(request.body())
        {
            return refused;
        }
        let own = format!("{dialect}:{}", account.key);
        if mode == KeyMode::Test {
            return self.answer_trial(&own, &call.below, request).await;
        }
        let segments: Vec<&str> = ["accounts", &own].into_iter().chain(call.below).collect();
        let who = format!("owner:{own}");
        let lined = Lined::OfOwner { kind: &call.kind };
        self.written_down((&who, lined), request, origin, self.route(&segments, request)).await
    }

    /// Answers a key for trying out, which only reads. It is handed around more freely than others: of texts it sees what such keys
    /// sent, and of URLs, which may hold secrets, where they lead.
    async fn answer_trial(&self, own: &str, below: &[&str], request: &IncomingRequest) -> HttpResponse {
        if LIVE_ONLY.contains(&below) {
            return problem(403, "Forbidden", "a key for trying out does not see this: use one for real messages");
        }
        let answer = match below.first() {
            Some(&("messages" | "inbound" | "wait")) => self.route_texts(own, KeyMode::Test, below, request).await,
            _ => {
                let segments: Vec<&str> = ["accounts", own].into_iter().chain(below.iter().copied()).collect();
                self.route(&segments, request).await
            }
        };
        shown_to::viewers(answer)
    }
}

/// An owner who proved who they are, and by what kind of key.
struct Proved<'a> {
    dialect: &'static str,
    account: &'a Account,
    mode: KeyMode,
}

/// Whether a call makes or ends what the account proves itself by.
fn makes_secrets(method: &str, scope: Scope) -> bool {
    method != "GET" && scope == Scope::Secrets
}

/// A line of [`CALLS`].
type Entry = (&'static str, &'static [&'static str], Scope);

fn entry(method: &str, below: &[&str]) -> Option<&'static Entry> {
    let method = if method == "HEAD" { "GET" } else { method };
    let fits = |pattern: &[&str]| {
        pattern.len() == below.len() && pattern.iter().zip(below).all(|(part, segment)| *part == "*" || part == segment)
    };
    CALLS.iter().find(|(known, pattern, _)| *known == method && fits(pattern))
}

fn is_own(api: &Api, key: &str, account: &Account) -> bool {
    accounts::find(api, key).is_ok_and(|id| id == account.id)
}

/// What is no JSON is told by whoever reads it.
fn only_own_fields(body: &[u8]) -> Result<(), HttpResponse> {
    let Ok(Value::Object(fields)) = serde_json::from_slice(body) else { return Ok(()) };
    match fields.keys().all(|name| FIELDS.contains(&name.as_str())) {
        true => Ok(()),
        false => Err(bad(&format!("an account's owner may set {}; the rest is the operator's", FIELDS.join(", ")))),
    }
}

fn not_for_owners(path: &str) -> HttpResponse {
    match path.starts_with(PREFIX) {
        true => {
            problem(403, "Forbidden", "this call is the operator's: see docs/api.md for those of an account's owner")
        }
        false => not_found(path),
    }
}

pub(super) fn refused(refusal: &Refusal) -> HttpResponse {
    match refusal {
        Refusal::TooManyFailures { wait } => {
            let mut answer = problem(429, "Too Many Requests", "too many failed to prove who calls: wait");
            let seconds = wait.0.max(0).unsigned_abs().div_ceil(1_000_000);
            answer.headers.push(("Retry-After", seconds.to_string().into()));
            answer
        }
        Refusal::TooManyRequests(_) => {
            let mut answer =
                problem(429, "Too Many Requests", "the account asks more often than it may: wait a second");
            answer.headers.push(("Retry-After", "1".into()));
            answer
        }
        Refusal::Overloaded => problem(503, "Service Unavailable", "too much is asked just now: try again"),
        Refusal::AccountBarred => problem(403, "Forbidden", "the account is suspended: ask the operator"),
        Refusal::ScopeNotAllowed { .. } | Refusal::HttpNotAllowed => {
            problem(403, "Forbidden", "the account's policy does not allow this: ask the operator")
        }
        Refusal::Internal => problem(500, "Internal Server Error", "something failed here; nothing was changed"),
        // A way or a network that the policy leaves out looks like a wrong secret, as with texts.
        _ => super::access::unauthorized("no account has this key and this secret, or not from here or in this way"),
    }
}

#[cfg(test)]
mod tests {
    use super::super::reference;
    use super::*;

    fn scope(method: &str, below: &[&str]) -> Option<Scope> {
        entry(method, below).map(|(_, _, scope)| *scope)
    }

    #[test]
    fn owners_may_call_what_is_listed_and_nothing_else() {
        assert_eq!(scope("GET", &[]), Some(Scope::Read));
        assert_eq!(scope("HEAD", &["usage"]), Some(Scope::Read));
        assert_eq!(scope("DELETE", &["secrets", "id"]), Some(Scope::Secrets));
        for (method, below) in [
            ("POST", &["topup"][..]),
            ("PUT", &["reload"]),
            ("DELETE", &["reload"]),
            ("PATCH", &["policy"]),
            ("PATCH", &["signing"]),
            ("POST", &["oauth", "consumers"]),
            ("DELETE", &[]),
            ("DELETE", &["messages", "id"]),
            ("GET", &["messages", "id", "wire"]),
            ("DELETE", &["secrets", "id", "more"]),
            ("POST", &["secrets", ""]),
        ] {
            assert_eq!(scope(method, below), None, "{method} {below:?}");
        }
    }

    #[test]
    fn an_owner_sets_where_webhooks_go_and_no_rule() {
        assert!(only_own_fields(br#"{"receipt_url":"","inbound_url":"x","webhook_method":"GET"}"#).is_ok());
        for rule in ["status", "access", "requests_per_second_max", "senders", "recipients", "name"] {
            assert!(only_own_fields(format!("{{\"{rule}\":1,\"receipt_url\":\"\"}}").as_bytes()).is_err(), "{rule}");
        }
    }

    #[test]
    fn the_document_names_what_owners_may_call_and_nothing_else() {
        let below = format!("{PREFIX}accounts/{{key}}");
        let described: std::collections::BTreeSet<String> = reference::native()
            .operations
            .iter()
            .filter(|operation| operation.proofs.iter().any(|proofs| proofs.contains(&"owner")))
            .filter_map(|operation| {
                let rest = operation.path.strip_prefix(&below)?;
                let segments = rest.split('/').map(|segment| if segment.starts_with('{') { "*" } else { segment });
                Some(format!("{} {}", operation.method.as_str(), segments.collect::<Vec<_>>().join("/")))
            })
            .collect();
        let allowed = CALLS.iter().map(|(method, pattern, _)| {
            let path: String = pattern.iter().map(|segment| format!("/{segment}")).collect();
            format!("{method} {path}")
        });
        assert_eq!(described, allowed.collect());
    }
}
