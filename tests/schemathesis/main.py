"""Has schemathesis call every operation of every OpenAPI document with whatever its schema allows and forbids.

A development server with the built-in simulator is started on a folder of its own. What must hold: no answer is a server error, and each
is one that the document describes; the process lives; and `whimbrel check` finds nothing broken afterwards.
"""

import argparse
import base64
import json
import pathlib
import re
import signal
import subprocess
import sys
import time

from openapi_spec_validator import validate

LIMIT_SECONDS = 30
CHECKS = "not_a_server_error,status_code_conformance,content_type_conformance,response_schema_conformance"
# Operations that would make the rest of a run say nothing, each with the reason.
LEFT_OUT = {
    "streamEvents": "never ends",
    "listenToWebhooks": "never ends",
    "waitForText": "waits as long as it is told",
    "waitForAccountText": "waits as long as it is told",
    "advanceClock": "puts the time of the whole process forward",
    "orderChaos": "has texts refused on purpose",
    "reloadConfig": "reads files that are not there",
    "rotateKeys": "seals every secret anew, each time",
    "endSessions": "ends what texts go over",
    "changeScenario": "has the simulator refuse texts",
    "unbindCarrier": "ends what texts go over",
    "drainCarrier": "stops what texts go over",
}


def authorization(name, ready):
    """The header that proves who calls: the development account's, or the operator's."""
    if name == "nexmo":
        account = ready["account"]
        pair = f"{account['api_key']}:{account['api_secret']}"
        return f"Authorization: Basic {base64.b64encode(pair.encode()).decode()}"
    if name == "native":
        return f"Authorization: Bearer {ready['admin_token']}"
    key = next(value for field, value in ready[name].items() if field in ("secret_key", "api_secret"))
    return f"X-Api-Key: {key}" if name == "seven" else f"Authorization: Bearer {key}"


def started(binary, folder):
    """A server, and its ready-file."""
    ready_file = folder / "ready.json"
    line = [binary, "serve", "--dev", "--simulator", "127.0.0.1:0", "--http", "127.0.0.1:0", "--https", "127.0.0.1:0"]
    line += ["--data-dir", folder / "data", "--ready-file", ready_file]
    with open(folder / "log", "wb") as log:
        process = subprocess.Popen([str(part) for part in line], stdin=subprocess.DEVNULL, stdout=log, stderr=log)
    deadline = time.monotonic() + LIMIT_SECONDS
    while time.monotonic() < deadline and process.poll() is None:
        try:
            return process, json.loads(ready_file.read_text())
        except (FileNotFoundError, json.JSONDecodeError):
            time.sleep(0.05)
    process.kill()
    sys.exit(f"the server did not start: see {folder / 'log'}")


def document(binary, folder, name):
    """A document, validated, in a file."""
    text = subprocess.run([binary, "openapi", name], capture_output=True, text=True, check=True).stdout
    validate(json.loads(text))
    path = folder / f"{name}.json"
    path.write_text(text)
    return path


def called(path, ready, seconds):
    """Runs schemathesis on a document; how many calls, and how it ended."""
    line = [str(pathlib.Path(sys.executable).parent / "st"), "run", str(path), "--url", ready["http"]]
    # A webhook that is sent by hand is answered when its receiver was, which may be a made-up one that never does.
    line += ["-H", authorization(path.stem, ready), "--checks", CHECKS, "--max-time", str(seconds), "--request-timeout", "60"]
    line += ["--phases", "examples,coverage,fuzzing", "--continue-on-failure", "--no-color", "--generation-database", "none"]
    for name in LEFT_OUT if path.stem == "native" else ():
        line += ["--exclude-operation-id", name]
    done = subprocess.run(line, capture_output=True, text=True, cwd=path.parent, timeout=seconds + 120, check=False)
    told = done.stdout + done.stderr
    found = re.search(r"(\d+) generated", told)
    if done.returncode != 0:
        print(told)
    return int(found.group(1)) if found else 0, done.returncode


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--binary", required=True)
    parser.add_argument("--folder", required=True, type=pathlib.Path)
    parser.add_argument("--seconds", type=int, default=600)
    parser.add_argument("--dialect")
    options = parser.parse_args()
    listed = subprocess.run([options.binary, "openapi", "--json"], capture_output=True, text=True, check=True).stdout
    # The native API comes last: what it changes would be seen by the others.
    names = [one["name"] for one in json.loads(listed)["documents"] if options.dialect in (None, one["name"])]
    if not names:
        sys.exit(f"there is no document `{options.dialect}`")
    process, ready = started(options.binary, options.folder)
    calls, failed = 0, []
    try:
        for name in names:
            count, code = called(document(options.binary, options.folder, name), ready, max(5, options.seconds // len(names)))
            print(f"{name}: {count} calls, {'good' if code == 0 else 'FAILED'}", flush=True)
            calls += count
            failed += [name] if code or not count else []
        lives = process.poll() is None
    finally:
        process.send_signal(signal.SIGTERM)
        ended = process.wait(LIMIT_SECONDS)
    check = subprocess.run([options.binary, "check", "--data-dir", str(options.folder / "data")], capture_output=True, text=True, check=False)
    clean = check.returncode == 0
    print(
        f"schemathesis: {calls} calls over {len(names)} documents in {options.seconds} s, failed {failed or 'none'}; "
        f"the process {'lives' if lives else 'DIED'} and ended with {ended}; check {'clean' if clean else 'FAILED'}"
    )
    if not clean:
        print(check.stdout, check.stderr)
    sys.exit(0 if not failed and lives and ended == 0 and clean else 1)


main()
