"""What went over the wires, webhooks again, made-up ones, and the headers of Standard Webhooks.

Signatures are checked here by Python's own hmac, as the specification says (standardwebhooks.com, read 2026), and as the guide of
Nexo Route says.
"""

import base64
import hashlib
import hmac
import json
import ssl
import subprocess

import pytest
import requests
from gateway import BINARY, LIMIT_SECONDS, Gateway, carrier_config, configured, environment, wait_until, whimbrel
from receiver import Receiver

NEXO_KEY = "sk_live_0de000000000000000000000000000000000000000000001"
NEXO_SECRET = b"your_plaintext_webhook_secret"
CODE = "482917"


def wire(dev, public_id):
    answer = dev.native("GET", f"messages/{public_id}/wire")
    assert answer.status_code == 200, answer.text
    return answer.json()["wire"]


def wire_of(dev, public_id, count):
    """What is on the tape once so many things are."""
    return wait_until(lambda: len(seen := wire(dev, public_id)) >= count and seen, f"{count} things on the tape")


def attempts(dev, **query):
    answer = dev.native("GET", "webhooks/attempts", params=query)
    assert answer.status_code == 200, answer.text
    return answer.json()["attempts"]


def first_attempt(dev):
    return wait_until(lambda: attempts(dev), "an attempt on the tape")[0]


def standard_secret(dev, key):
    answer = dev.native("POST", f"accounts/{key}/webhooks/secret").json()["webhook_secret"]
    return base64.b64decode(answer.removeprefix("whsec_"))


def assert_standard(hook, secret):
    """Id, time stamp and body are signed."""
    signed = b".".join([hook.headers["webhook-id"].encode(), hook.headers["webhook-timestamp"].encode(), hook.body])
    digest = base64.b64encode(hmac.new(secret, signed, hashlib.sha256).digest()).decode()
    assert f"v1,{digest}" in hook.headers["webhook-signature"].split(" ")


def send_otp(dev):
    answer = requests.post(
        f"{dev.http}/api/v1/send-otp",
        headers={"Authorization": f"Bearer {NEXO_KEY}"},
        json={"phone": "+84980000000", "code": CODE},
        timeout=LIMIT_SECONDS,
    )
    assert answer.status_code == 202, answer.text
    return answer.json()["id"]


def test_the_whole_way_of_a_message_is_on_the_tape_and_no_secret(dev, receiver):
    dev.patch_account(receipt_url=f"{receiver.url}/dlr?token=planted", webhook_method="POST-JSON")
    message = dev.send(text="What went over the wires")["messages"][0]["message-id"]
    seen = wire_of(dev, message, 6)
    assert [entry.get("name", entry["type"]) for entry in seen if entry["type"] != "webhook"] == [
        "request", "submit_sm", "submit_sm_resp", "deliver_sm", "deliver_sm_resp",
    ]
    request = seen[0]
    assert "api_secret=[secret]" in request["request"]["body"] and request["answer"]["status"] == 200
    submit = dict(seen[1]["fields"])
    assert submit["destination_addr"] == "447700900000"
    octets = bytes.fromhex(seen[1]["octets"])
    assert int.from_bytes(octets[:4], "big") == len(octets) and octets.endswith(b"What went over the wires")
    [webhook] = [entry for entry in seen if entry["type"] == "webhook"]
    assert webhook["answer"]["status"] == 200 and webhook["result"] == "delivered"
    assert json.loads(webhook["request"]["body"])["messageId"] == message
    text = json.dumps(seen)
    for secret in [dev.secret, "planted", dev.token]:
        assert secret not in text


def test_a_one_time_code_is_nowhere_on_the_tape(dev, receiver):
    assert dev.native("PATCH", "accounts/devnexo1", json={"receipt_url": receiver.url}).status_code == 200
    message = send_otp(dev)
    seen = wire_of(dev, message, 6)
    [submit] = [entry for entry in seen if entry.get("name") == "submit_sm"]
    assert submit["octets"] is None and submit["hidden_octets"] > 0
    text = json.dumps(seen) + json.dumps(attempts(dev))
    assert CODE not in text and CODE.encode().hex() not in text and NEXO_KEY not in text
    assert CODE not in whimbrel("show", message, "--wire", "--url", dev.http).stdout


