use proptest::prelude::*;

use super::*;

const T0: Timestamp = Timestamp(1_795_526_000_000_000);

fn queued() -> PartRecord {
    PartRecord {
        part_id: PartId(7),
        message_id: MessageId(7),
        number: 1,
        account_id: AccountId(1),
        class: MessageClass::Otp,
        carrier: CarrierId(1),
        state: PartState::Queued { due_at: T0 },
        attempt: AttemptNumber(0),
        failures: 0,
        doubts: 0,
        reroutes: 0,
        unclear_until: None,
        price: 3_330_000,
        funds: Funds::Held,
        capture_on: CaptureOn::CarrierAccept,
        expires_at: T0 + Span::hours(72),
        told: None,
        receipt: ReceiptWish::Wanted,
    }
}

fn after(record: PartRecord, events: &[PartEvent]) -> PartRecord {
    events.iter().fold(record, |record, event| match apply(&record, event, T0) {
        Transition::Changed { record, .. } => record,
        Transition::Ignored(_) => record,
    })
}

fn claim(attempt: u16) -> PartEvent {
    PartEvent::Claimed { attempt: AttemptNumber(attempt) }
}

fn sent_as(attempt: u16) -> PartEvent {
    PartEvent::Sent { attempt: AttemptNumber(attempt) }
}

fn doubt(attempt: u16, policy: DoubtPolicy) -> PartEvent {
    let rules = DoubtRules::all(policy);
    PartEvent::Doubt { attempt: AttemptNumber(attempt), cause: DoubtCause::LinkLost, rules }
}

fn report(status: ReceiptStatus) -> PartEvent {
    PartEvent::Receipt(Report { carrier: CarrierId(1), status, cause: Cause::None, next: None })
}

fn refusal(attempt: u16, error: CarrierError) -> PartEvent {
    PartEvent::Refused { attempt: AttemptNumber(attempt), error, retry_at: T0 + Span::seconds(1), next: None }
}

fn permanent() -> CarrierError {
    CarrierError::Permanent {
        cause: Cause::Spam,
        status: ReceiptStatus::Rejected,
        code: "0x65".into(),
        scope: RefusalScope::ThisCarrier,
    }
}

#[test]
fn what_one_carrier_refuses_for_itself_goes_to_the_next() {
    let record = apply(&queued(), &PartEvent::Claimed { attempt: AttemptNumber(1) }, T0);
    let Transition::Changed { record, .. } = record else { panic!("{record:?}") };
    let event = |error| PartEvent::Refused { attempt: AttemptNumber(1), error, retry_at: T0, next: Some(CarrierId(9)) };
    let permanent = |scope| CarrierError::Permanent {
        cause: Cause::SenderFilter,
        status: ReceiptStatus::Rejected,
        code: "0x0a".into(),
        scope,
    };
    let moved = apply(&record, &event(permanent(RefusalScope::ThisCarrier)), T0);
    assert!(
        matches!(
            moved,
            Transition::Changed {
                record: PartRecord { carrier: CarrierId(9), state: PartState::Queued { due_at: T0 }, failures: 0, .. },
                money: None,
                tell: None
            }
        ),
        "{moved:?}"
    );
    let ended = apply(&record, &event(permanent(RefusalScope::Everywhere)), T0);
    assert!(
        matches!(ended, Transition::Changed { record: PartRecord { state: PartState::Final(_), .. }, .. }),
        "{ended:?}"
    );
    // A carrier that may yet take it is asked again first.
    let temporary = |retries_max| CarrierError::Temporary { code: "0x45".into(), retries_max };
    let again = apply(&record, &event(temporary(1)), T0);
    assert!(
        matches!(again, Transition::Changed { record: PartRecord { carrier, failures: 1, .. }, .. } if carrier == record.carrier),
        "{again:?}"
    );
    let tried = PartRecord { failures: 1, ..record };
    let moved = apply(&tried, &event(temporary(1)), T0);
    assert!(
        matches!(moved, Transition::Changed { record: PartRecord { carrier: CarrierId(9), failures: 0, .. }, .. }),
        "{moved:?}"
    );
}

