//! Submissions on their way out, and what becomes of the answers.

use std::sync::atomic::Ordering;

use whimbrel_core::{AnswerTiming, CarrierError, DoubtCause, Submission, Timestamp};
use whimbrel_smpp::session::{Instant, RequestRefused, State};
use whimbrel_smpp::{Body, Pdu, ShortMessage};

use crate::Order;
use crate::smpp::answer::{self, Answer, Then, Validity};
use crate::smpp::concat::ConcatMethod;
use crate::smpp::gather::Gathered;
use crate::smpp::report::Ticket;
use crate::smpp::wire::{self, Times, Writing};

use super::watched::Code;
use super::{LATE_MAX, Link};

/// What goes out as one PDU.
pub(super) enum Ready {
    One(Box<Submission>),
    /// All parts of a message, in their order.
    Whole(Vec<Submission>),
}

/// The submissions of one PDU.
#[derive(Debug, Clone)]
pub(super) struct Tickets {
    first: Ticket,
    /// Where parts went out as one.
    others: Vec<Ticket>,
}

/// A PDU without an answer.
pub(super) struct Pending {
    pub(super) tickets: Tickets,
    validity: Validity,
    /// When it was handed to the connection.
    since: Instant,
}

/// A PDU that timed out, and whose answer may still come.
pub(super) struct Late {
    sequence: u32,
    tickets: Tickets,
}

impl Ready {
    fn submissions(&self) -> &[Submission] {
        match self {
            Self::One(submission) => std::slice::from_ref(submission),
            Self::Whole(submissions) => submissions,
        }
    }

    fn tickets(&self) -> Option<Tickets> {
        let (first, others) = self.submissions().split_first()?;
        Some(Tickets { first: first.into(), others: others.iter().map(Ticket::from).collect() })
    }

    fn written(&self, writing: Writing<'_>) -> Result<ShortMessage, CarrierError> {
        match self {
            Self::One(submission) => wire::submit_sm(submission, writing),
            Self::Whole(submissions) => wire::submit_whole(submissions, writing),
        }
    }
}

impl Tickets {
    pub(super) fn iter(&self) -> impl Iterator<Item = Ticket> + '_ {
        std::iter::once(self.first).chain(self.others.iter().copied())
    }
}

