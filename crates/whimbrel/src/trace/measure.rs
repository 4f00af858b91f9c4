//! Does one request step by step and notes when each step ended.

use std::fmt;
use std::io;
use std::net::SocketAddr;
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use http_body_util::{BodyExt, Full, Limited};
use hyper::body::Incoming;
use hyper::client::conn::{http1, http2};
use hyper_util::rt::{TokioExecutor, TokioIo};
use rustls::client::WebPkiServerVerifier;
use rustls::{ClientConfig, RootCertStore};
use rustls_pki_types::pem::PemObject;
use rustls_pki_types::{CertificateDer, ServerName};
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::net::TcpStream;
use tokio::task::JoinSet;
use tokio::time::Instant;
use tokio_rustls::TlsConnector;
use whimbrel_core::Timestamp;

use super::chain::{Certificate, Root, Watching};
use super::{Ends, Message, Tls, Trace, mask};
use crate::server::tls::provider;

/// For each step.
const STEP_TIME_MAX: Duration = Duration::from_secs(30);
const ANSWER_BYTES_MAX: usize = 16 * 1024 * 1024;

/// A request to do.
#[derive(Debug, Clone)]
pub struct Ask<'a> {
    /// Where: a URL of HTTP or HTTPS.
    pub url: &'a http::Uri,
    /// The method.
    pub method: &'a str,
    /// Headers besides `host` and `user-agent`.
    pub headers: &'a [(String, String)],
    /// The body.
    pub body: Vec<u8>,
    /// An authority to trust besides the system's.
    pub ca_pem: Option<&'a Path>,
    /// What time it is.
    pub now: Timestamp,
}

/// Where a request came to an end.
#[derive(Debug)]
pub enum TraceError {
    /// Nothing was tried: what was asked for cannot be.
    Ask(String),
    /// The name has no address.
    Dns(String, io::Error),
    /// No address could be connected to.
    Tcp(Vec<(SocketAddr, String)>),
    /// No TLS; with what the server showed.
    Tls(io::Error, Vec<Certificate>),
    /// The connection broke, or what came is no HTTP.
    Http(String),
    /// Nothing came in time; in which step.
    Time(&'static str),
}

impl fmt::Display for TraceError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Ask(why) => f.write_str(why),
            Self::Dns(host, error) => write!(f, "dns: {host} has no address: {error}"),
            Self::Tcp(tried) => {
                let tried: Vec<String> = tried.iter().map(|(address, why)| format!("{address}: {why}")).collect();
                write!(f, "tcp: no address could be connected to: {}", tried.join("; "))
            }
            Self::Tls(error, _) => write!(f, "tls: {error}"),
            Self::Http(why) => write!(f, "http: {why}"),
            Self::Time(step) => write!(f, "{step}: nothing came within {} seconds", STEP_TIME_MAX.as_secs()),
        }
    }
}

impl std::error::Error for TraceError {}

trait Io: AsyncRead + AsyncWrite + Unpin + Send {}
impl<T: AsyncRead + AsyncWrite + Unpin + Send> Io for T {}

/// Does a request and measures it.
///
/// # Errors
/// [`TraceError`], which names the step.
pub async fn trace(ask: Ask<'_>) -> Result<Trace, TraceError> {
    let host = ask.url.host().ok_or_else(|| TraceError::Ask("the URL has no host".to_owned()))?;
    let host = host.trim_matches(['[', ']']).to_owned();
    let is_tls = ask.url.scheme_str() == Some("https");
    let port = ask.url.port_u16().unwrap_or(if is_tls { 443 } else { 80 });
    // Before the clock runs: a program that goes on has read its roots long ago.
    let client = if is_tls { Some(Client::new(ask.ca_pem).map_err(TraceError::Ask)?) } else { None };
    let start = Instant::now();

    let found = in_time("dns", tokio::net::lookup_host((host.as_str(), port))).await?;
    let addresses: Vec<SocketAddr> = found.map_err(|error| TraceError::Dns(host.clone(), error))?.collect();
    let dns = start.elapsed();
    let (peer, tcp, unreachable) = connect(&addresses).await?;
    let tcp_end = start.elapsed();
    let (io, tls): (Box<dyn Io>, _) = match client {
        Some(client) => {
            let (io, tls) = client.handshake(&host, tcp).await?;
            (io, Some(tls))
        }
        None => (Box::new(tcp), None),
    };
    let tls_end = start.elapsed();
    let is_http2 = tls.as_ref().is_some_and(|tls| tls.alpn.as_deref() == Some("h2"));
    let (request, request_line) = told_request(&ask);
    let mut driver = JoinSet::new();
    let response = in_time("first byte", exchange(io, is_http2, &ask, &mut driver)).await??;
    let first_byte = start.elapsed();
    let status = response.status().as_u16();
    let headers = told_headers(response.headers());
    let body = in_time("body", Limited::new(response.into_body(), ANSWER_BYTES_MAX).collect()).await?;
    let body = body.map_err(|error| TraceError::Http(format!("the answer broke off: {error}")))?.to_bytes().to_vec();
    let content_type = headers.iter().find(|(name, _)| name == "content-type").map_or("", |(_, value)| value.as_str());
    let response = Message { body: mask::body(content_type, &body), body_size: body.len(), headers };
    let ends = Ends { dns, tcp: tcp_end, tls: tls_end, first_byte, total: start.elapsed() };
    let version = if is_http2 { "HTTP/2" } else { "HTTP/1.1" };
    let started_at = ask.now;
    Ok(Trace {
        started_at,
        host,
        port,
        addresses,
        unreachable,
        peer,
        tls,
        request,
        request_line,
        status,
        version,
        response,
        body,
        ends,
    })
}

