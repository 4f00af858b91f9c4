//! `whimbrel run`: runs a command whose requests to the vendors' hosts reach Whimbrel, and ends as the command ended.
//!
//! The command has our stdin and stdout; our own words go to stderr. What was made for it, the folder, the proxy and perhaps a
//! server, goes with it.

mod started;

use std::collections::BTreeMap;
use std::os::unix::process::ExitStatusExt;
use std::path::{Path, PathBuf};
use std::process::ExitStatus;
use std::sync::{Arc, Mutex, PoisonError};

use tokio::process::{Child, Command};
use tokio::signal::unix::{Signal, SignalKind, signal};
use whimbrel_core::{Span, World};
use whimbrel_engine::SystemWorld;

use super::args::{RunArgs, UnknownHostsArg};
use super::client::{Server, env};
use super::dump::{self, Wanted};
use super::env::of_server;
use super::output::{self, Out};
use super::trace::read_time;
use super::{Exit, Failure};
use crate::intercept::{Authority, Gateway, Kit, Proxy, Rules, Told, UnknownHosts, vendor_hosts};
use crate::server::files::make_private_folder;
use started::Started;

/// What shells answer for a command that there is none of, and for one that cannot be run.
const NO_SUCH_COMMAND: u8 = 127;
const CANNOT_RUN: u8 = 126;
/// Messages that `--dump` keeps, the newest.
const DUMPED_MAX: usize = 10_000;

pub(super) fn run(args: RunArgs, out: &Out) -> Result<(), Failure> {
    let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build();
    let runtime = runtime.map_err(|error| Failure::from_error(Exit::Failed, "cannot start", &error))?;
    let code = runtime.block_on(run_with(args, *out))?;
    match code {
        0 => Ok(()),
        code => Err(Failure { exit: Exit::Command(code), problems: Vec::new() }),
    }
}

async fn run_with(args: RunArgs, out: Out) -> Result<u8, Failure> {
    // Before anything is started, so that no signal is missed.
    let mut signals = Signals::install().map_err(|error| failed("cannot listen for signals", &error))?;
    let folder = Folder::make(args.keep).map_err(|error| failed("cannot make the folder of the run", &error))?;
    let may_start = args.server.url.is_none() && args.server.data_dir.is_none();
    let (server, started) = match found(&args).await {
        Ok(server) => (server, None),
        Err(failure) if failure.exit == Exit::Unreachable && may_start => {
            let started = Started::start(&folder.path).await?;
            (started.server()?, Some(started))
        }
        Err(failure) => return Err(failure),
    };
    let since = match &args.dump {
        Some(_) => since_newest(&server).await?,
        None => String::new(),
    };
    let hosts = Hosts::default();
    let rules = Rules { hosts: vendor_hosts(), unknown: unknown_hosts(args.unknown_hosts) };
    let (proxy, kit) = intercept(&server, &folder.path, &rules, hosts.listener(out)).await?;
    out.hint(&greeting(&server, started.is_some(), &rules));
    if ["HTTPS_PROXY", "https_proxy"].iter().any(|name| env(name).is_some()) {
        out.warning("the proxy in HTTPS_PROXY is not used during this run: hosts that pass are reached directly");
    }

    let mut child = spawn(&args, &server, &kit, started.is_some())?;
    let status = signals.forward_until_end(&mut child).await.map_err(|error| failed("cannot wait", &error))?;

    drop(proxy);
    let mut undumped = None;
    if let Some(into) = &args.dump {
        // The command's own code is what was asked for: a dump that fails is told, and takes its place only if all else went well.
        match dump::keep(&server, into, &Wanted { query: &since, limit: DUMPED_MAX }, &out).await {
            Ok(kept) => out.hint(&format!("whimbrel run: {}", kept.told(into))),
            Err(failure) => {
                out.failure(&failure);
                undumped = Some(failure.exit);
            }
        }
    }
    if let Some(words) = hosts.summary() {
        out.hint(&words);
    }
    if let Some(started) = started {
        started.stop().await?;
    }
    if args.keep {
        out.hint(&format!("whimbrel run: kept {}", folder.path.display()));
    }
    Ok(match undumped {
        Some(exit) if status.success() => exit.code(),
        Some(_) | None => code(status),
    })
}

