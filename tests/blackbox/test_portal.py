"""What an account's owner does by the native API with its own key, and what is kept from it; and accounts that are made by their owners."""

import datetime
import json
import pathlib

import pytest
import requests
from gateway import LIMIT_SECONDS, Gateway, carrier_config, wait_until, whimbrel


def own(gateway, method, path, key=None, secret=None, **arguments):
    """A call as the owner of an account, by its key and secret."""
    pair = (key or gateway.key, secret or gateway.secret)
    url = f"{gateway.http}/_whimbrel/v1/{path}"
    return requests.request(method, url, auth=pair, timeout=LIMIT_SECONDS, **arguments)


def made(gateway, name):
    """Another account, by the operator."""
    wish = {"name": name, "receipt_url": "http://127.0.0.1:9/r", "default_class": "otp"}
    answer = gateway.native("POST", "accounts", json=wish)
    assert answer.status_code == 201, answer.text
    return answer.json()


def test_an_owner_has_its_account_and_no_other(dev):
    shown = own(dev, "GET", "accounts/self").json()
    assert shown["api_key"] == dev.key and shown == dev.native("GET", f"accounts/{dev.key}").json()
    assert own(dev, "GET", f"accounts/{dev.key}").json() == shown
    other = made(dev, "other")
    assert other["receipt_url"] == "http://127.0.0.1:9/r"
    assert dev.native("GET", f"accounts/{other['api_key']}").json()["default_class"] == "otp"
    # Somebody else's account and one that there is not look alike, whatever is asked.
    for method, below in [("GET", ""), ("PATCH", ""), ("GET", "/usage"), ("GET", "/secrets"), ("POST", "/secrets")]:
        answers = [own(dev, method, f"accounts/{key}{below}", json={}) for key in (other["api_key"], "nokey000")]
        assert [answer.status_code for answer in answers] == [404, 404], (method, below)
        assert answers[0].text == answers[1].text
    listed = dev.native("GET", f"accounts/{other['api_key']}/secrets").json()["secrets"]
    assert len(listed) == 1, "nothing was added to it"
    for wrong in [("nokey000", dev.secret), (dev.key, "wrong"), (other["api_key"], dev.secret)]:
        refused = own(dev, "GET", "accounts/self", *wrong)
        assert refused.status_code == 401 and refused.headers["WWW-Authenticate"] == "Bearer"


