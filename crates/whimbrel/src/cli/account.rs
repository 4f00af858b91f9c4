//! `whimbrel account`: through the running server, so that there is one writer.

use serde_json::{Value, json};

use super::args::{AccountCommand, AccountRuleArgs, PolicyArgs, ServerArgs, SigningArgs, SigningCommand};
use super::client::{Server, segment};
use super::output::Out;
use super::secret::chosen;
use super::{Failure, output};

pub(super) async fn run(command: AccountCommand, out: &Out) -> Result<(), Failure> {
    match command {
        AccountCommand::Create { server, name, dialect, currency, class, welcome, receipt_url, inbound_url } => {
            let body = json!({
                "name": name,
                "dialect": dialect,
                "currency": currency,
                "default_class": class,
                "receipt_url": receipt_url,
                "inbound_url": inbound_url,
                "credit": welcome.then_some("welcome"),
            });
            call(&server, "POST", "accounts", Some(&body), out).await
        }
        AccountCommand::SignUp { server, name, dialect } => {
            let body = json!({ "name": name, "dialect": dialect });
            call(&server, "POST", "sign-up", Some(&body), out).await
        }
        AccountCommand::Ls { server, after, limit } => list(&server, after.as_deref(), limit, out).await,
        AccountCommand::Usage { server, key, from, to } => {
            usage(&server, account(&key)?, [("from", from), ("to", to)], out).await
        }
        AccountCommand::Topup { server, key, amount, reference, bucket } => {
            let body = json!({ "amount": amount, "reference": reference, "bucket": bucket });
            call(&server, "POST", &format!("accounts/{}/topup", account(&key)?), Some(&body), out).await
        }
        AccountCommand::Show { server, key } => {
            call(&server, "GET", &format!("accounts/{}", account(&key)?), None, out).await
        }
        AccountCommand::Reload(args) => {
            let path = format!("accounts/{}/reload", account(&args.key)?);
            let body = json!({ "reference": args.reference, "amount": args.amount, "times": args.times });
            match args.off {
                true => call(&args.server, "DELETE", &path, None, out).await,
                false => call(&args.server, "PUT", &path, Some(&body), out).await,
            }
        }
        AccountCommand::Signing(command) => signing(command, out).await,
        AccountCommand::Policy { server, key, policy } => {
            let body = policy_patch(&policy);
            let path = format!("accounts/{}/policy", account(&key)?);
            match body.as_object().is_some_and(serde_json::Map::is_empty) {
                true => call(&server, "GET", &path, None, out).await,
                false => call(&server, "PATCH", &path, Some(&body), out).await,
            }
        }
        AccountCommand::Set { server, key, rules } => {
            call(&server, "PATCH", &format!("accounts/{}", account(&key)?), Some(&patch(&rules)), out).await
        }
    }
}

async fn list(server: &ServerArgs, after: Option<&str>, limit: u32, out: &Out) -> Result<(), Failure> {
    let limit = limit.to_string();
    let given = [("limit", Some(&*limit)), ("after", after)];
    let document = Server::find(server)?.api("GET", &format!("accounts{}", query(given)), None).await?;
    out.document("accounts", &document, || {
        let names = ["account", "name", "currency", "status"];
        let row = |one: &Value| names.map(|name| output::field(one, name)).to_vec();
        let rows: Vec<_> = document["accounts"].as_array().into_iter().flatten().map(row).collect();
        out.table(&["ACCOUNT", "NAME", "CURRENCY", "STATUS"], &rows)
    });
    Ok(())
}

