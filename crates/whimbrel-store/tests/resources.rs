//! Numbers are sold once, arranged payments are called up as often as arranged, and each account finds what is its own.

mod support;

use support::*;
use whimbrel_core::call::account::AccountRefusal;
use whimbrel_core::call::history::{HistoryId, HistoryPart, RefusedSend, SentTo};
use whimbrel_core::call::numbers::{
    ApplicationFilter, Features, NumberKind, NumberPattern, NumberSettings, NumbersRefusal, OwnedQuery, Page,
    PatternPlace, SaleQuery,
};
use whimbrel_core::{
    AccountId, CountryCode, Currency, InboundAlphabet, InboundContent, InboundId, InboundPart, MessageText, Money,
    NoticeId, ReceiptStatus, SenderId, Span, Timestamp,
};
use whimbrel_store::{
    Claim, Deal, InboundIn, NumberChange, NumberFate, Offer, Op, OpResult, PoolDone, PoolOp, Rejection, Reload,
    ReloadDone, ReloadOp, SaleFilter, SqliteStore, Store,
};

const OTHER: AccountId = AccountId(6);
const NUMBER: &str = "447700900901";

fn country(code: &str) -> CountryCode {
    CountryCode::parse(code).expect("two letters")
}

fn offer(number: &str, code: &str, units: i64) -> Offer {
    let monthly = Money::new(units, Currency::EUR);
    Offer {
        number: number.into(),
        country: country(code),
        kind: NumberKind::Mobile,
        features: Features::SMS.and(Features::VOICE),
        monthly,
        purchase: monthly,
    }
}

fn deal(id: i64, account_id: AccountId, number: &str) -> Deal {
    Deal { id, account_id, number: number.into(), country: country("GB"), presumed: None, at: NOW }
}

fn pool(store: &dyn Store, op: PoolOp) -> PoolDone {
    match run(store, Op::Pool(op)) {
        OpResult::Pool(done) => done,
        other => panic!("not about the pool: {other:?}"),
    }
}

fn offered(store: &dyn Store, offers: &[Offer]) {
    assert_eq!(pool(store, PoolOp::Offer { offers: offers.to_vec(), at: NOW }), PoolDone::Offered(offers.len()));
}

/// A store with two accounts that have so much each, and one number for sale for 100 units.
fn shop(units: i64) -> SqliteStore {
    let store = store_with(units);
    let mut other = new_account(OTHER, "devkey02");
    other.secrets = vec![generated(99, "devSecret02")];
    store.commit(&[Op::NewAccount(Box::new(other)), top_up(OTHER, units, "dev")]).expect("stored");
    offered(&store, &[offer(NUMBER, "GB", 100)]);
    store
}

fn any() -> NumberPattern {
    NumberPattern { digits: "".into(), place: PatternPlace::Start }
}

fn owned(store: &dyn Store, account: AccountId) -> Vec<String> {
    let page = Page { index: 1, size: 100 };
    let query = OwnedQuery {
        country: None,
        pattern: any(),
        features: Features::NONE,
        application: ApplicationFilter::Any,
        page,
    };
    let (entries, count) = store.owned_numbers(account, &query).expect("read");
    assert_eq!(count, entries.len() as u64);
    entries.into_iter().map(|entry| entry.number.into()).collect()
}

fn on_sale(store: &dyn Store, change: impl FnOnce(&mut SaleFilter)) -> (Vec<String>, u64) {
    let page = Page { index: 1, size: 10 };
    let query = SaleQuery { country: Some(country("GB")), pattern: any(), kind: None, features: Features::NONE, page };
    let mut filter = SaleFilter { query, currency: Currency::EUR };
    change(&mut filter);
    let (entries, count) = store.numbers_on_sale(&filter).expect("read");
    (entries.into_iter().map(|entry| entry.number.into()).collect(), count)
}

