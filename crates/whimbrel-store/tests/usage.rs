//! What is counted of a day: accepted once, given back once, ended once, for the account alone; and what a migration finds.

mod support;

use rusqlite::Connection;
use support::*;
use whimbrel_core::{AccountId, AttemptNumber, CarrierError, Cause, PartEvent, ReceiptStatus, RefusalScope};
use whimbrel_store::{Claim, OpResult, Store, UsageDay, UsageFilter};

/// Ids as they are made at `NOW`.
const BASE: i64 = ((NOW.0 / 1_000 - 1_735_689_600_000) << 19) + 1;
const DAY: i64 = NOW.0 / 86_400_000_000;

fn of(store: &impl Store, account_id: AccountId, from_day: i64, until_day: i64) -> Vec<UsageDay> {
    store.usage(&UsageFilter { account_id, from_day, until_day }).expect("readable")
}

/// Messages, parts, delivered, failed, spent.
fn counts(days: &[UsageDay]) -> Vec<(i64, [i64; 5])> {
    days.iter().map(|day| (day.day, [day.messages, day.parts, day.delivered, day.failed, day.spent.units])).collect()
}

#[test]
fn a_day_counts_what_was_accepted_on_it_and_what_became_of_it() {
    let folder = Folder::new("usage-day");
    let store = folder.open();
    furnish(&store, 100 * PRICE);
    for message in 0..3 {
        let op = accept(a_plan(BASE + message, "hello"), Claim::Now);
        for repeated in [false, true] {
            assert!(matches!(run(&store, op.clone()), OpResult::Accepted { repeated: r, .. } if r == repeated));
        }
    }
    let all = |store: &_| counts(&of(store, ACCOUNT, 0, i64::MAX));
    assert_eq!(all(&store), [(DAY, [3, 3, 0, 0, 3 * PRICE])], "the same operation again counts nothing");
    part(&store, sent(BASE, 1, 1, "AB01"));
    for _ in 0..2 {
        matched(&store, receipt(report("AB01", ReceiptStatus::Delivered), 2));
    }
    let error = CarrierError::Permanent {
        cause: Cause::Spam,
        status: ReceiptStatus::Rejected,
        code: "69".into(),
        scope: RefusalScope::Everywhere,
    };
    let refused = PartEvent::Refused { attempt: AttemptNumber(1), error, retry_at: NOW, next: None };
    part(&store, event(BASE + 1, 3, refused));
    assert_eq!(all(&store), [(DAY, [3, 3, 1, 1, 2 * PRICE])]);
    assert!(of(&store, AccountId(ACCOUNT.0 + 1), 0, i64::MAX).is_empty(), "of another account");
    assert!(of(&store, ACCOUNT, 0, DAY).is_empty() && of(&store, ACCOUNT, DAY + 1, i64::MAX).is_empty());
    assert!(store.audit().expect("readable").is_clean());
    drop(store);
    assert_eq!(all(&folder.open()), [(DAY, [3, 3, 1, 1, 2 * PRICE])], "after a restart");

    // A store of version 9 has no such table: what it holds is counted when it is opened.
    let db = Connection::open(folder.file()).expect("opens");
    db.execute_batch("drop table usage_day; drop table number_network; drop table subaccount; drop table operator; drop table recovery_code;
         drop table audit; drop table traffic_hour; drop index live_unclear; alter table live drop column reroutes;
         alter table live drop column unclear_until; drop index live_expiry; alter table live drop column indexed;
         create index live_expiry on live (expires_at); drop index notice_due; alter table notice drop column indexed;
         create index notice_due on notice (due_at, id); pragma user_version = 9")
        .expect("done");
    drop(db);
    assert_eq!(all(&folder.open()), [(DAY, [3, 3, 1, 1, 2 * PRICE])], "counted from what is there");
}
