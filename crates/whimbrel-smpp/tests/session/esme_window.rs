//! The application's end: requests, and what becomes of them.

use std::time::Duration;

use whimbrel_smpp::session::{RequestRefused, State};
use whimbrel_smpp::{Body, command_id as id};

use crate::support::*;

fn bound() -> Bench {
    Bench::bound_esme(|_| ())
}

#[test]
fn a_request_is_open_before_its_octets_can_leave() {
    let mut bench = bound();
    let sequence = bench.submit();
    // The answer is there although nothing was written yet.
    bench.hear(&[pdu(sequence, submit_sm_resp())]);
    assert_eq!(bench.told(), "submit_sm_resp for 2: 0x00");
    assert_eq!(bench.said(), "submit_sm 2");
}

#[test]
fn the_window_refuses_the_eleventh_and_frees_with_any_answer() {
    let mut bench = Bench::bound_esme(|config| config.timing.enquire_interval = Duration::MAX);
    bench.submit_many(10);
    assert_eq!((bench.session.window_free(), bench.session.outstanding()), (0, 10));
    assert_eq!(bench.session.request(submit_sm(), bench.now), Err(RequestRefused::WindowFull));
    bench.hear(&[pdu(7, submit_sm_resp())]);
    assert_eq!(bench.session.window_free(), 1);
    assert_eq!(bench.submit(), 12);
    bench.wait_secs(60);
    assert_eq!(bench.session.window_free(), 10);
}

#[test]
fn enquire_link_needs_no_room_in_the_window() {
    let mut bench = Bench::bound_esme(|config| config.bounds.window_max = 1);
    bench.submit();
    bench.said();
    bench.wait_secs(30);
    assert_eq!(bench.said(), "enquire_link 3");
    bench.hear(&[pdu(3, Body::EnquireLinkResp), pdu(8, Body::EnquireLink)]);
    assert_eq!((bench.said(), bench.told()), ("enquire_link_resp 8".to_owned(), String::new()));
    assert_eq!(bench.session.outstanding(), 1);
}

#[test]
fn a_request_without_an_answer_times_out_after_a_minute_and_its_late_answer_is_told() {
    let mut bench = Bench::bound_esme(|config| config.timing.enquire_interval = Duration::MAX);
    bench.submit();
    bench.wait_secs(30);
    bench.submit();
    bench.wait(Duration::from_millis(29_999));
    assert_eq!(bench.told(), "");
    bench.wait(Duration::from_millis(1));
    assert_eq!(bench.told(), "timed out 2");
    assert_eq!(bench.session.outstanding(), 1);
    bench.hear(&[pdu(2, submit_sm_resp()), pdu(2, submit_sm_resp())]);
    assert_eq!(bench.told(), "late submit_sm_resp for 2: 0x00");
    assert_eq!(bench.session.counters().unsolicited_responses, 1);
    bench.wait_secs(30);
    assert_eq!(bench.told(), "timed out 3");
}

#[test]
fn late_answers_are_remembered_up_to_a_bound() {
    let mut bench = Bench::bound_esme(|config| {
        (config.bounds.window_max, config.bounds.late_max) = (3, 2);
        config.timing.enquire_interval = Duration::MAX;
    });
    bench.submit_many(3);
    bench.wait_secs(60);
    assert_eq!(bench.told(), "timed out 2; timed out 3; timed out 4");
    bench.hear(&[2, 3, 4].map(|sequence| pdu(sequence, submit_sm_resp())));
    assert_eq!(bench.told(), "late submit_sm_resp for 3: 0x00; late submit_sm_resp for 4: 0x00");
}

#[test]
fn unknown_repeated_and_mismatched_answers_are_counted_and_ignored() {
    let mut bench = bound();
    bench.submit();
    bench.hear(&[
        pdu(99, submit_sm_resp()),
        pdu(2, deliver_sm_resp()),
        pdu(2, Body::EnquireLinkResp),
        pdu(2, submit_sm_resp()),
        pdu(2, submit_sm_resp()),
        frame(id::GENERIC_NACK, 3, 99, b""),
        frame(0x8000_0777, 0, 5, b"vendor"),
    ]);
    assert_eq!(bench.told(), "submit_sm_resp for 2: 0x00");
    let counters = bench.session.counters();
    assert_eq!((counters.unsolicited_responses, counters.mismatched_responses), (4, 2));
    assert_eq!(bench.session.state(), State::Bound);
}

#[test]
fn refusals_come_with_odd_bodies() {
    let bodies: [&[u8]; 5] = [b"", b"\0", b"id\0", b"id", b"\0\x04\x27\0\x01\x02"];
    for body in bodies {
        for status in [0x58, 0x14, 0x400, 1375] {
            let mut bench = bound();
            bench.submit();
            bench.hear(&[frame(id::SUBMIT_SM | id::RESPONSE, status, 2, body)]);
            assert_eq!(bench.told(), format!("submit_sm_resp for 2: {status:#04x}"), "{body:?}");
        }
    }
}

#[test]
fn generic_nack_is_the_outcome_of_its_number_and_never_a_success() {
    let mut bench = bound();
    bench.submit();
    bench.submit();
    bench.hear(&[frame(id::GENERIC_NACK, 0x58, 2, b""), frame(id::GENERIC_NACK, 0, 3, b"")]);
    assert_eq!(bench.told(), "generic_nack for 2: 0x58; generic_nack for 3: 0xff");
    assert_eq!(bench.session.state(), State::Bound);
}

#[test]
fn generic_nack_without_a_number_closes() {
    let mut bench = bound();
    bench.submit();
    bench.submit();
    bench.hear(&[frame(id::GENERIC_NACK, 2, 0, b""), pdu(2, submit_sm_resp())]);
    assert_eq!(bench.told(), "closed NackedWithoutSequence [2, 3]");
}

#[test]
fn an_answer_that_cannot_be_read_settles_its_request_and_is_marked() {
    let mut bench = bound();
    bench.submit();
    bench.hear(&[frame(id::SUBMIT_SM | id::RESPONSE, 0, 2, &[b'1'; 300])]);
    assert_eq!(bench.told(), "submit_sm_resp for 2: 0x00 undecodable");
    assert_eq!((bench.session.outstanding(), bench.session.counters().undecodable), (0, 1));
}