async fn usage(
    server: &ServerArgs,
    key: &str,
    days: [(&'static str, Option<String>); 2],
    out: &Out,
) -> Result<(), Failure> {
    let given = days.each_ref().map(|(name, day)| (*name, day.as_deref()));
    let document = Server::find(server)?.api("GET", &format!("accounts/{key}/usage{}", query(given)), None).await?;
    out.document("usage", &document, || {
        let names = ["day", "messages", "parts", "delivered", "failed", "spent"];
        let row = |one: &Value| names.map(|name| output::field(one, name)).to_vec();
        let mut rows: Vec<_> = document["days"].as_array().into_iter().flatten().map(row).collect();
        let mut total = row(&document["total"]);
        total[0] = format!("total {}", output::field(&document, "currency"));
        rows.push(total);
        out.table(&["DAY", "MESSAGES", "PARTS", "DELIVERED", "FAILED", "SPENT"], &rows)
    });
    Ok(())
}

/// The query of what was given, question mark and all.
fn query<const COUNT: usize>(given: [(&str, Option<&str>); COUNT]) -> String {
    let mut form = form_urlencoded::Serializer::new(String::new());
    for (name, value) in given {
        if let Some(value) = value {
            form.append_pair(name, value);
        }
    }
    match form.finish() {
        query if query.is_empty() => query,
        query => format!("?{query}"),
    }
}

async fn signing(command: SigningCommand, out: &Out) -> Result<(), Failure> {
    match command {
        SigningCommand::Show { server, key } => {
            call(&server, "GET", &format!("accounts/{}/signing", account(&key)?), None, out).await
        }
        SigningCommand::Set { server, key, signing } => {
            let SigningArgs { method, webhooks } = signing;
            let body = given([("method", method.map(Value::from)), ("webhooks", webhooks.map(Value::from))]);
            call(&server, "PATCH", &format!("accounts/{}/signing", account(&key)?), Some(&body), out).await
        }
        SigningCommand::Rotate { server, key, overlap, chosen: own } => {
            let own = chosen(&own)?.map(|secret| json!(secret.expose()));
            let body = given([("overlap_seconds", Some(json!(overlap))), ("secret", own)]);
            call(&server, "POST", &format!("accounts/{}/signing/rotate", account(&key)?), Some(&body), out).await
        }
    }
}

/// The fields that were given; a list of one empty word is an empty list.
fn policy_patch(policy: &PolicyArgs) -> Value {
    let list = |words: &Option<Vec<String>>| {
        words
            .as_ref()
            .map(|words| words.iter().filter(|word| !word.is_empty()).collect::<Vec<_>>())
            .map(|words| json!(words))
    };
    let text = |text: &Option<String>| text.as_ref().map(|text| json!(text));
    given([
        ("methods", list(&policy.methods)),
        ("signature", text(&policy.signature)),
        ("signature_method_min", text(&policy.signature_method_min)),
        ("networks", list(&policy.networks)),
        ("scopes", list(&policy.scopes)),
        ("spend_per_day_max", text(&policy.spend_per_day_max)),
    ])
}

fn given<const COUNT: usize>(fields: [(&str, Option<Value>); COUNT]) -> Value {
    fields
        .into_iter()
        .filter_map(|(name, value)| Some((name.to_owned(), value?)))
        .collect::<serde_json::Map<_, _>>()
        .into()
}

/// The fields that were given.
fn patch(rules: &AccountRuleArgs) -> Value {
    let texts = [
        ("status", &rules.status),
        ("access", &rules.access),
        ("recipients", &rules.recipients),
        ("senders", &rules.senders),
        ("unmappable", &rules.unmappable),
        ("binary", &rules.binary),
        ("handset_class", &rules.handset_class),
        ("default_class", &rules.default_class),
        ("webhook_method", &rules.webhook_method),
        ("receipt_url", &rules.receipt_url),
        ("inbound_url", &rules.inbound_url),
        ("otp_template", &rules.otp_template),
        ("otp_sender", &rules.otp_sender),
        ("zone", &rules.zone),
        ("country", &rules.country),
    ];
    let numbers = [
        ("requests_per_second_max", rules.requests_per_second_max),
        ("sender_parts_per_second_max", rules.sender_parts_per_second_max),
        ("requests_burst_max", rules.requests_burst_max),
        ("recipient_seconds_min", rules.recipient_seconds_min),
        ("recipient_per_hour_max", rules.recipient_per_hour_max),
        ("repeat_seconds_min", rules.repeat_seconds_min),
    ];
    let texts = texts.into_iter().filter_map(|(name, value)| Some((name.to_owned(), json!(value.as_ref()?))));
    let numbers = numbers.into_iter().filter_map(|(name, value)| Some((name.to_owned(), json!(value?))));
    Value::Object(texts.chain(numbers).collect())
}

async fn call(server: &ServerArgs, method: &str, path: &str, body: Option<&Value>, out: &Out) -> Result<(), Failure> {
    let document = Server::find(server)?.api(method, path, body).await?;
    out.document("account", &document, || {
        let fields = document.as_object().into_iter().flatten();
        let lines = fields.map(|(name, value)| match value {
            Value::Object(below) => below.iter().map(|(name, _)| line(name, value)).collect::<Vec<_>>().join("\n"),
            _ => line(name, &document),
        });
        lines.collect::<Vec<_>>().join("\n")
    });
    Ok(())
}

fn line(name: &str, document: &Value) -> String {
    format!("{name:<27} {}", output::field(document, name))
}

fn account(key: &str) -> Result<&str, Failure> {
    segment(key, "key of an account")
}
