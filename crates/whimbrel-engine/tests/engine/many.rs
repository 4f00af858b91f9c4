//! One text to several recipients: together on the disk, each with an answer of its own; and texts that leave later or not at all.

use whimbrel_core::call::many::{Addressee, ManyCall, ManySent, Repeats, Trial};
use whimbrel_core::call::record::{Record, RecordCall, RecordKind, RecordName, RecordOutcome};
use whimbrel_core::{
    AccountRules, Alphabet, Call, Content, FormNamed, IdempotencyKey, MessageCall, MessageName, MessageOutcome,
    MessageText, NoticeForm, NoticeScope, Outcome, PhoneNumber, RecipientBrake, Refusal, Secret, SenderId, Span,
    Telling,
};
use whimbrel_store::{AccountPatch, Store as _};

use crate::support::{Folder, Gateway, PRICE, Setup, soon};

pub fn call(numbers: &[&str]) -> ManyCall {
    let addressee = |number: &&str| match PhoneNumber::parse(number) {
        Ok(number) => Addressee::Number(number),
        Err(_) => Addressee::Unreadable((*number).into()),
    };
    ManyCall {
        addressees: numbers.iter().map(addressee).collect(),
        sender: SenderId::Name("Acme".into()),
        content: Content::Text { text: MessageText::new("hello"), alphabet: Alphabet::Detect },
        handset_class: None,
        telling: Telling { form: NoticeForm(0), named: FormNamed::ByRequest, scope: NoticeScope::Progress },
        client_ref: None,
        account_ref: None,
        validity: Some(Span::hours(48)),
        due_at: None,
        class: None,
        repeats: Repeats::Judged,
        trial: Trial::No,
        idempotency: None,
    }
}

pub async fn ask(gateway: &Gateway, call: ManyCall) -> Result<ManySent, Refusal> {
    match soon(gateway.ask(Call::SendMany(Box::new(call)))).await.expect("no panic") {
        Outcome::SentMany(sent) => Ok(*sent),
        Outcome::Refused(refusal) => Err(refusal),
        other => panic!("{other:?}"),
    }
}

/// What became of each recipient: the message's number, or the refusal.
pub fn answers(sent: &ManySent) -> Vec<Result<u64, Refusal>> {
    let serial = |message: &whimbrel_core::call::many::ManyMessage| message.serial.map_or(0, |serial| serial.0);
    sent.items.iter().map(|item| item.result.as_ref().map(serial).map_err(Clone::clone)).collect()
}

fn names(serials: &[u64]) -> Vec<MessageName> {
    let serial = |serial: &u64| Some(whimbrel_core::Serial(*serial));
    serials.iter().map(|number| MessageName { id: number.to_string().into(), serial: serial(number) }).collect()
}

async fn cancelled(gateway: &Gateway, serials: &[u64]) -> Vec<String> {
    match soon(gateway.ask(Call::Message(MessageCall::Cancel(names(serials))))).await.expect("no panic") {
        Outcome::Message(MessageOutcome::Cancelled(ids)) => ids.iter().map(|id| id.to_string()).collect(),
        other => panic!("{other:?}"),
    }
}

#[tokio::test]
async fn each_recipient_has_an_answer_and_doubles_get_one_text() {
    let folder = Folder::new("many");
    let mut gateway = Gateway::start(&folder, Setup::default()).await;
    let sent = ask(&gateway, call(&["447700900001", "12", "+44 7700 900001", "447700900002", "999999999999"])).await;
    let sent = sent.expect("taken");
    let [one, bad, two, unroutable] = &*answers(&sent) else { panic!("{sent:?}") };
    assert_eq!((one, bad, two), (&Ok(1), &Err(Refusal::RecipientNotNumeric), &Ok(2)));
    assert!(matches!(unroutable, Err(Refusal::Unroutable { .. })), "{unroutable:?}");
    assert_eq!(gateway.held_and_posted().0, 2 * PRICE);
    assert_eq!(sent.balance.units, 100 * 100_000_000 - 2 * PRICE);
    let mut recipients = Vec::new();
    for _ in 0..2 {
        recipients.push(gateway.next_submission().await.recipient.digits().to_owned());
    }
    assert_eq!(recipients, ["447700900001", "447700900002"]);
    gateway.stop().await;
}

