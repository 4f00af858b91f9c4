//! Accounts as operators make and change them.

use std::sync::Arc;

use serde_json::{Value, json};
use whimbrel_core::account::AccountStatus;
use whimbrel_core::network::CountryCode;
use whimbrel_core::plan::parts_of;
use whimbrel_core::zone::Zone;
use whimbrel_core::{
    Access, Account, AccountId, AccountRules, Alphabet, Bucket, CODE_MARK, Content, Currency, Cut, Endpoint,
    EndpointKind, Facility, HttpMethodChoice, KeyMode, MessageClass, MessageText, Money, OtpSettings, Recipients,
    SenderId, Senders, Signing, Unmappable, country,
};
use whimbrel_dialects::http::HttpResponse;
use whimbrel_dialects::registry;
use whimbrel_engine::directory::Entry;
use whimbrel_engine::{AccountError, NewCustomer, NewReload};
use whimbrel_sms::ConcatRef;
use whimbrel_store::{AccountPatch, AccountRefused, AccountView, TopUp};

use super::json::{Fields, bad};
use super::{Api, document, unavailable};
use crate::gateway::{dev, secrets};
use crate::server::{IncomingRequest, problem};

/// The highest rate that can be set; 0 stands for none.
const RATE_MAX: u32 = 1_000_000;
/// Payments that an account may call up by itself, at most.
const RELOADS_MAX: u32 = 1_000_000;
/// Longest URL of an endpoint.
const URL_BYTES_MAX: usize = 2_000;

/// Of a new account, as operators and as its owner may give them.
const FIELDS: &[&str] = &["name", "dialect", "currency", "default_class", "receipt_url", "inbound_url", "credit"];
pub(super) const SIGN_UP_FIELDS: &[&str] = &["name", "dialect", "currency", "receipt_url", "inbound_url"];
/// Accounts that one answer lists.
const LISTED_DEFAULT: usize = 100;
const LISTED_MAX: usize = 1_000;

/// `GET accounts?after=&limit=`: by their keys, without their wallets.
pub(super) fn list(api: &Api, request: &IncomingRequest) -> HttpResponse {
    let (mut after, mut limit) = (String::new(), LISTED_DEFAULT);
    for (name, value) in form_urlencoded::parse(request.query().as_bytes()) {
        match (&*name, value.parse::<usize>()) {
            ("after", _) => after = value.into_owned(),
            ("limit", Ok(count)) if (1..=LISTED_MAX).contains(&count) => limit = count,
            ("limit", _) => return bad(&format!("`limit` must be a whole number from 1 to {LISTED_MAX}")),
            _ => return bad("the parameters are after (an account, as `dialect:key`) and limit"),
        }
    }
    let listed: Vec<Value> = api.engine.directory().after(&after, limit).iter().map(|entry| {
        let account = &entry.account;
        json!({
            "account": format!("{}:{}", entry.dialect, account.key), "api_key": account.key, "dialect": entry.dialect,
            "name": account.name, "currency": account.currency.as_str(), "status": account.status.as_str(),
        })
    }).collect();
    document(200, &json!({ "accounts": listed }))
}

/// `POST accounts`: makes an account; key and secrets are made here and shown this once.
pub(super) async fn create(api: &Api, request: &IncomingRequest) -> HttpResponse {
    match read_customer(api, request.body(), FIELDS) {
        Ok((customer, shown)) => match api.engine.create_account(customer).await {
            Ok(_) => document(201, &shown),
            Err(error) => refused(&error),
        },
        Err(refused) => refused,
    }
}

