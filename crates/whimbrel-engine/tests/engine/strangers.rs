//! What belongs to one account is never shown to, changed by or told to another: every route of a dialect, asked by a stranger for every
//! object of an owner, answers as it does for an object that there is not.
//!
//! The routes are a table for each dialect. That none is missing is seen from the exchange files: whatever request of theirs
//! the dialect reads must be one of the table's.

mod nexmo;
mod nexo;
mod seven;

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;
use std::sync::Arc;

use whimbrel_core::account::AccountStatus;
use whimbrel_core::{
    Account, AccountId, AccountRules, Bucket, Currency, Endpoint, EndpointKind, HttpMethodChoice, KeyMode, Money,
    Secret, SecretRole, Timestamp,
};
use whimbrel_dialects::http::{HttpRequest, HttpResponse};
use whimbrel_dialects::{Dialect, Match};
use whimbrel_engine::{NewCustomer, Origin};
use whimbrel_store::TopUp;

use crate::support::{Gateway, soon};

/// A request of the table. `{name}` stands for an object's name, in the line and in the body.
struct Route {
    line: &'static str,
    body: &'static str,
    /// What it is about.
    about: About,
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum About {
    /// An object that it names: asked for the owner's, and for one that there is not.
    Object,
    /// What the caller has: nothing of the owner's may be in it.
    Own,
    /// Nothing of anybody's: it is in the table so that none is forgotten.
    Nothing,
}

const fn object(line: &'static str, body: &'static str) -> Route {
    Route { line, body, about: About::Object }
}

const fn own(line: &'static str, body: &'static str) -> Route {
    Route { line, body, about: About::Own }
}

const fn nothing(line: &'static str) -> Route {
    Route { line, body: "", about: About::Nothing }
}

/// Names of objects: the owner's, and some of the same form that nobody has.
type Names = BTreeMap<&'static str, [String; 2]>;

/// Who asks, by a header.
#[derive(Clone, Copy)]
struct Caller(&'static str);

/// Opens an account whose secret is a key of its own, with 10 in its wallet; `endpoint` is told its receipts.
async fn open_with_key(
    gateway: &Gateway,
    dialect: &dyn Dialect,
    key: &str,
    caller: Caller,
    endpoint: &str,
) -> AccountId {
    let usual = dialect.descriptor().new_accounts;
    let id = AccountId(gateway.engine.world().next_id());
    let account = Account {
        id,
        key: key.into(),
        name: "".into(),
        currency: Currency::EUR,
        status: AccountStatus::Active,
        default_class: usual.class,
        capture_on: usual.capture_on,
        webhook_method: HttpMethodChoice::PostJson,
        endpoints: vec![Endpoint { kind: EndpointKind::Receipt, url: endpoint.into() }],
        rules: AccountRules::default(),
        signing: Default::default(),
        policy: Default::default(),
        otp: Default::default(),
        lists: Arc::default(),
    };
    let (_, secret) = caller.0.split_once(' ').expect("a scheme and a key");
    let customer = NewCustomer {
        account,
        dialect: dialect.descriptor().id.into(),
        secret: Secret::new(secret),
        role: SecretRole::Key(KeyMode::Live),
        free_credit: None,
        signature_secret: Secret::new("your_plaintext_webhook_secret"),
    };
    gateway.engine.create_account(customer).await.expect("made");
    let amount = Money::new(10 * whimbrel_core::money::UNITS_PER_WHOLE, Currency::EUR);
    let at = gateway.engine.world().now();
    let paid = TopUp { account_id: id, amount, bucket: Bucket::Balance, cause: "opening".into(), at };
    gateway.engine.top_up(paid).await.expect("paid in");
    id
}

/// Text with its placeholders filled.
fn filled(text: &str, names: &Names, whose: usize) -> String {
    names.iter().fold(text.to_owned(), |text, (name, of)| text.replace(&format!("{{{name}}}"), &of[whose]))
}

fn read(dialect: &dyn Dialect, line: &str, headers: &[(&str, &[u8])], body: &str, now: Timestamp) -> Match {
    let (method, target) = line.split_once(' ').expect("a method and a target");
    let (path, query) = target.split_once('?').unwrap_or((target, ""));
    dialect.read(&HttpRequest { method, path, query: Some(query), headers, body: body.as_bytes() }, 1, now)
}

async fn ask(gateway: &Gateway, dialect: &'static dyn Dialect, caller: Caller, line: &str, body: &str) -> HttpResponse {
    let content = if body.starts_with('{') { "application/json" } else { "application/x-www-form-urlencoded" };
    let headers: [(&str, &[u8]); 3] =
        [("host", b"127.0.0.1"), ("authorization", caller.0.as_bytes()), ("content-type", content.as_bytes())];
    match read(dialect, line, &headers, body, gateway.engine.world().now()) {
        Match::Parsed(parsed) => {
            let origin = Origin { address: "127.0.0.1".parse().ok(), ..Origin::default() };
            let outcome = soon(gateway.engine.handle(dialect, origin, parsed.claim, parsed.call)).await;
            dialect.render(&outcome, &parsed.reply)
        }
        Match::Answered(response) => response,
        Match::NotMine => panic!("{line} is nobody's"),
    }
}

/// Asks as the stranger for everything, and finds nothing of the owner's in any answer.
async fn nothing_is_shown(
    gateway: &Gateway,
    dialect: &'static dyn Dialect,
    stranger: Caller,
    routes: &[Route],
    names: &Names,
    marks: &[&str],
) {
    for route in routes.iter().filter(|route| route.about != About::Nothing) {
        let mut answers = Vec::new();
        for whose in [0, 1] {
            let (line, body) = (filled(route.line, names, whose), filled(route.body, names, whose));
            assert!(!line.contains('{') && (body.starts_with('{') || !body.contains('{')), "{line} {body}: not filled");
            let answer = ask(gateway, dialect, stranger, &line, &body).await;
            let mut text = String::from_utf8(answer.body).expect("UTF-8");
            for mark in marks {
                assert!(!text.contains(mark), "{line}: `{mark}` is shown to a stranger: {text}");
            }
            // A name that comes back is the stranger's own word.
            for of in names.values() {
                for quote in ["'", "\"", ""] {
                    // Without quotes a short name is a word of anything.
                    if !quote.is_empty() || of[whose].len() > 6 {
                        text = text.replace(&format!("{quote}{}{quote}", of[whose]), "[name]");
                    }
                }
            }
            answers.push((answer.status, text));
        }
        assert_eq!(answers[0], answers[1], "{}: the owner's, and one that there is not", route.line);
    }
}

/// The owner itself is answered otherwise, so that the table asks for what there is.
async fn names_are_right(
    gateway: &Gateway,
    dialect: &'static dyn Dialect,
    owner: Caller,
    routes: &[Route],
    names: &Names,
) {
    for route in routes.iter().filter(|route| route.about == About::Object && route.line.starts_with("GET ")) {
        let (own, nobodys) = (filled(route.line, names, 0), filled(route.line, names, 1));
        if own.contains("/stranger/") {
            continue;
        }
        let own = ask(gateway, dialect, owner, &own, "").await;
        let nobodys = ask(gateway, dialect, owner, &nobodys, "").await;
        assert!(own.status == 200 && (own.status, &own.body) != (nobodys.status, &nobodys.body), "{}", route.line);
    }
}

/// What the owner sees of what it has.
async fn seen(
    gateway: &Gateway,
    dialect: &'static dyn Dialect,
    owner: Caller,
    views: &[&str],
    names: &Names,
) -> Vec<(u16, String)> {
    let mut seen = Vec::new();
    for view in views {
        let line = filled(view, names, 0);
        let answer = ask(gateway, dialect, owner, &line, "").await;
        assert_eq!(answer.status, 200, "{line}: the owner sees it");
        seen.push((answer.status, String::from_utf8(answer.body).expect("UTF-8")));
    }
    seen
}

/// Whether a row of the table is that request.
fn is_of(route: &Route, line: &str) -> bool {
    let split = |line: &str| -> Option<(String, Vec<String>)> {
        let (method, target) = line.split_once(' ')?;
        let path = target.split('?').next()?;
        let path = path.strip_suffix('/').unwrap_or(path);
        Some((method.replace("HEAD", "GET"), path.split('/').map(str::to_owned).collect()))
    };
    let (Some((method, path)), Some((asked, segments))) = (split(route.line), split(line)) else { return false };
    method == asked
        && path.len() == segments.len()
        && path.iter().zip(&segments).all(|(known, segment)| known.starts_with('{') || known == segment)
}

/// Requests of the exchange files that the dialect reads and no row of the table is.
fn forgotten(dialect: &dyn Dialect, routes: &[Route]) -> BTreeSet<String> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../whimbrel-dialects/tests/exchanges");
    let mut folders = vec![folder.join(dialect.descriptor().id)];
    let (mut forgotten, mut count) = (BTreeSet::new(), 0);
    while let Some(folder) = folders.pop() {
        for entry in std::fs::read_dir(&folder).expect("the exchange files are there") {
            let path = entry.expect("an entry").path();
            if path.is_dir() {
                folders.push(path);
                continue;
            }
            let text = std::fs::read_to_string(&path).expect("a text");
            let Some((_, request)) = text.split_once("--- request\n") else { continue };
            let line = request.lines().next().unwrap_or_default();
            if let Match::Parsed(_) = read(dialect, line, &[("host", b"h")], "", Timestamp(0)) {
                count += 1;
                if !routes.iter().any(|route| is_of(route, line)) {
                    forgotten.insert(line.split('?').next().unwrap_or_default().to_owned());
                }
            }
        }
    }
    assert!(count > 10, "{count} requests are no matrix");
    forgotten
}

#[test]
fn every_dialect_has_its_table() {
    let tables = [("nexmo", nexmo::ROUTES), ("nexo", nexo::ROUTES), ("seven", seven::ROUTES)];
    for dialect in whimbrel_dialects::registry::DIALECTS {
        let id = dialect.descriptor().id;
        assert!(tables.iter().any(|(name, routes)| *name == id && !routes.is_empty()), "{id} has no table");
    }
}
