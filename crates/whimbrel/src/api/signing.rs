//! How an account signs, and what its key may be used for.

use serde_json::{Value, json};
use whimbrel_core::policy::SOURCE_NETWORKS_MAX;
use whimbrel_core::{
    Account, AuthMethod, Choice, KeyPolicy, Member, Money, Secret, SignatureMethod, SignatureRule, Signing,
    SourceNetwork, Span, WebhookSigning,
};
use whimbrel_dialects::KeySignatures;
use whimbrel_dialects::http::HttpResponse;
use whimbrel_dialects::registry;
use whimbrel_engine::directory::Entry;
use whimbrel_store::AccountPatch;

use super::accounts::{entry, refused};
use super::json::{Fields, bad};
use super::{Api, document};
use crate::gateway::secrets::signature_secret;
use crate::server::IncomingRequest;

const METHODS: &str = "md5hash, md5, sha1, sha256, sha512";
/// 30 days: whoever needs longer has not changed the secret.
const OVERLAP_SECONDS_MAX: u32 = 30 * 86_400;
/// A day.
const OVERLAP_SECONDS: u32 = 86_400;
/// A secret of a vendor's account may be brought along.
const SECRET_BYTES: std::ops::RangeInclusive<usize> = 8..=64;

/// `GET accounts/{key}/signing`.
pub(super) fn show(api: &Api, key: &str) -> HttpResponse {
    entry(api, key).map_or_else(|refused| refused, |entry| document(200, &shown(&entry)))
}

/// `PATCH accounts/{key}/signing`.
pub(super) async fn patch(api: &Api, key: &str, request: &IncomingRequest) -> HttpResponse {
    let patched = entry(api, key).and_then(|entry| {
        let mut fields = Fields::read(request.body(), &["method", "webhooks"])?;
        let now = entry.account.signing;
        let signing = Signing {
            method: fields.word("method", SignatureMethod::parse, METHODS)?.unwrap_or(now.method),
            webhooks: fields.word("webhooks", WebhookSigning::parse, "signed, unsigned")?.unwrap_or(now.webhooks),
        };
        fits(signing, &entry.account.policy)?;
        let patch = AccountPatch::new(entry.account.id, api.engine.world().now());
        Ok(AccountPatch { signing: Some(signing), ..patch })
    });
    match patched {
        Ok(patch) => match api.engine.patch_account(patch).await {
            Ok(_) => show(api, key),
            Err(error) => refused(&error),
        },
        Err(refused) => refused,
    }
}

/// `POST accounts/{key}/signing/rotate`: another signature secret, made here and shown this once unless it is in the body.
pub(super) async fn rotate(api: &Api, key: &str, request: &IncomingRequest) -> HttpResponse {
    let read = entry(api, key).and_then(|entry| {
        let body = if request.body().is_empty() { b"{}" } else { request.body() };
        let mut fields = Fields::read(body, &["secret", "overlap_seconds"])?;
        let overlap = fields.count("overlap_seconds", OVERLAP_SECONDS_MAX)?.unwrap_or(OVERLAP_SECONDS);
        let brought = fields.text("secret")?.map(checked_secret).transpose()?;
        Ok((entry, brought, Span::seconds(overlap.into())))
    });
    let (entry, brought, overlap) = match read {
        Ok(read) => read,
        Err(refused) => return refused,
    };
    let is_ours = brought.is_none();
    let world = api.engine.world();
    let secret = brought.unwrap_or_else(|| signature_secret(|| world.random()));
    match api.engine.rotate_signature_secret(entry.account.id, secret.clone(), overlap).await {
        Ok(secrets) => {
            let ends_at = secrets.previous.map(|previous| previous.ends_at.to_string());
            let mut rotated = json!({ "api_key": entry.account.key, "previous_ends_at": ends_at });
            if is_ours {
                rotated["signature_secret"] = json!(secret.expose());
                rotated["note"] = json!("the secret is shown this once");
            }
            document(200, &rotated)
        }
        Err(error) => refused(&error),
    }
}

fn checked_secret(secret: String) -> Result<Secret, HttpResponse> {
    let is_visible = secret.bytes().all(|byte| byte.is_ascii_graphic());
    match SECRET_BYTES.contains(&secret.len()) && is_visible {
        true => Ok(Secret::new(secret)),
        false => Err(bad("`secret` must be 8 to 64 visible ASCII characters")),
    }
}

/// `GET accounts/{key}/policy`.
pub(super) fn show_policy(api: &Api, key: &str) -> HttpResponse {
    entry(api, key).map_or_else(|refused| refused, |entry| document(200, &shown_policy(&entry.account)))
}

/// `PATCH accounts/{key}/policy`.
pub(super) async fn patch_policy(api: &Api, key: &str, request: &IncomingRequest) -> HttpResponse {
    let patched = entry(api, key).and_then(|entry| {
        let policy = read_policy(&entry, request.body())?;
        let patch = AccountPatch::new(entry.account.id, api.engine.world().now());
        Ok(AccountPatch { policy: Some(policy), ..patch })
    });
    match patched {
        Ok(patch) => match api.engine.patch_account(patch).await {
            Ok(_) => show_policy(api, key),
            Err(error) => refused(&error),
        },
        Err(refused) => refused,
    }
}

