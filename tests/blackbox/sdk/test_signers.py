"""The vendor's libraries that sign their requests, and those that check signed webhooks; all of them unmodified.

Source: the libraries themselves (`vonage` 4.9.1 and `nexmo` 2.5.2 for Python, `nexmo` 2.9.1 and `@vonage/sms` for Node) and the
vendor's page "Signing messages", read 2026.
"""

import json
import subprocess
import urllib.parse

import javascript
import nexmo
import pytest
import vonage
from gateway import LIMIT_SECONDS, environment
from proxy import Proxy
from signing import METHODS, SECRET, canonical, let_sign, signature
from vonage_sms import SmsMessage
from vonage_sms.errors import SmsError

TEXT = {"to": "447700900000", "from": "AcmeInc", "text": "A=B & C"}


def vonage_4(dev, method, **more):
    """The current library for Python. It has no md5hash."""
    auth = vonage.Auth(api_key=dev.key, signature_secret=SECRET, signature_method=method, **more)
    return vonage.Vonage(auth, vonage.HttpClientOptions(rest_host=dev.host, api_host=dev.host))


def test_the_current_python_library_signs(dev, monkeypatch):
    # It signs every field that it does not send as `None`: the live service refuses that, we take it.
    monkeypatch.setenv("REQUESTS_CA_BUNDLE", dev.ca)
    message = SmsMessage(to=TEXT["to"], from_=TEXT["from"], text=TEXT["text"])
    for method in METHODS[1:]:
        let_sign(dev, method)
        assert vonage_4(dev, method).sms.send(message).messages[0].status == "0"
        other = METHODS[1 + METHODS.index(method) % 4]
        with pytest.raises(SmsError, match="14: Invalid Signature"):
            vonage_4(dev, other).sms.send(message)
    assert dev.stats()["messages"] == 4


def test_a_header_that_stuck_to_the_client_is_no_matter(dev, monkeypatch):
    monkeypatch.setenv("REQUESTS_CA_BUNDLE", dev.ca)
    let_sign(dev, "sha256")
    client = vonage_4(dev, "sha256", api_secret=dev.secret)
    client.http_client._headers["Authorization"] = client.http_client.auth.create_basic_auth_string()
    message = SmsMessage(to=TEXT["to"], from_=TEXT["from"], text="with a header")
    assert client.sms.send(message).messages[0].status == "0"


def test_the_retired_python_library_signs(dev, monkeypatch):
    proxy = Proxy(int(dev.https.rsplit(":", 1)[1]))
    monkeypatch.setenv("REQUESTS_CA_BUNDLE", dev.ca)
    # It takes a host or an address, and no port.
    monkeypatch.setenv("HTTPS_PROXY", proxy.url)
    monkeypatch.delenv("NO_PROXY", raising=False)
    monkeypatch.delenv("no_proxy", raising=False)
    try:
        for method in METHODS:
            let_sign(dev, method)
            named = None if method == "md5hash" else method
            client = nexmo.Client(key=dev.key, secret=dev.secret, signature_secret=SECRET, signature_method=named)
            client.host("127.0.0.1")
            answer = nexmo.Sms(client).send_message({**TEXT, "status-report-req": True})
            assert answer["messages"][0]["status"] == "0", answer
            client.signature_secret = "another"
            answer = nexmo.Sms(client).send_message({**TEXT, "text": "x"})
            assert answer["messages"][0]["status"] == "14", answer
    finally:
        proxy.close()


def test_the_retired_node_library_signs(dev):
    url = urllib.parse.urlsplit(dev.http)
    job = {"host": url.hostname, "port": url.port, "key": dev.key, "secret": dev.secret}
    # It damages `&`, `+` and `#` on their way, signed or not.
    texts = [{**TEXT, "text": "Hello wörld"}, {**TEXT, "text": "again"}]
    for method in METHODS:
        let_sign(dev, method)
        for secret, status in [(SECRET, "0"), ("another", "14")]:
            signer = {"secret": secret, "method": method}
            answers = javascript.run("retired.mjs", {**job, "signer": signer, "messages": texts})
            assert [answer["response"]["messages"][0]["status"] for answer in answers] == [status] * 2, answers


class Node:
    """`verifySignature` of the current library for Node, in a process that lives on."""

    def __init__(self):
        pipe = subprocess.PIPE
        self.process = subprocess.Popen(
            javascript.command("signers.mjs"), env=environment(), stdin=pipe, stdout=pipe, text=True
        )

    def check(self, parameters, method):
        """What it says."""
        job = {"op": "sms-verify", "method": method, "secret": SECRET, "sig": parameters["sig"]}
        self.process.stdin.write(json.dumps({**job, "parameters": dict(parameters)}) + "\n")
        self.process.stdin.flush()
        return json.loads(self.process.stdout.readline())["ok"]

    def close(self):
        """The end of its input is its end."""
        self.process.stdin.close()
        assert self.process.wait(LIMIT_SECONDS) == 0


@pytest.fixture
def node():
    """The checker for Node."""
    node = Node()
    yield node
    node.close()


class Checkers:
    """The libraries' own checks of a signed webhook."""

    def __init__(self, method, node):
        self.method, self.node = method, node
        named = None if method == "md5hash" else method
        self.retired = nexmo.Client(key="abcd1234", secret="x", signature_secret=SECRET, signature_method=named)
        self.current = None
        if named:
            self.current = vonage.Auth(api_key="abcd1234", signature_secret=SECRET, signature_method=method)

    def verdicts(self, parameters):
        """What each says, by its name."""
        said = {"nexmo": self.retired.check_signature(dict(parameters)), "@vonage/sms": self.node.check(parameters, self.method)}
        if self.current:
            said["vonage"] = self.current.check_signature(dict(parameters))
        return said


@pytest.mark.parametrize("way", ["GET", "POST", "POST-JSON"])
def test_receipts_and_inbound_texts_pass_the_libraries_checks(dev, receiver, node, way):
    # Parameters of the URL are part of a GET.
    receipts = f"{receiver.url}/dlr?shop=3" if way == "GET" else f"{receiver.url}/dlr"
    dev.patch_account(receipt_url=receipts, inbound_url=f"{receiver.url}/in", webhook_method=way)
    owned = dev.native("POST", "numbers", json={"number": "447700900000", "account": dev.key})
    assert owned.status_code == 200, owned.text
    for count, method in enumerate(METHODS, 1):
        let_sign(dev, method, "signed")
        dev.send(**{"client-ref": "a=b & c/ü"})
        dev.cli("phone", "reply", "447700900123", "--to", "447700900000", "--text", "Tom & Jerry = 2 + 2 ü €")
        hooks = receiver.wait_for(2 * count)[-2:]
        assert {hook.path for hook in hooks} == {"/dlr", "/in"}
        for hook in hooks:
            check_hook(hook, method, Checkers(method, node))


def check_hook(hook, method, checkers):
    """Every library takes it as it is and refuses it with a digit more; and so do we."""
    parameters = dict(hook.parameters)
    assert [name for name, _ in hook.parameters][-3:] == ["timestamp", "nonce", "sig"]
    assert all(checkers.verdicts(parameters).values()), (checkers.verdicts(parameters), canonical(parameters))
    made = signature(parameters, method)
    assert parameters["sig"] == (made if method == "md5hash" else made.upper())
    spoiled = {**parameters, "to": parameters["to"] + "0"}
    assert not any(checkers.verdicts(spoiled).values())