#[test]
fn of_two_buyers_at_once_one_gets_the_number_and_pays() {
    let store = shop(1_000);
    let ops = [Op::Pool(PoolOp::Buy(deal(50, ACCOUNT, NUMBER))), Op::Pool(PoolOp::Buy(deal(51, OTHER, NUMBER)))];
    for _ in 0..2 {
        let results = store.commit(&ops).expect("committed");
        assert!(matches!(results[0], OpResult::Pool(PoolDone::Owner(Some(ACCOUNT)))));
        assert!(matches!(results[1], OpResult::Pool(PoolDone::Refused(NumbersRefusal::NotForSale))));
        assert_eq!((money(&store).0, wallet(&store, OTHER).posted.units), (900, 1_000));
    }
    assert_eq!((owned(&store, ACCOUNT), owned(&store, OTHER)), (vec![NUMBER.to_owned()], vec![]));
    assert_eq!(on_sale(&store, |_| {}), (vec![], 0));
    // Bought and bought again by the same account: it has it already.
    let again = pool(&store, PoolOp::Buy(deal(52, ACCOUNT, NUMBER)));
    assert_eq!((again, money(&store).0), (PoolDone::Refused(NumbersRefusal::NotForSale), 900));
    assert!(store.audit().expect("read").is_clean());
}

#[test]
fn what_costs_more_than_is_left_is_not_sold_and_held_money_is_not_left() {
    let store = shop(120);
    let mut plan = a_plan(200, "hi");
    plan.price.units = 21;
    run(&store, accept(plan, Claim::Now));
    let bought = pool(&store, PoolOp::Buy(deal(50, ACCOUNT, NUMBER)));
    assert_eq!(bought, PoolDone::Refused(NumbersRefusal::InsufficientFunds));
    assert_eq!((money(&store), owned(&store, ACCOUNT)), ((120, 21), vec![]));
    assert_eq!(pool(&store, PoolOp::Buy(deal(51, OTHER, NUMBER))), PoolDone::Owner(Some(OTHER)));
    assert!(store.audit().expect("read").is_clean());
}

#[test]
fn a_free_number_leaves_no_payment() {
    let store = shop(1);
    offered(&store, &[offer(NUMBER, "GB", 0)]);
    assert_eq!(pool(&store, PoolOp::Buy(deal(50, ACCOUNT, NUMBER))), PoolDone::Owner(Some(ACCOUNT)));
    assert!(store.audit().expect("read").is_clean());
    assert_eq!(money(&store), (1, 0));
}

#[test]
fn another_country_or_currency_is_no_sale() {
    let store = shop(1_000);
    let dollars = Money::new(100, Currency::USD);
    offered(&store, &[Offer { monthly: dollars, purchase: dollars, ..offer("447700900902", "GB", 0) }]);
    let abroad = Deal { country: country("US"), ..deal(50, ACCOUNT, NUMBER) };
    for deal in [abroad, deal(51, ACCOUNT, "447700900902"), deal(52, ACCOUNT, "447700900999")] {
        assert_eq!(pool(&store, PoolOp::Buy(deal)), PoolDone::Refused(NumbersRefusal::NotForSale));
    }
    assert_eq!(money(&store).0, 1_000);
}

#[test]
fn a_number_goes_back_to_the_pool_and_what_was_paid_stays_paid() {
    let store = shop(1_000);
    pool(&store, PoolOp::Buy(deal(50, ACCOUNT, NUMBER)));
    let foreign = pool(&store, PoolOp::Cancel(deal(51, OTHER, NUMBER)));
    assert_eq!(foreign, PoolDone::Refused(NumbersRefusal::NotOwned));
    let abroad = Deal { country: country("US"), ..deal(52, ACCOUNT, NUMBER) };
    assert_eq!(pool(&store, PoolOp::Cancel(abroad)), PoolDone::Refused(NumbersRefusal::NotOwned));
    let cancel = PoolOp::Cancel(deal(53, ACCOUNT, NUMBER));
    assert_eq!(pool(&store, cancel.clone()), PoolDone::Owner(None));
    assert_eq!((money(&store).0, owned(&store, ACCOUNT)), (900, vec![]));
    assert_eq!(pool(&store, PoolOp::Buy(deal(54, ACCOUNT, NUMBER))), PoolDone::Owner(Some(ACCOUNT)));
    // The cancellation that was committed before does not undo the new purchase.
    assert_eq!(pool(&store, cancel), PoolDone::Owner(None));
    assert_eq!((money(&store).0, owned(&store, ACCOUNT)), (800, vec![NUMBER.to_owned()]));
    assert!(store.audit().expect("read").is_clean());
}

