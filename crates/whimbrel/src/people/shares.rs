//! Links that show one message, without its text, to whoever has them, for a while.
//!
//! A link says which message and until when, and carries an HMAC-SHA256 (RFC 2104) of both under a key of 256 bits that this process
//! alone has and keeps in memory. So nothing is stored, no other message can be named, and a link ends at its time, with every other
//! one when the key is replaced, and with the process (ADR 0050). Pure: `now` and chance are arguments.

use std::fmt;
use std::sync::{PoisonError, RwLock};

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use hmac::{Hmac, KeyInit as _, Mac as _};
use sha2::Sha256;
use whimbrel_core::{MessageId, Secret, Span, Timestamp};

/// A link lasts so long at most.
pub const AGE_MAX: Span = Span::hours(7 * 24);
/// A link lasts so long if nothing is said.
pub const AGE_DEFAULT: Span = Span::hours(24);
/// A link lasts so long at least.
pub const AGE_MIN: Span = Span::seconds(60);

/// Stands before what is signed: the key signs nothing else, and if it ever did, this could not be taken for it.
const PURPOSE: &[u8] = b"whimbrel shared message 1\0";
const FACTS_BYTES: usize = 16;
const MAC_BYTES: usize = 32;
/// 48 octets are 64 letters without a rest, so that a token has one spelling.
const TOKEN_CHARS: usize = 64;

/// Makes and reads the ends of such links.
pub struct Shares(RwLock<[u8; 32]>);

impl Shares {
    /// With a key made of `random`, which gives 64 bits from the kernel's source.
    #[must_use]
    pub fn new(random: impl Fn() -> u64) -> Self {
        Self(RwLock::new(key(random)))
    }

    /// The end of a link to a message that holds until then.
    #[must_use]
    pub fn token(&self, message: MessageId, until: Timestamp) -> Secret {
        let facts = facts(message, until);
        let mac = self.mac(&facts).finalize().into_bytes();
        Secret::new(URL_SAFE_NO_PAD.encode([&facts[..], &mac[..]].concat()))
    }

    /// The message that a link shows at `now`, and until when; `None` if it is none of ours, was changed, or has ended.
    #[must_use]
    pub fn read(&self, token: &str, now: Timestamp) -> Option<(MessageId, Timestamp)> {
        if token.len() != TOKEN_CHARS {
            return None;
        }
        let octets = URL_SAFE_NO_PAD.decode(token).ok()?;
        let (facts, mac) = octets.split_at_checked(FACTS_BYTES)?;
        // In constant time, and before anything that it says is believed.
        self.mac(facts).verify_slice(mac).ok()?;
        let (message, until) = facts.split_at(FACTS_BYTES / 2);
        let (message, until) = (message.try_into().ok()?, until.try_into().ok()?);
        let (message, until) = (MessageId(i64::from_be_bytes(message)), Timestamp(i64::from_be_bytes(until)));
        (now < until).then_some((message, until))
    }

    /// Ends all links there are: the next ones are made with another key.
    pub fn end_all(&self, random: impl Fn() -> u64) {
        let key = key(random);
        // Thirty-two octets that are written at once: a panic elsewhere cannot leave them half written.
        *self.0.write().unwrap_or_else(PoisonError::into_inner) = key;
    }

    fn mac(&self, facts: &[u8]) -> Hmac<Sha256> {
        let key = *self.0.read().unwrap_or_else(PoisonError::into_inner);
        // A key of the size of the digest or less is taken as it is (RFC 2104 §2), whatever it is.
        let mac = Hmac::<Sha256>::new_from_slice(&key).expect("HMAC takes a key of any size");
        mac.chain_update(PURPOSE).chain_update(facts)
    }
}

fn facts(message: MessageId, until: Timestamp) -> [u8; FACTS_BYTES] {
    let mut facts = [0; FACTS_BYTES];
    facts[..8].copy_from_slice(&message.0.to_be_bytes());
    facts[8..].copy_from_slice(&until.0.to_be_bytes());
    facts
}

fn key(random: impl Fn() -> u64) -> [u8; 32] {
    let mut key = [0; 32];
    for octets in key.chunks_exact_mut(8) {
        octets.copy_from_slice(&random().to_be_bytes());
    }
    key
}

impl fmt::Debug for Shares {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("[shares]")
    }
}

const _: () = assert!((FACTS_BYTES + MAC_BYTES) / 3 * 4 == TOKEN_CHARS && (FACTS_BYTES + MAC_BYTES).is_multiple_of(3));

