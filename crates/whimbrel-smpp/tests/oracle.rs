//! An independent codec (the crate rusmpp) reads what we write and writes what we read.
//!
//! It is stricter than carriers are, so that some of what may be written it refuses. Each such PDU is told by a rule
//! written here, is counted by its reason, and must be refused: none is passed over unseen.

mod support;

use std::collections::BTreeMap;

use proptest::prelude::*;
use rusmpp::decode::DecodeWithLength;
use rusmpp::encode::{Encode, Length};
use rusmpp::pdus::{BindTransceiver, DataSm, DeliverSm, QuerySm, SubmitSm, SubmitSmResp};
use rusmpp::tlvs::MessageSubmissionRequestTlvValue;
use rusmpp::types::{COctetString, EmptyOrFullCOctetString, OctetString};
use rusmpp::values::{
    DataCoding, EsmClass, InterfaceVersion, MessagePayload, Npi, PriorityFlag, RegisteredDelivery,
    ReplaceIfPresentFlag, ServiceType, Ton,
};
use rusmpp::{Command, CommandStatus};
use whimbrel_smpp::{Body, EncodeError, Pdu, tag};

const CASES: usize = 3000;

/// Reads a frame with the oracle and writes it again.
fn reread(frame: &[u8]) -> Result<Vec<u8>, String> {
    let mut rest = frame[4..].into();
    let (command, _) = Command::decode(&mut rest, frame.len() - 4).map_err(|error| error.to_string())?;
    if !rest.is_empty() {
        return Err(format!("{} octets were left over", rest.len()));
    }
    Ok(written(&command))
}

fn written(command: &Command) -> Vec<u8> {
    let mut octets = vec![0; 4 + command.length()];
    let length = u32::try_from(octets.len()).expect("short");
    octets[..4].copy_from_slice(&length.to_be_bytes());
    let count = command.encode(&mut octets[4..]);
    assert_eq!(count + 4, octets.len());
    octets
}

const LONG_PASSWORD: &str = "a password longer than 8 octets";
const LONG_ID: &str = "an id longer than 64 octets";
const LONG_DATA_ADDRESS: &str = "an address of data_sm longer than 20 octets";
const ODD_TIME: &str = "a time of another length than 16";
const NOT_ASCII: &str = "a text that is not ASCII";
const COMPARED: &str = "compared";

/// Why the oracle refuses a PDU that may be written, if it does.
fn refusal(pdu: &Pdu) -> Option<&'static str> {
    let mut times: Vec<&[u8]> = Vec::new();
    let texts: Vec<&[u8]> = match &pdu.body {
        Body::Bind(_, bind) if bind.password.len() > 8 => return Some(LONG_PASSWORD),
        Body::Bind(_, bind) => vec![&bind.system_id, &bind.password, &bind.system_type, &bind.address.digits],
        Body::BindResp(_, body) => vec![&body.system_id],
        Body::SubmitSm(body) | Body::DeliverSm(body) => {
            times = vec![&body.schedule_delivery_time, &body.validity_period];
            vec![&body.service_type, &body.source.digits, &body.destination.digits]
        }
        Body::DataSm(body) if body.source.digits.len().max(body.destination.digits.len()) > 20 => {
            return Some(LONG_DATA_ADDRESS);
        }
        Body::DataSm(body) => vec![&body.service_type, &body.source.digits, &body.destination.digits],
        Body::SubmitSmResp(body) | Body::DeliverSmResp(body) | Body::DataSmResp(body) => {
            if body.message_id.len() > 64 {
                return Some(LONG_ID);
            }
            vec![&body.message_id]
        }
        Body::QuerySm(body) => vec![&body.message_id, &body.source.digits],
        Body::QuerySmResp(body) => {
            times = vec![&body.final_date];
            vec![&body.message_id]
        }
        _ => Vec::new(),
    };
    if times.iter().any(|time| !time.is_empty() && time.len() != 16) {
        return Some(ODD_TIME);
    }
    (!texts.iter().chain(&times).all(|text| text.is_ascii())).then_some(NOT_ASCII)
}

