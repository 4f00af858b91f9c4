"""OAuth 1.0a by a client that shares no code with ours: PyPI `requests-oauthlib`. Source: RFC 5849."""

import json
import re
from urllib.parse import parse_qs, urlsplit

import pytest
import requests
from requests_oauthlib import OAuth1Session
from requests_oauthlib.oauth1_session import TokenRequestDenied

TO = "447700900000"
BACK = "https://planner.example/back?a=b"


@pytest.fixture
def consumer(dev, monkeypatch):
    """A consumer's key and secret, as an operator makes them."""
    monkeypatch.setenv("REQUESTS_CA_BUNDLE", dev.ca)
    made = json.loads(dev.cli("oauth", "add", dev.key, "--name", "Planner & <co>", "--json").stdout)
    return made["key"], made["secret"]


def session(consumer, **more):
    key, secret = consumer
    return OAuth1Session(key, client_secret=secret, **more)


def grant(dev, base, token):
    """What a person does in a browser: opens the page, fills in the form and sends it."""
    browser = requests.Session()
    page = browser.get(f"{base}/oauth/authorize", params={"oauth_token": token}, timeout=10)
    assert page.status_code == 200 and "Planner &amp; &lt;co&gt; asks for access" in page.text
    form = dict(re.findall(r'<input type="hidden" name="(\w+)" value="(\w+)">', page.text))
    form |= {"api_key": dev.key, "api_secret": dev.secret}
    answer = browser.post(f"{base}/oauth/authorize", data=form, allow_redirects=False, timeout=10)
    assert answer.status_code == 303, answer.text
    return answer.headers["location"]


def granted(dev, consumer, base, **more):
    """A session with an access token."""
    asking = session(consumer, callback_uri=BACK, **more)
    asking.fetch_request_token(f"{base}/oauth/request_token")
    back = grant(dev, base, asking.token["oauth_token"])
    assert parse_qs(urlsplit(back).query)["a"] == ["b"]
    asking.parse_authorization_response(back)
    asking.fetch_access_token(f"{base}/oauth/access_token")
    return asking


@pytest.mark.parametrize(("method", "scheme"), [("HMAC-SHA1", "https"), ("HMAC-SHA256", "http")])
def test_a_consumer_gets_a_token_and_sends(dev, consumer, method, scheme):
    base = getattr(dev, scheme)
    calling = granted(dev, consumer, base, signature_method=method)
    fields = {"from": "Acme", "to": TO, "text": "één & twee = drie +~*"}
    for sent in (
        calling.get(f"{base}/sms/json", params=fields),
        calling.post(f"{base}/sms/json", data=fields),
    ):
        assert sent.json()["messages"][0]["status"] == "0", sent.text
    assert calling.get(f"{base}/account/get-balance").json()["value"] > 0


def test_a_signature_counts_once_and_covers_what_is_sent(dev, consumer):
    calling = granted(dev, consumer, dev.https)
    fields = {"from": "Acme", "to": TO, "text": "hello"}
    signed = calling.prepare_request(requests.Request("GET", f"{dev.https}/sms/json", params=fields, auth=calling.auth))
    changed = signed.copy()
    changed.url = changed.url.replace("hello", "other")
    statuses = [
        requests.Session().send(one, timeout=10, verify=dev.ca).json()["messages"][0]["status"] for one in (changed, signed, signed)
    ]
    assert statuses == ["4", "0", "4"]


def test_a_token_that_is_not_granted_or_revoked_is_refused(dev, consumer):
    asking = session(consumer, callback_uri=BACK)
    asking.fetch_request_token(f"{dev.https}/oauth/request_token")
    with pytest.raises(TokenRequestDenied):
        asking.fetch_access_token(f"{dev.https}/oauth/access_token", verifier="guessed")

    calling = granted(dev, consumer, dev.https)
    token = calling.token["oauth_token"]
    grants = json.loads(dev.cli("oauth", "grants", dev.key, "--json").stdout)["grants"]
    assert {"token": token, "consumer": consumer[0]}.items() <= grants[-1].items()
    dev.cli("oauth", "revoke", dev.key, token, "--yes")
    assert calling.get(f"{dev.https}/account/get-balance").status_code == 401

    other = granted(dev, consumer, dev.https)
    dev.cli("oauth", "rm", dev.key, consumer[0], "--yes")
    assert other.get(f"{dev.https}/account/get-balance").status_code == 401
    assert json.loads(dev.cli("oauth", "grants", dev.key, "--json").stdout)["grants"] == []
