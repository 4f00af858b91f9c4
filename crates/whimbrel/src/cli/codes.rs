//! The stable codes of errors, each with a page.

use serde_json::{Value, json};

use super::output::{self, Out};
use super::{Exit, Failure};

/// A code with its page.
#[derive(Debug)]
pub(super) struct Page {
    pub(super) code: &'static str,
    pub(super) exit: Exit,
    pub(super) title: &'static str,
    pub(super) text: &'static str,
}

const fn page(code: &'static str, exit: Exit, title: &'static str, text: &'static str) -> Page {
    Page { code, exit, title, text }
}

/// All pages, by code. Codes are never reused.
pub(super) static PAGES: &[Page] = &[
    page(
        "E0001",
        Exit::Failed,
        "something unexpected",
        "The message says what was attempted and why it failed. If nothing in it \
          is yours to change, it is a bug: report it with the message.",
    ),
    page(
        "E0002",
        Exit::Failed,
        "the server cannot do that now",
        "The server understood the request and could not do it: its \
          store is stopped, a thing is taken already, or it is too busy. Look at `whimbrel tail` and the server's log.",
    ),
    page(
        "E0100",
        Exit::Usage,
        "wrong usage",
        "A flag or a value is not what the command takes. Its --help shows two examples.",
    ),
    page(
        "E0101",
        Exit::Usage,
        "consent is needed",
        "The command does something that cannot be undone. On a terminal it asks; \
          elsewhere, and with --no-input, give --yes.",
    ),
    page(
        "E0102",
        Exit::Usage,
        "the server did not take a value",
        "The native API answered 400 or 422; the message names the \
          field and what it takes.",
    ),
    page(
        "E0103",
        Exit::Usage,
        "a search is not understood",
        "The word that is underlined is no key, or not what its key takes. `whimbrel help search` \
          lists the keys. A text with a colon in it stands in quotes.",
    ),
    page(
        "E0200",
        Exit::Config,
        "the configuration is not valid",
        "Run `whimbrel config check`: it tells every fault at once.",
    ),
    page(
        "E0210",
        Exit::Config,
        "the configuration cannot be read",
        "The file or folder of --config is not there, is too large, or \
          may not be read by this user.",
    ),
    page(
        "E0211",
        Exit::Config,
        "the file is not TOML",
        "The line shows where reading stopped. A text stands in quotes; a section \
          in brackets on a line of its own.",
    ),
    page(
        "E0212",
        Exit::Config,
        "a value does not fit",
        "The setting takes another kind of value, or one within bounds; the message \
          says which. `whimbrel config explain KEY` says more.",
    ),
    page("E0213", Exit::Config, "something is missing", "The setting has no default and must be given."),
    page(
        "E0214",
        Exit::Config,
        "there is no such setting",
        "Unknown settings are errors, so that a misspelt one is not silently \
          without effect. The nearest known one is named; `whimbrel config defaults` has all.",
    ),
    page(
        "E0215",
        Exit::Config,
        "two settings do not go together",
        "The message names the other one, and what to change.",
    ),
    page(
        "E0216",
        Exit::Config,
        "a secret cannot be had",
        "The variable is not set, the file cannot be read, others may read the \
          file (chmod 600), or what it holds is empty or too long.",
    ),
    page("E0217", Exit::Config, "a name that nothing has", "A route names a carrier that has no section."),
    page(
        "E0218",
        Exit::Config,
        "not with this profile",
        "--dev stays on this machine and knows one carrier, its simulator. What \
          leaves it needs a server without --dev.",
    ),
    page(
        "E0219",
        Exit::Config,
        "the reload was refused",
        "The running server read its files anew and found faults. Nothing \
          changed: it goes on with what it had. Correct the file and reload again.",
    ),
    page(
        "E0400",
        Exit::Unauthorized,
        "not accepted",
        "The server wants its admin token, which stands in the data folder's run \
          file: set WHIMBREL_TOKEN, or give --data-dir. For `send`, the account's secret is wrong or missing.",
    ),
    page(
        "E0401",
        Exit::Unauthorized,
        "the signature does not match",
        "`whimbrel verify` did not accept the message: its signature is of something else or by another secret, a field is \
          missing, or its timestamp is too far off. --explain names the usual mistake that gives exactly this signature.",
    ),
    page(
        "E0500",
        Exit::NotFound,
        "there is no such thing",
        "No message, account, carrier, number or certificate has that name.",
    ),
    page(
        "E0600",
        Exit::Rejected,
        "refused or not delivered",
        "The message says in the vendor's words why it was refused, or how \
          it ended. `whimbrel show ID` tells its story.",
    ),
    page(
        "E0700",
        Exit::TimedOut,
        "not in time",
        "What was waited for did not happen. It may still: `whimbrel show ID`.",
    ),
    page(
        "E0800",
        Exit::Unreachable,
        "nobody could be reached",
        "No server runs on the data folder, or nothing listens at --url. \
          Start one with `whimbrel serve --dev`.",
    ),
    page(
        "E0801",
        Exit::Unreachable,
        "the carrier has no link",
        "The carrier is not bound, so that it cannot be tested. `whimbrel \
          carrier ls` shows why.",
    ),
    page("E0900", Exit::Policy, "a rule forbids it", "The server refused by a rule of its operator (403)."),
    page(
        "E0901",
        Exit::Policy,
        "not your machine",
        "`bench` puts load on a server. Off this machine it wants to hear that the \
          server is yours: --i-own-the-target.",
    ),
    page("E1000", Exit::Partial, "some of many", "Some succeeded and some did not; the answer on stdout says which."),
    page(
        "E1100",
        Exit::Violated,
        "the store breaks what was promised",
        "`check` found rows that contradict each other; stdout names them. Stop \
          the gateway, keep a copy of its data folder, and report this with the output. docs/operations/store.md tells more.",
    ),
    page(
        "E1300",
        Exit::Interrupted,
        "broken off",
        "The command was interrupted, or the question was not answered with yes.",
    ),
];

/// `whimbrel explain`.
pub(super) fn run(code: Option<&str>, out: &Out) -> Result<(), Failure> {
    let Some(code) = code else {
        let all: Value = PAGES.iter().map(Page::to_json).collect();
        out.document("errors", &json!({ "errors": all }), || {
            let rows: Vec<_> = PAGES.iter().map(|page| vec![page.code.to_owned(), page.title.to_owned()]).collect();
            out.table(&["CODE", "MEANING"], &rows)
        });
        return Ok(());
    };
    let Some(page) = PAGES.iter().find(|page| page.code.eq_ignore_ascii_case(code)) else {
        let code = output::printable(code);
        return Err(Failure::new(Exit::NotFound, format!("there is no error {code}: `whimbrel explain` lists all")));
    };
    out.document("error-page", &page.to_json(), || {
        format!("{}: {} (exit code {})\n\n{}", page.code, page.title, page.exit.code(), page.text)
    });
    Ok(())
}

impl Page {
    fn to_json(&self) -> Value {
        json!({ "code": self.code, "title": self.title, "text": self.text, "exit_code": self.exit.code() })
    }
}
