//! Parameters as clients write them, well and badly.

use whimbrel_core::Refusal;

use super::{Name, Origin, PAIRS_MAX, Params};

fn value(query: &str, body: &[u8], name: Name) -> Result<Option<String>, Refusal> {
    Params::read(query, body).map(|params| params.get(name).map(str::to_owned))
}

fn text_of(body: &[u8]) -> Option<String> {
    value("", body, Name::Text).expect("no nested value")
}

#[test]
fn every_name_is_read_back() {
    for name in Name::ALL {
        assert_eq!(Name::of(name.as_str()), Some(*name));
    }
    assert_eq!(Name::of("API_KEY"), None);
}

#[test]
fn every_name_of_the_vendors_definition_is_known() {
    let schema = include_str!("../../../tests/schema/nexmo-sms.txt");
    let names = schema.lines().filter_map(|line| line.strip_prefix("NewMessage ")?.split(' ').next());
    assert_eq!(names.clone().count(), 23);
    for name in names {
        assert!(Name::of(name).is_some(), "{name}");
    }
}

#[test]
fn forms_are_read_as_clients_write_them() {
    let cases: &[(&str, &str)] = &[
        ("text=a+b%20c", "a b c"),
        ("text=A text message&", "A text message"),
        ("&&text=a&&", "a"),
        ("text=100%&to=1", "100%"),
        ("text=%zz%4", "%zz%4"),
        ("te%78t=a", "a"),
        ("text=a=b", "a=b"),
        ("text=first&text=second", "first"),
        ("text=%C3%A9%E2%82%AC", "é€"),
        ("text=é€", "é€"),
        ("text=%FF%FEa", "\u{FFFD}\u{FFFD}a"),
        ("text=a%00b", "a\0b"),
        ("text=a;b", "a;b"),
    ];
    for (form, text) in cases {
        assert_eq!(text_of(form.as_bytes()).as_deref(), Some(*text), "{form}");
        assert_eq!(value(form, b"", Name::Text), Ok(Some((*text).to_owned())), "{form}");
    }
    for empty in ["", "text", "text=", "text=&text=late", "TEXT=a", "=a", "&", "?", "\"a\""] {
        assert_eq!(text_of(empty.as_bytes()), None, "{empty}");
    }
    assert_eq!(text_of(b"text=a\xffb").as_deref(), Some("a\u{FFFD}b"));
}

#[test]
fn json_values_are_read_as_they_are_spelled() {
    let cases: &[(&str, &str)] = &[
        (r#"{"text":"a\u00e9\n\"b"}"#, "aé\n\"b"),
        (" \r\n\t{\"text\" : 1}", "1"),
        (r#"{"text":447700900000}"#, "447700900000"),
        (r#"{"text":123456789012345678901234567890}"#, "123456789012345678901234567890"),
        (r#"{"text":-1.50e3}"#, "-1.50e3"),
        (r#"{"text":true}"#, "true"),
        (r#"{"text":false}"#, "false"),
        (r#"{"text":null,"text":"b"}"#, "b"),
        (r#"{"text":"a","text":"b"}"#, "a"),
        (r#"{"te\u0078t":"a"}"#, "a"),
        (r#"{"text":"\ud83d\ude00"}"#, "😀"),
    ];
    for (json, text) in cases {
        assert_eq!(text_of(json.as_bytes()).as_deref(), Some(*text), "{json}");
    }
    let cut = text_of(br#"{"text":"cut \ud83d"}"#).expect("half a pair is text");
    assert!(cut.starts_with("cut \u{FFFD}"), "{cut:?}");
    assert_eq!(text_of(b"{\"text\":\"a\xffb\"}").as_deref(), Some("a\u{FFFD}b"));
}

#[test]
fn what_is_no_object_is_a_form() {
    for body in ["{", "{}x&text=a", "[1]&text=a", "{\"a\":1,}&text=a", "\"\"&text=a", "{\"text\":1&text=a"] {
        let expected = body.contains("text=a").then_some("a");
        assert_eq!(text_of(body.as_bytes()).as_deref(), expected, "{body}");
    }
}

#[test]
fn nested_values_are_refused_however_deep() {
    let refused = |field| Err(Refusal::Invalid { field });
    assert_eq!(value("", br#"{"to":["1","2"],"text":"a"}"#, Name::Text), refused("to"));
    assert_eq!(value("", br#"{"text":{"a":1}}"#, Name::Text), refused("text"));
    assert_eq!(value("", br#"{"x":{},"text":"a"}"#, Name::Text), refused("parameter"));
    let deep = format!("{{\"text\":{}{}}}", "[".repeat(200_000), "]".repeat(200_000));
    assert_eq!(value("", deep.as_bytes(), Name::Text), refused("text"));
}

#[test]
fn the_body_wins_over_the_query() {
    assert_eq!(value("text=query", b"text=body", Name::Text), Ok(Some("body".into())));
    assert_eq!(value("text=query", br#"{"text":"body"}"#, Name::Text), Ok(Some("body".into())));
    assert_eq!(value("text=query", br#"{"text":null}"#, Name::Text), Ok(Some("query".into())));
    assert_eq!(value("text=query", b"text=", Name::Text), Ok(None));
}

#[test]
fn every_pair_is_kept_with_its_place() {
    let body = br#"{"to":1,"x":true,"to":"2","none":null,"empty":""}"#;
    let params = Params::read("to=3&&y=%zz&api_key&to=4&", body).expect("nothing nested");
    let pairs: Vec<(&str, &str, Origin)> =
        params.pairs().iter().map(|pair| (&*pair.name, &*pair.value, pair.origin)).collect();
    let expected = [
        ("to", "1", Origin::Body),
        ("x", "true", Origin::Body),
        ("to", "2", Origin::Body),
        ("empty", "", Origin::Body),
        ("to", "3", Origin::Query),
        ("y", "%zz", Origin::Query),
        ("api_key", "", Origin::Query),
        ("to", "4", Origin::Query),
    ];
    assert_eq!(pairs, expected);
    assert_eq!(params.get(Name::To), Some("1"));
    assert_eq!(params.get(Name::ApiKey), None);
}

#[test]
fn there_is_room_for_many_pairs_but_not_for_any_number() {
    let refused = Err(Refusal::Invalid { field: "parameter" });
    let pairs = |count: usize| "a=b&".repeat(count);
    assert_eq!(value("", format!("{}text=c", pairs(PAIRS_MAX - 1)).as_bytes(), Name::Text), Ok(Some("c".into())));
    assert_eq!(value("", format!("{}text=c", pairs(PAIRS_MAX)).as_bytes(), Name::Text), refused);
    assert_eq!(value("text=c", pairs(PAIRS_MAX).as_bytes(), Name::Text), refused);
    let json = |count: usize| format!("{{{}\"text\":\"c\"}}", "\"a\":1,".repeat(count));
    assert_eq!(value("", json(PAIRS_MAX - 1).as_bytes(), Name::Text), Ok(Some("c".into())));
    assert_eq!(value("", json(PAIRS_MAX).as_bytes(), Name::Text), refused);
}
