//! Both ends wired together in memory: the same talk however the octets are cut, and the books of every request.

use std::collections::{BTreeSet, VecDeque};
use std::time::Duration;

use proptest::prelude::*;
use whimbrel_smpp::session::{EsmeConfig, Event, Instant, Role, Session, SmscConfig, State};
use whimbrel_smpp::{BindMode, Body};

use crate::support::*;

/// One end, its books, and what it has put on the wire.
struct End {
    session: Session,
    wire: VecDeque<u8>,
    /// Requests without an outcome, in order.
    open: Vec<u32>,
    timed_out: BTreeSet<u32>,
    /// The peer's requests that this driver has not answered.
    asked: Vec<u32>,
    /// All that were ever asked.
    asked_all: Vec<u32>,
    sent_all: Vec<u32>,
    outcomes: usize,
    is_closed: bool,
}

impl End {
    fn new(session: Session) -> Self {
        Self {
            session,
            wire: VecDeque::new(),
            open: Vec::new(),
            timed_out: BTreeSet::new(),
            asked: Vec::new(),
            asked_all: Vec::new(),
            sent_all: Vec::new(),
            outcomes: 0,
            is_closed: false,
        }
    }

    /// Writes what waits and books what happened.
    fn settle(&mut self, now: Instant) {
        while let Some(event) = self.session.next_event() {
            assert!(!self.is_closed, "{} after the end", show(&event));
            match event {
                Event::BindRequested { .. } => self.session.accept_bind(b"SMSC", now),
                Event::Bound { .. } => {}
                Event::Request(pdu) => {
                    self.asked.push(pdu.sequence);
                    self.asked_all.push(pdu.sequence);
                }
                Event::Response { sequence, .. } => {
                    let at = self.open.iter().position(|open| *open == sequence).expect("an answer to nothing");
                    self.open.remove(at);
                    self.outcomes += 1;
                }
                Event::ResponseTimedOut { sequence } => {
                    assert_eq!(self.open.remove(0), sequence, "not the oldest timed out");
                    assert!(self.timed_out.insert(sequence));
                    self.outcomes += 1;
                }
                Event::LateResponse { sequence, .. } => assert!(self.timed_out.remove(&sequence), "late for nothing"),
                Event::Closed { outstanding, .. } => {
                    assert_eq!(outstanding, self.open, "the end tells what is open, oldest first");
                    self.outcomes += self.open.len();
                    self.open.clear();
                    self.asked.clear();
                    self.is_closed = true;
                }
                other => panic!("not in this talk: {}", show(&other)),
            }
        }
        assert_eq!(self.session.outstanding(), self.open.len());
        assert_eq!(self.session.requests_open(), self.asked.len());
        assert_eq!(self.session.state() == State::Closed, self.is_closed);
        while self.session.has_output() {
            self.wire.extend(self.session.output().drain(..));
        }
    }

    fn ask(&mut self, now: Instant) {
        let body = if self.session.role() == Role::Esme { submit_sm() } else { deliver_sm() };
        let free = self.session.window_free();
        match self.session.request(body, now) {
            Ok(sequence) => {
                assert!(free > 0);
                self.open.push(sequence);
                self.sent_all.push(sequence);
            }
            Err(refused) => assert_eq!(free, 0, "{refused}"),
        }
    }

    fn answer(&mut self, pick: usize, now: Instant) {
        if self.asked.is_empty() {
            return;
        }
        let sequence = self.asked.remove(pick % self.asked.len());
        let body = if self.session.role() == Role::Esme { deliver_sm_resp() } else { submit_sm_resp() };
        self.session.respond(sequence, whimbrel_smpp::CommandStatus::ROK, body, now);
    }
}

struct Pair {
    esme: End,
    smsc: End,
    now: Instant,
}

impl Pair {
    fn new() -> Self {
        let now = Instant(0);
        let mut config = SmscConfig::default();
        config.bounds.requests_max = 7;
        let esme = Session::esme(EsmeConfig::new(BindMode::Transceiver, bind()), now).expect("a bind");
        Self { esme: End::new(esme), smsc: End::new(Session::smsc(config, now)), now }
    }

    fn settle(&mut self) {
        self.esme.settle(self.now);
        self.smsc.settle(self.now);
    }

    /// Carries up to `count` octets from one end to the other, if the other reads.
    fn carry(&mut self, from: Role, count: usize) -> bool {
        let (from, to) = match from {
            Role::Esme => (&mut self.esme, &mut self.smsc),
            Role::Smsc => (&mut self.smsc, &mut self.esme),
        };
        let count = count.min(from.wire.len());
        if count == 0 || !(to.session.wants_input() || to.is_closed) {
            return false;
        }
        let octets: Vec<u8> = from.wire.drain(..count).collect();
        to.session.received(&octets, self.now);
        self.settle();
        true
    }

    fn carry_all(&mut self, count: usize) {
        self.settle();
        while self.carry(Role::Esme, count) | self.carry(Role::Smsc, count) {}
    }

    fn wait(&mut self, wait: Duration) {
        let end = self.now.after(wait);
        for _ in 0..1_000 {
            let deadlines = [self.esme.session.next_deadline(), self.smsc.session.next_deadline()];
            let Some(deadline) = deadlines.into_iter().flatten().min().filter(|next| *next <= end) else { break };
            self.now = self.now.max(deadline);
            self.esme.session.tick(self.now);
            self.smsc.session.tick(self.now);
            self.settle();
        }
        self.now = end;
    }

