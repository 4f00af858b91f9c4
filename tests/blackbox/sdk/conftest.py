"""Fixtures: the vendor's libraries, pointed at a server of their own."""

import urllib.parse

import clients
import pytest
from gateway import configured
from proxy import Proxy


@pytest.fixture(params=clients.ALL, ids=lambda kind: kind.name)
def kind(request):
    """Each library in its turn."""
    return request.param


@pytest.fixture
def client(kind, dev, monkeypatch):
    """A library that talks to `serve --dev`, with the right secret unless another is given."""
    monkeypatch.setenv("REQUESTS_CA_BUNDLE", dev.ca)
    return lambda secret=dev.secret: kind(dev, secret)


@pytest.fixture
def gateway(tmp_path, simulator):
    """A server without `--dev` whose carrier is a simulator with a journal."""
    gateway = configured(tmp_path, simulator.addr)
    yield gateway
    gateway.end()


@pytest.fixture
def carried(kind, gateway, monkeypatch):
    """A library that talks to `gateway`."""
    monkeypatch.setenv("REQUESTS_CA_BUNDLE", gateway.ca)
    return kind(gateway, gateway.secret)


@pytest.fixture
def secured(dev, monkeypatch):
    """`serve --dev`, whose authority Python trusts."""
    monkeypatch.setenv("REQUESTS_CA_BUNDLE", dev.ca)
    return dev


@pytest.fixture
def led(secured, monkeypatch):
    """The same for a library that takes no port: a proxy leads it."""
    proxy = Proxy(urllib.parse.urlsplit(secured.https).port)
    monkeypatch.setenv("HTTPS_PROXY", proxy.url)
    for name in ("NO_PROXY", "no_proxy"):
        monkeypatch.delenv(name, raising=False)
    yield secured
    proxy.close()