def test_nothing_is_kept_unless_it_is_switched_on(tmp_path, simulator, receiver):
    gateway = configured(tmp_path, simulator.addr)
    try:
        gateway.patch_account(receipt_url=receiver.url)
        message = gateway.send()["messages"][0]["message-id"]
        receiver.wait_for(1)
        assert gateway.native("GET", "webhooks/attempts").json() == {"tape": "off", "attempts": []}
        assert gateway.native("GET", f"messages/{message}/wire").json()["wire"] == []
    finally:
        gateway.end()


def test_webhooks_with_a_body_carry_the_headers_of_standard_webhooks(dev, receiver):
    dev.patch_account(receipt_url=receiver.url, webhook_method="POST-JSON")
    dev.send()
    hook = receiver.wait_for(1)[0]
    assert_standard(hook, standard_secret(dev, "devkey01"))
    # The scheme signs no address: it would say nothing of the parameters of a GET.
    dev.patch_account(webhook_method="GET")
    dev.send()
    assert "webhook-signature" not in receiver.wait_for(2)[1].headers


def test_both_secrets_sign_while_one_takes_the_place_of_the_other(dev, receiver):
    dev.patch_account(receipt_url=receiver.url, webhook_method="POST-JSON")
    before = standard_secret(dev, "devkey01")
    assert dev.native("POST", "accounts/devkey01/signing/rotate", json={"overlap_seconds": 3600}).status_code == 200
    after = standard_secret(dev, "devkey01")
    assert before != after
    dev.send()
    hook = receiver.wait_for(1)[0]
    for secret in [before, after]:
        assert_standard(hook, secret)


def test_the_headers_can_be_switched_off(tmp_path, simulator, receiver):
    config = tmp_path / "whimbrel.toml"
    config.write_text(carrier_config(simulator.addr.rsplit(":", 1)[1]) + "\n[webhooks]\nstandard_headers = false\n")
    gateway = Gateway(tmp_path, config=config)
    gateway.open_account()
    try:
        gateway.patch_account(receipt_url=receiver.url, webhook_method="POST-JSON")
        gateway.send()
        assert not [name for name in receiver.wait_for(1)[0].headers if name.lower().startswith("webhook-")]
    finally:
        gateway.end()


@pytest.mark.parametrize("way", ["GET", "POST", "POST-JSON"])
def test_an_attempt_is_sent_again_and_changes_nothing(dev, receiver, way):
    dev.patch_account(receipt_url=receiver.url, webhook_method=way)
    message = dev.send()["messages"][0]["message-id"]
    receiver.wait_for(1)
    attempt = first_attempt(dev)
    balance = dev.native("GET", "accounts/devkey01").json()["balance"]
    sent = dev.native("POST", f"webhooks/attempts/{attempt['id']}/resend").json()
    assert sent["answer"]["status"] == 200
    first, again = receiver.wait_for(2)
    told = [dict(hook.parameters) for hook in (first, again)]
    for parameters in told:
        parameters.pop("message-timestamp")
    assert told[0] == told[1]
    if way != "GET":
        assert again.headers["webhook-id"] == first.headers["webhook-id"]
    story = dev.message(message)
    assert [entry["detail"] for entry in story["timeline"] if entry["what"] == "webhook-resent"] == ["sent by hand: HTTP 200"]
    assert story["status"] == "delivered"
    assert dev.native("GET", "accounts/devkey01").json()["balance"] == balance


@pytest.mark.parametrize("way", ["GET", "POST", "POST-JSON"])
def test_an_edited_attempt_is_signed_anew(dev, receiver, way):
    dev.patch_account(receipt_url=receiver.url, webhook_method=way)
    answer = dev.native("PATCH", "accounts/devkey01/signing", json={"webhooks": "signed", "method": "sha256"})
    assert answer.status_code == 200, answer.text
    dev.send()
    receiver.wait_for(1)
    edit = {"set": ["status=failed", "err-code=99"], "add": ["extra=a b&c"], "remove": ["scts"]}
    sent = dev.native("POST", f"webhooks/attempts/{first_attempt(dev)['id']}/resend", json=edit)
    assert sent.status_code == 200, sent.text
    assert "[secret]" in sent.text, "the signature is not shown"
    hook = receiver.wait_for(2)[1]
    parameters = dict(hook.parameters)
    assert (parameters["status"], parameters["err-code"], parameters["extra"]) == ("failed", "99", "a b&c")
    assert "scts" not in parameters
    # As the vendor's page "Signing messages" says: sorted, `&` and `=` in values as `_`, an HMAC by the secret.
    signature = parameters.pop("sig")
    clean = {name: str(value).replace("&", "_").replace("=", "_") for name, value in parameters.items()}
    string = "".join(f"&{name}={clean[name]}" for name in sorted(clean))
    secret = dev.ready["account"]["signature_secret"].encode()
    assert hmac.new(secret, string.encode(), hashlib.sha256).hexdigest().upper() == signature.upper()


