//! Every exchange file below `exchanges/`: one case a file, one folder a dialect.
//!
//! A file is a list of sections, each opened by a line `--- name`. A request has the sections `source` (where the case comes
//! from), `given` (the instant and the trace id), `request` (as on the wire, headers in any case), `call` (what was read),
//! `outcome` (what the engine says) and `response`. A webhook has `source`, `given` (the instant, the account and its URL),
//! `notice` and `webhook`. Of these, `call`, `response` and `webhook` are checked; `UPDATE_EXPECT=1` writes them instead.

use std::fmt::Write as _;
use std::path::{Path, PathBuf};

use whimbrel_core::part::Final;
use whimbrel_core::{
    Accepted, AcceptedPart, Account, AccountId, AccountStatus, Call, CaptureOn, Cause, Currency, HttpMethodChoice,
    MessageClass, MessageId, Money, Notice, NoticeId, Outcome, PartId, PhoneNumber, ReceiptStatus, Refusal, SendCall,
    SenderId, Timestamp,
};
use whimbrel_dialects::http::{Headers, HttpRequest};
use whimbrel_dialects::{Claim, Dialect, Match, Parsed, WebhookTarget, registry};

const SECTIONS: [&str; 8] = ["source", "given", "request", "call", "outcome", "response", "notice", "webhook"];

#[test]
fn every_exchange_goes_as_its_file_says() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/exchanges");
    let mut count = 0;
    let mut wrong = String::new();
    for folder in entries(&root) {
        let name = folder.file_name().and_then(|name| name.to_str()).expect("a name in UTF-8");
        let dialect = registry::by_name(name).unwrap_or_else(|| panic!("no dialect `{name}`"));
        for path in entries(&folder) {
            count += 1;
            check(dialect, &path, &mut wrong);
        }
    }
    assert!(wrong.is_empty(), "{wrong}\nread these, and if they are right run again with UPDATE_EXPECT=1");
    assert!(count >= 40, "only {count} exchanges were found");
}

fn check(dialect: &dyn Dialect, path: &Path, wrong: &mut String) {
    let text = std::fs::read_to_string(path).expect("the file is UTF-8");
    let mut file = File::parse(&text);
    assert!(!file.get("source").is_empty(), "{}: no source", path.display());
    match file.has("notice") {
        true => push_webhook(dialect, &mut file),
        false => answer(dialect, &mut file),
    }
    let now = file.print();
    if now == text {
        return;
    }
    #[expect(clippy::disallowed_methods, reason = "the one switch of this runner")]
    let update = std::env::var_os("UPDATE_EXPECT").is_some();
    if update {
        std::fs::write(path, now).expect("the file can be written");
        return;
    }
    let _ = writeln!(wrong, "== {}\n{now}", path.display());
}

fn entries(folder: &Path) -> Vec<PathBuf> {
    let read = std::fs::read_dir(folder).expect("the folder can be read");
    let mut paths: Vec<PathBuf> = read.map(|entry| entry.expect("the entry can be read").path()).collect();
    paths.sort();
    paths
}

/// A file's sections in their order.
struct File(Vec<(String, String)>);

impl File {
    fn parse(text: &str) -> Self {
        let mut sections: Vec<(String, String)> = Vec::new();
        for line in text.split_inclusive('\n') {
            match line.strip_prefix("--- ").map(str::trim_end).filter(|name| SECTIONS.contains(name)) {
                Some(name) => sections.push((name.to_owned(), String::new())),
                None => sections.last_mut().expect("the file opens with a section").1.push_str(line),
            }
        }
        Self(sections)
    }

    fn has(&self, name: &str) -> bool {
        self.0.iter().any(|(section, _)| section == name)
    }

    /// A section without its last line break.
    fn get(&self, name: &str) -> &str {
        let (_, text) = self.0.iter().find(|(section, _)| section == name).unwrap_or_else(|| panic!("no {name}"));
        text.strip_suffix('\n').unwrap_or(text)
    }

    fn set(&mut self, name: &str, text: &str) {
        let section = self.0.iter_mut().find(|(section, _)| section == name);
        section.unwrap_or_else(|| panic!("no {name}")).1 = format!("{text}\n");
    }

    fn print(&self) -> String {
        self.0.iter().map(|(name, text)| format!("--- {name}\n{text}")).collect()
    }
}

