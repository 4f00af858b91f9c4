//! The centre's end, one rule a test.

use std::time::Duration;

use whimbrel_smpp::session::{Event, RequestRefused, State};
use whimbrel_smpp::{Bind, BindMode, Body, CommandStatus, FrameReader, Pdu, command_id as id, tag};

use crate::support::*;

const TRX: BindMode = BindMode::Transceiver;
const TX: BindMode = BindMode::Transmitter;
const RX: BindMode = BindMode::Receiver;

fn bound() -> Bench {
    Bench::bound_smsc(TRX, |_| ())
}

// Open

#[test]
fn before_the_bind_only_bind_enquire_link_and_unbind_are_taken() {
    let mut bench = Bench::smsc(|_| ());
    bench.hear(&[
        pdu(1, submit_sm()),
        pdu(2, data_sm()),
        pdu(3, query_sm()),
        pdu(4, deliver_sm()),
        frame(id::SUBMIT_MULTI, 0, 5, b""),
        broken(id::SUBMIT_SM, 6),
        frame(0x777, 0, 7, b""),
        pdu(8, submit_sm_resp()),
        pdu(9, Body::EnquireLink),
    ]);
    assert_eq!(
        bench.said(),
        "enquire_link_resp 9; submit_sm_resp 1 0x04; data_sm_resp 2 0x04; query_sm_resp 3 0x04; \
         deliver_sm_resp 4 0x04; submit_multi_resp 5 0x04; submit_sm_resp 6 0x04; generic_nack 7 0x03"
    );
    assert_eq!((bench.told(), bench.session.state()), (String::new(), State::Open));
    assert_eq!(bench.session.counters().misplaced_requests, 6);
    bench.hear(&[pdu(10, Body::Unbind)]);
    assert_eq!((bench.said(), bench.told()), ("unbind_resp 10".to_owned(), "closed PeerUnbound []".to_owned()));
}

#[test]
fn a_connection_without_a_bind_closes_after_ten_seconds() {
    let mut bench = Bench::smsc(|_| ());
    bench.wait(Duration::from_millis(9_999));
    // Enquiries do not buy time.
    bench.hear(&[pdu(1, Body::EnquireLink)]);
    bench.wait(Duration::from_millis(1));
    assert_eq!(bench.told(), "closed BindTimedOut []");
}

#[test]
fn a_bind_that_cannot_be_read_is_refused_and_may_be_tried_again() {
    let mut bench = Bench::smsc(|_| ());
    bench.hear(&[frame(id::BIND_TRANSMITTER, 0, 1, b"x"), pdu(2, Body::Bind(TX, bind()))]);
    assert_eq!(bench.said(), "bind_transmitter_resp 1 0x66");
    assert_eq!(bench.told(), "undecodable bind_transmitter 1, answered 0x66; wants Transmitter as esme");
}

// Bind

#[test]
fn an_accepted_bind_states_the_version_to_those_who_know_parameters() {
    for (interface_version, version) in [(0x34, Some(0x34)), (0x50, Some(0x34)), (0x33, None), (0, None)] {
        let mut bench = Bench::smsc(|_| ());
        bench.hear(&[pdu(7, Body::Bind(RX, Bind { interface_version, ..bind() }))]);
        bench.session.accept_bind(b"Whimbrel", bench.now);
        let mut reader = FrameReader::new(1_000);
        reader.push(bench.session.output());
        let frame = reader.next().expect("an answer").expect("a length of ours");
        let Ok(Pdu { status: CommandStatus::ROK, sequence: 7, body: Body::BindResp(RX, answer) }) = Pdu::decode(frame)
        else {
            panic!("not an answer to a receiver");
        };
        assert_eq!(answer.system_id, b"Whimbrel");
        assert_eq!(answer.tlvs.get_u8(tag::SC_INTERFACE_VERSION), version);
    }
}

