//! Java's trust store, in the form that each of its versions reads without being told (`JKS`, version 2: the one in which Debian
//! keeps its own `cacerts`). It holds certificates and no keys, so its password guards nothing: it is Java's usual one.

use sha1::{Digest, Sha1};

/// Java's usual password.
pub(super) const PASSWORD: &str = "changeit";

const MAGIC: u32 = 0xfeed_feed;
const VERSION: u32 = 2;
const TRUSTED_CERTIFICATE: u32 = 2;

/// A store of those certificates. `made_at_ms` is the milliseconds since 1970 that it tells for each.
pub(super) fn trust_store<'a>(certificates: impl Iterator<Item = &'a [u8]>, made_at_ms: u64) -> Vec<u8> {
    let certificates: Vec<&[u8]> = certificates.collect();
    let mut store = Vec::new();
    let word = |store: &mut Vec<u8>, value: usize| {
        // A store of certificates is far below 4 GiB.
        store.extend_from_slice(&u32::try_from(value).unwrap_or(u32::MAX).to_be_bytes());
    };
    store.extend_from_slice(&MAGIC.to_be_bytes());
    store.extend_from_slice(&VERSION.to_be_bytes());
    word(&mut store, certificates.len());
    for (index, certificate) in certificates.iter().enumerate() {
        store.extend_from_slice(&TRUSTED_CERTIFICATE.to_be_bytes());
        text(&mut store, &format!("whimbrel-{index}"));
        store.extend_from_slice(&made_at_ms.to_be_bytes());
        text(&mut store, "X.509");
        word(&mut store, certificate.len());
        store.extend_from_slice(certificate);
    }
    let mut digest = Sha1::new();
    digest.update(PASSWORD.encode_utf16().flat_map(u16::to_be_bytes).collect::<Vec<u8>>());
    // Sun's whitening of the digest, the same in every store since 1996.
    digest.update(b"Mighty Aphrodite");
    digest.update(&store);
    store.extend_from_slice(&digest.finalize());
    store
}

/// A text as `DataOutput.writeUTF` writes it; ours are short and ASCII.
fn text(store: &mut Vec<u8>, text: &str) {
    store.extend_from_slice(&u16::try_from(text.len()).unwrap_or(u16::MAX).to_be_bytes());
    store.extend_from_slice(text.as_bytes());
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_store_has_its_head_its_entries_and_a_digest() {
        let store = trust_store([&b"AB"[..], b"C"].into_iter(), 1);
        let expected = b"\xfe\xed\xfe\xed\0\0\0\x02\0\0\0\x02\
            \0\0\0\x02\0\x0awhimbrel-0\0\0\0\0\0\0\0\x01\0\x05X.509\0\0\0\x02AB\
            \0\0\0\x02\0\x0awhimbrel-1\0\0\0\0\0\0\0\x01\0\x05X.509\0\0\0\x01C";
        assert_eq!(&store[..expected.len()], expected);
        assert_eq!(store.len(), expected.len() + 20);
    }
}
