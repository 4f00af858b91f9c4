//! The bare server between nothing and the loader: what both of them and the machine can do at most. It sends no text on, so its row has
//! no figures of an SMSC.

use std::process::Command;

use super::compared::Compared;
use super::loader::Order;
use super::other::Setting;
use super::peer::{Loader, socket};
use crate::commands::load::Speech;
use crate::failure::{Outcome, require};
use crate::harness::proc_stat::{cpu, memory_kib};
use crate::harness::process::Running;

const WARM_UP_MS: u64 = 1000;

/// Measures one row.
pub fn measure(setting: &Setting<'_>) -> Outcome<Compared> {
    let Setting { ends, folder, order } = *setting;
    let ready_file = folder.join("bare.ready.json");
    let mut line = Command::new(ends);
    line.arg("bare").arg("--ready-file").arg(&ready_file);
    let mut server = Running::start("the bare server", &mut line, &folder.join("bare.log"))?;
    let ready = server.wait_ready(&ready_file)?;
    let loader = Loader::start_for(ends, folder, socket(&ready, "http")?, Speech::Account)?;
    loader.run(Order { millis: WARM_UP_MS, ..*order })?;
    let before = cpu(server.pid())?;
    let tally = loader.run(*order)?;
    let cpu_us = cpu(server.pid())?.saturating_sub(before).as_micros() as f64;
    require(tally.accepted > 0, || format!("no text was accepted: {:?}", tally.first_trouble))?;
    Ok(Compared {
        gateway: "bare server",
        callers: order.callers,
        pace: order.pace,
        receipts: false,
        accepted_per_second: tally.accepted as f64 / tally.seconds,
        smsc_per_second: None,
        webhooks_per_second: 0.0,
        p50_us: tally.p50_us,
        p99_us: tally.p99_us,
        transit_p50_us: None,
        transit_p99_us: None,
        cpu_us_per_message: cpu_us / tally.accepted as f64,
        rss_peak_kib: memory_kib(server.pid())?.1,
        accepted: tally.accepted,
        refused: tally.refused,
        broken: tally.broken,
        unsent: 0,
        untold: 0,
    })
}
