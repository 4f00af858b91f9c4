"""Fixtures: a foreign centre with our gateway as its client."""

import pytest
from gateway import configured
from javascript import Script


class Centre(Script):
    """npm `smpp`'s server."""

    def __init__(self):
        super().__init__("smsc.mjs")
        self.addr = f"127.0.0.1:{self.wait_for('listening')[0]['port']}"

    def submissions(self, count):
        """Waits for that many accepted submissions and gives them as the centre decoded them, with its ids."""
        while True:
            taken = [event for event in self.events("submit") if event["status"] == 0]
            if len(taken) >= count:
                return taken
            self.wait_for("submit", len(self.events("submit")) + 1)

    def deliver(self, mark, **fields):
        """Has it send a deliver_sm and waits for our answer's status."""
        self.order(do="deliver", mark=mark, fields=fields)
        while not (answers := [event for event in self.events("delivered") if event["mark"] == mark]):
            self.wait_for("delivered", len(self.events("delivered")) + 1)
        return answers[0]["status"]


@pytest.fixture
def centre():
    """A centre that answers every submission with ESME_ROK and a receipt, until told otherwise."""
    centre = Centre()
    yield centre
    centre.close()


@pytest.fixture
def carrier(tmp_path, centre):
    """Makes a server without `--dev` whose carrier is the centre, with lines of configuration for that carrier."""
    made = []

    def make(more="", binds=1):
        gateway = configured(tmp_path, centre.addr, more)
        made.append(gateway)
        centre.wait_for("bind", binds)
        return gateway

    yield make
    for gateway in made:
        gateway.end()
