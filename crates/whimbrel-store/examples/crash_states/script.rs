//! The recorded program: commits of every kind, checkpoints of every kind, and restarts. In its last rounds the store's own thread brings
//! the log back beside every commit, as it does under load.

use std::fs::File;
use std::io::Write as _;
use std::path::{Path, PathBuf};

use rusqlite::Connection;
use rusqlite::types::ValueRef;
use sha2::{Digest as _, Sha256};
use whimbrel_core::call::history::RefusedSend;
use whimbrel_core::call::numbers::{Features, NumberKind};
use whimbrel_core::{
    AccountId, AttemptNumber, CarrierError, Cause, CountryCode, Currency, DoubtPolicy, InboundAlphabet, InboundContent,
    InboundId, InboundPart, ListKind, MessageText, Money, NoticeId, PartEvent, ReceiptStatus, RefusalScope, ReplayKey,
    ReplayKind, ReplayMark, Secret, SecretId, SenderId, Span,
};
use whimbrel_store::{
    AccountPatch, AddSecret, Claim, DATABASE_FILE, Deal, DocumentChange, DocumentFate, DocumentKind, DocumentPlace,
    InboundIn, ListChange, NoticeResult, NoticeTried, NumberChange, NumberFate, Offer, Op, OpResult, PoolOp, Rejection,
    Reload, ReloadOp, RevokeSecret, RotateSignatureSecret, SqliteOptions, SqliteStore, Store, TakesTexts, UseOnce,
};

use crate::Failed;
use crate::log::TOLD;
use crate::support::{
    ACCOUNT, CARRIER, NOW, a_plan, accept, claimed, doubt, event, generated, keyed, keyring, new_account, receipt,
    report, sent, top_up,
};

/// Messages of a round; ids of a round's operations stay below those of the next.
const ROUNDS: i64 = 6;
/// From this round on the store's thread keeps the log short.
const ROUND_BESIDE: i64 = 3;
/// From so many pages on: more than most commits write, and few enough that it acts at every third or so.
const PAGES_BESIDE: u32 = 30;
const ROUND_IDS: i64 = 10_000;

/// A store and where its commits are told.
struct Recorder {
    path: PathBuf,
    told: File,
    store: Option<SqliteStore>,
}

/// Records all rounds.
pub fn record(folder: &Path) -> Result<(), Failed> {
    std::fs::create_dir_all(folder)?;
    let path = folder.join(DATABASE_FILE);
    let told = File::options().create(true).append(true).open(folder.join(TOLD))?;
    let mut recorder = Recorder { path, told, store: None };
    recorder.start()?;
    for round in 0..ROUNDS {
        if round >= ROUND_BESIDE {
            recorder.store()?.bring_log_back_from(PAGES_BESIDE)?;
            for (kind, ops) in commits(round) {
                recorder.commit(&format!("{kind} beside the log's thread"), &ops)?;
            }
            recorder.stop();
            recorder.start()?;
            continue;
        }
        for (index, (kind, ops)) in commits(round).into_iter().enumerate() {
            recorder.commit(kind, &ops)?;
            // Each kind of checkpoint comes in the middle of work: the log is written from its start again afterwards.
            let checkpoint = ["passive", "full", "restart", "truncate"].get(index % 9);
            if let Some(kind) = checkpoint {
                recorder.checkpoint(kind)?;
            }
        }
        recorder.stop();
        recorder.start()?;
    }
    recorder.stop();
    Ok(())
}

impl Recorder {
    fn start(&mut self) -> Result<(), Failed> {
        let options = SqliteOptions { path: self.path.clone(), keyring: keyring(), reader_count: 1 };
        self.store = Some(SqliteStore::open(options)?);
        self.tell("start")
    }

    /// The end of the last connection brings everything into the database and removes the log.
    fn stop(&mut self) {
        self.store = None;
    }

    fn commit(&mut self, kind: &str, ops: &[Op]) -> Result<(), Failed> {
        for result in self.store()?.commit(ops)? {
            if matches!(result, OpResult::Failed(_) | OpResult::Refused(_) | OpResult::AccountRefused(_)) {
                return Err(format!("{kind}: {result:?}").into());
            }
        }
        self.tell(kind)
    }

    fn store(&self) -> Result<&SqliteStore, Failed> {
        Ok(self.store.as_ref().ok_or("it was started")?)
    }

    fn checkpoint(&mut self, kind: &str) -> Result<(), Failed> {
        let db = Connection::open(&self.path)?;
        db.query_row(&format!("pragma wal_checkpoint({kind})"), [], |_| Ok(()))?;
        drop(db);
        self.tell(&format!("checkpoint {kind}"))
    }

    /// One write, after the commit returned: what comes before it in the log happened before.
    fn tell(&mut self, kind: &str) -> Result<(), Failed> {
        let line = format!("{} {kind}\n", fingerprint(&self.path)?);
        self.told.write_all(line.as_bytes())?;
        Ok(())
    }
}

