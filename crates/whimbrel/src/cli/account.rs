//! `whimbrel account`: through the running server, so that there is one writer.

use serde_json::{Value, json};

use super::args::{AccountCommand, AccountRuleArgs, ServerArgs};
use super::client::{Server, segment};
use super::output::Out;
use super::{Failure, output};

pub(super) async fn run(command: AccountCommand, out: &Out) -> Result<(), Failure> {
    match command {
        AccountCommand::Create { server, name, dialect, currency, class } => {
            let body = json!({ "name": name, "dialect": dialect, "currency": currency, "default_class": class });
            call(&server, "POST", "accounts", Some(&body), out).await
        }
        AccountCommand::Topup { server, key, amount, reference } => {
            let body = json!({ "amount": amount, "reference": reference });
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
        AccountCommand::Set { server, key, rules } => {
            call(&server, "PATCH", &format!("accounts/{}", account(&key)?), Some(&patch(&rules)), out).await
        }
    }
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
    ];
    let numbers = [
        ("requests_per_second_max", rules.requests_per_second_max),
        ("sender_parts_per_second_max", rules.sender_parts_per_second_max),
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
