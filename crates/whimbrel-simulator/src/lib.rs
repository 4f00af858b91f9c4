//! A message centre to test against: an SMSC on TCP and nothing else.
//!
//! What it is for: a development server hands its messages to it as to any carrier, tests choose what becomes of a message by
//! its destination ([`outcome`]), and harnesses that kill processes compare what it wrote down ([`journal`]) with what the
//! gateway believes. It promises that what it tells a client is in the journal first, that answers go out in the order of the
//! requests unless the outcome delays them, that receipts wait for a receiving session of the same `system_id` and are sent
//! until one takes them, and that no client can make it panic or grow without bounds.
//!
//! Follows SMPP 3.4 as the session of `whimbrel-smpp` does. Knows nothing of accounts, prices, HTTP and the store.
//!
//! Any `system_id` may bind with the password; a wrong password is answered with ESME_RINVPASWD after two seconds. A
//! [`scenario`] changes all of this: who may bind, how ids, answers and receipts look, and what the connection suffers. A
//! [`Control`] looks at a simulator that runs, changes its scenario, ends sessions and lets phones send.

pub mod control;
pub mod ids;
pub mod journal;
pub mod outcome;
pub mod phones;
pub mod registry;
pub mod scenario;

mod chance;
mod clock;
mod delivery;
mod desk;
mod queries;
mod receipt;
mod receipts;
mod server;
mod session;
mod shared;
mod throttle;
mod wire;

pub use control::{Control, Target, Totals};
pub use journal::JournalSync;
pub use outcome::{Outcome, Ranges};
pub use phones::{PhoneContent, PhoneSetting, PhoneText, TextContent, TextStatus};
pub use registry::{ClientStatus, Counters, Disconnect, SessionStatus};
pub use scenario::{Scenario, ScenarioError};
pub use server::{Running, Simulator, SimulatorOptions, bind};
