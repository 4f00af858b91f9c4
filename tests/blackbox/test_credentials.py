"""Secrets, policies and keys of a running server; and that planted secrets are nowhere but where they belong."""

import base64
import binascii
import json
import sqlite3
import urllib.parse

import pytest
import requests
from gateway import LIMIT_SECONDS, Gateway, configured, wait_until

SMS = "/sms/json"


def status(gateway, secret, headers=None, **parameters):
    """The status that a text with that secret is answered."""
    form = {"api_key": gateway.key, "api_secret": secret, "to": "447700900000", "from": "Whimbrel", "text": "hello"}
    answer = requests.post(gateway.http + SMS, data=form | parameters, headers=headers, timeout=LIMIT_SECONDS)
    return answer.json()["messages"][0]["status"]


def run(gateway, *arguments, **options):
    """A command with its document."""
    done = gateway.cli(*arguments, "--json", **options)
    return done.returncode, json.loads(done.stdout or done.stderr)


def test_secrets_are_added_shown_once_and_revoked(dev):
    code, added = run(dev, "secret", "add", dev.key)
    assert code == 0 and len(added["secret"]) == 16 and added["kind"] == "generated"
    assert status(dev, added["secret"]) == "0" and status(dev, dev.secret) == "0"
    _, listed = run(dev, "secret", "ls", dev.key)
    assert [secret["kind"] for secret in listed["secrets"]] == ["generated", "generated"]
    assert added["secret"] not in json.dumps(listed) and added["id"] == listed["secrets"][1]["id"]
    refused = dev.native("POST", f"accounts/{dev.key}/secrets")
    assert refused.status_code == 409 and "as many secrets" in refused.text

    old = listed["secrets"][0]["id"]
    assert dev.cli("secret", "revoke", dev.key, old, check=False).returncode == 2, "it asks, and nobody is there"
    assert run(dev, "secret", "revoke", dev.key, old, "--yes")[0] == 0
    assert status(dev, dev.secret) == "4" and status(dev, added["secret"]) == "0"
    again = dev.native("DELETE", f"accounts/{dev.key}/secrets/{old}")
    last = dev.native("DELETE", f"accounts/{dev.key}/secrets/{added['id']}")
    assert (again.status_code, last.status_code) == (404, 409) and "last" in last.text
    assert status(dev, added["secret"]) == "0"


def test_a_chosen_secret_must_be_strong_and_survives_a_restart(tmp_path):
    gateway = Gateway(tmp_path)
    secrets = f"accounts/{gateway.key}/secrets"
    for weak in ["short1A", "no-capital-1", "NO-SMALL-1", "No-digits", "Too-long-" + "1" * 20]:
        refused = gateway.native("POST", secrets, json={"secret": weak})
        assert refused.status_code == 400 and "too weak" in refused.text and weak not in refused.text
    own = tmp_path / "own.txt"
    own.write_text("Chosen-Secret-1\n")
    own.chmod(0o600)
    code, added = run(gateway, "secret", "add", gateway.key, "--secret-file", own)
    assert code == 0 and added["kind"] == "chosen" and "secret" not in added
    assert gateway.native("POST", secrets, json={"secret": "Chosen-Secret-1"}).status_code == 409
    for _ in range(2):
        assert status(gateway, "Chosen-Secret-1") == "0" and status(gateway, "Chosen-Secret-2") == "4"
    gateway.terminate()
    gateway = Gateway(tmp_path)
    assert status(gateway, "Chosen-Secret-1") == "0" and status(gateway, "Chosen-Secret-2") == "4"
    gateway.terminate()


