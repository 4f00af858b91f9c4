"""The vendor's own clients against the seven dialect, unmodified but for their base address: PyPI sms77api, npm @seven.io/client, and npm
sms77-client from the time when the vendor was called so.

All are pointed here as docs/dialects/seven.md says.
"""

import urllib.parse

import javascript
import pytest
import requests
from gateway import LIMIT_SECONDS, wait_until, whimbrel
from receiver import Receiver
from sms77api.classes.Hooks import HooksAction
from sms77api.classes.Journal import JournalType
from sms77api.classes.Lookup import LookupType
from sms77api.classes.Pricing import PricingFormat
from sms77api.Sms77api import Sms77api

# Numbers that the Federal Network Agency keeps free for drama: +49 152 28817386 and its neighbours.
TO, ALSO_TO = "4915228817300", "4915228817386"


@pytest.fixture
def seven(dev):
    """The credentials of the development account."""
    return dev.ready["seven"]


@pytest.fixture
def python(dev, seven):
    """The client for Python."""
    client = Sms77api(seven["secret_key"])
    client.baseUrl = f"{dev.http}/api"
    return client


def node(dev, seven, *calls, key=None, secret=None):
    """What the client for JavaScript makes of calls; every request is signed."""
    job = {
        "base": f"{dev.http}/api",
        "key": key or seven["secret_key"],
        "secret": secret or seven["signature_secret"],
        "calls": calls,
    }
    return javascript.run("seven.mjs", job)


def answers(calls):
    """What was answered; none of it may have thrown."""
    assert not [call for call in calls if "thrown" in call], calls
    return [call["answer"] for call in calls]


def delivered(python, message_id):
    """Waits for the receipt."""
    return wait_until(lambda: python.status(message_id).startswith("DELIVERED\n"), "a receipt")


def test_python_sends_to_several_and_asks_for_all(dev, python):
    before = python.balance()
    sent = python.sms(f"{TO},{ALSO_TO},12", "Hello from Python", {"json": True, "from": "Whimbrel", "foreign_id": "py-1"})
    assert (sent["success"], sent["debug"], sent["sms_type"]) == ("101", "false", "direct")
    ids = [message["id"] for message in sent["messages"]]
    assert [message["error"] for message in sent["messages"]] == [None, None, 202]
    assert ids[2] is None and all(1 <= int(number) < 2**53 and number.startswith("77") for number in ids[:2])
    assert python.balance() == pytest.approx(before - sent["total_price"]) and python.balance() == sent["balance"]
    delivered(python, ids[0])
    assert len(python.status(ids[0]).split("\n")) == 2
    assert dev.stats()["messages"] == 2
    assert dev.message(ids[0])["id"] == ids[0], "people find it by the number that the customer has"
    lines = python.journal(JournalType.OUTBOUND, {})
    assert [line["id"] for line in lines] == [ids[1], ids[0]]
    assert lines[1]["foreign_id"] == "py-1" and lines[1]["dlr"] == "DELIVERED" and lines[1]["type"] == "direct"
    assert ids[0] in [line["id"] for line in python.journal(JournalType.OUTBOUND, {"state": "DELIVERED"})]
    assert python.journal(JournalType.OUTBOUND, {"state": "EXPIRED"}) == []
    assert python.journal(JournalType.INBOUND, {}) == []
    [line] = python.analytics({"group_by": "country"})
    assert (line["country"], line["direct"], line["sms"], line["inbound"]) == ("DE", 2, 2, 0)
    assert line["usage_eur"] == pytest.approx(sent["total_price"])
    assert python.sms(TO, "A plain answer", {}) == "100"
    lines = python.sms(TO, "Details", {"return_msg_id": 1, "details": 1}).split("\n")
    assert lines[0] == "100" and lines[1].startswith("77") and "Verbucht: 1" in lines


def test_python_meets_the_reload_lock_where_it_is_on(dev, seven, python):
    whimbrel("account", "set", seven["api_key"], "--repeat-seconds-min", "180", "--data-dir", dev.data_dir)
    assert [python.sms(TO, "Twice", {}) for _ in range(2)] == ["100", "402"]
    assert python.sms(TO, "Twice", {"no_reload": 1}) == "100"
    whimbrel("account", "set", seven["api_key"], "--repeat-seconds-min", "0", "--data-dir", dev.data_dir)
    assert python.sms(TO, "Twice", {}) == "100"


