//! What the centre does with what it hears: a session for each connection, steered by orders.
//!
//! Orders: `answer` the next submissions with `statuses`, first come first; `deliver` the `fields` to a session that may
//! receive, told under its `mark`; `receipts` `on`, as at first, or off; `enquire`,
//! `unbind` or `destroy` every session. Submissions that no order names are taken, and reported at once.

use std::collections::{BTreeMap, HashMap, VecDeque};
use std::error::Error;
use std::io::{self, Write};

use rusmpp::pdus::{BindReceiverResp, BindTransceiverResp, BindTransmitterResp, DeliverSm, SubmitSm, SubmitSmResp};
use rusmpp::tlvs::MessageDeliveryRequestTlvValue;
use rusmpp::types::OctetString;
use rusmpp::values::{EsmClass, MessageState};
use rusmpp::{Command, CommandStatus, Pdu};
use serde_json::{Value, json};
use tokio::net::tcp::OwnedWriteHalf;

use crate::Connection;
use crate::fields::{self, c_string, number, text};
use crate::frame;

type Done = Result<(), Box<dyn Error>>;

/// The bit of registered_delivery that asks for a receipt (SMPP 3.4 §5.2.17).
const RECEIPT: u8 = 1;
/// The first id is one more: with letters, so that nothing takes it for decimal.
const ID_BEFORE: u64 = 0xA000_0000;

/// What a bind says; its three kinds are three types with the same fields.
macro_rules! told_bind {
    ($bind:expr) => {
        json!({
            "system_id": $bind.system_id.to_string(),
            "password": $bind.password.to_string(),
            "system_type": $bind.system_type.to_string(),
            "interface_version": u8::from($bind.interface_version),
        })
    };
}

/// All sessions, and what was ordered.
pub struct Centre {
    links: BTreeMap<Connection, Link>,
    statuses: VecDeque<u32>,
    /// Whether receipts are sent, which is so at first.
    are_receipts_off: bool,
    ids: u64,
}

impl Default for Centre {
    fn default() -> Self {
        Self { links: BTreeMap::new(), statuses: VecDeque::new(), are_receipts_off: false, ids: ID_BEFORE }
    }
}

/// A connection and its session.
struct Link {
    writer: OwnedWriteHalf,
    /// What was bound, if anything.
    mode: Option<&'static str>,
    sequence: u32,
    /// What we asked, by its sequence number.
    asked: HashMap<u32, Asked>,
}

/// A request of ours that waits for its answer.
enum Asked {
    Delivery(Value),
    Enquiry,
    Unbind,
}

impl Link {
    /// Answers a request. That the peer has gone is told by the reading side.
    async fn answer(&mut self, to: &Command, status: CommandStatus, pdu: impl Into<Pdu>) {
        let _gone = frame::write(&mut self.writer, status, to.sequence_number(), pdu.into()).await;
    }

    async fn ask(&mut self, pdu: impl Into<Pdu>, asked: Asked) {
        self.sequence += 1;
        self.asked.insert(self.sequence, asked);
        let _gone = frame::write(&mut self.writer, CommandStatus::EsmeRok, self.sequence, pdu.into()).await;
    }

    fn may_receive(&self) -> bool {
        matches!(self.mode, Some("bind_transceiver" | "bind_receiver"))
    }
}

impl Centre {
    /// A connection, not yet bound.
    pub fn connected(&mut self, connection: Connection, writer: OwnedWriteHalf) {
        self.links.insert(connection, Link { writer, mode: None, sequence: 0, asked: HashMap::new() });
    }

    /// A connection has ended.
    pub fn ended(&mut self, connection: Connection, fault: Option<String>) -> Done {
        if let Some(fault) = fault {
            say("fault", &[("session", connection.into()), ("message", fault.into())])?;
        }
        match self.links.remove(&connection) {
            Some(_) => say("closed", &[("session", connection.into())]),
            None => Ok(()),
        }
    }

    /// A PDU has come.
    pub async fn read(&mut self, connection: Connection, command: &Command) -> Done {
        // What a link sent before we hung up may still come.
        let Some(link) = self.links.get_mut(&connection) else { return Ok(()) };
        let session = ("session", Value::from(connection));
        match command.pdu() {
            Some(Pdu::BindTransmitter(_) | Pdu::BindReceiver(_) | Pdu::BindTransceiver(_)) => {
                bind(link, command, session).await
            }
            Some(_) | None if link.mode.is_none() => {
                say("fault", &[session, ("message", format!("{:?} before a bind", command.id()).into())])
            }
            Some(Pdu::SubmitSm(submit)) => self.submitted(connection, command, submit).await,
            Some(Pdu::EnquireLink) => {
                link.answer(command, CommandStatus::EsmeRok, Pdu::EnquireLinkResp).await;
                say("enquired", &[session])
            }
            Some(Pdu::Unbind) => {
                link.answer(command, CommandStatus::EsmeRok, Pdu::UnbindResp).await;
                self.links.remove(&connection);
                say("unbind", &[session])
            }
            _ => self.answered(connection, command),
        }
    }

