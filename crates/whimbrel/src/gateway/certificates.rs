//! The certificates of HTTPS: the operator's own, or those of the local authority in the data folder.

use std::path::{Path, PathBuf};

use whimbrel_core::Timestamp;

use super::{GatewayError, While};
use crate::config::{Listen, read_config_file, read_secret_file};
use crate::server::ca;
use crate::server::tls::CertifiedKeys;

/// What HTTPS shows its clients.
pub(super) struct Certificates {
    pub(super) keys: CertifiedKeys,
    /// The local authority's certificate, for clients to trust.
    pub(super) ca_pem: Option<PathBuf>,
}

pub(super) fn open(listen: &Listen, folder: &Path, now: Timestamp) -> Result<Certificates, GatewayError> {
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
