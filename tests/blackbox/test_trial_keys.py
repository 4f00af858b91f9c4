"""What a key for trying out finds by the vendors' APIs: what such keys sent. It is given to others, who are not to read real texts with it."""

import pytest
import requests
from gateway import LIMIT_SECONDS

TO, FRIEND = "4915228817300", "4915228817386"
MARK = "planted-mark-4d1c"
SECRET = "planted-secret-7f3a"


def seven(dev, key):
    """Asks as a customer of seven does, with that key."""

    def ask(method, path, **arguments):
        headers = {"X-Api-Key": key, "Accept": "application/json", **arguments.pop("headers", {})}
        return requests.request(method, f"{dev.http}/api/{path}", headers=headers, timeout=LIMIT_SECONDS, **arguments)

    return ask


@pytest.fixture
def lived(dev):
    """The development account of seven with something of every kind; gives what has ids."""
    ask = seven(dev, dev.ready["seven"]["secret_key"])
    [sent] = ask("POST", "sms", data={"to": TO, "text": f"Your code, {MARK}", "label": MARK}).json()["messages"]
    hook = {"target_url": f"http://127.0.0.1:9/{MARK}", "event_type": "sms_mo", "headers": f"X-Key: {SECRET}"}
    assert ask("POST", "hooks", data=hook).json()["success"] is True
    group = ask("POST", "groups", data={"name": f"group-{MARK}"}).json()["id"]
    contact = {"firstname": MARK, "mobile_number": FRIEND, "groups": group}
    contact = ask("POST", "contacts", data=contact).json()["id"]
    below = ask("POST", "subaccounts/create", data={"name": MARK, "email": f"{MARK}@example.com"}).json()["subaccount"]
    dev.cli("number", "assign", "447700900200", "--account", dev.ready["seven"]["api_key"])
    dev.cli("phone", "reply", "447700900001", "--to", "447700900200", "--text", f"Answer, {MARK}")
    return {"message": sent["id"], "group": group, "contact": contact, "below": below["id"]}


def test_sevens_sandbox_finds_an_account_to_which_nothing_happened(dev, lived):
    sandbox = seven(dev, dev.ready["seven"]["test_key"])
    live = seven(dev, dev.ready["seven"]["secret_key"])
    made = dev.native("POST", "accounts", json={"dialect": "seven", "name": "empty"}).json()
    nobody = seven(dev, made["secret_key"])
    days = {"start": "2026-01-01", "end": "2026-01-03"}
    reads = [
        ("status", {"msg_id": lived["message"]}),
        ("journal/outbound", {}),
        ("journal/outbound", {"id": lived["message"]}),
        ("journal/inbound", {}),
        ("journal/replies", {}),
        ("hooks", {}),
        ("contacts", {}),
        ("contacts", {"action": "read"}),
        (f"contacts/{lived['contact']}", {}),
        ("groups", {}),
        (f"groups/{lived['group']}", {}),
        ("subaccounts/list", {}),
        ("analytics/date", days),
        ("analytics/country", {}),
        ("analytics/label", {}),
        ("analytics/date", {**days, "subaccounts": lived["below"]}),
    ]
    seen = {}
    for path, parameters in reads:
        tried = sandbox("GET", path, params=parameters)
        assert (tried.status_code, tried.text) == (lambda answer: (answer.status_code, answer.text))(
            nobody("GET", path, params=parameters)
        ), (path, parameters)
        assert MARK not in tried.text and SECRET not in tried.text and FRIEND not in tried.text
        seen[path] = live("GET", path, params=parameters).text
    assert sum(MARK in answer for answer in seen.values()) >= 8, "there is something to read for who may"
    # Names are nobody's: to whom they belong would stand in the answer.
    for name in (MARK, f"group-{MARK}"):
        assert sandbox("POST", "sms", data={"to": name, "text": "x"}).json()["success"] == "202"
        assert live("POST", "sms", data={"to": name, "text": "x", "debug": 1}).json()["success"] == "100"
    # What is the account's as a whole is told.
    balance = live("GET", "balance").json()
    assert sandbox("GET", "balance").json() == balance and balance["amount"] > 0
    assert sandbox("POST", "sms", data={"to": TO, "text": "x"}).json()["debug"] == "true"
    for path in ("pricing", "lookup/format", "numbers/active"):
        parameters = {"country": "DE", "number": TO}
        assert sandbox("GET", path, params=parameters).json() == live("GET", path, params=parameters).json(), path


def test_a_test_key_of_nexo_finds_the_codes_of_test_keys(dev):
    keys = {mode: {"Authorization": f"Bearer {dev.ready['nexo'][name]}"} for mode, name in
            {"live": "secret_key", "test": "test_key"}.items()}
    base = f"{dev.http}/api/v1"

    def ask(mode, path, **body):
        method = "POST" if body else "GET"
        return requests.request(method, f"{base}/{path}", json=body or None, headers=keys[mode], timeout=LIMIT_SECONDS)

    ids = {mode: ask(mode, "send-otp", phone="+84980000000", code="482917").json()["id"] for mode in keys}
    found = {(by, of): ask(by, f"deliveries/{ids[of]}") for by in keys for of in keys}
    assert {pair: answer.status_code for pair, answer in found.items()} == {
        ("live", "live"): 200, ("live", "test"): 200, ("test", "test"): 200, ("test", "live"): 404,
    }
    unknown = ask("test", "deliveries/01a22794-a701-7000-8014-800dd0558e7a")
    assert found["test", "live"].text == unknown.text
    assert found["test", "test"].json()["cost"] == 0
