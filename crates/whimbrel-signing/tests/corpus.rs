//! The fuzzers' corpus holds what once mattered: every test run goes over it, fuzzer or none.

use std::path::Path;

fn each(target: &str, check: fn(&[u8])) {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../fuzz/corpus").join(target);
    let mut count = 0;
    for entry in std::fs::read_dir(folder).expect("the corpus is in the repository") {
        check(&std::fs::read(entry.expect("readable").path()).expect("readable"));
        count += 1;
    }
    assert!(count >= 5, "{target} has {count} cases");
}

#[test]
fn nexmo_s_requests_hold() {
    each("nexmo_request", whimbrel_signing::nexmo::probe);
}

#[test]
fn oauth_requests_hold() {
    each("oauth1_request", whimbrel_signing::oauth1::probe);
}

#[test]
fn standard_webhooks_hold() {
    each("standard_webhooks", whimbrel_signing::standard_webhooks::probe);
}

#[test]
fn seven_s_requests_hold() {
    each("seven_request", whimbrel_signing::seven::probe);
}

#[test]
fn nexo_s_webhooks_hold() {
    each("nexo_webhook", whimbrel_signing::nexo::probe);
}

#[cfg(feature = "jwt")]
#[test]
fn tokens_hold() {
    each("jwt_application", whimbrel_signing::jwt::probe_application);
    each("jwt_webhook", whimbrel_signing::jwt::probe_webhook);
}
