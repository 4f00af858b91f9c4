"""The Hurl files of examples/hurl against a development server."""

import os
import shutil
import subprocess

import hurl
import pytest
from gateway import LIMIT_SECONDS, ROOT, environment

FILES = sorted((ROOT / "examples/hurl").glob("*.hurl"))


# The program itself, where it is installed; the head of a run says if it is not.
HURL = os.environ.get("BLACKBOX_HURL") or shutil.which("hurl")


def variables(dev):
    """What the files leave open."""
    return {
        "url": dev.http,
        "api_key": dev.key,
        "api_secret": dev.secret,
        "admin_token": dev.token,
        "seven_key": dev.ready["seven"]["secret_key"],
        "nexo_key": dev.ready["nexo"]["secret_key"],
    }


@pytest.mark.parametrize("path", FILES, ids=lambda path: path.stem)
def test_each_file_runs(dev, path):
    hurl.run(path, variables(dev))


@pytest.mark.parametrize("path", FILES if HURL else [], ids=lambda path: path.stem)
def test_each_file_runs_with_hurl_itself(dev, path):
    given = [word for name, value in variables(dev).items() for word in ("--variable", f"{name}={value}")]
    line = [HURL, "--test", "--no-color", *given, path]
    done = subprocess.run(
        line, env=environment(NO_PROXY="127.0.0.1"), capture_output=True, text=True, timeout=LIMIT_SECONDS, check=False
    )
    assert done.returncode == 0, done.stdout + done.stderr


def test_every_dialect_has_one(dev):
    assert {path.stem for path in FILES} >= {"nexmo", "seven", "nexo"}


@pytest.mark.parametrize(
    "wrong",
    [
        "GET {{url}}/livez\nHTTP 404\n",
        'GET {{url}}/livez\nHTTP 200\n[Asserts]\nbody contains "no such word"\n',
        'GET {{url}}/livez\nHTTP 200\n[Asserts]\nbody resembles "ok"\n',
        "GET {{url}}/livez\nHTTP 200\n[Cookies]\n",
        'GET {{url}}/readyz\nHTTP 200\n[Asserts]\njsonpath "$.ready" == "true"\n',
        "GET {{url}}/livez\n",
    ],
)
def test_the_reader_fails_where_it_should(dev, tmp_path, wrong):
    path = tmp_path / "wrong.hurl"
    path.write_text(wrong)
    with pytest.raises(AssertionError):
        hurl.run(path, {"url": dev.http})
