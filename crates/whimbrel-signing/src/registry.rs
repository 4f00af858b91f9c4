//! Every scheme behind one trait, for those who handle them alike: command lines, tools, tests.
//!
//! A gateway that knows which scheme it speaks calls the scheme's module, whose types say more.

use std::fmt;

use crate::message::Message;
use crate::{Canonical, Explanation, Fault, Secret, UnixSeconds, Window};

/// All of them.
pub static SCHEMES: &[&dyn Scheme] = &[
    &crate::nexmo::Parametric,
    #[cfg(feature = "jwt")]
    &crate::jwt::ApplicationTokens,
    #[cfg(feature = "jwt")]
    &crate::jwt::WebhookTokens,
    &crate::oauth1::Requests,
    &crate::seven::Stamped,
    &crate::nexo::Bodies,
    &crate::standard_webhooks::Webhooks,
];

/// The scheme of that name or alias.
#[must_use]
pub fn of_name(name: &str) -> Option<&'static dyn Scheme> {
    let is_it = |scheme: &&&dyn Scheme| {
        let about = scheme.about();
        about.name == name || about.aliases.contains(&name)
    };
    SCHEMES.iter().find(is_it).copied()
}

/// A scheme over whole messages.
pub trait Scheme: Sync {
    /// What it is and what it takes.
    fn about(&self) -> &'static About;

    /// Signs a message: says what is to be added to it.
    ///
    /// # Errors
    /// A setting that is needed is missing, or the message or the secret cannot be read.
    fn sign(&self, message: &Message<'_>, given: &Given<'_>) -> Result<Signed, Trouble>;

    /// Verifies a message and says what is the matter with its signature.
    ///
    /// # Errors
    /// The message or the secret cannot be read at all; everything else is a verdict.
    fn explain(&self, message: &Message<'_>, given: &Given<'_>) -> Result<Explanation, Trouble>;
}

/// What a scheme is and what it takes.
#[derive(Debug)]
pub struct About {
    /// The name for machines.
    pub name: &'static str,
    /// Other names.
    pub aliases: &'static [&'static str],
    /// The name for people.
    pub title: &'static str,
    /// What the secret is.
    pub secret: &'static str,
    /// What a second secret is, if one is taken.
    pub second: Option<&'static str>,
    /// What else can be given.
    pub settings: &'static [Setting],
    /// Whether it must know by which address a message is called.
    pub address: Address,
}

/// Whether a scheme covers the address of a message.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Address {
    /// Scheme, host and path are signed.
    Signed,
    /// They are not; parameters in the query may be.
    NotSigned,
}

/// Something that a scheme takes besides message and secrets.
#[derive(Debug)]
pub struct Setting {
    /// Its name.
    pub name: &'static str,
    /// What it says.
    pub meaning: &'static str,
    /// The values it takes; any if there are none.
    pub values: &'static [&'static str],
    /// What it is if it is not given.
    pub default: Option<&'static str>,
}

/// What the caller gives besides the message.
#[derive(Debug, Clone, Copy)]
pub struct Given<'a> {
    /// The secret, or a key in PEM.
    pub secret: Secret<'a>,
    /// The second secret.
    pub second: Option<Secret<'a>>,
    /// Names and values of settings, checked by [`About::check`].
    pub settings: &'a [(&'a str, &'a str)],
    /// The time.
    pub now: UnixSeconds,
    /// A text that was not used before, for schemes that sign one.
    pub nonce: &'a str,
    /// How far off a timestamp may be, if not as the scheme says.
    pub window: Option<Window>,
}

/// What is to be added to a message.
#[derive(Debug)]
pub struct Signed {
    /// What was signed.
    pub canonical: Canonical,
    /// In the order in which they are usually sent.
    pub additions: Vec<Addition>,
}

/// One thing to be added. `Debug` shows no value.
pub struct Addition {
    /// Where.
    pub place: Place,
    /// The name of the header or parameter.
    pub name: &'static str,
    /// Its value, not encoded.
    pub value: String,
}

/// Where a value is added.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Place {
    /// To the headers.
    Header,
    /// To the parameters of query, form or JSON object.
    Parameter,
}

/// Why a scheme could not be asked.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Trouble {
    /// There is no such setting.
    UnknownSetting(String),
    /// A setting does not take that value.
    Value(&'static str),
    /// A setting is needed.
    Needed(&'static str),
    /// The secret is no key of this scheme: what it is instead, without any of it.
    NoKey(String),
    /// Message or secret cannot be read.
    Fault(Fault),
}

impl About {
    /// Checks names and values of settings.
    ///
    /// # Errors
    /// [`Trouble::UnknownSetting`] and [`Trouble::Value`].
    pub fn check(&self, settings: &[(&str, &str)]) -> Result<(), Trouble> {
        for (name, value) in settings {
            let unknown = || Trouble::UnknownSetting((*name).to_owned());
            let setting = self.settings.iter().find(|setting| setting.name == *name).ok_or_else(unknown)?;
            if !setting.values.is_empty() && !setting.values.contains(value) {
                return Err(Trouble::Value(setting.name));
            }
        }
        Ok(())
    }
}

impl<'a> Given<'a> {
    /// The value of a setting, if it is given.
    pub(crate) fn setting(&self, name: &str) -> Option<&'a str> {
        self.settings.iter().find(|(other, _)| *other == name).map(|(_, value)| *value)
    }

    pub(crate) fn needed(&self, name: &'static str) -> Result<&'a str, Trouble> {
        self.setting(name).filter(|value| !value.is_empty()).ok_or(Trouble::Needed(name))
    }
}

impl Addition {
    pub(crate) fn header(name: &'static str, value: impl Into<String>) -> Self {
        Self { place: Place::Header, name, value: value.into() }
    }

    pub(crate) fn parameter(name: &'static str, value: impl Into<String>) -> Self {
        Self { place: Place::Parameter, name, value: value.into() }
    }
}

impl fmt::Debug for Addition {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Addition").field("place", &self.place).field("name", &self.name).finish_non_exhaustive()
    }
}

impl From<Fault> for Trouble {
    fn from(fault: Fault) -> Self {
        Self::Fault(fault)
    }
}

impl fmt::Display for Trouble {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::UnknownSetting(name) => write!(f, "there is no setting `{}`", name.escape_debug()),
            Self::Value(name) => write!(f, "`{name}` does not take that value"),
            Self::Needed(name) => write!(f, "`{name}` is needed"),
            Self::NoKey(reason) => write!(f, "the secret is no key of this scheme: {reason}"),
            Self::Fault(_) => f.write_str("message or secret cannot be used"),
        }
    }
}

impl std::error::Error for Trouble {
    fn source(&self) -> Option<&(dyn std::error::Error + 'static)> {
        match self {
            Self::Fault(fault) => Some(fault),
            _ => None,
        }
    }
}
