//! What a program is given so that it uses the proxy and trusts its certificates: files in a folder of the run, and variables that
//! name them. Each is there because a runtime was seen to need it (docs/guide/intercept.md).

use std::io;
use std::net::SocketAddr;
use std::path::{Path, PathBuf};

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use rustls_pki_types::CertificateDer;
use rustls_pki_types::pem::PemObject;
use serde_json::json;
use whimbrel_core::Timestamp;

use super::authority::Authority;
use super::proxy::{Rules, UnknownHosts};
use super::trust_store::{PASSWORD, trust_store};
use crate::server::files::{Readers, make_private_folder, write_whole};

/// What must not go through the proxy.
const NO_PROXY: &str = "localhost,127.0.0.1,::1";
const NODE_PRELOAD: &str = include_str!("preload.cjs");
const RUBY_PRELOAD: &str = include_str!("preload.rb");

/// The files of a run.
#[derive(Debug, Clone)]
pub struct Kit {
    proxy: SocketAddr,
    /// The run's authority and the server's, for what adds to its own roots.
    added: PathBuf,
    /// The same with the system's roots, for what replaces its own.
    bundle: PathBuf,
    php: PathBuf,
    java: PathBuf,
    node: PathBuf,
    ruby: PathBuf,
}

impl Kit {
    /// Writes the files into `folder`. `trusted` are files of certificates besides the system's: that of the gateway's own HTTPS, and
    /// those which the caller's variables name. One that cannot be read is left out, as its reader would do.
    ///
    /// # Errors
    /// What the kernel says, with the path.
    pub fn write(
        folder: &Path,
        authority: &Authority,
        trusted: &[PathBuf],
        proxy: (SocketAddr, &Rules),
        now: Timestamp,
    ) -> io::Result<Self> {
        let (proxy, rules) = proxy;
        let mut ours = vec![authority.certificate.clone()];
        let roots = rustls_native_certs::load_native_certs().certs;
        for certificate in trusted.iter().filter_map(|path| certificates(path).ok()).flatten() {
            // Often the caller's file is the system's, once more.
            if !roots.contains(&certificate) && !ours.contains(&certificate) {
                ours.push(certificate);
            }
        }
        let kit = Self {
            proxy,
            added: folder.join("ca.pem"),
            bundle: folder.join("bundle.pem"),
            php: folder.join("php"),
            java: folder.join("trust.jks"),
            node: folder.join("preload.cjs"),
            ruby: folder.join("preload.rb"),
        };
        make_private_folder(&kit.php)?;
        let write = |path: &Path, content: &[u8]| write_whole(path, content, Readers::Owner);
        write(&kit.added, pem(ours.iter()).as_bytes())?;
        write(&kit.bundle, pem(ours.iter().chain(&roots)).as_bytes())?;
        let ini = format!("curl.cainfo=\"{0}\"\nopenssl.cafile=\"{0}\"\n", kit.bundle.display());
        write(&kit.php.join("whimbrel.ini"), ini.as_bytes())?;
        let made_at_ms = u64::try_from(now.0 / 1_000).unwrap_or_default();
        write(&kit.java, &trust_store(ours.iter().chain(&roots).map(AsRef::as_ref), made_at_ms))?;
        let block = rules.unknown == UnknownHosts::Block;
        let settings =
            json!({ "hosts": rules.hosts, "host": proxy.ip().to_string(), "port": proxy.port(), "block": block });
        write(&kit.node, NODE_PRELOAD.replace("/*SETTINGS*/ null", &settings.to_string()).as_bytes())?;
        // A list of texts is written alike in JSON and in Ruby.
        let hosts = json!(rules.hosts).to_string();
        write(&kit.ruby, RUBY_PRELOAD.replace("HOSTS_SETTING", &hosts).as_bytes())?;
        Ok(kit)
    }

    /// Variables that name files of certificates, which this kit's take the place of.
    pub const NAMING_ROOTS: [&str; 3] = ["NODE_EXTRA_CA_CERTS", "REQUESTS_CA_BUNDLE", "CURL_CA_BUNDLE"];

    /// The variables, in the order in which they are best read. `present` tells what the caller's environment holds: lists of
    /// options are added to, and what was there stays.
    #[must_use]
    pub fn variables(&self, present: impl Fn(&str) -> Option<String>) -> Vec<(&'static str, String)> {
        let text = |path: &Path| path.display().to_string();
        let proxy = format!("http://{}", self.proxy);
        let beside = |name: &str, separator: &str, more: String| match present(name) {
            Some(there) => format!("{there}{separator}{more}"),
            None => more,
        };
        // PHP reads the folders in their order; an empty one is its own.
        let php = format!("{}:{}", present("PHP_INI_SCAN_DIR").unwrap_or_default(), text(&self.php));
        vec![
            ("HTTPS_PROXY", proxy.clone()),
            ("https_proxy", proxy.clone()),
            ("HTTP_PROXY", proxy.clone()),
            ("http_proxy", proxy),
            ("NO_PROXY", beside("NO_PROXY", ",", NO_PROXY.to_owned())),
            ("no_proxy", beside("no_proxy", ",", NO_PROXY.to_owned())),
            ("SSL_CERT_FILE", text(&self.bundle)),
            ("CURL_CA_BUNDLE", text(&self.bundle)),
            ("REQUESTS_CA_BUNDLE", text(&self.bundle)),
            ("NODE_EXTRA_CA_CERTS", text(&self.added)),
            ("NODE_OPTIONS", beside("NODE_OPTIONS", " ", format!("--require {}", quoted(&text(&self.node))))),
            ("PHP_INI_SCAN_DIR", php),
            ("RUBYOPT", beside("RUBYOPT", " ", format!("-r{}", text(&self.ruby)))),
            ("JAVA_TOOL_OPTIONS", beside("JAVA_TOOL_OPTIONS", " ", self.java_options())),
        ]
    }

