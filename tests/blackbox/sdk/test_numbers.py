"""Numbers found, bought, changed and cancelled by the vendor's own libraries.

Source: the libraries' documentation; Numbers API 1.0.20 of Nexmo/Vonage, read 2026-11.
"""

import pytest
from gateway import wait_until
from resources import node, python, retired_node, retired_python
from vonage_application import ApplicationConfig
from vonage_http_client.errors import HttpRequestError
from vonage_numbers import (
    ListOwnedNumbersFilter,
    NumberParams,
    SearchAvailableNumbersFilter,
    UpdateNumberParams,
)

NUMBER = "447700900901"
ONE = {"country": "GB", "msisdn": NUMBER}


def test_python_finds_buys_changes_and_cancels_a_number(secured, receiver):
    vonage = python(secured)
    client = vonage.numbers
    search = SearchAvailableNumbersFilter(country="GB", features="SMS,VOICE")
    found, count, following = client.search_available_numbers(search)
    assert (count, following) == (2, None)
    assert (found[0].msisdn, found[0].cost, found[0].type) == (NUMBER, "1.25", "mobile-lvn")
    assert found[0].features == ["VOICE", "SMS"]
    nothing = SearchAvailableNumbersFilter(country="GB", pattern="999", search_pattern=0)
    assert client.search_available_numbers(nothing) == ([], 0, None)

    assert client.buy_number(NumberParams(**ONE)).error_code == "200"
    with pytest.raises(HttpRequestError) as again:
        client.buy_number(NumberParams(**ONE))
    assert again.value.response.status_code == 420
    assert again.value.response.json() == {"error-code": "420", "error-code-label": "method failed"}
    wallet = secured.native("GET", f"accounts/{secured.key}").json()
    assert wallet["balance"] == "999998.75000000", "paid once"

    with pytest.raises(HttpRequestError):
        client.update_number(UpdateNumberParams(**ONE, app_id="aaaaaaaa-bbbb-cccc-dddd-0123456789ab"))
    # Without the capability for messages, so that texts go to the number's own URL.
    application = vonage.application.create_application(ApplicationConfig(name="Calls")).id
    change = UpdateNumberParams(**ONE, mo_http_url=f"{receiver.url}/number", app_id=application)
    assert client.update_number(change).error_code == "200"
    numbers, count, _ = client.list_owned_numbers(ListOwnedNumbersFilter(pattern=NUMBER, search_pattern=0))
    assert (count, numbers[0].mo_http_url, numbers[0].app_id) == (1, f"{receiver.url}/number", application)
    assert (numbers[0].voice_callback_type, numbers[0].voice_callback_value) == ("app", application)
    receiver.wait_for(1)

    secured.cli("phone", "reply", "447700900123", "--to", NUMBER, "--text", "Yes please")
    hook = receiver.wait_for(2)[1]
    assert (hook.path, dict(hook.parameters)["text"]) == ("/number", "Yes please")

    assert client.cancel_number(NumberParams(**ONE)).error_code == "200"
    assert client.list_owned_numbers() == ([], 0, None)
    _, count, _ = client.search_available_numbers(search)
    assert count == 2, "it is for sale again"


def test_node_finds_buys_changes_and_cancels_a_number(dev):
    found, bought, again, changed, owned, cancelled, nothing = node(
        dev,
        ["numbers", "getAvailableNumbers", {"country": "GB", "features": ["VOICE", "SMS"]}],
        ["numbers", "buyNumber", ONE],
        ["numbers", "buyNumber", ONE],
        ["numbers", "updateNumber", {**ONE, "voiceCallbackType": "tel", "voiceCallbackValue": "447700900001"}],
        ["numbers", "getOwnedNumbers"],
        ["numbers", "cancelNumber", ONE],
        ["numbers", "getOwnedNumbers"],
    )
    assert found["gave"]["count"] == 2 and found["gave"]["numbers"][0]["cost"] == "1.25", found
    assert bought["gave"]["errorCode"] == "200", bought
    assert again["status"] == 420, again
    assert changed["gave"]["errorCode"] == "200", changed
    assert owned["gave"]["count"] == 1 and owned["gave"]["numbers"][0]["voiceCallbackValue"] == "447700900001", owned
    assert cancelled["gave"]["errorCode"] == "200", cancelled
    assert not nothing["gave"].get("numbers"), nothing


def test_the_retired_libraries_do_the_same(dev, led):
    search, buy, owned, update, cancel = retired_node(
        dev,
        ["number", "search", "GB", {"pattern": NUMBER, "search_pattern": 0}],
        ["number", "buy", "GB", NUMBER],
        ["number", "get", {}],
        ["number", "update", "GB", NUMBER, {"voiceCallbackType": "tel", "voiceCallbackValue": "447700900001"}],
        ["number", "cancel", "GB", NUMBER],
    )
    assert search["gave"]["numbers"][0]["msisdn"] == NUMBER, search
    assert all(done["gave"]["error-code"] == "200" for done in (buy, update, cancel)), (buy, update, cancel)
    assert owned["gave"]["count"] == 1, owned

    client = retired_python(led)
    assert client.get_available_numbers("GB", pattern=NUMBER)["count"] == 1
    assert client.buy_number(country="GB", msisdn=NUMBER)["error-code"] == "200"
    assert client.get_account_numbers(pattern=NUMBER)["numbers"][0]["country"] == "GB"
    assert client.update_number(country="GB", msisdn=NUMBER, moHttpUrl="")["error-code"] == "200"
    assert client.cancel_number(country="GB", msisdn=NUMBER)["error-code"] == "200"
    assert client.get_account_numbers() == {}


def test_an_operators_table_is_for_sale_once_it_is_read(dev, tmp_path):
    table = tmp_path / "numbers.csv"
    lines = [f"4915100000{index:03},DE,mobile,SMS,0.50,,EUR" for index in range(250)]
    table.write_text("number,country,kind,features,monthly,purchase,currency\n" + "\n".join(lines) + "\n")
    assert dev.cli("number", "pool", "add", "--file", table).stdout.strip() == "250 in the pool"
    (page,) = node(dev, ["numbers", "getAvailableNumbers", {"country": "DE", "size": 100, "index": 3}])
    assert page["gave"]["count"] == 250 and len(page["gave"]["numbers"]) == 50
    dev.cli("number", "pool", "rm", "4915100000249", "--yes")
    assert "4915100000249" not in dev.cli("number", "pool", "ls").stdout
    (bought,) = node(dev, ["numbers", "buyNumber", {"country": "DE", "msisdn": "4915100000248"}])
    assert bought["gave"]["errorCode"] == "200"
    line = wait_until(
        lambda: next((line for line in dev.cli("number", "pool", "ls").stdout.splitlines() if "0248" in line), None),
        "the number in the list",
    )
    assert line.endswith(dev.key)
