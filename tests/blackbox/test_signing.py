"""`whimbrel sign` and `whimbrel verify`: raw requests, secrets from outside, exit codes, and what other programs sign."""

import base64
import hashlib
import hmac
import json
import subprocess

import pytest
from gateway import BINARY, environment

SECRET = "my_secret_key_for_testing"
REQUEST = (
    b"POST /sms/json HTTP/1.1\r\nHost: sms.example.com\r\nContent-Type: application/x-www-form-urlencoded\r\n"
    b"\r\napi_key=abcd1234&to=447700900000&text=Tom+%26+Jerry&timestamp=1461605396"
)


def run(*arguments, stdin=b"", **extra):
    """Runs a command; gives exit code, standard output and error."""
    done = subprocess.run(
        [BINARY, *map(str, arguments)], env=environment(**extra), input=stdin, capture_output=True, check=False
    )
    return done.returncode, done.stdout.decode(), done.stderr.decode()


def verify(*arguments, stdin=REQUEST, secret=SECRET):
    """Verifies at the time of the request; gives exit code and the JSON document."""
    line = ["verify", "nexmo", "--secret-env", "IT", "--at", "1461605400", "--explain", "--json", *arguments]
    code, out, _ = run(*line, stdin=stdin, IT=secret)
    return code, json.loads(out)


def signed(text):
    """The request with the MD5 of this string and the secret."""
    return REQUEST + b"&sig=" + hashlib.md5((text + SECRET).encode()).hexdigest().encode()


def test_a_signed_request_verifies():
    code, out, err = run("sign", "nexmo", "--secret-env", "IT", stdin=REQUEST, IT=SECRET)
    assert (code, err) == (0, "")
    assert out == "sig=67a2817321bc7e7572b00ff9bc9f90cd\n"
    code, document = verify(stdin=REQUEST + b"&" + out.strip().encode())
    assert (code, document["verdict"]) == (0, "matches")
    assert document["canonical"] == "&api_key=abcd1234&text=Tom _ Jerry&timestamp=1461605396&to=447700900000"


def test_a_mistake_is_named_and_the_exit_code_says_no():
    kept = "&api_key=abcd1234&text=Tom & Jerry&timestamp=1461605396&to=447700900000"
    code, document = verify(stdin=signed(kept))
    assert (code, document["verdict"], document["detail"]["mistake"]) == (4, "mistake", "separators-kept")
    bare = "api_key=abcd1234&text=Tom _ Jerry&timestamp=1461605396&to=447700900000"
    assert verify(stdin=signed(bare))[1]["detail"]["mistake"] == "no-leading-ampersand"
    code, document = verify(stdin=signed(kept + "x"))
    assert (code, document["verdict"], document["detail"]) == (4, "unknown", None)
    code, document = verify(stdin=REQUEST)
    assert (code, document["detail"]["fault"]) == (4, "`sig` is missing")


def test_without_explain_nothing_of_the_secret_s_holder_is_told():
    line = ["verify", "nexmo", "--secret-env", "IT", "--at", "1461605400"]
    code, out, err = run(*line, stdin=REQUEST + b"&sig=" + b"0" * 32, IT=SECRET)
    assert (code, out) == (4, "")
    assert err.startswith("error[E0401]: the signature does not match") and "67a2817321" not in err


def test_a_late_request_is_told_by_its_age_unless_the_window_is_wider():
    good = REQUEST + b"&sig=67a2817321bc7e7572b00ff9bc9f90cd"
    assert verify(stdin=good)[0] == 0
    line = ["verify", "nexmo", "--secret-env", "IT", "--json", "--explain"]
    code, out, _ = run(*line, "--at", "1461605996", stdin=good, IT=SECRET)
    assert (code, json.loads(out)["detail"]["fault"]) == (4, "the timestamp is 600 s old")
    assert run(*line, "--at", "1461605996", "--window", "600", stdin=good, IT=SECRET)[0] == 0


