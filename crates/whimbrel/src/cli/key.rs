//! `whimbrel key`: the keys that guard secrets at rest, through the running server, which alone writes.

use super::Failure;
use super::args::KeyCommand;
use super::client::Server;
use super::output::{Out, field};

pub(super) async fn run(command: KeyCommand, out: &Out) -> Result<(), Failure> {
    match command {
        KeyCommand::Ls { server } => {
            let answer = Server::find(&server)?.api("GET", "keys", None).await?;
            out.document("keys", &answer, || {
                let keys = answer["keys"].as_array().into_iter().flatten();
                let rows: Vec<_> = keys.map(|key| ["id", "state"].map(|name| field(key, name)).to_vec()).collect();
                out.table(&["KEY", "STATE"], &rows)
            });
        }
        KeyCommand::Rotate { server } => {
            let answer = Server::find(&server)?.api("POST", "keys/rotate", None).await?;
            out.document("key-rotation", &answer, || {
                let (key, count) = (field(&answer, "current"), field(&answer, "resealed"));
                format!("key {key} is current, {count} secrets were sealed anew, the old key is gone")
            });
            out.hint(
                "back up secret.key together with the store: older backups of the store need the key of their time",
            );
        }
    }
    Ok(())
}
