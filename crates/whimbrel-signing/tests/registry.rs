//! Every scheme over whole messages: what one signs it verifies, and nothing else.
#![cfg(feature = "jwt")]

use whimbrel_signing::message::Message;
use whimbrel_signing::registry::{self, Given, Place, SCHEMES, Scheme, Trouble};
use whimbrel_signing::{Fault, Mistake, Secret, UnixSeconds, Verdict, Window};

const NOW: UnixSeconds = UnixSeconds(1_795_328_700);
const NONCE: &str = "0f1e2d3c4b5a69788796a5b4c3d2e1f0";
const FORM: &str = "api_key=abcd1234&from=Acme&to=447700900000&text=A%3DB+%26+C";
const APPLICATION: &str = "78d335fa-323d-0114-9c3d-d6f0d48968cf";

/// The secret that signs and the one that verifies.
fn secrets(name: &str) -> (&'static str, &'static str) {
    match name {
        "jwt-application" => (include_str!("keys/rfc7515_a2.pkcs8.pem"), include_str!("keys/rfc7515_a2.spki.pem")),
        "standard-webhooks" => ("whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw", "MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"),
        _ => ("my_secret_key_for_testing", "my_secret_key_for_testing"),
    }
}

fn settings(name: &str) -> &'static [(&'static str, &'static str)] {
    match name {
        "nexmo" => &[("method", "sha256")],
        "jwt-application" => &[("application_id", APPLICATION)],
        "jwt-webhook" => &[("api_key", "abcd1234")],
        "oauth1" => &[("consumer_key", "key")],
        _ => &[],
    }
}

fn given(secret: &'static str, name: &str) -> Given<'static> {
    let settings = settings(name);
    Given { secret: Secret::new(secret), second: None, settings, now: NOW, nonce: NONCE, window: None }
}

/// Signs a form, adds what is to be added, changes it as told, and verifies it.
fn verdict(scheme: &dyn Scheme, change: impl FnOnce(&mut String, &mut String), given_to_verify: &Given<'_>) -> Verdict {
    let (mut url, mut body) = ("https://sms.example.com/sms/json".to_owned(), FORM.to_owned());
    let form = ("Content-Type", "application/x-www-form-urlencoded");
    let message = Message { method: "POST", url: &url, headers: &[form], body: body.as_bytes() };
    let name = scheme.about().name;
    let signed = scheme.sign(&message, &given(secrets(name).0, name)).unwrap();
    assert!(!signed.canonical.expose().is_empty());
    let mut headers = vec![form];
    for addition in &signed.additions {
        match addition.place {
            Place::Header => headers.push((addition.name, &addition.value)),
            Place::Parameter => body += &format!("&{}={}", addition.name, addition.value),
        }
    }
    change(&mut url, &mut body);
    let message = Message { method: "POST", url: &url, headers: &headers, body: body.as_bytes() };
    scheme.explain(&message, given_to_verify).unwrap().verdict
}

#[test]
fn what_a_scheme_signs_it_verifies() {
    assert_eq!(SCHEMES.len(), 7);
    for scheme in SCHEMES {
        let name = scheme.about().name;
        let given = given(secrets(name).1, name);
        assert_eq!(verdict(*scheme, |_, _| {}, &given), Verdict::Matches, "{name}");
        let changed = verdict(*scheme, |_, body| body.push_str("&a=b"), &given);
        // An application's token says nothing of the request that it comes with.
        assert_eq!(changed == Verdict::Matches, name == "jwt-application", "{name}: {changed:?}");
        let later = Given { now: UnixSeconds(NOW.0 + 86_401), ..given };
        let has_time = name != "nexo";
        assert_eq!(verdict(*scheme, |_, _| {}, &later) != Verdict::Matches, has_time, "{name}");
        let patient = Given { window: Some(Window::symmetric(u32::MAX)), ..later };
        let has_window = has_time && name != "jwt-application";
        assert_eq!(verdict(*scheme, |_, _| {}, &patient) == Verdict::Matches, has_window || !has_time, "{name}");
    }
}

#[test]
fn names_and_settings_are_sound() {
    let mut names: Vec<_> =
        SCHEMES.iter().flat_map(|scheme| scheme.about().aliases.iter().chain([&scheme.about().name])).collect();
    let count = names.len();
    for name in &names {
        assert!(
            registry::of_name(name)
                .is_some_and(|scheme| scheme.about().name == **name || scheme.about().aliases.contains(*name))
        );
    }
    names.sort_unstable();
    names.dedup();
    assert_eq!(names.len(), count, "a name twice");
    assert!(registry::of_name("none").is_none());
    for setting in SCHEMES.iter().flat_map(|scheme| scheme.about().settings) {
        let is_value =
            setting.default.is_none_or(|default| setting.values.is_empty() || setting.values.contains(&default));
        assert!(is_value, "{}", setting.name);
    }
}

#[test]
fn settings_are_checked() {
    let about = registry::of_name("vonage").unwrap().about();
    assert_eq!(about.check(&[("method", "sha512")]), Ok(()));
    assert_eq!(about.check(&[("method", "sha3")]), Err(Trouble::Value("method")));
    assert_eq!(about.check(&[("secret", "x")]), Err(Trouble::UnknownSetting("secret".to_owned())));
    let message = Message { method: "GET", url: "https://example.com/", headers: &[], body: b"" };
    let oauth = registry::of_name("oauth1").unwrap();
    let none = Given { settings: &[], ..given("secret", "none") };
    assert_eq!(oauth.sign(&message, &none).unwrap_err(), Trouble::Needed("consumer_key"));
    let trouble = registry::of_name("jwt").unwrap().explain(&message, &none).unwrap_err();
    assert!(matches!(&trouble, Trouble::NoKey(reason) if !reason.contains("secret")), "{trouble:?}");
    let webhook = registry::of_name("jwt-webhook").unwrap().explain(&message, &none).unwrap_err();
    assert_eq!(webhook, Trouble::Fault(Fault::Missing("authorization")));
}

#[test]
fn an_explanation_names_the_mistake_and_shows_the_string() {
    let scheme = registry::of_name("nexmo").unwrap();
    let query = "https://example.com/sms/json?api_key=abcd1234&text=Tom+%26+Jerry&timestamp=1461605396&to=447700900000&sig=cb3762547713acc9a823a3f74047225b";
    let message = Message { method: "GET", url: query, headers: &[], body: b"" };
    let given = Given { settings: &[], now: UnixSeconds(1_461_605_400), ..given("my_secret_key_for_testing", "nexmo") };
    let explanation = scheme.explain(&message, &given).unwrap();
    assert_eq!(explanation.verdict, Verdict::Mistake(Mistake::SeparatorsKept));
    assert!(explanation.canonical.to_text().contains("&text=Tom _ Jerry&"));
}
