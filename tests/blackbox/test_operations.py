"""What an operator does while the gateway runs: reloads, orders to carriers, phones that write, watching."""

import json
import signal
import subprocess
import threading

import pytest
import requests
from gateway import BINARY, LIMIT_SECONDS, Gateway, Simulator, environment, wait_until

CARRIERS = """\
[carriers.changed]
kind = "smpp"
host = "127.0.0.1"
port = {port}
system_id = "changed"
password = "dev"
window = {window}

[carriers.steady]
kind = "smpp"
host = "127.0.0.1"
port = {port}
system_id = "steady"
password = "dev"

[[routes]]
name = "changed"
prefix = "44"
carrier = "changed"

[[routes]]
name = "steady"
prefix = "1"
carrier = "steady"
"""


@pytest.fixture
def pair(tmp_path, simulator):
    """A server with two carriers and the writer of its configuration."""
    config = tmp_path / "whimbrel.toml"
    port = simulator.addr.rsplit(":", 1)[1]

    def write(window=10, more=""):
        config.write_text(CARRIERS.format(port=port, window=window) + more)

    write()
    gateway = Gateway(tmp_path, config=config)
    gateway.open_account("1000")
    wait_until(lambda: len(bound(gateway)) == 2, "both carriers to be bound")
    yield gateway, write
    gateway.end()


def carriers(gateway):
    return {carrier["name"]: carrier for carrier in gateway.native("GET", "carriers").json()["carriers"]}


def bound(gateway):
    """The number of the bound link of each carrier that has one."""
    states = {name: carrier["links"] for name, carrier in carriers(gateway).items()}
    return {
        name: link["link"] for name, links in states.items() for link in links if link["state"] == "bound"
    }


def test_a_changed_carrier_rebinds_under_load_and_nothing_else_notices(pair, simulator):
    gateway, write = pair
    before = bound(gateway)
    stop, accepted = threading.Event(), []

    def load():
        number = 0
        while not stop.is_set():
            number += 1
            # Numbers outside the ranges whose last digits choose an outcome.
            for prefix in ("44791100", "1212000"):
                accepted.append(gateway.send(to=f"{prefix}{number:04}")["messages"][0])

    loader = threading.Thread(target=load)
    loader.start()
    try:
        wait_until(lambda: len(accepted) > 40, "texts before the reload")
        write(window=20)
        gateway.process.send_signal(signal.SIGHUP)
        after = wait_until(lambda: (now := bound(gateway)).get("changed", 0) > before["changed"] and now, "a new bind")
        count = len(accepted)
        wait_until(lambda: len(accepted) > count + 40, "texts after the reload")
    finally:
        stop.set()
        loader.join()
    assert after["steady"] == before["steady"], "the other carrier keeps its link"
    assert {message["status"] for message in accepted} == {"0"}
    wait_until(lambda: gateway.stats()["open_parts"] == 0, "every text to end")
    reached = [record["destination"] for record in simulator.journal("submit_sm")]
    assert sorted(reached) == sorted(message["to"] for message in accepted), "each once, none lost"


def test_a_broken_file_changes_nothing_and_says_line_and_remedy(pair):
    gateway, write = pair
    before = bound(gateway)
    write(window=20, more='[carriers.third]\nkind = "smpp"\nhsot = "127.0.0.1"\n')
    answer = gateway.native("POST", "config/reload")
    assert answer.status_code == 422
    errors = "\n".join(answer.json()["errors"])
    assert "whimbrel.toml:27" in errors and "carriers.third.hsot" in errors and "host" in errors, errors
    refused = gateway.cli("config", "reload", check=False)
    assert refused.returncode == 3 and "hsot" in refused.stderr
    assert bound(gateway) == before and carriers(gateway)["changed"]["window_max"] == 10
    metrics = requests.get(f"{gateway.http}/metrics", headers={"Authorization": f"Bearer {gateway.token}"}, timeout=9)
    assert "whimbrel_config_last_reload_successful 0" in metrics.text
    write(window=30)
    applied = gateway.cli("config", "reload")
    assert "changed" in applied.stdout
    wait_until(lambda: carriers(gateway)["changed"]["window_max"] == 30, "the new window")
    assert bound(gateway)["steady"] == before["steady"]


