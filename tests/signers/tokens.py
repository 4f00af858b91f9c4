"""JSON web tokens: `vonage-jwt`, `@vonage/jwt` and `nexmo` 2.9.1, applications' and webhooks'."""

import base64
import hashlib
import hmac
import json
import pathlib
import time
import warnings

import jwt
from cryptography.hazmat.primitives.serialization import load_pem_private_key
from vonage_jwt import JwtClient, VonageVerifyJwtError, verify_signature

# Customers' secrets are as short as they are; PyJWT warns of each.
warnings.filterwarnings("ignore", category=jwt.warnings.InsecureKeyLengthWarning)

KEYS = pathlib.Path(__file__).resolve().parents[2] / "crates/whimbrel-signing/tests/keys"
PRIVATE, PUBLIC = (KEYS / f"rfc7515_a2.{kind}.pem" for kind in ("pkcs8", "spki"))
OTHER = KEYS / "other.spki.pem"
BODY = '{"status":"delivered"}'


def theirs(token, secret):
    """The verdict of the library for Python."""
    try:
        return verify_signature(token, secret)
    except VonageVerifyJwtError:
        return None


class Tokens:
    """One comparison after the other, for `judge` and `node`."""

    def __init__(self, judge, node, tally):
        self.judge, self.node, self.tally = judge, node, tally
        self.private, self.public, self.other = (path.read_text() for path in (PRIVATE, PUBLIC, OTHER))
        # PyJWT would read and test the key anew for each token, which takes longer than all else.
        self.loaded = load_pem_private_key(self.private.encode(), None)

    def random(self, chance):
        """A token of each application's library and one of ours, then a webhook's."""
        self.tally.inputs += 1
        self.application(chance)
        self.webhook(chance)

    def application(self, chance):
        """What they make is accepted and read as it was meant; what we make is accepted."""
        now = int(time.time())
        application, jti, sub = chance.uuid(), chance.text() or "1", chance.text(20)
        acl = {"paths": {"/*/users/**": {}, "/*/" + chance.word(1, 8) + "/**": {"methods": ["GET"]}}}
        about = (application, jti, sub)
        options = {"jti": jti, "sub": sub, "acl": acl} if chance.integer(0, 1) else {"jti": jti}
        meant = {"application_id": application, "jti": jti, "sub": options.get("sub"), "has_acl": "acl" in options}
        made = {
            "vonage-jwt": JwtClient(application, self.loaded).generate_application_jwt({"iat": now, **options}).decode(),
            "@vonage/jwt": self.node.ask("token", application=application, key=self.private, options={"issued_at": now, **options})["ok"],
            "nexmo 2.9.1": self.node.ask("retired-token", key=self.private, claims={"application_id": application, "iat": now, **options})["ok"],
        }
        for name, token in made.items():
            verdict = self.judge.ask("token-verify", token=token, public=self.public, now=now)
            self.tally.same(f"ours accepts what {name} makes", verdict, {"ok": {**meant, "iat": now}}, about)
            refused = self.judge.ask("token-verify", token=token, public=self.other, now=now)
            told = {"fault": "the signature does not match"}
            self.tally.same("ours refuses another application's key", refused, told, about)
        ours = self.judge.ask("token-sign", application_id=application, iat=now, jti=jti, lifetime=900, private=self.private)["ok"]
        same = JwtClient(application, self.loaded).generate_application_jwt({"application_id": application, "iat": now, "jti": jti}).decode()
        claims = jwt.decode(ours, self.public, algorithms=["RS256"])
        self.tally.same("ours says what vonage-jwt's says", claims, jwt.decode(same, self.public, algorithms=["RS256"]), about)
        self.tally.same("@vonage/jwt accepts ours", {"ok": True}, self.node.ask("token-verify", token=ours, secret=self.public), about)
        self.tally.same("@vonage/jwt refuses another key", {"ok": False}, self.node.ask("token-verify", token=ours, secret=self.other), about)

    def webhook(self, chance):
        """What we send is accepted by both libraries; with anything changed by neither."""
        now, secret, body = int(time.time()), chance.word(4, 40), chance.text(200)
        job = {"secret": secret, "iat": now, "jti": chance.uuid(), "api_key": chance.text(10) or "a", "body": body}
        token = self.judge.ask("hook-sign", **job)["ok"]
        about = (job, token)
        hashed = jwt.decode(token, secret, algorithms=["HS256"])["payload_hash"]
        self.tally.same("payload_hash is the body's", hashed, hashlib.sha256(body.encode()).hexdigest(), about)
        self.verdicts("accepts ours", token, secret, True, about)
        self.verdicts("refuses another secret", token, secret + "x", False, about)
        head, claims, signature = token.split(".")
        changed = f"{head}.{claims}.{base64.urlsafe_b64encode(hashlib.sha256(signature.encode()).digest()).decode().rstrip('=')}"
        self.verdicts("refuses another signature", changed, secret, False, about)
        verdict = self.judge.ask("hook-verify", token=changed, secret=secret, body=body, now=now)
        self.tally.same("ours refuses another signature", verdict, {"fault": "the signature does not match"}, about)
        # What another HS256 signer makes of the same claims is accepted here.
        made = jwt.encode(jwt.decode(token, secret, algorithms=["HS256"]), secret, algorithm="HS256")
        verdict = self.judge.ask("hook-verify", token=made, secret=secret, body=body, now=now)
        self.tally.same("ours accepts what PyJWT makes", verdict, {"ok": job["jti"]}, about)

    def verdicts(self, word, token, secret, valid, about):
        """Both libraries must say the same."""
        self.tally.same(f"vonage-jwt {word}", valid, theirs(token, secret), about)
        self.tally.same(f"@vonage/jwt {word}", {"ok": valid}, self.node.ask("token-verify", token=token, secret=secret), about)

    def hook(self, claims, secret):
        """A webhook's token of any claims, which may be written twice."""
        url = lambda octets: base64.urlsafe_b64encode(octets).decode().rstrip("=")
        signed = url(b'{"alg":"HS256","typ":"JWT"}') + "." + url(claims.encode())
        return signed + "." + url(hmac.digest(secret.encode(), signed.encode(), "sha256"))

    def known(self, chance):
        """Differences that random inputs do not meet."""
        now, secret = int(time.time()), chance.word(8, 32)
        payload = hashlib.sha256(BODY.encode()).hexdigest()
        claims = {"iat": now, "jti": "1", "payload_hash": payload}
        judged = lambda token, at=now: self.judge.ask("hook-verify", token=token, secret=secret, body=BODY, now=at)
        node = lambda token, key=secret: self.node.ask("token-verify", token=token, secret=key)["ok"]
        ahead = self.hook(json.dumps({**claims, "iat": now + 50}), secret)
        self.tally.differs("python refuses what is issued ahead", (judged(ahead), {"ok": "1"}), (theirs(ahead, secret), None), ahead)
        far = self.hook(json.dumps({**claims, "iat": now + 90_000}), secret)
        told = {"fault": "the timestamp is 90000 s ahead"}
        self.tally.differs("node does not look at iat", (judged(far), told), (node(far), True), far)
        for told, other in (
            ("`payload_hash` is missing", {"iat": now, "jti": "1"}),
            ("the token was made for another body: its `payload_hash` does not match", {**claims, "payload_hash": "0" * 64}),
        ):
            token = self.hook(json.dumps(other), secret)
            seen = (theirs(token, secret), node(token))
            name = "verifiers of webhooks see no body"
            self.tally.differs(name, (judged(token), {"fault": told}), (seen, (True, True)), token)
        token = jwt.encode(claims, self.loaded, algorithm="RS256")
        verdict = self.judge.ask("hook-verify", token=token, secret=self.public, body=BODY, now=now)
        told = {"fault": "the secret is not in the form that this scheme uses"}
        self.tally.differs("node takes a public key as the secret", (verdict, told), (node(token, self.public), True), token)
        token = self.hook(json.dumps(claims).replace("}", ', "jti": "2"}'), secret)
        told = {"fault": "`jti` came twice, and nobody can say which of them counts"}
        seen = (theirs(token, secret), node(token))
        self.tally.differs("a claim twice is taken", (judged(token), told), (seen, (True, True)), token)
        token = self.hook(json.dumps({**claims, "more": "x" * 4_000}), secret)
        told = {"fault": "`token` is longer than 4096 octets"}
        seen = (theirs(token, secret), node(token))
        self.tally.differs("long tokens are taken", (judged(token), told), (seen, (True, True)), "long")
