//! Every invariant holds in a store that lived, and the check of each finds what is planted against it, and nothing else does.

mod support;

use rusqlite::Connection;
use support::*;
use whimbrel_core::call::history::RefusedSend;
use whimbrel_core::call::numbers::{Features, NumberKind};
use whimbrel_core::{
    AccountId, AttemptNumber, Bucket, CarrierError, CarrierId, Cause, CountryCode, Currency, DoubtPolicy,
    InboundContent, InboundId, InboundPart, MessageText, Money, NoticeId, NoticeScope, PartEvent, ReceiptStatus,
    RefusalScope, ReplayKey, ReplayKind, ReplayMark, Secret, Serial, Span,
};
use whimbrel_sms::udh::Place;
use whimbrel_sms::{Concat, ConcatRef, PartCount};
use whimbrel_store::check::{Audit, CheckedStore, INVARIANTS};
use whimbrel_store::{
    Accept, Claim, Deal, DocumentChange, DocumentFate, DocumentKind, DocumentPlace, InboundIn, NewOperator,
    NoticeResult, NoticeTried, NumberChange, NumberFate, Offer, Op, OpResult, OperatorId, OperatorRole, PeopleOp,
    PoolDone, PoolOp, Rejection, Reload, ReloadDone, ReloadOp, RotateSignatureSecret, Store, StoreError,
    SubaccountChange, SubaccountDone, SubaccountOp, TakesTexts, TopUp, TotpChange, UseOnce, Used,
};

/// Ids as they are made at `NOW`, so that the store's own clock, which is its newest id, stands there.
const BASE: i64 = ((NOW.0 / 1_000 - 1_735_689_600_000) << 19) + 1;

/// The first part of the n-th message.
const fn id(message: i64) -> i64 {
    BASE + message * 16
}

/// Somebody looks after it, by a password and an app.
fn looked_after(store: &dyn Store) {
    let verifier = keyring().chosen_verifier(&Secret::new("a long password")).expect("chance");
    let operator = OperatorId(BASE + 5_000);
    let (name, role) = ("ann".into(), OperatorRole::Operator);
    run(store, Op::People(PeopleOp::Add(NewOperator { id: operator, name, role, verifier, at: NOW })));
    let recovery_codes = vec![keyring().verifier(&Secret::new("code"))];
    let totp = TotpChange::On { secret: Secret::new("GEZDGNBVGY3TQOJQ"), recovery_codes };
    run(store, Op::People(PeopleOp::SetTotp { id: operator, totp, at: NOW }));
}

/// A store with a part in every state, an end of every kind, and something in every table.
fn lived(folder: &Folder) {
    let store = folder.open();
    furnish(&store, 100 * PRICE);
    let long = "a".repeat(400);
    for (message, text, claim) in [
        (1, "waits", Claim::Later),
        (2, "is being sent", Claim::Now),
        (3, "was sent", Claim::Now),
        (4, "was delivered", Claim::Now),
        (5, "was refused", Claim::Now),
        (6, "was sent twice", Claim::Now),
        (7, long.as_str(), Claim::Now),
        (8, "nobody knows", Claim::Now),
        (9, "is in doubt", Claim::Now),
    ] {
        let mut plan = keyed(a_plan(id(message), text), &format!("key {message}"), 1);
        plan.callback = (message == 4 || message == 5).then(|| "http://127.0.0.1/own".into());
        assert!(matches!(run(&store, accept(plan, claim)), OpResult::Accepted { repeated: false, .. }));
    }
    part(&store, mark(sent(id(3), 1, 1, "AB03"), 1));
    part(&store, mark(sent(id(4), 1, 1, "AB04"), 2));
    matched(&store, mark(receipt(report("AB04", ReceiptStatus::Delivered), 2), 3));
    let error = CarrierError::Permanent {
        cause: Cause::Spam,
        status: ReceiptStatus::Rejected,
        code: "69".into(),
        scope: RefusalScope::Everywhere,
    };
    let refused = PartEvent::Refused { attempt: AttemptNumber(1), error, retry_at: NOW, next: None };
    part(&store, mark(event(id(5), 1, refused.clone()), 4));
    part(&store, mark(doubt(id(6), 1, 1, DoubtPolicy::Resend), 5));
    part(&store, mark(claimed(id(6), 2, 2), 6));
    part(&store, mark(sent(id(6), 3, 2, "AB06"), 7));
    part(&store, mark(sent(id(7), 1, 1, "AB07"), 8));
    part(&store, mark(doubt(id(8), 1, 1, DoubtPolicy::FailUnknown), 9));
    part(&store, mark(doubt(id(9), 1, 1, DoubtPolicy::HoldForReceipt), 10));
    run(&store, mark(receipt(report("UNKNOWN", ReceiptStatus::Delivered), 5), 11));
    let pending = store.notices(None, 10).expect("read");
    let first = pending.first().expect("a webhook waits").id;
    let retry = NoticeResult::RetryAt(NOW + Span::seconds(60));
    run(&store, Op::Notice(NoticeTried { id: first, at: NOW, result: retry, detail: "HTTP 500".into() }));
    heard(&store);
    told_as_a_whole(&store, refused);
    traded(&store);
    proved(&store);
    looked_after(&store);
    credited(&store);
    drop(store);
}

