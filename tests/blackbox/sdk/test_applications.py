"""Applications, secrets and the Messages API by the vendor's own libraries, unmodified.

Source: the libraries' documentation; Nexmo/Vonage references of the Application, Account and Messages APIs and the guide
"Signed Webhooks", read 2026-11. Webhooks are verified by the verifiers that the vendor ships.
"""

import hashlib
import json
import uuid

import javascript
import pytest
import requests
import vonage
from clients import Python
from gateway import LIMIT_SECONDS, wait_until
from vonage_application import ApplicationConfig, ListApplicationsFilter
from vonage_http_client.errors import AuthenticationError, ForbiddenError, HttpRequestError, NotFoundError
from vonage_jwt import JwtClient
from vonage_jwt.verify_jwt import verify_signature
from vonage_messages import Sms, SmsOptions, WhatsappText
from vonage_numbers import UpdateNumberParams

TO = "447700900000"
REJECTED = "447700900003"
OWN = "447700900200"


@pytest.fixture
def python(dev, monkeypatch):
    """PyPI `vonage` with Basic credentials."""
    monkeypatch.setenv("REQUESTS_CA_BUNDLE", dev.ca)
    return Python(dev, dev.secret).client


def as_application(dev, made):
    """PyPI `vonage` with an application's key."""
    auth = vonage.Auth(application_id=made.id, private_key=made.keys.private_key)
    return vonage.Vonage(auth, vonage.HttpClientOptions(rest_host=dev.host, api_host=dev.host))


def config(receiver, **more):
    """An application whose webhooks go to the receiver."""
    webhooks = {
        f"{name}_url": {"address": f"{receiver.url}/{name}", "http_method": "POST"} for name in ("status", "inbound")
    }
    return ApplicationConfig(name="Shop", capabilities={"messages": {"webhooks": webhooks}, **more})


def verified(dev, hook):
    """The document of a webhook that both of the vendor's verifiers take."""
    token = hook.headers["authorization"].removeprefix("Bearer ")
    secret = dev.ready["account"]["signature_secret"]
    assert verify_signature(token, secret)
    assert not verify_signature(token, secret + "x")
    claims = javascript.run("verify.mjs", {"token": token, "secret": secret, "wrong": secret + "x"})
    assert claims["verified"] is True and claims["verified_by_another"] is False
    assert claims["payload_hash"] == hashlib.sha256(hook.body).hexdigest()
    assert claims["iss"] == "Vonage" and claims["api_key"] == dev.key
    assert hook.headers["content-type"] == "application/json"
    return json.loads(hook.body), claims


def test_python_keeps_applications(python):
    made = python.application.create_application(ApplicationConfig(name="One"))
    assert made.keys.private_key.startswith("-----BEGIN PRIVATE KEY-----")
    shown = python.application.get_application(made.id)
    assert shown.keys.public_key == made.keys.public_key
    assert "private_key" not in shown.keys.model_dump()
    changed = python.application.update_application(made.id, ApplicationConfig(name="Two"))
    assert (changed.name, changed.keys.public_key) == ("Two", made.keys.public_key)
    python.application.create_application(ApplicationConfig(name="Three"))
    page, more = python.application.list_applications()
    assert ([one.name for one in page], more) == (["Two", "Three"], None)
    page, more = python.application.list_applications(ListApplicationsFilter(page_size=1))
    assert ([one.name for one in page], more) == (["Two"], 2)
    python.application.delete_application(made.id)
    with pytest.raises(NotFoundError):
        python.application.get_application(made.id)


def test_a_key_of_ones_own_is_taken(python, tmp_path, dev):
    made = python.application.create_application(ApplicationConfig(name="Maker"))
    keys = {"public_key": made.keys.public_key}
    own = python.application.create_application(ApplicationConfig(name="Own", keys=keys))
    assert "private_key" not in own.keys.model_dump()
    # An operator moves an application here with its id and its key.
    pem = tmp_path / "key.pem"
    pem.write_text(made.keys.public_key)
    moved = str(uuid.uuid4())
    dev.cli("application", "create", "--account", dev.key, "--name", "Moved", "--id", moved, "--public-key", pem)
    made.id = moved
    sent = as_application(dev, made).messages.send(Sms(to=TO, from_="Acme", text="hi"))
    uuid.UUID(sent.message_uuid)


def test_python_sends_by_a_token_and_is_told_as_signed(python, dev, receiver):
    made = python.application.create_application(config(receiver))
    message = Sms(
        to=TO, from_="Acme", text="hi " * 70, client_ref="abc", ttl=90,
        sms=SmsOptions(encoding_type="text", entity_id="1"), webhook_version="v1",
    )
    sent = as_application(dev, made).messages.send(message)
    hooks = receiver.wait_for(2)
    told = [verified(dev, hook) for hook in hooks]
    assert {claims["application_id"] for _, claims in told} == {made.id}
    bodies = {body["status"]: body for body, _ in told}
    assert set(bodies) == {"submitted", "delivered"}
    for body in bodies.values():
        assert (body["message_uuid"], body["to"], body["from"]) == (sent.message_uuid, TO, "Acme")
        assert (body["channel"], body["client_ref"], body["sms"]) == ("sms", "abc", {"count_total": "2"})
        assert body["usage"] == {"currency": "EUR", "price": "0.0666"}
    wait_until(lambda: dev.stats()["notices"] == 0, "no webhook to be due")
    assert len(receiver.hooks) == 2
    assert dev.message(sent.message_uuid)["status"] == "delivered"