def test_an_edit_that_does_not_fit_is_refused_and_nothing_is_sent(dev, receiver):
    dev.patch_account(receipt_url=receiver.url, webhook_method="POST-JSON")
    dev.send()
    receiver.wait_for(1)
    attempt = first_attempt(dev)["id"]
    for edit, word in [({"set": ["nothing=1"]}, "nothing"), ({"add": ["status=1"]}, "status"), ({"set": ["x"]}, "set")]:
        answer = dev.native("POST", f"webhooks/attempts/{attempt}/resend", json=edit)
        assert answer.status_code == 400 and word in answer.json()["detail"]
    assert dev.native("POST", "webhooks/attempts/999999/resend").status_code == 404
    assert len(receiver.hooks) == 1


def test_what_a_message_told_is_sent_again_after_a_restart(tmp_path, receiver):
    gateway = Gateway(tmp_path)
    gateway.patch_account(receipt_url=receiver.url, webhook_method="POST-JSON")
    message = gateway.send(text="x" * 200)["messages"][0]["message-id"]
    first = list(receiver.wait_for(2))
    wait_until(lambda: gateway.stats()["notices"] == 0, "no webhook to be due")
    gateway.terminate()
    gateway = Gateway(tmp_path)
    try:
        assert attempts(gateway) == []
        sent = gateway.native("POST", f"messages/{message}/webhooks/resend").json()["attempts"]
        assert [one["result"] for one in sent] == ["delivered", "delivered"]
        again = receiver.wait_for(4)[2:]
        told = [sorted((json.loads(hook.body)["messageId"], json.loads(hook.body)["status"]) for hook in hooks) for hooks in (first, again)]
        assert told[0] == told[1]
        # A message that is still on its way has told nothing.
        open_message = gateway.send(to="447700900009")["messages"][0]["message-id"]
        assert gateway.native("POST", f"messages/{open_message}/webhooks/resend").status_code == 409
        assert gateway.native("POST", "messages/A000000000000001/webhooks/resend").status_code == 404
    finally:
        gateway.end()


def test_a_made_up_event_is_signed_as_a_real_one(dev, receiver):
    done = whimbrel(
        "trigger", "otp.failed", "--dialect", "nexo", "--to", f"{receiver.url}/x", "--set", "cost=1.5", "--url", dev.http
    )
    assert "< 200" in done.stdout
    hook = receiver.wait_for(1)[0]
    body = json.loads(hook.body)
    assert (body["type"], body["status"], body["cost"]) == ("otp.failed", "failed", 1.5)
    key = hashlib.sha256(NEXO_SECRET).digest()
    assert hook.headers["x-nexo-signature"] == "sha256=" + hmac.new(key, hook.body, hashlib.sha256).hexdigest()
    assert_standard(hook, standard_secret(dev, "devnexo1"))
    assert dev.stats()["messages"] == 0 and dev.stats()["notices"] == 0
    listed = whimbrel("trigger", "--list", "--dialect", "seven", "--url", dev.http).stdout.split()
    assert "sms_mo" in listed
    for event in listed:
        whimbrel("trigger", event, "--dialect", "seven", "--to", receiver.url, "--url", dev.http)


