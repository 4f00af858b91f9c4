//! Plays a script against a simulator, octet by octet: what a client sends, what it is told, what time does.
//!
//! One line is one step; clients are named by a letter, `a` if none is named.
//!
//! - `> bind MODE NAME PASSWORD`, `> submit NUMBER`, `> data NUMBER`, `> query ID`, `> enquire`, `> raw HEX`: the client sends.
//! - `< LINE`: the next PDU it is told. deliver_sm and data_sm are acknowledged with the status of the last `ack`.
//! - `ack STATUS`: how. `ack none`: not at all.
//! - `.`: nothing more than what was read has been sent to it. `+ MILLIS`: time moves.
//! - `= end`: the connection ends; `= reset`: by a reset; `= half N`: after N octets of a PDU.
//!
//! A line of the script and what came are compared as texts: a header as words, a body escaped.

use std::collections::HashMap;
use std::sync::Arc;

use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;
use whimbrel_core::Span;
use whimbrel_simulator::{Control, Running, Scenario};
use whimbrel_smpp::{
    Address, Bind, BindMode, Body, CommandStatus, DataSm, MessageIdBody, Pdu, QuerySm, Tlvs, command_id as id,
};

use crate::support::{HandWorld, message, simulator};

/// A simulator with a scenario, and its clients.
pub struct Stage {
    pub world: Arc<HandWorld>,
    pub simulator: Running,
    clients: HashMap<String, Raw>,
}

struct Raw {
    stream: TcpStream,
    held: Vec<u8>,
    sequence: u32,
    acknowledges: Option<u32>,
}

/// Plays a script with a scenario.
pub async fn check(scenario: &str, script: &str) {
    let mut stage = Stage::new(scenario).await;
    stage.play(script).await;
}

impl Stage {
    pub async fn new(scenario: &str) -> Self {
        let world = HandWorld::new();
        let scenario = Scenario::parse(scenario).unwrap_or_else(|error| panic!("{error}\n{scenario}"));
        let simulator = simulator(&world, |options| {
            options.scenario = scenario;
            options.phones_max = 10;
        })
        .await;
        Self { world, simulator, clients: HashMap::new() }
    }

    pub fn control(&self) -> Control {
        self.simulator.control()
    }

    pub async fn play(&mut self, script: &str) {
        for line in script.lines().map(str::trim).filter(|line| !line.is_empty()) {
            let (name, step) = match line.split_once(": ") {
                Some((name, step)) if name.len() == 1 => (name, step),
                _ => ("a", line),
            };
            self.step(name, step).await;
        }
    }

    /// What client `a` is told next.
    pub async fn told(&mut self) -> String {
        self.clients.get_mut("a").expect("it is connected").told().await
    }

    async fn step(&mut self, name: &str, step: &str) {
        let (kind, rest) = step.split_once(' ').unwrap_or((step, ""));
        if kind == "+" {
            return self.world.advance(Span::millis(rest.parse().expect("milliseconds")));
        }
        if !self.clients.contains_key(name) {
            let stream = TcpStream::connect(self.simulator.local_addr()).await.expect("the simulator listens");
            stream.set_nodelay(true).expect("a socket option");
            let raw = Raw { stream, held: Vec::new(), sequence: 0, acknowledges: Some(0) };
            self.clients.insert(name.to_owned(), raw);
        }
        let client = self.clients.get_mut(name).expect("it was just put there");
        match kind {
            ">" => client.send(rest).await,
            "<" => assert_eq!(client.told().await, rest, "{step}"),
            "." => client.nothing_more(step).await,
            "ack" => client.acknowledges = u32::from_str_radix(rest, 16).ok(),
            "=" => client.ends(rest).await,
            other => panic!("no such step: {other}"),
        }
    }
}

impl Raw {
    async fn send(&mut self, what: &str) {
        let words: Vec<&str> = what.split(' ').collect();
        let body = match words[..] {
            ["bind", mode, name, password] => {
                let mode = match mode {
                    "tx" => BindMode::Transmitter,
                    "rx" => BindMode::Receiver,
                    _ => BindMode::Transceiver,
                };
                let bind = Bind {
                    system_id: name.into(),
                    password: password.into(),
                    system_type: Vec::new(),
                    interface_version: 0x34,
                    address: Address::default(),
                };
                Body::Bind(mode, bind)
            }
            ["submit", number] => Body::SubmitSm(Box::new(message(number, "Hello"))),
            ["submit", number, registered_delivery] => {
                let registered_delivery = registered_delivery.parse().expect("an octet");
                let message = whimbrel_smpp::ShortMessage { registered_delivery, ..message(number, "Hello") };
                Body::SubmitSm(Box::new(message))
            }
            ["data", number] => {
                let mut tlvs = Tlvs::new();
                tlvs.push(whimbrel_smpp::tag::MESSAGE_PAYLOAD, *b"Hello");
                let message = message(number, "");
                let (source, destination) = (message.source, message.destination);
                Body::DataSm(Box::new(DataSm { source, destination, tlvs, ..DataSm::default() }))
            }
            ["query", message_id] => {
                Body::QuerySm(QuerySm { message_id: message_id.into(), source: Address::default() })
            }
            ["enquire"] => Body::EnquireLink,
            ["unbind"] => Body::Unbind,
            _ => panic!("no such thing to send: {what}"),
        };
        self.sequence += 1;
        self.write(&Pdu::request(self.sequence, body)).await;
    }

