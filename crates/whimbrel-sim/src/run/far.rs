//! What the world outside does: far ends that take, answer and report, and receivers of webhooks.

use tokio::sync::oneshot;
use whimbrel_core::{
    AnswerTiming, AttemptNumber, CarrierEvent, CarrierId, DoubtCause, LinkId, PartId, Span, Submission, World,
};
use whimbrel_dialects::{PublicId, registry};

use super::{Deed, REDELIVERY, Sim};
use crate::far_end::{Answer, Try, message_id};
use crate::outside::Reply;
use crate::promise::Check;
use crate::store::lock;

impl Sim {
    pub(super) fn arrive(&mut self, carrier: CarrierId, submission: &Submission) {
        let index = usize::from(carrier.0) - 1;
        let tried = (submission.part_id, submission.attempt.0);
        self.trace.tell(format_args!("{} part {:x}.{} to {}", self.world.elapsed().0, tried.0.0, tried.1, carrier.0));
        lock(&self.model).submitted(carrier, submission);
        let far_end = &mut self.far_ends[index];
        let Some(link) = far_end.link else {
            // It was handed over while the link ended: no byte of it left.
            far_end.open.insert(tried);
            let link = LinkId(0);
            return self.after(Span::millis(1), Deed::Answer(index, link, tried, Answer::GivenBack));
        };
        let fate = far_end.arrives(submission, &mut self.chance);
        let open = far_end.open.len();
        let mut model = lock(&self.model);
        if open > usize::from(self.setup.window) {
            model.fault(Check::WINDOW_IS_KEPT, format!("{open} are open in a window of {}", self.setup.window));
        }
        if let Some(raw) = fate.taken_as {
            model.taken(tried.0, raw);
        }
        drop(model);
        for (span, answer) in fate.answers {
            self.after(span, Deed::Answer(index, link, tried, answer));
        }
        for (span, number) in fate.deliveries {
            self.after(span, Deed::Deliver(index, number));
        }
    }

    pub(super) fn up(&mut self, index: usize) -> Result<(), String> {
        let Some(life) = &self.life else { return Ok(()) };
        let far_end = &mut self.far_ends[index];
        if far_end.link.is_some() {
            return Ok(());
        }
        self.link_count += 1;
        let link = LinkId(self.link_count);
        far_end.link = Some(link);
        life.carriers[index].set_open(true);
        life.tell(CarrierEvent::Up { carrier: far_end.id, link, window_max: self.setup.window })
    }

    pub(super) fn down(&mut self, index: usize) -> Result<(), String> {
        let (Some(life), Some(link)) = (&self.life, self.far_ends[index].link.take()) else { return Ok(()) };
        lock(&self.model).coverage.count("link down");
        if self.chance.percent(50) {
            lock(&self.model).coverage.count("carrier hands back at once");
            life.carriers[index].set_open(false);
        }
        let at = self.world.now();
        let carrier = self.far_ends[index].id;
        for (part_id, attempt) in std::mem::take(&mut self.far_ends[index].open) {
            let attempt = AttemptNumber(attempt);
            let cause = DoubtCause::LinkLost;
            life.tell(CarrierEvent::Doubt { carrier, part_id, attempt, cause, at })?;
        }
        life.tell(CarrierEvent::Down { carrier, link: Some(link), why: "simulated".into() })?;
        let span = self.chance.millis(500, 10_000);
        self.after(span, Deed::Up(index));
        Ok(())
    }

    pub(super) fn answer(&mut self, index: usize, link: LinkId, tried: Try, answer: Answer) -> Result<(), String> {
        let Some(life) = &self.life else { return Ok(()) };
        let far_end = &mut self.far_ends[index];
        let is_late = matches!(answer, Answer::Late(_));
        // What a link did not answer while it was up, it never answers. A late answer comes on the same link.
        let is_awaited = if is_late { far_end.link == Some(link) } else { far_end.open.remove(&tried) };
        if !is_awaited {
            return Ok(());
        }
        self.trace.tell(format_args!("{} part {:x}.{}: {answer:?}", self.world.elapsed().0, tried.0.0, tried.1));
        let (carrier, at) = (far_end.id, self.world.now());
        let (part_id, attempt): (PartId, _) = (tried.0, AttemptNumber(tried.1));
        let timing = if is_late { AnswerTiming::Late } else { AnswerTiming::InTime };
        life.tell(match answer {
            Answer::Taken(raw) | Answer::Late(raw) => {
                CarrierEvent::Sent { carrier, part_id, attempt, id: message_id(&raw), timing, at }
            }
            Answer::Refused(error) => CarrierEvent::Refused { carrier, part_id, attempt, error, at },
            Answer::Lost(cause) => CarrierEvent::Doubt { carrier, part_id, attempt, cause, at },
            Answer::GivenBack => CarrierEvent::GivenBack { carrier, part_id, attempt, at },
        })
    }

    pub(super) fn deliver(&mut self, index: usize, number: u32) -> Result<(), String> {
        let far_end = &self.far_ends[index];
        if !far_end.is_waiting(number) {
            return Ok(());
        }
        if let (Some(life), Some((receipt, ack))) = (&self.life, far_end.deliver(number)) {
            let (carrier, at) = (far_end.id, self.world.now());
            let told = (self.world.elapsed().0, &receipt.raw_id, receipt.status);
            self.trace.tell(format_args!("{} receipt for {}: {:?}", told.0, told.1, told.2));
            life.tell(CarrierEvent::Receipt { carrier, receipt, ack, at })?;
        }
        // Until it is acknowledged it comes again.
        self.after(REDELIVERY, Deed::Deliver(index, number));
        Ok(())
    }

    pub(super) fn reply(&mut self, answer: oneshot::Sender<Reply>, reply: Reply, told: Vec<String>) {
        let mut model = lock(&self.model);
        model.coverage.count(match reply {
            Ok(200) => "webhook taken",
            Ok(_) => "webhook failed",
            Err(_) => "webhook without an answer",
        });
        if reply == Ok(200) {
            let dialect = registry::DIALECTS[0];
            let ids = told.iter().filter_map(|value| match dialect.read_public_id(value)? {
                PublicId::Id(id) => Some(id),
                PublicId::Serial(_) => None,
            });
            let found: Vec<i64> = ids.filter(|id| model.parts.contains_key(id)).collect();
            match found.first().and_then(|id| model.parts.get_mut(id)) {
                Some(part) => part.heard.extend(told),
                None => model.fault(Check::TOLD_HAPPENED, format!("a webhook tells of no part: {told:?}")),
            }
        }
        // A process that died does not hear it.
        _ = answer.send(reply);
    }
}
