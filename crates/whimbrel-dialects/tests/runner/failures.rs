//! The status table of the vendor's SMS API, row by row: each row that we send has exchange files in both forms, each that we do
//! not send says why. And every refusal that there is has its files.

use std::collections::BTreeSet;

use whimbrel_core::{CallbackFault, Refusal};

use super::{body, open, xml};

const DIALECT: &str = "nexmo";
/// What the name of a file in XML has behind that of its twin in JSON.
const XML: &str = "-in-xml";

/// A row of the table, with the status that all its cases have.
struct Row {
    status: &'static str,
    /// What the answer has beside status and text.
    fields: &'static [&'static str],
    sent: Sent,
}

enum Sent {
    /// Each text with the file that shows it.
    By(&'static [(&'static str, &'static str)]),
    /// Not by this API or not by us.
    Never { text: &'static str, why: &'static str },
}

use Sent::{By, Never};

const NO_FIELDS: &[&str] = &[];
const NO_LONGER: &str = "the vendor no longer sends it";

/// In the order of the reference.
const ROWS: &[Row] = &[
    Row {
        status: "1",
        fields: &["to", "network"],
        sent: By(&[(
            "Throughput Rate Exceeded - please wait [ 702 ] and retry",
            "a-sender-that-is-too-fast-is-told-how-long-to-wait",
        )]),
    },
    Row {
        status: "1",
        fields: &["to"],
        sent: By(&[(
            "Throughput Rate Exceeded - please wait [ 20000 ] and retry",
            "a-recipient-that-is-sent-too-much-has-to-wait",
        )]),
    },
    Row {
        status: "1",
        fields: &["to", "network"],
        sent: By(&[(
            "Throughput Rate Exceeded - please wait and retry",
            "a-sender-that-is-too-fast-may-not-be-told-how-long",
        )]),
    },
    Row {
        status: "1",
        fields: NO_FIELDS,
        sent: By(&[(
            "Exceeded maximum MT throughput[ MAX [ 30 ] INTERVAL [ 1000 ] COUNT [ 30 ] \
             LAST INT-START [ 1617784922564 ] TIME_SINCE_LAST_INTERVAL_START [ 529 ]  ] ",
            "too-many-requests-in-a-second",
        )]),
    },
    // Ours: failures to prove who is calling, which have no row of their own. No recipient is read then.
    Row {
        status: "1",
        fields: NO_FIELDS,
        sent: By(&[(
            "Throughput Rate Exceeded - please wait [ 2500 ] and retry",
            "who-failed-too-often-is-told-how-long-to-wait",
        )]),
    },
    // Ours: the server is over its limits, which has no row of its own.
    Row {
        status: "1",
        fields: NO_FIELDS,
        sent: By(&[(
            "Throughput Rate Exceeded - please wait and retry",
            "overload-is-a-throttle-that-clients-wait-out",
        )]),
    },
    Row {
        status: "1",
        fields: NO_FIELDS,
        sent: Never {
            text: "Throttled; You are sending SMS faster than the account limit",
            why: "the end of the text is not known, and the other three say the same",
        },
    },
    Row {
        status: "2",
        fields: NO_FIELDS,
        sent: By(&[
            ("Missing api_key", "nothing-at-all-misses-the-key-first"),
            ("Missing from param", "a-missing-sender-is-named"),
            ("Missing to param", "a-missing-recipient-is-named"),
            ("Missing Message Text", "a-missing-text-is-named"),
        ]),
    },
    Row {
        status: "2",
        fields: NO_FIELDS,
        sent: By(&[
            ("Missing api_secret", "a-missing-secret-is-named"),
            ("Missing body param", "a-binary-message-without-a-body"),
            ("Missing title param", "a-push-message-without-a-title"),
            ("Missing url param", "a-push-message-without-a-url"),
            ("Missing vcard param", "a-card-without-its-text"),
            ("Missing vcal param", "a-calendar-entry-without-its-text"),
        ]),
    },
    Row {
        status: "3",
        fields: NO_FIELDS,
        sent: By(&[("to address is not numeric", "the-captured-refusal-of-128-octets-is-reproduced")]),
    },
    Row {
        status: "3",
        fields: NO_FIELDS,
        sent: By(&[
            ("Invalid type", "an-unknown-type-is-refused"),
            ("Invalid Idempotency-Key", "an-idempotency-key-of-another-request-is-refused"),
        ]),
    },
    Row {
        status: "4",
        fields: NO_FIELDS,
        sent: By(&[
            ("Bad Credentials", "a-wrong-secret-is-refused-before-the-rest-is-judged"),
            ("Bad Credentials", "a-way-that-the-policy-leaves-out-looks-like-a-wrong-secret"),
            ("Bad Credentials", "another-network-looks-like-a-wrong-secret"),
            ("Bad Credentials", "a-credential-that-is-over-looks-like-a-wrong-one"),
        ]),
    },
    Row { status: "5", fields: NO_FIELDS, sent: By(&[("Server Error", "a-fault-of-ours-is-a-server-error")]) },
    Row {
        status: "6",
        fields: &["to"],
        sent: By(&[("Unroutable message - rejected", "no-route-leads-to-the-recipient")]),
    },
    Row { status: "7", fields: &["to"], sent: By(&[("Number barred.", "a-barred-recipient-is-refused")]) },
    Row { status: "8", fields: NO_FIELDS, sent: By(&[("Partner account barred", "a-suspended-account-is-refused")]) },
    Row {
        status: "9",
        fields: &["to", "message-price", "remaining-balance", "network"],
        sent: By(&[
            ("Quota Exceeded - rejected", "no-money-is-left"),
            ("Quota Exceeded - rejected", "no-more-is-spent-in-a-day-than-the-policy-says"),
        ]),
    },
    Row {
        status: "10",
        fields: NO_FIELDS,
        sent: Never { text: "Too many existing binds", why: "connections to the API are not counted by account" },
    },
    Row {
        status: "11",
        fields: NO_FIELDS,
        sent: By(&[("Account not enabled for REST", "an-account-that-may-not-send-by-http")]),
    },
    Row {
        status: "12",
        fields: NO_FIELDS,
        sent: By(&[
            ("Message too long", "a-text-of-3201-characters-is-too-long"),
            ("Message too long", "a-binary-message-of-141-octets-is-too-long"),
        ]),
    },
    Row { status: "13", fields: NO_FIELDS, sent: Never { text: "Communication Failed", why: NO_LONGER } },
    Row {
        status: "14",
        fields: NO_FIELDS,
        sent: By(&[
            ("Invalid Signature", "a-wrong-signature-is-refused"),
            ("Invalid Signature", "a-secret-is-not-enough-where-requests-must-be-signed"),
            ("Invalid Signature", "a-signature-that-is-too-weak-is-no-signature"),
        ]),
    },
    Row {
        status: "15",
        fields: &["to"],
        sent: By(&[("Illegal Sender Address - rejected", "a-sender-that-is-not-allowed-is-refused")]),
    },
    Row { status: "16", fields: NO_FIELDS, sent: By(&[("Invalid TTL", "a-short-validity-is-refused")]) },
    Row { status: "17", fields: NO_FIELDS, sent: Never { text: "number unreachable", why: NO_LONGER } },
    Row { status: "18", fields: NO_FIELDS, sent: Never { text: "too many destinations", why: NO_LONGER } },
    Row {
        status: "19",
        fields: NO_FIELDS,
        sent: By(&[
            ("Facility not allowed", "wappush-messages-are-not-offered"),
            ("Facility not allowed", "a-feature-that-the-account-may-not-use"),
            ("Facility not allowed", "a-key-that-may-not-send"),
        ]),
    },
    Row {
        status: "20",
        fields: NO_FIELDS,
        sent: By(&[("Invalid Message class", "a-handset-class-that-is-none-is-refused")]),
    },
    Row {
        status: "22",
        fields: NO_FIELDS,
        sent: By(&[
            ("Invalid network code", "a-network-code-that-is-none-is-refused"),
            ("Invalid network code", "a-network-of-another-country-is-refused"),
        ]),
    },
    Row {
        status: "23",
        fields: NO_FIELDS,
        sent: By(&[
            ("Bad callback :: Missing Protocol", "a-callback-without-a-protocol-is-refused"),
            ("Bad callback", "a-callback-of-101-characters-is-refused"),
        ]),
    },
    Row {
        status: "29",
        fields: &["to"],
        sent: By(&[("Non White-listed Destination - rejected", "a-recipient-that-is-not-permitted-is-refused")]),
    },
    Row {
        status: "32",
        fields: NO_FIELDS,
        sent: By(&[("Signature And API Secret Disallowed", "a-signature-beside-a-secret-is-refused")]),
    },
    Row {
        status: "33",
        fields: &["to"],
        sent: By(&[("Number De-activated", "a-number-that-was-given-up-is-refused")]),
    },
    Row {
        status: "34",
        fields: NO_FIELDS,
        sent: Never { text: "Invalid or Missing Msisdn Param", why: "of the short-code APIs, which are not offered" },
    },
    Row {
        status: "101",
        fields: NO_FIELDS,
        sent: Never { text: "Invalid Account for Campaign", why: "of the short-code APIs, which are not offered" },
    },
    Row {
        status: "102",
        fields: NO_FIELDS,
        sent: Never {
            text: "RESPONSE_MSISDN_OPTED_OUT_FOR_CAMPAIGN",
            why: "of the short-code APIs, which are not offered",
        },
    },
    Row {
        status: "103",
        fields: NO_FIELDS,
        sent: Never { text: "RESPONSE_INVALID_MSISDN", why: "of the short-code APIs, which are not offered" },
    },
];

/// Status 0 is the row of successes: one part and several.
const SUCCESSES: &[(&str, usize)] = &[
    ("a-text-sent-by-curl-is-answered-like-the-captured-one", 1),
    ("several-parts-have-an-object-each", 2),
    ("marks-come-back-in-the-answer", 1),
];

macro_rules! files_of_refusals {
    ($($pattern:pat => $file:literal,)+) => {
        /// The file of a refusal. Exhaustive: a new one does not compile until it has its file here.
        fn file_of(refusal: &Refusal) -> &'static str {
            match refusal { $($pattern => $file),+ }
        }

        const FILES: &[&str] = &[$($file),+];
    };
}

