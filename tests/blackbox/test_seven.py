"""The seven dialect with plain tools: curl in every encoding, the vendor's two signing scripts, and signed requests that were changed.

Sources: the vendor's pages "Send SMS" and "Signing of requests" (read 2026-11), whose scripts stand in samples/ with their defects
repaired.
"""

import calendar
import hashlib
import hmac
import json
import secrets
import shutil
import subprocess
import time

import pytest
import requests
from gateway import LIMIT_SECONDS, ROOT, environment, wait_until, whimbrel

SAMPLES = ROOT / "tests/blackbox/samples"
TO = "4915228817300"


@pytest.fixture
def seven(dev):
    """The credentials of the development account."""
    return dev.ready["seven"]


def curl(*line):
    """What curl prints."""
    run = subprocess.run(
        ["curl", "-sS", *line], env=environment(), capture_output=True, text=True, timeout=LIMIT_SECONDS, check=True
    )
    return run.stdout


def signed(dev, seven, body, **changes):
    """A request signed by hand; `changes` are made after that."""
    url, stamp, nonce = f"{dev.http}/api/sms", str(changes.get("at", int(time.time()))), secrets.token_hex(16)
    text = "\n".join([stamp, nonce, "POST", url, hashlib.md5(body).hexdigest()])
    signature = hmac.new(seven["signature_secret"].encode(), text.encode(), hashlib.sha256).hexdigest()
    headers = {
        "X-Api-Key": seven["secret_key"],
        "X-Timestamp": stamp,
        "X-Nonce": nonce,
        "X-Signature": signature,
        "Accept": "application/json",
        "Content-Type": "application/json",
    }
    return url, {**headers, **changes.get("headers", {})}


def post(url, body, headers):
    """An answer with its status and the reason that its header tells."""
    answer = requests.post(url, data=body, headers=headers, timeout=LIMIT_SECONDS)
    return answer.status_code, answer.text, answer.headers.get("X-Whimbrel-Error")


def test_curl_sends_in_every_encoding(dev, seven):
    url, key = f"{dev.http}/api/sms", f"X-Api-Key: {seven['secret_key']}"
    accept = ["-H", "Accept: application/json"]
    ways = [
        ["-H", key, *accept, "-d", f"to={TO}", "--data-urlencode", "text=50% off & more: é €", url],
        ["-H", key, *accept, "-H", "Content-Type: application/json", "-d", json.dumps({"to": [TO], "text": "JSON"}), url],
        ["-G", "-d", f"to={TO}", "-d", f"p={seven['secret_key']}", "-d", "json=1", "--data-urlencode", "text=by GET", url],
        ["-X", "POST", f"{url}?to={TO}&text=by+query&json=1&p={seven['secret_key']}"],
        ["-u", f"anybody:{seven['secret_key']}", *accept, "-d", "text=mixed", f"{url}?to={TO}"],
        ["-H", key, *accept, "-d", f"to[]={TO}&to[]=4915228817386&text=brackets", url],
        ["-H", key, *accept, "-d", f"to={TO}&text=gr%FC%DFe", url],
        ["-H", key, *accept, "-d", f"to={TO}&udh=050003CC0201&text=48656c6c6f", url],
    ]
    ids = []
    for way in ways:
        sent = json.loads(curl(*way))
        assert sent["success"] == "100", (way, sent)
        ids += [message["id"] for message in sent["messages"]]
    assert len(set(ids)) == len(ways) + 1
    texts = [dev.message(number)["text"] for number in ids]
    assert texts[0] == "50% off & more: é €" and "grüße" in texts
    assert curl("-H", key, "-d", f"to={TO}&text=plain", url) == "100"


