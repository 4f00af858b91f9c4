//! What the process does to the world outside, in the order in which it does it, and where it dies.
//!
//! A process that is dead does nothing any more, however far its code still runs: so a death may stand between any two effects.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use tokio::sync::{mpsc, oneshot};
use whimbrel_carriers::{Ack, Carrier, CarrierStatus, Order};
use whimbrel_core::world::BoxFuture;
use whimbrel_core::{Accepted, AckToken, CarrierEvent, CarrierId, Refusal, Span, Submission};
use whimbrel_dialects::http::WebhookRequest;
use whimbrel_engine::ports::{CallPlace, Egress};

/// How a receiver answers.
pub type Reply = Result<u16, Box<str>>;

/// Something that left the process.
pub enum Effect {
    /// A part was handed to a carrier.
    Submitted(CarrierId, Submission),
    /// A carrier's delivery was acknowledged.
    Acknowledged(CarrierId, AckToken, Ack),
    /// A webhook was sent, and waits for its answer.
    Webhook(String, oneshot::Sender<Reply>),
    /// A customer was answered.
    Answered(usize, Result<Accepted, Refusal>),
}

/// The border between a process and the world.
#[derive(Clone, Default)]
pub struct Border(Arc<Mutex<State>>);

#[derive(Default)]
struct State {
    effects: Vec<Effect>,
    /// Steps that the process still takes, if it is to die.
    steps_left: Option<u64>,
    is_dead: bool,
}

impl Border {
    fn state(&self) -> MutexGuard<'_, State> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// The process dies after so many steps more.
    pub fn die_after(&self, steps: u64) {
        self.state().steps_left = Some(steps);
    }

    /// The next process lives.
    pub fn revive(&self) {
        *self.state() = State::default();
    }

    /// Whether the process is dead.
    pub fn is_dead(&self) -> bool {
        self.state().is_dead
    }

    /// Takes a step; answers whether the process lives to take it.
    pub fn step(&self) -> bool {
        let mut state = self.state();
        if let Some(left) = state.steps_left {
            state.is_dead |= left == 0;
            state.steps_left = Some(left.saturating_sub(1));
        }
        !state.is_dead
    }

    /// Does something to the outside, unless the process is dead.
    pub fn put(&self, effect: Effect) {
        if self.step() {
            self.state().effects.push(effect);
        }
    }

    /// What was done since the last time.
    pub fn take(&self) -> Vec<Effect> {
        std::mem::take(&mut self.state().effects)
    }
}

/// A carrier as the engine sees it; the far end is played elsewhere.
pub struct SimCarrier {
    id: CarrierId,
    border: Border,
    /// Whether it takes submissions.
    is_open: Mutex<bool>,
    /// Held until it is closed: settling ends with the carriers.
    events: Mutex<Option<mpsc::Sender<CarrierEvent>>>,
}

impl SimCarrier {
    /// A carrier without a link.
    pub fn new(id: CarrierId, border: Border, events: mpsc::Sender<CarrierEvent>) -> Self {
        Self { id, border, is_open: Mutex::new(true), events: Mutex::new(Some(events)) }
    }

    /// From now on it takes submissions, or hands them back at once.
    pub fn set_open(&self, is_open: bool) {
        *self.is_open.lock().unwrap_or_else(PoisonError::into_inner) = is_open;
    }
}

impl Carrier for SimCarrier {
    fn submit(&self, submission: Submission) -> Result<(), Box<Submission>> {
        if !*self.is_open.lock().unwrap_or_else(PoisonError::into_inner) {
            return Err(Box::new(submission));
        }
        self.border.put(Effect::Submitted(self.id, submission));
        Ok(())
    }

    fn acknowledge(&self, token: AckToken, ack: Ack) {
        self.border.put(Effect::Acknowledged(self.id, token, ack));
    }

    fn order(&self, _: Order) {}

    fn status(&self) -> CarrierStatus {
        CarrierStatus { order: Order::Bind, links: Vec::new() }
    }

    fn probe(&self) -> BoxFuture<'_, Result<Span, Box<str>>> {
        Box::pin(std::future::ready(Err("nobody asks in a simulation".into())))
    }

    fn close(&self) -> BoxFuture<'_, ()> {
        drop(self.events.lock().unwrap_or_else(PoisonError::into_inner).take());
        Box::pin(std::future::ready(()))
    }
}

/// The way out for webhooks.
pub struct SimEgress(pub Border);

impl Egress for SimEgress {
    fn send(&self, _: CallPlace, request: WebhookRequest) -> BoxFuture<'_, Reply> {
        let (answer, answered) = oneshot::channel();
        self.0.put(Effect::Webhook(request.url, answer));
        Box::pin(async move { answered.await.unwrap_or_else(|_| Err("the process died".into())) })
    }
}
