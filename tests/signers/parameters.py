"""Signed parameters: `vonage` 4.9.1 and `nexmo` 2.5.2 for Python, `nexmo` 2.9.1, `@vonage/sms` and `@vonage/auth` for Node."""

import hashlib
import json
import urllib.parse

import nexmo
import requests
from vonage import Auth, HttpClientOptions, Vonage
from vonage_sms import SmsMessage

METHODS = ["md5hash", "md5", "sha1", "sha256", "sha512"]


class Capture(requests.adapters.BaseAdapter):
    """Takes requests instead of the network and accepts each message."""

    def send(self, request, **_):
        self.body = request.body
        response = requests.Response()
        response.status_code = 200
        response.request = request
        response.headers["Content-Type"] = "application/json"
        message = {"to": "1", "message-id": "1", "status": "0", "remaining-balance": "1", "message-price": "1", "network": "1"}
        response._content = json.dumps({"message-count": "1", "messages": [message]}).encode()
        return response

    def close(self):
        """Nothing is open."""


class Parameters:
    """One comparison after the other, for `judge` and `node`."""

    def __init__(self, judge, node, tally):
        self.judge, self.node, self.tally = judge, node, tally
        self.retired = nexmo.Client(key="abcd1234", secret="unused")

    def python_4(self, method, secret):
        """The current library's signer, which has no md5hash."""
        return Auth(api_key="abcd1234", signature_secret=secret, signature_method=method)

    def python_2(self, method, secret):
        """The retired library, set to a method."""
        self.retired.signature_secret = secret
        self.retired.signature_method = None if method == "md5hash" else getattr(hashlib, method)
        return self.retired

    def ours(self, method, secret, sent):
        """Our signature of what is sent."""
        return self.judge.ask("nexmo-sign", method=method, secret=secret, parameters=list(sent.items()))["ok"]

    def verify(self, method, secret, sent, sig, now, **more):
        """Our verdict on what came."""
        pairs = [*sent.items(), ("sig", sig)]
        return self.judge.ask("nexmo-verify", method=method, secret=secret, parameters=pairs, now=now, **more)

    def random(self, chance):
        """Any request or webhook, by all signers, in both directions."""
        now = chance.integer(1_000_000_000, 2_000_000_000)
        method, secret = chance.choice(METHODS), chance.word(1, 40, chance.choice(["abcdef0123456789", "aZ9 ?/\\&=%", "äö😀"]))
        typed = {chance.name(): chance.text(200 if chance.integer(0, 9) == 0 else 30) for _ in range(chance.integer(0, 12))}
        typed |= {"api_key": "abcd1234", "timestamp": str(now)}
        typed.pop("sig", None)
        # Python signs numbers and booleans as it sends them.
        sent = dict(typed)
        for name, value in (("ttl", chance.integer(0, 10**12)), ("status-report-req", chance.choice([True, False]))):
            if chance.integer(0, 3) == 0:
                typed[name], sent[name] = value, str(value)
        about = (method, secret, sent)
        ours = self.ours(method, secret, sent)
        self.tally.inputs += 1
        self.signers(method, secret, typed, sent, ours)
        accepted = self.verify(method, secret, sent, ours, now)
        self.tally.same("ours accepts ours", accepted, {"ok": "canonical"}, about)
        self.verifiers(method, secret, sent, ours, True)
        spoiled = chance.spoiled(ours)
        refused = self.verify(method, secret, sent, spoiled, now)
        self.tally.same("ours refuses a changed one", refused, {"fault": "the signature does not match"}, about)
        self.verifiers(method, secret, sent, spoiled, False)
        name = chance.choice([name for name in sent if name != "timestamp"])
        changed = {**sent, name: sent[name] + chance.choice("0 x")}
        self.tally.same("ours refuses a changed value", self.verify(method, secret, changed, ours, now), refused, about)
        self.verifiers(method, secret, changed, ours, False)

    def signers(self, method, secret, typed, sent, ours):
        """Every library signs as we do. Case is each one's own; ours is the live service's."""
        about, low = (method, secret, typed), ours.lower()
        self.tally.same("nexmo 2.5.2 (Python) signs as we do", low, self.python_2(method, secret).signature(dict(typed)), about)
        retired = self.node.ask("retired-sign", method=method, secret=secret, parameters=sent)
        self.tally.same("nexmo 2.9.1 (Node) signs as we do", {"ok": low}, retired, about)
        if method != "md5hash":
            self.tally.same("vonage 4.9.1 signs as we do", low, self.python_4(method, secret).sign_params(dict(typed)), about)
        auth = self.node.ask("auth-sign", method=method, secret=secret, parameters=sent)
        self.tally.differs("node's auth replaces separators", (low, low), (auth.get("ok") == low, False), about)

    def verifiers(self, method, secret, sent, sig, valid):
        """Every library that verifies says the same."""
        about, signed = (method, secret, sent, sig), {**sent, "sig": sig}
        word = "accepts ours" if valid else "refuses a changed one"
        self.tally.same(f"nexmo 2.5.2 (Python) {word}", valid, self.python_2(method, secret).check_signature(signed), about)
        if method != "md5hash":
            verdict = self.python_4(method, secret).check_signature(dict(signed))
            self.tally.same(f"vonage 4.9.1 {word}", valid, verdict, about)
        verdict = self.node.ask("sms-verify", method=method, secret=secret, parameters=signed, sig=sig)
        self.tally.same(f"@vonage/sms {word}", {"ok": valid}, verdict, about)

    def on_the_wire(self, chance):
        """What the libraries send, read as a server reads it."""
        self.tally.inputs += 1
        secret = chance.word(8, 32)
        message = {"from": chance.text(11) or "Acme", "to": f"4477009{chance.integer(0, 99999):05}", "text": chance.text(60) or "-"}
        self.python_4_sends(chance.choice(METHODS[1:]), secret, message)
        self.node_2_sends(chance.choice(METHODS), secret, message)

    def python_4_sends(self, method, secret, message):
        """`Sms.send` as documented."""
        client = Vonage(self.python_4(method, secret), HttpClientOptions())
        capture = Capture()
        client.http_client._session.mount("https://", capture)
        client.sms.send(SmsMessage(to=message["to"], from_=message["from"], text=message["text"]))
        sent = dict(urllib.parse.parse_qsl(capture.body, keep_blank_values=True))
        sig, now = sent.pop("sig"), int(sent["timestamp"])
        strict = self.verify(method, secret, sent, sig, now).get("fault")
        told = "the signature does not match"
        self.tally.differs("python 4 signs what it does not send", (strict, told), (True, True), (method, secret, message))
        tolerant = self.verify(method, secret, sent, sig, now, tolerance="unset")
        self.tally.same("ours accepts what vonage 4.9.1 sends, told to", tolerant, {"ok": "unset-as-none"}, message)

    def node_2_sends(self, method, secret, message):
        """`message.sendSms` as documented."""
        path = self.node.ask("retired-path", method=method, secret=secret, message=message)["ok"]
        # A fragment would not reach a server: HTTP clients send what precedes `#`, this library sends all of it.
        sent = dict(urllib.parse.parse_qsl(path.split("?", 1)[1].split("#")[0], keep_blank_values=True))
        sig, now = sent.pop("sig", "00"), int(sent.get("timestamp", "0"))
        about = (method, secret, message, path)
        verdict = self.verify(method, secret, sent, sig, now)
        if any(mark in value for value in message.values() for mark in "&+#"):
            self.tally.differs("node 2.9.1 sends values half encoded", ("ok" in verdict, False), (True, True), about)
        else:
            self.tally.same("ours accepts what nexmo 2.9.1 (Node) sends", verdict, {"ok": "canonical"}, about)

    def known(self, chance):
        """Differences that random inputs do not meet."""
        method, secret, now = chance.choice(METHODS), chance.word(8, 32), 1_900_000_000
        sent = {"\U0001f600": chance.text(5), "\ufb01": chance.text(5), "timestamp": str(now)}
        ours = self.ours(method, secret, sent)
        theirs = self.node.ask("retired-sign", method=method, secret=secret, parameters=sent)["ok"]
        verdict = self.node.ask("sms-verify", method=method, secret=secret, parameters=sent, sig=ours)["ok"]
        seen = (theirs == ours.lower(), verdict)
        self.tally.differs("node sorts by units of UTF-16", (True, True), (seen, (False, False)), sent)
        python = self.python_2(method, secret).signature(dict(sent))
        self.tally.same("nexmo 2.5.2 (Python) signs as we do", ours.lower(), python, sent)
        late = self.verify(method, secret, sent, ours, now + 301)
        signed = {"text": "hi", "timestamp": str(now), "sig": self.ours(method, secret, {"text": "hi", "timestamp": str(now)})}
        verdicts = (
            self.python_2(method, secret).check_signature(signed),
            self.node.ask("sms-verify", method=method, secret=secret, parameters=signed, sig=signed["sig"])["ok"],
        )
        told = {"fault": "the timestamp is 301 s old"}
        self.tally.differs("verifiers of parameters see no time", (late, told), (verdicts, (True, True)), sent)