/// A new account, and what is shown of it. `allowed`: the fields that may be given.
pub(super) fn read_customer(
    api: &Api,
    body: &[u8],
    allowed: &'static [&'static str],
) -> Result<(NewCustomer, Value), HttpResponse> {
    let mut fields = Fields::read(if body.is_empty() { b"{}" } else { body }, allowed)?;
    let name = fields.text("name")?.unwrap_or_default();
    if name.chars().count() > 100 || name.chars().any(char::is_control) {
        return Err(bad("`name` must have at most 100 characters, none of them control characters"));
    }
    let dialects = registry::DIALECTS.iter().map(|dialect| dialect.descriptor().id).collect::<Vec<_>>().join(", ");
    let dialect = match fields.word("dialect", registry::by_name, &dialects)? {
        Some(dialect) => dialect.descriptor(),
        None => registry::DIALECTS
            .first()
            .map(|dialect| dialect.descriptor())
            .ok_or_else(|| bad("no dialect is built in"))?,
    };
    let usual = dialect.new_accounts;
    let welcome = |word: &str| (word == "welcome").then_some(());
    let credit = match allowed.contains(&"credit") {
        true => fields.word("credit", welcome, "welcome: the free credit of who signs up")?,
        false => None,
    };
    let code = |code: &str| code.parse::<Currency>().ok();
    let currency = fields.word("currency", code, "the three capital letters of a currency")?;
    let currency = currency.or_else(|| code(usual.currency)).unwrap_or(Currency::EUR);
    let class = match allowed.contains(&"default_class") {
        true => fields.word("default_class", MessageClass::parse, "otp, bulk")?,
        false => None,
    };
    let mut endpoints = Vec::new();
    for (name, kind) in [("receipt_url", EndpointKind::Receipt), ("inbound_url", EndpointKind::Inbound)] {
        let url = fields.text(name)?.map(|url| checked_url(name, &url)).transpose()?;
        endpoints.extend(url.filter(|url| !url.is_empty()).map(|url| Endpoint { kind, url }));
    }
    let world = api.engine.world();
    let random = || world.random();
    let secret = match &dialect.secret_keys {
        Some(form) => form.make(KeyMode::Live, random),
        None => secrets::api_secret(random),
    };
    let signature_secret = secrets::signature_secret(random);
    let account = Account {
        id: AccountId(world.next_id()),
        key: secrets::api_key(random).into(),
        name: name.into(),
        currency,
        status: AccountStatus::Active,
        default_class: class.unwrap_or(usual.class),
        capture_on: usual.capture_on,
        webhook_method: HttpMethodChoice::Get,
        endpoints,
        rules: usual.rules,
        signing: Signing::default(),
        policy: Default::default(),
        otp: Default::default(),
        lists: Arc::default(),
    };
    let mut shown = json!({
        "api_key": account.key,
        "signature_secret": signature_secret.expose(),
        "dialect": dialect.id,
        "currency": account.currency.as_str(),
        "name": account.name,
        "receipt_url": account.endpoint(EndpointKind::Receipt).map(|endpoint| endpoint.url.clone()),
        "inbound_url": account.endpoint(EndpointKind::Inbound).map(|endpoint| endpoint.url.clone()),
        "note": "the secrets are shown this once",
    });
    let name = if dialect.secret_keys.is_some() { "secret_key" } else { "api_secret" };
    shown[name] = json!(secret.expose());
    let role = dev::role(dialect);
    let free_credit = match credit {
        Some(()) => {
            let none = || bad("`credit`: who signs up with this dialect is given none in this currency");
            Some(dev::welcome_credit(dialect, account.currency).ok_or_else(none)?)
        }
        None => None,
    };
    Ok((NewCustomer { account, dialect: dialect.id.into(), secret, role, signature_secret, free_credit }, shown))
}

/// `GET accounts/{key}`.
pub(super) async fn show(api: &Api, key: &str) -> HttpResponse {
    let id = match find(api, key) {
        Ok(id) => id,
        Err(refused) => return refused,
    };
    match api.engine.read(move |store| store.account(id)).await {
        Ok(Some(view)) => document(200, &shown(&view)),
        Ok(None) => unknown(),
        Err(error) => unavailable(&error),
    }
}

/// `PATCH accounts/{key}`.
pub(super) async fn patch(api: &Api, key: &str, request: &IncomingRequest) -> HttpResponse {
    let patch = match find(api, key).and_then(|id| read_patch(api, id, request.body())) {
        Ok(patch) => patch,
        Err(refused) => return refused,
    };
    match api.engine.patch_account(patch).await {
        Ok(_) => show(api, key).await,
        Err(error) => refused(&error),
    }
}

fn read_patch(api: &Api, id: AccountId, body: &[u8]) -> Result<AccountPatch, HttpResponse> {
    let known = &[
        "receipt_url",
        "inbound_url",
        "webhook_method",
        "status",
        "default_class",
        "access",
        "requests_per_second_max",
        "sender_parts_per_second_max",
        "recipients",
        "senders",
        "unmappable",
        "binary",
        "handset_class",
        "requests_burst_max",
        "recipient_seconds_min",
        "recipient_per_hour_max",
        "repeat_seconds_min",
        "otp_template",
        "otp_sender",
        "zone",
        "country",
    ];
    let mut fields = Fields::read(body, known)?;
    let entry = api.engine.directory().by_id(id).ok_or_else(unknown)?;
    let mut endpoints = Vec::new();
    for (name, kind) in [("receipt_url", EndpointKind::Receipt), ("inbound_url", EndpointKind::Inbound)] {
        if let Some(url) = fields.text(name)? {
            endpoints.push((kind, checked_url(name, &url)?));
        }
    }
    Ok(AccountPatch {
        id,
        at: api.engine.world().now(),
        endpoints,
        webhook_method: fields.word("webhook_method", HttpMethodChoice::parse, "GET, POST, POST-JSON")?,
        status: fields.word("status", AccountStatus::parse, "active, suspended")?,
        default_class: fields.word("default_class", MessageClass::parse, "otp, bulk")?,
        rules: read_rules(&mut fields, entry.account.rules)?,
        signing: None,
        policy: None,
        otp: read_otp(&mut fields, &entry.account.otp)?,
    })
}

