//! One end of a session on a bench: octets in by hand, all that comes out as short texts, and time that waits for us.

use std::time::Duration;

use whimbrel_smpp::session::{EsmeConfig, Event, Instant, ResponseForm, Session, SmscConfig};
use whimbrel_smpp::{
    Address, Bind, BindMode, BindResp, Body, CommandStatus, FrameReader, MessageIdBody, Pdu, QuerySm, ShortMessage,
    command_id as id,
};

pub struct Bench {
    pub session: Session,
    pub now: Instant,
}

impl Bench {
    /// An ESME whose bind, number 1, is on its way.
    pub fn esme(mode: BindMode, tweak: impl FnOnce(&mut EsmeConfig)) -> Self {
        let mut config = EsmeConfig::new(mode, bind());
        tweak(&mut config);
        let now = Instant(5_000_000);
        let session = Session::esme(config, now).expect("a bind that can be written");
        let mut bench = Self { session, now };
        assert_eq!(bench.said(), format!("{} 1", name(mode.command_id())));
        bench
    }

    pub fn bound_esme(tweak: impl FnOnce(&mut EsmeConfig)) -> Self {
        let mut bench = Self::esme(BindMode::Transceiver, tweak);
        bench.hear(&[bind_resp(BindMode::Transceiver, CommandStatus::ROK, 1)]);
        assert_eq!(bench.told(), "bound SMSC");
        bench
    }

    pub fn smsc(tweak: impl FnOnce(&mut SmscConfig)) -> Self {
        let mut config = SmscConfig::default();
        tweak(&mut config);
        let now = Instant(5_000_000);
        Self { session: Session::smsc(config, now), now }
    }

    pub fn bound_smsc(mode: BindMode, tweak: impl FnOnce(&mut SmscConfig)) -> Self {
        let mut bench = Self::smsc(tweak);
        bench.hear(&[pdu(1, Body::Bind(mode, bind()))]);
        assert_eq!(bench.told(), format!("wants {mode:?} as esme"));
        bench.session.accept_bind(b"Whimbrel", bench.now);
        assert_eq!(bench.said(), format!("{}_resp 1", name(mode.command_id())));
        bench
    }

    /// All octets in one piece.
    pub fn hear(&mut self, frames: &[Vec<u8>]) {
        self.session.received(&frames.concat(), self.now);
    }

    /// What waits to be written, taken: `submit_sm 2; generic_nack 0 0x02`.
    pub fn said(&mut self) -> String {
        let mut reader = FrameReader::new(1 << 20);
        while self.session.has_output() {
            let octets = std::mem::take(self.session.output());
            assert!(!octets.is_empty(), "something waits, and nothing comes");
            reader.push(&octets);
        }
        let mut all = Vec::new();
        while let Some(frame) = reader.next() {
            let pdu = Pdu::decode(frame.expect("a length of ours")).expect("a PDU of ours");
            let status = if pdu.status.is_ok() { String::new() } else { format!(" {:#04x}", pdu.status.0) };
            all.push(format!("{} {}{status}", name(pdu.command_id()), pdu.sequence));
        }
        assert_eq!(reader.held(), 0, "half a PDU was written");
        all.join("; ")
    }

    /// What happened, taken.
    pub fn told(&mut self) -> String {
        std::iter::from_fn(|| self.session.next_event()).map(|event| show(&event)).collect::<Vec<_>>().join("; ")
    }

    /// Lets time pass, ticking when asked to.
    pub fn wait(&mut self, wait: Duration) {
        let end = self.now.after(wait);
        for _ in 0..10_000 {
            let Some(deadline) = self.session.next_deadline().filter(|deadline| *deadline <= end) else { break };
            self.now = self.now.max(deadline);
            self.session.tick(self.now);
            let next = self.session.next_deadline();
            assert!(next.is_none_or(|next| next > self.now), "a tick left something due: {next:?}");
        }
        self.now = end;
        self.session.tick(end);
    }

    pub fn wait_secs(&mut self, seconds: u64) {
        self.wait(Duration::from_secs(seconds));
    }

    pub fn submit(&mut self) -> u32 {
        self.session.request(submit_sm(), self.now).expect("bound, with room")
    }

    pub fn submit_many(&mut self, count: usize) {
        for _ in 0..count {
            self.submit();
        }
    }

    pub fn deliver(&mut self) -> u32 {
        self.session.request(deliver_sm(), self.now).expect("bound, with room")
    }

    /// Answers a request of the peer.
    pub fn respond(&mut self, sequence: u32, body: Body) {
        self.session.respond(sequence, CommandStatus::ROK, body, self.now);
    }
}

