"""The fixtures against a real server; `send` plays the application."""

import json
import time
import urllib.parse
import urllib.request

import pytest
from pytest_whimbrel import Refused, WaitTimeout


@pytest.fixture
def send(whimbrel):
    """Sends a text as an application would."""

    def send(to, text):
        form = {"api_key": "devkey01", "api_secret": "devSecret01", "to": to.lstrip("+"), "from": "Acme", "text": text}
        with urllib.request.urlopen(f"{whimbrel.url}/sms/json", urllib.parse.urlencode(form).encode(), timeout=30) as answer:
            assert json.load(answer)["messages"][0]["status"] == "0"

    return send


def test_a_code_that_came_before_the_wait(phone, send):
    send(phone.number, "Your code is 482917")
    assert phone.wait_for_otp() == "482917"


def test_each_wait_gives_what_is_newer(phone, send):
    for code in ("111222", "333444"):
        send(phone.number, f"Your code is {code}")
        assert phone.wait_for_otp() == code
    with pytest.raises(WaitTimeout, match="no one-time code"):
        phone.wait_for_otp(timeout=0.2)


def test_links_and_texts(phone, send):
    send(phone.number, "Sign in: https://acme.example/in")
    assert phone.wait_for_link() == "https://acme.example/in"
    send(phone.number, "Welcome!")
    assert phone.wait_for_text() == "Welcome!"
    # A wait ends when a text is accepted; a moment later the phone has it.
    deadline = time.monotonic() + 15
    while len(phone.texts()) < 2 and time.monotonic() < deadline:
        pass
    assert [kept["text"] for kept in phone.texts()] == ["Sign in: https://acme.example/in", "Welcome!"]


def test_phones_are_apart(phones, send):
    one, other = phones.lease(), phones.lease()
    send(one.number, "Your code is 111222")
    send(other.number, "Your code is 333444")
    assert (other.wait_for_otp(), one.wait_for_otp()) == ("333444", "111222")


def test_a_text_that_expires(whimbrel, phones, send):
    phone = phones.lease(outcome="expired")
    send(phone.number, "too late")
    assert phone.wait_for_text(query="text:late") == "too late"
    # Its end is an event as well: the wait looks again.
    found = whimbrel.wait(to=phone.number, q="status:expired", since="-5m")
    assert found["message"]["status"] == "expired"


def test_the_clock_is_put_forward(phones, clock, whimbrel, send):
    phone = phones.lease(after="1h")
    send(phone.number, "in an hour")
    whimbrel.wait(to=phone.number, q="status:submitted", since="-5m")
    clock.advance("2h")
    found = whimbrel.wait(to=phone.number, q="status:delivered", since="-1d")
    assert found["message"]["text"] == "in an hour"


def test_what_the_server_refuses_says_why(phones):
    with pytest.raises(Refused, match="country"):
        phones.lease(country="FR")
