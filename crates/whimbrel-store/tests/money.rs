//! Money is never made, lost or spent twice, whatever happens to messages and in whatever order.
//!
//! Random histories run against a ledger kept by hand: the only thing it takes from the store is where each part says that
//! its price is. Every batch is committed a second time, as after an answer that was lost.

mod support;

use std::collections::BTreeMap;

use proptest::prelude::*;
use support::*;
use whimbrel_core::call::numbers::{Features, NumberKind};
use whimbrel_core::part::{DoubtRules, Funds};
use whimbrel_core::{
    AttemptNumber, Bucket, CaptureOn, CarrierError, CarrierId, Cause, CountryCode, Currency, DoubtCause, DoubtPolicy,
    Money, PartEvent, PartId, ReceiptStatus, Refusal, RefusalScope, Span,
};
use whimbrel_store::{
    AccountRefused, Claim, Deal, Offer, Op, OpResult, PoolDone, PoolOp, Reload, ReloadDone, ReloadOp, SqliteStore,
    Store, TopUp,
};

/// What the numbers for sale cost.
const PRICES: [i64; 4] = [0, 1, 3, 7];

fn top_up_to(bucket: Bucket, units: i64, cause: &str) -> Op {
    match top_up(ACCOUNT, units, cause) {
        Op::TopUp(payment) => Op::TopUp(TopUp { bucket, ..payment }),
        other => panic!("not a payment: {other:?}"),
    }
}

/// One step of a history; numbers are folded onto what exists.
#[derive(Debug, Clone)]
enum Step {
    Accept { length: usize, price: i64, delivery: bool, now: bool, key: Option<u8> },
    TopUp { units: i64, cause: u8, bucket: Bucket },
    Deal { number: u8, kind: u8 },
    Reload { arranged: Option<i64> },
    Event { part: usize, attempt: u16, kind: u8, policy: u8, seconds: i64 },
    Receipt { part: usize, status: u8, seconds: i64 },
}

fn bucket() -> impl Strategy<Value = Bucket> {
    prop_oneof![2 => Just(Bucket::Balance), 1 => Just(Bucket::BonusCredit), 1 => Just(Bucket::FreeCredit)]
}

fn step() -> impl Strategy<Value = Step> {
    prop_oneof![
        3 => (1usize..400, 0i64..5, any::<bool>(), any::<bool>(), proptest::option::of(0u8..4))
            .prop_map(|(length, price, delivery, now, key)| Step::Accept { length, price, delivery, now, key }),
        1 => (1i64..30, 0u8..20, bucket()).prop_map(|(units, cause, bucket)| Step::TopUp { units, cause, bucket }),
        2 => (0u8..4, 0u8..3).prop_map(|(number, kind)| Step::Deal { number, kind }),
        1 => proptest::option::of(1i64..10).prop_map(|arranged| Step::Reload { arranged }),
        8 => (any::<prop::sample::Index>(), 0u16..4, 0u8..8, 0u8..4, 0i64..100)
            .prop_map(|(part, attempt, kind, policy, seconds)| {
                Step::Event { part: part.index(64), attempt, kind, policy, seconds }
            }),
        3 => (any::<prop::sample::Index>(), 0u8..7, 0i64..100)
            .prop_map(|(part, status, seconds)| Step::Receipt { part: part.index(64), status, seconds }),
    ]
}

/// The history so far, and what must be true of it.
struct Model {
    store: SqliteStore,
    /// Ids of parts ever planned, in order.
    parts: Vec<i64>,
    /// Payments by cause.
    paid: BTreeMap<u8, i64>,
    /// What was paid for each number that was bought, and what each arranged payment brought, by operation.
    bought: BTreeMap<i64, i64>,
    reloaded: BTreeMap<i64, i64>,
    arranged: i64,
    /// Where each price was when it was last looked at, and how the part ended.
    seen: BTreeMap<i64, (Funds, String)>,
    next_id: i64,
    clock: i64,
}

