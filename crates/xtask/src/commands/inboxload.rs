//! `cargo xtask inboxload`: how fast the inbox is with 100,000 messages, and what it takes while more of them come.
//!
//! A development server is filled by its vendors' APIs (several accounts, two dialects; codes, links, long texts, other alphabets), then
//! Debian's Chromium looks at it: the first paint of the inbox, searches that are typical for the grammar, each by the native API and
//! as a page, and the memory of tab and server while a stream of messages arrives. The measurement itself is a script beside the tests
//! of the pages (`tests/browser/suite/inboxload.mjs`); here it is said whether it is good enough.

use std::fs;

use clap::Args;
use serde_json::{Value, json};

use crate::command::{self, program};
use crate::commands::crashloop::build;
use crate::commands::{install, test};
use crate::evidence::{self, Run};
use crate::failure::{Attempted as _, Failure, Outcome, require};
use crate::workspace::Workspace;

/// How much, and how fast.
#[derive(Args)]
pub struct Options {
    /// Messages in the store before anything is measured.
    #[arg(long, default_value_t = 100_000)]
    messages: u64,
    /// How long messages stream in while the inbox is open: long enough for three looks.
    #[arg(long, default_value_t = 300, value_parser = clap::value_parser!(u64).range(31..))]
    seconds: u64,
    /// Messages a second of that stream.
    #[arg(long, default_value_t = 20)]
    rate: u64,
    /// Uses the release build; the limits are meant for it.
    #[arg(long)]
    release: bool,
    /// Fails if a first paint takes longer, in milliseconds.
    #[arg(long, default_value_t = 500)]
    paint_ms_max: u64,
    /// Fails if a search takes longer until it is painted, in milliseconds.
    #[arg(long, default_value_t = 300)]
    search_ms_max: u64,
    /// Fails if the memory of the tab, or of the server, is more than so much above what it was after the first look of the stream,
    /// in megabytes.
    #[arg(long, default_value_t = 40)]
    growth_mb_max: u64,
}

/// Builds, fills, looks, judges.
pub fn run(workspace: &Workspace, options: &Options) -> Outcome<()> {
    install::debian_packages(workspace)?;
    build(workspace, options.release)?;
    let profile = if options.release { "release" } else { "debug" };
    let run = Run::begin(workspace, "inboxload", profile, None);
    evidence::record(workspace, &run, measure(workspace, options, profile))
}

fn measure(workspace: &Workspace, options: &Options, profile: &str) -> Outcome<Value> {
    let folder = test::browser_suite(workspace)?;
    let result = workspace.scratch("inboxload")?.join("result.json");
    let mut script = program(workspace, "node", &["suite/inboxload.mjs"]);
    script.current_dir(&folder);
    script.env("BROWSER_BINARY", workspace.product(profile));
    script.env("INBOXLOAD_MESSAGES", options.messages.to_string());
    script.env("INBOXLOAD_SECONDS", options.seconds.to_string());
    script.env("INBOXLOAD_PER_SECOND", options.rate.to_string());
    script.env("INBOXLOAD_RESULT", &result);
    command::run(&mut script)?;
    let text = fs::read_to_string(&result).attempting("read what was measured")?;
    let measured: Value = serde_json::from_str(&text).attempting("read what was measured")?;
    let figures = Figures::of(&measured)?;
    figures.print(&measured);
    figures.judge(options)?;
    Ok(json!({
        "messages": options.messages,
        "streamed": measured["stream"]["sent"],
        "first_paint_s": figures.paint_ms / 1e3,
        "slowest_search_s": figures.search_ms / 1e3,
        "slowest_search_by_api_s": figures.api_ms / 1e3,
        "tab_growth_mb": figures.tab_growth_mb,
        "server_growth_mb": figures.server_growth_mb,
    }))
}

/// The worst of what was measured.
#[derive(Debug, PartialEq)]
struct Figures {
    paint_ms: f64,
    search_ms: f64,
    api_ms: f64,
    tab_growth_mb: f64,
    server_growth_mb: f64,
}

impl Figures {
    fn of(measured: &Value) -> Outcome<Self> {
        let missing = || Failure::new("what was measured is not complete");
        let worst = |values: &Value, name: &str| {
            let values = values.as_array().ok_or_else(missing)?;
            values
                .iter()
                .map(|value| value[name].as_f64())
                .try_fold(0.0, |worst: f64, value| Some(worst.max(value?)))
                .ok_or_else(missing)
        };
        let paint = ["first_ms", "cold_ms", "warm_ms"].map(|name| measured["paint"][name].as_f64());
        let paint_ms =
            paint.into_iter().try_fold(0.0, |worst: f64, value| Some(worst.max(value?))).ok_or_else(missing)?;
        let looks = measured["stream"]["looks"].as_array().ok_or_else(missing)?;
        // Before the first look the tab had shown nothing and the server had not streamed yet: what is flat is flat from then on.
        let later = looks.get(2..).and_then(<[_]>::last);
        let (first, last) = (looks.get(1).ok_or_else(missing)?, later.ok_or_else(missing)?);
        let growth = |name: &str| Some(last[name].as_f64()? - first[name].as_f64()?);
        Ok(Self {
            paint_ms,
            search_ms: worst(&measured["searches"], "shown_ms")?,
            api_ms: worst(&measured["searches"], "server_ms")?,
            tab_growth_mb: growth("heap_mb").ok_or_else(missing)?,
            server_growth_mb: growth("server_mb").ok_or_else(missing)?,
        })
    }

