//! What the suites share: a store with an account and a carrier, and short ways to say an operation.
#![allow(dead_code, reason = "each suite uses its own part of it")]

pub mod field;
pub mod lives;

use std::path::{Path, PathBuf};

use whimbrel_core::part::DoubtRules;
use whimbrel_core::{
    Account, AccountId, AccountRules, AccountStatus, Alphabet, AttemptNumber, Bucket, CaptureOn, CarrierId,
    CarrierMessageId, CarrierReceipt, Cause, Content, Currency, Cut, DoubtCause, DoubtPolicy, Endpoint, EndpointKind,
    HttpMethodChoice, IdempotencyKey, KeyForm, MessageClass, MessageId, MessageText, Money, Notice, NoticeId,
    PartEvent, PartId, PhoneNumber, Plan, PlannedPart, ReceiptKey, ReceiptStatus, ReceiptTold, ReceiptWish,
    Registration, Secret, SecretId, SecretRole, SenderId, Span, Timestamp, Told, plan,
};
use whimbrel_sms::ConcatRef;
use whimbrel_store::{
    Accept, Answer, Claim, Keyring, MessageView, NewAccount, NewSecret, Op, OpResult, PartChange, PartOutcome,
    ReceiptIn, ReceiptOutcome, SqliteOptions, SqliteStore, Store, TopUp, Wallet,
};

/// 2026-11-24, about noon.
pub const NOW: Timestamp = Timestamp(1_795_526_000_000_000);
pub const ACCOUNT: AccountId = AccountId(5);
pub const CARRIER: CarrierId = CarrierId(1);
pub const RECIPIENT: &str = "447700900123";
pub const PRICE: i64 = 3_330_000;

pub fn keyring() -> Keyring {
    Keyring::from_bytes([7; 32])
}

/// A folder of its own for a test, removed at the end.
pub struct Folder(PathBuf);

impl Folder {
    pub fn new(name: &str) -> Self {
        let path = std::env::temp_dir().join(format!("whimbrel-store-{name}-{}", std::process::id()));
        let _ = std::fs::remove_dir_all(&path);
        std::fs::create_dir_all(&path).expect("a writable temporary folder");
        Self(path)
    }

    pub fn file(&self) -> PathBuf {
        self.0.join("whimbrel.db")
    }

    pub fn path(&self) -> &Path {
        &self.0
    }

    pub fn open(&self) -> SqliteStore {
        SqliteStore::open(self.options()).expect("opens")
    }

    pub fn options(&self) -> SqliteOptions {
        SqliteOptions { path: self.file(), keyring: keyring(), reader_count: 2 }
    }

    /// What a process that is killed now would leave: the files as they are, under another folder.
    pub fn crashed(&self, name: &str) -> Folder {
        let copy = Folder::new(name);
        for file in std::fs::read_dir(&self.0).expect("there") {
            let file = file.expect("readable").path();
            let name = file.file_name().expect("a file");
            // The shared memory index is rebuilt from the log.
            if !name.to_string_lossy().ends_with("-shm") {
                std::fs::copy(&file, copy.0.join(name)).expect("copied");
            }
        }
        copy
    }
}

impl Drop for Folder {
    fn drop(&mut self) {
        let _ = std::fs::remove_dir_all(&self.0);
    }
}

/// A store in memory with one account, so much money in its wallet, an endpoint for receipts, and one carrier.
pub fn store_with(units: i64) -> SqliteStore {
    let store = SqliteStore::in_memory(keyring()).expect("memory");
    furnish(&store, units);
    store
}

pub fn furnish(store: &dyn Store, units: i64) {
    let ops = [
        Op::NameCarrier { name: "tele-1".into() },
        Op::NewAccount(Box::new(new_account(ACCOUNT, "devkey01"))),
        top_up(ACCOUNT, units, "dev"),
    ];
    let results = store.commit(&ops).expect("stored");
    assert!(matches!(results[0], OpResult::Carrier(CARRIER)));
    assert!(matches!(results[1], OpResult::Credential(_)));
    assert!(matches!(results[2], OpResult::Wallet(_)));
}