#[test]
fn the_usual_life_captures_once_and_tells_once() {
    let submitting = after(queued(), &[claim(1)]);
    assert_eq!(submitting.state, PartState::Submitting { since: T0 });
    let Transition::Changed { record, money, tell } = apply(&submitting, &sent_as(1), T0) else { panic!("ignored") };
    assert_eq!((record.funds, money, tell), (Funds::Captured, Some(MoneyMove::Capture), None));
    let Transition::Changed { record, money, tell } = apply(&record, &report(ReceiptStatus::Delivered), T0) else {
        panic!("ignored")
    };
    assert_eq!(money, None);
    assert_eq!(tell.map(|end| end.status), Some(ReceiptStatus::Delivered));
    assert_eq!(apply(&record, &report(ReceiptStatus::Delivered), T0), Transition::Ignored(Ignored::Late));
}

#[test]
fn a_refusal_for_good_gives_the_hold_back() {
    let submitting = after(queued(), &[claim(1)]);
    let Transition::Changed { record, money, .. } = apply(&submitting, &refusal(1, permanent()), T0) else {
        panic!("ignored")
    };
    assert_eq!((record.funds, money), (Funds::Released, Some(MoneyMove::Release)));
}

#[test]
fn where_delivery_is_paid_for_only_delivery_captures() {
    let base = PartRecord { capture_on: CaptureOn::Delivery, ..queued() };
    let submitted = after(base, &[claim(1), sent_as(1)]);
    assert_eq!(submitted.funds, Funds::Held);
    assert_eq!(after(submitted, &[report(ReceiptStatus::Delivered)]).funds, Funds::Captured);
    assert_eq!(after(submitted, &[report(ReceiptStatus::Failed)]).funds, Funds::Released);
}

/// A carrier says that the number is in another network.
fn moved(carrier: u16, next: Option<u16>) -> PartEvent {
    let (carrier, next) = (CarrierId(carrier), next.map(CarrierId));
    PartEvent::Receipt(Report { carrier, status: ReceiptStatus::Failed, cause: Cause::Ported, next })
}

fn report_by(carrier: u16, status: ReceiptStatus) -> PartEvent {
    PartEvent::Receipt(Report { carrier: CarrierId(carrier), status, cause: Cause::None, next: None })
}

#[test]
fn a_receipt_of_another_network_sends_a_part_on_once_and_it_is_charged_once() {
    for (capture_on, funds) in [(CaptureOn::CarrierAccept, Funds::Captured), (CaptureOn::Delivery, Funds::Held)] {
        let submitted = after(PartRecord { capture_on, ..queued() }, &[claim(1), sent_as(1)]);
        let Transition::Changed { record, money, tell } = apply(&submitted, &moved(1, Some(2)), T0) else {
            panic!("ignored")
        };
        assert_eq!((record.state, record.carrier), (PartState::Queued { due_at: T0 }, CarrierId(2)));
        assert_eq!((record.reroutes, record.funds, money, tell), (1, funds, None, None));
        assert_eq!(record.known_state(), PartState::Submitted { at: T0 }, "its customer knows of no way back");
        // Neither called back nor handed on before it left: a carrier had it.
        let on = PartEvent::HandedOn { attempt: AttemptNumber(2), next: CarrierId(1) };
        assert_eq!(apply(&record, &PartEvent::Cancelled, T0), Transition::Ignored(Ignored::Stale));
        assert_eq!(apply(&record, &on, T0), Transition::Ignored(Ignored::Stale));
        // The report comes again, at each step.
        for record in [record, after(record, &[claim(2)]), after(record, &[claim(2), sent_as(2)])] {
            assert_eq!(apply(&record, &moved(1, Some(2)), T0), Transition::Ignored(Ignored::Stale));
        }
        let second = after(record, &[claim(2), sent_as(2)]);
        let end = |event| after(second, &[event]);
        assert_eq!(end(report_by(2, ReceiptStatus::Delivered)).funds, Funds::Captured);
        assert_eq!(end(report_by(1, ReceiptStatus::Delivered)).funds, Funds::Captured, "it arrived after all");
        let moved_again = end(moved(2, Some(3)));
        assert_eq!(moved_again.state, PartState::Final(Final { status: ReceiptStatus::Failed, cause: Cause::Ported }));
        let refused = after(record, &[claim(2), refusal(2, permanent())]);
        assert!(matches!(refused.state, PartState::Final(_)));
        assert_eq!(refused.funds, if capture_on == CaptureOn::Delivery { Funds::Released } else { Funds::Captured });
    }
}

