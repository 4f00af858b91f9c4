//! TLS as real clients see it: OpenSSL and curl of this machine.

use std::io::Write;
use std::process::{Command, Stdio};
use std::time::Duration;

use whimbrel_core::Timestamp;

use super::support::{TestServer, echo};
use crate::server::files::tests::TestFolder;
use crate::server::{HttpLimits, ca, tls};

pub(super) struct TlsServer {
    pub(super) server: TestServer,
    folder: TestFolder,
}

impl TlsServer {
    pub(super) fn start(limits: HttpLimits) -> Self {
        let folder = TestFolder::new();
        let now = std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH).unwrap();
        let now = Timestamp(i64::try_from(now.as_micros()).unwrap());
        let ca = ca::open(folder.path(), &ca::LOCAL_NAMES.map(str::to_owned), now).unwrap();
        let config = tls::server_config(ca.keys).unwrap();
        Self { server: TestServer::start(echo, limits, Some(config)), folder }
    }

    fn ca_pem(&self) -> String {
        self.folder.path().join("ca.pem").display().to_string()
    }

    /// What `openssl s_client` tells of a connection with those options.
    async fn s_client(&self, options: &[&str]) -> String {
        let port = self.server.addr.port();
        let mut args = vec!["s_client".to_owned(), "-connect".to_owned(), format!("127.0.0.1:{port}")];
        args.extend(["-CAfile".to_owned(), self.ca_pem(), "-verify_return_error".to_owned()]);
        args.extend(options.iter().map(ToString::to_string));
        run("openssl", args, b"Q\n").await
    }

    pub(super) async fn curl(&self, host: &str, options: &[&str]) -> String {
        let mut args =
            ["-sS", "--noproxy", "*", "--max-time", "20", "--cacert", &self.ca_pem()].map(str::to_owned).to_vec();
        args.extend(options.iter().map(ToString::to_string));
        args.push(format!("https://{host}:{}/path", self.server.addr.port()));
        run("curl", args, b"").await
    }
}

async fn run(program: &'static str, args: Vec<String>, input: &'static [u8]) -> String {
    let run = move || {
        let mut command = Command::new(program);
        command.args(args).stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped());
        let mut child = command.spawn().unwrap_or_else(|error| panic!("{program} is needed here: {error}"));
        // A child that has already refused reads no input.
        let _ = child.stdin.take().unwrap().write_all(input);
        let output = child.wait_with_output().unwrap();
        String::from_utf8_lossy(&output.stdout).into_owned() + &String::from_utf8_lossy(&output.stderr)
    };
    tokio::task::spawn_blocking(run).await.unwrap()
}

#[tokio::test]
async fn openssl_gets_the_certificate_that_its_suites_allow() {
    let server = TlsServer::start(HttpLimits::default());
    let cases: [(&[&str], &str, &str); 6] = [
        (&["-tls1_2", "-cipher", "ECDHE-RSA-AES128-GCM-SHA256"], "ECDHE-RSA-AES128-GCM-SHA256", "RSA-PSS"),
        (&["-tls1_2", "-cipher", "ECDHE-RSA-AES256-GCM-SHA384"], "ECDHE-RSA-AES256-GCM-SHA384", "RSA-PSS"),
        (&["-tls1_2", "-cipher", "ECDHE-ECDSA-AES128-GCM-SHA256"], "ECDHE-ECDSA-AES128-GCM-SHA256", "ECDSA"),
        (&["-tls1_2"], "ECDHE-ECDSA-AES256-GCM-SHA384", "ECDSA"),
        (&["-tls1_3"], "TLS_AES_256_GCM_SHA384", "ECDSA"),
        (&["-tls1_3", "-sigalgs", "RSA-PSS+SHA256:RSA+SHA256"], "TLS_AES_256_GCM_SHA384", "RSA-PSS"),
    ];
    for (options, suite, signature) in cases {
        let told = server.s_client(options).await;
        assert!(told.contains(&format!("Cipher is {suite}\n")), "{options:?}: {told}");
        assert!(told.contains(&format!("Peer signature type: {signature}\n")), "{options:?}: {told}");
        assert!(told.contains("Verify return code: 0 (ok)"), "{options:?}: {told}");
    }
}

