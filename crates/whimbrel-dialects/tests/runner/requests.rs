//! Requests: what was read of them, and their answers.

use std::fmt::Write as _;

use whimbrel_core::{
    AuthMethod, Binary, Call, Content, Faulty, FormNamed, MessageCall, MessageClass, NoticeScope, OauthCall, Outcome,
    Refusal, Secret, SendCall, SenderId, SignatureMethod, Telling,
};
use whimbrel_dialects::address::Addresses;
use whimbrel_dialects::claim::{Compat, KeySignature, KeyWindow, SignatureFault, SignedRequest, SigningKeys};
use whimbrel_dialects::http::{Headers, HttpRequest};
use whimbrel_dialects::{Claim, Dialect, Match, Parsed, RefusalWords, Reply, Wording};

use super::file::{Facts, File};
use super::{applications, many, outcomes, resources, secrets};

pub(crate) fn answer(dialect: &dyn Dialect, file: &mut File) {
    let given = Facts(file.get("given"));
    let trace_id = u128::from_str_radix(given.get("trace"), 16).expect("a trace id");
    let now = given.instant("now");
    let wire = Wire::parse(file.get("request"));
    let (call, response) = match wire.with(|request| dialect.read(request, trace_id, now)) {
        Match::NotMine => ("not this dialect's".to_owned(), "none".to_owned()),
        Match::Answered(response) => {
            ("answered without asking".to_owned(), print_answer(response.status, &response.headers, &response.body))
        }
        Match::Parsed(parsed) => {
            let outcome = outcomes::outcome(file.get("outcome"), &parsed);
            if let Ok(Claim::Signed(signed)) = &parsed.claim {
                let is_good = verdict(&**signed, &given).is_ok();
                let is_refused = matches!(outcome, Outcome::Refused(Refusal::InvalidSignature));
                assert_ne!(is_good, is_refused, "the outcome is another one than the signature's");
            }
            // As the operator has set it.
            let refusals = given.find("verbose").map_or(RefusalWords::Code, |_| RefusalWords::Verbose);
            let wording = Wording { refusals, deposit_url: given.find("deposit url").map(Into::into) };
            let reply = Reply { wording, ..parsed.reply.clone() };
            let response = dialect.render(&outcome, &reply);
            (print_call(&parsed, &given), print_answer(response.status, &response.headers, &response.body))
        }
    };
    file.set("call", &call);
    file.set("response", &response);
}

/// A request as the file has it: a request line, headers, an empty line, the body.
struct Wire<'a> {
    method: &'a str,
    target: &'a str,
    headers: Vec<(String, &'a str)>,
    body: &'a str,
}

impl<'a> Wire<'a> {
    fn parse(text: &'a str) -> Self {
        let (head, body) = text.split_once("\n\n").unwrap_or((text, ""));
        let mut lines = head.lines();
        let (method, target) = lines.next().and_then(|line| line.split_once(' ')).expect("a request line");
        let headers = lines.map(|line| line.split_once(": ").expect("a header"));
        let headers = headers.map(|(name, value)| (name.to_ascii_lowercase(), value)).collect();
        Self { method, target, headers, body }
    }