#[test]
fn the_oracle_reads_what_we_write_and_writes_it_the_same() {
    let mut counts: BTreeMap<&str, usize> = BTreeMap::new();
    for pdu in support::drawn(&support::pdu(), CASES) {
        let mut octets = Vec::new();
        pdu.encode(&mut octets).expect("within every bound");
        let reason = refusal(&pdu);
        match (reread(&octets), reason) {
            (Ok(again), None) => assert_eq!(again, octets, "{pdu:?}"),
            (Err(_), Some(_)) => {}
            (Ok(_), Some(reason)) => panic!("the oracle takes {reason}: {pdu:?}"),
            (Err(error), None) => panic!("the oracle refuses for {error}: {pdu:?}"),
        }
        *counts.entry(reason.unwrap_or(COMPARED)).or_default() += 1;
    }
    assert_eq!(counts.values().sum::<usize>(), CASES);
    for reason in [LONG_PASSWORD, LONG_ID, LONG_DATA_ADDRESS, ODD_TIME, NOT_ASCII] {
        assert!(counts.contains_key(reason), "no case for {reason}: {counts:?}");
    }
    assert_eq!(counts.len(), 6, "{counts:?}");
    // Most are compared: a rule that refuses too much would show here.
    assert!(counts[COMPARED] * 10 > CASES * 6, "{counts:?}");
}

/// The values of one message, as octets.
#[derive(Debug, Clone)]
struct Values {
    texts: [String; 3],
    times: [String; 2],
    flags: [u8; 11],
    content: Vec<u8>,
    reference: Option<u16>,
    is_payload: bool,
}

fn values() -> impl Strategy<Value = Values> {
    let schedules = vec![String::new(), "000002000000000R".to_owned()];
    (
        ("[A-Z]{0,5}", "[0-9A-Za-z]{0,20}", "[0-9]{0,20}"),
        (proptest::sample::select(schedules), "[0-9]{15}R"),
        any::<[u8; 11]>(),
        proptest::collection::vec(any::<u8>(), 0..=255),
        proptest::option::of(any::<u16>()),
        any::<bool>(),
    )
        .prop_map(
            |((service, source, destination), (schedule, validity), flags, content, reference, is_payload)| Values {
                texts: [service, source, destination],
                times: [schedule, validity],
                flags,
                content,
                reference,
                is_payload,
            },
        )
}

fn text<const MAX: usize>(text: &str) -> COctetString<1, MAX> {
    COctetString::from_vec([text.as_bytes(), &[0]].concat()).expect("short ASCII")
}

fn time(text: &str) -> EmptyOrFullCOctetString<17> {
    EmptyOrFullCOctetString::from_vec([text.as_bytes(), &[0]].concat()).expect("empty or 16 characters")
}

impl Values {
    fn submit_sm(&self) -> SubmitSm {
        let [source_ton, source_npi, ton, npi, esm_class, protocol_id, priority, registered, replace, coding, canned] =
            self.flags;
        let mut tlvs = Vec::new();
        tlvs.extend(self.reference.map(MessageSubmissionRequestTlvValue::SarMsgRefNum));
        let content = OctetString::from_slice(&self.content).expect("at most 255 octets");
        let short_message = if self.is_payload {
            let payload = rusmpp::types::AnyOctetString::from_vec(self.content.clone());
            tlvs.push(MessageSubmissionRequestTlvValue::MessagePayload(MessagePayload::new(payload)));
            OctetString::empty()
        } else {
            content
        };
        SubmitSm::new(
            ServiceType::new(text(&self.texts[0])),
            Ton::from(source_ton),
            Npi::from(source_npi),
            text(&self.texts[1]),
            Ton::from(ton),
            Npi::from(npi),
            text(&self.texts[2]),
            EsmClass::from(esm_class),
            protocol_id,
            PriorityFlag::from(priority),
            time(&self.times[0]),
            time(&self.times[1]),
            RegisteredDelivery::from(registered),
            ReplaceIfPresentFlag::from(replace),
            DataCoding::from(coding),
            canned,
            short_message,
            tlvs,
        )
    }
}

/// Reads what the oracle wrote; writing it again gives the same octets. One octet more than we write in
/// `short_message` is the only thing that we read and refuse to write.
fn ours(command: &Command) -> Pdu {
    let octets = written(command);
    let pdu = Pdu::decode(&octets).expect("readable");
    let mut again = Vec::new();
    match pdu.encode(&mut again) {
        Ok(()) => assert_eq!(again, octets, "{pdu:?}"),
        Err(error) => assert_eq!(error, EncodeError::TooLong { field: "short_message", octets_max: 254 }),
    }
    pdu
}