#[cfg(test)]
mod tests {
    use std::cell::Cell;

    use super::*;

    const T: Timestamp = Timestamp(1_795_526_000_000_000);
    const MESSAGE: MessageId = MessageId(0x0A07_0383_A14A_8000);

    fn shares(seed: u64) -> Shares {
        Shares::new(chance(seed))
    }

    fn chance(seed: u64) -> impl Fn() -> u64 {
        let state = Cell::new(seed);
        move || {
            state.set(state.get().wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407));
            state.get()
        }
    }

    #[test]
    fn a_link_shows_its_message_until_its_time_and_no_longer() {
        let (shares, until) = (shares(1), T + AGE_DEFAULT);
        let token = shares.token(MESSAGE, until);
        assert_eq!(token.expose().len(), TOKEN_CHARS);
        assert_eq!(shares.read(token.expose(), T), Some((MESSAGE, until)));
        assert_eq!(shares.read(token.expose(), Timestamp(until.0 - 1)), Some((MESSAGE, until)));
        assert_eq!(shares.read(token.expose(), until), None);
        assert_eq!(shares.read(token.expose(), until + AGE_MAX), None);
    }

    #[test]
    fn whatever_is_changed_of_it_shows_nothing() {
        let shares = shares(1);
        let token = shares.token(MESSAGE, T + AGE_DEFAULT);
        let token = token.expose();
        for place in 0..token.len() {
            for letter in "ABCDwxyz0189-_".chars().filter(|letter| !token[place..].starts_with(*letter)) {
                let changed = format!("{}{letter}{}", &token[..place], &token[place + 1..]);
                assert_eq!(shares.read(&changed, T), None, "{place} {letter}");
            }
        }
        let longer = [format!("{token}A"), format!("{token}="), format!(" {token}"), format!("{token}\n")];
        let shorter = [&token[1..], &token[..60], &token[..22], "", "ä", "="].map(str::to_owned);
        for wrong in longer.iter().chain(&shorter) {
            assert_eq!(shares.read(wrong, T), None, "{wrong:?}");
        }
    }

    #[test]
    fn another_message_or_a_later_end_needs_the_key() {
        let ours = shares(1);
        let octets = URL_SAFE_NO_PAD.decode(ours.token(MESSAGE, T + AGE_MIN).expose()).expect("our own");
        for facts in [facts(MessageId(MESSAGE.0 + 1), T + AGE_MIN), facts(MESSAGE, T + AGE_MAX)] {
            let forged = URL_SAFE_NO_PAD.encode([&facts[..], &octets[FACTS_BYTES..]].concat());
            assert_eq!(ours.read(&forged, T), None);
        }
        // What anybody can compute: the digest without a key, and the code under a key of zeros or another's.
        let zeros = Shares::new(|| 0);
        for other in [zeros.token(MESSAGE, T + AGE_MIN), shares(2).token(MESSAGE, T + AGE_MIN)] {
            assert_eq!(ours.read(other.expose(), T), None);
        }
    }

    #[test]
    fn another_key_ends_all_links() {
        let shares = shares(1);
        let before = shares.token(MESSAGE, T + AGE_MAX);
        shares.end_all(chance(2));
        assert_eq!(shares.read(before.expose(), T), None);
        let after = shares.token(MESSAGE, T + AGE_MAX);
        assert!(shares.read(after.expose(), T).is_some());
        assert_eq!(format!("{shares:?} {after:?}"), "[shares] [secret]");
    }

    /// The code by the definition (RFC 2104 §2), written out: shares nothing with the library's.
    #[test]
    fn the_code_is_hmac_as_defined() {
        use sha2::Digest as _;
        let (seed, until) = (7, T + AGE_DEFAULT);
        let key = key(chance(seed));
        let pad = |octet: u8| {
            let mut block = [octet; 64];
            block.iter_mut().zip(key).for_each(|(padded, octet)| *padded ^= octet);
            block
        };
        let facts = facts(MESSAGE, until);
        let inner = Sha256::digest([&pad(0x36)[..], PURPOSE, &facts].concat());
        let outer = Sha256::digest([&pad(0x5c)[..], &inner].concat());
        let wanted = URL_SAFE_NO_PAD.encode([&facts[..], &outer].concat());
        assert_eq!(shares(seed).token(MESSAGE, until).expose(), wanted);
    }
}
