//! A store that an older gateway wrote, opened by today's: through every migration since, with all that was in it, and it goes on.
//!
//! `stores/written_by_0012.sql` is no reconstruction: that gateway wrote it while texts were sent to it, and was killed.

mod support;

use std::os::unix::fs::OpenOptionsExt;

use support::*;
use whimbrel_core::{AccountId, Money, Span};
use whimbrel_inbox::search::parse;
use whimbrel_store::{
    Claim, InboundFilter, Keyring, NoticeResult, NoticeTried, Op, Search, SqliteOptions, SqliteStore, Store,
};

const WRITTEN: &str = include_str!("stores/written_by_0012.sql");
/// That gateway's own, made for this.
const KEY: &str = "whimbrel keys 1
current 1
key 1 ca41af1c1c49e590612c58c05d16ae9a5f494e2908fd2935ab9d146f077b868c
";
const DEVKEY: AccountId = AccountId(31_593_428_754_104_320);
/// Of the text that a link had taken when the gateway was killed, and of one whose receipt never came.
const SUBMITTING: i64 = 31_593_429_265_285_120;
const SUBMITTED: i64 = 31_593_429_263_187_968;

/// Seconds from the usual beginning of tests to after that gateway was killed.
const LATER: i64 = 500_000;

fn written_by_0012(folder: &Folder) {
    use std::io::Write;
    let mut options = std::fs::OpenOptions::new();
    let key = options.write(true).create_new(true).mode(0o600).open(folder.path().join("secret.key"));
    key.and_then(|mut file| file.write_all(KEY.as_bytes())).expect("written");
    let old = rusqlite::Connection::open(folder.file()).expect("opens");
    old.execute_batch(WRITTEN).expect("filled");
}

fn open(folder: &Folder) -> SqliteStore {
    let keyring = Keyring::open(folder.path()).expect("the key of then");
    SqliteStore::open(SqliteOptions { path: folder.file(), keyring, reader_count: 1 }).expect("opens")
}

fn assert_clean(store: &SqliteStore) {
    let audit = store.audit().expect("read");
    assert!(audit.is_clean(), "{:?}", audit.broken().collect::<Vec<_>>());
}

#[test]
fn a_store_of_an_older_gateway_opens_with_all_that_is_in_it() {
    let folder = Folder::new("upgrade");
    written_by_0012(&folder);
    let store = open(&folder);
    assert_clean(&store);
    let stats = store.stats().expect("read");
    let counts = (stats.messages, stats.submitting, stats.submitted, stats.notices, stats.inbound);
    assert_eq!(counts, (9, 1, 1, 8, 1));
    let keys: Vec<_> = store.credentials().expect("read").iter().map(|one| one.account.key.to_string()).collect();
    assert_eq!(keys, ["devkey01", "devnexo1", "seven-dev"]);
    let wallet = wallet(&store, DEVKEY);
    assert_eq!(
        (wallet.posted.eight_decimals(), wallet.held.eight_decimals()),
        ("1000012.33350000".into(), "0.03330000".into())
    );

    let found = |query: &str| {
        let search = Search::new(parse(query, NOW).expect("a query"), 100);
        store.search(&search).expect("read").found.into_iter().map(|one| one.status.to_string()).collect::<Vec<_>>()
    };
    assert_eq!(found("").len(), 9);
    assert_eq!(found("482917"), ["delivered"], "a code that its sender wrote");
    assert_eq!(found("\"****** la ma\""), ["delivered"], "and one that is kept secret");
    assert_eq!(
        (found("long"), found("fails"), found("with a hook")),
        (vec!["delivered".into()], vec!["failed".into()], vec!["delivered".into()])
    );
    assert_eq!(view(&store, SUBMITTED).client_ref, None);
    let inbound = store.inbound(&InboundFilter { count_max: 10, ..Default::default() }).expect("read");
    assert_eq!((inbound.len(), inbound[0].account_id), (1, Some(DEVKEY)));
    assert_eq!(store.operators().expect("read").len(), 0, "what came later is empty");
}

#[test]
fn what_an_older_gateway_began_goes_on() {
    let folder = Folder::new("upgrade-goes-on");
    written_by_0012(&folder);
    let store = open(&folder);
    // The receipt of then, the answer that was waited for, and a webhook that is taken at last.
    let record = matched(&store, receipt(report("C0703E0E78800000", whimbrel_core::ReceiptStatus::Delivered), LATER));
    assert!(record.record.is_none(), "it has ended");
    assert_eq!(states(&store, SUBMITTED), ["delivered"]);
    part(&store, sent(SUBMITTING, LATER + 1, 1, "C0FFEE"));
    assert_eq!(states(&store, SUBMITTING), ["submitted"]);
    let notices = store.notices(None, 100).expect("read");
    let waiting = notices.iter().find(|notice| notice.failures > 0).expect("one that nobody took");
    let taken = NoticeTried {
        id: waiting.id,
        at: NOW + Span::seconds(LATER),
        result: NoticeResult::Delivered,
        detail: "HTTP 200".into(),
    };
    run(&store, Op::Notice(taken));
    assert_ne!(store.notices(None, 100).expect("read").len(), notices.len());

    // And a new text is taken, sent and paid for.
    let id = SUBMITTING + (1 << 30);
    let before = wallet(&store, DEVKEY);
    let mut plan = a_plan(id, "Hello from today");
    let now = NOW + Span::seconds(LATER);
    (plan.accepted_at, plan.due_at, plan.expires_at) = (now, now, now + Span::hours(72));
    (plan.account_id, plan.dialect) = (DEVKEY, "nexmo");
    run(&store, accept(plan, Claim::Now));
    part(&store, sent(id, LATER + 2, 1, "C0FFEF"));
    assert_eq!(states(&store, id), ["submitted"]);
    let spent = before.posted.units - wallet(&store, DEVKEY).posted.units;
    assert_eq!(Money::new(spent, before.posted.currency), view(&store, id).summary.price);
    assert_clean(&store);
    drop(store);
    assert_clean(&open(&folder));
}