def test_each_hook_is_told_and_knows_an_event_that_is_told_again(dev, receiver):
    seven = dev.ready["seven"]
    key = {"X-Api-Key": seven["secret_key"], "Accept": "application/json"}
    paths = ["/one", "/two"]
    for path in paths:
        form = {"target_url": receiver.url + path, "event_type": "dlr", "request_method": "JSON"}
        answer = requests.post(f"{dev.http}/api/hooks", data=form, headers=key, timeout=LIMIT_SECONDS).json()
        assert answer["success"] is True, answer
    body = {"to": "447700900123", "text": "Hello", "from": "Acme"}
    requests.post(f"{dev.http}/api/sms", data=body, headers=key, timeout=LIMIT_SECONDS)

    def ends():
        return [hook for hook in receiver.hooks if b"DELIVERED" in hook.body]

    def ids(hooks):
        return {(hook.path, hook.headers["webhook-id"]) for hook in hooks}

    wait_until(lambda: len(ends()) == 2, "both hooks to be told of the end")
    told = ids(ends())
    assert len({id for _, id in told}) == 2, "what each hook is told is an event of its own"
    message = dev.native("GET", "messages?limit=1").json()["messages"][0]["id"]
    sent = dev.native("POST", f"messages/{message}/webhooks/resend").json()["attempts"]
    assert sorted(attempt["url"] for attempt in sent) == [receiver.url + path for path in paths]
    assert len(ends()) == 4 and ids(ends()) == told
    account = f"accounts/seven:{seven['api_key']}"
    event = next(event for event in dev.native("GET", f"{account}/webhooks/trigger").json()["events"] if "dlr" in event)
    made_up = dev.native("POST", f"{account}/webhooks/trigger", json={"event": event}).json()
    assert sorted(attempt["url"] for attempt in made_up["attempts"]) == [receiver.url + path for path in paths]


def test_a_made_up_text_is_an_event_of_its_own_to_each_hook(dev, receiver):
    """A receiver that knows events by their ids must not take the second hook's for a repeat of the first one's."""
    seven = dev.ready["seven"]
    key = {"X-Api-Key": seven["secret_key"], "Accept": "application/json"}
    for path in ("/one", "/two"):
        form = {"target_url": receiver.url + path, "event_type": "sms_mo", "request_method": "JSON"}
        assert requests.post(f"{dev.http}/api/hooks", data=form, headers=key, timeout=LIMIT_SECONDS).json()["success"] is True
    for _ in range(2):
        made_up = dev.native("POST", f"accounts/seven:{seven['api_key']}/webhooks/trigger", json={"event": "sms_mo"})
        assert len(made_up.json()["attempts"]) == 2, made_up.text
    hooks = receiver.wait_for(4)
    assert sorted(hook.path for hook in hooks) == ["/one", "/one", "/two", "/two"]
    assert len({hook.headers["webhook-id"] for hook in hooks}) == 4


def test_a_made_up_event_goes_through_the_guards(dev):
    answer = dev.native(
        "POST", "accounts/devkey01/webhooks/trigger", json={"event": "dlr.delivered", "to": "http://169.254.169.254/x"}
    ).json()
    [tried] = answer["attempts"]
    assert tried["answer"] is None and "never called" in tried["error"]
    assert dev.native("POST", "accounts/devkey01/webhooks/trigger", json={"event": "nothing"}).status_code == 400