#[test]
fn an_operator_who_releases_a_number_ends_its_purchase() {
    let store = shop(1_000);
    pool(&store, PoolOp::Buy(deal(50, ACCOUNT, NUMBER)));
    run(&store, Op::Number(NumberChange { number: NUMBER.into(), change: NumberFate::Release, at: NOW }));
    assert!(store.audit().expect("read").is_clean());
    assert_eq!(on_sale(&store, |_| {}).0, [NUMBER]);
}

#[test]
fn whoever_bought_a_number_keeps_it_when_it_is_withdrawn() {
    let store = shop(1_000);
    pool(&store, PoolOp::Buy(deal(50, ACCOUNT, NUMBER)));
    let withdraw = || PoolOp::Withdraw { number: NUMBER.into(), at: NOW };
    assert_eq!(pool(&store, withdraw()), PoolDone::Withdrawn { was_there: true });
    assert_eq!(pool(&store, withdraw()), PoolDone::Withdrawn { was_there: false });
    assert_eq!(owned(&store, ACCOUNT), [NUMBER]);
    pool(&store, PoolOp::Cancel(deal(51, ACCOUNT, NUMBER)));
    assert_eq!(on_sale(&store, |_| {}), (vec![], 0));
}

#[test]
fn a_number_that_the_operator_assigned_is_its_accounts_like_any_other() {
    let store = shop(1_000);
    let assign = |number: &str, code: Option<&str>| {
        let change = NumberFate::Assign { account_id: ACCOUNT, inbound_url: None, country: code.map(country) };
        run(&store, Op::Number(NumberChange { number: number.into(), change, at: NOW }))
    };
    assign("447700900001", Some("GB"));
    assign("447700900002", None);
    assign(NUMBER, Some("IM"));
    let page = Page { index: 1, size: 100 };
    let query = OwnedQuery {
        country: Some(country("GB")),
        pattern: any(),
        features: Features::NONE,
        application: ApplicationFilter::Any,
        page,
    };
    let (entries, _) = store.owned_numbers(ACCOUNT, &query).expect("read");
    let shown: Vec<_> = entries.iter().map(|entry| (&*entry.number, entry.features)).collect();
    // The pool knows better than what was presumed.
    assert_eq!(shown, [("447700900001", Features::SMS), (NUMBER, Features::SMS.and(Features::VOICE))]);
    let unknown = Deal { presumed: Some(country("IM")), ..deal(50, ACCOUNT, "447700900002") };
    assert_eq!(pool(&store, PoolOp::Cancel(unknown.clone())), PoolDone::Refused(NumbersRefusal::NotOwned));
    assert_eq!(pool(&store, PoolOp::Cancel(Deal { presumed: None, ..unknown })), PoolDone::Owner(None));
}

