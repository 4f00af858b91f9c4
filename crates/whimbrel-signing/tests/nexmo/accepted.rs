//! What is accepted and what is not: faults, windows, doubled names, and properties over random requests.

use proptest::prelude::*;
use whimbrel_signing::nexmo::{self, Form, Method, Parameters, Policy, Tolerance, Verified};
use whimbrel_signing::{Fault, Secret, UnixSeconds};

use crate::support::{TOLERANT, verify};

const SECRET: &str = "my_secret_key_for_testing";
const PAIRS: &[(&str, &str)] = &[("api_key", "abcd1234"), ("text", "Hello"), ("timestamp", "1461605396")];

fn signed(pairs: &[(&str, &str)], method: Method) -> String {
    nexmo::sign(&Parameters::new(pairs.iter().copied()).unwrap(), method, Secret::new(SECRET)).into_string()
}

#[test]
fn the_window_has_both_ends_inside() {
    let sig = signed(PAIRS, Method::Md5Hash);
    let parameters = Parameters::new(PAIRS.iter().copied().chain([("sig", sig.as_str())])).unwrap();
    let check =
        |now: i64| nexmo::verify(&parameters, Secret::new(SECRET), &Policy::new(Method::Md5Hash), UnixSeconds(now));
    let verified = Verified { form: Form::Canonical, timestamp: UnixSeconds(1_461_605_396) };
    assert_eq!(check(1_461_605_396 + 300), Ok(verified));
    assert_eq!(check(1_461_605_396 - 300), Ok(verified));
    assert_eq!(check(1_461_605_396 + 301), Err(Fault::TooOld { age_seconds: 301 }));
    assert_eq!(check(1_461_605_396 - 301), Err(Fault::TooNew { ahead_seconds: 301 }));
}

#[test]
fn what_is_missing_or_cannot_be_read_is_named() {
    let with = |sig: &str| verify(&[PAIRS, &[("sig", sig)]].concat(), SECRET, Method::Md5Hash, TOLERANT);
    assert_eq!(verify(PAIRS, SECRET, Method::Md5Hash, TOLERANT), Err(Fault::Missing("sig")));
    assert_eq!(with(""), Err(Fault::Missing("sig")));
    let digits = "0".repeat(100_000);
    for hex in ["00", "0123456789abcdef0123456789abcdef", "0123456789abcdef0123456789abcdef01234567", digits.as_str()] {
        assert_eq!(with(hex), Err(Fault::Mismatch));
    }
    let nearly = signed(PAIRS, Method::Md5Hash);
    for bad in ["0", "zz", "é", &nearly[1..], &format!("{nearly} "), &format!("0x{nearly}"), &format!("{nearly}\0")] {
        assert_eq!(with(bad), Err(Fault::Malformed("sig")), "{bad:?}");
    }
    assert_eq!(with(&nearly[2..]), Err(Fault::Mismatch));
    assert_eq!(with(&nearly), Ok(Form::Canonical));
}

#[test]
fn a_timestamp_is_digits_and_nothing_else() {
    let numbers = [
        "",
        " 1461605396",
        "1461605396 ",
        "+1461605396",
        "-1",
        "1461605396.0",
        "1.4e9",
        "0x5",
        "١٢",
        "99999999999999999999",
    ];
    for text in numbers {
        let pairs = [("text", "Hello"), ("timestamp", text)];
        let sig = signed(&pairs, Method::Sha1);
        let expected = if text.is_empty() { Fault::Missing("timestamp") } else { Fault::Malformed("timestamp") };
        let found = verify(&[pairs[0], pairs[1], ("sig", &sig)], SECRET, Method::Sha1, TOLERANT);
        assert_eq!(found, Err(expected), "{text:?}");
    }
    let sig = signed(&PAIRS[..2], Method::Sha1);
    let found = verify(&[PAIRS[0], PAIRS[1], ("sig", &sig)], SECRET, Method::Sha1, TOLERANT);
    assert_eq!(found, Err(Fault::Missing("timestamp")));
}

#[test]
fn a_name_twice_with_other_values_is_refused_and_with_the_same_counts_once() {
    let twice = Parameters::new([("to", "1"), ("text", "a"), ("to", "2")]);
    assert_eq!(twice.unwrap_err(), Fault::Ambiguous("to".to_owned()));
    let empty_first = Parameters::new([("to", ""), ("to", "2")]);
    assert_eq!(empty_first.unwrap_err(), Fault::Ambiguous("to".to_owned()));
    let sig_twice = Parameters::new([("sig", "00"), ("sig", "01")]);
    assert_eq!(sig_twice.unwrap_err(), Fault::Ambiguous("sig".to_owned()));
    let same = Parameters::new([("to", "1"), ("to", "1")]).unwrap();
    assert_eq!(nexmo::canonical(&same).expose(), b"&to=1");
    // Another case is another name.
    let cased = Parameters::new([("to", "1"), ("To", "2")]).unwrap();
    assert_eq!(nexmo::canonical(&cased).expose(), b"&To=2&to=1");
}

