//! Texts to several recipients, and what is asked of messages by their numbers: calls as files show them, and what files say that they
//! came to.

use std::fmt::Write as _;

use whimbrel_core::call::journal::{CameInLine, JournalCall, JournalOutcome, Progress, SentLine, StateWanted};
use whimbrel_core::call::lookup::{LookedUp, LookupCall, LookupOutcome, NumberRange};
use whimbrel_core::call::many::{Addressee, ManyCall, ManyItem, ManyMessage, ManySent, Repeats, Trial};
use whimbrel_core::call::record::{Record, RecordCall, RecordOutcome};
use whimbrel_core::call::subaccounts::{Subaccount, SubaccountsCall, SubaccountsOutcome, SubaccountsRefusal};
use whimbrel_core::call::totals::{TotalsCall, TotalsLine, TotalsOutcome};
use whimbrel_core::part::Final;
use whimbrel_core::{
    Call, Cause, CountryCode, InboundId, MessageClass, MessageId, MessageName, MessageOutcome, MessageText, Outcome,
    ReceiptStatus, RecipientBrake, Refusal, Secret, SenderId, Serial, Span, Timestamp,
};
use whimbrel_dialects::Parsed;
use whimbrel_sms::Encoding;

use super::file::{Facts, money, number};

pub(super) fn print_call(out: &mut String, call: &ManyCall) {
    let (kind, name) = match &call.sender {
        SenderId::Number(number) => ("number", number.digits()),
        SenderId::ShortCode(code) => ("short code", &**code),
        SenderId::Name(name) => ("name", &**name),
    };
    let _ = writeln!(out, "call: send to several\nfrom: {kind} {name}");
    for addressee in &call.addressees {
        let _ = match addressee {
            Addressee::Number(number) => writeln!(out, "to: {}", number.digits()),
            Addressee::Name(name) => writeln!(out, "to: name {name}"),
            Addressee::Unreadable(text) => writeln!(out, "to: unreadable {text}"),
        };
    }
}

pub(super) fn print_rest(out: &mut String, call: &ManyCall) {
    let minutes = call.validity.map_or(0, |span| span.0 / 60_000_000);
    let _ = write!(out, "validity: {minutes} minutes\ntold: {:?}", call.telling.scope);
    if let Some(class) = call.handset_class {
        let _ = write!(out, "\nhandset class: {class:?}");
    }
    if let Some(class) = call.class.map(MessageClass::as_str) {
        let _ = write!(out, "\nclass: {class}");
    }
    if let Some(due_at) = call.due_at {
        let _ = write!(out, "\ndue: {due_at}");
    }
    if call.repeats == Repeats::Meant {
        let _ = write!(out, "\nrepeats are meant");
    }
    if call.trial == Trial::Yes {
        let _ = write!(out, "\nonly tried out");
    }
    for (name, mark) in [("client-ref", &call.client_ref), ("account-ref", &call.account_ref)] {
        if let Some(mark) = mark {
            let _ = write!(out, "\n{name}: {mark}");
        }
    }
    if let Some(idempotency) = &call.idempotency {
        let _ = write!(out, "\nidempotency: {}", idempotency.key);
    }
}

pub(super) fn print_names(out: &mut String, what: &str, names: &[MessageName]) {
    let _ = write!(out, "call: {what} messages");
    for MessageName { id, serial } in names {
        let serial = serial.map_or_else(|| "none of ours".to_owned(), |serial| serial.0.to_string());
        let _ = write!(out, "\n{id}: {serial}");
    }
}

pub(super) fn print_record(out: &mut String, call: &RecordCall) {
    let _ = match call {
        RecordCall::List { kind, skip, count_max } => {
            write!(out, "call: list {kind:?} from {skip}, {count_max} at most")
        }
        RecordCall::Show(name) => write!(out, "call: show {:?} {}", name.kind, name.key),
        RecordCall::Make { kind, json, secret } => {
            let sealed = secret.as_ref().map(|secret| format!("\nsealed: {:?}", secret.expose())).unwrap_or_default();
            write!(out, "call: make {kind:?}\n{json}{sealed}")
        }
        RecordCall::Patch(name, json) => write!(out, "call: patch {:?} {}\n{json}", name.kind, name.key),
        RecordCall::RemoveWithMembers(name) => {
            write!(out, "call: remove {:?} {} and its members", name.kind, name.key)
        }
        RecordCall::Remove(name) => write!(out, "call: remove {:?} {}", name.kind, name.key),
    };
}

