//! `cargo xtask load`: callers and a receiver of webhooks as a process of its own, the near end of `bench`.
//!
//! One thread. Asked over HTTP: `GET /run?callers=64&millis=2000&receipts=0&signed=0&rate=0&lead=0` starts a load, `GET /result` has its tally
//! once it is over, `GET /webhooks` counts what came to `/webhook`, `GET /mark` starts their measured span with the next one.

use std::cell::{Cell, RefCell};
use std::collections::HashSet;
use std::net::SocketAddr;
use std::path::PathBuf;
use std::pin::pin;
use std::rc::Rc;

use clap::{Args, ValueEnum};
use serde_json::json;
use tokio::net::TcpListener;
use tokio::sync::Notify;
use tokio::task::{JoinSet, LocalSet};

use crate::bench::control::{self, parameter};
use crate::bench::loader::{Order, Pace, Proof, Tally, Target, load};
use crate::bench::smsc::fingerprint;
use crate::bench::words::Words;
use crate::clock::Started;
use crate::failure::Outcome;

/// Whom to load.
#[derive(Args)]
pub struct Options {
    /// The gateway's HTTP address.
    #[arg(long)]
    host: SocketAddr,
    /// How it is asked.
    #[arg(long)]
    speech: Speech,
    /// The account's key, if it has accounts.
    #[arg(long, default_value = "bench")]
    key: String,
    /// The account's secret.
    #[arg(long, default_value = "bench")]
    secret: String,
    /// The number of its first text.
    #[arg(long, default_value_t = 0)]
    first: u64,
    /// Does not sleep while it loads.
    #[arg(long)]
    awake: bool,
    /// Where it is asked, and where webhooks go.
    #[arg(long, default_value = "127.0.0.1:0")]
    http: SocketAddr,
    /// A file that gets the address as JSON once it is bound.
    #[arg(long)]
    ready_file: PathBuf,
}

/// How a gateway is asked.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum Speech {
    /// As ours is.
    Account,
    /// As Kannel is.
    Kannel,
    /// As Jasmin is.
    Jasmin,
}

/// What Jasmin must hear, or it tells again.
const JASMIN_HEARD: &str = "ACK/Jasmin";

/// What requests and loads share.
struct Desk {
    target: Target,
    awake: bool,
    clock: Started,
    /// Numbers used so far.
    used: RefCell<u64>,
    order: Cell<Option<Order>>,
    ordered: Notify,
    result: RefCell<Option<Outcome<Tally>>>,
    webhooks: RefCell<Webhooks>,
}

#[derive(Debug, Default)]
struct Webhooks {
    told: HashSet<u64>,
    strange: u64,
    marked: u64,
    first_us: Option<u64>,
    last_us: u64,
}

/// Serves until killed, or until its parent is gone.
pub fn run(options: &Options) -> Outcome<()> {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
    Ok(LocalSet::new().block_on(&runtime, serve(options))?)
}

async fn serve(options: &Options) -> std::io::Result<()> {
    let http = TcpListener::bind(options.http).await?;
    let addr = http.local_addr()?;
    let webhook = format!("http://{addr}/webhook");
    let words = match options.speech {
        Speech::Account => Words::Account { key: options.key.clone(), secret: options.secret.clone() },
        Speech::Kannel => Words::Kannel { webhook },
        Speech::Jasmin => Words::Jasmin { webhook },
    };
    let target = Target { host: options.host, words };
    let desk = Rc::new(Desk {
        target,
        awake: options.awake,
        clock: Started::now(),
        used: RefCell::new(options.first),
        order: Cell::new(None),
        ordered: Notify::new(),
        result: RefCell::new(None),
        webhooks: RefCell::new(Webhooks::default()),
    });
    let ready = json!({"pid": std::process::id(), "http": addr.to_string()});
    std::fs::write(&options.ready_file, ready.to_string())?;
    let mut tasks = JoinSet::new();
    let mut orphaned = pin!(control::orphaned());
    loop {
        tokio::select! {
            accepted = http.accept() => {
                let (stream, desk) = (accepted?.0, desk.clone());
                // A caller that goes away is its own matter.
                tasks.spawn_local(async move { drop(control::serve(stream, |target| desk.answer(target)).await) });
            }
            () = desk.ordered.notified() => {
                if let Some(order) = desk.order.take() {
                    let desk = desk.clone();
                    tasks.spawn_local(async move {
                        let loading = load(&desk.target, order, &desk.used);
                        let result = if desk.awake { awake(loading).await } else { loading.await };
                        *desk.result.borrow_mut() = Some(result);
                    });
                }
            }
            // Ended tasks are taken out as they end.
            Some(_) = tasks.join_next() => {}
            () = &mut orphaned => return Ok(()),
        }
    }
}

