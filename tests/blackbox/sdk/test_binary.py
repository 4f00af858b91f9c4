"""Binary messages by the vendor's own libraries, seen as the carrier gets them.

Source: Nexmo SMS API reference, `type=binary`, read 2026-11; 3GPP TS 23.040 §9.2.3.24 for the header's form.
"""

from gateway import wait_until

UDH = "06050415811581"
BODY = "0011223344556677"


def binary(**changes):
    """A binary message as every library takes it."""
    return {"to": "447700900000", "from": "AcmeInc", "type": "binary", "body": BODY, "udh": UDH, **changes}


def submitted(simulator):
    """The one submission that the carrier got."""
    wait_until(lambda: simulator.journal("submit_sm"), "the submission")
    (record,) = simulator.journal("submit_sm")
    return record


def test_header_and_body_reach_the_carrier_as_eight_bit_data(carried, simulator):
    assert carried.send(**binary()).statuses == ["0"]
    record = submitted(simulator)
    assert record["data_coding"] == 4
    assert record["esm_class"] & 0x40 == 0x40
    assert record["short_message_hex"] == UDH + BODY


def test_the_protocol_id_reaches_the_carrier(carried, simulator):
    assert carried.send(**binary(protocol_id=127)).statuses == ["0"]
    assert submitted(simulator)["protocol_id"] == 127


def test_140_octets_with_the_header_are_one_part(carried, simulator):
    assert carried.send(**binary(body="ab" * 133)).statuses == ["0"]
    assert submitted(simulator)["short_message_hex"] == UDH + "ab" * 133


def test_141_octets_with_the_header_are_too_long(kind, carried):
    reply = carried.send(**binary(body="ab" * 134))
    assert reply.refusal == ("12", "Message too long")
    assert reply.thrown in kind.refusals


def test_a_body_that_is_no_hex_is_told(kind, carried):
    reply = carried.send(**binary(body="zz"))
    assert reply.refusal == ("3", "Invalid body")
    assert reply.thrown in kind.refusals


def test_a_flash_message_has_class_0(carried, simulator):
    assert carried.send(to="447700900000", **{"from": "AcmeInc"}, text="now", message_class=0).statuses == ["0"]
    assert submitted(simulator)["data_coding"] == 0x10