/// A digest of every row of every table, and of the tables.
pub fn fingerprint(path: &Path) -> Result<String, Failed> {
    let db = Connection::open(path)?;
    let mut hash = Sha256::new();
    let mut tables = db.prepare("select name, sql from sqlite_master where type = 'table' order by name")?;
    let tables: Vec<(String, String)> =
        tables.query_map([], |row| Ok((row.get(0)?, row.get(1)?)))?.collect::<Result<_, _>>()?;
    for (name, sql) in tables {
        hash.update(sql.as_bytes());
        let mut rows = db.prepare(&format!("select * from \"{name}\""))?;
        let columns = rows.column_count();
        let mut rows = rows.query([])?;
        while let Some(row) = rows.next()? {
            for column in 0..columns {
                match row.get_ref(column)? {
                    ValueRef::Null => hash.update(b"n"),
                    ValueRef::Integer(number) => hash.update(number.to_le_bytes()),
                    ValueRef::Real(number) => hash.update(number.to_bits().to_le_bytes()),
                    ValueRef::Text(octets) | ValueRef::Blob(octets) => {
                        hash.update(octets.len().to_le_bytes());
                        hash.update(octets);
                    }
                }
            }
        }
    }
    Ok(hash.finalize().iter().map(|octet| format!("{octet:02x}")).collect())
}

/// The commits of a round, each with its kind.
fn commits(round: i64) -> Vec<(&'static str, Vec<Op>)> {
    let base = (round + 1) * ROUND_IDS;
    let mut all = Vec::new();
    if round == 0 {
        all.extend(beginnings());
    }
    all.extend(lives(base));
    all.extend(resources(base, round));
    all.extend(credentials(base, round));
    all
}

fn beginnings() -> Vec<(&'static str, Vec<Op>)> {
    vec![
        ("carrier", vec![Op::NameCarrier { name: "tele-1".into() }]),
        ("account", vec![Op::NewAccount(Box::new(new_account(ACCOUNT, "devkey01")))]),
        ("top-up", vec![top_up(ACCOUNT, i64::MAX / 4, "first")]),
    ]
}

/// What happens to messages.
fn lives(base: i64) -> Vec<(&'static str, Vec<Op>)> {
    let id = |number: i64| base + number * 10;
    let carrier_id = |number: i64| format!("{base:x}f{number:x}");
    let refused = {
        let (cause, status, scope) = (Cause::Spam, ReceiptStatus::Rejected, RefusalScope::Everywhere);
        let error = CarrierError::Permanent { cause, status, code: "69".into(), scope };
        PartEvent::Refused { attempt: AttemptNumber(1), error, retry_at: NOW, next: None }
    };
    let tried = |number: i64, result| {
        // The id of the notice of the part's receipt.
        let id = NoticeId(2_000_000_000 + base + number);
        Op::Notice(NoticeTried { id, at: NOW + Span::seconds(60), result, detail: "status 503".into() })
    };
    let reported = |number: i64, status| receipt(report(&carrier_id(number), status), base + number);
    vec![
        ("accept", vec![accept(keyed(a_plan(id(1), "hi"), &format!("key {base}"), 1), Claim::Now)]),
        ("accept-queued", vec![accept(a_plan(id(2), &"a".repeat(200)), Claim::Later)]),
        ("accept-many", (10..60).map(|number| accept(a_plan(id(number), "many"), Claim::Now)).collect()),
        ("claim", vec![claimed(id(2), 1, 1), claimed(id(2) + 1, 1, 1)]),
        ("sent", vec![sent(id(1), 2, 1, &carrier_id(1)), sent(id(2), 2, 1, &carrier_id(2))]),
        ("sent-many", (10..60).map(|number| sent(id(number), 2, 1, &carrier_id(number))).collect()),
        ("refused", vec![event(id(2) + 1, 2, refused)]),
        ("accept", vec![accept(a_plan(id(3), "doubt"), Claim::Now)]),
        ("doubt", vec![doubt(id(3), 3, 1, DoubtPolicy::Resend)]),
        ("resend", vec![claimed(id(3), 4, 2)]),
        ("sent", vec![sent(id(3), 5, 2, &carrier_id(3))]),
        ("receipt", vec![reported(1, ReceiptStatus::Delivered)]),
        ("receipt-many", (10..60).map(|number| reported(number, ReceiptStatus::Delivered)).collect()),
        ("receipt-failed", vec![reported(2, ReceiptStatus::Failed)]),
        ("receipt-late", vec![receipt(report(&carrier_id(1), ReceiptStatus::Failed), base + 5)]),
        ("receipt-parked", vec![receipt(report(&format!("{base:x}e"), ReceiptStatus::Delivered), base + 6)]),
        ("notice-retry", vec![tried(1, NoticeResult::RetryAt(NOW + Span::seconds(90)))]),
        ("notice-delivered", vec![tried(1, NoticeResult::Delivered)]),
        ("notice-given-up", vec![tried(10, NoticeResult::GivenUp)]),
    ]
}

