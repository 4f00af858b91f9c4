//! `whimbrel secret`.

use std::io::Read;

use serde_json::json;
use whimbrel_core::Secret;

use super::args::{ChosenSecretArgs, SecretCommand};
use super::client::{Server, env, segment};
use super::output::{Out, field};
use super::{Exit, Failure};
use crate::config::read_secret_file;

/// Octets of a secret on stdin; more are no secret.
const STDIN_BYTES_MAX: u64 = 4_096;

pub(super) async fn run(command: SecretCommand, out: &Out) -> Result<(), Failure> {
    match command {
        SecretCommand::Ls { key, server } => {
            let answer = Server::find(&server)?.api("GET", &path(&key)?, None).await?;
            out.document("secrets", &answer, || {
                let names = ["id", "kind", "mode", "created_at"];
                let secrets = answer["secrets"].as_array().into_iter().flatten();
                let rows: Vec<_> = secrets.map(|secret| names.map(|name| field(secret, name)).to_vec()).collect();
                out.table(&["ID", "KIND", "MODE", "CREATED"], &rows)
            });
        }
        SecretCommand::Add { key, chosen: own, mode, server } => {
            let mut body = match chosen(&own)? {
                Some(secret) => json!({ "secret": secret.expose() }),
                None => json!({}),
            };
            if let Some(mode) = mode {
                body["mode"] = json!(mode);
            }
            let answer = Server::find(&server)?.api("POST", &path(&key)?, Some(&body)).await?;
            out.document("secret", &answer, || match answer["secret"].as_str() {
                Some(secret) => format!("{} added: {secret}\nIt is shown this once.", field(&answer, "id")),
                None => format!("{} added", field(&answer, "id")),
            });
        }
        SecretCommand::Revoke { key, id, consent, server } => {
            out.consent(
                consent,
                &format!("Revoke the secret {id} of {key}: applications that use it are refused at once"),
            )?;
            let path = format!("{}/{}", path(&key)?, segment(&id, "id of a secret")?);
            let answer = Server::find(&server)?.api("DELETE", &path, None).await?;
            out.document("secret", &answer, || format!("{} revoked", field(&answer, "id")));
        }
    }
    Ok(())
}

fn path(key: &str) -> Result<String, Failure> {
    Ok(format!("accounts/{}/secrets", segment(key, "key of an account")?))
}

/// The secret that somebody chose, from where the flags say; `None`: they say nothing.
pub(super) fn chosen(args: &ChosenSecretArgs) -> Result<Option<Secret>, Failure> {
    let text = match (&args.secret_env, &args.secret_file) {
        (Some(name), _) => env(name)
            .ok_or_else(|| Failure::new(Exit::Usage, format!("{name} is not set: it should hold the secret")))?,
        (None, Some(path)) => {
            let read = if path.as_os_str() == "-" {
                let mut text = String::new();
                std::io::stdin().take(STDIN_BYTES_MAX).read_to_string(&mut text).map(|_| text)
            } else {
                read_secret_file(path)
            };
            read.map_err(|error| Failure::from_error(Exit::Usage, "cannot read the secret", &error))?
        }
        (None, None) => return Ok(None),
    };
    Ok(Some(Secret::new(text.trim_end_matches(['\r', '\n']))))
}
