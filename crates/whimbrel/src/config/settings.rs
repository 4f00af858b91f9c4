//! The layers put together: for each path the value that won, read, with its origin.

use std::collections::BTreeMap;
use std::net::SocketAddr;
use std::time::Duration;

use super::error::{ConfigError, Fault, Origin};
use super::keys::KEYS;
use super::layer::Setting;
use super::schema::find;
use super::smpp::TonNpi;
use super::value::{Kind, Raw, Value};

/// A setting as `config print` shows it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Shown {
    /// The path, like `carriers.acme.window`.
    pub path: String,
    /// The value as TOML, equal values alike; secrets are hidden.
    pub value: String,
    /// The value as JSON.
    pub json: serde_json::Value,
    /// Where it comes from.
    pub origin: Origin,
}

/// What stands in place of a secret.
pub(super) const HIDDEN: &str = "[secret]";

/// All settings, and the faults found so far.
#[derive(Debug, Default)]
pub(super) struct Settings {
    values: BTreeMap<String, (Raw, Value, Origin)>,
    pub(super) errors: Vec<ConfigError>,
}

impl Settings {
    /// Puts layers on each other, the last on top. A layer with routes replaces all routes below it. `errors` are the faults that
    /// are known already.
    pub(super) fn of(layers: Vec<Vec<Setting>>, errors: Vec<ConfigError>) -> Self {
        let mut top: BTreeMap<String, Setting> = BTreeMap::new();
        for layer in layers {
            if layer.iter().any(|setting| setting.path.ends_with(".name") && setting.path.starts_with("routes.")) {
                top.retain(|path, _| !path.starts_with("routes."));
            }
            for setting in layer {
                top.insert(setting.path.clone(), setting);
            }
        }
        let mut settings = Self { errors, ..Self::default() };
        settings.add_defaults(&mut top);
        for (path, setting) in top {
            settings.read(path, setting);
        }
        settings
    }

    /// Adds the defaults, inside a star for what is there.
    fn add_defaults(&mut self, top: &mut BTreeMap<String, Setting>) {
        for key in KEYS {
            let (Some(default), section) = (key.default, key.section()) else { continue };
            let names = match section.strip_suffix(".*") {
                Some(above) => names_below(top.keys(), above).iter().map(|name| format!("{above}.{name}")).collect(),
                None => vec![section.to_owned()],
            };
            for section in names {
                let path = format!("{section}.{}", key.name());
                let raw = Raw::Text(default.to_owned());
                top.entry(path.clone()).or_insert(Setting { path, raw, origin: Origin::Default });
            }
        }
    }

    fn read(&mut self, path: String, setting: Setting) {
        // Layers hold known paths only.
        let Some(key) = find(&path) else { return };
        match key.kind.read(&setting.raw) {
            Ok(value) => {
                self.values.insert(path, (setting.raw, value, setting.origin));
            }
            Err(remedy) => {
                let shown = if key.kind == Kind::Secret { "its value".to_owned() } else { setting.raw.show() };
                let problem = format!("{shown} does not fit");
                let (fault, origin) = (Fault::Value, Some(setting.origin));
                self.errors.push(ConfigError { fault, field: path, origin, problem, remedy });
            }
        }
    }

    /// The names of carriers, or the numbers of routes in their order.
    pub(super) fn names(&self, section: &str) -> Vec<String> {
        let mut names = names_below(self.values.keys(), section);
        names.sort_by_key(|name| (name.parse().unwrap_or(0_usize), name.clone()));
        names
    }

    /// Where a setting comes from, or the first line of a section; a default only if nothing else is there.
    pub(super) fn origin(&self, path: &str) -> Option<Origin> {
        let below = format!("{path}.");
        let settings = self.values.iter().filter(|(candidate, _)| *candidate == path || candidate.starts_with(&below));
        let place = |origin: &Origin| match origin {
            Origin::File { line, .. } => *line,
            Origin::Default => usize::MAX,
            Origin::Development | Origin::Environment(_) | Origin::Flag => usize::MAX - 1,
        };
        settings.map(|(_, (_, _, origin))| origin).min_by_key(|origin| place(origin)).cloned()
    }

    /// Whether all settings below a path are compiled in.
    pub(super) fn is_compiled_in(&self, path: &str) -> bool {
        let below = format!("{path}.");
        let mut settings = self.values.iter().filter(|(candidate, _)| candidate.starts_with(&below));
        settings.all(|(_, (_, _, origin))| matches!(origin, Origin::Default | Origin::Development))
    }