#[test]
fn only_what_is_named_is_changed_and_an_empty_text_takes_away() {
    let store = shop(1_000);
    pool(&store, PoolOp::Buy(deal(50, ACCOUNT, NUMBER)));
    let set =
        |id: i64, settings: NumberSettings| pool(&store, PoolOp::Set(deal(id, ACCOUNT, NUMBER), Box::new(settings)));
    let uuid = "aaaaaaaa-bbbb-cccc-dddd-0123456789ab";
    let all = NumberSettings {
        inbound_url: Some("https://example.com/mo".into()),
        application: Some(uuid.into()),
        system_type: Some("inbound".into()),
        voice_kind: Some("tel".into()),
        voice_value: Some("447700900001".into()),
        voice_status_url: Some("https://example.com/status".into()),
    };
    assert_eq!(set(51, all.clone()), PoolDone::Owner(Some(ACCOUNT)));
    let read = |application: ApplicationFilter| {
        let page = Page { index: 1, size: 100 };
        let query = OwnedQuery { country: None, pattern: any(), features: Features::NONE, application, page };
        store.owned_numbers(ACCOUNT, &query).expect("read").0
    };
    assert_eq!(read(ApplicationFilter::Exactly(uuid.into()))[0].settings, all);
    assert_eq!((read(ApplicationFilter::Linked).len(), read(ApplicationFilter::Unlinked).len()), (1, 0));
    set(52, NumberSettings { application: Some("".into()), ..NumberSettings::default() });
    let expected = NumberSettings { application: None, ..all };
    assert_eq!(read(ApplicationFilter::Unlinked)[0].settings, expected);
    assert_eq!(store.numbers(Some(ACCOUNT)).expect("read")[0].inbound_url.as_deref(), Some("https://example.com/mo"));
    let foreign = PoolOp::Set(deal(53, OTHER, NUMBER), Box::default());
    assert_eq!(pool(&store, foreign), PoolDone::Refused(NumbersRefusal::NotOwned));
}

#[test]
fn numbers_are_found_by_digits_features_and_page() {
    let store = shop(1_000);
    let offers: Vec<Offer> = (0..25).map(|index| offer(&format!("4477009002{index:02}"), "GB", index)).collect();
    offered(&store, &offers);
    offered(
        &store,
        &[Offer { features: Features::VOICE, kind: NumberKind::Landline, ..offer("442079460001", "GB", 1) }],
    );
    offered(&store, &[offer("12025550191", "US", 1)]);
    assert_eq!(on_sale(&store, |_| {}).1, 27);
    let with = |digits: &str, place| {
        on_sale(&store, |filter| filter.query.pattern = NumberPattern { digits: digits.into(), place })
    };
    assert_eq!(with("44770090020", PatternPlace::Start).1, 10);
    assert_eq!(with("2079", PatternPlace::Anywhere), (vec!["442079460001".to_owned()], 1));
    assert_eq!(with("224", PatternPlace::End), (vec!["447700900224".to_owned()], 1));
    assert_eq!(with("99", PatternPlace::Start), (vec![], 0));
    let third = on_sale(&store, |filter| filter.query.page = Page { index: 3, size: 10 });
    assert_eq!((third.0.len(), third.1), (7, 27));
    assert_eq!(on_sale(&store, |filter| filter.query.page = Page { index: u32::MAX, size: 100 }), (vec![], 0));
    assert_eq!(on_sale(&store, |filter| filter.query.features = Features::SMS).1, 26);
    assert_eq!(on_sale(&store, |filter| filter.query.kind = Some(NumberKind::Landline)).1, 1);
    assert_eq!(on_sale(&store, |filter| filter.query.country = Some(country("US"))).1, 1);
    assert_eq!(on_sale(&store, |filter| filter.currency = Currency::USD).1, 0);
    let pool: Vec<String> =
        store.pool(Some("447700900223"), 2).expect("read").into_iter().map(|line| line.offer.number.into()).collect();
    assert_eq!(pool, ["447700900224", NUMBER]);
}

fn reload(store: &dyn Store, op: ReloadOp) -> ReloadDone {
    match run(store, Op::Reload(op)) {
        OpResult::Reload(done) => done,
        other => panic!("not about a payment: {other:?}"),
    }
}

fn arrangement(units: i64, times_left: u32) -> ReloadOp {
    let (amount, reference) = (Money::new(units, Currency::EUR), "T1".into());
    ReloadOp::Arrange(Reload { account_id: ACCOUNT, reference, amount, times_left, at: NOW })
}

fn taken(store: &dyn Store, id: i64, reference: &str) -> ReloadDone {
    reload(store, ReloadOp::Take { id, account_id: ACCOUNT, reference: reference.into(), at: NOW })
}

