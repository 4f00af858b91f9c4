//! What a watcher is shown of a link: submissions, receipts, and the answers to both.

use whimbrel_core::{AckToken, PartId};
use whimbrel_smpp::receipt::Delivery;
use whimbrel_smpp::{Body, CommandStatus, MessageIdBody, Pdu, ShortMessage, tag};

use crate::watch::{WatchedPdu, Way};

use super::Link;
use super::delivery::Command;
use super::submit::Tickets;

/// Behind this, receipts repeat the beginning of the message that they are about (SMPP 3.4, appendix B).
const ECHO: &[u8] = b"text:";
/// UCS-2: an echo in it is not looked for.
const UCS2: u8 = 8;

/// A submission that a watcher will be shown once it has its number.
pub(super) struct ToShow {
    message: ShortMessage,
    hidden: usize,
}

/// Whether a message has a one-time code.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Code {
    /// It has: nothing of its text is shown.
    Inside,
    /// It has none that is known.
    None,
}

impl Link<'_> {
    pub(super) fn is_watched(&self) -> bool {
        self.keeper.shared.watcher.is_watching()
    }

    /// Copies a submission for the watcher, if there is one; without its text if that has a code.
    pub(super) fn to_show(&self, message: &ShortMessage, code: Code) -> Option<ToShow> {
        if !self.is_watched() {
            return None;
        }
        let mut message = message.clone();
        let hidden = if code == Code::Inside { without_text(&mut message) } else { 0 };
        Some(ToShow { message, hidden })
    }

    /// Shows a submission.
    pub(super) fn show_submission(&self, shown: ToShow, sequence: u32, tickets: &Tickets) {
        let ToShow { message, hidden } = shown;
        let pdu = Pdu::request(sequence, Body::SubmitSm(Box::new(message)));
        let mut octets = Vec::new();
        // It was written before; without its text it is shorter.
        if pdu.encode(&mut octets).is_ok() {
            self.show(Way::Out, parts(tickets), None, octets, hidden);
        }
    }

    /// Shows the answer to one.
    pub(super) fn show_answer(&mut self, pdu: &Pdu, tickets: &Tickets) {
        if self.is_watched() {
            let octets = self.frame_of(pdu);
            self.show(Way::In, parts(tickets), None, octets, 0);
        }
    }

    /// Shows a receipt. What it repeats of the message may hold a code, and is left out. Texts that come in are not shown.
    pub(super) fn show_delivery(&mut self, pdu: &Pdu, delivery: &Delivery) {
        if !self.is_watched() {
            return;
        }
        let frame = self.frame_of(pdu);
        if let Delivery::Receipt(_) = delivery {
            let token = AckToken { link: self.id, sequence: pdu.sequence };
            let (octets, hidden) = without_echo(frame, pdu);
            self.show(Way::In, Vec::new(), Some(token), octets, hidden);
        }
    }

    /// Shows the answer to a receipt.
    pub(super) fn show_acknowledgement(&self, sequence: u32, command: Command, status: CommandStatus) {
        if !self.is_watched() {
            return;
        }
        let body = match command {
            Command::DeliverSm => Body::DeliverSmResp(MessageIdBody::default()),
            Command::DataSm => Body::DataSmResp(MessageIdBody::default()),
        };
        let mut octets = Vec::new();
        if (Pdu { status, sequence, body }).encode(&mut octets).is_ok() {
            let token = AckToken { link: self.id, sequence };
            self.show(Way::Out, Vec::new(), Some(token), octets, 0);
        }
    }

    /// The octets of what came; what the session did not keep is written anew.
    fn frame_of(&mut self, pdu: &Pdu) -> Vec<u8> {
        if let Some(frame) = self.session.take_frame(pdu.command_id(), pdu.sequence) {
            return frame.0;
        }
        let mut octets = Vec::new();
        // What cannot be written as it was read is shown as nothing.
        _ = pdu.encode(&mut octets);
        octets
    }

    fn show(&self, way: Way, parts: Vec<PartId>, delivery: Option<AckToken>, octets: Vec<u8>, hidden: usize) {
        let carrier = self.keeper.report.carrier();
        let at = self.keeper.clock.wall();
        let link = self.id;
        self.keeper.shared.watcher.see(WatchedPdu { carrier, link, at, way, parts, delivery, octets, hidden });
    }
}

