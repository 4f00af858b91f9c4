//! The application's end: what the centre asks, and how much of it is held.

use whimbrel_smpp::session::{EsmeConfig, RequestRefused, State};
use whimbrel_smpp::{BindMode, Body, CommandStatus, ShortMessage, command_id as id, tag};

use crate::support::*;

const TRX: BindMode = BindMode::Transceiver;

fn bound() -> Bench {
    Bench::bound_esme(|_| ())
}

#[test]
fn an_enquiry_is_answered_ahead_of_what_waits() {
    let mut bench = bound();
    bench.submit_many(5);
    bench.hear(&[pdu(0, Body::EnquireLink), pdu(u32::MAX, Body::EnquireLink)]);
    assert_eq!(
        bench.said(),
        "enquire_link_resp 0; enquire_link_resp 4294967295; \
         submit_sm 2; submit_sm 3; submit_sm 4; submit_sm 5; submit_sm 6"
    );
}

#[test]
fn an_unknown_command_is_nacked_and_the_session_stays() {
    let mut bench = bound();
    bench.hear(&[frame(0x0000_0777, 0, 5, b"what"), frame(0x0001_0201, 0, 6, b""), pdu(7, Body::EnquireLink)]);
    assert_eq!(bench.said(), "enquire_link_resp 7; generic_nack 5 0x03; generic_nack 6 0x03");
    assert_eq!(bench.session.counters().unsupported_commands, 2);
    assert_eq!((bench.told(), bench.session.state()), (String::new(), State::Bound));
}

#[test]
fn a_bad_length_is_nacked_without_a_number_and_closes() {
    for length in [0_u32, 15, 70_001, u32::MAX] {
        let mut bench = bound();
        bench.submit();
        bench.said();
        let mut octets = pdu(5, deliver_sm());
        octets[..4].copy_from_slice(&length.to_be_bytes());
        bench.hear(&[octets, pdu(6, Body::EnquireLink)]);
        assert_eq!(bench.said(), "generic_nack 0 0x02", "{length}");
        assert_eq!(bench.told(), "closed BadFrame [2]");
    }
}

#[test]
fn a_delivery_that_cannot_be_read_is_answered_and_the_stream_stays_in_step() {
    let mut bench = bound();
    bench.hear(&[broken(id::DELIVER_SM, 5), pdu(6, deliver_sm()), broken(id::DATA_SM, 7)]);
    assert_eq!(
        bench.told(),
        "undecodable deliver_sm 5, answered 0x66; deliver_sm 6; undecodable data_sm 7, answered 0x66"
    );
    assert_eq!(bench.said(), "deliver_sm_resp 5 0x66; data_sm_resp 7 0x66");
    assert_eq!(bench.session.counters().undecodable, 2);
}

#[test]
fn a_flood_of_what_cannot_be_read_is_answered_but_not_kept() {
    let mut bench = bound();
    bench.hear(&(0..200).map(|sequence| broken(id::DELIVER_SM, sequence)).collect::<Vec<_>>());
    assert_eq!(bench.told().split("; ").count(), 64);
    assert_eq!(bench.said().split("; ").count(), 200);
    assert_eq!(bench.session.counters().undecodable, 200);
}

#[test]
fn what_only_a_centre_may_be_asked_is_refused() {
    let mut bench = bound();
    bench.hear(&[
        pdu(5, submit_sm()),
        pdu(6, query_sm()),
        pdu(7, Body::Bind(TRX, bind())),
        frame(id::CANCEL_SM, 0, 8, b""),
        frame(id::REPLACE_SM, 0, 9, b""),
    ]);
    assert_eq!(
        bench.said(),
        "submit_sm_resp 5 0x03; query_sm_resp 6 0x03; bind_transceiver_resp 7 0x04; cancel_sm_resp 8 0x03; \
         replace_sm_resp 9 0x13"
    );
    assert_eq!(bench.told(), "");
}

#[test]
fn alerts_and_outbinds_have_no_answer() {
    let mut bench = bound();
    bench.hear(&[pdu(5, Body::AlertNotification(b"\0".to_vec())), frame(id::OUTBIND, 0, 6, b"a\0b\0")]);
    assert_eq!((bench.said(), bench.told()), (String::new(), String::new()));
    assert_eq!(bench.session.counters().ignored, 2);
}

