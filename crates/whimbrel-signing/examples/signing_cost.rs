//! Prints what signing and verifying cost: `cargo run --release -p whimbrel-signing --example signing_cost`.
//!
//! Each number is the least of 200 short rounds, so that what else the machine did is mostly left out.

use std::error::Error;
use std::hint::black_box;
use std::io::Write;
use std::time::Instant;

use whimbrel_signing::{Secret, UnixSeconds, jwt, nexmo, nexo, oauth1, seven, standard_webhooks};

const ROUNDS: usize = 200;
const CALLS: u32 = 100;
const NOW: UnixSeconds = UnixSeconds(1_795_328_700);
const TEXT: &str = "Your code is 482917. It is good for ten minutes & for one use = do not tell it to anybody.";

fn main() -> Result<(), Box<dyn Error>> {
    let mut out = std::io::stdout().lock();
    writeln!(out, "{:<40} {:>10} {:>10} {:>12}", "microseconds a call", "sign", "verify", "explain, bad")?;
    parameters(&mut out)?;
    requests(&mut out)?;
    webhooks(&mut out)?;
    five_fields(&mut out)?;
    bodies(&mut out)?;
    application_tokens(&mut out)?;
    webhook_tokens(&mut out)
}

fn parameters(out: &mut impl Write) -> Result<(), Box<dyn Error>> {
    let secret = Secret::new("my_secret_key_for_testing");
    let pairs = [
        ("api_key", "abcd1234"),
        ("from", "AcmeInc"),
        ("to", "447700900000"),
        ("text", TEXT),
        ("timestamp", "1795328700"),
    ];
    for method in nexmo::Method::ALL {
        let signature = nexmo::sign(&nexmo::Parameters::new(pairs)?, *method, secret);
        let signed = || nexmo::Parameters::new(pairs.into_iter().chain([("sig", signature.as_str())]));
        let wrong = nexmo::Parameters::new(pairs.into_iter().chain([("sig", "00112233445566778899aabbccddeeff")]))?;
        let policy = nexmo::Policy::new(*method);
        line(
            out,
            &format!("nexmo {method}"),
            || nexmo::sign(&nexmo::Parameters::new(pairs).expect("as above"), *method, secret),
            || nexmo::verify(&signed().expect("as above"), secret, &policy, NOW),
            || nexmo::explain(&wrong, secret, &policy, NOW, nexmo::Hints::default()),
        )?;
    }
    Ok(())
}

fn requests(out: &mut impl Write) -> Result<(), Box<dyn Error>> {
    let keys = oauth1::Keys { consumer: Secret::new("consumer"), token: Some(Secret::new("token")) };
    let protocol = oauth1::Protocol {
        consumer_key: "key",
        token: Some("token"),
        timestamp: NOW,
        nonce: "0f1e2d3c4b5a6978",
        method: oauth1::Method::HmacSha1,
        callback: None,
        verifier: None,
    };
    let form: &[u8] =
        b"from=AcmeInc&to=447700900000&text=Your+code+is+482917.+It+is+good+for+ten+minutes+%26+for+one+use.";
    let url = "https://sms.example.com/sms/json";
    let request = oauth1::Request { method: "POST", url, authorization: None, form: Some(form) };
    let header = oauth1::authorization(&request, &protocol, keys)?;
    let received = oauth1::Request { authorization: Some(&header), ..request };
    let wrong = oauth1::Parameters::read(&oauth1::Request { form: Some(b"text=another"), ..received })?;
    let policy = oauth1::Policy::default();
    line(
        out,
        "oauth1 HMAC-SHA1",
        || oauth1::authorization(&request, &protocol, keys),
        || oauth1::Parameters::read(&received).and_then(|parameters| oauth1::verify(&parameters, keys, &policy, NOW)),
        || oauth1::explain(&wrong, keys, &policy, NOW, oauth1::Hints::default()),
    )
}

