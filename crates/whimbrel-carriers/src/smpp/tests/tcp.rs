//! Over a real socket on the loopback interface: what the network in memory cannot show.

use std::sync::Arc;

use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpListener;
use tokio::sync::mpsc;
use whimbrel_core::{CarrierEvent, Secret};
use whimbrel_smpp::session::{Event, Instant, Session, SmscConfig};
use whimbrel_smpp::{Body, CommandStatus, MessageIdBody};

use super::harness::{CARRIER, outcome, submission, world};
use crate::smpp::{SmppConfig, start};

/// A centre that accepts everything, until it is unbound.
async fn serve(listener: TcpListener) {
    let (mut stream, _) = listener.accept().await.expect("the carrier connects");
    let now = Instant(0);
    let mut session = Session::smsc(SmscConfig::default(), now);
    let mut octets = [0; 4_096];
    loop {
        while let Some(event) = session.next_event() {
            match event {
                Event::BindRequested { bind, .. } => {
                    assert_eq!(&bind.password[..], b"secret08");
                    session.accept_bind(b"SMSC", now);
                }
                Event::Request(pdu) => {
                    let body = Body::SubmitSmResp(MessageIdBody::new(pdu.sequence.to_string()));
                    session.respond(pdu.sequence, CommandStatus::ROK, body, now);
                }
                _ => {}
            }
        }
        while session.has_output() {
            stream.write_all(session.output()).await.expect("the carrier reads");
            session.output().clear();
        }
        let count = stream.read(&mut octets).await.expect("the carrier hangs up in good order");
        if count == 0 {
            return;
        }
        session.received(&octets[..count], now);
    }
}

#[tokio::test]
async fn parts_go_out_over_tcp() {
    const COUNT: i64 = 500;
    let listener = TcpListener::bind("127.0.0.1:0").await.expect("a port is free");
    let port = listener.local_addr().expect("it is bound").port();
    let centre = tokio::spawn(serve(listener));
    let (sender, mut events) = mpsc::channel(100);
    let mut config = SmppConfig::new("acme", "127.0.0.1", port, "esme1", Secret::new("secret08"));
    config.window_max = 50;
    let carrier = start(config, CARRIER, Arc::default(), sender, Arc::clone(&world()) as Arc<dyn whimbrel_core::World>);
    let (mut submitted, mut sent, mut window) = (0, 0, 0);
    while sent < COUNT {
        while window > 0 && submitted < COUNT {
            submitted += 1;
            window -= 1;
            assert!(carrier.submit(submission(submitted)).is_ok());
        }
        let event = events.recv().await.expect("the carrier lives");
        match &event {
            CarrierEvent::Up { window_max, .. } => window = *window_max,
            _ => {
                assert!(outcome(&event).is_some_and(|outcome| outcome.ends_with(" sent")), "{event:?}");
                sent += 1;
                window += 1;
            }
        }
    }
    carrier.close().await;
    centre.await.expect("the centre is done");
}