def test_listen_forwards_what_is_sent_signed_for_its_address(dev, receiver):
    local = Receiver()
    try:
        line = [BINARY, "listen", "--forward-to", f"127.0.0.1:{local.port}/here", "--count", "2", "--url", dev.http, "--json"]
        listening = subprocess.Popen(line, env=environment(), stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
        assert "Ready" in listening.stderr.readline()
        # Without an address of the account nobody else is told.
        first = dev.send()["messages"][0]["message-id"]
        assert dict(local.wait_for(1)[0].parameters)["messageId"] == first
        dev.patch_account(receipt_url=f"{receiver.url}/there", webhook_method="POST-JSON")
        second = dev.send()["messages"][0]["message-id"]
        [real] = receiver.wait_for(1)
        copy = local.wait_for(2)[1]
        assert (real.path, copy.path) == ("/there", "/here")
        assert json.loads(real.body)["messageId"] == json.loads(copy.body)["messageId"] == second
        assert_standard(copy, standard_secret(dev, "devkey01"))
        out, _ = listening.communicate(timeout=LIMIT_SECONDS)
        assert [json.loads(line)["status"] for line in out.splitlines()] == [200, 200]
    finally:
        local.close()


def test_listen_takes_any_certificate_only_where_somebody_says_so_and_says_it_loudly(dev, tmp_path):
    key, certificate = tmp_path / "key.pem", tmp_path / "certificate.pem"
    line = ["openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes", "-days", "2"]
    line += ["-subj", "/CN=localhost", "-keyout", key, "-out", certificate]
    subprocess.run(line, check=True, capture_output=True, timeout=LIMIT_SECONDS)
    tls = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    tls.load_cert_chain(certificate, key)
    local = Receiver(tls=tls)
    try:
        for more, status in [([], None), (["--skip-verify"], 200)]:
            line = [BINARY, "listen", "--forward-to", f"{local.url}/here", "--count", "1", "--url", dev.http, "--json", *more]
            listening = subprocess.Popen(line, env=environment(), stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
            said = listening.stderr.readline()
            if more:
                assert "IS NOT CHECKED" in said, said
                said = listening.stderr.readline()
            assert "Ready" in said, said
            dev.send()
            out, _ = listening.communicate(timeout=LIMIT_SECONDS)
            told = json.loads(out.splitlines()[0])
            assert told["status"] == status and (status or "certificate" in told["error"]), told
        assert len(local.hooks) == 1
        refused = whimbrel("listen", "--forward-to", "localhost:1", "--skip-verify", "--url", dev.http, check=False)
        assert refused.returncode != 0 and "https" in refused.stderr
    finally:
        local.close()


def test_an_answer_is_kept_with_its_status_its_beginning_and_its_cause(dev, receiver):
    receiver.status = 500
    dev.patch_account(receipt_url=receiver.url, webhook_method="POST-JSON")
    message = dev.send()["messages"][0]["message-id"]
    attempt = first_attempt(dev)
    assert (attempt["answer"]["status"], attempt["result"], attempt["message"]) == (500, "retry", message)
    assert attempt["next_try_at"] and attempt["timing"]["total_ms"] > 0
    assert attempts(dev, failed="true") and attempts(dev, account="devnexo1") == []
    nobody = Receiver()
    nobody.close()
    dev.patch_account(receipt_url=nobody.url)
    sent = dev.native("POST", f"webhooks/attempts/{attempt['id']}/resend").json()
    assert sent["answer"] is None and "connection" in sent["error"]
    [endpoint] = dev.native("GET", "webhooks").json()["endpoints"]
    assert (endpoint["kind"], endpoint["pending"], endpoint["delivered"]) == ("receipt", 1, 0)


def test_the_pages_show_and_send_without_scripts(dev, receiver):
    dev.patch_account(receipt_url=receiver.url, webhook_method="POST-JSON")
    dev.send()
    receiver.wait_for(1)
    attempt = first_attempt(dev)["id"]
    pages = f"{dev.http}/_whimbrel/ui"
    listed = requests.get(f"{pages}/webhooks", timeout=LIMIT_SECONDS)
    assert listed.status_code == 200 and f"webhooks/attempts/{attempt}" in listed.text
    assert "unsafe" not in listed.headers["content-security-policy"]
    shown = requests.get(f"{pages}/webhooks/attempts/{attempt}", timeout=LIMIT_SECONDS).text
    assert "Edit and resend" in shown and "messageId" in shown
    answer = requests.post(
        f"{pages}/webhooks/attempts/{attempt}/resend", data={"changes": "status=failed\n-scts"}, timeout=LIMIT_SECONDS
    )
    assert answer.status_code == 200 and "edited" in answer.text
    assert json.loads(receiver.wait_for(2)[1].body)["status"] == "failed"
    foreign = requests.post(
        f"{pages}/webhooks/attempts/{attempt}/resend", headers={"Origin": "http://evil.example"}, timeout=LIMIT_SECONDS
    )
    assert foreign.status_code in (401, 403) and len(receiver.hooks) == 2
    ping = requests.post(f"{pages}/webhooks/test", data={"account": "nexmo:devkey01", "kind": "receipt"}, timeout=LIMIT_SECONDS)
    assert ping.status_code == 200 and "answered 200" in ping.text


def test_an_owner_sees_the_attempts_of_its_own_account_alone(dev, receiver):
    dev.patch_account(receipt_url=receiver.url, webhook_method="POST-JSON")
    dev.send()
    receiver.wait_for(1)
    first_attempt(dev)
    own = requests.get(
        f"{dev.http}/_whimbrel/v1/accounts/self/webhooks/attempts", auth=(dev.key, dev.secret), timeout=LIMIT_SECONDS
    )
    assert own.status_code == 200 and len(own.json()["attempts"]) == 1
    headers = {"Authorization": f"Bearer {NEXO_KEY}"}
    other = requests.get(f"{dev.http}/_whimbrel/v1/accounts/self/webhooks/attempts", headers=headers, timeout=LIMIT_SECONDS)
    assert other.status_code == 200 and other.json()["attempts"] == []
    for path in ["webhooks", "webhooks/attempts", "webhooks/listen?url=http://localhost/", "messages/A000000000000001/wire"]:
        answer = requests.get(f"{dev.http}/_whimbrel/v1/{path}", headers=headers, timeout=LIMIT_SECONDS)
        assert answer.status_code == 403, path
