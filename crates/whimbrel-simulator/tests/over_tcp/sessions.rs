//! Binds, receipts over several sessions, and the end of a simulator.

use std::time::Duration;

use crate::support::{Client, HandWorld, START, Told, message, simulator};
use socket2::SockRef;
use whimbrel_core::{Span, Timestamp};
use whimbrel_simulator::Scenario;
use whimbrel_smpp::{BindMode, CommandStatus, ShortMessage};

#[tokio::test]
async fn a_wrong_password_waits_two_seconds() {
    let world = HandWorld::new();
    let simulator = simulator(&world, |_| {}).await;
    for password in ["", "Dev", "dev ", "devdevdevdevdev"] {
        let begun = whimbrel_core::World::now(&*world);
        let mut client = Client::connect(&simulator, BindMode::Transceiver, "one", password).await;
        // The simulator has read the bind once it waits for the moment to answer it.
        world.awaited(begun + Span::seconds(2)).await;
        world.advance(Span::seconds(2));
        assert_eq!(client.told().await.line(), "closed: ESME_RINVPASWD");
        assert_eq!(client.told().await.line(), "closed: BindRefused(0x0E ESME_RINVPASWD)");
    }
    assert!(whimbrel_core::World::now(&*world) == Timestamp(START.0 + 8_000_000));
    Client::bound(&simulator, BindMode::Transceiver, "any name").await;
}

#[tokio::test]
async fn receipts_reach_another_session_of_the_same_name() {
    let world = HandWorld::new();
    let simulator = simulator(&world, |_| {}).await;
    let mut transmitter = Client::bound(&simulator, BindMode::Transmitter, "one").await;
    let mut receiver = Client::bound(&simulator, BindMode::Receiver, "one").await;
    let mut stranger = Client::bound(&simulator, BindMode::Transceiver, "two").await;
    transmitter.submit(message("447700900000", "Hello")).await;
    let response = transmitter.told().await;
    assert_eq!(response.line(), "ESME_ROK");
    world.advance(Span::millis(200));
    let receipt = receiver.told().await;
    assert_eq!((receipt.line().as_str(), receipt.message_id()), ("DELIVRD 000", response.message_id()));
    stranger.nothing_more().await;
    // Over two sessions, too, the receipt of suffix 08 is sent first.
    transmitter.submit(message("447700900008", "Hello")).await;
    assert_eq!(receiver.told().await.line(), "DELIVRD 000");
    world.advance(Span::millis(200));
    assert_eq!(transmitter.told().await.line(), "ESME_ROK");
}

#[tokio::test]
async fn receiving_sessions_take_turns() {
    let world = HandWorld::new();
    let simulator = simulator(&world, |_| {}).await;
    let mut a = Client::bound(&simulator, BindMode::Transceiver, "one").await;
    let mut b = Client::bound(&simulator, BindMode::Transceiver, "one").await;
    for _ in 0..6 {
        a.submit(message("447700900000", "Hello")).await;
        assert_eq!(a.told().await.line(), "ESME_ROK");
    }
    world.advance(Span::millis(200));
    for client in [&mut a, &mut b] {
        for _ in 0..3 {
            assert_eq!(client.told().await.line(), "DELIVRD 000");
        }
        client.nothing_more().await;
    }
}

#[tokio::test]
async fn receipts_wait_for_somebody_to_take_them() {
    let world = HandWorld::new();
    let simulator = simulator(&world, |_| {}).await;
    let mut transmitter = Client::bound(&simulator, BindMode::Transmitter, "one").await;
    let mut ids = Vec::new();
    // More than a window of them.
    for _ in 0..25 {
        transmitter.submit(message("447700900000", "Hello")).await;
        ids.push(transmitter.told().await.message_id().to_owned());
    }
    world.advance(Span::seconds(3_600));
    let mut receiver = Client::bound(&simulator, BindMode::Receiver, "one").await;
    for id in ids {
        assert_eq!(receiver.told().await.message_id(), id);
    }
}

