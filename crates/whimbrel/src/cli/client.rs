//! Talks to a running server: its native API, and its dialects as a customer would.

use std::net::IpAddr;
use std::path::{Path, PathBuf};
use std::time::Duration;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use bytes::Bytes;
use http_body_util::{BodyExt, Full, Limited};
use hyper::body::Incoming;
use hyper::client::conn::http1;
use hyper_util::rt::TokioIo;
use rustls_pki_types::ServerName;
use serde_json::Value;
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::net::TcpStream;
use tokio::task::JoinSet;
use tokio_rustls::TlsConnector;
use whimbrel_core::Secret;

use super::args::ServerArgs;
use super::config::default_data_dirs;
use super::{Exit, Failure, output};
use crate::server::ready::{self, FoundServer, Purpose};
use crate::server::tls::client_config;
use crate::server::unchecked;

const ANSWER_BYTES_MAX: usize = 16 * 1024 * 1024;
const TIME_MAX: Duration = Duration::from_secs(30);

/// A server that was found.
pub(super) struct Server {
    url: http::Uri,
    https: Option<String>,
    purpose: Option<Purpose>,
    pid: Option<u32>,
    folder: Option<PathBuf>,
    admin_token: Option<Secret>,
    ca_pem: Option<PathBuf>,
    certificates: Certificates,
    time_max: Duration,
}

/// The admin token, a secret key, or the key and secret of an account with a colon between them.
fn authorization(token: &Secret) -> String {
    match token.expose().contains(':') {
        true => format!("Basic {}", STANDARD.encode(token.expose())),
        false => format!("Bearer {}", token.expose()),
    }
}