def test_an_owner_searches_and_waits_among_its_own(dev):
    other = made(dev, "other")
    dev.native("POST", f"accounts/{other['api_key']}/topup", json={"amount": "10"})
    for number, account in [("447700900200", dev.key), ("447700900201", other["api_key"])]:
        dev.native("POST", "numbers", json={"number": number, "account": account})
    theirs = (other["api_key"], other["api_secret"])

    def send(key, secret, text, **more):
        body = {"api_key": key, "api_secret": secret, "to": "447700900123", "from": "Acme", "text": text, **more}
        answer = requests.post(f"{dev.http}/sms/json", data=body, timeout=LIMIT_SECONDS).json()["messages"][0]
        assert answer["status"] == "0", answer
        return answer["message-id"]

    mine, secret = send(dev.key, dev.secret, "Your code is 482917"), send(*theirs, "Their code is 555666")
    dev.cli("phone", "reply", "447700900123", "--to", "447700900201", "--text", "their reply 7777")
    dev.cli("phone", "reply", "447700900123", "--to", "447700900200", "--text", "my reply")
    wait_until(lambda: len(dev.native("GET", "inbound").json()["inbound"]) == 2, "both replies")

    def texts(path, *pair, **query):
        answer = own(dev, "GET", path, *pair, params=query)
        assert answer.status_code == 200, answer.text
        return [row["text"] for row in answer.json()[path.split("/")[2]]]

    assert texts("accounts/self/messages") == ["Your code is 482917"]
    assert texts("accounts/self/messages", *theirs) == ["Their code is 555666"]
    assert texts("accounts/self/inbound") == ["my reply"]
    for query in (f"id:{secret}", f"account:{other['api_key']}", "555666", "-482917", "otp:555666"):
        assert texts("accounts/self/messages", q=query) == [], query
    # Whether an id is another's or nobody's, the answer is the same.
    nobody = secret[:-1] + ("0" if secret[-1] != "0" else "1")
    for path in ("messages/{}", "messages/{}?x=1"):
        answers = [own(dev, "GET", f"accounts/self/{path.format(id)}") for id in (secret, nobody, "77000000000001")]
        assert {(answer.status_code, answer.text) for answer in answers} == {(404, answers[0].text)}
    assert own(dev, "GET", f"accounts/self/messages/{mine}").json()["text"] == "Your code is 482917"
    # Nor is an account to be named by a parameter: that is the operator's.
    for path in ("messages", "inbound", "wait"):
        refused = own(dev, "GET", f"accounts/self/{path}", params={"account": other["api_key"]})
        assert refused.status_code == 400 and other["api_key"] not in refused.text, path
        assert own(dev, "GET", f"accounts/{other['api_key']}/{path}").status_code == 404
        assert own(dev, "GET", path).status_code == 403
        assert own(dev, "POST", f"accounts/self/{path}").status_code == 403

    # Waiting: the other account's newer code to the same number is never given, counted or hinted at.
    got = own(dev, "GET", "accounts/self/wait", params={"to": "447700900123", "extract": "otp", "since": "-5m"})
    assert got.json()["value"] == "482917"
    missed = own(dev, "GET", "accounts/self/wait", params={"q": "nothing", "timeout": "100ms", "since": "-5m"}).json()
    assert [row["text"] for row in missed["others"]] == ["Your code is 482917"] and "1 other message" in missed["detail"]
    mark = got.json()["since"]
    send(*theirs, "Their code is 777888")
    missed = own(dev, "GET", "accounts/self/wait", params={"to": "447700900123", "timeout": "100ms", "since": mark}).json()
    assert (missed["others"], missed["hint"]) == ([], None) and "no other message arrived" in missed["detail"]
    # What was given to the other account's owner for the same question is still given to this one.
    question = {"to": "447700900123", "extract": "otp"}
    assert own(dev, "GET", "accounts/self/wait", *theirs, params=question).json()["value"] == "777888"
    assert own(dev, "GET", "accounts/self/wait", params=question).json()["value"] == "482917"
    assert own(dev, "GET", "accounts/self/wait", params={**question, "timeout": "100ms"}).status_code == 408


def test_an_owner_sees_codes_masked_also_in_development(dev):
    """At the phone another account's text could have the same form."""
    bearer = {"Authorization": f"Bearer {dev.ready['nexo']['secret_key']}"}
    body = {"phone": "+84980000000", "code": "483917"}
    requests.post(f"{dev.http}/api/v1/send-otp", json=body, headers=bearer, timeout=LIMIT_SECONDS)
    url = f"{dev.http}/_whimbrel/v1/accounts/self/wait"
    asked = {"to": "+84980000000", "extract": "otp", "timeout": "200ms", "since": "-5m"}
    answer = requests.get(url, params=asked, headers=bearer, timeout=LIMIT_SECONDS)
    assert answer.status_code == 408 and "483917" not in answer.text and "masked" in answer.json()["hint"]


