//! TLS to a carrier: whom we believe, and as whom we come. Everything is checked when it is built, never while connecting.
//!
//! The certificate of the other end is checked against roots and name, against a fingerprint, or both. That it holds the key
//! is checked in any case. Nothing is checked only where that was said in so many words.

use std::fmt;
use std::sync::Arc;

use rustls::client::WebPkiServerVerifier;
use rustls::client::danger::{HandshakeSignatureValid, ServerCertVerified, ServerCertVerifier};
use rustls::crypto::{CryptoProvider, aws_lc_rs, verify_tls12_signature, verify_tls13_signature};
use rustls::{CertificateError, ClientConfig, DigitallySignedStruct, RootCertStore, SignatureScheme};
use rustls_pki_types::pem::PemObject;
use rustls_pki_types::{CertificateDer, PrivateKeyDer, ServerName, UnixTime};
use sha2::{Digest, Sha256};

/// How the other end's certificate is checked.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Verify {
    /// By roots and name, and by its fingerprint if one is given.
    #[default]
    Chain,
    /// By its fingerprint alone.
    Fingerprint,
    /// Not at all: whoever is in between can read and send texts.
    UnsafeNothing,
}

/// Whether the roots that the system trusts count.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum SystemRoots {
    /// They do, beside those that are given.
    #[default]
    Trust,
    /// Only those that are given count.
    Ignore,
}

/// What [`Tls`] is built from. Texts are as the files hold them.
#[derive(Clone, Default)]
pub struct TlsOptions {
    /// Certificates of authorities that are trusted, PEM.
    pub ca_pem: Option<Vec<u8>>,
    /// Whether the system's authorities are trusted too.
    pub system_roots: SystemRoots,
    /// Our certificate and those between it and its root, PEM; the key must be given too.
    pub client_cert_pem: Option<Vec<u8>>,
    /// The key of our certificate, PEM.
    pub client_key_pem: Option<Vec<u8>>,
    /// The name that the certificate must have, and that is asked for; the host if it is `None`.
    pub server_name: Option<Box<str>>,
    /// SHA-256 of certificates: the other end must show one of them. Several, while certificates change.
    pub fingerprints: Vec<[u8; 32]>,
    /// How the certificate is checked.
    pub verify: Verify,
}

/// Why TLS cannot be spoken as it is configured. It names the field.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TlsFault {
    /// The field of [`TlsOptions`].
    pub field: &'static str,
    /// What is wrong with it, and what to do.
    pub why: Box<str>,
}

impl fmt::Display for TlsFault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "`{}`: {}", self.field, self.why)
    }
}

impl std::error::Error for TlsFault {}

/// TLS as one carrier wants it. Cheap to clone; `Debug` shows no key.
#[derive(Clone)]
pub struct Tls {
    config: Arc<ClientConfig>,
    server_name: Option<ServerName<'static>>,
}

impl fmt::Debug for Tls {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Tls").field("server_name", &self.server_name).finish_non_exhaustive()
    }
}

impl Tls {
    /// Reads and checks everything. The system's roots are read from its files here.
    ///
    /// # Errors
    /// [`TlsFault`] names the field that cannot be used.
    pub fn new(options: TlsOptions) -> Result<Self, TlsFault> {
        let provider = Arc::new(aws_lc_rs::default_provider());
        let server_name = options.server_name.as_deref().map(server_name).transpose()?;
        let fingerprints = options.fingerprints.clone();
        let chain = match (options.verify, fingerprints.is_empty()) {
            (Verify::Chain, _) => Some(chain(&options, &provider)?),
            (Verify::Fingerprint, false) | (Verify::UnsafeNothing, true) => None,
            (Verify::Fingerprint, true) => {
                return Err(fault("fingerprints", "is missing; give it, or check by roots and name"));
            }
            (Verify::UnsafeNothing, false) => {
                return Err(fault(
                    "fingerprints",
                    "is given, but nothing is to be checked; check by it, or take it out",
                ));
            }
        };
        let verifier = Verifier { chain, fingerprints, provider: Arc::clone(&provider) };
        let builder = ClientConfig::builder_with_provider(provider)
            .with_safe_default_protocol_versions()
            .map_err(|error| fault("verify", &error.to_string()))?
            .dangerous()
            .with_custom_certificate_verifier(Arc::new(verifier));
        let config = match (&options.client_cert_pem, &options.client_key_pem) {
            (None, None) => builder.with_no_client_auth(),
            (Some(certificates), Some(key)) => {
                let certificates = certificates_of("client_cert_pem", certificates)?;
                let key = PrivateKeyDer::from_pem_slice(key)
                    .map_err(|error| fault("client_key_pem", &format!("holds no private key: {error}")))?;
                builder
                    .with_client_auth_cert(certificates, key)
                    .map_err(|error| fault("client_key_pem", &format!("does not fit the certificate: {error}")))?
            }
            (Some(_), None) => return Err(fault("client_key_pem", "is missing; a certificate needs its key")),
            (None, Some(_)) => return Err(fault("client_cert_pem", "is missing; a key needs its certificate")),
        };
        Ok(Self { config: Arc::new(config), server_name })
    }

