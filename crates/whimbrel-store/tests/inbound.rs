//! Texts that come in: stored once, joined in order, and told to whoever owns the number.

mod support;

use rusqlite::Connection;
use support::*;
use whimbrel_core::call::journal::{JournalCall, JournalOutcome, JournalSide};
use whimbrel_core::{
    AccountId, CarrierId, EndpointKind, InboundAlphabet, InboundContent, InboundId, InboundPart, MessageOctets,
    MessageText, NoticeId, ReceiptStatus, SenderId, Span, Told,
};
use whimbrel_sms::udh::Place;
use whimbrel_sms::{Concat, ConcatRef, PartCount};
use whimbrel_store::{
    AccountPatch, Claim, InboundFilter, InboundIn, InboundOutcome, InboundView, NoticeResult, NoticeTried,
    NumberChange, NumberFate, NumberRefused, Op, OpResult, OwnedNumber, Store,
};

const OURS: &str = "447700900001";
const DAY: i64 = 24 * 3_600;

/// Where a part stands: reference, sequence, total.
type Mark = (ConcatRef, u8, u8);

fn text(text: &str) -> InboundContent {
    InboundContent::Text { text: MessageText::new(text), alphabet: InboundAlphabet::Gsm7 }
}

fn arrives(id: i64, seconds: i64, mark: Option<Mark>, content: InboundContent) -> InboundIn {
    let concat = mark.map(|(reference, sequence, total)| {
        let count = |count| PartCount::new(count).expect("not zero");
        Concat::new(reference, Place { sequence: count(sequence), total: count(total) }).expect("within the total")
    });
    let mut header = Vec::new();
    if let Some(concat) = concat {
        concat.write_header(&mut header);
    }
    let sender = SenderId::parse("447700900123").expect("a number");
    InboundIn {
        id: InboundId(id),
        carrier: CARRIER,
        part: InboundPart { sender, number: OURS.into(), header: header.into(), concat, content },
        at: NOW + Span::seconds(seconds),
        notice_id: NoticeId(1_000_000 + id),
    }
}

fn take(store: &dyn Store, incoming: InboundIn) -> InboundOutcome {
    match run(store, Op::Inbound(Box::new(incoming))) {
        OpResult::Inbound(outcome) => *outcome,
        other => panic!("not about a text: {other:?}"),
    }
}

fn number(account: i64, url: Option<&str>) -> Op {
    assign(OURS, AccountId(account), url)
}

fn assign(number: &str, account_id: AccountId, url: Option<&str>) -> Op {
    let change = NumberFate::Assign { account_id, inbound_url: url.map(Into::into), country: None };
    Op::Number(NumberChange { number: number.into(), change, at: NOW })
}

fn listed(store: &dyn Store) -> Vec<InboundView> {
    store.inbound(&InboundFilter { count_max: 100, ..InboundFilter::default() }).expect("read")
}

/// Id, what is there, and how much of it.
fn said(store: &dyn Store) -> Vec<(i64, String, (u8, u8))> {
    let said = |view: InboundView| match view.content {
        InboundContent::Text { text, .. } => (view.id.0, text.expose().to_owned(), view.parts),
        InboundContent::Binary(octets) => (view.id.0, format!("{:?}", octets.expose()), view.parts),
    };
    listed(store).into_iter().map(said).collect()
}

fn line(id: i64, text: &str, there: u8, total: u8) -> (i64, String, (u8, u8)) {
    (id, text.to_owned(), (there, total))
}

#[test]
fn a_text_is_told_to_the_owner_of_the_number_and_twice_is_once() {
    let store = store_with(1);
    run(&store, number(5, Some("http://127.0.0.1/in")));
    let incoming = arrives(100, 1, None, text("STOP"));
    let op = Op::Inbound(Box::new(incoming.clone()));
    let first = take(&store, incoming.clone());
    assert!(first.complete && !first.repeated);
    assert_eq!((first.id, first.account_id), (InboundId(100), Some(ACCOUNT)));
    let notice = first.notice.expect("told");
    assert_eq!(
        (notice.id, &*notice.dialect, notice.url.as_deref()),
        (NoticeId(1_000_100), "plain", Some("http://127.0.0.1/in"))
    );
    assert_eq!(notice.endpoint(), EndpointKind::Inbound);
    assert!(matches!(&notice.told, Told::Inbound(told) if told.part == incoming.part && told.id == InboundId(100)));
    assert_eq!(store.notices(None, 10).expect("read"), [notice]);
    let before = (everything(&store), said(&store));
    let again = run(&store, op);
    assert!(matches!(&again, OpResult::Inbound(again) if again.repeated && again.complete && again.notice.is_none()));
    assert_eq!((everything(&store), said(&store)), before);
    assert_eq!((store.stats().expect("read").inbound, store.high_water().expect("read")), (1, 1_000_100));
}

