//! Random PDUs of every kind, and how to draw the same ones each time.

use proptest::prelude::*;
use proptest::strategy::ValueTree;
use proptest::test_runner::TestRunner;
use whimbrel_smpp::{
    Address, Bind, BindMode, BindResp, Body, CommandStatus, DataSm, MessageIdBody, Pdu, QuerySm, QuerySmResp,
    ShortMessage, Tlv, Tlvs, tag,
};

/// The first `count` values of a strategy, the same in each run.
pub fn drawn<S: Strategy>(strategy: &S, count: usize) -> Vec<S::Value> {
    let mut runner = TestRunner::deterministic();
    (0..count).map(|_| strategy.new_tree(&mut runner).expect("a strategy without filters").current()).collect()
}

/// A text for a field of up to `octets_max`: mostly ASCII, sometimes any octets but NUL.
pub fn text(octets_max: usize) -> BoxedStrategy<Vec<u8>> {
    prop_oneof![
        1 => Just(Vec::new()),
        8 => proptest::collection::vec(0x20_u8..0x7F, 0..=octets_max),
        1 => proptest::collection::vec(1_u8.., 0..=octets_max),
    ]
    .boxed()
}

fn time() -> impl Strategy<Value = Vec<u8>> {
    prop_oneof![
        4 => Just(Vec::new()),
        2 => (0_u64..10_000_000).prop_map(whimbrel_smpp::time::relative_validity),
        2 => (0_u64..4_000_000_000).prop_map(whimbrel_smpp::time::absolute),
        1 => text(16),
    ]
}

fn address(octets_max: usize) -> impl Strategy<Value = Address> {
    (any::<u8>(), any::<u8>(), text(octets_max)).prop_map(|(ton, npi, digits)| Address { ton, npi, digits })
}

fn tlv() -> impl Strategy<Value = Tlv> {
    let any_value = |octets| proptest::collection::vec(any::<u8>(), octets);
    prop_oneof![
        any_value(2..3).prop_map(|value| Tlv { tag: tag::SAR_MSG_REF_NUM, value }),
        any_value(1..2).prop_map(|value| Tlv { tag: tag::SAR_TOTAL_SEGMENTS, value }),
        any_value(1..2).prop_map(|value| Tlv { tag: tag::SAR_SEGMENT_SEQNUM, value }),
        any_value(2..3).prop_map(|value| Tlv { tag: tag::USER_MESSAGE_REFERENCE, value }),
        any_value(1..2).prop_map(|value| Tlv { tag: tag::MESSAGE_STATE, value }),
        any_value(3..4).prop_map(|value| Tlv { tag: tag::NETWORK_ERROR_CODE, value }),
        ((0x1400_u16..0x4000), any_value(0..12)).prop_map(|(tag, value)| Tlv { tag, value }),
        "[0-9A-F]{1,20}\0".prop_map(|id| Tlv { tag: tag::RECEIPTED_MESSAGE_ID, value: id.into_bytes() }),
    ]
}

fn tlvs() -> impl Strategy<Value = Tlvs> {
    proptest::collection::vec(tlv(), 0..5).prop_map(|all| all.into_iter().collect())
}

fn short_message() -> impl Strategy<Value = ShortMessage> {
    let content = (proptest::collection::vec(any::<u8>(), 0..=254), any::<[u8; 7]>(), 0_u8..4, tlvs());
    (text(5), address(20), address(20), time(), time(), content).prop_map(
        |(service_type, source, destination, schedule, validity, (content, flags, place, mut tlvs))| {
            let [esm_class, protocol_id, priority_flag, registered_delivery, replace_if_present, data_coding, canned] =
                flags;
            let short_message = if place == 0 {
                tlvs.push(tag::MESSAGE_PAYLOAD, content);
                Vec::new()
            } else {
                content
            };
            ShortMessage {
                service_type,
                source,
                destination,
                esm_class,
                protocol_id,
                priority_flag,
                schedule_delivery_time: schedule,
                validity_period: validity,
                registered_delivery,
                replace_if_present,
                data_coding,
                default_message_id: canned,
                short_message,
                tlvs,
            }
        },
    )
}

fn data_sm() -> impl Strategy<Value = DataSm> {
    (text(5), address(64), address(64), any::<[u8; 3]>(), tlvs()).prop_map(
        |(service_type, source, destination, [esm_class, registered_delivery, data_coding], tlvs)| DataSm {
            service_type,
            source,
            destination,
            esm_class,
            registered_delivery,
            data_coding,
            tlvs,
        },
    )
}

fn mode() -> impl Strategy<Value = BindMode> {
    prop_oneof![Just(BindMode::Receiver), Just(BindMode::Transmitter), Just(BindMode::Transceiver)]
}

fn bind() -> impl Strategy<Value = Bind> {
    let password = prop_oneof![4 => text(8), 1 => text(64)];
    (text(15), password, text(12), any::<u8>(), address(40)).prop_map(
        |(system_id, password, system_type, interface_version, address)| Bind {
            system_id,
            password,
            system_type,
            interface_version,
            address,
        },
    )
}

fn message_id() -> impl Strategy<Value = MessageIdBody> {
    let id = prop_oneof![4 => text(64), 1 => text(255)];
    (id, tlvs()).prop_map(|(message_id, tlvs)| MessageIdBody { message_id, tlvs })
}

fn body() -> impl Strategy<Value = Body> {
    let version = proptest::option::of(any::<u8>()).prop_map(|version| {
        let mut tlvs = Tlvs::new();
        version.into_iter().for_each(|version| tlvs.push(tag::SC_INTERFACE_VERSION, [version]));
        tlvs
    });
    prop_oneof![
        (mode(), bind()).prop_map(|(mode, body)| Body::Bind(mode, body)),
        (mode(), text(15), version)
            .prop_map(|(mode, system_id, tlvs)| Body::BindResp(mode, BindResp { system_id, tlvs })),
        short_message().prop_map(|body| Body::SubmitSm(Box::new(body))),
        short_message().prop_map(|body| Body::DeliverSm(Box::new(body))),
        data_sm().prop_map(|body| Body::DataSm(Box::new(body))),
        message_id().prop_map(Body::SubmitSmResp),
        message_id().prop_map(Body::DeliverSmResp),
        message_id().prop_map(Body::DataSmResp),
        (text(64), address(20)).prop_map(|(message_id, source)| Body::QuerySm(QuerySm { message_id, source })),
        (text(64), time(), any::<[u8; 2]>()).prop_map(|(message_id, final_date, [message_state, error_code])| {
            Body::QuerySmResp(QuerySmResp { message_id, final_date, message_state, error_code })
        }),
        proptest::sample::select(vec![
            Body::Unbind,
            Body::UnbindResp,
            Body::EnquireLink,
            Body::EnquireLinkResp,
            Body::GenericNack,
        ]),
        (0x1_0000_u32..0x2_0000, proptest::collection::vec(any::<u8>(), 0..40))
            .prop_map(|(command_id, raw)| Body::Other { command_id, raw }),
    ]
}

/// Any PDU that can be written.
pub fn pdu() -> impl Strategy<Value = Pdu> {
    let status = prop_oneof![3 => Just(0_u32), 1 => 1_u32..0x500];
    (status, any::<u32>(), body()).prop_map(|(status, sequence, body)| Pdu {
        status: CommandStatus(if body.is_response() { status } else { 0 }),
        sequence,
        body,
    })
}
