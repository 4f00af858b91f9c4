//! The attacks, each class with the check that stops it.
//!
//! An attack is a few requests; the last is hostile, those before it are honest and prepare it.

use super::model::Check;
use super::strings::{self, octets_of};
use super::{Case, METHODS};
use crate::wire::{Pairs, Request, canonical, digest, prefixed, signed};

use Check::*;

/// What the gateway must answer to the hostile request.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Answer {
    /// The status of a refusal.
    Status(&'static str),
    /// The answer to the honest request before, to the octet.
    AsBefore,
}

use Answer::{AsBefore, Status};

/// A class of attacks. `None`: there is no such attack in this case.
pub struct Class {
    pub name: &'static str,
    pub check: Check,
    pub answer: Answer,
    pub attack: fn(&Case<'_>) -> Option<Vec<Request>>,
}

const fn class(
    name: &'static str,
    check: Check,
    answer: Answer,
    attack: fn(&Case<'_>) -> Option<Vec<Request>>,
) -> Class {
    Class { name, check, answer, attack }
}

const FORGED: Answer = Status("14");

pub const CLASSES: &[Class] = &[
    class("another text", Digest, FORGED, |case| case.changed("text", "send me the money")),
    class("another recipient", Digest, FORGED, |case| case.changed("to", "447700900999")),
    class("a parameter taken away", Digest, FORGED, |case| {
        case.altered(|pairs| pairs.retain(|pair| pair.0 != "client-ref"))
    }),
    class("an unknown parameter added", UnknownNames, FORGED, |case| case.added("x-account", "other")),
    class("a parameter added to the query", Query, FORGED, |case| {
        let request = case.is_in_body().then(|| case.honest())?;
        Some(vec![Request { query: "type=unicode".to_owned(), ..request }])
    }),
    class("a parameter added to the body", Body, FORGED, |case| {
        let request = (!case.is_in_body()).then(|| case.honest())?;
        Some(vec![Request { http: "POST", body: b"type=unicode".to_vec(), ..request }])
    }),
    class("a name again with another value", Twice, FORGED, |case| {
        // A JSON reader would see one of the two only.
        (!case.is_json()).then(|| case.added("text", "send me the money"))?
    }),
    class("a name in the query with another value", TwiceApart, FORGED, |case| {
        let request = case.is_in_body().then(|| case.honest())?;
        Some(vec![Request { query: "text=other".to_owned(), ..request }])
    }),
    class("two parameters drawn into one name", Names, FORGED, |case| {
        case.altered(|pairs| {
            let text = pairs.iter().position(|pair| pair.0 == "text").expect("a text");
            let (_, value) = pairs.remove(text);
            let from = pairs.iter_mut().find(|pair| pair.0 == "from").expect("a sender");
            // `from` and `text` are neighbours in the string.
            *from = (format!("from={}&text", from.1), value);
        })
    }),
    class("names in another case", NameCase, FORGED, |case| {
        case.altered(|pairs| pairs.iter_mut().filter(|pair| pair.0 == "from").for_each(|pair| pair.0 = "From".into()))
    }),
    class("more text behind a zero octet", Nul, FORGED, |case| case.appended("\0 and more")),
    class("blanks around the text", Trim, FORGED, |case| case.appended("   ")),
    class("a number spelled otherwise", Numbers, FORGED, |case| {
        let pairs = case.is_json().then(|| case.with("ttl", "60000"))?;
        let request = case.carry(&signed(&pairs, case.facts.method, &case.facts.secret));
        let body = String::from_utf8(request.body.clone()).expect("JSON").replace("\"ttl\":\"60000\"", "\"ttl\":6e4");
        Some(vec![Request { body: body.into_bytes(), ..request }])
    }),
    class("a text signed in Latin-1", Charset, FORGED, |case| {
        let pairs = case.with("text", &format!("caf\u{e9} {}", case.number));
        let string = strings::in_latin_1(&pairs);
        Some(vec![case.carry_with(&pairs, digest(case.facts.method, &string, &case.facts.secret))])
    }),
    class("encoded values signed", Decoded, FORGED, |case| case.signed_over(strings::encoded)),
    class("unsorted pairs signed", Sorted, FORGED, |case| {
        // Objects of JSON have no order to begin with.
        (!case.is_json()).then(|| case.signed_over(strings::as_received))?
    }),
    class("sorted pairs signed", ByName, FORGED, |case| {
        let pairs = [case.with("x", "1"), vec![("x-y".to_owned(), "2".to_owned())]].concat();
        let string = strings::by_pair(&pairs);
        Some(vec![case.carry_with(&pairs, digest(case.facts.method, &string, &case.facts.secret))])
    }),
    class("no separator in front", Ampersand, FORGED, |case| case.signed_over(strings::without_first_separator)),
    class("separators of values signed", Replaced, FORGED, |case| case.signed_over(strings::with_separators)),
    class("all separators replaced", Joined, FORGED, |case| case.signed_over(strings::all_replaced)),
    class("the secret in front", Order, FORGED, |case| {
        let sig = prefixed(case.facts.method, canonical(&case.pairs).as_bytes(), &case.facts.secret);
        Some(vec![case.carry_with(&case.pairs, sig)])
    }),
    class("digits cut off", Length, FORGED, |case| {
        let sig = case.sig();
        Some(vec![case.carry_with(&case.pairs, sig[..sig.len() - 2].to_owned())])
    }),
    class("two digits only", Length, FORGED, |case| {
        Some(vec![case.carry_with(&case.pairs, case.sig()[..2].to_owned())])
    }),
    class("more behind the digits", Rest, FORGED, |case| Some(vec![case.carry_with(&case.pairs, case.sig() + "00")])),
    class("the digest in base64", Hex, FORGED, |case| {
        use base64::Engine as _;
        let base64 = base64::engine::general_purpose::STANDARD.encode(octets_of(&case.sig()));
        Some(vec![case.carry_with(&case.pairs, base64)])
    }),
    class("another method", Method, FORGED, |case| {
        let at = METHODS.iter().position(|method| *method == case.facts.method)?;
        let other = METHODS[(at + 1 + case.number % (METHODS.len() - 1)) % METHODS.len()];
        Some(vec![case.carry(&signed(&case.pairs, other, &case.facts.secret))])
    }),
    class("a method below the policy", Minimum, FORGED, |case| {
        let (key, facts) = case.other("minimum");
        (facts.method < facts.method_min).then(|| case.signed_as(&key, facts.method, &facts.secret))
    }),
    class("another account's secret", Owner, FORGED, |case| {
        case.signed_as(&case.key, case.facts.method, &case.other("suspended").1.secret).into()
    }),
    class("the API secret", ApiSecret, FORGED, |case| {
        case.signed_as(&case.key, case.facts.method, &case.facts.api_secret).into()
    }),
    class("no secret", Empty, FORGED, |case| case.signed_as(&case.key, case.facts.method, "").into()),
    class("the secret before", Ended, FORGED, |case| {
        case.signed_as(&case.key, case.facts.method, &case.facts.ended_secret).into()
    }),
    class("fields signed as None by others", Agent, FORGED, |case| case.signed_over(strings::with_none)),
    class("302 seconds old", Old, FORGED, |case| case.signed_at(&(case.now - 302).to_string())),
    class("a year old", Old, FORGED, |case| case.signed_at(&(case.now - 31_536_000).to_string())),
    // Far enough that a slow machine does not bring it into the window.
    class("400 seconds ahead", New, FORGED, |case| case.signed_at(&(case.now + 400).to_string())),
    class("a century ahead", New, FORGED, |case| case.signed_at(&(case.now + 3_153_600_000).to_string())),
    class("no time", TimeNeeded, FORGED, |case| {
        let pairs: Pairs = case.pairs.iter().filter(|pair| pair.0 != "timestamp").cloned().collect();
        Some(vec![case.carry(&signed(&pairs, case.facts.method, &case.facts.secret))])
    }),
    class("a time written otherwise", TimeForm, FORGED, |case| {
        let now = case.now;
        let arabic = |digit: char| char::from_u32(0x0660 + digit.to_digit(10).unwrap_or(0)).unwrap_or(digit);
        let forms = [
            format!("+{now}"),
            format!(" {now}"),
            format!("{now}.0"),
            format!("{now:#x}"),
            now.to_string().chars().map(arabic).collect(),
        ];
        case.signed_at(&forms[case.number % forms.len()])
    }),
    class("a time in milliseconds", Millis, FORGED, |case| case.signed_at(&(case.now * 1_000).to_string())),
    class("a time that is not signed", TimeCovered, FORGED, |case| {
        let pairs: Pairs = case.pairs.iter().filter(|pair| pair.0 != "timestamp").cloned().collect();
        let sig = digest(case.facts.method, canonical(&pairs).as_bytes(), &case.facts.secret);
        Some(vec![case.carry_with(&case.pairs, sig)])
    }),
    class("the same again", Replay, AsBefore, |case| Some(vec![case.honest(), case.honest()])),
    class("again with digits in the other case", BySignature, AsBefore, |case| {
        Some(vec![case.honest(), case.carry_with(&case.pairs, case.sig().to_uppercase())])
    }),
    class("again with a blank field", BySignature, AsBefore, |case| {
        let blank = case.with("account-ref", "");
        Some(vec![case.honest(), case.carry_with(&blank, case.sig())])
    }),
    class("again with another separator", BySignature, AsBefore, |case| {
        let swapped = case.with("client-ref", &case.value("client-ref").replace('&', "="));
        Some(vec![case.honest(), case.carry_with(&swapped, case.sig())])
    }),
    class("again at another path", BySignature, AsBefore, |case| {
        Some(vec![case.honest(), Request { path: "/v1/sms/json", ..case.honest() }])
    }),
    class("again in another order", BySignature, AsBefore, |case| {
        let mut pairs = case.pairs.clone();
        pairs.reverse();
        Some(vec![case.honest(), case.carry_with(&pairs, case.sig())])
    }),
    class("again with octets that are no UTF-8", BySignature, AsBefore, |case| {
        let pairs = case.with("client-ref", &format!("{} \u{fffd}", case.number));
        let honest = case.carry(&signed(&pairs, case.facts.method, &case.facts.secret));
        let swap = |text: &str| text.replace("%EF%BF%BD", "%FF");
        let body = String::from_utf8(honest.body.clone()).expect("a form");
        (!case.is_json()).then(|| {
            let hostile = Request { query: swap(&honest.query), body: swap(&body).into_bytes(), ..honest.clone() };
            vec![honest, hostile]
        })
    }),
    class("a secret beside it", Alone, Status("32"), |case| {
        case.signed_pairs_and("api_secret", &case.facts.api_secret)
    }),
    class("another key's header beside it", SameKey, Status("32"), |case| {
        let (other, facts) = case.other("minimum");
        Some(vec![case.honest().with_header("authorization", &strings::basic_header(&other, &facts.api_secret))])
    }),
    class("a good header beside a wrong one", NoFallback, FORGED, |case| {
        let header = strings::basic_header(&case.key, &case.facts.api_secret);
        let wrong = digest(case.facts.method, b"something else", &case.facts.secret);
        Some(vec![case.carry_with(&case.pairs, wrong).with_header("authorization", &header)])
    }),
    class("a secret where signatures are demanded", Required, FORGED, |case| {
        let (key, facts) = case.other("signing");
        let pairs: Pairs = case.with("api_key", &key);
        let secret = ("api_secret".to_owned(), facts.api_secret.clone());
        Some(vec![case.carry(&[pairs, vec![secret]].concat())])
    }),
    class("a suspended account", Standing, Status("8"), |case| {
        let (key, facts) = case.other("suspended");
        case.signed_as(&key, facts.method, &facts.secret).into()
    }),
];
