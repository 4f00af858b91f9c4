//! RSA keys of applications: made, read from text and written as text, within bounds.
//!
//! 2048 to 4096 bits: shorter ones are broken or soon will be (NIST SP 800-57), longer ones cost whoever verifies.

use std::fmt;

use aws_lc_rs::encoding::{AsDer, Pkcs8V1Der, PublicKeyX509Der};
use aws_lc_rs::rand::SystemRandom;
use aws_lc_rs::rsa::{self, KeySize, RsaParameters};
use aws_lc_rs::signature::{
    KeyPair as _, ParsedPublicKey, RSA_PKCS1_2048_8192_SHA256, RSA_PKCS1_SHA256, VerificationAlgorithm,
};
use zeroize::Zeroizing;

use super::pem;

/// The shortest key that is taken, in bits.
pub const BITS_MIN: u32 = 2_048;
/// The longest key that is taken, in bits.
pub const BITS_MAX: u32 = 4_096;
/// The longest text of a key that is read, in octets. A private key of 4096 bits has 3,300.
pub const PEM_OCTETS_MAX: usize = 8_192;

const SPKI: &str = "PUBLIC KEY";
const PKCS1_PUBLIC: &str = "RSA PUBLIC KEY";
const PKCS8: &str = "PRIVATE KEY";
const PKCS1_PRIVATE: &str = "RSA PRIVATE KEY";

/// Why a text is not a key that is taken here.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum KeyFault {
    /// No text of a key, or more than one.
    NotPem,
    /// The block's first line names something else; what was expected stands beside.
    WrongBlock {
        /// What the first line should name.
        expected: &'static str,
        /// What it is, if that is known.
        found: Block,
    },
    /// The octets are no RSA key.
    Unreadable,
    /// Fewer bits than [`BITS_MIN`].
    TooShort {
        /// Its bits.
        bits: u32,
    },
    /// More bits than [`BITS_MAX`].
    TooLong {
        /// Its bits.
        bits: u32,
    },
    /// The library could not make a key.
    NotMade,
}

/// What a block of the text form holds.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Block {
    /// A public key.
    PublicKey,
    /// A private key.
    PrivateKey,
    /// A private key under a password.
    EncryptedPrivateKey,
    /// A certificate.
    Certificate,
    /// Anything else.
    Other,
}

impl Block {
    fn of(label: &str) -> Self {
        match label {
            SPKI | PKCS1_PUBLIC => Self::PublicKey,
            PKCS8 | PKCS1_PRIVATE => Self::PrivateKey,
            "ENCRYPTED PRIVATE KEY" => Self::EncryptedPrivateKey,
            "CERTIFICATE" => Self::Certificate,
            _ => Self::Other,
        }
    }
}

impl fmt::Display for KeyFault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::NotPem => f.write_str("the key is not one block of text from `-----BEGIN` to `-----END`"),
            Self::WrongBlock { expected, found } => {
                let found = match found {
                    Block::PublicKey => "a public key",
                    Block::PrivateKey => "a private key",
                    Block::EncryptedPrivateKey => "a private key under a password (`openssl pkey` removes it)",
                    Block::Certificate => "a certificate (`openssl x509 -pubkey -noout` takes its key)",
                    Block::Other => "something else",
                };
                write!(f, "expected `{expected}` and found {found}")
            }
            Self::Unreadable => f.write_str("the block does not hold a sound RSA key"),
            Self::TooShort { bits } => write!(f, "the key has {bits} bits, at least {BITS_MIN} are needed"),
            Self::TooLong { bits } => write!(f, "the key has {bits} bits, at most {BITS_MAX} are taken"),
            Self::NotMade => f.write_str("no RSA key could be made"),
        }
    }
}

impl std::error::Error for KeyFault {}

/// A key that signs. Shows nothing of itself; wiped when dropped.
pub struct PrivateKey(rsa::KeyPair);

