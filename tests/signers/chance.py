"""Random inputs from a seed: texts as people send them, and as they break signers."""

import random

LETTERS = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789"
AWKWARD = "&=&=+% \t\r\n\"'\\/?#<>{}[]~!*();:@$,|^`\0\x7f"
FOREIGN = "äöüßéñøłžاحمדש中文日本語한국กขค€£¥…–—“”ÿĀ\u00a0\u200d\u2028\ufeff\ufffd"
ASTRAL = "😀🎉👩‍💻𝒳🇩🇪"
NAMES = ["to", "from", "text", "type", "client-ref", "status-report-req", "message-class", "messageId", "message-timestamp",
         "concat", "concat-ref", "concat-part", "ttl", "Zeta", "udh", "body", "vcard", "nonce", "msisdn", "a", "A", "_", "-", "~"]


class Chance:
    """All that is random, so that a seed tells one story."""

    def __init__(self, seed):
        self.random = random.Random(seed)

    def text(self, most=40, alphabet=None):
        """A text of up to `most` characters, of one kind or of all."""
        kinds = [LETTERS, LETTERS + " ", LETTERS + AWKWARD, LETTERS + FOREIGN, LETTERS + AWKWARD + FOREIGN + ASTRAL]
        alphabet = alphabet or self.random.choice(kinds)
        return "".join(self.random.choice(alphabet) for _ in range(self.random.randrange(most + 1)))

    def word(self, least, most, alphabet=LETTERS):
        """A text that is not too short."""
        return "".join(self.random.choice(alphabet) for _ in range(self.random.randint(least, most)))

    def name(self):
        """A parameter's name: mostly one of the API, sometimes any without `&` and `=`."""
        if self.random.random() < 0.8:
            return self.random.choice(NAMES)
        return self.word(1, 8, LETTERS + "-_.[]" + "äöüß€é中")

    def uuid(self):
        """A UUID of version 4."""
        digits = f"{self.random.getrandbits(128):032x}"
        return f"{digits[:8]}-{digits[8:12]}-4{digits[13:16]}-a{digits[17:20]}-{digits[20:]}"

    def choice(self, items):
        """One of them."""
        return self.random.choice(items)

    def integer(self, least, most):
        """A whole number, both ends included."""
        return self.random.randint(least, most)

    def spoiled(self, text):
        """The text with one character changed, in digits to another digit."""
        at = self.random.randrange(len(text))
        other = self.choice([character for character in "0123456789abcdef" if character != text[at].lower()])
        return text[:at] + other + text[at + 1 :]
