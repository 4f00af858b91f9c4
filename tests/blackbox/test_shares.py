"""Links that show one message to strangers: what they show, how they end, and that nothing else comes of them."""

import base64
import json
import re

import pytest
import requests
from gateway import LIMIT_SECONDS, Gateway, carrier_config
from test_people import PASSWORD, Browser, add, signed_in

TEXT = "Your Acme code is 482917, see https://acme.example/in?token=s3cr3t"
LETTERS = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_"


@pytest.fixture(scope="module")
def gateway(tmp_path_factory):
    """A server outside of `--dev` with two accounts, an operator and a viewer, and a message that waits."""
    folder = tmp_path_factory.mktemp("shares")
    config = folder / "whimbrel.toml"
    config.write_text(carrier_config(9))
    gateway = Gateway(folder, config=config)
    gateway.open_account()
    gateway.other = gateway.native("POST", "accounts", json={"name": "other"}).json()
    for name, role in [("ann", "operator"), ("vera", "viewer")]:
        add(gateway, name, role)
    sent = gateway.send(to="447700900123", text=TEXT, sender="Acme", **{"client-ref": "order-7", "callback": "https://acme.example/hook"})
    gateway.id = sent["messages"][0]["message-id"]
    yield gateway
    gateway.end()


def link(gateway, **body):
    """A link by the API, as an operator; its path."""
    made = gateway.native("POST", f"messages/{gateway.id}/share", json=body)
    assert made.status_code == 201, made.text
    return made.json()["path"]


def look(gateway, path, method="GET"):
    """What a stranger gets."""
    session = requests.Session()
    session.trust_env = False
    return session.request(method, f"{gateway.http}{path}", headers={"Accept": "text/html"}, allow_redirects=False, timeout=LIMIT_SECONDS)


def nothing(gateway):
    """The one answer to whatever shows nothing."""
    answer = look(gateway, "/_whimbrel/ui/shared/x")
    assert answer.status_code == 404
    return answer


def test_a_link_shows_the_message_and_none_of_its_secrets(gateway):
    page = look(gateway, link(gateway))
    assert page.status_code == 200
    assert "4477******23" in page.text and "accepted" in page.text and "queued" in page.text
    hidden = [TEXT, "482917", "s3cr3t", "acme.example", "447700900123", "7700 900123", "Acme", gateway.id, gateway.key, gateway.secret, "order-7"]
    for secret in [*hidden, "EUR", "0.0333", "sim"]:
        assert secret not in page.text, secret
    # It is read only and leads nowhere: no form, no link to a page, no script.
    assert not re.search(r"<(form|a|script|input|button|iframe|base)\b", page.text), page.text
    assert set(re.findall(r'(?:href|src)="([^"]*)"', page.text)) == set(re.findall(r'href="(\.\./\.\./ui/assets/[^"]*)"', page.text))
    assert page.headers["Cache-Control"] == "no-store" and page.headers["Referrer-Policy"] == "no-referrer"
    assert "noindex" in page.headers["X-Robots-Tag"] and "default-src 'none'" in page.headers["Content-Security-Policy"]
    assert "Set-Cookie" not in page.headers
    head = look(gateway, link(gateway), "HEAD")
    assert head.status_code == 200 and not head.content


def test_a_changed_link_shows_nothing_and_says_nothing(gateway):
    path = link(gateway)
    before, token = path.rsplit("/", 1)
    same = nothing(gateway).text
    for place, letter in enumerate(token):
        other = LETTERS[(LETTERS.index(letter) + 1 + place % 63) % 64]
        answer = look(gateway, f"{before}/{token[:place]}{other}{token[place + 1 :]}")
        assert (answer.status_code, answer.text) == (404, same), place
    octets = base64.urlsafe_b64decode(token)
    forged = [
        # Another message, a later end, no code at all, and the code of something else.
        (int.from_bytes(octets[:8], "big") + 1).to_bytes(8, "big") + octets[8:],
        octets[:8] + (2**62).to_bytes(8, "big") + octets[16:],
        octets[:16] + bytes(32),
        octets[:16],
        octets[:16] + octets[:16] + octets[:16],
    ]
    for wrong in [*(base64.urlsafe_b64encode(one).decode() for one in forged), token[:-1], token + "A", token + "=", token.lower(), "%00" * 64, "é" * 32]:
        answer = look(gateway, f"{before}/{wrong}")
        assert (answer.status_code, answer.text) == (404, same), wrong


def test_nothing_else_is_reached_with_a_link(gateway):
    path = link(gateway)
    token = path.rsplit("/", 1)[1]
    for method in ("POST", "PUT", "PATCH", "DELETE"):
        assert look(gateway, path, method).status_code in (401, 403, 405), method
    for beyond in (f"{path}/wire", f"{path}/x", f"/_whimbrel/ui/m/{token}", f"/_whimbrel/ui/{token}", "/_whimbrel/ui", "/_whimbrel/ui/shared"):
        assert look(gateway, beyond).status_code == 303, beyond
    for call in (f"messages/{gateway.id}", f"messages/{token}", "shares", f"shares/{token}", "messages"):
        url = f"{gateway.http}/_whimbrel/v1/{call}"
        for headers in ({}, {"Authorization": f"Bearer {token}"}, {"Cookie": f"whimbrel={token}; __Host-whimbrel={token}"}):
            assert requests.get(url, headers=headers, timeout=LIMIT_SECONDS).status_code == 401, (call, headers)
    assert requests.delete(f"{gateway.http}/_whimbrel/v1/shares", timeout=LIMIT_SECONDS).status_code == 401


