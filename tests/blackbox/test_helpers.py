"""The helpers for other people's tests, each by what it is for."""

import os
import pathlib
import re
import shutil
import signal
import subprocess
import sys

import pytest
from gateway import BINARY, LIMIT_SECONDS, ROOT, environment

PLUGIN = ROOT / "helpers/pytest-whimbrel"
PYTEST_SECONDS = 300


def run_pytest(*arguments, **extra):
    """A pytest of its own with the plugin."""
    line = [sys.executable, "-m", "pytest", "-p", "no:cacheprovider", "-p", "pytest_whimbrel.plugin", "-q", *map(str, arguments)]
    path = os.pathsep.join([str(PLUGIN / "src"), os.environ.get("PYTHONPATH", "")])
    surroundings = environment(PYTHONPATH=path, PYTHONDONTWRITEBYTECODE="1", WHIMBREL_BINARY=str(BINARY), **extra)
    return subprocess.Popen(
        line, env=surroundings, cwd=PLUGIN, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True
    )


def ended(process):
    """Exit code and what was printed."""
    printed, _ = process.communicate(timeout=PYTEST_SECONDS)
    return process.returncode, printed


def test_the_pytest_plugin_by_its_own_tests():
    code, printed = ended(run_pytest("tests"))
    assert code == 0, printed


def test_two_runs_share_one_server_and_no_phone(dev):
    runs = [run_pytest("tests", "-k", "not clock", "--whimbrel-url", dev.http, WHIMBREL_TOKEN=dev.token) for _ in range(2)]
    for code, printed in [ended(run) for run in runs]:
        assert code == 0, printed
    assert dev.native("GET", "leases").json()["leases"] == [], "all phones were given back"


def test_four_workers_of_pytest_xdist_share_one_server_and_no_phone(dev):
    run = run_pytest("tests/test_logins.py", "-p", "xdist", "-n", "4", "--whimbrel-url", dev.http, WHIMBREL_TOKEN=dev.token)
    code, printed = ended(run)
    assert code == 0 and "20 passed" in printed, printed
    assert dev.native("GET", "leases").json()["leases"] == [], "all phones were given back"
    numbers = {message["to"] for message in dev.native("GET", "messages?limit=50").json()["messages"]}
    assert len(numbers) == 20, numbers


def test_each_worker_of_pytest_xdist_has_a_server_of_its_own():
    code, printed = ended(run_pytest("tests", "-p", "xdist", "-n", "4"))
    assert code == 0, printed


FAILING = """
import urllib.request, urllib.parse
def test_login(phone, whimbrel):
    form = {"api_key": "devkey01", "api_secret": "devSecret01", "to": phone.number[1:], "from": "Acme", "text": "no number in here"}
    urllib.request.urlopen(whimbrel.url + "/sms/json", urllib.parse.urlencode(form).encode(), timeout=30).close()
    phone.wait_for_text()
    phone.wait_for_otp(timeout=0.2)
"""


def test_a_failed_test_shows_what_was_said(tmp_path):
    test = tmp_path / "test_failing.py"
    test.write_text(FAILING)
    code, printed = ended(run_pytest(test))
    assert code == 1, printed
    assert re.search(r"phone \+4477009\d+ -", printed) and "from Acme: no number in here" in printed, printed
    assert "no one-time code for +4477009" in printed, printed


def test_without_a_program_the_remedy_is_told(tmp_path):
    code, printed = ended(run_pytest("tests", "-k", "apart", "--whimbrel-binary", tmp_path / "nothing"))
    assert code == 1 and "--whimbrel-url" in printed, printed


def read(path):
    """Names and values of a file of a job."""
    return dict(line.split("=", 1) for line in path.read_text().splitlines())


def test_the_github_action_hands_on_what_it_started(tmp_path):
    action = ROOT / "helpers/github-action"
    files = {name: tmp_path / name.lower() for name in ("GITHUB_ENV", "GITHUB_OUTPUT")}
    surroundings = environment(
        RUNNER_TEMP=str(tmp_path), WHIMBREL_BINARY=str(BINARY), **{name: str(path) for name, path in files.items()}
    )
    started = subprocess.run(
        [action / "start.sh"], env=surroundings, capture_output=True, text=True, timeout=LIMIT_SECONDS, check=False
    )
    assert started.returncode == 0, started.stdout + started.stderr
    variables, output = read(files["GITHUB_ENV"]), read(files["GITHUB_OUTPUT"])
    try:
        assert f"::add-mask::{variables['WHIMBREL_TOKEN']}" in started.stdout
        assert variables["WHIMBREL_URL"] == output["url"]
        line = [BINARY, "send", "--to", "447700900123", "--text", "Your code is 482917"]
        sent = subprocess.run(
            line, env=environment(**variables), capture_output=True, text=True, timeout=LIMIT_SECONDS, check=False
        )
        assert sent.returncode == 0, sent.stderr
    finally:
        os.kill(int(output["pid"]), signal.SIGTERM)
    # The action's file names the script that was run.
    assert "start.sh" in (action / "action.yml").read_text()


@pytest.mark.parametrize("shared", [False, True], ids=["own_servers", "shared_server"])
def test_the_playwright_fixture_logs_in_twenty_times_at_once(tmp_path, request, shared):
    """As a project would have it: the package beside Playwright, the vendor's library in the application, a browser of the system's."""
    dev = request.getfixturevalue("dev") if shared else None
    packages = pathlib.Path(os.environ["BLACKBOX_NODE"]) / "node_modules"
    modules = tmp_path / "node_modules"
    (modules / "@whimbrel").mkdir(parents=True)
    shutil.copytree(ROOT / "helpers/playwright", modules / "@whimbrel/playwright", ignore=shutil.ignore_patterns("tests"))
    for name in ("@playwright", "@vonage", "playwright", "playwright-core"):
        (modules / name).symlink_to(packages / name)
    shutil.copytree(ROOT / "helpers/playwright/tests", tmp_path / "tests")
    (tmp_path / "package.json").write_text('{ "type": "module" }')
    line = ["node", packages / "playwright/cli.js", "test", "--config", "tests/playwright.config.js"]
    server = {"WHIMBREL_URL": dev.http, "WHIMBREL_TOKEN": dev.token, "WORKERS": "4"} if dev else {"WHIMBREL_BINARY": str(BINARY)}
    surroundings = environment(CI="1", **server)
    done = subprocess.run(
        line, cwd=tmp_path, env=surroundings, capture_output=True, text=True, timeout=PYTEST_SECONDS, check=False
    )
    assert done.returncode == 0, done.stdout[-4000:] + done.stderr[-2000:]
    assert "25 passed" in done.stdout, done.stdout[-2000:]