/// Whether a server must show a certificate that we trust.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Certificates {
    /// It must.
    Checked,
    /// Any will do: only for a receiver that is being written, where somebody said so.
    Any,
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
        let is_found = |url: &str, found: &FoundServer| found.url == url || found.https.as_deref() == Some(url);
        let found = found.filter(|(_, found)| args.url.as_deref().is_none_or(|url| is_found(url, found)));
        let folder = found.as_ref().map(|(folder, _)| (*folder).clone());
        let found = found.map(|(_, found)| found);
        let pid = found.as_ref().map(|found| found.pid);
        let (url, https, purpose, admin_token) = match (&args.url, found) {
            (url, Some(found)) => {
                let token = token.or(Some(found.admin_token));
                (url.clone().unwrap_or(found.url), found.https, Some(found.purpose), token)
            }
            (Some(url), None) => (url.clone(), None, None, token),
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
        let certificates = Certificates::Checked;
        Ok(Self { url, https, purpose, pid, folder, admin_token, ca_pem, certificates, time_max: TIME_MAX })
    }

    /// The base URL that it is called by.
    pub(super) fn url(&self) -> String {
        self.url.to_string().trim_end_matches('/').to_owned()
    }

    /// Its base URL of HTTPS, if it is known.
    pub(super) fn https(&self) -> Option<&str> {
        self.https.as_deref()
    }

    /// What it is for, if it told.
    pub(super) const fn purpose(&self) -> Option<Purpose> {
        self.purpose
    }

    /// Its process, if it runs on this machine.
    pub(super) const fn pid(&self) -> Option<u32> {
        self.pid
    }

    /// Its data folder, if that is on this machine.
    pub(super) fn folder(&self) -> Option<&Path> {
        self.folder.as_deref()
    }

    /// The certificate that its HTTPS is trusted by, besides the system's.
    pub(super) fn ca_pem(&self) -> Option<&Path> {
        self.ca_pem.as_deref()
    }

    /// Another server than ours, which gets no token.
    pub(super) fn at(url: http::Uri, certificates: Certificates) -> Self {
        Self {
            url,
            https: None,
            purpose: None,
            pid: None,
            folder: None,
            admin_token: None,
            ca_pem: env("WHIMBREL_CA").map(PathBuf::from),
            certificates,
            time_max: TIME_MAX,
        }
    }

    /// Whether the server is on this machine.
    pub(super) fn is_loopback(&self) -> bool {
        let host = self.url.host().unwrap_or_default().trim_matches(['[', ']']);
        host == "localhost" || host.parse::<IpAddr>().is_ok_and(|address| address.is_loopback())
    }

    /// The same server, for calls that take long because they wait.
    pub(super) fn patient(self, time_max: Duration) -> Self {
        Self { time_max, ..self }
    }

    /// Calls the native API and reads its document.
    pub(super) async fn api(&self, method: &str, path: &str, body: Option<&Value>) -> Result<Value, Failure> {
        match self.api_any(method, path, body).await? {
            (200..300, document) => Ok(document),
            (status, document) => Err(refused(status, &document)),
        }
    }

    /// A page that is no part of the native API, with its status.
    pub(super) async fn text(&self, path: &str) -> Result<(u16, String), Failure> {
        let answer = self.send("GET", path, &self.api_headers(), Vec::new()).await?;
        Ok((answer.status, String::from_utf8_lossy(&answer.body).into_owned()))
    }

    /// The same, whatever the status.
    pub(super) async fn api_any(
        &self,
        method: &str,
        path: &str,
        body: Option<&Value>,
    ) -> Result<(u16, Value), Failure> {
        let body = body.map(Value::to_string).unwrap_or_default();
        let path = format!("/_whimbrel/v1/{path}");
        let answer = self.send(method, &path, &self.api_headers(), body.into_bytes()).await?;
        let document = serde_json::from_slice(&answer.body).map_err(|_| {
            Failure::new(Exit::Failed, format!("{} answered {} with something else than JSON", self.url, answer.status))
        })?;
        Ok((answer.status, document))
    }

    /// Calls the native API for a stream of octets.
    pub(super) async fn stream(&self, path: &str, headers: &[(String, String)]) -> Result<Stream, Failure> {
        let mut all = self.api_headers();
        all.extend_from_slice(headers);
        let opening = async {
            let mut connection = self.connect().await?;
            let response = connection.start("GET", &format!("/_whimbrel/v1/{path}"), &all, Vec::new()).await?;
            Ok::<_, CallError>((connection, response))
        };
        let (connection, response) = self.in_time(opening).await?;
        let status = response.status().as_u16();
        let mut body = response.into_body();
        if status != 200 {
            let rest = Limited::new(&mut body, ANSWER_BYTES_MAX).collect().await.map(|body| body.to_bytes());
            let document = serde_json::from_slice(&rest.unwrap_or_default()).unwrap_or(Value::Null);
            return Err(refused(status, &document));
        }
        Ok(Stream { body, _connection: connection })
    }

    fn api_headers(&self) -> Vec<(String, String)> {
        let mut headers = vec![("content-type".to_owned(), "application/json".to_owned())];
        if let Some(token) = &self.admin_token {
            headers.push(("authorization".to_owned(), authorization(token)));
        }
        headers
    }

    /// Sends one request over a connection of its own.
    pub(super) async fn send(
        &self,
        method: &str,
        path: &str,
        headers: &[(String, String)],
        body: Vec<u8>,
    ) -> Result<Answer, Failure> {
        self.in_time(async { self.connect().await?.call(method, path, headers, body).await }).await
    }

    async fn in_time<T>(&self, work: impl Future<Output = Result<T, CallError>>) -> Result<T, Failure> {
        match tokio::time::timeout(self.time_max, work).await {
            Ok(Ok(done)) => Ok(done),
            Ok(Err(error)) => Err(Failure::new(Exit::Unreachable, format!("cannot reach {}: {error}", self.url))),
            Err(_) => Err(Failure::new(
                Exit::Unreachable,
                format!("{} did not answer within {} seconds", self.url, self.time_max.as_secs()),
            )),
        }
    }

    /// Opens a connection that takes one request after the other.
    pub(super) async fn connect(&self) -> Result<Connection, CallError> {
        let host = self.url.host().ok_or("the address has no host")?;
        let bare = host.trim_matches(['[', ']']);
        let is_tls = self.url.scheme_str() == Some("https");
        let port = self.url.port_u16().unwrap_or(if is_tls { 443 } else { 80 });
        let tcp = TcpStream::connect((bare, port)).await?;
        tcp.set_nodelay(true)?;
        let io: Box<dyn Io> = if is_tls {
            let name = ServerName::try_from(bare.to_owned())?;
            let config = match self.certificates {
                Certificates::Checked => client_config(self.ca_pem.as_deref())?,
                Certificates::Any => unchecked::client_config()?,
            };
            let connector = TlsConnector::from(config);
            Box::new(connector.connect(name, tcp).await?)
        } else {
            Box::new(tcp)
        };
        let (sender, connection) = http1::handshake(TokioIo::new(io)).await?;
        let mut driver = JoinSet::new();
        driver.spawn(async move {
            // What goes wrong here, the request learns too.
            _ = connection.await;
        });
        let authority = self.url.authority().map_or(host, http::uri::Authority::as_str).to_owned();
        Ok(Connection { authority, sender, _driver: driver })
    }
}