#[tokio::test]
async fn money_that_is_enough_for_some_is_spent_on_the_first() {
    let folder = Folder::new("many-money");
    let gateway = Gateway::start(&folder, Setup { balance: 1, ..Setup::default() }).await;
    let numbers: Vec<String> = (0..40).map(|number| format!("4477009000{number:02}")).collect();
    let numbers: Vec<&str> = numbers.iter().map(String::as_str).collect();
    let sent = ask(&gateway, call(&numbers)).await.expect("taken");
    // Of 1.00 at 0.0333 each, 30 are paid.
    let answers = answers(&sent);
    let (taken, refused) = answers.split_at(30);
    assert!(taken.iter().all(Result::is_ok), "{taken:?}");
    assert!(refused.iter().all(|answer| matches!(answer, Err(Refusal::InsufficientFunds { .. }))), "{refused:?}");
    assert_eq!((gateway.held_and_posted().0, sent.balance.units), (30 * PRICE, 100_000_000 - 30 * PRICE));
    gateway.stop().await;
}

#[tokio::test]
async fn what_is_tried_out_leaves_no_trace() {
    let folder = Folder::new("many-tried");
    let gateway = Gateway::start(&folder, Setup::default()).await;
    let tried = ManyCall { trial: Trial::Yes, ..call(&["447700900001", "12"]) };
    let sent = ask(&gateway, tried).await.expect("tried");
    assert_eq!(answers(&sent), [Ok(0), Err(Refusal::RecipientNotNumeric)]);
    assert_eq!(sent.items[0].result.as_ref().map(|message| message.price.units), Ok(0));
    assert_eq!(gateway.held_and_posted().0, 0);
    assert_eq!(whimbrel_store::Store::stats(&*gateway.stop().await).expect("readable").messages, 0);
}

#[tokio::test]
async fn the_same_key_sends_once_to_all_and_another_request_to_nobody() {
    let folder = Folder::new("many-key");
    let gateway = Gateway::start(&folder, Setup::default()).await;
    let both = ["447700900001", "447700900002"];
    let first = ask(&gateway, keyed(&both, 1)).await.expect("taken");
    assert!(!first.repeated);
    let again = ask(&gateway, keyed(&both, 1)).await.expect("answered");
    assert_eq!((answers(&again), again.repeated), (answers(&first), true));
    let other = ask(&gateway, keyed(&["447700900003", "447700900004"], 2)).await;
    assert_eq!(other.err(), Some(Refusal::IdempotencyConflict));
    // Also if all its recipients would have been refused before anything is stored.
    let unroutable = ask(&gateway, keyed(&["999999999998", "999999999999"], 2)).await;
    assert_eq!(unroutable.err(), Some(Refusal::IdempotencyConflict));
    assert_eq!(gateway.held_and_posted().0, 2 * PRICE);
    gateway.stop().await;
}

fn keyed(numbers: &[&str], digest: u8) -> ManyCall {
    ManyCall { idempotency: Some(IdempotencyKey { key: "once".into(), request_digest: [digest; 32] }), ..call(numbers) }
}

async fn set_rules(gateway: &Gateway, rules: AccountRules) {
    let patch =
        AccountPatch { rules: Some(rules), ..AccountPatch::new(gateway.account(), gateway.engine.world().now()) };
    gateway.engine.patch_account(patch).await.expect("patched");
}

