//! What a running server leaves for others to find it: the run file for the command line, the ready-file for test suites.
//!
//! Both are JSON, private, appear whole, and go when the value is dropped. Which accounts a ready-file names is the
//! caller's to say.

use std::net::SocketAddr;
use std::path::{Path, PathBuf};

use serde_json::{Map, Value, json};
use whimbrel_core::Secret;

use super::files::{Readers, read_text, remove_if_there, write_whole};

/// The version of the ready-file's form.
pub const SCHEMA: u32 = 1;

/// What a running server is.
#[derive(Debug, Clone)]
pub struct Running {
    /// The process.
    pub pid: u32,
    /// Where it speaks HTTP.
    pub http: Option<SocketAddr>,
    /// Where it speaks HTTPS.
    pub https: Option<SocketAddr>,
    /// The root certificate to trust, an absolute path.
    pub ca_pem: Option<PathBuf>,
    /// The embedded simulator.
    pub simulator: Option<SimulatorAccess>,
    /// The token of the native API.
    pub admin_token: Secret,
    /// Objects by name, like `account`: only in `--dev`.
    pub accounts: Vec<(String, Value)>,
}

/// How to bind to the simulator.
#[derive(Debug, Clone)]
pub struct SimulatorAccess {
    /// Where it listens.
    pub addr: SocketAddr,
    /// The name to bind with.
    pub system_id: String,
    /// The password.
    pub password: Secret,
}

/// The URL of a server that listens on `addr`: what a client on this machine can call.
#[must_use]
pub fn base_url(scheme: &str, addr: SocketAddr) -> String {
    let port = addr.port();
    if addr.ip().is_unspecified() {
        // An unspecified address is no address to call.
        return format!("{scheme}://127.0.0.1:{port}");
    }
    format!("{scheme}://{addr}")
}

impl Running {
    /// The ready-file's document.
    #[must_use]
    pub fn ready_document(&self) -> Value {
        let mut document = Map::new();
        document.insert("schema".to_owned(), json!(SCHEMA));
        document.insert("version".to_owned(), json!(env!("CARGO_PKG_VERSION")));
        document.insert("pid".to_owned(), json!(self.pid));
        document.insert("http".to_owned(), json!(self.http.map(|addr| base_url("http", addr))));
        document.insert("https".to_owned(), json!(self.https.map(|addr| base_url("https", addr))));
        document.insert("ca_pem".to_owned(), json!(self.ca_pem));
        let simulator = self.simulator.as_ref().map(|simulator| {
            json!({
                "addr": simulator.addr.to_string(),
                "system_id": simulator.system_id,
                "password": simulator.password.expose(),
            })
        });
        document.insert("simulator".to_owned(), json!(simulator));
        document.insert("admin_token".to_owned(), json!(self.admin_token.expose()));
        for (name, account) in &self.accounts {
            document.insert(name.clone(), account.clone());
        }
        Value::Object(document)
    }

    /// The run file's document.
    fn run_document(&self) -> Value {
        json!({
            "pid": self.pid,
            "http": self.http.map(|addr| base_url("http", addr)),
            "https": self.https.map(|addr| base_url("https", addr)),
            "ca_pem": self.ca_pem,
            "development": !self.accounts.is_empty(),
            "admin_token": self.admin_token.expose(),
        })
    }
}

/// A file that goes when the value is dropped.
#[derive(Debug)]
pub struct Presence(PathBuf);

impl Presence {
    /// Writes the ready-file.
    ///
    /// # Errors
    /// What the kernel says, with the path.
    pub fn ready(path: &Path, running: &Running) -> std::io::Result<Self> {
        Self::write(path, &running.ready_document())
    }

    /// Writes the run file into the data folder.
    ///
    /// # Errors
    /// What the kernel says, with the path.
    pub fn run(folder: &Path, running: &Running) -> std::io::Result<Self> {
        Self::write(&folder.join("run.json"), &running.run_document())
    }

    /// Writes another document that goes with the value.
    ///
    /// # Errors
    /// If the file cannot be written.
    pub fn document(path: &Path, document: &Value) -> std::io::Result<Self> {
        Self::write(path, document)
    }

    fn write(path: &Path, document: &Value) -> std::io::Result<Self> {
        // Absolute, so that it is found again whatever becomes of the current folder.
        let path = std::path::absolute(path)?;
        write_whole(&path, format!("{document:#}\n").as_bytes(), Readers::Owner)?;
        Ok(Self(path))
    }
}

impl Drop for Presence {
    fn drop(&mut self) {
        if let Err(error) = remove_if_there(&self.0) {
            tracing::warn!(%error, "a file that says this server runs is left behind; remove it");
        }
    }
}