    fn java_options(&self) -> String {
        let (host, port) = (self.proxy.ip(), self.proxy.port());
        let options = [
            format!("-Dhttp.proxyHost={host} -Dhttp.proxyPort={port}"),
            format!("-Dhttps.proxyHost={host} -Dhttps.proxyPort={port}"),
            "-Dhttp.nonProxyHosts=localhost|127.*|[::1]".to_owned(),
            format!("-Djavax.net.ssl.trustStore={}", quoted(&self.java.display().to_string())),
            format!("-Djavax.net.ssl.trustStoreType=JKS -Djavax.net.ssl.trustStorePassword={PASSWORD}"),
        ];
        options.join(" ")
    }
}

/// A path in a list that is divided at spaces, as Node and Java take it.
fn quoted(path: &str) -> String {
    if path.contains(' ') { format!("\"{path}\"") } else { path.to_owned() }
}

/// The certificates in the PEM file `ca`, with the system's roots after them.
///
/// # Errors
/// The file cannot be read.
pub fn bundle(ca: &Path) -> io::Result<String> {
    Ok(pem(certificates(ca)?.iter().chain(&rustls_native_certs::load_native_certs().certs)))
}

fn certificates(path: &Path) -> io::Result<Vec<CertificateDer<'static>>> {
    let named = |error| io::Error::other(format!("cannot read the certificate {}: {error}", path.display()));
    CertificateDer::pem_file_iter(path).map_err(named)?.map(|certificate| certificate.map_err(named)).collect()
}

fn pem<'a>(certificates: impl Iterator<Item = &'a CertificateDer<'static>>) -> String {
    let mut text = String::new();
    for certificate in certificates {
        text.push_str("-----BEGIN CERTIFICATE-----\n");
        let body = STANDARD.encode(certificate);
        for line in body.as_bytes().chunks(64) {
            text.push_str(&String::from_utf8_lossy(line));
            text.push('\n');
        }
        text.push_str("-----END CERTIFICATE-----\n");
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::server::files::tests::TestFolder;

    fn kit(folder: &Path) -> Kit {
        let hosts = vec!["rest.example.com"];
        let now = Timestamp(1_795_564_800_000_000);
        let authority = Authority::new(&hosts, now).unwrap();
        let rules = Rules { hosts, unknown: UnknownHosts::Block };
        Kit::write(folder, &authority, &[], ("127.0.0.1:4000".parse().unwrap(), &rules), now).unwrap()
    }

    #[test]
    fn what_the_caller_has_set_is_kept_where_options_are_lists() {
        let folder = TestFolder::new();
        let kit = kit(folder.path());
        let there = |name: &str| match name {
            "NODE_OPTIONS" => Some("--max-old-space-size=512".to_owned()),
            "JAVA_TOOL_OPTIONS" => Some("-Xmx64m".to_owned()),
            "NO_PROXY" => Some("db.internal".to_owned()),
            "PHP_INI_SCAN_DIR" => Some("/etc/php.d".to_owned()),
            _ => None,
        };
        let value = |variables: &[(&str, String)], name: &str| {
            variables.iter().find(|(known, _)| *known == name).map(|(_, value)| value.clone()).unwrap()
        };
        let variables = kit.variables(there);
        assert!(value(&variables, "NODE_OPTIONS").starts_with("--max-old-space-size=512 --require /"));
        assert!(value(&variables, "JAVA_TOOL_OPTIONS").starts_with("-Xmx64m -Dhttp.proxyHost=127.0.0.1 "));
        assert_eq!(value(&variables, "NO_PROXY"), "db.internal,localhost,127.0.0.1,::1");
        assert_eq!(value(&variables, "PHP_INI_SCAN_DIR"), format!("/etc/php.d:{}/php", folder.path().display()));
        let variables = kit.variables(|_| None);
        assert_eq!(value(&variables, "PHP_INI_SCAN_DIR"), format!(":{}/php", folder.path().display()));
        assert_eq!(value(&variables, "https_proxy"), "http://127.0.0.1:4000");
    }

    #[test]
    fn the_files_hold_the_settings_and_the_authority_first() {
        let folder = TestFolder::new();
        let kit = kit(folder.path());
        let preload = std::fs::read_to_string(&kit.node).unwrap();
        assert!(preload.contains(r#""hosts":["rest.example.com"]"#) && !preload.contains("SETTINGS"), "{preload}");
        let added = certificates(&kit.added).unwrap();
        let bundle = certificates(&kit.bundle).unwrap();
        assert_eq!((added.len(), &added[0]), (1, &bundle[0]));
        let java = std::fs::read(&kit.java).unwrap();
        assert!(java.windows(added[0].len()).any(|octets| octets == added[0].as_ref()));
    }
}
