//! Parameters, however they come.

use proptest::prelude::*;

use super::*;

fn read(query: &str, body: &[u8]) -> Params {
    Params::read(query, body).expect("readable")
}

fn all(params: &Params, name: &str) -> Vec<String> {
    params.all(name).map(str::to_owned).collect()
}

#[test]
fn query_form_and_json_say_the_same() {
    for (query, body) in [
        ("to=4917&flash=1&text=a+b%26", &b""[..]),
        ("", b"to=4917&flash=true&text=a%20b%26"),
        ("", br#"{"to":"4917","flash":true,"text":"a b&"}"#),
        ("flash=1", br#" {"to":4917,"text":"a b&"}"#),
        ("to=1&text=lost&flash=1", b"to=4917&text=a+b%26"),
    ] {
        let params = read(query, body);
        assert_eq!((params.get("to"), params.get("text"), params.is_on("flash")), (Some("4917"), Some("a b&"), true));
    }
}

#[test]
fn lists_come_in_brackets_of_forms_and_of_json() {
    assert_eq!(all(&read("", b"ids[0]=1&ids[1]=2"), "ids"), ["1", "2"]);
    assert_eq!(all(&read("", b"ids%5B%5D=1&ids%5B%5D=2"), "ids"), ["1", "2"]);
    assert_eq!(all(&read("ids[]=3", br#"{"ids":["1",2]}"#), "ids"), ["1", "2"]);
    assert!(read("", b"files[0][name]=a.png&files[0][contents]=QQ==").get("files").is_some());
    assert!(read("", br#"{"files":[{"name":"a.png"}]}"#).get("files").is_some());
    assert!(read("", br#"{"files":[]}"#).get("files").is_none());
}

#[test]
fn members_are_found_by_their_names() {
    for body in [&b"properties[city]=Kiel&properties[notes]="[..], br#"{"properties":{"city":"Kiel","notes":null}}"#] {
        let params = read("", body);
        let member = |name| params.member("properties", name);
        assert_eq!((member("city"), member("notes"), member("email")), (Some("Kiel"), Some(""), None));
    }
}

#[test]
fn what_is_no_utf8_is_latin_1() {
    assert_eq!(read("text=gr%FC%DFe", b"").get("text"), Some("grüße"));
    assert_eq!(read("text=gr%C3%BC%C3%9Fe", b"").get("text"), Some("grüße"));
    assert_eq!(read("", b"{\"text\":\"gr\xfc\xdfe\"}").get("text"), Some("grüße"));
    assert_eq!(read("text=100%&from=%zz", b"").get("text"), Some("100%"));
}

#[test]
fn what_a_client_left_undefined_is_not_there() {
    let params = read("date_to=undefined&text=undefined&limit=", b"");
    assert_eq!((params.get("date_to"), params.get("limit"), params.get("text")), (None, None, Some("undefined")));
}

#[test]
fn switches_are_on_by_two_words() {
    for (value, is_on) in [("1", true), ("true", true), ("TRUE", true), ("0", false), ("false", false), ("", false)] {
        assert_eq!(read(&format!("flash={value}"), b"").is_on("flash"), is_on, "{value}");
    }
    assert!(read("", br#"{"flash":true}"#).is_on("flash") && !read("", br#"{"flash":false}"#).is_on("flash"));
}

#[test]
fn a_broken_object_and_endless_values_are_refused() {
    assert!(Params::read("", b"{\"to\":").is_err());
    assert!(Params::read("", b"{} x").is_err());
    assert!(Params::read(&"a&".repeat(VALUES_MAX + 1), b"").is_err());
    let list = format!("{{\"to\":[{}0]}}", "0,".repeat(VALUES_MAX));
    assert!(Params::read("", list.as_bytes()).is_err());
}

proptest! {
    #[test]
    fn anything_is_read_or_refused(query in ".{0,200}", body in prop::collection::vec(any::<u8>(), 0..300)) {
        if let Ok(params) = Params::read(&query, &body) {
            for (name, value) in params.pairs() {
                prop_assert!(params.all(name).any(|other| other == value) || value == "undefined" || params.body.iter().any(|pair| pair.name == name));
            }
        }
    }
}
