"""Shows that unmodified programs reach Whimbrel and nobody else: each is run in a network namespace whose resolver and default route
lead to a recorder (recorder.py), once alone and once by `whimbrel run`.

Alone, the attempt must be recorded, or the recorder proves nothing. By `whimbrel run` the message must be in the inbox, and not one
packet may have left the namespace. Linux, root, iproute2.
"""

import argparse
import contextlib
import json
import os
import pathlib
import shutil
import subprocess
import sys
import tempfile
import time

from programs import ACCOUNT, PROGRAMS

LIMIT_SECONDS = 120
INSIDE, OUTSIDE = f"whimbrel-in-{os.getpid()}", f"whimbrel-out-{os.getpid()}"
LINK = "eth0"
RESOLVER = pathlib.Path("/etc/netns", INSIDE)


def ip(*line):
    """One call of iproute2."""
    return subprocess.run(["ip", *line], check=True, capture_output=True, text=True).stdout


@contextlib.contextmanager
def namespaces():
    """Two namespaces with a cable between them; every address there is leads into the outer one."""
    try:
        ip("netns", "add", INSIDE)
        ip("netns", "add", OUTSIDE)
        ip("link", "add", LINK, "netns", INSIDE, "type", "veth", "peer", "name", LINK, "netns", OUTSIDE)
        for place, address in ((INSIDE, "192.0.2.2/24"), (OUTSIDE, "192.0.2.1/24")):
            # Without it the kernel's own greetings of IPv6 would count as packets.
            subprocess.run(
                ["ip", "netns", "exec", place, "sysctl", "-qw", f"net.ipv6.conf.{LINK}.disable_ipv6=1"], check=False
            )
            for device in ("lo", LINK):
                ip("-n", place, "link", "set", device, "up")
            ip("-n", place, "addr", "add", address, "dev", LINK)
        ip("-n", INSIDE, "route", "add", "default", "via", "192.0.2.1")
        ip("-n", OUTSIDE, "route", "add", "local", "0.0.0.0/0", "dev", "lo")
        RESOLVER.mkdir(parents=True)
        (RESOLVER / "resolv.conf").write_text("nameserver 192.0.2.1\noptions timeout:2 attempts:1\n")
        yield
    finally:
        shutil.rmtree(RESOLVER, ignore_errors=True)
        for place in (INSIDE, OUTSIDE):
            subprocess.run(["ip", "netns", "del", place], check=False, capture_output=True)


class Recorder:
    """The recorder in the outer namespace."""

    def __init__(self, folder):
        self.log = folder / "recorded.ndjson"
        script = pathlib.Path(__file__).with_name("recorder.py")
        self.process = subprocess.Popen(["ip", "netns", "exec", OUTSIDE, sys.executable, script, self.log])
        deadline = time.monotonic() + 10
        while not (self.log.exists() and self.records()):
            assert self.process.poll() is None and time.monotonic() < deadline, "the recorder did not start"
            time.sleep(0.02)

    def records(self):
        """Everything that was recorded."""
        return [json.loads(line) for line in self.log.read_text().splitlines()]

    def end(self):
        """Ends it."""
        self.process.terminate()
        self.process.wait(10)


def packets():
    """How many packets have left the inner namespace."""
    return json.loads(ip("-n", INSIDE, "-j", "-s", "link", "show", "dev", LINK))[0]["stats64"]["tx"]["packets"]


def inside(line, **extra):
    """Runs a program in the inner namespace."""
    kept = {name: value for name, value in os.environ.items() if not name.startswith("WHIMBREL_") and name != "CI"}
    return subprocess.run(
        ["ip", "netns", "exec", INSIDE, *map(str, line)],
        env={**kept, **ACCOUNT, **extra},
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        timeout=LIMIT_SECONDS,
        check=False,
    )


def require(condition, why):
    """Fails with the reason."""
    if not condition:
        raise AssertionError(why)


def alone(program, recorder):
    """Without Whimbrel: what it tried must be recorded."""
    before = len(recorder.records())
    done = inside(program.command("this must not arrive"))
    seen = recorder.records()[before:]
    require({"name": program.host} in seen, f"{program.host} was not asked for: {seen}\n{done.stdout}{done.stderr}")
    require(any("connection" in record for record in seen), f"nobody connected: {seen}")
    return len(seen)


def intercepted(program, recorder, whimbrel, folder):
    """With Whimbrel: the message is there, and no packet left."""
    dump = folder / "dump"
    before, recorded, text = packets(), len(recorder.records()), f"hello from {program.name}"
    done = inside([whimbrel, "run", "--unknown-hosts", "pass", "--dump", dump, "--", *program.command(text)])
    require(done.returncode == 0, f"ended with {done.returncode}:\n{done.stdout}{done.stderr}")
    messages = [json.loads(line) for line in (dump / "messages.ndjson").read_text().splitlines()]
    ids = done.stdout.split()
    require(ids and ids == [message["id"] for message in messages], f"answered {ids}, kept {messages}")
    require(all(m["to"] == program.to and m["text"] == text for m in messages), f"another message: {messages}")
    left = packets() - before
    require(left == 0, f"{left} packets left the namespace: {recorder.records()[recorded:]}")
    return len(ids)


def unknown_hosts(recorder, whimbrel):
    """A host that no dialect speaks for: refused and named, or reached as without Whimbrel."""
    ask = "import urllib.request as r; r.urlopen('https://sms.example.com/', timeout=10)"
    for how, code in (("block", 403), ("pass", None)):
        before = len(recorder.records())
        done = inside([whimbrel, "run", "--unknown-hosts", how, "--", sys.executable, "-c", ask])
        seen = recorder.records()[before:]
        require(done.returncode == 1, f"{how}: ended with {done.returncode}")
        if code:
            require(not seen and "refused sms.example.com" in done.stderr and str(code) in done.stderr, f"{seen} {done.stderr}")
        else:
            require({"name": "sms.example.com"} in seen, f"{how}: {seen}\n{done.stderr}")
        print(f"  {'unknown host: ' + how:34} {'refused and named, nothing recorded' if code else 'recorded, as without Whimbrel'}")


def main():
    """Runs all of them."""
    arguments = argparse.ArgumentParser()
    arguments.add_argument("--whimbrel", required=True)
    whimbrel = arguments.parse_args().whimbrel
    failures = skipped = shown = 0
    with tempfile.TemporaryDirectory(prefix="whimbrel-intercept-") as name, namespaces():
        recorder = Recorder(pathlib.Path(name))
        try:
            for program in PROGRAMS:
                if not program.needs():
                    skipped += 1
                    print(f"  {program.name:34} not installed: nothing was shown of it")
                    continue
                try:
                    attempts = alone(program, recorder)
                    count = intercepted(program, recorder, whimbrel, pathlib.Path(name))
                    shown += 1
                    print(f"  {program.name:34} alone: {attempts} recorded; intercepted: {count} in the inbox, 0 packets left")
                except (AssertionError, subprocess.TimeoutExpired, OSError) as error:
                    failures += 1
                    print(f"  {program.name:34} FAILED: {error}")
            unknown_hosts(recorder, whimbrel)
        finally:
            recorder.end()
    print(f"{shown} programs shown, {skipped} not installed, {failures} failed")
    return 1 if failures else 0


sys.exit(main())
