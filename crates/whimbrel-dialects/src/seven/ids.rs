//! The vendor's numbers of messages: decimals that begin with 77 and stay below 2^53, which JavaScript reads as whole numbers.

use whimbrel_core::call::NAMED_MAX;
use whimbrel_core::{MessageName, Refusal, Serial};

/// What every number begins with.
const PREFIX: &str = "77";
/// Digits behind it at least.
const DIGITS_MIN: usize = 9;

/// A message's number.
pub(super) fn text(Serial(number): Serial) -> String {
    format!("{PREFIX}{number:0DIGITS_MIN$}")
}

/// The message that a number names; `None` if it can be none of ours. Each message has one form only.
pub(super) fn serial(id: &str) -> Option<Serial> {
    let digits = id.strip_prefix(PREFIX).filter(|digits| digits.bytes().all(|byte| byte.is_ascii_digit()))?;
    let serial = Serial(digits.parse().ok()?);
    ((1..=Serial::MAX.0).contains(&serial.0) && text(serial) == id).then_some(serial)
}

/// The messages that a request names, one by one or with commas.
///
/// # Errors
/// [`Refusal::Invalid`] if there are too many.
pub(super) fn names<'a>(values: impl Iterator<Item = &'a str>) -> Result<Vec<MessageName>, Refusal> {
    let ids = values.flat_map(|value| value.split(',')).map(str::trim).filter(|id| !id.is_empty());
    let names: Vec<_> = ids.map(|id| MessageName { id: id.into(), serial: serial(id) }).take(NAMED_MAX + 1).collect();
    if names.len() > NAMED_MAX { Err(Refusal::Invalid { field: "ids" }) } else { Ok(names) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_are_short_decimals_and_read_back() {
        for (number, id) in [
            (1, "77000000001"),
            (229_318_510, "77229318510"),
            (1_000_000_000, "771000000000"),
            (Serial::MAX.0, "779999999999999"),
        ] {
            assert_eq!((text(Serial(number)).as_str(), serial(id)), (id, Some(Serial(number))));
            assert!(id.parse::<u64>().expect("a number") < 1 << 53);
        }
        for bad in [
            "",
            "77",
            "77000000000",
            "7700000001",
            "770000000001",
            "78000000001",
            "77-0000001",
            "7799999999999999",
            "77 00000001",
        ] {
            assert_eq!(serial(bad), None, "{bad}");
        }
    }
}
