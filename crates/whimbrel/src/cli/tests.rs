//! Commands against a server of the tests' own, and the tree of commands.

use std::collections::BTreeMap;
use std::io::{Read, Write};
use std::net::TcpListener;
use std::sync::mpsc;

use clap::FromArgMatches;

use super::*;

/// Splits a line as a shell does, as far as the examples need it.
fn words(line: &str) -> Vec<String> {
    let (mut words, mut word, mut is_quoted) = (Vec::new(), String::new(), false);
    for letter in line.chars() {
        match letter {
            '\'' => is_quoted = !is_quoted,
            ' ' if !is_quoted => words.push(std::mem::take(&mut word)),
            letter => word.push(letter),
        }
    }
    words.push(word);
    words
}

fn walk(command: &clap::Command, path: &str, visit: &mut dyn FnMut(&clap::Command, &str)) {
    visit(command, path);
    for below in command.get_subcommands() {
        let name = below.get_name();
        walk(below, &if path.is_empty() { name.to_owned() } else { format!("{path} {name}") }, visit);
    }
}

#[test]
fn every_help_opens_with_two_examples_that_are_commands() {
    let mut count = 0;
    let mut tree = examples::command();
    tree.build();
    walk(&tree, "", &mut |command, path| {
        let help = command.clone().render_long_help().to_string();
        assert!(help.starts_with("Examples:\n  whimbrel "), "{path}:\n{help}");
        for example in examples::of(path) {
            assert!(help.contains(example), "{path}");
            assert!(example.strip_prefix("whimbrel ").is_some_and(|rest| rest.starts_with(path)), "{path}: {example}");
            let matches = examples::command().try_get_matches_from(words(example));
            let parsed = matches.and_then(|mut matches| Cli::from_arg_matches_mut(&mut matches));
            assert!(parsed.is_ok(), "{example}: {}", parsed.unwrap_err());
        }
        count += 1;
    });
    assert_eq!(count, examples::EXAMPLES.len(), "an example belongs to no command");
}

#[test]
fn the_definition_of_the_command_line_is_sound() {
    examples::command().debug_assert();
}

#[test]
fn every_code_has_a_page_and_every_exit_code_is_documented() {
    let codes: Vec<_> = codes::PAGES.iter().map(|page| page.code).collect();
    assert!(codes.is_sorted() && codes.windows(2).all(|pair| pair[0] != pair[1]));
    for fault in crate::config::Fault::ALL {
        let page = codes::PAGES.iter().find(|page| page.code == fault.code());
        assert_eq!(page.map(|page| page.exit), Some(Exit::Config), "{fault:?}");
    }
    let sources = [
        include_str!("failure.rs"),
        include_str!("client.rs"),
        include_str!("carrier.rs"),
        include_str!("config.rs"),
        include_str!("output.rs"),
        include_str!("bench.rs"),
        include_str!("signing.rs"),
    ];
    for source in sources {
        for code in source
            .split('"')
            .filter(|text| text.len() == 5 && text.starts_with('E') && text[1..].parse::<u16>().is_ok())
        {
            assert!(codes.contains(&code), "{code}");
        }
    }
    let page = include_str!("../../../../docs/cli.md");
    for exit in Exit::ALL {
        assert!(page.contains(&format!("| {} | {} |", exit.code(), exit.meaning())), "{exit:?}");
    }
    for code in codes {
        assert!(page.contains(code), "{code}");
    }
    let numbers: BTreeMap<u8, Exit> = Exit::ALL.into_iter().map(|exit| (exit.code(), exit)).collect();
    assert_eq!(numbers.keys().copied().collect::<Vec<_>>(), [0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 130]);
}

#[test]
fn the_page_of_the_command_line_names_every_command() {
    let page = include_str!("../../../../docs/cli.md");
    walk(&examples::command(), "", &mut |command, path| {
        let is_group = command.get_subcommands().next().is_some();
        assert!(is_group || page.contains(&format!("`{path}")), "{path}");
    });
}

/// Answers one request after the other on one port, and hands out what was asked.
struct FakeServer {
    url: String,
    asked: mpsc::Receiver<String>,
}

