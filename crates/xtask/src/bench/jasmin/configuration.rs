//! Its configuration: one file for all three daemons, everything on loopback, warnings only.

use std::path::{Path, PathBuf};

use super::Ports;
use super::install::Installation;
use crate::failure::Outcome;

const LOG_LEVEL: &str = "WARNING";

/// Where the file lies.
pub fn path(folder: &Path) -> PathBuf {
    folder.join("jasmin.cfg")
}

/// Writes it, with the folders that it names.
pub fn write(installation: &Installation, folder: &Path, ports: &Ports) -> Outcome<()> {
    for below in ["store", "log"] {
        std::fs::create_dir_all(folder.join(below))?;
    }
    Ok(std::fs::write(path(folder), text(&installation.broker_protocol(), folder, ports))?)
}

fn text(protocol: &Path, folder: &Path, ports: &Ports) -> String {
    let [smpp, smpp_backend, connectors, router] = ports.inner;
    let below = |name: &str| folder.join(name).display().to_string();
    let mut text = String::new();
    let mut section = |name: &str, lines: &[(&str, String)]| {
        text.push_str(&format!(
            "[{name}]\nlog_level = {LOG_LEVEL}\nlog_file = {}\n",
            below(&format!("log/{name}.log"))
        ));
        for (key, value) in lines {
            text.push_str(&format!("{key} = {value}\n"));
        }
    };
    let listens = |port: u16| [("bind", "127.0.0.1".to_owned()), ("port", port.to_string())];
    let keeps = |port: u16| [listens(port).as_slice(), &[("store_path", below("store"))]].concat();
    section("smpp-server", &listens(smpp));
    section("smpp-server-pb", &listens(smpp_backend));
    section("smpp-server-pb-client", &[("host", "127.0.0.1".to_owned()), ("port", smpp_backend.to_string())]);
    section("client-management", &keeps(connectors));
    section("router", &keeps(router));
    section("jcli", &listens(ports.console));
    // A file of its own: Jasmin renames a log that is full, whatever it is.
    let access_log = ("access_log", below("log/access.log"));
    section("http-api", &[listens(ports.http).as_slice(), &[access_log]].concat());
    for name in ["service-smppclient", "sm-listener", "dlr", "deliversm-thrower", "dlr-thrower"] {
        section(name, &[]);
    }
    let retries = ["connection_loss_retry_delay", "connection_failure_retry_delay"].map(|name| (name, "1".to_owned()));
    let broker = [("port", ports.amqp.to_string()), ("spec", protocol.display().to_string())];
    section("amqp-broker", &[broker.as_slice(), &retries].concat());
    section("redis-client", &[("port", ports.redis.to_string())]);
    text
}
