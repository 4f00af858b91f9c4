"""How our gateway binds to a foreign centre: every mode, several connections, a limited rate."""

import pytest
from gateway import wait_until


def modes(centre):
    """What was bound, in any order."""
    return sorted(event["mode"] for event in centre.events("bind"))


def test_a_pair_sends_on_one_and_hears_on_the_other(carrier, centre):
    gateway = carrier('bind = "transmitter+receiver"', binds=2)
    assert modes(centre) == ["bind_receiver", "bind_transmitter"]
    (message,) = gateway.send()["messages"]
    wait_until(lambda: gateway.message(message["message-id"])["status"] == "delivered", "the receipt")
    by = {event["session"]: event["mode"] for event in centre.events("bind")}
    assert [by[event["session"]] for event in centre.events("submit")] == ["bind_transmitter"]


def test_a_transmitter_alone_sends(carrier, centre):
    carrier('bind = "transmitter"').send()
    centre.submissions(1)
    assert modes(centre) == ["bind_transmitter"]


@pytest.mark.parametrize("connections", [2, 3])
def test_several_connections_share_the_work(carrier, centre, connections):
    gateway = carrier(f"connections = {connections}\nwindow = 1", binds=connections)
    assert modes(centre) == ["bind_transceiver"] * connections
    for _ in range(20):
        gateway.send()
    taken = centre.submissions(20)
    assert len({event["session"] for event in taken}) > 1
    wait_until(lambda: gateway.stats()["open_parts"] == 0, "every receipt, on whichever connection")


def test_parts_of_one_text_leave_on_one_connection_in_order(carrier, centre):
    gateway = carrier("connections = 2", binds=2)
    count = len(gateway.send(text="a" * 1500)["messages"])
    taken = centre.submissions(count)
    assert len({event["session"] for event in taken}) == 1
    numbers = [bytes.fromhex(event["pdu"]["short_message"]["udh"][0]["hex"])[4] for event in taken]
    assert numbers == list(range(1, count + 1))


def test_a_rate_in_parts_loses_nothing(carrier, centre):
    gateway = carrier("rate = 20")
    gateway.send(text="a" * 3060)
    centre.submissions(20)
    wait_until(lambda: gateway.stats()["open_parts"] == 0, "every receipt")
