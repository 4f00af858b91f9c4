//! What is wrong with a configuration, where, and what to do.

use std::fmt;

/// Where a value comes from.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Origin {
    /// The compiled-in defaults.
    Default,
    /// The compiled-in profile of `--dev`.
    Development,
    /// A line of the configuration file.
    File {
        /// The file's name.
        name: String,
        /// The line, from 1.
        line: usize,
    },
    /// An environment variable.
    Environment(String),
    /// The command line.
    Flag,
}

impl fmt::Display for Origin {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Default => f.write_str("default"),
            Self::Development => f.write_str("--dev"),
            Self::File { name, line } => write!(f, "{name}:{line}"),
            Self::Environment(name) => write!(f, "{name}"),
            Self::Flag => f.write_str("command line"),
        }
    }
}

/// What kind of fault it is; `whimbrel explain` has a page for each.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Fault {
    /// The file cannot be read.
    Unreadable,
    /// The file is not TOML.
    NotToml,
    /// There is no such setting.
    Unknown,
    /// The value is not of the setting's kind or out of its bounds.
    Value,
    /// The setting has no value and needs one.
    Missing,
    /// Two settings do not go together.
    Conflict,
    /// A secret cannot be had.
    Secret,
    /// A name that nothing has.
    Reference,
    /// It is not allowed in this profile.
    Profile,
}

impl Fault {
    /// All kinds.
    pub const ALL: [Self; 9] = [
        Self::Unreadable,
        Self::NotToml,
        Self::Unknown,
        Self::Value,
        Self::Missing,
        Self::Conflict,
        Self::Secret,
        Self::Reference,
        Self::Profile,
    ];

    /// The stable code.
    #[must_use]
    pub const fn code(self) -> &'static str {
        match self {
            Self::Unreadable => "E0210",
            Self::NotToml => "E0211",
            Self::Value => "E0212",
            Self::Missing => "E0213",
            Self::Unknown => "E0214",
            Self::Conflict => "E0215",
            Self::Secret => "E0216",
            Self::Reference => "E0217",
            Self::Profile => "E0218",
        }
    }
}

/// One fault. Values of secrets are never shown.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ConfigError {
    /// What kind of fault it is.
    pub fault: Fault,
    /// The setting.
    pub field: String,
    /// Where it was set, if it was.
    pub origin: Option<Origin>,
    /// What is wrong, with the value.
    pub problem: String,
    /// What to do.
    pub remedy: String,
}

impl fmt::Display for ConfigError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.origin {
            Some(origin) => write!(f, "{origin}: {}: {}; {}", self.field, self.problem, self.remedy),
            None => write!(f, "{}: {}; {}", self.field, self.problem, self.remedy),
        }
    }
}

impl ConfigError {
    /// For programs; what `config/reload` answers and `--json` prints.
    #[must_use]
    pub fn to_json(&self) -> serde_json::Value {
        serde_json::json!({
            "code": self.fault.code(),
            "setting": self.field,
            "origin": self.origin.as_ref().map(ToString::to_string),
            "problem": self.problem,
            "remedy": self.remedy,
        })
    }
}

/// All faults of a configuration, at least one.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ConfigErrors(pub Vec<ConfigError>);

impl fmt::Display for ConfigErrors {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (index, error) in self.0.iter().enumerate() {
            if index > 0 {
                f.write_str("\n")?;
            }
            error.fmt(f)?;
        }
        Ok(())
    }
}

impl std::error::Error for ConfigErrors {}

impl ConfigErrors {
    /// A list for programs; the answer of a refused `config/reload` holds it as `errors`.
    #[must_use]
    pub fn to_json(&self) -> serde_json::Value {
        self.0.iter().map(ConfigError::to_json).collect()
    }
}
