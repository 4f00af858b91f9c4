"""Numbers that moved to another network, as a file of the operator's has them."""

import pytest
import requests
from gateway import LIMIT_SECONDS, Gateway, carrier_config, wait_until

MOVED, STAYED = "491721234567", "491721234568"


@pytest.fixture
def gateway(tmp_path, simulator):
    """A server whose register has one number, with an account of each of two dialects."""
    gateway_file = tmp_path / "whimbrel.toml"
    tables = f'[tables]\nported = "{tmp_path / "ported.csv"}"\n'
    gateway_file.write_text(tables + carrier_config(simulator.addr.rsplit(":", 1)[1]))
    (tmp_path / "ported.csv").write_text(f"number,mccmnc\n{MOVED},26203\n")
    gateway = Gateway(tmp_path, config=gateway_file)
    gateway.ported = tmp_path / "ported.csv"
    made = gateway.native("POST", "accounts", json={"dialect": "seven"}).json()
    gateway.native("POST", f"accounts/{made['api_key']}/topup", json={"amount": "10"})
    gateway.seven = {"X-Api-Key": made["secret_key"], "Accept": "application/json"}
    yield gateway
    gateway.end()


def looked_up(gateway, kind, number):
    """What the look-up of that kind says of a number."""
    url = f"{gateway.http}/api/lookup/{kind}"
    return requests.get(url, params={"number": number}, headers=gateway.seven, timeout=LIMIT_SECONDS).json()


def test_the_register_is_told_and_decides_the_network(gateway):
    moved, stayed = [looked_up(gateway, "mnp", number)["mnp"] for number in (MOVED, STAYED)]
    assert (moved["mccmnc"], moved["isPorted"]) == ("26203", True)
    assert (stayed["mccmnc"], stayed["isPorted"]) == ("26202", False)
    reach = looked_up(gateway, "hlr", MOVED)
    carriers = [reach[name]["network_code"] for name in ("current_carrier", "original_carrier")]
    assert (reach["ported"], reach["reachable"], carriers) == ("ported", "unknown", ["26203", "26202"])
    assert looked_up(gateway, "hlr", STAYED)["ported"] == "unknown", "that no register has it says nothing"
    form = {"to": f"{MOVED},{STAYED}", "text": "Hello"}
    url = f"{gateway.http}/api/sms"
    sent = requests.post(url, data=form, headers=gateway.seven, timeout=LIMIT_SECONDS).json()["messages"]
    assert [gateway.message(message["id"])["network"] for message in sent] == ["26203", "26202"]


def test_a_wrong_line_is_named_and_nothing_is_taken_over(gateway):
    for row, why in [(f"{STAYED},99999", "no network"), ("0172,26203", "7 to 15 digits"), (f"{MOVED},26203", "twice")]:
        gateway.ported.write_text(f"number,mccmnc\n{MOVED},26203\n{row}\n")
        refused = gateway.native("POST", "config/reload")
        assert refused.status_code == 422 and "ported" in refused.text, refused.text
        assert "line 3" in refused.text and why in refused.text, refused.text
        assert looked_up(gateway, "mnp", MOVED)["mnp"]["mccmnc"] == "26203"
    gateway.ported.write_text(f"number,mccmnc\n{STAYED},26203\n")
    assert gateway.native("POST", "config/reload").status_code == 200
    wait_until(lambda: looked_up(gateway, "mnp", STAYED)["mnp"]["isPorted"], "the new register")
    assert looked_up(gateway, "mnp", MOVED)["mnp"]["mccmnc"] == "26202"
