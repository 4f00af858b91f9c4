"""What accounts know of each other: nothing. Every route of every dialect and of the native API, by every kind of object.

The routes are those of the OpenAPI documents: one that is added and stands in no table here fails the test.
"""

import re

import pytest
from gateway import Gateway, wait_until
from tenants import DIALECTS, RECIPIENTS, Tenant, delivered, first_id, told

METHODS = ("get", "post", "put", "patch", "delete")

TEXT = {"from": "Acme", "to": RECIPIENTS["nexmo"]}
OTP = {"phone": RECIPIENTS["nexo"], "code": "482917"}

# Routes that send: what is asked, with the account's mark in the text.
SENDING = {
    ("nexmo", "GET", "/sms/json"): lambda mark: {"params": {**TEXT, "text": mark}},
    ("nexmo", "POST", "/sms/json"): lambda mark: {"data": {**TEXT, "text": mark}},
    ("nexmo", "GET", "/sms/xml"): lambda mark: {"params": {**TEXT, "text": mark}},
    ("nexmo", "POST", "/sms/xml"): lambda mark: {"data": {**TEXT, "text": mark}},
    ("nexmo", "POST", "/v1/messages"): lambda mark: {"json": {**TEXT, "text": mark, "message_type": "text", "channel": "sms"}},
    ("seven", "GET", "/api/sms"): lambda mark: {"params": {"to": RECIPIENTS["seven"], "text": mark}},
    ("seven", "POST", "/api/sms"): lambda mark: {"data": {"to": RECIPIENTS["seven"], "text": mark}},
    ("nexo", "POST", "/api/v1/send-otp"): lambda mark: {"json": OTP},
}


def query(name, **more):
    """The object in the query."""
    return lambda id: {"params": {name: id, **more}}


def form(name, **more):
    """The object in a form."""
    return lambda id: {"data": {name: id, **more}}


def path(**body):
    """The object in the path, with a body."""
    return lambda id: {"json": body} if body else {}


GRANT = {"oauth_signature_method": "HMAC-SHA1", "oauth_signature": "x", "oauth_timestamp": "1", "oauth_nonce": "n"}

