//! `whimbrel serve` as a process, with its native API.

use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::process::Command;

use serde_json::Value;

use crate::failure::{Attempted as _, Failure, Outcome, require};
use crate::harness::account::{Account, units};
use crate::harness::http::{Client, Request};
use crate::harness::process::Running;

/// How to start a server.
#[derive(Debug, Clone)]
pub struct Setup {
    /// The binary.
    pub binary: PathBuf,
    /// Data, configuration, log and ready-file go here.
    pub folder: PathBuf,
    /// What to run with.
    pub mode: Mode,
    /// Environment beyond ours, such as a library to load first.
    pub environment: Vec<(String, String)>,
}

/// With the built-in simulator, or with a carrier.
#[derive(Debug, Clone)]
pub enum Mode {
    /// `--dev`.
    Development,
    /// A configuration file with one SMPP carrier.
    Carrier {
        /// Where the carrier's centre listens.
        addr: SocketAddr,
        /// Unanswered submissions allowed.
        window: u32,
        /// How often a submission in doubt is sent again, over a text's whole life.
        doubt_resends: u8,
    },
    /// This configuration file.
    Written(String),
}

/// A running server.
#[derive(Debug)]
pub struct Gateway {
    /// The process.
    pub process: Running,
    /// Where it speaks HTTP.
    pub http: SocketAddr,
    /// Where it speaks HTTPS.
    pub https: SocketAddr,
    /// The development account.
    pub account: Option<Account>,
    token: String,
}

impl Setup {
    /// The folder that the store lives in.
    pub fn data_folder(&self) -> PathBuf {
        self.folder.join("data")
    }

    /// Starts a server and waits until it is ready.
    pub fn start(&self) -> Outcome<Gateway> {
        let ready_file = self.folder.join("gateway.ready.json");
        let mut line = Command::new(&self.binary);
        line.arg("serve").current_dir(&self.folder).envs(self.environment.iter().cloned());
        match &self.mode {
            Mode::Development => {
                line.args(["--dev", "--simulator", "127.0.0.1:0"]);
            }
            Mode::Carrier { addr, window, doubt_resends } => {
                let path = self.folder.join("whimbrel.toml");
                std::fs::write(&path, configuration(*addr, *window, *doubt_resends))?;
                line.arg("--config").arg(path);
            }
            Mode::Written(_) => {}
        }
        if let Mode::Written(configuration) = &self.mode {
            let path = self.folder.join("whimbrel.toml");
            std::fs::write(&path, configuration)?;
            line.arg("--config").arg(path);
        }
        line.args(["--http", "127.0.0.1:0", "--https", "127.0.0.1:0"]);
        line.arg("--data-dir").arg(self.data_folder()).arg("--ready-file").arg(&ready_file);
        let mut process = Running::start("the gateway", &mut line, &self.folder.join("gateway.log"))?;
        let ready = process.wait_ready(&ready_file)?;
        Gateway::of(process, &ready)
    }
}

/// What a server with one carrier needs.
fn configuration(addr: SocketAddr, window: u32, doubt_resends: u8) -> String {
    let (host, port) = (addr.ip(), addr.port());
    format!(
        "[carriers.smsc]\nkind = \"smpp\"\nhost = \"{host}\"\nport = {port}\nsystem_id = \"whimbrel\"\npassword = \"dev\"\n\
         window = {window}\ndoubt_resends = {doubt_resends}\n\n[[routes]]\nname = \"all\"\nprefix = \"\"\ncarrier = \"smsc\"\n"
    )
}

impl Gateway {
    fn of(process: Running, ready: &Value) -> Outcome<Self> {
        let text = |value: &Value, name: &str| {
            let missing = || Failure::new(format!("the ready-file has no `{name}`"));
            value[name].as_str().map(str::to_owned).ok_or_else(missing)
        };
        let socket = |name: &str| {
            let url = text(ready, name)?;
            let host = url.rsplit('/').next().unwrap_or_default();
            host.parse::<SocketAddr>().attempting(format_args!("read `{name}` of the ready-file"))
        };
        let account = match &ready["account"] {
            Value::Null => None,
            account => Some(Account { key: text(account, "api_key")?, secret: text(account, "api_secret")? }),
        };
        let (http, https, token) = (socket("http")?, socket("https")?, text(ready, "admin_token")?);
        Ok(Self { process, http, https, account, token })
    }

