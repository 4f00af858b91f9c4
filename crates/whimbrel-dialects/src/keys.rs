//! Secret keys as a dialect writes them: a key of that form names its account by itself, and is all that a customer has.

use whimbrel_core::policy::Signable;
use whimbrel_core::{KeyMode, Secret};

/// How the secret keys of a dialect are written: a prefix that tells what the key is for, then hexadecimal digits.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct SecretKeyForm {
    /// What a key for real messages begins with.
    pub live_prefix: &'static str,
    /// What a key for trying out begins with.
    pub test_prefix: &'static str,
    /// Digits after it; four bits of chance each.
    pub digits: usize,
    /// Whether a request with such a key can be signed as well.
    pub signable: Signable,
}

impl SecretKeyForm {
    /// A new key. `random` gives 64 bits that nobody can guess.
    #[must_use]
    pub fn make(&self, mode: KeyMode, random: impl Fn() -> u64) -> Secret {
        let prefix = match mode {
            KeyMode::Live => self.live_prefix,
            KeyMode::Test => self.test_prefix,
        };
        let mut key = String::with_capacity(prefix.len() + self.digits + 16);
        key.push_str(prefix);
        while key.len() < prefix.len() + self.digits {
            key.push_str(&format!("{:016x}", random()));
        }
        key.truncate(prefix.len() + self.digits);
        Secret::new(key)
    }

    /// What a key of this form is for; `None` if the text is none. For keys that customers bring along.
    #[must_use]
    pub fn mode(&self, key: &Secret) -> Option<KeyMode> {
        let has_form = |prefix: &str| {
            let digits = key.expose().strip_prefix(prefix).unwrap_or_default();
            digits.len() == self.digits && digits.bytes().all(|digit| matches!(digit, b'0'..=b'9' | b'a'..=b'f'))
        };
        match (has_form(self.live_prefix), has_form(self.test_prefix)) {
            (true, _) => Some(KeyMode::Live),
            (false, true) => Some(KeyMode::Test),
            (false, false) => None,
        }
    }
}

#[cfg(test)]
mod tests {
    use std::cell::Cell;

    use super::*;

    const FORM: SecretKeyForm =
        SecretKeyForm { live_prefix: "live_", test_prefix: "test_", digits: 24, signable: Signable::No };

    #[test]
    fn keys_are_made_and_known_again() {
        let state = Cell::new(0_u64);
        let random = || {
            state.set(state.get() + 1);
            state.get() << 56 | 0xab
        };
        let live = FORM.make(KeyMode::Live, random);
        assert_eq!(live.expose(), "live_01000000000000ab02000000");
        assert_eq!(FORM.mode(&live), Some(KeyMode::Live));
        assert_eq!(FORM.mode(&FORM.make(KeyMode::Test, random)), Some(KeyMode::Test));
        for wrong in
            ["", "live_", "live_01000000000000ab0200000", "live_01000000000000AB02000000", "01000000000000ab02000000"]
        {
            assert_eq!(FORM.mode(&Secret::new(wrong)), None, "{wrong}");
        }
    }
}
