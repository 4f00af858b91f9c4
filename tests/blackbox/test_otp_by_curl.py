"""One-time codes as the guide of Nexo Route sends them: its four commands with only the host changed, and what its FAQ says.

Source: "Send OTP from cURL", a guide of Nexo Route (read 2026); the receiver follows its Node.js guide.
"""

import hashlib
import hmac
import json
import subprocess
import sys
import uuid

import requests
from gateway import LIMIT_SECONDS, environment, wait_until, whimbrel

GUIDE_SEND = """\
curl -X POST $BASE/api/v1/send-otp \\
  -H "Authorization: Bearer $NEXO_KEY" \\
  -H "Content-Type: application/json" \\
  -d '{"phone":"+84981234567","code":"482917"}'
"""
GUIDE_STATUS = """\
curl $BASE/api/v1/deliveries/$ID \\
  -H "Authorization: Bearer $NEXO_KEY"
"""
GUIDE_BALANCE = """\
curl $BASE/api/v1/balance \\
  -H "Authorization: Bearer $NEXO_KEY"
"""
GUIDE_WEBHOOK = r"""
SECRET="your_plaintext_webhook_secret"
KEY=$(printf '%s' "$SECRET" | openssl dgst -sha256 -binary | xxd -p -c 256)

BODY='{"type":"otp.delivered","id":"test","phone":"+84981234567","carrier":"viettel","status":"delivered","cost":0.022,"error_code":null,"created_at":"2026-05-26T10:00:00Z","completed_at":"2026-05-26T10:00:25Z"}'

SIG="sha256=$(printf '%s' "$BODY" | openssl dgst -sha256 -mac HMAC -macopt hexkey:$KEY | sed 's/^.* //')"

curl -X POST $RECEIVER/webhooks/nexo \
  -H "Content-Type: application/json" \
  -H "X-NEXO-Signature: $SIG" \
  -H "X-NEXO-Event-Type: otp.delivered" \
  -d "$BODY"
"""
LINES = 1_000


def shell(script, **variables):
    """Runs a script of the guide; gives its output."""
    done = subprocess.run(
        ["bash", "-eu", "-c", script],
        env=environment(**variables),
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        timeout=10 * LIMIT_SECONDS,
        check=False,
    )
    assert done.returncode == 0, f"{done.returncode}: {done.stderr}"
    return done.stdout


def account(gateway):
    """What the ready-file says of this API's account."""
    return gateway.ready["nexo"]


def with_key(gateway, key=None, **more):
    """The environment of the guide's commands."""
    return {"BASE": gateway.http, "NEXO_KEY": key or account(gateway)["secret_key"], **more}


def send(gateway, phone, code, key=None):
    """One code; gives status and document."""
    script = """curl -s -w '\\n%{http_code}' -X POST $BASE/api/v1/send-otp -H "Authorization: Bearer $NEXO_KEY" -d "$BODY" """
    body = json.dumps({"phone": phone, "code": code})
    document, status = shell(script, **with_key(gateway, key, BODY=body)).rsplit("\n", 1)
    return int(status), json.loads(document)


def delivery(gateway, public_id, key=None):
    """A delivery as the guide asks for it."""
    return json.loads(shell(GUIDE_STATUS, **with_key(gateway, key, ID=public_id)))


def verified(hook, secret):
    """The event of a webhook, judged as the Node.js guide judges it: raw body, `sha256=`, SHA-256 of the secret as the key."""
    key = hashlib.sha256(secret.encode()).digest()
    expected = "sha256=" + hmac.new(key, hook.body, hashlib.sha256).hexdigest()
    assert hmac.compare_digest(hook.headers["x-nexo-signature"], expected)
    return json.loads(hook.body)