    async fn write(&mut self, pdu: &Pdu) {
        let mut octets = Vec::new();
        pdu.encode(&mut octets).expect("a PDU that can be written");
        self.stream.write_all(&octets).await.expect("the simulator reads");
    }

    async fn frame(&mut self) -> Vec<u8> {
        let mut input = [0; 4_096];
        loop {
            if let Some(length) = self.held.first_chunk::<4>().map(|octets| u32::from_be_bytes(*octets) as usize)
                && self.held.len() >= length
            {
                return self.held.drain(..length).collect();
            }
            match self.stream.read(&mut input).await {
                Ok(0) => panic!("the connection ended"),
                Ok(count) => self.held.extend_from_slice(&input[..count]),
                Err(error) => panic!("the connection failed: {error}"),
            }
        }
    }

    /// The next PDU as a line; a request for us is acknowledged.
    async fn told(&mut self) -> String {
        let frame = self.frame().await;
        let word = |at: usize| u32::from_be_bytes(frame[at..at + 4].try_into().expect("a header"));
        let (command, status, sequence) = (word(4), word(8), word(12));
        let answer = MessageIdBody::default();
        let answer = match command {
            id::DELIVER_SM => Some(Body::DeliverSmResp(answer)),
            id::DATA_SM => Some(Body::DataSmResp(answer)),
            _ => None,
        };
        if let (Some(body), Some(status)) = (answer, self.acknowledges) {
            self.write(&Pdu { status: CommandStatus(status), sequence, body }).await;
        }
        show(command, status, sequence, &frame)
    }

    /// query_sm is answered in its turn, and by no scenario otherwise.
    async fn nothing_more(&mut self, step: &str) {
        self.sequence += 1;
        let query = QuerySm { message_id: b"nothing".to_vec(), source: Address::default() };
        self.write(&Pdu::request(self.sequence, Body::QuerySm(query))).await;
        let frame = self.frame().await;
        let command = u32::from_be_bytes(frame[4..8].try_into().expect("a header"));
        assert_eq!(command, id::QUERY_SM | id::RESPONSE, "{step}: {}", frame.escape_ascii());
    }

    async fn ends(&mut self, how: &str) {
        let mut input = [0; 4_096];
        let end = loop {
            match self.stream.read(&mut input).await {
                Ok(0) => break "end",
                Ok(count) => self.held.extend_from_slice(&input[..count]),
                Err(error) if error.kind() == std::io::ErrorKind::ConnectionReset => break "reset",
                Err(error) => panic!("the connection failed: {error}"),
            }
            if how == format!("half {}", self.held.len()) {
                break how;
            }
        };
        assert_eq!(end, how, "{}", self.held.escape_ascii());
    }
}

/// A PDU as a line: command, status if it failed, number; a message by its fields, anything else by its octets.
fn show(command: u32, status: u32, sequence: u32, frame: &[u8]) -> String {
    let name = match command & !id::RESPONSE {
        0 => "generic_nack",
        id::BIND_RECEIVER | id::BIND_TRANSMITTER | id::BIND_TRANSCEIVER => "bind",
        id::SUBMIT_SM => "submit_sm",
        id::DELIVER_SM => "deliver_sm",
        id::DATA_SM => "data_sm",
        id::QUERY_SM => "query_sm",
        id::ENQUIRE_LINK => "enquire_link",
        id::UNBIND => "unbind",
        _ => "?",
    };
    let mut line = name.to_owned();
    if command & id::RESPONSE != 0 && command != id::GENERIC_NACK {
        line += "_resp";
    }
    if status != 0 {
        line += &format!(" {status:02x}");
    }
    let (esm_class, data_coding, text, tlvs) = match Pdu::decode(frame).map(|pdu| pdu.body) {
        Ok(Body::DeliverSm(message)) => {
            (message.esm_class, message.data_coding, message.short_message.clone(), message.tlvs)
        }
        Ok(Body::DataSm(data)) => (data.esm_class, data.data_coding, Vec::new(), data.tlvs),
        _ => {
            line += &format!(" #{sequence:x}");
            if frame.len() > 16 {
                line += &format!(" {}", frame[16..].escape_ascii());
            }
            return line;
        }
    };
    line += &format!(" {esm_class:02x}/{data_coding:02x} {}", text.escape_ascii());
    for tlv in tlvs.iter() {
        line += &format!(" {:04x}={}", tlv.tag, tlv.value.escape_ascii());
    }
    line.trim_end().to_owned()
}
