//! The end of a connection: what is told of each open submission, and what may still be written.

use tokio::io::{AsyncReadExt, AsyncWriteExt};
use whimbrel_core::{DoubtCause, Span};
use whimbrel_smpp::CommandStatus;
use whimbrel_smpp::session::{CloseReason, Instant, Session};

use crate::Order;
use crate::smpp::keeper::next_try;
use crate::smpp::outgoing::Outgoing;
use crate::smpp::reconnect::Ending;

use super::{Closed, LAST_READS_MAX, Link};

/// For the last octets to be written.
const FAREWELL_TIMEOUT: Span = Span::seconds(1);

impl Link<'_> {
    /// Writing failed. Answers that have already come would otherwise become doubts, so they are read first.
    pub(super) fn read_the_rest(&mut self, now: Instant) {
        for _ in 0..LAST_READS_MAX {
            if !self.session.wants_input() {
                break;
            }
            let mut task = std::task::Context::from_waker(std::task::Waker::noop());
            let mut reading = std::pin::pin!(self.socket.reader.read(&mut self.input));
            let std::task::Poll::Ready(Ok(count)) = reading.as_mut().poll(&mut task) else { break };
            if count == 0 {
                break;
            }
            self.session.received(self.input.get(..count).unwrap_or_default(), now);
        }
        self.disconnected(now);
    }

    /// The connection is gone. What the session has not handed out yet was not written either.
    pub(super) fn disconnected(&mut self, now: Instant) {
        take_all(&mut self.outgoing, &mut self.session);
        self.session.disconnected(now);
    }

    /// Reports the end and every open submission, writes what may be written, and says how long to wait before the next try.
    pub(super) async fn end(mut self, Closed { reason, outstanding }: Closed, now: Instant) -> Span {
        self.keeper.slot.set_link(None);
        self.keeper.slot.set_taking(None);
        self.end_probes();
        take_all(&mut self.outgoing, &mut self.session);
        let ending = match (self.bound_at, reason) {
            (Some(since), _) => Ending::WasBound(Span(now.0.saturating_sub(since.0))),
            (None, CloseReason::BindRefused(status)) => Ending::Refused(status),
            (None, _) => Ending::NotBound,
        };
        let pause = self.keeper.backoff.pause(ending, self.keeper.clock.random());
        self.report_end(reason, pause);
        self.settle(&outstanding);
        if reason != CloseReason::ConnectionLost {
            self.say_farewell().await;
        }
        pause
    }

    /// Down first, so that the engine does not hand over again at once what is given back.
    fn report_end(&mut self, reason: CloseReason, pause: Span) {
        let is_stopping = self.keeper.is_stopping() || self.keeper.order() == Order::Unbind;
        let name = &*self.keeper.shared.config.name;
        let advice = if is_stopping { "closed by us".into() } else { advice(reason, self.is_out_of_step, name) };
        let next = if is_stopping { String::new() } else { format!("; {}", next_try(pause)) };
        let why = format!("{reason}: {advice}{next}");
        let link = self.bound_at.map(|_| self.id);
        match reason {
            _ if is_stopping => tracing::info!(carrier = name, %reason, "carrier link closed"),
            CloseReason::BindRefused(_) => tracing::error!(carrier = name, %why, "carrier refused the bind"),
            _ => tracing::warn!(carrier = name, %why, "carrier link ended"),
        }
        if !is_stopping {
            self.keeper.slot.waiting(&why, pause, self.keeper.clock.wall());
        }
        self.keeper.report.down(link, &why);
    }

    /// Every open submission gets its event.
    fn settle(&mut self, outstanding: &[u32]) {
        let unsent = self.outgoing.unsent_submits();
        let at = self.keeper.clock.wall();
        for sequence in outstanding {
            let Some(pending) = self.pending.remove(sequence) else { continue };
            for ticket in pending.tickets.iter() {
                if unsent.contains(sequence) {
                    self.keeper.report.given_back(ticket, at);
                } else {
                    self.keeper.report.doubt(ticket, DoubtCause::LinkLost, at);
                }
            }
        }
        // Invariant: nothing is left, for the session names every open request. If it did not, doubt would be the truth.
        for (_, pending) in self.pending.drain() {
            for ticket in pending.tickets.iter() {
                self.keeper.report.doubt(ticket, DoubtCause::LinkLost, at);
            }
        }
        self.give_back_all();
        self.keeper.report.meters.set_unanswered(0);
        self.keeper.slot.set_unanswered(0);
    }

    /// Writes the last answers and ends the connection, as far as the carrier reads.
    async fn say_farewell(&mut self) {
        let farewell = self.outgoing.farewell();
        let timeout = self.keeper.clock.sleep(FAREWELL_TIMEOUT);
        let writer = &mut self.socket.writer;
        tokio::select! {
            biased;
            // The connection ends in any case: there is nothing to be done about a failure.
            _ = async { writer.write_all(&farewell).await?; writer.shutdown().await } => {}
            () = timeout => {}
        }
    }
}

fn take_all(outgoing: &mut Outgoing, session: &mut Session) {
    while session.has_output() {
        outgoing.take(session.output());
    }
}

/// What an operator can do about it.
fn advice(reason: CloseReason, is_out_of_step: bool, name: &str) -> String {
    match reason {
        CloseReason::BindRefused(status) => match status {
            CommandStatus::RINVPASWD => format!("check `password` of carrier `{name}`"),
            CommandStatus::RINVSYSID => format!("check `system_id` of carrier `{name}`"),
            CommandStatus::RALYBND => {
                format!("carrier `{name}` still holds another session of ours; end it if it is not this process's")
            }
            CommandStatus::RBINDFAIL => format!(
                "check `system_id`, `password` and `system_type` of carrier `{name}`, and that the carrier allows our \
                     address"
            ),
            _ => format!("ask carrier `{name}` if it goes on"),
        },
        CloseReason::BindTimedOut => {
            format!("something listens but does not speak SMPP: check `host` and `port` of carrier `{name}`")
        }
        CloseReason::Unbound | CloseReason::UnbindTimedOut | CloseReason::Ours if is_out_of_step => {
            "the carrier said that we were not bound, so we bind anew".into()
        }
        CloseReason::ConnectionLost | CloseReason::PeerUnbound => "ask the carrier if it goes on".into(),
        CloseReason::EnquireTimedOut => "the carrier or the network is stuck: ask the carrier if it goes on".into(),
        CloseReason::SlowReader => format!("the carrier is too slow: lower `window_max` of carrier `{name}`"),
        CloseReason::BadFrame | CloseReason::NackedWithoutSequence | CloseReason::InputOverrun => {
            "the two ends do not understand each other: report it with the carrier's name".into()
        }
        CloseReason::Unbound | CloseReason::UnbindTimedOut | CloseReason::Ours => "binding anew".into(),
    }
}
