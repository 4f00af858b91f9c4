//! Fills a store as traffic does: parts in every state, most of them ended, with their money, attempts, ids and answers.
//!
//! `cargo run --release -p whimbrel-store --example filled -- FOLDER [PARTS]`
//!
//! FOLDER gets a database and a key of its own, so that `whimbrel check --data-dir FOLDER` can look at it. A message in ten has
//! three parts; of a hundred messages 80 are delivered, 8 were taken and wait for their receipt, 5 are refused, 3 were in doubt and
//! sent again, 2 wait in the queue and 2 are in doubt. Prints the number of parts.

#[path = "../tests/support/mod.rs"]
mod support;

use std::io::Write as _;
use std::path::PathBuf;

use support::{ACCOUNT, CARRIER, NOW, a_plan, accept, keyed, new_account, report, top_up};
use whimbrel_core::part::DoubtRules;
use whimbrel_core::{
    AttemptNumber, CarrierError, CarrierMessageId, Cause, DoubtCause, DoubtPolicy, NoticeId, PartEvent, PartId,
    ReceiptStatus, RefusalScope, Span,
};
use whimbrel_store::{
    Answer, Claim, DATABASE_FILE, Keyring, Op, OpResult, PartChange, ReceiptIn, SqliteOptions, SqliteStore, Store,
};

/// The first id that is made at `NOW`, and how far messages and operations are apart.
const BASE: i64 = (NOW.0 / 1_000 - 1_735_689_600_000) << 19;
const STEP: i64 = 16;
const BATCH: usize = 1_000;

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let mut arguments = std::env::args().skip(1);
    let folder = PathBuf::from(arguments.next().ok_or("name a folder")?);
    let part_count: i64 = arguments.next().map_or(Ok(1_000_000), |text| text.parse())?;
    std::fs::create_dir_all(&folder)?;
    let options = SqliteOptions { path: folder.join(DATABASE_FILE), keyring: Keyring::open(&folder)?, reader_count: 1 };
    let store = SqliteStore::open(options)?;
    let mut account = new_account(ACCOUNT, "devkey01");
    account.account.endpoints.clear();
    let name = Op::NameCarrier { name: "tele-1".into() };
    store.commit(&[name, Op::NewAccount(Box::new(account)), top_up(ACCOUNT, i64::MAX / 2, "dev")])?;
    let (mut parts, mut message) = (0, 0);
    while parts < part_count {
        let mut life = Life::default();
        while life.parts < BATCH as i64 && parts + life.parts < part_count {
            message += 1;
            life.of_message(message);
        }
        parts += life.parts;
        for ops in life.stages {
            for result in store.commit(&ops)? {
                if matches!(result, OpResult::Failed(_) | OpResult::Refused(_)) {
                    return Err(format!("{result:?}").into());
                }
            }
        }
    }
    writeln!(std::io::stdout(), "{parts}")?;
    Ok(())
}

/// What happens to some messages, one commit after the other.
#[derive(Default)]
struct Life {
    stages: [Vec<Op>; 4],
    parts: i64,
}

impl Life {
    fn of_message(&mut self, message: i64) {
        let id = BASE + message * STEP;
        let text = if message % 10 == 0 { "a".repeat(400) } else { format!("Your code is {message}.") };
        let kind = message * 37 % 100;
        let plan = keyed(a_plan(id, &text), &format!("key {message}"), 1);
        let ids: Vec<i64> = plan.parts.iter().map(|part| part.part_id.0).collect();
        self.parts += ids.len() as i64;
        self.stages[0].push(accept(plan, if kind >= 98 { Claim::Later } else { Claim::Now }));
        for id in ids {
            match kind {
                0..80 => {
                    self.stages[1].push(sent(id, 1));
                    self.stages[2].push(delivered(id));
                }
                80..88 => self.stages[1].push(sent(id, 1)),
                88..93 => self.stages[1].push(happened(id, 1, refused())),
                93..96 => {
                    self.stages[1].push(happened(id, 1, in_doubt(DoubtPolicy::Resend)));
                    self.stages[2].push(happened(id, 2, PartEvent::Claimed { attempt: AttemptNumber(2) }));
                    self.stages[3].push(sent(id, 2));
                }
                96..98 => self.stages[1].push(happened(id, 1, in_doubt(DoubtPolicy::HoldForReceipt))),
                _ => {}
            }
        }
    }
}

fn refused() -> PartEvent {
    let (cause, status, scope) = (Cause::Spam, ReceiptStatus::Rejected, RefusalScope::Everywhere);
    let error = CarrierError::Permanent { cause, status, code: "69".into(), scope };
    PartEvent::Refused { attempt: AttemptNumber(1), error, retry_at: NOW, next: None }
}

fn in_doubt(policy: DoubtPolicy) -> PartEvent {
    let rules = DoubtRules::all(policy);
    PartEvent::Doubt { attempt: AttemptNumber(1), cause: DoubtCause::LinkLost, rules }
}

/// An operation gets an id behind its part's: messages are far enough apart.
fn happened(id: i64, seconds: i64, event: PartEvent) -> Op {
    let (at, notice_id) = (NOW + Span::seconds(seconds), NoticeId(id + 4 * seconds));
    Op::Part(PartChange { part_id: PartId(id), event, at, notice_id, answer: Answer::default() })
}

fn sent(id: i64, attempt: u16) -> Op {
    let Op::Part(mut change) = happened(id, 2, PartEvent::Sent { attempt: AttemptNumber(attempt) }) else {
        unreachable!("about a part")
    };
    let raw = carrier_id(id);
    let key = raw.clone().into_bytes().into();
    change.answer = Answer { id: Some(CarrierMessageId { raw: raw.into(), key }), code: "0".into() };
    Op::Part(change)
}

fn delivered(id: i64) -> Op {
    let (at, notice_id) = (NOW + Span::seconds(3), NoticeId(id + 8));
    let receipt = report(&carrier_id(id), ReceiptStatus::Delivered);
    Op::Receipt(Box::new(ReceiptIn { carrier: CARRIER, receipt, at, notice_id, onward: Vec::new() }))
}

/// Ids as carriers give them: without order. The first digit keeps them free of leading zeros.
fn carrier_id(id: i64) -> String {
    format!("f{:015x}", (id as u64).wrapping_mul(0x9e37_79b9_7f4a_7c15) >> 4)
}
