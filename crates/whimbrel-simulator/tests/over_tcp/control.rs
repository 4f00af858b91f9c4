//! The control over a running simulator: phones that send, sessions that are ended, scenarios that change.

use crate::script::Stage;
use whimbrel_simulator::phones::{Alphabet, BinaryContent, ConcatMethod, Direction, PhoneTextRefused, TextState};
use whimbrel_simulator::{
    Disconnect, Outcome, PhoneContent, PhoneSetting, PhoneText, Scenario, Target, TextContent, TextStatus,
};

const BIND: &str = r"
    > bind trx one dev
    < bind_resp #1 Whimbrel\x00\x02\x10\x00\x014
";

fn text(text: &str) -> PhoneText {
    let content = PhoneContent::Text(TextContent { text: text.to_owned(), alphabet: Alphabet::Auto });
    PhoneText {
        from: "+447700900001".to_owned(),
        to: "12345".to_owned(),
        content,
        concat: ConcatMethod::Udh8,
        system_id: None,
    }
}

/// The counts of a text: sent, acknowledged, refused, dropped.
fn counts(status: TextStatus) -> (TextState, [u32; 4]) {
    let TextStatus { sent_count, acknowledged_count, refused_count, dropped_count, .. } = status;
    (status.state, [sent_count, acknowledged_count, refused_count, dropped_count])
}

#[tokio::test]
async fn a_phone_s_text_travels_in_every_form() {
    let long = "x".repeat(161);
    let (first, last) = ("x".repeat(153), "x".repeat(8));
    let as_text = |content: &str, concat| PhoneText { concat, ..text(content) };
    let ucs2 = PhoneContent::Text(TextContent { text: "Hi".to_owned(), alphabet: Alphabet::Ucs2 });
    let gsm7 = PhoneContent::Text(TextContent { text: "ж{".to_owned(), alphabet: Alphabet::Gsm7 });
    let binary =
        |udh: &str| PhoneContent::Binary(BinaryContent { udh_hex: udh.to_owned(), body_hex: "00ff".to_owned() });
    let rows = [
        (text("Hello @"), vec![r"00/00 Hello \x00".to_owned()]),
        (text("ж"), vec![r"00/08 \x046".to_owned()]),
        (PhoneText { content: ucs2, ..text("") }, vec![r"00/08 \x00H\x00i".to_owned()]),
        (PhoneText { content: gsm7, ..text("") }, vec![r"00/00 ?\x1b(".to_owned()]),
        (
            as_text(&long, ConcatMethod::Udh8),
            vec![format!(r"40/00 \x05\x00\x03\x05\x02\x01{first}"), format!(r"40/00 \x05\x00\x03\x05\x02\x02{last}")],
        ),
        (
            as_text(&long, ConcatMethod::Udh16),
            vec![
                format!(r"40/00 \x06\x08\x04\x00\x06\x02\x01{}", "x".repeat(152)),
                format!(r"40/00 \x06\x08\x04\x00\x06\x02\x02{}", "x".repeat(9)),
            ],
        ),
        (
            as_text(&long, ConcatMethod::Sar),
            vec![
                format!(r"00/00 {first} 020c=\x00\x07 020e=\x02 020f=\x01"),
                format!(r"00/00 {last} 020c=\x00\x07 020e=\x02 020f=\x02"),
            ],
        ),
        (as_text(&long, ConcatMethod::Payload), vec![format!(r"00/00  0424={long}")]),
        (PhoneText { content: binary(""), ..text("") }, vec![r"00/04 \x00\xff".to_owned()]),
        (
            PhoneText { content: binary("06050415811581"), ..text("") },
            vec![r"40/04 \x06\x05\x04\x15\x81\x15\x81\x00\xff".to_owned()],
        ),
    ];
    let mut stage = Stage::new("").await;
    stage.play(BIND).await;
    for (text, parts) in rows {
        let status = stage.control().phone_sends(&text).expect("a text that can be sent");
        assert_eq!(status.part_count as usize, parts.len());
        for part in parts {
            stage.play(&format!("< deliver_sm {part}")).await;
        }
        stage.play(".").await;
        let status = stage.control().text(status.id).expect("it is remembered");
        assert_eq!((status.state, status.acknowledged_count), (TextState::Acknowledged, status.part_count));
    }
    assert_eq!(stage.control().totals().text_parts_pending, 0);
}