# Routes that name an object: of which kind, and how.
NAMED = [
    ("nexmo", "GET", "/search/message", "part", query("id")),
    ("nexmo", "GET", "/search/messages", "part", query("ids")),
    ("nexmo", "PATCH", "/v1/messages/{id}", "message", path(status="read")),
    ("nexmo", "GET", "/v2/applications/{id}", "application", path()),
    ("nexmo", "PUT", "/v2/applications/{id}", "application", path(name="taken over")),
    ("nexmo", "DELETE", "/v2/applications/{id}", "application", path()),
    ("nexmo", "GET", "/accounts/{api_key}/secrets", "account", path()),
    ("nexmo", "POST", "/accounts/{api_key}/secrets", "account", path(secret="Another0Secret")),
    ("nexmo", "GET", "/accounts/{api_key}/secrets/{id}", "secret", path()),
    ("nexmo", "DELETE", "/accounts/{api_key}/secrets/{id}", "secret", path()),
    ("nexmo", "POST", "/number/buy", "number", form("msisdn", country="GB")),
    ("nexmo", "POST", "/number/cancel", "number", form("msisdn", country="GB")),
    ("nexmo", "POST", "/number/update", "number", form("msisdn", country="GB", moHttpUrl="")),
    ("nexmo", "GET", "/account/top-up", "payment", query("trx")),
    ("nexmo", "POST", "/account/top-up", "payment", form("trx")),
    ("nexmo", "GET", "/oauth/request_token", "consumer", query("oauth_consumer_key", **GRANT)),
    ("nexmo", "POST", "/oauth/request_token", "consumer", form("oauth_consumer_key", **GRANT)),
    ("nexmo", "GET", "/oauth/access_token", "consumer", query("oauth_consumer_key", oauth_token="t", **GRANT)),
    ("nexmo", "POST", "/oauth/access_token", "consumer", form("oauth_consumer_key", oauth_token="t", **GRANT)),
    ("nexmo", "GET", "/oauth/authorize", "consumer", query("oauth_token")),
    ("nexmo", "POST", "/oauth/authorize", "consumer", form("oauth_token", decision="grant")),
    ("seven", "GET", "/api/status", "message", query("msg_id")),
    ("seven", "POST", "/api/status", "message", form("msg_id")),
    ("seven", "DELETE", "/api/sms", "scheduled", lambda id: {"json": {"ids": id}}),
    ("seven", "GET", "/api/contacts", "contact", query("id", action="read")),
    ("seven", "GET", "/api/contacts", "contact", query("id", action="write", nick="taken")),
    ("seven", "POST", "/api/contacts", "contact", form("id", action="del")),
    ("seven", "GET", "/api/contacts/{id}", "contact", path()),
    ("seven", "POST", "/api/contacts/{id}", "contact", path(firstname="taken")),
    ("seven", "PUT", "/api/contacts/{id}", "contact", path(firstname="taken")),
    ("seven", "PATCH", "/api/contacts/{id}", "contact", path(firstname="taken")),
    ("seven", "DELETE", "/api/contacts/{id}", "contact", path()),
    ("seven", "GET", "/api/groups/{id}", "group", path()),
    ("seven", "POST", "/api/groups/{id}", "group", path(name="taken")),
    ("seven", "PUT", "/api/groups/{id}", "group", path(name="taken")),
    ("seven", "PATCH", "/api/groups/{id}", "group", path(name="taken")),
    ("seven", "DELETE", "/api/groups/{id}", "group", lambda id: {"params": {"delete_contacts": "1"}}),
    ("seven", "DELETE", "/api/hooks", "hook", query("id")),
    ("seven", "POST", "/api/hooks", "hook", form("id", action="unsubscribe")),
    ("seven", "GET", "/api/journal", "message", query("id", type="outbound")),
    ("seven", "GET", "/api/journal/{type}", "message", query("id")),
    ("seven", "GET", "/api/numbers/active/{number}", "number", path()),
    ("seven", "GET", "/api/analytics", "subaccount", query("subaccounts", group_by="date")),
    ("seven", "GET", "/api/analytics/{group_by}", "subaccount", query("subaccounts")),
    ("seven", "GET", "/api/subaccounts", "subaccount", query("id", action="read")),
    ("seven", "GET", "/api/subaccounts/list", "subaccount", query("id")),
    ("seven", "POST", "/api/subaccounts/update", "subaccount", form("id", threshold="1", amount="1")),
    ("seven", "POST", "/api/subaccounts/transfer_credits", "subaccount", form("id", amount="1")),
    ("seven", "POST", "/api/subaccounts/delete", "subaccount", form("id")),
    ("seven", "POST", "/api/sms", "contact name", lambda id: {"data": {"to": id, "text": "hello"}}),
    ("seven", "GET", "/api/balance", "subaccount", lambda id: {"headers": {"X-Account-Id": id}}),
    ("seven", "POST", "/api/sms", "subaccount", lambda id: {"headers": {"X-Account-Id": id}, "data": {"to": "49", "text": "x"}}),
    ("nexo", "GET", "/api/v1/deliveries/{id}", "message", path()),
]

RANGE = {"date": "2026-01-01", "to": RECIPIENTS["nexmo"]}

