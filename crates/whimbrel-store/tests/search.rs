//! Searches: what an index narrows and what is judged row by row agree, and no search finds out what is kept secret.

mod support;

use support::*;
use whimbrel_core::{
    Alphabet, Content, InboundAlphabet, InboundContent, InboundId, InboundPart, MessageClass, MessageText, Money,
    NoticeId, PhoneNumber, Plan, ReceiptStatus, SenderId, Span, Timestamp, id,
};
use whimbrel_inbox::search::parse;
use whimbrel_sms::ConcatRef;
use whimbrel_store::{
    Claim, Found, InboundIn, MessageSummary, NoticeResult, NoticeTried, NumberChange, NumberFate, Op, Search,
    SearchEnd, SearchOrder, Store,
};

/// The id of the message with that number: ids say when they were made.
fn id_of(number: i64) -> i64 {
    id::lowest_at(at(number)) + number
}

/// Each message is a minute after the one before.
fn at(number: i64) -> Timestamp {
    NOW + Span::seconds(60 * number)
}

fn planned(number: i64, to: &str, text: &str) -> Plan {
    let mut plan = a_plan(id_of(number), text);
    plan.recipient = PhoneNumber::parse(to).expect("a number");
    (plan.accepted_at, plan.due_at) = (at(number), at(number));
    plan.client_ref = None;
    plan
}

fn take(store: &dyn Store, plan: Plan) {
    run(store, accept(plan, Claim::Now));
}

fn search(text: &str) -> Search {
    let query = parse(text, NOW + Span::hours(10)).expect("a good query");
    Search::new(query, 100)
}

fn ids(found: &Found<MessageSummary>) -> Vec<i64> {
    found.found.iter().map(|message| message.id.0 - id_of(0)).map(|offset| offset % (1 << 19)).collect()
}

fn found(store: &dyn Store, text: &str) -> Vec<i64> {
    ids(&store.search(&search(text)).expect("read"))
}

/// Five messages of two accounts, in different states.
fn store() -> whimbrel_store::SqliteStore {
    let store = store_with(1_000 * PRICE);
    run(&store, Op::NewAccount(Box::new(new_account(whimbrel_core::AccountId(6), "other"))));
    run(&store, top_up(whimbrel_core::AccountId(6), 1_000 * PRICE, "dev"));
    take(&store, planned(1, "447700900123", "Your code is 482917"));
    take(&store, planned(2, "447700900124", "Hello % there'; drop table message; --"));
    let mut third = planned(3, "12025550123", &"long ".repeat(50));
    (third.account_id, third.class) = (whimbrel_core::AccountId(6), MessageClass::Bulk);
    third.network = "310260".into();
    take(&store, third);
    take(&store, planned(4, "447700900123", "Your code is 1234"));
    let text = MessageText::with_code("{code} is your code", "777888").expect("a code");
    let content = Content::Text { text, alphabet: Alphabet::Gsm7Lossy };
    let mut secret = a_plan_of(id_of(5), content, ConcatRef::Octet(9));
    (secret.accepted_at, secret.due_at) = (at(5), at(5));
    take(&store, secret);
    part(&store, sent(id_of(1), 300, 1, "A1"));
    matched(&store, receipt(report("A1", ReceiptStatus::Delivered), 301));
    part(&store, sent(id_of(4), 300, 1, "A4"));
    matched(&store, receipt(report("A4", ReceiptStatus::Failed), 302));
    store
}