files_of_refusals! {
    Refusal::Missing { .. } => "a-missing-sender-is-named",
    Refusal::Invalid { .. } => "an-unknown-type-is-refused",
    Refusal::RecipientNotNumeric => "the-captured-refusal-of-128-octets-is-reproduced",
    Refusal::InvalidValidity => "a-short-validity-is-refused",
    Refusal::InvalidHandsetClass => "a-handset-class-that-is-none-is-refused",
    Refusal::InvalidCallback(CallbackFault::MissingProtocol) => "a-callback-without-a-protocol-is-refused",
    Refusal::InvalidCallback(CallbackFault::Malformed) => "a-callback-of-101-characters-is-refused",
    Refusal::TooLong => "a-text-of-3201-characters-is-too-long",
    Refusal::FacilityNotAllowed => "a-feature-that-the-account-may-not-use",
    Refusal::BadCredentials => "a-wrong-secret-is-refused-before-the-rest-is-judged",
    Refusal::CredentialExpired => "a-credential-that-is-over-looks-like-a-wrong-one",
    Refusal::ConflictingCredentials => "a-signature-beside-a-secret-is-refused",
    Refusal::InvalidSignature | Refusal::SignatureRefused { .. } => "a-wrong-signature-is-refused",
    Refusal::SignatureRequired => "a-secret-is-not-enough-where-requests-must-be-signed",
    Refusal::SignatureTooWeak { .. } => "a-signature-that-is-too-weak-is-no-signature",
    Refusal::MethodNotAllowed { .. } => "a-way-that-the-policy-leaves-out-looks-like-a-wrong-secret",
    Refusal::SourceNotAllowed => "another-network-looks-like-a-wrong-secret",
    Refusal::ScopeNotAllowed { .. } => "a-key-that-may-not-send",
    Refusal::TooManyFailures { .. } => "who-failed-too-often-is-told-how-long-to-wait",
    Refusal::AccountBarred => "a-suspended-account-is-refused",
    Refusal::HttpNotAllowed => "an-account-that-may-not-send-by-http",
    Refusal::TooManyRequests(_) => "too-many-requests-in-a-second",
    Refusal::SenderThrottled { wait: Some(_), .. } => "a-sender-that-is-too-fast-is-told-how-long-to-wait",
    Refusal::SenderThrottled { wait: None, .. } => "a-sender-that-is-too-fast-may-not-be-told-how-long",
    Refusal::RecipientThrottled { .. } => "a-recipient-that-is-sent-too-much-has-to-wait",
    Refusal::RecipientNotPermitted { .. } => "a-recipient-that-is-not-permitted-is-refused",
    Refusal::RecipientBarred { .. } => "a-barred-recipient-is-refused",
    Refusal::RecipientDeactivated { .. } => "a-number-that-was-given-up-is-refused",
    Refusal::SenderNotAllowed { .. } => "a-sender-that-is-not-allowed-is-refused",
    Refusal::InvalidNetwork => "a-network-of-another-country-is-refused",
    Refusal::Unroutable { .. } => "no-route-leads-to-the-recipient",
    Refusal::InsufficientFunds { .. } => "no-money-is-left",
    Refusal::SpendCapReached { .. } => "no-more-is-spent-in-a-day-than-the-policy-says",
    Refusal::IdempotencyConflict => "an-idempotency-key-of-another-request-is-refused",
    Refusal::Overloaded => "overload-is-a-throttle-that-clients-wait-out",
    Refusal::Internal => "a-fault-of-ours-is-a-server-error",
}