def test_python_reads_prices_and_numbers(python):
    prices = python.pricing(PricingFormat.JSON, "DE")
    assert prices["countCountries"] == 1 and prices["countries"][0]["countryPrefix"] == "49"
    assert python.pricing(PricingFormat.CSV, "DE").startswith('"countryCode";"countryName"')
    looked_up = python.lookup(LookupType.FORMAT, TO)
    assert (looked_up["success"], looked_up["country_code"], looked_up["international"]) == (True, "49", f"+{TO}")
    assert python.lookup(LookupType.MNP, TO).isdigit()
    assert python.lookup(LookupType.MNP, TO, True)["mnp"]["mccmnc"].startswith("262")
    assert python.lookup(LookupType.HLR, TO)["reachable"] == "unknown"
    with pytest.raises(ValueError, match="902"):
        python.voice(TO, "Hello", {})


def test_python_keeps_hooks_and_hears_by_them(python, receiver):
    made = python.hooks(
        HooksAction.SUBSCRIBE, {"target_url": f"{receiver.url}/py", "event_type": "dlr", "request_method": "GET"}
    )
    assert made["success"] is True and isinstance(made["id"], int)
    [hook] = python.hooks(HooksAction.READ, {})["hooks"]
    assert (hook["id"], hook["event_type"], hook["request_method"]) == (str(made["id"]), "dlr", "GET")
    [message] = python.sms(TO, "Told by GET", {"json": True})["messages"]
    first, second = receiver.wait_for(2)[:2]
    told = [dict(hook.parameters) for hook in (first, second)]
    assert [hook["data[status]"] for hook in told] == ["TRANSMITTED", "DELIVERED"]
    assert {hook["data[msg_id]"] for hook in told} == {message["id"]}
    assert python.hooks(HooksAction.UNSUBSCRIBE, {"id": made["id"]}) == {"success": True, "code": None}
    assert python.hooks(HooksAction.READ, {})["hooks"] == []


def test_python_is_refused_as_the_vendor_refuses(dev, python):
    stranger = Sms77api("wrong")
    stranger.baseUrl = python.baseUrl
    with pytest.raises(ValueError, match="900"):
        stranger.balance()
    assert python.sms("", "No recipient", {}) == "301"
    assert python.sms(TO, "", {}) == "305"
    assert python.sms(TO, "x", {"from": "much too long for one"}) == "201"
    assert dev.stats()["messages"] == 0


def old_node(dev, seven, *calls):
    """What the first client for JavaScript answers: it sends forms, and asks for JSON by a parameter."""
    return answers(javascript.run("sms77.mjs", {"base": f"{dev.http}/api", "key": seven["secret_key"], "calls": calls}))


def test_the_first_javascript_client_sends_and_asks(dev, seven):
    before, sent, plain, hooks, prices, looked_up = old_node(
        dev,
        seven,
        ["balance"],
        ["sms", {"to": f"{TO},{ALSO_TO}", "text": "Grüße € 日", "json": True, "foreign_id": "old-1"}],
        ["sms", {"to": TO, "text": "A plain answer"}],
        ["hooks", {"action": "read"}],
        ["pricing", {"country": "de", "format": "json"}],
        ["lookup", {"type": "format", "number": TO}],
    )
    assert before > 0 and (sent["success"], plain, hooks["hooks"]) == ("100", 100, [])
    assert prices["countries"][0]["countryPrefix"] == "49" and looked_up["international"] == f"+{TO}"
    number = sent["messages"][0]["id"]
    assert dev.message(number)["text"] == "Grüße € 日"
    wait_until(lambda: str(old_node(dev, seven, ["status", {"msg_id": number}])[0]).startswith("DELIVERED"), "a receipt")
    journal, totals, held = old_node(
        dev,
        seven,
        ["journal", {"type": "outbound"}],
        ["analytics", {"group_by": "country", "subaccounts": "all"}],
        ["sms", {"to": TO, "text": "Later", "json": True, "delay": "2030-01-01 12:00"}],
    )
    assert "old-1" in {line["foreign_id"] for line in journal} and (totals[0]["country"], totals[0]["sms"]) == ("DE", 3)
    later = held["messages"][0]["id"]
    [called_back] = old_node(dev, seven, ["deleteSMS", {"ids": [later]}])
    assert called_back == {"success": True, "deleted": [later]}