#[test]
fn every_kind_of_term_finds_what_it_says() {
    let store = store();
    for (query, wanted) in [
        ("", vec![5, 4, 3, 2, 1]),
        ("code", vec![5, 4, 1]),
        ("to:+447700900123", vec![5, 4, 1]),
        ("to:+447700900123 482917", vec![1]),
        ("to:07700900124", vec![2]),
        ("to:*5550123", vec![3]),
        ("from:acme*", vec![5, 4, 3, 2, 1]),
        ("account:other", vec![3]),
        ("account:plain:devkey01", vec![5, 4, 2, 1]),
        ("account:nobody", vec![]),
        ("-account:other code", vec![5, 4, 1]),
        ("carrier:tele-1 class:bulk", vec![3]),
        ("carrier:other", vec![]),
        ("dialect:plain parts:>1", vec![3]),
        ("price:>0.05", vec![3]),
        ("status:delivered", vec![1]),
        ("status:failed err:general", vec![4]),
        ("err:000", vec![4, 1]),
        ("is:final", vec![4, 1]),
        ("-is:final", vec![5, 3, 2]),
        ("webhook:pending", vec![4, 1]),
        ("-webhook:pending", vec![5, 3, 2]),
        ("after:2026-11-24 before:2026-11-25", vec![5, 4, 3, 2, 1]),
        ("before:2026-11-24", vec![]),
        ("after:2026-11-26", vec![]),
        ("has:otp", vec![4, 1]),
        ("otp:1234", vec![4]),
        ("\"'; drop table message; --\"", vec![2]),
        ("\"%\"", vec![2]),
        ("is:inbound", vec![]),
    ] {
        assert_eq!(found(&store, query), wanted, "{query}");
    }
    assert_eq!(found(&store, ""), vec![5, 4, 3, 2, 1], "nothing was dropped");
}

#[test]
fn a_code_that_is_kept_secret_is_found_by_nobody() {
    let store = store();
    for query in ["777888", "otp:777888", "777", "has:otp 777888", "-777888 ******"] {
        assert!(!found(&store, query).contains(&5) || query.starts_with('-'), "{query}");
    }
    assert_eq!(found(&store, "\"****** is your code\""), vec![5], "it is found as it is shown");
    assert_eq!(found(&store, "-777888").first(), Some(&5), "and not by leaving it out either");
}

#[test]
fn an_account_sees_its_own_whatever_it_asks() {
    let store = store();
    let own = |text: &str| {
        let search = Search { account: Some(whimbrel_core::AccountId(6)), ..search(text) };
        ids(&store.search(&search).expect("read"))
    };
    assert_eq!(own(""), vec![3]);
    assert_eq!(own("account:devkey01"), Vec::<i64>::new());
    assert_eq!(own("to:+447700900123"), Vec::<i64>::new());
    assert_eq!(own("-account:other"), Vec::<i64>::new());
}

/// Else whoever may see one account only learns from the time of an answer how much others send to a number, and a search that finds
/// nothing looks at any number of rows.
#[test]
fn a_search_for_a_number_counts_each_row_that_it_comes_by_and_an_accounts_own_only() {
    let store = store();
    let other = Some(whimbrel_core::AccountId(6));
    let end = |search: Search| store.search(&search).expect("read").end;
    // Two messages of another account went to that number; this account has one message, to another number.
    let to = "to:+447700900123";
    assert!(found(&store, to).len() >= 2);
    let own = Search { account: other, rows_max: 1, ..search(to) };
    assert_eq!(end(own.clone()), SearchEnd::Everything, "the rows of others are not come by");
    assert_eq!(end(Search { rows_max: 0, ..own }), SearchEnd::Rows { edge: id_of(3) + 1, at: at(3) });
    let everybodys = Search { rows_max: 1, ..search(&format!("account:other {to}")) };
    assert!(matches!(end(everybodys), SearchEnd::Rows { .. }), "what is passed over counts");
}

#[test]
fn webhooks_are_told_by_how_the_last_one_went() {
    let store = store();
    let notices = store.notices(None, 10).expect("read");
    let tried = |notice: &whimbrel_core::Notice, result| {
        let tried = NoticeTried { id: notice.id, at: notice.due_at, result, detail: "200".into() };
        run(&store, Op::Notice(tried));
    };
    tried(&notices[0], NoticeResult::RetryAt(notices[0].due_at + Span::seconds(60)));
    tried(&notices[1], NoticeResult::Delivered);
    let (first, second) = (found(&store, "webhook:failed"), found(&store, "webhook:ok"));
    assert_eq!((first.len(), second.len()), (1, 1));
    assert_ne!(first, second);
    assert_eq!(found(&store, "webhook:pending"), first, "it is tried again");
}