def test_a_scheduled_text_outlives_a_restart_and_is_called_back(dev, seven):
    key = {"X-Api-Key": seven["secret_key"], "Accept": "application/json"}
    sms = f"{dev.http}/api/sms"
    later = int(time.time()) + 3600
    form = {"to": f"{TO},4915228817386", "text": "In an hour", "delay": later}
    sent = requests.post(sms, data=form, headers=key, timeout=LIMIT_SECONDS).json()
    [one, two] = [message["id"] for message in sent["messages"]]
    assert [dev.message(number)["status"] for number in (one, two)] == ["queued", "queued"]
    assert f"due at {time.strftime('%Y-%m-%dT%H:%M:%S', time.gmtime(later))}" in json.dumps(dev.message(one))
    deleted = requests.delete(sms, json={"ids": f"{one},5,77"}, headers=key, timeout=LIMIT_SECONDS).json()
    assert deleted == {"success": True, "deleted": [one]}
    assert requests.delete(sms, json={"ids": one}, headers=key, timeout=LIMIT_SECONDS).json()["success"] is False
    balance = requests.get(f"{dev.http}/api/balance", headers=key, timeout=LIMIT_SECONDS).json()["amount"]
    assert balance == pytest.approx(sent["balance"] + sent["total_price"] / 2)
    soon = {"to": TO, "text": "In a second", "delay": int(time.time()) + 1}
    [message] = requests.post(sms, data=soon, headers=key, timeout=LIMIT_SECONDS).json()["messages"]
    wait_until(lambda: dev.message(message["id"])["status"] == "delivered", "a text that was due")
    assert dev.message(two)["status"] == "queued"


HERE = [kind for kind, program in {"sh": "bash", "php": "php"}.items() if shutil.which(program)]


@pytest.mark.parametrize("kind", HERE)
def test_the_vendors_signing_scripts_are_taken(dev, seven, kind):
    program = {"sh": "bash", "php": "php"}[kind]
    line = [program, SAMPLES / f"seven.{kind}", seven["secret_key"], seven["signature_secret"], dev.http]
    run = subprocess.run(line, env=environment(), capture_output=True, text=True, timeout=LIMIT_SECONDS, check=False)
    sent = json.loads(run.stdout)
    assert (sent["success"], sent["messages"][0]["recipient"]) == ("100", "49170123456789"), run
    assert sent["messages"][0]["sender"] == "sms77.io"
    wrong = [program, SAMPLES / f"seven.{kind}", seven["secret_key"], "another key", dev.http]
    run = subprocess.run(wrong, env=environment(), capture_output=True, text=True, timeout=LIMIT_SECONDS, check=False)
    assert run.stdout == '"901"', run
    assert dev.stats()["messages"] == 1


def test_changed_stale_and_repeated_requests_are_told_why(dev, seven):
    body = json.dumps({"to": TO, "text": "Once"}).encode()
    now = int(time.time())
    url, headers = signed(dev, seven, body)
    status, text, _ = post(url, body, headers)
    assert (status, json.loads(text)["success"]) == (200, "100")
    assert post(url, body, headers) == (401, '"901"', "nonce_reused")
    url, headers = signed(dev, seven, body)
    assert post(url, body.replace(b"Once", b"Nine"), headers) == (401, '"901"', "signature_mismatch")
    status, text, _ = post(url, body, headers)
    assert (status, json.loads(text)["success"]) == (200, "100"), "who changes a request uses up nothing"
    cases = [
        ({"at": now - 40}, "timestamp_too_old"),
        ({"at": now + 60}, "timestamp_in_future"),
        ({"headers": {"X-Nonce": "a b"}}, "nonce_invalid"),
        ({"headers": {"X-Nonce": ""}}, "signature_missing"),
        ({"headers": {"X-Signature": "00"}}, "header_malformed"),
        ({"headers": {"X-Timestamp": "soon"}}, "header_malformed"),
    ]
    for changes, why in cases:
        url, headers = signed(dev, seven, body, **changes)
        assert post(url, body, headers) == (401, '"901"', why)
    url, headers = signed(dev, seven, body, headers={"X-Api-Key": "wrong"})
    assert post(url, body, headers) == (401, '"900"', None), "the key is judged first"
    dev.cli("account", "policy", seven["api_key"], "--signature", "required")
    unsigned = {"X-Api-Key": seven["secret_key"], "Accept": "application/json"}
    assert post(url, {"to": TO, "text": "unsigned"}, unsigned) == (401, '"901"', "signature_missing")
    url, headers = signed(dev, seven, body)
    assert post(url, body, headers)[0] == 200
    assert dev.stats()["messages"] == 3