impl PrivateKey {
    /// Makes a key of 2048 bits, in some tenths of a second. The chance comes from the cryptographic library: it alone
    /// of this crate does not take it as an argument, because no other source should make a key.
    ///
    /// # Errors
    /// [`KeyFault::NotMade`] if the library fails.
    pub fn generate() -> Result<Self, KeyFault> {
        rsa::KeyPair::generate(KeySize::Rsa2048).map(Self).map_err(|_| KeyFault::NotMade)
    }

    /// Reads PKCS#8 (`PRIVATE KEY`) or PKCS#1 (`RSA PRIVATE KEY`) without a password.
    ///
    /// # Errors
    /// [`KeyFault`] says what the text is instead.
    pub fn from_pem(text: &str) -> Result<Self, KeyFault> {
        let block = block(text)?;
        let pair = match block.label {
            PKCS8 => rsa::KeyPair::from_pkcs8(&block.der),
            PKCS1_PRIVATE => rsa::KeyPair::from_der(&block.der),
            label => return Err(KeyFault::WrongBlock { expected: PKCS8, found: Block::of(label) }),
        };
        let pair = pair.map_err(|_| KeyFault::Unreadable)?;
        check_bits(pair.public_key().as_ref())?;
        Ok(Self(pair))
    }

    /// PKCS#8 as text, wiped when dropped.
    ///
    /// # Errors
    /// [`KeyFault::Unreadable`] if the library cannot write what it holds.
    pub fn to_pem(&self) -> Result<Zeroizing<String>, KeyFault> {
        let der = AsDer::<Pkcs8V1Der<'_>>::as_der(&self.0).map_err(|_| KeyFault::Unreadable)?;
        Ok(pem::write(PKCS8, der.as_ref()))
    }

    /// The key that verifies what this one signs.
    ///
    /// # Errors
    /// [`KeyFault::Unreadable`] if the library cannot write what it holds.
    pub fn public_key(&self) -> Result<PublicKey, KeyFault> {
        PublicKey::from_der(self.0.public_key().as_ref())
    }

    /// Signs with PKCS#1 v1.5 and SHA-256 (RS256). `None` if the library fails.
    pub(super) fn sign(&self, octets: &[u8]) -> Option<Vec<u8>> {
        let mut signature = vec![0; self.0.public_modulus_len()];
        self.0.sign(&RSA_PKCS1_SHA256, &SystemRandom::new(), octets, &mut signature).ok()?;
        Some(signature)
    }
}

impl fmt::Debug for PrivateKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("[private key]")
    }
}

/// A key that verifies.
pub struct PublicKey {
    parsed: ParsedPublicKey,
    /// As [`RsaParameters`] and other algorithms of the library read it.
    spki: Vec<u8>,
    bits: u32,
}

impl PublicKey {
    /// Reads SPKI (`PUBLIC KEY`) or PKCS#1 (`RSA PUBLIC KEY`).
    ///
    /// # Errors
    /// [`KeyFault`] says what the text is instead, or how many bits are too few or too many.
    pub fn from_pem(text: &str) -> Result<Self, KeyFault> {
        let block = block(text)?;
        match block.label {
            SPKI | PKCS1_PUBLIC => Self::from_der(&block.der),
            label => Err(KeyFault::WrongBlock { expected: SPKI, found: Block::of(label) }),
        }
    }

    fn from_der(der: &[u8]) -> Result<Self, KeyFault> {
        let key = rsa::PublicKey::from_der(der).map_err(|_| KeyFault::Unreadable)?;
        let bits = check_bits(key.as_ref())?;
        let spki = AsDer::<PublicKeyX509Der<'_>>::as_der(&key).map_err(|_| KeyFault::Unreadable)?.as_ref().to_vec();
        // What was given must be what is kept, octet for octet: no second encoding, no octets behind.
        if der != key.as_ref() && der != spki {
            return Err(KeyFault::Unreadable);
        }
        let parsed = ParsedPublicKey::new(&RSA_PKCS1_2048_8192_SHA256, &spki).map_err(|_| KeyFault::Unreadable)?;
        Ok(Self { parsed, spki, bits })
    }