def test_the_first_javascript_client_keeps_contacts(dev, seven):
    ada = {"action": "write", "nick": "Ada", "empfaenger": ALSO_TO, "json": True}
    number, plain = old_node(dev, seven, ["contacts", ada], ["contacts", {"action": "read"}])
    assert isinstance(number, int) and plain == f'"{number}";"Ada";"{ALSO_TO}"'
    changed, listed, sent = old_node(
        dev,
        seven,
        ["contacts", {"action": "write", "id": number, "nick": "Ada King", "json": True}],
        ["contacts", {"action": "read", "json": True}],
        ["sms", {"to": "ada king", "text": "By name", "json": True}],
    )
    assert changed == number and listed == [{"ID": str(number), "Name": "Ada King", "Number": ALSO_TO}]
    assert [message["recipient"] for message in sent["messages"]] == [ALSO_TO]
    gone, none, never = old_node(
        dev,
        seven,
        ["contacts", {"action": "del", "id": number, "json": True}],
        ["contacts", {"action": "read", "json": True}],
        ["contacts", {"action": "del", "id": number}],
    )
    assert (gone, none, never) == (number, [], 151)


def test_analytics_tell_of_subaccounts(dev, seven):
    def ask(path, **parameters):
        key = {"X-Api-Key": seven["secret_key"], "Accept": "application/json", **parameters.pop("headers", {})}
        return requests.post(f"{dev.http}/api/{path}", data=parameters, headers=key, timeout=LIMIT_SECONDS)

    below = ask("subaccounts/create", name="Shop", email="shop@example.com").json()["subaccount"]
    number = str(below["id"])
    ask("subaccounts/transfer_credits", id=number, amount="1")
    for headers in ({}, {}, {"X-Account-Id": number}):
        sent = ask("sms", to=TO, text="Counted", headers=headers).json()
        assert sent["success"] == "100", sent
    counts = {which: [line["sms"] for line in ask("analytics/subaccount", subaccounts=which).json()]
              for which in ("only_main", "all", number)}
    assert (counts["only_main"], sorted(counts["all"]), counts[number]) == ([2], [1, 2], [1])
    assert [line["sms"] for line in ask("analytics/country", subaccounts="all").json()] == [3]
    assert ask("analytics/country", subaccounts="4711").status_code == 403


def test_javascript_signs_everything_it_asks(dev, seven):
    later = {"$date": 1893456000000}
    calls = [
        ["balance", "get"],
        ["sms", "dispatch", {"to": [TO, ALSO_TO], "text": "100% sure: é € 日", "from": "Whimbrel", "label": "js.1"}],
        ["sms", "dispatch", {"to": [TO], "text": "Later", "delay": later, "flash": True, "ttl": 300000}],
        ["pricing", "get", {"country": "de"}],
        ["lookup", "format", {"numbers": [TO]}],
        ["lookup", "hlr", {"numbers": [TO, ALSO_TO]}],
        ["hooks", "read"],
        ["journal", "outbound", {"dateFrom": "2020-01-01"}],
        ["journal", "inbound"],
    ]
    balance, sent, scheduled, prices, looked_up, reach, hooks, outbound, inbound = answers(node(dev, seven, *calls))
    assert balance == {"amount": 1000000, "currency": "EUR"}
    assert (sent["success"], len(sent["messages"]), sent["messages"][0]["encoding"]) == ("100", 2, "ucs2")
    assert scheduled["success"] == "100" and prices["countCountries"] == 1
    assert looked_up["success"] is True and [number["reachable"] for number in reach] == ["unknown", "unknown"]
    assert hooks["success"] is True and hooks["hooks"] == [] and inbound == []
    ids = [message["id"] for answer in (scheduled, sent) for message in answer["messages"]]
    assert sorted(line["id"] for line in outbound) == sorted(ids)
    assert dev.message(ids[0])["status"] == "queued"
    days, countries, labels, accounts = answers(
        node(
            dev,
            seven,
            ["analytics", "byDate", {}],
            ["analytics", "byCountry", {"label": "all", "subaccounts": "only_main"}],
            ["analytics", "byLabel", {"label": "js.1"}],
            ["analytics", "bySubaccount", {}],
        )
    )
    assert len(days) == 31 and sum(day["sms"] for day in days) == 3
    assert [(line["country"], line["sms"]) for line in countries] == [("DE", 3)]
    assert [(line["label"], line["sms"], line["inbound"]) for line in labels] == [("js.1", 2, 0)]
    assert [line["sms"] for line in accounts] == [3]
    deleted, again, status = answers(
        node(
            dev,
            seven,
            ["sms", "delete", {"ids": [ids[0], ids[1]]}],
            ["sms", "delete", {"ids": []}],
            ["status", "get", [int(number) for number in ids]],
        )
    )
    assert (deleted["success"], deleted["deleted"]) == (True, [ids[0]])
    assert (again["success"], again["deleted"]) == (False, [])
    assert [line["status"] for line in status][0] == "FAILED" and len(status) == 3


