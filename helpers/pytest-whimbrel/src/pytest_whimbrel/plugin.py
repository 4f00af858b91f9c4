"""The fixtures."""

import os

import pytest

from .client import Clock, Phones, Whimbrel
from .server import Server, find_binary

_PHONES = pytest.StashKey()


def pytest_addoption(parser):
    """Where the server is."""
    group = parser.getgroup("whimbrel")
    group.addoption("--whimbrel-url", metavar="URL", help="a server that runs already; else one is started")
    group.addoption("--whimbrel-binary", metavar="FILE", help="the program to start, if it is not `whimbrel` of PATH")


@pytest.fixture(scope="session")
def whimbrel(pytestconfig):
    """The server; with pytest-xdist one for each worker, unless one is named."""
    url = pytestconfig.getoption("--whimbrel-url") or os.environ.get("WHIMBREL_URL")
    if url:
        token = os.environ.get("WHIMBREL_TOKEN")
        environment = {"WHIMBREL_URL": url, **({"WHIMBREL_TOKEN": token} if token else {})}
        yield Whimbrel(url, token, environment)
        return
    binary = pytestconfig.getoption("--whimbrel-binary") or os.environ.get("WHIMBREL_BINARY")
    server = Server(find_binary(binary))
    try:
        yield Whimbrel(server.ready["http"], server.ready["admin_token"], server.environment())
    finally:
        server.stop()


@pytest.fixture
def phones(whimbrel, request):
    """Leases phones; they are given back after the test."""
    phones = Phones(whimbrel, note=request.node.name[:100])
    request.node.stash[_PHONES] = phones
    yield phones
    phones.release()


@pytest.fixture
def phone(phones):
    """A phone that no other test has."""
    return phones.lease()


@pytest.fixture
def clock(whimbrel):
    """The server's clock; it is put back after the test."""
    clock = Clock(whimbrel)
    yield clock
    clock.reset()


@pytest.hookimpl(hookwrapper=True)
def pytest_runtest_makereport(item, call):
    """A failed test shows what was said at its phones."""
    report = (yield).get_result()
    phones = item.stash.get(_PHONES, None)
    if report.when != "call" or not report.failed or phones is None:
        return
    for phone in phones.leased:
        try:
            lines = [f"{kept['at']} {_arrow(kept)} {kept.get('text') or kept.get('binary_hex')}" for kept in phone.texts()]
        except Exception as error:  # The report is told anyway.
            lines = [f"cannot be read: {error}"]
        report.sections.append((f"phone {phone.number}", "\n".join(lines) or "nothing was said"))


def _arrow(kept):
    return f"from {kept['with']}:" if kept["direction"] == "to_phone" else f"to {kept['with']}:"
