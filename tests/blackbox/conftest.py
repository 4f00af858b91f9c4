"""Fixtures: a server, a simulator and a receiver of one's own for each test that asks."""

import pytest
from gateway import Gateway, Simulator
from receiver import Receiver


@pytest.fixture
def dev(tmp_path):
    """`serve --dev`; it must end with exit code 0."""
    gateway = Gateway(tmp_path)
    yield gateway
    gateway.end()


@pytest.fixture
def simulator(tmp_path):
    """`whimbrel sim` alone."""
    simulator = Simulator(tmp_path)
    yield simulator
    simulator.end()


@pytest.fixture
def receiver():
    """A webhook receiver that answers 200."""
    receiver = Receiver()
    yield receiver
    receiver.close()
