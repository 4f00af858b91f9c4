//! What the journal holds when a client is told.

use std::path::PathBuf;

use crate::support::{Client, HandWorld, message, simulator};
use serde_json::Value;
use whimbrel_core::Span;
use whimbrel_smpp::{BindMode, ShortMessage};

/// A file of this test alone, removed at its end.
struct Scratch(PathBuf);

impl Scratch {
    fn new(name: &str) -> Self {
        let path = std::env::temp_dir().join(format!("whimbrel-simulator-{}-{name}.jsonl", std::process::id()));
        let _ = std::fs::remove_file(&path);
        Self(path)
    }

    fn records(&self) -> Vec<Value> {
        let text = std::fs::read_to_string(&self.0).expect("the journal is there");
        assert!(text.is_empty() || text.ends_with('\n'));
        text.lines().map(|line| serde_json::from_str(line).expect("a record is JSON")).collect()
    }

    fn of(&self, event: &str) -> Vec<Value> {
        self.records().into_iter().filter(|record| record["event"] == event).collect()
    }
}

impl Drop for Scratch {
    fn drop(&mut self) {
        let _ = std::fs::remove_file(&self.0);
    }
}

#[tokio::test]
async fn a_record_is_written_before_its_answer_is_sent() {
    let scratch = Scratch::new("before");
    let world = HandWorld::new();
    let simulator = simulator(&world, |options| options.journal = Some(scratch.0.clone())).await;
    let mut client = Client::bound(&simulator, BindMode::Transceiver, "one").await;
    assert_eq!(scratch.of("bind").len(), 1);
    for count in 1..=50 {
        client.submit(message("447700900009", "Hello")).await;
        let told = client.told().await;
        let records = scratch.of("submit_sm");
        assert_eq!(records.len(), count);
        assert_eq!(records[count - 1]["message_id"], told.message_id());
    }
    // A message that is never answered is in the journal as well, without a status.
    client.submit(message("447700900012", "Hello")).await;
    client.nothing_more().await;
    let silent: Vec<Value> =
        scratch.of("submit_sm").into_iter().filter(|r| r["destination"] == "447700900012").collect();
    assert_eq!(silent.len(), 1);
    assert_eq!((&silent[0]["status"], &silent[0]["message_id"]), (&Value::Null, &Value::Null));
}

#[tokio::test]
async fn a_record_has_all_that_tests_compare() {
    let scratch = Scratch::new("fields");
    let world = HandWorld::new();
    let simulator = simulator(&world, |options| options.journal = Some(scratch.0.clone())).await;
    let mut client = Client::bound(&simulator, BindMode::Transceiver, "one").await;
    let submitted = ShortMessage {
        esm_class: 0x03,
        data_coding: 8,
        validity_period: b"000000001000000R".to_vec(),
        short_message: vec![0, b'H', 0x20, 0xac],
        ..message("447700900004", "")
    };
    let sequence = client.submit(submitted).await;
    let id = client.told().await.message_id().to_owned();
    world.advance(Span::millis(200));
    client.told().await;
    client.nothing_more().await;

    let record = &scratch.of("submit_sm")[0];
    let pdu_hex = record["pdu_hex"].as_str().expect("the whole PDU");
    assert!(pdu_hex.starts_with("0000004") && pdu_hex.contains("004820ac"), "{pdu_hex}");
    let mut record = record.clone();
    record.as_object_mut().expect("an object").remove("pdu_hex");
    let wanted = serde_json::json!({
        "at": "2026-11-24T13:12:07.000000Z", "event": "submit_sm", "session": 1, "system_id": "one", "sequence": sequence,
        "status": "ESME_ROK", "message_id": id, "source": "Acme", "source_ton": 5, "source_npi": 0,
        "destination": "447700900004", "dest_ton": 1, "dest_npi": 1, "esm_class": 3, "protocol_id": 0, "data_coding": 8,
        "registered_delivery": 1, "validity_period": "000000001000000R", "short_message_hex": "004820ac",
    });
    assert_eq!(record, wanted);

    let receipt = &scratch.of("receipt")[0];
    assert_eq!((&receipt["message_id"], &receipt["state"]), (&Value::from(id.clone()), &Value::from("UNDELIV")));
    assert_eq!((&receipt["source"], &receipt["destination"]), (&Value::from("447700900004"), &Value::from("Acme")));
    let acknowledged = &scratch.of("deliver_sm_resp")[0];
    assert_eq!((&acknowledged["message_id"], &acknowledged["status"]), (&Value::from(id), &Value::from("ESME_ROK")));
}