    /// Takes or refuses a submission, and reports it.
    async fn submitted(&mut self, connection: Connection, command: &Command, submit: &SubmitSm) -> Done {
        let status = self.statuses.pop_front().unwrap_or(0);
        self.ids += 1;
        let id = format!("{:X}", self.ids);
        let pdu = fields::told(submit);
        let wants_receipt = status == 0 && u8::from(submit.registered_delivery) & RECEIPT != 0;
        let session = ("session", Value::from(connection));
        say("submit", &[session, ("status", status.into()), ("id", id.as_str().into()), ("pdu", pdu)])?;
        let answer = SubmitSmResp::builder().message_id(c_string(if status == 0 { &id } else { "" })?).build();
        if let Some(link) = self.links.get_mut(&connection) {
            link.answer(command, CommandStatus::from(status), answer).await;
        }
        let receiver = self.links.values_mut().find(|link| link.may_receive());
        match receiver {
            Some(link) if wants_receipt && !self.are_receipts_off => {
                link.ask(receipt(&id, submit)?, Asked::Delivery(id.into())).await;
                Ok(())
            }
            _ => Ok(()),
        }
    }

    /// An answer to something that we asked.
    fn answered(&mut self, connection: Connection, command: &Command) -> Done {
        let session = ("session", Value::from(connection));
        let link = self.links.get_mut(&connection);
        let status = ("status", u32::from(command.status()).into());
        match link.and_then(|link| link.asked.remove(&command.sequence_number())) {
            Some(Asked::Delivery(mark)) => say("delivered", &[("mark", mark), status]),
            Some(Asked::Enquiry) => say("alive", &[session, status]),
            Some(Asked::Unbind) => {
                self.links.remove(&connection);
                say("unbound", &[session])
            }
            None => say("fault", &[session, ("message", format!("{:?} out of turn", command.id()).into())]),
        }
    }

    /// Does as it is told.
    pub async fn order(&mut self, order: &Value) -> Done {
        match text(&order["do"])? {
            "answer" => {
                let statuses = order["statuses"].as_array().ok_or("no statuses")?;
                self.statuses.extend(statuses.iter().map(number).collect::<Result<Vec<u32>, _>>()?);
            }
            "receipts" => self.are_receipts_off = !order["on"].as_bool().ok_or("neither on nor off")?,
            "deliver" => {
                let pdu = fields::deliver(order["fields"].as_object().ok_or("no fields")?)?;
                let link = self.links.values_mut().find(|link| link.may_receive()).ok_or("nobody may receive")?;
                link.ask(pdu, Asked::Delivery(order["mark"].clone())).await;
            }
            "enquire" => {
                for link in self.links.values_mut() {
                    link.ask(Pdu::EnquireLink, Asked::Enquiry).await;
                }
            }
            "unbind" => {
                for link in self.links.values_mut() {
                    link.ask(Pdu::Unbind, Asked::Unbind).await;
                }
            }
            "destroy" => {
                for (connection, _) in std::mem::take(&mut self.links) {
                    say("closed", &[("session", connection.into())])?;
                }
            }
            other => return Err(format!("no such order: {other}").into()),
        }
        Ok(())
    }
}

/// Lets everybody in.
async fn bind(link: &mut Link, command: &Command, session: (&str, Value)) -> Done {
    let (mode, told, answer): (_, _, Pdu) = match command.pdu() {
        Some(Pdu::BindTransmitter(bind)) => {
            let answer = BindTransmitterResp::builder().system_id(c_string("rusmpp")?).build();
            ("bind_transmitter", told_bind!(bind), answer.into())
        }
        Some(Pdu::BindReceiver(bind)) => {
            let answer = BindReceiverResp::builder().system_id(c_string("rusmpp")?).build();
            ("bind_receiver", told_bind!(bind), answer.into())
        }
        Some(Pdu::BindTransceiver(bind)) => {
            let answer = BindTransceiverResp::builder().system_id(c_string("rusmpp")?).build();
            ("bind_transceiver", told_bind!(bind), answer.into())
        }
        _ => return Err("no bind".into()),
    };
    link.answer(command, CommandStatus::EsmeRok, answer).await;
    link.mode = Some(mode);
    say("bind", &[session, ("mode", mode.into()), ("pdu", told)])
}

/// The receipt of a submission, in both forms.
fn receipt(id: &str, submit: &SubmitSm) -> Result<DeliverSm, Box<dyn Error>> {
    let text =
        format!("id:{id} sub:001 dlvrd:001 submit date:2611250900 done date:2611250901 stat:DELIVRD err:000 text:");
    Ok(DeliverSm::builder()
        .source_addr_ton(submit.dest_addr_ton)
        .source_addr_npi(submit.dest_addr_npi)
        .source_addr(submit.destination_addr.clone())
        .dest_addr_ton(submit.source_addr_ton)
        .dest_addr_npi(submit.source_addr_npi)
        .destination_addr(submit.source_addr.clone())
        .esm_class(EsmClass::from(0x04))
        .short_message(OctetString::from_string(text)?)
        .push_tlv(MessageDeliveryRequestTlvValue::ReceiptedMessageId(c_string(id)?))
        .push_tlv(MessageDeliveryRequestTlvValue::MessageState(MessageState::Delivered))
        .build())
}

/// Tells an event as one line.
pub fn say(event: &str, what: &[(&str, Value)]) -> Done {
    let mut line = json!({ "event": event });
    for (name, value) in what {
        line[*name] = value.clone();
    }
    Ok(writeln!(io::stdout().lock(), "{line}")?)
}
