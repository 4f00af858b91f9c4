"""The vendor's own libraries behind one face, so that one flow is one test for all of them.

Each is unmodified and only told another host: PyPI `vonage` over TLS with our CA, as it speaks nothing else; npm
`@vonage/server-sdk` and the retired npm `nexmo` over plain HTTP. Versions are pinned in requirements.txt and
node/package-lock.json.
"""

import concurrent.futures
import re
import urllib.parse

import javascript
import vonage
from vonage_sms import SmsMessage
from vonage_sms.errors import PartialFailureError, SmsError

FIELDS = ["to", "message-id", "status", "remaining-balance", "message-price", "network", "client-ref", "error-text"]


class Reply:
    """What a library made of our answer: its messages by the names of the wire, or what it threw."""

    def __init__(self, messages, thrown=None, said=None):
        self.messages, self.thrown, self.said = messages, thrown, said

    @property
    def statuses(self):
        """The status of each message."""
        return [message["status"] for message in self.messages]

    @property
    def refusal(self):
        """Status and text of the first message."""
        return self.messages[0]["status"], self.messages[0]["error-text"]


class Python:
    """PyPI `vonage` 4."""

    name = "python"
    refusals = ("SmsError",)

    def __init__(self, gateway, secret):
        self.client = vonage.Vonage(
            vonage.Auth(api_key=gateway.key, api_secret=secret),
            vonage.HttpClientOptions(rest_host=gateway.host, api_host=gateway.host),
        )

    def send(self, **message):
        """One message. Names are those of the wire, with `_` for `-`."""
        fields = {"text": "", **message, "from_": message.get("from", "")}
        fields.pop("from", None)
        try:
            response = self.client.sms.send(SmsMessage(**fields))
        except PartialFailureError as error:
            return Reply([], "PartialFailureError", str(error))
        except SmsError as error:
            said = str(error)
            code, text = re.search(r"error code (\d+): (.*)\Z", said).groups()
            return Reply([{"status": code, "error-text": text}], "SmsError", said)
        return Reply([self._message(part) for part in response.messages])

    @staticmethod
    def _message(part):
        return {name: getattr(part, name.replace("-", "_"), None) for name in FIELDS}

    def send_at_once(self, count, **message):
        """The same message that often, side by side."""
        with concurrent.futures.ThreadPoolExecutor(count) as pool:
            return list(pool.map(lambda _: self.send(**message), range(count)))


class Script:
    """A library that a Node script of ours uses."""

    def __init__(self, gateway, secret):
        self.job = {"key": gateway.key, "secret": secret, **self.where(gateway)}

    def send(self, **message):
        """One message. Names are those of the wire, with `_` for `-`."""
        return self.send_at_once(1, **message)[0]

    def send_at_once(self, count, **message):
        """The same message that often, side by side."""
        answers = javascript.run(self.script, {**self.job, "messages": [self.spelled(message)] * count})
        assert len(answers) == count
        return [self._reply(answer) for answer in answers]

    def _reply(self, answer):
        messages = (answer.get("response") or {}).get("messages") or []
        found = [{name: message.get(self.field(name)) for name in FIELDS} for message in messages]
        return Reply(found, answer.get("thrown"), answer.get("message"))


def camel(name):
    """`client_ref` and `client-ref` as JavaScript spells them."""
    first, *rest = re.split("[-_]", name)
    return first + "".join(word.capitalize() for word in rest)


class Node(Script):
    """npm `@vonage/server-sdk` 3: Basic credentials and a JSON body."""

    name = "node"
    # 3.30.1 compares the count of failures with our `message-count`, which is a text, and so calls a whole failure partial.
    refusals = ("MessageSendPartialFailure", "MessageSendAllFailure")
    script = "sdk.mjs"
    field = staticmethod(camel)

    @staticmethod
    def where(gateway):
        """The documented option: a URL."""
        return {"host": gateway.http}

    @staticmethod
    def spelled(message):
        """The library spells names in camel case."""
        return {camel(name): value for name, value in message.items()}


class RetiredNode(Script):
    """npm `nexmo` 2.9.1: everything in the query of a POST without a body."""

    name = "retired node"
    refusals = (None,)
    script = "retired.mjs"

    @staticmethod
    def where(gateway):
        """The documented options: host and port; any port but 443 is plain HTTP."""
        url = urllib.parse.urlsplit(gateway.http)
        return {"host": url.hostname, "port": url.port}

    @staticmethod
    def spelled(message):
        """The library takes the names of the wire."""
        return {name.replace("_", "-"): value for name, value in message.items()}

    @staticmethod
    def field(name):
        """It gives the answer as it came."""
        return name


ALL = [Python, Node, RetiredNode]
