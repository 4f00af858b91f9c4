//! The certificate authority of one run: made at its start, held in memory, gone at its end.
//!
//! It is not the one of the data folder: a program that is run here trusts this one alone, its key never touches a disk, and its
//! certificate is constrained to the vendors' names (RFC 5280 §4.2.1.10), so that it can vouch for no other server.

use std::sync::Arc;
use std::time::Duration;

use rcgen::{
    BasicConstraints, CertificateParams, DistinguishedName, DnType, ExtendedKeyUsagePurpose, GeneralSubtree, IsCa,
    Issuer, KeyPair, KeyUsagePurpose, NameConstraints, PKCS_ECDSA_P256_SHA256,
};
use rustls::ServerConfig;
use rustls_pki_types::{CertificateDer, PrivateKeyDer, PrivatePkcs8KeyDer};
use whimbrel_core::Timestamp;

use crate::server::tls::provider;

/// How long both certificates are valid: longer than anybody leaves a command running.
const VALIDITY: Duration = Duration::from_secs(90 * 24 * 60 * 60);
/// They begin this much earlier, for clients whose clock is behind.
const CLOCK_TOLERANCE: Duration = Duration::from_secs(24 * 60 * 60);

/// An authority, and TLS settings with the certificate it gave for all the names.
#[derive(Clone)]
pub struct Authority {
    /// Its certificate, which clients must trust.
    pub certificate: CertificateDer<'static>,
    /// The same in PEM.
    pub pem: String,
    /// What a server shows for any of the names. HTTP/1.1 alone: what comes is handed on octet by octet.
    pub server: Arc<ServerConfig>,
}

/// Why no authority could be made.
#[derive(Debug)]
pub enum AuthorityError {
    /// A certificate cannot be made.
    Make(rcgen::Error),
    /// What was made cannot be used.
    Use(rustls::Error),
}

impl std::fmt::Display for AuthorityError {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Make(error) => write!(f, "cannot make a certificate: {error}"),
            Self::Use(error) => write!(f, "cannot use a certificate: {error}"),
        }
    }
}

impl std::error::Error for AuthorityError {}

impl From<rcgen::Error> for AuthorityError {
    fn from(error: rcgen::Error) -> Self {
        Self::Make(error)
    }
}

impl From<rustls::Error> for AuthorityError {
    fn from(error: rustls::Error) -> Self {
        Self::Use(error)
    }
}

impl Authority {
    /// Makes an authority for those host names.
    ///
    /// # Errors
    /// [`AuthorityError`], for example for a name that is none.
    pub fn new(hosts: &[&str], now: Timestamp) -> Result<Self, AuthorityError> {
        let key = KeyPair::generate_for(&PKCS_ECDSA_P256_SHA256)?;
        let mut root = params(now, "Whimbrel run, for one command");
        root.is_ca = IsCa::Ca(BasicConstraints::Constrained(0));
        root.key_usages = vec![KeyUsagePurpose::KeyCertSign];
        root.name_constraints = Some(NameConstraints {
            permitted_subtrees: hosts.iter().map(|host| GeneralSubtree::DnsName((*host).to_owned())).collect(),
            excluded_subtrees: Vec::new(),
        });
        let certificate = root.self_signed(&key)?;
        let pem = certificate.pem();
        let certificate = certificate.der().clone();
        let issuer = Issuer::from_ca_cert_der(&certificate, key)?;

        let leaf_key = KeyPair::generate_for(&PKCS_ECDSA_P256_SHA256)?;
        let mut leaf = params(now, hosts.first().copied().unwrap_or("whimbrel"));
        let names: Vec<String> = hosts.iter().map(|host| (*host).to_owned()).collect();
        leaf.subject_alt_names = CertificateParams::new(names)?.subject_alt_names;
        leaf.key_usages = vec![KeyUsagePurpose::DigitalSignature];
        leaf.extended_key_usages = vec![ExtendedKeyUsagePurpose::ServerAuth];
        leaf.use_authority_key_identifier_extension = true;
        let leaf = leaf.signed_by(&leaf_key, &issuer)?;
        let key = PrivateKeyDer::Pkcs8(PrivatePkcs8KeyDer::from(leaf_key.serialize_der()));
        let mut server = ServerConfig::builder_with_provider(provider())
            .with_protocol_versions(&[&rustls::version::TLS13, &rustls::version::TLS12])?
            .with_no_client_auth()
            .with_single_cert(vec![leaf.der().clone()], key)?;
        server.alpn_protocols = vec![b"http/1.1".to_vec()];
        Ok(Self { certificate, pem, server: Arc::new(server) })
    }
}

fn params(now: Timestamp, name: &str) -> CertificateParams {
    let mut params = CertificateParams::default();
    let since_epoch = Duration::from_micros(u64::try_from(now.0).unwrap_or_default());
    let epoch = rcgen::date_time_ymd(1970, 1, 1);
    params.not_before = epoch + since_epoch.saturating_sub(CLOCK_TOLERANCE);
    params.not_after = epoch + (since_epoch + VALIDITY);
    params.distinguished_name = DistinguishedName::new();
    params.distinguished_name.push(DnType::OrganizationName, "Whimbrel");
    params.distinguished_name.push(DnType::CommonName, name);
    params
}

#[cfg(test)]
mod tests {
    use super::*;

    /// 2026-11-25T00:00:00Z.
    const NOW: Timestamp = Timestamp(1_795_564_800_000_000);

    #[test]
    fn an_authority_vouches_for_its_names_and_for_no_other() {
        let authority = Authority::new(&["rest.example.com", "api.example.com"], NOW).unwrap();
        let (_, root) = x509_parser::parse_x509_certificate(&authority.certificate).unwrap();
        let constraints = root.name_constraints().unwrap().unwrap();
        let permitted = constraints.value.permitted_subtrees.as_ref().unwrap();
        let permitted: Vec<String> = permitted.iter().map(|tree| tree.base.to_string()).collect();
        assert_eq!(permitted.len(), 2);
        assert!(permitted[0].contains("rest.example.com"), "{permitted:?}");
        assert!(root.is_ca() && authority.pem.starts_with("-----BEGIN CERTIFICATE-----"));
    }
}
