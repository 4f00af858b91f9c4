"""Runs the tests' own Node scripts, which use the packages of `BLACKBOX_NODE`.

That folder's `suite` is a link to `node/` here; the scripts find their packages because links are not resolved.
"""

import json
import os
import pathlib
import queue
import subprocess
import threading

from gateway import LIMIT_SECONDS, ROOT, environment

NODE = pathlib.Path(os.environ.get("BLACKBOX_NODE", ROOT / "target/node"))


def command(script):
    """The line that starts a script."""
    path = NODE / "suite" / script
    assert path.is_file(), f"{path} is missing: `cargo xtask test` installs Node's packages"
    return ["node", "--preserve-symlinks", "--preserve-symlinks-main", path]


def run(script, job):
    """Gives `job` to a script as JSON and waits for its answer in JSON."""
    done = subprocess.run(
        [*command(script), json.dumps(job)],
        env=environment(),
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        timeout=LIMIT_SECONDS,
        check=False,
    )
    assert done.returncode == 0, f"{script}: {done.returncode}\n{done.stdout}\n{done.stderr}"
    return json.loads(done.stdout)


class Script:
    """A script that lives on: orders go in as JSON lines, and it tells events as JSON lines."""

    def __init__(self, script, *arguments):
        self.process = subprocess.Popen(
            [*command(script), *map(str, arguments)],
            env=environment(),
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )
        self.lines = queue.Queue()
        self.told = []
        threading.Thread(target=self._read, daemon=True).start()

    def _read(self):
        for line in self.process.stdout:
            self.lines.put(json.loads(line))
        self.lines.put(None)

    def order(self, **what):
        """Hands an order in."""
        self.process.stdin.write(json.dumps(what) + "\n")
        self.process.stdin.flush()

    def events(self, kind):
        """All events of a kind so far."""
        while not self.lines.empty():
            self._keep(self.lines.get())
        return [event for event in self.told if event["event"] == kind]

    def wait_for(self, kind, count=1):
        """Waits until that many events of a kind have come, and gives all of that kind."""
        while len(found := self.events(kind)) < count:
            try:
                self._keep(self.lines.get(timeout=LIMIT_SECONDS))
            except queue.Empty:
                raise AssertionError(f"waited in vain for {count} x {kind}; told: {self.told}") from None
        return found

    def _keep(self, event):
        assert event is not None, f"the script ended; it told: {self.told}"
        self.told.append(event)

    def close(self):
        """Closing its input ends it; it must end well."""
        self.process.stdin.close()
        code = self.process.wait(LIMIT_SECONDS)
        assert code == 0, f"the script ended with {code}"
