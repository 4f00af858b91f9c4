//! The handle on a running simulator: look at it, change its scenario, end sessions, let phones send.
//!
//! Every function is one thing that an HTTP interface may offer; what goes in and comes out is made for JSON. All of them
//! take effect at once and wait for nothing.

use std::sync::Arc;

use serde::{Deserialize, Serialize};
use whimbrel_core::Span;

use crate::delivery::{Delivery, TextPart};
use crate::outcome::Outcome;
use crate::phones::texts::PENDING_MAX;
use crate::phones::{
    Direction, KeptText, Phone, PhoneContent, PhoneSetting, PhoneText, PhoneTextRefused, TextStatus, TooManyPhones,
};
use crate::registry::{ClientStatus, Counters, Disconnect, SessionStatus};
use crate::scenario::{Scenario, ScenarioError};
use crate::shared::Shared;

/// A handle on a simulator; clones speak of the same one. It does not keep the simulator running.
#[derive(Clone)]
pub struct Control {
    shared: Arc<Shared>,
}

impl std::fmt::Debug for Control {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Control").finish_non_exhaustive()
    }
}

/// Which sessions are meant.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Target {
    /// The one with this number.
    Session(u64),
    /// All that are bound with this name.
    SystemId(String),
    /// All.
    Everybody,
}

/// The simulator as a whole.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct Totals {
    /// What all clients did. A name that nobody uses any more is forgotten once there are thousands.
    pub counters: Counters,
    /// How many connections there are.
    pub session_count: usize,
    /// How many receipts and parts of texts are kept to be delivered.
    pub kept_count: usize,
    /// How many parts of phones' texts wait to be taken.
    pub text_parts_pending: u32,
}

impl Control {
    pub(crate) const fn new(shared: Arc<Shared>) -> Self {
        Self { shared }
    }

    /// The scenario that is in force.
    #[must_use]
    pub fn scenario(&self) -> Arc<Scenario> {
        Arc::clone(self.shared.rules().scenario())
    }

    /// Puts another scenario in force, whole: from the next message, and for sessions that are bound already. Who is bound
    /// stays so.
    ///
    /// # Errors
    /// [`ScenarioError`]; then the old one stays in force.
    pub fn set_scenario(&self, scenario: Scenario) -> Result<(), ScenarioError> {
        self.shared.set_scenario(scenario)
    }

    /// Every connection, the oldest first.
    #[must_use]
    pub fn sessions(&self) -> Vec<SessionStatus> {
        self.shared.registry.sessions()
    }

    /// Every client that was bound, by name.
    #[must_use]
    pub fn clients(&self) -> Vec<ClientStatus> {
        self.shared.registry.client_statuses()
    }

    /// The simulator as a whole.
    #[must_use]
    pub fn totals(&self) -> Totals {
        let mut totals = Totals {
            session_count: self.sessions().len(),
            kept_count: self.shared.receipts().held(),
            text_parts_pending: self.shared.texts.pending(),
            ..Totals::default()
        };
        let sum = &mut totals.counters;
        for ClientStatus { counters, .. } in self.clients() {
            sum.accepted += counters.accepted;
            sum.throttled += counters.throttled;
            sum.refused += counters.refused;
            sum.unanswered += counters.unanswered;
            sum.delivered += counters.delivered;
            sum.acknowledged += counters.acknowledged;
            sum.dropped += counters.dropped;
        }
        totals
    }

    /// Ends sessions; tells how many were meant. They end when they are next awake, which is at once.
    pub fn disconnect(&self, target: &Target, how: Disconnect) -> usize {
        self.shared.registry.disconnect(how, |number, name| match target {
            Target::Session(wanted) => number == *wanted,
            Target::SystemId(wanted) => name == Some(wanted.as_bytes()),
            Target::Everybody => true,
        })
    }

