//! Each outcome as it travels: exact sequences, at exact times, over TCP.

use crate::support::{Client, HandWorld, Told, message, simulator};
use whimbrel_core::Span;
use whimbrel_simulator::Ranges;
use whimbrel_smpp::{BindMode, ShortMessage};

/// What a client of one message is told, and when: milliseconds after it was submitted.
type Timeline = &'static [(i64, &'static [&'static str])];

const TABLE: &[(&str, Timeline)] = &[
    ("447700900000", &[(0, &["ESME_ROK"]), (200, &["DELIVRD 000"])]),
    ("447700900101", &[(0, &["ESME_ROK"]), (200, &["ENROUTE 000"]), (2_000, &["DELIVRD 000"])]),
    ("447700900202", &[(0, &["ESME_ROK"]), (200, &["EXPIRED 000"])]),
    ("447700900303", &[(0, &["ESME_RX_P_APPN"])]),
    ("447700900404", &[(0, &["ESME_ROK"]), (200, &["UNDELIV 027"])]),
    ("447700900505", &[(0, &["ESME_RINVDSTADR"])]),
    ("447700900707", &[(0, &["ESME_ROK"]), (200, &["DELIVRD 000"]), (400, &["DELIVRD 000"])]),
    ("447700900808", &[(0, &["DELIVRD 000", "ESME_ROK"])]),
    ("447700900909", &[(0, &["ESME_ROK"])]),
    ("447700900910", &[(0, &["ESME_ROK"]), (200, &["DELIVRD 000"])]),
    ("447700900911", &[(30_000, &["ESME_ROK"]), (30_200, &["DELIVRD 000"])]),
    ("447700900912", &[]),
    ("447700900913", &[(0, &["ESME_ROK"]), (200, &["DELIVRD 000"])]),
    ("+12025550104", &[(0, &["ESME_ROK"]), (200, &["UNDELIV 027"])]),
    ("493023125002", &[(0, &["ESME_ROK"]), (200, &["EXPIRED 000"])]),
    // Numbers that somebody may own never choose.
    ("447911123404", &[(0, &["ESME_ROK"]), (200, &["DELIVRD 000"])]),
    ("84980000003", &[(0, &["ESME_ROK"]), (200, &["DELIVRD 000"])]),
];

#[tokio::test]
async fn every_suffix_has_its_sequence() {
    let world = HandWorld::new();
    let simulator = simulator(&world, |_| {}).await;
    let mut client = Client::bound(&simulator, BindMode::Transceiver, "one").await;
    for (destination, timeline) in TABLE {
        let told = play(&world, &mut client, message(destination, "Hello"), timeline).await;
        check_ids(&told, destination);
    }
}

/// Submits, moves time, and compares what comes at each moment; nothing may come between them.
async fn play(world: &HandWorld, client: &mut Client, message: ShortMessage, timeline: Timeline) -> Vec<Told> {
    let destination = String::from_utf8_lossy(&message.destination.digits).into_owned();
    client.submit(message).await;
    let (mut elapsed, mut all) = (0, Vec::new());
    for &(at, lines) in timeline {
        if at > elapsed {
            // The simulator has read what the client sent before time goes on.
            client.nothing_more().await;
            world.advance(Span(Span::millis(at - elapsed).0 - 1));
            client.nothing_more().await;
            world.advance(Span(1));
            elapsed = at;
        }
        for line in lines {
            let told = client.told().await;
            assert_eq!(&told.line(), line, "{destination} at {at} ms");
            all.push(told);
        }
    }
    client.nothing_more().await;
    world.advance(Span::seconds(40));
    client.nothing_more().await;
    all
}

/// Everything that is told of a message names it alike: sixteen upper-case digits that begin with a letter.
fn check_ids(told: &[Told], destination: &str) {
    let ids: Vec<&str> = told.iter().map(Told::message_id).filter(|id| !id.is_empty()).collect();
    for id in &ids {
        assert_eq!(*id, ids[0], "{destination}");
        assert!(id.len() == 16 && id.starts_with('C'), "{id}");
        assert!(id.bytes().all(|digit| matches!(digit, b'0'..=b'9' | b'A'..=b'F')), "{id}");
    }
    for told in told {
        if let Told::Receipt { source, text, message_id, .. } = told {
            assert_eq!(source, destination, "a receipt comes from the subscriber");
            assert!(text.starts_with(&format!("id:{message_id} sub:001 dlvrd:00")), "{text}");
            assert!(text.ends_with("text:Hello"), "{text}");
        }
    }
}

#[tokio::test]
async fn the_text_of_a_receipt_is_that_of_appendix_b() {
    let world = HandWorld::new();
    let simulator = simulator(&world, |_| {}).await;
    let mut client = Client::bound(&simulator, BindMode::Transceiver, "one").await;
    for (destination, wanted) in [
        ("447700900000", "dlvrd:001 submit date:2611241312 done date:2611241312 stat:DELIVRD err:000 text:Hello"),
        ("447700900004", "dlvrd:000 submit date:2611241312 done date:2611241312 stat:UNDELIV err:027 text:Hello"),
    ] {
        client.submit(message(destination, "Hello")).await;
        let response = client.told().await;
        world.advance(Span::millis(200));
        let Told::Receipt { text, .. } = client.told().await else { panic!("no receipt") };
        assert_eq!(text, format!("id:{} sub:001 {wanted}", response.message_id()));
    }
}

#[tokio::test]
async fn suffix_06_is_throttled_once() {
    let world = HandWorld::new();
    let simulator = simulator(&world, |_| {}).await;
    let mut client = Client::bound(&simulator, BindMode::Transceiver, "one").await;
    let refused: Timeline = &[(0, &["ESME_RTHROTTLED"])];
    let taken: Timeline = &[(0, &["ESME_ROK"]), (200, &["DELIVRD 000"])];
    play(&world, &mut client, message("447700900106", "one"), refused).await;
    play(&world, &mut client, message("447700900106", "one"), taken).await;
    play(&world, &mut client, message("447700900106", "one"), taken).await;
    play(&world, &mut client, message("447700900106", "two"), refused).await;
    play(&world, &mut client, message("447700900206", "one"), refused).await;
}

#[tokio::test]
async fn suffix_10_fails_the_second_part_alone() {
    let world = HandWorld::new();
    let simulator = simulator(&world, |_| {}).await;
    let mut client = Client::bound(&simulator, BindMode::Transceiver, "one").await;
    let part = |number: u8| {
        let mut part = message("447700900110", "");
        part.esm_class = 0x40;
        part.short_message = [&[5, 0, 3, 0x2a, 3, number][..], b"Hello"].concat();
        part
    };
    play(&world, &mut client, part(1), &[(0, &["ESME_ROK"]), (200, &["DELIVRD 000"])]).await;
    play(&world, &mut client, part(2), &[(0, &["ESME_ROK"]), (200, &["UNDELIV 027"])]).await;
    play(&world, &mut client, part(3), &[(0, &["ESME_ROK"]), (200, &["DELIVRD 000"])]).await;
}

#[tokio::test]
async fn receipts_are_sent_to_those_who_ask() {
    let world = HandWorld::new();
    let simulator = simulator(&world, |_| {}).await;
    let mut client = Client::bound(&simulator, BindMode::Transceiver, "one").await;
    let asked =
        |destination, registered_delivery| ShortMessage { registered_delivery, ..message(destination, "Hello") };
    let ok: Timeline = &[(0, &["ESME_ROK"])];
    play(&world, &mut client, asked("447700900000", 0x00), ok).await;
    play(&world, &mut client, asked("447700900008", 0x00), ok).await;
    play(&world, &mut client, asked("447700900000", 0x02), ok).await;
    play(&world, &mut client, asked("447700900004", 0x02), &[(0, &["ESME_ROK"]), (200, &["UNDELIV 027"])]).await;
    let buffered: Timeline = &[(0, &["ESME_ROK"]), (200, &["ENROUTE 000 intermediate"]), (2_000, &["DELIVRD 000"])];
    play(&world, &mut client, asked("447700900001", 0x11), buffered).await;
}

#[tokio::test]
async fn row_29_what_was_refused_is_never_reported() {
    // kneodev/ksmppd issue 111.
    let world = HandWorld::new();
    let simulator = simulator(&world, |_| {}).await;
    let mut client = Client::bound(&simulator, BindMode::Transceiver, "one").await;
    let refusals: [(&str, Timeline); 3] = [
        ("447700900003", &[(0, &["ESME_RX_P_APPN"])]),
        ("447700900005", &[(0, &["ESME_RINVDSTADR"])]),
        ("447700900006", &[(0, &["ESME_RTHROTTLED"])]),
    ];
    for (destination, refusal) in refusals {
        // Every report that there is, of the end and of what comes before it.
        let asked = ShortMessage { registered_delivery: 0x11, ..message(destination, "Hello") };
        play(&world, &mut client, asked, refusal).await;
    }
    // Whatever was still to come would come before what is sent now.
    play(&world, &mut client, message("447700900000", "Hello"), &[(0, &["ESME_ROK"]), (200, &["DELIVRD 000"])]).await;
}

#[tokio::test]
async fn a_development_server_has_a_range_more() {
    let world = HandWorld::new();
    let simulator = simulator(&world, |options| options.ranges = Ranges::FictionalAndDevelopment).await;
    let mut client = Client::bound(&simulator, BindMode::Transceiver, "one").await;
    play(&world, &mut client, message("84980000003", "Hello"), &[(0, &["ESME_RX_P_APPN"])]).await;
}

#[tokio::test]
async fn answers_keep_the_order_of_the_requests() {
    let world = HandWorld::new();
    let simulator = simulator(&world, |_| {}).await;
    let mut client = Client::bound(&simulator, BindMode::Transceiver, "one").await;
    let mut sent = Vec::new();
    // Delayed, silent and refused ones between them do not hold the others up.
    for destination in ["447700900011", "447700900009", "447700900012", "447700900003", "447700900109"] {
        sent.push(client.submit(message(destination, "Hello")).await);
    }
    let mut answered = Vec::new();
    for _ in 0..3 {
        let Told::Response { sequence, .. } = client.told().await else { panic!("not an answer") };
        answered.push(sequence);
    }
    assert_eq!(answered, [sent[1], sent[3], sent[4]]);
    world.advance(Span::seconds(30));
    let Told::Response { sequence, .. } = client.told().await else { panic!("not an answer") };
    assert_eq!(sequence, sent[0]);
}