fn webhooks(out: &mut impl Write) -> Result<(), Box<dyn Error>> {
    use standard_webhooks::{Received, WINDOW, Webhook};
    let secret = Secret::new("whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw");
    let body = format!(r#"{{"type":"message.delivered","to":"447700900000","text":"{TEXT}","count":1}}"#);
    let webhook = Webhook { id: "msg_p5jXN8AQM9LWM0D4loKWxJek", timestamp: NOW, body: body.as_bytes() };
    let signature = standard_webhooks::sign(&webhook, &[secret])?;
    let received =
        Received { id: webhook.id, timestamp: "1795328700", signature: signature.as_str(), body: webhook.body };
    let wrong = Received { body: b"{}", ..received };
    line(
        out,
        "standard_webhooks",
        || standard_webhooks::sign(&webhook, &[secret]),
        || standard_webhooks::verify(&received, &[secret], WINDOW, NOW),
        || standard_webhooks::explain(&wrong, secret, WINDOW, NOW),
    )
}

fn five_fields(out: &mut impl Write) -> Result<(), Box<dyn Error>> {
    let key = Secret::new("testsigningkey");
    let body = format!(r#"{{"to":"447700900000","text":"{TEXT}","from":"AcmeInc"}}"#);
    let request = seven::Request { method: "POST", url: "https://sms.example.com/api/sms", body: body.as_bytes() };
    let nonce = "fpPRhAd1s8GXacfR39mWqKPynmmXfJnc";
    let stamp = seven::Stamp { timestamp: NOW, nonce: seven::Nonce::new(nonce)? };
    let signature = seven::sign(&request, stamp, key);
    let headers = |signature| seven::Headers { timestamp: Some("1795328700"), nonce: Some(nonce), signature };
    let right = headers(Some(signature.as_str()));
    let zeros = "0".repeat(64);
    let wrong = headers(Some(&zeros));
    let (first, last) = (["https://sms.example.com"], ["a", "b", "c", "d", "e", "f", "g", "https://sms.example.com"]);
    for (name, bases) in [("seven, first address", &first[..]), ("seven, last of eight addresses", &last)] {
        let received = seven::Received { method: "POST", bases, path_and_query: "/api/sms", body: body.as_bytes() };
        line(
            out,
            name,
            || seven::sign(&request, stamp, key),
            || seven::verify(&received, &right, key, seven::WINDOW_REQUESTS, NOW).expect("valid"),
            || seven::explain(&received, &wrong, key, seven::WINDOW_REQUESTS, NOW, seven::Hints::default()),
        )?;
    }
    Ok(())
}

fn bodies(out: &mut impl Write) -> Result<(), Box<dyn Error>> {
    let key = nexo::Key::of_secret(Secret::new("your_plaintext_webhook_secret"));
    let body = format!(r#"{{"type":"otp.delivered","id":"test","text":"{TEXT}","cost":0.022}}"#).into_bytes();
    let header = nexo::sign(&body, &key);
    let wrong = format!("sha256={}", "0".repeat(64));
    line(
        out,
        "nexo",
        || nexo::sign(&body, &key),
        || nexo::verify(Some(header.as_str()), &body, &key).expect("valid"),
        || nexo::explain(Some(&wrong), &body, &key, nexo::Hints::default()),
    )
}

fn application_tokens(out: &mut impl Write) -> Result<(), Box<dyn Error>> {
    use jwt::application::{self, Keys, Lifetime, NewToken};
    let (private, other) = (jwt::PrivateKey::generate()?, jwt::PrivateKey::generate()?);
    let public = private.public_key()?;
    let new = NewToken {
        application_id: "78d335fa-323d-0114-9c3d-d6f0d48968cf".parse()?,
        issued_at: NOW,
        token_id: "0f7d53a6-5c04-4a0e-8c5b-2e3f6b1d9a10",
        lifetime: Lifetime::default(),
        not_before: None,
        subject: None,
        acl: None,
    };
    let (token, wrong) = (application::sign(&new, &private)?, application::sign(&new, &other)?);
    let keys = Keys { key: &public, others: &[], secrets: &[] };
    let name = "jwt RS256, 2048 bits";
    let sign = micros(|| application::sign(&new, &private), CALLS / 20);
    let verify = micros(|| application::verify(&token, &public, NOW).expect("valid"), CALLS);
    let explain = micros(|| application::explain(&wrong, keys, NOW), CALLS / 50);
    writeln!(out, "{name:<40} {sign:>10.2} {verify:>10.2} {explain:>12.2}")?;
    Ok(())
}

fn webhook_tokens(out: &mut impl Write) -> Result<(), Box<dyn Error>> {
    use jwt::webhook::{self, ApiKey, Hints, Issuer, NewToken, Payload, WINDOW_DEFAULT};
    let secret = Secret::new("my_secret_key_for_testing");
    let body = format!(r#"{{"to":"447700900000","text":"{TEXT}","channel":"sms"}}"#);
    let payload = Payload::Body(body.as_bytes());
    let new = NewToken {
        issued_at: NOW,
        token_id: "ec11dd3e-1e7f-4db5-9467-82b02cd223b9",
        issuer: Issuer("Acme"),
        api_key: ApiKey("abcd1234"),
        application_id: None,
    };
    let token = webhook::sign(&new, payload, secret)?;
    let wrong = webhook::sign(&new, payload, Secret::new("another secret"))?;
    line(
        out,
        "jwt HS256 with payload_hash",
        || webhook::sign(&new, payload, secret),
        || webhook::verify(&token, payload, secret, WINDOW_DEFAULT, NOW).expect("valid"),
        || webhook::explain(&wrong, payload, secret, WINDOW_DEFAULT, NOW, Hints::default()),
    )
}

fn line<A, B, C>(
    out: &mut impl Write,
    name: &str,
    sign: impl Fn() -> A,
    verify: impl Fn() -> B,
    explain: impl Fn() -> C,
) -> Result<(), Box<dyn Error>> {
    let (sign, verify, explain) = (micros(sign, CALLS), micros(verify, CALLS), micros(explain, 1));
    writeln!(out, "{name:<40} {sign:>10.2} {verify:>10.2} {explain:>12.2}")?;
    Ok(())
}

#[expect(clippy::disallowed_methods, reason = "measuring is what this program is for")]
fn micros<A>(call: impl Fn() -> A, calls: u32) -> f64 {
    let round = |_| {
        let start = Instant::now();
        for _ in 0..calls {
            black_box(call());
        }
        start.elapsed().as_secs_f64() * 1e6 / f64::from(calls)
    };
    (0..ROUNDS).map(round).fold(f64::INFINITY, f64::min)
}
