//! The usual mistakes with secrets and with how a digest is written, made again for any scheme.

use zeroize::Zeroizing;

use crate::digest::{Hash, base64, hex, unbase64, unhex};
use crate::explain::Suspect;
use crate::{Algorithm, Mistake, Secret};

/// Fewer octets of a digest might be met by chance.
const TRUNCATED_OCTETS_MIN: usize = 8;

/// Other octets in place of a secret.
pub(crate) type OtherSecret = (Mistake, Zeroizing<Vec<u8>>);

/// What is used in place of `secret`. `api_secret` is another secret of the same account, if the caller knows it.
pub(crate) fn secrets(secret: &[u8], api_secret: Option<Secret<'_>>) -> Vec<OtherSecret> {
    let joined = |before: &[u8], after: &[u8]| [before, secret, after].concat();
    let mut found = vec![
        (Mistake::SecretWithNewline, joined(b"", b"\n")),
        (Mistake::SecretWithNewline, joined(b"", b"\r\n")),
        (Mistake::SecretWithNewline, secret.trim_ascii_end().to_vec()),
        (Mistake::SecretWithBlank, joined(b"", b" ")),
        (Mistake::SecretWithBlank, joined(b" ", b"")),
        (Mistake::SecretWithBlank, secret.trim_ascii().to_vec()),
        (Mistake::SecretInOtherCase, secret.to_ascii_lowercase()),
        (Mistake::SecretInOtherCase, secret.to_ascii_uppercase()),
    ];
    if let Some(api_secret) = api_secret {
        found.push((Mistake::ApiSecretUsed, api_secret.expose().to_vec()));
    }
    for hash in Hash::ALL {
        let hashed = hash.of(&[secret]);
        found.push((Mistake::SecretHashed, hex(&hashed).into_bytes()));
        found.push((Mistake::SecretHashed, hex(&hashed).to_uppercase().into_bytes()));
        found.push((Mistake::SecretHashed, hashed));
    }
    let text = std::str::from_utf8(secret).unwrap_or_default();
    let decoded = [unhex(text), unbase64(text)].into_iter().flatten().filter(|octets| !octets.is_empty());
    found.extend(decoded.map(|octets| (Mistake::SecretDecoded, octets)));
    found.into_iter().map(|(mistake, secret)| (mistake, Zeroizing::new(secret))).collect()
}

/// Digests of `string` where HMAC with `own` is right.
pub(crate) fn instead_of_hmac(own: Hash, key: &[u8], string: &[u8]) -> Vec<Suspect> {
    let mut found = vec![];
    for hash in Hash::ALL.iter().copied() {
        if hash != own {
            found.push((Mistake::OtherAlgorithm(Algorithm::Hmac(hash)), hash.hmac(key, &[string])));
        }
        let suffixed = Mistake::OtherAlgorithm(Algorithm::Suffixed(hash));
        found.push((if hash == own { Mistake::SecretAppended } else { suffixed }, hash.of(&[string, key])));
    }
    found.extend([
        (Mistake::SecretPrepended, own.of(&[key, string])),
        (Mistake::SecretMissing, own.of(&[string])),
        (Mistake::SecretMissing, own.hmac(&[], &[string])),
        (Mistake::KeyAndStringSwapped, own.hmac(string, &[key])),
    ]);
    found
}

/// Mistakes in how a digest is written where hexadecimal digits are right, as texts. `presented` is what came: some of them
/// keep a part of it.
pub(crate) fn instead_of_hex(digest: &[u8], presented: &str) -> Vec<Suspect> {
    let digits = hex(digest);
    let url = base64(digest).replace('+', "-").replace('/', "_");
    let mut texts = vec![
        (Mistake::Base64ForHex, base64(digest)),
        (Mistake::Base64ForHex, base64(digest).trim_end_matches('=').to_owned()),
        (Mistake::Base64OfHex, base64(digits.as_bytes())),
        (Mistake::Base64OfHex, base64(digits.to_uppercase().as_bytes())),
        (Mistake::Base64Url, url.trim_end_matches('=').to_owned()),
        (Mistake::Base64Url, url),
    ];
    let before = presented.len().checked_sub(digits.len()).and_then(|length| presented.split_at_checked(length));
    if let Some((prefix, rest)) = before.filter(|(prefix, _)| !prefix.is_empty()) {
        texts.push((Mistake::PrefixAdded, format!("{prefix}{}", in_case_of(rest, &digits))));
    }
    let trimmed = presented.trim();
    if trimmed.len() < presented.len() {
        texts.insert(0, (Mistake::SignatureWithBlank, presented.replacen(trimmed, &in_case_of(trimmed, &digits), 1)));
    }
    texts.into_iter().map(|(mistake, text)| (mistake, text.into_bytes())).collect()
}

/// Mistakes in how a digest is written where base64 is right, as texts.
pub(crate) fn instead_of_base64(digest: &[u8]) -> Vec<(Mistake, String)> {
    let (right, digits) = (base64(digest), hex(digest));
    let capitals = digits.to_uppercase();
    let url = right.replace('+', "-").replace('/', "_");
    vec![
        (Mistake::PaddingMissing, right.trim_end_matches('=').to_owned()),
        (Mistake::Base64Url, url.trim_end_matches('=').to_owned()),
        (Mistake::Base64Url, url),
        (Mistake::Base64OfHex, base64(digits.as_bytes())),
        (Mistake::Base64OfHex, base64(capitals.as_bytes())),
        (Mistake::HexForBase64, digits),
        (Mistake::HexForBase64, capitals),
    ]
}

/// What is signed for a timestamp instead of the one that is sent, in the unit that is sent: a second or more off, and as
/// seconds for milliseconds or the other way round.
pub(crate) fn times(sent: i64) -> Vec<(Mistake, i64)> {
    let near = [-1, 1, -2, 2, -3, 3].into_iter().filter_map(|by| sent.checked_add(by));
    let scaled = [Some(sent / 1000), sent.checked_mul(1000)].into_iter().flatten();
    let near = near.map(|time| (Mistake::TimestampDiffers, time));
    near.chain(scaled.map(|time| (Mistake::TimestampInMilliseconds, time))).collect()
}

/// UTF-8 as Latin-1; nothing if it is ASCII or has other characters.
pub(crate) fn in_latin(octets: &[u8]) -> Option<Vec<u8>> {
    let text = std::str::from_utf8(octets).ok().filter(|text| !text.is_ascii())?;
    text.chars().map(|letter| u8::try_from(letter).ok()).collect()
}

/// The digest cut off after that many octets, if it is.
pub(crate) fn truncated(mut digest: Vec<u8>, octets: usize) -> Option<Suspect> {
    let is_cut = (TRUNCATED_OCTETS_MIN..digest.len()).contains(&octets);
    digest.truncate(octets);
    is_cut.then_some((Mistake::Truncated, digest))
}

/// Small digits, in the case that `model` has.
fn in_case_of(model: &str, digits: &str) -> String {
    match model.bytes().any(|octet| octet.is_ascii_uppercase()) {
        true => digits.to_uppercase(),
        false => digits.to_owned(),
    }
}
