//! What a reload would change: pure, so that it can be shown before and told after.

use std::collections::BTreeMap;
use std::fmt;

use serde_json::{Value, json};

use super::schema::{Reload, find};
use super::settings::{HIDDEN, Shown};
use super::{CarrierKind, Config};

/// What differs between two configurations.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Changes {
    /// Carriers that are new.
    pub carriers_added: Vec<String>,
    /// Carriers that were told something else.
    pub carriers_changed: Vec<CarrierChange>,
    /// Carriers that are gone.
    pub carriers_removed: Vec<String>,
    /// Routes.
    pub routes: Vec<RouteChange>,
    /// `tables.*`. A reload reads the files anew even if their names are the same.
    pub tables: Vec<Changed>,
    /// `limits.*`.
    pub limits: Vec<Changed>,
    /// `signing.*`.
    pub signing: Vec<Changed>,
    /// `egress.*`.
    pub egress: Vec<Changed>,
    /// `log.*`.
    pub log: Vec<Changed>,
    /// What changed but holds only after a restart.
    pub restart_needed: Vec<Changed>,
}

/// A setting with its value before and after, as TOML; `None` where it is not set.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Changed {
    /// The path.
    pub path: String,
    /// Before.
    pub from: Option<String>,
    /// After.
    pub to: Option<String>,
}

/// A carrier that was told something else.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CarrierChange {
    /// Its name.
    pub name: String,
    /// What changed. A password is named, never shown.
    pub settings: Vec<Changed>,
    /// Whether it must bind anew for that.
    pub rebinds: bool,
}

/// A route that is not what it was.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum RouteChange {
    /// It is new.
    Added(String),
    /// Its prefix or its carriers changed.
    Changed(String),
    /// It is gone.
    Removed(String),
}

impl Config {
    /// What becomes different when `next` takes the place of this configuration.
    #[must_use]
    pub fn compare(&self, next: &Self) -> Changes {
        let mut changes = Changes::default();
        let (old, new) = (by_path(&self.shown), by_path(&next.shown));
        let mut paths: Vec<_> = old.keys().chain(new.keys()).copied().collect();
        paths.sort_unstable();
        paths.dedup();
        for path in paths {
            let (from, to) = (old.get(path), new.get(path));
            let is_apart = path == "data.dir" || path.starts_with("carriers.") || path.starts_with("routes.");
            if from == to || is_apart {
                continue;
            }
            let changed = Changed { path: path.to_owned(), from: owned(from), to: owned(to) };
            changes.note(changed);
        }
        self.compare_data_dirs(next, &mut changes);
        self.compare_carriers(next, &mut changes);
        self.compare_routes(next, &mut changes);
        changes
    }

    /// The folder may come from the environment while the setting stays empty.
    fn compare_data_dirs(&self, next: &Self, changes: &mut Changes) {
        if self.data_dir != next.data_dir {
            let show = |config: &Self| Some(super::value::quoted(&config.data_dir.display().to_string()));
            changes.note(Changed { path: "data.dir".to_owned(), from: show(self), to: show(next) });
        }
    }

    fn compare_carriers(&self, next: &Self, changes: &mut Changes) {
        let has = |config: &Self, name: &str| config.carriers.iter().any(|carrier| carrier.name == name);
        for carrier in &self.carriers {
            match next.carriers.iter().find(|other| other.name == carrier.name) {
                None => changes.carriers_removed.push(carrier.name.clone()),
                Some(other) => {
                    let mut settings = carrier_settings(&self.shown, &next.shown, &carrier.name);
                    let (CarrierKind::Smpp(before), CarrierKind::Smpp(after)) = (&carrier.kind, &other.kind);
                    let has_new_password = before.password != after.password;
                    if has_new_password && !settings.iter().any(|changed| changed.path.contains(".password")) {
                        // What the variable or the file holds, or a secret written in the file.
                        let path = format!("carriers.{}.password", carrier.name);
                        let hidden = Some(super::value::quoted(HIDDEN));
                        settings.push(Changed { path, from: hidden.clone(), to: hidden });
                    }
                    if !settings.is_empty() {
                        let rebinds = settings
                            .iter()
                            .any(|changed| find(&changed.path).is_none_or(|key| key.reload != Reload::Applies));
                        changes.carriers_changed.push(CarrierChange { name: carrier.name.clone(), settings, rebinds });
                    }
                }
            }
        }
        let added = next.carriers.iter().filter(|carrier| !has(self, &carrier.name));
        changes.carriers_added.extend(added.map(|carrier| carrier.name.clone()));
    }

    fn compare_routes(&self, next: &Self, changes: &mut Changes) {
        for route in &self.routes {
            match next.routes.iter().find(|other| other.name == route.name) {
                None => changes.routes.push(RouteChange::Removed(route.name.clone())),
                Some(other) if other != route => changes.routes.push(RouteChange::Changed(route.name.clone())),
                Some(_) => {}
            }
        }
        let is_new = |name: &String| !self.routes.iter().any(|route| route.name == *name);
        let added = next.routes.iter().map(|route| &route.name).filter(|name| is_new(name));
        changes.routes.extend(added.cloned().map(RouteChange::Added));
    }
}