pub fn show(event: &Event) -> String {
    let mark = |form: &ResponseForm| if *form == ResponseForm::Whole { "" } else { " undecodable" };
    match event {
        Event::Bound { system_id, .. } => format!("bound {}", system_id.escape_ascii()),
        Event::BindRefused { status } => format!("refused {:#04x}", status.0),
        Event::BindRequested { mode, bind } => format!("wants {mode:?} as {}", bind.system_id.escape_ascii()),
        Event::Request(pdu) => format!("{} {}", name(pdu.command_id()), pdu.sequence),
        Event::Response { sequence, pdu, form } => {
            format!("{} for {sequence}: {:#04x}{}", name(pdu.command_id()), pdu.status.0, mark(form))
        }
        Event::LateResponse { sequence, pdu, form } => {
            format!("late {} for {sequence}: {:#04x}{}", name(pdu.command_id()), pdu.status.0, mark(form))
        }
        Event::ResponseTimedOut { sequence } => format!("timed out {sequence}"),
        Event::Undecodable { command_id, sequence, answered, .. } => {
            format!("undecodable {} {sequence}, answered {:#04x}", name(*command_id), answered.0)
        }
        Event::Closed { reason, outstanding } => format!("closed {reason:?} {outstanding:?}"),
    }
}

pub fn name(command_id: u32) -> String {
    let of_request = match command_id & !id::RESPONSE {
        0 => return "generic_nack".to_owned(),
        id::BIND_RECEIVER => "bind_receiver",
        id::BIND_TRANSMITTER => "bind_transmitter",
        id::BIND_TRANSCEIVER => "bind_transceiver",
        id::QUERY_SM => "query_sm",
        id::SUBMIT_SM => "submit_sm",
        id::DELIVER_SM => "deliver_sm",
        id::UNBIND => "unbind",
        id::REPLACE_SM => "replace_sm",
        id::CANCEL_SM => "cancel_sm",
        id::SUBMIT_MULTI => "submit_multi",
        id::ENQUIRE_LINK => "enquire_link",
        id::DATA_SM => "data_sm",
        other => return format!("{other:#x}"),
    };
    let response = if command_id & id::RESPONSE == 0 { "" } else { "_resp" };
    format!("{of_request}{response}")
}

pub fn pdu(sequence: u32, body: Body) -> Vec<u8> {
    answer(sequence, CommandStatus::ROK, body)
}

pub fn answer(sequence: u32, status: CommandStatus, body: Body) -> Vec<u8> {
    let mut octets = Vec::new();
    Pdu { status, sequence, body }.encode(&mut octets).expect("a PDU that can be written");
    octets
}

/// A frame by hand: the length is right, the rest is what is asked for.
pub fn frame(command_id: u32, status: u32, sequence: u32, body: &[u8]) -> Vec<u8> {
    let length = u32::try_from(16 + body.len()).expect("a short body");
    let mut octets = [length, command_id, status, sequence].map(u32::to_be_bytes).concat();
    octets.extend_from_slice(body);
    octets
}

pub fn bind() -> Bind {
    Bind {
        system_id: b"esme".to_vec(),
        password: b"secret".to_vec(),
        system_type: Vec::new(),
        interface_version: 0x34,
        address: Address::default(),
    }
}

pub fn bind_resp(mode: BindMode, status: CommandStatus, sequence: u32) -> Vec<u8> {
    answer(sequence, status, Body::BindResp(mode, BindResp { system_id: b"SMSC".to_vec(), ..BindResp::default() }))
}

fn message() -> Box<ShortMessage> {
    Box::new(ShortMessage {
        destination: Address { ton: 1, npi: 1, digits: b"491700000000".to_vec() },
        short_message: b"hello".to_vec(),
        ..ShortMessage::default()
    })
}

pub fn submit_sm() -> Body {
    Body::SubmitSm(message())
}

pub fn deliver_sm() -> Body {
    Body::DeliverSm(message())
}

pub fn data_sm() -> Body {
    Body::DataSm(Box::default())
}

pub fn query_sm() -> Body {
    Body::QuerySm(QuerySm { message_id: b"1".to_vec(), source: Address::default() })
}

pub fn submit_sm_resp() -> Body {
    Body::SubmitSmResp(MessageIdBody::new(*b"4F2A"))
}

pub fn deliver_sm_resp() -> Body {
    Body::DeliverSmResp(MessageIdBody::default())
}

/// A message without its text: the frame is whole, the body is not.
pub fn broken(command_id: u32, sequence: u32) -> Vec<u8> {
    frame(command_id, 0, sequence, b"\0\x01")
}