def test_a_key_for_trying_out_sees_what_such_keys_sent(dev):
    """It is handed around more freely than one for real messages, and must not lead to those, by whatever call it may make."""
    nexo = dev.ready["nexo"]
    live, test = ({"Authorization": f"Bearer {nexo[key]}"} for key in ("secret_key", "test_key"))

    def sent(key, code):
        body = {"phone": "+84981234567", "code": code}
        answer = requests.post(f"{dev.http}/api/v1/send-otp", json=body, headers=key, timeout=LIMIT_SECONDS)
        assert answer.status_code == 202, answer.text
        return answer.json()["id"]

    def call(key, path, method="GET", **arguments):
        url = f"{dev.http}/_whimbrel/v1/accounts/self{path}"
        return requests.request(method, url, headers=key, timeout=LIMIT_SECONDS, **arguments)

    def ids(key, **query):
        return [row["id"] for row in call(key, "/messages", params=query).json()["messages"]]

    real, trial = sent(live, "482917"), sent(test, "90210")
    assert ids(live) == [trial, real]
    for query in ({}, {"q": "to:+84981234567"}, {"to": "+84981234567"}, {"q": f"id:{trial}"}, {"q": "price:0"}):
        assert ids(test, **query) == [trial], query
    for query in ({"q": f"id:{real}"}, {"q": "price:>0"}, {"q": '"******"'}):
        assert ids(test, **query) == [], query
    assert call(test, f"/messages/{trial}").json()["id"] == trial
    hidden, nothing = call(test, f"/messages/{real}"), call(test, "/messages/no-such-id")
    assert (hidden.status_code, hidden.text) == (404, nothing.text)
    # Waiting: neither given nor hinted at, also where the same account was given it before.
    newer = sent(live, "482918")
    assert call(live, "/wait", params={"to": "+84981234567"}).json()["message"]["id"] == newer
    assert call(test, "/wait", params={"to": "+84981234567"}).json()["message"]["id"] == trial
    missed = call(test, "/wait", params={"q": "price:>0", "timeout": "100ms", "since": "-5m"}).json()
    assert [row["id"] for row in missed["others"]] == [trial], missed
    dev.native("PATCH", f"accounts/{nexo['api_key']}", json={"receipt_url": "http://127.0.0.1:9/secret-path"})
    for path in ("", "/usage", "/ledger", "/inbound", "/policy", "/signing", "/webhooks"):
        answer = call(test, path)
        assert answer.status_code == 200, (path, answer.text)
        assert "secret-path" not in answer.text, path
    assert "secret-path" in call(live, "").text
    for method, path in [
        ("GET", "/webhooks/attempts"), ("GET", "/applications"), ("GET", "/secrets"), ("GET", "/oauth/grants"), ("PATCH", ""),
        ("POST", "/secrets"), ("POST", "/webhooks/test"), ("POST", "/webhooks/secret"), ("POST", "/applications"),
    ]:
        refused = call(test, path, method, json={} if method != "GET" else None)
        assert refused.status_code == 403, (method, path, refused.text)


OPERATORS = [
    ("GET", "accounts"),
    ("POST", "accounts"),
    ("POST", "accounts/self/topup"),
    ("PUT", "accounts/self/reload"),
    ("PATCH", "accounts/self/policy"),
    ("PATCH", "accounts/self/signing"),
    ("POST", "accounts/self/oauth/consumers"),
    ("GET", "messages"),
    ("GET", "stats"),
    ("GET", "inbound"),
    ("GET", "numbers"),
    ("GET", "pool"),
    ("GET", "carriers"),
    ("GET", "orphans"),
    ("GET", "events"),
    ("GET", "keys"),
    ("POST", "keys/rotate"),
    ("POST", "config/reload"),
    ("GET", "lists/barred"),
    ("GET", "simulator"),
]


@pytest.mark.parametrize(("method", "path"), OPERATORS)
def test_what_is_the_operators_is_closed_to_owners(shared, method, path):
    assert own(shared, method, path, json={}).status_code == 403
    assert own(shared, method, path, "nokey000", json={}).status_code == 401


@pytest.fixture(scope="module")
def shared(tmp_path_factory):
    """One server for calls that change nothing."""
    gateway = Gateway(tmp_path_factory.mktemp("portal"))
    yield gateway
    gateway.end()


def test_metrics_and_other_paths_are_closed_to_owners(shared):
    for path in ["/metrics", "/_whimbrel/v1", "/_whimbrel/", "/_whimbrel/v1/accounts"]:
        answer = requests.get(shared.http + path, auth=(shared.key, shared.secret), timeout=LIMIT_SECONDS)
        assert answer.status_code in (403, 404), path
        assert "whimbrel_" not in answer.text


