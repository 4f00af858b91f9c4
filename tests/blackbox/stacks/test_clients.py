"""Clients that are not ours against the simulator: PyPI `smpplib` and npm `smpp`.

Names in brackets are those of known faults of SMPP stacks, as their issue trackers tell them.
"""

import re

import pytest
from foreign import ALL, NodeSmpp
from gateway import wait_until

ADDRESSES = {
    **{"source_addr_ton": 5, "source_addr_npi": 0, "source_addr": "AcmeInc"},
    **{"dest_addr_ton": 1, "dest_addr_npi": 1, "destination_addr": "447700900000"},
}
RECEIPT = re.compile(
    r"id:(\S+) sub:001 dlvrd:(\d{3}) submit date:(\d{10}) done date:(\d{10}) stat:([A-Z]{7}) err:(\d{3}) [Tt]ext:(.*)"
)


@pytest.fixture(params=ALL, ids=lambda kind: kind.name)
def kind(request):
    """Each client in its turn."""
    return request.param


@pytest.fixture
def client(kind, simulator):
    """A connected client."""
    client = kind(simulator.addr)
    yield client
    client.close()


@pytest.fixture
def bound(client):
    """One that may send and receive."""
    assert client.bind("transceiver", system_id="foreign", password="dev").status == 0
    return client


def message(**changes):
    """A submit_sm that wants a receipt."""
    return {**ADDRESSES, "registered_delivery": 1, "short_message": b"Hello", **changes}


def submitted(simulator):
    """The one submission in the journal."""
    wait_until(lambda: simulator.journal("submit_sm"), "the submission")
    (record,) = simulator.journal("submit_sm")
    return record


@pytest.mark.parametrize("mode", ["transmitter", "receiver", "transceiver"])
def test_every_mode_binds_and_unbinds(client, simulator, mode):
    assert client.bind(mode, system_id="foreign", password="dev").status == 0
    assert client.unbind().status == 0
    wait_until(lambda: simulator.journal("unbind"), "the unbind in the journal")
    assert simulator.journal("bind")[0]["system_id"] == "foreign"


def test_a_wrong_password_is_refused(client):
    assert client.bind("transceiver", system_id="foreign", password="wrong").status in (0x0D, 0x0E, 0x0F)


def test_a_text_is_taken_and_its_receipt_names_it__jasmin_20(bound):
    answer = bound.submit(**message())
    assert answer.status == 0 and re.fullmatch("[0-9A-F]{16}", answer.message_id)
    (receipt,) = bound.wait_for(1)
    told, _, _, _, state, error, text = RECEIPT.fullmatch(receipt.text).groups()
    assert (told, state, error, text) == (answer.message_id, "DELIVRD", "000", "Hello")
    assert receipt.fields["receipted_message_id"] == answer.message_id
    assert receipt.fields["message_state"] == 2
    assert receipt.fields["esm_class"] == 4
    assert (receipt.fields["source_addr"], receipt.fields["destination_addr"]) == ("447700900000", "AcmeInc")


def test_an_answer_to_a_delivery_may_have_an_id__smppex_31(bound, simulator):
    # npm `smpp` puts one there in this suite; `smpplib` does not.
    bound.submit(**message())
    bound.wait_for(1)
    wait_until(lambda: simulator.journal("deliver_sm_resp"), "the answer in the journal")
    bound.submit(**message())
    bound.wait_for(2)


def test_an_unwanted_receipt_is_not_sent(bound):
    bound.submit(**message(registered_delivery=0))
    wanted = bound.submit(**message())
    assert [receipt.fields["receipted_message_id"] for receipt in bound.wait_for(1)] == [wanted.message_id]


def test_gsm_octets_arrive_as_they_are(bound, simulator):
    octets = bytes.fromhex("1b65201b3c781b3e20007b")
    assert bound.submit(**message(short_message=octets)).status == 0
    assert submitted(simulator)["short_message_hex"] == octets.hex()


def test_unicode_arrives_as_it_is(bound, simulator):
    octets = "こんにちは 🦆".encode("utf-16-be")
    assert bound.submit(**message(data_coding=8, short_message=octets)).status == 0
    record = submitted(simulator)
    assert (record["data_coding"], record["short_message_hex"]) == (8, octets.hex())


def test_data_coding_1_is_taken__node_smpp_181(bound, simulator):
    assert bound.submit(**message(data_coding=1)).status == 0
    assert submitted(simulator)["data_coding"] == 1