#[tokio::test]
async fn no_more_than_ten_receipts_wait_for_an_answer() {
    let world = HandWorld::new();
    let simulator = simulator(&world, |_| {}).await;
    let mut client = Client::bound(&simulator, BindMode::Transceiver, "one").await;
    for _ in 0..12 {
        client.submit(message("447700900000", "Hello")).await;
        assert_eq!(client.told().await.line(), "ESME_ROK");
    }
    client.acknowledges = None;
    world.advance(Span::millis(200));
    for _ in 0..10 {
        assert_eq!(client.told().await.line(), "DELIVRD 000");
    }
    client.nothing_more().await;
    // A session that ends with receipts unanswered gives all of them to the next one.
    drop(client);
    let mut next = Client::bound(&simulator, BindMode::Transceiver, "one").await;
    for _ in 0..12 {
        assert_eq!(next.told().await.line(), "DELIVRD 000");
    }
    next.nothing_more().await;
}

#[tokio::test]
async fn a_receipt_that_is_refused_comes_again() {
    let world = HandWorld::new();
    let simulator = simulator(&world, |_| {}).await;
    let mut client = Client::bound(&simulator, BindMode::Transceiver, "one").await;
    // For now: as often as it takes. For good: three times in all.
    for (refusal, tries) in [(CommandStatus::RX_T_APPN, 5), (CommandStatus::RX_P_APPN, 3)] {
        client.acknowledges = Some(refusal);
        client.submit(message("447700900000", "Hello")).await;
        let id = client.told().await.message_id().to_owned();
        world.advance(Span::millis(200));
        for _ in 0..tries {
            assert_eq!(client.told().await.message_id(), id);
            client.nothing_more().await;
            if refusal == CommandStatus::RX_T_APPN {
                // Rests for five seconds, no less.
                world.advance(Span(4_999_999));
                client.nothing_more().await;
                world.advance(Span(1));
            } else {
                world.advance(Span::seconds(5));
            }
        }
        client.acknowledges = Some(CommandStatus::ROK);
        if refusal == CommandStatus::RX_T_APPN {
            assert_eq!(client.told().await.message_id(), id);
        }
        client.nothing_more().await;
    }
}

#[tokio::test]
async fn a_receipt_that_nobody_answers_goes_to_another_session() {
    let world = HandWorld::new();
    let simulator = simulator(&world, |_| {}).await;
    let mut deaf = Client::bound(&simulator, BindMode::Receiver, "one").await;
    deaf.acknowledges = None;
    let mut transmitter = Client::bound(&simulator, BindMode::Transmitter, "one").await;
    transmitter.submit(message("447700900000", "Hello")).await;
    let id = transmitter.told().await.message_id().to_owned();
    world.advance(Span::millis(200));
    assert_eq!(deaf.told().await.message_id(), id);
    let mut other = Client::bound(&simulator, BindMode::Receiver, "one").await;
    world.advance(Span::seconds(30));
    assert_eq!(other.told().await.message_id(), id);
}

#[tokio::test]
async fn receipts_beyond_the_bound_are_not_kept_and_messages_still_are_accepted() {
    let world = HandWorld::new();
    let simulator = simulator(&world, |options| options.receipts_max = 2).await;
    let mut transmitter = Client::bound(&simulator, BindMode::Transmitter, "one").await;
    for _ in 0..4 {
        transmitter.submit(message("447700900000", "Hello")).await;
        assert_eq!(transmitter.told().await.line(), "ESME_ROK");
    }
    world.advance(Span::millis(200));
    let mut client = Client::bound(&simulator, BindMode::Transceiver, "one").await;
    assert_eq!(client.told().await.line(), "DELIVRD 000");
    assert_eq!(client.told().await.line(), "DELIVRD 000");
    client.nothing_more().await;
    // Those are settled: there is room again.
    client.submit(message("447700900000", "Hello")).await;
    assert_eq!(client.told().await.line(), "ESME_ROK");
    world.advance(Span::millis(200));
    assert_eq!(client.told().await.line(), "DELIVRD 000");
}