/// `name: value` lines.
struct Facts<'a>(&'a str);

impl<'a> Facts<'a> {
    fn find(&self, name: &str) -> Option<&'a str> {
        self.0.lines().find_map(|line| line.strip_prefix(name)?.strip_prefix(": "))
    }

    fn get(&self, name: &str) -> &'a str {
        self.find(name).unwrap_or_else(|| panic!("no `{name}`"))
    }

    fn hex(&self, name: &str) -> i64 {
        i64::from_str_radix(self.get(name), 16).expect("a hexadecimal number")
    }

    fn instant(&self, name: &str) -> Timestamp {
        Timestamp(self.get(name).parse().expect("microseconds"))
    }

    fn money(&self, name: &str) -> Money {
        money(self.get(name))
    }
}

fn money(text: &str) -> Money {
    Money::parse(text, Currency::EUR).expect("an amount")
}

fn number(text: &str) -> PhoneNumber {
    PhoneNumber::from_digits(text).expect("a number")
}

// ---- requests ----

fn answer(dialect: &dyn Dialect, file: &mut File) {
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
            let response = dialect.render(&outcome(file.get("outcome"), &parsed), &parsed.reply);
            (print_call(&parsed), print_answer(response.status, &response.headers, &response.body))
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
        let (path, query) = self.target.split_once('?').unwrap_or((self.target, ""));
        let headers: Vec<(&str, &[u8])> =
            self.headers.iter().map(|(name, value)| (name.as_str(), value.as_bytes())).collect();
        read(&HttpRequest { method: self.method, path, query, headers: &headers, body: self.body.as_bytes() })
    }
}

fn print_call(parsed: &Parsed) -> String {
    let mut out = String::new();
    let _ = match &parsed.claim {
        Ok(Claim::KeyAndSecret { key, secret }) => writeln!(out, "claim: key {key}, secret {}", secret.expose()),
        Err(refusal) => writeln!(out, "claim: refused, {refusal:?}"),
    };
    match &parsed.call {
        Ok(Call::Send(send)) => print_send(&mut out, send),
        Err(refusal) => {
            let _ = write!(out, "call: refused, {refusal:?}");
        }
    }
    out
}

fn print_send(out: &mut String, send: &SendCall) {
    let SendCall { recipient, sender, text, alphabet, receipt, .. } = send;
    let (kind, name) = match sender {
        SenderId::Number(number) => ("number", number.digits()),
        SenderId::ShortCode(code) => ("short code", &**code),
        SenderId::Name(name) => ("name", &**name),
    };
    let _ = writeln!(out, "call: send\nto: {}\nfrom: {kind} {name}", recipient.digits());
    let text = text.expose();
    let _ = match text.chars().count() {
        0..=100 => writeln!(out, "text: {text:?}, {alphabet:?}"),
        count => writeln!(out, "text: {count} characters, {alphabet:?}"),
    };
    let _ = write!(out, "receipt: {receipt:?}");
    if let Some(validity) = send.validity {
        let _ = write!(out, "\nvalidity: {} ms", validity.as_millis());
    }
    if let Some(class) = send.class.map(MessageClass::as_str) {
        let _ = write!(out, "\nclass: {class}");
    }
    for (name, mark) in
        [("callback", &send.callback), ("client-ref", &send.client_ref), ("account-ref", &send.account_ref)]
    {
        if let Some(mark) = mark {
            let _ = write!(out, "\n{name}: {mark}");
        }
    }
    if let Some(idempotency) = &send.idempotency {
        let digest: String = idempotency.request_digest.iter().map(|byte| format!("{byte:02x}")).collect();
        let _ = write!(out, "\nidempotency: {}, digest {digest}", idempotency.key);
    }
}

