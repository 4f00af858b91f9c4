"""Real curl against the built binary: the documented call, its answer header by header, and both TLS generations.

Source: "cURL, HTTPS and the Nexmo SMS API - Behind the Scenes", a Nexmo blog post of 2021-05-04 with a capture of 2018.
"""

import json
import re
import subprocess

import pytest
from gateway import LIMIT_SECONDS

# Names as the capture has them, in its order; then the one that today's edge adds.
CAPTURED = [
    ("Server", "nginx"),
    ("Date", r"\w{3}, \d\d \w{3} \d{4} \d\d:\d\d:\d\d GMT"),
    ("Content-Type", "application/json"),
    ("Transfer-Encoding", "chunked"),
    ("Connection", "keep-alive"),
    ("Cache-Control", "max-age=1"),
    ("X-Frame-Options", "deny"),
    ("X-XSS-Protection", "1; mode=block;"),
    ("Strict-Transport-Security", "max-age=31536000; includeSubdomains"),
    ("Content-Disposition", 'attachment; filename="api.txt"'),
    ("X-Nexmo-Trace-Id", "[0-9a-f]{32}"),
    ("X-Content-Type-Options", "nosniff"),
]

BODY = """\
{{
    "message-count": "1",
    "messages": [{{
        "to": "{to}",
        "message-id": "{id}",
        "status": "0",
        "remaining-balance": "{balance}",
        "message-price": "0.03330000",
        "network": "23420"
    }}]
}}"""


def curl(*arguments):
    """Runs curl; gives standard output and error."""
    done = subprocess.run(
        ["curl", "--silent", "--show-error", "--max-time", str(LIMIT_SECONDS), *arguments],
        stdin=subprocess.DEVNULL,
        capture_output=True,
        check=False,
    )
    assert done.returncode == 0, f"curl ended with {done.returncode}: {done.stderr.decode()}"
    return done.stdout.decode(), done.stderr.decode()


def documented_call(gateway):
    """The arguments of the documented call, as it is typed."""
    return [
        f"{gateway.https}/sms/json",
        *["-d", f"api_key={gateway.key}"],
        *["-d", f"api_secret={gateway.secret}"],
        *["-d", "to=447700900000"],
        *["-d", "from=AcmeInc"],
        *["-d", "text=A text message sent using the Nexmo SMS API"],
        *["--cacert", gateway.ca],
    ]


def split(answer):
    """Status line, headers in order as (name, value), and body of an answer that curl printed with -i."""
    head, _, body = answer.partition("\r\n\r\n")
    status, *lines = head.split("\r\n")
    return status, [tuple(line.split(": ", 1)) for line in lines], body


def check_headers(headers, expected):
    assert [name for name, _ in headers] == [name for name, _ in expected]
    for (name, value), (_, pattern) in zip(headers, expected):
        assert value == pattern or re.fullmatch(pattern, value), f"{name}: {value}"


def test_the_documented_call_answers_as_captured(dev):
    # The captured name of the host: HSTS is sent to names only, never to localhost.
    answer, _ = curl("-i", "--http1.1", "-H", "Host: rest.nexmo.com", *documented_call(dev))
    status, headers, body = split(answer)
    assert status == "HTTP/1.1 200 OK"
    check_headers(headers, CAPTURED)
    message = json.loads(body)["messages"][0]
    assert re.fullmatch("[0-9A-F]{16}", message["message-id"]) and re.search("[A-F]", message["message-id"])
    assert re.fullmatch(r"\d+\.\d{8}", message["remaining-balance"])
    expected = BODY.format(to="447700900000", id=message["message-id"], balance=message["remaining-balance"])
    assert body == expected


def test_localhost_is_never_told_to_insist_on_tls(dev):
    status, headers, _ = split(curl("-i", "--http1.1", *documented_call(dev))[0])
    assert status == "HTTP/1.1 200 OK"
    check_headers(headers, [header for header in CAPTURED if header[0] != "Strict-Transport-Security"])


def test_http2_is_spoken_where_it_is_offered(dev):
    status, headers, body = split(curl("-i", "--http2", *documented_call(dev))[0])
    assert status.strip() == "HTTP/2 200"
    names = [name for name, _ in headers]
    assert "connection" not in names and "transfer-encoding" not in names
    assert json.loads(body)["messages"][0]["status"] == "0"


