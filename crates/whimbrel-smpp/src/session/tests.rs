//! What only the inside can set up: the end of the number space.

use super::*;
use crate::pdu::ShortMessage;

fn bound_at(sequence: u32, window_max: u16) -> Session {
    let mut config = SmscConfig::default();
    config.bounds.window_max = window_max;
    let mut session = Session::smsc(config, Instant(0));
    session.phase = Phase::Bound { mode: BindMode::Transceiver };
    session.sequence = sequence;
    session
}

fn deliver(session: &mut Session) -> u32 {
    let message = Body::DeliverSm(Box::default());
    session.request(message, Instant(0)).expect("bound, with room")
}

fn answer(session: &mut Session, sequence: u32) {
    let mut octets = Vec::new();
    let body = Body::DeliverSmResp(crate::MessageIdBody::default());
    Pdu { status: CommandStatus::ROK, sequence, body }.encode(&mut octets).expect("an empty id");
    session.received(&octets, Instant(0));
    assert!(matches!(session.next_event(), Some(Event::Response { sequence: settled, .. }) if settled == sequence));
}

#[test]
fn after_the_largest_number_comes_one() {
    let mut session = bound_at(SEQUENCE_MAX - 1, 10);
    assert_eq!([deliver(&mut session), deliver(&mut session), deliver(&mut session)], [SEQUENCE_MAX, 1, 2]);
}

#[test]
fn open_numbers_are_passed_over() {
    let mut session = bound_at(0, 10);
    assert_eq!([(); 4].map(|()| deliver(&mut session)), [1, 2, 3, 4]);
    answer(&mut session, 2);
    session.liveness = Liveness::new(Instant(0));
    session.sequence = SEQUENCE_MAX;
    assert_eq!([deliver(&mut session), deliver(&mut session)], [2, 5]);
    assert_eq!(session.outstanding(), 5);
    for sequence in [5, 1, 4, 2, 3] {
        answer(&mut session, sequence);
    }
}

#[test]
fn the_number_of_an_open_enquire_link_is_passed_over() {
    let mut session = bound_at(0, 10);
    session.tick(Instant(0).after(session.timing.enquire_interval));
    assert!(session.liveness.is_open(1));
    session.sequence = SEQUENCE_MAX;
    assert_eq!(deliver(&mut session), 2);
}

#[test]
fn a_refused_request_uses_no_number_and_leaves_no_octets() {
    let mut session = bound_at(0, 10);
    let broken = ShortMessage { service_type: b"a\0b".to_vec(), ..ShortMessage::default() };
    let refused = session.request(Body::DeliverSm(Box::new(broken)), Instant(0));
    assert!(matches!(refused, Err(RequestRefused::Unencodable(_))), "{refused:?}");
    assert!(!session.has_output());
    assert_eq!(session.outstanding(), 0);
    assert_eq!(deliver(&mut session), 1);
}

#[test]
fn a_question_can_be_asked_at_any_time_and_ends_with_its_answer() {
    let mut session = bound_at(0, 1);
    deliver(&mut session);
    let sequence = session.enquire(Instant(5)).expect("bound; the window does not count it");
    assert_eq!((sequence, session.enquire(Instant(6))), (2, Ok(2)));
    assert!(session.is_enquiring(2));
    let mut octets = Vec::new();
    Pdu { status: CommandStatus::ROK, sequence, body: Body::EnquireLinkResp }.encode(&mut octets).expect("a header");
    session.received(&octets, Instant(7));
    assert!(!session.is_enquiring(2));
    assert_eq!(session.enquire(Instant(8)), Ok(3));
    session.tick(Instant(8).after(session.timing.enquire_timeout));
    session.tick(Instant(8).after(session.timing.enquire_timeout * 2));
    assert_eq!((session.state(), session.enquire(Instant(9))), (State::Closed, Err(RequestRefused::NotBound)));
}
