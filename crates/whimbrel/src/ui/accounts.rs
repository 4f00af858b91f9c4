//! `GET accounts`, and one account: what it has, what it may do, what it spent; and what operators and owners do with it.

use serde_json::{Value, json};
use whimbrel_dialects::registry::{self, DIALECTS};
use whimbrel_web::accounts::{
    AccountPage, AccountRow, AccountsPage, Activity, AtHome, LedgerRow, MadePage, May, Policy, SecretForm, SecretRow,
    Wallet,
};
use whimbrel_web::chart::{Bar, Chart};
use whimbrel_web::frame::{Flash, Section};
use whimbrel_web::links::encoded;
use whimbrel_web::shown::State;

use super::document::{Answered, amount, count, instant, joined, list, text};
use super::form::Form;
use super::{Visit, moved, page, say};
use crate::api::{Api, Called};
use crate::people::{Person, Right};
use crate::server::Answer;

/// Accounts on a page.
const ROWS_MAX: usize = 100;

/// `GET accounts`: all of them, or an owner's own.
pub(super) async fn list_all(api: &Api, visit: &Visit<'_>, flash: Option<Flash>) -> Answer {
    if let Person::Owner { dialect, key, .. } = &visit.known.person {
        return one(api, visit, &format!("{dialect}:{key}"), None).await;
    }
    let after = Form::of_query(visit.request).filled("after").map(str::to_owned);
    let after = after.map(|after| format!("&after={}", encoded(&after))).unwrap_or_default();
    let answered = visit.read(api, &format!("accounts?limit={ROWS_MAX}{after}")).await;
    if !answered.is_done() {
        return refused(visit, &answered);
    }
    let accounts = list(&answered.document, "accounts");
    let last = accounts.last().filter(|_| accounts.len() == ROWS_MAX).map(|last| text(last, "account"));
    let shown = AccountsPage {
        frame: whimbrel_web::Frame { flash, ..visit.frame_in(Section::Accounts, "Accounts") },
        rows: accounts.iter().map(row).collect(),
        more: last.map(|last| visit.links.page(&format!("accounts?after={}", encoded(&last))).into()),
        dialects: DIALECTS.iter().map(|dialect| (dialect.descriptor().id, dialect.descriptor().title)).collect(),
    };
    page(200, &shown).into()
}

fn row(account: &Value) -> AccountRow {
    AccountRow {
        account: text(account, "account"),
        name: text(account, "name"),
        currency: text(account, "currency"),
        state: state(&text(account, "status")),
    }
}

fn state(status: &str) -> State {
    match status {
        "active" => State { word: "active".into(), icon: "✔", tone: "good" },
        other => State { word: other.into(), icon: "✘", tone: "bad" },
    }
}

/// `POST accounts`: makes one; its secrets are shown this once.
pub(super) async fn create(api: &Api, visit: &Visit<'_>) -> Answer {
    let form = Form::read(visit.request);
    let mut body = json!({});
    for name in ["name", "dialect", "currency", "receipt_url", "inbound_url"] {
        if let Some(value) = form.filled(name) {
            body[name] = json!(if name == "currency" { value.to_ascii_uppercase() } else { value.to_owned() });
        }
    }
    let made = visit.call(api, Called { method: "POST", path: "accounts", body: Some(body) }).await;
    if !made.is_done() {
        return list_all(api, visit, Some(made.failed())).await;
    }
    let account = format!("{}:{}", text(&made.document, "dialect"), text(&made.document, "api_key"));
    made_page(visit, "The account is made", &made.document, &account)
}

/// What was made, with what is shown of it this once.
fn made_page(visit: &Visit<'_>, title: &str, document: &Value, account: &str) -> Answer {
    let names = [
        ("api_key", "Key"),
        ("api_secret", "Secret"),
        ("secret_key", "Secret key"),
        ("secret", "Secret"),
        ("signature_secret", "Signature secret"),
        ("previous_ends_at", "The one before ends"),
    ];
    let facts = names.iter().filter(|(name, _)| document[*name].is_string());
    let made = MadePage {
        frame: visit.frame_in(Section::Accounts, title),
        facts: facts.map(|(name, title)| ((*title).into(), text(document, name))).collect(),
        lines: Vec::new(),
        onward: (visit.links.page(&format!("accounts/{}", encoded(account))).into(), "To the account".into()),
    };
    page(201, &made).into()
}

