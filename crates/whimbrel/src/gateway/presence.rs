//! How a running gateway makes itself known: the banner, the run file, the ready-file.

use std::path::Path;

use serde_json::json;
use whimbrel_core::Secret;
use whimbrel_dialects::registry::DIALECTS;
use whimbrel_simulator::Running as RunningSimulator;

use super::certificates::Certificates;
use crate::server::Bound;
use crate::server::ready::{Running, SimulatorAccess, base_url};

pub(super) fn running(
    is_dev: bool,
    http: &Option<Bound>,
    https: &Option<Bound>,
    certificates: Option<&Certificates>,
    simulator: Option<&RunningSimulator>,
    admin_token: Secret,
) -> Running {
    let accounts = DIALECTS.iter().filter(|_| is_dev).map(|dialect| {
        let dev = dialect.descriptor().dev_account;
        let mut account = json!({ "api_key": dev.key, "signature_secret": dev.signature_secret });
        let secret = if dialect.descriptor().secret_keys.is_some() { "secret_key" } else { "api_secret" };
        account[secret] = json!(dev.secret);
        if let Some(test_key) = dev.test_key {
            account["test_key"] = json!(test_key);
        }
        (dev.ready_file_name.to_owned(), account)
    });
    Running {
        pid: std::process::id(),
        http: http.as_ref().map(Bound::addr),
        https: https.as_ref().map(Bound::addr),
        ca_pem: certificates.and_then(|certificates| certificates.ca_pem.clone()),
        simulator: simulator.map(|simulator| SimulatorAccess {
            addr: simulator.local_addr(),
            system_id: "dev".to_owned(),
            password: Secret::new("dev"),
        }),
        admin_token,
        accounts: accounts.collect(),
    }
}

/// The data folder, as commands have to be told of it.
pub(super) struct Folder<'a> {
    path: &'a Path,
    is_usual: bool,
}

impl<'a> Folder<'a> {
    /// `usual` is where commands look by themselves.
    pub(super) fn new(path: &'a Path, usual: Option<&Path>) -> Self {
        Self { path, is_usual: usual == Some(path) }
    }

    fn flag(&self) -> String {
        if self.is_usual { String::new() } else { format!(" --data-dir {}", self.path.display()) }
    }
}

/// What a person reads after the start: only what works.
pub(super) fn banner(is_dev: bool, running: &Running, folder: &Folder<'_>) -> String {
    let mut lines = vec![format!("Whimbrel {} is ready", env!("CARGO_PKG_VERSION")), String::new()];
    // After `cargo run` there is no `whimbrel` on the path.
    let program = std::env::current_exe().map_or_else(|_| "whimbrel".to_owned(), |path| path.display().to_string());
    let mut line = |name: &str, value: String| lines.push(format!("  {name:<10} {value}"));
    let http = running.http.map(|addr| base_url("http", addr));
    let https = running.https.map(|addr| base_url("https", addr));
    if is_dev {
        line("mode", "development: no text leaves this machine".to_owned());
    }
    if let Some(url) = http.as_ref().or(https.as_ref()) {
        line("inbox", format!("{url}/"));
    }
    if let Some(url) = &http {
        line("HTTP", url.clone());
    }
    if let Some(url) = &https {
        line("HTTPS", url.clone());
    }
    if let Some(path) = &running.ca_pem {
        line("CA", format!("{} (curl --cacert, REQUESTS_CA_BUNDLE)", path.display()));
    }
    if let Some(simulator) = &running.simulator {
        line(
            "simulator",
            format!("SMPP at {}, any system_id, password `{}`", simulator.addr, simulator.password.expose()),
        );
    }
    line("data", folder.path.display().to_string());
    if let (true, Some(base)) = (is_dev, http.or(https)) {
        for descriptor in DIALECTS.iter().map(|dialect| dialect.descriptor()) {
            let dev = descriptor.dev_account;
            lines.push(String::new());
            let credentials = match descriptor.secret_keys {
                Some(_) => format!("secret key `{}`", dev.secret),
                None => format!("api_key `{}`, api_secret `{}`", dev.key, dev.secret),
            };
            lines.push(format!("  {}: {credentials}. Send the first text:", descriptor.title));
            let line = descriptor.curl_line.replace("{base}", &base);
            let trusting = match &running.ca_pem {
                Some(ca) if running.http.is_none() => {
                    line.replacen("curl ", &format!("curl --cacert {} ", ca.display()), 1)
                }
                _ => line,
            };
            lines.push(format!("    {trusting}"));
        }
        lines.push(String::new());
        let folder = folder.flag();
        lines.push(format!("  Then look at it in the inbox, or: {program} show{folder} MESSAGE-ID"));
        lines.push(format!("  Code that cannot change its host: {program} run{folder} -- COMMAND"));
    }
    lines.push(String::new());
    lines.join("\n")
}