#[test]
fn parameters_show_their_names_only() {
    let parameters = Parameters::new([("text", "code 482917"), ("sig", "00ff")]).unwrap();
    assert_eq!(format!("{parameters:?}"), r#"["text", "sig"]"#);
}

fn pairs() -> impl Strategy<Value = Vec<(String, String)>> {
    let name = prop_oneof!["[a-z-]{1,12}", Just("text".to_owned()), Just("Zeta".to_owned()), "\\PC{0,4}"];
    let value = prop_oneof!["\\PC{0,24}", "[&=_ +%a]{0,8}", Just(String::new())];
    proptest::collection::btree_map(name, value, 0..12).prop_map(|map| {
        let reserved = |name: &str| name == "sig" || name == "timestamp";
        let mut pairs: Vec<_> = map.into_iter().filter(|(name, _)| !reserved(name)).collect();
        pairs.push(("timestamp".to_owned(), "1461605396".to_owned()));
        pairs
    })
}

fn method() -> impl Strategy<Value = Method> {
    proptest::sample::select(Method::ALL)
}

fn borrowed(pairs: &[(String, String)]) -> Vec<(&str, &str)> {
    pairs.iter().map(|(name, value)| (name.as_str(), value.as_str())).collect()
}

proptest! {
    #[test]
    fn what_is_signed_verifies_in_any_order(pairs in pairs().prop_shuffle(), method in method(), secret in "\\PC{0,80}") {
        let mut pairs = borrowed(&pairs);
        let sig = nexmo::sign(&Parameters::new(pairs.clone()).unwrap(), method, Secret::new(&secret));
        pairs.insert(pairs.len() / 2, ("sig", sig.as_str()));
        prop_assert_eq!(verify(&pairs, &secret, method, Tolerance::STRICT), Ok(Form::Canonical));
    }

    /// A change of one character in a name, a value, the signature or the secret fails, unless the string stays the same:
    /// `&`, `=` and `_` in values are one.
    #[test]
    fn any_change_fails(pairs in pairs(), method in method(), at in any::<prop::sample::Index>(), by in "\\PC") {
        let before = nexmo::canonical(&Parameters::new(borrowed(&pairs)).unwrap());
        let sig = nexmo::sign(&Parameters::new(borrowed(&pairs)).unwrap(), method, Secret::new(SECRET));
        for field in 0..2 {
            let mut changed = pairs.clone();
            let pair = at.get_mut(&mut changed);
            let text = if field == 0 { &mut pair.0 } else { &mut pair.1 };
            let mut letters: Vec<char> = text.chars().collect();
            match letters.is_empty() {
                true => letters.extend(by.chars()),
                false => *at.get_mut(&mut letters) = by.chars().next().unwrap(),
            }
            *text = letters.into_iter().collect();
            let mut changed = borrowed(&changed);
            let Ok(parameters) = Parameters::new(changed.clone()) else { continue };
            let same = nexmo::canonical(&parameters) == before;
            changed.push(("sig", sig.as_str()));
            let found = verify(&changed, SECRET, method, Tolerance::STRICT);
            prop_assert_eq!(found.is_ok(), same, "{:?} {:?}", found, changed);
        }
    }

    #[test]
    fn a_changed_digit_or_secret_fails(pairs in pairs(), method in method(), at in any::<prop::sample::Index>(), by in 1..16u32) {
        let mut pairs = borrowed(&pairs);
        let sig = nexmo::sign(&Parameters::new(pairs.clone()).unwrap(), method, Secret::new(SECRET)).into_string();
        let index = at.index(sig.len());
        let digit = (sig[index..=index].chars().next().and_then(|digit| digit.to_digit(16)).unwrap() + by) % 16;
        let mut other = sig.clone();
        other.replace_range(index..=index, &char::from_digit(digit, 16).unwrap().to_string());
        let with = |sig| pairs.iter().copied().chain([("sig", sig)]).collect::<Vec<_>>();
        prop_assert_eq!(verify(&with(&other), SECRET, method, TOLERANT), Err(Fault::Mismatch));
        prop_assert_eq!(verify(&with(&sig), "my_secret_key_for_testinG", method, TOLERANT), Err(Fault::Mismatch));
        pairs.push(("another", "1"));
        let with_another = pairs.iter().copied().chain([("sig", sig.as_str())]).collect::<Vec<_>>();
        prop_assert_eq!(verify(&with_another, SECRET, method, TOLERANT), Err(Fault::Mismatch));
    }
}
