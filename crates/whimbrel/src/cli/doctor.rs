//! `whimbrel doctor`: looks whether everything is well with a server and its data folder. Each line says what was seen, and what to
//! do where something is amiss. It changes nothing; to measure a flush it writes one small file into the data folder and removes it.

mod folder;
mod running;
mod scrape;

use std::path::{Path, PathBuf};

use serde_json::{Value, json};

use super::args::DoctorArgs;
use super::client::Server;
use super::config::default_data_dirs;
use super::output::{Color, Out, printable};
use super::{Exit, Failure};

/// How something was found.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Verdict {
    /// As it should be.
    Well,
    /// It works, and somebody should look at it.
    Doubtful,
    /// It does not work, or will soon not.
    Bad,
    /// It could not be looked at from here.
    Unseen,
}

/// One thing that was looked at.
#[derive(Debug, Clone, PartialEq)]
struct Finding {
    name: &'static str,
    verdict: Verdict,
    /// What was seen.
    seen: String,
    /// What to do.
    remedy: Option<String>,
}

impl Finding {
    fn well(name: &'static str, seen: impl Into<String>) -> Self {
        Self { name, verdict: Verdict::Well, seen: seen.into(), remedy: None }
    }

    fn unseen(name: &'static str, why: impl Into<String>) -> Self {
        Self { name, verdict: Verdict::Unseen, seen: why.into(), remedy: None }
    }

    fn doubtful(name: &'static str, seen: impl Into<String>, remedy: impl Into<String>) -> Self {
        Self { name, verdict: Verdict::Doubtful, seen: seen.into(), remedy: Some(remedy.into()) }
    }

    fn bad(name: &'static str, seen: impl Into<String>, remedy: impl Into<String>) -> Self {
        Self { name, verdict: Verdict::Bad, seen: seen.into(), remedy: Some(remedy.into()) }
    }
}

pub(super) async fn run(args: &DoctorArgs, out: &Out) -> Result<(), Failure> {
    let mut findings = Vec::new();
    let server = match Server::find(&args.server) {
        Ok(server) => Some(server),
        Err(failure) => {
            let why = failure.problems.first().map_or_else(String::new, |problem| problem.message.clone());
            findings.push(Finding::bad("server", why, "start one: `whimbrel serve --dev`, or `serve --config FILE`"));
            None
        }
    };
    if let Some(server) = &server {
        findings.extend(running::look(server).await);
    }
    match folder_of(args, server.as_ref()) {
        Some(path) => findings.extend(folder::look(&path)),
        None => findings.push(Finding::unseen("data folder", "it is not on this machine, or not named by --data-dir")),
    }
    if server.is_none() {
        findings.extend(folder::ports());
    }
    let document: Value = findings.iter().map(document).collect();
    let bad_count = findings.iter().filter(|finding| finding.verdict == Verdict::Bad).count();
    out.document("doctor", &json!({ "healthy": bad_count == 0, "checks": document }), || {
        findings.iter().map(|finding| told(finding, out)).collect::<Vec<_>>().join("\n")
    });
    match (bad_count, &server) {
        (0, _) => Ok(()),
        (_, None) => Err(Failure::new(Exit::Unreachable, "no server runs; see above")),
        (1, _) => Err(Failure::new(Exit::Failed, "one thing must be put right; see above")),
        (count, _) => Err(Failure::new(Exit::Failed, format!("{count} things must be put right; see above"))),
    }
}

/// The data folder of the server, or the one where a server would be looked for.
fn folder_of(args: &DoctorArgs, server: Option<&Server>) -> Option<PathBuf> {
    let named = args.server.data_dir.clone();
    let of_server = server.and_then(Server::folder).map(Path::to_owned);
    let usual = || default_data_dirs().into_iter().find(|folder| folder.exists());
    named.or(of_server).or_else(|| if args.server.url.is_none() { usual() } else { None })
}

fn told(finding: &Finding, out: &Out) -> String {
    let mark = match finding.verdict {
        Verdict::Well => out.colored(Color::Green, "✔"),
        Verdict::Doubtful => out.colored(Color::Yellow, "!"),
        Verdict::Bad => out.colored(Color::Red, "✘"),
        Verdict::Unseen => out.colored(Color::Faint, "-"),
    };
    let line = format!("{mark} {:<14} {}", finding.name, printable(&finding.seen));
    match &finding.remedy {
        Some(remedy) => format!("{line}\n  {:<14} -> {}", "", printable(remedy)),
        None => line,
    }
}

fn document(finding: &Finding) -> Value {
    let verdict = match finding.verdict {
        Verdict::Well => "well",
        Verdict::Doubtful => "doubtful",
        Verdict::Bad => "bad",
        Verdict::Unseen => "unseen",
    };
    json!({ "name": finding.name, "verdict": verdict, "seen": finding.seen, "remedy": finding.remedy })
}
