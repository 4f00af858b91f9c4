"""Fixtures: each foreign centre in its turn, with our gateway as its client."""

import pytest
from centres import ALL
from gateway import configured


@pytest.fixture(params=ALL, ids=lambda kind: kind.name)
def centre(request):
    """A centre that answers every submission with ESME_ROK and a receipt, until told otherwise; it must find no fault."""
    centre = request.param()
    yield centre
    assert not centre.events("fault")
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