pub(super) fn print_subaccounts(out: &mut String, call: &SubaccountsCall) {
    let _ = match call {
        SubaccountsCall::List { only } => match only {
            Some(Serial(number)) => write!(out, "call: subaccount {number}"),
            None => write!(out, "call: subaccounts"),
        },
        SubaccountsCall::Make { name, email } => write!(out, "call: make a subaccount\nname: {name}\nemail: {email}"),
        SubaccountsCall::Credit { number, amount } => write!(out, "call: credit {} with {amount}", number.0),
        SubaccountsCall::Refill { number, threshold, amount } => {
            write!(out, "call: refill {} below {threshold} with {amount}", number.0)
        }
        SubaccountsCall::End { number } => write!(out, "call: end {}", number.0),
    };
}

/// A number, what is left, was spent, the threshold and the amount; then key, name and address.
fn subaccount(text: &str) -> Subaccount {
    let fields: Vec<&str> = text.split(", ").collect();
    let [number, available, spent, threshold, amount, key, name, email] = *fields else {
        panic!("no subaccount: {text}")
    };
    Subaccount {
        number: Serial(number.parse().expect("a number")),
        key: key.into(),
        name: name.into(),
        email: email.into(),
        available: money(available),
        spent: money(spent),
        threshold: money(threshold),
        amount: money(amount),
    }
}

/// `subaccounts`, `subaccount made`, `subaccount: done`, or why not.
fn subaccounts(text: &str) -> Option<SubaccountsOutcome> {
    let facts = Facts(text);
    let all = || text.lines().filter_map(|line| line.strip_prefix("subaccount: ")).map(subaccount);
    let refused = |why| Some(SubaccountsOutcome::Refused(why));
    match text.lines().next().unwrap_or_default() {
        "subaccounts" => Some(SubaccountsOutcome::Listed(all().collect())),
        "subaccount made" => all().next().map(|made| SubaccountsOutcome::Made(Box::new(made))),
        "subaccount changed" => Some(SubaccountsOutcome::Done),
        "unknown subaccount" => refused(SubaccountsRefusal::Unknown),
        "subaccount without funds" => refused(SubaccountsRefusal::Funds),
        "too many subaccounts" => refused(SubaccountsRefusal::TooMany { count_max: facts.count("count") }),
        "subaccount below a subaccount" => refused(SubaccountsRefusal::IsBelow),
        _ => None,
    }
}

pub(super) fn print_journal(out: &mut String, call: &JournalCall) {
    let JournalCall { side, id, from, until, to, state, skip, count_max } = call;
    let instant = |at: &Option<Timestamp>| at.map_or_else(|| "any time".to_owned(), |at| at.to_string());
    let _ = write!(out, "call: journal of {side:?}, id {id:?}\nfrom: {}\nuntil: {}", instant(from), instant(until));
    let _ = write!(out, "\nto: {}\nlines: {count_max} after {skip}", to.as_deref().unwrap_or("anybody"));
    if let Some(StateWanted { status, cause }) = state {
        let _ = write!(out, "\nstate: {status:?}, {cause:?}");
    }
}

pub(super) fn print_totals(out: &mut String, call: &TotalsCall) {
    let [first, .., last] = &*call.bounds else { panic!("a span has two ends: {call:?}") };
    let _ = write!(out, "call: totals by {:?}\nfrom: {first}\nuntil: {last}", call.by);
    let _ = write!(out, "\nspans: {}", call.bounds.len() - 1);
    if let Some(mark) = &call.account_ref {
        let _ = write!(out, "\naccount-ref: {mark}");
    }
}

pub(super) fn print_lookup(out: &mut String, call: &LookupCall) {
    let _ = write!(out, "call: look up {:?}", call.question);
    for number in &call.numbers {
        let _ = match number {
            Ok(number) => write!(out, "\n{}", number.digits()),
            Err(text) => write!(out, "\nunreadable {text}"),
        };
    }
}