/// `GET accounts/{account}`.
pub(super) async fn one(api: &Api, visit: &Visit<'_>, account: &str, flash: Option<Flash>) -> Answer {
    let path = format!("accounts/{account}");
    let shown = visit.read(api, &path).await;
    if !shown.is_done() {
        return refused(visit, &shown);
    }
    let before = Form::of_query(visit.request).filled("ledger").map(|place| format!("&before={}", encoded(place)));
    let ledger = visit.read(api, &format!("{path}/ledger?limit=50{}", before.unwrap_or_default())).await;
    let usage = visit.read(api, &format!("{path}/usage")).await;
    let secrets = visit.read(api, &format!("{path}/secrets")).await;
    let signing = visit.read(api, &format!("{path}/signing")).await;
    let policy = visit.read(api, &format!("{path}/policy")).await.document;
    let document = &shown.document;
    let dialect = text(document, "dialect");
    let known = registry::by_name(&dialect).map(|dialect| dialect.descriptor());
    let status = text(document, "status");
    let may = match visit.known.person.right() {
        Right::All => May::All,
        Right::OwnAccount => May::Own,
        Right::Look => May::Look,
    };
    let ledger_failed = (!ledger.is_done()).then(|| ledger.failed());
    let one = AccountPage {
        frame: whimbrel_web::Frame {
            flash: flash.or_else(|| done(visit)).or(ledger_failed),
            ..visit.frame_in(Section::Accounts, "Account")
        },
        may,
        account: format!("{dialect}:{}", text(document, "api_key")).into(),
        key: text(document, "api_key"),
        name: text(document, "name"),
        dialect: known.map_or(dialect, |known| known.title.into()),
        currency: text(document, "currency"),
        state: state(&status),
        activity: if &*status == "suspended" { Activity::Suspended } else { Activity::Active },
        wallet: wallet(document),
        ledger: list(&ledger.document, "entries").iter().map(entry).collect(),
        ledger_next: ledger.document["next"].as_str().map(Into::into),
        secrets: list(&secrets.document, "secrets").iter().map(secret).collect(),
        secrets_are_keys: match known.is_some_and(|known| known.secret_keys.is_some()) {
            true => SecretForm::Keys,
            false => SecretForm::BesideKey,
        },
        signing: vec![
            ("Signs by", text(&signing.document, "method")),
            ("Its webhooks are", text(&signing.document, "webhooks")),
            ("Signature secret since", instant(&signing.document, "secret_created_at").short),
        ],
        policy: Policy {
            methods: joined(&policy, "methods"),
            signature: text(&policy, "signature"),
            networks: joined(&policy, "networks"),
            scopes: joined(&policy, "scopes"),
            spend_per_day_max: amount(&policy, "spend_per_day_max"),
        },
        home: AtHome {
            zone: text(document, "zone"),
            country: text(document, "country"),
            sender: text(document, "otp_sender"),
        },
        receipt_url: text(document, "receipt_url"),
        inbound_url: text(document, "inbound_url"),
        usage: Chart {
            title: "Parts by day of acceptance".into(),
            step: "day".into(),
            bars: list(&usage.document, "days").iter().map(|day| bar(day, "day")).collect(),
        },
        spent: amount(&usage.document["total"], "spent"),
    };
    page(200, &one).into()
}

fn wallet(document: &Value) -> Wallet {
    Wallet {
        available: amount(document, "balance"),
        held: amount(document, "held"),
        balance: amount(document, "paid_in"),
        bonus_credit: amount(document, "bonus_credit"),
        free_credit: amount(document, "free_credit"),
    }
}

/// A bar of a chart from counts with the name of their span.
pub(super) fn bar(counts: &Value, name: &str) -> Bar {
    Bar {
        label: text(counts, name),
        messages: count(counts, "messages"),
        parts: count(counts, "parts"),
        delivered: count(counts, "delivered"),
        failed: count(counts, "failed"),
    }
}

fn entry(entry: &Value) -> LedgerRow {
    let (why, subject) = (text(entry, "why"), text(entry, "subject"));
    let message = (&*why == "part").then(|| format!("m/{}", encoded(&subject)).into());
    let amount = amount(entry, "amount");
    let amount = if amount.starts_with('-') { amount } else { format!("+{amount}").into() };
    LedgerRow { at: instant(entry, "at"), why, subject, message, amount, bucket: text(entry, "bucket") }
}

