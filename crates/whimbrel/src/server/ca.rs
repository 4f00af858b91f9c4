//! The local certificate authority: one root per data folder, and the server certificates it signs.
//!
//! The root (`ca.pem`, `ca.key`) is made once and kept, because people put it into their trust stores. The server's two
//! certificates, RSA for clients that know nothing else and ECDSA for the rest, are made anew when they come near their end,
//! lack a name or are damaged. The root is RSA too, so that a client which knows only RSA can check the whole chain.
//! `now` is an argument; the files are the only state.

use std::io;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use rcgen::{
    BasicConstraints, CertificateParams, DnType, ExtendedKeyUsagePurpose, IsCa, Issuer, KeyPair, KeyUsagePurpose,
    PKCS_ECDSA_P256_SHA256, PKCS_RSA_SHA256, RsaKeySize,
};
use rustls::RootCertStore;
use rustls::client::WebPkiServerVerifier;
use rustls::client::danger::ServerCertVerifier;
use rustls::sign::CertifiedKey;
use rustls_pki_types::pem::PemObject;
use rustls_pki_types::{CertificateDer, PrivateKeyDer, ServerName, UnixTime};
use tracing::{info, warn};
use whimbrel_core::Timestamp;

use super::files::{Readers, read_text, write_whole};
use super::tls::{CertifiedKeys, provider};

const DAY: Duration = Duration::from_secs(24 * 60 * 60);
/// How long the root is valid.
const ROOT_VALIDITY: Duration = Duration::from_secs(20 * 365 * 24 * 60 * 60);
/// How long a server certificate is valid. Some clients refuse more than 398 days.
const LEAF_VALIDITY: Duration = Duration::from_secs(397 * 24 * 60 * 60);
/// A server certificate with less left than this is made anew.
const RENEW_BEFORE: Duration = Duration::from_secs(30 * 24 * 60 * 60);
/// Certificates begin this much earlier, for clients whose clock is behind.
const CLOCK_TOLERANCE: Duration = DAY;

/// Names that a server certificate is made for if nothing else is said.
pub const LOCAL_NAMES: [&str; 3] = ["localhost", "127.0.0.1", "::1"];

/// Why the authority in a folder cannot be used.
#[derive(Debug)]
pub enum CaError {
    /// A file cannot be read or written.
    File(io::Error),
    /// The root's files do not belong together or are damaged. It is not replaced by itself: clients trust it.
    Root {
        /// The folder.
        folder: PathBuf,
        /// What is wrong.
        why: String,
    },
    /// A certificate cannot be made, for example for a name that is none.
    Make(rcgen::Error),
    /// What was made cannot be used.
    Use(rustls::Error),
}

impl std::fmt::Display for CaError {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::File(error) => write!(f, "{error}"),
            Self::Root { folder, why } => write!(
                f,
                "the certificate authority in {} cannot be used: {why}; restore ca.pem and ca.key from a backup, or \
                 remove both to get a new one, which clients must then trust anew",
                folder.display()
            ),
            Self::Make(error) => write!(f, "cannot make a certificate: {error}; check the names in listen.tls_names"),
            Self::Use(error) => write!(f, "cannot use a certificate: {error}"),
        }
    }
}

impl std::error::Error for CaError {}

/// What the authority gives to a server.
#[derive(Debug)]
pub struct LocalCa {
    /// Where the root certificate is: what clients must trust.
    pub ca_pem: PathBuf,
    /// The server's certificates.
    pub keys: CertifiedKeys,
}

/// Opens the authority in `folder`, making what is missing, for a server with those names. Harmless twice.
///
/// # Errors
/// [`CaError`].
pub fn open(folder: &Path, names: &[String], now: Timestamp) -> Result<LocalCa, CaError> {
    let root = Root::open(folder, now)?;
    let rsa = leaf(folder, &root, LeafKind::Rsa, names, now)?;
    let ecdsa = leaf(folder, &root, LeafKind::Ecdsa, names, now)?;
    Ok(LocalCa { ca_pem: folder.join("ca.pem"), keys: CertifiedKeys { rsa: Some(rsa), ecdsa: Some(ecdsa) } })
}

struct Root {
    issuer: Issuer<'static, KeyPair>,
    verifier: Arc<WebPkiServerVerifier>,
}