#[test]
fn a_part_goes_nowhere_else_after_doubt_after_its_expiry_or_without_a_carrier() {
    let submitted = after(queued(), &[claim(1), sent_as(1)]);
    let in_doubt = after(queued(), &[claim(1), doubt(1, DoubtPolicy::Resend), claim(2), sent_as(2)]);
    for (record, event, now) in [
        (in_doubt, moved(1, Some(2)), T0),
        (submitted, moved(1, Some(2)), submitted.expires_at),
        (submitted, moved(1, None), T0),
        (submitted, moved(1, Some(1)), T0),
    ] {
        let Transition::Changed { record, .. } = apply(&record, &event, now) else { panic!("ignored: {event:?}") };
        assert_eq!(record.state, PartState::Final(Final { status: ReceiptStatus::Failed, cause: Cause::Ported }));
    }
}

#[test]
fn where_delivery_is_paid_for_nobody_knows_waits_a_minute_for_better_news() {
    let base = PartRecord { capture_on: CaptureOn::Delivery, ..queued() };
    let submitted = after(base, &[claim(1), sent_as(1)]);
    let unknown = report(ReceiptStatus::Unknown);
    let unclear = after(submitted, std::slice::from_ref(&unknown));
    let until = T0 + BETTER_NEWS_WITHIN;
    assert_eq!((unclear.state, unclear.unclear_until), (submitted.state, Some(until)));
    assert_eq!(apply(&unclear, &unknown, until - Span(1)), Transition::Ignored(Ignored::Repeated));
    assert_eq!(apply(&unclear, &PartEvent::Clock, until - Span(1)), Transition::Ignored(Ignored::NotDue));
    let Transition::Changed { record, money, tell } = apply(&unclear, &PartEvent::Clock, until) else { panic!("open") };
    let end = Final { status: ReceiptStatus::Unknown, cause: Cause::Unknown };
    assert_eq!((record.state, money, tell), (PartState::Final(end), Some(MoneyMove::Release), Some(end)));
    assert_eq!(after(unclear, &[report(ReceiptStatus::Delivered)]).funds, Funds::Captured);
    // Any word of it but that one is better news, also one that was told before; then the next such word starts the wait anew.
    for status in [ReceiptStatus::Buffered, ReceiptStatus::Accepted] {
        for told in [None, Some(status)] {
            let unclear = PartRecord { told, ..unclear };
            let Transition::Changed { record, tell, .. } = apply(&unclear, &report(status), T0) else { panic!("news") };
            assert_eq!((record.unclear_until, record.told, tell.is_some()), (None, Some(status), told.is_none()));
            assert_eq!(apply(&record, &PartEvent::Clock, until), Transition::Ignored(Ignored::NotDue));
            let paid = after(record, &[report(ReceiptStatus::Delivered)]);
            assert_eq!((paid.funds, paid.told), (Funds::Captured, record.told));
            assert_eq!(after(record, std::slice::from_ref(&unknown)).unclear_until, Some(until));
        }
    }
    // Where the carrier's acceptance is paid for, it is an end like any other.
    let ended = after(after(queued(), &[claim(1), sent_as(1)]), &[unknown]);
    assert!(matches!(ended.state, PartState::Final(_)));
}