def test_the_commands_of_the_guide_run_as_printed(dev):
    """Only the host is another one."""
    sent = json.loads(shell(GUIDE_SEND, **with_key(dev)))
    public_id = sent.pop("id")
    assert str(uuid.UUID(public_id)) == public_id
    assert sent == {"ok": True, "carrier": "viettel", "status": "sent", "cost": 0.022, "balance": 1000000.088}
    done = wait_until(lambda: (d := delivery(dev, public_id))["status"] == "delivered" and d, "the receipt")
    assert done["completed_at"].endswith("Z") and done["created_at"] <= done["completed_at"]
    shown = {"phone": "+84981234567", "carrier": "viettel", "cost": 0.022, "error_code": None, "carrier_status": "success"}
    assert {name: done[name] for name in shown} == shown
    balance = json.loads(shell(GUIDE_BALANCE, **with_key(dev)))
    assert balance == {
        "ok": True,
        "balance": 1000000.088,
        "buckets": {"balance": 1000000, "bonus_credit": 0, "free_credit": 0.088},
    }
    # The handset has the code, and nobody else.
    assert "482917" in json.dumps(dev.native("GET", "phones/84981234567").json())
    shown = whimbrel("show", public_id, "--json", "--data-dir", dev.data_dir)
    assert "482917" not in shown.stdout and "******" in shown.stdout
    assert "482917" not in dev.native("GET", "messages?count=10").text
    banner = '-d \'{"phone":"+84980000000","code":"482917"}\''
    assert "482917" not in dev.log().replace(banner, "")


def test_the_guides_webhook_is_the_one_that_we_send(dev, receiver):
    """What the guide simulates with OpenSSL, and what a sample of ours is, a receiver takes alike."""
    shell(GUIDE_WEBHOOK, RECEIVER=receiver.url)
    simulated = wait_until(lambda: receiver.hooks, "the simulation")[0]
    event = verified(simulated, "your_plaintext_webhook_secret")
    changed = dev.native("PATCH", f"accounts/{account(dev)['api_key']}", json={"receipt_url": f"{receiver.url}/webhooks/nexo"})
    assert changed.status_code == 200, changed.text
    tried = json.loads(
        whimbrel("webhook", "test", account(dev)["api_key"], "--sample", "--json", "--data-dir", dev.data_dir).stdout
    )
    assert (tried["status"], tried["error"]) == (200, None)
    ours = wait_until(lambda: receiver.hooks[1:], "the sample")[0]
    sample = verified(ours, account(dev)["signature_secret"])
    assert list(sample) == list(event), "the same fields in the same order"
    assert {**sample, "created_at": "", "completed_at": ""} == {**event, "created_at": "", "completed_at": ""}
    assert ours.headers["x-nexo-event-type"] == "otp.delivered"
    receiver.status = 500
    failed = whimbrel("webhook", "test", account(dev)["api_key"], "--data-dir", dev.data_dir, check=False)
    assert failed.returncode != 0 and "500" in failed.stdout + failed.stderr


def test_each_end_is_told_once_and_a_failure_costs_nothing(dev, receiver):
    """A delivered and a failed code: the wallet, the webhook, and the same webhook again until it is taken."""
    dev.native("PATCH", f"accounts/{account(dev)['api_key']}", json={"receipt_url": f"{receiver.url}/hook"})
    before = json.loads(shell(GUIDE_BALANCE, **with_key(dev)))
    ids = {}
    for phone, outcome in [("+84980000000", "otp.delivered"), ("+84980000004", "otp.failed"), ("+84980000002", "otp.failed")]:
        status, document = send(dev, phone, "0042")
        assert status == 202, document
        ids[document["id"]] = outcome
    hooks = wait_until(lambda: len(receiver.hooks) == 3 and receiver.hooks, "three webhooks")
    for hook in hooks:
        event = verified(hook, account(dev)["signature_secret"])
        assert ids.pop(event["id"]) == event["type"] == hook.headers["x-nexo-event-type"]
        delivered = event["type"] == "otp.delivered"
        assert (event["status"], event["cost"]) == (("delivered", 0.022) if delivered else ("failed", 0))
        assert (event["error_code"] is None) == delivered
        assert uuid.UUID(hook.headers["x-nexo-delivery-id"]) and hook.headers["user-agent"] == "Whimbrel"
        assert "0042" not in hook.body.decode().replace(event["id"], "")
    after = json.loads(shell(GUIDE_BALANCE, **with_key(dev)))
    assert round(before["balance"] - after["balance"], 8) == 0.022
    assert round(before["buckets"]["free_credit"] - after["buckets"]["free_credit"], 8) == 0.022


