"""A client of Whimbrel's native API, as far as tests need it. Only the standard library."""

import json
import urllib.error
import urllib.parse
import urllib.request

# How long an answer may take over the time that was asked for.
_MARGIN_SECONDS = 30


class Refused(Exception):
    """The server did not do it; the message says why and what to do."""

    def __init__(self, status, document):
        self.status, self.document = status, document
        super().__init__(document.get("detail", f"the server answered {status}"))


class WaitTimeout(AssertionError):
    """No such text came in time; the message says what came instead."""

    def __init__(self, document):
        self.document = document
        lines = [document.get("detail", "nothing came")]
        for other in document.get("others", []):
            text = f' "{other["text"]}"' if other.get("text") else ""
            lines.append(f"  {other['ago_ms'] / 1000:.0f} s ago to +{other['to']}{text}: {other['why_not']}")
        super().__init__("\n".join(lines))


class Whimbrel:
    """A running server."""

    def __init__(self, url, token=None, environment=None):
        self.url = url.rstrip("/")
        self._token = token
        #: What an application needs to send through it, for its environment.
        self.environment = dict(environment or {})

    def call(self, method, path, body=None, query=None, seconds=0):
        """A call of the native API; raises `Refused` for what is no success."""
        query = {name: value for name, value in (query or {}).items() if value is not None}
        url = f"{self.url}/_whimbrel/v1/{path}" + (f"?{urllib.parse.urlencode(query)}" if query else "")
        headers = {"Content-Type": "application/json"}
        if self._token:
            headers["Authorization"] = f"Bearer {self._token}"
        data = json.dumps(body).encode() if body is not None else None
        request = urllib.request.Request(url, data, headers, method=method)
        # Never over a proxy that was set for the application.
        opener = urllib.request.build_opener(urllib.request.ProxyHandler({}))
        try:
            with opener.open(request, timeout=seconds + _MARGIN_SECONDS) as answer:
                return json.load(answer)
        except urllib.error.HTTPError as error:
            with error:
                octets = error.read()
            try:
                document = json.loads(octets)
            except ValueError:
                document = {"detail": f"{url} answered {error.code}"}
            raise Refused(error.code, document) from None

    def messages(self, query="", limit=50):
        """Messages that fit a search, the newest first."""
        return self.call("GET", "messages", query={"q": query, "limit": limit})["messages"]

    def wait(self, extract=None, timeout=15, **query):
        """Waits for a text; the answer's document. Raises `WaitTimeout`."""
        query = {**query, "extract": extract, "timeout": f"{int(timeout * 1000)}ms"}
        try:
            return self.call("GET", "wait", query=query, seconds=timeout)
        except Refused as refused:
            if refused.status == 408:
                raise WaitTimeout(refused.document) from None
            raise


class Phone:
    """A leased phone."""

    def __init__(self, whimbrel, lease):
        self._whimbrel = whimbrel
        #: The number in international form, with `+`.
        self.number = lease["number"]
        #: From where the next wait starts: nothing newer is missed.
        self.since = lease["since"]

    def wait_for_otp(self, timeout=15, query=None):
        """The one-time code of the newest text that came since the lease, or since the last wait."""
        return self._wait("otp", timeout, query)

    def wait_for_link(self, timeout=15, query=None):
        """The link of such a text."""
        return self._wait("link", timeout, query)

    def wait_for_text(self, timeout=15, query=None):
        """The whole of such a text."""
        return self._wait("text", timeout, query)

    def _wait(self, extract, timeout, query):
        found = self._whimbrel.wait(extract, timeout, to=self.number, q=query, since=self.since)
        self.since = found["since"]
        return found["value"]

    def texts(self):
        """What was said at the phone, the oldest first; `direction` is `to_phone` or `from_phone`.

        A text stands here once the carrier has brought it, a moment after a wait for it was answered.
        """
        return self._whimbrel.call("GET", f"phones/{urllib.parse.quote(self.number)}")

    def reply(self, to, text):
        """The phone sends a text to a number of the server."""
        return self._whimbrel.call("POST", f"phones/{urllib.parse.quote(self.number)}/reply", {"to": to, "text": text})

    def set(self, **changes):
        """Changes what becomes of texts to it: `setting` ("on", "off"), `outcome`, `after`."""
        return self._whimbrel.call("PATCH", f"phones/{urllib.parse.quote(self.number)}", changes)

    def __repr__(self):
        return f"<Phone {self.number}>"


class Phones:
    """Leases phones, and gives all of them back."""

    def __init__(self, whimbrel, note=None):
        self._whimbrel, self._note = whimbrel, note
        self.leased = []

    def lease(self, **wishes):
        """One more phone; wishes are `country`, `outcome`, `after`, `ttl` and `note`."""
        wishes = {"note": self._note, **wishes}
        phone = Phone(self._whimbrel, self._whimbrel.call("POST", "leases", wishes))
        self.leased.append(phone)
        return phone

    def release(self):
        """Gives all of them back."""
        while self.leased:
            phone = self.leased.pop()
            try:
                self._whimbrel.call("DELETE", f"leases/{urllib.parse.quote(phone.number)}")
            except Refused as refused:
                # Its time was over before.
                if refused.status != 404:
                    raise


class Clock:
    """The server's clock."""

    def __init__(self, whimbrel):
        self._whimbrel = whimbrel

    def advance(self, by):
        """Puts it forward by a time such as "10m"; what is due meanwhile happens at once. The new time, RFC 3339."""
        return self._whimbrel.call("POST", "clock", {"advance": by})["now"]

    def reset(self):
        """Puts it back to that of the machine."""
        return self._whimbrel.call("DELETE", "clock")["now"]
