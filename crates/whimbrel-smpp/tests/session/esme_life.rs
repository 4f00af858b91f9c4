//! The application's end: silence, and endings.

use std::time::Duration;

use whimbrel_smpp::session::{Instant, RequestRefused, State};
use whimbrel_smpp::{BindMode, Body, CommandStatus, command_id as id};

use crate::support::*;

const TRX: BindMode = BindMode::Transceiver;

fn bound() -> Bench {
    Bench::bound_esme(|_| ())
}

#[test]
fn silence_is_enquired_after_thirty_seconds_and_one_miss_closes() {
    let mut bench = bound();
    bench.submit();
    bench.said();
    bench.wait(Duration::from_millis(29_999));
    assert_eq!(bench.said(), "");
    bench.wait(Duration::from_millis(1));
    assert_eq!(bench.said(), "enquire_link 3");
    bench.wait(Duration::from_millis(14_999));
    assert_eq!(bench.told(), "");
    bench.wait(Duration::from_millis(1));
    assert_eq!(bench.told(), "closed EnquireTimedOut [2]");
    assert_eq!(bench.said(), "");
}

#[test]
fn any_pdu_is_proof_of_life() {
    let lives = [
        pdu(3, Body::EnquireLinkResp),
        frame(id::GENERIC_NACK, 3, 3, b""),
        pdu(50, Body::EnquireLink),
        pdu(50, deliver_sm()),
        pdu(2, submit_sm_resp()),
        pdu(99, submit_sm_resp()),
        frame(0x777, 0, 1, b""),
        broken(id::DELIVER_SM, 1),
    ];
    for life in lives {
        let mut bench = Bench::bound_esme(|config| config.timing.response_timeout = Duration::MAX);
        bench.submit();
        bench.wait_secs(30 + 14);
        assert_eq!(bench.said(), "submit_sm 2; enquire_link 3");
        bench.hear(std::slice::from_ref(&life));
        bench.said();
        bench.wait(Duration::from_millis(29_999));
        assert_eq!((bench.said(), bench.session.state()), (String::new(), State::Bound), "{life:?}");
        bench.wait(Duration::from_millis(1));
        assert_eq!(bench.said(), "enquire_link 4");
    }
}

#[test]
fn sending_is_no_proof_of_life() {
    let mut bench = bound();
    for _ in 0..9 {
        bench.wait_secs(5);
        bench.session.tick(bench.now);
        if bench.session.state() == State::Bound {
            bench.submit();
        }
    }
    assert_eq!(bench.session.state(), State::Closed);
}

#[test]
fn an_answer_that_is_read_late_but_before_the_tick_still_counts() {
    let mut bench = bound();
    bench.submit();
    bench.now = bench.now.after(Duration::from_secs(70));
    bench.hear(&[pdu(2, submit_sm_resp())]);
    bench.session.tick(bench.now);
    assert_eq!(bench.told(), "submit_sm_resp for 2: 0x00");
}

#[test]
fn time_that_runs_backwards_stands_still() {
    let mut bench = bound();
    bench.session.tick(Instant(i64::MIN));
    let sequence = bench.session.request(submit_sm(), Instant(i64::MIN)).expect("bound");
    bench.hear(&[pdu(50, Body::EnquireLink)]);
    bench.wait_secs(1);
    assert_eq!((sequence, bench.told()), (2, String::new()));
    bench.session.tick(Instant(i64::MAX));
    assert_eq!(bench.told(), "timed out 2");
    bench.session.tick(Instant(i64::MAX));
    assert_eq!(bench.told(), "closed EnquireTimedOut []");
}

#[test]
fn unbind_waits_for_the_window_then_for_its_answer() {
    let mut bench = bound();
    bench.submit();
    bench.hear(&[pdu(9, deliver_sm())]);
    bench.told();
    bench.session.unbind(bench.now);
    assert_eq!(bench.said(), "submit_sm 2");
    assert_eq!(bench.session.request(submit_sm(), bench.now), Err(RequestRefused::NotBound));
    bench.hear(&[pdu(2, submit_sm_resp())]);
    assert_eq!((bench.said(), bench.session.state()), (String::new(), State::Unbinding));
    bench.respond(9, deliver_sm_resp());
    assert_eq!(bench.said(), "deliver_sm_resp 9; unbind 3");
    bench.session.unbind(bench.now);
    bench.hear(&[pdu(3, Body::UnbindResp)]);
    assert_eq!(bench.told(), "submit_sm_resp for 2: 0x00; closed Unbound []");
    assert_eq!(bench.said(), "");
}