#[tokio::test]
async fn what_was_sent_under_a_key_is_told_though_it_would_be_refused_now() {
    let folder = Folder::new("many-retry");
    let gateway = Gateway::start(&folder, Setup::default()).await;
    set_rules(&gateway, AccountRules { recipient_seconds_min: 60, ..AccountRules::OPEN }).await;
    let both = ["447700900001", "447700900002"];
    let first = ask(&gateway, keyed(&both, 1)).await.expect("taken");
    let again = ask(&gateway, keyed(&both, 1)).await.expect("answered");
    assert_eq!((&again.items, again.repeated), (&first.items, true));
    // The key alone tells it: without one, both are braked.
    let braked = ask(&gateway, call(&both)).await.expect("answered");
    assert!(
        answers(&braked).iter().all(|answer| matches!(answer, Err(Refusal::RecipientThrottled { .. }))),
        "{braked:?}"
    );
    assert_eq!(gateway.held_and_posted().0, 2 * PRICE);
    gateway.stop().await;
}

#[tokio::test]
async fn a_key_is_the_requests_though_its_first_recipient_was_refused() {
    let folder = Folder::new("many-key-refused");
    let gateway = Gateway::start(&folder, Setup::default()).await;
    let sent = ask(&gateway, keyed(&["999999999999", "12", "447700900001"], 1)).await.expect("taken");
    let [Err(_), Err(_), Ok(1 | 2)] = &*answers(&sent) else { panic!("{sent:?}") };
    for other in [&["447700900002"] as &[_], &["447700900002", "447700900003"], &["999999999999", "447700900001"]] {
        assert_eq!(ask(&gateway, keyed(other, 2)).await.err(), Some(Refusal::IdempotencyConflict), "{other:?}");
    }
    assert_eq!(gateway.held_and_posted().0, PRICE);
    gateway.stop().await;
}

#[tokio::test]
async fn a_retry_reaches_whom_the_first_try_did_not_and_nobody_twice() {
    let folder = Folder::new("many-retry-rest");
    let gateway = Gateway::start(&folder, Setup::default()).await;
    set_rules(&gateway, AccountRules { recipient_seconds_min: 60, ..AccountRules::OPEN }).await;
    ask(&gateway, call(&["447700900001"])).await.expect("taken");
    let both = ["447700900001", "447700900002"];
    let first = ask(&gateway, keyed(&both, 1)).await.expect("taken");
    let [Err(Refusal::RecipientThrottled { .. }), Ok(two)] = *answers(&first) else { panic!("{first:?}") };
    set_rules(&gateway, AccountRules::OPEN).await;
    let again = ask(&gateway, keyed(&both, 1)).await.expect("taken");
    let [Ok(one), Ok(two_again)] = *answers(&again) else { panic!("{again:?}") };
    assert!(one != two && two == two_again && !again.repeated, "{again:?}");
    assert_eq!(gateway.held_and_posted().0, 3 * PRICE);
    gateway.stop().await;
}

#[tokio::test]
async fn a_retry_tells_of_the_messages_that_are_still_there_and_sends_none_again() {
    let folder = Folder::new("many-retry-forgotten");
    let gateway = Gateway::start(&folder, Setup::default()).await;
    let due_at = Some(gateway.engine.world().now() + Span::hours(1));
    let both = ["447700900001", "447700900002"];
    let keyed = || ManyCall { due_at, ..keyed(&both, 1) };
    assert_eq!(answers(&ask(&gateway, keyed()).await.expect("taken")), [Ok(1), Ok(2)]);
    let forget = async |serial: u64| {
        assert_eq!(cancelled(&gateway, &[serial]).await.len(), 1);
        let serial = whimbrel_core::Serial(serial);
        let message = gateway.store.message_of_serial(gateway.account(), serial).expect("readable").expect("there");
        assert_eq!(gateway.engine.forget(vec![message]).await.expect("done"), 1);
    };
    forget(1).await;
    let one_left = [Err(Refusal::IdempotencyConflict), Ok(2)];
    let again = ask(&gateway, keyed()).await.expect("answered");
    assert_eq!((answers(&again), again.repeated), (one_left.to_vec(), true));
    // Also where neither would be sent to now.
    set_rules(&gateway, AccountRules { recipient_seconds_min: 60, ..AccountRules::OPEN }).await;
    ask(&gateway, call(&both)).await.expect("taken");
    assert_eq!(answers(&ask(&gateway, keyed()).await.expect("answered")), one_left);
    let other =
        ManyCall { idempotency: Some(IdempotencyKey { key: "once".into(), request_digest: [2; 32] }), ..keyed() };
    assert_eq!(ask(&gateway, other).await.err(), Some(Refusal::IdempotencyConflict));
    set_rules(&gateway, AccountRules::OPEN).await;
    forget(2).await;
    assert_eq!(ask(&gateway, keyed()).await.err(), Some(Refusal::IdempotencyConflict), "nothing is left to tell");
    assert_eq!(gateway.held_and_posted().0, 2 * PRICE, "what was sent between, and nothing again");
    gateway.stop().await;
}