#[test]
fn a_text_to_nobodys_number_is_kept_and_told_to_nobody() {
    let store = store_with(1);
    let outcome = take(&store, arrives(100, 1, None, text("hello")));
    assert_eq!((outcome.account_id, outcome.notice), (None, None));
    assert_eq!(said(&store), [line(100, "hello", 1, 1)]);
    // The number's owner has neither a URL for it nor an endpoint: kept as well.
    run(&store, number(5, None));
    let outcome = take(&store, arrives(101, 1, None, text("again")));
    assert_eq!((outcome.account_id, outcome.notice), (Some(ACCOUNT), None));
    let patch = AccountPatch {
        endpoints: vec![(EndpointKind::Inbound, "http://127.0.0.1/all".into())],
        ..AccountPatch::new(ACCOUNT, NOW)
    };
    run(&store, Op::PatchAccount(Box::new(patch)));
    let outcome = take(&store, arrives(102, 1, None, text("third")));
    assert_eq!(outcome.notice.expect("told").url, None, "where the account's endpoint is when it is sent");
    assert_eq!(store.notices(None, 10).expect("read").len(), 1);
}

#[test]
fn parts_are_joined_in_order_and_repetitions_are_known() {
    let store = store_with(1);
    run(&store, number(5, Some("http://127.0.0.1/in")));
    let mark = |sequence| Some((ConcatRef::Octet(7), sequence, 3));
    let third = take(&store, arrives(100, 1, mark(3), text("three")));
    assert!(!third.complete && third.notice.is_some());
    assert_eq!(said(&store), [line(100, "three", 1, 3)]);
    take(&store, arrives(101, 2, mark(1), text("one ")));
    assert_eq!(said(&store), [line(100, "one three", 2, 3)]);
    // The carrier delivers a part again: no row, no notice, the id of the first time.
    let again = take(&store, arrives(102, 3, mark(3), text("three")));
    assert_eq!((again.id, again.repeated, again.complete, again.notice), (InboundId(100), true, false, None));
    let last = take(&store, arrives(103, 4, mark(2), text("two ")));
    assert!(last.complete && !last.repeated);
    assert_eq!(said(&store), [line(100, "one two three", 3, 3)]);
    assert_eq!((store.stats().expect("read").inbound, store.notices(None, 10).expect("read").len()), (3, 3));
    // It is complete: the same part once more begins another text.
    let other = take(&store, arrives(104, 5, mark(3), text("three")));
    assert!(!other.repeated && !other.complete);
    assert_eq!(said(&store), [line(104, "three", 1, 3), line(100, "one two three", 3, 3)]);
}

#[test]
fn what_differs_in_any_mark_is_another_text() {
    let store = store_with(1);
    let one = |reference, total| Some((reference, 1, total));
    take(&store, arrives(100, 1, one(ConcatRef::Octet(7), 2), text("a")));
    take(&store, arrives(101, 1, one(ConcatRef::Word(7), 2), text("a")));
    take(&store, arrives(102, 1, one(ConcatRef::Octet(8), 2), text("a")));
    take(&store, arrives(103, 1, one(ConcatRef::Octet(7), 3), text("a")));
    take(&store, arrives(104, 1, one(ConcatRef::Octet(7), 2), text("b")));
    let mut elsewhere = arrives(105, 1, one(ConcatRef::Octet(7), 2), text("a"));
    elsewhere.carrier = CarrierId(2);
    take(&store, elsewhere);
    let mut sender = arrives(106, 1, one(ConcatRef::Octet(7), 2), text("a"));
    sender.part.sender = SenderId::parse("447700900124").expect("a number");
    take(&store, sender);
    let mut to = arrives(107, 1, one(ConcatRef::Octet(7), 2), text("a"));
    to.part.number = "12345".into();
    take(&store, to);
    // The number is another's from now on: what went to the one before is not shown to it.
    run(&store, number(5, None));
    take(&store, arrives(108, 1, Some((ConcatRef::Octet(7), 2, 2)), text("c")));
    let ids: Vec<i64> = listed(&store).iter().map(|view| view.id.0).collect();
    assert_eq!(ids, [108, 107, 106, 105, 104, 103, 102, 101, 100]);
}

#[test]
fn a_day_after_its_first_part_a_text_takes_no_more() {
    let store = store_with(1);
    let mark = |sequence| Some((ConcatRef::Octet(7), sequence, 3));
    take(&store, arrives(100, 0, mark(1), text("one ")));
    take(&store, arrives(101, DAY - 1, mark(2), text("two ")));
    take(&store, arrives(102, DAY, mark(3), text("three")));
    assert_eq!(said(&store), [line(102, "three", 1, 3), line(100, "one two ", 2, 3)]);
}

