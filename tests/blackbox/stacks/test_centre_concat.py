"""How long texts and octets go to a foreign centre: every method of joining, and binary messages.

Sources: 3GPP TS 23.040 §9.2.3.24.8 (a reference of two octets); SMPP 3.4 §5.3.2.22 to 24 (sar_*), §5.3.2.32 (message_payload).
"""

import pytest

TEXTS = {
    "text": "".join(f"{number:03d} " for number in range(100)) + "€",
    "unicode": "".join(chr(0x3041 + number % 80) for number in range(150)) + "🦆",
}


@pytest.fixture(params=TEXTS)
def kind(request):
    """Both alphabets."""
    return request.param


def send(gateway, kind):
    """Sends the long text and gives the count of parts that were told."""
    return len(gateway.send(text=TEXTS[kind], type=kind)["messages"])


def test_parts_join_by_a_reference_of_two_octets(carrier, centre, kind):
    count = send(carrier('concat = "udh16"'), kind)
    pdus = [event["pdu"] for event in centre.submissions(count)]
    headers = [bytes.fromhex(pdu["short_message"]["udh"][0]["hex"]) for pdu in pdus]
    assert {pdu["esm_class"] & 0x40 for pdu in pdus} == {0x40}
    assert [(octets[:2], octets[4], octets[5]) for octets in headers] == [(b"\x08\x04", count, n + 1) for n in range(count)]
    assert len({octets[2:4] for octets in headers}) == 1
    assert "".join(pdu["short_message"]["message"] for pdu in pdus) == TEXTS[kind]


def test_parts_join_by_parameters(carrier, centre, kind):
    count = send(carrier('concat = "sar"'), kind)
    pdus = [event["pdu"] for event in centre.submissions(count)]
    assert [(pdu["sar_total_segments"], pdu["sar_segment_seqnum"]) for pdu in pdus] == [(count, n + 1) for n in range(count)]
    assert len({pdu["sar_msg_ref_num"] for pdu in pdus}) == 1
    assert not any(pdu["esm_class"] & 0x40 or "udh" in pdu["short_message"] for pdu in pdus)
    assert "".join(pdu["short_message"]["message"] for pdu in pdus) == TEXTS[kind]


def test_a_long_text_is_one_payload(carrier, centre, kind):
    gateway = carrier('concat = "payload"')
    told = gateway.send(text=TEXTS[kind], type=kind)["messages"]
    (event,) = centre.submissions(1)
    pdu = event["pdu"]
    assert pdu["message_payload"]["message"] == TEXTS[kind]
    # It is billed as the parts that the handset will get, and short_message is empty.
    assert len(told) == 3
    assert not pdu["short_message"]["message"]


def test_every_part_of_a_payload_has_its_receipt(carrier, centre, receiver):
    gateway = carrier('concat = "payload"')
    gateway.patch_account(receipt_url=receiver.url, webhook_method="GET")
    told = gateway.send(text=TEXTS["text"])["messages"]
    hooks = [dict(hook.parameters) for hook in receiver.wait_for(len(told))]
    assert {(hook["messageId"], hook["status"]) for hook in hooks} == {(part["message-id"], "delivered") for part in told}


def test_a_short_text_is_the_same_by_every_method(carrier, centre):
    carrier('concat = "payload"').send(text="Hello")
    pdu = centre.submissions(1)[0]["pdu"]
    assert pdu["short_message"]["message"] == "Hello" and "message_payload" not in pdu


def test_octets_and_their_header_are_what_was_meant(carrier, centre):
    gateway = carrier()
    told = gateway.send(text="", type="binary", body="0011223344556677", udh="06050415811581")
    assert told["messages"][0]["status"] == "0"
    pdu = centre.submissions(1)[0]["pdu"]
    assert pdu["data_coding"] == 4 and pdu["esm_class"] & 0x40
    assert pdu["short_message"]["udh"] == [{"hex": "050415811581"}]
    assert pdu["short_message"]["message"] == {"hex": "0011223344556677"}