def test_a_policy_says_how_from_where_what_for_and_how_much(dev):
    def policy(*arguments):
        code, now = run(dev, "account", "policy", dev.key, *arguments)
        assert code == 0, now
        return now

    assert policy()["networks"] == [] and policy()["methods"][0] == "parameters"
    policy("--networks", "192.0.2.0/24,::1")
    assert status(dev, dev.secret) == "4" and status(dev, "wrong") == "4"
    policy("--networks", "192.0.2.0/24,127.0.0.1")
    assert status(dev, dev.secret) == "0"
    policy("--methods", "basic", "--networks", "")
    assert status(dev, dev.secret) == "4"
    form = {"to": "447700900000", "from": "Whimbrel", "text": "hello"}
    by_basic = requests.post(dev.http + SMS, data=form, auth=(dev.key, dev.secret), timeout=LIMIT_SECONDS)
    assert by_basic.json()["messages"][0]["status"] == "0"
    policy("--methods", "all", "--signature", "required")
    assert status(dev, dev.secret) == "14"
    policy("--signature", "optional", "--scopes", "read")
    assert status(dev, dev.secret) == "19"
    policy("--scopes", "all", "--spend-per-day-max", "0")
    assert status(dev, dev.secret) == "9"
    policy("--spend-per-day-max", "")
    assert status(dev, dev.secret) == "0"
    for wrong in [("--methods", "jwt"), ("--networks", "10.0.0.1/8"), ("--scopes", "everything"), ("--methods", "")]:
        assert run(dev, "account", "policy", dev.key, *wrong, check=False)[0] != 0, wrong
    locked_out = dev.native("PATCH", f"accounts/{dev.key}/policy", json={"methods": ["basic"], "signature": "required"})
    assert locked_out.status_code == 400 and "no way in" in locked_out.text


def test_signing_is_set_and_its_secret_rotated(dev):
    code, now = run(dev, "account", "signing", "set", dev.key, "--method", "sha256", "--webhooks", "signed")
    assert code == 0 and (now["method"], now["webhooks"]) == ("sha256", "signed")
    weaker = dev.native("PATCH", f"accounts/{dev.key}/policy", json={"signature_method_min": "sha512"})
    assert weaker.status_code == 400 and "sha256" in weaker.text
    _, rotated = run(dev, "account", "signing", "rotate", dev.key, "--overlap", "3600")
    assert len(rotated["signature_secret"]) == 32 and rotated["previous_ends_at"]
    _, shown = run(dev, "account", "signing", "show", dev.key)
    assert rotated["signature_secret"] not in json.dumps(shown)
    assert shown["previous_ends_at"] == rotated["previous_ends_at"]
    _, at_once = run(dev, "account", "signing", "rotate", dev.key, "--overlap", "0")
    assert at_once["previous_ends_at"] is None


LIMITS = """
[auth]
failures_per_key = 3
failures_per_source = 6
trusted_proxies = ["127.0.0.1"]
"""


def test_failures_close_a_key_and_a_source_but_not_its_customer(tmp_path, simulator):
    first = configured(tmp_path, simulator.addr)
    config = tmp_path / "whimbrel.toml"
    config.write_text(config.read_text() + LIMITS)
    first.terminate()
    gateway = Gateway(tmp_path, config=config)
    gateway.key, gateway.secret = first.key, first.secret

    def from_(source, secret, **parameters):
        # What the client writes stands before what the proxy adds.
        return status(gateway, secret, {"X-Forwarded-For": f"10.9.9.9, {source}"}, **parameters)

    assert from_("192.0.2.1", gateway.secret) == "0"
    assert [from_("192.0.2.2", "wrong") for _ in range(4)] == ["4", "4", "4", "1"]
    assert from_("192.0.2.3", gateway.secret) == "1", "closed for who was never seen with it"
    assert from_("192.0.2.1", gateway.secret) == "0", "open for the customer"
    assert [from_("192.0.2.4", "wrong", api_key=f"nokey{index}") for index in range(7)] == ["4"] * 6 + ["1"]
    assert from_("192.0.2.5", "wrong", api_key="nokey9") == "4"
    gateway.terminate()


# What must never be seen: each with letters that no encoding shortens.
PLANTED = {
    "a generated secret that is revoked": None,
    "a generated secret that stays": None,
    "a chosen secret that is revoked": "Planted+Chosen/One=1",
    "a chosen secret that stays": "Planted%Chosen&Two~2",
    "a signature secret that ended": "plantedSignature+One/0000000001=",
    "a signature secret of now": "plantedSignature~Two&0000000002%",
    "a weak secret": "plantedweak",
    "a wrong secret": "Planted?Wrong#Three3",
}