# Routes that name nothing of anybody: what is asked.
TELLING = {
    ("nexmo", "GET", "/account/get-balance"): {},
    ("nexmo", "GET", "/account/numbers"): {},
    ("nexmo", "POST", "/account/settings"): {},
    ("nexmo", "GET", "/account/get-full-pricing/outbound/{type}"): {},
    ("nexmo", "GET", "/account/get-phone-pricing/outbound"): {"params": {"phone": RECIPIENTS["nexmo"]}},
    ("nexmo", "GET", "/account/get-phone-pricing/outbound/{type}"): {"params": {"phone": RECIPIENTS["nexmo"]}},
    ("nexmo", "GET", "/account/get-prefix-pricing/outbound"): {"params": {"prefix": "44"}},
    ("nexmo", "GET", "/account/get-prefix-pricing/outbound/{type}"): {"params": {"prefix": "44"}},
    ("nexmo", "GET", "/account/get-pricing/outbound"): {"params": {"country": "GB"}},
    ("nexmo", "GET", "/account/get-pricing/outbound/{type}"): {"params": {"country": "GB"}},
    ("nexmo", "GET", "/number/search"): {"params": {"country": "GB"}},
    ("nexmo", "GET", "/search/rejections"): {"params": RANGE},
    ("nexmo", "GET", "/v2/applications"): {},
    ("nexmo", "POST", "/v2/applications"): {"json": {"name": "another"}},
    ("seven", "GET", "/api/balance"): {},
    ("seven", "GET", "/api/pricing"): {},
    ("seven", "GET", "/api/contacts"): {},
    ("seven", "POST", "/api/contacts"): {"json": {"firstname": "another"}},
    ("seven", "GET", "/api/groups"): {},
    ("seven", "POST", "/api/groups"): {"json": {"name": "another"}},
    ("seven", "GET", "/api/hooks"): {},
    ("seven", "GET", "/api/lookup"): {"params": {"type": "format", "number": RECIPIENTS["seven"]}},
    ("seven", "POST", "/api/lookup"): {"data": {"type": "hlr", "number": RECIPIENTS["seven"]}},
    ("seven", "GET", "/api/lookup/{type}"): {"params": {"number": RECIPIENTS["seven"]}},
    ("seven", "GET", "/api/numbers/active"): {},
    ("seven", "GET", "/api/numbers/available"): {},
    ("seven", "POST", "/api/subaccounts/create"): {"data": {"name": "another", "email": "another@example.com"}},
    ("nexo", "GET", "/api/v1/balance"): {},
}

# Words in paths that name no object.
WORDS = {"{type}": "outbound", "{group_by}": "date"}
# Native routes for which nobody proves anything.
OPEN = {("GET", "/livez"), ("GET", "/readyz"), ("POST", "/_whimbrel/v1/sign-up")}


class World:
    """Two accounts of each dialect, each with texts sent by every route, objects of every kind and a number of its own."""

    def __init__(self, gateway):
        self.gateway = gateway
        names = [(dialect, side) for side in ("Alder", "Birch") for dialect in DIALECTS]
        self.tenants = {
            (dialect, side): Tenant(gateway, dialect, f"{side}{dialect}", f"4477009002{at:02}")
            for at, (dialect, side) in enumerate(names)
        }
        for tenant in self.tenants.values():
            tenant.furnish()
        for (dialect, method, path), ask in SENDING.items():
            for tenant in self.of(dialect):
                answer = tenant.call(method, path, **ask(f"a text of {tenant.name}"))
                tenant.sent[method, path] = first_id(answer)
        for tenant in self.tenants.values():
            kinds = {"nexmo": {"part": "/sms/json", "message": "/v1/messages"}, "seven": {"message": "/api/sms"}}
            for kind, path in kinds.get(tenant.dialect, {"message": "/api/v1/send-otp"}).items():
                tenant.objects[kind] = tenant.sent["POST", path]
            tenant.objects["contact name"] = f"Friendof{tenant.name}"
        for tenant in self.tenants.values():
            for public_id in tenant.sent.values():
                delivered(gateway, public_id)

    def of(self, dialect):
        """Both accounts of a dialect."""
        return [self.tenants[dialect, side] for side in ("Alder", "Birch")]

    def documents(self):
        """Every route that is described."""
        routes = {}
        for name in [*DIALECTS, "native"]:
            document = self.gateway.native("GET", f"openapi/{name}.json").json()
            for path, operations in document["paths"].items():
                for method in METHODS:
                    if method in operations:
                        routes[name, method.upper(), path] = operations[method]
        return routes