/// The search for what comes after the newest message that is there, by the server's own clock, which may be a test's.
async fn since_newest(server: &Server) -> Result<String, Failure> {
    let page = server.api("GET", "messages?limit=1", None).await?;
    let newest = page["messages"][0]["accepted_at"].as_str().and_then(read_time);
    Ok(newest.map_or_else(String::new, |newest| format!("after:{}", newest + Span(1))))
}

/// The server that runs: one that is gone and left its run file is none.
async fn found(args: &RunArgs) -> Result<Server, Failure> {
    let server = Server::find(&args.server)?;
    server.text("/livez").await?;
    Ok(server)
}

/// Starts the proxy and writes the files by which programs find and trust it.
async fn intercept(
    server: &Server,
    folder: &Path,
    rules: &Rules,
    tell: impl Fn(Told) + Send + Sync + 'static,
) -> Result<(Proxy, Kit), Failure> {
    let now = SystemWorld::new(0, 0).now();
    let authority =
        Authority::new(&rules.hosts, now).map_err(|error| failed("cannot make the certificates of the run", &error))?;
    let url = server.url();
    let urls: Vec<&str> = [Some(url.as_str()), server.https()].into_iter().flatten().collect();
    let gateway =
        Gateway::new(&urls, server.ca_pem()).map_err(|error| failed("cannot use the server's address", &error))?;
    let proxy = Proxy::start(rules.clone(), authority.clone(), gateway, tell).await;
    let proxy = proxy.map_err(|error| failed("cannot open the proxy", &error))?;
    let theirs = Kit::NAMING_ROOTS.into_iter().filter_map(env).map(PathBuf::from);
    let trusted: Vec<PathBuf> = server.ca_pem().map(Path::to_owned).into_iter().chain(theirs).collect();
    let kit = Kit::write(folder, &authority, &trusted, (proxy.addr(), rules), now);
    Ok((proxy, kit.map_err(|error| failed("cannot write the files of the run", &error))?))
}

fn spawn(args: &RunArgs, server: &Server, kit: &Kit, is_ours: bool) -> Result<Child, Failure> {
    let Some((program, arguments)) = args.command.split_first() else {
        return Err(Failure::new(Exit::Usage, "name the command after `--`"));
    };
    let mut command = Command::new(program);
    command.args(arguments).envs(of_server(server)).envs(kit.variables(env));
    if is_ours {
        // Another server's, which would not open this one.
        command.env_remove("WHIMBREL_TOKEN").env_remove("WHIMBREL_DATA_DIR");
    }
    command.spawn().map_err(|error| {
        let name = output::printable(&program.to_string_lossy());
        let exit = if error.kind() == std::io::ErrorKind::NotFound { NO_SUCH_COMMAND } else { CANNOT_RUN };
        Failure::coded(Exit::Command(exit), "E0500", format!("cannot run `{name}`: {error}"))
    })
}

fn unknown_hosts(wish: Option<UnknownHostsArg>) -> UnknownHosts {
    let is_ci = env("CI").is_some_and(|value| !matches!(value.as_str(), "false" | "0"));
    match wish {
        Some(UnknownHostsArg::Pass) => UnknownHosts::Pass,
        Some(UnknownHostsArg::Block) => UnknownHosts::Block,
        None if is_ci => UnknownHosts::Block,
        None => UnknownHosts::Pass,
    }
}

fn greeting(server: &Server, is_ours: bool, rules: &Rules) -> String {
    let whose = if is_ours { "a server of its own" } else { "the server" };
    let others = match rules.unknown {
        UnknownHosts::Pass => "other hosts pass",
        UnknownHosts::Block => "other hosts are refused",
    };
    format!("whimbrel run: {} vendor hosts lead to {whose} at {}; {others}", rules.hosts.len(), server.url())
}

fn failed(doing: &str, error: &dyn std::error::Error) -> Failure {
    Failure::from_error(Exit::Failed, doing, error)
}