/// The rules with what the fields change; `None` if they change nothing.
fn read_rules(fields: &mut Fields, now: AccountRules) -> Result<Option<AccountRules>, HttpResponse> {
    let mut rules = now;
    let facility = "allowed, denied";
    if let Some(access) = fields.word("access", Access::parse, "http, smpp-only")? {
        rules.access = access;
    }
    if let Some(count) = fields.count("requests_per_second_max", RATE_MAX)? {
        rules.requests_per_second_max = count;
    }
    if let Some(count) = fields.count("sender_parts_per_second_max", RATE_MAX)? {
        rules.sender_parts_per_second_max = count;
    }
    if let Some(count) = fields.count("requests_burst_max", RATE_MAX)? {
        rules.requests_burst_max = count;
    }
    if let Some(seconds) = fields.count("recipient_seconds_min", 86_400)? {
        rules.recipient_seconds_min = seconds;
    }
    if let Some(count) = fields.count("recipient_per_hour_max", 1_000)? {
        rules.recipient_per_hour_max = count;
    }
    if let Some(seconds) = fields.count("repeat_seconds_min", 86_400)? {
        rules.repeat_seconds_min = seconds;
    }
    if let Some(recipients) = fields.word("recipients", Recipients::parse, "any, permitted")? {
        rules.recipients = recipients;
    }
    if let Some(senders) = fields.word("senders", Senders::parse, "any, listed")? {
        rules.senders = senders;
    }
    if let Some(unmappable) = fields.word("unmappable", Unmappable::parse, "replace, transliterate, unicode")? {
        rules.unmappable = unmappable;
    }
    if let Some(binary) = fields.word("binary", Facility::parse, facility)? {
        rules.binary = binary;
    }
    if let Some(handset_class) = fields.word("handset_class", Facility::parse, facility)? {
        rules.handset_class = handset_class;
    }
    if let Some(name) = fields.text("zone")? {
        let wrong = || {
            bad("`zone` must be the name of a zone of the IANA database, such as Europe/Zurich; empty: that of the API")
        };
        rules.zone = if name.is_empty() { None } else { Some(Zone::parse(&name).ok_or_else(wrong)?) };
    }
    if let Some(code) = fields.text("country")? {
        let wrong = || {
            bad(
                "`country` must be two letters of ISO 3166 for a country with a calling code, such as CH; empty: that of the API",
            )
        };
        let found = || CountryCode::parse(&code.to_ascii_uppercase()).filter(|code| country::find(*code).is_some());
        rules.country = if code.is_empty() { None } else { Some(found().ok_or_else(wrong)?) };
    }
    Ok((rules != now).then_some(rules))
}

/// The wording of one-time codes with what the fields change; `None` if they change nothing. An empty text takes a setting away.
fn read_otp(fields: &mut Fields, now: &OtpSettings) -> Result<Option<OtpSettings>, HttpResponse> {
    let mut otp = now.clone();
    if let Some(template) = fields.text("otp_template")? {
        otp.template = match template.is_empty() {
            true => None,
            false => Some(checked_template(&template)?),
        };
    }
    if let Some(sender) = fields.text("otp_sender")? {
        let wrong = || bad("`otp_sender` must be a number, a short code, or a name of 1 to 11 characters");
        otp.sender = match sender.is_empty() {
            true => None,
            false => Some(
                SenderId::parse(&sender).filter(|sender| sender.as_str().chars().count() <= 15).ok_or_else(wrong)?,
            ),
        };
    }
    Ok((otp != *now).then_some(otp))
}

/// The longest code that any dialect takes.
const CODE_LONGEST: &str = "00000000";

