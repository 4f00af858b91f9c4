//! `whimbrel operator` and `whimbrel audit`: through the running server, so that there is one writer.

use serde_json::{Value, json};

use super::Failure;
use super::args::{AuditArgs, ChosenSecretArgs, OperatorCommand, PasswordArgs, RoleArg};
use super::client::{Server, segment, with_query};
use super::output::{Out, field};
use super::secret::chosen;

pub(super) async fn run(command: OperatorCommand, out: &Out) -> Result<(), Failure> {
    match command {
        OperatorCommand::Ls { server } => {
            let answer = Server::find(&server)?.api("GET", "operators", None).await?;
            out.document("operators", &answer, || {
                let names = ["name", "role", "totp", "recovery_codes_left", "created_at"];
                let operators = answer["operators"].as_array().into_iter().flatten();
                let rows: Vec<_> = operators.map(|one| names.map(|name| field(one, name)).to_vec()).collect();
                out.table(&["NAME", "ROLE", "CODES", "RECOVERY CODES LEFT", "SINCE"], &rows)
            });
        }
        OperatorCommand::Add { name, role, password, server } => {
            let role = match role {
                RoleArg::Operator => "operator",
                RoleArg::Viewer => "viewer",
            };
            let body = with_password(json!({ "name": name, "role": role }), password)?;
            let answer = Server::find(&server)?.api("POST", "operators", Some(&body)).await?;
            out.document("operator", &answer, || told(&answer, "may sign in"));
        }
        OperatorCommand::Passwd { name, password, server } => {
            let body = with_password(json!({}), password)?;
            let path = format!("{}/password", path(&name)?);
            let answer = Server::find(&server)?.api("POST", &path, Some(&body)).await?;
            out.document("operator", &answer, || told(&answer, "has another password and is signed out everywhere"));
        }
        OperatorCommand::Rm { name, consent, server } => {
            let path = path(&name)?;
            out.consent(consent, &format!("Remove {name}: they are signed out everywhere, at once"))?;
            let answer = Server::find(&server)?.api("DELETE", &path, None).await?;
            out.document("operator", &answer, || format!("{} removed", field(&answer, "name")));
        }
        OperatorCommand::Totp { name, off: true, server } => {
            let path = format!("{}/totp", path(&name)?);
            let answer = Server::find(&server)?.api("DELETE", &path, None).await?;
            out.document("operator", &answer, || format!("{} is asked for no codes any more", field(&answer, "name")));
        }
        OperatorCommand::Totp { name, off: false, server } => {
            let path = format!("{}/totp", path(&name)?);
            let answer = Server::find(&server)?.api("POST", &path, None).await?;
            out.document("operator", &answer, || app(&answer));
        }
    }
    Ok(())
}

pub(super) async fn audit(args: AuditArgs, out: &Out) -> Result<(), Failure> {
    let limit = args.limit.to_string();
    let path = with_query("audit", &[("limit", Some(&*limit)), ("before", args.before.as_deref())]);
    let answer = Server::find(&args.server)?.api("GET", &path, None).await?;
    out.document("audit", &answer, || {
        let names = ["at", "person", "source", "act", "subject", "status", "id"];
        let lines = answer["audit"].as_array().into_iter().flatten();
        let rows: Vec<_> = lines.map(|line| names.map(|name| field(line, name)).to_vec()).collect();
        out.table(&["WHEN", "WHO", "FROM", "WHAT", "MORE", "ANSWER", "ID"], &rows)
    });
    Ok(())
}

fn path(name: &str) -> Result<String, Failure> {
    Ok(format!("operators/{}", segment(name, "name of an operator")?))
}

fn with_password(mut body: Value, args: PasswordArgs) -> Result<Value, Failure> {
    let PasswordArgs { password_env, password_file } = args;
    if let Some(password) = chosen(&ChosenSecretArgs { secret_env: password_env, secret_file: password_file })? {
        body["password"] = json!(password.expose());
    }
    Ok(body)
}

fn told(answer: &Value, what: &str) -> String {
    let name = field(answer, "name");
    match answer["password"].as_str() {
        Some(password) => format!("{name} {what}. Password: {password}\nIt is shown this once."),
        None => format!("{name} {what}."),
    }
}

fn app(answer: &Value) -> String {
    let codes: Vec<&str> =
        answer["recovery_codes"].as_array().into_iter().flatten().filter_map(Value::as_str).collect();
    format!(
        "{} is asked for codes of an app from now on. Type this key into the app (time-based, 6 digits, 30 s):\n\n  {}\n\nor give it this address:\n\n  {}\n\n\
         Recovery codes, each good once, for when the app is lost:\n\n  {}\n\nAll of this is shown this once.",
        field(answer, "name"),
        field(answer, "secret"),
        field(answer, "uri"),
        codes.join("\n  "),
    )
}
