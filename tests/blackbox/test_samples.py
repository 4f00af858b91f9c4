"""The sample programs of the vendor's page "Signing messages", written anew with what each does: senders must be taken, and each
checker takes and refuses our webhooks as the table in docs/dialects/nexmo.md says.

Source: the page (read 2026) and its samples, run on Node 20, PHP 8.2, Python 2.7 and Ruby 3.1. Python's are in Python 3 here.
"""

import queue
import re
import shutil
import socket
import subprocess
import sys
import threading
import warnings

import pytest
import requests
from gateway import LIMIT_SECONDS, ROOT, environment, wait_until
from receiver import Receiver
from signing import SECRET, let_sign

SAMPLES = ROOT / "tests/blackbox/samples"
PROGRAMS = {"mjs": "node", "php": "php", "py": sys.executable, "rb": "ruby"}
# `cargo xtask install` brings PHP and Ruby where apt is; all else is tested elsewhere too.
HERE = [kind for kind, program in PROGRAMS.items() if shutil.which(program)]
if len(HERE) < len(PROGRAMS):
    missing = sorted(set(PROGRAMS) - set(HERE))
    warnings.warn(f"samples that end in {missing} are not run: {[PROGRAMS[kind] for kind in missing]} are missing")


def program(kind):
    """The language's program."""
    return shutil.which(PROGRAMS[kind])


@pytest.mark.parametrize("kind", HERE)
def test_a_sample_that_sends_is_taken(dev, kind):
    let_sign(dev, "sha256" if kind == "mjs" else "md5hash")
    for text in ["Hello from a sample", "100% + é €"]:
        line = [program(kind), SAMPLES / f"sender.{kind}", dev.http, dev.key, SECRET, text]
        run = subprocess.run(line, env=environment(), capture_output=True, text=True, timeout=LIMIT_SECONDS, check=False)
        assert '"status": "0"' in run.stdout, run
    assert dev.stats()["messages"] == 2


class Checker:
    """A sample that checks webhooks, as a process; its verdicts in order."""

    def __init__(self, kind, folder):
        self.verdicts = queue.Queue()
        if kind == "php":
            self.port, self.file = free_port(), folder / "verdicts"
            self.file.touch()
            line = [program(kind), "-S", f"127.0.0.1:{self.port}", SAMPLES / "checker.php"]
            extra = {"SECRET": SECRET, "VERDICTS": str(self.file)}
            self.process = subprocess.Popen(line, env=environment(**extra), stderr=subprocess.DEVNULL)
            wait_until(lambda: answers(self.port), "PHP's server")
        else:
            self.file = None
            line = [program(kind), SAMPLES / f"checker.{kind}", SECRET]
            self.process = subprocess.Popen(line, env=environment(), stdout=subprocess.PIPE, text=True)
            self.port = int(self.process.stdout.readline())
            threading.Thread(target=self._read, daemon=True).start()
        self.seen = 0

    def _read(self):
        for line in self.process.stdout:
            self.verdicts.put(line.strip())

    def verdict(self):
        """The next one."""
        if self.file is None:
            return self.verdicts.get(timeout=LIMIT_SECONDS)
        lines = wait_until(lambda: (lines := self.file.read_text().split())[self.seen :] and lines, "PHP's verdict")
        self.seen += 1
        return lines[self.seen - 1]

    def close(self):
        """It never ends by itself."""
        self.process.kill()
        self.process.wait(LIMIT_SECONDS)


def free_port():
    """A port of loopback that was free a moment ago: PHP's server cannot choose one itself."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


def answers(port):
    """Whether somebody listens there."""
    with socket.socket() as probe:
        return probe.connect_ex(("127.0.0.1", port)) == 0


# What is sent to us by a phone (or, without a text, a receipt), and the verdicts of Node, PHP, Python and Ruby.
TABLE = [
    (None, "1111"),
    ("Hello", "1111"),
    ("Hello World", "1101"),
    ("1+1", "1101"),
    ("a#b", "1101"),
    ("Grüße", "1101"),
    ("Tom&Jerry", "0000"),
    ("a=b", "0000"),
    ("%41", "0101"),
    ("x" * 161, "0111"),
]


def captured(dev):
    """The target of a real webhook for each row of the table."""
    receiver = Receiver()
    try:
        dev.patch_account(receipt_url=f"{receiver.url}/", inbound_url=f"{receiver.url}/", webhook_method="GET")
        owned = dev.native("POST", "numbers", json={"number": "447700900000", "account": dev.key})
        assert owned.status_code == 200, owned.text
        targets = []
        for text, _ in TABLE:
            count = len(receiver.hooks)
            if text is None:
                dev.send(sender="MyBrand")
            else:
                dev.cli("phone", "reply", "447700900123", "--to", "447700900000", "--text", text)
            targets.append(receiver.wait_for(count + 1)[count].target)
            receiver.wait_for(count + (2 if text and len(text) > 160 else 1))
        return targets
    finally:
        receiver.close()


@pytest.mark.parametrize("kind", HERE)
def test_a_sample_that_checks_takes_and_refuses_what_the_table_says(dev, tmp_path, kind):
    let_sign(dev, "md5hash", "signed")
    place = list(PROGRAMS).index(kind)
    checker = Checker(kind, tmp_path)
    try:
        # One that comes from the gateway itself: it must also understand how the sample answers.
        dev.patch_account(receipt_url=f"http://127.0.0.1:{checker.port}/", webhook_method="GET")
        dev.send()
        assert checker.verdict() == "1"
        wait_until(lambda: dev.stats()["notices"] == 0, "the receipt to be told")
        for target, (text, verdicts) in zip(captured(dev), TABLE):
            # Ruby's sample ends its answer before it has read the headers.
            try:
                requests.get(f"http://127.0.0.1:{checker.port}{target}", timeout=LIMIT_SECONDS)
            except requests.ConnectionError:
                assert kind == "rb"
            assert checker.verdict() == verdicts[place], (kind, text)
            if text is None:
                capitals = re.sub("sig=([0-9a-f]+)", lambda found: "sig=" + found[1].upper(), target)
                if capitals != target:
                    with_capitals(checker, capitals, kind)
    finally:
        checker.close()


def with_capitals(checker, target, kind):
    """Each of them compares the case."""
    try:
        requests.get(f"http://127.0.0.1:{checker.port}{target}", timeout=LIMIT_SECONDS)
    except requests.ConnectionError:
        assert kind == "rb"
    assert checker.verdict() == "0"