def test_secrets_come_from_a_file_or_stdin_and_only_from_ones_that_others_cannot_read(tmp_path):
    message, secret = tmp_path / "request.txt", tmp_path / "secret"
    message.write_bytes(REQUEST)
    secret.write_text(SECRET + "\n")
    secret.chmod(0o600)
    line = ["sign", "nexmo", "--file", message]
    expected = (0, "sig=67a2817321bc7e7572b00ff9bc9f90cd\n", "")
    assert run(*line, "--secret-file", secret) == expected
    assert run(*line, "--secret-stdin", stdin=SECRET.encode() + b"\n") == expected
    secret.chmod(0o644)
    code, _, err = run(*line, "--secret-file", secret)
    assert code == 2 and "chmod 600" in err and SECRET not in err
    code, _, err = run("sign", "nexmo", "--secret-env", "IT", "--file", message)
    assert code == 2 and "IT is not set" in err
    code, _, err = run("sign", "nexmo", "--secret-stdin", stdin=SECRET.encode())
    assert code == 2 and "stdin holds the secret" in err


@pytest.mark.parametrize(
    ("arguments", "what"),
    [
        (["--set", "method=sha3"], "md5hash, md5, sha1, sha256, sha512"),
        (["--set", "methd=sha1"], "there is no setting `methd`; it takes method, accept"),
        (["--header", "nonsense", "--url", "https://example.com/"], "NAME: VALUE"),
    ],
)
def test_what_a_scheme_does_not_take_is_wrong_usage(arguments, what):
    code, out, err = run("sign", "nexmo", "--secret-env", "IT", *arguments, stdin=REQUEST, IT=SECRET)
    assert (code, out) == (2, "") and what in err


def test_a_body_is_signed_byte_for_byte(tmp_path):
    body = '{"text": "é",\r\n "n": 1.50}\n'.encode()
    (tmp_path / "body").write_bytes(body)
    key = bytes(range(24))
    secret = "whsec_" + base64.b64encode(key).decode()
    line = ["standard-webhooks", "--secret-env", "IT", "--url", "https://example.com/in", "--data-file", tmp_path / "body"]
    code, out, _ = run("sign", *line, "--nonce", "msg_1", "--at", "1614265330", IT=secret)
    digest = base64.b64encode(hmac.new(key, b"msg_1.1614265330." + body, hashlib.sha256).digest()).decode()
    expected = f"webhook-id: msg_1\nwebhook-timestamp: 1614265330\nwebhook-signature: v1,{digest}\n"
    assert (code, out) == (0, expected)
    headers = [part for header in expected.splitlines() for part in ("--header", header)]
    assert run("verify", *line, *headers, "--at", "1614265330", IT=secret)[:2] == (0, "matches\n")
    rewritten = base64.b64encode(
        hmac.new(key, b"msg_1.1614265330." + '{"text":"é","n":1.50}'.encode(), hashlib.sha256).digest()
    ).decode()
    headers[-1] = f"webhook-signature: v1,{rewritten}"
    code, out, _ = run("verify", *line, *headers, "--at", "1614265330", "--explain", "--json", IT=secret)
    assert (code, json.loads(out)["detail"]["mistake"]) == (4, "body-reserialised")


def test_tokens_are_signed_by_a_private_key_and_verified_by_its_public_one(tmp_path):
    private, public = tmp_path / "private.pem", tmp_path / "public.pem"
    subprocess.run(["openssl", "genrsa", "-out", private, "2048"], check=True, capture_output=True)
    subprocess.run(["openssl", "rsa", "-in", private, "-pubout", "-out", public], check=True, capture_output=True)
    private.chmod(0o600)
    application = "78d335fa-323d-0114-9c3d-d6f0d48968cf"
    url = ["--url", "https://api.example.com/v1/messages"]
    line = ["sign", "jwt", "--secret-file", private, "--set", f"application_id={application}", *url]
    code, out, err = run(*line)
    assert (code, err) == (0, "") and out.startswith("Authorization: Bearer ")
    line = ["verify", "jwt-application", *url, "--header", out.strip()]
    assert run(*line, "--secret-file", public)[:2] == (0, "matches\n")
    code, _, err = run(*line, "--secret-file", private)
    assert code == 2 and "a private key" in err