fn read_policy(entry: &Entry, body: &[u8]) -> Result<KeyPolicy, HttpResponse> {
    let account = &entry.account;
    let known = &["methods", "signature", "signature_method_min", "networks", "scopes", "spend_per_day_max"];
    let mut fields = Fields::read(body, known)?;
    let mut policy = KeyPolicy::clone(&account.policy);
    if let Some(methods) = fields.texts("methods")? {
        policy.methods = choice("methods", &methods)?;
    }
    if let Some(scopes) = fields.texts("scopes")? {
        policy.scopes = choice("scopes", &scopes)?;
    }
    if let Some(signature) = fields.word("signature", SignatureRule::parse, "optional, where-possible, required")? {
        policy.signature = signature;
    }
    if let Some(method) = fields.word("signature_method_min", SignatureMethod::parse, METHODS)? {
        policy.signature_method_min = method;
    }
    if let Some(networks) = fields.texts("networks")? {
        policy.networks = networks_of(&networks)?;
    }
    if let Some(cap) = fields.text("spend_per_day_max")? {
        policy.spend_per_day_max = match cap.as_str() {
            "" => None,
            cap => Some(
                Money::parse(cap, account.currency)
                    .ok()
                    .filter(|cap| cap.units >= 0)
                    .ok_or_else(|| bad("`spend_per_day_max` must be an amount such as \"25.00\", or empty for none"))?,
            ),
        };
    }
    let has_signatures = registry::by_name(&entry.dialect).is_none_or(|dialect| {
        dialect.descriptor().secret_keys.is_none() || dialect.key_signatures() == KeySignatures::Known
    });
    if policy.signature == SignatureRule::Required && !has_signatures {
        return Err(bad("`signature` cannot be required: the account's dialect has secret keys and no signatures"));
    }
    fits(account.signing, &policy)?;
    Ok(policy)
}

fn choice<T: Member>(name: &str, words: &[String]) -> Result<Choice<T>, HttpResponse> {
    let text = if words.is_empty() { "none".to_owned() } else { words.join(",") };
    Choice::parse(&text).ok_or_else(|| {
        let known: Vec<_> = T::ALL.iter().map(|member| member.name()).collect();
        bad(&format!("`{name}` must be an array of some of {}, or [\"all\"]", known.join(", ")))
    })
}

fn networks_of(texts: &[String]) -> Result<Vec<SourceNetwork>, HttpResponse> {
    if texts.len() > SOURCE_NETWORKS_MAX {
        return Err(bad(&format!("`networks` may have {SOURCE_NETWORKS_MAX} entries at most")));
    }
    let network = |text: &String| text.parse().map_err(|error| bad(&format!("`networks`: {error}")));
    texts.iter().map(network).collect()
}

/// Refuses what would leave no way in.
fn fits(signing: Signing, policy: &KeyPolicy) -> Result<(), HttpResponse> {
    let signed = [AuthMethod::Signature, AuthMethod::Token, AuthMethod::OAuth];
    let has_way = match policy.signature {
        SignatureRule::Required => signed.iter().any(|method| policy.methods.holds(*method)),
        SignatureRule::Optional | SignatureRule::WherePossible => policy.methods.iter().next().is_some(),
    };
    if !has_way {
        return Err(bad(
            "`methods` and `signature` together would leave no way in: suspend the account if that is meant",
        ));
    }
    if signing.method < policy.signature_method_min {
        let (method, min) = (signing.method.as_str(), policy.signature_method_min.as_str());
        return Err(bad(&format!(
            "the account signs by {method}, which is weaker than the policy's {min}: change the method and the account's \
             applications first, then the policy"
        )));
    }
    Ok(())
}

fn shown(entry: &Entry) -> Value {
    let secrets = &entry.signature_secrets;
    json!({
        "api_key": entry.account.key,
        "method": entry.account.signing.method.as_str(),
        "webhooks": entry.account.signing.webhooks.as_str(),
        "secret_created_at": secrets.current.created_at.to_string(),
        "previous_ends_at": secrets.previous.as_ref().map(|previous| previous.ends_at.to_string()),
    })
}

fn shown_policy(account: &Account) -> Value {
    let policy = &account.policy;
    let names = |names: Vec<&'static str>| json!(names);
    json!({
        "api_key": account.key,
        "methods": names(policy.methods.iter().map(Member::name).collect()),
        "signature": policy.signature.as_str(),
        "signature_method_min": policy.signature_method_min.as_str(),
        "networks": policy.networks.iter().map(SourceNetwork::to_string).collect::<Vec<_>>(),
        "scopes": names(policy.scopes.iter().map(Member::name).collect()),
        "spend_per_day_max": policy.spend_per_day_max.map(Money::eight_decimals),
    })
}