def test_a_part_keeps_its_header_and_the_receipt_does_not_repeat_it__smppjs_56(bound, simulator):
    octets = bytes.fromhex("0500032a0201") + b"part"
    assert bound.submit(**message(esm_class=0x40, short_message=octets)).status == 0
    record = submitted(simulator)
    assert (record["esm_class"], record["short_message_hex"]) == (0x40, octets.hex())
    assert RECEIPT.fullmatch(bound.wait_for(1)[0].text)[7] == "part"


def test_a_payload_arrives_whole(bound, simulator):
    octets = b"long " * 100
    assert bound.submit(**message(short_message=b"", message_payload=octets)).status == 0
    assert submitted(simulator)["short_message_hex"] == octets.hex()


def test_a_header_inside_a_payload_is_kept__node_smpp_102(bound, simulator):
    octets = bytes.fromhex("0500032a0201") + b"a" * 300
    assert bound.submit(**message(esm_class=0x40, short_message=b"", message_payload=octets)).status == 0
    assert submitted(simulator)["short_message_hex"] == octets.hex()
    assert RECEIPT.fullmatch(bound.wait_for(1)[0].text)[7] == "a" * 20


def test_throttled_once_then_taken_with_its_receipt__jasmin_796(bound):
    fields = message(destination_addr="447700900006")
    assert bound.submit(**fields).status == 0x58
    taken = bound.submit(**fields)
    assert taken.status == 0
    assert bound.wait_for(1)[0].fields["receipted_message_id"] == taken.message_id


def test_an_error_answer_is_understood__smppex_6(bound):
    assert bound.submit(**message(destination_addr="447700900003")).status == 0x65
    assert bound.submit(**message(destination_addr="447700900005")).status == 0x0B
    assert bound.submit(**message()).status == 0


def test_a_receipt_may_come_before_the_answer__jasmin_423(bound):
    answer = bound.submit(**message(destination_addr="447700900008"))
    assert bound.wait_for(1)[0].fields["receipted_message_id"] == answer.message_id


@pytest.mark.parametrize(
    ("suffix", "state", "error"), [("02", "EXPIRED", None), ("04", "UNDELIV", "027")], ids=["expired", "absent"]
)
def test_each_state_has_its_word(bound, suffix, state, error):
    bound.submit(**message(destination_addr=f"4477009000{suffix}"))
    told = RECEIPT.fullmatch(bound.wait_for(1)[0].text)
    assert told[5] == state
    assert error is None or told[6] == error


def test_an_enquiry_is_answered_behind_traffic__cloudhopper_134(bound):
    commands = bound.submit_many(50, **message(registered_delivery=0))
    assert commands.count("submit_sm_resp") == 50 and commands.count("enquire_link_resp") == 1


def test_an_enquiry_is_answered(bound):
    assert bound.enquire().status == 0


@pytest.mark.parametrize("kind", [NodeSmpp], ids=lambda kind: kind.name)
def test_an_enquiry_before_the_bind_is_answered__smppjs_49(client):
    # `smpplib` refuses to send one.
    assert client.enquire().status == 0
    assert client.bind("transceiver", system_id="foreign", password="dev").status == 0


@pytest.mark.parametrize("kind", [NodeSmpp], ids=lambda kind: kind.name)
def test_a_submission_before_the_bind_is_refused(client):
    assert client.submit(**message()).status == 0x04


@pytest.mark.parametrize("kind", [NodeSmpp], ids=lambda kind: kind.name)
def test_a_bind_and_a_submission_in_one_segment__smpp34_1_4_1(client):
    bind, submit = client.bind_and_submit(message())
    assert (bind.command, bind.status) == ("bind_transceiver_resp", 0)
    assert (submit.command, submit.status) == ("submit_sm_resp", 0)


def test_receipts_come_to_a_receiver_of_the_same_name(kind, simulator):
    transmitter, receiver = kind(simulator.addr), kind(simulator.addr)
    try:
        assert transmitter.bind("transmitter", system_id="pair", password="dev").status == 0
        assert receiver.bind("receiver", system_id="pair", password="dev").status == 0
        sent = transmitter.submit(**message())
        assert receiver.wait_for(1)[0].fields["receipted_message_id"] == sent.message_id
    finally:
        transmitter.close()
        receiver.close()