impl Root {
    fn open(folder: &Path, now: Timestamp) -> Result<Self, CaError> {
        let (certificate, key) = (folder.join("ca.pem"), folder.join("ca.key"));
        let (pem, key_pem) = match (read_if_there(&certificate)?, read_if_there(&key)?) {
            (Some(pem), Some(key_pem)) => (pem, key_pem),
            (None, None) => {
                let (pem, key_pem) = make_root(now)?;
                // The key first: a certificate without its key is damage, a key alone too, but it misleads nobody.
                write_whole(&key, key_pem.as_bytes(), Readers::Owner).map_err(CaError::File)?;
                write_whole(&certificate, pem.as_bytes(), Readers::Everyone).map_err(CaError::File)?;
                info!(path = %certificate.display(), "made a local certificate authority");
                (pem, key_pem)
            }
            (pem, _) => {
                let why = if pem.is_some() { "ca.key is missing" } else { "ca.pem is missing" };
                return Err(CaError::Root { folder: folder.to_owned(), why: why.to_owned() });
            }
        };
        Self::read(&pem, &key_pem, now).map_err(|why| CaError::Root { folder: folder.to_owned(), why })
    }

    fn read(pem: &str, key_pem: &str, now: Timestamp) -> Result<Self, String> {
        let der = CertificateDer::from_pem_slice(pem.as_bytes()).map_err(|error| format!("ca.pem: {error}"))?;
        let mut roots = RootCertStore::empty();
        roots.add(der.clone()).map_err(|error| format!("ca.pem: {error}"))?;
        let verifier = WebPkiServerVerifier::builder_with_provider(Arc::new(roots), provider())
            .build()
            .map_err(|error| format!("ca.pem: {error}"))?;
        let key = KeyPair::from_pem(key_pem).map_err(|error| format!("ca.key: {error}"))?;
        let issuer = Issuer::from_ca_cert_der(&der, key).map_err(|error| format!("ca.pem: {error}"))?;
        let root = Self { issuer, verifier };
        // Sign something and check it: only a key and a certificate of one pair pass.
        let names = [LOCAL_NAMES[0].to_owned()];
        let (probe, _) = make_leaf(&root, LeafKind::Ecdsa, &names, now).map_err(|error| error.to_string())?;
        let probe = CertificateDer::from_pem_slice(probe.as_bytes()).map_err(|error| error.to_string())?;
        root.check(&probe, &names, now).map_err(|_| "ca.key is not the key of ca.pem".to_owned())?;
        Ok(root)
    }

    /// Whether a certificate is ours, for all the names, and valid at `now` and until it would be renewed.
    fn check(&self, leaf: &CertificateDer<'_>, names: &[String], now: Timestamp) -> Result<(), rustls::Error> {
        for at in [since_epoch(now), since_epoch(now) + RENEW_BEFORE] {
            for name in names {
                let name = ServerName::try_from(name.as_str())
                    .map_err(|_| rustls::Error::General(format!("{name} is not a host name or address")))?;
                self.verifier.verify_server_cert(leaf, &[], &name, &[], UnixTime::since_unix_epoch(at))?;
            }
        }
        Ok(())
    }
}

#[derive(Debug, Clone, Copy)]
enum LeafKind {
    Rsa,
    Ecdsa,
}

impl LeafKind {
    const fn file_name(self) -> &'static str {
        match self {
            Self::Rsa => "server-rsa",
            Self::Ecdsa => "server-ecdsa",
        }
    }
}

fn leaf(
    folder: &Path,
    root: &Root,
    kind: LeafKind,
    names: &[String],
    now: Timestamp,
) -> Result<Arc<CertifiedKey>, CaError> {
    let certificate = folder.join(format!("{}.pem", kind.file_name()));
    let key = folder.join(format!("{}.key", kind.file_name()));
    if let (Some(pem), Some(key_pem)) = (read_if_there(&certificate)?, read_if_there(&key)?) {
        match read_leaf(root, &pem, &key_pem, names, now) {
            Ok(leaf) => return Ok(leaf),
            Err(why) => warn!(path = %certificate.display(), %why, "making a new server certificate"),
        }
    }
    let (pem, key_pem) = make_leaf(root, kind, names, now).map_err(CaError::Make)?;
    // A stop between the two files leaves a pair that does not match, which the next start makes anew.
    write_whole(&key, key_pem.as_bytes(), Readers::Owner).map_err(CaError::File)?;
    write_whole(&certificate, pem.as_bytes(), Readers::Everyone).map_err(CaError::File)?;
    read_leaf(root, &pem, &key_pem, names, now).map_err(CaError::Use)
}

