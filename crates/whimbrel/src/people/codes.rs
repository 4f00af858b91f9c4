//! Passwords that we make, and codes of apps.

use whimbrel_core::{Secret, Timestamp};
use whimbrel_engine::RECOVERY_CODES;
use whimbrel_signing::totp::{self, SECRET_BYTES, Step};
use whimbrel_signing::{Secret as Key, UnixSeconds};

/// What an app makes codes from, with what stands in for the app; shown once.
#[derive(Debug)]
pub struct NewApp {
    /// In base32.
    pub secret: Secret,
    /// Each good once.
    pub recovery_codes: Vec<Secret>,
}

/// Letters of passwords and recovery codes: none that is taken for another one.
const LETTERS: &[u8; 32] = b"abcdefghijkmnpqrstuvwxyz23456789";

/// The step of a typed code, if it is above `used_step` and near `now`.
#[must_use]
pub fn step(secret: &Secret, typed: &str, used_step: i64, now: Timestamp) -> Option<i64> {
    let now = UnixSeconds(now.unix_seconds());
    totp::verify(Key::new(secret.expose()), typed, Step(used_step), now).map(|step| step.0)
}

/// The address that an app reads.
#[must_use]
pub fn app_uri(secret: &Secret, name: &str) -> String {
    totp::uri(Key::new(secret.expose()), "Whimbrel", name)
}

/// A secret for an app and its recovery codes. `random` gives 64 bits from the kernel's source.
#[must_use]
pub fn new_app(random: impl Fn() -> u64) -> NewApp {
    let mut chance = [0; SECRET_BYTES];
    for octets in chance.chunks_mut(8) {
        octets.copy_from_slice(&random().to_be_bytes()[..octets.len()]);
    }
    // 80 bits each.
    let recovery_codes = (0..RECOVERY_CODES).map(|_| grouped(&random, 4)).collect();
    NewApp { secret: Secret::new(totp::secret_text(&chance)), recovery_codes }
}

/// A password of 25 letters and digits in groups: 120 bits and more.
#[must_use]
pub fn new_password(random: impl Fn() -> u64) -> Secret {
    grouped(&random, 6)
}

/// Groups of four letters, five bits each.
fn grouped(random: &impl Fn() -> u64, group_count: usize) -> Secret {
    let groups: Vec<String> = (0..group_count)
        .map(|_| {
            let word = random();
            (0..4).map(|place| char::from(LETTERS[(word >> (place * 5)) as usize & 31])).collect()
        })
        .collect();
    Secret::new(groups.join("-"))
}

#[cfg(test)]
mod tests {
    use std::cell::Cell;

    use super::*;

    #[test]
    fn what_is_made_has_its_form_and_differs() {
        let state = Cell::new(1_u64);
        let random = || {
            state.set(state.get().wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407));
            state.get() ^ (state.get() >> 29)
        };
        let app = new_app(random);
        assert_eq!((app.secret.expose().len(), app.recovery_codes.len()), (32, RECOVERY_CODES));
        assert!(app.recovery_codes.iter().all(|code| code.expose().len() == 19));
        assert_ne!(app.recovery_codes[0], app.recovery_codes[1]);
        assert_ne!(new_app(random).secret, app.secret);
        let password = new_password(random);
        assert_eq!(password.expose().len(), 29);
        assert_ne!(new_password(random), password);
    }

    #[test]
    fn a_code_of_the_app_names_its_step() {
        let secret = Secret::new("GEZDGNBVGY3TQOJQGEZDGNBVGY3TQOJQ");
        // RFC 6238, appendix B: 94287082 at 59 seconds.
        let now = Timestamp(59_000_000);
        assert_eq!(step(&secret, "287082", 0, now), Some(1));
        assert_eq!(step(&secret, "287082", 1, now), None);
    }
}
