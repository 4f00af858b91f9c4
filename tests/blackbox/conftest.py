"""Fixtures: a server, a simulator and a receiver of one's own for each test that asks."""

import os
import shutil

import pytest
from gateway import Gateway, Simulator
from lonely import LONELY
from receiver import Receiver

# Its programs call vendors' real hosts, which must not be reached whatever fails.
collect_ignore = [] if LONELY else ["test_run.py"]
HAS_NGINX = os.path.exists("/usr/sbin/nginx")
if not HAS_NGINX:
    collect_ignore.append("test_proxy.py")


def pytest_addoption(parser):
    """What is written instead of compared."""
    parser.addoption("--write-stories", action="store_true", help="write what appears into docs/guide/stories.md")


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


def pytest_report_header():
    """Says what is not installed and so not tried: a page's block of a language needs that."""
    missing = [name for name in ["node", "php", "go", "ruby"] if not shutil.which(name)]
    lines = [f"not installed, so its block of docs/guide/send-an-otp.md is not run: {', '.join(missing)}"] if missing else []
    if not (os.environ.get("BLACKBOX_HURL") or shutil.which("hurl")):
        lines.append("hurl is not installed, so its files are run by a reader of our own alone: cargo xtask install builds it")
    if not HAS_NGINX:
        lines.append("nginx is not installed, so test_proxy.py is left out")
    return lines if LONELY else [*lines, "no network namespace can be made here, so test_run.py is left out"]