def test_an_owner_sets_where_webhooks_go_and_replaces_its_secrets(dev):
    changed = own(dev, "PATCH", "accounts/self", json={"receipt_url": "http://127.0.0.1:9/mine", "webhook_method": "POST"})
    assert changed.json()["receipt_url"] == "http://127.0.0.1:9/mine"
    for rule in [{"status": "active"}, {"requests_per_second_max": 0}, {"recipients": "any", "receipt_url": ""}]:
        assert own(dev, "PATCH", "accounts/self", json=rule).status_code == 400
    assert own(dev, "GET", "accounts/self").json()["receipt_url"] == "http://127.0.0.1:9/mine"
    added = own(dev, "POST", "accounts/self/secrets").json()
    assert own(dev, "GET", "accounts/self", secret=added["secret"]).status_code == 200
    ids = [secret["id"] for secret in own(dev, "GET", "accounts/self/secrets").json()["secrets"]]
    assert own(dev, "DELETE", f"accounts/self/secrets/{ids[0]}", secret=added["secret"]).status_code == 200
    assert own(dev, "GET", "accounts/self").status_code == 401, "the old one is good no more"
    application = own(dev, "POST", "accounts/self/applications", secret=added["secret"], json={"name": "Shop"})
    assert application.status_code == 201 and "PRIVATE KEY" in application.text


def test_the_policy_of_the_key_holds_here_too(dev):
    def allow(**policy):
        assert dev.native("PATCH", f"accounts/{dev.key}/policy", json=policy).status_code == 200

    allow(scopes=["read", "send"])
    assert own(dev, "GET", "accounts/self/usage").status_code == 200
    for method, path in [("GET", "accounts/self/secrets"), ("PATCH", "accounts/self"), ("GET", "accounts/self/applications")]:
        assert own(dev, method, path, json={}).status_code == 403, path
    allow(scopes=["all"], networks=["192.0.2.0/24"])
    assert own(dev, "GET", "accounts/self").status_code == 401
    allow(networks=[], signature="required")
    assert own(dev, "GET", "accounts/self").status_code == 401, "key and secret show nothing where all must be signed"
    allow(signature="optional")
    dev.patch_account(status="suspended")
    assert own(dev, "GET", "accounts/self").status_code == 403


def test_usage_is_counted_by_day_for_the_account_alone(dev):
    other = made(dev, "other")
    sms = {"api_key": dev.key, "api_secret": dev.secret, "from": "Whimbrel"}
    # The last two digits say what becomes of it: delivered, rejected by the carrier.
    for to, text in [("447700900000", "one part"), ("447700900000", "x" * 200), ("447700900003", "rejected")]:
        answer = requests.post(dev.http + "/sms/json", data={**sms, "to": to, "text": text}, timeout=LIMIT_SECONDS)
        assert answer.json()["messages"][0]["status"] == "0", answer.text

    def settled():
        usage = own(dev, "GET", "accounts/self/usage").json()
        return usage if usage["total"]["delivered"] + usage["total"]["failed"] == 4 else None

    usage = wait_until(settled, "the ends of four parts")
    total = usage["total"]
    assert (total["messages"], total["parts"], total["delivered"], total["failed"]) == (3, 4, 3, 1)
    assert total["spent"] == "0.09990000", "the part that was rejected was given back"
    assert usage["currency"] == "EUR" and sum(day["messages"] for day in usage["days"]) == 3
    assert own(dev, "GET", "accounts/self/usage", other["api_key"], other["api_secret"]).json()["days"] == []
    today = datetime.date.fromisoformat(usage["to"])
    before = own(dev, "GET", f"accounts/self/usage?to={today - datetime.timedelta(days=2)}").json()
    assert before["days"] == [] and before["total"]["messages"] == 0
    for wrong in ["from=yesterday", "from=2026-02-30", "from=2024-01-01&to=2026-01-01", "day=1"]:
        assert own(dev, "GET", f"accounts/self/usage?{wrong}").status_code == 400, wrong
    listed = json.loads(dev.cli("account", "usage", dev.key, "--json").stdout)
    assert listed["total"] == total
    mine = whimbrel("account", "usage", "self", WHIMBREL_URL=dev.http, WHIMBREL_TOKEN=f"{dev.key}:{dev.secret}")
    assert "0.09990000" in mine.stdout and "total EUR" in mine.stdout


