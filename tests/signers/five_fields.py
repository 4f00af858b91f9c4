"""seven's signatures: `@seven.io/client`, what it sends and how it verifies webhooks."""

import hashlib
import time
import urllib.parse

BASE = "https://gateway.seven.io"


class FiveFields:
    """One comparison after the other, for `judge` and `node`."""

    def __init__(self, judge, node, tally):
        self.judge, self.node, self.tally = judge, node, tally

    def random(self, chance):
        """A request of theirs and a webhook of ours."""
        self.tally.inputs += 1
        key = chance.word(1, 40, chance.choice(["abcdef0123456789", "aZ9 ?/\\&=%", "äö😀"]))
        self.request(chance, key)
        self.webhook(chance, key)

    def request(self, chance, key):
        """What their client sends is accepted; with anything changed it is not."""
        call = chance.choice(["sms", "status", "contacts", "remove"])
        params = {chance.name(): chance.text() for _ in range(chance.integer(1, 8))}
        made = self.node.ask("seven-request", key=key, call=call, params=params)["ok"]
        headers = {name.lower(): value for name, value in made["headers"].items()}
        about = (key, call, params, made)
        job = {
            "key": key, "base": BASE, "path_and_query": made["url"].removeprefix(BASE), "method": made["method"],
            "body": made["body"], "timestamp": headers["x-timestamp"], "nonce": headers["x-nonce"],
            "signature": headers["x-signature"], "now": int(headers["x-timestamp"]),
        }
        signed = {**job, "timestamp": job["now"], "url": made["url"]}
        ours = self.judge.ask("seven-sign", **signed)
        self.tally.same("@seven.io/client signs as we do", ours, {"ok": headers["x-signature"]}, about)
        verdict = self.judge.ask("seven-verify", **job)
        self.tally.same("ours accepts what @seven.io/client sends", verdict, {"ok": BASE}, about)
        changes = [{"signature": chance.spoiled(job["signature"])}, {"body": job["body"] + " "}, {"method": "PATCH"},
                   {"nonce": job["nonce"] + "0"}, {"path_and_query": job["path_and_query"] + "x"}, {"base": "https://other.example.com"}]
        refused = self.judge.ask("seven-verify", **{**job, **chance.choice(changes)})
        self.tally.same("ours refuses a changed request", refused, {"fault": "the signature does not match"}, about)

    def webhook(self, chance, key):
        """What we send is accepted by their verifier; with anything changed it is not."""
        method = chance.choice(["POST", "GET"])
        body = chance.text(200) if method == "POST" else ""
        path = urllib.parse.quote(chance.word(1, 8)) + "?" + urllib.parse.urlencode({chance.name(): chance.text(10)})
        url = f"https://hooks.example.com:8443/{path}"
        now, nonce = int(time.time()), chance.word(32, 32)
        job = {"key": key, "method": method, "url": url, "body": body, "timestamp": now, "nonce": nonce}
        signature = self.judge.ask("seven-sign", **job)["ok"]
        fields = [str(now), nonce, method, url, hashlib.md5(body.encode()).hexdigest()]
        sent = {"key": key, "method": method, "url": url, "body": body,
                "headers": {"X-Signature": signature, "x-timestamp": str(now), "X-NONCE": nonce}}
        verdict = self.node.ask("seven-verify", **sent)["ok"]["valid"]
        self.tally.same("@seven.io/client accepts ours", True, verdict, (key, fields))
        changed = chance.choice([
            {"body": body + "x"}, {"url": url + "0"}, {"method": "PUT"}, {"key": key + "x"},
            {"headers": {**sent["headers"], "X-Signature": chance.spoiled(signature)}},
            {"headers": {**sent["headers"], "x-timestamp": str(now - 1)}},
        ])
        verdict = self.node.ask("seven-verify", **{**sent, **changed})["ok"]["valid"]
        self.tally.same("@seven.io/client refuses a changed one", False, verdict, (key, fields, changed))

    def known(self, chance):
        """There is none."""