/// What an answer that is none of success means for the command.
pub(super) fn refused(status: u16, document: &Value) -> Failure {
    let detail = output::printable(document["detail"].as_str().unwrap_or("no reason given"));
    match status {
        400 | 422 => Failure::coded(Exit::Usage, "E0102", format!("the server did not take that: {detail}")),
        401 => Failure::new(Exit::Unauthorized, format!("the server refused the call: {detail} (WHIMBREL_TOKEN)")),
        403 => Failure::new(Exit::Policy, format!("the server forbids that: {detail}")),
        404 => Failure::new(Exit::NotFound, detail),
        status => Failure::coded(Exit::Failed, "E0002", format!("the server answered {status}: {detail}")),
    }
}

/// Why a call came to nothing.
pub(super) type CallError = Box<dyn std::error::Error + Send + Sync>;

trait Io: AsyncRead + AsyncWrite + Unpin + Send {}
impl<T: AsyncRead + AsyncWrite + Unpin + Send> Io for T {}

/// One connection; it ends with the value.
pub(super) struct Connection {
    authority: String,
    sender: http1::SendRequest<Full<Bytes>>,
    _driver: JoinSet<()>,
}

impl Connection {
    /// Sends a request and reads the whole answer.
    pub(super) async fn call(
        &mut self,
        method: &str,
        path: &str,
        headers: &[(String, String)],
        body: Vec<u8>,
    ) -> Result<Answer, CallError> {
        let response = self.start(method, path, headers, body).await?;
        let status = response.status().as_u16();
        let body = Limited::new(response.into_body(), ANSWER_BYTES_MAX).collect().await?.to_bytes();
        Ok(Answer { status, body })
    }

    async fn start(
        &mut self,
        method: &str,
        path: &str,
        headers: &[(String, String)],
        body: Vec<u8>,
    ) -> Result<http::Response<Incoming>, CallError> {
        let mut request = http::Request::builder().method(method).uri(path).header("host", &self.authority);
        for (name, value) in headers {
            request = request.header(name, value);
        }
        self.sender.ready().await?;
        Ok(self.sender.send_request(request.body(Full::new(Bytes::from(body)))?).await?)
    }
}

/// An answer that does not end by itself.
pub(super) struct Stream {
    body: Incoming,
    _connection: Connection,
}

impl Stream {
    /// The next piece; `None` at its end.
    pub(super) async fn next(&mut self) -> Result<Option<Bytes>, CallError> {
        loop {
            match self.body.frame().await {
                None => return Ok(None),
                Some(frame) => {
                    if let Ok(piece) = frame?.into_data() {
                        return Ok(Some(piece));
                    }
                }
            }
        }
    }
}

/// Puts a word from the command line into a path; what a path cannot hold is not the name of anything.
pub(super) fn segment<'a>(word: &'a str, what: &str) -> Result<&'a str, Failure> {
    let is_plain = |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'_' | b'-' | b':' | b'.' | b'+');
    if !word.is_empty() && word.bytes().all(is_plain) && !word.starts_with('.') {
        return Ok(word);
    }
    Err(Failure::new(Exit::NotFound, format!("`{}` is no {what}", output::printable(word))))
}

/// A path with a query; names without a value are left out.
pub(super) fn with_query(path: &str, query: &[(&str, Option<&str>)]) -> String {
    let mut form = form_urlencoded::Serializer::new(String::new());
    for (name, value) in query {
        if let Some(value) = value {
            form.append_pair(name, value);
        }
    }
    let query = form.finish();
    if query.is_empty() { path.to_owned() } else { format!("{path}?{query}") }
}

/// A variable of the environment, if it is set and not empty.
#[expect(clippy::disallowed_methods, reason = "the command line is the edge that reads the environment")]
pub(super) fn env(name: &str) -> Option<String> {
    std::env::var(name).ok().filter(|value| !value.is_empty())
}