fn parts(tickets: &Tickets) -> Vec<PartId> {
    tickets.iter().map(|ticket| ticket.part_id).collect()
}

/// Takes the text out of a message; answers how many octets it had.
fn without_text(message: &mut ShortMessage) -> usize {
    let payload = message.tlvs.get(tag::MESSAGE_PAYLOAD).map_or(0, <[u8]>::len);
    let hidden = message.short_message.len() + payload;
    message.short_message.clear();
    message.tlvs = message.tlvs.iter().filter(|tlv| tlv.tag != tag::MESSAGE_PAYLOAD).cloned().collect();
    hidden
}

/// The frame of a receipt with what it repeats of its message as stars. Where that cannot be found for sure, the whole text is out.
fn without_echo(mut frame: Vec<u8>, pdu: &Pdu) -> (Vec<u8>, usize) {
    let (texts, coding) = match &pdu.body {
        Body::DeliverSm(message) => {
            let payload = message.tlvs.get(tag::MESSAGE_PAYLOAD).unwrap_or_default();
            ([message.short_message.as_slice(), payload], message.data_coding)
        }
        Body::DataSm(message) => ([&[][..], message.user_data()], message.data_coding),
        _ => return (frame, 0),
    };
    let mut is_sure = coding != UCS2;
    for text in texts.into_iter().filter(|text| !text.is_empty()) {
        // The text of a receipt is in its frame octet by octet.
        let place = frame.windows(text.len()).position(|window| window == text);
        let Some(place) = place else {
            is_sure = false;
            continue;
        };
        if let Some(echo) = text.windows(ECHO.len()).position(|window| window.eq_ignore_ascii_case(ECHO)) {
            frame[place + echo + ECHO.len()..place + text.len()].fill(b'*');
        }
    }
    if is_sure {
        return (frame, 0);
    }
    let (body, hidden) = without_any_text(&pdu.body);
    let mut octets = Vec::new();
    match (Pdu { status: pdu.status, sequence: pdu.sequence, body }).encode(&mut octets) {
        Ok(()) => (octets, hidden),
        Err(_) => (Vec::new(), frame.len()),
    }
}

fn without_any_text(body: &Body) -> (Body, usize) {
    let mut body = body.clone();
    let hidden = match &mut body {
        Body::DeliverSm(message) => without_text(message),
        Body::DataSm(message) => {
            let hidden = message.user_data().len();
            message.tlvs = message.tlvs.iter().filter(|tlv| tlv.tag != tag::MESSAGE_PAYLOAD).cloned().collect();
            hidden
        }
        _ => 0,
    };
    (body, hidden)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn receipt(text: &[u8], data_coding: u8) -> (Vec<u8>, Pdu) {
        let message =
            ShortMessage { short_message: text.to_vec(), data_coding, esm_class: 4, ..ShortMessage::default() };
        let pdu = Pdu::request(7, Body::DeliverSm(Box::new(message)));
        let mut octets = Vec::new();
        pdu.encode(&mut octets).expect("it can be written");
        (octets, pdu)
    }

    fn shown(text: &[u8], data_coding: u8) -> (String, usize) {
        let (octets, pdu) = receipt(text, data_coding);
        let (octets, hidden) = without_echo(octets, &pdu);
        assert!(Pdu::decode(&octets).is_ok());
        (String::from_utf8_lossy(&octets).into_owned(), hidden)
    }

    #[test]
    fn what_a_receipt_repeats_of_a_text_is_not_shown() {
        for echo in ["text:482917 is", "Text:482917 is", "TEXT:482917 is"] {
            let (frame, hidden) = shown(format!("id:1 stat:DELIVRD err:000 {echo}").as_bytes(), 0);
            assert!(frame.contains("stat:DELIVRD") && !frame.contains("482917"), "{frame}");
            assert_eq!(hidden, 0);
        }
        let (frame, hidden) = shown(b"id:1 stat:DELIVRD err:000", 0);
        assert!(frame.ends_with("id:1 stat:DELIVRD err:000") && hidden == 0);
    }

    #[test]
    fn a_receipt_in_an_alphabet_that_is_not_looked_into_shows_no_text() {
        let text: Vec<u8> = "text:482917".encode_utf16().flat_map(u16::to_be_bytes).collect();
        let (frame, hidden) = shown(&text, UCS2);
        assert!(!frame.contains('4') && hidden == text.len(), "{frame:?}");
    }
}
