//! The application's end: binding, and what a bind allows.

use std::time::Duration;

use whimbrel_smpp::session::{EsmeConfig, Instant, RequestRefused, Session, State};
use whimbrel_smpp::{Bind, BindMode, Body, CommandStatus, EncodeError, command_id as id};

use crate::support::*;

const TRX: BindMode = BindMode::Transceiver;

fn bound() -> Bench {
    Bench::bound_esme(|_| ())
}

#[test]
fn nothing_is_sent_before_the_bind_answer_not_even_enquire_link() {
    let mut bench = Bench::esme(TRX, |config| config.timing.enquire_interval = Duration::from_secs(1));
    assert_eq!(bench.session.request(submit_sm(), bench.now), Err(RequestRefused::NotBound));
    bench.wait(Duration::from_millis(9_999));
    assert_eq!((bench.said(), bench.told()), (String::new(), String::new()));
    assert_eq!((bench.session.state(), bench.session.window_free()), (State::Binding, 0));
    bench.hear(&[bind_resp(TRX, CommandStatus::ROK, 1)]);
    assert_eq!(bench.told(), "bound SMSC");
    bench.wait_secs(1);
    assert_eq!(bench.said(), "enquire_link 2");
}

#[test]
fn a_bind_that_is_not_answered_closes_after_ten_seconds() {
    let mut bench = Bench::esme(TRX, |_| ());
    bench.wait(Duration::from_millis(9_999));
    assert_eq!(bench.told(), "");
    bench.wait(Duration::from_millis(1));
    assert_eq!(bench.told(), "closed BindTimedOut []");
    assert_eq!(bench.session.next_deadline(), None);
}

#[test]
fn a_refused_bind_tells_why_and_closes() {
    let refusals = [
        (bind_resp(TRX, CommandStatus::RINVPASWD, 1), 0x0E),
        // Without a body, with a NUL, and as generic_nack; one without a status is a refusal all the same.
        (frame(id::BIND_TRANSCEIVER | id::RESPONSE, 0x0D, 1, b""), 0x0D),
        (frame(id::BIND_TRANSCEIVER | id::RESPONSE, 0x05, 1, b"\0"), 0x05),
        (frame(id::GENERIC_NACK, 0x03, 1, b""), 0x03),
        (frame(id::GENERIC_NACK, 0x00, 1, b""), 0xFF),
    ];
    for (refusal, status) in refusals {
        let mut bench = Bench::esme(TRX, |_| ());
        bench.hear(&[refusal]);
        let status = CommandStatus(status);
        assert_eq!(bench.told(), format!("refused {:#04x}; closed BindRefused({status}) []", status.0));
    }
}

#[test]
fn a_bind_answer_of_another_number_or_mode_is_not_ours() {
    let mut bench = Bench::esme(TRX, |_| ());
    bench.hear(&[
        bind_resp(TRX, CommandStatus::ROK, 2),
        bind_resp(BindMode::Receiver, CommandStatus::ROK, 1),
        pdu(1, submit_sm_resp()),
    ]);
    assert_eq!((bench.told(), bench.session.state()), (String::new(), State::Binding));
    assert_eq!(bench.session.counters().unsolicited_responses, 3);
}

#[test]
fn a_bind_answer_and_the_first_delivery_may_share_a_segment() {
    let mut bench = Bench::esme(TRX, |_| ());
    bench.hear(&[bind_resp(TRX, CommandStatus::ROK, 1), pdu(77, deliver_sm()), pdu(78, Body::EnquireLink)]);
    assert_eq!(bench.told(), "bound SMSC; deliver_sm 77");
    bench.respond(77, deliver_sm_resp());
    assert_eq!(bench.said(), "enquire_link_resp 78; deliver_sm_resp 77");
}

#[test]
fn a_delivery_that_outruns_the_bind_answer_is_not_lost() {
    let mut bench = Bench::esme(TRX, |_| ());
    bench.hear(&[pdu(9, deliver_sm()), bind_resp(TRX, CommandStatus::ROK, 1)]);
    assert_eq!(bench.told(), "deliver_sm 9; bound SMSC");
}

#[test]
fn a_bind_answer_that_cannot_be_read_counts_by_its_status() {
    let mut bench = Bench::esme(TRX, |_| ());
    bench.hear(&[frame(id::BIND_TRANSCEIVER | id::RESPONSE, 0, 1, &[b'x'; 300])]);
    assert_eq!(bench.told(), "bound ");
}

#[test]
fn a_bind_that_cannot_be_written_is_an_error() {
    let config = EsmeConfig::new(TRX, Bind { system_id: vec![b'x'; 16], ..bind() });
    assert!(matches!(Session::esme(config, Instant(0)), Err(EncodeError::TooLong { .. })));
}

#[test]
fn a_receiver_may_not_submit() {
    let mut bench = Bench::esme(BindMode::Receiver, |_| ());
    bench.hear(&[bind_resp(BindMode::Receiver, CommandStatus::ROK, 1)]);
    assert_eq!(bench.session.mode(), Some(BindMode::Receiver));
    assert_eq!(bench.session.request(submit_sm(), bench.now), Err(RequestRefused::NotAllowed));
    assert_eq!(bench.session.outstanding(), 0);
}

#[test]
fn an_esme_sends_only_what_is_an_esmes() {
    let mut bench = bound();
    for body in [deliver_sm(), Body::Unbind, Body::EnquireLink, submit_sm_resp(), Body::GenericNack] {
        assert_eq!(bench.session.request(body, bench.now), Err(RequestRefused::NotAllowed));
    }
    for body in [submit_sm(), data_sm(), query_sm()] {
        assert!(bench.session.request(body, bench.now).is_ok());
    }
    assert_eq!(bench.said(), "submit_sm 2; data_sm 3; query_sm 4");
}