#[tokio::test]
async fn a_message_that_no_receipt_can_name_is_accepted_all_the_same() {
    let world = HandWorld::new();
    let simulator = simulator(&world, |_| {}).await;
    let mut client = Client::bound(&simulator, BindMode::Transceiver, "one").await;
    let data = whimbrel_smpp::DataSm {
        destination: whimbrel_smpp::Address { ton: 1, npi: 1, digits: vec![b'4'; 60] },
        registered_delivery: 1,
        ..whimbrel_smpp::DataSm::default()
    };
    let body = whimbrel_smpp::Body::DataSm(Box::new(data));
    client.session.request(body, whimbrel_smpp::session::Instant(0)).expect("the window has room");
    match client.event().await {
        whimbrel_smpp::session::Event::Response { pdu, .. } => assert!(pdu.status.is_ok()),
        other => panic!("not an answer: {other:?}"),
    }
    world.advance(Span::seconds(1));
    client.nothing_more().await;
}

#[tokio::test]
async fn closing_unbinds_every_session_and_waits_for_it() {
    let world = HandWorld::new();
    let simulator = simulator(&world, |_| {}).await;
    let address = simulator.local_addr();
    let mut a = Client::bound(&simulator, BindMode::Transceiver, "one").await;
    let mut b = Client::bound(&simulator, BindMode::Receiver, "one").await;
    // One that has not bound does not hold it up either.
    let _mute = tokio::net::TcpStream::connect(address).await.expect("the simulator listens");
    let ((), a, b) = tokio::join!(simulator.close(), a.told(), b.told());
    assert_eq!((a.line().as_str(), b.line().as_str()), ("closed: PeerUnbound", "closed: PeerUnbound"));
    assert!(tokio::net::TcpStream::connect(address).await.is_err(), "nobody listens any more");
}

#[tokio::test]
async fn connections_beyond_the_bound_wait() {
    let world = HandWorld::new();
    let simulator = simulator(&world, |options| options.connections_max = 1).await;
    let first = Client::bound(&simulator, BindMode::Transceiver, "one").await;
    let mut second = Client::connect(&simulator, BindMode::Transceiver, "one", "dev").await;
    drop(first);
    assert!(matches!(second.event().await, whimbrel_smpp::session::Event::Bound { .. }));
}

#[tokio::test]
async fn reading_stops_while_too_many_wait_for_their_answer() {
    let world = HandWorld::new();
    let simulator = simulator(&world, |_| {}).await;
    let mut client = Client::bound(&simulator, BindMode::Transceiver, "one").await;
    // Twice what the simulator reads at once, and few enough that the socket takes all of it.
    let long = "x".repeat(100);
    let sent = 600;
    for _ in 0..sent {
        let message = ShortMessage { registered_delivery: 0, ..message("447700900011", &long) };
        client.submit(message).await;
    }
    let marked = client.submit(message("447700900009", "mark")).await;
    // The mark is answered at once when it is read, but it is read only after earlier answers have gone out.
    let (mut now, mut before_mark) = (START, 0);
    loop {
        tokio::select! {
            biased;
            told = client.told() => match told {
                Told::Response { sequence, .. } if sequence == marked => break,
                told => {
                    assert_eq!(told.line(), "ESME_ROK");
                    before_mark += 1;
                }
            },
            () = world.awaited(now + Span::seconds(30)) => {
                world.advance(Span::seconds(30));
                now = now + Span::seconds(30);
            }
        }
    }
    assert!(before_mark >= 100, "{before_mark}");
}

#[tokio::test]
async fn a_session_that_finds_its_client_gone_when_it_writes_ends() {
    let world = HandWorld::new();
    let simulator = simulator(&world, |_| {}).await;
    // Nothing is read after the first message, so that only writing can tell.
    let deaf = Scenario::parse("[session]\nstop_reading_after_messages = 1").expect("a scenario");
    simulator.control().set_scenario(deaf).expect("it can be played");
    let mut client = Client::bound(&simulator, BindMode::Transceiver, "one").await;
    client.submit(message("447700900000", "Hello")).await;
    assert_eq!(client.told().await.line(), "ESME_ROK");
    SockRef::from(&client.stream).set_linger(Some(Duration::ZERO)).expect("a reset");
    drop(client);
    // The receipt falls due.
    world.advance(Span::millis(200));
    let ended = async {
        while !simulator.control().sessions().is_empty() {
            tokio::task::yield_now().await;
        }
        simulator.close().await;
    };
    tokio::time::timeout(Duration::from_secs(20), ended).await.expect("it ended");
}