def test_the_loop_of_the_faq_over_a_thousand_lines(dev, tmp_path):
    """One curl and one connection for each line, and the form type that `-d` says where nothing else is said."""
    lines = [f"+8498{number:07} {number % 10_000:04}" for number in range(1_000_000, 1_000_000 + LINES)]
    (tmp_path / "requests.txt").write_text("\n".join(lines) + "\n")
    loop = """while read p c; do curl -s -X POST $BASE/api/v1/send-otp -H "Authorization: Bearer $NEXO_KEY" -d "{\\"phone\\":\\"$p\\",\\"code\\":\\"$c\\"}"; echo; done < $FILE"""
    answers = shell(loop, **with_key(dev, FILE=str(tmp_path / "requests.txt"))).splitlines()
    documents = [json.loads(answer) for answer in answers]
    assert len(documents) == LINES and all(document["ok"] and document["cost"] == 0.022 for document in documents)
    assert len({document["id"] for document in documents}) == LINES
    balance = json.loads(shell(GUIDE_BALANCE, **with_key(dev)))
    assert round(balance["balance"], 8) == round(1_000_000.11 - LINES * 0.022, 8)
    assert balance["buckets"]["free_credit"] == 0


def test_a_thousand_codes_over_one_connection(dev):
    """The same over a connection that is kept."""
    with requests.Session() as session:
        session.headers["Authorization"] = f"Bearer {account(dev)['secret_key']}"
        for number in range(LINES):
            body = {"phone": f"+8496{number:07}", "code": f"{number:04}"}
            answer = session.post(f"{dev.http}/api/v1/send-otp", json=body, timeout=LIMIT_SECONDS)
            assert (answer.status_code, answer.json()["ok"]) == (202, True), answer.text


def test_who_signs_up_has_five_codes(dev):
    """0.110 pays for five; the sixth is refused, and a payment helps."""
    made = whimbrel("account", "create", "--dialect", "nexo", "--welcome", "--json", "--data-dir", dev.data_dir)
    made = json.loads(made.stdout)
    key = made["secret_key"]
    assert key.startswith("sk_live_") and len(key) == 8 + 48
    left = []
    for number in range(5):
        status, document = send(dev, f"+8498765432{number}", "482917", key)
        assert status == 202, document
        left.append(document["balance"])
    assert left == [0.088, 0.066, 0.044, 0.022, 0]
    status, document = send(dev, "+84987654329", "482917", key)
    assert (status, document["error"], document["balance"], document["required"]) == (402, "insufficient_balance", 0, 0.022)
    whimbrel("account", "topup", made["api_key"], "1.00", "--data-dir", dev.data_dir)
    assert send(dev, "+84987654329", "482917", key)[0] == 202
    # Accounts of this API are braked, whoever pays: one code to a number in 20 seconds.
    status, document = send(dev, "+84987654329", "482917", key)
    assert (status, document["error"]) == (429, "rate_limited") and 0 < document["retry_after"] <= 20


def test_the_same_request_is_one_code(dev):
    """An idempotency key brings the stored answer, also inside the brake; with another code it is a conflict."""
    made = json.loads(
        whimbrel("account", "create", "--dialect", "nexo", "--welcome", "--json", "--data-dir", dev.data_dir).stdout
    )
    script = """curl -s -w '\\n%{http_code}' $BASE/api/v1/send-otp -H "Authorization: Bearer $NEXO_KEY" -H 'Idempotency-Key: order-7' -d "$BODY" """

    def once(code):
        body = json.dumps({"phone": "+84981234567", "code": code})
        document, status = shell(script, **with_key(dev, made["secret_key"], BODY=body)).rsplit("\n", 1)
        return int(status), json.loads(document)

    first = once("482917")
    assert first[0] == 202
    assert once("482917") == first
    assert once("482918")[0] in (409, 429)