fn by_path(shown: &[Shown]) -> BTreeMap<&str, &str> {
    shown.iter().map(|shown| (shown.path.as_str(), shown.value.as_str())).collect()
}

fn owned(value: Option<&&str>) -> Option<String> {
    value.map(|value| (*value).to_owned())
}

fn carrier_settings(old: &[Shown], new: &[Shown], name: &str) -> Vec<Changed> {
    let below = format!("carriers.{name}.");
    let (old, new) = (by_path(old), by_path(new));
    let mut paths: Vec<_> = old.keys().chain(new.keys()).filter(|path| path.starts_with(&below)).copied().collect();
    paths.sort_unstable();
    paths.dedup();
    let differing = paths.into_iter().filter(|path| old.get(path) != new.get(path));
    differing
        .map(|path| Changed { path: path.to_owned(), from: owned(old.get(path)), to: owned(new.get(path)) })
        .collect()
}

impl Changes {
    /// Whether nothing changed that the configuration itself says.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        *self == Self::default()
    }

    fn note(&mut self, changed: Changed) {
        let reload = find(&changed.path).map_or(Reload::Restart, |key| key.reload);
        let section = changed.path.split('.').next().unwrap_or_default();
        let list = match (reload, section) {
            (Reload::Restart, _) => &mut self.restart_needed,
            (_, "tables") => &mut self.tables,
            (_, "limits") => &mut self.limits,
            (_, "signing") => &mut self.signing,
            (_, "egress") => &mut self.egress,
            (_, "log") => &mut self.log,
            _ => &mut self.restart_needed,
        };
        list.push(changed);
    }

    /// For programs: what `config/reload` answers as `changes`.
    #[must_use]
    pub fn to_json(&self) -> Value {
        let list = |list: &[Changed]| list.iter().map(Changed::to_json).collect::<Value>();
        let route = |change: &RouteChange| {
            let (what, name) = match change {
                RouteChange::Added(name) => ("added", name),
                RouteChange::Changed(name) => ("changed", name),
                RouteChange::Removed(name) => ("removed", name),
            };
            json!({ "name": name, "what": what })
        };
        let carrier = |change: &CarrierChange| json!({ "name": change.name, "rebinds": change.rebinds, "settings": list(&change.settings) });
        json!({
            "carriers": {
                "added": self.carriers_added,
                "changed": self.carriers_changed.iter().map(carrier).collect::<Value>(),
                "removed": self.carriers_removed,
            },
            "routes": self.routes.iter().map(route).collect::<Value>(),
            "tables": list(&self.tables),
            "limits": list(&self.limits),
            "signing": list(&self.signing),
            "egress": list(&self.egress),
            "log": list(&self.log),
            "restart_needed": list(&self.restart_needed),
        })
    }

    /// For people, a line for each change.
    #[must_use]
    pub fn lines(&self) -> Vec<String> {
        let mut lines = Vec::new();
        lines.extend(self.carriers_added.iter().map(|name| format!("+ carrier {name}")));
        for change in &self.carriers_changed {
            let then = if change.rebinds { ", binds anew" } else { "" };
            lines.push(format!("~ carrier {}{then}", change.name));
            lines.extend(change.settings.iter().map(|changed| format!("    {changed}")));
        }
        lines.extend(
            self.carriers_removed.iter().map(|name| format!("- carrier {name}, finishes what is open and unbinds")),
        );
        lines.extend(self.routes.iter().map(ToString::to_string));
        let applied = [&self.tables, &self.limits, &self.signing, &self.egress, &self.log];
        lines.extend(applied.into_iter().flatten().map(|changed| format!("~ {changed}")));
        lines.extend(self.restart_needed.iter().map(|changed| format!("! {changed}, after a restart")));
        lines
    }
}

impl Changed {
    fn to_json(&self) -> Value {
        json!({ "setting": self.path, "from": self.from, "to": self.to })
    }
}

impl fmt::Display for Changed {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let show = |value: &Option<String>| value.clone().unwrap_or_else(|| "nothing".to_owned());
        if self.from == self.to {
            return write!(f, "{}: another one", self.path);
        }
        write!(f, "{}: {} -> {}", self.path, show(&self.from), show(&self.to))
    }
}

impl fmt::Display for RouteChange {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Added(name) => write!(f, "+ route {name}"),
            Self::Changed(name) => write!(f, "~ route {name}"),
            Self::Removed(name) => write!(f, "- route {name}"),
        }
    }
}

impl fmt::Display for Changes {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.is_empty() {
            return f.write_str("nothing changed");
        }
        f.write_str(&self.lines().join("\n"))
    }
}
