"""Starts and stops the built binary, and asks its native API.

Every server listens on port 0 of loopback and owns a folder of its own. Waits are waits on a condition with a generous
limit; nothing here asserts how long something takes.
"""

import json
import os
import pathlib
import signal
import subprocess
import time

import requests

ROOT = pathlib.Path(__file__).resolve().parents[2]
BINARY = pathlib.Path(os.environ.get("BLACKBOX_BINARY", ROOT / "target/debug/whimbrel"))
LIMIT_SECONDS = 30

CARRIER = """\
[egress]
allow_hosts = ["127.0.0.1"]

[carriers.sim]
kind = "smpp"
host = "127.0.0.1"
port = {port}
system_id = "whimbrel"
password = "dev"
{more}
[[routes]]
name = "all"
prefix = ""
carrier = "sim"
"""


def environment(**extra):
    """The caller's environment without our product's variables, which would change what is tested."""
    kept = {name: value for name, value in os.environ.items() if not name.startswith("WHIMBREL_")}
    return {**kept, **extra}


def wait_until(condition, what):
    """Waits for a true value of `condition` and gives it back."""
    deadline = time.monotonic() + LIMIT_SECONDS
    while True:
        value = condition()
        if value:
            return value
        assert time.monotonic() < deadline, f"waited {LIMIT_SECONDS} s in vain for {what}"
        time.sleep(0.02)


def whimbrel(*arguments, check=True, **extra):
    """Runs a command of the binary to its end."""
    done = subprocess.run(
        [BINARY, *map(str, arguments)],
        env=environment(**extra),
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        timeout=LIMIT_SECONDS,
        check=False,
    )
    if check:
        assert done.returncode == 0, f"whimbrel {arguments}: {done.returncode}\n{done.stdout}\n{done.stderr}"
    return done


class Process:
    """A running `whimbrel` with its ready-file and its log."""

    def __init__(self, folder, name, arguments):
        self.folder = pathlib.Path(folder)
        self.folder.mkdir(parents=True, exist_ok=True)
        self.ready_file = self.folder / f"{name}.ready.json"
        self.log_path = self.folder / f"{name}.log"
        with open(self.log_path, "ab") as log:
            self.process = subprocess.Popen(
                [BINARY, *map(str, arguments), "--ready-file", self.ready_file],
                env=environment(),
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
            )
        self.ready = wait_until(self._read_ready, f"the ready-file of {name}")

    def _read_ready(self):
        assert self.process.poll() is None, f"ended with {self.process.returncode}:\n{self.log()}"
        try:
            ready = json.loads(self.ready_file.read_text())
        except (FileNotFoundError, json.JSONDecodeError):
            return None
        return ready if ready.get("pid", self.process.pid) == self.process.pid else None

    def log(self):
        """What it printed."""
        return self.log_path.read_text(errors="replace")

    def terminate(self):
        """SIGTERM: it must drain, exit 0 and take its ready-file away."""
        self.process.send_signal(signal.SIGTERM)
        code = self.process.wait(LIMIT_SECONDS)
        assert code == 0, f"exit code {code}:\n{self.log()}"
        assert not self.ready_file.exists(), "the ready-file was left behind"

    def end(self):
        """For fixtures: ends what still runs, and checks how."""
        if self.process.poll() is None:
            self.terminate()


class Gateway(Process):
    """`whimbrel serve`."""

    def __init__(self, folder, *extra, config=None):
        folder = pathlib.Path(folder)
        self.data_dir = folder / "data"
        mode = ["--config", config] if config else ["--dev", "--simulator", "127.0.0.1:0"]
        listen = ["--http", "127.0.0.1:0", "--https", "127.0.0.1:0", "--data-dir", self.data_dir]
        super().__init__(folder, "gateway", ["serve", *mode, *listen, *extra])
        self.http = self.ready["http"]
        self.https = self.ready["https"].replace("127.0.0.1", "localhost")
        self.ca = self.ready["ca_pem"]
        self.token = self.ready["admin_token"]
        account = self.ready.get("account", {})
        self.key, self.secret = account.get("api_key"), account.get("api_secret")

    @property
    def host(self):
        """Host and port of HTTPS, as client libraries take it."""
        return self.https.removeprefix("https://")

    def native(self, method, path, **arguments):
        """A call of the native API."""
        headers = {"Authorization": f"Bearer {self.token}"}
        return requests.request(
            method, f"{self.http}/_whimbrel/v1/{path}", headers=headers, timeout=LIMIT_SECONDS, **arguments
        )

    def patch_account(self, **changes):
        """Changes the account."""
        answer = self.native("PATCH", f"accounts/{self.key}", json=changes)
        assert answer.status_code in (200, 204), answer.text

    def message(self, public_id):
        """A message with its timeline."""
        answer = self.native("GET", f"messages/{public_id}")
        assert answer.status_code == 200, answer.text
        return answer.json()

    def stats(self):
        """Counts of the store."""
        return self.native("GET", "stats").json()

    def send(self, to="447700900000", text="Hello from Whimbrel", sender="Whimbrel", **parameters):
        """A text by a form over plain HTTP; the answer's document."""
        form = {"api_key": self.key, "api_secret": self.secret, "to": to, "from": sender, "text": text, **parameters}
        answer = requests.post(f"{self.http}/sms/json", data=form, timeout=LIMIT_SECONDS)
        assert answer.status_code == 200, answer.text
        return answer.json()

    def cli(self, *arguments, check=True):
        """A client command that talks to this server."""
        return whimbrel(*arguments, check=check, WHIMBREL_URL=self.http, WHIMBREL_TOKEN=self.token)

    def open_account(self, amount="10"):
        """Makes an account with money, as an operator does outside of `--dev`."""
        made = self.native("POST", "accounts", json={"currency": "EUR"})
        assert made.status_code == 201, made.text
        self.key, self.secret = made.json()["api_key"], made.json()["api_secret"]
        paid = self.native("POST", f"accounts/{self.key}/topup", json={"amount": amount})
        assert paid.status_code == 200, paid.text


class Simulator(Process):
    """`whimbrel sim` alone, with its journal."""

    def __init__(self, folder):
        folder = pathlib.Path(folder)
        self.journal_path = folder / "journal.jsonl"
        super().__init__(folder, "sim", ["sim", "--listen", "127.0.0.1:0", "--journal", self.journal_path])
        simulator = self.ready.get("simulator", self.ready)
        self.addr = simulator["addr"]

    def journal(self, event=None):
        """The records so far, of one kind if wanted."""
        if not self.journal_path.exists():
            return []
        # The last line may be in the middle of being written.
        lines = self.journal_path.read_text().split("\n")[:-1]
        records = [json.loads(line) for line in lines]
        return [record for record in records if event in (None, record["event"])]


def carrier_config(port, more=""):
    """A configuration with one carrier at a port of loopback."""
    return CARRIER.format(port=port, more=more)


def configured(folder, addr, more=""):
    """A server without `--dev` whose only carrier listens at `addr`, with an account; `more` are lines of the carrier."""
    folder = pathlib.Path(folder)
    config = folder / "whimbrel.toml"
    config.write_text(carrier_config(addr.rsplit(":", 1)[1], more))
    gateway = Gateway(folder, config=config)
    gateway.open_account()
    return gateway
