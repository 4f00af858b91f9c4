"""By which way texts go is the operator's affair: no owner reads a carrier's or a route's name, wherever they look."""

import re
import socket

import pytest
import requests
from gateway import LIMIT_SECONDS, Gateway, wait_until
from test_people import Browser

CARRIER = """\
[carriers.{name}]
kind = "smpp"
host = "127.0.0.1"
port = {port}
system_id = "{name}"
password = "dev"
link_down_grace = "500ms"

"""
ROUTE = '[[routes]]\nname = "cheapway"\nprefix = ""\ncarriers = ["acmewire", "bluewire"]\n'
WAYS = ("acmewire", "bluewire", "cheapway")
# Of calls for owners those that read, as their table has them.
BELOW = (
    "", "/usage", "/ledger", "/messages", "/inbound", "/policy", "/secrets", "/signing", "/applications", "/webhooks",
    "/webhooks/attempts", "/oauth/grants",
)


@pytest.fixture
def gateway(tmp_path, simulator):
    """A server whose texts wait for one carrier and go on to the next; a third one is for test keys."""
    with socket.socket() as kept:
        kept.bind(("127.0.0.1", 0))
        ports = {"acmewire": kept.getsockname()[1], "bluewire": simulator.addr.rsplit(":", 1)[1]}
        ports["simulator"] = ports["bluewire"]
        config = tmp_path / "whimbrel.toml"
        config.write_text("".join(CARRIER.format(name=name, port=port) for name, port in ports.items()) + ROUTE)
        gateway = Gateway(tmp_path, config=config)
        gateway.open_account()
        yield gateway
        gateway.end()


def names(text):
    """The ways that a text names."""
    return [way for way in WAYS if way in text]


def heard(stream, until):
    """What a stream tells up to an event of that kind."""
    seen = b""
    for piece in stream.iter_content(None):
        seen += piece
        if until in seen:
            return seen.decode()
    raise AssertionError(f"the stream ended before {until}: {seen}")


def test_an_owner_reads_no_way_whoever_they_are(gateway):
    owner = Browser(gateway)
    assert owner.sign_in_owner(gateway.key, gateway.secret).status_code == 303
    events = f"{gateway.http}/_whimbrel/v1/events"
    operators = requests.get(events, headers={"Authorization": f"Bearer {gateway.token}"}, stream=True, timeout=LIMIT_SECONDS)
    with operators, owner.session.get(events, timeout=LIMIT_SECONDS, stream=True) as owners:
        message = gateway.send(to="447700900123", text="by any way")["messages"][0]["message-id"]
        assert names(heard(operators, b"part.delivered")), "operators hear by which"
        told = heard(owners, b"part.delivered")
    assert "message.accepted" in told and "to 4477" in told and names(told) == [], told
    wait_until(lambda: gateway.stats()["open_parts"] == 0, "it to end")
    shown = gateway.native("GET", f"messages/{message}").text
    assert "handed-on" in shown and names(shown) == list(WAYS), "operators read all of it"

    pages = ["", "api", "webhooks", "accounts", f"accounts/{gateway.key}", f"m/{message}"]
    links = set(re.findall(r'href="(m/[^"?#]+)"', owner.get("").text))
    seen = {page: owner.get(page) for page in [*pages, *links]}
    native = f"{gateway.http}/_whimbrel/v1/accounts"
    paths = [*BELOW, f"/messages/{message}", "/wait?to=447700900123&since=-5m", "/messages?q=cheapway"]
    for path in paths:
        arguments = {"timeout": LIMIT_SECONDS}
        seen[f"session {path}"] = owner.session.get(f"{native}/{gateway.key}{path}", **arguments)
        seen[f"key {path}"] = requests.get(f"{native}/self{path}", auth=(gateway.key, gateway.secret), **arguments)
    assert {page: names(answer.text) for page, answer in seen.items() if names(answer.text)} == {}
    read = [page for page, answer in seen.items() if answer.status_code == 200]
    assert {f"m/{message}", f"session /messages/{message}", f"key /messages/{message}"} <= set(read), "it was there to read"
    assert "handed-on" in seen[f"m/{message}"].text, "that it went on is no secret"


def test_a_key_for_trying_out_reads_no_way_either(gateway):
    made = gateway.native("POST", "accounts", json={"dialect": "nexo"}).json()
    wish = {"mode": "test"}
    key = gateway.native("POST", f"accounts/nexo:{made['api_key']}/secrets", json=wish).json()["secret"]
    bearer = {"Authorization": f"Bearer {key}"}
    body = {"phone": "+84981234567", "code": "482917"}
    sent = requests.post(f"{gateway.http}/api/v1/send-otp", json=body, headers=bearer, timeout=LIMIT_SECONDS)
    assert sent.status_code == 202, sent.text
    message = sent.json()["id"]
    assert "route test key" in gateway.native("GET", f"messages/{message}").text
    for path in [*BELOW, f"/messages/{message}", "/wait?to=%2B84981234567&since=-5m"]:
        url = f"{gateway.http}/_whimbrel/v1/accounts/self{path}"
        text = requests.get(url, headers=bearer, timeout=LIMIT_SECONDS).text
        assert names(text) == [] and "simulator" not in text and "route test key" not in text, (path, text)
