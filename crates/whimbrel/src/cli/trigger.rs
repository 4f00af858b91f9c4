//! `whimbrel trigger`: a made-up event, sent and signed as a real one.

use serde_json::Value;
use whimbrel_dialects::registry;

use super::args::TriggerArgs;
use super::client::{Server, segment};
use super::output::{Out, printable};
use super::webhook::{edit, show_sent};
use super::{Exit, Failure};

pub(super) async fn run(args: TriggerArgs, out: &Out) -> Result<(), Failure> {
    let account = account(&args)?;
    let path = format!("accounts/{}/webhooks/trigger", segment(&account, "key of an account")?);
    let server = Server::find(&args.server)?;
    let Some(event) = args.event.as_ref().filter(|_| !args.list) else {
        let listed = server.api("GET", &path, None).await?;
        out.document("events", &listed, || {
            let events = listed["events"].as_array().into_iter().flatten();
            events.filter_map(Value::as_str).map(printable).collect::<Vec<_>>().join("\n")
        });
        return Ok(());
    };
    let mut body = edit(&args.edit)?;
    body["event"] = Value::String(event.clone());
    body["to"] = args.to.clone().map_or(Value::Null, Value::String);
    let sent = server.api("POST", &path, Some(&body)).await?;
    show_sent(&sent, out)
}

/// The account that is named, else the development account of the dialect.
fn account(args: &TriggerArgs) -> Result<String, Failure> {
    if let Some(account) = &args.account {
        return Ok(account.clone());
    }
    let dialect = match &args.dialect {
        Some(name) => registry::by_name(name),
        None => registry::DIALECTS.first().copied(),
    };
    let known = || registry::DIALECTS.iter().map(|dialect| dialect.descriptor().id).collect::<Vec<_>>().join(", ");
    let dialect =
        dialect.ok_or_else(|| Failure::new(Exit::Usage, format!("the dialects are {}", known())))?.descriptor();
    Ok(format!("{}:{}", dialect.id, dialect.dev_account.key))
}
