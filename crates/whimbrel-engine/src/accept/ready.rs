//! A message that is ready to be stored, and the places that its parts take in the carrier's window.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use whimbrel_core::{Plan, ReplayKey, Timestamp};
use whimbrel_store::{Accept, Claim, Op};

use crate::batcher::Windows;
use crate::carriers::CarrierDesk;

/// A message that was decided, with what was taken for it.
pub(crate) struct Ready {
    /// What was decided.
    pub(crate) plan: Arc<Plan>,
    /// Its carrier's.
    pub(crate) desk: Arc<CarrierDesk>,
    /// Places that are reserved in the carrier's window for its parts. Those that nobody has taken are free again when this is dropped.
    places: AtomicUsize,
}

impl Ready {
    /// A message with nothing taken for it.
    pub(super) fn new(plan: Plan, desk: Arc<CarrierDesk>) -> Self {
        Self { plan: Arc::new(plan), desk, places: AtomicUsize::new(0) }
    }

    /// The operation that has it stored. Its parts wait in the queue, unless [`decide`](Self::decide) finds places for them.
    pub(crate) fn op(&self, replay: Option<ReplayKey>) -> Op {
        Op::Accept(Box::new(Accept { plan: Arc::clone(&self.plan), claim: Claim::Later, replay }))
    }

    /// Reserves places for its parts if they may leave at once; `op` claims them then. To be called when a batch takes the operation: a
    /// place is held for a commit and a carrier's answer, and not while the text waits for its turn.
    pub(crate) fn decide(&self, op: &mut Op, now: Timestamp) -> Windows {
        let count = self.plan.parts.len();
        let Op::Accept(accept) = op else { return Windows::Open };
        if self.plan.due_at > now {
            return Windows::Open;
        }
        let mut dispatch = self.desk.dispatch();
        if !dispatch.reserve(count, now) {
            return if dispatch.is_full(count, now) { Windows::Full } else { Windows::Open };
        }
        drop(dispatch);
        self.places.store(count, Ordering::Relaxed);
        accept.claim = Claim::Now;
        Windows::Open
    }

    /// Whether places are reserved. They are taken from now on, and freed by the carrier's answers.
    pub(super) fn take_places(&self) -> bool {
        self.places.swap(0, Ordering::Relaxed) > 0
    }
}

impl Drop for Ready {
    fn drop(&mut self) {
        let count = *self.places.get_mut();
        if count > 0 {
            self.desk.free_places(count);
        }
    }
}

#[cfg(test)]
mod tests {
    use whimbrel_core::part::DoubtRules;
    use whimbrel_core::plan::{Cut, PlannedPart, parts_of};
    use whimbrel_core::{
        AccountId, Alphabet, CaptureOn, CarrierId, Content, Currency, LinkId, MessageClass, MessageId, MessageText,
        Money, PartId, PhoneNumber, ReceiptWish, Registration, SenderId, Span, Telling,
    };
    use whimbrel_sms::ConcatRef;

    use super::*;
    use crate::carriers::CarrierRules;
    use crate::dispatch::{InStore, Pace};

    const NOW: Timestamp = Timestamp(1_795_526_000_000_000);
    const LINK: LinkId = LinkId(1);

    /// A carrier's desk with so many places.
    fn desk(window_max: u16) -> Arc<CarrierDesk> {
        let pace = Pace { parts_per_second_max: 0 };
        let rules = CarrierRules { doubt: DoubtRules::default(), pace, down_grace: Span::ZERO };
        let desk = CarrierDesk::new(CarrierId(1), "acme".into(), rules);
        desk.dispatch().up(LINK, window_max);
        desk.dispatch().refill([], InStore::Nothing, NOW);
        Arc::new(desk)
    }

    fn ready(desk: &Arc<CarrierDesk>, text: &str, due_at: Timestamp) -> Ready {
        let content = Content::Text { text: MessageText::new(text), alphabet: Alphabet::Gsm7Lossy };
        let cut = Cut { reference: ConcatRef::Octet(9), slack: 0 };
        let (encoding, contents) = parts_of(&content, cut).expect("fits");
        let parts = (1..).zip(contents).map(|(id, content)| PlannedPart { part_id: PartId(id), content }).collect();
        let plan = Plan {
            message_id: MessageId(1),
            serial: None,
            account_id: AccountId(1),
            dialect: "plain",
            class: MessageClass::Bulk,
            recipient: PhoneNumber::parse("447700900123").expect("a number"),
            sender: SenderId::Name("Acme Inc".into()),
            content,
            handset_class: None,
            registration: Registration::default(),
            cut,
            encoding,
            parts,
            price: Money::new(1, Currency::EUR),
            capture_on: CaptureOn::CarrierAccept,
            network: "23420".into(),
            carrier: CarrierId(1),
            route: "britain".into(),
            epoch: 1,
            receipt: ReceiptWish::Wanted,
            callback: None,
            telling: Telling::default(),
            application: None,
            client_ref: None,
            account_ref: None,
            validity: None,
            accepted_at: NOW,
            due_at,
            expires_at: due_at + Span::hours(1),
            idempotency: None,
        };
        Ready::new(plan, Arc::clone(desk))
    }

    /// What it finds, and whether its parts are claimed.
    fn decided(ready: &Ready) -> (Windows, bool) {
        let mut op = ready.op(None);
        let found = ready.decide(&mut op, NOW);
        (found, matches!(op, Op::Accept(accept) if accept.claim == Claim::Now))
    }

    #[test]
    fn a_text_takes_its_places_or_finds_the_window_full() {
        let desk = desk(3);
        let (two, one) = (ready(&desk, &"a".repeat(200), NOW), ready(&desk, "one", NOW));
        assert_eq!(decided(&two), (Windows::Open, true));
        let other = ready(&desk, &"b".repeat(200), NOW);
        assert_eq!(decided(&other), (Windows::Full, false), "one place is left for two parts");
        assert_eq!(decided(&one), (Windows::Open, true));
        assert_eq!(desk.dispatch().used(), 3);
        drop(two);
        assert_eq!(desk.dispatch().used(), 1, "nobody took them");
        assert!(one.take_places());
        drop(one);
        assert_eq!(desk.dispatch().used(), 1, "an answer brings it back");
    }

    #[test]
    fn who_needs_no_place_now_or_gets_none_by_waiting_finds_no_window_full() {
        let desk = desk(1);
        let later = ready(&desk, "later", NOW + Span(1));
        assert_eq!((decided(&later), desk.dispatch().used()), ((Windows::Open, false), 0));
        assert_eq!(decided(&ready(&desk, &"a".repeat(200), NOW)), (Windows::Open, false), "it never fits");
        desk.dispatch().down(LINK);
        assert_eq!(decided(&ready(&desk, "no link", NOW)), (Windows::Open, false));
    }
}
