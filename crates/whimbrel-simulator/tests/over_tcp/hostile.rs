//! What no client should send.

use crate::support::{Client, HandWorld, message, simulator};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;
use whimbrel_core::Span;
use whimbrel_smpp::{Address, Bind, BindMode, Body, CommandStatus, FrameReader, Pdu, command_id};

/// A client that writes octets and reads PDUs.
struct Raw {
    stream: TcpStream,
    reader: FrameReader,
}

impl Raw {
    async fn connect(address: std::net::SocketAddr) -> Self {
        let stream = TcpStream::connect(address).await.expect("the simulator listens");
        stream.set_nodelay(true).expect("a socket option");
        Self { stream, reader: FrameReader::new(70_000) }
    }

    async fn write(&mut self, octets: &[u8]) {
        self.stream.write_all(octets).await.expect("the simulator reads");
    }

    /// The next PDU, or `None` at the end of the connection.
    async fn pdu(&mut self) -> Option<Pdu> {
        let mut input = [0; 1_024];
        loop {
            if let Some(frame) = self.reader.next() {
                return Some(Pdu::decode(frame.expect("frames in step")).expect("a PDU that can be read"));
            }
            match self.stream.read(&mut input).await {
                Ok(0) | Err(_) => return None,
                Ok(count) => self.reader.push(&input[..count]),
            }
        }
    }
}

fn octets(sequence: u32, body: Body) -> Vec<u8> {
    let mut octets = Vec::new();
    Pdu::request(sequence, body).encode(&mut octets).expect("a PDU that can be written");
    octets
}

fn bind_octets(sequence: u32) -> Vec<u8> {
    let bind = Bind {
        system_id: b"raw".to_vec(),
        password: b"dev".to_vec(),
        system_type: Vec::new(),
        interface_version: 0x34,
        address: Address::default(),
    };
    octets(sequence, Body::Bind(BindMode::Transceiver, bind))
}

#[tokio::test]
async fn a_broken_pdu_is_answered_and_the_session_goes_on() {
    let world = HandWorld::new();
    let simulator = simulator(&world, |_| {}).await;
    let mut raw = Raw::connect(simulator.local_addr()).await;
    raw.write(&bind_octets(1)).await;
    assert!(raw.pdu().await.is_some_and(|pdu| pdu.status.is_ok()));
    // A submit_sm of a header and two octets.
    raw.write(&[0, 0, 0, 18, 0, 0, 0, 4, 0, 0, 0, 0, 0, 0, 0, 2, 0, 1]).await;
    let answer = raw.pdu().await.expect("an answer");
    assert_eq!((answer.command_id(), answer.sequence), (command_id::SUBMIT_SM | command_id::RESPONSE, 2));
    assert!(!answer.status.is_ok());
    // submit_multi, which nobody does here, and then something good.
    raw.write(&[0, 0, 0, 16, 0, 0, 0, 0x21, 0, 0, 0, 0, 0, 0, 0, 3]).await;
    assert!(raw.pdu().await.is_some_and(|pdu| pdu.sequence == 3 && pdu.status == CommandStatus::RINVCMDID));
    raw.write(&octets(4, Body::SubmitSm(Box::new(message("447700900009", "Hello"))))).await;
    assert!(raw.pdu().await.is_some_and(|pdu| pdu.sequence == 4 && pdu.status.is_ok()));
}

#[tokio::test]
async fn a_pdu_may_come_octet_by_octet_and_several_at_once() {
    let world = HandWorld::new();
    let simulator = simulator(&world, |_| {}).await;
    let mut raw = Raw::connect(simulator.local_addr()).await;
    let mut stream = bind_octets(1);
    let submit = |sequence| octets(sequence, Body::SubmitSm(Box::new(message("447700900009", "Hello"))));
    stream.extend(submit(2));
    for octet in &stream {
        raw.write(&[*octet]).await;
    }
    raw.write(&[submit(3), submit(4), octets(5, Body::EnquireLink), submit(6)].concat()).await;
    let mut answered = Vec::new();
    for _ in 1..=6 {
        answered.push(raw.pdu().await.expect("an answer").sequence);
    }
    // The answer to enquire_link may overtake.
    answered.retain(|sequence| *sequence != 5);
    assert_eq!(answered, [1, 2, 3, 4, 6]);
}

#[tokio::test]
async fn a_length_that_cannot_be_right_ends_the_connection_alone() {
    let world = HandWorld::new();
    let simulator = simulator(&world, |_| {}).await;
    let mut good = Client::bound(&simulator, BindMode::Transceiver, "one").await;
    for length in [[0, 0, 0, 0], [0, 0, 0, 15], [0xff; 4], *b"GET "] {
        let mut raw = Raw::connect(simulator.local_addr()).await;
        raw.write(&length).await;
        raw.write(&[0; 12]).await;
        while raw.pdu().await.is_some() {}
        good.nothing_more().await;
    }
}

#[tokio::test]
async fn nothing_is_submitted_before_a_bind_and_nobody_stays_unbound() {
    let world = HandWorld::new();
    let simulator = simulator(&world, |_| {}).await;
    let mut raw = Raw::connect(simulator.local_addr()).await;
    raw.write(&octets(1, Body::SubmitSm(Box::new(message("447700900009", "Hello"))))).await;
    assert!(raw.pdu().await.is_some_and(|pdu| pdu.status == CommandStatus::RINVBNDSTS));
    raw.write(&octets(2, Body::EnquireLink)).await;
    assert!(raw.pdu().await.is_some_and(|pdu| pdu.sequence == 2 && pdu.status.is_ok()));
    world.advance(Span::seconds(10));
    assert!(raw.pdu().await.is_none());
}

/// Whatever comes after a bind, the simulator serves the next client.
#[tokio::test]
async fn no_octets_harm_others() {
    let world = HandWorld::new();
    let simulator = simulator(&world, |_| {}).await;
    // A linear congruential generator (Knuth's MMIX): the same octets in every run.
    let mut state = 0x5eed_u64;
    let mut chance = move |below: u64| {
        state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (state >> 33) % below
    };
    for _ in 0..100 {
        let mut raw = Raw::connect(simulator.local_addr()).await;
        raw.write(&bind_octets(1)).await;
        assert!(raw.pdu().await.is_some());
        for _ in 0..chance(20) {
            let body: Vec<u8> = (0..chance(80)).map(|_| chance(256) as u8).collect();
            let command = chance(0x25) as u32 | if chance(4) == 0 { command_id::RESPONSE } else { 0 };
            let length = u32::try_from(body.len() + 16).expect("short");
            let header = [length, command, 0, chance(1 << 31) as u32].map(u32::to_be_bytes).concat();
            // The simulator may have ended the connection by then.
            let _ = raw.stream.write_all(&[header, body].concat()).await;
        }
        Client::bound(&simulator, BindMode::Transceiver, "one").await.nothing_more().await;
    }
}