def test_javascript_is_told_why_it_is_refused(dev, seven):
    [unsigned_rightly] = node(dev, seven, ["balance", "get"], secret="another key")
    assert "thrown" in unsigned_rightly and "901" in unsigned_rightly["thrown"] or "InvalidSignature" in str(unsigned_rightly)
    [unknown] = node(dev, seven, ["balance", "get"], key="nobody")
    assert "thrown" in unknown


@pytest.mark.parametrize("method", ["JSON", "POST", "GET"])
def test_javascript_keeps_hooks_and_its_verifier_takes_what_they_are_told(dev, seven, method):
    one, two = Receiver(), Receiver(status=500)
    hook = {"eventType": "all", "requestMethod": method, "headers": "X-Mine: yes\nX-Signature-Of: nobody"}
    try:
        made = node(
            dev,
            seven,
            ["hooks", "subscribe", {**hook, "targetUrl": f"{one.url}/in?a=%20b"}],
            ["hooks", "subscribe", {**hook, "targetUrl": f"{two.url}/in"}],
            ["hooks", "subscribe", {**hook, "targetUrl": f"{two.url}/in", "eventType": "voice_call"}],
            ["hooks", "read"],
        )
        ids = [made[at]["answer"]["id"] for at in (0, 1, 2)]
        assert [hook["id"] for hook in made[3]["answer"]["hooks"]] == [str(number) for number in ids]
        [sent] = node(dev, seven, ["sms", "dispatch", {"to": [TO], "text": "Told", "foreign_id": "mine"}])
        assert sent["answer"]["success"] == "100"
        hooks = one.wait_for(2)
        # A hook that fails is tried again later, and holds up nobody.
        assert len(two.wait_for(1)) >= 1
        webhooks = [
            {"headers": dict(hook.headers), "body": hook.body.decode(), "url": f"{one.url}{hook.target}", "method": hook.method}
            for hook in hooks
        ]
        assert [hook.headers["X-Mine"] for hook in hooks] == ["yes", "yes"]
        assert len({hook.headers["X-Nonce"] for hook in hooks}) == 2
        verdicts = verify(seven, webhooks)
        assert [verdict["valid"] for verdict in verdicts] == [True, True], verdicts
        forged = [
            {**webhooks[0], "body": webhooks[0]["body"] + " "},
            {**webhooks[0], "url": webhooks[0]["url"] + "x"},
            {**webhooks[0], "headers": {**webhooks[0]["headers"], "X-Nonce": "0" * 32}},
        ]
        assert not any(verdict["valid"] for verdict in verify(seven, forged))
        assert not any(verdict["valid"] for verdict in verify({"signature_secret": "other"}, webhooks))
        # The other hook's webhook waits for its next try, and its place is its own.
        assert wait_until(lambda: dev.stats()["notices"] >= 1, "a webhook that waits")
        removed = node(dev, seven, *[["hooks", "unsubscribe", number] for number in ids])
        assert all(answer["answer"]["success"] is True for answer in removed)
    finally:
        one.close()
        two.close()


