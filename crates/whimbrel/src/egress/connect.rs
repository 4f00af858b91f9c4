//! From a peer to a connection: resolve, check every address, connect to one of those very addresses, TLS.

use std::fmt;
use std::io;
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use rustls::{ClientConfig, RootCertStore};
use rustls_pki_types::CertificateDer;
use rustls_pki_types::pem::PemObject;
use tokio::net::TcpStream;
use tokio::sync::OnceCell;
use tokio::time::{Instant, timeout, timeout_at};
use tokio_rustls::TlsConnector;

use super::client::Steps;
use super::error::EgressError;
use super::link::{Link, Stream};
use super::policy::EgressPolicy;
use super::resolve::Resolve;
use super::target::{Host, Peer};
use crate::server::listen::tune;
use crate::server::tls::provider;

/// Addresses of one name. A name with more is not called.
const ADDRESSES_MAX: usize = 64;

/// Why there is nobody to trust.
#[derive(Debug)]
pub enum TrustError {
    /// The extra authorities cannot be read.
    Extra(String),
    /// The system has no root certificates, and no extra ones were given.
    Empty,
    /// The library refused the settings.
    Settings(rustls::Error),
}

impl fmt::Display for TrustError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Extra(why) => write!(f, "cannot use egress.extra_ca: {why}; give a PEM file of certificates"),
            Self::Empty => {
                f.write_str("the system has no root certificates; install its package or set egress.extra_ca")
            }
            Self::Settings(error) => write!(f, "cannot set up TLS: {error}"),
        }
    }
}

impl std::error::Error for TrustError {}

/// Makes connections.
pub(super) struct Connector {
    pub(super) policy: EgressPolicy,
    pub(super) resolver: Box<dyn Resolve>,
    pub(super) connect_time_max: Duration,
    pub(super) extra_roots: Vec<CertificateDer<'static>>,
    pub(super) tls: OnceCell<TlsConnector>,
}

/// Reads extra authorities from a PEM text.
pub(super) fn read_extra_roots(pem: &str) -> Result<Vec<CertificateDer<'static>>, TrustError> {
    let roots: Vec<_> = CertificateDer::pem_slice_iter(pem.as_bytes())
        .collect::<Result<_, _>>()
        .map_err(|error| TrustError::Extra(error.to_string()))?;
    for root in &roots {
        RootCertStore::empty().add(root.clone()).map_err(|error| TrustError::Extra(error.to_string()))?;
    }
    if roots.is_empty() { Err(TrustError::Extra("it holds no certificate".to_owned())) } else { Ok(roots) }
}

impl Connector {
    /// Connects to a peer that the policy already let pass by name.
    pub(super) async fn connect(&self, peer: &Peer, steps: &mut Steps) -> Result<Link, EgressError> {
        let begun_at = Instant::now();
        let addresses = self.addresses(peer).await?;
        // An address needs no resolving.
        steps.resolved = matches!(peer.host, Host::Name(_)).then(|| begun_at.elapsed());
        let begun_at = Instant::now();
        let stream = self.connect_to_one(&addresses).await?;
        steps.connected = Some(begun_at.elapsed());
        // Small requests must not wait for acknowledgements.
        tune(&stream).map_err(EgressError::Connect)?;
        let stream = if peer.is_tls {
            let connector = self.tls().await?.clone();
            let name = peer.server_name().map_err(EgressError::Url)?;
            let begun_at = Instant::now();
            let handshake = timeout(self.connect_time_max, connector.connect(name, stream));
            let stream = handshake.await.map_err(|_| EgressError::ConnectTimedOut)?.map_err(EgressError::Tls)?;
            steps.secured = Some(begun_at.elapsed());
            Stream::Tls(Box::new(stream))
        } else {
            Stream::Plain(stream)
        };
        Link::open(stream).await.map_err(EgressError::Broken)
    }

    /// The peer's addresses, each of them checked.
    async fn addresses(&self, peer: &Peer) -> Result<Vec<SocketAddr>, EgressError> {
        let addresses = match &peer.host {
            Host::Address(address) => vec![SocketAddr::new(*address, peer.port)],
            Host::Name(name) => timeout(self.connect_time_max, self.resolver.resolve(name, peer.port))
                .await
                .map_err(|_| EgressError::Resolve(io::ErrorKind::TimedOut.into()))?
                .map_err(EgressError::Resolve)?,
        };
        if addresses.is_empty() || addresses.len() > ADDRESSES_MAX {
            return Err(EgressError::Resolve(io::Error::other("no address or too many")));
        }
        self.policy.check_addresses(&peer.host, &addresses).map_err(EgressError::Blocked)?;
        Ok(addresses)
    }

    /// Tries one address after the other; each gets its share of the time that is left.
    async fn connect_to_one(&self, addresses: &[SocketAddr]) -> Result<TcpStream, EgressError> {
        let deadline = Instant::now() + self.connect_time_max;
        let mut last = EgressError::ConnectTimedOut;
        for (index, address) in addresses.iter().enumerate() {
            let left = deadline.saturating_duration_since(Instant::now());
            let share = left / u32::try_from(addresses.len() - index).unwrap_or(1);
            match timeout_at(Instant::now() + share, TcpStream::connect(address)).await {
                Ok(Ok(stream)) => return Ok(stream),
                Ok(Err(error)) => last = EgressError::Connect(error),
                Err(_) => last = EgressError::ConnectTimedOut,
            }
        }
        Err(last)
    }

    /// Reads the system's root certificates at the first call over TLS.
    async fn tls(&self) -> Result<&TlsConnector, EgressError> {
        self.tls
            .get_or_try_init(|| async {
                let extra = self.extra_roots.clone();
                let config = tokio::task::spawn_blocking(move || client_config(extra)).await;
                let config = config.map_err(|error| EgressError::Tls(io::Error::other(error)))?;
                Ok(TlsConnector::from(Arc::new(config.map_err(EgressError::Trust)?)))
            })
            .await
    }
}

fn client_config(extra: Vec<CertificateDer<'static>>) -> Result<ClientConfig, TrustError> {
    let mut roots = RootCertStore::empty();
    let system = rustls_native_certs::load_native_certs();
    for error in &system.errors {
        tracing::warn!(%error, "some of the system's root certificates cannot be read");
    }
    roots.add_parsable_certificates(system.certs);
    roots.add_parsable_certificates(extra);
    if roots.is_empty() {
        return Err(TrustError::Empty);
    }
    let mut config = ClientConfig::builder_with_provider(provider())
        .with_safe_default_protocol_versions()
        .map_err(TrustError::Settings)?
        .with_root_certificates(roots)
        .with_no_client_auth();
    config.alpn_protocols = vec![b"http/1.1".to_vec()];
    Ok(config)
}
