"""The Hurl files of examples/hurl against a development server."""

import hurl
import pytest
from gateway import ROOT

FILES = sorted((ROOT / "examples/hurl").glob("*.hurl"))


@pytest.mark.parametrize("path", FILES, ids=lambda path: path.stem)
def test_each_file_runs(dev, path):
    hurl.run(
        path,
        {
            "url": dev.http,
            "api_key": dev.key,
            "api_secret": dev.secret,
            "admin_token": dev.token,
            "seven_key": dev.ready["seven"]["secret_key"],
            "nexo_key": dev.ready["nexo"]["secret_key"],
        },
    )


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
