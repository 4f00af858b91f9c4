//! Talks to a running server: its native API, and its dialects as a customer would.

use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use http_body_util::{BodyExt, Full, Limited};
use hyper::client::conn::http1;
use hyper_util::rt::TokioIo;
use rustls_pki_types::pem::PemObject;
use rustls_pki_types::{CertificateDer, ServerName};
use serde_json::Value;
use tokio::net::TcpStream;
use whimbrel_core::Secret;

use super::args::ServerArgs;
use super::config::default_data_dirs;
use super::{Exit, Failure};
use crate::server::ready;

const ANSWER_BYTES_MAX: usize = 16 * 1024 * 1024;
const TIME_MAX: Duration = Duration::from_secs(30);

/// A server that was found.
pub(super) struct Server {
    url: http::Uri,
    admin_token: Option<Secret>,
    ca_pem: Option<PathBuf>,
}

/// What a server answered.
pub(super) struct Answer {
    /// The status code.
    pub(super) status: u16,
    /// The body.
    pub(super) body: Bytes,
}

impl Server {
    /// Finds the server that `args` name: by its address, else by the run file of its data folder.
    pub(super) fn find(args: &ServerArgs) -> Result<Self, Failure> {
        let folders = match &args.data_dir {
            Some(folder) => vec![folder.clone()],
            None => default_data_dirs(),
        };
        let found = folders.iter().find_map(|folder| Some((folder, ready::find(folder)?)));
        let ca_pem = env("WHIMBREL_CA").map(PathBuf::from).or_else(|| {
            let folder = found.as_ref().map(|(folder, _)| *folder).or(folders.first())?;
            Some(folder.join("ca.pem")).filter(|path| path.exists())
        });
        let token = env("WHIMBREL_TOKEN").map(Secret::new);
        let (url, admin_token) = match (&args.url, found) {
            (Some(url), _) => (url.clone(), token),
            (None, Some((_, found))) => (found.url, token.or(Some(found.admin_token))),
            (None, None) => {
                let looked: Vec<String> = folders.iter().map(|folder| folder.display().to_string()).collect();
                let looked = if looked.is_empty() { "any known data folder".to_owned() } else { looked.join(" or ") };
                return Err(Failure::new(
                    Exit::Unreachable,
                    format!(
                        "no server runs on {looked}: start one with `whimbrel serve --dev`, or give --url or --data-dir"
                    ),
                ));
            }
        };
        let url: http::Uri = url.parse().map_err(|_| {
            Failure::new(Exit::Unreachable, format!("`{url}` is no address such as http://127.0.0.1:7670"))
        })?;
        Ok(Self { url, admin_token, ca_pem })
    }

    /// Calls the native API and reads its document.
    pub(super) async fn api(&self, method: &str, path: &str, body: Option<&Value>) -> Result<Value, Failure> {
        let mut headers = vec![("content-type".to_owned(), "application/json".to_owned())];
        if let Some(token) = &self.admin_token {
            headers.push(("authorization".to_owned(), format!("Bearer {}", token.expose())));
        }
        let body = body.map(Value::to_string).unwrap_or_default();
        let answer = self.send(method, &format!("/_whimbrel/v1/{path}"), &headers, body.into_bytes()).await?;
        let document: Value = serde_json::from_slice(&answer.body).map_err(|_| {
            Failure::new(Exit::Failed, format!("{} answered {} with something else than JSON", self.url, answer.status))
        })?;
        let detail = document["detail"].as_str().unwrap_or("no reason given");
        match answer.status {
            200..300 => Ok(document),
            401 => {
                Err(Failure::new(Exit::Unauthorized, format!("the server refused the call: {detail} (WHIMBREL_TOKEN)")))
            }
            404 => Err(Failure::new(Exit::NotFound, detail)),
            status => Err(Failure::new(Exit::Failed, format!("the server answered {status}: {detail}"))),
        }
    }

    /// Sends one request.
    pub(super) async fn send(
        &self,
        method: &str,
        path: &str,
        headers: &[(String, String)],
        body: Vec<u8>,
    ) -> Result<Answer, Failure> {
        let work = self.exchange(method, path, headers, body);
        match tokio::time::timeout(TIME_MAX, work).await {
            Ok(Ok(answer)) => Ok(answer),
            Ok(Err(error)) => Err(Failure::new(Exit::Unreachable, format!("cannot reach {}: {error}", self.url))),
            Err(_) => Err(Failure::new(Exit::Unreachable, format!("{} did not answer within 30 seconds", self.url))),
        }
    }

    async fn exchange(
        &self,
        method: &str,
        path: &str,
        headers: &[(String, String)],
        body: Vec<u8>,
    ) -> Result<Answer, Box<dyn std::error::Error + Send + Sync>> {
        let host = self.url.host().ok_or("the address has no host")?;
        let is_tls = self.url.scheme_str() == Some("https");
        let port = self.url.port_u16().unwrap_or(if is_tls { 443 } else { 80 });
        let tcp = TcpStream::connect((host.trim_matches(['[', ']']), port)).await?;
        let authority = self.url.authority().map_or(host, http::uri::Authority::as_str);
        let mut request = http::Request::builder().method(method).uri(path).header("host", authority);
        for (name, value) in headers {
            request = request.header(name, value);
        }
        let request = request.body(Full::new(Bytes::from(body)))?;
        if is_tls {
            let name = ServerName::try_from(host.trim_matches(['[', ']']).to_owned())?;
            let tls = tls_connector(self.ca_pem.as_deref())?.connect(name, tcp).await?;
            round_trip(TokioIo::new(tls), request).await
        } else {
            round_trip(TokioIo::new(tcp), request).await
        }
    }
}

async fn round_trip<T>(
    io: T,
    request: http::Request<Full<Bytes>>,
) -> Result<Answer, Box<dyn std::error::Error + Send + Sync>>
where
    T: hyper::rt::Read + hyper::rt::Write + Unpin + Send + 'static,
{
    let (mut sender, connection) = http1::handshake(io).await?;
    let exchange = async {
        let response = sender.send_request(request).await?;
        let status = response.status().as_u16();
        let body = Limited::new(response.into_body(), ANSWER_BYTES_MAX).collect().await?.to_bytes();
        Ok(Answer { status, body })
    };
    // The connection ends with the exchange: nothing else uses it.
    tokio::select! {
        biased;
        answer = exchange => answer,
        closed = connection => Err(match closed {
            Ok(()) => "the connection was closed before the answer".into(),
            Err(error) => error.into(),
        }),
    }
}

fn tls_connector(
    ca_pem: Option<&Path>,
) -> Result<tokio_rustls::TlsConnector, Box<dyn std::error::Error + Send + Sync>> {
    let mut roots = rustls::RootCertStore::empty();
    for certificate in rustls_native_certs::load_native_certs().certs {
        // Old roots in the system's store that cannot be read do not matter here.
        _ = roots.add(certificate);
    }
    if let Some(path) = ca_pem {
        for certificate in CertificateDer::pem_file_iter(path)? {
            roots.add(certificate?)?;
        }
    }
    let provider = Arc::new(rustls::crypto::aws_lc_rs::default_provider());
    let config = rustls::ClientConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()?
        .with_root_certificates(roots)
        .with_no_client_auth();
    Ok(tokio_rustls::TlsConnector::from(Arc::new(config)))
}

/// A variable of the environment, if it is set and not empty.
#[expect(clippy::disallowed_methods, reason = "the command line is the edge that reads the environment")]
pub(super) fn env(name: &str) -> Option<String> {
    std::env::var(name).ok().filter(|value| !value.is_empty())
}