#[test]
fn a_name_that_cannot_be_written_keeps_nobody_out() {
    let mut bench = Bench::smsc(|_| ());
    bench.hear(&[pdu(1, Body::Bind(TRX, bind()))]);
    bench.session.accept_bind(b"a name of more than fifteen octets", bench.now);
    assert_eq!((bench.said(), bench.session.state()), ("bind_transceiver_resp 1".to_owned(), State::Bound));
}

#[test]
fn a_refused_bind_is_answered_and_closes() {
    for (status, said) in [(CommandStatus::RINVPASWD, "0x0e"), (CommandStatus::ROK, "0x0d")] {
        let mut bench = Bench::smsc(|_| ());
        bench.hear(&[pdu(1, Body::Bind(TRX, bind())), pdu(2, submit_sm())]);
        bench.wait_secs(2);
        bench.session.refuse_bind(status, bench.now);
        assert_eq!(bench.said(), format!("bind_transceiver_resp 1 {said}"));
        let told = bench.told();
        assert!(told.starts_with("wants Transceiver as esme; closed BindRefused("), "{told}");
    }
}

#[test]
fn what_follows_a_bind_waits_for_its_answer() {
    let mut bench = Bench::smsc(|_| ());
    bench.hear(&[pdu(1, Body::Bind(TRX, bind())), pdu(2, submit_sm()), pdu(3, Body::EnquireLink)]);
    assert!(!bench.session.wants_input());
    assert_eq!((bench.told(), bench.said()), ("wants Transceiver as esme".to_owned(), String::new()));
    bench.session.accept_bind(b"Whimbrel", bench.now);
    assert!(bench.session.wants_input());
    assert_eq!(bench.told(), "submit_sm 2");
    bench.respond(2, submit_sm_resp());
    assert_eq!(bench.said(), "enquire_link_resp 3; bind_transceiver_resp 1; submit_sm_resp 2");
}

#[test]
fn a_flood_behind_a_bind_closes() {
    let mut bench = Bench::smsc(|config| config.bounds.input_octets_max = 100_000);
    bench.hear(&[pdu(1, Body::Bind(TRX, bind()))]);
    let piece = vec![pdu(2, Body::EnquireLink); 500];
    for _ in 0..12 {
        bench.hear(&piece);
    }
    assert_eq!(bench.told(), "wants Transceiver as esme");
    bench.hear(&piece);
    assert_eq!(bench.told(), "closed InputOverrun []");
}

#[test]
fn a_driver_that_never_decides_loses_the_bind_after_ten_seconds() {
    let mut bench = Bench::smsc(|_| ());
    bench.wait_secs(9);
    bench.hear(&[pdu(1, Body::Bind(TRX, bind()))]);
    bench.wait(Duration::from_millis(9_999));
    assert_eq!(bench.told(), "wants Transceiver as esme");
    bench.wait(Duration::from_millis(1));
    assert_eq!(bench.told(), "closed BindTimedOut []");
    bench.session.accept_bind(b"Whimbrel", bench.now);
    assert_eq!((bench.said(), bench.session.state()), (String::new(), State::Closed));
}

#[test]
fn a_second_bind_is_refused_and_the_first_stays() {
    let mut bench = bound();
    bench.hear(&[pdu(2, Body::Bind(RX, bind())), pdu(3, submit_sm())]);
    assert_eq!((bench.said(), bench.told()), ("bind_receiver_resp 2 0x05".to_owned(), "submit_sm 3".to_owned()));
}

#[test]
fn decisions_without_a_bind_do_nothing() {
    let mut bench = bound();
    bench.session.accept_bind(b"again", bench.now);
    bench.session.refuse_bind(CommandStatus::RBINDFAIL, bench.now);
    assert_eq!((bench.said(), bench.session.state()), (String::new(), State::Bound));
}

// Modes

