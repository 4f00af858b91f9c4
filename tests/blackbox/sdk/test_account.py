"""Balance, payments on demand, settings and prices by the vendor's own libraries.

Source: the libraries' documentation; Account API 1.0.3 and Pricing API 0.0.3 of Nexmo/Vonage, read 2026-11.
"""

import pytest
import requests
from gateway import LIMIT_SECONDS
from resources import node, python, retired_node, retired_python
from vonage_account import GetCountryPricingRequest, GetPrefixPricingRequest, ServiceType
from vonage_http_client.errors import AuthenticationError, HttpRequestError


@pytest.fixture
def client(secured):
    """PyPI `vonage` 4."""
    return python(secured)


def arrange(gateway, amount="10.00", times=2):
    """What an operator does so that an account may top up by itself."""
    gateway.cli("account", "reload", gateway.key, "--reference", "T1", "--amount", amount, "--times", times)


def test_python_reads_the_balance_and_tops_up(secured, client):
    before = client.account.get_balance()
    assert (before.value, before.auto_reload) == (1_000_000, False)
    with pytest.raises(AuthenticationError):
        client.account.top_up("T1")
    arrange(secured)
    answer = client.account.top_up("T1")
    assert (answer.error_code, answer.error_code_label) == ("200", "success")
    after = client.account.get_balance()
    assert (after.value, after.auto_reload) == (1_000_010, True)
    with pytest.raises(AuthenticationError):
        client.account.top_up("T2")
    client.account.top_up("T1")
    with pytest.raises(HttpRequestError) as failed:
        client.account.top_up("T1")
    assert failed.value.response.status_code == 420


def test_python_sets_and_clears_the_default_webhooks(secured, client, receiver):
    url = f"{receiver.url}/mo"
    settings = client.account.update_default_sms_webhook(mo_callback_url=url, dr_callback_url=f"{receiver.url}/dr")
    assert (settings.mo_callback_url, settings.dr_callback_url) == (url, f"{receiver.url}/dr")
    assert isinstance(settings.max_calls_per_second, int)
    tests = receiver.wait_for(2)
    assert [(hook.method, hook.target) for hook in tests] == [("GET", "/mo"), ("GET", "/dr")]
    settings = client.account.update_default_sms_webhook(url, "")
    assert (settings.mo_callback_url, settings.dr_callback_url) == (url, "")
    receiver.status = 404
    with pytest.raises(HttpRequestError) as failed:
        client.account.update_default_sms_webhook(f"{receiver.url}/other")
    assert failed.value.response.json()["error-code-label"] == "Callback URL not reachable"
    account = secured.native("GET", f"accounts/{secured.key}").json()
    assert (account["inbound_url"], account["receipt_url"]) == (url, None)


def test_python_reads_prices(client):
    canada = client.account.get_country_pricing(GetCountryPricingRequest(country_code="CA", type=ServiceType.SMS))
    assert (canada.country_code, canada.country_name, canada.dialing_prefix) == ("CA", "Canada", "1")
    assert len(canada.default_price.partition(".")[2]) == 8 and canada.networks
    britain = client.account.get_country_pricing(GetCountryPricingRequest(country_code="GB", type=ServiceType.SMS))
    mobile = next(network for network in britain.networks if network.mcc)
    assert mobile.network_code == mobile.mcc + mobile.mnc
    calls = client.account.get_country_pricing(GetCountryPricingRequest(country_code="CA", type=ServiceType.VOICE))
    assert (calls.default_price, calls.networks) == (None, None)
    north_america = client.account.get_prefix_pricing(GetPrefixPricingRequest(prefix="1", type=ServiceType.SMS))
    assert north_america.count == len(north_america.countries)
    assert {"CA", "US"} <= {country.country_code for country in north_america.countries}
    everywhere = client.account.get_all_countries_pricing(ServiceType.SMS)
    assert everywhere.count > 200


def test_node_reads_balance_settings_and_prices(dev, receiver):
    arrange(dev)
    url = f"{receiver.url}/mo"
    balance, topped, wrong, settings, country, prefix, everywhere = node(
        dev,
        ["accounts", "getBalance"],
        ["accounts", "topUpBalance", "T1"],
        ["accounts", "topUpBalance", "T2"],
        ["accounts", "updateAccountCallbacks", {"moCallBackUrl": url}],
        ["pricing", "listCountryPricing", "sms", "CA"],
        ["pricing", "listPrefixPricing", "sms", "44"],
        ["pricing", "listAllCountriesPricing", "sms"],
    )
    assert balance["gave"]["value"] == 1_000_000
    assert topped["gave"]["error-code"] == "200", topped
    assert wrong["status"] == 401
    assert settings["gave"]["mo-callback-url"] == url, settings
    assert country["gave"]["countryName"] == "Canada", country
    assert [found["countryCode"] for found in prefix["gave"]["countries"]].count("GB") == 1, prefix
    assert everywhere["gave"]["count"] > 200


def test_the_retired_libraries_read_the_same(dev, led, receiver):
    arrange(dev)
    url = f"{receiver.url}/mo"
    balance, topped, changed, price, prefix, secret = retired_node(
        dev,
        ["account", "checkBalance"],
        ["account", "topUp", "T1"],
        ["account", "updateSMSCallback", url],
        ["pricing", "get", "sms", "GB"],
        ["pricing", "getPrefix", "sms", "44"],
        ["account", "updatePassword", "Abcdefg123"],
    )
    assert balance["gave"]["value"] == 1_000_000, balance
    assert topped["gave"]["error-code"] == "200", topped
    assert changed["gave"]["mo-callback-url"] == url, changed
    assert price["gave"]["countryCode"] == "GB", price
    assert prefix["gave"]["count"] >= 1, prefix
    assert "newSecret" in str(secret), secret

    client = retired_python(led)
    assert client.get_balance() == {"value": 1_000_010, "autoReload": True}
    assert client.get_country_pricing("GB")["countryName"] == "United Kingdom"
    both = client.get_prefix_pricing("263")
    assert both["prices"][0]["country"] == both["countries"][0]["countryCode"] == "ZW"
    assert client.get_sms_pricing("447700900000")["price"] == "0.03330000"
    assert client.topup(trx="T1")["error-code"] == "200"
    assert client.update_settings(drCallBackUrl="")["dr-callback-url"] == ""


def test_curl_is_told_why_in_the_form_it_asks_for(dev):
    def ask(method, path, **more):
        return requests.request(method, f"{dev.http}{path}", timeout=LIMIT_SECONDS, **more)

    nobody = ask("GET", "/account/get-balance")
    assert (nobody.status_code, nobody.content) == (
        401,
        b'{"error-code":"401","error-code-label":"authentication failed"}',
    )
    assert nobody.headers["content-type"] == "application/json;charset=UTF-8"
    xml = ask("GET", "/account/get-balance", headers={"Accept": "application/xml"}, auth=(dev.key, dev.secret))
    assert xml.text.endswith("<accountBalance><value>1000000.00000000</value><autoReload>false</autoReload></accountBalance>")
    path = ask("GET", f"/account/get-balance/{dev.key}/{dev.secret}")
    assert path.json() == {"value": 1_000_000.0, "autoReload": False}
    failed = ask("POST", "/number/buy", auth=(dev.key, dev.secret), data={"country": "GB", "msisdn": "447700900999"})
    assert (failed.status_code, failed.reason) == (420, "Enhance Your Calm")
    assert failed.content == b'{"error-code":"420","error-code-label":"method failed"}'
    assert ask("PUT", "/account/settings").status_code == 403
    assert ask("POST", "/search/message").status_code == 404