    pub(super) fn config(&self) -> Arc<ClientConfig> {
        Arc::clone(&self.config)
    }

    /// The name to ask for at `host`; `None` if the host can be no name and none is configured.
    pub(super) fn name_at(&self, host: &str) -> Option<ServerName<'static>> {
        self.server_name.clone().or_else(|| server_name(host).ok())
    }
}

fn fault(field: &'static str, why: &str) -> TlsFault {
    TlsFault { field, why: why.into() }
}

fn server_name(name: &str) -> Result<ServerName<'static>, TlsFault> {
    ServerName::try_from(name.to_owned()).map_err(|_| fault("server_name", "is neither a host name nor an address"))
}

/// Hexadecimal digits, two each; blanks and colons are left out. `None` if something else is there, or half an octet.
pub(super) fn octets(text: &str) -> Option<Vec<u8>> {
    let digits: Vec<u32> = text
        .chars()
        .filter(|character| !matches!(character, ' ' | ':'))
        .map(|character| character.to_digit(16))
        .collect::<Option<_>>()?;
    let (pairs, rest) = digits.as_chunks::<2>();
    rest.is_empty().then(|| pairs.iter().filter_map(|[high, low]| u8::try_from(high * 16 + low).ok()).collect())
}

fn certificates_of(field: &'static str, pem: &[u8]) -> Result<Vec<CertificateDer<'static>>, TlsFault> {
    let certificates = CertificateDer::pem_slice_iter(pem)
        .collect::<Result<Vec<_>, _>>()
        .map_err(|error| fault(field, &format!("cannot be read as PEM: {error}")))?;
    if certificates.is_empty() {
        return Err(fault(field, "holds no certificate; it must be PEM"));
    }
    Ok(certificates)
}

fn chain(options: &TlsOptions, provider: &Arc<CryptoProvider>) -> Result<Arc<WebPkiServerVerifier>, TlsFault> {
    let mut roots = RootCertStore::empty();
    if options.system_roots == SystemRoots::Trust {
        // What cannot be read is not trusted; if nothing is left that is said below.
        roots.add_parsable_certificates(rustls_native_certs::load_native_certs().certs);
    }
    if let Some(pem) = &options.ca_pem {
        for certificate in certificates_of("ca_pem", pem)? {
            roots.add(certificate).map_err(|error| fault("ca_pem", &format!("is no authority: {error}")))?;
        }
    }
    if roots.is_empty() {
        return Err(fault("ca_pem", "is missing, and the system trusts nobody; give the carrier's authority"));
    }
    WebPkiServerVerifier::builder_with_provider(Arc::new(roots), Arc::clone(provider))
        .build()
        .map_err(|error| fault("ca_pem", &error.to_string()))
}

/// Checks the other end's certificate.
#[derive(Debug)]
struct Verifier {
    /// By roots and name.
    chain: Option<Arc<WebPkiServerVerifier>>,
    fingerprints: Vec<[u8; 32]>,
    provider: Arc<CryptoProvider>,
}

impl ServerCertVerifier for Verifier {
    fn verify_server_cert(
        &self,
        end_entity: &CertificateDer<'_>,
        intermediates: &[CertificateDer<'_>],
        server_name: &ServerName<'_>,
        ocsp_response: &[u8],
        now: UnixTime,
    ) -> Result<ServerCertVerified, rustls::Error> {
        let shown = Sha256::digest(end_entity);
        if !self.fingerprints.is_empty() && self.fingerprints.iter().all(|known| shown.as_slice() != known) {
            return Err(CertificateError::ApplicationVerificationFailure.into());
        }
        match &self.chain {
            Some(chain) => chain.verify_server_cert(end_entity, intermediates, server_name, ocsp_response, now),
            None => Ok(ServerCertVerified::assertion()),
        }
    }

    fn verify_tls12_signature(
        &self,
        message: &[u8],
        certificate: &CertificateDer<'_>,
        signed: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, rustls::Error> {
        verify_tls12_signature(message, certificate, signed, &self.provider.signature_verification_algorithms)
    }

    fn verify_tls13_signature(
        &self,
        message: &[u8],
        certificate: &CertificateDer<'_>,
        signed: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, rustls::Error> {
        verify_tls13_signature(message, certificate, signed, &self.provider.signature_verification_algorithms)
    }

    fn supported_verify_schemes(&self) -> Vec<SignatureScheme> {
        self.provider.signature_verification_algorithms.supported_schemes()
    }
}