def test_a_test_key_costs_nothing_and_another_account_sees_nothing(dev):
    """Keys for trying out; deliveries of others look like those that never were."""
    status, document = send(dev, "+84981234567", "482917", account(dev)["test_key"])
    assert (status, document["cost"], document["balance"]) == (202, 0, 1000000.11)
    made = json.loads(whimbrel("account", "create", "--dialect", "nexo", "--json", "--data-dir", dev.data_dir).stdout)
    ask = """curl -s -i $BASE/api/v1/deliveries/$ID -H "Authorization: Bearer $NEXO_KEY" | grep -v '^Date:' """
    answers = {
        shell(ask, **with_key(dev, made["secret_key"], ID=public_id))
        for public_id in [document["id"], str(uuid.uuid4()), "8f2e1c4d-..."]
    }
    assert len(answers) == 1 and '"error":"not_found"' in answers.pop()
    # A key that is revoked is good no more.
    secrets = json.loads(whimbrel("secret", "ls", made["api_key"], "--json", "--data-dir", dev.data_dir).stdout)
    added = whimbrel("secret", "add", made["api_key"], "--mode", "test", "--json", "--data-dir", dev.data_dir)
    added = json.loads(added.stdout)
    assert added["secret"].startswith("sk_test_") and added["mode"] == "test"
    whimbrel("secret", "revoke", made["api_key"], secrets["secrets"][0]["id"], "--yes", "--data-dir", dev.data_dir)
    code = """curl -s -o /dev/null -w '%{http_code}' $BASE/api/v1/balance -H "Authorization: Bearer $NEXO_KEY" """
    assert shell(code, **with_key(dev, made["secret_key"])) == "401"
    assert shell(code, **with_key(dev, added["secret"])) == "200"


def test_each_key_has_its_rate_and_a_number_is_left_in_peace_by_all(dev):
    """A key that asks too often does not stop the others; a second key is no way to flood somebody."""
    key = account(dev)["api_key"]
    limits = {"requests_per_second_max": 1, "requests_burst_max": 5, "recipient_seconds_min": 20}
    assert dev.native("PATCH", f"accounts/{key}", json=limits).status_code == 200
    second = json.loads(whimbrel("secret", "add", key, "--json", "--data-dir", dev.data_dir).stdout)["secret"]
    code = """curl -s -o /dev/null -w '%{http_code}' $BASE/api/v1/balance -H "Authorization: Bearer $NEXO_KEY" """
    first = account(dev)["secret_key"]
    wait_until(lambda: shell(code, **with_key(dev, first)) == "429", "the end of the burst")
    assert shell(code, **with_key(dev, second)) == "200"
    assert send(dev, "+84981113333", "90210", second)[0] == 202
    status, document = send(dev, "+84981113333", "90211", second)
    assert (status, document["error"], document["field"]) == (429, "rate_limited", "phone")
    wait_until(lambda: shell(code, **with_key(dev, first)) == "200", "the next request of the first key")


def test_an_account_words_its_codes(dev):
    """A template and a sender of its own; a template without its mark, or too long for one part, is refused."""
    key = account(dev)["api_key"]
    for wrong in ["Your code", "{code} {code}", "{code} " + "a" * 160, "{code} ế" + "a" * 70]:
        refused = whimbrel("account", "set", key, "--otp-template", wrong, "--data-dir", dev.data_dir, check=False)
        assert refused.returncode != 0 and "otp_template" in refused.stderr, refused.stderr
    words = ["--otp-template", "Ma cua Acme: {code}", "--otp-sender", "Acme"]
    whimbrel("account", "set", key, *words, "--data-dir", dev.data_dir)
    _, document = send(dev, "+84981112222", "90210")
    wait_until(lambda: delivery(dev, document["id"])["status"] == "delivered", "the receipt")
    phone = json.dumps(dev.native("GET", "phones/84981112222").json())
    assert "Ma cua Acme: 90210" in phone and "Acme" in phone
    assert dev.message(document["id"])["text"] == "Ma cua Acme: *****"


def test_the_line_for_httpie(dev):
    """HTTPie's line of the FAQ, over http without a scheme."""
    host = dev.http.removeprefix("http://")
    line = [sys.executable, "-m", "httpie", "--ignore-stdin", "POST", f"{host}/api/v1/send-otp"]
    key = account(dev)["secret_key"]
    done = subprocess.run(
        [*line, f"Authorization:Bearer {key}", "phone=+84981234567", "code=482917"],
        env=environment(),
        capture_output=True,
        text=True,
        timeout=LIMIT_SECONDS,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    assert json.loads(done.stdout)["status"] == "sent"
