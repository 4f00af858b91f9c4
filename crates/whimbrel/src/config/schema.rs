//! Every setting there is: its path, its kind and, where the default file cannot hold it, its default.
//!
//! A `*` in a path stands for a carrier's name or a route's number.

use super::value::Kind;

/// One setting.
#[derive(Debug)]
pub(super) struct Key {
    pub(super) path: &'static str,
    pub(super) kind: Kind,
    /// The default of a setting inside a `*`; those outside have theirs in the default file.
    pub(super) default: Option<&'static str>,
    /// A short name in the environment.
    pub(super) env: Option<&'static str>,
}

const fn key(path: &'static str, kind: Kind) -> Key {
    Key { path, kind, default: None, env: None }
}

const fn with_env(path: &'static str, kind: Kind, env: &'static str) -> Key {
    Key { path, kind, default: None, env: Some(env) }
}

const fn with_default(path: &'static str, kind: Kind, default: &'static str) -> Key {
    Key { path, kind, default: Some(default), env: None }
}

/// From 10 ms to an hour.
const WAIT: Kind = Kind::Time { min_ms: 10, max_ms: 3_600_000 };
const OCTET: Kind = Kind::Count { min: 0, max: 255 };

/// All settings.
pub(super) static KEYS: &[Key] = &[
    with_env("listen.http", Kind::Address, "WHIMBREL_HTTP"),
    with_env("listen.https", Kind::Address, "WHIMBREL_HTTPS"),
    with_env("listen.simulator", Kind::Address, "WHIMBREL_SIMULATOR"),
    key("listen.tls_names", Kind::List),
    key("listen.tls_certificate", Kind::Text),
    key("listen.tls_key", Kind::Text),
    with_env("data.dir", Kind::Text, "WHIMBREL_DATA_DIR"),
    key("tables.networks", Kind::Text),
    key("tables.prices", Kind::Text),
    key("limits.connections", Kind::Count { min: 1, max: 1_000_000 }),
    key("limits.head_bytes", Kind::Size { min: 8 << 10, max: 64 << 10 }),
    key("limits.body_bytes", Kind::Size { min: 1 << 10, max: 64 << 20 }),
    key("limits.head_time", WAIT),
    key("limits.body_time", WAIT),
    key("limits.idle_time", WAIT),
    key("limits.write_stall_time", WAIT),
    key("limits.handshake_time", WAIT),
    key("limits.drain_time", WAIT),
    with_env("log.filter", Kind::Text, "WHIMBREL_LOG"),
    with_env("log.format", Kind::Choice(&["auto", "human", "json"]), "WHIMBREL_LOG_FORMAT"),
    with_env("egress.allow_hosts", Kind::List, "WHIMBREL_ALLOW_EGRESS"),
    key("egress.extra_ca", Kind::Text),
    key("egress.calls", Kind::Count { min: 1, max: 100_000 }),
    key("egress.calls_per_host", Kind::Count { min: 1, max: 100_000 }),
    key("egress.connect_time", WAIT),
    key("egress.answer_time", WAIT),
    key("egress.answer_bytes", Kind::Size { min: 1 << 10, max: 16 << 20 }),
    key("carriers.*.kind", Kind::Choice(&["smpp"])),
    key("carriers.*.host", Kind::Text),
    with_default("carriers.*.port", Kind::Count { min: 1, max: 65_535 }, "2775"),
    key("carriers.*.system_id", Kind::Text),
    key("carriers.*.password", Kind::Secret),
    key("carriers.*.password_env", Kind::Text),
    key("carriers.*.password_file", Kind::Text),
    with_default("carriers.*.system_type", Kind::Text, ""),
    with_default("carriers.*.bind", Kind::Choice(&["transceiver"]), "transceiver"),
    with_default("carriers.*.window", Kind::Count { min: 1, max: 1000 }, "10"),
    key("carriers.*.rate_per_second", Kind::Count { min: 1, max: 100_000 }),
    with_default("carriers.*.response_timeout", WAIT, "60s"),
    with_default("carriers.*.enquire_interval", WAIT, "30s"),
    with_default("carriers.*.enquire_timeout", WAIT, "15s"),
    with_default("carriers.*.service_type", Kind::Text, ""),
    with_default("carriers.*.validity", Kind::Choice(&["relative", "never"]), "relative"),
    key("carriers.*.source_ton", OCTET),
    key("carriers.*.source_npi", OCTET),
    key("carriers.*.dest_ton", OCTET),
    key("carriers.*.dest_npi", OCTET),
    with_default(
        "carriers.*.doubt",
        Kind::Choice(&["resend", "wait-then-resend", "hold-for-receipt", "fail-unknown"]),
        "resend",
    ),
    with_default("carriers.*.doubt_resends", Kind::Count { min: 0, max: 2 }, "1"),
    with_default("carriers.*.doubt_wait", Kind::Time { min_ms: 10, max_ms: 86_400_000 }, "60s"),
    key("routes.*.name", Kind::Text),
    key("routes.*.prefix", Kind::Text),
    key("routes.*.carrier", Kind::Text),
];