#[test]
fn unbind_waits_ten_and_five_seconds_and_no_longer() {
    let mut bench = bound();
    bench.submit();
    bench.session.unbind(bench.now);
    bench.wait(Duration::from_millis(9_999));
    assert_eq!(bench.said(), "submit_sm 2");
    bench.wait(Duration::from_millis(1));
    assert_eq!(bench.said(), "unbind 3");
    bench.wait(Duration::from_millis(4_999));
    assert_eq!(bench.told(), "");
    bench.wait(Duration::from_millis(1));
    assert_eq!(bench.told(), "closed UnbindTimedOut [2]");
}

#[test]
fn a_delivery_during_our_unbind_is_left_with_the_centre() {
    let mut bench = bound();
    bench.session.unbind(bench.now);
    bench.hear(&[pdu(9, deliver_sm()), pdu(10, Body::EnquireLink), frame(id::GENERIC_NACK, 3, 2, b"")]);
    assert_eq!(bench.said(), "enquire_link_resp 10; unbind 2; deliver_sm_resp 9 0x64");
    assert_eq!(bench.told(), "closed Unbound []");
}

#[test]
fn both_may_unbind_at_once() {
    let mut bench = bound();
    bench.session.unbind(bench.now);
    bench.hear(&[pdu(9, Body::Unbind)]);
    assert_eq!((bench.said(), bench.told()), ("unbind 2; unbind_resp 9".to_owned(), "closed Unbound []".to_owned()));
}

#[test]
fn the_peers_unbind_is_answered_at_once() {
    let mut bench = bound();
    bench.submit();
    bench.hear(&[pdu(8, deliver_sm()), pdu(9, Body::Unbind), pdu(2, submit_sm_resp())]);
    assert_eq!(bench.said(), "submit_sm 2; unbind_resp 9");
    assert_eq!(bench.told(), "deliver_sm 8; closed PeerUnbound [2]");
}

#[test]
fn a_lost_connection_tells_what_is_outstanding_oldest_first() {
    let mut bench = bound();
    bench.submit_many(4);
    bench.hear(&[pdu(3, submit_sm_resp())]);
    bench.session.disconnected(bench.now);
    assert_eq!(bench.told(), "submit_sm_resp for 3: 0x00; closed ConnectionLost [2, 4, 5]");
    assert!(!bench.session.has_output());
}

#[test]
fn a_closed_session_takes_every_call_and_does_nothing() {
    let mut bench = bound();
    bench.session.close(bench.now);
    assert_eq!(bench.told(), "closed Ours []");
    bench.session.close(bench.now);
    bench.session.disconnected(bench.now);
    bench.session.unbind(bench.now);
    bench.session.accept_bind(b"x", bench.now);
    bench.session.refuse_bind(CommandStatus::RBINDFAIL, bench.now);
    bench.respond(1, deliver_sm_resp());
    bench.hear(&[pdu(1, deliver_sm()), pdu(2, Body::EnquireLink)]);
    bench.wait_secs(1_000);
    assert_eq!(bench.session.request(submit_sm(), bench.now), Err(RequestRefused::NotBound));
    assert_eq!((bench.told(), bench.said()), (String::new(), String::new()));
    assert!(!bench.session.wants_input());
    assert_eq!((bench.session.mode(), bench.session.window_free()), (None, 0));
}

#[test]
fn an_unbind_before_the_bind_answer_closes_at_once() {
    let mut bench = Bench::esme(TRX, |_| ());
    bench.session.unbind(bench.now);
    assert_eq!(bench.told(), "closed Ours []");
    let mut bench = Bench::esme(TRX, |_| ());
    bench.hear(&[pdu(9, Body::Unbind)]);
    assert_eq!((bench.said(), bench.told()), ("unbind_resp 9".to_owned(), "closed PeerUnbound []".to_owned()));
}