    /// Lets a phone send a text. It goes to a receiving session of the client in turn, waits in memory while there is none,
    /// and is sent again until it is acknowledged, or refused for good three times.
    ///
    /// # Errors
    /// [`PhoneTextRefused`] if it cannot be written, or too many wait.
    pub fn phone_sends(&self, text: &PhoneText) -> Result<TextStatus, PhoneTextRefused> {
        let (record, parts) = self.shared.texts.open(text)?;
        let owner: Option<Arc<[u8]>> = text.system_id.as_ref().map(|name| name.as_bytes().into());
        let now = self.shared.clock.now();
        let mut receipts = self.shared.receipts();
        for message in parts {
            let part = TextPart { owner: owner.clone(), message, record: Arc::clone(&record), refused: 0 };
            if receipts.schedule(now, Delivery::Text(Box::new(part))).is_err() {
                record.dropped();
            }
        }
        drop(receipts);
        self.shared.receipts_changed();
        self.keep_sent(text, record.status().part_count);
        Ok(record.status())
    }

    /// What became of a text that a phone sent; `None` if nobody remembers.
    #[must_use]
    pub fn text(&self, id: u64) -> Option<TextStatus> {
        self.shared.texts.status(id)
    }

    /// How many parts of phones' texts may wait to be taken.
    #[must_use]
    pub const fn text_parts_max() -> u32 {
        PENDING_MAX
    }

    /// Changes what becomes of messages to a phone. It comes before all that the scenario and the table say.
    ///
    /// # Errors
    /// [`TooManyPhones`] if a hundred thousand are set already.
    pub fn set_phone(&self, number: &str, setting: PhoneSetting) -> Result<(), TooManyPhones> {
        self.shared.phones.set(number, setting)
    }

    /// Changes how long after the answer the first receipt of messages to a phone comes; `None`: as the scenario and the table say.
    ///
    /// # Errors
    /// [`TooManyPhones`] if a hundred thousand are set already.
    pub fn set_receipt_delay(&self, number: &str, delay: Option<Span>) -> Result<(), TooManyPhones> {
        self.shared.phones.set_receipt_delay(number, delay)
    }

    /// The phones whose texts are kept, the oldest first; none if the options keep none.
    #[must_use]
    pub fn phones(&self) -> Vec<Phone> {
        self.shared.phones.inbox().map(|inbox| inbox.phones()).unwrap_or_default()
    }

    /// What was set for a phone; `None` if it is as the scenario and the table say.
    #[must_use]
    pub fn phone_outcome(&self, number: &str) -> Option<Outcome> {
        self.shared.phones.outcome(number.as_bytes())
    }

    /// The phones that sent or got a text last, the latest first, each with that text.
    #[must_use]
    pub fn latest_phones(&self, count_max: usize) -> Vec<(Phone, Option<KeptText>)> {
        self.shared.phones.inbox().map(|inbox| inbox.latest(count_max)).unwrap_or_default()
    }

    /// The latest texts of a phone, the oldest first, in both directions, parts put together.
    #[must_use]
    pub fn phone_texts(&self, number: &str) -> Vec<KeptText> {
        self.shared.phones.inbox().map(|inbox| inbox.texts(number)).unwrap_or_default()
    }

    fn keep_sent(&self, text: &PhoneText, part_count: u32) {
        let Some(mut inbox) = self.shared.phones.inbox() else { return };
        let (words, binary_hex) = match &text.content {
            PhoneContent::Text(content) => (Some(content.text.clone()), None),
            PhoneContent::Binary(binary) => (None, Some(binary.body_hex.clone())),
        };
        let kept = KeptText {
            direction: Direction::FromPhone,
            with: text.to.clone(),
            system_id: text.system_id.clone().unwrap_or_default(),
            text: words,
            binary_hex,
            part_count: u8::try_from(part_count).unwrap_or(u8::MAX),
            at: self.shared.clock.wall().to_string(),
        };
        inbox.keep(text.from.as_bytes(), kept);
    }
}
