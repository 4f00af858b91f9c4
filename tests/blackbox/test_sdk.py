"""The vendor's own Python library, unmodified, over TLS: only its host is changed.

Source: PyPI package `vonage` 4.9.1, as pinned in requirements.txt.
"""

import pytest
import vonage
from gateway import wait_until
from vonage_sms import SmsMessage
from vonage_sms.errors import SmsError


@pytest.fixture
def client(dev, monkeypatch):
    """The library as its documentation shows it, pointed at our server and trusting its CA."""
    monkeypatch.setenv("REQUESTS_CA_BUNDLE", dev.ca)
    return lambda secret=dev.secret: vonage.Vonage(
        vonage.Auth(api_key=dev.key, api_secret=secret),
        vonage.HttpClientOptions(rest_host=dev.host, api_host=dev.host),
    )


def message(**changes):
    """A text as the library takes it."""
    return SmsMessage(**{"to": "447700900000", "from_": "AcmeInc", "text": "Hello from the library", **changes})


def test_a_text_is_sent_and_delivered(dev, client):
    response = client().sms.send(message(client_ref="order 7"))
    assert response.message_count == "1"
    sent = response.messages[0]
    assert sent.status == "0"
    assert sent.to == "447700900000"
    assert sent.network == "23420"
    assert sent.message_price == "0.03330000"
    assert sent.client_ref == "order 7"
    wait_until(lambda: "delivered" in dev.cli("show", sent.message_id).stdout, "the text to be delivered")


def test_a_long_text_has_parts_that_are_charged_apart(client):
    response = client().sms.send(message(text="a" * 161))
    assert response.message_count == "2"
    assert [part.status for part in response.messages] == ["0", "0"]
    assert len({part.message_id for part in response.messages}) == 2
    first, second = [float(part.remaining_balance) for part in response.messages]
    assert first - second == pytest.approx(0.0333)


@pytest.mark.parametrize(("text", "parts"), [("こんにちは世界", "1"), ("あ" * 70, "1"), ("あ" * 71, "2")])
def test_unicode(client, text, parts):
    response = client().sms.send(message(text=text, type="unicode"))
    assert response.message_count == parts


def test_a_wrong_secret_is_bad_credentials(client):
    with pytest.raises(SmsError, match="error code 4: Bad Credentials"):
        client("devSecret02").sms.send(message())


def test_a_missing_recipient_is_told(client):
    # The library sends an empty `to` as it is.
    with pytest.raises(SmsError, match="error code 2: Missing to param"):
        client().sms.send(message(to=""))


def test_the_receipt_comes_to_the_callback(client, receiver):
    response = client().sms.send(message(callback=f"{receiver.url}/receipts?shop=3"))
    hook = receiver.wait_for(1)[0]
    parameters = dict(hook.parameters)
    assert hook.path == "/receipts"
    assert parameters["shop"] == "3"
    assert parameters["messageId"] == response.messages[0].message_id
    assert parameters["status"] == "delivered"