/// A template that has its mark once and fits one part with the longest code: a code that is cut in two is of no use.
fn checked_template(template: &str) -> Result<Box<str>, HttpResponse> {
    let wrong = |why: &str| bad(&format!("`otp_template` {why}"));
    if template.matches(CODE_MARK).count() != 1 || template.chars().any(char::is_control) {
        return Err(wrong("must have {code} in it, once, and no control characters"));
    }
    let text = MessageText::with_code(template, CODE_LONGEST).ok_or_else(|| wrong("is too long"))?;
    let content = Content::Text { text, alphabet: Alphabet::Detect };
    let cut = Cut { reference: ConcatRef::Octet(0), slack: 0 };
    match parts_of(&content, cut) {
        Ok((_, parts)) if parts.len() == 1 => Ok(template.into()),
        _ => {
            Err(wrong("must fit one part with a code of 8 digits: 160 characters, or 70 with any that GSM 7-bit lacks"))
        }
    }
}

/// An absolute http or https URL, or nothing, which takes the endpoint away.
pub(super) fn checked_url(name: &str, url: &str) -> Result<Box<str>, HttpResponse> {
    if url.is_empty() {
        return Ok("".into());
    }
    let good = url.len() <= URL_BYTES_MAX
        && url.parse::<http::Uri>().is_ok_and(|uri| {
            matches!(uri.scheme_str(), Some("http" | "https")) && uri.host().is_some_and(|host| !host.is_empty())
        });
    if good {
        Ok(url.into())
    } else {
        Err(bad(&format!("`{name}` must be an absolute http or https URL of at most {URL_BYTES_MAX} characters")))
    }
}

/// `POST accounts/{key}/topup`.
pub(super) async fn top_up(api: &Api, key: &str, request: &IncomingRequest) -> HttpResponse {
    let top_up = match find(api, key).and_then(|id| read_top_up(api, id, request.body())) {
        Ok(top_up) => top_up,
        Err(refused) => return refused,
    };
    match api.engine.top_up(top_up).await {
        Ok(_) => show(api, key).await,
        Err(error) => refused(&error),
    }
}

fn read_top_up(api: &Api, id: AccountId, body: &[u8]) -> Result<TopUp, HttpResponse> {
    let mut fields = Fields::read(body, &["amount", "reference", "bucket"])?;
    let entry = api.engine.directory().by_id(id).ok_or_else(unknown)?;
    let amount = fields.text("amount")?.ok_or_else(|| bad("`amount` is missing: a text such as \"10.00\""))?;
    let amount = Money::parse(&amount, entry.account.currency).map_err(|error| bad(&format!("`amount`: {error}")))?;
    let reference = fields.text("reference")?;
    // Without a reference every call is a payment of its own.
    let reference = reference.unwrap_or_else(|| format!("{:x}", api.engine.world().next_id()));
    if reference.is_empty() || reference.len() > 100 || !reference.bytes().all(|byte| byte.is_ascii_graphic()) {
        return Err(bad("`reference` must be 1 to 100 visible ASCII characters"));
    }
    let bucket = fields.word("bucket", Bucket::parse, "balance, bonus_credit, free_credit")?.unwrap_or_default();
    Ok(TopUp { account_id: id, amount, bucket, cause: reference.into(), at: api.engine.world().now() })
}

/// `PUT accounts/{key}/reload`: a payment that the account may call up by itself, so many times.
pub(super) async fn arrange_reload(api: &Api, key: &str, request: &IncomingRequest) -> HttpResponse {
    let reload = match find(api, key).and_then(|id| read_reload(api, id, request.body())) {
        Ok(reload) => reload,
        Err(refused) => return refused,
    };
    match api.engine.arrange_reload(reload).await {
        Ok(()) => show(api, key).await,
        Err(error) => refused(&error),
    }
}

/// `DELETE accounts/{key}/reload`.
pub(super) async fn end_reload(api: &Api, key: &str) -> HttpResponse {
    let id = match find(api, key) {
        Ok(id) => id,
        Err(refused) => return refused,
    };
    match api.engine.end_reload(id).await {
        Ok(()) => show(api, key).await,
        Err(error) => refused(&error),
    }
}