fn read_leaf(
    root: &Root,
    pem: &str,
    key_pem: &str,
    names: &[String],
    now: Timestamp,
) -> Result<Arc<CertifiedKey>, rustls::Error> {
    let unreadable = |error: rustls_pki_types::pem::Error| rustls::Error::General(error.to_string());
    let leaf = CertificateDer::from_pem_slice(pem.as_bytes()).map_err(unreadable)?;
    let key = PrivateKeyDer::from_pem_slice(key_pem.as_bytes()).map_err(unreadable)?;
    root.check(&leaf, names, now)?;
    Ok(Arc::new(CertifiedKey::from_der(vec![leaf], key, &provider())?))
}

fn make_root(now: Timestamp) -> Result<(String, String), CaError> {
    let key = KeyPair::generate_rsa_for(&PKCS_RSA_SHA256, RsaKeySize::_2048).map_err(CaError::Make)?;
    let mut params = params(now, ROOT_VALIDITY);
    params.distinguished_name.push(DnType::CommonName, "Whimbrel local CA");
    params.is_ca = IsCa::Ca(BasicConstraints::Constrained(0));
    params.key_usages = vec![KeyUsagePurpose::KeyCertSign, KeyUsagePurpose::CrlSign];
    let certificate = params.self_signed(&key).map_err(CaError::Make)?;
    Ok((certificate.pem(), key.serialize_pem()))
}

fn make_leaf(root: &Root, kind: LeafKind, names: &[String], now: Timestamp) -> Result<(String, String), rcgen::Error> {
    let key = match kind {
        LeafKind::Rsa => KeyPair::generate_rsa_for(&PKCS_RSA_SHA256, RsaKeySize::_2048)?,
        LeafKind::Ecdsa => KeyPair::generate_for(&PKCS_ECDSA_P256_SHA256)?,
    };
    let mut params = params(now, LEAF_VALIDITY);
    params.subject_alt_names = CertificateParams::new(names)?.subject_alt_names;
    params.distinguished_name.push(DnType::CommonName, names.first().map_or("whimbrel", String::as_str));
    params.key_usages = match kind {
        // Key encipherment is for the key exchange of old RSA suites; harmless, and some old clients look for it.
        LeafKind::Rsa => vec![KeyUsagePurpose::DigitalSignature, KeyUsagePurpose::KeyEncipherment],
        LeafKind::Ecdsa => vec![KeyUsagePurpose::DigitalSignature],
    };
    params.extended_key_usages = vec![ExtendedKeyUsagePurpose::ServerAuth];
    params.use_authority_key_identifier_extension = true;
    let certificate = params.signed_by(&key, &root.issuer)?;
    Ok((certificate.pem(), key.serialize_pem()))
}

fn params(now: Timestamp, validity: Duration) -> CertificateParams {
    let mut params = CertificateParams::default();
    let epoch = rcgen::date_time_ymd(1970, 1, 1);
    params.not_before = epoch + since_epoch(now).saturating_sub(CLOCK_TOLERANCE);
    params.not_after = epoch + (since_epoch(now) + validity);
    params.distinguished_name = rcgen::DistinguishedName::new();
    params.distinguished_name.push(DnType::OrganizationName, "Whimbrel");
    params
}

fn since_epoch(now: Timestamp) -> Duration {
    Duration::from_micros(u64::try_from(now.0).unwrap_or_default())
}

fn read_if_there(path: &Path) -> Result<Option<String>, CaError> {
    match read_text(path) {
        Ok(text) => Ok(Some(text)),
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(None),
        // What is no text is damage, which the caller finds by reading it.
        Err(error) if error.kind() == io::ErrorKind::InvalidData => Ok(Some(String::new())),
        Err(error) => Err(CaError::File(error)),
    }
}

#[cfg(test)]
mod tests {
    use std::fs;

    use super::super::files::tests::TestFolder;
    use super::*;