impl Model {
    fn op(&mut self, step: &Step) -> Op {
        self.clock += 1;
        match step {
            Step::Accept { length, price, delivery, now, key } => {
                let mut plan = a_plan(self.next_id, &"a".repeat(*length));
                self.next_id += 10;
                plan.price.units = *price;
                plan.capture_on = if *delivery { CaptureOn::Delivery } else { CaptureOn::CarrierAccept };
                plan.expires_at = NOW + Span::seconds(5_000);
                self.parts.extend(plan.parts.iter().map(|part| part.part_id.0));
                let plan = match key {
                    Some(key) => keyed(plan, &key.to_string(), key % 2),
                    None => plan,
                };
                accept(plan, if *now { Claim::Now } else { Claim::Later })
            }
            Step::TopUp { units, cause, bucket } => {
                self.paid.entry(*cause).or_insert(*units);
                top_up_to(*bucket, *units, &format!("payment {cause}"))
            }
            Step::Deal { number, kind } => {
                self.next_id += 10;
                let deal = Deal {
                    id: self.next_id,
                    account_id: ACCOUNT,
                    number: format!("44770090090{number}").into(),
                    country: CountryCode::parse("GB").expect("two letters"),
                    presumed: None,
                    at: NOW,
                };
                Op::Pool(match kind {
                    0 | 1 => PoolOp::Buy(deal),
                    _ => PoolOp::Cancel(deal),
                })
            }
            Step::Reload { arranged } => {
                self.next_id += 10;
                let (account_id, reference, at) = (ACCOUNT, "T".into(), NOW);
                Op::Reload(match arranged {
                    Some(units) => {
                        let amount = Money::new(*units, Currency::EUR);
                        ReloadOp::Arrange(Reload { account_id, reference, amount, times_left: 2, at })
                    }
                    None => ReloadOp::Take { id: self.next_id, account_id, reference, at },
                })
            }
            Step::Event { part, attempt, kind, policy, seconds } => {
                let part = self.part(*part);
                let attempt = self.attempt(part, *attempt, matches!(kind, 0 | 1 | 6));
                self.clock += seconds;
                match kind {
                    0 | 1 => event(part, self.clock, PartEvent::Claimed { attempt }),
                    2 => sent(part, self.clock, attempt.0, &format!("id{part}")),
                    3 => event(
                        part,
                        self.clock,
                        PartEvent::Doubt { attempt, cause: DoubtCause::LinkLost, rules: rules(*policy) },
                    ),
                    4 => event(part, self.clock, PartEvent::GivenBack { attempt }),
                    5 => {
                        let retry_at = NOW + Span::seconds(self.clock + 5);
                        let next = (self.clock % 2 == 0).then_some(CarrierId(2));
                        event(part, self.clock, PartEvent::Refused { attempt, error: error(*policy), retry_at, next })
                    }
                    6 => event(part, self.clock, PartEvent::HandedOn { attempt, next: CarrierId(2) }),
                    _ => event(part, self.clock, PartEvent::Clock),
                }
            }
            Step::Receipt { part, status, seconds } => {
                self.clock += seconds;
                let statuses = [
                    ReceiptStatus::Accepted,
                    ReceiptStatus::Buffered,
                    ReceiptStatus::Delivered,
                    ReceiptStatus::Expired,
                    ReceiptStatus::Failed,
                    ReceiptStatus::Rejected,
                    ReceiptStatus::Unknown,
                ];
                receipt(report(&format!("id{}", self.part(*part)), statuses[usize::from(*status)]), self.clock)
            }
        }
    }

    fn part(&self, index: usize) -> i64 {
        self.parts.get(index % self.parts.len().max(1)).copied().unwrap_or(1)
    }

    /// Mostly the attempt that the event should name, sometimes the one before or after.
    fn attempt(&self, part: i64, choice: u16, claim: bool) -> AttemptNumber {
        let id = self.store.message_of_part(PartId(part)).expect("read");
        let parts = id.map_or_else(Vec::new, |id| view(&self.store, id.0).parts);
        let open = parts.iter().find(|known| known.id.0 == part).map_or(1, |known| known.attempts);
        let right = if claim { open + 1 } else { open };
        AttemptNumber(match choice {
            0 | 1 => right,
            2 => right + 1,
            _ => right.saturating_sub(1),
        })
    }

    /// What the answers say of money: a message is refused only if the balance does not suffice, and taken only if it does.
    fn check_answers(&mut self, ops: &[Op], results: &[OpResult]) {
        for (op, result) in ops.iter().zip(results) {
            match (op, result) {
                (Op::Pool(PoolOp::Buy(deal)), OpResult::Pool(PoolDone::Owner(_))) => {
                    self.bought.insert(deal.id, PRICES[usize::from(deal.number.as_bytes()[11] - b'0')]);
                }
                (Op::Reload(ReloadOp::Arrange(reload)), _) => self.arranged = reload.amount.units,
                (Op::Reload(ReloadOp::Take { id, .. }), OpResult::Reload(ReloadDone::Taken(_))) => {
                    self.reloaded.entry(*id).or_insert(self.arranged);
                }
                (_, OpResult::Failed(why)) => panic!("{why}: {op:?}"),
                (_, OpResult::Accepted { accepted, .. }) => {
                    let parts = &accepted.parts;
                    assert!(parts.iter().all(|part| part.balance.units >= 0));
                    assert!(
                        parts.windows(2).all(|two| two[0].balance.units - two[1].balance.units == two[0].price.units)
                    );
                }
                (Op::Accept(accept), OpResult::Refused(Refusal::InsufficientFunds { price, balance, .. })) => {
                    assert!(balance.units < price.units * accept.plan.parts.len() as i64);
                }
                _ => {}
            }
        }
    }

