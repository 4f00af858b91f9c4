//! What no single exchange shows: that nothing breaks the reader, and the signature of the guide.

use proptest::prelude::*;
use whimbrel_core::{Outcome, Refusal, Secret, Timestamp};

use super::*;
use crate::Claim;
use crate::client::{ClientAnswer, Text};

const NOW: Timestamp = Timestamp(1_779_789_600_000_000);

fn read(method: &str, path: &str, headers: &[(&str, &[u8])], body: &[u8]) -> Match {
    Nexo.read(&HttpRequest { method, path, query: None, headers, body }, 1, NOW)
}

fn call(body: &[u8]) -> Result<whimbrel_core::Call, Refusal> {
    match read("POST", "/api/v1/send-otp", &[], body) {
        Match::Parsed(parsed) => parsed.call,
        other => panic!("{other:?}"),
    }
}

#[test]
fn the_dev_account_has_keys_of_the_form() {
    let form = DESCRIPTOR.secret_keys.expect("keys");
    let account = DESCRIPTOR.dev_account;
    assert_eq!(form.mode(&Secret::new(account.secret)), Some(whimbrel_core::KeyMode::Live));
    assert_eq!(account.test_key.and_then(|key| form.mode(&Secret::new(key))), Some(whimbrel_core::KeyMode::Test));
    assert!(DESCRIPTOR.curl_line.contains(account.secret));
}

