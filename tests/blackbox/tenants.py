"""Accounts of every dialect with endpoints and objects of their own, for tests of what one may know of another."""

import re
import urllib.parse

import requests
from gateway import LIMIT_SECONDS, wait_until
from receiver import Receiver

DIALECTS = ["nexmo", "seven", "nexo"]
# The last two digits say what becomes of a text: it is delivered.
RECIPIENTS = {"nexmo": "447700900100", "seven": "4915228817300", "nexo": "+84980000000"}


class Tenant:
    """An account of a dialect, called as its customers do, with a receiver for its webhooks."""

    def __init__(self, gateway, dialect, name, number):
        self.gateway, self.dialect, self.name, self.number = gateway, dialect, name, number
        self.receiver = Receiver()
        urls = {"receipt_url": f"{self.receiver.url}/receipt", "inbound_url": f"{self.receiver.url}/inbound"}
        made = gateway.native("POST", "accounts", json={"dialect": dialect, "name": name, **urls})
        assert made.status_code == 201, made.text
        self.made = made.json()
        self.key = self.made["api_key"]
        self.account = f"{dialect}:{self.key}"
        paid = gateway.native("POST", f"accounts/{self.key}/topup", json={"amount": "10"})
        assert paid.status_code == 200, paid.text
        given = gateway.native("POST", "numbers", json={"number": number, "account": self.key})
        assert given.status_code in (200, 201), given.text
        self.sent = {}
        self.objects = {"account": self.key, "number": number}

    def proof(self):
        """What makes a request this account's."""
        if self.dialect == "nexmo":
            return {"auth": (self.key, self.made["api_secret"])}
        secret = self.made["secret_key"]
        name = {"seven": ("X-Api-Key", secret), "nexo": ("Authorization", f"Bearer {secret}")}[self.dialect]
        return {"headers": {name[0]: name[1], "Accept": "application/json"}}

    def call(self, method, path, **arguments):
        """A request of the dialect."""
        proof = self.proof()
        return requests.request(
            method,
            self.gateway.http + path,
            auth=proof.get("auth"),
            headers={**proof.get("headers", {}), **arguments.pop("headers", {})},
            timeout=LIMIT_SECONDS,
            allow_redirects=False,
            **arguments,
        )

    def own(self, method, path, **arguments):
        """A request of the native API as the account's owner."""
        proof = self.proof()
        headers = {"Authorization": f"Bearer {self.made['secret_key']}"} if "auth" not in proof else {}
        return requests.request(
            method,
            f"{self.gateway.http}/_whimbrel/v1/{path}",
            auth=proof.get("auth"),
            headers=headers,
            timeout=LIMIT_SECONDS,
            **arguments,
        )

    def take(self, method, path, kind, pick, **arguments):
        """Makes an object and notes its id."""
        answer = self.call(method, path, **arguments)
        assert answer.status_code in (200, 201), (path, answer.status_code, answer.text)
        self.objects[kind] = str(pick(answer.json()))

    def furnish(self):
        """One object of every kind that accounts of the dialect have."""
        ask = self.gateway.native
        self.objects["secret"] = str(ask("GET", f"accounts/{self.key}/secrets").json()["secrets"][0]["id"])
        if self.dialect == "nexmo":
            shop = {"name": f"Shop of {self.name}"}
            self.take("POST", "/v2/applications", "application", lambda made: made["id"], json=shop)
            payment = {"reference": f"payment-of-{self.name}", "amount": "5", "times": 1}
            assert ask("PUT", f"accounts/{self.key}/reload", json=payment).status_code in (200, 201)
            self.objects["payment"] = payment["reference"]
            consumer = ask("POST", f"accounts/{self.key}/oauth/consumers", json={"name": f"Partner of {self.name}"})
            assert consumer.status_code == 201, consumer.text
            self.objects["consumer"] = consumer.json()["key"]
        if self.dialect == "seven":
            hook = {"target_url": f"{self.receiver.url}/hook", "event_type": "all", "request_method": "JSON"}
            self.take("POST", "/api/hooks", "hook", lambda made: made["id"], json=hook)
            contact = {"firstname": f"Friendof{self.name}", "mobile_number": "4915228817386"}
            self.take("POST", "/api/contacts", "contact", lambda made: made["id"], json=contact)
            self.take("POST", "/api/groups", "group", lambda made: made["id"], json={"name": f"Groupof{self.name}"})
            sub = {"name": f"Sub of {self.name}", "email": f"{self.name}@example.com"}
            self.take("POST", "/api/subaccounts/create", "subaccount", lambda made: made["subaccount"]["id"], json=sub)
            later = {"to": RECIPIENTS["seven"], "text": f"In a day, says {self.name}", "delay": "2035-01-01 00:00"}
            self.take("POST", "/api/sms", "scheduled", lambda made: made["messages"][0]["id"], json=later)

    def marks(self):
        """What must stand in no answer to anybody else."""
        ids = {value for kind, value in self.objects.items() if len(value) > 5 or kind == "account"}
        return {*ids, *self.sent.values(), self.name, self.receiver.url}

    def views(self):
        """All that it has, as it sees it."""
        paths = ["accounts/self", "accounts/self/messages", "accounts/self/secrets", "accounts/self/applications"]
        seen = {path: self.own("GET", path).text for path in paths}
        lists = {
            "nexmo": ["/account/numbers", "/v2/applications", "/account/get-balance"],
            "seven": [f"/api/{name}" for name in ("hooks", "contacts", "groups", "numbers/active", "subaccounts/list", "balance")],
            "nexo": ["/api/v1/balance"],
        }
        return seen | {path: self.call("GET", path).text for path in lists[self.dialect]}

    def close(self):
        """Ends its receiver."""
        self.receiver.close()


def told(hook):
    """What a webhook tells of, by its form: the dialect with the kind, the id, and whether that was the end."""
    if hook.headers.get("X-NEXO-Signature"):
        body = dict(hook.parameters)
        kind = "receipt" if "status" in body else "inbound"
        return ("nexo", kind, body["id"], body.get("status") in ("delivered", "failed"))
    if b"webhook_event" in hook.body:
        body = dict(hook.parameters)
        # As JSON to a hook that wants it, else as a form with names such as `data[id]`.
        about = dict(body.get("data") or [(name[5:-1], value) for name, value in hook.parameters if name[:5] == "data["])
        kind = {"dlr": "receipt", "sms_mo": "inbound"}[body["webhook_event"]]
        return ("seven", kind, about.get("msg_id", about.get("id")), about.get("status") == "DELIVERED")
    if b'"message_uuid"' in hook.body:
        body = dict(hook.parameters)
        kind = "receipt" if "status" in body else "inbound"
        return ("nexmo messages", kind, body["message_uuid"], body.get("status") == "delivered")
    query = dict(urllib.parse.parse_qsl(hook.query))
    kind = "receipt" if "err-code" in query else "inbound"
    return ("nexmo", kind, query["messageId"], query.get("status") == "delivered")


def first_id(answer):
    """The id in an answer to a request that sends one text."""
    assert answer.status_code in (200, 202), answer.text
    if answer.headers["content-type"].startswith("text/xml"):
        return re.search("<messageId>(.*?)</messageId>", answer.text).group(1)
    body = answer.json()
    if "messages" in body:
        [message] = body["messages"]
        return str(message.get("message-id") or message["id"])
    return body.get("message_uuid") or body["id"]


def delivered(gateway, public_id):
    """A message once it has arrived and all is told."""

    def settled():
        message = gateway.message(public_id)
        return message if message["status"] == "delivered" else None

    return wait_until(settled, f"the delivery of {public_id}")