#[tokio::test]
async fn a_brake_on_a_recipient_holds_up_that_recipient_alone() {
    let folder = Folder::new("many-brake");
    let gateway = Gateway::start(&folder, Setup::default()).await;
    let rules = AccountRules { recipient_seconds_min: 60, ..AccountRules::OPEN };
    let now = gateway.engine.world().now();
    let patch = AccountPatch { rules: Some(rules), ..AccountPatch::new(gateway.account(), now) };
    gateway.engine.patch_account(patch).await.expect("patched");
    ask(&gateway, call(&["447700900001"])).await.expect("taken");
    let sent = ask(&gateway, call(&["447700900001", "447700900002"])).await.expect("taken");
    let [Err(Refusal::RecipientThrottled { .. }), Ok(_)] = &*answers(&sent) else { panic!("{sent:?}") };
    gateway.stop().await;
}

#[tokio::test]
async fn the_same_text_goes_to_a_recipient_once_in_a_while_where_the_account_wants_that() {
    let folder = Folder::new("many-repeat");
    let gateway = Gateway::start(&folder, Setup::default()).await;
    let start = gateway.engine.world().now();
    let sent = async |call| answers(&ask(&gateway, call).await.expect("answered"));
    let (one, two) = ("447700900001", "447700900002");
    assert!(matches!(&*sent(call(&[one])).await, [Ok(_)]));
    assert!(matches!(&*sent(call(&[one])).await, [Ok(_)]), "without the rule");
    let rules = AccountRules { repeat_seconds_min: 180, ..AccountRules::OPEN };
    let patch = AccountPatch { rules: Some(rules), ..AccountPatch::new(gateway.account(), start) };
    gateway.engine.patch_account(patch).await.expect("patched");
    let tried = ManyCall { trial: Trial::Yes, ..call(&[one]) };
    assert!(matches!(&*sent(tried).await, [Ok(_)]));
    assert!(matches!(&*sent(call(&[one])).await, [Ok(_)]), "the first since the rule");
    gateway.set_clock(start + Span::seconds(10));
    let again = sent(call(&[one, two])).await;
    let [Err(Refusal::RecipientThrottled { brake: RecipientBrake::Repeat, wait, .. }), Ok(_)] = &*again else {
        panic!("{again:?}")
    };
    assert!(Span::ZERO < *wait && *wait <= Span::seconds(180), "{wait:?}");
    let other_text = Content::Text { text: MessageText::new("other"), alphabet: Alphabet::Detect };
    let key = IdempotencyKey { key: "mine".into(), request_digest: [1; 32] };
    for (what, meant) in [
        ("another text", ManyCall { content: other_text, ..call(&[one]) }),
        ("one that is meant", ManyCall { repeats: Repeats::Meant, ..call(&[one]) }),
        ("one for later", ManyCall { due_at: Some(start + Span::hours(1)), ..call(&[one]) }),
        ("one with a key", ManyCall { idempotency: Some(key), ..call(&[one]) }),
    ] {
        assert!(matches!(&*sent(meant).await, [Ok(_)]), "{what}");
    }
    gateway.set_clock(start + Span::seconds(400));
    assert!(matches!(&*sent(call(&[one])).await, [Ok(_)]), "a while later");
    let last = sent(call(&[one])).await;
    assert!(matches!(&*last, [Err(Refusal::RecipientThrottled { brake: RecipientBrake::Repeat, .. })]), "{last:?}");
    gateway.stop().await;
}

