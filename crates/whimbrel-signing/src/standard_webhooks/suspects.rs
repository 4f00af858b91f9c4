//! The usual mistakes, made again.

use zeroize::Zeroizing;

use super::{SECRET_PREFIX, VERSION, Webhook, joined};
use crate::digest::{Hash, base64, hex};
use crate::explain::Suspect;
use crate::{Mistake, Secret, UnixSeconds, reserialised, usual};

/// What is looked into.
pub(super) struct Case<'a> {
    pub(super) webhook: &'a Webhook<'a>,
    pub(super) key: &'a [u8],
    pub(super) secret: Secret<'a>,
}

impl Case<'_> {
    /// Mistakes in string, algorithm and secret, as digests; each group is made when it is reached.
    pub(super) fn suspects(&self) -> impl Iterator<Item = Suspect> {
        let strings: [fn(&Self) -> Vec<Suspect>; 3] = [Self::fields, Self::times, Self::bodies];
        let others: [fn(&Self) -> Vec<Suspect>; 2] = [Self::other_secrets, Self::algorithms];
        let strings = strings.into_iter().flat_map(|group| group(self));
        let digests = strings.map(|(mistake, string)| (mistake, Hash::Sha256.hmac(self.key, &[&string])));
        digests.chain(others.into_iter().flat_map(|group| group(self)))
    }

    /// Mistakes in how the digest is written, as texts.
    pub(super) fn written_otherwise(&self) -> Vec<Suspect> {
        let digest = Hash::Sha256.hmac(self.key, &[&joined(self.webhook)]);
        let (right, digits) = (base64(&digest), hex(&digest));
        let mut texts = vec![
            (Mistake::PrefixMissing, right.clone()),
            (Mistake::OtherPrefix, format!("{VERSION}={right}")),
            (Mistake::OtherPrefix, format!("{VERSION}={digits}")),
            (Mistake::OtherPrefix, format!("sha256={right}")),
            (Mistake::OtherPrefix, format!("sha256={digits}")),
            (Mistake::HexForBase64, digits),
        ];
        for (mistake, text) in usual::instead_of_base64(&digest) {
            texts.push((mistake, format!("{VERSION},{text}")));
        }
        texts.into_iter().map(|(mistake, text)| (mistake, text.into_bytes())).collect()
    }

    /// Which fields are signed, and how they are joined.
    fn fields(&self) -> Vec<Suspect> {
        let timestamp = self.webhook.timestamp.0.to_string();
        let (id, timestamp, body) = (self.webhook.id.as_bytes(), timestamp.as_bytes(), self.webhook.body);
        let dots = |fields: &[&[u8]]| fields.join(b".".as_slice());
        let by = |separator: &[u8]| [id, timestamp, body].join(separator);
        vec![
            (Mistake::BodyOnly, body.to_vec()),
            (Mistake::NonceMissing, dots(&[timestamp, body])),
            (Mistake::TimestampNotSigned, dots(&[id, body])),
            (Mistake::BodyEmpty, dots(&[id, timestamp, b""])),
            (Mistake::BodyEmpty, dots(&[id, timestamp])),
            (Mistake::FieldOrder, dots(&[timestamp, id, body])),
            (Mistake::FieldOrder, dots(&[body, id, timestamp])),
            (Mistake::FieldOrder, dots(&[body, timestamp, id])),
            (Mistake::FieldOrder, dots(&[id, body, timestamp])),
            (Mistake::OtherSeparator, by(b"")),
            (Mistake::OtherSeparator, by(b":")),
            (Mistake::OtherSeparator, by(b"\n")),
            (Mistake::OtherSeparator, by(b",")),
            (Mistake::OtherSeparator, by(b"&")),
            (Mistake::OtherSeparator, by(b"|")),
        ]
    }

    /// Which body is signed.
    fn bodies(&self) -> Vec<Suspect> {
        let body = self.webhook.body;
        let of = |body: &[u8]| joined(&Webhook { body, ..*self.webhook });
        let mut found = vec![
            (Mistake::NewlineAdded, of(&[body, b"\n"].concat())),
            (Mistake::NewlineAdded, of(&[body, b"\r\n"].concat())),
            (Mistake::BodyTrimmed, of(body.trim_ascii_end())),
            (Mistake::BodyTrimmed, of(body.trim_ascii())),
        ];
        found.extend(usual::in_latin(body).map(|octets| (Mistake::WrongCharset, of(&octets))));
        found.extend(reserialised::forms(body).iter().map(|form| (Mistake::BodyReserialised, of(form))));
        found
    }

    /// Which time is signed.
    fn times(&self) -> Vec<Suspect> {
        let of = |seconds: i64| joined(&Webhook { timestamp: UnixSeconds(seconds), ..*self.webhook });
        let times = usual::times(self.webhook.timestamp.0);
        times.into_iter().map(|(mistake, seconds)| (mistake, of(seconds))).collect()
    }

    fn algorithms(&self) -> Vec<Suspect> {
        usual::instead_of_hmac(Hash::Sha256, self.key, &joined(self.webhook))
    }

    fn other_secrets(&self) -> Vec<Suspect> {
        let (string, text) = (joined(self.webhook), self.secret.expose());
        let bare = text.strip_prefix(SECRET_PREFIX).unwrap_or(text);
        let whole = Zeroizing::new([SECRET_PREFIX, bare].concat());
        let mut found = vec![
            (Mistake::SecretNotDecoded, Hash::Sha256.hmac(bare, &[&string])),
            (Mistake::SecretPrefixKept, Hash::Sha256.hmac(&whole, &[&string])),
        ];
        for (mistake, key) in usual::secrets(self.key, None) {
            found.push((mistake, Hash::Sha256.hmac(&key, &[&string])));
        }
        found
    }
}
