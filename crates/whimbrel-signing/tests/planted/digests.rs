//! Digests as a signer takes them, from the libraries of digests themselves.

use hmac::{Hmac, KeyInit, Mac};
use md5::Digest;

pub const MD5: Algorithm = Algorithm { hash: |octets| md5::Md5::digest(octets).to_vec(), hmac: mac::<Hmac<md5::Md5>> };
pub const SHA1: Algorithm =
    Algorithm { hash: |octets| sha1::Sha1::digest(octets).to_vec(), hmac: mac::<Hmac<sha1::Sha1>> };
pub const SHA256: Algorithm =
    Algorithm { hash: |octets| sha2::Sha256::digest(octets).to_vec(), hmac: mac::<Hmac<sha2::Sha256>> };
pub const SHA512: Algorithm =
    Algorithm { hash: |octets| sha2::Sha512::digest(octets).to_vec(), hmac: mac::<Hmac<sha2::Sha512>> };

/// A hash function and its HMAC, which takes the key first.
#[derive(Clone, Copy)]
pub struct Algorithm {
    pub hash: fn(&[u8]) -> Vec<u8>,
    pub hmac: fn(&[u8], &[u8]) -> Vec<u8>,
}

fn mac<M: Mac + KeyInit>(key: &[u8], message: &[u8]) -> Vec<u8> {
    let mut mac = <M as KeyInit>::new_from_slice(key).unwrap();
    mac.update(message);
    mac.finalize().into_bytes().to_vec()
}

pub fn hex(octets: &[u8]) -> String {
    octets.iter().map(|octet| format!("{octet:02x}")).collect()
}

pub fn base64(octets: &[u8]) -> String {
    use base64::Engine as _;
    base64::engine::general_purpose::STANDARD.encode(octets)
}