    /// 2026-11-25T00:00:00Z.
    const NOW: Timestamp = Timestamp(1_795_564_800_000_000);

    fn names() -> Vec<String> {
        LOCAL_NAMES.map(str::to_owned).to_vec()
    }

    fn read(folder: &TestFolder, name: &str) -> Vec<u8> {
        fs::read(folder.path().join(name)).unwrap()
    }

    fn days_later(days: i64) -> Timestamp {
        Timestamp(NOW.0 + days * 86_400_000_000)
    }

    #[test]
    fn the_root_is_kept_and_leaves_are_renewed_near_their_end() {
        let folder = TestFolder::new();
        open(folder.path(), &names(), NOW).unwrap();
        let (root, rsa, ecdsa) =
            (read(&folder, "ca.pem"), read(&folder, "server-rsa.pem"), read(&folder, "server-ecdsa.pem"));
        open(folder.path(), &names(), days_later(366)).unwrap();
        assert_eq!((read(&folder, "server-rsa.pem"), read(&folder, "server-ecdsa.pem")), (rsa.clone(), ecdsa.clone()));
        open(folder.path(), &names(), days_later(368)).unwrap();
        assert_ne!(read(&folder, "server-rsa.pem"), rsa);
        assert_ne!(read(&folder, "server-ecdsa.pem"), ecdsa);
        assert_eq!(read(&folder, "ca.pem"), root);
        use std::os::unix::fs::PermissionsExt;
        for key in ["ca.key", "server-rsa.key", "server-ecdsa.key"] {
            let mode = fs::metadata(folder.path().join(key)).unwrap().permissions().mode();
            assert_eq!(mode & 0o777, 0o600, "{key}");
        }
    }

    #[test]
    fn a_damaged_leaf_or_a_new_name_makes_a_new_leaf() {
        let folder = TestFolder::new();
        open(folder.path(), &names(), NOW).unwrap();
        let rsa = read(&folder, "server-rsa.pem");
        for damage in
            [&b"nonsense"[..], b"\xff\xfe\x00", b"", &rsa[..rsa.len() / 2], &read(&folder, "server-ecdsa.pem")]
        {
            fs::write(folder.path().join("server-rsa.pem"), damage).unwrap();
            open(folder.path(), &names(), NOW).unwrap();
        }
        let key = read(&folder, "server-rsa.key");
        fs::write(folder.path().join("server-rsa.key"), read(&folder, "server-ecdsa.key")).unwrap();
        open(folder.path(), &names(), NOW).unwrap();
        assert_ne!(read(&folder, "server-rsa.key"), key);

        let before = read(&folder, "server-ecdsa.pem");
        let mut more = names();
        more.push("sms.example.com".to_owned());
        open(folder.path(), &more, NOW).unwrap();
        assert_ne!(read(&folder, "server-ecdsa.pem"), before);
    }

    #[test]
    fn a_damaged_root_is_never_replaced_silently() {
        let folder = TestFolder::new();
        let other = TestFolder::new();
        open(folder.path(), &names(), NOW).unwrap();
        open(other.path(), &names(), NOW).unwrap();
        let (pem, key) = (folder.path().join("ca.pem"), folder.path().join("ca.key"));
        let check = |why: &str| {
            let error = open(folder.path(), &names(), NOW).unwrap_err().to_string();
            assert!(error.contains(why) && error.contains("remove both"), "{error}");
        };
        let good = (fs::read(&pem).unwrap(), fs::read(&key).unwrap());
        fs::write(&key, read(&other, "ca.key")).unwrap();
        check("ca.key is not the key of ca.pem");
        fs::write(&key, "nonsense").unwrap();
        check("ca.key: ");
        fs::remove_file(&key).unwrap();
        check("ca.key is missing");
        fs::write(&key, &good.1).unwrap();
        fs::write(&pem, "nonsense").unwrap();
        check("ca.pem: ");
        fs::remove_file(&pem).unwrap();
        check("ca.pem is missing");
        fs::write(&pem, &good.0).unwrap();
        open(folder.path(), &names(), NOW).unwrap();
    }

    #[test]
    fn a_name_that_is_none_is_an_error() {
        let folder = TestFolder::new();
        let error = open(folder.path(), &["no name".to_owned()], NOW).unwrap_err().to_string();
        assert!(error.contains("no name"), "{error}");
    }
}
