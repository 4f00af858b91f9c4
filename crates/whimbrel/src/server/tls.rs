//! The server's TLS: versions 1.2 and 1.3, HTTP/2 or HTTP/1.1 by ALPN, RSA or ECDSA by what the client can do.
//!
//! A client that offers only RSA suites of TLS 1.2 must be shown the RSA certificate. Its list of signatures cannot tell:
//! OpenSSL lists ECDSA signatures even then. So the suites decide, and the signatures only where the suites leave it open.

use std::path::Path;
use std::sync::Arc;
use std::{fmt, io};

use rustls::crypto::{CryptoProvider, aws_lc_rs};
use rustls::server::{ClientHello, ResolvesServerCert};
use rustls::sign::CertifiedKey;
use rustls::{CipherSuite, ClientConfig, RootCertStore, ServerConfig, SignatureAlgorithm, SignatureScheme};
use rustls_pki_types::pem::PemObject;
use rustls_pki_types::{CertificateDer, PrivateKeyDer};

/// The cryptography of all TLS in this process.
#[must_use]
pub fn provider() -> Arc<CryptoProvider> {
    Arc::new(aws_lc_rs::default_provider())
}

/// The server's certificates, at least one.
#[derive(Clone, Default)]
pub struct CertifiedKeys {
    /// With an RSA key.
    pub rsa: Option<Arc<CertifiedKey>>,
    /// With an ECDSA key.
    pub ecdsa: Option<Arc<CertifiedKey>>,
}

impl CertifiedKeys {
    /// Reads certificates and keys that the operator brings: pairs of PEM texts, the chain and its key.
    ///
    /// # Errors
    /// Which text cannot be read, or that a key does not belong to its certificate.
    pub fn from_pem(pairs: &[(&str, &str)]) -> Result<Self, TlsError> {
        let mut keys = Self::default();
        for (chain, key) in pairs {
            let chain: Vec<_> = CertificateDer::pem_slice_iter(chain.as_bytes())
                .collect::<Result<_, _>>()
                .map_err(|error| TlsError::Certificate(error.to_string()))?;
            if chain.is_empty() {
                return Err(TlsError::Certificate("it holds no certificate".to_owned()));
            }
            let key =
                PrivateKeyDer::from_pem_slice(key.as_bytes()).map_err(|error| TlsError::Key(error.to_string()))?;
            let pair =
                CertifiedKey::from_der(chain, key, &provider()).map_err(|error| TlsError::Key(error.to_string()))?;
            match pair.key.algorithm() {
                SignatureAlgorithm::RSA => keys.rsa = Some(Arc::new(pair)),
                _ => keys.ecdsa = Some(Arc::new(pair)),
            }
        }
        Ok(keys)
    }
}

impl fmt::Debug for CertifiedKeys {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (rsa, ecdsa) = (self.rsa.is_some(), self.ecdsa.is_some());
        f.debug_struct("CertifiedKeys").field("rsa", &rsa).field("ecdsa", &ecdsa).finish()
    }
}

/// Why TLS cannot be set up.
#[derive(Debug)]
pub enum TlsError {
    /// The certificate file.
    Certificate(String),
    /// The key file.
    Key(String),
    /// No certificate at all.
    NoCertificate,
    /// The library refused the settings.
    Settings(rustls::Error),
}

impl fmt::Display for TlsError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Certificate(why) => {
                write!(f, "cannot use the TLS certificate: {why}; give a PEM file with the chain")
            }
            Self::Key(why) => write!(f, "cannot use the TLS key: {why}; give the PEM key of the certificate"),
            Self::NoCertificate => f.write_str("there is no TLS certificate; give one or use the local authority"),
            Self::Settings(error) => write!(f, "cannot set up TLS: {error}"),
        }
    }
}

impl std::error::Error for TlsError {}

/// The TLS settings of a listener.
///
/// # Errors
/// [`TlsError`].
pub fn server_config(keys: CertifiedKeys) -> Result<Arc<ServerConfig>, TlsError> {
    if keys.rsa.is_none() && keys.ecdsa.is_none() {
        return Err(TlsError::NoCertificate);
    }
    let mut config = ServerConfig::builder_with_provider(provider())
        .with_protocol_versions(&[&rustls::version::TLS13, &rustls::version::TLS12])
        .map_err(TlsError::Settings)?
        .with_no_client_auth()
        .with_cert_resolver(Arc::new(ByClient(keys)));
    config.alpn_protocols = vec![b"h2".to_vec(), b"http/1.1".to_vec()];
    Ok(Arc::new(config))
}