    fn print(&self, measured: &Value) {
        let paint = &measured["paint"];
        println!("{:>9} messages in {} s", measured["messages"], measured["filled_s"]);
        println!(
            "{:>9} ms  first paint of all; a cold browser {} ms, a warm one {} ms",
            paint["first_ms"], paint["cold_ms"], paint["warm_ms"]
        );
        println!("{:>9} {:>9}  search", "API ms", "shown ms");
        for search in measured["searches"].as_array().into_iter().flatten() {
            let query = search["query"].as_str().filter(|query| !query.is_empty()).unwrap_or("(all)");
            let cut = if search["is_cut"] == true { ", cut" } else { "" };
            println!("{:>9} {:>9}  {query}: {} rows{cut}", search["server_ms"], search["shown_ms"], search["rows"]);
        }
        println!("{:>9} {:>9} {:>9}  stream", "tab MB", "nodes", "server MB");
        for look in measured["stream"]["looks"].as_array().into_iter().flatten() {
            println!(
                "{:>9} {:>9} {:>9}  at {} s, {} rows",
                look["heap_mb"], look["nodes"], look["server_mb"], look["at_s"], look["rows"]
            );
        }
        println!(
            "worst: first paint {:.0} ms, search {:.0} ms (by the API {:.0} ms); grown by {:.1} MB (tab) and {:.1} MB (server)",
            self.paint_ms, self.search_ms, self.api_ms, self.tab_growth_mb, self.server_growth_mb
        );
    }

    fn judge(&self, options: &Options) -> Outcome<()> {
        let (paint, search, growth) =
            (options.paint_ms_max as f64, options.search_ms_max as f64, options.growth_mb_max as f64);
        require(self.paint_ms <= paint, || {
            format!("a first paint took {:.0} ms, the goal is {paint:.0} ms", self.paint_ms)
        })?;
        require(self.search_ms <= search, || {
            format!("a search took {:.0} ms, the goal is {search:.0} ms", self.search_ms)
        })?;
        for (what, grown) in [("tab", self.tab_growth_mb), ("server", self.server_growth_mb)] {
            require(grown <= growth, || {
                format!("the {what} grew by {grown:.1} MB over the stream, allowed are {growth:.0} MB")
            })?;
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn measured() -> Value {
        json!({
            "paint": { "first_ms": 400.0, "cold_ms": 90.0, "warm_ms": 80.0 },
            "searches": [{ "shown_ms": 90.0, "server_ms": 20.0 }, { "shown_ms": 80.0, "server_ms": 30.0 }],
            "stream": { "looks": [
                { "heap_mb": 1.0, "server_mb": 90.0 }, { "heap_mb": 2.0, "server_mb": 100.0 }, { "heap_mb": 2.5, "server_mb": 96.0 },
            ] },
        })
    }

    #[test]
    fn the_worst_counts_and_growth_is_seen_from_the_first_look_of_the_stream() {
        let figures = Figures::of(&measured()).expect("complete");
        let (tab_growth_mb, server_growth_mb) = (0.5, -4.0);
        assert_eq!(
            figures,
            Figures { paint_ms: 400.0, search_ms: 90.0, api_ms: 30.0, tab_growth_mb, server_growth_mb }
        );
    }

    #[test]
    fn what_is_not_complete_is_no_result() {
        for name in ["paint", "searches", "stream"] {
            let mut measured = measured();
            measured[name] = Value::Null;
            assert!(Figures::of(&measured).is_err(), "{name}");
        }
    }

    #[test]
    fn each_goal_can_be_missed() {
        let options = Options {
            messages: 1,
            seconds: 1,
            rate: 1,
            release: false,
            paint_ms_max: 500,
            search_ms_max: 300,
            growth_mb_max: 40,
        };
        let good = || Figures::of(&measured()).expect("complete");
        assert!(good().judge(&options).is_ok());
        for bad in [
            Figures { paint_ms: 501.0, ..good() },
            Figures { search_ms: 301.0, ..good() },
            Figures { tab_growth_mb: 41.0, ..good() },
            Figures { server_growth_mb: 41.0, ..good() },
        ] {
            assert!(bad.judge(&options).is_err(), "{bad:?}");
        }
    }
}
