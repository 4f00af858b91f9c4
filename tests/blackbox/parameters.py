"""What a receipt at a webhook must say: names in their order, and values.

Source: Nexmo SMS API, "Delivery Receipt" guide and captured pushes, read 2026-11.
"""

import re


def receipt(dev, message, status="delivered", err="0", client_ref=None):
    """Names and values in order; a pattern where the value is a time."""
    pairs = [
        ("msisdn", message["to"]),
        ("to", message.get("from", "Whimbrel")),
        ("network-code", "23420"),
        ("messageId", message["message-id"]),
        ("price", "0.03330000"),
        ("status", status),
        ("scts", re.compile(r"\d{10}")),
        ("err-code", err),
        ("api-key", dev.key),
    ]
    if client_ref:
        pairs.append(("client-ref", client_ref))
    pairs.append(("message-timestamp", re.compile(r"\d{4}-\d\d-\d\d \d\d:\d\d:\d\d")))
    return pairs


def check(parameters, pairs):
    """That these and only these parameters came, in this order."""
    assert [name for name, _ in parameters] == [name for name, _ in pairs]
    for (name, value), (_, wanted) in zip(parameters, pairs, strict=True):
        matches = wanted.fullmatch(value) if isinstance(wanted, re.Pattern) else value == wanted
        assert matches, f"{name}: {value!r} instead of {wanted!r}"
