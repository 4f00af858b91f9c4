//! A gateway that is not ours between the same two ends: a fresh one, a warm-up that is drained, then the load.
//!
//! A text counts as sent when its recipient is seen at the sink, as told when its webhook is. What is missing when nothing moves any
//! more is told in the row, not hidden.

use std::net::SocketAddr;
use std::path::Path;
use std::time::Duration;

use super::compared::Compared;
use super::loader::{Order, Tally};
use super::peer::{Loader, Sink, number};
use crate::clock::{Started, sleep};
use crate::commands::load::Speech;
use crate::failure::{Outcome, require};
use crate::harness::proc_stat::{cpu, memory_kib};

const WARM_UP_MS: u64 = 1000;
/// How long nothing may move before what is missing counts as missing.
const QUIET: Duration = Duration::from_secs(10);
/// How long a drain may take in all.
const DRAIN_MAX: Duration = Duration::from_secs(300);
const PAUSE: Duration = Duration::from_millis(50);

/// A running gateway, bound to the sink.
pub trait Other {
    /// Its name in tables.
    const NAME: &'static str;
    /// How it is asked.
    const SPEECH: Speech;

    /// Where it speaks HTTP.
    fn http(&self) -> SocketAddr;

    /// All its processes, brokers and stores of its own included.
    fn pids(&self) -> Outcome<Vec<u32>>;

    /// Ends them in order.
    fn stop(&mut self) -> Outcome<()>;
}

/// What a row is measured in.
#[derive(Debug, Clone, Copy)]
pub struct Setting<'a> {
    /// This program, for both ends.
    pub ends: &'a Path,
    /// An empty folder.
    pub folder: &'a Path,
    /// The load.
    pub order: &'a Order,
}

/// Measures one row; `start` gets the sink's address.
pub fn measure<G: Other>(setting: &Setting<'_>, start: impl FnOnce(SocketAddr) -> Outcome<G>) -> Outcome<Compared> {
    let Setting { ends, folder, order } = *setting;
    let sink = Sink::start(ends, folder, order.receipts)?;
    let mut gateway = start(sink.addr)?;
    let loader = Loader::start_for(ends, folder, gateway.http(), G::SPEECH)?;
    let row = Row { sink, loader, order };
    let warm_up = row.loader.run(Order { millis: WARM_UP_MS, ..*order })?;
    row.settle(warm_up.accepted)?;
    row.sink.mark()?;
    row.loader.mark()?;
    let cpu_before = sum(&gateway, cpu)?;
    let tally = row.loader.run(*order)?;
    let accepted = warm_up.accepted + tally.accepted;
    let (numbers, told) = row.settle(accepted)?;
    let cpu_us = sum(&gateway, cpu)?.saturating_sub(cpu_before).as_micros() as f64;
    require(tally.accepted > 0, || format!("no text was accepted: {:?}", tally.first_trouble))?;
    let at_sink = row.sink.marked()?;
    let (_, webhooks) = row.loader.webhooks()?;
    let rss_peak_kib = sum(&gateway, |pid| Ok(Duration::from_micros(memory_kib(pid)?.1)))?.as_micros();
    gateway.stop()?;
    let Tally { p50_us, p99_us, .. } = tally;
    Ok(Compared {
        gateway: G::NAME,
        callers: order.callers,
        pace: order.pace,
        receipts: order.receipts,
        accepted_per_second: tally.accepted as f64 / tally.seconds,
        smsc_per_second: Some(at_sink.texts.per_second()),
        webhooks_per_second: webhooks.per_second(),
        p50_us,
        p99_us,
        transit_p50_us: Some(at_sink.transit_p50_us),
        transit_p99_us: Some(at_sink.transit_p99_us),
        cpu_us_per_message: cpu_us / at_sink.texts.count.max(1) as f64,
        rss_peak_kib: u64::try_from(rss_peak_kib).unwrap_or(u64::MAX),
        accepted,
        refused: warm_up.refused + tally.refused,
        broken: warm_up.broken + tally.broken,
        unsent: accepted.saturating_sub(numbers),
        untold: if order.receipts { accepted.saturating_sub(told) } else { 0 },
    })
}

/// Over all its processes.
fn sum<G: Other>(gateway: &G, of: impl Fn(u32) -> Outcome<Duration>) -> Outcome<Duration> {
    gateway.pids()?.into_iter().map(of).sum()
}

struct Row<'a> {
    sink: Sink,
    loader: Loader,
    order: &'a Order,
}

impl Row<'_> {
    /// Waits until everything arrived, or until nothing moves any more; recipients at the sink, and texts that webhooks told of.
    fn settle(&self, accepted: u64) -> Outcome<(u64, u64)> {
        let (started, mut moved, mut seen) = (Started::now(), Started::now(), (0, 0));
        loop {
            let now = (number(&self.sink.counts()?, "numbers")?, self.loader.webhooks()?.0);
            if now.0 >= accepted && (!self.order.receipts || now.1 >= accepted) {
                return Ok(now);
            }
            if now != seen {
                (seen, moved) = (now, Started::now());
            }
            if moved.elapsed() > QUIET || started.elapsed() > DRAIN_MAX {
                return Ok(now);
            }
            sleep(PAUSE);
        }
    }
}