/// Keeps this thread from sleeping until `work` has ended; whoever else wants the core gets it. A client elsewhere is woken by its own
/// machine: one beside the gateway, by whoever answers it, with an interrupt that costs more between two virtual cores than most answers.
async fn awake<T>(work: impl Future<Output = T>) -> T {
    let restless = async {
        loop {
            std::thread::yield_now();
            tokio::task::yield_now().await;
        }
    };
    tokio::select! {
        biased;
        done = work => done,
        () = restless => unreachable!("it never ends"),
    }
}

impl Desk {
    fn answer(&self, target: &str) -> String {
        let answer = match target.split('?').next().unwrap_or_default() {
            "/webhook" => {
                self.webhooks.borrow_mut().take(target, self.clock.elapsed_us());
                let is_jasmin = matches!(self.target.words, Words::Jasmin { .. });
                return if is_jasmin { JASMIN_HEARD.to_owned() } else { String::new() };
            }
            "/webhooks" => self.webhooks.borrow().counts(),
            "/mark" => {
                self.webhooks.borrow_mut().mark();
                json!({})
            }
            "/run" => match order(target) {
                Some(order) => {
                    *self.result.borrow_mut() = None;
                    self.order.set(Some(order));
                    self.ordered.notify_one();
                    json!({})
                }
                None => json!({"failure": "callers, millis, receipts, signed, rate and lead are numbers"}),
            },
            "/result" => match &*self.result.borrow() {
                None => json!({"tally": null}),
                Some(Ok(tally)) => json!({"tally": tally}),
                Some(Err(failure)) => json!({"failure": failure.to_string()}),
            },
            other => json!({"failure": format!("nothing is at {other}")}),
        };
        answer.to_string()
    }
}

impl Webhooks {
    /// Counts a webhook of the text that it tells of: by its recipient, which the wire calls `msisdn`, or by Jasmin's id.
    fn take(&mut self, target: &str, now_us: u64) {
        let has = |name, value| parameter(target, name) == Some(value);
        let of = match parameter(target, "msisdn") {
            Some(number) => Some(number).filter(|_| has("status", "delivered")),
            None => parameter(target, "id").filter(|_| has("message_status", "DELIVRD")),
        };
        match of {
            Some(text) => drop(self.told.insert(fingerprint(text.as_bytes()))),
            None => self.strange += 1,
        }
        self.first_us.get_or_insert(now_us);
        self.last_us = now_us;
        self.marked += 1;
    }

    fn mark(&mut self) {
        self.first_us = None;
        self.marked = 0;
    }

    fn counts(&self) -> serde_json::Value {
        let span = self.first_us.map_or(0, |first| self.last_us - first);
        json!({"told": self.told.len(), "strange": self.strange, "marked": self.marked, "marked_span_us": span})
    }
}

fn order(target: &str) -> Option<Order> {
    Some(Order {
        callers: parameter(target, "callers")?.parse().ok()?,
        millis: parameter(target, "millis")?.parse().ok()?,
        receipts: parameter(target, "receipts")? == "1",
        proof: if parameter(target, "signed")? == "1" { Proof::Signature } else { Proof::Secret },
        pace: match parameter(target, "rate")?.parse().ok()? {
            0 => Pace::Answers,
            rate => Pace::PerSecond(rate),
        },
        lead_millis: parameter(target, "lead")?.parse().ok()?,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_order_is_read_whole() {
        let (proof, pace) = (Proof::Signature, Pace::Answers);
        let asked = Order { callers: 64, millis: 2000, receipts: true, proof, pace, lead_millis: 0 };
        assert_eq!(order("/run?callers=64&millis=2000&receipts=1&signed=1&rate=0&lead=0"), Some(asked));
        let paced = Order { pace: Pace::PerSecond(1000), lead_millis: 200, ..asked };
        assert_eq!(order("/run?callers=64&millis=2000&receipts=1&signed=1&rate=1000&lead=200"), Some(paced));
        assert_eq!(order("/run?callers=64&millis=x&receipts=1&signed=1&rate=0&lead=0"), None);
        assert_eq!(order("/run?callers=64"), None);
    }

    #[test]
    fn webhooks_count_by_recipient_and_only_deliveries_tell() {
        let mut webhooks = Webhooks::default();
        webhooks.take("/webhook?msisdn=441&status=delivered", 10);
        webhooks.mark();
        webhooks.take("/webhook?msisdn=442&to=x&status=delivered", 20);
        webhooks.take("/webhook?msisdn=442&to=x&status=delivered", 50);
        webhooks.take("/webhook?msisdn=443&status=failed", 60);
        webhooks.take("/webhook?id=0a-1&message_status=DELIVRD&level=2", 60);
        webhooks.take("/webhook?id=0a-2&message_status=UNDELIV&level=2", 60);
        webhooks.take("/webhook", 70);
        assert_eq!(webhooks.counts(), json!({"told": 3, "strange": 3, "marked": 6, "marked_span_us": 50}));
    }
}
