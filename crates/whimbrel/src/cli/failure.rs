//! How a command ends when it does not succeed.

use serde_json::{Value, json};

use crate::config::ConfigErrors;

/// How a command ended, as the shell sees it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Exit {
    /// It did what was asked.
    Ok,
    /// Something unexpected.
    Failed,
    /// Wrong usage.
    Usage,
    /// The configuration is not valid.
    Config,
    /// Somebody did not accept who we say we are.
    Unauthorized,
    /// There is no such thing.
    NotFound,
    /// The message was refused or not delivered.
    Rejected,
    /// It did not happen in time.
    TimedOut,
    /// Nobody could be reached.
    Unreachable,
    /// A rule forbids it.
    Policy,
    /// Some of many succeeded.
    Partial,
    /// The store breaks what was promised.
    Violated,
    /// The user broke it off.
    Interrupted,
    /// As a command ended that was run: with its code, or 128 and the signal that ended it.
    Command(u8),
}

impl Exit {
    /// All of them but a command's own, in the order of their numbers.
    pub const ALL: [Self; 13] = [
        Self::Ok,
        Self::Failed,
        Self::Usage,
        Self::Config,
        Self::Unauthorized,
        Self::NotFound,
        Self::Rejected,
        Self::TimedOut,
        Self::Unreachable,
        Self::Policy,
        Self::Partial,
        Self::Violated,
        Self::Interrupted,
    ];

    /// The exit code. (2 is the parser's own as well.)
    #[must_use]
    pub const fn code(self) -> u8 {
        match self {
            Self::Ok => 0,
            Self::Failed => 1,
            Self::Usage => 2,
            Self::Config => 3,
            Self::Unauthorized => 4,
            Self::NotFound => 5,
            Self::Rejected => 6,
            Self::TimedOut => 7,
            Self::Unreachable => 8,
            Self::Policy => 9,
            Self::Partial => 10,
            Self::Violated => 11,
            Self::Interrupted => 130,
            Self::Command(code) => code,
        }
    }

    /// What it means.
    #[must_use]
    pub const fn meaning(self) -> &'static str {
        match self {
            Self::Ok => "done",
            Self::Failed => "something unexpected",
            Self::Usage => "wrong usage",
            Self::Config => "the configuration is not valid",
            Self::Unauthorized => "not accepted: who we say we are, or a signature",
            Self::NotFound => "there is no such thing",
            Self::Rejected => "the message was refused or not delivered",
            Self::TimedOut => "it did not happen in time",
            Self::Unreachable => "nobody could be reached: no server, or a carrier without a link",
            Self::Policy => "a rule forbids it",
            Self::Partial => "some of many succeeded",
            Self::Violated => "the store breaks what was promised",
            Self::Interrupted => "broken off by the user",
            Self::Command(_) => "as the command ended that was run",
        }
    }

    /// The code of an error that has none of its own.
    const fn error_code(self) -> &'static str {
        match self {
            Self::Ok | Self::Failed | Self::Command(_) => "E0001",
            Self::Usage => "E0100",
            Self::Config => "E0200",
            Self::Unauthorized => "E0400",
            Self::NotFound => "E0500",
            Self::Rejected => "E0600",
            Self::TimedOut => "E0700",
            Self::Unreachable => "E0800",
            Self::Policy => "E0900",
            Self::Partial => "E1000",
            Self::Violated => "E1100",
            Self::Interrupted => "E1300",
        }
    }
}

/// A command that did not succeed: what to print, and the exit code.
#[derive(Debug)]
pub struct Failure {
    /// The exit code.
    pub exit: Exit,
    /// What went wrong; each is printed. None: a command that was run ended so, and has told why.
    pub problems: Vec<Problem>,
}

/// One thing that went wrong.
#[derive(Debug, Clone, PartialEq)]
pub struct Problem {
    /// The stable code.
    pub code: &'static str,
    /// For people: what, where, why and what to do.
    pub message: String,
    /// More for programs, an object.
    pub more: Option<Value>,
}

impl Failure {
    pub(super) fn new(exit: Exit, message: impl Into<String>) -> Self {
        Self::coded(exit, exit.error_code(), message)
    }

    pub(super) fn coded(exit: Exit, code: &'static str, message: impl Into<String>) -> Self {
        Self { exit, problems: vec![Problem { code, message: message.into(), more: None }] }
    }

    /// An error with its chain, printed once.
    pub(super) fn from_error(exit: Exit, doing: &str, error: &dyn std::error::Error) -> Self {
        Self::new(exit, format!("{doing}: {}", crate::gateway::chain(error)))
    }

    pub(super) fn interrupted() -> Self {
        Self::new(Exit::Interrupted, "interrupted")
    }
}

impl From<ConfigErrors> for Failure {
    fn from(errors: ConfigErrors) -> Self {
        let problems = errors.0.iter().map(|error| {
            let place = error.origin.as_ref().map(|origin| format!(" ({origin})")).unwrap_or_default();
            let message = format!("config: {}: {}{place}; {}", error.field, error.problem, error.remedy);
            Problem { code: error.fault.code(), message, more: Some(error.to_json()) }
        });
        Self { exit: Exit::Config, problems: problems.collect() }
    }
}

impl Problem {
    /// For programs.
    #[must_use]
    pub fn to_json(&self) -> Value {
        let mut document = json!({ "code": self.code, "message": self.message });
        if let (Value::Object(document), Some(Value::Object(more))) = (&mut document, &self.more) {
            document.extend(more.clone().into_iter().filter(|(name, _)| name != "code" && name != "message"));
        }
        document
    }
}
