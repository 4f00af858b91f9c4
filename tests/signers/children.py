"""Children that live on: a job goes in as a line of JSON, its answer comes out as one."""

import json
import os
import pathlib
import subprocess

ROOT = pathlib.Path(__file__).resolve().parents[2]
NODE = pathlib.Path(os.environ.get("BLACKBOX_NODE", ROOT / "target/node"))


class Child:
    """A program that answers each line with a line."""

    def __init__(self, name, command):
        self.name = name
        self.process = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, encoding="utf-8")

    def ask(self, op, **job):
        """Hands a job in and waits for `{"ok": ..}` or `{"fault": ..}`."""
        self.process.stdin.write(json.dumps({"op": op, **job}) + "\n")
        self.process.stdin.flush()
        line = self.process.stdout.readline()
        if not line:
            raise SystemExit(f"{self.name} ended with {self.process.wait()} at {op}")
        return json.loads(line)

    def close(self):
        """Closing its input ends it; it must end well."""
        self.process.stdin.close()
        if code := self.process.wait(30):
            raise SystemExit(f"{self.name} ended with {code}")


def judge(path):
    """The library."""
    return Child("the judge", [path])


def node():
    """The vendors' packages for Node."""
    script = NODE / "suite" / "signers.mjs"
    # Links are not resolved, so that the script finds the packages above its link.
    return Child("node", ["node", "--preserve-symlinks", "--preserve-symlinks-main", script])
