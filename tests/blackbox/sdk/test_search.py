"""What was sent, came in and was refused, found again by the vendor's retired libraries: newer ones have no such calls.

Source: Message Search API 1.0.6 of Nexmo/Vonage, read 2026-11, and the libraries' documentation.
"""

import datetime

import pytest
from gateway import wait_until
from resources import retired_node, retired_python


def today():
    """The day of now in UTC, as the API takes it."""
    return datetime.datetime.now(datetime.UTC).strftime("%Y-%m-%d")


@pytest.fixture
def sent(dev):
    """A text of two parts that was delivered, and one that was refused."""
    parts = [message["message-id"] for message in dev.send(text="a" * 161, **{"client-ref": "order 7"})["messages"]]
    wait_until(lambda: dev.message(parts[0])["status"] == "delivered", "the text to be delivered")
    assert dev.send(to="INVALID")["messages"][0]["status"] == "3"
    return parts


def check_part(found, key, part):
    """The part as the reference has it."""
    assert (found["message-id"], found["account-id"], found["type"]) == (part, key, "MT")
    assert (found["to"], found["from"], found["network"]) == ("447700900000", "Whimbrel", "23420")
    assert (found["price"], found["final-status"], found["client-ref"]) == ("0.03330000", "DELIVRD", "order 7")
    assert isinstance(found["latency"], int) and found["date-received"].startswith("20")


def test_node_finds_messages_and_refusals(dev, sent):
    one, two, nothing, day = retired_node(
        dev,
        ["message", "search", sent[0]],
        ["message", "search", sent],
        ["message", "search", ["00A0B0C0"]],
        ["message", "searchRejections", "447700900000", today()],
    )
    check_part(one["gave"], dev.key, sent[0])
    assert one["gave"]["body"] == "a" * 153
    assert (two["gave"]["count"], [item["body"] for item in two["gave"]["items"]]) == (2, ["a" * 153, "a" * 8])
    assert nothing["gave"] == {"count": 0, "items": []}
    assert day["gave"] == {"count": 0, "items": []}

    def refused():
        (found,) = retired_node(dev, ["message", "searchRejections", "INVALID", today()])
        return found["gave"]["items"]

    (rejection,) = wait_until(refused, "the refusal to be written")
    assert (rejection["account-id"], rejection["from"], rejection["to"]) == (dev.key, "Whimbrel", "INVALID")
    assert (rejection["error-code"], rejection["error-code-label"]) == ("3", "to address is not numeric")


def test_python_finds_messages_and_refusals(led, sent):
    client = retired_python(led)
    check_part(client.get_message(sent[1]), led.key, sent[1])
    assert client.search_messages(ids=sent)["count"] == 2
    day = client.search_messages(date=today(), to="447700900000")
    assert [item["message-id"] for item in day["items"]] == sent
    wait_until(
        lambda: client.get_message_rejections(date=today(), to="INVALID")["count"] == 1, "the refusal to be written"
    )
    with pytest.raises(Exception, match="404|400"):
        client.get_message("A0000000000000FF")


def test_a_text_that_came_in_is_found_by_its_id_and_its_day(led, receiver):
    led.cli("number", "assign", "447700900200", "--account", led.key, "--inbound-url", f"{receiver.url}/in")
    led.cli("phone", "reply", "447700900123", "--to", "447700900200", "--text", "STOP")
    message = dict(receiver.wait_for(1)[0].parameters)["messageId"]
    client = retired_python(led)
    found = client.get_message(message)
    assert (found["type"], found["from"], found["to"], found["body"]) == ("MO", "447700900123", "447700900200", "STOP")
    assert found["network"] == "23420"
    assert client.search_messages(date=today(), to="447700900200")["items"] == [found]


def test_nobody_finds_what_is_not_theirs(dev, sent):
    made = dev.native("POST", "accounts", json={"currency": "EUR"}).json()
    owner = dev.key, dev.secret
    dev.key, dev.secret = made["api_key"], made["api_secret"]
    one, several, day = retired_node(
        dev,
        ["message", "search", sent[0]],
        ["message", "search", sent],
        ["message", "searchRejections", "INVALID", today()],
    )
    dev.key, dev.secret = owner
    assert "not found" in str(one), one
    assert several["gave"]["count"] == 0
    assert day["gave"]["count"] == 0