proptest! {
    #[test]
    fn we_read_the_submit_sm_that_the_oracle_writes(values in values(), sequence: u32) {
        let pdu = ours(&Command::new(CommandStatus::EsmeRok, sequence, values.submit_sm()));
        prop_assert_eq!((pdu.sequence, pdu.command_id()), (sequence, 4));
        let Body::SubmitSm(read) = pdu.body else { panic!("{pdu:?}") };
        let flags = [
            read.source.ton,
            read.source.npi,
            read.destination.ton,
            read.destination.npi,
            read.esm_class,
            read.protocol_id,
            read.priority_flag,
            read.registered_delivery,
            read.replace_if_present,
            read.data_coding,
            read.default_message_id,
        ];
        prop_assert_eq!(flags, values.flags);
        let texts = [&read.service_type, &read.source.digits, &read.destination.digits];
        prop_assert_eq!(texts, [0, 1, 2].map(|index: usize| values.texts[index].as_bytes()));
        let times = [&read.schedule_delivery_time, &read.validity_period];
        prop_assert_eq!(times, [0, 1].map(|index: usize| values.times[index].as_bytes()));
        prop_assert_eq!(read.user_data(), &values.content);
        prop_assert_eq!(read.tlvs.get_u16(tag::SAR_MSG_REF_NUM), values.reference);
    }

    #[test]
    fn we_read_the_deliver_sm_and_data_sm_that_the_oracle_writes(values in values()) {
        let [source_ton, _, _, npi, esm_class, _, _, registered, _, coding, _] = values.flags;
        let deliver = DeliverSm::builder()
            .source_addr_ton(Ton::from(source_ton))
            .source_addr(text(&values.texts[1]))
            .dest_addr_npi(Npi::from(npi))
            .destination_addr(text(&values.texts[2]))
            .esm_class(EsmClass::from(esm_class))
            .data_coding(DataCoding::from(coding))
            .short_message(OctetString::from_slice(&values.content).expect("at most 255 octets"))
            .build();
        let Body::DeliverSm(read) = ours(&Command::new(CommandStatus::EsmeRok, 1, deliver)).body else { panic!() };
        prop_assert_eq!((read.source.ton, read.destination.npi), (source_ton, npi));
        prop_assert_eq!((read.esm_class, read.data_coding), (esm_class, coding));
        prop_assert_eq!(&read.source.digits, values.texts[1].as_bytes());
        prop_assert_eq!(&read.short_message, &values.content);

        let data = DataSm::builder()
            .source_addr(text(&values.texts[1]))
            .destination_addr(text(&values.texts[2]))
            .esm_class(EsmClass::from(esm_class))
            .registered_delivery(RegisteredDelivery::from(registered))
            .data_coding(DataCoding::from(coding))
            .build();
        let Body::DataSm(read) = ours(&Command::new(CommandStatus::EsmeRok, 1, data)).body else { panic!() };
        prop_assert_eq!((read.esm_class, read.registered_delivery, read.data_coding), (esm_class, registered, coding));
        prop_assert_eq!(&read.destination.digits, values.texts[2].as_bytes());
    }

    #[test]
    fn we_read_the_small_pdus_that_the_oracle_writes(
        texts in ("[ -~]{0,15}", "[ -~]{0,8}", "[ -~]{0,12}", "[ -~]{0,40}"),
        version: u8,
        id in "[ -~]{0,64}",
        status in 0_u32..0x500,
    ) {
        let bind = BindTransceiver::builder()
            .system_id(text(&texts.0))
            .password(text(&texts.1))
            .system_type(text(&texts.2))
            .interface_version(InterfaceVersion::from(version))
            .address_range(text(&texts.3))
            .build();
        let Body::Bind(_, read) = ours(&Command::new(CommandStatus::EsmeRok, 1, bind)).body else { panic!() };
        let read_texts = [&read.system_id, &read.password, &read.system_type, &read.address.digits];
        prop_assert_eq!(read_texts, [&texts.0, &texts.1, &texts.2, &texts.3].map(|text| text.as_bytes()));
        prop_assert_eq!(read.interface_version, version);

        let response = SubmitSmResp::builder().message_id(text(&id)).build();
        let pdu = ours(&Command::new(CommandStatus::from(status), 1, response));
        prop_assert_eq!(pdu.status.0, status);
        prop_assert_eq!(pdu.body, Body::SubmitSmResp(whimbrel_smpp::MessageIdBody::new(id.as_bytes())));

        let query = QuerySm::builder().message_id(text(&id)).source_addr(text(&texts.0)).build();
        let Body::QuerySm(read) = ours(&Command::new(CommandStatus::EsmeRok, 1, query)).body else { panic!() };
        prop_assert_eq!((read.message_id, read.source.digits), (id.into_bytes(), texts.0.into_bytes()));
    }
}