def test_who_may_make_one(gateway):
    ann = signed_in(gateway, "ann")
    ann.get(f"m/{gateway.id}")
    made = ann.post(f"m/{gateway.id}/share", {"for": "1h"})
    assert made.status_code == 201, made.text
    relative = re.search(r'id="link"[^>]*href="([^"]*)"', made.text)[1]
    assert relative.startswith("../../../ui/shared/") or relative.startswith("../../shared/"), relative
    path = "/_whimbrel/ui/shared/" + relative.rsplit("/", 1)[1]
    assert look(gateway, path).status_code == 200
    assert ann.post(f"m/{gateway.id}/share", {"for": "8d"}).status_code == 400
    assert ann.post("m/A0000000000000000/share").status_code == 404

    vera = signed_in(gateway, "vera")
    page = vera.get(f"m/{gateway.id}")
    assert "Make a link" not in page.text and "Make a link" in ann.get(f"m/{gateway.id}").text
    assert vera.post(f"m/{gateway.id}/share").status_code == 403
    with_secrets = {name: (key, secret) for name, key, secret in [
        ("owner", gateway.key, gateway.secret), ("other", gateway.other["api_key"], gateway.other["api_secret"])
    ]}
    for name, status in [("owner", 201), ("other", 404)]:
        browser = Browser(gateway)
        assert browser.sign_in_owner(*with_secrets[name]).status_code == 303
        browser.get("accounts/self")
        assert browser.post(f"m/{gateway.id}/share").status_code == status, name
        own = f"{gateway.http}/_whimbrel/v1/accounts/self/messages/{gateway.id}/share"
        assert requests.post(own, auth=with_secrets[name], json={}, timeout=LIMIT_SECONDS).status_code == status, name
    # The operator's own call is none of an owner's.
    whole = f"{gateway.http}/_whimbrel/v1/messages/{gateway.id}/share"
    assert requests.post(whole, auth=with_secrets["owner"], json={}, timeout=LIMIT_SECONDS).status_code == 403


def test_making_one_is_written_down_and_the_link_is_not(gateway):
    token = link(gateway, **{"for": "2h"}).rsplit("/", 1)[1]
    look(gateway, f"/_whimbrel/ui/shared/{token}")
    line = gateway.native("GET", "audit?limit=1").json()["audit"][0]
    assert (line["person"], line["act"], line["subject"], line["status"]) == (
        "admin-token", f"POST messages/{gateway.id}/share", "for=2h", 201
    )
    assert token not in gateway.native("GET", "audit?limit=1000").text and token not in gateway.log()
    for wrong in ("59s", "8d", "x", "-1d", "1w"):
        refused = gateway.native("POST", f"messages/{gateway.id}/share", json={"for": wrong})
        assert refused.status_code == 400 and "1m to 7d" in refused.json()["detail"], wrong
    assert gateway.native("POST", f"messages/{gateway.id}/share", json={"until": "1d"}).status_code == 400


def test_links_end_when_an_operator_ends_them_and_when_keys_change(gateway):
    ann = signed_in(gateway, "ann")
    ann.get("settings")
    for end in (
        lambda: ann.post("settings/end-shares"),
        lambda: gateway.native("DELETE", "shares"),
        lambda: gateway.native("POST", "keys/rotate"),
    ):
        path = link(gateway, **{"for": "7d"})
        assert look(gateway, path).status_code == 200
        assert end().status_code == 200
        assert (look(gateway, path).status_code, look(gateway, path).text) == (404, nothing(gateway).text)
        assert look(gateway, link(gateway)).status_code == 200, "the next one holds"


def test_a_link_ends_at_its_time_and_with_the_process(tmp_path):
    folder = tmp_path / "one"
    dev = Gateway(folder)
    dev.id = dev.send(to="447700900123", text=TEXT)["messages"][0]["message-id"]
    path, longer = link(dev, **{"for": "10m"}), link(dev, **{"for": "7d"})
    dev.native("POST", "clock", json={"advance": "9m"})
    assert look(dev, path).status_code == 200
    dev.native("POST", "clock", json={"advance": "61s"})
    assert look(dev, path).status_code == 404 and look(dev, longer).status_code == 200
    dev.native("DELETE", "clock")
    dev.terminate()
    again = Gateway(folder)
    assert look(again, longer).status_code == 404
    assert PASSWORD not in again.log()
    again.end()


def test_the_command_line_makes_links_and_ends_them(gateway):
    made = gateway.cli("share", "create", gateway.id, "--for", "2h")
    assert made.returncode == 0, made.stderr
    url = made.stdout.strip()
    assert url.startswith(f"{gateway.http}/_whimbrel/ui/shared/") and "\n" not in url
    assert "not what it says" in made.stderr and gateway.secret not in made.stderr
    assert look(gateway, url.removeprefix(gateway.http)).status_code == 200

    as_json = gateway.cli("share", "create", gateway.id, "--json")
    document = json.loads(as_json.stdout)
    assert document["schema"] == "whimbrel.share/1" and document["url"] == gateway.http + document["path"]
    assert document["expires_at"].endswith("Z")

    for wrong, code, words in [
        (("create", "A0DB37A6D4C04001"), 5, "no message"),
        (("create", "../accounts"), 5, "is no id of a message"),
        (("create", gateway.id, "--for", "8d"), 2, "from 1m to 7d"),
        (("end",), 2, "give --yes"),
    ]:
        refused = gateway.cli("share", *wrong, check=False)
        assert refused.returncode == code and words in refused.stderr, (wrong, refused)
        assert refused.stdout == ""
    assert look(gateway, document["path"]).status_code == 200, "nobody said yes"

    ended = gateway.cli("share", "end", "--yes", "--json")
    assert json.loads(ended.stdout) == {"schema": "whimbrel.shares-ended/1", "ended": "all"}
    for path in (document["path"], url.removeprefix(gateway.http)):
        assert look(gateway, path).status_code == 404