/// A message of two parts: one is paid from free credit, the other one, which was captured, from that and the balance.
fn credited(store: &dyn Store) {
    let Op::TopUp(payment) = top_up(ACCOUNT, PRICE + PRICE / 2, "welcome") else { panic!("not a payment") };
    run(store, Op::TopUp(TopUp { bucket: Bucket::FreeCredit, ..payment }));
    run(store, accept(a_plan(id(12), &"c".repeat(200)), Claim::Now));
    part(store, mark(sent(id(12) + 1, 1, 1, "AB12"), 15));
}

/// A message of two parts that is told as a whole: one is refused, the other one is on its way.
fn told_as_a_whole(store: &dyn Store, refused: PartEvent) {
    let mut plan = a_plan(id(10), &"b".repeat(200));
    plan.telling.scope = NoticeScope::Message;
    plan.callback = Some("http://127.0.0.1/whole".into());
    run(store, accept(plan, Claim::Now));
    part(store, mark(event(id(10), 1, refused), 12));
    part(store, mark(sent(id(10) + 1, 1, 1, "AB10"), 13));
}

/// A number that was bought, one that was given back, and a payment that was called up.
fn traded(store: &dyn Store) {
    let price = Money::new(100, Currency::EUR);
    let country = CountryCode::parse("GB").expect("a country");
    let offer = |number: &str| Offer {
        number: number.into(),
        country,
        kind: NumberKind::Mobile,
        features: Features::SMS,
        monthly: price,
        purchase: price,
    };
    run(store, Op::Pool(PoolOp::Offer { offers: vec![offer("447700900901"), offer("447700900902")], at: NOW }));
    let deal = |number: &str, id: i64| Deal {
        id: BASE + 40_000 + id,
        account_id: ACCOUNT,
        number: number.into(),
        country,
        presumed: None,
        at: NOW,
    };
    let pool = |op| match run(store, Op::Pool(op)) {
        OpResult::Pool(PoolDone::Owner(owner)) => owner,
        other => panic!("not traded: {other:?}"),
    };
    for (number, id) in [("447700900901", 1), ("447700900902", 2)] {
        assert_eq!(pool(PoolOp::Buy(deal(number, id))), Some(ACCOUNT));
    }
    assert_eq!(pool(PoolOp::Cancel(deal("447700900902", 3))), None);
    let reload = Reload { account_id: ACCOUNT, reference: "T1".into(), amount: price, times_left: 2, at: NOW };
    run(store, Op::Reload(ReloadOp::Arrange(reload)));
    let take = ReloadOp::Take { id: BASE + 40_004, account_id: ACCOUNT, reference: "T1".into(), at: NOW };
    assert!(matches!(run(store, Op::Reload(take)), OpResult::Reload(ReloadDone::Taken(_))));
    let (parent, number, at) = (ACCOUNT, Serial(1), NOW);
    let new = Box::new(new_account(AccountId(ACCOUNT.0 + 90), "below"));
    let make = SubaccountOp::Make { parent, number, email: "ada@a.example".into(), new, count_max: 9 };
    run(store, Op::Subaccount(make));
    let change = SubaccountChange::Credit { amount: 1 };
    let credit = SubaccountOp::Change { id: BASE + 40_005, parent, number, change, at };
    assert!(matches!(run(store, Op::Subaccount(credit)), OpResult::Subaccount(SubaccountDone::Changed)));
}