/// Names with their values, whatever the form.
type Fields = BTreeSet<(String, String)>;

fn in_json(stem: &str) -> Vec<Fields> {
    let file = open(DIALECT, stem);
    let document: serde_json::Value = serde_json::from_str(body(&file)).expect("JSON");
    let messages = document["messages"].as_array().expect("messages");
    assert_eq!(document["message-count"], messages.len().to_string(), "{stem}");
    let text = |value: &serde_json::Value| value.as_str().expect("every value is a string").to_owned();
    let fields = |message: &serde_json::Value| {
        message.as_object().expect("an object").iter().map(|(name, value)| (name.clone(), text(value))).collect()
    };
    messages.iter().map(fields).collect()
}

/// With the names that the JSON form has: `errorText` is `error-text`.
fn in_xml(stem: &str) -> Vec<Fields> {
    let file = open(DIALECT, &format!("{stem}{XML}"));
    assert!(file.get("response").contains("\nContent-Type: text/xml\n"), "{stem}");
    let root = xml::read(body(&file)).unwrap_or_else(|error| panic!("{stem}: {error}"));
    assert_eq!(root.name, "mt-submission-response");
    let messages = root.child("messages");
    assert_eq!(messages.attribute("count"), Some(messages.children.len().to_string().as_str()), "{stem}");
    let name = |name: &str| {
        name.chars().fold(String::new(), |mut out, c| {
            if c.is_ascii_uppercase() {
                out.push('-');
            }
            out.push(c.to_ascii_lowercase());
            out
        })
    };
    let fields = |message: &xml::Element| {
        assert_eq!(message.name, "message", "{stem}");
        message.children.iter().map(|field| (name(&field.name), field.text.clone())).collect()
    };
    messages.children.iter().map(fields).collect()
}