/// `None` if the file states an outcome of another family.
pub(super) fn outcome(text: &str, parsed: &Parsed) -> Option<Outcome> {
    let facts = Facts(text);
    if let Some(outcome) = subaccounts(text) {
        return Some(Outcome::Subaccounts(outcome));
    }
    Some(match text.lines().next().unwrap_or_default() {
        "sent" => Outcome::SentMany(Box::new(sent(&facts, parsed))),
        "called back" => {
            let ids = text.lines().skip(1).map(Box::from).collect();
            Outcome::Message(MessageOutcome::Cancelled(ids))
        }
        "progress" => {
            let found = text.lines().skip(1).map(|line| {
                let (id, at) = line.split_once(": ").expect("an id");
                (id.into(), (at != "unknown").then(|| progress(at)))
            });
            Outcome::Message(MessageOutcome::Progress(found.collect()))
        }
        "records" => {
            let records: Vec<Record> =
                text.lines().filter_map(|line| line.strip_prefix("record: ")).map(record).collect();
            let total = facts.find("total").map_or(records.len() as u64, |_| facts.count("total"));
            Outcome::Record(RecordOutcome::Page { records, total, skip: 0, count_max: 100 })
        }
        "record" => Outcome::Record(RecordOutcome::One(record(facts.get("record")))),
        "record removed" => Outcome::Record(RecordOutcome::Removed),
        "record unknown" => Outcome::Record(RecordOutcome::Unknown),
        "too many records" => Outcome::Record(RecordOutcome::TooMany { count_max: facts.count("count") }),
        "too long record" => Outcome::Record(RecordOutcome::TooLong { octets_max: facts.count("octets") }),
        "journal of what was sent" => Outcome::Journal(JournalOutcome::Sent(vec![sent_line(&facts)])),
        "journal of what came in" => Outcome::Journal(JournalOutcome::CameIn(vec![came_in_line(&facts)])),
        "too long a journal" => Outcome::Journal(JournalOutcome::TooMuch),
        "empty journal" => Outcome::Journal(JournalOutcome::CameIn(Vec::new())),
        "totals" => Outcome::Totals(totals(text, parsed)),
        "too much" => Outcome::Totals(TotalsOutcome::TooMuch),
        "looked up" => Outcome::Lookup(looked_up(&facts, parsed)),
        _ => return None,
    })
}

/// `accepted: serial 7, gsm7, 0.075` or `refused: no money` for each recipient, in order.
fn sent(facts: &Facts<'_>, parsed: &Parsed) -> ManySent {
    let Ok(Call::SendMany(call)) = &parsed.call else { panic!("the outcome needs a text to send: {:?}", parsed.call) };
    let results = facts.0.lines().filter(|line| line.starts_with("accepted") || line.starts_with("refused"));
    let items = call.addressees.iter().zip(results).map(|(addressee, line)| ManyItem {
        recipient: match addressee {
            Addressee::Number(number) => number.digits().into(),
            Addressee::Name(text) | Addressee::Unreadable(text) => text.clone(),
        },
        result: match line.split_once(": ").expect("what became of it") {
            ("accepted", message) => Ok(message_of(message, call)),
            (_, refusal) => Err(refusal_of(refusal)),
        },
    });
    ManySent {
        items: items.collect(),
        balance: facts.money("balance"),
        repeated: facts.find("repeated").is_some(),
        call: call.clone(),
    }
}

fn message_of(text: &str, call: &ManyCall) -> ManyMessage {
    let mut fields = text.split(", ");
    let serial = fields.next().and_then(|field| field.strip_prefix("serial ")).and_then(|serial| serial.parse().ok());
    let encoding = match fields.next() {
        Some("gsm7") => Encoding::Gsm7,
        Some("ucs2") => Encoding::Ucs2,
        _ => Encoding::Binary,
    };
    let said = match &call.content {
        whimbrel_core::Content::Text { text, .. } => text.clone(),
        whimbrel_core::Content::Binary(_) => MessageText::new("octets"),
    };
    ManyMessage {
        serial: serial.map(Serial),
        encoding,
        parts: vec![said],
        price: money(fields.next().expect("a price")),
    }
}

fn refusal_of(text: &str) -> Refusal {
    match text {
        "not a number" => Refusal::RecipientNotNumeric,
        "sent just now" => Refusal::RecipientThrottled {
            recipient: number("49170123456789"),
            brake: RecipientBrake::Repeat,
            wait: Span::seconds(170),
        },
        "no route" => Refusal::Unroutable { recipient: number("49170123456789") },
        "no money" => Refusal::InsufficientFunds {
            recipient: number("49170123456789"),
            price: money("0.075"),
            balance: money("0.01"),
            network: "26201".into(),
        },
        other => panic!("no refusal `{other}` of one recipient"),
    }
}