/// A signature and a nonce that were used, a request that was refused, an old signature secret, and a document with a secret.
fn proved(store: &dyn Store) {
    let key = |kind, octet| {
        let mark = ReplayMark::new([octet; 32]);
        ReplayKey { kind, mark, expires_at: NOW + Span::seconds(301) }
    };
    let signed = Accept {
        plan: a_plan(id(11), "signed").into(),
        claim: Claim::Later,
        replay: Some(key(ReplayKind::Signature, 1)),
    };
    assert!(matches!(run(store, Op::Accept(Box::new(signed))), OpResult::Accepted { repeated: false, .. }));
    // It goes to another carrier before its own had it.
    run(store, Op::NameCarrier { name: "tele-2".into() });
    let next = CarrierId(2);
    part(store, mark(event(id(11), 1, PartEvent::HandedOn { attempt: AttemptNumber(1), next }), 14));
    let once = UseOnce { account_id: ACCOUNT, key: key(ReplayKind::Nonce, 2), used_by: BASE + 5, at: NOW };
    assert!(matches!(run(store, Op::UseOnce(once)), OpResult::Used(Used::First)));
    let send = RefusedSend {
        sender: "Acme".into(),
        recipient: RECIPIENT.into(),
        at: NOW,
        code: "7".into(),
        told: "barred".into(),
    };
    run(store, Op::Rejections(vec![Rejection { id: BASE + 50_002, account_id: ACCOUNT, send }]));
    let rotate = RotateSignatureSecret {
        account_id: ACCOUNT,
        id: BASE + 50_003,
        secret: Secret::new("devSignature02"),
        previous_until: NOW + Span::hours(1),
        at: NOW,
    };
    assert!(matches!(run(store, Op::RotateSignatureSecret(Box::new(rotate))), OpResult::Credential(_)));
    let place = DocumentPlace { dialect: "plain".into(), kind: DocumentKind::Application, key: "one".into() };
    let fate = DocumentFate::Make {
        json: "{\"name\":\"one\"}".into(),
        public_key: Some("key 1".into()),
        secret: Some(Secret::new("devDocument01")),
        texts: TakesTexts::No,
        count_max: 3,
    };
    let made = run(store, Op::Document(Box::new(DocumentChange { place, account_id: ACCOUNT, fate, at: NOW })));
    assert!(matches!(made, OpResult::Document(_)));
    // Consumers of OAuth, and grants, have a name in the place of a document.
    for (kind, key) in [(DocumentKind::OauthConsumer, "consumer"), (DocumentKind::OauthGrant, "token")] {
        let place = DocumentPlace { dialect: "plain".into(), kind, key: key.into() };
        let fate = DocumentFate::Make {
            json: "consumer".into(),
            public_key: None,
            secret: Some(Secret::new("a secret of OAuth")),
            texts: TakesTexts::No,
            count_max: 3,
        };
        let made = run(store, Op::Document(Box::new(DocumentChange { place, account_id: ACCOUNT, fate, at: NOW })));
        assert!(matches!(made, OpResult::Document(_)));
    }
}

