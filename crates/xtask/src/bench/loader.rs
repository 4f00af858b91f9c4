//! So many callers, each of which sends its next text when the last was answered: a closed loop, whose rate is what the gateway
//! gives. Or an open one: texts are due at a fixed rate, whoever is free sends the next, and what is late counts from its due time.
//!
//! One thread. A text counts as accepted when its body says so, whatever the HTTP status. Every text and every recipient is used
//! once.

use std::cell::RefCell;
use std::net::SocketAddr;
use std::rc::Rc;
use std::sync::Arc;
use std::time::Duration;

use hdrhistogram::Histogram;
use serde::{Deserialize, Serialize};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpStream;
use tokio::task::JoinSet;

use super::pacer::Due;
use super::words::{Leaves, Words, request};
use crate::clock::{Started, monotonic_us, unix_seconds};
use crate::failure::{Attempted as _, Failure, Outcome, require};
use crate::harness::answer::{Progress, read};

/// How much longer than asked a run may take: then its open requests count as broken.
const OVERTIME: Duration = Duration::from_secs(30);

/// Whom to load, and in which words.
#[derive(Debug, Clone)]
pub struct Target {
    /// The gateway's HTTP address.
    pub host: SocketAddr,
    /// How it is asked.
    pub words: Words,
}

/// How much to load.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Order {
    /// Callers at the same time.
    pub callers: u32,
    /// For how long new texts are sent.
    pub millis: u64,
    /// Whether each text asks for its receipt.
    pub receipts: bool,
    /// How each text proves who sends it.
    pub proof: Proof,
    /// When each text is sent.
    pub pace: Pace,
    /// Texts that are due in so long from the start are counted, but how long they took is not.
    pub lead_millis: u64,
}

/// When texts are sent.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
pub enum Pace {
    /// Each caller sends when its last text was answered.
    Answers,
    /// So many a second, whether answers come or not.
    PerSecond(u32),
}

/// How a text proves who sends it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Proof {
    /// By the account's secret.
    Secret,
    /// By a signature, HMAC-SHA256.
    Signature,
}

/// What came of an order.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub struct Tally {
    /// Texts whose body said so.
    pub accepted: u64,
    /// Texts with any other answer.
    pub refused: u64,
    /// Those of them whose answer says that there are too many just now.
    pub throttled: u64,
    /// How long refusals took.
    pub refused_p99_us: u64,
    /// Texts without a whole answer.
    pub broken: u64,
    /// The first answer that was no acceptance, or why there was none.
    pub first_trouble: Option<String>,
    /// From the first request to the last answer.
    pub seconds: f64,
    /// How long acceptances took.
    pub p50_us: u64,
    /// See `p50_us`.
    pub p99_us: u64,
    /// See `p50_us`.
    pub p999_us: u64,
    /// See `p50_us`.
    pub max_us: u64,
}

impl Tally {
    /// Fails if anything else was answered than "accepted" or "too many", or nothing at all.
    pub fn accepted_or_throttled(&self) -> Outcome<()> {
        let trouble = self.first_trouble.as_deref().unwrap_or_default();
        require(self.broken == 0, || format!("{} had no answer: {trouble}", self.broken))?;
        require(self.throttled == self.refused, || {
            let otherwise = self.refused - self.throttled;
            format!("{otherwise} were refused otherwise than as too many; the first refusal: {trouble}")
        })
    }
}

/// What callers share.
struct Run {
    next: u64,
    tally: Tally,
    latency: Histogram<u64>,
    refusals: Histogram<u64>,
}

impl Run {
    /// Counts what was answered; `took_us` is `None` for a text of the lead.
    fn write(&mut self, words: &Words, body: &[u8], took_us: Option<u64>) {
        if words.accepts(body) {
            self.tally.accepted += 1;
            took_us.into_iter().for_each(|took_us| self.latency.saturating_record(took_us));
            return;
        }
        self.tally.refused += 1;
        self.tally.throttled += u64::from(words.throttles(body));
        took_us.into_iter().for_each(|took_us| self.refusals.saturating_record(took_us));
        self.trouble(|| String::from_utf8_lossy(&body[..body.len().min(300)]).into_owned());
    }