    fn with<R>(&self, read: impl FnOnce(&HttpRequest<'_>) -> R) -> R {
        let (path, query) =
            self.target.split_once('?').map_or((self.target, None), |(path, query)| (path, Some(query)));
        let headers: Vec<(&str, &[u8])> =
            self.headers.iter().map(|(name, value)| (name.as_str(), value.as_bytes())).collect();
        read(&HttpRequest { method: self.method, path, query, headers: &headers, body: self.body.as_bytes() })
    }
}

/// The same of a signature beside a key, by the signing key that the file gives.
fn key_verdict(signed: &dyn KeySignature, given: &Facts<'_>) -> Result<&'static str, SignatureFault> {
    let secret = Secret::new(given.get("signing key"));
    let method = SignatureMethod::HmacSha256;
    let keys = SigningKeys {
        secrets: &[&secret],
        method,
        compat: Compat::On,
        addresses: &Addresses::default(),
        window: KeyWindow::default(),
        now: given.instant("now"),
    };
    signed.verify(&keys).map(|verified| verified.form)
}

/// What the account that the file gives makes of a signature: the form that matched, or the fault.
fn verdict(signed: &dyn SignedRequest, given: &Facts<'_>) -> Result<&'static str, SignatureFault> {
    let (method, secret) = given.get("signature").split_once(' ').expect("a method and a secret");
    let secrets: Vec<Secret> = secret.split(' ').map(Secret::new).collect();
    let compat = if given.find("compat") == Some("off") { Compat::Off } else { Compat::On };
    let method = SignatureMethod::parse(method).expect("a method");
    let keys = SigningKeys {
        secrets: &secrets.iter().collect::<Vec<_>>(),
        method,
        compat,
        addresses: &Addresses::default(),
        window: KeyWindow::default(),
        now: given.instant("now"),
    };
    signed.verify(&keys).map(|verified| verified.form)
}

fn print_call(parsed: &Parsed, given: &Facts<'_>) -> String {
    let mut out = String::new();
    let claim = match &parsed.claim {
        Ok(Claim::OnBehalf { claim, subaccount }) => {
            let _ = write!(out, "on behalf of {}, ", subaccount.0);
            Ok(&**claim)
        }
        claim => claim.as_ref(),
    };
    let _ = match claim {
        Ok(Claim::KeyAndSecret { key, secret, method, signable: _ }) => {
            let way = if *method == AuthMethod::Parameters { "" } else { ", by " };
            let name = if way.is_empty() { "" } else { method.as_str() };
            writeln!(out, "claim: key {key}, secret {}{way}{name}", secret.expose())
        }
        Ok(Claim::Signed(signed)) => match verdict(&**signed, given) {
            Ok(form) => writeln!(out, "claim: key {}, signed in the form {form}", signed.key()),
            Err(fault) => writeln!(out, "claim: key {}, signature refused: {}", signed.key(), fault.cause()),
        },
        Ok(Claim::Delegated(request)) => writeln!(
            out,
            "claim: consumer {}, token {:?}, {:?}",
            request.consumer(),
            request.token(),
            request.delegation()
        ),
        Ok(Claim::SecretKey { secret, method, .. }) => {
            writeln!(out, "claim: secret key {}, by {}", secret.expose(), method.as_str())
        }
        Ok(Claim::SignedKey { secret, method, signed }) => {
            let verdict = key_verdict(&**signed, given);
            let verdict = verdict
                .map_or_else(|fault| format!("refused: {}", fault.cause()), |form| format!("in the form {form}"));
            writeln!(out, "claim: secret key {}, by {}, signature {verdict}", secret.expose(), method.as_str())
        }
        Ok(Claim::Token(token)) => writeln!(out, "claim: application {}, token", token.application()),
        Ok(Claim::OnBehalf { .. }) => writeln!(out, "claim: on behalf of one that is on behalf of another"),
        Err(refusal) => writeln!(out, "claim: refused, {refusal:?}"),
    };
    match &parsed.call {
        Ok(Call::Send(send)) => print_send(&mut out, send),
        Ok(Call::SendMany(call)) => {
            many::print_call(&mut out, call);
            print_content(&mut out, &call.content);
            many::print_rest(&mut out, call);
        }
        Ok(Call::Faulty(faulty)) => print_faulty(&mut out, faulty),
        Ok(Call::Oauth(call)) => print_oauth(&mut out, call),
        Ok(Call::Secrets(call)) => secrets::print_call(&mut out, call),
        Ok(Call::Application(call)) => applications::print_call(&mut out, call),
        Ok(Call::Message(MessageCall::Mark { id, message })) => {
            let _ = write!(out, "call: mark message {id}, {message:?}");
        }
        Ok(Call::Message(MessageCall::Progress(names))) => many::print_names(&mut out, "progress of", names),
        Ok(Call::Message(MessageCall::Cancel(names))) => many::print_names(&mut out, "call back", names),
        Ok(Call::Record(call)) => many::print_record(&mut out, call),
        Ok(Call::Subaccounts(call)) => many::print_subaccounts(&mut out, call),
        Ok(Call::Journal(call)) => many::print_journal(&mut out, call),
        Ok(Call::Totals(call)) => many::print_totals(&mut out, call),
        Ok(Call::Lookup(call)) => many::print_lookup(&mut out, call),
        Ok(call @ (Call::Account(_) | Call::Prices(_) | Call::History(_) | Call::Numbers(_))) => {
            resources::print(&mut out, call);
        }
        Err(refusal) => {
            let _ = write!(out, "call: refused, {refusal:?}");
        }
    }
    out
}

/// A call does not show this itself.
fn print_oauth(out: &mut String, call: &OauthCall) {
    let words = match call {
        OauthCall::Request { consumer, callback } => {
            format!("Request {{ consumer: {consumer:?}, callback: {callback:?} }}")
        }
        OauthCall::Look { token } => format!("Look {{ token: {token:?} }}"),
        OauthCall::Grant { token } => format!("Grant {{ token: {token:?} }}"),
        OauthCall::Exchange { consumer, token, verifier } => {
            format!("Exchange {{ consumer: {consumer:?}, token: {token:?}, verifier: {verifier:?} }}")
        }
    };
    let _ = write!(out, "call: {words}");
}

fn print_faulty(out: &mut String, faulty: &Faulty) {
    let _ = write!(out, "call: faulty, kind {}", faulty.kind);
    if !faulty.detail.is_empty() {
        let _ = write!(out, "\n{}", faulty.detail);
    }
    for field in &faulty.fields {
        let _ = write!(out, "\n{}: {}", field.name, field.reason);
    }
}

fn print_send(out: &mut String, send: &SendCall) {
    let (kind, name) = match &send.sender {
        SenderId::Number(number) => ("number", number.digits()),
        SenderId::ShortCode(code) => ("short code", &**code),
        SenderId::Name(name) => ("name", &**name),
    };
    let _ = writeln!(out, "call: send\nto: {}\nfrom: {kind} {name}", send.recipient.digits());
    print_content(out, &send.content);
    let _ = write!(out, "receipt: {:?}", send.receipt);
    if let Some(class) = send.handset_class {
        let _ = write!(out, "\nhandset class: {class:?}");
    }
    if let Some(validity) = send.validity {
        let _ = write!(out, "\nvalidity: {} ms", validity.as_millis());
    }
    if let Some(class) = send.class.map(MessageClass::as_str) {
        let _ = write!(out, "\nclass: {class}");
    }
    let marks = [
        ("network", &send.network),
        ("entity", &send.registration.entity),
        ("template", &send.registration.template),
        ("callback", &send.callback),
        ("client-ref", &send.client_ref),
        ("account-ref", &send.account_ref),
    ];
    for (name, mark) in marks {
        if let Some(mark) = mark {
            let _ = write!(out, "\n{name}: {mark}");
        }
    }
    let telling = send.telling;
    if telling != Telling::default() {
        let of = match telling.scope {
            NoticeScope::Part => "each part",
            NoticeScope::Message => "the message",
            NoticeScope::Progress => "everything, to hooks",
            NoticeScope::End => "the end of the message",
        };
        let by = if telling.named == FormNamed::ByRequest { "as named" } else { "as usual" };
        let _ = write!(out, "\ntold: of {of}, form {}, {by}", telling.form.0);
    }
    if let Some(idempotency) = &send.idempotency {
        let _ = write!(out, "\nidempotency: {}, digest {}", idempotency.key, hex(&idempotency.request_digest));
    }
}

fn print_content(out: &mut String, content: &Content) {
    let _ = match content {
        Content::Text { text, alphabet } => match text.expose().chars().count() {
            0..=100 => writeln!(out, "text: {:?}, {alphabet:?}", text.expose()),
            count => writeln!(out, "text: {count} characters, {alphabet:?}"),
        },
        Content::Binary(Binary { header, body, protocol_id }) => {
            let (header, body) = (hex(header.expose()), hex(body.expose()));
            writeln!(out, "header: {header}\nbody: {body}\nprotocol: {protocol_id}")
        }
    };
}

fn hex(octets: &[u8]) -> String {
    octets.iter().map(|octet| format!("{octet:02x}")).collect()
}

fn print_answer(status: u16, headers: &Headers, body: &[u8]) -> String {
    let mut out = status.to_string();
    print_headers_and_body(&mut out, headers, body);
    out
}

pub(super) fn print_headers_and_body(out: &mut String, headers: &Headers, body: &[u8]) {
    for (name, value) in headers {
        let _ = write!(out, "\n{name}: {value}");
    }
    let body = std::str::from_utf8(body).expect("a body in UTF-8");
    let _ = write!(out, "\n\n{body}");
}