/// Where the command line finds its server.
#[derive(Debug, Clone)]
pub struct FoundServer {
    /// The process.
    pub pid: u32,
    /// The base URL to call.
    pub url: String,
    /// The base URL of HTTPS.
    pub https: Option<String>,
    /// The local authority's certificate, if HTTPS shows certificates of it.
    pub ca_pem: Option<PathBuf>,
    /// What it is for.
    pub purpose: Purpose,
    /// The token.
    pub admin_token: Secret,
}

/// What a server is for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Purpose {
    /// `--dev`: it has the fixed accounts.
    Development,
    /// Anything else.
    Production,
}

/// Reads the run file of a data folder; `None` if no server runs there, or what is there is not a run file.
#[must_use]
pub fn find(folder: &Path) -> Option<FoundServer> {
    let document: Value = serde_json::from_str(&read_text(&folder.join("run.json")).ok()?).ok()?;
    let url = document["http"].as_str().or(document["https"].as_str())?;
    Some(FoundServer {
        pid: u32::try_from(document["pid"].as_u64()?).ok()?,
        url: url.to_owned(),
        https: document["https"].as_str().map(str::to_owned),
        ca_pem: document["ca_pem"].as_str().map(PathBuf::from),
        purpose: if document["development"] == true { Purpose::Development } else { Purpose::Production },
        admin_token: Secret::new(document["admin_token"].as_str()?),
    })
}

#[cfg(test)]
mod tests {
    use std::os::unix::fs::PermissionsExt;

    use super::super::files::tests::TestFolder;
    use super::*;

    fn running() -> Running {
        Running {
            pid: 4711,
            http: Some("127.0.0.1:7670".parse().unwrap()),
            https: Some("0.0.0.0:7671".parse().unwrap()),
            ca_pem: Some("/var/lib/whimbrel/ca.pem".into()),
            simulator: Some(SimulatorAccess {
                addr: "127.0.0.1:2776".parse().unwrap(),
                system_id: "dev".to_owned(),
                password: Secret::new("dev"),
            }),
            admin_token: Secret::new("token"),
            accounts: vec![("account".to_owned(), json!({ "api_key": "devkey01" }))],
        }
    }

    #[test]
    fn the_ready_file_says_everything_and_goes_with_its_value() {
        let folder = TestFolder::new();
        let path = folder.path().join("ready.json");
        let presence = Presence::ready(&path, &running()).unwrap();
        assert_eq!(std::fs::metadata(&path).unwrap().permissions().mode() & 0o777, 0o600);
        let document: Value = serde_json::from_str(&std::fs::read_to_string(&path).unwrap()).unwrap();
        assert_eq!(
            document,
            json!({
                "schema": 1,
                "version": env!("CARGO_PKG_VERSION"),
                "pid": 4711,
                "http": "http://127.0.0.1:7670",
                "https": "https://127.0.0.1:7671",
                "ca_pem": "/var/lib/whimbrel/ca.pem",
                "simulator": { "addr": "127.0.0.1:2776", "system_id": "dev", "password": "dev" },
                "admin_token": "token",
                "account": { "api_key": "devkey01" },
            })
        );
        drop(presence);
        assert!(!path.exists());
    }

    #[test]
    fn the_command_line_finds_its_server_by_the_run_file() {
        let folder = TestFolder::new();
        assert!(find(folder.path()).is_none());
        let presence = Presence::run(folder.path(), &running()).unwrap();
        let found = find(folder.path()).unwrap();
        assert_eq!(
            (found.pid, found.url.as_str(), found.admin_token.expose()),
            (4711, "http://127.0.0.1:7670", "token")
        );
        assert_eq!((found.https.as_deref(), found.purpose), (Some("https://127.0.0.1:7671"), Purpose::Development));
        assert_eq!(found.ca_pem.as_deref(), Some(Path::new("/var/lib/whimbrel/ca.pem")));
        drop(presence);
        std::fs::write(folder.path().join("run.json"), "{}").unwrap();
        assert!(find(folder.path()).is_none());
    }

    #[test]
    fn urls_can_be_called_from_this_machine() {
        for (addr, url) in [
            ("127.0.0.1:80", "http://127.0.0.1:80"),
            ("127.0.0.2:80", "http://127.0.0.2:80"),
            ("[::1]:80", "http://[::1]:80"),
            ("[::]:80", "http://127.0.0.1:80"),
            ("192.0.2.7:80", "http://192.0.2.7:80"),
            ("[2001:db8::1]:80", "http://[2001:db8::1]:80"),
        ] {
            assert_eq!(base_url("http", addr.parse().unwrap()), url);
        }
    }
}