@pytest.mark.parametrize(
    ("options", "suite"),
    [
        (["--tlsv1.2", "--tls-max", "1.2", "--ciphers", "ECDHE-RSA-AES128-GCM-SHA256"], "ECDHE-RSA-AES128-GCM-SHA256"),
        (["--tlsv1.2", "--tls-max", "1.2"], "ECDHE-"),
        (["--tlsv1.3"], "TLS_AES_"),
    ],
    ids=["the captured suite", "TLS 1.2", "TLS 1.3"],
)
def test_both_generations_of_tls(dev, options, suite):
    body, log = curl("-v", *options, *documented_call(dev))
    assert json.loads(body)["messages"][0]["status"] == "0"
    connected = re.search(r"SSL connection using (\S+) / (\S+)", log)
    assert connected, log
    assert connected[2].startswith(suite)
    assert "SSL certificate verify ok" in log


def test_an_unknown_authority_is_refused_by_the_client(dev):
    # Without the CA the call must fail: the certificate is checked, not ignored.
    arguments = [argument for argument in documented_call(dev) if argument not in ("--cacert", dev.ca)]
    done = subprocess.run(["curl", "--silent", *arguments], capture_output=True, check=False)
    assert done.returncode == 60


ENCODINGS = {
    "query": ["{url}?api_key={key}&api_secret={secret}&to=447700900000&from=Acme&text=caf%C3%A9+%26+tea"],
    "query by POST": ["-X", "POST", "{url}?api_key={key}&api_secret={secret}&to=447700900000&from=Acme&text=caf%C3%A9+%26+tea"],
    "form": ["{url}", "-d", "api_key={key}", "-d", "api_secret={secret}", "-d", "to=447700900000", "-d", "from=Acme"]
    + ["--data-urlencode", "text=café & tea"],
    "json": ["{url}", "-H", "Content-Type: application/json", "-d"]
    + ['{{"api_key":"{key}","api_secret":"{secret}","to":"447700900000","from":"Acme","text":"café & tea"}}'],
    "json that says it is a form": ["{url}", "-d"]
    + ['{{"api_key":"{key}","api_secret":"{secret}","to":447700900000,"from":"Acme","text":"caf\\u00e9 & tea"}}'],
    "basic": ["{url}", "-u", "{key}:{secret}", "-d", "to=447700900000", "-d", "from=Acme"]
    + ["--data-urlencode", "text=café & tea"],
}


@pytest.mark.parametrize("encoding", ENCODINGS)
def test_every_way_to_encode_a_request(dev, encoding):
    fill = {"url": f"{dev.http}/sms/json", "key": dev.key, "secret": dev.secret}
    body, _ = curl(*[argument.format(**fill) for argument in ENCODINGS[encoding]])
    assert json.loads(body)["messages"][0]["status"] == "0", body


@pytest.mark.parametrize(
    ("changes", "status", "text"),
    [
        ({"api_key": None}, "2", "Missing api_key"),
        ({"api_secret": None}, "2", "Missing api_secret"),
        ({"api_secret": "wrong"}, "4", "Bad Credentials"),
        ({"api_key": "nobody01"}, "4", "Bad Credentials"),
        ({"from": None}, "2", "Missing from param"),
        ({"to": None}, "2", "Missing to param"),
        ({"text": ""}, "2", "Missing Message Text"),
        ({"to": "abc"}, "3", "to address is not numeric"),
        ({"to": "2100000000"}, "6", "Unroutable message - rejected"),
        ({"text": "a" * 3201}, "12", "Message too long"),
    ],
)
def test_refusals_are_told_with_http_200(dev, changes, status, text):
    form = {"api_key": dev.key, "api_secret": dev.secret, "to": "447700900000", "from": "Acme", "text": "x", **changes}
    data = [part for name, value in form.items() if value is not None for part in ("-d", f"{name}={value}")]
    answer, _ = curl("-i", f"{dev.http}/sms/json", *data)
    line, _, body = split(answer)
    assert line == "HTTP/1.1 200 OK"
    message = json.loads(body)["messages"][0]
    assert (message["status"], message["error-text"]) == (status, text)