#[test]
fn requests_may_be_answered_in_any_order_and_numbers_are_echoed() {
    let mut bench = bound();
    bench.hear(&[pdu(0, deliver_sm()), pdu(u32::MAX, deliver_sm()), pdu(5, deliver_sm())]);
    assert_eq!(bench.session.requests_open(), 3);
    assert_eq!(bench.told(), "deliver_sm 0; deliver_sm 4294967295; deliver_sm 5");
    bench.session.respond(5, CommandStatus::RX_T_APPN, deliver_sm_resp(), bench.now);
    bench.respond(0, deliver_sm_resp());
    bench.respond(u32::MAX, deliver_sm_resp());
    assert_eq!(bench.said(), "deliver_sm_resp 5 0x64; deliver_sm_resp 0; deliver_sm_resp 4294967295");
    assert_eq!(bench.session.requests_open(), 0);
}

#[test]
fn an_answer_that_cannot_be_written_becomes_a_system_error() {
    let mut bench = bound();
    bench.hear(&[pdu(5, deliver_sm())]);
    bench.respond(5, Body::DeliverSmResp(whimbrel_smpp::MessageIdBody::new(*b"a\0b")));
    assert_eq!(bench.said(), "deliver_sm_resp 5 0x08");
    assert_eq!(bench.session.counters().unencodable_answers, 1);
}

#[test]
fn requests_are_refused_while_too_much_waits_to_be_written() {
    let mut bench = Bench::bound_esme(|config| config.bounds.output_octets_max = 200);
    bench.submit_many(2);
    assert_eq!(bench.session.request(submit_sm(), bench.now), Err(RequestRefused::OutputFull));
    assert_eq!((bench.session.window_free(), bench.session.outstanding()), (0, 2));
    assert_eq!(bench.said(), "submit_sm 2; submit_sm 3");
    assert_eq!(bench.submit(), 4);
}

#[test]
fn our_own_requests_do_not_make_the_peer_a_slow_reader() {
    let mut bench = Bench::bound_esme(|config| config.bounds.window_max = 1_000);
    let mut large = ShortMessage::default();
    large.tlvs.push(tag::MESSAGE_PAYLOAD, vec![b'a'; 60_000]);
    let large = Body::SubmitSm(Box::new(large));
    // Nothing is written meanwhile: all of this is one wake-up of the driver.
    while bench.session.window_free() > 0 {
        bench.session.request(large.clone(), bench.now).expect("room");
    }
    assert_eq!(bench.session.request(large, bench.now), Err(RequestRefused::OutputFull));
    bench.hear(&vec![pdu(1, Body::EnquireLink); 1_000]);
    assert_eq!(bench.told(), "");
    assert_eq!(bench.session.state(), State::Bound);
}

#[test]
fn a_peer_that_enquires_and_does_not_read_is_closed() {
    let mut bench = bound();
    let enquiries = vec![pdu(1, Body::EnquireLink); 1_000];
    for _ in 0..65 {
        bench.hear(&enquiries);
    }
    assert_eq!(bench.told(), "");
    bench.hear(&enquiries);
    assert_eq!(bench.told(), "closed SlowReader []");
    assert!(!bench.session.has_output());
}

#[test]
fn reading_stops_while_a_thousand_deliveries_wait_and_the_silence_is_not_the_peers() {
    let mut bench = bound();
    bench.hear(&(0..1_001).map(|sequence| pdu(sequence, deliver_sm())).collect::<Vec<_>>());
    assert_eq!(bench.session.requests_open(), 1_000);
    assert!(!bench.session.wants_input());
    bench.wait_secs(100);
    assert_eq!((bench.said(), bench.session.state()), (String::new(), State::Bound));
    assert_eq!(bench.told().split("; ").count(), 1_000);
    bench.respond(0, deliver_sm_resp());
    // The one that was held back takes the place at once.
    assert_eq!(bench.told(), "deliver_sm 1000");
    bench.respond(1, deliver_sm_resp());
    assert!(bench.session.wants_input());
    bench.wait_secs(30);
    assert_eq!(bench.said(), "deliver_sm_resp 0; deliver_sm_resp 1; enquire_link 2");
}

#[test]
fn debug_shows_no_secret_and_no_text() {
    let mut bench = bound();
    bench.submit();
    bench.hear(&[pdu(1, deliver_sm()), broken(id::DELIVER_SM, 2)]);
    let mut seen = format!("{:?} {:?}", bench.session, EsmeConfig::new(TRX, bind()));
    while let Some(event) = bench.session.next_event() {
        seen.push_str(&format!("{event:?}"));
    }
    for secret in ["secret", "hello", "491700000000", "104, 101", "115, 101"] {
        assert!(!seen.contains(secret), "{secret} in {seen}");
    }
}
