//! Who is let in, what a scenario makes of the session, and what the session does without being asked.

use std::sync::Arc;
use std::sync::atomic::Ordering;

use whimbrel_core::{Secret, Span};
use whimbrel_smpp::session::{Instant, State};
use whimbrel_smpp::{Bind, BindMode, Body, CommandStatus, MessageState, Pdu, ShortMessage};

use super::{Conduct, Desk};
use crate::chance::Chance;
use crate::clock::after;
use crate::delivery::{Delivery, TextPart};
use crate::journal::{Fields, status_text};
use crate::outcome::Behaviour;
use crate::phones::{Alphabet, ConcatMethod, PhoneContent, PhoneText, TextContent};
use crate::registry::Disconnect;
use crate::scenario::rules::{MessageRules, REQUESTS_OPEN_MAX, Standing};
use crate::shared::Shared;

/// How long a wrong password waits for its answer.
const REFUSAL_DELAY: Span = Span::seconds(2);
/// Where the numbers of our own enquire_link begin: the session's never come so far.
const ENQUIRIES_FROM: u32 = 0x7E00_0000;
/// Who sends the text that comes with the bind_resp: numbers of fiction.
const FIRST_TEXT: (&str, &str) = ("447700900999", "447700900998");

impl Conduct {
    pub(super) fn new(shared: &Shared) -> Self {
        let version = shared.rules_version();
        let rules = shared.rules();
        Self {
            version,
            client: None,
            is_plain: true,
            slots: Vec::new(),
            session: rules.session_rules(None).0,
            window: REQUESTS_OPEN_MAX,
            rate: None,
            messages: 0,
            enquiries: 0,
            next_enquiry: None,
            ends_at: None,
            rules,
        }
    }
}

impl Desk {
    pub(super) fn bind(&mut self, mode: BindMode, bind: Bind, now: Instant) {
        self.system_id = bind.system_id.into();
        let standing = self.conduct.rules.standing(&self.system_id);
        let admitted = self.conduct.rules.admitted(standing);
        let wanted = admitted.and_then(|client| client.password.as_ref()).unwrap_or(&self.shared.password);
        let right = str::from_utf8(&bind.password).is_ok_and(|text| Secret::new(text) == *wanted);
        // A wrong name and a wrong password look alike.
        if !right || standing == Standing::Stranger {
            self.note_bind(CommandStatus::RINVPASWD);
            tracing::info!(session = self.number, "bind refused: wrong password");
            self.refusal_due = Some(after(now, REFUSAL_DELAY));
            return;
        }
        self.client = Some(self.shared.registry.client(&self.system_id));
        self.obey(now);
        if let Some(status) = self.bind_refusal(mode, standing) {
            self.note_bind(status);
            tracing::info!(session = self.number, %status, "bind refused: the scenario wants it so");
            return self.session.refuse_bind(status, now);
        }
        self.note_bind(CommandStatus::ROK);
        tracing::info!(session = self.number, ?mode, "session bound");
        if let Some(client) = &self.client {
            client.sessions.fetch_add(1, Ordering::Relaxed);
            self.is_counted = true;
        }
        self.member.bound(&self.system_id, mode.into(), self.shared.clock.wall());
        self.session.accept_bind(self.conduct.rules.system_id().as_bytes(), now);
        if mode.may_deliver() {
            self.receiver = Some(self.shared.receipts().attach(&self.system_id, Arc::clone(&self.wake)));
            self.greet();
        }
        self.start_timers(now);
    }

    fn note_bind(&mut self, status: CommandStatus) {
        self.note("bind", || Fields { status: Some(status_text(status)), ..Fields::default() });
    }

    /// Why a client with the right password is kept out, if it is.
    fn bind_refusal(&self, mode: BindMode, standing: Standing) -> Option<CommandStatus> {
        let client = self.client.as_ref()?;
        let session = &self.conduct.session;
        if let Some(status) = session.bind_status {
            let refused = client.binds_refused.fetch_add(1, Ordering::Relaxed);
            if session.bind_refusals == 0 || refused < session.bind_refusals {
                return Some(CommandStatus(status));
            }
        }
        let admitted = self.conduct.rules.admitted(standing)?;
        if admitted.modes.as_ref().is_some_and(|modes| !modes.contains(&mode.into())) {
            return Some(CommandStatus::RBINDFAIL);
        }
        let sessions = client.sessions.load(Ordering::Relaxed);
        admitted.sessions_max.is_some_and(|most| sessions >= most).then_some(CommandStatus::RALYBND)
    }

