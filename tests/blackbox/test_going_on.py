"""What waits for a carrier that is down, or that the configuration does not name any more, goes on to the next of its route."""

import socket

import pytest
from gateway import Gateway, Simulator, wait_until

CARRIER = """\
[carriers.{name}]
kind = "smpp"
host = "127.0.0.1"
port = {port}
system_id = "{name}"
password = "dev"
link_down_grace = "{grace}"

"""
ROUTE = '[[routes]]\nname = "all"\nprefix = ""\ncarriers = {carriers}\n'
COUNT = 30


def configured(ports, carriers, grace="500ms"):
    """Carriers by name and port, and one route over some of them."""
    tables = "".join(CARRIER.format(name=name, port=port, grace=grace) for name, port in ports.items())
    return tables + ROUTE.format(carriers=list(carriers)).replace("'", '"')


@pytest.fixture
def nowhere():
    """A port of loopback where nobody listens, kept from others."""
    with socket.socket() as kept:
        kept.bind(("127.0.0.1", 0))
        yield kept.getsockname()[1]


@pytest.fixture
def started(tmp_path):
    """Starts a server with a configuration; gives it and the file."""
    made = []

    def start(text):
        config = tmp_path / "whimbrel.toml"
        config.write_text(text)
        gateway = Gateway(tmp_path, config=config)
        gateway.open_account("1000")
        made.append(gateway)
        return gateway, config

    yield start
    for gateway in made:
        gateway.end()


def port_of(simulator):
    return simulator.addr.rsplit(":", 1)[1]


def sent(gateway, count=COUNT):
    """Texts of one and of three parts."""
    return [gateway.send(to=f"44791100{number:04}", text="a" * (400 if number % 3 == 0 else 10))["messages"] for number in range(count)]


def went_through(gateway, simulator, messages):
    """Each part reaches the simulator once, is delivered and paid once; gives the stories' words."""
    parts = [part for message in messages for part in message]
    wait_until(lambda: gateway.stats()["open_parts"] == 0, "every part to end")
    assert len(simulator.journal("submit_sm")) == len(parts)
    shown = [gateway.message(message[0]["message-id"]) for message in messages]
    assert {view["status"] for view in shown} == {"delivered"}
    assert float(gateway.native("GET", f"accounts/{gateway.key}").json()["held"]) == 0
    return [line["what"] for view in shown for line in view["timeline"]]


def test_what_waits_goes_on_after_the_grace(started, simulator, nowhere):
    gateway, _ = started(configured({"first": nowhere, "second": port_of(simulator)}, ["first", "second"]))
    messages = sent(gateway)
    parts = sum(map(len, messages))
    assert went_through(gateway, simulator, messages).count("handed-on") == parts


def test_a_carrier_that_takes_parts_keeps_them(started, simulator, tmp_path):
    other = Simulator(tmp_path / "other")
    gateway, _ = started(configured({"first": port_of(simulator), "second": port_of(other)}, ["first", "second"], "10ms"))
    wait_until(lambda: len(simulator.journal("bind")) and len(other.journal("bind")), "both to be bound")
    messages = sent(gateway)
    assert "handed-on" not in went_through(gateway, simulator, messages)
    assert not other.journal("submit_sm")
    other.end()


def test_what_nobody_else_takes_waits_for_its_carrier(started, tmp_path):
    first = Simulator(tmp_path / "first")
    port = port_of(first)
    first.end()
    with socket.socket() as kept:
        kept.bind(("127.0.0.1", 0))
        down = kept.getsockname()[1]
        gateway, config = started(configured({"first": port, "second": down}, ["first", "second"], "10ms"))
        messages = sent(gateway, 3)
        again = Simulator(tmp_path / "again")
        # The first one comes back, at another port.
        config.write_text(configured({"first": port_of(again), "second": down}, ["first", "second"], "10ms"))
        assert gateway.native("POST", "config/reload").status_code == 200
        assert "handed-on" not in went_through(gateway, again, messages)
        again.end()


def test_what_waits_for_a_carrier_that_is_removed_goes_on_at_once(started, simulator, nowhere):
    gateway, config = started(configured({"gone": nowhere}, ["gone"], "1h"))
    messages = sent(gateway)
    config.write_text(configured({"stays": port_of(simulator)}, ["stays"]))
    assert gateway.native("POST", "config/reload").status_code == 200
    assert "handed-on" in went_through(gateway, simulator, messages)


def test_what_waits_for_a_carrier_that_was_removed_before_the_start_goes_on(started, simulator, nowhere, tmp_path):
    gateway, config = started(configured({"gone": nowhere}, ["gone"], "1h"))
    messages = sent(gateway, 6)
    key = gateway.key
    gateway.terminate()
    config.write_text(configured({"stays": port_of(simulator)}, ["stays"]))
    again = Gateway(tmp_path, config=config)
    again.key = key
    assert "handed-on" in went_through(again, simulator, messages)
    again.end()