fn secret(secret: &Value) -> SecretRow {
    SecretRow {
        id: text(secret, "id"),
        kind: text(secret, "kind"),
        mode: text(secret, "mode"),
        created_at: instant(secret, "created_at"),
    }
}

/// What was done before this page was asked for; the address names it by a word of ours.
fn done(visit: &Visit<'_>) -> Option<Flash> {
    let query = Form::of_query(visit.request);
    let told = match query.value("done")? {
        "topup" => "The money is in the wallet.",
        "status" => "The account's status is changed.",
        "policy" => "The policy is saved; it holds from the next request on.",
        "webhooks" => "The URLs are saved.",
        "home" => "Zone, country and sender are saved; they hold from the next request on.",
        "revoke" => "The secret is revoked: it is good no more.",
        _ => return None,
    };
    Some(Flash::done(told))
}

/// An act on an account: a form becomes a call of the API, and its answer a page.
pub(super) async fn act(api: &Api, visit: &Visit<'_>, account: &str, act: &str) -> Answer {
    let form = Form::read(visit.request);
    let field = |name: &str| json!(form.value(name).unwrap_or_default().trim());
    let words = |name: &str| {
        let value = form.value(name).unwrap_or_default();
        let words = value.split(',').map(str::trim).filter(|word| !word.is_empty());
        words.map(|word| json!(word)).collect::<Value>()
    };
    let below = |rest: &str| format!("accounts/{account}{rest}");
    let (method, path, body) = match act {
        "topup" => {
            let body = json!({ "amount": field("amount"), "reference": field("reference"), "bucket": field("bucket") });
            ("POST", below("/topup"), body)
        }
        "status" => ("PATCH", below(""), json!({ "status": field("status") })),
        "policy" => (
            "PATCH",
            below("/policy"),
            json!({
                "methods": words("methods"), "signature": field("signature"), "networks": words("networks"),
                "scopes": words("scopes"), "spend_per_day_max": field("spend_per_day_max"),
            }),
        ),
        "home" => (
            "PATCH",
            below(""),
            json!({ "zone": field("zone"), "country": field("country"), "otp_sender": field("otp_sender") }),
        ),
        "webhooks" => {
            ("PATCH", below(""), json!({ "receipt_url": field("receipt_url"), "inbound_url": field("inbound_url") }))
        }
        "ping" => ("POST", below("/webhooks/test"), json!({ "kind": field("kind") })),
        "signing" => ("POST", below("/signing/rotate"), json!({})),
        "secrets" => {
            let mode = form.filled("mode").map(|mode| json!({ "mode": mode }));
            ("POST", below("/secrets"), mode.unwrap_or_else(|| json!({})))
        }
        "revoke" => {
            let id = encoded(form.value("id").unwrap_or_default());
            ("DELETE", below(&format!("/secrets/{id}")), Value::Null)
        }
        _ => return super::nothing_here(visit),
    };
    let body = Some(body).filter(|body| !body.is_null());
    let answered = visit.call(api, Called { method, path: &path, body }).await;
    match act {
        _ if !answered.is_done() && answered.status == 404 => refused(visit, &answered),
        _ if !answered.is_done() => one(api, visit, account, Some(answered.failed())).await,
        "secrets" => made_page(visit, "Another secret", &answered.document, account),
        "signing" => made_page(visit, "Another signature secret", &answered.document, account),
        "ping" => one(api, visit, account, Some(pinged(&answered.document))).await,
        // Somebody who signed in by the secret that is gone signs in anew; that is what the next page asks for.
        _ => moved(&format!("{}?done={act}", visit.links.page(&below("")))).into(),
    }
}

fn pinged(answer: &Value) -> Flash {
    let (url, elapsed) = (text(answer, "url"), text(answer, "elapsed_ms"));
    match (answer["status"].as_u64(), text(answer, "error")) {
        (Some(status @ 200..=299), _) => Flash::done(&format!("{url} answered {status} after {elapsed} ms.")),
        (Some(status), _) => Flash::failed(&format!(
            "{url} answered {status} after {elapsed} ms: a webhook is tried again until it is 2xx."
        )),
        (None, why) => Flash::failed(&format!("{url} did not answer: {why}.")),
    }
}

/// What somebody sees whom the API refuses.
pub(super) fn refused(visit: &Visit<'_>, answered: &Answered) -> Answer {
    let title = match answered.status {
        404 => "There is no such account",
        403 => "This is not for you",
        _ => "That did not work",
    };
    say(answered.status, visit.frame(title), &[&answered.failed().text])
}