#[test]
fn a_search_goes_on_where_it_stopped() {
    let store = store();
    let mut search = search("code");
    search.count_max = 2;
    let page = store.search(&search).expect("read");
    assert_eq!((ids(&page), page.end), (vec![5, 4], SearchEnd::Count { edge: id_of(4) }));
    search.before = Some(id_of(4));
    let page = store.search(&search).expect("read");
    assert_eq!((ids(&page), page.end), (vec![1], SearchEnd::Everything));
    (search.before, search.rows_max) = (None, 2);
    let mut seen = Vec::new();
    let mut rounds = 0;
    loop {
        let page = store.search(&search).expect("read");
        seen.extend(ids(&page));
        rounds += 1;
        match page.end {
            SearchEnd::Everything => break,
            SearchEnd::Count { edge } | SearchEnd::Rows { edge, .. } => search.before = Some(edge),
        }
    }
    assert_eq!((seen, rounds), (vec![5, 4, 1], 3), "five rows, two at a time");
    let newer = Search { after: Some(id_of(3)), ..self::search("") };
    assert_eq!(ids(&store.search(&newer).expect("read")), vec![5, 4]);
}

#[test]
fn a_search_from_the_oldest_on_gives_what_is_nearest() {
    let store = store();
    let mut search = Search { order: SearchOrder::OldestFirst, count_max: 2, after: Some(id_of(0)), ..search("-long") };
    let page = store.search(&search).expect("read");
    assert_eq!((ids(&page), page.end, page.newest), (vec![2, 1], SearchEnd::Count { edge: id_of(2) }, Some(id_of(2))));
    search.after = Some(id_of(2));
    let page = store.search(&search).expect("read");
    assert_eq!((ids(&page), page.end, page.newest), (vec![5, 4], SearchEnd::Everything, Some(id_of(5))));
    (search.after, search.rows_max) = (Some(id_of(2)), 1);
    let page = store.search(&search).expect("read");
    assert_eq!(
        (ids(&page), page.end),
        (vec![], SearchEnd::Rows { edge: id_of(4) - 1, at: at(4) }),
        "only the third was looked at"
    );
}

#[test]
fn there_is_more_only_if_something_is_found_there() {
    let store = store();
    for (query, count_max, is_more) in [("code", 3, false), ("code", 2, true), ("", 5, false), ("", 4, true)] {
        let page = store.search(&Search { count_max, ..search(query) }).expect("read");
        assert_eq!((page.found.len(), page.end != SearchEnd::Everything), (count_max, is_more), "{query} {count_max}");
    }
}

#[test]
fn rows_that_are_not_read_whole_are_judged_the_same() {
    // A query about texts or progress reads more columns; together with others that need less it finds the same.
    let store = store();
    for (query, wanted) in [
        ("status:delivered", vec![1]),
        ("status:delivered code", vec![1]),
        ("-status:delivered to:+447700900123 code", vec![5, 4]),
        ("status:queued", vec![]),
        ("status:submitting parts:2..9", vec![3]),
        ("status:submitting", vec![5, 3, 2]),
        ("-is:final account:other", vec![3]),
        ("has:link", vec![]),
    ] {
        assert_eq!(found(&store, query), wanted, "{query}");
    }
}