impl FakeServer {
    /// `answers` are statuses with bodies, one for each request; then the server ends.
    fn start(answers: Vec<(u16, &'static str)>) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let url = format!("http://{}", listener.local_addr().unwrap());
        let (sender, asked) = mpsc::sync_channel(answers.len());
        std::thread::spawn(move || {
            for (status, body) in answers {
                let (mut connection, _) = listener.accept().unwrap();
                sender.send(read_request(&mut connection)).unwrap();
                let kind = if body.starts_with('{') { "application/json" } else { "text/event-stream" };
                let head =
                    format!("HTTP/1.1 {status} X\r\nContent-Type: {kind}\r\nContent-Length: {}\r\n\r\n", body.len());
                _ = connection.write_all(format!("{head}{body}").as_bytes());
            }
        });
        Self { url, asked }
    }

    /// Runs a command against it.
    fn run(&self, line: &str) -> u8 {
        let mut words: Vec<_> = words(&format!("whimbrel {line}")).into_iter().map(Into::into).collect();
        words.extend(["--url", &self.url, "--quiet", "--no-input"].map(Into::into));
        run_with(words).code()
    }

    fn asked(&self) -> String {
        self.asked.recv().unwrap()
    }
}

fn read_request(connection: &mut impl Read) -> String {
    let mut request = Vec::new();
    let mut octet = [0; 1];
    let head_end = loop {
        connection.read_exact(&mut octet).unwrap();
        request.push(octet[0]);
        if request.ends_with(b"\r\n\r\n") {
            break request.len();
        }
    };
    let head = String::from_utf8(request).unwrap().to_ascii_lowercase();
    let length =
        head.lines().find_map(|line| line.strip_prefix("content-length: ")).map_or(0, |text| text.parse().unwrap());
    let mut body = vec![0; length];
    connection.read_exact(&mut body).unwrap();
    let line = head[..head_end].lines().next().unwrap().to_owned();
    format!("{line}\n{}", String::from_utf8(body).unwrap())
}

#[test]
fn exit_codes_follow_what_the_server_answers() {
    let refused = "{\"detail\":\"no\"}";
    for (status, code) in [(400, 2), (422, 2), (401, 4), (403, 9), (404, 5), (409, 1), (500, 1), (503, 1)] {
        assert_eq!(FakeServer::start(vec![(status, refused)]).run("account show devkey01"), code, "{status}");
    }
    assert_eq!(FakeServer::start(vec![(200, "{}")]).run("account show devkey01"), 0);
    assert_eq!(FakeServer::start(vec![(200, "not json")]).run("account show devkey01"), 1);
    assert_eq!(FakeServer::start(Vec::new()).run("account show ../messages"), 5, "no path is left");
    let gone = {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        format!("http://{}", listener.local_addr().unwrap())
    };
    let nobody = FakeServer { url: gone, asked: mpsc::sync_channel(1).1 };
    assert_eq!(nobody.run("show A0DB37A6D4C04001"), 8);
    assert_eq!(nobody.run("show --no-such-flag"), 2);
}

#[test]
fn a_refused_reload_is_an_invalid_configuration() {
    let refused = "{\"detail\":\"no\",\"errors\":[\"whimbrel.toml:3: listen.htp: there is no such setting\"]}";
    let server = FakeServer::start(vec![(422, refused)]);
    assert_eq!(server.run("config reload"), 3);
    assert_eq!(server.asked().lines().next(), Some("post /_whimbrel/v1/config/reload http/1.1"));
    assert_eq!(
        FakeServer::start(vec![(200, "{\"applied\":[\"+ carrier acme\"],\"restart_needed\":[]}")]).run("config reload"),
        0
    );
    assert_eq!(FakeServer::start(vec![(503, "{}")]).run("config reload"), 1);
}

#[test]
fn commands_ask_what_they_say() {
    let check = |line: &str, answer: &'static str, asked: &str| {
        let server = FakeServer::start(vec![(200, answer)]);
        assert_eq!(server.run(line), 0, "{line}");
        assert_eq!(server.asked(), asked, "{line}");
    };
    check("carrier ls", "{\"carriers\":[{\"name\":\"acme\",\"links\":[]}]}", "get /_whimbrel/v1/carriers http/1.1\n");
    check("carrier bind acme", "{}", "post /_whimbrel/v1/carriers/acme/bind http/1.1\n");
    check("carrier drain acme --yes", "{}", "post /_whimbrel/v1/carriers/acme/drain http/1.1\n");
    check("carrier orphans acme", "{\"orphans\":[]}", "get /_whimbrel/v1/orphans?carrier=acme http/1.1\n");
    check(
        "phone reply 447700900123 --to 447700900200 --text STOP",
        "{\"ids\":[7]}",
        "post /_whimbrel/v1/phones/447700900123/reply http/1.1\n{\"text\":\"STOP\",\"to\":\"447700900200\"}",
    );
    check(
        "number pool add 447700900901 --country GB --features SMS,VOICE --monthly 1.25",
        "{\"numbers\":1}",
        "post /_whimbrel/v1/pool http/1.1\n{\"numbers\":[{\"country\":\"GB\",\"currency\":\"EUR\",\"features\":\"SMS,VOICE\",\
         \"kind\":\"mobile\",\"monthly\":\"1.25\",\"number\":\"447700900901\",\"purchase\":null}]}",
    );
    check("number pool rm 447700900901 --yes", "{}", "delete /_whimbrel/v1/pool/447700900901 http/1.1\n");
    check(
        "account reload devkey01 --reference T1 --amount 10.00 --times 3",
        "{}",
        "put /_whimbrel/v1/accounts/devkey01/reload http/1.1\n{\"amount\":\"10.00\",\"reference\":\"T1\",\"times\":3}",
    );
    check("account reload devkey01 --off", "{}", "delete /_whimbrel/v1/accounts/devkey01/reload http/1.1\n");
    check("number release 447700900200 --yes", "{}", "delete /_whimbrel/v1/numbers/447700900200 http/1.1\n");
    check(
        "list add barred 447700900123 4477*",
        "{}",
        "post /_whimbrel/v1/lists/barred http/1.1\n{\"entries\":[\"447700900123\",\"4477*\"]}",
    );
    check(
        "list remove senders Acme --account nexmo:k1 --yes",
        "{}",
        "delete /_whimbrel/v1/lists/senders?account=nexmo%3ak1 http/1.1\n{\"entries\":[\"Acme\"]}",
    );
    check(
        "account set devkey01 --binary allowed --requests-per-second-max 0",
        "{}",
        "patch /_whimbrel/v1/accounts/devkey01 http/1.1\n{\"binary\":\"allowed\",\"requests_per_second_max\":0}",
    );
}

