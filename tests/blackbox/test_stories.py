"""The stories of docs/guide/stories.md, each told by its commands; what they print is what the page shows."""

import hashlib
import hmac
import json
import os
import pathlib
import re
import shutil
import signal
import subprocess
import sys

import pytest
from gateway import BINARY, LIMIT_SECONDS, ROOT, Process, environment, wait_until, whimbrel
from lonely import LONELY
from stories import appears, names, normal, settled
from test_helpers import PLUGIN, PYTEST_SECONDS, read

CODE = "Your Acme code is 482917. It expires in 10 minutes."
TOLD_ELSEWHERE = {"browser"}  # tests/browser/suite/story.spec.mjs
TOLD = {"serve", "env", "wait", "wait-timeout", "run", "ci", "pytest", "pytest-timeout", "playwright", "verify-newline", "sign", "verify-old"}


def test_every_block_of_the_page_is_told_by_a_test():
    assert set(names()) == TOLD | TOLD_ELSEWHERE and len(names()) == len(set(names()))


def shell(dev, script, folder=None, **extra):
    """A script of `sh` in which `whimbrel` is the program under test; both its outputs, and a line for an exit code that is not 0."""
    binaries = pathlib.Path(dev.folder) / "bin"
    binaries.mkdir(exist_ok=True)
    (binaries / "whimbrel").unlink(missing_ok=True)
    (binaries / "whimbrel").symlink_to(BINARY)
    path = os.pathsep.join([str(binaries), os.environ["PATH"]])
    done = subprocess.run(
        ["sh", "-c", script],
        cwd=folder,
        env=environment(PATH=path, WHIMBREL_DATA_DIR=str(dev.data_dir), NO_COLOR="1", **extra),
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        timeout=LIMIT_SECONDS,
        check=False,
    )
    end = f"(exit code {done.returncode})\n" if done.returncode else ""
    return done.stdout + end


def places(dev):
    """Names of the page for what this server has."""
    return {
        "127.0.0.1:7670": dev.http.removeprefix("http://"),
        "127.0.0.1:7671": dev.ready["https"].removeprefix("https://"),
        "127.0.0.1:2776": dev.ready["simulator"]["addr"],
        "~/.local/state/whimbrel-dev": dev.data_dir,
    }


def told(commands, printed):
    """Commands as they are typed, and what they print."""
    return f"$ {commands}\n{printed}".rstrip("\n")


def test_serve(tmp_path, monkeypatch, pytestconfig):
    """In the folder that is there for it, with ports that are free."""
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path))
    ports = ["--http", "127.0.0.1:0", "--https", "127.0.0.1:0", "--simulator", "127.0.0.1:0"]
    server = Process(tmp_path / "run", "gateway", ["serve", "--dev", *ports])
    try:
        server.http, server.data_dir = server.ready["http"], tmp_path / "whimbrel-dev"
        # Whoever reads the ready-file may be faster than the banner.
        wait_until(lambda: "whimbrel run -- COMMAND" in server.log(), "the last line of the banner")
        banner = [line for line in server.log().splitlines() if not line.startswith("{")]
        appears("serve", told("whimbrel serve --dev", normal("\n".join(banner), **places(server))), pytestconfig)
        # The last lines are commands, and work as they stand.
        shown = whimbrel("inbox", check=False)
        assert shown.returncode == 0, shown.stderr
    finally:
        server.end()


def test_env_and_an_application_that_uses_it(dev, pytestconfig):
    names_of = "whimbrel env --shell | sed 's/=.*//; s/export //' | xargs"
    # What somebody's `npm test` does at its heart: the application sends with what its environment says.
    test = (
        'eval "$(whimbrel env --shell)" && curl -s --fail "$WHIMBREL_URL/sms/json" '
        f'-u "$VONAGE_API_KEY:$VONAGE_API_SECRET" -d to=447700900123 -d from=Acme -d text="{CODE}" | grep status'
    )
    printed = told(names_of, shell(dev, names_of)) + "\n" + told('eval "$(whimbrel env --shell)" && npm test', shell(dev, test))
    appears("env", normal(printed, **places(dev)), pytestconfig)


