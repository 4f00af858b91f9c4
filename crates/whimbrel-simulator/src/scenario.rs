//! Scenarios: how a simulator behaves beyond its outcome table, as a file and as a value that is changed while it runs.
//!
//! A scenario says what holds for everybody (`[ids]`, `[receipts]`, `[answers]`, `[session]`, `[wire]`), who may bind and
//! what differs for them (`[[client]]`), and what differs for some numbers (`[[number]]`). The narrower wins key by key:
//! number over client over everybody. An empty scenario is the simulator as it is without one.
//!
//! [`Scenario::parse`] reads TOML and tells the line of whatever it does not take; the same value is read and written as
//! JSON. Everything that happens by chance follows from `seed`, so that a run can be repeated.
//!
//! Knows nothing of sessions and sockets: they obey the rules made of it.

pub(crate) mod rules;
mod sections;
mod text;

use std::fmt;

use serde::{Deserialize, Serialize};
use whimbrel_smpp::BindMode;

use crate::outcome::Outcome;

pub(crate) use sections::{AnswerRules, IdRules, ReceiptRules, SessionRules, WireRules, state_word};
pub use sections::{Answers, ErrorBody, Ids, NetworkError, ReceiptPdu, Receipts, Route, Separator, Sessions, Wires};

/// How many `[[client]]` and `[[number]]` there may be of each.
pub const RULES_MAX: usize = 10_000;

/// How a simulator behaves. [`Default`] is the simulator as it is without a scenario.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Scenario {
    /// Everything that happens by chance follows from it.
    pub seed: u64,
    /// How the simulator names itself in the bind_resp, at most 15 characters; `Whimbrel` if absent.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub system_id: Option<String>,
    /// Numbers of fiction do not choose their outcome by their last digits.
    #[serde(skip_serializing_if = "is_default")]
    pub ignore_suffixes: bool,
    /// How many of the last messages query_sm is answered for; it fails for all others.
    #[serde(skip_serializing_if = "is_default")]
    pub query_messages_max: usize,
    /// How message ids look.
    #[serde(skip_serializing_if = "is_default")]
    pub ids: Ids,
    /// When and how receipts come.
    #[serde(skip_serializing_if = "is_default")]
    pub receipts: Receipts,
    /// How messages are answered.
    #[serde(skip_serializing_if = "is_default")]
    pub answers: Answers,
    /// What sessions do of themselves.
    #[serde(skip_serializing_if = "is_default")]
    pub session: Sessions,
    /// What happens to octets on their way.
    #[serde(skip_serializing_if = "is_default")]
    pub wire: Wires,
    /// Who may bind; anybody with the simulator's password if there is none.
    #[serde(rename = "client", skip_serializing_if = "Vec::is_empty")]
    pub clients: Vec<Client>,
    /// Numbers that differ; the first that fits counts.
    #[serde(rename = "number", skip_serializing_if = "Vec::is_empty")]
    pub numbers: Vec<NumberRule>,
}

/// One `[[client]]`: who it is, what it may, and what differs for it.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Client {
    /// The name that it binds with; a `*` in it stands for any characters. The first client that fits counts.
    pub system_id: String,
    /// What it binds with; the simulator's password if absent.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub password: Option<Password>,
    /// How it may bind; in any mode if absent.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub modes: Option<Vec<Mode>>,
    /// How many sessions of one name there may be; more are refused with ESME_RALYBND.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub sessions_max: Option<u32>,
    /// How many of its messages may wait for their answer before nothing is read from it, 1 or more; 100 if absent.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub window: Option<usize>,
    /// How many parts a second one name may send; more are refused with ESME_RTHROTTLED.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub rate: Option<f64>,
    /// How many parts may come at once; a tenth of the rate if absent, but 1 at least.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub burst: Option<u32>,
    /// What differs in `[ids]`.
    #[serde(skip_serializing_if = "is_default")]
    pub ids: Ids,
    /// What differs in `[receipts]`.
    #[serde(skip_serializing_if = "is_default")]
    pub receipts: Receipts,
    /// What differs in `[answers]`.
    #[serde(skip_serializing_if = "is_default")]
    pub answers: Answers,
    /// What differs in `[session]`.
    #[serde(skip_serializing_if = "is_default")]
    pub session: Sessions,
    /// What differs in `[wire]`.
    #[serde(skip_serializing_if = "is_default")]
    pub wire: Wires,
}

impl Client {
    const KEYS: &'static [&'static str] =
        &["system_id", "password", "modes", "sessions_max", "window", "rate", "burst"];
}

/// One `[[number]]`: which numbers, their outcome, and what differs for them.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct NumberRule {
    /// This number; one of `exact`, `prefix` and `suffix` is given.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub exact: Option<String>,
    /// Numbers that begin so.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub prefix: Option<String>,
    /// Numbers that end so.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub suffix: Option<String>,
    /// What becomes of a message to them; what the table says if absent.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub outcome: Option<Outcome>,
    /// What differs in `[ids]`.
    #[serde(skip_serializing_if = "is_default")]
    pub ids: Ids,
    /// What differs in `[receipts]`.
    #[serde(skip_serializing_if = "is_default")]
    pub receipts: Receipts,
    /// What differs in `[answers]`.
    #[serde(skip_serializing_if = "is_default")]
    pub answers: Answers,
}

impl NumberRule {
    const KEYS: &'static [&'static str] = &["exact", "prefix", "suffix", "outcome"];
}

/// A password of a scenario. Written as it is in TOML and JSON, never in `Debug`.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Password(pub String);

impl fmt::Debug for Password {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Password(***)")
    }
}

/// How a session is bound.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Mode {
    /// It sends messages.
    Tx,
    /// It takes receipts and texts.
    Rx,
    /// Both.
    Trx,
}

impl From<BindMode> for Mode {
    fn from(mode: BindMode) -> Self {
        match mode {
            BindMode::Transmitter => Self::Tx,
            BindMode::Receiver => Self::Rx,
            BindMode::Transceiver => Self::Trx,
        }
    }
}

/// What is wrong with a scenario, and what to do.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ScenarioError {
    /// The line, from 1; 0 if the scenario was not read from a text.
    pub line: usize,
    /// What is wrong.
    pub problem: String,
    /// What to write instead.
    pub remedy: String,
}

impl fmt::Display for ScenarioError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.line > 0 {
            write!(f, "line {}: ", self.line)?;
        }
        write!(f, "{}: {}", self.problem, self.remedy)
    }
}

impl std::error::Error for ScenarioError {}

impl Scenario {
    /// Reads a scenario file.
    ///
    /// # Errors
    /// [`ScenarioError`] with the line of the first thing that is no TOML, is not known, or cannot be.
    pub fn parse(text: &str) -> Result<Self, ScenarioError> {
        text::parse(text)
    }

    /// Whether every value is one that can be obeyed.
    ///
    /// # Errors
    /// [`ScenarioError`] for the first that is not; without a line.
    pub fn check(&self) -> Result<(), ScenarioError> {
        text::check(self).map_err(|flaw| flaw.at_line(0))
    }
}

fn is_default<T: Default + PartialEq>(value: &T) -> bool {
    *value == T::default()
}

#[cfg(test)]
mod tests;
