//! Layers of settings: a TOML text, the environment, the command line. Each becomes a list of paths with values.

use toml::Spanned;
use toml::de::{DeTable, DeValue};

use super::error::{ConfigError, Fault, Origin};
use super::keys::{COMMAND_LINE_ENV, KEYS};
use super::schema::{find, is_section, nearest};
use super::value::Raw;

/// One setting as a layer gives it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Setting {
    pub(super) path: String,
    pub(super) raw: Raw,
    pub(super) origin: Origin,
}

/// What a layer holds, and what of it could not be taken.
#[derive(Debug, Default)]
pub(super) struct Layer {
    pub(super) settings: Vec<Setting>,
    pub(super) errors: Vec<ConfigError>,
}

impl Layer {
    /// Puts a second file of a folder after this one: its settings win, its routes come after those that are there.
    pub(super) fn append(&mut self, mut other: Self) {
        let index = |path: &str| path.strip_prefix("routes.")?.split('.').next()?.parse::<usize>().ok();
        let routes = self.settings.iter().filter_map(|setting| index(&setting.path)).max().map_or(0, |last| last + 1);
        for setting in &mut other.settings {
            if let (Some(number), true) = (index(&setting.path), routes > 0) {
                let field = setting.path.rsplit('.').next().unwrap_or_default();
                setting.path = format!("routes.{}.{field}", number + routes);
            }
        }
        self.settings.extend(other.settings);
        self.errors.extend(other.errors);
    }
}

/// Reads a TOML text. `origin` tells the origin of a line.
///
/// # Errors
/// It is not TOML, so that nothing of it can be taken.
pub(super) fn from_toml(text: &str, origin: &dyn Fn(usize) -> Origin) -> Result<Layer, ConfigError> {
    let line_at = |offset: usize| text.as_bytes().iter().take(offset).filter(|octet| **octet == b'\n').count() + 1;
    let table = DeTable::parse(text).map_err(|error| ConfigError {
        fault: Fault::NotToml,
        field: "the file".to_owned(),
        origin: Some(origin(line_at(error.span().map_or(0, |span| span.start)))),
        problem: format!("it is not TOML: {}", error.message().replace('\n', ", ")),
        remedy: "correct this line".to_owned(),
    })?;
    let mut layer = Layer::default();
    layer.table(table.get_ref(), "", &|offset| origin(line_at(offset)));
    Ok(layer)
}

impl Layer {
    fn table(&mut self, table: &DeTable<'_>, prefix: &str, origin: &dyn Fn(usize) -> Origin) {
        for (key, value) in table {
            // A dot inside a quoted key would make another path of it.
            let name = key.get_ref().replace('.', "\u{2024}");
            let path = if prefix.is_empty() { name } else { format!("{prefix}.{name}") };
            self.value(&path, value, origin(key.span().start), origin);
        }
    }

    fn value(&mut self, path: &str, value: &Spanned<DeValue<'_>>, here: Origin, origin: &dyn Fn(usize) -> Origin) {
        match value.get_ref() {
            DeValue::Table(table) if is_section(path) => {
                if table.is_empty() && path.contains('.') {
                    let problem = "the section is empty".to_owned();
                    let remedy = "fill it in or remove it".to_owned();
                    let (fault, field) = (Fault::Missing, path.to_owned());
                    self.errors.push(ConfigError { fault, field, origin: Some(here), problem, remedy });
                }
                return self.table(table, path, origin);
            }
            DeValue::Array(array) if is_section(path) => {
                for (index, element) in array.iter().enumerate() {
                    self.value(&format!("{path}.{index}"), element, origin(element.span().start), origin);
                }
                return;
            }
            _ => {}
        }
        if find(path).is_none() {
            return self.errors.push(unknown(path, here));
        }
        let raw = match value.get_ref() {
            DeValue::String(text) => Raw::Text(text.to_string()),
            DeValue::Integer(number) => i64::from_str_radix(number.as_str(), number.radix())
                .map_or(Raw::Other("a number that is too large"), Raw::Integer),
            DeValue::Array(array) => {
                let texts = array.iter().map(|element| match element.get_ref() {
                    DeValue::String(text) => Some(text.to_string()),
                    _ => None,
                });
                texts.collect::<Option<_>>().map_or(Raw::Other("a list of other things than texts"), Raw::List)
            }
            DeValue::Float(_) => Raw::Other("a number with a fraction"),
            DeValue::Boolean(flag) => Raw::Flag(*flag),
            DeValue::Datetime(_) => Raw::Other("a date"),
            DeValue::Table(table) => {
                let texts = table.iter().map(|(name, value)| match value.get_ref() {
                    DeValue::String(text) => Some((name.get_ref().to_string(), text.to_string())),
                    _ => None,
                });
                texts.collect::<Option<_>>().map_or(Raw::Other("a section of other things than texts"), Raw::Table)
            }
        };
        self.settings.push(Setting { path: path.to_owned(), raw, origin: here });
    }
}

fn unknown(path: &str, origin: Origin) -> ConfigError {
    let remedy = match nearest(path) {
        Some(nearest) => format!("did you mean {nearest}?"),
        None => "see whimbrel config defaults for all settings".to_owned(),
    };
    let (fault, problem) = (Fault::Unknown, "there is no such setting".to_owned());
    ConfigError { fault, field: path.to_owned(), origin: Some(origin), problem, remedy }
}

/// Reads `WHIMBREL_*` from an environment. `carriers` are the names known so far: the environment cannot write a hyphen.
pub(super) fn from_env(env: &[(String, String)], carriers: &[String]) -> Layer {
    let mut layer = Layer::default();
    for (name, value) in env {
        let Some(rest) = name.strip_prefix("WHIMBREL_") else { continue };
        if COMMAND_LINE_ENV.contains(&name.as_str()) {
            continue;
        }
        let origin = Origin::Environment(name.clone());
        let short = KEYS.iter().find(|key| key.env == Some(name.as_str())).map(|key| key.path.to_owned());
        let path = short.unwrap_or_else(|| long_path(rest, carriers));
        if find(&path).is_some() {
            layer.settings.push(Setting { path, raw: Raw::Text(value.clone()), origin });
        } else {
            layer.errors.push(unknown(&path, origin));
        }
    }
    layer
}

fn long_path(rest: &str, carriers: &[String]) -> String {
    let mut parts: Vec<_> = rest.to_ascii_lowercase().split("__").map(str::to_owned).collect();
    if parts[0] == "carriers"
        && let Some(name) = parts.get_mut(1)
        && let Some(known) = carriers.iter().find(|known| known.replace('-', "_") == *name)
    {
        name.clone_from(known);
    }
    parts.join(".")
}

/// Takes settings from the command line: paths with texts.
pub(super) fn from_flags(flags: &[(String, String)]) -> Layer {
    let mut layer = Layer::default();
    for (path, value) in flags {
        if find(path).is_some() {
            layer.settings.push(Setting { path: path.clone(), raw: Raw::Text(value.clone()), origin: Origin::Flag });
        } else {
            layer.errors.push(unknown(path, Origin::Flag));
        }
    }
    layer
}
