//! Peers that send anything: nothing panics, the books stay right, what is held stays bounded, and how the octets are
//! cut makes no difference.

use std::time::Duration;

use proptest::prelude::*;
use whimbrel_smpp::session::{Event, State};
use whimbrel_smpp::{BindMode, CommandStatus, command_id as id};

use crate::support::*;

const COMMANDS: [u32; 18] = [
    id::BIND_RECEIVER,
    id::BIND_TRANSMITTER,
    id::BIND_TRANSCEIVER,
    id::QUERY_SM,
    id::SUBMIT_SM,
    id::DELIVER_SM,
    id::REPLACE_SM,
    id::CANCEL_SM,
    id::OUTBIND,
    id::ENQUIRE_LINK,
    id::SUBMIT_MULTI,
    id::ALERT_NOTIFICATION,
    id::DATA_SM,
    0,
    0x777,
    id::SUBMIT_SM,
    id::DELIVER_SM,
    id::UNBIND,
];

/// Frames of all commands and their answers, with small numbers, odd statuses and short odd bodies.
fn frames() -> impl Strategy<Value = Vec<Vec<u8>>> {
    let body = prop_oneof![
        3 => Just(Vec::new()),
        2 => prop::collection::vec(any::<u8>(), 0..60),
        1 => prop::collection::vec(Just(b'7'), 250..400),
        4 => Just(pdu(0, submit_sm())[16..].to_vec()),
    ];
    // The last one, unbind, ends most talks: it is rare.
    let command = prop_oneof![60 => 0..COMMANDS.len() - 1, 1 => Just(COMMANDS.len() - 1)];
    let status = prop_oneof![3 => Just(0_u32), 1 => any::<u32>()];
    let sequence = prop_oneof![8 => 1_u32..20, 1 => any::<u32>()];
    let frame = (command, prop::bool::weighted(0.5), status, sequence, body).prop_map(
        |(command, is_response, status, sequence, body)| {
            let response = if is_response { id::RESPONSE } else { 0 };
            frame(COMMANDS[command] | response, status, sequence, &body)
        },
    );
    prop::collection::vec(frame, 0..60)
}

fn bench(role: u8) -> Bench {
    match role % 4 {
        0 => Bench::esme(BindMode::Transceiver, |_| ()),
        1 => Bench::bound_esme(|config| config.bounds.requests_max = 20),
        2 => Bench::smsc(|_| ()),
        _ => Bench::bound_smsc(BindMode::Transceiver, |config| config.bounds.requests_max = 20),
    }
}

fn ask(bench: &mut Bench) -> Option<u32> {
    let body = if bench.session.role() == whimbrel_smpp::session::Role::Esme { submit_sm() } else { deliver_sm() };
    bench.session.request(body, bench.now).ok()
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(ProptestConfig::default().cases / 2))]

    #[test]
    fn how_octets_are_cut_makes_no_difference(
        role in 0_u8..4,
        frames in frames(),
        cuts in prop::collection::vec(1_usize..50, 1..20),
        tail in prop::collection::vec(any::<u8>(), 0..40),
    ) {
        let octets = [frames.concat(), tail].concat();
        let hear = |pieces: Vec<&[u8]>| {
            let mut bench = bench(role);
            while ask(&mut bench).is_some() {}
            for piece in pieces {
                bench.session.received(piece, bench.now);
            }
            let counters = format!("{:?}", bench.session.counters());
            (bench.told(), bench.said(), bench.session.state(), bench.session.outstanding(), counters)
        };
        let whole = hear(vec![&octets]);
        prop_assert_eq!(&whole, &hear(octets.chunks(1).collect()));
        let mut rest = octets.as_slice();
        let mut pieces = Vec::new();
        for cut in cuts.iter().cycle() {
            if rest.is_empty() {
                break;
            }
            let (piece, after) = rest.split_at((*cut).min(rest.len()));
            pieces.push(piece);
            rest = after;
        }
        prop_assert_eq!(&whole, &hear(pieces));
    }

    #[test]
    fn the_books_stay_right_whatever_the_peer_sends(
        role in 0_u8..4,
        frames in frames(),
        waits in prop::collection::vec(0_u64..20_000, 60),
    ) {
        let mut bench = bench(role);
        let mut open = Vec::new();
        let mut is_closed = false;
        for (frame, wait) in frames.iter().zip(waits) {
            if let Some(sequence) = ask(&mut bench) {
                prop_assert!(!open.contains(&sequence));
                open.push(sequence);
            }
            bench.hear(std::slice::from_ref(frame));
            if wait % 3 == 0 {
                bench.wait(Duration::from_millis(wait));
            }
            while let Some(event) = bench.session.next_event() {
                prop_assert!(!is_closed);
                match event {
                    Event::Response { sequence, pdu, .. } => {
                        let at = open.iter().position(|number| *number == sequence);
                        open.remove(at.expect("an answer to nothing"));
                        let is_nack = pdu.command_id() == id::GENERIC_NACK;
                        prop_assert!(!(is_nack && pdu.status.is_ok()), "a refusal reads as success");
                    }
                    Event::ResponseTimedOut { sequence } => prop_assert_eq!(open.remove(0), sequence),
                    Event::LateResponse { sequence, .. } => prop_assert!(!open.contains(&sequence)),
                    Event::BindRequested { .. } => bench.session.accept_bind(b"SMSC", bench.now),
                    Event::BindRefused { status } => prop_assert!(!status.is_ok()),
                    Event::Request(pdu) if pdu.sequence % 3 != 0 => {
                        bench.session.respond(pdu.sequence, CommandStatus::ROK, submit_sm_resp(), bench.now);
                    }
                    Event::Bound { .. } | Event::Request(_) | Event::Undecodable { .. } => {}
                    Event::Closed { outstanding, .. } => {
                        prop_assert_eq!(&outstanding, &open);
                        open.clear();
                        is_closed = true;
                    }
                }
            }
            prop_assert_eq!(bench.session.outstanding(), open.len());
            prop_assert_eq!(bench.session.state() == State::Closed, is_closed);
            prop_assert!(bench.session.requests_open() <= 100);
            bench.said();
        }
    }

    #[test]
    fn any_octets_are_taken(role in 0_u8..4, octets in prop::collection::vec(any::<u8>(), 0..200)) {
        let mut bench = bench(role);
        bench.hear(&[octets]);
        bench.wait_secs(1_000);
        prop_assert_eq!(bench.session.state(), State::Closed);
    }
}
