"""Starts a server of the run's own, and ends it."""

import json
import os
import pathlib
import shutil
import signal
import subprocess
import tempfile
import time

_START_SECONDS = 60
_STOP_SECONDS = 30


class Server:
    """`whimbrel serve --dev` on free ports, with a folder of its own."""

    def __init__(self, binary):
        self._folder = pathlib.Path(tempfile.mkdtemp(prefix="pytest-whimbrel-"))
        ready_file = self._folder / "ready.json"
        self._log = self._folder / "whimbrel.log"
        line = [binary, "serve", "--dev", "--http", "127.0.0.1:0", "--https", "127.0.0.1:0", "--simulator", "127.0.0.1:0"]
        line += ["--data-dir", self._folder / "data", "--ready-file", ready_file]
        # Settings of another server must not change this one.
        environment = {name: value for name, value in os.environ.items() if not name.startswith("WHIMBREL_")}
        with open(self._log, "wb") as log:
            self._process = subprocess.Popen(line, env=environment, stdin=subprocess.DEVNULL, stdout=log, stderr=log)
        try:
            self.ready = self._wait(ready_file)
        except BaseException:
            self.stop()
            raise

    def _wait(self, ready_file):
        deadline = time.monotonic() + _START_SECONDS
        while time.monotonic() < deadline:
            if self._process.poll() is not None:
                raise RuntimeError(f"whimbrel ended with {self._process.returncode}:\n{self._log.read_text(errors='replace')}")
            try:
                return json.loads(ready_file.read_text())
            except (FileNotFoundError, ValueError):
                time.sleep(0.02)
        raise RuntimeError(f"whimbrel was not ready within {_START_SECONDS} s:\n{self._log.read_text(errors='replace')}")

    def environment(self):
        """For an application that sends through it."""
        return {"WHIMBREL_URL": self.ready["http"], "WHIMBREL_TOKEN": self.ready["admin_token"], "WHIMBREL_CA": self.ready["ca_pem"]}

    def stop(self):
        """Ends it, and removes its folder."""
        if self._process.poll() is None:
            self._process.send_signal(signal.SIGTERM)
            try:
                self._process.wait(_STOP_SECONDS)
            except subprocess.TimeoutExpired:
                self._process.kill()
                self._process.wait()
        shutil.rmtree(self._folder, ignore_errors=True)


def find_binary(named):
    """Where the program is; `named` is what the user said."""
    found = shutil.which(named or "whimbrel")
    if not found:
        what = f"`{named}`" if named else "`whimbrel`"
        raise RuntimeError(f"{what} is no program: give --whimbrel-binary or WHIMBREL_BINARY, or a server by --whimbrel-url")
    return found
