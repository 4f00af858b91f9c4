"""The blocks of docs/guide/send-an-otp.md, each run as it is printed against a development server."""

import hashlib
import hmac
import json
import os
import re
import shutil
import subprocess
import sys

import pytest
from gateway import LIMIT_SECONDS, ROOT, environment

PAGE = (ROOT / "docs/guide/send-an-otp.md").read_text()
BLOCKS = dict(re.findall(r"^```([a-z-]+)\n(.*?)^```$", PAGE, re.MULTILINE | re.DOTALL))
PRINTED = "127.0.0.1:7670"
# The name of a block, what runs it, and its file.
LANGUAGES = {
    "sh": (["bash", "-eu"], "send.sh"),
    "httpie": (["bash", "-eu"], "httpie.sh"),
    "python": ([sys.executable], "send.py"),
    "javascript": (["node"], "send.mjs"),
    "php": (["php"], "send.php"),
    "go": (["go", "run"], "send.go"),
    "ruby": (["ruby"], "send.rb"),
}


def test_every_language_has_its_block():
    """And every block its language."""
    assert set(BLOCKS) == {*LANGUAGES, "python-receiver"}


@pytest.mark.parametrize("language", [name for name, (line, _) in LANGUAGES.items() if shutil.which(line[0])])
def test_a_block_sends_a_code(dev, tmp_path, language):
    """Only the address is another one."""
    line, name = LANGUAGES[language]
    block = BLOCKS[language]
    assert PRINTED in block
    file = tmp_path / name
    file.write_text(block.replace(PRINTED, dev.http.removeprefix("http://")))
    # `http` as HTTPie installs it, beside the Python that runs this.
    folder = tmp_path / "bin"
    folder.mkdir()
    (folder / "http").write_text(f'#!/bin/sh\nexec "{sys.executable}" -m httpie "$@"\n')
    (folder / "http").chmod(0o755)
    done = subprocess.run(
        [*line, str(file)],
        env=environment(NEXO_KEY=dev.ready["nexo"]["secret_key"], PATH=f"{folder}{os.pathsep}{os.environ['PATH']}"),
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        timeout=LIMIT_SECONDS,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    assert re.search(r"[0-9a-f]{8}-[0-9a-f]{4}-7[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}", done.stdout), done.stdout
    assert "482917" in json.dumps(dev.native("GET", "phones/84981234567").json())


def test_the_receivers_check_takes_ours_and_no_other():
    """The block itself, with the vector of the vendor's guide."""
    names = {}
    exec(BLOCKS["python-receiver"], names)  # noqa: S102: it is our own page
    secret, body = "your_plaintext_webhook_secret", b'{"type":"ping","id":"test"}'
    key = hashlib.sha256(secret.encode()).digest()
    good = "sha256=" + hmac.new(key, body, hashlib.sha256).hexdigest()
    assert names["is_ours"](body, good, secret)
    by_secret = "sha256=" + hmac.new(secret.encode(), body, hashlib.sha256).hexdigest()
    for header, changed in [(good, body + b" "), (by_secret, body), (good.upper(), body), ("", body)]:
        assert not names["is_ours"](changed, header, secret)