#[test]
fn what_cannot_be_undone_needs_consent() {
    for line in [
        "carrier unbind acme",
        "carrier drain acme",
        "number release 447700900200",
        "number pool rm 447700900901",
        "list remove barred 4477*",
    ] {
        assert_eq!(FakeServer::start(Vec::new()).run(line), 2, "{line}");
    }
}

#[test]
fn a_carrier_test_tells_how_it_ended() {
    let bound = "{\"bound\":true,\"enquire_ms\":12.5,\"message_id\":\"A1\"}";
    let run = |answers: Vec<(u16, &'static str)>| FakeServer::start(answers).run("carrier test acme --to 447700900123");
    assert_eq!(run(vec![(200, bound), (200, "{\"status\":\"submitted\"}"), (200, "{\"status\":\"delivered\"}")]), 0);
    assert_eq!(run(vec![(200, bound), (200, "{\"status\":\"failed\"}")]), 6);
    assert_eq!(run(vec![(200, "{\"bound\":false,\"enquire_ms\":null,\"fault\":\"no link\"}")]), 8);
    assert_eq!(run(vec![(200, "{\"bound\":true,\"enquire_ms\":null,\"fault\":\"late\"}")]), 7);
    assert_eq!(run(vec![(200, "{\"bound\":true,\"enquire_ms\":1.0,\"refused\":\"Balance\"}")]), 6);
}

#[test]
fn tail_goes_on_where_the_connection_was_lost() {
    let first =
        "retry: 1000\n\nevent: message.accepted\nid: 7\ndata: {\"at\":\"t\",\"message\":\"A1\"}\n\nid: 8\ndata: {\"lo";
    let second = "event: part.delivered\nid: 8\ndata: {\"at\":\"t\",\"part\":\"A1\"}\n\n";
    let server = FakeServer::start(vec![(200, first), (200, second)]);
    assert_eq!(server.run("tail --account devkey01 --count 2"), 0);
    assert_eq!(server.asked(), "get /_whimbrel/v1/events?account=devkey01 http/1.1\n");
    assert_eq!(server.asked(), "get /_whimbrel/v1/events?account=devkey01 http/1.1\n");
    assert_eq!(FakeServer::start(vec![(401, "{\"detail\":\"token\"}")]).run("tail"), 4);
}

#[test]
fn bench_counts_by_the_body_and_stays_on_this_machine() {
    let accepted = "{\"message-count\":\"1\",\"messages\":[{\"message-id\":\"A1\",\"status\":\"0\"}]}";
    let throttled =
        "{\"message-count\":\"1\",\"messages\":[{\"status\":\"1\",\"error-text\":\"Throughput Rate Exceeded\"}]}";
    let run = |answers: Vec<(u16, &'static str)>, line: &str| FakeServer::start(answers).run(line);
    assert_eq!(run(vec![(200, accepted)], "bench --callers 1 --count 1"), 0);
    assert_eq!(run(vec![(200, throttled)], "bench --callers 1 --count 1"), 6, "HTTP 200 is no acceptance");
    assert_eq!(run(vec![(200, accepted)], "bench --callers 1 --count 1 --rate 100/s"), 0);
    let line = ["whimbrel", "bench", "--url", "http://192.0.2.1:7670", "--count", "1", "--quiet"];
    assert_eq!(run_with(line.map(Into::into)).code(), 9);
}

#[test]
fn commands_that_need_no_server_answer() {
    for line in [
        "version --json",
        "help",
        "help --json",
        "help exit-codes",
        "help carrier test --json",
        "explain",
        "explain e0214 --json",
        "check --list",
        "check --list --json",
        "config schema",
        "config defaults",
        "config print --dev",
        "config explain listen.http --dev",
        "config check --dev",
        "completion bash",
        "man",
        "--help",
        "carrier --help",
    ] {
        let words = words(&format!("whimbrel {line} --quiet")).into_iter().map(Into::into).collect::<Vec<_>>();
        assert_eq!(run_with(words).code(), 0, "{line}");
    }
    for (line, code) in [
        ("explain E9999", 5),
        ("help zebra", 5),
        ("config explain listen.htp --dev", 5),
        ("config check --config /nowhere.toml", 3),
        ("config check --dev --http 0.0.0.0:1", 3),
        ("ca show --data-dir /nowhere", 5),
        ("check --data-dir /nowhere", 5),
        ("backup /nowhere/else --data-dir /nowhere", 5),
        ("", 2),
        ("zebra", 2),
    ] {
        let words = words(&format!("whimbrel {line}")).into_iter().filter(|word| !word.is_empty()).map(Into::into);
        assert_eq!(run_with(words.collect::<Vec<_>>()).code(), code, "{line}");
    }
}

#[test]
fn the_tree_of_commands_has_its_shape() {
    let mut command = examples::command();
    command.build();
    let tree = help::tree(&command, "");
    let names = |value: &serde_json::Value| -> Vec<String> {
        value.as_array().unwrap().iter().map(|below| below["name"].as_str().unwrap().to_owned()).collect()
    };
    assert_eq!(
        names(&tree["commands"]).join(" "),
        "serve run env trace doctor sim send show share tail inbox wait dump clock chaos phone carrier account application oauth secret webhook listen trigger key operator audit number list bench sign verify check backup config ca openapi completion man explain help version"
    );
    let send = tree["commands"].as_array().unwrap().iter().find(|below| below["name"] == "send").unwrap();
    assert_eq!((&send["path"], &send["aliases"][0]), (&"send".into(), &"s".into()));
    assert_eq!(send["examples"].as_array().unwrap().len(), 2);
    let to = send["arguments"].as_array().unwrap().iter().find(|argument| argument["name"] == "to").unwrap();
    assert_eq!(
        to,
        &serde_json::json!({
            "name": "to", "flag": "--to", "short": null, "help": "The recipient, country code first", "value": "NUMBER",
            "choices": [], "default": [], "environment": null, "required": true, "repeats": false,
        })
    );
    let no_secret = |argument: &serde_json::Value| argument["flag"] != "--secret" && argument["flag"] != "--password";
    walk(&command, "", &mut |command, path| {
        assert!(help::tree(command, path)["arguments"].as_array().unwrap().iter().all(no_secret), "{path}");
    });
}