def test_accounts_are_listed_page_by_page(dev):
    keys = sorted(made(dev, name)["api_key"] for name in ["a", "b", "c"])
    found, after = [], ""
    while True:
        page = dev.native("GET", f"accounts?limit=2&after={after}").json()["accounts"]
        if not page:
            break
        found += page
        after = page[-1]["account"]
    assert [one["account"] for one in found] == sorted(one["account"] for one in found)
    assert set(keys) <= {one["api_key"] for one in found}
    assert all("secret" not in name for one in found for name in one)
    assert "ACCOUNT" in dev.cli("account", "ls").stdout


def sign_up(gateway, **arguments):
    """As anybody."""
    arguments = {"json": {"name": "Shop"}} | arguments
    return requests.post(f"{gateway.http}/_whimbrel/v1/sign-up", timeout=LIMIT_SECONDS, **arguments)


def test_whoever_signs_up_has_an_account_that_sends_what_it_can_pay(dev):
    answer = sign_up(dev)
    assert answer.status_code == 201, answer.text
    account = answer.json()
    shown = own(dev, "GET", "accounts/self", account["api_key"], account["api_secret"]).json()
    assert (shown["name"], shown["balance"], shown["status"]) == ("Shop", "0.00000000", "active")
    sms = {"api_key": account["api_key"], "api_secret": account["api_secret"], "from": "Shop", "to": "447700900000", "text": "hi"}
    sent = requests.post(dev.http + "/sms/json", data=sms, timeout=LIMIT_SECONDS).json()
    assert sent["messages"][0]["status"] == "9", "nothing is in its wallet"
    for wrong in [{"default_class": "otp"}, {"status": "active"}, {"dialect": "none"}, {"name": "x" * 101}]:
        assert sign_up(dev, json=wrong).status_code == 400, wrong
    foreign = sign_up(dev, headers={"Origin": "http://evil.example", "Sec-Fetch-Site": "cross-site"})
    assert foreign.status_code == 403
    assert requests.get(f"{dev.http}/_whimbrel/v1/sign-up", timeout=LIMIT_SECONDS).status_code == 405
    own_account = whimbrel("account", "sign-up", "--name", "Mine", "--json", WHIMBREL_URL=dev.http)
    assert json.loads(own_account.stdout)["api_secret"]


def test_the_owner_of_a_secret_key_needs_no_other(dev):
    account = sign_up(dev, json={"name": "Codes", "dialect": "nexo"}).json()
    assert account["free_credit"] == "0.11000000"
    bearer = {"Authorization": f"Bearer {account['secret_key']}"}
    base = f"{dev.http}/_whimbrel/v1/accounts"
    shown = requests.get(f"{base}/self", headers=bearer, timeout=LIMIT_SECONDS).json()
    assert (shown["api_key"], shown["dialect"]) == (account["api_key"], "nexo")
    assert requests.get(f"{base}/{dev.key}", headers=bearer, timeout=LIMIT_SECONDS).status_code == 404
    guess = {"Authorization": "Bearer sk_live_" + "0" * 48}
    assert requests.get(f"{base}/self", headers=guess, timeout=LIMIT_SECONDS).status_code == 401
    # Five codes of 0.022 are free, as the vendor's page says.
    balance = requests.get(f"{dev.http}/api/v1/balance", headers=bearer, timeout=LIMIT_SECONDS).json()
    assert "0.11" in json.dumps(balance), balance


def test_sign_up_is_off_until_the_operator_allows_so_many(tmp_path, simulator):
    config = pathlib.Path(tmp_path) / "portal.toml"
    base = carrier_config(simulator.addr.rsplit(":", 1)[1])
    config.write_text(base)
    gateway = Gateway(tmp_path, config=config)
    assert sign_up(gateway).status_code == 403
    assert gateway.native("GET", "accounts").json()["accounts"] == []
    gateway.terminate()
    config.write_text(base + "\n[portal]\nsign_up = true\nsign_ups_per_day = 3\nsign_ups_per_source = 2\n")
    gateway = Gateway(tmp_path, config=config)
    try:
        assert [sign_up(gateway).status_code for _ in range(3)] == [201, 201, 429]
        assert sign_up(gateway).headers["Retry-After"] == "86400"
        assert len(gateway.native("GET", "accounts").json()["accounts"]) == 2
    finally:
        gateway.end()