async fn in_time<T>(step: &'static str, work: impl Future<Output = T>) -> Result<T, TraceError> {
    tokio::time::timeout(STEP_TIME_MAX, work).await.map_err(|_| TraceError::Time(step))
}

type Tried = Vec<(SocketAddr, String)>;

async fn connect(addresses: &[SocketAddr]) -> Result<(SocketAddr, TcpStream, Tried), TraceError> {
    let mut unreachable = Vec::new();
    for address in addresses {
        match tokio::time::timeout(STEP_TIME_MAX, TcpStream::connect(address)).await {
            Ok(Ok(tcp)) => {
                // Refused only by a socket that is gone, which the next step notices.
                _ = tcp.set_nodelay(true);
                return Ok((*address, tcp, unreachable));
            }
            Ok(Err(error)) => unreachable.push((*address, error.to_string())),
            Err(_) => unreachable.push((*address, "no answer".to_owned())),
        }
    }
    Err(TraceError::Tcp(unreachable))
}

/// A client's side of TLS, ready to connect.
struct Client {
    config: Arc<ClientConfig>,
    watching: Arc<Watching>,
    subjects: Vec<Vec<u8>>,
    ours: Vec<Vec<u8>>,
}

impl Client {
    fn new(ca_pem: Option<&Path>) -> Result<Self, String> {
        let (roots, ours) = roots(ca_pem)?;
        let subjects: Vec<Vec<u8>> = roots.roots.iter().map(|root| root.subject.to_vec()).collect();
        let verifier = WebPkiServerVerifier::builder_with_provider(Arc::new(roots), provider()).build();
        let watching = Arc::new(Watching::new(verifier.map_err(|error| error.to_string())?));
        let mut config = ClientConfig::builder_with_provider(provider())
            .with_safe_default_protocol_versions()
            .map_err(|error| error.to_string())?
            .dangerous()
            .with_custom_certificate_verifier(Arc::clone(&watching) as Arc<_>)
            .with_no_client_auth();
        config.alpn_protocols = vec![b"h2".to_vec(), b"http/1.1".to_vec()];
        Ok(Self { config: Arc::new(config), watching, subjects, ours })
    }

    async fn handshake(self, host: &str, tcp: TcpStream) -> Result<(Box<dyn Io>, Tls), TraceError> {
        let name = ServerName::try_from(host.to_owned())
            .map_err(|_| TraceError::Ask(format!("`{host}` is no name that a certificate can have")))?;
        let connected = in_time("tls", TlsConnector::from(self.config).connect(name, tcp)).await?;
        let stream = connected.map_err(|error| TraceError::Tls(error, self.watching.chain()))?;
        let (_, session) = stream.get_ref();
        let words = |text: Option<&str>| text.unwrap_or("unknown").replace("TLSv1_", "TLS 1.");
        let tls = Tls {
            version: words(session.protocol_version().and_then(|version| version.as_str())),
            cipher: words(session.negotiated_cipher_suite().and_then(|suite| suite.suite().as_str())),
            group: session.negotiated_key_exchange_group().map(|group| format!("{:?}", group.name())),
            alpn: session.alpn_protocol().map(|name| String::from_utf8_lossy(name).into_owned()),
            root: root(session.peer_certificates().unwrap_or_default(), &self.subjects, &self.ours),
            chain: self.watching.chain(),
        };
        Ok((Box::new(stream), tls))
    }
}