#[test]
fn every_row_of_the_status_table_is_shown_in_both_forms() {
    for Row { status, fields, sent } in ROWS {
        let cases = match sent {
            By(cases) => *cases,
            Never { text, why } => {
                assert!(!text.is_empty() && !why.is_empty(), "{status}");
                continue;
            }
        };
        for (text, stem) in cases {
            let json = in_json(stem);
            assert_eq!(in_xml(stem), json, "{stem}");
            let [message] = &json[..] else { panic!("{stem}: not one message") };
            let names: BTreeSet<&str> = message.iter().map(|(name, _)| name.as_str()).collect();
            let expected: BTreeSet<&str> = fields.iter().copied().chain(["status", "error-text"]).collect();
            assert_eq!(names, expected, "{stem}");
            for (name, value) in [("status", *status), ("error-text", *text)] {
                assert!(message.contains(&(name.to_owned(), value.to_owned())), "{stem}: {name} is not {value:?}");
            }
        }
    }
}

#[test]
fn successes_are_shown_in_both_forms() {
    for (stem, count) in SUCCESSES {
        let json = in_json(stem);
        assert_eq!(in_xml(stem), json, "{stem}");
        assert_eq!(json.len(), *count, "{stem}");
        for message in &json {
            assert!(message.contains(&("status".to_owned(), "0".to_owned())), "{stem}");
            for name in ["to", "message-id", "remaining-balance", "message-price", "network"] {
                assert!(message.iter().any(|(other, _)| other == name), "{stem}: no {name}");
            }
        }
    }
}

#[test]
fn every_refusal_has_its_row() {
    for stem in FILES {
        let row = ROWS.iter().find(|row| matches!(row.sent, By(cases) if cases.iter().any(|case| case.1 == *stem)));
        assert!(row.is_some(), "no row shows {stem}");
    }
    assert_eq!(file_of(&Refusal::Internal), "a-fault-of-ours-is-a-server-error");
}

#[test]
fn no_status_is_sent_that_is_not_in_the_table() {
    let known: BTreeSet<&str> =
        ROWS.iter().filter(|row| matches!(row.sent, By(_))).map(|row| row.status).chain(["0"]).collect();
    for entry in std::fs::read_dir(super::folder(DIALECT)).expect("the folder can be read") {
        let name = entry.expect("an entry").file_name().into_string().expect("UTF-8");
        // Folders hold the other APIs.
        let Some(stem) = name.strip_suffix(".txt") else { continue };
        let file = open(DIALECT, stem);
        let Some(text) = file.has("response").then(|| body(&file)) else { continue };
        for marks in [("\"status\": \"", "\""), ("<status>", "</status>")] {
            for found in text.split(marks.0).skip(1) {
                let status = found.split(marks.1).next().unwrap_or_default();
                assert!(known.contains(status), "{stem}: status {status}");
            }
        }
    }
}