    fn trouble(&mut self, what: impl FnOnce() -> String) {
        self.tally.first_trouble.get_or_insert_with(what);
    }
}

/// Carries out an order with numbers from `*used` on, which grows by those it used.
pub async fn load(target: &Target, order: Order, used: &RefCell<u64>) -> Outcome<Tally> {
    // From a microsecond to an hour, three digits.
    let latency = Histogram::new_with_bounds(1, 3_600_000_000, 3).attempting("make a histogram")?;
    let (refusals, next) = (latency.clone(), *used.borrow());
    let run = Rc::new(RefCell::new(Run { next, tally: Tally::default(), latency, refusals }));
    let started = Started::now();
    let length = Duration::from_millis(order.millis);
    let due = Arc::new(Due::new(order.pace, length));
    let measured_from_us = monotonic_us() + order.lead_millis * 1_000;
    let mut callers = JoinSet::new();
    for _ in 0..order.callers {
        callers.spawn_local(call(target.clone(), order, measured_from_us, due.clone(), run.clone()));
    }
    if order.pace != Pace::Answers {
        let due = due.clone();
        callers.spawn_blocking(move || {
            due.tell();
            Ok(())
        });
    }
    let all = async {
        while let Some(ended) = callers.join_next().await {
            if let Err(failure) = ended.map_err(|error| Failure::new(error.to_string())).flatten() {
                let mut run = run.borrow_mut();
                run.tally.broken += 1;
                run.trouble(|| failure.to_string());
            }
        }
    };
    let in_time = tokio::time::timeout(length + OVERTIME, all).await.is_ok();
    let seconds = started.elapsed().as_secs_f64();
    if !in_time {
        let open = callers.len() as u64;
        callers.shutdown().await;
        let mut run = run.borrow_mut();
        run.tally.broken += open;
        run.trouble(|| format!("no answer within {} s after the end", OVERTIME.as_secs()));
    }
    let run = run.borrow();
    *used.borrow_mut() = run.next;
    let quantile = |at| run.latency.value_at_quantile(at);
    Ok(Tally {
        seconds,
        p50_us: quantile(0.5),
        p99_us: quantile(0.99),
        p999_us: quantile(0.999),
        max_us: run.latency.max(),
        refused_p99_us: run.refusals.value_at_quantile(0.99),
        ..run.tally.clone()
    })
}

/// One caller, until time is up. An error leaves the fate of its last text unknown.
async fn call(
    target: Target,
    order: Order,
    measured_from_us: u64,
    due: Arc<Due>,
    run: Rc<RefCell<Run>>,
) -> Outcome<()> {
    let mut stream = TcpStream::connect(target.host).await.attempting(format_args!("connect to {}", target.host))?;
    stream.set_nodelay(true)?;
    let mut buffer = Vec::with_capacity(8 * 1024);
    while let Some(due_us) = due.next().await {
        let number = {
            let mut run = run.borrow_mut();
            run.next += 1;
            run.next - 1
        };
        let leaves = Leaves { monotonic_us: due_us, unix_seconds: unix_seconds() };
        let request = request(&target, number, order, leaves);
        let body = exchange(&mut stream, request.as_bytes(), &mut buffer).await?;
        let took_us = monotonic_us().saturating_sub(due_us).max(1);
        run.borrow_mut().write(&target.words, &body, (due_us >= measured_from_us).then_some(took_us));
    }
    Ok(())
}

/// Sends one request and reads its whole answer; the body.
async fn exchange(stream: &mut TcpStream, request: &[u8], buffer: &mut Vec<u8>) -> Outcome<Vec<u8>> {
    stream.write_all(request).await.attempting("send a text")?;
    buffer.clear();
    loop {
        if stream.read_buf(buffer).await.attempting("wait for an answer")? == 0 {
            return Err(Failure::new("the gateway closed the connection before its answer"));
        }
        match read(buffer) {
            Progress::More => {}
            Progress::Done(answer, _) if answer.closes => {
                return Err(Failure::new(format!("the gateway ends the connection: {}", answer.text())));
            }
            Progress::Done(answer, _) => return Ok(answer.body),
            Progress::Broken(why) => return Err(Failure::new(format!("not an HTTP answer: {why}"))),
        }
    }
}