#[test]
fn throttling_is_no_failure_and_three_temporary_refusals_are_enough() {
    let throttled = CarrierError::Throttled { pause: Span::seconds(1), code: "0x58".into() };
    let back = after(queued(), &[claim(1), refusal(1, throttled)]);
    assert_eq!((back.state, back.failures), (PartState::Queued { due_at: T0 + Span::seconds(1) }, 0));
    let temporary = || CarrierError::Temporary { code: "0x08".into(), retries_max: 3 };
    let mut record = queued();
    for attempt in 1..=3 {
        record = after(record, &[claim(attempt), refusal(attempt, temporary())]);
        assert!(matches!(record.state, PartState::Queued { .. }), "attempt {attempt}");
    }
    record = after(record, &[claim(4), refusal(4, temporary())]);
    assert_eq!(record.state, PartState::Final(Final { status: ReceiptStatus::Failed, cause: Cause::NetworkFault }));
}

#[test]
fn doubt_resends_at_most_r_times_and_then_waits_for_a_receipt() {
    let once = after(queued(), &[claim(1), doubt(1, DoubtPolicy::Resend)]);
    assert_eq!((once.state, once.doubts), (PartState::Queued { due_at: T0 }, 1));
    let twice = after(once, &[claim(2), doubt(2, DoubtPolicy::Resend)]);
    assert_eq!(twice.state, PartState::Uncertain { resolve_at: twice.expires_at });
    assert_eq!(after(twice, &[report(ReceiptStatus::Delivered)]).funds, Funds::Captured);
}

#[test]
fn a_late_answer_calls_the_resend_off() {
    let in_doubt = after(queued(), &[claim(1), doubt(1, DoubtPolicy::Resend)]);
    let settled = after(in_doubt, &[sent_as(1)]);
    assert_eq!(settled.state, PartState::Submitted { at: T0 });
    assert_eq!(apply(&settled, &claim(2), T0), Transition::Ignored(Ignored::Stale));
}

#[test]
fn a_late_answer_counts_while_the_resend_is_on_its_way() {
    let resent = after(queued(), &[claim(1), doubt(1, DoubtPolicy::Resend), claim(2)]);
    let settled = after(resent, &[sent_as(1)]);
    assert_eq!((settled.state, settled.funds), (PartState::Submitted { at: T0 }, Funds::Captured));
    assert_eq!(apply(&settled, &refusal(2, permanent()), T0), Transition::Ignored(Ignored::Stale));
    assert_eq!(apply(&settled, &sent_as(2), T0), Transition::Ignored(Ignored::Repeated));
    // Without a doubt an earlier try cannot have been taken.
    let throttled = CarrierError::Throttled { pause: Span::seconds(1), code: "0x58".into() };
    let again = after(queued(), &[claim(1), refusal(1, throttled), claim(2)]);
    assert_eq!(apply(&again, &sent_as(1), T0), Transition::Ignored(Ignored::Stale));
}

#[test]
fn the_policies_of_doubt_differ() {
    let state = |policy| after(queued(), &[claim(1), doubt(1, policy)]).state;
    assert_eq!(state(DoubtPolicy::HoldForReceipt), PartState::Uncertain { resolve_at: queued().expires_at });
    assert_eq!(state(DoubtPolicy::WaitThenResend), PartState::Uncertain { resolve_at: T0 + Span::seconds(60) });
    assert!(matches!(state(DoubtPolicy::FailUnknown), PartState::Final(Final { status: ReceiptStatus::Unknown, .. })));
}

#[test]
fn expiry_depends_on_whether_the_carrier_has_the_part() {
    let late = queued().expires_at;
    let at = |record: PartRecord, now| match apply(&record, &PartEvent::Clock, now) {
        Transition::Changed { record, money, tell } => (record.funds, money, tell.map(|end| end.status)),
        Transition::Ignored(_) => panic!("ignored"),
    };
    let at_expiry = |record| at(record, late);
    assert_eq!(at_expiry(queued()), (Funds::Released, Some(MoneyMove::Release), Some(ReceiptStatus::Expired)));
    let submitted = after(queued(), &[claim(1), sent_as(1)]);
    // The carrier's last word is waited for a little longer.
    assert_eq!(apply(&submitted, &PartEvent::Clock, late), Transition::Ignored(Ignored::NotDue));
    assert_eq!(at(submitted, late + RECEIPT_GRACE), (Funds::Captured, None, Some(ReceiptStatus::Expired)));
    let in_doubt = after(queued(), &[claim(1), doubt(1, DoubtPolicy::HoldForReceipt)]);
    assert_eq!(at_expiry(in_doubt), (Funds::Released, Some(MoneyMove::Release), Some(ReceiptStatus::Unknown)));
    assert_eq!(apply(&queued(), &PartEvent::Clock, T0), Transition::Ignored(Ignored::NotDue));
}

