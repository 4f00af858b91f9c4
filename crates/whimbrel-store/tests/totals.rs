//! What an account sent and what came in for it, added up: by spans, networks and marks, without what was given back.

mod support;

use support::*;
use whimbrel_core::call::totals::{TotalsBy, TotalsCall, TotalsOf};
use whimbrel_core::{
    AccountId, AttemptNumber, CarrierError, Cause, InboundAlphabet, InboundContent, InboundId, InboundPart,
    MessageText, NoticeId, PartEvent, Plan, ReceiptStatus, RefusalScope, SenderId, Span, Timestamp, id,
};
use whimbrel_store::{Claim, InboundIn, NumberChange, NumberFate, Op, Store, Tally};

const OURS: &str = "447700900001";
const HOUR: Span = Span::hours(1);

/// The id of something made so many hours after `NOW`.
fn at(hours: i64, number: i64) -> i64 {
    id::lowest_at(NOW + Span::hours(hours)) + number
}

fn labelled(id: i64, network: &str, label: Option<&str>, text: &str) -> Plan {
    Plan { network: network.into(), account_ref: label.map(Into::into), ..a_plan(id, text) }
}

/// A text that came in from another number than those of recipients.
fn came_in(id: i64) -> Op {
    let content = InboundContent::Text { text: MessageText::new("hello"), alphabet: InboundAlphabet::Gsm7 };
    let sender = SenderId::parse("447700900777").expect("a number");
    let part = InboundPart { sender, number: OURS.into(), header: Default::default(), concat: None, content };
    Op::Inbound(Box::new(InboundIn { id: InboundId(id), carrier: CARRIER, part, at: NOW, notice_id: NoticeId(id) }))
}

/// Index of the span, name, count and price in parts, of what was sent and what came in.
type Counted = (Vec<(usize, String, u64, i64)>, Vec<(usize, String, u64, i64)>);

fn totals(store: &dyn Store, account: AccountId, by: TotalsBy, bounds: &[Timestamp], label: Option<&str>) -> Counted {
    let call = TotalsCall { by, of: TotalsOf::Own, bounds: bounds.to_vec(), account_ref: label.map(Into::into) };
    let found = store.totals(account, &call).expect("readable").expect("few");
    let plain = |tallies: Vec<Tally>| {
        tallies.into_iter().map(|of| (of.span, of.name.into(), of.count, of.spent / PRICE)).collect()
    };
    (plain(found.sent), plain(found.came_in))
}

fn row(span: usize, name: &str, count: u64, parts: i64) -> (usize, String, u64, i64) {
    (span, name.to_owned(), count, parts)
}

#[test]
fn what_an_account_did_is_added_up_and_nobody_elses() {
    let store = store_with(100 * PRICE);
    let assign = NumberFate::Assign { account_id: ACCOUNT, inbound_url: None, country: None };
    run(&store, Op::Number(NumberChange { number: OURS.into(), change: assign, at: NOW }));
    let long = "a".repeat(200);
    for plan in [
        labelled(at(0, 1), "23420", None, "one part"),
        labelled(at(0, 100), "23420", Some("news"), &long),
        labelled(at(1, 1), "26201", Some("news"), "the last of its kind"),
        labelled(at(2, 1), "26201", None, "after the end"),
    ] {
        run(&store, accept(plan, Claim::Now));
    }
    run(&store, came_in(at(0, 500)));
    run(&store, came_in(at(1, 500)));

    let day = [NOW, NOW + HOUR, NOW + HOUR + HOUR];
    let whole = [day[0], day[2]];
    let by = |by, bounds: &[Timestamp], label| totals(&store, ACCOUNT, by, bounds, label);
    let texts = vec![row(0, "", 1, 0), row(1, "", 1, 0)];
    assert_eq!(by(TotalsBy::Span, &day, None), (vec![row(0, "", 2, 3), row(1, "", 1, 1)], texts));
    assert_eq!(
        by(TotalsBy::Country, &whole, None),
        (vec![row(0, "23420", 2, 3), row(0, "26201", 1, 1)], vec![row(0, "447700900777", 2, 0)])
    );
    assert_eq!(
        by(TotalsBy::AccountRef, &whole, None),
        (vec![row(0, "", 1, 1), row(0, "news", 2, 3)], vec![row(0, "", 2, 0)])
    );
    assert_eq!(by(TotalsBy::AccountRef, &whole, Some("news")), (vec![row(0, "news", 2, 3)], vec![]));
    assert_eq!(by(TotalsBy::Account, &whole, Some("other")), (vec![], vec![]));
    assert_eq!(by(TotalsBy::Span, &[day[2], day[2] + HOUR], None).0, [row(0, "", 1, 1)]);
    for nothing in [&[][..], &[NOW][..]] {
        assert_eq!(by(TotalsBy::Span, nothing, None), (vec![], vec![]));
    }
    assert_eq!(totals(&store, AccountId(ACCOUNT.0 + 1), TotalsBy::Span, &day, None), (vec![], vec![]));

    // A refusal gives the price of its part back; of a long text the second part alone, the first stays paid.
    let error = || CarrierError::Permanent {
        cause: Cause::Spam,
        status: ReceiptStatus::Rejected,
        code: "69".into(),
        scope: RefusalScope::Everywhere,
    };
    let refused = || PartEvent::Refused { attempt: AttemptNumber(1), error: error(), retry_at: NOW, next: None };
    for part_id in [at(1, 1), at(0, 101)] {
        part(&store, event(part_id, 1, refused()));
    }
    assert_eq!(by(TotalsBy::Span, &day, None).0, [row(0, "", 2, 2), row(1, "", 1, 0)]);
    assert!(store.audit().expect("readable").is_clean());
}