#[test]
fn octets_are_joined_as_octets_and_alphabets_as_the_wider() {
    let store = store_with(1);
    let binary = |octets: &[u8]| InboundContent::Binary(MessageOctets::new(octets));
    let mark = |reference, sequence| Some((ConcatRef::Word(reference), sequence, 2));
    take(&store, arrives(100, 1, mark(1, 2), binary(&[3, 4])));
    take(&store, arrives(101, 1, mark(1, 1), binary(&[0, 255])));
    let wide = InboundContent::Text { text: MessageText::new("é"), alphabet: InboundAlphabet::Ucs2 };
    take(&store, arrives(102, 1, mark(2, 1), wide));
    take(&store, arrives(103, 1, mark(2, 2), text("b")));
    // A text among octets loses neither.
    take(&store, arrives(104, 1, mark(3, 1), text("a")));
    take(&store, arrives(105, 1, mark(3, 2), binary(&[0, 1])));
    let views = listed(&store);
    assert!(matches!(&views[0].content, InboundContent::Binary(octets) if octets.expose() == [b'a', 0, 1]));
    let views = &views[1..];
    assert!(matches!(&views[1].content, InboundContent::Binary(octets) if octets.expose() == [0, 255, 3, 4]));
    assert!(matches!(&views[0].content, InboundContent::Text { alphabet: InboundAlphabet::Ucs2, .. }));
}

#[test]
fn texts_are_listed_by_number_and_account_newest_first() {
    let store = store_with(1);
    run(&store, Op::NewAccount(Box::new(new_account(AccountId(6), "devkey02"))));
    run(&store, number(5, None));
    run(&store, assign("12345", AccountId(6), None));
    for (id, to) in [(100, OURS), (101, "12345"), (102, OURS), (103, "99999")] {
        let mut incoming = arrives(id, id, None, text("hi"));
        incoming.part.number = to.into();
        take(&store, incoming);
    }
    let ids = |filter: InboundFilter| -> Vec<i64> {
        store.inbound(&filter).expect("read").iter().map(|view| view.id.0).collect()
    };
    let all = InboundFilter { count_max: 10, ..InboundFilter::default() };
    assert_eq!(ids(all.clone()), [103, 102, 101, 100]);
    assert_eq!(ids(InboundFilter { number: Some(OURS.into()), ..all.clone() }), [102, 100]);
    assert_eq!(ids(InboundFilter { account: Some(AccountId(6)), ..all.clone() }), [101]);
    let both = InboundFilter { number: Some(OURS.into()), account: Some(AccountId(6)), ..all.clone() };
    assert_eq!(ids(both), []);
    assert_eq!(ids(InboundFilter { before: Some(InboundId(103)), count_max: 1, ..all }), [102]);
}

#[test]
fn notices_of_both_kinds_are_read_by_their_time_and_survive_a_kill() {
    let folder = Folder::new("inbound");
    let store = folder.open();
    furnish(&store, 10 * PRICE);
    run(&store, number(5, Some("http://127.0.0.1/in")));
    run(&store, accept(a_plan(50, "hi"), Claim::Now));
    run(&store, sent(50, 1, 1, "n"));
    take(&store, arrives(100, 2, None, text("before")));
    matched(&store, receipt(report("n", ReceiptStatus::Delivered), 3));
    take(&store, arrives(101, 4, Some((ConcatRef::Octet(1), 1, 2)), text("after")));
    let kinds = |store: &dyn Store| -> Vec<(i64, EndpointKind)> {
        let notices = store.notices(None, 10).expect("read");
        notices.iter().map(|notice| (notice.id.0, notice.endpoint())).collect()
    };
    let (inbound, receipt) = (EndpointKind::Inbound, EndpointKind::Receipt);
    assert_eq!(kinds(&store), [(1_000_100, inbound), (2_000_000_003, receipt), (1_000_101, inbound)]);
    let waiting = store.waiting_notices(10).expect("read");
    let counted = waiting.iter().map(|waits| (waits.kind, waits.count, waits.next_at)).collect::<Vec<_>>();
    assert_eq!(counted, [(receipt, 1, NOW + Span::seconds(3)), (inbound, 2, NOW + Span::seconds(2))]);
    let first = store.notices(None, 1).expect("read").remove(0);
    let rest = store.notices(Some((first.due_at, first.id)), 10).expect("read");
    assert_eq!(rest.iter().map(|notice| notice.id.0).collect::<Vec<_>>(), [2_000_000_003, 1_000_101]);

    let tried = |result, seconds: i64| {
        let at = NOW + Span::seconds(seconds);
        Op::Notice(NoticeTried { id: NoticeId(1_000_100), at, result, detail: "status 503".into() })
    };
    let retry = tried(NoticeResult::RetryAt(NOW + Span::seconds(60)), 5);
    run(&store, retry.clone());
    run(&store, retry);
    let last = store.notices(None, 10).expect("read").pop().expect("three");
    assert_eq!((last.id.0, last.failures, last.first_at), (1_000_100, 1, NOW + Span::seconds(2)));
    // The URL of the number is the one that it has when the notice is sent.
    run(&store, number(5, Some("http://127.0.0.1/other")));
    let copy = folder.crashed("inbound-copy");
    let again = copy.open();
    let last = again.notices(None, 10).expect("read").pop().expect("three");
    assert_eq!(last.url.as_deref(), Some("http://127.0.0.1/other"));
    assert_eq!((everything(&again), said(&again)), (everything(&store), said(&store)));
    run(&again, tried(NoticeResult::Delivered, 61));
    assert_eq!(kinds(&again), [(2_000_000_003, receipt), (1_000_101, inbound)]);
    drop(again);
    let raw = Connection::open(copy.file()).expect("opens");
    let lines: i64 = raw
        .query_row("select count(*) from event where message_id = 100 and what = 'webhook'", [], |row| row.get(0))
        .expect("counted");
    assert_eq!(lines, 2, "both tries stand in the story of the text");
}