def test_the_command_line_sends_in_this_dialect(dev):
    sent = dev.cli("send", "--dialect", "sms77", "--to", TO, "--text", "From the command line", "--json")
    assert '"77000000001"' in sent.stdout
    shown = dev.cli("show", "77000000001")
    assert "delivered" in shown.stdout or "submitted" in shown.stdout or "queued" in shown.stdout, shown.stdout


def test_an_account_is_at_home_where_it_says(dev, seven):
    """In Kathmandu, 05:45 ahead of UTC all the year, with Swiss numbers."""
    sms, key = f"{dev.http}/api/sms", {"X-Api-Key": seven["secret_key"], "Accept": "application/json"}

    def send(**form):
        sent = requests.post(sms, data={"text": "At home", **form}, headers=key, timeout=LIMIT_SECONDS).json()
        return sent["messages"][0]

    def change(*settings, **how):
        return whimbrel("account", "set", "seven-dev", *settings, "--data-dir", dev.data_dir, **how)

    assert send(to="015228817300", debug=1)["recipient"] == TO
    change("--zone", "asia/kathmandu", "--country", "ch", "--sender", "Alpina")
    there = send(to="0791234567", debug=1)
    assert (there["recipient"], there["sender"]) == ("41791234567", "Alpina")
    # A quarter past the next hour but two, as clocks there show it.
    due = (int(time.time()) // 3600 + 3) * 3600
    written = time.strftime("%Y-%m-%d %H:%M", time.gmtime(due + 5 * 3600 + 45 * 60))
    held = send(to=TO, delay=written)
    assert dev.message(held["id"])["status"] == "queued"
    journal = requests.get(f"{dev.http}/api/journal/outbound", headers=key, timeout=LIMIT_SECONDS).json()
    accepted = time.strptime(journal[0]["timestamp"][:16], "%Y-%m-%d %H:%M")
    ahead = calendar.timegm(accepted) - time.time()
    assert 5 * 3600 < ahead < 6 * 3600, ahead
    requests.delete(sms, data={"ids[]": held["id"]}, headers=key, timeout=LIMIT_SECONDS)
    for wrong in (("--zone", "Europe/Nowhere"), ("--country", "QQ")):
        refused = change(*wrong, check=False)
        assert refused.returncode != 0 and f"`{wrong[0][2:]}`" in refused.stderr, refused.stderr
    change("--zone", "", "--country", "", "--sender", "")
    assert send(to="015228817300", debug=1)["recipient"] == TO


def test_a_text_from_a_handset_is_told_whole_to_the_hooks_that_want_it(dev, seven, receiver):
    key = {"X-Api-Key": seven["secret_key"], "Accept": "application/json"}
    hooks = f"{dev.http}/api/hooks"
    for event, path in [("sms_mo", "mine"), ("dlr", "receipts")]:
        form = {"target_url": f"{receiver.url}/{path}", "event_type": event, "request_method": "JSON"}
        assert requests.post(hooks, data=form, headers=key, timeout=LIMIT_SECONDS).json()["success"] is True
    dev.cli("number", "assign", "447700900200", "--account", seven["api_key"])
    text = "A text of more than one part, " * 8
    dev.cli("phone", "reply", "447700900001", "--to", "447700900200", "--text", text)
    [hook] = receiver.wait_for(1)
    told = json.loads(hook.body)
    assert (hook.path, told["webhook_event"]) == ("/mine", "sms_mo")
    data = told["data"]
    assert (data["sender"], data["system"], data["text"], data["message_type"]) == (
        "447700900001",
        "447700900200",
        text,
        "SMS",
    )
    string = "\n".join(
        [
            hook.headers["X-Timestamp"],
            hook.headers["X-Nonce"],
            "POST",
            f"{receiver.url}/mine",
            hashlib.md5(hook.body).hexdigest(),
        ]
    )
    expected = hmac.new(seven["signature_secret"].encode(), string.encode(), hashlib.sha256).hexdigest()
    assert hook.headers["X-Signature"] == expected
    journal = f"{dev.http}/api/journal/inbound"
    [line] = requests.get(journal, headers=key, timeout=LIMIT_SECONDS).json()
    assert (line["id"], line["text"], line["to"]) == (data["id"], text, "447700900200")
    assert requests.get(journal, params={"id": line["id"]}, headers=key, timeout=LIMIT_SECONDS).json() == [line]