/// The exit code as a shell tells it.
fn code(status: ExitStatus) -> u8 {
    let signal = status.signal().map(|number| 128 + number);
    // Both are below 256 wherever processes are as POSIX says.
    u8::try_from(status.code().or(signal).unwrap_or(1)).unwrap_or(1)
}

/// The hosts that were asked for.
#[derive(Clone, Default)]
struct Hosts(Arc<Mutex<BTreeMap<Told, u64>>>);

impl Hosts {
    /// Counts, and says at once what the user may have to act on, each once.
    fn listener(&self, out: Out) -> impl Fn(Told) + Send + Sync + 'static {
        let hosts = self.clone();
        move |told| {
            let mut counts = hosts.0.lock().unwrap_or_else(PoisonError::into_inner);
            let count = counts.entry(told.clone()).or_default();
            *count += 1;
            if *count > 1 {
                return;
            }
            match told {
                Told::Reached(_) => {}
                Told::Refused(host) => out.warning(&format!(
                    "whimbrel run: refused {}: no dialect speaks for it (--unknown-hosts pass lets it through)",
                    output::printable(&host)
                )),
                Told::Failed(host, why) => {
                    out.warning(&format!("whimbrel run: {}: {}", output::printable(&host), output::printable(&why)));
                }
            }
        }
    }

    fn summary(&self) -> Option<String> {
        let counts = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let reached = counts.iter().filter_map(|(told, count)| match told {
            Told::Reached(host) => Some(format!("{host} {count}")),
            _ => None,
        });
        let reached: Vec<String> = reached.collect();
        (!reached.is_empty()).then(|| format!("whimbrel run: connections that came here: {}", reached.join(", ")))
    }
}

/// The folder of a run.
struct Folder {
    path: PathBuf,
    keep: bool,
}

impl Folder {
    fn make(keep: bool) -> std::io::Result<Self> {
        let mut chance = [0; 6];
        getrandom::fill(&mut chance).map_err(std::io::Error::other)?;
        let name: String = chance.iter().map(|octet| format!("{octet:02x}")).collect();
        let path = std::env::temp_dir().join(format!("whimbrel-run-{name}"));
        make_private_folder(&path)?;
        Ok(Self { path: path.canonicalize()?, keep })
    }
}

impl Drop for Folder {
    fn drop(&mut self) {
        if !self.keep {
            // What cannot be removed the system's own tidying takes.
            _ = std::fs::remove_dir_all(&self.path);
        }
    }
}

/// Signals that are the command's, not ours.
struct Signals(Vec<(rustix::process::Signal, Signal)>);

impl Signals {
    fn install() -> std::io::Result<Self> {
        use rustix::process::Signal as Number;
        let kinds = [
            (Number::TERM, SignalKind::terminate()),
            (Number::HUP, SignalKind::hangup()),
            (Number::INT, SignalKind::interrupt()),
            (Number::QUIT, SignalKind::quit()),
            (Number::USR1, SignalKind::user_defined1()),
            (Number::USR2, SignalKind::user_defined2()),
        ];
        kinds.into_iter().map(|(number, kind)| Ok((number, signal(kind)?))).collect::<std::io::Result<_>>().map(Self)
    }

    async fn forward_until_end(&mut self, child: &mut Child) -> std::io::Result<ExitStatus> {
        use rustix::process::Signal as Number;
        let pid = child.id().and_then(|id| rustix::process::Pid::from_raw(i32::try_from(id).ok()?));
        // What is typed at a terminal goes to the command too, by the terminal.
        let is_typed = std::io::IsTerminal::is_terminal(&std::io::stdin());
        loop {
            let number = tokio::select! {
                biased;
                status = child.wait() => return status,
                number = self.next() => number,
            };
            let came_to_both = is_typed && (number == Number::INT || number == Number::QUIT);
            if let (Some(pid), false) = (pid, came_to_both) {
                // It may have ended this very moment.
                _ = rustix::process::kill_process(pid, number);
            }
        }
    }

    async fn next(&mut self) -> rustix::process::Signal {
        std::future::poll_fn(|cx| {
            for (number, signal) in &mut self.0 {
                if signal.poll_recv(cx).is_ready() {
                    return std::task::Poll::Ready(*number);
                }
            }
            std::task::Poll::Pending
        })
        .await
    }
}