def forms(secret):
    """The secret as a leak would show it: plain, JSON, hexadecimal, percent form, and base64 at each of three places."""
    octets = secret.encode()
    percent = "".join(f"%{octet:02X}" for octet in octets)
    yield from [octets, json.dumps(secret)[1:-1].encode(), binascii.hexlify(octets), binascii.hexlify(octets).upper()]
    yield from [percent.encode(), percent.lower().encode()]
    for quoted in [urllib.parse.quote(secret, safe=""), urllib.parse.quote_plus(secret), urllib.parse.quote(secret)]:
        yield quoted.encode()
    for shift in range(3):
        for encode in (base64.b64encode, base64.urlsafe_b64encode):
            # Without the letters that depend on what stands before and behind.
            whole = encode(b"\0" * shift + octets)
            yield whole[4 if shift else 0 : len(whole) // 4 * 4 - 4]


def search(named_octets, planted):
    """Fails for each planted secret that is found."""
    found = [
        f"{name} in {where}"
        for where, octets in named_octets
        for name, secret in planted.items()
        if any(form in octets for form in forms(secret))
    ]
    assert not found, "; ".join(found)


def files(folder):
    """Every file below a folder, but for the key file, which holds no secret of an account."""
    for path in folder.rglob("*"):
        if path.is_file():
            yield str(path.relative_to(folder)), path.read_bytes()


def backup(gateway, folder):
    """A copy of the store as a backup tool makes one, while the server runs."""
    source = sqlite3.connect(f"file:{gateway.data_dir / 'whimbrel.db'}?mode=ro", uri=True)
    copy = sqlite3.connect(folder / "backup.db")
    source.backup(copy)
    dump = "\n".join(copy.iterdump()).encode()
    copy.close()
    source.close()
    return [("backup.db", (folder / "backup.db").read_bytes()), ("a dump", dump)]


def refusals(gateway, planted):
    """Requests that fail in every way that there is, with planted secrets in every place; what they were answered."""
    bodies = []
    for name, secret in planted.items():
        form = {"api_key": gateway.key, "api_secret": secret, "to": "x", "from": "", "text": ""}
        native = f"{gateway.http}/_whimbrel/v1/accounts/{gateway.key}"
        bearer = {"Authorization": f"Bearer {gateway.token}"}
        quoted = urllib.parse.quote(secret, safe="")
        calls = [
            ("POST", gateway.http + SMS, {"data": form}),
            ("GET", gateway.http + SMS, {"params": form}),
            ("POST", gateway.http + "/sms/xml", {"data": form}),
            ("POST", gateway.http + SMS, {"json": form}),
            ("POST", gateway.http + SMS, {"data": {"to": "x"}, "auth": (gateway.key, secret)}),
            ("POST", gateway.http + SMS, {"data": form | {"api_key": secret}}),
            ("POST", gateway.http + SMS, {"data": form | {"sig": "00"}}),
            ("PUT", gateway.http + SMS, {"data": form}),
            ("GET", f"{gateway.http}/nothing", {"params": form}),
            ("GET", gateway.http + "/_whimbrel/v1/stats", {"headers": {"Authorization": f"Bearer {secret}"}}),
            ("POST", f"{native}/secrets", {"headers": bearer, "data": f'{{"secret":{json.dumps(secret)}'}),
            ("POST", f"{native}/secrets", {"headers": bearer, "json": {"secret": [secret]}}),
            ("POST", f"{native}/secrets", {"headers": bearer, "json": {"secret": secret}}),
            ("POST", f"{native}/signing/rotate", {"headers": bearer, "json": {"secret": secret + " "}}),
            ("DELETE", f"{native}/secrets/00000000-0000-7000-8000-000000000000?secret={quoted}", {"headers": bearer}),
        ]
        for index, (method, url, arguments) in enumerate(calls):
            answer = requests.request(method, url, timeout=LIMIT_SECONDS, **arguments)
            bodies.append((f"the answer to call {index} with {name}", answer.content + repr(answer.headers).encode()))
    return bodies


def test_planted_secrets_are_nowhere(tmp_path):
    planted = dict(PLANTED)
    gateway = Gateway(tmp_path, "--log", "trace")

    def add(secret=None):
        answer = gateway.native("POST", f"accounts/{gateway.key}/secrets", json={"secret": secret} if secret else {})
        assert answer.status_code == 201, answer.text
        return answer.json()

    def revoke(secret):
        assert gateway.native("DELETE", f"accounts/{gateway.key}/secrets/{secret['id']}").status_code == 200

    def sign(secret, overlap):
        body = {"secret": secret, "overlap_seconds": overlap}
        assert gateway.native("POST", f"accounts/{gateway.key}/signing/rotate", json=body).status_code == 200

    first = gateway.native("GET", f"accounts/{gateway.key}/secrets").json()["secrets"][0]
    gone = add()
    planted["a generated secret that is revoked"] = gone["secret"]
    assert status(gateway, gone["secret"]) == "0"
    revoke(first)
    chosen = add(planted["a chosen secret that is revoked"])
    assert status(gateway, planted["a chosen secret that is revoked"]) == "0"
    revoke(gone)
    kept = add()
    planted["a generated secret that stays"] = kept["secret"]
    revoke(chosen)
    add(planted["a chosen secret that stays"])
    sign(planted["a signature secret that ended"], 3600)
    sign(planted["a signature secret of now"], 0)
    assert gateway.native("POST", "keys/rotate").status_code == 200
    assert status(gateway, planted["a generated secret that stays"]) == "0"
    assert status(gateway, planted["a chosen secret that stays"]) == "0"

    search(refusals(gateway, planted), planted)
    metrics = requests.get(f"{gateway.http}/metrics", headers={"Authorization": f"Bearer {gateway.token}"}, timeout=9)
    search([("metrics", metrics.content)], planted)
    search(files(tmp_path), planted)
    search(backup(gateway, tmp_path), planted)

    # Killed: the log of the database is not written back, and whatever was about to be is there as it was.
    gateway.native("POST", f"accounts/{gateway.key}/signing/rotate", json={"secret": planted["a signature secret that ended"]})
    gateway.process.kill()
    gateway.process.wait(LIMIT_SECONDS)
    search(files(tmp_path), planted)
    gateway = Gateway(tmp_path, "--log", "trace")
    assert status(gateway, planted["a chosen secret that stays"]) == "0"
    assert gateway.native("POST", "keys/rotate").status_code == 200
    gateway.terminate()
    search(files(tmp_path), planted)


def test_the_search_finds_what_is_there(tmp_path):
    """A search that finds nothing anywhere would pass as well."""
    secret = PLANTED["a chosen secret that stays"]
    octets = secret.encode()
    leaks = [
        octets,
        b"x" + binascii.hexlify(octets),
        urllib.parse.urlencode({"api_secret": secret}).encode(),
        json.dumps({"secret": secret}).encode(),
        *(base64.b64encode(b"k" * shift + octets + b"after") for shift in range(6)),
        base64.urlsafe_b64encode(b"key:" + octets),
    ]
    for index, leak in enumerate(leaks):
        (tmp_path / f"{index}").write_bytes(b"before" + leak + b"after")
    for named in files(tmp_path):
        with pytest.raises(AssertionError, match="a chosen secret that stays"):
            search([named], {"a chosen secret that stays": secret})


def test_keys_rotate_while_a_client_sends(tmp_path, simulator):
    # One account: those of a development server have secrets of the first key that nobody replaces here.
    dev = configured(tmp_path, simulator.addr)
    keys = lambda: {key["id"]: key["state"] for key in run(dev, "key", "ls")[1]["keys"]}
    assert keys() == {"1": "current"}
    before = (dev.data_dir / "secret.key").read_bytes()
    code, rotated = run(dev, "key", "rotate")
    # The signature secret; the account's other secret was digested by the first key, whose digests stay.
    assert code == 0 and (rotated["current"], rotated["resealed"]) == ("2", 1)
    assert keys() == {"1": "digests-only", "2": "current"}
    assert status(dev, dev.secret) == "0"
    after = (dev.data_dir / "secret.key").read_bytes()
    root = before.split(b"key 1 ")[1][:64]
    assert root not in after, "the old key is gone from the file"
    # A secret of now replaces the one of then, and so the last of the first key.
    added = dev.native("POST", f"accounts/{dev.key}/secrets").json()
    old = dev.native("GET", f"accounts/{dev.key}/secrets").json()["secrets"][0]["id"]
    assert dev.native("DELETE", f"accounts/{dev.key}/secrets/{old}").status_code == 200
    run(dev, "key", "rotate")
    assert keys() == {"2": "digests-only", "3": "current"}
    wait_until(lambda: status(dev, added["secret"]) == "0", "the new secret")
    dev.end()