/// `open since 1`, or `delivered, none, since 1`.
fn progress(text: &str) -> Progress {
    let (what, at) = text.split_once("since ").expect("since when");
    let report = what.trim_end_matches(", ").split_once(", ").map(|(status, cause)| Final {
        status: ReceiptStatus::parse(status).expect("a status"),
        cause: Cause::parse(cause).expect("a cause"),
    });
    Progress { report, at: Timestamp(at.parse().expect("microseconds")) }
}

/// A key, an instant, a document, and ` sealed: ` with what is kept apart.
fn record(text: &str) -> Record {
    let mut fields = text.splitn(3, ' ');
    let key = fields.next().expect("a key").into();
    let made_at = Timestamp(fields.next().expect("an instant").parse().expect("microseconds"));
    let document = fields.next().expect("a document");
    let (json, sealed) = document.split_once(" sealed: ").map_or((document, None), |(json, text)| (json, Some(text)));
    Record { key, made_at, json: json.into(), secret: sealed.map(Secret::new), members: Some(3) }
}

/// `line: GB, 12 sent, 3 came in, 0.9` for each, at the beginning of the span of its own place or, by other things, of the first.
fn totals(text: &str, parsed: &Parsed) -> TotalsOutcome {
    let Ok(Call::Totals(call)) = &parsed.call else { panic!("the outcome needs spans: {:?}", parsed.call) };
    let lines = text.lines().filter_map(|line| line.strip_prefix("line: ")).enumerate().map(|(place, line)| {
        let fields: Vec<&str> = line.split(", ").collect();
        let [name, sent, came_in, spent] = *fields else { panic!("no line of totals: {line}") };
        let count = |text: &str| text.split(' ').next().and_then(|count| count.parse().ok()).expect("a count");
        TotalsLine {
            from: call.bounds[place.min(call.bounds.len() - 2)],
            name: name.trim_matches('`').into(),
            sent: count(sent),
            came_in: count(came_in),
            spent: money(spent),
        }
    });
    TotalsOutcome::Lines { by: call.by, lines: lines.collect() }
}

fn sent_line(facts: &Facts<'_>) -> SentLine {
    SentLine {
        message_id: MessageId(1),
        serial: Some(Serial(facts.count("serial"))),
        sender: facts.get("from").into(),
        recipient: facts.get("to").into(),
        network: facts.get("network").into(),
        text: MessageText::new(facts.get("text")),
        price: facts.money("price"),
        client_ref: facts.find("client-ref").map(Box::from),
        account_ref: facts.find("account-ref").map(Box::from),
        accepted_at: facts.instant("accepted"),
        progress: progress(facts.get("progress")),
    }
}

fn came_in_line(facts: &Facts<'_>) -> CameInLine {
    CameInLine {
        id: InboundId(facts.count("id")),
        sender: facts.get("from").into(),
        number: facts.get("to").into(),
        text: MessageText::new(facts.get("text")),
        at: facts.instant("came"),
    }
}

/// `range: DE 26201 Telekom` for each number, or `range: none`; behind ` -> ` the network to which it moved.
fn looked_up(facts: &Facts<'_>, parsed: &Parsed) -> LookupOutcome {
    let Ok(Call::Lookup(call)) = &parsed.call else { panic!("the outcome needs numbers: {:?}", parsed.call) };
    let ranges = facts.0.lines().filter_map(|line| line.strip_prefix("range: "));
    let numbers = call.numbers.iter().zip(ranges).map(|(number, range)| LookedUp {
        number: number.clone(),
        range: number_range(range.split(" -> ").next().unwrap_or_default()),
        moved_to: range.split_once(" -> ").map(|(_, to)| number_range(to).expect("a network")),
    });
    LookupOutcome { question: call.question, numbers: numbers.collect() }
}

fn number_range(text: &str) -> Option<NumberRange> {
    (text != "none").then(|| {
        let mut fields = text.splitn(3, ' ');
        NumberRange {
            country: CountryCode::parse(fields.next().expect("a country")).expect("two capitals"),
            code: fields.next().expect("a code").into(),
            name: fields.next().expect("a name").into(),
        }
    })
}