#[tokio::test]
async fn a_text_that_cannot_be_written_is_refused() {
    let stage = Stage::new("").await;
    let check = |text: PhoneText, wanted| assert_eq!(stage.control().phone_sends(&text), Err(wanted));
    check(PhoneText { from: String::new(), ..text("") }, PhoneTextRefused::Address("from"));
    check(PhoneText { to: "1".repeat(21), ..text("") }, PhoneTextRefused::Address("to"));
    check(text(&"x".repeat(153 * 255 + 1)), PhoneTextRefused::TooLong);
    let binary = |udh_hex: &str, body_hex: &str| PhoneText {
        content: PhoneContent::Binary(BinaryContent { udh_hex: udh_hex.to_owned(), body_hex: body_hex.to_owned() }),
        ..text("")
    };
    for (udh, body) in [("", "0"), ("", "xy"), ("0605", "00"), ("", &"00".repeat(141))] {
        check(binary(udh, body), PhoneTextRefused::Binary);
    }
    // Nobody takes them: there is an end to what is kept.
    let long = text(&"x".repeat(153 * 250));
    for _ in 0..40 {
        assert!(stage.control().phone_sends(&long).is_ok());
    }
    check(long, PhoneTextRefused::Full);
}

#[tokio::test]
async fn a_text_waits_for_a_receiver_of_its_client() {
    let mut stage = Stage::new("").await;
    let to = |name: &str, words: &str| PhoneText { system_id: Some(name.to_owned()), ..text(words) };
    let anybody = stage.control().phone_sends(&text("any")).expect("a text");
    let two = stage.control().phone_sends(&to("two", "for two")).expect("a text");
    // A transmitter is given nothing.
    stage
        .play(
            r"
            a: > bind tx two dev
            a: < bind_resp #1 Whimbrel\x00\x02\x10\x00\x014
            a: .
            b: > bind rx one dev
            b: < bind_resp #1 Whimbrel\x00\x02\x10\x00\x014
            b: < deliver_sm 00/00 any
            c: > bind rx two dev
            c: < bind_resp #1 Whimbrel\x00\x02\x10\x00\x014
            c: < deliver_sm 00/00 for two
            ",
        )
        .await;
    for id in [anybody.id, two.id] {
        while stage.control().text(id).is_none_or(|status| status.state != TextState::Acknowledged) {
            tokio::task::yield_now().await;
        }
    }
}

#[tokio::test]
async fn a_text_is_sent_until_it_is_taken_or_refused_for_good() {
    let mut stage = Stage::new("").await;
    stage.play(BIND).await;
    let id = stage.control().phone_sends(&text("Hi")).expect("a text").id;
    // For now: as often as it takes.
    for status in ["64", "58", "14", "64"] {
        stage.play(&format!("ack {status}\n< deliver_sm 00/00 Hi\n.\n+ 4999\n.\n+ 1")).await;
    }
    stage.play("ack 0\n< deliver_sm 00/00 Hi\n.").await;
    let status = stage.control().text(id).expect("it is remembered");
    assert_eq!(counts(status), (TextState::Acknowledged, [5, 1, 4, 0]));
    // For good: three times in all.
    let id = stage.control().phone_sends(&text("Hi")).expect("a text").id;
    for _ in 0..3 {
        stage.play("ack 65\n< deliver_sm 00/00 Hi\n.\n+ 5000").await;
    }
    stage.play(".").await;
    let status = stage.control().text(id).expect("it is remembered");
    assert_eq!(counts(status), (TextState::Dropped, [3, 0, 3, 1]));
    assert_eq!(stage.control().totals().text_parts_pending, 0);
}

#[tokio::test]
async fn a_text_whose_session_ends_goes_to_another_one() {
    let mut stage = Stage::new("").await;
    stage.play(BIND).await;
    stage.control().phone_sends(&text("Hi")).expect("a text");
    stage.play("ack none\n< deliver_sm 00/00 Hi\n.").await;
    assert_eq!(stage.control().disconnect(&Target::SystemId("one".to_owned()), Disconnect::Close), 1);
    stage
        .play(
            r"
            = end
            b: > bind trx other dev
            b: < bind_resp #1 Whimbrel\x00\x02\x10\x00\x014
            b: < deliver_sm 00/00 Hi
            ",
        )
        .await;
}

#[tokio::test]
async fn sessions_are_seen_and_ended() {
    for (how, seen) in [
        (Disconnect::Unbind, "< unbind #1"),
        (Disconnect::Close, "= end"),
        (Disconnect::Reset, "= reset"),
        (Disconnect::HalfPdu, "= reset"),
    ] {
        let mut stage = Stage::new("").await;
        stage.play(BIND).await;
        stage.play("b: > bind rx two dev\nb: < bind_resp #1 Whimbrel\\x00\\x02\\x10\\x00\\x014").await;
        let sessions = stage.control().sessions();
        let shown: Vec<_> = sessions
            .iter()
            .map(|session| (session.session, session.system_id.as_deref(), session.bound_since.as_deref()))
            .collect();
        let since = Some("2026-11-24T13:12:07.000000Z");
        assert_eq!(shown, [(1, Some("one"), since), (2, Some("two"), since)]);
        let json = serde_json::to_value(&sessions[1]).expect("JSON");
        assert_eq!((&json["mode"], &json["counters"]["accepted"]), (&"rx".into(), &0.into()));

        assert_eq!(stage.control().disconnect(&Target::Session(99), how), 0);
        assert_eq!(stage.control().disconnect(&Target::Session(1), how), 1);
        stage.play(seen).await;
        if how != Disconnect::Unbind {
            while stage.control().sessions().len() > 1 {
                tokio::task::yield_now().await;
            }
        }
        // The other one lives on.
        stage.play("b: > enquire\nb: < enquire_link_resp #2").await;
    }
}

