//! What a row of the table of settings says, and how a path finds its row.
//!
//! A `*` in a path stands for a carrier's name or a route's number.

use super::keys::KEYS;
use super::value::Kind;

/// One setting.
#[derive(Debug)]
pub(super) struct Key {
    pub(super) path: &'static str,
    pub(super) kind: Kind,
    /// As the environment would write it.
    pub(super) default: Option<&'static str>,
    /// Whether there must be a value.
    pub(super) is_needed: bool,
    /// For the default file, where the default would not show the form.
    pub(super) example: Option<&'static str>,
    /// A short name in the environment.
    pub(super) env: Option<&'static str>,
    pub(super) reload: Reload,
    /// Unit, bounds and what happens at the bound, where the kind does not say it.
    pub(super) help: &'static str,
}

/// A section of the file.
#[derive(Debug)]
pub(super) struct Section {
    pub(super) path: &'static str,
    pub(super) help: &'static str,
}

/// What it takes for a changed setting to hold.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Reload {
    /// A reload, and nothing else notices.
    Applies,
    /// A reload, after which the carrier binds anew.
    Rebinds,
    /// A restart.
    Restart,
}

impl Reload {
    /// For people.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Applies => "a reload applies it",
            Self::Rebinds => "a reload applies it; the carrier finishes what is open and binds anew",
            Self::Restart => "it needs a restart",
        }
    }
}

impl Key {
    pub(super) const fn new(path: &'static str, kind: Kind, help: &'static str) -> Self {
        let (default, is_needed, example, env, reload) = (None, false, None, None, Reload::Applies);
        Self { path, kind, default, is_needed, example, env, reload, help }
    }

    pub(super) const fn rebinding(self) -> Self {
        Self { reload: Reload::Rebinds, ..self }
    }

    pub(super) const fn live(self) -> Self {
        Self { reload: Reload::Applies, ..self }
    }

    pub(super) const fn restart(self) -> Self {
        Self { reload: Reload::Restart, ..self }
    }

    pub(super) const fn default(self, default: &'static str) -> Self {
        Self { default: Some(default), ..self }
    }

    pub(super) const fn needed(self, example: &'static str) -> Self {
        Self { is_needed: true, example: Some(example), ..self }
    }

    pub(super) const fn example(self, example: &'static str) -> Self {
        Self { example: Some(example), ..self }
    }

    pub(super) const fn env(self, env: &'static str) -> Self {
        Self { env: Some(env), ..self }
    }

    /// The last word of the path.
    pub(super) fn name(&self) -> &'static str {
        self.path.rsplit('.').next().unwrap_or(self.path)
    }

    /// The path of the section it stands in.
    pub(super) fn section(&self) -> &'static str {
        self.path.rsplit_once('.').map_or("", |(section, _)| section)
    }
}

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
    // Somebody who writes "enquire" means "enquire_interval".
    let begun = candidates().find(|candidate| word.len() >= 3 && candidate.starts_with(path));
    // Somebody who writes "rate_per_second" means "rate".
    let section = path.rsplit_once('.').map_or("", |(section, _)| section);
    let longer = candidates().find(|candidate| {
        let name = candidate.strip_prefix(section).and_then(|rest| rest.strip_prefix('.')).unwrap_or_default();
        name.len() >= 3 && word.strip_prefix(name).is_some_and(|rest| rest.starts_with('_'))
    });
    begun.or(longer).or_else(|| nearest_by(path, tolerance(word), candidates()))
}

/// The word of `candidates` that is nearest to `word`, if it is near enough to be what was meant.
pub(super) fn nearest_of(word: &str, candidates: impl Iterator<Item = String>) -> Option<String> {
    nearest_by(word, tolerance(word), candidates)
}

fn nearest_by(word: &str, distance_max: usize, candidates: impl Iterator<Item = String>) -> Option<String> {
    let (distance, candidate) = candidates.map(|candidate| (strsim::levenshtein(word, &candidate), candidate)).min()?;
    (distance <= distance_max).then_some(candidate)
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

#[cfg(test)]
mod tests {
    use super::super::keys::{CAUSES, SECTIONS};
    use super::*;

    #[test]
    fn paths_are_found_with_any_name() {
        assert!(find("carriers.acme.host").is_some() && find("routes.12.name").is_some());
        assert!(find("carriers.host").is_none() && find("listen").is_none() && find("listen.http.x").is_none());
        for section in ["listen", "carriers", "carriers.acme", "routes", "routes.0"] {
            assert!(is_section(section), "{section}");
        }
        assert!(!is_section("lisen") && !is_section("listen.http") && !is_section("carriers.acme.status_table"));
    }

    #[test]
    fn the_nearest_setting_is_named_if_it_is_near() {
        for (wrong, right) in [
            ("listen.htp", Some("listen.http")),
            ("lisen.https", Some("listen.https")),
            ("carriers.acme.sytem_id", Some("carriers.acme.system_id")),
            ("carriers.acme.rate_per_second", Some("carriers.acme.rate")),
            ("carriers.acme.enquire", Some("carriers.acme.enquire_interval")),
            ("carriers.acme.colour", None),
            ("limit.body_bytes", Some("limits.body_bytes")),
            ("zebra", None),
        ] {
            assert_eq!(nearest(wrong).as_deref(), right, "{wrong}");
        }
    }

    #[test]
    fn the_table_holds_together() {
        let mut paths: Vec<_> = KEYS.iter().map(|key| key.path).collect();
        paths.sort_unstable();
        paths.dedup();
        assert_eq!(paths.len(), KEYS.len(), "a path stands twice");
        for key in KEYS {
            assert!(SECTIONS.iter().any(|section| section.path == key.section()), "{} has no section", key.path);
            assert!(key.help.ends_with('.') && key.help.len() > 15, "{}: {:?}", key.path, key.help);
            assert!(!(key.is_needed && key.default.is_some()), "{}", key.path);
            for written in [key.default, key.example].into_iter().flatten() {
                assert!(key.kind.read(&super::super::value::Raw::Text(written.to_owned())).is_ok(), "{}", key.path);
            }
        }
        assert!(CAUSES.iter().all(|word| whimbrel_core::part::Cause::parse(word).is_some()));
    }
}