#[test]
fn what_was_accepted_after_a_clock_was_put_back_is_found_by_its_time() {
    // While the clock was ten days ahead ids rose with it, and go on rising from there.
    let store = store_with(1_000 * PRICE);
    let ahead = |number: i64| id_of(number) + id::lowest_at(NOW + Span::hours(240)) - id::lowest_at(NOW);
    let mut late = planned(1, "447700900123", "in the time ahead");
    (late.accepted_at, late.due_at) = (at(1) + Span::hours(240), at(1) + Span::hours(240));
    for (mut plan, id) in [(late, ahead(1)), (planned(2, "447700900123", "after the reset"), ahead(2))] {
        let parts = plan.parts.len();
        plan.message_id = whimbrel_core::MessageId(id);
        for part in &mut plan.parts[..parts.min(1)] {
            part.part_id = whimbrel_core::PartId(id);
        }
        take(&store, plan);
    }
    let texts = |query: &str, ids_ahead_max: Span| -> Vec<String> {
        let found = store.search(&Search { ids_ahead_max, ..search(query) }).expect("read");
        let text = |message: MessageSummary| match message.content {
            Content::Text { text, .. } => text.expose().to_owned(),
            Content::Binary(_) => String::new(),
        };
        found.found.into_iter().map(text).collect()
    };
    assert_eq!(texts("before:2026-11-30", Span::hours(1_000)), vec!["after the reset"]);
    assert_eq!(texts("after:2026-11-30", Span::hours(1_000)), vec!["in the time ahead"]);
    assert_eq!(texts("before:2026-11-30", Search::IDS_AHEAD_MAX), Vec::<String>::new(), "no clock is put back there");
}

#[test]
fn texts_that_came_in_are_searched_the_same_way() {
    let store = store();
    for number in ["447700900200", "447700900201"] {
        let change = NumberFate::Assign { account_id: ACCOUNT, inbound_url: None, country: None };
        run(&store, Op::Number(NumberChange { number: number.into(), change, at: NOW }));
    }
    for (number, to, text) in
        [(10, "447700900200", "STOP"), (11, "447700900201", "Yes, 482917"), (12, "447700900200", "Stop it")]
    {
        let content = InboundContent::Text { text: MessageText::new(text), alphabet: InboundAlphabet::Gsm7 };
        let sender = SenderId::parse("447700900123").expect("a number");
        let part = InboundPart { sender, number: to.into(), header: Box::default(), concat: None, content };
        let incoming = InboundIn {
            id: InboundId(id_of(number)),
            carrier: CARRIER,
            part,
            at: at(number),
            notice_id: NoticeId(number),
        };
        run(&store, Op::Inbound(Box::new(incoming)));
    }
    let found = |text: &str| -> Vec<i64> {
        let found = store.search_inbound(&search(text)).expect("read");
        found.found.iter().map(|view| (view.id.0 - id_of(0)) % (1 << 19)).collect()
    };
    assert_eq!(found("stop"), vec![12, 10]);
    assert_eq!(found("is:inbound"), vec![12, 11, 10]);
    assert_eq!(found("to:+447700900200 -it"), vec![10]);
    assert_eq!(found("from:07700900123 to:*201"), vec![11]);
    assert_eq!(found("account:devkey01 carrier:tele-1 stop"), vec![12, 10]);
    assert_eq!(found("status:delivered"), Vec::<i64>::new());
    let page = store.search_inbound(&Search { count_max: 1, ..search("stop") }).expect("read");
    assert_eq!(page.end, SearchEnd::Count { edge: id_of(12) });
    let oldest = Search { order: SearchOrder::OldestFirst, after: Some(id_of(10)), count_max: 1, ..search("") };
    let page = store.search_inbound(&oldest).expect("read");
    assert_eq!((page.found[0].id.0, page.end), (id_of(11), SearchEnd::Count { edge: id_of(11) }));
    let page = store.search_inbound(&Search { rows_max: 1, ..search("zzz") }).expect("read");
    assert_eq!(page.end, SearchEnd::Rows { edge: id_of(11) + 1, at: at(11) });
}

#[test]
fn prices_are_those_of_whole_messages() {
    let store = store_with(100 * PRICE);
    let mut plan = planned(1, "447700900123", &"long ".repeat(50));
    plan.price = Money::new(PRICE, plan.price.currency);
    take(&store, plan);
    assert_eq!(found(&store, "price:0.0666"), vec![1]);
    assert_eq!(found(&store, "price:0.0333"), Vec::<i64>::new());
}
