//! What a running server tells of itself.

use serde_json::Value;
use whimbrel_core::World;
use whimbrel_engine::SystemWorld;

use super::super::client::Server;
use super::super::clock;
use super::super::output::field;
use super::Finding;
use super::scrape::Scrape;

/// Of the files that a process may open, the part in use from which somebody should look.
const OPEN_FILES_PART_MAX: f64 = 0.8;
/// What a busy server needs: a connection is a file.
const OPEN_FILES_MIN: u64 = 4_096;

pub(super) async fn look(server: &Server) -> Vec<Finding> {
    let version = match server.api("GET", "version", None).await {
        Ok(document) => field(&document, "version"),
        Err(failure) => {
            let why = failure.problems.first().map_or_else(String::new, |problem| problem.message.clone());
            let remedy =
                "start it, or give --url and WHIMBREL_TOKEN; after a crash the run file of a data folder may be stale";
            return vec![Finding::bad("server", why, remedy)];
        }
    };
    let mut findings = vec![told_version(server, &version), store(server).await];
    findings.extend(carriers(server).await);
    findings.extend(stats(server).await);
    findings.extend(metrics(server).await);
    findings.extend(server.pid().map(open_files));
    findings.push(told_time(server).await);
    findings
}

fn told_version(server: &Server, version: &str) -> Finding {
    let ours = env!("CARGO_PKG_VERSION");
    let seen = format!("{} answers, version {version}", server.url());
    match version == ours {
        true => Finding::well("server", seen),
        false => Finding::doubtful("server", seen, format!("this command is {ours}: use the two of one version")),
    }
}

async fn store(server: &Server) -> Finding {
    match server.text("/readyz").await {
        Ok((200, _)) => Finding::well("store", "what is accepted is kept"),
        Ok((_, body)) => {
            let document: Value = serde_json::from_str(&body).unwrap_or(Value::Null);
            let remedy = "see the log, put the disk right and restart: nothing is accepted until then";
            Finding::bad("store", field(&document, "why"), remedy)
        }
        Err(_) => Finding::bad("store", "/readyz does not answer", "see the server's log"),
    }
}

async fn carriers(server: &Server) -> Vec<Finding> {
    let Ok(document) = server.api("GET", "carriers", None).await else { return Vec::new() };
    let carriers = document["carriers"].as_array().cloned().unwrap_or_default();
    if carriers.is_empty() {
        let remedy = "name one in the configuration: `whimbrel config explain carriers`";
        return vec![Finding::bad("carriers", "there is none: no text can go out", remedy)];
    }
    carriers.iter().map(carrier).collect()
}

fn carrier(carrier: &Value) -> Finding {
    let links = carrier["links"].as_array().cloned().unwrap_or_default();
    let bound = links.iter().filter(|link| link["state"] == "bound").count();
    let name = field(carrier, "name");
    let seen = format!("{name}: {bound} of {} links bound, {} queued", links.len(), field(carrier, "queued"));
    let fault = links.iter().map(|link| field(link, "fault")).find(|fault| fault != "-");
    match (field(carrier, "order").as_str(), bound) {
        ("bind", 0) => {
            let why = fault.map_or(seen.clone(), |fault| format!("{seen}; {fault}"));
            Finding::bad("carrier", why, format!("check host, system_id and password: `whimbrel carrier test {name}`"))
        }
        ("bind", bound) if bound < links.len() => {
            let why = fault.map_or(seen.clone(), |fault| format!("{seen}; {fault}"));
            Finding::doubtful("carrier", why, format!("`whimbrel carrier ls` and `whimbrel carrier test {name}`"))
        }
        ("bind", _) => Finding::well("carrier", seen),
        (order, _) => {
            let remedy = format!("it was ordered so; `whimbrel carrier bind {name}` opens it again");
            Finding::doubtful("carrier", format!("{seen}; order: {order}"), remedy)
        }
    }
}

async fn stats(server: &Server) -> Vec<Finding> {
    let Ok(stats) = server.api("GET", "stats", None).await else { return Vec::new() };
    let count = |name: &str| stats[name].as_u64().unwrap_or_default();
    let mut findings = Vec::new();
    if count("set_aside") > 0 {
        let remedy = "each was set aside because of a fault in it, see the log for its id; then `whimbrel check`";
        findings.push(Finding::bad("parts", format!("{} are set aside", count("set_aside")), remedy));
    }
    findings.push(match count("uncertain") {
        0 => Finding::well("parts", format!("{} open, none in doubt", count("open_parts"))),
        doubts => {
            let remedy = "their answers were lost; the doubt policy of the carrier decides (docs/guide/doubt.md)";
            Finding::doubtful("parts", format!("{} open, {doubts} in doubt", count("open_parts")), remedy)
        }
    });
    findings
}

