"""Runs the tests' own Node scripts, which use the packages of `BLACKBOX_NODE`.

That folder's `suite` is a link to `node/` here; the scripts find their packages because links are not resolved.
"""

import json
import os
import pathlib
import subprocess

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
