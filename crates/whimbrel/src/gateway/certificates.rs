//! The certificates of HTTPS: the operator's own, or those of the local authority in the data folder.

use std::path::{Path, PathBuf};

use whimbrel_core::Timestamp;

use super::{GatewayError, While, gauges};
use crate::config::{Listen, read_config_file, read_secret_file};
use crate::server::ca;
use crate::server::tls::CertifiedKeys;

/// What HTTPS shows its clients.
pub(super) struct Certificates {
    pub(super) keys: CertifiedKeys,
    /// The local authority's certificate, for clients to trust.
    pub(super) ca_pem: Option<PathBuf>,
}

impl Certificates {
    /// When the first of them expires; `None` if none can be read.
    fn expire_at(&self) -> Option<Timestamp> {
        let pairs = [&self.keys.rsa, &self.keys.ecdsa].into_iter().flatten();
        let leaves = pairs.filter_map(|pair| pair.cert.first());
        let seconds = leaves.filter_map(|leaf| {
            let (_, certificate) = x509_parser::parse_x509_certificate(leaf).ok()?;
            Some(certificate.validity().not_after.timestamp())
        });
        seconds.min().map(|seconds| Timestamp(seconds.saturating_mul(1_000_000)))
    }
}

/// Opens the certificates, and notes when they expire.
pub(super) fn open(listen: &Listen, folder: &Path, now: Timestamp) -> Result<Certificates, GatewayError> {
    let certificates = read(listen, folder, now)?;
    if let Some(expires_at) = certificates.expire_at() {
        gauges::certificate(expires_at);
    }
    Ok(certificates)
}

fn read(listen: &Listen, folder: &Path, now: Timestamp) -> Result<Certificates, GatewayError> {
    match &listen.tls_files {
        Some((chain, key)) => {
            let chain = read_config_file(chain).when("cannot use listen.tls_certificate")?;
            let key = read_secret_file(key).when("cannot use listen.tls_key")?;
            let keys = CertifiedKeys::from_pem(&[(&chain, &key)])
                .when("cannot use listen.tls_certificate with listen.tls_key")?;
            Ok(Certificates { keys, ca_pem: None })
        }
        None => {
            let local = ca::open(folder, &listen.tls_names, now).when("cannot make the certificates")?;
            Ok(Certificates { keys: local.keys, ca_pem: Some(local.ca_pem) })
        }
    }
}