#[test]
fn a_receiver_may_not_submit_and_a_transmitter_gets_no_deliveries() {
    let mut receiver = Bench::bound_smsc(RX, |_| ());
    receiver.hear(&[pdu(2, submit_sm()), pdu(3, data_sm()), broken(id::SUBMIT_SM, 4)]);
    assert_eq!(receiver.said(), "submit_sm_resp 2 0x04; data_sm_resp 3 0x04; submit_sm_resp 4 0x04");
    assert_eq!(receiver.told(), "");
    receiver.deliver();
    assert_eq!(receiver.said(), "deliver_sm 1");

    let mut transmitter = Bench::bound_smsc(TX, |_| ());
    assert_eq!(transmitter.session.request(deliver_sm(), transmitter.now), Err(RequestRefused::NotAllowed));
    transmitter.hear(&[pdu(2, submit_sm())]);
    assert_eq!(transmitter.told(), "submit_sm 2");
}

#[test]
fn a_centre_sends_only_what_is_a_centres() {
    let mut bench = bound();
    for body in [submit_sm(), query_sm(), Body::EnquireLink, Body::AlertNotification(Vec::new())] {
        assert_eq!(bench.session.request(body, bench.now), Err(RequestRefused::NotAllowed));
    }
    assert!(bench.session.request(data_sm(), bench.now).is_ok());
}

#[test]
fn commands_that_are_known_but_not_done_get_their_own_answer() {
    let mut bench = bound();
    bench.hear(&[
        frame(id::SUBMIT_MULTI, 0, 2, b""),
        frame(id::CANCEL_SM, 0, 3, b""),
        frame(id::REPLACE_SM, 0, 4, b""),
        pdu(5, deliver_sm()),
        frame(0x777, 0, 6, b""),
    ]);
    assert_eq!(
        bench.said(),
        "submit_multi_resp 2 0x03; cancel_sm_resp 3 0x03; replace_sm_resp 4 0x13; deliver_sm_resp 5 0x03; \
         generic_nack 6 0x03"
    );
}

// Traffic

#[test]
fn the_window_for_deliveries_is_ten_and_times_out_after_thirty_seconds() {
    let mut bench = bound();
    for _ in 0..10 {
        bench.deliver();
    }
    assert_eq!(bench.session.request(deliver_sm(), bench.now), Err(RequestRefused::WindowFull));
    bench.hear(&[answer(4, CommandStatus::RX_T_APPN, deliver_sm_resp()), pdu(5, Body::DeliverSmResp(odd_id()))]);
    assert_eq!(bench.told(), "deliver_sm_resp for 4: 0x64; deliver_sm_resp for 5: 0x00");
    bench.wait(Duration::from_millis(29_999));
    assert_eq!(bench.told(), "");
    bench.wait(Duration::from_millis(1));
    assert_eq!(bench.told().split("; ").count(), 8);
    assert_eq!(bench.session.window_free(), 10);
}

fn odd_id() -> whimbrel_smpp::MessageIdBody {
    whimbrel_smpp::MessageIdBody::new(*b"an id where none belongs")
}

#[test]
fn reading_stops_at_a_hundred_unanswered_submits() {
    let mut bench = bound();
    bench.hear(&(1..=150).map(|sequence| pdu(sequence, submit_sm())).collect::<Vec<_>>());
    assert_eq!((bench.session.requests_open(), bench.session.wants_input()), (100, false));
    assert_eq!(bench.told().split("; ").count(), 100);
    for sequence in 1..=50 {
        bench.respond(sequence, submit_sm_resp());
        assert!(!bench.session.wants_input());
    }
    for sequence in 51..=150 {
        bench.respond(sequence, submit_sm_resp());
        assert!(bench.session.wants_input());
    }
    assert_eq!(bench.told().split("; ").count(), 50);
    assert_eq!((bench.session.requests_open(), bench.said().split("; ").count()), (0, 150));
}

#[test]
fn a_submit_that_cannot_be_read_is_answered_without_a_body() {
    let mut bench = bound();
    bench.hear(&[broken(id::SUBMIT_SM, 2)]);
    assert_eq!(bench.session.output().len(), 16);
    assert_eq!(bench.said(), "submit_sm_resp 2 0x66");
    let Some(Event::Undecodable { frame, .. }) = bench.session.next_event() else { panic!("not told") };
    assert_eq!(frame.0, broken(id::SUBMIT_SM, 2));
}