    /// Notes a fault.
    pub(super) fn fault(&mut self, fault: Fault, path: &str, problem: impl Into<String>, remedy: impl Into<String>) {
        // What is missing, or was left as it is, is missing from the section that was written.
        let own = self.origin(path).filter(|origin| *origin != Origin::Default);
        let section = || self.origin(path.rsplit_once('.')?.0).filter(|origin| *origin != Origin::Default);
        let origin = own.or_else(section);
        self.errors.push(ConfigError {
            fault,
            field: path.to_owned(),
            origin,
            problem: problem.into(),
            remedy: remedy.into(),
        });
    }

    pub(super) fn text(&self, path: &str) -> Option<&str> {
        match self.values.get(path) {
            Some((_, Value::Text(text), _)) if !text.is_empty() => Some(text),
            _ => None,
        }
    }

    /// The text, which must be there; notes a fault if not.
    pub(super) fn needed_text(&mut self, path: &str) -> String {
        if let Some(text) = self.text(path) {
            return text.to_owned();
        }
        self.missing(path, "it is missing", "give it a value");
        String::new()
    }

    /// Notes that something is missing, unless a fault that is known already explains it.
    pub(super) fn missing(&mut self, path: &str, problem: &str, remedy: &str) {
        if !self.is_faulty(path) {
            self.fault(Fault::Missing, path, problem, remedy);
        }
    }

    /// Whether a fault is known of that setting, or one that was probably meant to be it.
    pub(super) fn is_faulty(&self, path: &str) -> bool {
        let meant = format!("did you mean {path}?");
        self.errors.iter().any(|error| error.field == path || error.remedy == meant)
    }

    pub(super) fn address(&self, path: &str) -> Option<SocketAddr> {
        match self.values.get(path) {
            Some((_, Value::Address(address), _)) => *address,
            _ => None,
        }
    }

    pub(super) fn count(&self, path: &str) -> Option<u64> {
        match self.values.get(path) {
            Some((_, Value::Count(number) | Value::Size(number) | Value::Rate(number), _)) => Some(*number),
            Some((_, Value::Code(code), _)) => Some(u64::from(*code)),
            _ => None,
        }
    }

    /// A number that fits `T` by its kind's bounds; the default of `T` stands for one that was faulty.
    pub(super) fn number<T: TryFrom<u64> + Default>(&self, path: &str) -> T {
        self.count(path).and_then(|count| T::try_from(count).ok()).unwrap_or_default()
    }

    pub(super) fn time(&self, path: &str) -> Duration {
        match self.values.get(path) {
            Some((_, Value::Time(time), _)) => *time,
            _ => Duration::ZERO,
        }
    }

    pub(super) fn list(&self, path: &str) -> Vec<String> {
        match self.values.get(path) {
            Some((_, Value::List(list), _)) => list.clone(),
            _ => Vec::new(),
        }
    }

    pub(super) fn flag(&self, path: &str) -> bool {
        matches!(self.values.get(path), Some((_, Value::Flag(true), _)))
    }

    pub(super) fn ton_npi(&self, path: &str) -> TonNpi {
        match self.values.get(path) {
            Some((_, Value::TonNpi(ton, npi), _)) => TonNpi { ton: *ton, npi: *npi },
            _ => TonNpi { ton: 0, npi: 0 },
        }
    }

    pub(super) fn codes(&self, path: &str) -> &[(u32, String)] {
        match self.values.get(path) {
            Some((_, Value::Codes(codes), _)) => codes,
            _ => &[],
        }
    }

    /// All settings for people, secrets hidden.
    pub(super) fn shown(&self) -> Vec<Shown> {
        let show = |(path, (_, value, origin)): (&String, &(Raw, Value, Origin))| {
            let is_secret = find(path).is_some_and(|key| key.kind == Kind::Secret);
            let hidden = Value::Text(HIDDEN.to_owned());
            let value = if is_secret { &hidden } else { value };
            Shown { path: path.clone(), value: value.toml(), json: value.json(), origin: origin.clone() }
        };
        self.values.iter().map(show).collect()
    }
}

fn names_below<'a>(paths: impl Iterator<Item = &'a String>, section: &str) -> Vec<String> {
    let mut names: Vec<_> = paths
        .filter_map(|path| path.strip_prefix(section)?.strip_prefix('.')?.split('.').next())
        .map(str::to_owned)
        .collect();
    names.sort_unstable();
    names.dedup();
    names
}
