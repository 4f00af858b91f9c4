//! `whimbrel bench`: load on a gateway, measured honestly.
//!
//! Closed loop: each caller sends as soon as it has its answer. Open loop: requests are due at fixed times whatever the answers
//! take, and latency counts from when a request was due, so that a slow server cannot hide by slowing the callers down
//! (coordinated omission). A message counts as accepted when the answer's body says so, not by its HTTP status.

mod plan;
mod report;

use std::sync::Arc;
use std::time::Duration;

use tokio::task::JoinSet;
use tokio::time::{Instant, sleep_until};
use whimbrel_core::Alphabet;
use whimbrel_dialects::Dialect;
use whimbrel_dialects::client::{ClientAnswer, Text};

use super::args::BenchArgs;
use super::client::{CallError, Connection, Server};
use super::output::{Out, Progress};
use super::send::{credentials, dialect};
use super::{Exit, Failure};
use plan::{Loop, Plan, Turn};
use report::{Report, Tally};

/// How long one answer may take; longer counts as failed.
const ANSWER_TIME_MAX: Duration = Duration::from_secs(30);
/// Before a caller whose connection failed tries again.
const RECONNECT_PAUSE: Duration = Duration::from_millis(100);

pub(super) fn run(args: BenchArgs, out: &Out) -> Result<(), Failure> {
    let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build();
    let runtime = runtime.map_err(|error| Failure::from_error(Exit::Failed, "cannot start", &error))?;
    runtime.block_on(bench(args, out))
}

async fn bench(args: BenchArgs, out: &Out) -> Result<(), Failure> {
    let server = Server::find(&args.server)?;
    if !server.is_loopback() && !args.i_own_the_target {
        let message = "the server is not on this machine: give --i-own-the-target if it is yours";
        return Err(Failure::coded(Exit::Policy, "E0901", message));
    }
    let dialect = dialect(args.dialect.as_deref())?;
    let (key, secret) = credentials(dialect, &args.credentials)?;
    let time = args.time.or_else(|| args.count.is_none().then_some(Duration::from_secs(10)));
    let kind = args.rate.map_or(Loop::Closed, |rate| Loop::Open { rate });
    let plan = Arc::new(Plan::new(kind, Instant::now(), time, args.count));
    let load = Arc::new(Load { server, dialect, key, secret, to: args.to, from: args.from });
    let tally = Arc::new(Tally::default());
    let mut callers = JoinSet::new();
    for _ in 0..args.callers {
        callers.spawn(call(Arc::clone(&load), Arc::clone(&plan), Arc::clone(&tally)));
    }
    let is_interrupted = watch(&mut callers, &plan, &tally, out).await;
    let report = Report::of(&plan, usize::from(args.callers), &tally, Instant::now());
    out.document("bench", &report.to_json(), || report.told(out));
    if is_interrupted { Err(Failure::interrupted()) } else { report.verdict() }
}

/// Waits for the callers and shows how it goes; whether the user broke it off.
async fn watch(callers: &mut JoinSet<()>, plan: &Plan, tally: &Tally, out: &Out) -> bool {
    let progress = out.progress();
    let mut ticks = tokio::time::interval(Duration::from_secs(if progress == Some(Progress::Lines) { 10 } else { 1 }));
    ticks.tick().await;
    let mut is_interrupted = false;
    loop {
        tokio::select! {
            biased;
            ended = callers.join_next() => if ended.is_none() { break },
            _ = tokio::signal::ctrl_c() => {
                // What is under way is still counted; a second interrupt ends the wait.
                if is_interrupted {
                    callers.abort_all();
                }
                is_interrupted = true;
                plan.stop();
            }
            _ = ticks.tick() => match progress {
                Some(Progress::Rewritten) => out.rewrite(&tally.line(plan.elapsed(Instant::now()))),
                Some(Progress::Lines) => out.hint(&tally.line(plan.elapsed(Instant::now()))),
                None => {}
            },
        }
    }
    if progress == Some(Progress::Rewritten) {
        out.rewrite("");
    }
    is_interrupted
}

/// What every caller sends, and where.
struct Load {
    server: Server,
    dialect: &'static dyn Dialect,
    key: String,
    secret: whimbrel_core::Secret,
    to: String,
    from: String,
}

async fn call(load: Arc<Load>, plan: Arc<Plan>, tally: Arc<Tally>) {
    let mut connection = None;
    loop {
        let (number, due) = match plan.take(Instant::now()) {
            Turn::Done => return,
            Turn::Now { number } => (number, Instant::now()),
            Turn::At { number, due } => {
                sleep_until(due).await;
                if plan.is_stopped() {
                    return;
                }
                (number, due)
            }
        };
        let answered = tokio::time::timeout(ANSWER_TIME_MAX, load.send(&mut connection, number)).await;
        let latency = Instant::now().saturating_duration_since(due);
        match answered {
            Ok(Ok(answer)) => tally.answered(&answer, latency),
            Ok(Err(error)) => {
                connection = None;
                tally.failed(&error.to_string());
                tokio::time::sleep(RECONNECT_PAUSE).await;
            }
            Err(_) => {
                connection = None;
                tally.failed("no answer within 30 seconds");
            }
        }
    }
}

impl Load {
    async fn send(&self, kept: &mut Option<Connection>, number: u64) -> Result<ClientAnswer, CallError> {
        let mut connection = match kept.take() {
            Some(connection) => connection,
            None => self.server.connect().await?,
        };
        let text = format!("Your code is {:06}", number % 1_000_000);
        let (to, from) = (self.to.as_str(), self.from.as_str());
        let text = Text { key: &self.key, secret: &self.secret, to, from, text: &text, alphabet: Alphabet::Gsm7Lossy };
        let request = self.dialect.client_request(&text);
        let headers: Vec<(String, String)> =
            request.headers.iter().map(|(name, value)| ((*name).to_owned(), value.clone().into_owned())).collect();
        let answer = connection.call(request.method, request.path, &headers, request.body).await?;
        *kept = Some(connection);
        Ok(self.dialect.client_answer(&answer.body))
    }
}
