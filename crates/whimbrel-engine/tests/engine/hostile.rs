//! Hostile signed requests: the gateway takes none, and every one would pass if the check that stops it were missing.

mod attacks;
mod model;
mod strings;

use std::collections::BTreeMap;
use std::fmt::Write as _;

use whimbrel_core::account::AccountStatus;
use whimbrel_core::policy::{KeyPolicy, SignatureRule};
use whimbrel_core::{Secret, SignatureMethod, Signing, Span, WebhookSigning};
use whimbrel_store::{AccountPatch, Store};

use self::attacks::{Answer, CLASSES, Class};
use self::model::{Check, Model, Verdict};
use crate::support::{Folder, Gateway, Setup};
use crate::wire::{Pairs, Request, canonical, digest, signed, status};

const METHODS: &[SignatureMethod] = &[
    SignatureMethod::Md5Hash,
    SignatureMethod::HmacMd5,
    SignatureMethod::HmacSha1,
    SignatureMethod::HmacSha256,
    SignatureMethod::HmacSha512,
];

/// What is to be known of an account.
struct Facts {
    method: SignatureMethod,
    method_min: SignatureMethod,
    secret: String,
    /// The one before, whose time is over.
    ended_secret: String,
    api_secret: String,
    must_sign: bool,
    is_suspended: bool,
}

/// How a request carries its parameters.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Carrier {
    Form,
    Query,
    Json,
}

/// What an attack starts from: an honest request of one account.
struct Case<'a> {
    accounts: &'a BTreeMap<String, Facts>,
    key: String,
    facts: &'a Facts,
    pairs: Pairs,
    carrier: Carrier,
    number: usize,
    now: i64,
}

impl Case<'_> {
    fn is_json(&self) -> bool {
        self.carrier == Carrier::Json
    }

    fn is_in_body(&self) -> bool {
        self.carrier != Carrier::Query
    }

    fn carry(&self, pairs: &[(String, String)]) -> Request {
        match self.carrier {
            Carrier::Form => Request::form(pairs),
            Carrier::Query => Request::get(pairs),
            Carrier::Json => Request::json(pairs),
        }
    }

    fn carry_with(&self, pairs: &Pairs, sig: String) -> Request {
        self.carry(&[pairs.clone(), vec![("sig".to_owned(), sig)]].concat())
    }

    fn sig(&self) -> String {
        digest(self.facts.method, canonical(&self.pairs).as_bytes(), &self.facts.secret)
    }

    fn honest(&self) -> Request {
        self.carry_with(&self.pairs, self.sig())
    }

    fn value(&self, name: &str) -> &str {
        &self.pairs.iter().find(|pair| pair.0 == name).expect("it is there").1
    }

    /// The honest pairs with a value set.
    fn with(&self, name: &str, value: &str) -> Pairs {
        let mut pairs = self.pairs.clone();
        match pairs.iter_mut().find(|pair| pair.0 == name) {
            Some(pair) => pair.1 = value.to_owned(),
            None => pairs.push((name.to_owned(), value.to_owned())),
        }
        pairs
    }

    /// The honest signature around other pairs.
    fn altered(&self, alter: impl FnOnce(&mut Pairs)) -> Option<Vec<Request>> {
        let mut pairs = self.pairs.clone();
        alter(&mut pairs);
        Some(vec![self.carry_with(&pairs, self.sig())])
    }

    fn changed(&self, name: &str, value: &str) -> Option<Vec<Request>> {
        Some(vec![self.carry_with(&self.with(name, value), self.sig())])
    }

    fn appended(&self, more: &str) -> Option<Vec<Request>> {
        self.changed("text", &format!("{}{more}", self.value("text")))
    }

    fn added(&self, name: &str, value: &str) -> Option<Vec<Request>> {
        self.altered(|pairs| pairs.push((name.to_owned(), value.to_owned())))
    }

    fn signed_pairs_and(&self, name: &str, value: &str) -> Option<Vec<Request>> {
        Some(vec![self.carry(&signed(&self.with(name, value), self.facts.method, &self.facts.secret))])
    }

    /// The honest pairs, signed over another string.
    fn signed_over(&self, string: fn(&Pairs) -> Vec<u8>) -> Option<Vec<Request>> {
        let sig = digest(self.facts.method, &string(&self.pairs), &self.facts.secret);
        Some(vec![self.carry_with(&self.pairs, sig)])
    }

    fn signed_at(&self, time: &str) -> Option<Vec<Request>> {
        let pairs = self.with("timestamp", time);
        Some(vec![self.carry(&signed(&pairs, self.facts.method, &self.facts.secret))])
    }

    fn signed_as(&self, key: &str, method: SignatureMethod, secret: &str) -> Vec<Request> {
        vec![self.carry(&signed(&self.with("api_key", key), method, secret))]
    }

    /// The account of that kind with the same method.
    fn other(&self, kind: &str) -> (String, &Facts) {
        let key = format!("{kind} {}", self.facts.method.as_str());
        let facts = &self.accounts[&key];
        (key, facts)
    }
}

