"""What an account may not do, as the vendor's own libraries are told.

Source: Nexmo SMS API reference, error codes 1 and 29, and their texts as captured, read 2026-11.
"""

import re

THROTTLED = re.compile(
    r"Exceeded maximum MT throughput\[ MAX \[ 1 ] INTERVAL \[ 1000 ] COUNT \[ 1 ] LAST INT-START \[ \d{13} ] "
    r"TIME_SINCE_LAST_INTERVAL_START \[ \d{1,3} ]  ] ?"
)


def message(**changes):
    """A text as every library takes it."""
    return {"to": "447700900000", "from": "AcmeInc", "text": "Hello from the library", **changes}


def test_a_request_past_the_rate_is_throttled_and_the_next_second_is_free(dev, kind, client):
    dev.patch_account(requests_per_second_max=1)
    replies = client().send_at_once(20, **message())
    taken = [reply for reply in replies if reply.statuses == ["0"]]
    refused = [reply for reply in replies if reply.statuses != ["0"]]
    assert taken and refused
    for reply in refused:
        code, text = reply.refusal
        assert code == "1" and THROTTLED.fullmatch(text), text
        assert reply.thrown in kind.refusals


def test_a_demonstration_account_reaches_only_its_permitted_numbers(dev, kind, client):
    dev.patch_account(recipients="permitted")
    listed = dev.native("POST", "lists/permitted", params={"account": dev.key}, json={"entries": ["447700900000"]})
    assert listed.status_code == 200, listed.text
    assert client().send(**message()).statuses == ["0"]
    reply = client().send(**message(to="447700900013"))
    assert reply.refusal == ("29", "Non White-listed Destination - rejected")
    assert reply.thrown in kind.refusals