    /// Sends the text that goes out with the bind_resp, if there is one.
    fn greet(&mut self) {
        let Some(text) = self.conduct.session.first_text.clone() else { return };
        let content = PhoneContent::Text(TextContent { text, alphabet: Alphabet::Auto });
        let (from, to) = (FIRST_TEXT.0.to_owned(), FIRST_TEXT.1.to_owned());
        let text = PhoneText { from, to, content, concat: ConcatMethod::Udh8, system_id: None };
        let Ok((record, parts)) = self.shared.texts.open(&text) else { return };
        for message in parts {
            let owner = Some(Arc::clone(&self.system_id));
            let part = TextPart { owner, message, record: Arc::clone(&record), refused: 0 };
            match self.shared.receipts().hold() {
                Ok(()) => self.inbox.push_back(Delivery::Text(Box::new(part))),
                Err(_) => part.record.dropped(),
            }
        }
    }

    /// Obeys a new scenario, if there is one.
    pub(super) fn heed_rules(&mut self, now: Instant) {
        let version = self.shared.rules_version();
        if version == self.conduct.version {
            return;
        }
        // In this order: an older version with newer rules is only looked at again.
        self.conduct.version = version;
        self.conduct.rules = self.shared.rules();
        if self.client.is_some() {
            self.obey(now);
            self.start_timers(now);
        }
    }

    /// Makes the rules of the session's client its own.
    fn obey(&mut self, _now: Instant) {
        let conduct = &mut self.conduct;
        let rules = &conduct.rules;
        let standing = rules.standing(&self.system_id);
        let admitted = rules.admitted(standing);
        conduct.client = standing.client();
        conduct.window = admitted.map_or(REQUESTS_OPEN_MAX, |client| client.window);
        conduct.rate = admitted.and_then(|client| client.rate);
        conduct.slots = Vec::new();
        conduct.slots.resize_with(rules.number_count() + 1, || None);
        conduct.is_plain =
            rules.number_count() == 0 && rules.message_rules(conduct.client, None) == MessageRules::default();
        let (session, wire) = rules.session_rules(conduct.client);
        let seed = rules.scenario().seed;
        self.chance = Chance::new(seed, self.number);
        // The wire's chance is its own: what it swallows does not change what the session does.
        let wire_chance = Chance::new(!seed, self.number);
        self.wire.obey(wire, session.answer_enquire_link, session.state_version, wire_chance);
        conduct.session = session;
    }

    fn start_timers(&mut self, now: Instant) {
        let timer = |wait_ms: u64| (wait_ms > 0).then(|| after(now, millis(wait_ms)));
        self.conduct.next_enquiry = timer(self.conduct.session.enquire_every_ms);
        self.conduct.ends_at = timer(self.conduct.session.disconnect_after_ms);
    }

    /// Does what is wanted from outside, and what is due by the rules.
    pub(super) fn act_by_itself(&mut self, now: Instant) {
        match self.member.wish() {
            Some(Disconnect::Unbind) => self.session.unbind(now),
            Some(Disconnect::Close) => self.session.close(now),
            Some(how @ (Disconnect::Reset | Disconnect::HalfPdu)) => self.wire.reset(how == Disconnect::HalfPdu),
            None => {}
        }
        if self.session.state() != State::Bound {
            self.conduct.next_enquiry = None;
            self.conduct.ends_at = None;
            return;
        }
        if self.conduct.next_enquiry.is_some_and(|due| due <= now) {
            let sequence = ENQUIRIES_FROM + (self.conduct.enquiries & 0x00FF_FFFF);
            self.conduct.enquiries = self.conduct.enquiries.wrapping_add(1);
            // enquire_link has no fields that could not be written; the session ignores answers it did not ask for.
            let _ = Pdu::request(sequence, Body::EnquireLink).encode(self.session.output());
            self.conduct.next_enquiry = Some(after(now, millis(self.conduct.session.enquire_every_ms)));
        }
        if self.conduct.ends_at.is_some_and(|due| due <= now) {
            self.session.close(now);
        }
    }

    /// A message was taken: it may have been the last one.
    pub(super) fn tire(&mut self, now: Instant) {
        self.conduct.messages += 1;
        let session = &self.conduct.session;
        let is_last = session.unbind_after_messages > 0 && self.conduct.messages >= session.unbind_after_messages;
        if is_last || self.chance.happens(session.unbind_chance) {
            self.session.unbind(now);
        }
    }

    /// Keeps the text of a message that reaches its phone, if texts are kept.
    pub(super) fn keep_text(&self, message: &ShortMessage, behaviour: Behaviour) {
        let reaches = match behaviour {
            Behaviour::Accept { receipts, .. } => {
                receipts.is_empty() || receipts.iter().any(|planned| planned.state == MessageState::Delivered)
            }
            Behaviour::ReceiptFirst(planned) => planned.state == MessageState::Delivered,
            Behaviour::Refuse(_) | Behaviour::Silence | Behaviour::ThrottleOnce => false,
        };
        if reaches
            && self.shared.phones.keeps_texts()
            && let Some(mut inbox) = self.shared.phones.inbox()
        {
            inbox.take(&self.system_id, message, self.shared.clock.wall());
        }
    }
}

fn millis(count: u64) -> Span {
    Span::millis(i64::try_from(count).unwrap_or(i64::MAX / 1_000))
}