/// The TLS settings of a client that trusts the system's roots, and those in the PEM file `ca_pem`.
///
/// # Errors
/// The file cannot be read or holds something else, or the library refused the settings.
pub fn client_config(ca_pem: Option<&Path>) -> io::Result<Arc<ClientConfig>> {
    let mut roots = RootCertStore::empty();
    for certificate in rustls_native_certs::load_native_certs().certs {
        // Old roots in the system's store that cannot be read do not matter here.
        _ = roots.add(certificate);
    }
    if let Some(path) = ca_pem {
        let named = |why: String| io::Error::other(format!("cannot use {}: {why}", path.display()));
        for certificate in CertificateDer::pem_file_iter(path).map_err(|error| named(error.to_string()))? {
            let certificate = certificate.map_err(|error| named(error.to_string()))?;
            roots.add(certificate).map_err(|error| named(error.to_string()))?;
        }
    }
    let config = ClientConfig::builder_with_provider(provider())
        .with_safe_default_protocol_versions()
        .map_err(io::Error::other)?
        .with_root_certificates(roots)
        .with_no_client_auth();
    Ok(Arc::new(config))
}

#[derive(Debug)]
struct ByClient(CertifiedKeys);

impl ResolvesServerCert for ByClient {
    fn resolve(&self, hello: ClientHello<'_>) -> Option<Arc<CertifiedKey>> {
        let (rsa, ecdsa) = (&self.0.rsa, &self.0.ecdsa);
        let choice = match choose(hello.cipher_suites(), hello.signature_schemes()) {
            Choice::Ecdsa => ecdsa.as_ref().or(rsa.as_ref()),
            Choice::Rsa => rsa.as_ref().or(ecdsa.as_ref()),
        };
        choice.cloned()
    }
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Choice {
    Rsa,
    Ecdsa,
}

/// Which certificate a client with those suites and signatures can check, the quicker one if both.
fn choose(suites: &[CipherSuite], schemes: &[SignatureScheme]) -> Choice {
    use CipherSuite as S;
    let has = |wanted: &[CipherSuite]| suites.iter().any(|suite| wanted.contains(suite));
    let has_ecdsa_suite = has(&[
        S::TLS_ECDHE_ECDSA_WITH_AES_256_GCM_SHA384,
        S::TLS_ECDHE_ECDSA_WITH_AES_128_GCM_SHA256,
        S::TLS_ECDHE_ECDSA_WITH_CHACHA20_POLY1305_SHA256,
    ]);
    let has_rsa_suite = has(&[
        S::TLS_ECDHE_RSA_WITH_AES_256_GCM_SHA384,
        S::TLS_ECDHE_RSA_WITH_AES_128_GCM_SHA256,
        S::TLS_ECDHE_RSA_WITH_CHACHA20_POLY1305_SHA256,
    ]);
    // With suites of TLS 1.3 only, the signatures decide. A client that narrowed its TLS 1.2 suites to RSA gets RSA in
    // TLS 1.3 too: the version is not known here, and RSA serves in both.
    let suites_allow_ecdsa = has_ecdsa_suite || !has_rsa_suite;
    let schemes_allow_ecdsa = schemes.contains(&SignatureScheme::ECDSA_NISTP256_SHA256);
    if suites_allow_ecdsa && schemes_allow_ecdsa { Choice::Ecdsa } else { Choice::Rsa }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn suites_decide_and_signatures_only_where_they_leave_it_open() {
        use CipherSuite as S;
        let tls13 = S::TLS13_AES_128_GCM_SHA256;
        let (rsa, ecdsa) = (S::TLS_ECDHE_RSA_WITH_AES_128_GCM_SHA256, S::TLS_ECDHE_ECDSA_WITH_AES_128_GCM_SHA256);
        let both = [SignatureScheme::ECDSA_NISTP256_SHA256, SignatureScheme::RSA_PSS_SHA256];
        let only_rsa = [SignatureScheme::RSA_PSS_SHA256, SignatureScheme::RSA_PKCS1_SHA256];
        let cases: [(&[CipherSuite], &[SignatureScheme], Choice); 8] = [
            (&[rsa], &both, Choice::Rsa),
            (&[ecdsa], &both, Choice::Ecdsa),
            (&[tls13, ecdsa, rsa], &both, Choice::Ecdsa),
            (&[tls13, rsa], &both, Choice::Rsa),
            (&[tls13], &both, Choice::Ecdsa),
            (&[tls13], &only_rsa, Choice::Rsa),
            (&[tls13, ecdsa, rsa], &only_rsa, Choice::Rsa),
            (&[], &[], Choice::Rsa),
        ];
        for (suites, schemes, choice) in cases {
            assert_eq!(choose(suites, schemes), choice, "{suites:?} {schemes:?}");
        }
    }

    #[test]
    fn bad_pem_is_named() {
        assert!(matches!(CertifiedKeys::from_pem(&[("", "")]), Err(TlsError::Certificate(_))));
        assert!(matches!(server_config(CertifiedKeys::default()), Err(TlsError::NoCertificate)));
    }
}