    fn check_money(&mut self) {
        let filter = whimbrel_store::MessageFilter { count_max: 1_000, ..Default::default() };
        let (mut captured, mut held) = (0, 0);
        for message in self.store.messages(&filter).expect("read") {
            let view = view(&self.store, message.id.0);
            for part in &view.parts {
                match part.funds {
                    Funds::Held => held += view.summary.price.units,
                    Funds::Captured => captured += view.summary.price.units,
                    Funds::Released => {}
                }
                assert!(part.end.is_none() || part.funds != Funds::Held, "an ended part holds money");
                let now = (part.funds, if part.end.is_some() { part.state.to_string() } else { String::new() });
                if let Some((funds, end)) = self.seen.insert(part.id.0, now.clone()) {
                    assert!(funds == Funds::Held || funds == now.0, "money moved twice: {funds:?} to {:?}", now.0);
                    assert!(end.is_empty() || end == now.1, "an end changed: {end} to {}", now.1);
                }
            }
        }
        let paid: i64 = self.paid.values().chain(self.reloaded.values()).sum();
        let spent = captured + self.bought.values().sum::<i64>();
        assert_eq!(money(&self.store), (paid - spent, held));
        assert!(paid - spent - held >= 0, "more was spent than paid");
    }
}

fn rules(policy: u8) -> DoubtRules {
    let policies =
        [DoubtPolicy::Resend, DoubtPolicy::WaitThenResend, DoubtPolicy::HoldForReceipt, DoubtPolicy::FailUnknown];
    DoubtRules::all(policies[usize::from(policy)])
}

fn error(kind: u8) -> CarrierError {
    match kind {
        0 => CarrierError::Throttled { pause: Span::seconds(1), code: "88".into() },
        1 => CarrierError::Permanent {
            cause: Cause::Spam,
            status: ReceiptStatus::Failed,
            code: "69".into(),
            scope: RefusalScope::ThisCarrier,
        },
        _ => CarrierError::Temporary { code: "8".into(), retries_max: kind },
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(ProptestConfig::default().cases / 5))]

    #[test]
    fn money_is_conserved(batches in proptest::collection::vec(proptest::collection::vec(step(), 1..12), 1..12)) {
        let store = store_with(10);
        // The account's own payment, under a number that no step uses.
        let paid = BTreeMap::from([(255, 10)]);
        let offers = PRICES.iter().zip(0..).map(|(units, number)| {
            let monthly = Money::new(*units, Currency::EUR);
            let (country, kind) = (CountryCode::parse("GB").expect("two letters"), NumberKind::Mobile);
            let number = format!("44770090090{number}").into();
            Offer { number, country, kind, features: Features::SMS, monthly, purchase: monthly }
        });
        // The carrier that parts are handed on to.
        run(&store, Op::NameCarrier { name: "tele-2".into() });
        run(&store, Op::Pool(PoolOp::Offer { offers: offers.collect(), at: NOW }));
        let mut model = Model {
            store,
            parts: Vec::new(),
            paid,
            bought: BTreeMap::new(),
            reloaded: BTreeMap::new(),
            arranged: 0,
            seen: BTreeMap::new(),
            next_id: 1_000,
            clock: 0,
        };
        for batch in &batches {
            let ops: Vec<Op> = batch.iter().map(|step| model.op(step)).collect();
            for _ in 0..2 {
                let results = model.store.commit(&ops).expect("committed");
                model.check_answers(&ops, &results);
                model.check_money();
            }
        }
        let audit = model.store.audit().expect("read");
        assert!(audit.is_clean(), "{:?}", audit.broken().collect::<Vec<_>>());
    }
}

/// What can be spent of the balance, of bonus and of free credit.
fn buckets(store: &dyn Store) -> (i64, i64, i64) {
    let wallet = wallet(store, ACCOUNT);
    let buckets = wallet.buckets();
    let all = buckets.balance.units + buckets.bonus_credit.units + buckets.free_credit.units;
    assert_eq!(all, wallet.available().units, "the buckets are the wallet");
    (buckets.balance.units, buckets.bonus_credit.units, buckets.free_credit.units)
}