#[test]
fn an_arranged_payment_is_called_up_as_often_as_arranged() {
    let store = store_with(5);
    let none = ReloadDone::Refused(AccountRefusal::NoReload);
    assert_eq!(taken(&store, 60, "T1"), none);
    assert_eq!(reload(&store, arrangement(0, 2)), ReloadDone::Impossible);
    assert_eq!(reload(&store, arrangement(10, 2)), ReloadDone::Arranged);
    assert_eq!(taken(&store, 61, "T2"), none);
    for _ in 0..2 {
        assert!(matches!(taken(&store, 62, "T1"), ReloadDone::Taken(_)));
        assert_eq!(money(&store).0, 15, "the same operation pays once");
    }
    assert!(matches!(taken(&store, 63, "T1"), ReloadDone::Taken(_)));
    assert_eq!(taken(&store, 64, "T1"), ReloadDone::Refused(AccountRefusal::ReloadUsedUp));
    assert_eq!(money(&store).0, 25);
    let view = store.account(ACCOUNT).expect("read").expect("there");
    assert_eq!(view.reload.map(|reload| reload.times_left), Some(0));
    assert_eq!(reload(&store, ReloadOp::End { account_id: ACCOUNT, at: NOW }), ReloadDone::Arranged);
    assert_eq!(taken(&store, 65, "T1"), none);
    assert!(store.audit().expect("read").is_clean());
}

#[test]
fn a_wallet_never_overflows() {
    let store = store_with(i64::MAX - 5);
    reload(&store, arrangement(10, 2));
    assert_eq!(taken(&store, 60, "T1"), ReloadDone::Refused(AccountRefusal::ReloadUsedUp));
    assert_eq!(money(&store).0, i64::MAX - 5);
}

/// The day of [`NOW`].
fn today(recipient: &str) -> SentTo {
    let civil = NOW.civil();
    let from = Timestamp::of_day(civil.year, civil.month, civil.day).expect("a day");
    SentTo { from, until: from + Span::hours(24), recipient: recipient.into() }
}

fn rejection(id: i64, account_id: AccountId, at: Timestamp) -> Rejection {
    let send = RefusedSend {
        sender: "Acme".into(),
        recipient: RECIPIENT.into(),
        at,
        code: "7".into(),
        told: format!("barred {id}").into(),
    };
    Rejection { id, account_id, send }
}

#[test]
fn refused_requests_are_found_by_their_account_and_day_and_twice_is_once() {
    let store = shop(1);
    let rows = vec![rejection(1, ACCOUNT, NOW), rejection(2, ACCOUNT, NOW + Span::hours(24)), rejection(3, OTHER, NOW)];
    run(&store, Op::Rejections(rows.clone()));
    run(&store, Op::Rejections(rows));
    let found = store.rejections(ACCOUNT, &today(RECIPIENT)).expect("read");
    assert_eq!(found.iter().map(|send| &*send.told).collect::<Vec<_>>(), ["barred 1"]);
    assert_eq!(store.rejections(ACCOUNT, &today("INVALID")).expect("read"), []);
    assert_eq!(store.high_water().expect("read").max(3), store.high_water().expect("read"));
}

#[test]
fn the_table_of_refused_requests_is_bounded_by_number_and_age() {
    let store = shop(1);
    run(&store, Op::Rejections(vec![rejection(1, OTHER, NOW)]));
    for batch in 0..24 {
        let rows = (0..500).map(|index| rejection(10 + batch * 500 + index, ACCOUNT, NOW)).collect();
        run(&store, Op::Rejections(rows));
    }
    let count = |store: &SqliteStore, account: AccountId| {
        let read = |code: &str| {
            let within = SentTo { from: Timestamp(0), until: Timestamp(i64::MAX), recipient: code.into() };
            store.rejections(account, &within).expect("read")
        };
        read(RECIPIENT)
    };
    let oldest = count(&store, ACCOUNT)[0].told.to_string();
    let kept = 24 * 500 - (oldest.trim_start_matches("barred ").parse::<i64>().expect("a number") - 10);
    assert!((10_000..=10_512).contains(&kept), "{kept}");
    assert_eq!(count(&store, OTHER).len(), 1, "one account does not crowd out another");
    // Thirteen months later a few more come.
    let later = NOW + Span::hours(398 * 24);
    for batch in 0..6 {
        let rows = (0..500).map(|index| rejection(50_000 + batch * 500 + index, ACCOUNT, later)).collect();
        run(&store, Op::Rejections(rows));
    }
    assert_eq!(count(&store, OTHER).len(), 0, "old rows go, whoever's they are");
}