#[tokio::test]
async fn old_versions_and_suites_without_forward_secrecy_are_refused() {
    let server = TlsServer::start(HttpLimits::default());
    for options in [&["-tls1_1", "-cipher", "ALL:@SECLEVEL=0"][..], &["-tls1_2", "-cipher", "AES128-GCM-SHA256"]] {
        let told = server.s_client(options).await;
        assert!(told.contains("Cipher is (NONE)"), "{options:?}: {told}");
    }
}

#[tokio::test]
async fn every_local_name_is_in_the_certificate() {
    let server = TlsServer::start(HttpLimits::default());
    for host in ["localhost", "127.0.0.1"] {
        for version in [&["--tls-max", "1.2"][..], &["--tlsv1.3"]] {
            assert_eq!(server.curl(host, version).await, "GET /path 0\n", "{host} {version:?}");
        }
    }
    let told = server.s_client(&["-verify_ip", "::1"]).await;
    assert!(told.contains("Verify return code: 0 (ok)"), "{told}");
    let port = server.server.addr.port();
    let elsewhere = format!("other.example:{port}:127.0.0.1");
    assert!(server.curl("other.example", &["--resolve", &elsewhere]).await.contains("SSL"));
}

#[tokio::test]
async fn curl_sees_the_suite_of_the_source_document() {
    let server = TlsServer::start(HttpLimits::default());
    let options = ["-v", "--tls-max", "1.2", "--ciphers", "ECDHE-RSA-AES128-GCM-SHA256", "--http1.1", "-d", "a=b"];
    let told = server.curl("localhost", &options).await;
    assert!(told.contains("SSL connection using TLSv1.2 / ECDHE-RSA-AES128-GCM-SHA256"), "{told}");
    assert!(told.contains("POST /path 3\n") && told.contains("left intact"), "{told}");
}

#[tokio::test]
async fn http_2_is_spoken_by_alpn() {
    let limits = HttpLimits { body_bytes_max: 1000, ..HttpLimits::default() };
    let server = TlsServer::start(limits);
    let version = ["-w", "%{http_version} %{http_code}\n", "--http2"];
    assert_eq!(server.curl("localhost", &version).await, "GET /path 0\n2 200\n");
    let body = "x".repeat(1000);
    let post = server.curl("localhost", &["-w", "%{http_version}", "--http2", "-d", &body]).await;
    assert_eq!(post, "POST /path 1000\n2");
    let body = "x".repeat(100_000);
    let refused = server.curl("localhost", &["-w", "%{http_version} %{http_code}\n", "--http2", "-d", &body]).await;
    assert!(refused.contains("2 413\n") && refused.contains("up to 1000 bytes"), "{refused}");
    let old = server.curl("localhost", &["-w", "%{http_version}", "--http1.1"]).await;
    assert_eq!(old, "GET /path 0\n1.1");
}

#[tokio::test]
async fn a_slow_handshake_or_plain_http_ends_the_connection() {
    let server =
        TlsServer::start(HttpLimits { handshake_time_max: Duration::from_millis(50), ..HttpLimits::default() });
    assert_eq!(server.server.exchange("").await, "");
    let mut client = server.server.connect().await;
    client.send("GET / HTTP/1.1\r\nHost: a\r\n\r\n").await;
    // An alert or nothing, but never an answer in clear.
    let mut octets = Vec::new();
    let _ = tokio::io::AsyncReadExt::read_to_end(&mut client.0, &mut octets).await;
    assert!(!octets.starts_with(b"HTTP"));
}

#[tokio::test]
async fn connections_drain_over_tls_too() {
    let server = TlsServer::start(HttpLimits::default());
    assert_eq!(server.curl("localhost", &["--http2"]).await, "GET /path 0\n");
    let drained = server.server.stop().await;
    assert_eq!(drained.cut, 0);
}
