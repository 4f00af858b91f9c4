//! The list of invariants, and of what the present tables cannot tell.

use super::{Invariant, Reach, Test, Waiting};

macro_rules! invariants {
    ($($reach:ident $promise:literal $name:literal over $($table:ident)+;)+) => {
        &[$(Invariant {
            name: $name,
            promise: $promise,
            reach: Reach::$reach,
            over: &[$(stringify!($table)),+],
            test: Test::Query(include_str!(concat!("../../../checks/", $name, ".sql"))),
        }),+, SEALED, VERIFIERS]
    };
}

const SEALED: Invariant = Invariant {
    name: "sealed-secret-can-be-opened",
    promise: "P-16",
    reach: Reach::Everything,
    over: &["sealed"],
    test: Test::Sealed,
};

const VERIFIERS: Invariant = Invariant {
    name: "verifier-has-its-key",
    promise: "P-16",
    reach: Reach::Everything,
    over: &["secret", "operator", "recovery_code"],
    test: Test::Verifiers,
};

/// Every invariant, in the order in which they are looked at. The queries are in the crate's folder `checks`.
pub const INVARIANTS: &[Invariant] = invariants! {
    Everything "P-15" "database-is-sound" over meta;
    // Money.
    Everything "P-5" "wallet-is-its-ledger" over wallet transfer;
    Open "P-5" "wallet-holds-what-is-open" over wallet live;
    Open "P-4" "wallet-is-not-overdrawn" over wallet;
    Everything "P-4" "acceptance-was-covered" over message;
    Open "P-5" "account-has-its-wallet" over account wallet;
    Everything "P-5" "transfer-has-its-parties" over transfer;
    Everything "P-5" "wallet-credit-is-its-ledger" over wallet transfer live split;
    Everything "P-5" "split-fits-its-part" over split live transfer;
    Everything "P-5" "payment-names-its-account" over transfer;
    Everything "P-3" "charge-fits-its-part" over transfer;
    Everything "P-3" "captured-part-is-charged" over live ended;
    Everything "P-3" "end-settles-the-hold" over ended;
    Open "P-17" "subaccount-is-below-its-account" over subaccount;
    Everything "P-5" "purchase-is-paid" over purchase transfer;
    Everything "P-17" "bought-number-is-owned" over purchase number;
    Everything "P-4" "spent-today-was-accepted" over wallet message;
    Everything "P-17" "usage-covers-what-was-accepted" over message usage_day;
    Everything "P-17" "traffic-is-within-usage" over traffic_hour usage_day;
    Open "P-3" "open-part-funds-fit-its-state" over live;
    Open "P-2" "hold-is-not-overdue" over live;
    // Messages and parts.
    Open "P-3" "open-part-agrees-with-its-message" over live;
    Everything "P-1" "message-has-its-parts" over message;
    Everything "P-1" "part-has-its-message" over live ended;
    Everything "P-2" "part-is-in-one-place" over live ended;
    Open "P-2" "open-part-has-an-owner" over live;
    Open "P-2" "open-part-is-understood" over live;
    Open "P-2" "nothing-is-set-aside" over ended set_aside;
    Everything "P-20" "end-is-understood" over ended;
    Everything "P-1" "counts-are-true" over message attempt inbound;
    Open "P-13" "ids-are-below-the-mark" over meta;
    Everything "P-13" "numbers-are-below-the-mark" over meta;
    Everything "P-17" "rows-have-their-account" over message endpoint secret signature_secret number purchase reload
        replay rejection inbound list_entry dialect_doc usage_day;
    Everything "P-9" "stored-answer-has-its-message" over dedupe;
    // Attempts.
    Everything "P-7" "attempts-are-complete" over attempt live ended;
    Everything "P-20" "attempt-is-understood" over attempt;
    Everything "P-7" "resend-has-its-reason" over attempt live;
    Everything "P-7" "copies-are-bounded" over attempt live;
    Everything "P-7" "nothing-leaves-after-expiry" over attempt live;
    Open "P-8" "doubts-are-recorded" over live;
    // Receipts, webhooks, texts that came in.
    Everything "P-10" "carrier-id-leads-to-a-part" over pidx;
    Everything "P-10" "submitted-part-is-found-by-its-id" over live;
    Open "P-10" "parked-receipt-is-whole" over parked parked_key;
    Open "P-10" "parked-receipt-is-unknown" over parked;
    Open "P-10" "parked-receipt-is-not-overdue" over parked;
    Open "P-11" "notice-has-its-subject" over notice;
    Open "P-11" "notice-failures-are-told" over notice;
    Everything "P-11" "callback-is-told-of-every-end" over ended;
    Everything "P-10" "inbound-parts-fit-together" over inbound;
    // Credentials, documents.
    Everything "P-13" "used-signature-has-its-message" over replay;
    Everything "P-13" "uses-are-forgotten-in-order" over replay;
    Open "P-17" "account-has-its-secrets" over account secret signature_secret;
    Everything "P-16" "sealed-secret-has-its-place" over sealed signature_secret operator;
    Everything "P-17" "document-is-understood" over dialect_doc;
    Open "P-16" "recovery-code-has-its-operator" over recovery_code;
};