#[tokio::test]
async fn every_kind_of_event_is_written_down() {
    let scratch = Scratch::new("kinds");
    let world = HandWorld::new();
    let simulator = simulator(&world, |options| options.journal = Some(scratch.0.clone())).await;
    let mut client = Client::bound(&simulator, BindMode::Transceiver, "one").await;
    for destination in ["447700900006", "447700900003"] {
        client.submit(message(destination, "Hello")).await;
        client.told().await;
    }
    // A submit_sm of a header alone.
    tokio::io::AsyncWriteExt::write_all(&mut client.stream, &[0, 0, 0, 16, 0, 0, 0, 4, 0, 0, 0, 0, 0, 0, 9, 9])
        .await
        .expect("the simulator reads");
    client.nothing_more().await;
    let ((), told) = tokio::join!(simulator.close(), client.told());
    assert_eq!(told.line(), "closed: PeerUnbound");
    let told: Vec<(String, String)> = scratch
        .records()
        .iter()
        .map(|record| {
            let text = |name: &str| record[name].as_str().unwrap_or_default().to_owned();
            (text("event"), text("status"))
        })
        .collect();
    let wanted = [
        ("bind", "ESME_ROK"),
        ("throttled", "ESME_RTHROTTLED"),
        ("submit_sm", "ESME_RX_P_APPN"),
        ("malformed", "ESME_RX_R_APPN"),
        ("submit_sm", "ESME_ROK"),
        ("unbind", ""),
    ];
    assert_eq!(told, wanted.map(|(event, status)| (event.to_owned(), status.to_owned())));
}

#[tokio::test]
async fn a_journal_that_was_cut_off_goes_on_with_a_new_line() {
    let scratch = Scratch::new("torn");
    std::fs::write(&scratch.0, "{\"at\":\"2026-11-24T13:1").expect("a file");
    let world = HandWorld::new();
    let simulator = simulator(&world, |options| options.journal = Some(scratch.0.clone())).await;
    Client::bound(&simulator, BindMode::Transceiver, "one").await;
    let text = std::fs::read_to_string(&scratch.0).expect("the journal is there");
    let lines: Vec<&str> = text.lines().collect();
    assert_eq!(lines.len(), 2);
    assert!(serde_json::from_str::<Value>(lines[1]).is_ok_and(|record| record["event"] == "bind"));
}

/// Nothing is told that could not be written down: on a full disk the session ends instead.
#[cfg(target_os = "linux")]
#[tokio::test]
async fn without_its_journal_a_session_says_nothing() {
    let world = HandWorld::new();
    let simulator = simulator(&world, |options| options.journal = Some("/dev/full".into())).await;
    let mut client = Client::connect(&simulator, BindMode::Transceiver, "one", "dev").await;
    assert_eq!(client.told().await.line(), "closed: ConnectionLost");
}

#[tokio::test]
async fn a_journal_that_cannot_be_opened_is_named() {
    let world = HandWorld::new();
    let mut options = whimbrel_simulator::SimulatorOptions::new("127.0.0.1:0".parse().expect("an address"), world);
    options.journal = Some("/nowhere/at/all.jsonl".into());
    let error = whimbrel_simulator::bind(options).await.err().expect("no such folder");
    assert!(error.to_string().contains("/nowhere/at/all.jsonl"), "{error}");
}