fn read_reload(api: &Api, id: AccountId, body: &[u8]) -> Result<NewReload, HttpResponse> {
    let mut fields = Fields::read(body, &["reference", "amount", "times"])?;
    let entry = api.engine.directory().by_id(id).ok_or_else(unknown)?;
    let reference = fields.text("reference")?.unwrap_or_default();
    if reference.is_empty() || reference.len() > 100 || !reference.bytes().all(|byte| byte.is_ascii_graphic()) {
        return Err(bad("`reference` must be 1 to 100 visible ASCII characters: what the account names"));
    }
    let amount = fields.text("amount")?.ok_or_else(|| bad("`amount` is missing: a text such as \"10.00\""))?;
    let amount = Money::parse(&amount, entry.account.currency).map_err(|error| bad(&format!("`amount`: {error}")))?;
    let times = fields.count("times", RELOADS_MAX)?;
    let times = times.ok_or_else(|| bad("`times` is missing: how often the account may call it up"))?;
    Ok(NewReload { account_id: id, reference: reference.into(), amount, times })
}

pub(super) fn find(api: &Api, key: &str) -> Result<AccountId, HttpResponse> {
    // Keys are unique within a dialect; `dialect:key` names one where two dialects have the same.
    let entries = match key.split_once(':') {
        Some((dialect, key)) => {
            let dialect = registry::by_name(dialect).map(|dialect| dialect.descriptor().id);
            dialect.and_then(|dialect| api.engine.directory().by_key(dialect, key)).into_iter().collect()
        }
        None => api.engine.directory().with_key(key),
    };
    match entries.as_slice() {
        [entry] => Ok(entry.account.id),
        [] => Err(unknown()),
        _ => Err(bad("accounts of several dialects have that key: write it as `dialect:key`")),
    }
}

/// The account with that key, with its credentials.
pub(super) fn entry(api: &Api, key: &str) -> Result<Arc<Entry>, HttpResponse> {
    let id = find(api, key)?;
    api.engine.directory().by_id(id).ok_or_else(unknown)
}

pub(super) fn unknown() -> HttpResponse {
    problem(404, "Not Found", "there is no account with that key")
}

pub(super) fn refused(error: &AccountError) -> HttpResponse {
    match error {
        AccountError::Refused(AccountRefused::KeyTaken | AccountRefused::CauseTaken) => {
            problem(409, "Conflict", &error.to_string())
        }
        AccountError::Refused(AccountRefused::Unknown) => unknown(),
        AccountError::Refused(AccountRefused::Amount) => bad(&error.to_string()),
        AccountError::Commit(_) | AccountError::Bug(_) => unavailable(error),
    }
}

fn shown(view: &AccountView) -> Value {
    let reload = view.reload.as_ref().map(|reload| {
        json!({
            "reference": reload.reference,
            "amount": reload.amount.eight_decimals(),
            "times_left": reload.times_left,
        })
    });
    let url = |kind| view.account.endpoint(kind).map(|endpoint| endpoint.url.clone());
    json!({
        "api_key": view.account.key,
        "name": view.account.name,
        "dialect": view.dialect,
        "status": view.account.status.as_str(),
        "currency": view.account.currency.as_str(),
        "posted": view.wallet.posted.eight_decimals(),
        "held": view.wallet.held.eight_decimals(),
        "balance": view.wallet.available().eight_decimals(),
        "paid_in": view.wallet.buckets().balance.eight_decimals(),
        "bonus_credit": view.wallet.bonus_credit.eight_decimals(),
        "free_credit": view.wallet.free_credit.eight_decimals(),
        "default_class": view.account.default_class.as_str(),
        "access": view.account.rules.access.as_str(),
        "requests_per_second_max": view.account.rules.requests_per_second_max,
        "sender_parts_per_second_max": view.account.rules.sender_parts_per_second_max,
        "requests_burst_max": view.account.rules.requests_burst_max,
        "recipient_seconds_min": view.account.rules.recipient_seconds_min,
        "recipient_per_hour_max": view.account.rules.recipient_per_hour_max,
        "repeat_seconds_min": view.account.rules.repeat_seconds_min,
        "capture_on": view.account.capture_on.as_str(),
        "otp_template": view.account.otp.template,
        "otp_sender": view.account.otp.sender.as_ref().map(SenderId::as_str),
        "zone": view.account.rules.zone.map(|zone| zone.as_str()),
        "country": view.account.rules.country.as_ref().map(CountryCode::as_str),
        "recipients": view.account.rules.recipients.as_str(),
        "senders": view.account.rules.senders.as_str(),
        "unmappable": view.account.rules.unmappable.as_str(),
        "binary": view.account.rules.binary.as_str(),
        "handset_class": view.account.rules.handset_class.as_str(),
        "webhook_method": view.account.webhook_method.as_str(),
        "reload": reload,
        "receipt_url": url(EndpointKind::Receipt),
        "inbound_url": url(EndpointKind::Inbound),
    })
}
