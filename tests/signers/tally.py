"""Counts what was compared, keeps what differed, and knows what may differ.

`KNOWN` is all that may. Each of them is asserted for every input of its kind: a known difference that does not show is a
failure, as is one that is never met, so that the table stays true when the vendors change.
"""

import collections

KNOWN = {
    "python 4 signs what it does not send": "vonage 4.9.1, Sms.send: every unset field of the model, `sig` too, is signed as the text `None`.",
    "node's auth replaces separators": "@vonage/auth, createSignatureHash: encodes, sorts, then replaces every `&` and `=`; nothing calls it.",
    "node 2.9.1 sends values half encoded": "nexmo 2.9.1 signs decoded values and writes them with encodeURI, so that `&`, `+` and `#` arrive damaged.",
    "node sorts by units of UTF-16": "nexmo 2.9.1 and @vonage/sms, sort(): a name beyond U+FFFF comes before one of U+E000 to U+FFFF.",
    "verifiers of parameters see no time": "check_signature and verifySignature look at no timestamp; ours must be inside the window.",
    "python refuses what is issued ahead": "vonage-jwt, verify_signature: an `iat` a second ahead is refused; ours allows 60 seconds.",
    "node does not look at iat": "@vonage/jwt, verifySignature: `iat` may lie in the future; ours not beyond 60 seconds.",
    "verifiers of webhooks see no body": "verify_signature and verifySignature check neither `payload_hash` nor that it is there.",
    "node takes a public key as the secret": "@vonage/jwt, verifySignature takes RS256 as well, with whatever key it is given.",
    "a claim twice is taken": "PyJWT and jsonwebtoken let the last of two claims of one name win; ours refuses both.",
    "long tokens are taken": "PyJWT and jsonwebtoken have no bound; ours reads 4096 octets.",
}

TOLD_MAX = 10


class Tally:
    """What was seen so far."""

    def __init__(self):
        self.inputs = 0
        self.agreed = collections.Counter()
        self.known = collections.Counter()
        self.failures = []

    def same(self, what, ours, theirs, about):
        """Ours and theirs must be equal."""
        if ours == theirs:
            self.agreed[what] += 1
        else:
            self.failures.append(f"{what}: ours {ours!r}, theirs {theirs!r}, for {about!r}")

    def differs(self, name, ours, theirs, about):
        """Ours and theirs must both be what is known of them: pairs of what is and what was to be."""
        assert name in KNOWN, name
        if ours[0] == ours[1] and theirs[0] == theirs[1] and ours[1] != theirs[1]:
            self.known[name] += 1
        else:
            self.failures.append(f"known difference `{name}` is another: ours {ours!r}, theirs {theirs!r}, for {about!r}")

    def told(self):
        """Prints what was found; whether all was well."""
        for what, count in sorted(self.agreed.items()):
            print(f"{count:>8}  {what}")
        for name in KNOWN:
            print(f"{self.known[name]:>8}  known difference: {name}")
            if not self.known[name]:
                self.failures.append(f"known difference `{name}` was never met")
        for failure in self.failures[:TOLD_MAX]:
            print(f"FAILED  {failure}")
        print(f"{self.inputs} inputs, {sum(self.agreed.values())} comparisons, {len(self.failures)} failures")
        return not self.failures
