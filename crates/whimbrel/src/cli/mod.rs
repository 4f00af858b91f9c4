//! The command line.
//!
//! Answers go to stdout, everything about them to stderr. Exit codes are the same everywhere; errors have stable codes. Both
//! are listed in `docs/cli.md` and by `whimbrel help exit-codes` and `whimbrel explain`.

mod account;
mod application;
mod args;
mod bench;
mod ca;
mod carrier;
mod chaos;
mod client;
mod clock;
mod codes;
mod config;
mod doctor;
mod dump;
mod env;
mod examples;
mod failure;
mod following;
mod help;
mod inbox;
mod key;
mod list;
mod listen;
mod number;
mod oauth;
mod openapi;
mod operator;
mod output;
mod phone;
mod pool;
mod progress;
mod raw;
mod run;
mod secret;
mod send;
mod serve;
mod share;
mod shell;
mod show;
mod signing;
mod sim;
mod sse;
mod store;
mod tail;
#[cfg(test)]
mod tests;
mod trace;
mod trigger;
mod wait;
mod webhook;
mod wire;

use clap::FromArgMatches;

pub use args::{Cli, Command};
pub use failure::{Exit, Failure, Problem};

use output::Out;

/// Reads the arguments and does what they say.
#[must_use]
pub fn run() -> Exit {
    run_with(std::env::args_os())
}

fn run_with(arguments: impl IntoIterator<Item = std::ffi::OsString>) -> Exit {
    let parsed = examples::command()
        .try_get_matches_from(arguments)
        .and_then(|mut matches| Cli::from_arg_matches_mut(&mut matches));
    let cli = match parsed {
        Ok(cli) => cli,
        Err(error) => {
            // Help and version are answers; everything else is wrong usage.
            _ = error.print();
            return if error.use_stderr() { Exit::Usage } else { Exit::Ok };
        }
    };
    let out = Out::new(&cli.output);
    match done(cli.command, &out) {
        Ok(()) => Exit::Ok,
        Err(failure) => {
            out.failure(&failure);
            failure.exit
        }
    }
}

fn done(command: Command, out: &Out) -> Result<(), Failure> {
    match command {
        Command::Serve(args) => serve::run(args, out),
        Command::Run(args) => run::run(args, out),
        Command::Env(args) => env::run(&args, out),
        Command::Trace(args) => block_on(trace::run(*args, out)),
        Command::Doctor(args) => block_on(doctor::run(&args, out)),
        Command::Sim(args) => sim::run(args),
        Command::Send(args) => block_on(send::run(args, out)),
        Command::Show(args) => block_on(show::run(args, out)),
        Command::Share(command) => block_on(share::run(command, out)),
        Command::Tail(args) => block_on(tail::run(args, out)),
        Command::Inbox(args) => block_on(inbox::run(args, out)),
        Command::Wait(args) => block_on(wait::run(args, out)),
        Command::Dump(args) => block_on(dump::run(args, out)),
        Command::Clock(command) => block_on(clock::run(command, out)),
        Command::Chaos(args) => block_on(chaos::run(args, out)),
        Command::Phone(command) => block_on(phone::run(command, out)),
        Command::Carrier(command) => block_on(carrier::run(command, out)),
        Command::Account(command) => block_on(account::run(command, out)),
        Command::Application(command) => block_on(application::run(command, out)),
        Command::Oauth(command) => block_on(oauth::run(command, out)),
        Command::Secret(command) => block_on(secret::run(command, out)),
        Command::Webhook(command) => block_on(webhook::run(command, out)),
        Command::Listen(args) => block_on(listen::run(args, out)),
        Command::Trigger(args) => block_on(trigger::run(args, out)),
        Command::Key(command) => block_on(key::run(command, out)),
        Command::Operator(command) => block_on(operator::run(command, out)),
        Command::Audit(args) => block_on(operator::audit(args, out)),
        Command::Number(command) => block_on(number::run(command, out)),
        Command::List(command) => block_on(list::run(command, out)),
        Command::Bench(args) => bench::run(args, out),
        Command::Sign(args) => signing::sign(&args, out),
        Command::Verify(args) => signing::verify(&args, out),
        Command::Check(args) => store::check(&args, out),
        Command::Backup(args) => store::backup(&args, out),
        Command::Config(command) => config::run(command, out),
        Command::Openapi(args) => openapi::run(&args, out),
        Command::Ca(command) => ca::run(command, out),
        Command::Completion { shell } => shell::completion(shell, out),
        Command::Man { out: folder } => shell::man(folder.as_deref(), out),
        Command::Explain { code } => codes::run(code.as_deref(), out),
        Command::Help(args) => help::run(&args, out),
        Command::Version => {
            let version = env!("CARGO_PKG_VERSION");
            out.document("version", &serde_json::json!({ "version": version }), || format!("whimbrel {version}"));
            Ok(())
        }
    }
}

/// Does a command's work; an interrupt ends it.
fn block_on(work: impl Future<Output = Result<(), Failure>>) -> Result<(), Failure> {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build();
    let runtime = runtime.map_err(|error| Failure::from_error(Exit::Failed, "cannot start", &error))?;
    runtime.block_on(async {
        tokio::select! {
            biased;
            done = work => done,
            _ = tokio::signal::ctrl_c() => Err(Failure::interrupted()),
        }
    })
}