impl Link<'_> {
    /// Whether a submission can be dealt with: sent, or given back.
    pub(super) fn may_take(&self) -> bool {
        let is_wanted = !self.is_sending() || self.session.window_free() > 0 && self.ready.is_empty();
        is_wanted && !self.keeper.report.is_behind()
    }

    /// Whether submissions go out at all.
    fn is_sending(&self) -> bool {
        let is_open = self.session.state() == State::Bound && self.keeper.slot.mode.may_submit();
        is_open && self.keeper.order() != Order::Drain
    }

    /// Takes a submission.
    pub(super) fn submit(&mut self, submission: Submission, now: Instant) {
        if !self.is_sending() {
            return self.keeper.give_back(&submission);
        }
        if self.keeper.config().concat == ConcatMethod::Payload && submission.part_count > 1 {
            for gathered in self.gather.take(submission, now) {
                self.take_gathered(gathered);
            }
        } else {
            self.ready.push_back(Ready::One(Box::new(submission)));
        }
        self.send_ready(now);
    }

    /// Lets go what has waited long enough, sends what there is room for, and gives back what will not be sent.
    pub(super) fn let_go(&mut self, now: Instant) {
        if !self.is_sending() {
            return self.give_back_all();
        }
        while let Some(gathered) = self.gather.expired(now) {
            self.take_gathered(gathered);
        }
        self.send_ready(now);
    }

    /// Gives back everything that was not handed to the session.
    pub(super) fn give_back_all(&mut self) {
        while let Some(ready) = self.ready.pop_front() {
            self.give_back_each(ready.submissions());
        }
        let waiting = self.gather.drain();
        self.give_back_each(&waiting);
    }

    fn give_back_each(&mut self, submissions: &[Submission]) {
        for submission in submissions {
            self.keeper.give_back(submission);
        }
    }

    fn take_gathered(&mut self, gathered: Gathered) {
        match gathered {
            Gathered::Whole(submissions) => self.ready.push_back(Ready::Whole(submissions)),
            Gathered::Incomplete(submissions) => self.give_back_each(&submissions),
            Gathered::Apart(submissions) => {
                self.ready.extend(submissions.into_iter().map(|submission| Ready::One(Box::new(submission))));
            }
        }
    }

    fn send_ready(&mut self, now: Instant) {
        while self.session.window_free() > 0 && !self.keeper.report.is_behind() {
            let Some(ready) = self.ready.pop_front() else { break };
            self.send(ready, now);
        }
    }

    fn send(&mut self, ready: Ready, now: Instant) {
        let Some(tickets) = ready.tickets() else { return };
        let at = self.keeper.clock.wall();
        let times = if self.keeper.shared.omits_times.load(Ordering::Relaxed) { Times::Omit } else { Times::Send };
        let message = match ready.written(Writing { config: self.keeper.config(), times, at }) {
            Ok(message) => message,
            Err(error) => return self.refuse(&tickets, &error),
        };
        let validity = if message.validity_period.is_empty() { Validity::Omitted } else { Validity::Given };
        let code = if ready.submissions().iter().any(|one| one.has_code) { Code::Inside } else { Code::None };
        let shown = self.to_show(&message, code);
        match self.session.request(Body::SubmitSm(Box::new(message)), now) {
            Ok(sequence) => {
                if let Some(shown) = shown {
                    self.show_submission(shown, sequence, &tickets);
                }
                self.pending.insert(sequence, Pending { tickets, validity, since: now });
            }
            Err(RequestRefused::Unencodable(error)) => self.refuse(&tickets, &wire::unwritable(&error)),
            Err(
                RequestRefused::NotBound
                | RequestRefused::NotAllowed
                | RequestRefused::WindowFull
                | RequestRefused::OutputFull,
            ) => self.give_back_each(ready.submissions()),
        }
    }

    fn refuse(&mut self, tickets: &Tickets, error: &CarrierError) {
        let at = self.keeper.clock.wall();
        for ticket in tickets.iter() {
            self.keeper.report.refused(ticket, error.clone(), at);
        }
    }

    /// Takes the answer to a PDU.
    pub(super) fn answered(&mut self, sequence: u32, pdu: &Pdu, now: Instant) {
        self.keeper.report.meters.pdu(pdu.command_id(), pdu.status);
        let Some(Pending { tickets, validity, since }) = self.pending.remove(&sequence) else { return };
        self.show_answer(pdu, &tickets);
        // Both instants are microseconds of one clock.
        self.keeper.report.meters.answered_after.record((now.0 - since.0).max(0) as f64 / 1e6);
        let at = self.keeper.clock.wall();
        match answer::read(pdu, validity, self.keeper.config().rule(pdu.status)) {
            Answer::Sent(id) => {
                if id.key.is_empty() && !self.is_idless {
                    // Once for each connection: such a carrier gives an id to none.
                    self.is_idless = true;
                    let carrier = &*self.keeper.config().name;
                    tracing::warn!(
                        carrier,
                        "carrier takes parts without giving ids: no receipt will be found for them"
                    );
                }
                for ticket in tickets.iter() {
                    self.keeper.report.sent(ticket, id.clone(), AnswerTiming::InTime, at);
                }
            }
            Answer::Refused(error, then) => {
                let is_throttled = matches!(error, CarrierError::Throttled { .. });
                if is_throttled {
                    self.throttled(&tickets, error, at);
                } else {
                    self.refuse(&tickets, &error);
                }
                self.follow(then, pdu, now);
            }
        }
    }

    /// A PDU that was refused for being too much is one refusal, however many parts it had. Where parts are put together, more of
    /// them are here than the window allows: they go back, so that the carrier's pause holds for them too.
    fn throttled(&mut self, tickets: &Tickets, error: CarrierError, at: Timestamp) {
        self.keeper.report.refused(tickets.first, error, at);
        for ticket in &tickets.others {
            self.keeper.report.given_back(*ticket, at);
        }
        if self.keeper.config().concat == ConcatMethod::Payload {
            self.give_back_all();
            while let Ok(submission) = self.keeper.channels.submissions.try_recv() {
                self.keeper.give_back(&submission);
            }
        }
    }

    /// Does what an error asks for.
    fn follow(&mut self, then: Then, pdu: &Pdu, now: Instant) {
        let carrier = &*self.keeper.shared.config.name;
        let code = answer::code(pdu.status);
        match then {
            Then::Nothing => {}
            Then::ReportFault => {
                tracing::error!(carrier, %code, "carrier calls a submission malformed: report it with the carrier's name");
            }
            Then::OmitValidity => {
                if !self.keeper.shared.omits_times.swap(true, Ordering::Relaxed) {
                    tracing::warn!(carrier, %code, "carrier takes no validity period: none is sent from now on");
                }
            }
            Then::Rebind => {
                if !self.is_out_of_step {
                    tracing::warn!(carrier, %code, "carrier says that we are not bound: binding anew");
                    self.is_out_of_step = true;
                }
                self.session.unbind(now);
            }
        }
    }

    /// Takes the answer to a PDU that timed out.
    pub(super) fn answered_late(&mut self, sequence: u32, pdu: &Pdu) {
        self.keeper.report.meters.pdu(pdu.command_id(), pdu.status);
        let Some(at) = self.late.iter().position(|late| late.sequence == sequence) else { return };
        let Some(Late { tickets, .. }) = self.late.remove(at) else { return };
        self.show_answer(pdu, &tickets);
        // A late refusal changes nothing: the doubt was reported, and is settled by its policy.
        if let Answer::Sent(id) = answer::read(pdu, Validity::Omitted, None) {
            let at = self.keeper.clock.wall();
            for ticket in tickets.iter() {
                self.keeper.report.sent(ticket, id.clone(), AnswerTiming::Late, at);
            }
        }
    }

    /// No answer came in time.
    pub(super) fn timed_out(&mut self, sequence: u32) {
        let Some(Pending { tickets, .. }) = self.pending.remove(&sequence) else { return };
        let at = self.keeper.clock.wall();
        for ticket in tickets.iter() {
            self.keeper.report.doubt(ticket, DoubtCause::AnswerTimedOut, at);
        }
        if self.late.len() >= usize::from(LATE_MAX) {
            self.late.pop_front();
        }
        self.late.push_back(Late { sequence, tickets });
    }
}