#[tokio::test]
async fn what_could_not_be_paid_is_no_repeat() {
    let folder = Folder::new("many-repeat-unpaid");
    let gateway = Gateway::start(&folder, Setup { balance: 1, ..Setup::default() }).await;
    let rules = AccountRules { repeat_seconds_min: 180, ..AccountRules::OPEN };
    let now = gateway.engine.world().now();
    let patch = AccountPatch { rules: Some(rules), ..AccountPatch::new(gateway.account(), now) };
    gateway.engine.patch_account(patch).await.expect("patched");
    // 30 at 0.0333 each leave less than one costs.
    let numbers: Vec<String> = (10..40).map(|number| format!("4477009000{number}")).collect();
    let numbers: Vec<&str> = numbers.iter().map(String::as_str).collect();
    assert!(answers(&ask(&gateway, call(&numbers)).await.expect("answered")).iter().all(Result::is_ok));
    for _ in 0..2 {
        let sent = ask(&gateway, call(&["447700900001"])).await.expect("answered");
        assert!(matches!(&*answers(&sent), [Err(Refusal::InsufficientFunds { .. })]), "{sent:?}");
    }
    gateway.stop().await;
}

#[tokio::test]
async fn a_scheduled_text_waits_over_a_restart_and_leaves_when_it_is_due() {
    let folder = Folder::new("scheduled");
    let gateway = Gateway::start(&folder, Setup::default()).await;
    let now = gateway.engine.world().now();
    let due_at = |seconds: i64| Some(now + Span::seconds(seconds));
    let later = ManyCall { due_at: due_at(3_600), ..call(&["447700900001", "447700900002"]) };
    let sent = ask(&gateway, later).await.expect("taken");
    assert_eq!(answers(&sent), [Ok(1), Ok(2)]);
    assert_eq!(gateway.held_and_posted().0, 2 * PRICE);
    // What leaves now is not held up by what leaves later.
    ask(&gateway, call(&["447700900003"])).await.expect("taken");
    gateway.stop().await;
    let mut gateway = Gateway::start(&folder, Setup::default()).await;
    let first = gateway.next_submission().await;
    assert_eq!(first.recipient.digits(), "447700900003");
    assert_eq!(cancelled(&gateway, &[2, 9]).await, ["2"]);
    assert_eq!(cancelled(&gateway, &[2]).await, [""; 0], "once");
    gateway.set_clock(now + Span::seconds(3_601));
    let soon_due = ManyCall { due_at: Some(now), ..call(&["447700900004"]) };
    ask(&gateway, soon_due).await.expect("a time that has passed is now");
    let mut recipients = vec![gateway.next_submission().await, gateway.next_submission().await]
        .into_iter()
        .map(|part| part.recipient.digits().to_owned())
        .collect::<Vec<_>>();
    recipients.sort();
    assert_eq!(recipients, ["447700900001", "447700900004"]);
    gateway.stop().await;
}

#[tokio::test]
async fn too_many_recipients_are_refused_as_a_whole() {
    let folder = Folder::new("many-bound");
    let gateway = Gateway::start(&folder, Setup::default()).await;
    let numbers: Vec<String> = (0..1_001).map(|number| format!("4477009{number:05}")).collect();
    let numbers: Vec<&str> = numbers.iter().map(String::as_str).collect();
    assert_eq!(ask(&gateway, call(&numbers)).await.err(), Some(Refusal::Invalid { field: "to" }));
    assert_eq!(gateway.held_and_posted().0, 0);
    gateway.stop().await;
}

