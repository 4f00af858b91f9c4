//! `whimbrel number`: which account owns which number.

use serde_json::{Value, json};

use super::Failure;
use super::args::NumberCommand;
use super::client::{Server, segment};
use super::output::{Out, field};
use super::pool::pool;

pub(super) async fn run(command: NumberCommand, out: &Out) -> Result<(), Failure> {
    match command {
        NumberCommand::Ls { server } => {
            let answer = Server::find(&server)?.api("GET", "numbers", None).await?;
            out.document("numbers", &answer, || {
                let rows: Vec<_> = answer["numbers"].as_array().into_iter().flatten().map(row).collect();
                out.table(&["NUMBER", "ACCOUNT", "INBOUND URL"], &rows)
            });
        }
        NumberCommand::Assign { server, number, account, inbound_url } => {
            let mut body = json!({ "number": number, "account": account });
            if let Some(url) = inbound_url {
                body["inbound_url"] = json!(url);
            }
            let answer = Server::find(&server)?.api("POST", "numbers", Some(&body)).await?;
            out.document("number", &answer, || row(&answer).join("  "));
        }
        NumberCommand::Pool(command) => pool(command, out).await?,
        NumberCommand::Release { server, number, consent } => {
            let number = segment(&number, "number")?;
            out.consent(consent, &format!("Take {number} from its account"))?;
            let answer = Server::find(&server)?.api("DELETE", &format!("numbers/{number}"), None).await?;
            out.document("number", &answer, || format!("{number} belongs to nobody"));
        }
    }
    Ok(())
}

fn row(number: &Value) -> Vec<String> {
    ["number", "account", "inbound_url"].map(|name| field(number, name)).to_vec()
}