fn take(store: &dyn Store, id: i64, price: i64, length: usize) -> OpResult {
    let mut plan = a_plan(id, &"a".repeat(length));
    plan.price.units = price;
    plan.capture_on = CaptureOn::Delivery;
    run(store, accept(plan, Claim::Now))
}

#[test]
fn credit_is_spent_before_money_and_comes_back_where_it_was() {
    let folder = Folder::new("buckets");
    let store = folder.open();
    furnish(&store, 100);
    for (bucket, units) in [(Bucket::BonusCredit, 7), (Bucket::FreeCredit, 25)] {
        run(&store, top_up_to(bucket, units, bucket.as_str()));
        // Twice is once, and the same payment never goes to another bucket.
        run(&store, top_up_to(bucket, units, bucket.as_str()));
        let elsewhere = run(&store, top_up_to(Bucket::Balance, units, bucket.as_str()));
        assert!(matches!(elsewhere, OpResult::AccountRefused(AccountRefused::CauseTaken)), "{elsewhere:?}");
    }
    assert_eq!(buckets(&store), (100, 7, 25));
    // Three parts of 10: of free credit, of free and bonus, of bonus and balance.
    assert!(matches!(take(&store, 1_000, 10, 400), OpResult::Accepted { .. }));
    assert_eq!(buckets(&store), (100, 2, 0));
    assert!(matches!(take(&store, 2_000, 10, 1), OpResult::Accepted { .. }));
    assert_eq!(buckets(&store), (92, 0, 0));
    // The first and the third part fail, and the second is delivered.
    for (part_id, back) in [(1_000, (92, 0, 10)), (1_002, (92, 5, 15))] {
        let error = CarrierError::Permanent {
            cause: Cause::Spam,
            status: ReceiptStatus::Failed,
            code: "69".into(),
            scope: RefusalScope::Everywhere,
        };
        let refused = PartEvent::Refused { attempt: AttemptNumber(1), error, retry_at: NOW, next: None };
        for _ in 0..2 {
            part(&store, event(part_id, 1, refused.clone()));
            assert_eq!(buckets(&store), back);
        }
    }
    part(&store, sent(1_001, 1, 1, "AB"));
    matched(&store, receipt(report("AB", ReceiptStatus::Delivered), 2));
    assert_eq!(buckets(&store), (92, 5, 15));
    // A part that was paid from several is known after a restart, and so is what comes back.
    assert!(matches!(take(&store, 3_000, 18, 1), OpResult::Accepted { .. }));
    assert_eq!(buckets(&store), (92, 2, 0));
    drop(store);
    let store = folder.open();
    assert_eq!(buckets(&store), (92, 2, 0));
    part(&store, event(3_000, 3, PartEvent::GivenBack { attempt: AttemptNumber(1) }));
    let expired = (NOW + Span::hours(72)).since(NOW).0 / 1_000_000;
    part(&store, event(3_000, expired, PartEvent::Clock));
    assert_eq!(buckets(&store), (92, 5, 15));
    assert!(store.audit().expect("read").is_clean());
    let refusal = take(&store, 4_000, 113, 1);
    assert!(matches!(refusal, OpResult::Refused(Refusal::InsufficientFunds { .. })), "{refusal:?}");
    assert!(matches!(take(&store, 5_000, 112, 1), OpResult::Accepted { .. }));
    assert_eq!(buckets(&store), (0, 0, 0));
}

#[test]
fn credit_pays_for_no_number() {
    let store = store_with(2);
    run(&store, top_up_to(Bucket::FreeCredit, 100, "welcome"));
    let monthly = Money::new(3, Currency::EUR);
    let (country, kind) = (CountryCode::parse("GB").expect("two letters"), NumberKind::Mobile);
    let number: Box<str> = "447700900900".into();
    let offer = Offer { number: number.clone(), country, kind, features: Features::SMS, monthly, purchase: monthly };
    run(&store, Op::Pool(PoolOp::Offer { offers: vec![offer], at: NOW }));
    let deal = Deal { id: 1_000, account_id: ACCOUNT, number, country, presumed: None, at: NOW };
    let refused = run(&store, Op::Pool(PoolOp::Buy(deal)));
    assert!(matches!(refused, OpResult::Pool(PoolDone::Refused(_))), "{refused:?}");
    assert_eq!(buckets(&store), (2, 0, 100));
}
