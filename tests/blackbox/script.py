"""Talks with a helping program of the tests that lives on: orders go in as JSON lines, and it tells events as JSON lines."""

import json
import queue
import subprocess
import threading

from gateway import LIMIT_SECONDS, environment


class Script:
    """A running program. The end of its input is its end."""

    def __init__(self, *line):
        self.process = subprocess.Popen(
            [*map(str, line)],
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
