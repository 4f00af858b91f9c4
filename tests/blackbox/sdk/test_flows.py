"""What the vendor's own libraries do every day, one test a flow and library: sends, refusals, receipts.

Source: the libraries' documentation; Nexmo SMS API reference and "Delivery Receipt" guide, read 2026-11.
"""

import json

import pytest
from clients import Node, Python
from gateway import wait_until
from parameters import check, receipt

NUMBER = "447700900000"


def message(**changes):
    """A text as every library takes it."""
    return {"to": NUMBER, "from": "AcmeInc", "text": "Hello from the library", **changes}


def test_a_text_is_sent_and_delivered(dev, client):
    reply = client().send(**message(client_ref="order 7"))
    assert reply.thrown is None
    (sent,) = reply.messages
    assert (sent["status"], sent["to"], sent["network"]) == ("0", NUMBER, "23420")
    assert sent["message-price"] == "0.03330000"
    assert sent["client-ref"] == "order 7"
    wait_until(lambda: "delivered" in dev.cli("show", sent["message-id"]).stdout, "the text to be delivered")


def test_unicode_is_one_part(client):
    reply = client().send(**message(text="こんにちは世界", type="unicode"))
    assert reply.statuses == ["0"]


def test_161_characters_are_two_parts_that_are_charged_apart(client):
    parts = client().send(**message(text="a" * 161)).messages
    assert [part["status"] for part in parts] == ["0", "0"]
    assert len({part["message-id"] for part in parts}) == 2
    assert [part["message-price"] for part in parts] == ["0.03330000"] * 2
    first, second = [float(part["remaining-balance"]) for part in parts]
    assert first - second == pytest.approx(0.0333)


@pytest.mark.parametrize(("units", "parts"), [(70, 1), (71, 2)])
def test_70_characters_of_unicode_are_one_part_and_71_are_two(client, units, parts):
    reply = client().send(**message(text="あ" * units, type="unicode"))
    assert reply.statuses == ["0"] * parts


def test_160_characters_are_one_part(client):
    assert client().send(**message(text="a" * 160)).statuses == ["0"]


def test_a_wrong_secret_is_bad_credentials(kind, client):
    reply = client("devSecret02").send(**message())
    assert reply.refusal == ("4", "Bad Credentials")
    assert reply.thrown in kind.refusals


def test_a_recipient_that_is_no_number_is_told(kind, client):
    reply = client().send(**message(to="abc"))
    assert reply.refusal == ("3", "to address is not numeric")
    assert reply.thrown in kind.refusals


def test_a_callback_without_a_protocol_is_told(kind, client):
    reply = client().send(**message(callback="example.com/x"))
    assert reply.refusal == ("23", "Bad callback :: Missing Protocol")
    assert reply.thrown in kind.refusals


@pytest.mark.parametrize("kind", [Python, Node], ids=lambda kind: kind.name)
@pytest.mark.parametrize(
    ("parameter", "text"),
    [("from", "Missing from param"), ("to", "Missing to param"), ("text", "Missing Message Text")],
)
def test_an_empty_parameter_counts_as_missing(kind, client, parameter, text):
    reply = client().send(**message(**{parameter: ""}))
    assert reply.refusal == ("2", text)
    assert reply.thrown in kind.refusals


@pytest.mark.parametrize("kind", [Node], ids=lambda kind: kind.name)
@pytest.mark.parametrize(
    ("parameter", "text"),
    [("from", "Missing from param"), ("to", "Missing to param"), ("text", "Missing Message Text")],
)
def test_a_parameter_that_is_not_sent_is_missing(kind, client, parameter, text):
    kept = {name: value for name, value in message().items() if name != parameter}
    assert client().send(**kept).refusal == ("2", text)


def test_an_empty_wallet_is_a_quota(kind, carried):
    # 10 EUR at 0.0333 a part: 15 messages of 20 parts are 9.99.
    paid = carried.send_at_once(15, **message(text="a" * 3060))
    assert [reply.statuses for reply in paid] == [["0"] * 20] * 15
    last = carried.send(**message(text="a" * 3060))
    assert last.thrown in kind.refusals
    assert last.refusal == ("9", "Quota Exceeded - rejected")


@pytest.mark.parametrize("way", ["GET", "POST", "POST-JSON"])
def test_the_receipt_comes_with_exactly_its_parameters(dev, client, receiver, way):
    dev.patch_account(receipt_url=f"{receiver.url}/dlr", webhook_method=way)
    (sent,) = client().send(**message(client_ref="a b/ü")).messages
    hook = receiver.wait_for(1)[0]
    assert (hook.path, hook.method) == ("/dlr", way.removesuffix("-JSON"))
    check(hook.parameters, receipt(dev, {**sent, "from": "AcmeInc"}, client_ref="a b/ü"))
    if way == "POST-JSON":
        assert all(isinstance(value, str) for value in json.loads(hook.body).values())


def test_each_part_of_a_long_text_has_its_own_receipt(dev, client, receiver):
    dev.patch_account(receipt_url=receiver.url, webhook_method="GET")
    parts = client().send(**message(text="a" * 161)).messages
    told = {dict(hook.parameters)["messageId"] for hook in receiver.wait_for(2)}
    assert told == {part["message-id"] for part in parts}


def test_the_receipt_comes_to_the_callback_of_the_message(client, receiver):
    (sent,) = client().send(**message(callback=f"{receiver.url}/receipts?shop=3")).messages
    hook = receiver.wait_for(1)[0]
    parameters = dict(hook.parameters)
    assert hook.path == "/receipts" and parameters["shop"] == "3"
    assert parameters["messageId"] == sent["message-id"]
    assert parameters["status"] == "delivered"


def test_no_receipt_where_none_was_wished(dev, client, receiver):
    dev.patch_account(receipt_url=receiver.url, webhook_method="GET")
    (quiet,) = client().send(**message(status_report_req=False)).messages
    wait_until(lambda: dev.message(quiet["message-id"])["status"] == "accepted", "the quiet text to leave")
    (loud,) = client().send(**message()).messages
    receiver.wait_for(1)
    assert [dict(hook.parameters)["messageId"] for hook in receiver.hooks] == [loud["message-id"]]