def test_python_sends_by_basic_to_a_url_of_the_message(python, dev, receiver):
    message = Sms(to=REJECTED, from_="Acme", text="hi", webhook_url=receiver.url, webhook_version="v0.1")
    sent = python.messages.send(message)
    body, claims = verified(dev, receiver.wait_for(1)[0])
    assert "application_id" not in claims
    assert (body["message_uuid"], body["status"]) == (sent.message_uuid, "rejected")
    assert body["to"] == {"type": "sms", "number": REJECTED}
    assert body["error"]["code"] == 1210


def test_a_wrong_key_and_another_channel_are_refused_as_the_vendor_does(python, dev):
    made = python.application.create_application(ApplicationConfig(name="One"))
    other = python.application.create_application(ApplicationConfig(name="Two"))
    made.keys.private_key = other.keys.private_key
    with pytest.raises(AuthenticationError):
        as_application(dev, made).messages.send(Sms(to=TO, from_="Acme", text="hi"))
    with pytest.raises(HttpRequestError) as refused:
        python.messages.send(WhatsappText(to=TO, from_="447700900001", text="hi"))
    assert refused.value.response.status_code == 422
    assert refused.value.response.json()["title"] == "Unsupported channel"
    with pytest.raises(NotFoundError) as unknown:
        python.messages.mark_whatsapp_message_read("asdf")
    assert unknown.value.response.json()["detail"] == "Message with ID asdf not found"
    wait_until(lambda: dev.stats()["messages"] == 0, "nothing to be stored")


def test_a_text_for_a_number_of_an_application_comes_signed(python, dev, receiver):
    made = python.application.create_application(config(receiver))
    given = dev.native("POST", "numbers", json={"number": OWN, "account": dev.key})
    assert given.status_code == 200, given.text
    python.numbers.update_number(UpdateNumberParams(country="GB", msisdn=OWN, app_id=made.id))
    text = "stop the world " * 15
    dev.cli("phone", "reply", TO, "--to", OWN, "--text", text)
    hook = receiver.wait_for(1)[0]
    body, claims = verified(dev, hook)
    assert (hook.path, claims["application_id"]) == ("/inbound", made.id)
    assert (body["to"], body["from"], body["text"], body["message_type"]) == (OWN, TO, text, "text")
    assert (body["sms"]["num_messages"], body["sms"]["keyword"]) == ("2", "STOP")
    wait_until(lambda: dev.stats()["notices"] == 0, "no webhook to be due")
    assert len(receiver.hooks) == 1


def test_python_rotates_secrets(python, dev):
    account = python.account
    (first,) = account.list_secrets()
    second = account.create_secret("Abcdefg123")
    assert account.get_secret(second.id).created_at == second.created_at
    with pytest.raises(ForbiddenError) as refused:
        account.create_secret("Abcdefg124")
    assert refused.value.response.json()["title"] == "Secret Addition Forbidden"
    # The library's headers stick: a form goes out as JSON.
    assert python.numbers.list_owned_numbers()[0] == []

    def by(secret):
        return Python(dev, secret).send(**{"to": TO, "from": "Acme", "text": "hi"}).statuses

    assert (by(dev.secret), by("Abcdefg123")) == (["0"], ["0"])
    account.revoke_secret(second.id)
    assert by("Abcdefg123") == ["4"]
    with pytest.raises(ForbiddenError) as last:
        account.revoke_secret(first.id)
    assert last.value.response.json()["title"] == "Secret Deletion Forbidden"


def test_node_does_all_of_it(dev, receiver):
    job = {"key": dev.key, "secret": dev.secret, "host": dev.http, "receiver": receiver.url, "to": TO}
    seen = javascript.run("applications.mjs", job)
    assert seen["private_key"].startswith("-----BEGIN PRIVATE KEY-----")
    assert seen["listed"] == ["Shop", "Second"]
    assert seen["updated"] == "Renamed"
    uuid.UUID(seen["sent"])
    assert seen["whatsapp"] == {"status": 422, "title": "Unsupported channel"}
    assert seen["marked"] == 404
    assert seen["deleted"] == 404
    assert seen["after_deletion"] == 401
    statuses = {verified(dev, hook)[0]["status"] for hook in receiver.wait_for(2)}
    assert statuses == {"submitted", "delivered"}


def test_a_token_made_by_the_vendors_signer_is_good_for_a_plain_request(python, dev):
    made = python.application.create_application(ApplicationConfig(name="One"))
    token = JwtClient(made.id, made.keys.private_key).generate_application_jwt().decode()
    body = {"message_type": "text", "channel": "sms", "to": TO, "from": "Acme", "text": "hi"}
    headers = {"Authorization": f"Bearer {token}"}
    answer = requests.post(f"{dev.http}/v1/messages", json=body, headers=headers, timeout=LIMIT_SECONDS)
    assert answer.status_code == 202, answer.text
    uuid.UUID(answer.json()["message_uuid"])