    /// SPKI as text.
    #[must_use]
    pub fn to_pem(&self) -> String {
        pem::write(SPKI, &self.spki).to_string()
    }

    /// Its size.
    #[must_use]
    pub const fn bits(&self) -> u32 {
        self.bits
    }

    /// Whether this is an RS256 signature of these octets.
    pub(super) fn verifies(&self, octets: &[u8], signature: &[u8]) -> bool {
        self.parsed.verify_sig(octets, signature).is_ok()
    }

    /// The same with another algorithm of the library; for explanations only.
    pub(super) fn verifies_as(
        &self,
        algorithm: &'static dyn VerificationAlgorithm,
        octets: &[u8],
        signature: &[u8],
    ) -> bool {
        let key = ParsedPublicKey::new(algorithm, &self.spki);
        key.is_ok_and(|key| key.verify_sig(octets, signature).is_ok())
    }
}

impl PartialEq for PublicKey {
    fn eq(&self, other: &Self) -> bool {
        self.spki == other.spki
    }
}

impl Eq for PublicKey {}

impl fmt::Debug for PublicKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "[public key, {} bits]", self.bits)
    }
}

fn block(text: &str) -> Result<pem::Block<'_>, KeyFault> {
    if text.len() > PEM_OCTETS_MAX {
        return Err(KeyFault::NotPem);
    }
    pem::read(text).ok_or(KeyFault::NotPem)
}

fn check_bits(pkcs1: &[u8]) -> Result<u32, KeyFault> {
    let bits = RsaParameters::public_modulus_len(pkcs1).map_err(|_| KeyFault::Unreadable)?;
    match bits {
        ..BITS_MIN => Err(KeyFault::TooShort { bits }),
        BITS_MIN..=BITS_MAX => Ok(bits),
        _ => Err(KeyFault::TooLong { bits }),
    }
}

#[cfg(test)]
mod tests {
    use base64::Engine as _;
    use base64::engine::general_purpose::URL_SAFE_NO_PAD;

    use super::*;

    #[test]
    fn the_example_of_rfc_7515_a_2_verifies() {
        let key = PublicKey::from_pem(include_str!("../../tests/keys/rfc7515_a2.spki.pem")).expect("the RFC's key");
        let signed = b"eyJhbGciOiJSUzI1NiJ9.eyJpc3MiOiJqb2UiLA0KICJleHAiOjEzMDA4MTkzODAsDQogImh0dHA6Ly9leGFtcGxlLmNvbS9pc19yb290Ijp0cnVlfQ";
        let signature = concat!(
            "cC4hiUPoj9Eetdgtv3hF80EGrhuB__dzERat0XF9g2VtQgr9PJbu3XOiZj5RZmh7AAuHIm4Bh-0Qc_lF5YKt_O8W2Fp5jujGbds9uJdbF9CU",
            "Ar7t1dnZcAcQjbKBYNX4BAynRFdiuB--f_nZLgrnbyTyWzO75vRK5h6xBArLIARNPvkSjtQBMHlb1L07Qe7K0GarZRmB_eSN9383LcOLn6_d",
            "O--xi12jzDwusC-eOkHWEsqtFZESc6BfI7noOPqvhJ1phCnvWh6IeYI2w9QOYEUipUTI8np6LbgGY9Fs98rqVt5AXLIhWkWywlVmtVrBp0ig",
            "cN_IoypGlUPQGe77Rw"
        );
        let signature = URL_SAFE_NO_PAD.decode(signature).expect("base64url");
        assert!(key.verifies(signed, &signature));
        let private =
            PrivateKey::from_pem(include_str!("../../tests/keys/rfc7515_a2.pkcs8.pem")).expect("the RFC's key");
        assert_eq!(private.sign(signed), Some(signature));
    }
}
