//! What there is to know of one setting.

use std::fmt;

use serde_json::{Value, json};

use super::Config;
use super::error::Origin;
use super::schema::{Key, Reload, find, nearest};

/// A setting with its value, where that comes from, and what it does.
#[derive(Debug, Clone, PartialEq)]
pub struct Explained {
    /// The path as it was asked for.
    pub path: String,
    /// The value as TOML and where it comes from; `None` if it is not set.
    pub value: Option<(String, Origin)>,
    /// The default as TOML.
    pub default: Option<String>,
    /// What it does.
    pub help: &'static str,
    /// What it takes, for people.
    pub takes: String,
    /// Its names in the environment.
    pub env: Vec<String>,
    /// What it takes for a change to hold.
    pub reload: Reload,
}

/// There is no such setting.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ExplainError {
    /// The path that was asked for.
    pub path: String,
    /// What was probably meant.
    pub nearest: Option<String>,
}

impl fmt::Display for ExplainError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.nearest {
            Some(nearest) => write!(f, "there is no setting {}; did you mean {nearest}?", self.path),
            None => write!(f, "there is no setting {}; see whimbrel config defaults for all settings", self.path),
        }
    }
}

impl std::error::Error for ExplainError {}

impl Config {
    /// Explains a setting, for example `carriers.acme.rate`, or `carriers.NAME.rate` for what holds for all.
    ///
    /// # Errors
    /// There is no such setting; the nearest one is named.
    pub fn explain(&self, path: &str) -> Result<Explained, ExplainError> {
        let key = find(path).ok_or_else(|| ExplainError { path: path.to_owned(), nearest: nearest(path) })?;
        let shown = self.shown.iter().find(|shown| shown.path == path);
        Ok(Explained {
            path: path.to_owned(),
            value: shown.map(|shown| (shown.value.clone(), shown.origin.clone())),
            default: key.default_toml(),
            help: key.help,
            takes: key.kind.describe(),
            env: key.env.map(str::to_owned).into_iter().chain([env_of(path)]).collect(),
            reload: key.reload,
        })
    }
}

fn env_of(path: &str) -> String {
    format!("WHIMBREL_{}", path.replace('-', "_").replace('.', "__").to_ascii_uppercase())
}

impl Key {
    /// The default as TOML.
    pub(super) fn default_toml(&self) -> Option<String> {
        Some(self.toml_of(self.default?))
    }

    /// A text in the environment's form as TOML.
    pub(super) fn toml_of(&self, text: &str) -> String {
        // The table's own texts fit their kinds: a test goes through them.
        let value = self.kind.read(&super::value::Raw::Text(text.to_owned()));
        value.map_or_else(|_| super::value::quoted(text), |value| value.toml())
    }
}

impl Explained {
    /// For programs.
    #[must_use]
    pub fn to_json(&self) -> Value {
        json!({
            "setting": self.path,
            "value": self.value.as_ref().map(|(value, _)| value),
            "origin": self.value.as_ref().map(|(_, origin)| origin.to_string()),
            "default": self.default,
            "help": self.help,
            "takes": self.takes,
            "environment": self.env,
            "reload": match self.reload {
                Reload::Applies => "applies",
                Reload::Rebinds => "rebinds",
                Reload::Restart => "restart",
            },
        })
    }
}

impl fmt::Display for Explained {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.value {
            Some((value, origin)) => writeln!(f, "{} = {value}  ({origin})", self.path)?,
            None => writeln!(f, "{} is not set", self.path)?,
        }
        writeln!(f, "  {}", self.help)?;
        writeln!(f, "  takes        {}", self.takes)?;
        writeln!(f, "  default      {}", self.default.as_deref().unwrap_or("none"))?;
        writeln!(f, "  environment  {}", self.env.join(" or "))?;
        write!(f, "  change       {}", self.reload.as_str())
    }
}