async fn metrics(server: &Server) -> Vec<Finding> {
    let Ok((200, text)) = server.text("/metrics").await else {
        return vec![Finding::unseen("metrics", "/metrics does not answer: WHIMBREL_TOKEN is missing")];
    };
    let scrape = Scrape::new(&text);
    let mut findings = vec![webhooks(&scrape)];
    if let Some(broken) = scrape.sum("whimbrel_invariant_violations", "").filter(|broken| *broken > 0.0) {
        let remedy = "keep a copy of the data folder, run `whimbrel check`, and report what it says";
        findings.push(Finding::bad("invariants", format!("{broken} violations"), remedy));
    }
    if scrape.sum("whimbrel_config_last_reload_successful", "") == Some(0.0) {
        let remedy = "`whimbrel config check` says what is wrong, `whimbrel config reload` tries again";
        findings.push(Finding::doubtful(
            "configuration",
            "the last reload was refused; the one before is in force",
            remedy,
        ));
    }
    findings
}

fn webhooks(scrape: &Scrape<'_>) -> Finding {
    let count = |name: &str, label: &str| scrape.sum(name, label).unwrap_or_default();
    let waiting = count("whimbrel_webhook_backlog", "");
    let all = count("whimbrel_webhook_attempts_total", "");
    let failed = all - count("whimbrel_webhook_attempts_total", "outcome=\"delivered\"");
    let seen = format!("{all} tries since the start, {failed} of them failed, {waiting} notices wait");
    match failed * 2.0 > all {
        true => {
            let remedy = "ask their owners: `whimbrel webhook test KEY` shows what an endpoint answers";
            Finding::doubtful("webhooks", seen, remedy)
        }
        false => Finding::well("webhooks", seen),
    }
}

/// The files that the server's process has open, and may (Linux).
fn open_files(pid: u32) -> Finding {
    const NAME: &str = "open files";
    let limits = std::fs::read_to_string(format!("/proc/{pid}/limits")).unwrap_or_default();
    let bound: Option<u64> =
        limits.lines().find_map(|line| line.strip_prefix("Max open files")?.split_whitespace().next()?.parse().ok());
    let open = std::fs::read_dir(format!("/proc/{pid}/fd")).map(Iterator::count);
    let (Some(bound), Ok(open)) = (bound, open) else {
        return Finding::unseen(NAME, format!("the process {pid} is another user's, or this is no Linux"));
    };
    let seen = format!("{open} open, {bound} allowed");
    let part = open as f64 / bound as f64;
    match bound < OPEN_FILES_MIN || part > OPEN_FILES_PART_MAX {
        true => Finding::doubtful(NAME, seen, "raise it: LimitNOFILE= of the systemd unit, or `ulimit -n`"),
        false => Finding::well(NAME, seen),
    }
}

/// A clock that was set back is seen by what is stored. One that a test put forward says so, and what was accepted meanwhile proves nothing.
async fn told_time(server: &Server) -> Finding {
    const NAME: &str = "clock";
    let now = SystemWorld::new(0, 0).now();
    // Only a development server has one.
    if let Ok(told) = server.api("GET", "clock", None).await {
        return match told["ahead_ms"].as_i64().unwrap_or_default() {
            0 => Finding::well(NAME, now.to_string()),
            _ => {
                let seen = format!("a test put the server's forward: {}", clock::said(&told));
                Finding::doubtful(NAME, seen, "`whimbrel clock reset` puts it back")
            }
        };
    }
    let newest = server.api("GET", "messages?limit=1", None).await.ok();
    let newest = newest.and_then(|document| document["messages"][0]["accepted_at"].as_str().map(str::to_owned));
    match newest {
        // Both are written alike, so that their texts have the order of their times.
        Some(newest) if newest > now.to_string() => Finding::bad(
            NAME,
            format!("it is {now}, and the newest message was accepted at {newest}"),
            "set the clock right (timedatectl, chrony): signatures and validity depend on it",
        ),
        _ => Finding::well(NAME, now.to_string()),
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::super::Verdict;
    use super::*;

    #[test]
    fn a_carrier_without_a_link_is_bad_and_says_why() {
        let link = |state: &str, fault: Value| json!({ "state": state, "fault": fault });
        let check = |order: &str, links: Value, verdict: Verdict, words: &str| {
            let finding = carrier(&json!({ "name": "acme", "order": order, "links": links, "queued": 7 }));
            assert_eq!(finding.verdict, verdict, "{finding:?}");
            assert!(finding.seen.contains(words), "{finding:?}");
        };
        let (up, down) = (link("bound", Value::Null), link("waiting", json!("refused")));
        check("bind", json!([up]), Verdict::Well, "1 of 1 links bound, 7 queued");
        check("bind", json!([up, down]), Verdict::Doubtful, "1 of 2 links bound, 7 queued; refused");
        check("bind", json!([down]), Verdict::Bad, "0 of 1 links bound, 7 queued; refused");
        check("drain", json!([down]), Verdict::Doubtful, "order: drain");
    }

    #[test]
    fn webhooks_that_mostly_fail_are_doubtful() {
        let text = |good, bad| {
            format!(
                "whimbrel_webhook_attempts_total{{dialect=\"a\",outcome=\"delivered\"}} {good}\n\
                 whimbrel_webhook_attempts_total{{dialect=\"a\",outcome=\"failed\"}} {bad}\n"
            )
        };
        assert_eq!(webhooks(&Scrape::new(&text(5, 5))).verdict, Verdict::Well);
        assert_eq!(webhooks(&Scrape::new(&text(1, 5))).verdict, Verdict::Doubtful);
        assert_eq!(webhooks(&Scrape::new("")).verdict, Verdict::Well);
    }
}