/// Two of three parts of a text for a number of the account.
fn heard(store: &dyn Store) {
    let change =
        NumberFate::Assign { account_id: ACCOUNT, inbound_url: Some("http://127.0.0.1/in".into()), country: None };
    run(store, Op::Number(NumberChange { number: "447700900999".into(), change, at: NOW }));
    for sequence in [1_u8, 2] {
        let count = |number| PartCount::new(number).expect("in range");
        let place = Place { sequence: count(sequence), total: count(3) };
        let part = InboundPart {
            sender: whimbrel_core::SenderId::parse(RECIPIENT).expect("a sender"),
            number: "447700900999".into(),
            header: Box::default(),
            concat: Concat::new(ConcatRef::Octet(9), place),
            content: InboundContent::Text {
                text: MessageText::new(format!("part {sequence}")),
                alphabet: whimbrel_core::InboundAlphabet::Gsm7,
            },
        };
        let sequence = i64::from(sequence);
        let (id, notice_id) = (InboundId(BASE + 20_000 + sequence), NoticeId(BASE + 30_000 + sequence));
        run(store, Op::Inbound(Box::new(InboundIn { id, carrier: CARRIER, part, at: NOW, notice_id })));
    }
}

/// Gives an operation an id of this test's own.
fn mark(mut op: Op, number: i64) -> Op {
    let id = NoticeId(BASE + 10_000 + number);
    match &mut op {
        Op::Part(change) => change.notice_id = id,
        Op::Receipt(receipt) => receipt.notice_id = id,
        other => panic!("has no id: {other:?}"),
    }
    op
}

fn looked_at(folder: &Folder) -> Audit {
    let store = CheckedStore::open(&folder.file(), keyring()).expect("opens");
    Audit(INVARIANTS.iter().map(|invariant| store.judge(invariant).expect("read")).collect())
}