/// The guide's body with its secret, as its commands with OpenSSL sign them: our sample of that instant is the same to the octet.
#[test]
fn the_sample_is_the_event_of_the_guide() {
    let account = account();
    let secret = Secret::new("your_plaintext_webhook_secret");
    let target =
        WebhookTarget { url: "https://example.com/hook#top", account: &account, hook: None, signature_secret: &secret };
    let request = Nexo.webhook_test(WebhookTest::Sample, target, Moment { now: NOW, chance: 0 }).expect("signed");
    let body = br#"{"type":"otp.delivered","id":"test","phone":"+84981234567","carrier":"viettel","status":"delivered","cost":0.022,"error_code":null,"created_at":"2026-05-26T10:00:00Z","completed_at":"2026-05-26T10:00:25Z"}"#;
    assert_eq!((request.url.as_str(), request.body.as_slice()), ("https://example.com/hook", &body[..]));
    let value =
        |name: &str| request.headers.iter().find(|(header, _)| *header == name).map(|(_, value)| value.as_ref());
    let signature = "sha256=b87b838e5ab8176a9f1d605ffc371dfe20b6468d65aa2816957d43b9ba62fbbc";
    assert_eq!(value("X-NEXO-Signature"), Some(signature));
    assert_eq!(value("X-NEXO-Event-Type"), Some("otp.delivered"));
    let ping = Nexo.webhook_test(WebhookTest::Ping, target, Moment { now: NOW, chance: 0 }).expect("signed");
    assert_eq!(ping.body, br#"{"type":"ping","id":"test","created_at":"2026-05-26T10:00:00Z"}"#);
    let unsigned = WebhookTarget { signature_secret: &Secret::new(""), ..target };
    assert!(Nexo.webhook_test(WebhookTest::Ping, unsigned, Moment { now: NOW, chance: 0 }).is_err());
}

pub(crate) fn account() -> whimbrel_core::Account {
    whimbrel_core::Account {
        id: whimbrel_core::AccountId(1),
        key: "devnexo1".into(),
        name: "".into(),
        currency: whimbrel_core::Currency::USD,
        status: whimbrel_core::AccountStatus::Active,
        default_class: MessageClass::Otp,
        capture_on: CaptureOn::Delivery,
        webhook_method: whimbrel_core::HttpMethodChoice::PostJson,
        endpoints: Vec::new(),
        rules: AccountRules::OPEN,
        otp: Default::default(),
        signing: Default::default(),
        policy: Default::default(),
        lists: Default::default(),
    }
}

/// Every end that a carrier can report has a word, and only what was delivered has none.
#[test]
fn every_end_has_its_word() {
    use whimbrel_core::{Cause, Final, ReceiptStatus};
    let word = |status, cause| webhook::error_code(Final { status, cause });
    for cause in [Cause::None, Cause::Unknown, Cause::AbsentForNow, Cause::Spam, Cause::NetworkFault] {
        assert_eq!(word(ReceiptStatus::Delivered, cause), None);
        for status in [ReceiptStatus::Expired, ReceiptStatus::Failed, ReceiptStatus::Rejected, ReceiptStatus::Unknown] {
            assert!(word(status, cause).is_some(), "{status:?} {cause:?}");
        }
    }
    for (status, cause, expected) in [
        (ReceiptStatus::Failed, Cause::AbsentForGood, "unknown_subscriber"),
        (ReceiptStatus::Failed, Cause::AbsentForNow, "absent_subscriber"),
        (ReceiptStatus::Failed, Cause::Busy, "absent_subscriber"),
        (ReceiptStatus::Failed, Cause::Barred, "blocked"),
        (ReceiptStatus::Failed, Cause::NetworkFault, "carrier_error"),
        (ReceiptStatus::Failed, Cause::Unknown, "unknown"),
        (ReceiptStatus::Rejected, Cause::Unknown, "rejected"),
        (ReceiptStatus::Rejected, Cause::Spam, "rejected"),
        (ReceiptStatus::Expired, Cause::Unknown, "expired"),
        (ReceiptStatus::Expired, Cause::AbsentForNow, "expired"),
        (ReceiptStatus::Failed, Cause::Deleted, "deleted"),
        (ReceiptStatus::Failed, Cause::Spam, "rejected"),
        (ReceiptStatus::Unknown, Cause::None, "unknown"),
    ] {
        assert_eq!(word(status, cause), Some(expected), "{status:?} {cause:?}");
    }
}

#[test]
fn our_own_request_is_understood() {
    let secret = Secret::new("sk_live_0");
    let text = Text {
        key: "",
        secret: &secret,
        to: "84981234567",
        from: "",
        text: "004829",
        alphabet: whimbrel_core::Alphabet::Detect,
    };
    let request = Nexo.client_request(&text);
    let Ok(whimbrel_core::Call::Send(send)) = call(&request.body) else { panic!("not understood") };
    assert_eq!(send.recipient.digits(), "84981234567");
    let whimbrel_core::Content::Text { text, .. } = send.content else { panic!("no text") };
    assert_eq!((text.expose(), text.code()), ("004829 la ma xac thuc cua ban.", Some("004829")));
    assert_eq!(Nexo.client_answer(br#"{"ok":true,"id":"x"}"#), ClientAnswer::Accepted { ids: vec!["x".to_owned()] });
    for odd in [&b""[..], b"[]", b"{}", b"{\"ok\":true}"] {
        assert_eq!(Nexo.client_answer(odd), ClientAnswer::Unreadable);
    }
}

#[test]
fn a_code_is_a_string_of_digits() {
    for good in ["1234", "00000000", "482917"] {
        assert!(call(format!(r#"{{"phone":"+84981234567","code":"{good}"}}"#).as_bytes()).is_ok(), "{good}");
    }
    for bad in
        [r#""123""#, r#""123456789""#, "123456", r#""12 34""#, r#""12a4""#, r#""１２３４""#, "null", "[]", r#""""#]
    {
        let read = call(format!(r#"{{"phone":"+84981234567","code":{bad}}}"#).as_bytes());
        assert_eq!(read.err(), Some(Refusal::Invalid { field: "code" }), "{bad}");
    }
    for bad in [&b""[..], b"[]", b"phone=1&code=2", b"{\"phone\":", b"\xff"] {
        assert_eq!(call(bad).err(), Some(Refusal::Invalid { field: "body" }), "{bad:?}");
    }
    assert!(call(b"\xef\xbb\xbf{\"phone\":\"0981234567\",\"code\":\"1234\",\"lang\":{}}").is_ok(), "a BOM, and more");
}

#[test]
fn the_same_request_has_the_same_digest_and_no_other() {
    let digest = |key: &str, phone: &str, code: &str| {
        let body = format!(r#"{{"code":"{code}","phone":"{phone}"}}"#);
        let authorization = format!("Bearer {key}");
        let headers: &[(&str, &[u8])] = &[("authorization", authorization.as_bytes()), ("idempotency-key", b"k")];
        match read("POST", "/api/v1/send-otp", headers, body.as_bytes()) {
            Match::Parsed(parsed) => match parsed.call {
                Ok(whimbrel_core::Call::Send(send)) => send.idempotency.expect("a key").request_digest,
                other => panic!("{other:?}"),
            },
            other => panic!("{other:?}"),
        }
    };
    let one = digest("a", "+84981234567", "1234");
    assert_eq!(digest("a", "0981234567", "1234"), one, "spelled otherwise");
    for other in
        [digest("b", "+84981234567", "1234"), digest("a", "+84981234568", "1234"), digest("a", "+84981234567", "1235")]
    {
        assert_ne!(other, one);
    }
}

#[test]
fn a_key_is_behind_bearer_in_any_case() {
    let key = |value: &[u8]| match read("GET", "/api/v1/balance", &[("authorization", value)], b"") {
        Match::Parsed(parsed) => match parsed.claim {
            Ok(Claim::SecretKey { secret, .. }) => Some(secret.expose().to_owned()),
            Ok(other) => panic!("{other:?}"),
            Err(_) => None,
        },
        other => panic!("{other:?}"),
    };
    for value in ["Bearer sk_live_1", "bearer sk_live_1", "BEARER   sk_live_1 "] {
        assert_eq!(key(value.as_bytes()).as_deref(), Some("sk_live_1"), "{value}");
    }
    for value in ["", "Bearer", "Bearer ", "sk_live_1", "Basic c2s6", "Token sk_live_1"] {
        assert_eq!(key(value.as_bytes()), None, "{value}");
    }
    assert_eq!(key(b"Bearer \xff"), None);
}

proptest! {
    #[test]
    fn reading_never_fails_and_its_answers_are_json(
        path in "/api/v1/[a-z/-]{0,20}|/api/v1/(send-otp|balance|deliveries/[0-9a-f-]{0,40})",
        method in "GET|POST|PUT|HEAD",
        body in prop::collection::vec(any::<u8>(), 0..200),
        authorization in prop::collection::vec(any::<u8>(), 0..40),
    ) {
        let headers: &[(&str, &[u8])] = &[("authorization", &authorization), ("idempotency-key", &authorization)];
        let response = match read(&method, &path, headers, &body) {
            Match::NotMine => return Err(TestCaseError::fail("every path below is ours")),
            Match::Answered(response) => response,
            Match::Parsed(parsed) => {
                let refusal = parsed.call.err().unwrap_or(Refusal::Internal);
                Nexo.render(&Outcome::Refused(refusal), &parsed.reply)
            }
        };
        let document: serde_json::Value = serde_json::from_slice(&response.body).expect("JSON");
        prop_assert_eq!(&document["ok"], &serde_json::Value::Bool(false));
        prop_assert!(document["error"].is_string() && document["message"].is_string());
    }
}
