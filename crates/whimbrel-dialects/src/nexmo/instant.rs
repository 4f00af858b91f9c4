//! Instants as the JSON APIs write them.

use whimbrel_core::Timestamp;
use whimbrel_core::time::Civil;

/// To the second, UTC: `2025-02-03T12:14:25Z` (ISO 8601).
pub(super) fn to_the_second(at: Timestamp) -> String {
    let Civil { year, month, day, hour, minute, second, .. } = at.civil();
    format!("{year:04}-{month:02}-{day:02}T{hour:02}:{minute:02}:{second:02}Z")
}
