//! The phones behind the simulator: what reaches them, what they send, and what becomes of messages to some of them.
//!
//! A phone exists once somebody speaks of it. Texts are kept only if the options ask for it, for the latest phones and each
//! one's latest texts: to look at them, not to count them. Texts never reach `Debug` and logs.

mod inbox;
pub(crate) mod texts;

use std::collections::HashMap;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Mutex, MutexGuard, PoisonError};

use serde::{Deserialize, Serialize};
use whimbrel_core::Span;

use crate::outcome::{Outcome, international};

pub(crate) use inbox::Inbox;
pub use inbox::{Direction, KeptText, Phone};
pub use texts::{
    Alphabet, BinaryContent, ConcatMethod, PhoneContent, PhoneText, PhoneTextRefused, TextContent, TextState,
    TextStatus,
};

/// How many phones may differ from the outcome table.
pub const SETTINGS_MAX: usize = 100_000;

/// Whether a phone takes texts, and how.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum PhoneSetting {
    /// As the scenario and the table say.
    On,
    /// Switched off: its texts end as those of an absent subscriber.
    Off,
    /// With this outcome.
    Outcome(Outcome),
}

/// There are more settings than are kept.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct TooManyPhones;

impl std::fmt::Display for TooManyPhones {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{SETTINGS_MAX} phones are set already: set some to `on`")
    }
}

impl std::error::Error for TooManyPhones {}

/// What differs for a phone.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
struct Differs {
    outcome: Option<Outcome>,
    receipt_delay: Option<Span>,
}

/// All phones.
#[derive(Default)]
pub(crate) struct Phones {
    settings: Mutex<HashMap<Vec<u8>, Differs>>,
    /// How many there are, so that nobody takes the lock for nothing.
    settings_count: AtomicUsize,
    inbox: Option<Mutex<Inbox>>,
}

impl Phones {
    /// Phones that keep the texts of the latest `phones_max` of them.
    pub fn new(phones_max: usize) -> Self {
        Self { inbox: (phones_max > 0).then(|| Mutex::new(Inbox::new(phones_max))), ..Self::default() }
    }

    /// Changes what becomes of messages to a number.
    pub fn set(&self, number: &str, setting: PhoneSetting) -> Result<(), TooManyPhones> {
        let outcome = match setting {
            PhoneSetting::On => None,
            PhoneSetting::Off => Some(Outcome::Absent),
            PhoneSetting::Outcome(outcome) => Some(outcome),
        };
        self.change(number, |differs| differs.outcome = outcome)
    }

    /// Changes how long after the answer the first receipt of messages to a number is due; `None`: as the table says.
    pub fn set_receipt_delay(&self, number: &str, delay: Option<Span>) -> Result<(), TooManyPhones> {
        self.change(number, |differs| differs.receipt_delay = delay)
    }

    fn change(&self, number: &str, change: impl FnOnce(&mut Differs)) -> Result<(), TooManyPhones> {
        let number = international(number.as_bytes());
        let mut settings = self.settings.lock().unwrap_or_else(PoisonError::into_inner);
        let mut differs = settings.get(number).copied().unwrap_or_default();
        change(&mut differs);
        if differs == Differs::default() {
            settings.remove(number);
        } else if settings.len() >= SETTINGS_MAX && !settings.contains_key(number) {
            return Err(TooManyPhones);
        } else {
            settings.insert(number.to_vec(), differs);
        }
        self.settings_count.store(settings.len(), Ordering::Release);
        Ok(())
    }

    /// What becomes of messages to a number, if it was set.
    pub fn outcome(&self, destination: &[u8]) -> Option<Outcome> {
        self.differs(destination)?.outcome
    }

    /// How long after the answer the first receipt is due, if it was set.
    pub fn receipt_delay(&self, destination: &[u8]) -> Option<Span> {
        self.differs(destination)?.receipt_delay
    }

    fn differs(&self, destination: &[u8]) -> Option<Differs> {
        if self.settings_count.load(Ordering::Acquire) == 0 {
            return None;
        }
        let settings = self.settings.lock().unwrap_or_else(PoisonError::into_inner);
        settings.get(international(destination)).copied()
    }

    /// The texts, if they are kept.
    pub fn inbox(&self) -> Option<MutexGuard<'_, Inbox>> {
        self.inbox.as_ref().map(|inbox| inbox.lock().unwrap_or_else(PoisonError::into_inner))
    }

    /// Whether texts are kept.
    pub fn keeps_texts(&self) -> bool {
        self.inbox.is_some()
    }
}