def test_carriers_are_added_and_removed_while_texts_go_on(pair, tmp_path):
    gateway, write = pair
    other = Simulator(tmp_path / "other")
    port = other.addr.rsplit(":", 1)[1]
    carrier = f'[carriers.third]\nkind = "smpp"\nhost = "127.0.0.1"\nport = {port}\nsystem_id = "x"\npassword = "dev"\n'
    write(more=f'{carrier}\n[[routes]]\nname = "third"\nprefix = "49"\ncarrier = "third"\n')
    assert gateway.native("POST", "config/reload").status_code == 200
    wait_until(lambda: "third" in bound(gateway), "the third carrier")
    assert gateway.send(to="4915112345678")["messages"][0]["status"] == "0"
    wait_until(lambda: other.journal("submit_sm"), "the text at the third carrier")
    write()
    assert gateway.native("POST", "config/reload").status_code == 200
    assert set(bound(gateway)) == {"changed", "steady"}
    assert gateway.send(to="4915112345678")["messages"][0]["status"] == "6"
    other.end()


def test_a_carrier_is_unbound_drained_and_bound_again(pair):
    gateway, _ = pair
    gateway.cli("carrier", "unbind", "changed", "--yes")
    wait_until(lambda: "changed" not in bound(gateway), "the link to close")
    sent = gateway.send(to="447700900000")["messages"][0]
    assert sent["status"] == "0", "it waits"
    assert "changed" in gateway.cli("carrier", "ls").stdout
    gateway.cli("carrier", "bind", "changed")
    wait_until(lambda: gateway.message(sent["message-id"])["status"] == "delivered", "the text that waited")
    tested = gateway.cli("carrier", "test", "changed")
    assert "enquire_link" in tested.stdout, tested.stdout
    # No country has this code: refused in the words that customers read.
    refused = gateway.native("POST", "carriers/changed/test", json={"to": "2100000000", "account": gateway.key}).json()
    assert refused["refused"].startswith("status 6: "), refused


def test_a_phone_writes_a_long_text_and_the_application_hears_of_every_part(dev, receiver):
    owned = dev.native("POST", "numbers", json={"number": "447700900000", "account": dev.key})
    assert owned.status_code == 200, owned.text
    dev.patch_account(inbound_url=f"{receiver.url}/inbound", webhook_method="POST-JSON")
    text = "Hello from the phone. " * 10
    dev.cli("phone", "reply", "447700900123", "--to", "447700900000", "--text", text)
    hooks = [dict(hook.parameters) for hook in receiver.wait_for(2)]
    assert {hook["concat-part"] for hook in hooks} == {"1", "2"}
    assert "".join(hook["text"] for hook in sorted(hooks, key=lambda hook: hook["concat-part"])) == text
    listed = wait_until(lambda: dev.native("GET", "inbound?to=447700900000").json()["inbound"], "the text in the list")
    assert [(entry["text"], entry["parts_there"], entry["parts"]) for entry in listed] == [(text, 2, 2)]


def test_a_phone_writes_octets(dev, receiver):
    dev.native("POST", "numbers", json={"number": "447700900000", "account": dev.key})
    dev.patch_account(inbound_url=f"{receiver.url}/inbound", webhook_method="GET")
    body = {"to": "447700900000", "data": "00ff10", "udh": "06050415811581"}
    assert dev.native("POST", "phones/447700900123/reply", json=body).status_code == 202
    hook = dict(receiver.wait_for(1)[0].parameters)
    assert (hook["type"], hook["data"].lower(), hook["udh"]) == ("binary", "00ff10", "06050415811581")
    assert "text" not in hook


def test_tail_tells_what_happens_as_it_happens(dev):
    tail = subprocess.Popen(
        [BINARY, "tail", "--json"],
        env=environment(WHIMBREL_URL=dev.http, WHIMBREL_TOKEN=dev.token),
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        text=True,
    )
    try:
        sent, kinds = set(), []
        timer = threading.Timer(LIMIT_SECONDS, tail.kill)
        timer.start()
        # What happened before it listened is not told, so texts are sent until one is.
        sender = threading.Event()

        def send():
            while not sender.wait(0.2):
                sent.add(dev.send()["messages"][0]["message-id"])

        thread = threading.Thread(target=send)
        thread.start()
        for line in tail.stdout:
            event = json.loads(line)
            kinds.append(event["event"])
            assert "Hello from Whimbrel" not in line, "no texts in events"
            if event["event"] == "part.delivered" and event["data"]["message"] in sent:
                break
        sender.set()
        thread.join()
        timer.cancel()
        assert {"message.accepted", "part.delivered"} <= set(kinds), kinds
    finally:
        tail.kill()
        tail.wait()
        tail.stdout.close()
