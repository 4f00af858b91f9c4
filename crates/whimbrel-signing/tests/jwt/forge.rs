//! Makes tokens that the library would not make.
//!
//! The key is that of RFC 7515 §A.2; the other keys of `tests/keys` were made for these tests.

use aws_lc_rs::rand::SystemRandom;
use aws_lc_rs::rsa::KeyPair;
use aws_lc_rs::signature::{RSA_PKCS1_SHA256, RSA_PKCS1_SHA384, RSA_PKCS1_SHA512, RSA_PSS_SHA256, RsaEncoding};
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use hmac::{Hmac, KeyInit as _, Mac as _};
use whimbrel_signing::UnixSeconds;
use whimbrel_signing::jwt::{PrivateKey, PublicKey};

pub const PRIVATE: &str = include_str!("../keys/rfc7515_a2.pkcs8.pem");
pub const PUBLIC: &str = include_str!("../keys/rfc7515_a2.spki.pem");
pub const OTHER_PUBLIC: &str = include_str!("../keys/other.spki.pem");
pub const APPLICATION: &str = "78d335fa-323d-0114-9c3d-d6f0d48968cf";
pub const NOW: UnixSeconds = UnixSeconds(1_795_328_699);
pub const HEADER: &str = r#"{"alg":"RS256","typ":"JWT"}"#;

pub fn private() -> PrivateKey {
    PrivateKey::from_pem(PRIVATE).expect("the RFC's key")
}

pub fn public() -> PublicKey {
    PublicKey::from_pem(PUBLIC).expect("the RFC's key")
}

pub fn other() -> PublicKey {
    PublicKey::from_pem(OTHER_PUBLIC).expect("a key")
}

pub fn encode(octets: impl AsRef<[u8]>) -> String {
    URL_SAFE_NO_PAD.encode(octets)
}

/// How a forged token is signed.
pub enum By {
    Rs256,
    Rs384,
    Rs512,
    Ps256,
    Hs256(Vec<u8>),
}

/// Signs octets in any way.
pub fn signature(octets: &[u8], by: &By) -> Vec<u8> {
    let rsa = |encoding: &'static dyn RsaEncoding| {
        let text: String = PRIVATE.lines().filter(|line| !line.starts_with('-')).collect();
        let der = base64::engine::general_purpose::STANDARD.decode(text).expect("base64");
        let pair = KeyPair::from_pkcs8(&der).expect("a key");
        let mut signature = vec![0; pair.public_modulus_len()];
        pair.sign(encoding, &SystemRandom::new(), octets, &mut signature).expect("a signature");
        signature
    };
    match by {
        By::Rs256 => rsa(&RSA_PKCS1_SHA256),
        By::Rs384 => rsa(&RSA_PKCS1_SHA384),
        By::Rs512 => rsa(&RSA_PKCS1_SHA512),
        By::Ps256 => rsa(&RSA_PSS_SHA256),
        By::Hs256(key) => {
            let mut mac = Hmac::<sha2::Sha256>::new_from_slice(key).expect("any length");
            mac.update(octets);
            mac.finalize().into_bytes().to_vec()
        }
    }
}

/// A token of any header and payload.
pub fn token(header: &str, payload: &str, by: &By) -> String {
    let input = format!("{}.{}", encode(header), encode(payload));
    let signature = signature(input.as_bytes(), by);
    format!("{input}.{}", encode(signature))
}

/// A token by the application's key with these claims.
pub fn claims(payload: &str) -> String {
    token(HEADER, payload, &By::Rs256)
}
