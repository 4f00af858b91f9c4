"""XML answers by real curl.

Source: Nexmo SMS API reference, XML response format, and captured answers, read 2026-11.
"""

import re
import subprocess
import xml.etree.ElementTree

import pytest
from gateway import LIMIT_SECONDS

BODY = """\
<?xml version='1.0' encoding='UTF-8' ?>
<mt-submission-response>
    <messages count='1'>
        <message>
            <to>447700900000</to>
            <messageId>ID</messageId>
            <status>0</status>
            <remainingBalance>BALANCE</remainingBalance>
            <messagePrice>0.03330000</messagePrice>
            <network>23420</network>
        </message>
    </messages>
</mt-submission-response>"""


def answer(gateway, path, **changes):
    """Head and body of a GET with everything in the query."""
    query = {"api_key": gateway.key, "api_secret": gateway.secret, "to": "447700900000", "from": "Nexmo", **changes}
    data = [part for name, value in query.items() for part in ("--data-urlencode", f"{name}={value}")]
    line = ["curl", "--silent", "--max-time", str(LIMIT_SECONDS), "-i", "--http1.1", "--get", f"{gateway.http}{path}"]
    done = subprocess.run([*line, *data], capture_output=True, check=True)
    head, _, body = done.stdout.decode().partition("\r\n\r\n")
    return head, body


@pytest.mark.parametrize("path", ["/sms/xml", "/v1/sms/xml"])
def test_the_documented_call_answers_as_documented(dev, path):
    head, body = answer(dev, path, text="Hello from Nexmo")
    assert head.startswith("HTTP/1.1 200 OK\r\n")
    assert re.search("^content-type: text/xml", head, re.IGNORECASE | re.MULTILINE)
    told = re.sub("<messageId>[0-9A-F]{16}<", "<messageId>ID<", body)
    told = re.sub(r"<remainingBalance>\d+\.\d{8}<", "<remainingBalance>BALANCE<", told)
    assert told.rstrip("\n") == BODY


def test_each_part_is_a_message(dev):
    root = xml.etree.ElementTree.fromstring(answer(dev, "/sms/xml", text="a" * 161)[1])
    assert root.find("messages").get("count") == "2"
    assert [message.findtext("status") for message in root.iter("message")] == ["0", "0"]


@pytest.mark.parametrize(
    ("changes", "status", "text"),
    [
        ({"text": ""}, "2", "Missing Message Text"),
        ({"api_secret": "wrong", "text": "x"}, "4", "Bad Credentials"),
        ({"to": "abc", "text": "x"}, "3", "to address is not numeric"),
        ({"callback": "example.com/x", "text": "x"}, "23", "Bad callback :: Missing Protocol"),
    ],
)
def test_refusals_are_told_with_http_200(dev, changes, status, text):
    head, body = answer(dev, "/sms/xml", **changes)
    assert head.startswith("HTTP/1.1 200 OK\r\n")
    message = xml.etree.ElementTree.fromstring(body).find("messages/message")
    assert (message.findtext("status"), message.findtext("errorText")) == (status, text)


def test_what_the_caller_marked_is_escaped(dev):
    body = answer(dev, "/sms/xml", text="x", **{"client-ref": "a<b&c>"})[1]
    assert "<clientRef>a&lt;b&amp;c&gt;</clientRef>" in body