/// The outcome that the file states. `as read` is the refusal that the dialect itself found, whoever calls first.
fn outcome(text: &str, parsed: &Parsed) -> Outcome {
    let facts = Facts(text);
    let first = text.lines().next().unwrap_or_default();
    let send = || match &parsed.call {
        Ok(Call::Send(send)) => send,
        Err(refusal) => panic!("the outcome needs a call, but it was refused: {refusal:?}"),
    };
    let recipient = || send().recipient.clone();
    let refusal = match first {
        "accepted" => return Outcome::Sent(accepted(text, send())),
        "refused as read" => return Outcome::Refused(refusal_as_read(parsed)),
        "refused: wrong credentials" => {
            assert!(parsed.claim.is_ok(), "credentials are judged only where there are some");
            Refusal::BadCredentials
        }
        "refused: account suspended" => Refusal::AccountBarred,
        "refused: no route" => Refusal::Unroutable { recipient: recipient() },
        "refused: no money" => Refusal::InsufficientFunds {
            recipient: recipient(),
            price: facts.money("price"),
            balance: facts.money("balance"),
            network: facts.get("network").into(),
        },
        "refused: same key, other request" => Refusal::IdempotencyConflict,
        "refused: too many parts" => Refusal::TooLong,
        "refused: overloaded" => Refusal::Overloaded,
        "refused: our fault" => Refusal::Internal,
        other => panic!("no outcome `{other}`"),
    };
    Outcome::Refused(refusal)
}

fn refusal_as_read(parsed: &Parsed) -> Refusal {
    match (&parsed.claim, &parsed.call) {
        (Err(refusal), _) | (Ok(_), Err(refusal)) => refusal.clone(),
        (Ok(_), Ok(_)) => panic!("nothing was refused"),
    }
}

fn accepted(text: &str, send: &SendCall) -> Accepted {
    let facts = Facts(text);
    let first = facts.hex("first id");
    let parts = text.lines().filter_map(|line| line.strip_prefix("part: ")).zip(first..).map(|(part, id)| {
        let (price, balance) = part.split_once(", balance ").expect("a price and a balance");
        AcceptedPart { part_id: PartId(id), price: money(price), balance: money(balance) }
    });
    Accepted {
        message_id: MessageId(first),
        recipient: send.recipient.clone(),
        network: facts.get("network").into(),
        parts: parts.collect(),
        client_ref: send.client_ref.clone(),
        account_ref: send.account_ref.clone(),
    }
}

fn print_answer(status: u16, headers: &Headers, body: &[u8]) -> String {
    let mut out = status.to_string();
    print_headers_and_body(&mut out, headers, body);
    out
}

fn print_headers_and_body(out: &mut String, headers: &Headers, body: &[u8]) {
    for (name, value) in headers {
        let _ = write!(out, "\n{name}: {value}");
    }
    let body = std::str::from_utf8(body).expect("a body in UTF-8");
    let _ = write!(out, "\n\n{body}");
}

// ---- webhooks ----

fn push_webhook(dialect: &dyn Dialect, file: &mut File) {
    let given = Facts(file.get("given"));
    let facts = Facts(file.get("notice"));
    let account = account(&given);
    let notice = notice(&facts, dialect.descriptor().id, account.id);
    let target = WebhookTarget { url: given.get("url"), account: &account };
    let request = dialect.webhook(&notice, target, given.instant("now"));
    let mut out = format!("{} {}", request.method, request.url);
    print_headers_and_body(&mut out, &request.headers, &request.body);
    file.set("webhook", &out);
}

fn account(given: &Facts<'_>) -> Account {
    Account {
        id: AccountId(1),
        key: given.get("key").into(),
        name: "Acme".into(),
        currency: Currency::EUR,
        status: AccountStatus::Active,
        default_class: MessageClass::Otp,
        capture_on: CaptureOn::CarrierAccept,
        webhook_method: HttpMethodChoice::parse(given.get("method")).expect("a method"),
        endpoints: Vec::new(),
    }
}

fn notice(facts: &Facts<'_>, dialect: &str, account_id: AccountId) -> Notice {
    let part = facts.hex("part");
    let happened_at = facts.instant("happened");
    let report = Final {
        status: ReceiptStatus::parse(facts.get("status")).expect("a status"),
        cause: Cause::parse(facts.get("cause")).expect("a cause"),
    };
    Notice {
        id: NoticeId(7),
        part_id: PartId(part),
        message_id: MessageId(part),
        account_id,
        dialect: dialect.into(),
        recipient: number(facts.get("recipient")),
        sender: SenderId::parse(facts.get("sender")).expect("a sender"),
        network: facts.find("network").unwrap_or_default().into(),
        price: facts.money("price"),
        client_ref: facts.find("client-ref").map(Box::from),
        callback: None,
        report,
        happened_at,
        failures: 0,
        first_at: happened_at,
        due_at: happened_at,
    }
}