pub fn new_account(id: AccountId, key: &str) -> NewAccount {
    NewAccount {
        account: Account {
            id,
            key: key.into(),
            name: "dev".into(),
            currency: Currency::EUR,
            status: AccountStatus::Active,
            default_class: MessageClass::Otp,
            capture_on: CaptureOn::CarrierAccept,
            webhook_method: HttpMethodChoice::Get,
            endpoints: vec![Endpoint { kind: EndpointKind::Receipt, url: "http://127.0.0.1/receipt".into() }],
            rules: AccountRules::default(),
            otp: Default::default(),
            signing: Default::default(),
            policy: Default::default(),
            lists: std::sync::Arc::default(),
        },
        dialect: "plain".into(),
        secrets: vec![generated(id.0.unsigned_abs().into(), "devSecret01")],
        signature_secret: Secret::new("devSignature01"),
        at: NOW,
    }
}

/// A secret that we made.
pub fn generated(id: u128, secret: &str) -> NewSecret {
    NewSecret { id: SecretId(id), role: SecretRole::Half, verifier: keyring().verifier(&Secret::new(secret)) }
}

pub fn top_up(account_id: AccountId, units: i64, cause: &str) -> Op {
    Op::TopUp(TopUp {
        account_id,
        amount: Money::new(units, Currency::EUR),
        bucket: Bucket::Balance,
        cause: cause.into(),
        at: NOW,
    })
}

/// A plan for `text`; its ids start at `id`.
pub fn a_plan(id: i64, text: &str) -> Plan {
    let content = Content::Text { text: MessageText::new(text), alphabet: Alphabet::Gsm7Lossy };
    a_plan_of(id, content, ConcatRef::Octet(9))
}

/// A plan for any content; its ids start at `id`.
pub fn a_plan_of(id: i64, content: Content, reference: ConcatRef) -> Plan {
    let cut = Cut { reference, slack: 0 };
    let (encoding, contents) = plan::parts_of(&content, cut).expect("fits");
    let parts =
        contents.into_iter().zip(id..).map(|(content, id)| PlannedPart { part_id: PartId(id), content }).collect();
    Plan {
        message_id: MessageId(id),
        serial: None,
        account_id: ACCOUNT,
        dialect: "plain",
        class: MessageClass::Otp,
        recipient: PhoneNumber::parse(RECIPIENT).expect("a number"),
        sender: SenderId::Name("Acme Inc".into()),
        content,
        handset_class: None,
        registration: Registration::default(),
        cut,
        encoding,
        parts,
        price: Money::new(PRICE, Currency::EUR),
        capture_on: CaptureOn::CarrierAccept,
        network: "23420".into(),
        carrier: CARRIER,
        route: "britain".into(),
        epoch: 3,
        receipt: ReceiptWish::Wanted,
        telling: whimbrel_core::Telling::default(),
        application: None,
        callback: None,
        client_ref: Some("order 7".into()),
        account_ref: None,
        validity: None,
        accepted_at: NOW,
        due_at: NOW,
        expires_at: NOW + Span::hours(72),
        idempotency: None,
    }
}

pub fn keyed(mut plan: Plan, key: &str, digest: u8) -> Plan {
    plan.idempotency = Some(IdempotencyKey { key: key.into(), request_digest: [digest; 32] });
    plan
}

pub fn accept(plan: Plan, claim: Claim) -> Op {
    Op::Accept(Box::new(Accept { plan: plan.into(), claim, replay: None }))
}

/// An event at `NOW` plus so many seconds; the notice's id is made of both, far above the parts'.
pub fn event(part: i64, seconds: i64, event: PartEvent) -> Op {
    change(part, seconds, event, Answer::default())
}

pub fn change(part: i64, seconds: i64, event: PartEvent, answer: Answer) -> Op {
    Op::Part(PartChange {
        part_id: PartId(part),
        event,
        at: NOW + Span::seconds(seconds),
        notice_id: NoticeId(part.wrapping_mul(1_000).wrapping_add(1_000_000 + seconds)),
        answer,
    })
}

pub fn claimed(part: i64, seconds: i64, attempt: u16) -> Op {
    event(part, seconds, PartEvent::Claimed { attempt: AttemptNumber(attempt) })
}