def test_wait_prints_the_code_and_nothing_else(dev, pytestconfig):
    dev.send(to="447700900123", text=CODE, sender="Acme")
    command = "whimbrel wait --to +447700900123 --extract otp --timeout 10s"
    printed = shell(dev, command)
    assert printed == "482917\n", printed
    appears("wait", told(command, printed), pytestconfig)


def test_a_wait_in_vain_says_what_came_instead(dev, pytestconfig):
    dev.send(to="447700900124", text=CODE, sender="Acme")
    commands = [f"whimbrel wait --to {number} --extract otp --timeout 1s" for number in ("+447700900123", "07700900124")]
    printed = [told(command, settled(shell(dev, command), 3)) for command in commands]
    appears("wait-timeout", "\n".join(printed), pytestconfig)


HARD_CODED = """
import urllib.parse, urllib.request

def test_a_text_is_sent():
    form = {"api_key": "devkey01", "api_secret": "devSecret01", "to": "447700900123", "from": "Acme", "text": "Your code is 482917"}
    with urllib.request.urlopen("https://rest.nexmo.com/sms/json", urllib.parse.urlencode(form).encode(), timeout=30) as answer:
        assert b'"status": "0"' in answer.read()
"""


# It calls the vendor's host, so it is tried only where that cannot be reached; the head of a run says if no such place can be made.
@pytest.mark.parametrize("lonely", [LONELY] if LONELY else [], ids=lambda _: "no_network")
def test_run_leads_a_hard_coded_host_here(tmp_path, pytestconfig, lonely):
    (tmp_path / "test_texts.py").write_text(HARD_CODED)
    pytest_q = [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider"]
    done = subprocess.run(
        [*lonely, BINARY, "run", "--dump", "whimbrel-dump", "--", *pytest_q],
        cwd=tmp_path,
        env=environment(CI="1", PYTHONDONTWRITEBYTECODE="1", PYTEST_ADDOPTS=""),
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        timeout=PYTEST_SECONDS,
        check=False,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    dump = tmp_path / "whimbrel-dump"
    timeline = settled((dump / "timeline.txt").read_text())
    lines = [
        told("whimbrel run --dump whimbrel-dump -- pytest -q", settled(done.stdout, 4)),
        told("ls whimbrel-dump", "\n".join(sorted(path.name for path in dump.iterdir()))),
        told("grep -c accepted whimbrel-dump/timeline.txt", str(timeline.count("accepted"))),
    ]
    appears("run", "\n".join(lines), pytestconfig)


def test_the_action_hands_on_what_it_started(tmp_path, pytestconfig):
    files = {name: tmp_path / name.lower() for name in ("GITHUB_ENV", "GITHUB_OUTPUT")}
    job = environment(RUNNER_TEMP=str(tmp_path), WHIMBREL_BINARY=str(BINARY), **{name: str(path) for name, path in files.items()})
    start = ROOT / "helpers/github-action/start.sh"
    started = subprocess.run([start], env=job, capture_output=True, text=True, timeout=LIMIT_SECONDS, check=False)
    assert started.returncode == 0, started.stdout + started.stderr
    variables, output = read(files["GITHUB_ENV"]), read(files["GITHUB_OUTPUT"])
    try:
        step = environment(**variables)
        for line in (["send", "--to", "447700900123", "--text", CODE], ["dump", tmp_path / "whimbrel-dump"]):
            subprocess.run([BINARY, *line], env=step, capture_output=True, timeout=LIMIT_SECONDS, check=True)
    finally:
        os.kill(int(output["pid"]), signal.SIGTERM)
    said = [line for line in started.stdout.splitlines() if not line.startswith("::add-mask::")]
    kept = sorted(path.name for path in (tmp_path / "whimbrel-dump").iterdir())
    messages = [json.loads(line)["to"] for line in (tmp_path / "whimbrel-dump/messages.ndjson").read_text().splitlines()]
    lines = ["\n".join(said), f"variables: {' '.join(variables)}", f"whimbrel-dump/: {' '.join(kept)}; messages to {messages}"]
    appears("ci", normal("\n".join(lines), **{"127.0.0.1:7670": output["url"].removeprefix("http://")}), pytestconfig)


PROMISED_PYTEST = """
def test_login(phone, client):              # fixture leases a fresh number, releases it afterwards
    client.post("/login", json={"phone": phone.number})
    assert client.post("/verify", json={"code": phone.wait_for_otp()}).ok
"""

# The application under test and its client: what a project has of its own.
CLIENT = """
import secrets, types, urllib.parse, urllib.request
import pytest

class Client:
    def __init__(self, whimbrel):
        self.whimbrel, self.code = whimbrel, None

    def post(self, path, json):
        if path == "/verify":
            return types.SimpleNamespace(ok=json["code"] == self.code)
        self.code = f"{secrets.randbelow(900_000) + 100_000}"
        form = {"api_key": "devkey01", "api_secret": "devSecret01", "to": json["phone"].lstrip("+"), "from": "Acme"}
        form["text"] = f"{self.code} is your login code."
        urllib.request.urlopen(self.whimbrel.url + "/sms/json", urllib.parse.urlencode(form).encode(), timeout=30).close()

@pytest.fixture
def client(whimbrel):
    return Client(whimbrel)
"""


def pytest_run(folder, test):
    """Somebody's test with the plugin; what pytest prints."""
    (folder / "conftest.py").write_text(CLIENT)
    (folder / "test_login.py").write_text(test)
    line = [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", "-p", "pytest_whimbrel.plugin", "--tb=short"]
    path = os.pathsep.join([str(PLUGIN / "src"), os.environ.get("PYTHONPATH", "")])
    surroundings = environment(PYTHONPATH=path, PYTHONDONTWRITEBYTECODE="1", WHIMBREL_BINARY=str(BINARY), NO_COLOR="1", COLUMNS="120")
    done = subprocess.run(line, cwd=folder, env=surroundings, capture_output=True, text=True, timeout=PYTEST_SECONDS, check=False)
    return done.stdout


def test_the_promised_pytest(tmp_path, pytestconfig):
    appears("pytest", told("pytest -q", settled(pytest_run(tmp_path, PROMISED_PYTEST), 4)), pytestconfig)


IN_VAIN = PROMISED_PYTEST.replace("wait_for_otp()", "wait_for_otp(timeout=1)").replace('"phone": phone.number', '"phone": "+447700900124"')


def test_the_promised_pytest_in_vain(tmp_path, pytestconfig):
    printed = pytest_run(tmp_path, IN_VAIN)
    error = [line for line in printed.splitlines() if line.startswith("E   ")]
    appears("pytest-timeout", settled("\n".join(error), 3, 7, 8), pytestconfig)


PROMISED_PLAYWRIGHT = """
import { test, expect } from '@whimbrel/playwright';
import { listen } from './application.js';

let application;
test.beforeAll(async ({ whimbrel }) => { application = await listen(whimbrel.url); });
test.afterAll(() => application.close());

test('login by SMS', async ({ page, phone }) => {
  await page.goto(application.url);
  await page.getByLabel('Phone').fill(phone.number);
  await page.getByRole('button', { name: 'Send code' }).click();
  await page.getByLabel('Code').fill(await phone.waitForOtp());
  await page.getByRole('button', { name: 'Log in' }).click();
  await expect(page.getByText('Welcome')).toBeVisible();
});

test('expired code', async ({ phone, whimbrel, clock }) => {
  const before = (await whimbrel.call('GET', 'clock')).now;
  const after = await clock.advance('10m');
  expect(Date.parse(after) - Date.parse(before)).toBeGreaterThanOrEqual(600_000);
});

test('undelivered', async ({ whimbrel, phones }) => {
  const p = await phones.lease({ outcome: 'expired', after: '2s' });
  const form = { api_key: 'devkey01', api_secret: 'devSecret01', to: p.number.slice(1), from: 'Acme', text: 'too late' };
  await fetch(`${whimbrel.url}/sms/json`, { method: 'POST', body: new URLSearchParams(form) });
  const found = await whimbrel.wait({ to: p.number, query: 'status:expired', since: p.since });
  expect(found.message.status).toBe('expired');
});
"""


def test_the_promised_playwright(tmp_path, pytestconfig):
    packages = pathlib.Path(os.environ["BLACKBOX_NODE"]) / "node_modules"
    modules = tmp_path / "node_modules"
    (modules / "@whimbrel").mkdir(parents=True)
    shutil.copytree(ROOT / "helpers/playwright", modules / "@whimbrel/playwright", ignore=shutil.ignore_patterns("tests"))
    for name in ("@playwright", "@vonage", "playwright", "playwright-core"):
        (modules / name).symlink_to(packages / name)
    tests = tmp_path / "tests"
    tests.mkdir()
    for name in ("application.js", "playwright.config.js"):
        shutil.copy(ROOT / "helpers/playwright/tests" / name, tests)
    (tests / "story.spec.js").write_text(PROMISED_PLAYWRIGHT)
    (tmp_path / "package.json").write_text('{ "type": "module" }')
    line = ["node", packages / "playwright/cli.js", "test", "--config", "tests/playwright.config.js", "--reporter", "list", "--workers", "1"]
    surroundings = environment(CI="1", WHIMBREL_BINARY=str(BINARY), NO_COLOR="1")
    done = subprocess.run(line, cwd=tmp_path, env=surroundings, capture_output=True, text=True, timeout=PYTEST_SECONDS, check=False)
    lines = [re.sub(r"story\.spec\.js:\d+:\d+", "story.spec.js", line.strip()) for line in done.stdout.splitlines() if line.strip()]
    shown = re.sub(r"\(\d+(\.\d+)?m?s\)", "(9ms)", "\n".join(lines))
    assert done.returncode == 0, done.stdout + done.stderr
    appears("playwright", told("npx playwright test", shown), pytestconfig)


BODY = b'{"event":"otp.delivered","data":{"id":"01a226c7-d87e-7ce1-b76b-095353f8cf63","phone":"+84980000012"}}'


def test_a_newline_that_was_not_signed_is_named(dev, tmp_path, pytestconfig):
    """The receiver's framework kept the body with a newline that the sender had not signed."""
    (tmp_path / "body.json").write_bytes(BODY + b"\n")
    signature = hmac.new(hashlib.sha256(b"dev webhook secret").digest(), BODY, hashlib.sha256).hexdigest()
    (tmp_path / "h.txt").write_text(f"POST /hook HTTP/1.1\nContent-Type: application/json\nX-NEXO-Signature: sha256={signature}\n")
    command = "whimbrel verify nexo --secret-env NEXO_SECRET --headers h.txt --body body.json --explain"
    printed = shell(dev, command, tmp_path, NEXO_SECRET="dev webhook secret")
    appears("verify-newline", told(command, printed), pytestconfig)
    # And what arrives without it is right.
    (tmp_path / "body.json").write_bytes(BODY)
    assert shell(dev, command.replace(" --explain", ""), tmp_path, NEXO_SECRET="dev webhook secret") == "matches\n"


def test_sign_shows_what_is_signed(dev, tmp_path, pytestconfig):
    (tmp_path / "body.json").write_text('{"to":"4915228817300","text":"Hello","from":"Acme"}')
    command = (
        "whimbrel sign seven --method POST --url https://gateway.seven.io/api/sms --body body.json --secret-env SEVEN_SECRET "
        "--at 1634641200 --nonce fpPRhAd12345678901234567890abcde --explain"
    )
    appears("sign", told(command, shell(dev, command, tmp_path, SEVEN_SECRET="a signing secret")), pytestconfig)
    without = command.replace("--url https://gateway.seven.io/api/sms ", "")
    assert "give --url" in shell(dev, without, tmp_path, SEVEN_SECRET="a signing secret")


def test_an_old_timestamp_is_told_by_its_age(dev, pytestconfig):
    signed = "to=447700900123&text=Hello&timestamp=1795327200"
    digest = hashlib.md5(("&text=Hello&timestamp=1795327200&to=447700900123" + "signature secret").encode()).hexdigest()
    command = f"whimbrel verify vonage --params '{signed}&sig={digest}' --secret-env VONAGE_SIGNATURE_SECRET --now 2026-11-22T06:06:52Z --explain"
    printed = shell(dev, command, VONAGE_SIGNATURE_SECRET="signature secret")
    assert "412 s old" in printed, printed
    appears("verify-old", told(command, printed), pytestconfig)