/// Numbers, lists, payments, documents.
fn resources(base: i64, round: i64) -> Vec<(&'static str, Vec<Op>)> {
    let country = CountryCode::parse("GB").expect("two letters");
    let number = format!("4477009009{round:02}");
    let monthly = Money::new(100, Currency::EUR);
    let offer = Offer {
        number: number.as_str().into(),
        country,
        kind: NumberKind::Mobile,
        features: Features::SMS,
        monthly,
        purchase: monthly,
    };
    let deal = Deal { id: base + 9_000, account_id: ACCOUNT, number: number.into(), country, presumed: None, at: NOW };
    let ours = format!("4477009008{round:02}");
    let content = InboundContent::Text { text: MessageText::new("STOP"), alphabet: InboundAlphabet::Gsm7 };
    let sender = SenderId::parse("447700900123").expect("a number");
    let part = InboundPart { sender, number: ours.as_str().into(), header: Box::default(), concat: None, content };
    let inbound =
        InboundIn { id: InboundId(base + 9_001), carrier: CARRIER, part, at: NOW, notice_id: NoticeId(base + 9_002) };
    let assigned = NumberFate::Assign { account_id: ACCOUNT, inbound_url: None, country: None };
    let barred = ListChange {
        account_id: Some(ACCOUNT),
        kind: ListKind::Barred,
        add: vec![format!("4477009007{round:02}").into()],
        remove: Vec::new(),
        at: NOW,
    };
    let place = DocumentPlace {
        dialect: "plain".into(),
        kind: DocumentKind::Application,
        key: format!("application {round}").into(),
    };
    let fate =
        DocumentFate::Make { json: "{}".into(), public_key: None, secret: None, texts: TakesTexts::No, count_max: 9 };
    let reload = Reload {
        account_id: ACCOUNT,
        reference: "arranged".into(),
        amount: Money::new(7, Currency::EUR),
        times_left: 2,
        at: NOW,
    };
    let taken = ReloadOp::Take { id: base + 9_003, account_id: ACCOUNT, reference: "arranged".into(), at: NOW };
    let send = RefusedSend {
        sender: "Acme".into(),
        recipient: "447700900123".into(),
        at: NOW,
        code: "7".into(),
        told: "barred".into(),
    };
    vec![
        ("number", vec![Op::Number(NumberChange { number: ours.into(), change: assigned, at: NOW })]),
        ("inbound", vec![Op::Inbound(Box::new(inbound))]),
        ("list", vec![Op::List(barred)]),
        ("offer", vec![Op::Pool(PoolOp::Offer { offers: vec![offer], at: NOW })]),
        ("purchase", vec![Op::Pool(PoolOp::Buy(deal))]),
        ("arrange", vec![Op::Reload(ReloadOp::Arrange(reload))]),
        ("reload", vec![Op::Reload(taken)]),
        ("top-up", vec![top_up(ACCOUNT, 11, &format!("payment {round}"))]),
        ("rejection", vec![Op::Rejections(vec![Rejection { id: base + 9_004, account_id: ACCOUNT, send }])]),
        ("document", vec![Op::Document(Box::new(DocumentChange { place, account_id: ACCOUNT, fate, at: NOW }))]),
    ]
}

/// What accounts prove themselves by.
fn credentials(base: i64, round: i64) -> Vec<(&'static str, Vec<Op>)> {
    let id = 1_000 + round;
    let secret = AddSecret { account_id: ACCOUNT, secret: generated(id.unsigned_abs().into(), "another"), at: NOW };
    let revoked = RevokeSecret { account_id: ACCOUNT, id: SecretId(id.unsigned_abs().into()), at: NOW };
    let rotated = RotateSignatureSecret {
        account_id: ACCOUNT,
        id: base + 9_005,
        secret: Secret::new("anotherSignature01"),
        previous_until: NOW + Span::seconds(60),
        at: NOW,
    };
    let other = AccountId(base);
    let mut account = new_account(other, &format!("other{round:03}"));
    account.secrets = vec![generated(base.unsigned_abs().into(), "ofTheOther")];
    let mark = ReplayMark::new([u8::try_from(round).unwrap_or(u8::MAX); 32]);
    let key = ReplayKey { kind: ReplayKind::Nonce, mark, expires_at: NOW + Span::seconds(300) };
    let used = UseOnce { account_id: ACCOUNT, key, used_by: base + 9_006, at: NOW };
    vec![
        ("secret", vec![Op::AddSecret(Box::new(secret))]),
        ("revoke", vec![Op::RevokeSecret(revoked)]),
        ("signature-secret", vec![Op::RotateSignatureSecret(Box::new(rotated))]),
        ("signature-secret-end", vec![Op::EndSignatureSecrets { at: NOW + Span::seconds(61) }]),
        ("account", vec![Op::NewAccount(Box::new(account))]),
        (
            "patch",
            vec![Op::PatchAccount(Box::new(AccountPatch::endpoints(
                other,
                NOW,
                vec![(whimbrel_core::EndpointKind::Inbound, "http://127.0.0.1/in".into())],
            )))],
        ),
        ("nonce", vec![Op::UseOnce(used)]),
    ]
}