@pytest.fixture(scope="module")
def world(tmp_path_factory):
    """One server for all; what one test makes in one account, no other account may see."""
    gateway = Gateway(tmp_path_factory.mktemp("apart"))
    world = World(gateway)
    yield world
    for tenant in world.tenants.values():
        tenant.close()
    gateway.end()


def nobody(id):
    """An id of the same form that is nobody's."""
    if id.isdigit():
        return str(int(id) + 700_000)
    return id[:-1] + ("1" if id[-1] == "0" else "0")


def filled(path, tenant, id):
    """A path with the object in it, or the caller's own key where that stands beside another object."""
    own = tenant.key if "{id}" in path else id
    for name, value in {**WORDS, "{api_key}": own, "{id}": id, "{number}": id}.items():
        path = path.replace(name, value)
    return path


def seen(answer, id):
    """An answer without the id that was asked for, nor what is another at each request."""
    text = re.sub(rf"(?<![0-9A-Za-z-]){re.escape(id)}(?![0-9A-Za-z-])", "ID", answer.text)
    return answer.status_code, re.sub('"instance":"[^"]+"', "", text), answer.headers["content-type"]


def test_every_route_is_in_a_table(world):
    dialects = {route for route in world.documents() if route[0] != "native"}
    listed = {*SENDING, *TELLING, *(route[:3] for route in NAMED)}
    assert listed == dialects, f"not listed {dialects - listed}, not there {listed - dialects}"


@pytest.mark.parametrize(("dialect", "method", "path", "kind", "ask"), NAMED)
def test_anothers_object_is_none(world, dialect, method, path, kind, ask):
    for owner, stranger in [world.of(dialect), world.of(dialect)[::-1]]:
        theirs = owner.objects[kind]
        if (path, kind) == ("/api/sms", "scheduled"):
            ask = lambda id: {"json": {"ids": id}}  # noqa: E731
        before = owner.views()
        answers = [stranger.call(method, filled(path, stranger, id), **ask(id)) for id in (theirs, nobody(theirs))]
        found, missing = [seen(answer, id) for answer, id in zip(answers, (theirs, nobody(theirs)), strict=True)]
        assert found == missing, (owner.name, kind, theirs)
        assert owner.views() == before, "the stranger changed something"
        assert not [mark for mark in owner.marks() if mark not in theirs and mark in answers[0].text]


@pytest.mark.parametrize(("dialect", "method", "path"), TELLING)
def test_an_account_is_told_of_its_own_alone(world, dialect, method, path):
    for owner, stranger in [world.of(dialect), world.of(dialect)[::-1]]:
        before = owner.views()
        answer = stranger.call(method, filled(path, stranger, "format"), **TELLING[dialect, method, path])
        assert answer.status_code < 500
        assert not [mark for mark in owner.marks() if mark in answer.text]
        assert owner.views() == before


def native_routes(world, whose):
    """Native routes that owners may call, or may not."""
    for (name, method, path), operation in sorted(world.documents().items(), key=lambda route: route[0]):
        if name != "native" or (method, path) in OPEN:
            continue
        if (any("owner" in way for way in operation["security"])) == (whose == "owner"):
            yield method, path.removeprefix("/_whimbrel/v1/")


# The object that a native route names beside the account.
BESIDE = {
    "messages/{id}": "message",
    "messages/{id}/share": "message",
    "applications/{id}": "application",
    "applications/{id}/key": "application",
    "secrets/{id}": "secret",
    "oauth/grants/{token}": "consumer",
}


