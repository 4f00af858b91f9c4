"""Inbound texts from a foreign centre, as webhooks in the vendor's form.

Source: Nexmo SMS API, "Inbound SMS" guide and a captured push of 2022-07-08, read 2026-11: parts are pushed one by one.
"""

import re

import pytest
from parameters import check

NUMBER, PHONE = "447700900000", "447700900123"
MOBILE = {"source_addr_ton": 1, "source_addr_npi": 1, "dest_addr_ton": 1, "dest_addr_npi": 1}
TIME = re.compile(r"\d{4}-\d\d-\d\d \d\d:\d\d:\d\d")
ID = re.compile(r"[0-9A-F]{16}")


@pytest.fixture
def gateway(carrier, receiver):
    """A server whose account owns the number and hears of its texts."""
    gateway = carrier('sniff_texts = true')
    owned = gateway.native("POST", "numbers", json={"number": NUMBER, "account": gateway.key})
    assert owned.status_code in (200, 201), owned.text
    gateway.patch_account(inbound_url=f"{receiver.url}/inbound", webhook_method="GET")
    return gateway


def deliver(centre, mark="one", **fields):
    """A text from the phone; it must be taken."""
    fields = {**MOBILE, "source_addr": PHONE, "destination_addr": NUMBER, **fields}
    assert centre.deliver(mark, **fields) == 0


def expected(gateway, content, concat=()):
    """Names and values in their order."""
    head = [("msisdn", PHONE), ("to", NUMBER), ("messageId", ID)]
    return [*head, *concat, *content, ("api-key", gateway.key), ("message-timestamp", TIME)]


@pytest.mark.parametrize("way", ["GET", "POST", "POST-JSON"])
def test_a_text_has_exactly_these_parameters_in_this_order(gateway, centre, receiver, way):
    gateway.patch_account(webhook_method=way)
    deliver(centre, short_message={"message": "test! of 5€"})
    hook = receiver.wait_for(1)[0]
    assert (hook.path, hook.method) == ("/inbound", way.removesuffix("-JSON"))
    check(hook.parameters, expected(gateway, [("text", "test! of 5€"), ("type", "text"), ("keyword", "TEST!")]))


def test_unicode(gateway, centre, receiver):
    deliver(centre, data_coding=8, short_message={"message": "привет мир 🦆"})
    content = [("text", "привет мир 🦆"), ("type", "unicode"), ("keyword", "ПРИВЕТ")]
    check(receiver.wait_for(1)[0].parameters, expected(gateway, content))


def test_octets(gateway, centre, receiver):
    deliver(centre, data_coding=4, short_message={"udh": {"hex": "06050415811581"}, "message": {"hex": "00112233"}})
    hook = dict(receiver.wait_for(1)[0].parameters)
    assert (hook["type"], hook["data"], hook["udh"]) == ("binary", "00112233", "06050415811581")
    assert "text" not in hook


HEADERS = {"udh8": "050003de03{:02x}", "udh16": "060804abde03{:02x}"}
REFERENCES = {"udh8": "222", "udh16": str(0xABDE), "sar": str(0xABDE)}


def part(method, number, text):
    """The fields of one of three parts."""
    if method == "sar":
        sar = {"sar_msg_ref_num": 0xABDE, "sar_total_segments": 3, "sar_segment_seqnum": number}
        return {"short_message": {"message": text}, **sar}
    return {"short_message": {"udh": {"hex": HEADERS[method].format(number)}, "message": text}}


@pytest.mark.parametrize("method", ["udh8", "udh16", "sar"])
@pytest.mark.parametrize("order", [(1, 2, 3), (3, 1, 2)], ids=["in order", "shuffled"])
def test_parts_are_told_one_by_one(gateway, centre, receiver, method, order):
    texts = {1: "first part ", 2: "second part ", 3: "third part"}
    for number in order:
        deliver(centre, mark=str(number), **part(method, number, texts[number]))
    told = {dict(hook.parameters)["concat-part"]: dict(hook.parameters) for hook in receiver.wait_for(3)}
    assert {number: hook["text"] for number, hook in told.items()} == {str(n): text for n, text in texts.items()}
    for hook in told.values():
        assert (hook["concat"], hook["concat-total"], hook["concat-ref"]) == ("true", "3", REFERENCES[method])
    assert len({hook["messageId"] for hook in told.values()}) == 3


def test_a_part_has_its_parameters_in_this_order(gateway, centre, receiver):
    deliver(centre, **part("udh8", 1, "Sim senhor "))
    concat = [("concat", "true"), ("concat-ref", "222"), ("concat-total", "3"), ("concat-part", "1")]
    content = [("text", "Sim senhor "), ("type", "text"), ("keyword", "SIM")]
    check(receiver.wait_for(1)[0].parameters, expected(gateway, content, concat))


def test_a_text_in_the_payload(gateway, centre, receiver):
    deliver(centre, message_payload={"message": "in the payload"})
    assert dict(receiver.wait_for(1)[0].parameters)["text"] == "in the payload"


def test_a_header_inside_the_payload__node_smpp_102_243(gateway, centre, receiver):
    fields = {"esm_class": 0x40, "message_payload": {"hex": "050003de0201" + b"part one".hex()}}
    deliver(centre, **fields)
    hook = dict(receiver.wait_for(1)[0].parameters)
    assert (hook["text"], hook["concat-part"], hook["concat-total"]) == ("part one", "1", "2")


def test_a_stray_nul_is_no_text__vumi_smpp_7_jasmin_218(gateway, centre, receiver):
    deliver(centre, short_message={"hex": b"hello\0".hex()})
    hook = dict(receiver.wait_for(1)[0].parameters)
    # In GSM 7-bit the octet is a sign of its own, so it may stay; it must break nothing.
    assert hook["text"].rstrip("@\0") == "hello" and hook["keyword"].rstrip("@\0") == "HELLO"


def test_two_senders_with_one_reference_stay_apart__jasmin_664(gateway, centre, receiver):
    deliver(centre, mark="a", source_addr=PHONE, **part("udh8", 1, "from one"))
    deliver(centre, mark="b", source_addr="447700900124", **part("udh8", 2, "from another"))
    told = {dict(hook.parameters)["msisdn"]: dict(hook.parameters)["text"] for hook in receiver.wait_for(2)}
    assert told == {PHONE: "from one", "447700900124": "from another"}


def test_a_text_to_nobodys_number_is_taken_and_told_to_nobody(gateway, centre, receiver):
    deliver(centre, mark="nobody", destination_addr="447700900555", short_message={"message": "lost"})
    deliver(centre, mark="owned", short_message={"message": "found"})
    assert [dict(hook.parameters)["text"] for hook in receiver.wait_for(1)] == ["found"]