#[test]
fn silence_is_enquired_after_a_minute_and_two_misses_close() {
    let mut bench = bound();
    bench.wait_secs(60);
    assert_eq!(bench.said(), "enquire_link 1");
    bench.wait_secs(15);
    assert_eq!((bench.said(), bench.told()), ("enquire_link 2".to_owned(), String::new()));
    bench.wait(Duration::from_millis(14_999));
    assert_eq!(bench.told(), "");
    bench.wait(Duration::from_millis(1));
    assert_eq!(bench.told(), "closed EnquireTimedOut []");
}

#[test]
fn an_answer_forgives_the_first_miss() {
    let mut bench = bound();
    for round in 0..3 {
        bench.wait_secs(60 + 15);
        assert_eq!(bench.said(), format!("enquire_link {}; enquire_link {}", 2 * round + 1, 2 * round + 2));
        bench.hear(&[pdu(2 * round + 2, Body::EnquireLinkResp)]);
    }
    assert_eq!((bench.told(), bench.session.counters().unsolicited_responses), (String::new(), 0));
}

#[test]
fn a_slow_reader_is_closed_at_a_mebibyte() {
    let mut bench = bound();
    let mut answered = 0_u32;
    while bench.session.state() == State::Bound {
        bench.hear(&[pdu(answered, submit_sm())]);
        bench.respond(answered, submit_sm_resp());
        answered += 1;
        // Half a PDU goes out now and then; it does not confuse the count.
        if answered == 10 {
            bench.session.output().drain(..7);
        }
    }
    // 21 octets an answer.
    assert_eq!(answered, ((1 << 20) + 7) / 21 + 1);
    let told = bench.told();
    assert!(told.ends_with("closed SlowReader []"));
    assert!(!bench.session.has_output());
}

// Endings

#[test]
fn the_peers_unbind_waits_for_answers_to_what_came_before_it() {
    let mut bench = bound();
    bench.deliver();
    bench.hear(&[pdu(2, submit_sm()), pdu(3, submit_sm()), pdu(4, Body::Unbind), pdu(5, submit_sm())]);
    assert_eq!(bench.session.state(), State::Unbinding);
    assert_eq!(bench.said(), "deliver_sm 1; submit_sm_resp 5 0x04");
    bench.respond(3, submit_sm_resp());
    bench.respond(2, submit_sm_resp());
    assert_eq!(bench.said(), "submit_sm_resp 3; submit_sm_resp 2; unbind_resp 4");
    assert_eq!(bench.told(), "submit_sm 2; submit_sm 3; closed PeerUnbound [1]");
}

#[test]
fn the_peers_unbind_does_not_wait_for_ever() {
    let mut bench = bound();
    bench.hear(&[pdu(2, submit_sm()), pdu(4, Body::Unbind)]);
    bench.wait(Duration::from_millis(1_999));
    assert_eq!(bench.said(), "");
    bench.wait(Duration::from_millis(1));
    assert_eq!((bench.said(), bench.told()), ("unbind_resp 4".into(), "submit_sm 2; closed PeerUnbound []".into()));
}

#[test]
fn a_centre_that_goes_finishes_what_it_took_and_takes_no_more() {
    let mut bench = bound();
    bench.hear(&[pdu(2, submit_sm())]);
    bench.session.unbind(bench.now);
    assert_eq!(bench.said(), "");
    bench.respond(2, submit_sm_resp());
    assert_eq!(bench.said(), "submit_sm_resp 2; unbind 1");
    bench.hear(&[pdu(3, submit_sm()), pdu(1, Body::UnbindResp)]);
    assert_eq!((bench.said(), bench.told()), ("submit_sm_resp 3 0x04".into(), "submit_sm 2; closed Unbound []".into()));
}