fn comes_in(id: i64, number: &str, text: &str) -> Op {
    let content = InboundContent::Text { text: MessageText::new(text), alphabet: InboundAlphabet::Gsm7 };
    let sender = SenderId::parse("447700900777").expect("a number");
    let part = InboundPart { sender, number: number.into(), header: [].into(), concat: None, content };
    Op::Inbound(Box::new(InboundIn {
        id: InboundId(id),
        carrier: CARRIER,
        part,
        at: NOW,
        notice_id: NoticeId(9_000_000 + id),
    }))
}

#[test]
fn each_part_is_found_with_what_it_says_and_how_it_ended() {
    // Ids of the time, since a day is a range of ids.
    let base = whimbrel_core::id::lowest_at(NOW);
    let store = store_with(1_000 * PRICE);
    let long = format!("{}{}", "a".repeat(153), "b{}".repeat(20));
    let mut plan = a_plan(base + 100, &long);
    plan.client_ref = Some("order 7".into());
    let parts: Vec<i64> = plan.parts.iter().map(|part| part.part_id.0).collect();
    assert_eq!(parts.len(), 2);
    run(&store, accept(plan, Claim::Now));
    run(&store, sent(parts[1], 1, 1, "ab1"));
    matched(&store, receipt(report("ab1", ReceiptStatus::Delivered), 2));
    let ids: Vec<HistoryId> = [parts[1], 77, parts[0]].map(HistoryId).into();
    let found = store.history(ACCOUNT, &ids).expect("read");
    let [HistoryPart::Sent(second), HistoryPart::Sent(first)] = found.as_slice() else { panic!("{found:?}") };
    assert_eq!((first.text.expose(), first.end), ("a".repeat(153).as_str(), None));
    assert_eq!(second.text.expose(), "b{}".repeat(20));
    let (end, at) = second.end.expect("ended");
    assert_eq!((end.status, at), (ReceiptStatus::Delivered, NOW + Span::seconds(2)));
    assert_eq!((&*second.recipient, second.client_ref.as_deref()), (RECIPIENT, Some("order 7")));
    assert_eq!(store.history(OTHER, &ids).expect("read"), [], "another account finds nothing");
    assert_eq!(store.history_within(OTHER, &today(RECIPIENT)).expect("read"), []);
    let day = store.history_within(ACCOUNT, &today(RECIPIENT)).expect("read");
    assert_eq!(day, [found[1].clone(), found[0].clone()]);
    let yesterday = SentTo { from: NOW - Span::hours(48), until: NOW - Span::hours(24), ..today(RECIPIENT) };
    assert_eq!(store.history_within(ACCOUNT, &yesterday).expect("read"), []);
}

#[test]
fn what_came_in_is_found_by_its_id_and_by_the_number_it_came_to() {
    let base = whimbrel_core::id::lowest_at(NOW);
    let store = store_with(1_000 * PRICE);
    let change = NumberFate::Assign { account_id: ACCOUNT, inbound_url: None, country: None };
    run(&store, Op::Number(NumberChange { number: "12345".into(), change, at: NOW }));
    run(&store, comes_in(base + 200, "12345", "yes"));
    run(&store, comes_in(base + 201, "54321", "nobody's"));
    let found = store.history(ACCOUNT, &[HistoryId(base + 200), HistoryId(base + 201)]).expect("read");
    let [HistoryPart::CameIn(part)] = found.as_slice() else { panic!("{found:?}") };
    assert_eq!((part.text.expose(), &*part.sender, &*part.number), ("yes", "447700900777", "12345"));
    assert_eq!(store.history_within(ACCOUNT, &today("12345")).expect("read"), found);
    assert_eq!(store.history_within(ACCOUNT, &today("54321")).expect("read"), []);
}