/// What is planted, and against what. `{n}` is the id of the n-th message.
const PLANTED: &[(&str, &str)] = &[
    ("wallet-is-its-ledger", "update wallet set posted = posted + 1 where account_id = 5"),
    ("wallet-is-its-ledger", "delete from transfer where kind = 2 and bucket = 0"),
    ("wallet-holds-what-is-open", "update wallet set held = held - 1 where account_id = 5"),
    (
        "wallet-is-not-overdrawn",
        "update wallet set floor = posted where account_id = 5; update message set balance_after = 1 << 50",
    ),
    ("acceptance-was-covered", "update message set balance_after = -1 where id = {1}"),
    ("wallet-credit-is-its-ledger", "update wallet set free_credit = free_credit + 1 where account_id = 5"),
    ("wallet-credit-is-its-ledger", "update wallet set bonus_credit = 1 where account_id = 5"),
    ("split-fits-its-part", "insert into split values (7, 5, 0, 0)"),
    ("split-fits-its-part", "update live set bucket = 3 where part_id = {1}"),
    ("account-has-its-wallet", "insert into wallet values (99, 0, 0, 0, 0, 0, 0, 0)"),
    ("transfer-has-its-parties", "update transfer set credit = -3 where kind = 1 and cause = {3}"),
    ("transfer-has-its-parties", "update transfer set credit = -3 where kind = 3"),
    ("transfer-has-its-parties", "update transfer set debit = -3 where kind = 4"),
    ("payment-names-its-account", "update transfer set cause = '7/dev' where kind = 2 and bucket = 0"),
    (
        "charge-fits-its-part",
        "insert into transfer values (1, 12345, 5, -1, 1, 1, 0); update wallet set posted = posted - 1 where account_id = 5",
    ),
    (
        "charge-fits-its-part",
        "update transfer set amount = amount + 1 where cause = {3}; update wallet set posted = posted - 1 where account_id = 5",
    ),
    (
        "captured-part-is-charged",
        "delete from transfer where cause = {4}; update wallet set posted = posted + 3330000 where account_id = 5",
    ),
    ("end-settles-the-hold", "update ended set funds = 0 where part_id = {8}"),
    (
        "open-part-funds-fit-its-state",
        "update live set funds = 2 where part_id = {1}; update wallet set held = held - 3330000, spent = 0 where account_id = 5",
    ),
    (
        "purchase-is-paid",
        "delete from transfer where kind = 3; update wallet set posted = posted + 200 where account_id = 5",
    ),
    ("purchase-is-paid", "update purchase set amount = 99 where ended_at is null"),
    ("purchase-is-paid", "update transfer set cause = 12345 where kind = 3 and cause % 2 = 0"),
    ("bought-number-is-owned", "delete from number where number = '447700900901'"),
    (
        "bought-number-is-owned",
        "insert into purchase select id + 5, account_id, number, 0, at, null, null from purchase where ended_at is null",
    ),
    ("spent-today-was-accepted", "update wallet set spent = spent + 1 where account_id = 5"),
    ("usage-covers-what-was-accepted", "update usage_day set messages = messages - 1"),
    ("usage-covers-what-was-accepted", "update usage_day set parts = parts - 1; update traffic_hour set parts = 0"),
    ("usage-covers-what-was-accepted", "update usage_day set failed = parts + 1"),
    ("usage-covers-what-was-accepted", "delete from usage_day; delete from traffic_hour"),
    (
        "hold-is-not-overdue",
        "update live set expires_at = expires_at - 346000000000, state_at = 1 where part_id = {1};
         update message set expires_at = expires_at - 346000000000 where id = {1}",
    ),
    ("open-part-agrees-with-its-message", "update live set class = 1 where part_id = {1}"),
    ("open-part-agrees-with-its-message", "update live set tell = 4 where part_id = {1}"),
    (
        "message-has-its-parts",
        "update message set part_count = 4 where id = {7}; update usage_day set parts = parts + 4",
    ),
    (
        "message-has-its-parts",
        "delete from live where part_id = {1}; update wallet set held = held - 3330000 where account_id = 5",
    ),
    (
        "part-has-its-message",
        "update message set part_count = 1 where id = {7}; update wallet set spent = 0 where account_id = 5",
    ),
    (
        "part-is-in-one-place",
        "insert into ended select {1}, {1}, 1, 'expired', 'unknown', 2, 1, 'clock', 1, '', 0, '';
      update wallet set spent = 0 where account_id = 5",
    ),
    ("open-part-has-an-owner", "update live set carrier = 9 where part_id = {1}"),
    ("open-part-has-an-owner", "update live set state_at = expires_at where part_id = {1}"),
    ("open-part-is-understood", "update live set told = 'delivered' where part_id = {3}"),
    ("end-is-understood", "update ended set ended_by = 'chance', status = 'failed' where part_id = {5}"),
    ("counts-are-true", "update meta set messages = messages + 1"),
    ("counts-are-true", "update meta set inbound = 0"),
    ("ids-are-below-the-mark", "update meta set high_water = high_water - 30000"),
    ("numbers-are-below-the-mark", "update message set serial = 9 where id = (select min(id) from message)"),
    ("rows-have-their-account", "insert into list_entry values (98, 'barred', '44')"),
    (
        "ids-are-below-the-mark",
        "update purchase set id = 1 << 60 where amount > 0 and ended_at is null;
      update transfer set cause = 1 << 60 where kind = 3 and cause % 2 = 0",
    ),
    ("rows-have-their-account", "insert into usage_day values (98, 1, 0, 0, 0, 0, 0)"),
    ("rows-have-their-account", "insert into reload values (98, 'T2', 1, 1, 1)"),
    (
        "rows-have-their-account",
        "insert into dialect_doc (dialect, kind, key, account_id, version, json, made_at)
         values ('plain', 'application', 'two', 98, 1, '{}', 1)",
    ),
    ("subaccount-is-below-its-account", "update account set dialect = 'other' where id = 95"),
    (
        "transfer-has-its-parties",
        "update transfer set debit = -2 where kind = 5; update wallet set posted = posted + 1 where account_id = 5",
    ),
    ("ids-are-below-the-mark", "update transfer set cause = 1 << 60 where kind = 5"),
    ("numbers-are-below-the-mark", "update subaccount set number = 1 << 40"),
    ("stored-answer-has-its-message", "update dedupe set message_id = 7 where key = 'key 1'"),
    ("attempts-are-complete", "delete from attempt where part_id = {6} and number = 2"),
    ("attempts-are-complete", "delete from attempt where part_id = {3}"),
    ("attempts-are-complete", "insert into attempt values (4, 1, 1, 1, 'sent', '', '', 1)"),
    ("attempts-are-complete", "delete from event where what = 'handed-on'"),
    ("nothing-is-set-aside", "insert into set_aside values ({4}, 1, 'on purpose', '{}')"),
    ("attempt-is-understood", "update attempt set outcome = 'lost' where part_id = {4}"),
    (
        "resend-has-its-reason",
        "update attempt set outcome = 'overtaken' where part_id = {6} and number = 1; update live set doubts = 0
         where part_id = {6}; update meta set doubts = doubts - 1",
    ),
    (
        "copies-are-bounded",
        "update attempt set outcome = 'doubt' where part_id = {6}; insert into attempt
         select part_id, 3, claimed_at, answered_at, 'doubt', '', '', 1 from attempt where part_id = {6} and number = 1;
         insert into attempt select part_id, 4, claimed_at, answered_at, 'sent', '', '', 1 from attempt
         where part_id = {6} and number = 1; update live set attempt = 4, doubts = 3 where part_id = {6};
         update meta set doubts = doubts + 2",
    ),
    ("nothing-leaves-after-expiry", "update attempt set claimed_at = claimed_at + 400000000000 where part_id = {4}"),
    ("doubts-are-recorded", "update live set doubts = 2 where part_id = {9}"),
    ("carrier-id-leads-to-a-part", "insert into pidx values (1, x'7a7a', 3, '')"),
    ("submitted-part-is-found-by-its-id", "delete from pidx where part_id = {3}"),
    ("parked-receipt-is-whole", "update parked_key set parked_id = 77"),
    ("parked-receipt-is-whole", "delete from parked_key"),
    ("parked-receipt-is-unknown", "insert into pidx values (1, cast('unknown' as blob), {3}, 'UNKNOWN')"),
    ("parked-receipt-is-not-overdue", "update parked set at = at - 90100000000"),
    ("notice-has-its-subject", "update notice set inbound_id = 3 where inbound_id is not null"),
    ("notice-has-its-subject", "update notice set application = zeroblob(16) where part_id = {8}"),
    ("notice-failures-are-told", "update notice set failures = failures + 1 where failures = 0 and part_id = {8}"),
    ("callback-is-told-of-every-end", "delete from notice where part_id = {4}"),
    ("callback-is-told-of-every-end", "delete from notice where message_id = {10}"),
    ("inbound-parts-fit-together", "update inbound set total = 2 where sequence = 2"),
    ("used-signature-has-its-message", "update replay set used_by = 3 where kind = 0"),
    ("used-signature-has-its-message", "update replay set used_by = 1 << 61 where kind = 1"),
    ("uses-are-forgotten-in-order", "update meta set replay_forgotten = 1 << 60"),
    ("account-has-its-secrets", "delete from secret"),
    ("account-has-its-secrets", "update signature_secret set ends_at = 1"),
    ("sealed-secret-has-its-place", "delete from sealed where place like 'signature secret 5 %'"),
    ("sealed-secret-has-its-place", "delete from dialect_doc"),
    ("document-is-understood", "update dialect_doc set json = '{'"),
    (
        "document-is-understood",
        "insert into dialect_doc (dialect, kind, key, account_id, version, json, made_at)
         values ('plain', 'hook', '0', 5, 1, '{\"headers\":\"\"}', 1)",
    ),
    ("document-is-understood", "update dialect_doc set old_key = 'key 0'"),
    ("sealed-secret-can-be-opened", "update sealed set value = zeroblob(60) where place like 'signature secret 5 %'"),
    ("sealed-secret-can-be-opened", "update sealed set key_id = 9 where place like 'document %'"),
    ("verifier-has-its-key", "update secret set key_id = 9"),
    ("verifier-has-its-key", "update operator set key_id = 9"),
    ("verifier-has-its-key", "update recovery_code set key_id = 9"),
    ("recovery-code-has-its-operator", "update recovery_code set operator_id = 77"),
    ("sealed-secret-has-its-place", "update operator set totp_on = null; delete from recovery_code"),
    ("traffic-is-within-usage", "update traffic_hour set parts = parts + 100"),
    ("traffic-is-within-usage", "update traffic_hour set failed = failed + 100"),
];