def test_an_owner_reaches_no_other_account_by_the_native_api(world):
    routes = list(native_routes(world, "owner"))
    assert len(routes) > 20
    strangers = world.tenants.values()
    for method, path in routes:
        beside = path.removeprefix("accounts/{key}").removeprefix("/")
        assert "{" not in beside or beside in BESIDE, f"{path} names an object that no table has"
        for owner in world.tenants.values():
            id = owner.objects.get(BESIDE.get(beside), "nothing")
            below = beside.replace("{id}", id).replace("{token}", id)
            before = owner.views()
            for stranger in strangers:
                if stranger is owner:
                    continue
                asked = [f"accounts/{key}/{below}".rstrip("/") for key in (owner.key, nobody(owner.key))]
                answers = [stranger.own(method, path, json={}) for path in asked]
                assert [answer.status_code for answer in answers] == [404, 404], (method, asked, stranger.name)
                assert answers[0].text == answers[1].text
                if beside in BESIDE:
                    asked = [below, below.replace(id, nobody(id))]
                    answers = [stranger.own(method, f"accounts/self/{path}", json={}) for path in asked]
                    found, missing = [seen(*pair) for pair in zip(answers, (id, nobody(id)), strict=True)]
                    assert found == missing and found[0] >= 400, (method, asked, stranger.name)
            assert owner.views() == before, (method, path, owner.name)


def test_what_is_the_operators_is_closed_to_every_owner(world):
    for method, path in native_routes(world, "operator"):
        path = path.replace("{key}", "self").replace("{document}", "native.json")
        for tenant in world.tenants.values():
            target = path if not path.startswith("/") else f"../..{path}"
            answer = tenant.own(method, target, json={})
            # Whether there are figures is nobody's business either.
            assert answer.status_code == (404 if path == "/metrics" else 403), (method, path, tenant.name, answer.text)


def test_receipts_and_texts_reach_their_own_account_in_the_words_of_its_send(world):
    forms = {"/v1/messages": "nexmo messages"}
    for tenant in world.tenants.values():
        world.gateway.cli("phone", "reply", "447700900123", "--to", tenant.number, "--text", f"to {tenant.name}")
    for tenant in world.tenants.values():
        due = {(forms.get(path, tenant.dialect), "receipt", public_id) for (_, path), public_id in tenant.sent.items()}

        def ends(tenant=tenant):
            return {told(hook)[:3] for hook in tenant.receiver.hooks if told(hook)[3]}

        wait_until(lambda due=due, ends=ends: ends() >= due, f"the receipts of {tenant.name}")

        def texts(tenant=tenant):
            return [hook for hook in tenant.receiver.hooks if told(hook)[1] == "inbound"]

        wait_until(texts, f"the text to {tenant.name}")
    # Only now, when all have theirs: nobody has anything else.
    for tenant in world.tenants.values():
        assert len([hook for hook in tenant.receiver.hooks if told(hook)[1] == "inbound"]) == 1
        allowed = {(forms.get(path, tenant.dialect), public_id) for (_, path), public_id in tenant.sent.items()}
        for hook in tenant.receiver.hooks:
            form, kind, public_id, _ = told(hook)
            if kind == "receipt":
                assert (form, public_id) in allowed, (tenant.name, form, public_id)
            else:
                assert form == tenant.dialect
                # An API without texts that come in tells that there is one, and not which.
                assert tenant.dialect == "nexo" or tenant.name in hook.body.decode() + hook.query, hook.target
            strangers = [other for other in world.tenants.values() if other is not tenant]
            seen = hook.body.decode() + hook.target
            assert not [mark for other in strangers for mark in other.marks() if mark in seen]


def test_one_timeline_whatever_the_dialect(world):
    stories = {}
    for tenant in world.tenants.values():
        for route, public_id in tenant.sent.items():
            steps = [(line["what"], line["part"]) for line in delivered(world.gateway, public_id)["timeline"]]
            stories[tenant.name, route] = [step for step in steps if step[0] != "webhook"]
    assert len(stories) == 2 * len(SENDING)
    expected = [("accepted", 0), ("submitting", 1), ("sent", 1), ("ended", 1)]
    assert {name: story for name, story in stories.items() if story != expected} == {}
