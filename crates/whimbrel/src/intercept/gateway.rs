//! Where the vendors' names lead: the gateway's HTTP and HTTPS addresses.

use std::io;
use std::path::Path;

use rustls_pki_types::ServerName;
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::net::TcpStream;
use tokio_rustls::TlsConnector;

use crate::server::Scheme;
use crate::server::tls::client_config;

/// A connection of either kind.
pub(super) trait Io: AsyncRead + AsyncWrite + Unpin + Send {}
impl<T: AsyncRead + AsyncWrite + Unpin + Send> Io for T {}

/// The addresses of a gateway.
#[derive(Clone)]
pub struct Gateway {
    http: Option<http::Uri>,
    https: Option<http::Uri>,
    connector: TlsConnector,
}

impl Gateway {
    /// The gateway at those base URLs, whose HTTPS is trusted by the system's roots or by `ca_pem`.
    ///
    /// # Errors
    /// A URL or the certificate cannot be read, or there is no URL.
    pub fn new(urls: &[&str], ca_pem: Option<&Path>) -> io::Result<Self> {
        let mut gateway = Self { http: None, https: None, connector: TlsConnector::from(client_config(ca_pem)?) };
        for url in urls {
            let uri: http::Uri = url.parse().map_err(|_| io::Error::other(format!("`{url}` is no URL")))?;
            match uri.scheme_str() {
                Some("http") => gateway.http = Some(uri),
                Some("https") => gateway.https = Some(uri),
                _ => return Err(io::Error::other(format!("`{url}` is neither HTTP nor HTTPS"))),
            }
        }
        match (&gateway.http, &gateway.https) {
            (None, None) => Err(io::Error::other("there is no address of a gateway")),
            _ => Ok(gateway),
        }
    }

    /// Connects by the scheme that the client used if the gateway has it, else by the other.
    pub(super) async fn connect(&self, scheme: Scheme) -> io::Result<Box<dyn Io>> {
        let url = match scheme {
            Scheme::Http => self.http.as_ref().or(self.https.as_ref()),
            Scheme::Https => self.https.as_ref().or(self.http.as_ref()),
        };
        let url = url.ok_or_else(|| io::Error::other("there is no address of a gateway"))?;
        let host = url.host().unwrap_or_default().trim_matches(['[', ']']);
        match url.scheme_str() {
            Some("https") => self.connect_tls(host, url.port_u16().unwrap_or(443)).await,
            _ => Ok(Box::new(connect_plain(host, url.port_u16().unwrap_or(80)).await?)),
        }
    }

    /// Connects to any server by TLS.
    pub(super) async fn connect_tls(&self, host: &str, port: u16) -> io::Result<Box<dyn Io>> {
        let name = ServerName::try_from(host.to_owned()).map_err(io::Error::other)?;
        let tcp = connect_plain(host, port).await?;
        Ok(Box::new(self.connector.connect(name, tcp).await?))
    }
}

/// Connects to any server.
pub(super) async fn connect_plain(host: &str, port: u16) -> io::Result<TcpStream> {
    let tcp = TcpStream::connect((host, port)).await?;
    tcp.set_nodelay(true)?;
    Ok(tcp)
}