/// Opens five kinds of accounts for each method.
async fn open_accounts(gateway: &Gateway) -> BTreeMap<String, Facts> {
    let mut accounts = BTreeMap::new();
    for method in METHODS {
        for kind in ["plain", "minimum", "signing", "suspended"] {
            let key = format!("{kind} {}", method.as_str());
            let facts = Facts {
                method: *method,
                method_min: if kind == "minimum" { SignatureMethod::HmacSha512 } else { SignatureMethod::Md5Hash },
                secret: format!("signature secret of {key}"),
                ended_secret: format!("old signature secret of {key}"),
                api_secret: format!("api secret of {key}"),
                must_sign: kind == "signing",
                is_suspended: kind == "suspended",
            };
            let id = gateway.open(&key, &facts.api_secret, &facts.ended_secret).await;
            let secret = Secret::new(&*facts.secret);
            gateway.engine.rotate_signature_secret(id, secret, Span::ZERO).await.expect("rotated");
            let signature = if facts.must_sign { SignatureRule::Required } else { SignatureRule::Optional };
            let patch = AccountPatch {
                signing: Some(Signing { method: *method, webhooks: WebhookSigning::Unsigned }),
                policy: Some(KeyPolicy { signature, signature_method_min: facts.method_min, ..KeyPolicy::default() }),
                status: facts.is_suspended.then_some(AccountStatus::Suspended),
                ..AccountPatch::new(id, gateway.clock().now())
            };
            gateway.engine.patch_account(patch).await.expect("changed");
            accounts.insert(key, facts);
        }
    }
    accounts
}

/// One class's figures.
#[derive(Default)]
struct Row {
    cases: usize,
    passed_without_the_check: usize,
    taken: usize,
}

/// Tries one attack on the gateway and on the model, whole and without the check.
async fn attempt(gateway: &Gateway, class: &Class, case: &Case<'_>, row: &mut Row) {
    let Some(requests) = (class.attack)(case) else { return };
    let (hostile, honest) = requests.split_last().expect("at least one request");
    let mut whole = Model::new(case.accounts, None);
    let mut mutant = Model::new(case.accounts, Some(class.check));
    let what = format!("{} ({}, {:?}, {})", class.name, case.key, case.carrier, case.number);
    let messages = || gateway.store.stats().expect("readable").messages;
    let mut before = String::new();
    for request in honest {
        let count = messages();
        before = gateway.answer_to(request).await;
        assert_eq!((status(&before), messages()), ("0", count + 1), "{what}: the honest request");
        assert_eq!(whole.judge(request, case.now), Verdict::Sent, "{what}: the honest request");
        assert_eq!(mutant.judge(request, case.now), Verdict::Sent, "{what}: the honest request");
    }
    row.cases += 1;
    row.passed_without_the_check += usize::from(mutant.judge(hostile, case.now) == Verdict::Sent);
    let (count, answer) = (messages(), gateway.answer_to(hostile).await);
    let right = match class.answer {
        Answer::Status(code) => status(&answer) == code && whole.judge(hostile, case.now) == Verdict::Refused,
        Answer::AsBefore => answer == before && whole.judge(hostile, case.now) == Verdict::Again,
    };
    assert!(right, "{what}: {answer}");
    row.taken += usize::from(messages() != count);
}

#[tokio::test]
async fn no_hostile_request_is_taken_and_each_needs_its_check() {
    let folder = Folder::new("hostile");
    let gateway = Gateway::start(&folder, Setup { balance: 1_000, ..Setup::default() }).await;
    let accounts = open_accounts(&gateway).await;
    let mut table = String::new();
    let (mut total, mut number) = (Row::default(), 0);
    for class in CLASSES {
        let mut row = Row::default();
        for method in METHODS {
            for carrier in [Carrier::Form, Carrier::Query, Carrier::Json] {
                number += 1;
                let key = format!("plain {}", method.as_str());
                let now = gateway.clock().now().unix_seconds();
                let pairs = [
                    ("timestamp", now.to_string()),
                    ("to", "447700900123".to_owned()),
                    ("text", format!("text {number} with = and & and caf\u{e9}")),
                    ("from", "Acme".to_owned()),
                    ("client-ref", format!("{number}&{number}")),
                    ("api_key", key.clone()),
                ];
                let pairs = pairs.map(|(name, value)| (name.to_owned(), value)).to_vec();
                let facts = &accounts[&key];
                let case = Case { accounts: &accounts, facts, key, pairs, carrier, number, now };
                attempt(&gateway, class, &case, &mut row).await;
            }
        }
        assert_eq!(row.cases, row.passed_without_the_check, "{}: it is stopped by something else", class.name);
        let _ = writeln!(
            table,
            "{:<42} {:>5} {:>8} {:>6}  {}",
            class.name,
            row.cases,
            row.passed_without_the_check,
            row.taken,
            class.check.what(),
        );
        total.cases += row.cases;
        total.taken += row.taken;
    }
    let unused: Vec<_> =
        Check::ALL.iter().filter(|check| !CLASSES.iter().any(|class| class.check == **check)).collect();
    assert!(unused.is_empty(), "checks without an attack: {unused:?}");
    #[expect(clippy::print_stdout, reason = "the table is the test's result: `--no-capture` shows it")]
    {
        println!("{:<42} {:>5} {:>8} {:>6}  the check", "class", "cases", "without", "taken");
        println!("{table}{} classes, {} cases, {} taken", CLASSES.len(), total.cases, total.taken);
    }
    assert_eq!(total.taken, 0);
    assert!(total.cases >= 500 && CLASSES.len() >= 20);
    assert!(gateway.store.audit().expect("readable").is_clean());
}
