//! Keys and secrets that we make. `random` gives 64 bits from the kernel's source.

use whimbrel_core::Secret;

/// A key of 8 lower-case hexadecimal digits: an official client refuses another length. (Go client, read 2026-11.)
pub fn api_key(random: impl Fn() -> u64) -> String {
    // A key of digits only could be taken for a number; the first digit is a letter.
    let word = random();
    let first = char::from(b"abcdef"[usize::try_from(word >> 32).unwrap_or(0) % 6]);
    format!("{first}{:07x}", word & 0x0fff_ffff)
}

/// A secret of 16 letters and digits: 95 bits.
pub fn api_secret(random: impl Fn() -> u64) -> Secret {
    Secret::new(alphanumeric(random, 16))
}

/// A signature secret of 32 letters and digits.
pub fn signature_secret(random: impl Fn() -> u64) -> Secret {
    Secret::new(alphanumeric(random, 32))
}

fn alphanumeric(random: impl Fn() -> u64, length: usize) -> String {
    const LETTERS: &[u8; 62] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789";
    let mut text = String::with_capacity(length);
    while text.len() < length {
        // Six bits a letter; two values of 64 are thrown away, so that every letter is as likely.
        let mut word = random();
        for _ in 0..10 {
            if let Some(letter) = LETTERS.get((word & 63) as usize)
                && text.len() < length
            {
                text.push(char::from(*letter));
            }
            word >>= 6;
        }
    }
    text
}

#[cfg(test)]
mod tests {
    use std::cell::Cell;

    use super::*;

    #[test]
    fn keys_and_secrets_have_their_forms() {
        let state = Cell::new(0x9e37_79b9_7f4a_7c15_u64);
        let random = || {
            state.set(state.get().wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407));
            state.get() ^ (state.get() >> 29)
        };
        for _ in 0..1_000 {
            let key = api_key(random);
            assert_eq!(key.len(), 8, "{key}");
            assert!(
                key.starts_with(|c: char| c.is_ascii_lowercase()) && key.bytes().all(|b| b.is_ascii_hexdigit()),
                "{key}"
            );
            assert_eq!(api_secret(random).expose().len(), 16);
            assert_eq!(signature_secret(random).expose().len(), 32);
        }
        assert_ne!(api_secret(random), api_secret(random));
    }
}