    /// The connection goes; every request must have had its outcome, and nothing came that was not sent.
    fn end(mut self) -> (usize, usize) {
        self.esme.session.disconnected(self.now);
        self.smsc.session.disconnected(self.now);
        self.settle();
        for end in [&self.esme, &self.smsc] {
            assert!(end.is_closed && end.open.is_empty());
            assert_eq!(end.outcomes, end.sent_all.len());
        }
        assert!(self.esme.sent_all.starts_with(&self.smsc.asked_all), "submits are lost, doubled or out of order");
        assert!(self.smsc.sent_all.starts_with(&self.esme.asked_all), "deliveries are lost, doubled or out of order");
        (self.smsc.asked_all.len(), self.esme.asked_all.len())
    }
}

/// A talk with everything in it, in pieces of `count` octets.
fn talk(count: usize) {
    let mut pair = Pair::new();
    pair.carry_all(count);
    assert_eq!(pair.esme.session.state(), State::Bound);
    for round in 0..30 {
        for _ in 0..=round % 10 {
            pair.esme.ask(pair.now);
            pair.smsc.ask(pair.now);
        }
        pair.carry_all(count);
        while !(pair.smsc.asked.is_empty() && pair.esme.asked.is_empty()) {
            pair.smsc.answer(round, pair.now);
            pair.esme.answer(round * 3, pair.now);
            pair.carry_all(count);
        }
        assert_eq!((pair.esme.session.outstanding(), pair.smsc.session.outstanding()), (0, 0));
    }
    // Silence: the ESME enquires, and its enquiry is life for the centre.
    for _ in 0..10 {
        pair.wait(Duration::from_secs(30));
        assert!(!pair.esme.wire.is_empty());
        pair.carry_all(count);
    }
    assert_eq!(pair.smsc.session.counters().enquiries_answered, 10);
    assert_eq!(pair.esme.session.counters().enquiries_answered, 0);
    pair.esme.ask(pair.now);
    pair.carry_all(count);
    pair.esme.session.unbind(pair.now);
    pair.carry_all(count);
    pair.smsc.answer(0, pair.now);
    pair.carry_all(count);
    assert!(pair.esme.is_closed && pair.smsc.is_closed);
    assert_eq!(pair.end(), (166, 165));
}

#[test]
fn both_ends_agree_however_the_octets_are_cut() {
    for count in [1, 2, 15, 16, 17, 100, usize::MAX] {
        talk(count);
    }
}

#[derive(Debug, Clone)]
enum Step {
    Ask(bool),
    Answer(bool, usize),
    Carry(bool, usize),
    Wait(u64),
    Unbind(bool),
    Disconnect,
}

fn step() -> impl Strategy<Value = Step> {
    prop_oneof![
        6 => any::<bool>().prop_map(Step::Ask),
        6 => (any::<bool>(), 0_usize..100).prop_map(|(is_esme, pick)| Step::Answer(is_esme, pick)),
        8 => (any::<bool>(), 1_usize..400).prop_map(|(is_esme, count)| Step::Carry(is_esme, count)),
        3 => (0_u64..40_000).prop_map(Step::Wait),
        1 => (0_u64..100).prop_map(Step::Wait),
        1 => prop_oneof![20 => Just(None), 1 => Just(Some(true)), 1 => Just(Some(false))]
            .prop_map(|unbind| unbind.map_or(Step::Wait(1), Step::Unbind)),
        1 => prop_oneof![40 => Just(Step::Wait(1)), 1 => Just(Step::Disconnect)],
    ]
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(ProptestConfig::default().cases / 2))]

    /// Answers that come late, never, in any order; octets that come in any pieces; ends at any moment.
    #[test]
    fn each_request_has_exactly_one_outcome(steps in prop::collection::vec(step(), 0..150)) {
        let mut pair = Pair::new();
        pair.carry_all(usize::MAX);
        for step in steps {
            let side = |is_esme| if is_esme { Role::Esme } else { Role::Smsc };
            match step {
                Step::Ask(true) => pair.esme.ask(pair.now),
                Step::Ask(false) => pair.smsc.ask(pair.now),
                Step::Answer(true, pick) => pair.esme.answer(pick, pair.now),
                Step::Answer(false, pick) => pair.smsc.answer(pick, pair.now),
                Step::Carry(is_esme, count) => drop(pair.carry(side(is_esme), count)),
                Step::Wait(wait) => pair.wait(Duration::from_millis(wait)),
                Step::Unbind(true) => pair.esme.session.unbind(pair.now),
                Step::Unbind(false) => pair.smsc.session.unbind(pair.now),
                Step::Disconnect => pair.esme.session.disconnected(pair.now),
            }
            pair.settle();
        }
        pair.end();
    }
}

#[test]
fn a_talk_of_one_segment_may_hold_a_whole_session() {
    // Bind, submit, enquire and unbind in one piece: the centre's driver answers at leisure.
    let mut bench = Bench::smsc(|_| ());
    let mode = BindMode::Transceiver;
    bench.hear(&[
        pdu(1, Body::Bind(mode, bind())),
        pdu(2, submit_sm()),
        pdu(3, Body::EnquireLink),
        pdu(4, Body::Unbind),
    ]);
    bench.session.accept_bind(b"SMSC", bench.now);
    bench.respond(2, submit_sm_resp());
    assert_eq!(bench.said(), "enquire_link_resp 3; bind_transceiver_resp 1; submit_sm_resp 2; unbind_resp 4");
    assert_eq!(bench.told(), "wants Transceiver as esme; submit_sm 2; closed PeerUnbound []");
}
