//! `whimbrel application`: a customer's applications and their keys.

use std::path::Path;

use serde_json::{Value, json};

use super::args::{ApplicationCommand, ServerArgs};
use super::client::{Server, segment};
use super::output::{Out, field};
use super::{Exit, Failure};

pub(super) async fn run(command: ApplicationCommand, out: &Out) -> Result<(), Failure> {
    match command {
        ApplicationCommand::Ls { account, server } => list(&server, &path(&account)?, out).await,
        ApplicationCommand::Create { account, name, id, public_key, receipt_url, inbound_url, server } => {
            let public_key = public_key.as_deref().map(key_file).transpose()?;
            let texts = [
                ("name", Some(name)),
                ("id", id),
                ("public_key", public_key),
                ("receipt_url", receipt_url),
                ("inbound_url", inbound_url),
            ];
            let fields = texts.into_iter().filter_map(|(name, value)| Some((name.to_owned(), json!(value?))));
            let body = Value::Object(fields.collect());
            let answer = Server::find(&server)?.api("POST", &path(&account)?, Some(&body)).await?;
            out.document("application", &answer, || told(&answer));
            Ok(())
        }
        ApplicationCommand::Rm { account, id, consent, server } => {
            let path = one(&account, &id)?;
            out.consent(consent, &format!("Remove application {id}: its tokens are refused from then on"))?;
            let answer = Server::find(&server)?.api("DELETE", &path, None).await?;
            out.document("application", &answer, || format!("{id} is removed"));
            Ok(())
        }
        ApplicationCommand::RotateKey { account, id, public_key, overlap, consent, server } => {
            let path = format!("{}/key", one(&account, &id)?);
            let mut body = json!({ "overlap_seconds": overlap });
            if let Some(pem) = public_key.as_deref().map(key_file).transpose()? {
                body["public_key"] = json!(pem);
            }
            let what =
                format!("Change the key of application {id}: tokens by the old one are refused after {overlap} s");
            out.consent(consent, &what)?;
            let answer = Server::find(&server)?.api("POST", &path, Some(&body)).await?;
            out.document("application", &answer, || told(&answer));
            Ok(())
        }
    }
}

async fn list(server: &ServerArgs, path: &str, out: &Out) -> Result<(), Failure> {
    let answer = Server::find(server)?.api("GET", &format!("{path}?page_size=1000"), None).await?;
    out.document("applications", &answer, || {
        let row = |one: &Value| ["id", "name", "receipt_url", "inbound_url"].map(|name| field(one, name)).to_vec();
        let rows: Vec<_> = answer["applications"].as_array().into_iter().flatten().map(row).collect();
        out.table(&["ID", "NAME", "RECEIPT URL", "INBOUND URL"], &rows)
    });
    Ok(())
}

/// Keys stand below the facts as they are, so that they can be copied.
fn told(application: &Value) -> String {
    let mut lines: Vec<String> = ["id", "name", "receipt_url", "inbound_url", "note"]
        .into_iter()
        .filter(|name| application[*name].is_string())
        .map(|name| format!("{name:<12} {}", field(application, name)))
        .collect();
    let keys = ["public_key", "private_key"].into_iter().filter_map(|name| application[name].as_str());
    lines.extend(keys.map(|key| key.trim_end().to_owned()));
    lines.join("\n")
}

fn path(account: &str) -> Result<String, Failure> {
    Ok(format!("accounts/{}/applications", segment(account, "key of an account")?))
}

fn one(account: &str, id: &str) -> Result<String, Failure> {
    Ok(format!("{}/{}", path(account)?, segment(id, "id of an application")?))
}

fn key_file(path: &Path) -> Result<String, Failure> {
    let what = format!("cannot read {}", path.display());
    std::fs::read_to_string(path).map_err(|error| Failure::from_error(Exit::Failed, &what, &error))
}