#[test]
fn an_expired_part_is_never_claimed() {
    let late = queued().expires_at;
    let Transition::Changed { record, .. } = apply(&queued(), &claim(1), late) else { panic!("ignored") };
    assert!(matches!(record.state, PartState::Final(Final { status: ReceiptStatus::Expired, .. })));
}

#[test]
fn intermediate_receipts_are_told_once_each() {
    let submitted = after(queued(), &[claim(1), sent_as(1)]);
    let buffered = after(submitted, &[report(ReceiptStatus::Buffered)]);
    assert_eq!(buffered.told, Some(ReceiptStatus::Buffered));
    assert_eq!(apply(&buffered, &report(ReceiptStatus::Buffered), T0), Transition::Ignored(Ignored::Repeated));
    assert!(matches!(after(buffered, &[report(ReceiptStatus::Delivered)]).state, PartState::Final(_)));
}

fn hand_on(attempt: u16, next: u16) -> PartEvent {
    PartEvent::HandedOn { attempt: AttemptNumber(attempt), next: CarrierId(next) }
}

#[test]
fn a_part_that_waits_goes_on_to_another_carrier_and_the_first_cannot_claim_it_any_more() {
    let throttled = CarrierError::Throttled { pause: Span::seconds(1), code: "".into() };
    for waiting in [queued(), after(queued(), &[claim(1), refusal(1, throttled)])] {
        let number = waiting.attempt.0 + 1;
        let handed_on = after(waiting, &[hand_on(number, 9)]);
        // No earlier than it was to leave by the first.
        assert_eq!((handed_on.carrier, handed_on.state), (CarrierId(9), waiting.state));
        assert_eq!(handed_on.funds, Funds::Held);
        // Twice is once; and what the first carrier's queue knew is out of date.
        assert_eq!(apply(&handed_on, &hand_on(number, 9), T0), Transition::Ignored(Ignored::Repeated));
        assert_eq!(apply(&handed_on, &claim(number), T0), Transition::Ignored(Ignored::Stale));
        // To where it is already, it cannot go.
        assert_eq!(apply(&handed_on, &hand_on(number + 1, 9), T0), Transition::Ignored(Ignored::Stale));
        assert!(matches!(after(handed_on, &[claim(number + 1)]).state, PartState::Submitting { .. }));
    }
}

#[test]
fn what_a_carrier_may_have_is_not_handed_on() {
    let in_doubt = after(queued(), &[claim(1), doubt(1, DoubtPolicy::Resend)]);
    assert!(matches!(in_doubt.state, PartState::Queued { .. }));
    for record in [in_doubt, after(queued(), &[claim(1)]), after(queued(), &[claim(1), sent_as(1)])] {
        assert_eq!(apply(&record, &hand_on(2, 9), T0), Transition::Ignored(Ignored::Stale));
    }
}