/// Environment names that are the command line's own.
pub(super) const COMMAND_LINE_ENV: [&str; 7] = [
    "WHIMBREL_CONFIG",
    "WHIMBREL_READY_FILE",
    "WHIMBREL_URL",
    "WHIMBREL_TOKEN",
    "WHIMBREL_CA",
    "WHIMBREL_API_KEY",
    "WHIMBREL_API_SECRET",
];

/// The setting at a path, as it stands in a file (`carriers.acme.host`, `routes.0.name`).
pub(super) fn find(path: &str) -> Option<&'static Key> {
    KEYS.iter().find(|key| matches(key.path, path))
}

/// Whether anything can stand below that path.
pub(super) fn is_section(path: &str) -> bool {
    KEYS.iter().any(|key| {
        let mut parts = key.path.split('.');
        path.split('.').all(|part| parts.next().is_some_and(|pattern| pattern == "*" || pattern == part))
            && parts.next().is_some()
    })
}

fn matches(pattern: &str, path: &str) -> bool {
    let (mut patterns, mut parts) = (pattern.split('.'), path.split('.'));
    loop {
        match (patterns.next(), parts.next()) {
            (None, None) => return true,
            (Some(pattern), Some(part)) if pattern == "*" || pattern == part => {}
            _ => return false,
        }
    }
}

/// The setting that somebody who wrote `path` may have meant.
pub(super) fn nearest(path: &str) -> Option<String> {
    let candidates = || KEYS.iter().map(|key| filled(key.path, path));
    let word = path.rsplit('.').next().unwrap_or_default();
    // Somebody who writes "rate" means "rate_per_second".
    let begun = candidates().find(|candidate| word.len() >= 3 && candidate.starts_with(path));
    begun.or_else(|| {
        let (distance, candidate) = candidates().map(|candidate| (distance(path, &candidate), candidate)).min()?;
        (distance <= tolerance(word)).then_some(candidate)
    })
}

/// The word of `candidates` that is nearest to `word`, if it is near enough to be what was meant.
pub(super) fn nearest_of(word: &str, candidates: impl Iterator<Item = String>) -> Option<String> {
    let (distance, candidate) = candidates.map(|candidate| (distance(word, &candidate), candidate)).min()?;
    (distance <= tolerance(word)).then_some(candidate)
}

/// How many letters of a word may be wrong.
fn tolerance(word: &str) -> usize {
    (word.chars().count() / 3).max(2)
}

/// A pattern with the names of `path` in place of its stars.
fn filled(pattern: &str, path: &str) -> String {
    let mut parts = path.split('.');
    let filled: Vec<_> = pattern
        .split('.')
        .map(|pattern| {
            let part = parts.next();
            if pattern == "*" { part.unwrap_or("NAME") } else { pattern }
        })
        .collect();
    filled.join(".")
}

/// How many letters must be changed, added or left out (Levenshtein).
fn distance(left: &str, right: &str) -> usize {
    let right: Vec<_> = right.chars().collect();
    let mut row: Vec<usize> = (0..=right.len()).collect();
    for (index, letter) in left.chars().enumerate() {
        let mut diagonal = row[0];
        row[0] = index + 1;
        for column in 0..right.len() {
            let substituted = diagonal + usize::from(letter != right[column]);
            diagonal = row[column + 1];
            row[column + 1] = substituted.min(row[column] + 1).min(diagonal + 1);
        }
    }
    row[right.len()]
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn paths_are_found_with_any_name() {
        assert!(find("carriers.acme.host").is_some() && find("routes.12.name").is_some());
        assert!(find("carriers.host").is_none() && find("listen").is_none() && find("listen.http.x").is_none());
        for section in ["listen", "carriers", "carriers.acme", "routes", "routes.0"] {
            assert!(is_section(section), "{section}");
        }
        assert!(!is_section("lisen") && !is_section("listen.http"));
    }

    #[test]
    fn the_nearest_setting_is_named_if_it_is_near() {
        for (wrong, right) in [
            ("listen.htp", Some("listen.http")),
            ("lisen.https", Some("listen.https")),
            ("carriers.acme.sytem_id", Some("carriers.acme.system_id")),
            ("carriers.acme.rate", Some("carriers.acme.rate_per_second")),
            ("carriers.acme.colour", None),
            ("limit.body_bytes", Some("limits.body_bytes")),
            ("zebra", None),
        ] {
            assert_eq!(nearest(wrong).as_deref(), right, "{wrong}");
        }
        assert_eq!(distance("kitten", "sitting"), 3);
        assert_eq!(distance("", "abc"), 3);
    }

    #[test]
    fn every_pattern_is_there_once() {
        let mut paths: Vec<_> = KEYS.iter().map(|key| key.path).collect();
        paths.sort_unstable();
        paths.dedup();
        assert_eq!(paths.len(), KEYS.len());
    }
}
