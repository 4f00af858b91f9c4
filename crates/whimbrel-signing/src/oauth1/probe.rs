//! What must hold for any octets, in one place for the fuzzer and the tests.

use super::{Hints, Keys, Method, Parameters, Policy, Protocol, Request, authorization, explain, verify};
use crate::{Secret, UnixSeconds, Verdict, Window};

/// Reads octets as a request, cut at each line: method, address, `Authorization` header; the rest is a form. Reading does not
/// panic; an explanation agrees with verification; what is signed anew verifies, and no longer with another form.
///
/// # Panics
/// When one of these does not hold.
pub fn probe(octets: &[u8]) {
    let mut lines = octets.splitn(4, |octet| *octet == b'\n').map(String::from_utf8_lossy);
    let mut line = || lines.next().unwrap_or_default();
    let (method, url, header, form) = (line(), line(), line(), line());
    let request = Request { method: &method, url: &url, authorization: Some(&header), form: Some(form.as_bytes()) };
    let keys = Keys { consumer: Secret::new("consumer"), token: Some(Secret::new("token")) };
    let policy = Policy { methods: Method::ALL, window: Window::symmetric(300) };
    if let Ok(parameters) = Parameters::read(&request) {
        let now = parameters.timestamp().ok().flatten().unwrap_or(UnixSeconds(0));
        let explained = explain(&parameters, keys, &policy, now, Hints { origins: &["https://example.net"] }).verdict;
        assert_eq!(verify(&parameters, keys, &policy, now).is_ok(), explained == Verdict::Matches);
    }
    let now = UnixSeconds(1_795_328_700);
    let protocol = Protocol {
        consumer_key: "key",
        token: Some("token"),
        timestamp: now,
        nonce: "nonce",
        method: Method::HmacSha1,
        callback: None,
        verifier: None,
    };
    let Ok(header) = authorization(&request, &protocol, keys) else { return };
    let signed = Request { authorization: Some(&header), ..request };
    let check = |request: &Request<'_>| {
        Parameters::read(request).and_then(|parameters| verify(&parameters, keys, &policy, now)).is_ok()
    };
    assert!(check(&signed), "what was signed did not verify");
    let longer = format!("{form}&a=b");
    assert!(!check(&Request { form: Some(longer.as_bytes()), ..signed }), "another form was accepted");
}
