//! What the ledger costs: the same messages with a price, so that holds, transfers and the wallet are written, and without.
//!
//! `cargo run --release -p whimbrel-store --example ledger_cost -- FOLDER [MESSAGES]`
//!
//! One row of figures for each batch size: microseconds per accept, and per life cycle (accept, sent, receipt), by the clock
//! on the wall and by the processor's (Linux only, else 0). The best of three rounds, in which both kinds take turns. Each
//! run has a new file in FOLDER, on the disk that is to be measured; a message is one part.

#[path = "../tests/support/mod.rs"]
mod support;

use std::io::Write as _;
use std::path::{Path, PathBuf};
use std::time::Instant;

use support::{ACCOUNT, CARRIER, a_plan, accept, keyring, new_account, report, top_up};
use whimbrel_core::{AttemptNumber, CarrierMessageId, NoticeId, PartEvent, PartId, ReceiptStatus, ReceiptWish, Span};
use whimbrel_store::{
    Answer, Claim, NewAccount, Op, OpResult, PartChange, ReceiptIn, SqliteOptions, SqliteStore, Store,
};

const NOTICES_FROM: i64 = 1 << 50;
const ROUNDS: usize = 3;

#[derive(Clone, Copy, PartialEq)]
enum Ledger {
    With,
    Without,
}

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let mut arguments = std::env::args().skip(1);
    let folder = PathBuf::from(arguments.next().ok_or("name a folder on the disk that is to be measured")?);
    let message_count: i64 = arguments.next().map_or(Ok(20_000), |text| text.parse())?;
    let mut out = std::io::stdout().lock();
    writeln!(out, "batch  ledger   accept/us  life/us  accept/cpu-us  life/cpu-us")?;
    for batch_size in [1, 32, 256] {
        // Single operations wait for the disk: fewer of them say as much.
        let count = if batch_size == 1 { message_count / 20 } else { message_count };
        let kinds = [("with", Ledger::With), ("without", Ledger::Without)];
        let mut best = [[f64::INFINITY; 4]; 2];
        for _ in 0..ROUNDS {
            for (best, (_, ledger)) in best.iter_mut().zip(kinds) {
                let figures = measure(&folder, batch_size, count, ledger)?;
                *best = std::array::from_fn(|index| best[index].min(figures[index]));
            }
        }
        for ([accept, life, accept_cpu, life_cpu], (name, _)) in best.into_iter().zip(kinds) {
            writeln!(
                out,
                "{batch_size:>5}  {name:<7}  {accept:>9.1}  {life:>7.1}  {accept_cpu:>13.1}  {life_cpu:>11.1}"
            )?;
        }
    }
    Ok(())
}

/// Microseconds per accept and per life cycle, then the same of the processor.
fn measure(
    folder: &Path,
    batch_size: usize,
    count: i64,
    ledger: Ledger,
) -> Result<[f64; 4], Box<dyn std::error::Error>> {
    let place = folder.join(format!("ledger-cost-{}", std::process::id()));
    std::fs::create_dir_all(&place)?;
    let options = SqliteOptions { path: place.join("whimbrel.db"), keyring: keyring(), reader_count: 1 };
    let store = SqliteStore::open(options)?;
    let mut account: NewAccount = new_account(ACCOUNT, "devkey01");
    account.account.endpoints.clear();
    let name = Op::NameCarrier { name: "tele-1".into() };
    store.commit(&[name, Op::NewAccount(Box::new(account)), top_up(ACCOUNT, i64::MAX / 2, "dev")])?;

    let ids: Vec<i64> = (1..=count).map(|n| n << 10).collect();
    let accept_ops: Vec<Op> = ids.iter().map(|id| accept_op(*id, ledger)).collect();
    let rest_ops: Vec<Op> = ids.iter().map(|id| sent_op(*id)).chain(ids.iter().map(|id| receipt_op(*id))).collect();
    let accepts = commit_all(&store, &accept_ops, batch_size)?;
    let rest = commit_all(&store, &rest_ops, batch_size)?;
    if !store.audit()?.is_clean() {
        return Err("the ledger does not add up".into());
    }
    drop(store);
    std::fs::remove_dir_all(&place)?;
    let per_message = |time: f64| time / count as f64;
    Ok([accepts.0, accepts.0 + rest.0, accepts.1, accepts.1 + rest.1].map(per_message))
}

/// Microseconds for all of them, on the wall and of the processor.
#[expect(clippy::disallowed_methods, reason = "this measures")]
fn commit_all(store: &SqliteStore, ops: &[Op], batch_size: usize) -> Result<(f64, f64), Box<dyn std::error::Error>> {
    let (start, processor_start) = (Instant::now(), processor_micros());
    for batch in ops.chunks(batch_size) {
        for result in store.commit(batch)? {
            if matches!(result, OpResult::Failed(_) | OpResult::Refused(_)) {
                return Err(format!("{result:?}").into());
            }
        }
    }
    Ok((start.elapsed().as_secs_f64() * 1e6, processor_micros() - processor_start))
}

/// What this thread has used of the processor: the first figure of Linux' schedstat, in nanoseconds.
fn processor_micros() -> f64 {
    let text = std::fs::read_to_string("/proc/thread-self/schedstat").unwrap_or_default();
    text.split(' ').next().and_then(|nanos| nanos.parse::<f64>().ok()).unwrap_or(0.0) / 1e3
}

fn accept_op(id: i64, ledger: Ledger) -> Op {
    let mut plan = a_plan(id, "Your code is 482917. It is good for five minutes; tell nobody.");
    plan.receipt = ReceiptWish::Wanted;
    if ledger == Ledger::Without {
        plan.price.units = 0;
    }
    accept(plan, Claim::Now)
}

fn sent_op(id: i64) -> Op {
    let name = carrier_id(id);
    let key = name.clone().into_bytes().into();
    Op::Part(PartChange {
        part_id: PartId(id),
        event: PartEvent::Sent { attempt: AttemptNumber(1) },
        at: support::NOW + Span::seconds(1),
        notice_id: NoticeId(NOTICES_FROM + id),
        answer: Answer { id: Some(CarrierMessageId { raw: name.into(), key }), code: "0".into() },
    })
}

fn receipt_op(id: i64) -> Op {
    Op::Receipt(Box::new(ReceiptIn {
        carrier: CARRIER,
        receipt: report(&carrier_id(id), ReceiptStatus::Delivered),
        at: support::NOW + Span::seconds(2),
        notice_id: NoticeId(NOTICES_FROM + id + 1),
        onward: Vec::new(),
    }))
}

/// Ids as carriers give them: without order.
fn carrier_id(id: i64) -> String {
    format!("{:016x}", (id as u64).wrapping_mul(0x9e37_79b9_7f4a_7c15))
}
