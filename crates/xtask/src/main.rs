//! The project's own commands: `cargo xtask test`, `ci`, `tidy`, `bench` and the harnesses that break things on purpose.
//!
//! Glue is Rust, so that it is checked like the product. Every command works from any folder of the repository, asks
//! nothing, prints what it runs and exits non-zero on failure. This is built before everything else: keep it small.

#![expect(clippy::print_stdout, reason = "a command line tool prints")]

mod bench;
mod clock;
mod command;
mod commands;
mod dissected;
mod evidence;
mod failure;
mod harness;
mod page;
mod tidy;
mod workspace;

use std::process::ExitCode;

use clap::{Parser, Subcommand};

use crate::failure::Outcome;
use crate::workspace::Workspace;

/// The project's own commands.
#[derive(Parser)]
#[command(name = "cargo xtask", bin_name = "cargo xtask")]
struct Line {
    #[command(subcommand)]
    command: Command,
}

#[derive(Subcommand)]
enum Command {
    /// Install what the tests need, then run all of them.
    Test(commands::test::Options),
    /// What the gate runs: format, lints, tidy, licences, all tests.
    Ci,
    /// Check the rules that no compiler knows: dependencies, vendors' names, links, sizes.
    Tidy,
    /// Install what `tools.toml` lists and this machine lacks.
    Install(commands::install::Options),
    /// Run the tests that are other projects' clients and servers, locked or in their newest versions.
    Sdks(commands::sdks::Options),
    /// Call every operation of the OpenAPI documents with whatever its schema allows and forbids.
    Schemathesis(commands::schemathesis::Options),
    /// Compare signatures with those of the vendors' own libraries on random inputs, both ways.
    Signers(commands::signers::Options),
    /// Measure rate, latency, CPU and memory of the whole path into a fast SMSC sink.
    Bench(commands::bench::Options),
    /// Measure Kannel, Jasmin, a bare server and ours in turn, between the same loader and the same SMSC.
    Compare(commands::compare::Options),
    /// Kill the gateway at random instants under load and count what was lost or doubled.
    Crashloop(commands::crashloop::Options),
    /// Put a bad network between the gateway and the SMSC, and count what was lost or doubled.
    Chaosproxy(commands::chaosproxy::Options),
    /// Make every state that a power cut may leave of a store's files, and open each.
    Crashstates(commands::crashstates::Options),
    /// Run the logins by one-time code again and again, also with a core under stress, and count the runs that fail.
    Flakes(commands::flakes::Options),
    /// Let the N-th flush to disk fail, and see that nothing is accepted afterwards.
    Fsyncfail(commands::fsyncfail::Options),
    /// Let every flush take longer, up to 5 seconds, and see that texts are refused at most, and none twice sent
    Slowdisk(commands::slowdisk::Options),
    /// Send malformed PDUs, huge bodies and slow headers, and see that honest traffic goes on.
    Hostile(commands::hostile::Options),
    /// Have tshark read random PDUs of ours and compare every field with what was meant.
    Dissect(commands::dissect::Options),
    /// Send more than a carrier allows, and see that its rate is used, kept and nobody else is slowed.
    Throttled(commands::throttled::Options),
    /// Send ten times what saturates the gateway, with a quiet account beside, and see what is still accepted.
    Overload(commands::overload::Options),
    /// A million texts while the carrier is down: what they take to hold and to drain, and what texts cost with them in the store.
    Backlog(commands::backlog::Options),
    /// Five million texts in the store: what texts and look-ups cost then, also with a cold cache
    Stored(commands::stored::Options),
    /// Whether the simulation finds the mistakes that are made on purpose.
    Saboteurs(commands::saboteurs::Options),
    /// Take the power from the gateway's disk at random instants under load (Linux, root), and count what was lost or doubled.
    Powercut(commands::powercut::Options),
    /// Run the property tests with many cases from a new seed, once or for a while.
    Properties(commands::properties::Options),
    /// Replace every secret of an account once a second under load, and see that no honest request fails.
    Rotate(commands::rotate::Options),
    /// Measure what guessed and cold secrets cost those who send beside them.
    Guesses(commands::guesses::Options),
    /// Measure how long `whimbrel check` and `whimbrel backup` take for a store of a million parts.
    Checkload(commands::checkload::Options),
    /// Measure the inbox with 100,000 messages in Chromium: first paint, searches, memory while more come.
    Inboxload(commands::inboxload::Options),
    /// See that the published figures are those of the evidence; `--keep` adds what this machine saw.
    Evidence(commands::evidence::Options),
    /// Show that unmodified programs reach Whimbrel by `whimbrel run` and nobody else (Linux, root, network namespaces).
    Intercept,
    /// Play the engine in worlds that a seed decides, or replay one seed.
    Sim(commands::sim::Options),
    /// Fuzz what parses foreign bytes, for a bounded time.
    Fuzz(commands::fuzz::Options),
    /// A fast SMSC that counts unique recipients (the far end of `bench`).
    #[command(hide = true)]
    Sink(commands::sink::Options),
    /// A server that answers at once and does nothing (a row of `compare`).
    #[command(hide = true)]
    Bare(commands::bare::Options),
    /// A closed-loop HTTP loader (the near end of `bench`).
    #[command(hide = true)]
    Load(commands::load::Options),
}