/// The roots to trust, and the subjects of those that are in `ca_pem`.
fn roots(ca_pem: Option<&Path>) -> Result<(RootCertStore, Vec<Vec<u8>>), String> {
    let mut roots = RootCertStore::empty();
    let mut ours = Vec::new();
    if let Some(path) = ca_pem {
        let named = |why: String| format!("cannot use {}: {why}", path.display());
        for der in CertificateDer::pem_file_iter(path).map_err(|error| named(error.to_string()))? {
            roots.add(der.map_err(|error| named(error.to_string()))?).map_err(|error| named(error.to_string()))?;
        }
        ours.extend(roots.roots.iter().map(|root| root.subject.to_vec()));
    }
    for der in rustls_native_certs::load_native_certs().certs {
        // Old roots in the system's store that cannot be read do not matter here.
        _ = roots.add(der);
    }
    Ok((roots, ours))
}

/// The trusted authority that issued the last certificate of the chain, or is it.
fn root(chain: &[CertificateDer<'_>], subjects: &[Vec<u8>], ours: &[Vec<u8>]) -> Option<Root> {
    let find = |der: &CertificateDer<'_>| {
        let (_, certificate) = x509_parser::parse_x509_certificate(der).ok()?;
        // A trust anchor's subject is what is inside the sequence (RFC 5280 §4.1).
        let subject = subjects.iter().find(|subject| certificate.issuer().as_raw().ends_with(subject))?;
        let from = if ours.contains(subject) { "the local authority" } else { "the system's roots" };
        Some(Root { subject: certificate.issuer().to_string(), from })
    };
    chain.iter().rev().find_map(find)
}

async fn exchange(
    io: Box<dyn Io>,
    is_http2: bool,
    ask: &Ask<'_>,
    driver: &mut JoinSet<()>,
) -> Result<http::Response<Incoming>, TraceError> {
    let broken = |error: hyper::Error| TraceError::Http(error.to_string());
    let target = ask.url.path_and_query().map_or("/", http::uri::PathAndQuery::as_str);
    let mut request = http::Request::builder().method(ask.method).header("user-agent", AGENT);
    request = match is_http2 {
        true => request.uri(ask.url.clone()),
        false => request.uri(target).header("host", ask.url.authority().map_or("", http::uri::Authority::as_str)),
    };
    for (name, value) in ask.headers {
        request = request.header(name, value);
    }
    let request = request.body(Full::new(Bytes::from(ask.body.clone())));
    let request = request.map_err(|error| TraceError::Ask(error.to_string()))?;
    // What goes wrong in a driver, the request learns too.
    if is_http2 {
        let (mut sender, connection) =
            http2::handshake(TokioExecutor::new(), TokioIo::new(io)).await.map_err(broken)?;
        driver.spawn(async move { _ = connection.await });
        return sender.send_request(request).await.map_err(broken);
    }
    let (mut sender, connection) = http1::handshake(TokioIo::new(io)).await.map_err(broken)?;
    driver.spawn(async move { _ = connection.await });
    sender.send_request(request).await.map_err(broken)
}

const AGENT: &str = concat!("whimbrel/", env!("CARGO_PKG_VERSION"));

fn told_request(ask: &Ask<'_>) -> (Message, (String, String)) {
    let authority = ask.url.authority().map_or("", http::uri::Authority::as_str);
    let mut headers = vec![("host".to_owned(), authority.to_owned()), ("user-agent".to_owned(), AGENT.to_owned())];
    headers.extend(ask.headers.iter().map(|(name, value)| (name.to_ascii_lowercase(), mask::header(name, value))));
    let named = |wanted: &str| ask.headers.iter().find(|(name, _)| name.eq_ignore_ascii_case(wanted));
    let body = mask::body(named("content-type").map_or("", |(_, value)| value), &ask.body);
    let target = ask.url.path_and_query().map_or("/", http::uri::PathAndQuery::as_str);
    (Message { headers, body, body_size: ask.body.len() }, (ask.method.to_owned(), mask::target(target)))
}

fn told_headers(headers: &http::HeaderMap) -> Vec<(String, String)> {
    let told = headers.iter().map(|(name, value)| {
        let value = String::from_utf8_lossy(value.as_bytes());
        (name.as_str().to_owned(), mask::header(name.as_str(), &value))
    });
    told.collect()
}