fn planted(sql: &str) -> String {
    (1..=12).fold(sql.to_owned(), |sql, message| sql.replace(&format!("{{{message}}}"), &id(message).to_string()))
}

#[test]
fn a_store_that_lived_keeps_every_invariant() {
    let folder = Folder::new("check-clean");
    lived(&folder);
    let audit = looked_at(&folder);
    assert!(audit.is_clean(), "{:#?}", audit.broken().collect::<Vec<_>>());
    let rows = |name| audit.0.iter().find(|verdict| verdict.name == name).map(|verdict| verdict.row_count);
    assert_eq!(rows("message-has-its-parts"), Some(12));
    assert_eq!(rows("part-has-its-message"), Some(16));
    assert!(audit.0.iter().all(|verdict| verdict.row_count > 0), "every table that is looked at has rows");
}

#[test]
fn what_is_planted_is_found_under_its_name_and_no_other() {
    let folder = Folder::new("check-planted");
    lived(&folder);
    let mut wrong = Vec::new();
    for (number, (name, sql)) in PLANTED.iter().enumerate() {
        let copy = folder.crashed(&format!("check-planted-{number}"));
        let db = Connection::open(copy.file()).expect("opens");
        let sql = format!("pragma ignore_check_constraints = on; {}", planted(sql));
        db.execute_batch(&sql).unwrap_or_else(|error| panic!("{name}: {error}"));
        drop(db);
        let audit = looked_at(&copy);
        let broken: Vec<&str> = audit.broken().map(|verdict| verdict.name).collect();
        if broken != [*name] {
            wrong.push(format!("{name}: {sql}\n{:#?}", audit.broken().collect::<Vec<_>>()));
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
    let untested: Vec<&str> = INVARIANTS
        .iter()
        .map(|invariant| invariant.name)
        .filter(|name| *name != "database-is-sound" && PLANTED.iter().all(|(planted, _)| planted != name))
        .collect();
    assert!(untested.is_empty(), "nothing is planted against {untested:?}");
}

#[test]
fn an_index_that_hides_a_part_is_found() {
    let folder = Folder::new("check-index");
    lived(&folder);
    let db = Connection::open(folder.file()).expect("opens");
    // The queue's index is made anew without the part that waits, then declared to be the old one.
    let definition = "create index live_queued on live (carrier, class, state_at, part_id) where state = 0";
    db.execute_batch(&format!(
        "drop index live_queued;
         {};
         pragma writable_schema = on;
         update sqlite_schema set sql = '{definition}' where name = 'live_queued'",
        definition.replace("state = 0", "state = 77")
    ))
    .expect("planted");
    drop(db);
    let audit = looked_at(&folder);
    let broken: Vec<&str> = audit.broken().map(|verdict| verdict.name).collect();
    assert_eq!(broken, ["database-is-sound"]);
}

#[test]
fn a_store_in_use_is_looked_at_as_it_was_at_one_instant() {
    let folder = Folder::new("check-live");
    let store = folder.open();
    furnish(&store, 100 * PRICE);
    run(&store, accept(a_plan(id(1), "first"), Claim::Now));
    let onlooker = CheckedStore::open(&folder.file(), keyring()).expect("opens beside the writer");
    run(&store, accept(a_plan(id(2), "second"), Claim::Now));
    let messages = INVARIANTS.iter().find(|invariant| invariant.name == "message-has-its-parts").expect("there");
    assert_eq!(onlooker.judge(messages).expect("read").row_count, 1);
    drop(onlooker);
    let onlooker = CheckedStore::open(&folder.file(), keyring()).expect("opens again");
    assert_eq!(onlooker.judge(messages).expect("read").row_count, 2);
    assert!(store.check_open().expect("read").iter().all(|verdict| verdict.violation_count == 0));
}

#[test]
fn what_cannot_be_looked_at_is_said_and_not_called_sound() {
    let folder = Folder::new("check-refused");
    let refused = |file: &std::path::Path, keys| match CheckedStore::open(file, keys) {
        Err(StoreError::Open { why }) => why.to_string(),
        other => panic!("{other:?}"),
    };
    assert!(refused(&folder.file(), keyring()).contains("whimbrel.db"), "there is none");
    assert!(!folder.file().exists(), "and none was made");
    lived(&folder);
    let other = whimbrel_store::Keyring::from_bytes([8; 32]);
    assert!(refused(&folder.file(), other).contains("secret.key"));
    let db = Connection::open(folder.file()).expect("opens");
    db.execute_batch("pragma user_version = 1").expect("marked");
    drop(db);
    assert!(refused(&folder.file(), keyring()).contains("version 1"));
    std::fs::write(folder.file(), b"no database at all, but long enough to be looked at").expect("written");
    assert!(refused(&folder.file(), keyring()).contains("not a database"));
}

/// What a look at each invariant costs, in steps of SQLite's machine, in a store of so many parts.
fn costs(name: &str, part_count: i64) -> Vec<(&'static str, i64)> {
    let folder = Folder::new(name);
    let store = folder.open();
    furnish(&store, 1_000_000 * PRICE);
    for first in (1..=part_count).step_by(500) {
        let messages = first..(first + 500).min(part_count + 1);
        let accepts: Vec<Op> = messages
            .clone()
            .map(|message| accept(keyed(a_plan(id(message), "hello"), &format!("key {message}"), 1), Claim::Now))
            .collect();
        let sent: Vec<Op> = messages.clone().map(|message| sent(id(message), 1, 1, &format!("f{message:x}"))).collect();
        let half = messages.filter(|message| message % 2 == 0);
        let reports: Vec<Op> = half
            .map(|message| mark(receipt(report(&format!("f{message:x}"), ReceiptStatus::Delivered), 2), message))
            .collect();
        for ops in [accepts, sent, reports] {
            let results = store.commit(&ops).expect("committed");
            assert!(results.iter().all(|result| !matches!(result, OpResult::Failed(_) | OpResult::Refused(_))));
        }
    }
    drop(store);
    let db = Connection::open(folder.file()).expect("opens");
    let queries = INVARIANTS.iter().filter_map(|invariant| match invariant.test {
        whimbrel_store::check::Test::Query(sql) => Some((invariant.name, sql)),
        whimbrel_store::check::Test::Sealed | whimbrel_store::check::Test::Verifiers => None,
    });
    queries
        .map(|(name, sql)| {
            let mut statement = db.prepare(sql).expect("prepared");
            let mut rows = statement.raw_query();
            while rows.next().expect("stepped").is_some() {}
            drop(rows);
            (name, i64::from(statement.get_status(rusqlite::StatementStatus::VmStep)))
        })
        .collect()
}

#[test]
fn a_look_costs_so_much_for_each_row_and_not_for_each_pair_of_rows() {
    let (small, large) = (costs("check-cost-small", 300), costs("check-cost-large", 3_000));
    for ((name, small), (_, large)) in small.into_iter().zip(large) {
        // Ten times the rows; without an index it would be a hundred times the steps.
        assert!(large <= 20 * small + 2_000, "{name}: {small} steps for 300 parts, {large} for 3,000");
    }
}