fn main() -> ExitCode {
    match run(Line::parse().command) {
        Ok(()) => ExitCode::SUCCESS,
        Err(failure) => {
            println!("xtask: FAILED: {failure}");
            ExitCode::FAILURE
        }
    }
}

fn run(command: Command) -> Outcome<()> {
    // The far and the near end of the bench need no repository around them.
    match command {
        Command::Sink(options) => return commands::sink::run(&options),
        Command::Load(options) => return commands::load::run(&options),
        Command::Bare(options) => return commands::bare::run(&options),
        _ => {}
    }
    let workspace = Workspace::find()?;
    match command {
        Command::Test(options) => commands::test::run(&workspace, &options),
        Command::Ci => commands::ci::run(&workspace),
        Command::Tidy => commands::tidy::run(&workspace),
        Command::Install(options) => commands::install::run(&workspace, &options),
        Command::Sdks(options) => commands::sdks::run(&workspace, &options),
        Command::Schemathesis(options) => commands::schemathesis::run(&workspace, &options),
        Command::Signers(options) => commands::signers::run(&workspace, &options),
        Command::Bench(options) => commands::bench::run(&workspace, &options),
        Command::Compare(options) => commands::compare::run(&workspace, &options),
        Command::Crashloop(options) => commands::crashloop::run(&workspace, &options),
        Command::Intercept => commands::intercept::run(&workspace),
        Command::Chaosproxy(options) => commands::chaosproxy::run(&workspace, &options),
        Command::Crashstates(options) => commands::crashstates::run(&workspace, &options),
        Command::Flakes(options) => commands::flakes::run(&workspace, &options),
        Command::Fsyncfail(options) => commands::fsyncfail::run(&workspace, &options),
        Command::Hostile(options) => commands::hostile::run(&workspace, &options),
        Command::Dissect(options) => commands::dissect::run(&workspace, &options),
        Command::Throttled(options) => commands::throttled::run(&workspace, &options),
        Command::Overload(options) => commands::overload::run(&workspace, &options),
        Command::Backlog(options) => commands::backlog::run(&workspace, &options),
        Command::Slowdisk(options) => commands::slowdisk::run(&workspace, &options),
        Command::Stored(options) => commands::stored::run(&workspace, &options),
        Command::Saboteurs(options) => commands::saboteurs::run(&workspace, &options),
        Command::Powercut(options) => commands::powercut::run(&workspace, &options),
        Command::Properties(options) => commands::properties::run(&workspace, &options),
        Command::Rotate(options) => commands::rotate::run(&workspace, &options),
        Command::Guesses(options) => commands::guesses::run(&workspace, &options),
        Command::Checkload(options) => commands::checkload::run(&workspace, &options),
        Command::Inboxload(options) => commands::inboxload::run(&workspace, &options),
        Command::Evidence(options) => commands::evidence::run(&workspace, &options),
        Command::Sim(options) => commands::sim::run(&workspace, &options),
        Command::Fuzz(options) => commands::fuzz::run(&workspace, &options),
        Command::Sink(_) | Command::Load(_) | Command::Bare(_) => Ok(()),
    }
}