/// What is promised and cannot be seen in the present tables.
pub const WAITING: &[Waiting] = &[
    Waiting {
        name: "balance-was-covered-at-every-step",
        promise: "P-4",
        waits_for: "a sequence in the ledger, and holds as its entries: only acceptances say what they left",
    },
    Waiting {
        name: "told-balance-is-the-balance-then",
        promise: "P-5",
        waits_for: "a sequence in the ledger: ids are given before the commit and do not tell its order",
    },
    Waiting {
        name: "ledger-was-never-changed",
        promise: "P-5",
        waits_for: "triggers against changes, and a chain of hashes for each account",
    },
    Waiting { name: "buckets-are-spent-in-order", promise: "P-5", waits_for: "wallets with buckets" },
    Waiting { name: "refunds-are-covered", promise: "P-5", waits_for: "refunds in the ledger" },
    Waiting { name: "carrier-cost-is-counted", promise: "P-5", waits_for: "entries for what carriers charge" },
    Waiting {
        name: "end-fits-the-price-plan",
        promise: "P-3",
        waits_for: "the price plan in the row of an ended part; what every plan has in common is looked at",
    },
    Waiting {
        name: "times-rise",
        promise: "P-20",
        waits_for: "a clock that is never set back: the order of attempts is told by their numbers",
    },
    Waiting {
        name: "one-node-has-a-part",
        promise: "P-12",
        waits_for: "leases: one process owns the store, and the lock of the data folder keeps a second one out",
    },
    Waiting {
        name: "state-is-the-fold-of-receipts",
        promise: "P-10",
        waits_for: "a row for each receipt; the simulation looks at it as receipts come",
    },
    Waiting {
        name: "account-webhook-is-told-of-every-end",
        promise: "P-11",
        waits_for: "the history of an account's endpoints; ends for callbacks are looked at",
    },
    Waiting {
        name: "webhooks-of-an-endpoint-are-numbered",
        promise: "P-11",
        waits_for: "a sequence for each endpoint",
    },
    Waiting {
        name: "webhook-times-fit-the-schedule",
        promise: "P-11",
        waits_for: "a clock that is never set back; the schedule has tests of its own",
    },
    Waiting {
        name: "accepted-is-stored-and-refused-is-not",
        promise: "P-6",
        waits_for: "the journals of client and carrier: `cargo xtask crashloop` compares them",
    },
    Waiting {
        name: "spent-today-is-all-that-was-accepted",
        promise: "P-4",
        waits_for: "a mark of the day on which a store of the version before was opened; that it is no more is looked at",
    },
    Waiting {
        name: "called-up-payment-was-arranged",
        promise: "P-5",
        waits_for: "the history of arrangements: only what may still be called up is kept",
    },
    Waiting {
        name: "every-part-of-a-long-message-is-told",
        promise: "P-11",
        waits_for: "the message's row saying whether it is told as a whole: of several ends one is looked for",
    },
];

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;

    #[test]
    fn every_file_of_the_folder_is_in_the_list_once() {
        let folder = concat!(env!("CARGO_MANIFEST_DIR"), "/checks");
        let files: BTreeSet<String> = std::fs::read_dir(folder)
            .expect("the folder")
            .map(|file| file.expect("readable").path().file_stem().expect("a name").to_string_lossy().into_owned())
            .collect();
        let queries = INVARIANTS.iter().filter(|invariant| matches!(invariant.test, Test::Query(_)));
        let names: Vec<String> = queries.map(|invariant| invariant.name.to_owned()).collect();
        assert_eq!(names.len(), files.len());
        assert_eq!(names.into_iter().collect::<BTreeSet<_>>(), files);
        let waiting: BTreeSet<&str> = WAITING.iter().map(|waiting| waiting.name).collect();
        assert!(INVARIANTS.iter().all(|invariant| !waiting.contains(invariant.name)));
    }

    #[test]
    fn every_query_says_what_it_is_for() {
        for invariant in INVARIANTS {
            let Test::Query(sql) = invariant.test else { continue };
            assert!(sql.starts_with("-- ") && sql.ends_with('\n'), "{}", invariant.name);
        }
    }
}