fn any_event() -> impl Strategy<Value = PartEvent> {
    let attempt = 0u16..5;
    let policy = prop_oneof![
        Just(DoubtPolicy::Resend),
        Just(DoubtPolicy::WaitThenResend),
        Just(DoubtPolicy::HoldForReceipt),
        Just(DoubtPolicy::FailUnknown)
    ];
    prop_oneof![
        attempt.clone().prop_map(claim),
        attempt.clone().prop_map(sent_as),
        attempt.clone().prop_map(|attempt| refusal(attempt, permanent())),
        attempt
            .clone()
            .prop_map(|attempt| refusal(attempt, CarrierError::Temporary { code: "".into(), retries_max: 3 })),
        attempt.clone().prop_map(|attempt| {
            refusal(attempt, CarrierError::Throttled { pause: Span::seconds(1), code: "".into() })
        }),
        (attempt.clone(), 1_u16..4).prop_map(|(attempt, next)| hand_on(attempt, next)),
        attempt.clone().prop_map(|attempt| PartEvent::GivenBack { attempt: AttemptNumber(attempt) }),
        (attempt, policy).prop_map(|(attempt, policy)| doubt(attempt, policy)),
        prop_oneof![
            Just(ReceiptStatus::Accepted),
            Just(ReceiptStatus::Buffered),
            Just(ReceiptStatus::Delivered),
            Just(ReceiptStatus::Failed),
            Just(ReceiptStatus::Unknown)
        ]
        .prop_map(report),
        (1..3_u16).prop_map(|carrier| moved(carrier, Some(3 - carrier))),
        Just(PartEvent::Clock),
    ]
}

#[test]
fn a_part_without_a_receipt_ends_when_the_carrier_takes_it_and_nobody_is_told() {
    let quiet = PartRecord { receipt: ReceiptWish::Unwanted, ..queued() };
    let claimed = after(quiet, &[PartEvent::Claimed { attempt: AttemptNumber(1) }]);
    let Transition::Changed { record, money, tell } =
        apply(&claimed, &PartEvent::Sent { attempt: AttemptNumber(1) }, T0)
    else {
        panic!("nothing changed")
    };
    let end = Final { status: ReceiptStatus::Accepted, cause: Cause::None };
    assert_eq!((record.state, record.funds), (PartState::Final(end), Funds::Captured));
    assert_eq!((money, tell), (Some(MoneyMove::Capture), None));
    // Where delivery is what is paid for, a receipt is needed whatever the customer wants to be told.
    let paid_on_delivery = PartRecord { capture_on: CaptureOn::Delivery, ..claimed };
    let sent = after(paid_on_delivery, &[PartEvent::Sent { attempt: AttemptNumber(1) }]);
    assert_eq!((sent.state, sent.funds), (PartState::Submitted { at: T0 }, Funds::Held));
}

proptest! {
    /// Whatever happens, in whatever order: money moves at most once, a final state stays, copies stay within 1 + R plus
    /// refusals, and time ends everything.
    #[test]
    fn any_history_keeps_the_rules(events in prop::collection::vec(any_event(), 0..40), on_delivery in any::<bool>()) {
        let capture_on = if on_delivery { CaptureOn::Delivery } else { CaptureOn::CarrierAccept };
        let mut record = PartRecord { capture_on, ..queued() };
        let (mut moves, mut finals) = (0, 0);
        for event in &events {
            let before = record;
            if let Transition::Changed { record: next, money, tell } = apply(&record, event, T0) {
                moves += usize::from(money.is_some());
                finals += usize::from(tell.is_some_and(|end| end.status.is_final()));
                record = next;
            }
            prop_assert!(!matches!(before.state, PartState::Final(_)) || before == record);
            prop_assert_eq!(moves, usize::from(record.funds != Funds::Held));
        }
        prop_assert!(record.doubts <= 2, "R = 1 allows one resend, whose own doubt is the second");
        let mut at_end = record;
        for _ in 0..2 {
            // A part whose bytes may be out gets its doubt from the link or the restart; then time ends it.
            if let PartState::Submitting { .. } = at_end.state {
                at_end = after(at_end, &[doubt(at_end.attempt.0, DoubtPolicy::HoldForReceipt)]);
            }
            if let Transition::Changed { record, tell, .. } = apply(&at_end, &PartEvent::Clock, queued().expires_at + RECEIPT_GRACE) {
                finals += usize::from(tell.is_some_and(|end| end.status.is_final()));
                at_end = record;
            }
        }
        prop_assert!(matches!(at_end.state, PartState::Final(_)), "{:?}", at_end.state);
        prop_assert!(at_end.funds != Funds::Held);
        prop_assert_eq!(finals, 1);
    }
}
