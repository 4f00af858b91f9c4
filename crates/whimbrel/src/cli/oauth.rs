//! `whimbrel oauth`: consumers of an account, and what it granted to whom.

use serde_json::{Value, json};

use super::Failure;
use super::args::{OauthCommand, ServerArgs};
use super::client::{Server, segment};
use super::output::{Out, field};

pub(super) async fn run(command: OauthCommand, out: &Out) -> Result<(), Failure> {
    match command {
        OauthCommand::Ls { key, server } => {
            let columns = [("KEY", "key"), ("NAME", "name"), ("CREATED", "created_at")];
            list(&server, &path(&key, "consumers")?, "consumers", columns, out).await
        }
        OauthCommand::Grants { key, server } => {
            let columns = [("TOKEN", "token"), ("CONSUMER", "consumer"), ("CREATED", "created_at")];
            list(&server, &path(&key, "grants")?, "grants", columns, out).await
        }
        OauthCommand::Add { key, name, server } => {
            let body = json!({ "name": name });
            let answer = Server::find(&server)?.api("POST", &path(&key, "consumers")?, Some(&body)).await?;
            out.document("consumer", &answer, || {
                let line = |name: &str| format!("{name:<7} {}", field(&answer, name));
                ["key", "secret", "name", "note"].map(line).join("\n")
            });
            Ok(())
        }
        OauthCommand::Rm { key, consumer, consent, server } => {
            let path = one(&key, "consumers", &consumer, "key of a consumer")?;
            out.consent(consent, &format!("Remove consumer {consumer}: whatever was granted to it ends at once"))?;
            let answer = Server::find(&server)?.api("DELETE", &path, None).await?;
            out.document("consumer", &answer, || format!("{consumer} is removed"));
            Ok(())
        }
        OauthCommand::Revoke { key, token, consent, server } => {
            let path = one(&key, "grants", &token, "token")?;
            out.consent(consent, &format!("Revoke {token}: requests by it are refused from then on"))?;
            let answer = Server::find(&server)?.api("DELETE", &path, None).await?;
            out.document("grant", &answer, || format!("{token} is revoked"));
            Ok(())
        }
    }
}

async fn list(
    server: &ServerArgs,
    path: &str,
    kind: &'static str,
    columns: [(&'static str, &'static str); 3],
    out: &Out,
) -> Result<(), Failure> {
    let answer = Server::find(server)?.api("GET", path, None).await?;
    out.document(kind, &answer, || {
        let row = |one: &Value| columns.map(|(_, name)| field(one, name)).to_vec();
        let rows: Vec<_> = answer[kind].as_array().into_iter().flatten().map(row).collect();
        out.table(&columns.map(|(title, _)| title), &rows)
    });
    Ok(())
}

fn path(account: &str, what: &str) -> Result<String, Failure> {
    Ok(format!("accounts/{}/oauth/{what}", segment(account, "key of an account")?))
}

fn one(account: &str, what: &str, key: &str, named: &'static str) -> Result<String, Failure> {
    Ok(format!("{}/{}", path(account, what)?, segment(key, named)?))
}