def test_javascript_keeps_an_address_book_and_sends_to_names(dev, seven):
    [group] = answers(node(dev, seven, ["groups", "create", {"name": "Friends"}]))
    assert (group["name"], group["members_count"]) == ("Friends", 0) and isinstance(group["id"], int)
    person = {"firstname": "Ada", "lastname": "King", "mobile_number": f"+{TO}", "city": "Kiel"}
    made, other = answers(
        node(
            dev,
            seven,
            ["contacts", "create", {"avatar": "", "groups": [group["id"]], "properties": person}],
            ["contacts", "create", {"avatar": "", "groups": [], "properties": {**person, "firstname": "Bob"}}],
        )
    )
    assert made["properties"]["fullname"] == "Ada King" and made["groups"] == [group["id"]]
    changed, listed, shown, renamed = answers(
        node(
            dev,
            seven,
            ["contacts", "update", {**other, "properties": {**other["properties"], "mobile_number": ALSO_TO, "city": ""}}],
            ["contacts", "list", {"limit": 1}],
            ["groups", "one", group["id"]],
            ["groups", "edit", group["id"], {"name": "Family"}],
        )
    )
    assert (changed["properties"]["mobile_number"], changed["properties"]["city"]) == (ALSO_TO, None)
    assert listed["pagingMetadata"] == {"offset": 0, "count": 1, "total": 2, "limit": 1, "has_more": True}
    assert (shown["members_count"], renamed["name"]) == (1, "Family")
    sent, nobody = answers(
        node(
            dev,
            seven,
            ["sms", "dispatch", {"to": ["family", "bob king", "nobody"], "text": "By name"}],
            ["sms", "dispatch", {"to": ["Friends"], "text": "By a name that is gone"}],
        )
    )
    assert [message["recipient"] for message in sent["messages"]] == [TO, ALSO_TO, "nobody"]
    assert [message["error"] for message in sent["messages"]] == [None, None, 202] and nobody["success"] == "202"
    gone = answers(node(dev, seven, ["contacts", "delete", made["id"]], ["groups", "delete", group["id"]]))
    assert gone == [{"success": True}, {"success": True}]
    assert len(answers(node(dev, seven, ["contacts", "list"]))[0]["data"]) == 1
    [group] = answers(node(dev, seven, ["groups", "create", {"name": "Short-lived"}]))
    answers(node(dev, seven, ["contacts", "create", {"avatar": "", "groups": [group["id"]], "properties": person}]))
    gone, left = answers(node(dev, seven, ["groups", "delete", group["id"], True], ["contacts", "list"]))
    assert gone == {"success": True} and [entry["id"] for entry in left["data"]] == [other["id"]]


def verify(seven, webhooks):
    """The verdicts of the vendor's own verifier."""
    return javascript.run("seven.mjs", {"secret": seven["signature_secret"], "webhooks": webhooks})


def test_a_test_key_tries_everything_and_does_nothing(dev, seven, python):
    python.apiKey = seven["test_key"]
    sent = python.sms(TO, "Nothing leaves", {"json": True})
    [message] = sent["messages"]
    assert (sent["success"], sent["debug"], message["id"], message["price"]) == ("100", "true", None, 0)
    assert dev.stats()["messages"] == 0


def test_old_ways_to_show_the_key(dev, seven):
    key = seven["secret_key"]
    url = f"{dev.http}/api/balance"
    ways = [
        {"headers": {"X-Api-Key": key}},
        {"headers": {"Authorization": f"basic {key}"}},
        {"headers": {"Authorization": f"Bearer {key}"}},
        {"auth": ("anybody", key)},
        {"params": {"p": key}},
        {"params": {"u": "me", "p": key}},
    ]
    for way in ways:
        answer = requests.get(url, timeout=LIMIT_SECONDS, **way)
        assert (answer.status_code, answer.text) == (200, "1000000.00"), way
    quoted = urllib.parse.quote(key)
    assert requests.post(url, data=f"p={quoted}", timeout=LIMIT_SECONDS).text == "1000000.00"