pub fn sent(part: i64, seconds: i64, attempt: u16, id: &str) -> Op {
    let id = CarrierMessageId { raw: id.into(), key: id.to_ascii_lowercase().into_bytes().into() };
    let answer = Answer { id: Some(id), code: "0".into() };
    change(part, seconds, PartEvent::Sent { attempt: AttemptNumber(attempt) }, answer)
}

pub fn doubt(part: i64, seconds: i64, attempt: u16, policy: DoubtPolicy) -> Op {
    let rules = DoubtRules::all(policy);
    event(part, seconds, PartEvent::Doubt { attempt: AttemptNumber(attempt), cause: DoubtCause::LinkLost, rules })
}

pub fn report(id: &str, status: ReceiptStatus) -> CarrierReceipt {
    CarrierReceipt {
        keys: vec![ReceiptKey { key: id.to_ascii_lowercase().into_bytes().into(), form: KeyForm::Plain }],
        raw_id: id.into(),
        status,
        cause: if status == ReceiptStatus::Delivered { Cause::None } else { Cause::General },
        code: "000".into(),
        recipient: RECIPIENT.into(),
        network: None,
    }
}

pub fn receipt(report: CarrierReceipt, seconds: i64) -> Op {
    let (at, notice_id) = (NOW + Span::seconds(seconds), NoticeId(2_000_000_000 + seconds));
    Op::Receipt(Box::new(ReceiptIn { carrier: CARRIER, receipt: report, at, notice_id, onward: Vec::new() }))
}

/// Commits one operation.
pub fn run(store: &dyn Store, op: Op) -> OpResult {
    store.commit(&[op]).expect("committed").pop().expect("one answer")
}

/// Commits one operation about a part.
pub fn part(store: &dyn Store, op: Op) -> PartOutcome {
    match run(store, op) {
        OpResult::Part(outcome) => *outcome,
        other => panic!("not about a part: {other:?}"),
    }
}

/// Commits one receipt that finds its part.
pub fn matched(store: &dyn Store, op: Op) -> PartOutcome {
    match run(store, op) {
        OpResult::Receipt(outcome) => match *outcome {
            ReceiptOutcome::Matched { outcome, .. } => outcome,
            other => panic!("found no part: {other:?}"),
        },
        other => panic!("not about a receipt: {other:?}"),
    }
}

/// What a notice tells of a part.
pub fn told(notice: &Notice) -> &ReceiptTold {
    match &notice.told {
        Told::Receipt(told) => told,
        other => panic!("not about a part: {other:?}"),
    }
}

pub fn wallet(store: &dyn Store, id: AccountId) -> Wallet {
    store.account(id).expect("read").expect("there").wallet
}

/// Posted and held units of the account.
pub fn money(store: &dyn Store) -> (i64, i64) {
    let wallet = wallet(store, ACCOUNT);
    (wallet.posted.units, wallet.held.units)
}

pub fn view(store: &dyn Store, id: i64) -> MessageView {
    store.message(MessageId(id)).expect("read").expect("there")
}

/// The state of a message's parts.
pub fn states(store: &dyn Store, id: i64) -> Vec<String> {
    view(store, id).parts.iter().map(|part| part.state.to_string()).collect()
}

/// What the story says, without times.
pub fn story(store: &dyn Store, id: i64) -> Vec<String> {
    view(store, id).timeline.iter().map(|line| line.what.to_string()).collect()
}

/// Everything a reader can see, as text, to compare before and after.
pub fn everything(store: &dyn Store) -> String {
    let filter = whimbrel_store::MessageFilter { count_max: 1_000, ..Default::default() };
    let messages = store.messages(&filter).expect("read");
    let views: Vec<MessageView> = messages.iter().map(|message| view(store, message.id.0)).collect();
    format!(
        "{views:#?}\n{:#?}\n{:?}\n{:?}\n{:?}",
        store.notices(None, 1_000).expect("read"),
        store.stats().expect("read"),
        store
            .credentials()
            .expect("read")
            .iter()
            .map(|c| (&c.account, wallet(store, c.account.id)))
            .collect::<Vec<_>>(),
        store.high_water().expect("read"),
    )
}
