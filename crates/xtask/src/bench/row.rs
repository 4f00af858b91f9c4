//! One row: a fresh sink, a fresh gateway with an empty store, a fresh loader; a warm-up that is drained, then the measured run.

use std::path::{Path, PathBuf};
use std::time::Duration;

use super::books::{Books, Receipts};
use super::figures::{Figures, Seen, Usage, figures};
use super::loader::{Order, Proof, Tally};
use super::peer::{Loader, Sink, number};
use super::words::SIGNATURE_SECRET;
use crate::clock::{Started, sleep};
use crate::failure::{Outcome, require};
use crate::harness::check::check_store;
use crate::harness::gateway::{Gateway, Mode, Setup, store_bytes};
use crate::harness::proc_stat::{cpu, memory_kib};

/// How long what was accepted may take to reach the sink, and its webhooks their receiver.
const PATIENCE: Duration = Duration::from_secs(120);
const PAUSE: Duration = Duration::from_millis(50);
const WARM_UP_MS: u64 = 1000;

/// The processes of a row.
struct Row<'a> {
    sink: Sink,
    gateway: Gateway,
    loader: Loader,
    order: &'a Order,
    /// Messages in the store before the first text.
    stored_before: u64,
    /// What loads said so far.
    accepted: u64,
    broken: u64,
}

/// What runs.
#[derive(Debug, Clone)]
pub struct Programs {
    /// The gateway.
    pub gateway: PathBuf,
    /// This program, for both ends: built like the gateway, or the ends would take the machine from it.
    pub ends: PathBuf,
}

/// Measures one row in an empty folder.
pub fn measure(programs: &Programs, folder: &Path, window: u32, order: &Order) -> Outcome<Figures> {
    let sink = Sink::start(&programs.ends, folder, order.receipts)?;
    let mode = Mode::Carrier { addr: sink.addr, window, doubt_resends: 1 };
    let environment = [("WHIMBREL_LOG", "warn"), ("WHIMBREL_ALLOW_EGRESS", "127.0.0.1")];
    let environment = environment.map(|(name, value)| (name.to_owned(), value.to_owned())).into();
    let setup = Setup { binary: programs.gateway.clone(), folder: folder.to_owned(), mode, environment };
    let gateway = setup.start()?;
    let account = gateway.open_account()?;
    let loader = Loader::start(&programs.ends, folder, gateway.http, &account)?;
    if order.receipts {
        let patch = format!("{{\"receipt_url\":\"{}\"}}", loader.webhook_url());
        gateway.native("PATCH", &format!("accounts/{}", account.key), patch.as_bytes())?;
    }
    if order.proof == Proof::Signature {
        let signing = format!("accounts/{}/signing", account.key);
        gateway.native("PATCH", &signing, b"{\"method\":\"sha256\"}")?;
        let secret = format!("{{\"secret\":\"{SIGNATURE_SECRET}\",\"overlap_seconds\":0}}");
        gateway.native("POST", &format!("{signing}/rotate"), secret.as_bytes())?;
    }
    let stored_before = gateway.count("messages")?;
    let mut row = Row { sink, gateway, loader, order, stored_before, accepted: 0, broken: 0 };

    row.load(WARM_UP_MS)?;
    row.settle()?.check()?;
    row.sink.mark()?;
    row.loader.mark()?;
    let before = row.usage(&setup.data_folder())?;
    let tally = row.load(order.millis)?;
    let books = row.settle()?;
    let after = row.usage(&setup.data_folder())?;

    let (_, rss_peak_kib) = memory_kib(row.gateway.process.pid())?;
    let at_sink = row.sink.marked()?;
    let (_, webhooks) = row.loader.webhooks()?;
    let (callers, signed) = (order.callers, order.proof == Proof::Signature);
    let row_figures = figures(Seen { callers, signed, tally, at_sink, webhooks, before, after, rss_peak_kib, books })?;
    let status = row.gateway.process.terminate()?;
    require(status.success(), || format!("the gateway ended with {status} when it was asked to stop"))?;
    check_store(&programs.gateway, &setup.data_folder())?;
    Ok(row_figures)
}

impl Row<'_> {
    fn load(&mut self, millis: u64) -> Outcome<Tally> {
        let tally = self.loader.run(Order { millis, ..*self.order })?;
        self.accepted += tally.accepted;
        self.broken += tally.broken;
        if let Some(trouble) = &tally.first_trouble {
            let Tally { accepted, refused, broken, .. } = tally;
            let total = accepted + refused + broken;
            // Told at once: the books will fail for broken ones, and refused ones distort a rate.
            println!("  {refused} of {total} texts were refused, {broken} broken; the first: {trouble}");
        }
        Ok(tally)
    }

    /// Waits until nothing is on its way any more, or for long enough; the counts then.
    fn settle(&self) -> Outcome<Books> {
        let started = Started::now();
        loop {
            let books = self.books()?;
            if books.are_settled() || started.elapsed() > PATIENCE {
                return Ok(books);
            }
            sleep(PAUSE);
        }
    }

    fn books(&self) -> Outcome<Books> {
        let stats = self.gateway.native("GET", "stats", b"")?;
        let at_sink = self.sink.counts()?;
        let sum = |names: &[&str]| names.iter().map(|name| number(&stats, name)).sum::<Outcome<u64>>();
        let receipts = if self.order.receipts {
            let (told, _) = self.loader.webhooks()?;
            Some(Receipts {
                taken: number(&at_sink, "receipts_taken")?,
                refused: number(&at_sink, "receipts_refused")?,
                open: number(&at_sink, "receipts_open")? + sum(&["submitted", "notices", "receipts_parked"])?,
                told,
            })
        } else {
            None
        };
        Ok(Books {
            accepted: self.accepted,
            broken: self.broken,
            stored: number(&stats, "messages")?.saturating_sub(self.stored_before),
            unsent: sum(&["queued", "submitting", "uncertain"])?,
            submissions: number(&at_sink, "submissions")?,
            numbers: number(&at_sink, "numbers")?,
            texts: number(&at_sink, "texts")?,
            malformed: number(&at_sink, "malformed")?,
            receipts,
        })
    }

    fn usage(&self, data: &Path) -> Outcome<Usage> {
        Ok(Usage {
            cpu: cpu(self.gateway.process.pid())?,
            operations: self.gateway.metric("whimbrel_commit_batch_ops_sum")?,
            commits: self.gateway.metric("whimbrel_commit_batch_ops_count")?,
            store_bytes: store_bytes(data)?,
        })
    }
}
