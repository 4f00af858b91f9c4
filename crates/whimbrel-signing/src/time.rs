//! Seconds since 1970, and how far a signed request's clock may be off.

use crate::Fault;

/// Seconds since 1970-01-01T00:00:00Z. There is no clock here: the caller says what time it is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct UnixSeconds(pub i64);

/// How many seconds a timestamp may lie before and after `now`; both ends count as inside.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Window {
    /// How old it may be.
    pub past_seconds: u32,
    /// How far ahead it may be.
    pub future_seconds: u32,
}

impl Window {
    /// The same number of seconds on both sides.
    #[must_use]
    pub const fn symmetric(seconds: u32) -> Self {
        Self { past_seconds: seconds, future_seconds: seconds }
    }

    /// Checks a timestamp against `now`.
    ///
    /// # Errors
    /// [`Fault::TooOld`] or [`Fault::TooNew`], which say by how much.
    pub const fn check(self, timestamp: UnixSeconds, now: UnixSeconds) -> Result<(), Fault> {
        // In 128 bits no difference of two 64-bit numbers overflows.
        let age = now.0 as i128 - timestamp.0 as i128;
        if age > self.past_seconds as i128 {
            return Err(Fault::TooOld { age_seconds: age.unsigned_abs() });
        }
        if -age > self.future_seconds as i128 {
            return Err(Fault::TooNew { ahead_seconds: age.unsigned_abs() });
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn both_ends_are_inside_and_no_number_overflows() {
        let window = Window::symmetric(300);
        let check = |timestamp: i64, now: i64| window.check(UnixSeconds(timestamp), UnixSeconds(now));
        assert_eq!(check(1000, 1300), Ok(()));
        assert_eq!(check(1300, 1000), Ok(()));
        assert_eq!(check(1000, 1301), Err(Fault::TooOld { age_seconds: 301 }));
        assert_eq!(check(1301, 1000), Err(Fault::TooNew { ahead_seconds: 301 }));
        assert_eq!(check(i64::MIN, i64::MAX), Err(Fault::TooOld { age_seconds: u128::from(u64::MAX) }));
        assert_eq!(check(i64::MAX, i64::MIN), Err(Fault::TooNew { ahead_seconds: u128::from(u64::MAX) }));
    }
}
