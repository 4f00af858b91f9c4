//! `whimbrel env`: what clients must know of a running server, as variables of the environment.
//!
//! Credentials are printed of the development account alone, whose secrets are no secrets.

use std::io::Write;
use std::path::Path;

use serde_json::{Map, Value};
use whimbrel_dialects::Descriptor;
use whimbrel_dialects::registry::DIALECTS;

use super::args::{EnvArgs, EnvShell};
use super::client::{Server, env};
use super::output::{self, Out};
use super::{Exit, Failure};
use crate::intercept::kit;
use crate::server::files::{Readers, read_text, write_whole};
use crate::server::ready::Purpose;

/// A variable and its value.
pub(super) type Variable = (&'static str, String);

pub(super) fn run(args: &EnvArgs, out: &Out) -> Result<(), Failure> {
    let server = Server::find(&args.server)?;
    let mut variables = of_server(&server);
    if let Some(ca) = server.ca_pem() {
        variables.extend(trusting(ca)?);
    }
    if args.github {
        return to_github(&variables, out);
    }
    let document: Map<String, Value> =
        variables.iter().map(|(name, value)| ((*name).to_owned(), Value::from(value.clone()))).collect();
    out.document("env", &serde_json::json!({ "variables": document }), || {
        let line = |variable: &Variable| match (args.dotenv, args.shell) {
            (true, _) => dotenv(variable),
            (false, shell) => in_shell(shell.unwrap_or(EnvShell::Sh), variable),
        };
        variables.iter().map(line).collect::<Vec<_>>().join("\n")
    });
    Ok(())
}

/// Where the server is, and whom a client is there.
pub(super) fn of_server(server: &Server) -> Vec<Variable> {
    let mut variables = vec![("WHIMBREL_URL", server.url())];
    if let Some(ca) = server.ca_pem() {
        variables.push(("WHIMBREL_CA", ca.display().to_string()));
    }
    if server.purpose() == Some(Purpose::Development) {
        let place = Place { http: server.url(), https: server.https().map(str::to_owned) };
        for descriptor in DIALECTS.iter().map(|dialect| dialect.descriptor()) {
            let filled = descriptor.environment.iter();
            variables.extend(filled.filter_map(|(name, form)| Some((*name, fill(form, descriptor, &place)?))));
        }
    }
    variables
}

/// What makes clients trust the certificate at `ca`: a file beside it holds the system's roots too, for those that know one file
/// only.
fn trusting(ca: &Path) -> Result<Vec<Variable>, Failure> {
    let failed = |error: std::io::Error| Failure::from_error(Exit::Failed, "cannot write the bundle of roots", &error);
    let bundle = ca.with_file_name("ca-bundle.pem");
    let text = kit::bundle(ca).map_err(failed)?;
    if read_text(&bundle).ok().as_ref() != Some(&text) {
        write_whole(&bundle, text.as_bytes(), Readers::Everyone).map_err(failed)?;
    }
    let bundle = bundle.display().to_string();
    Ok(vec![
        ("SSL_CERT_FILE", bundle.clone()),
        ("CURL_CA_BUNDLE", bundle.clone()),
        ("REQUESTS_CA_BUNDLE", bundle),
        ("NODE_EXTRA_CA_CERTS", ca.display().to_string()),
    ])
}

struct Place {
    http: String,
    https: Option<String>,
}

/// A value of a descriptor's form; `None` if the server lacks what it asks for.
fn fill(form: &str, descriptor: &Descriptor, place: &Place) -> Option<String> {
    let dev = descriptor.dev_account;
    let https = place.https.as_deref();
    let values = [
        ("{key}", Some(dev.key)),
        ("{secret}", Some(dev.secret)),
        ("{test_key}", dev.test_key),
        ("{signature_secret}", Some(dev.signature_secret)),
        ("{http}", Some(place.http.as_str())),
        ("{https}", https),
        ("{https_host}", https.and_then(|url| url.strip_prefix("https://"))),
    ];
    values
        .iter()
        .filter(|(name, _)| form.contains(name))
        .try_fold(form.to_owned(), |text, (name, value)| Some(text.replace(name, (*value)?)))
}

fn in_shell(shell: EnvShell, (name, value): &Variable) -> String {
    match shell {
        EnvShell::Sh => format!("export {name}='{}'", value.replace('\'', r"'\''")),
        EnvShell::Fish => format!("set -gx {name} '{}';", value.replace('\\', r"\\").replace('\'', r"\'")),
        EnvShell::Powershell => format!("$env:{name} = '{}'", value.replace('\'', "''")),
    }
}

fn dotenv((name, value): &Variable) -> String {
    let is_plain = |octet: u8| octet.is_ascii_alphanumeric() || b"_-./:@?=&+,".contains(&octet);
    if value.bytes().all(is_plain) {
        return format!("{name}={value}");
    }
    let mut text = String::new();
    for letter in value.chars() {
        if matches!(letter, '"' | '\\' | '$' | '`') {
            text.push('\\');
        }
        text.push(letter);
    }
    format!("{name}=\"{text}\"")
}

fn to_github(variables: &[Variable], out: &Out) -> Result<(), Failure> {
    let path = env("GITHUB_ENV").ok_or_else(|| {
        Failure::new(Exit::Usage, "--github needs GITHUB_ENV, the file that a job of GitHub names; this is none")
    })?;
    let mut lines = String::new();
    for (name, value) in variables {
        if value.contains(['\n', '\r']) {
            return Err(Failure::new(Exit::Failed, format!("{name} has a line break, which {path} cannot hold")));
        }
        lines.push_str(&format!("{name}={value}\n"));
    }
    let file = std::fs::OpenOptions::new().append(true).create(true).open(&path);
    file.and_then(|mut file| file.write_all(lines.as_bytes()))
        .map_err(|error| Failure::from_error(Exit::Failed, &format!("cannot add to {path}"), &error))?;
    let names: Vec<&str> = variables.iter().map(|(name, _)| *name).collect();
    out.hint(&format!("added to {}: {}", output::printable(&path), names.join(", ")));
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_form_quotes_as_its_reader_reads() {
        let variable = ("NAME", "it's $5 \\ \"x\"".to_owned());
        assert_eq!(in_shell(EnvShell::Sh, &variable), r#"export NAME='it'\''s $5 \ "x"'"#);
        assert_eq!(in_shell(EnvShell::Fish, &variable), r#"set -gx NAME 'it\'s $5 \\ "x"';"#);
        assert_eq!(in_shell(EnvShell::Powershell, &variable), r#"$env:NAME = 'it''s $5 \ "x"'"#);
        assert_eq!(dotenv(&variable), r#"NAME="it's \$5 \\ \"x\"""#);
        assert_eq!(dotenv(&("NAME", "http://127.0.0.1:7670".to_owned())), "NAME=http://127.0.0.1:7670");
    }

    #[test]
    fn every_dialect_has_names_and_a_value_that_the_server_lacks_is_left_out() {
        let place = Place { http: "http://127.0.0.1:7670".to_owned(), https: None };
        for descriptor in DIALECTS.iter().map(|dialect| dialect.descriptor()) {
            let filled: Vec<_> =
                descriptor.environment.iter().filter_map(|(_, form)| fill(form, descriptor, &place)).collect();
            assert!(filled.iter().any(|value| value == descriptor.dev_account.secret), "{}", descriptor.id);
            assert!(!filled.iter().any(|value| value.contains('{')), "{filled:?}");
            assert_eq!(fill("{https}", descriptor, &place), None);
        }
    }
}