#[tokio::test]
async fn a_scenario_changes_whole_or_not_at_all() {
    let mut stage = Stage::new("[receipts]\ncopies = 0").await;
    stage.play(BIND).await;
    stage.play("> submit 1\n< submit_sm_resp #2 C000000000000000\\x00").await;
    let scenario = Scenario::parse("[answers]\nrefuse_status = 8\n[wire]\ntrailing_nul = true").expect("a scenario");
    stage.control().set_scenario(scenario.clone()).expect("one that can be obeyed");
    assert_eq!(*stage.control().scenario(), scenario);
    stage.play("> submit 1\n< submit_sm_resp 08 #3 \\x00\\x00").await;
    let mut wrong = Scenario::default();
    wrong.answers.refuse_status = Some(Some(0));
    let error = stage.control().set_scenario(wrong).expect_err("a status that does not refuse");
    assert_eq!((error.line, error.problem.as_str()), (0, "`answers.refuse_status` cannot be obeyed"));
    stage.play("> submit 1\n< submit_sm_resp 08 #4 \\x00\\x00").await;
    // Timers too, on a session that is bound already.
    let scenario = Scenario::parse("[session]\nenquire_every_ms = 100").expect("a scenario");
    stage.control().set_scenario(scenario).expect("one that can be obeyed");
    stage.play(".\n+ 100\n< enquire_link #7e000000").await;
}

#[tokio::test]
async fn phones_are_set_and_their_texts_are_kept() {
    let mut stage = Stage::new("[receipts]\ntlvs = false\ndates = 0\ncounts = false\nexcerpt = false").await;
    stage.play(BIND).await;
    let told = |number: usize, state: &str| {
        format!(
            "> submit 447700900000\n< submit_sm_resp #{:x} C00000000000000{number}\\x00\n.\n+ 200
             < deliver_sm 04/00 id:C00000000000000{number} stat:{state}",
            number * 2 + 2
        )
    };
    let control = stage.control();
    for (number, setting, state) in [
        (0, PhoneSetting::On, "DELIVRD err:000"),
        (1, PhoneSetting::Off, "UNDELIV err:027"),
        (2, PhoneSetting::Outcome(Outcome::Expired), "EXPIRED err:000"),
        (3, PhoneSetting::On, "DELIVRD err:000"),
    ] {
        control.set_phone("+447700900000", setting).expect("few phones are set");
        stage.play(&told(number, state)).await;
    }
    let reply = PhoneText { from: "447700900000".to_owned(), ..text("Thanks") };
    control.phone_sends(&reply).expect("a text");
    stage.play("< deliver_sm 00/00 Thanks").await;
    let kept: Vec<_> = control
        .phone_texts("+447700900000")
        .into_iter()
        .map(|text| (text.direction, text.with, text.text.unwrap_or_default()))
        .collect();
    let to_phone = (Direction::ToPhone, "Acme".to_owned(), "Hello".to_owned());
    let from_phone = (Direction::FromPhone, "12345".to_owned(), "Thanks".to_owned());
    assert_eq!(kept, [to_phone.clone(), to_phone, from_phone]);
    let phones = control.phones();
    assert_eq!((phones.len(), phones[0].number.as_str(), phones[0].text_count), (1, "447700900000", 3));
}

/// What a value is in JSON.
fn check(value: &impl serde::Serialize, wanted: &str) {
    assert_eq!(serde_json::to_string(value).expect("JSON"), wanted);
}

#[test]
fn what_goes_in_and_out_is_json() {
    let text: PhoneText = serde_json::from_str(
        r#"{"from":"447700900001","to":"12345","concat":"sar","content":{"text":{"text":"Hi","alphabet":"ucs2"}}}"#,
    )
    .expect("a text");
    assert_eq!((text.concat, text.system_id.as_deref()), (ConcatMethod::Sar, None));
    assert!(!format!("{text:?}").contains("Hi") && !format!("{text:?}").contains("4477"));
    check(&PhoneSetting::Outcome(Outcome::ThrottledOnce), r#"{"outcome":"throttled-once"}"#);
    check(&PhoneSetting::Off, r#""off""#);
    check(&Target::Session(1), r#"{"session":1}"#);
    check(&Target::Everybody, r#""everybody""#);
    check(&Disconnect::HalfPdu, r#""half_pdu""#);
}