    /// Opens an account with money, as an operator does outside of `--dev`.
    pub fn open_account(&self) -> Outcome<Account> {
        let made = self.native("POST", "accounts", br#"{"currency":"EUR"}"#)?;
        let text = |name: &str| {
            let missing = || Failure::new(format!("a new account has no `{name}`"));
            made[name].as_str().map(str::to_owned).ok_or_else(missing)
        };
        let account = Account { key: text("api_key")?, secret: text("api_secret")? };
        self.native("POST", &format!("accounts/{}/topup", account.key), br#"{"amount":"1000000.00"}"#)?;
        Ok(account)
    }

    /// A call of the native API that must succeed; an empty body for none.
    pub fn native(&self, method: &str, target: &str, body: &[u8]) -> Outcome<Value> {
        let path = format!("/_whimbrel/v1/{target}");
        let request = Request { method, target: &path, token: Some(&self.token), body: ("application/json", body) };
        let answer = Client::new(self.http).call(&request)?;
        require((200..300).contains(&answer.status), || {
            format!("`{target}` answered {}: {}", answer.status, answer.text())
        })?;
        serde_json::from_slice(&answer.body).attempting(format_args!("read the answer of `{target}`"))
    }

    /// A GET with the token; any status.
    pub fn get(&self, target: &str) -> Outcome<crate::harness::answer::Answer> {
        let request = Request { method: "GET", target, token: Some(&self.token), body: ("", b"") };
        Client::new(self.http).call(&request)
    }

    /// A call over a connection that the caller keeps.
    pub fn get_over(&self, client: &mut Client, target: &str) -> Outcome<crate::harness::answer::Answer> {
        client.call(&Request { method: "GET", target, token: Some(&self.token), body: ("", b"") })
    }

    /// What is posted to an account's wallet and what of it is held, in 10^-8.
    pub fn wallet(&self, key: &str) -> Outcome<(i64, i64)> {
        let view = self.native("GET", &format!("accounts/{key}"), b"")?;
        let amount = |name: &str| {
            let units = view[name].as_str().and_then(units);
            units.ok_or_else(|| Failure::new(format!("the account has no amount `{name}`: {view}")))
        };
        Ok((amount("posted")?, amount("held")?))
    }

    /// One of the store's counts.
    pub fn count(&self, name: &str) -> Outcome<u64> {
        let stats = self.native("GET", "stats", b"")?;
        stats[name].as_u64().ok_or_else(|| Failure::new(format!("the store's counts have no `{name}`: {stats}")))
    }

    /// A metric without labels, or the sum over its labels.
    pub fn metric(&self, name: &str) -> Outcome<f64> {
        let answer = self.get("/metrics")?;
        Ok(metric_sum(&answer.text(), name))
    }
}

fn metric_sum(text: &str, name: &str) -> f64 {
    let value = |line: &str| {
        let rest = line.strip_prefix(name)?;
        let rest = if rest.starts_with('{') { rest.split_once("} ")?.1 } else { rest.strip_prefix(' ')? };
        rest.split(' ').next()?.parse::<f64>().ok()
    };
    text.lines().filter_map(value).sum()
}

/// The size of the files of a store.
pub fn store_bytes(folder: &Path) -> Outcome<u64> {
    let mut bytes = 0;
    for entry in std::fs::read_dir(folder)? {
        let kind = entry?.metadata()?;
        bytes += if kind.is_file() { kind.len() } else { 0 };
    }
    Ok(bytes)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_metric_is_found_with_and_without_labels() {
        let text = "# HELP a_total x\na_total{c=\"x\"} 3\na_total{c=\"y\"} 4\na_total_more 9\nb_sum 1.5\n";
        assert!((metric_sum(text, "a_total") - 7.0).abs() < f64::EPSILON);
        assert!((metric_sum(text, "b_sum") - 1.5).abs() < f64::EPSILON);
        assert!(metric_sum(text, "c").abs() < f64::EPSILON);
    }
}