#[test]
fn a_number_has_one_owner_at_a_time() {
    let store = store_with(1);
    run(&store, Op::NewAccount(Box::new(new_account(AccountId(6), "devkey02"))));
    let owned = |account, url: Option<&str>| OwnedNumber {
        number: OURS.into(),
        account_id: AccountId(account),
        inbound_url: url.map(Into::into),
        application: None,
    };
    for _ in 0..2 {
        assert!(matches!(run(&store, number(5, None)), OpResult::Number(Some(now)) if now == owned(5, None)));
    }
    assert!(matches!(run(&store, number(6, None)), OpResult::NumberRefused(NumberRefused::Taken)));
    assert!(matches!(run(&store, number(77, None)), OpResult::NumberRefused(NumberRefused::UnknownAccount)));
    let url = Some("http://127.0.0.1/in");
    assert!(matches!(run(&store, number(5, url)), OpResult::Number(Some(now)) if now == owned(5, url)));
    run(&store, assign("12345", AccountId(6), None));
    assert_eq!(store.numbers(None).expect("read").len(), 2);
    assert_eq!(store.numbers(Some(ACCOUNT)).expect("read"), [owned(5, url)]);
    let release = Op::Number(NumberChange { number: OURS.into(), change: NumberFate::Release, at: NOW });
    for _ in 0..2 {
        assert!(matches!(run(&store, release.clone()), OpResult::Number(None)));
    }
    assert!(matches!(run(&store, number(6, None)), OpResult::Number(Some(now)) if now == owned(6, None)));
}

fn came_in(store: &dyn Store, change: impl FnOnce(&mut JournalCall)) -> Vec<i64> {
    let mut page = JournalCall {
        side: JournalSide::CameIn,
        id: None,
        from: None,
        until: None,
        to: None,
        state: None,
        skip: 0,
        count_max: 100,
    };
    change(&mut page);
    match store.journal(ACCOUNT, &page).expect("read") {
        JournalOutcome::CameIn(lines) => lines.iter().map(|line| line.id.0).collect(),
        JournalOutcome::Sent(_) | JournalOutcome::TooMuch => panic!("of the other side"),
    }
}

#[test]
fn pages_of_what_came_in_reach_as_far_back_as_it_goes() {
    let store = store_with(1);
    run(&store, number(5, None));
    let arrive = |id: i64| Op::Inbound(Box::new(arrives(id, 0, None, text("hello"))));
    store.commit(&(1..=1_005).map(arrive).collect::<Vec<_>>()).expect("committed");
    assert_eq!(came_in(&store, |page| page.skip = 1_002), [3, 2, 1]);
    assert_eq!(came_in(&store, |page| (page.skip, page.count_max) = (999, 2)), [6, 5]);
    assert_eq!(came_in(&store, |page| (page.skip, page.to) = (1_003, Some(OURS.into()))), [2, 1]);
    assert_eq!(came_in(&store, |page| page.to = Some("447700900124".into())), [0_i64; 0]);
    assert_eq!(came_in(&store, |page| (page.id, page.skip) = (Some(7), 3)), [7]);
    for id in [0, 2_000, u64::MAX, i64::MAX.unsigned_abs()] {
        assert_eq!(came_in(&store, |page| page.id = Some(id)), [0_i64; 0]);
    }
    // More is passed over than there is, and than any list may be long.
    assert_eq!(came_in(&store, |page| (page.skip, page.count_max) = (u32::MAX, u32::MAX)), [0_i64; 0]);
    assert_eq!(came_in(&store, |page| page.count_max = u32::MAX).len(), 100);
    assert_eq!(came_in(&store, |page| page.until = Some(NOW)), [0_i64; 0]);
}