#[tokio::test]
async fn records_are_listed_and_only_their_owner_finds_them() {
    let folder = Folder::new("records");
    let gateway = Gateway::start(&folder, Setup::default()).await;
    let ask = async |call| match soon(gateway.ask(Call::Record(call))).await.expect("no panic") {
        Outcome::Record(outcome) => outcome,
        other => panic!("{other:?}"),
    };
    let secret = Some(Secret::new("X-Key: planted-secret-7f3a"));
    let made = ask(RecordCall::Make { kind: RecordKind::Hook, json: "{}".into(), secret: secret.clone() }).await;
    assert!(matches!(&made, RecordOutcome::One(record) if &*record.key == "1"), "{made:?}");
    let listed = ask(RecordCall::List { kind: RecordKind::Hook, skip: 0, count_max: 10 }).await;
    assert!(!format!("{listed:?}").contains("planted"));
    let RecordOutcome::Page { records, total: 1, .. } = listed else { panic!("{listed:?}") };
    assert_eq!((&*records[0].key, &*records[0].json, &records[0].secret), ("1", "{}", &secret));
    gateway.stop().await;
}

#[tokio::test]
async fn names_are_looked_up_together_and_entries_are_bounded() {
    let folder = Folder::new("many-names");
    let mut gateway = Gateway::start(&folder, Setup::default()).await;
    gateway.dialect = whimbrel_dialects::registry::by_name("seven").expect("it is built in");
    gateway.open("key", "secret", "signature").await;
    let record = async |call| match soon(gateway.ask(Call::Record(call))).await.expect("no panic") {
        Outcome::Record(outcome) => outcome,
        other => panic!("{other:?}"),
    };
    let make = |kind, json: &str| RecordCall::Make { kind, json: json.into(), secret: None };
    let group = record(make(RecordKind::Group, r#"{"name":"Friends"}"#)).await;
    let RecordOutcome::One(Record { key, members: Some(0), .. }) = group else { panic!("{group:?}") };
    let contact = |name: &str, number: &str| {
        format!(
            r#"{{"avatar":"","groups":[{key},{key}],"properties":{{"firstname":"{name}","mobile_number":"{number}"}}}}"#
        )
    };
    let ada = record(make(RecordKind::Contact, &contact("Ada", "447700900001"))).await;
    let RecordOutcome::One(ada) = ada else { panic!("{ada:?}") };
    record(make(RecordKind::Contact, &contact("Bob", "447700900002"))).await;
    let shown = record(RecordCall::Show(RecordName { kind: RecordKind::Group, key: key.clone() })).await;
    assert!(matches!(shown, RecordOutcome::One(Record { members: Some(2), .. })), "{shown:?}");

    // As many as fit into a request, and one look at the address book.
    let names = |names: &[&str], count: usize| ManyCall {
        addressees: names.iter().cycle().take(count).map(|name| Addressee::Name((*name).into())).collect(),
        trial: Trial::Yes,
        ..call(&[])
    };
    let sent = ask(&gateway, names(&["Ada", "friends", "nobody", "ada"], 400_000)).await.expect("tried");
    let recipients: Vec<&str> = sent.items.iter().map(|item| &*item.recipient).collect();
    assert_eq!(recipients, ["447700900001", "447700900002", "nobody"]);
    let many: Vec<String> = (0..=1_000).map(|number| format!("friend {number}")).collect();
    let many: Vec<&str> = many.iter().map(String::as_str).collect();
    assert_eq!(ask(&gateway, names(&many, 1_001)).await.err(), Some(Refusal::Invalid { field: "to" }));
    assert_eq!(ask(&gateway, names(&many, 1_000)).await.map(|sent| sent.items.len()), Ok(1_000));

    let too_long = RecordOutcome::TooLong { octets_max: 4_096 };
    let long = "x".repeat(4_096);
    assert_eq!(record(make(RecordKind::Contact, &contact(&long, "447700900003"))).await, too_long);
    let name = RecordName { kind: RecordKind::Contact, key: ada.key.clone() };
    let patch =
        |notes: &str| RecordCall::Patch(name.clone(), format!(r#"{{"properties":{{"notes":"{notes}"}}}}"#).into());
    assert_eq!(record(patch(&long)).await, too_long, "grown by a change");
    assert_eq!(record(RecordCall::Show(name.clone())).await, RecordOutcome::One(ada), "and it is as it was");
    assert!(matches!(record(patch("short")).await, RecordOutcome::One(_)));
    gateway.stop().await;
}
