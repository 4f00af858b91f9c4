"""Receipts at a real receiver: exact names, order and values for each of the three ways, and no webhook lost by a restart.

Source: Nexmo SMS API, "Delivery Receipt" guide and captured pushes, read 2026-11.
"""

import json

import pytest
from gateway import Gateway, wait_until
from parameters import check, receipt
from receiver import Receiver

@pytest.mark.parametrize("way", ["GET", "POST", "POST-JSON"])
def test_a_receipt_has_exactly_these_parameters_in_this_order(dev, receiver, way):
    dev.patch_account(receipt_url=f"{receiver.url}/dlr", webhook_method=way)
    message = dev.send(**{"client-ref": "a b/ü"})["messages"][0]
    hook = receiver.wait_for(1)[0]
    assert hook.path == "/dlr"
    assert hook.method == way.removesuffix("-JSON")
    assert hook.headers["user-agent"] == "Nexmo/MessagingHUB/v1.0"
    check(hook.parameters, receipt(dev, message, client_ref="a b/ü"))
    if way == "GET":
        assert hook.body == b""
    elif way == "POST":
        assert hook.headers["content-type"] == "application/x-www-form-urlencoded"
        assert hook.query == ""
    else:
        assert hook.headers["content-type"] == "application/json"
        assert all(isinstance(value, str) for value in json.loads(hook.body).values())


def test_parameters_of_the_url_are_kept_in_front(dev, receiver):
    dev.patch_account(receipt_url=f"{receiver.url}/dlr?shop=3&key=a%2Fb", webhook_method="GET")
    message = dev.send()["messages"][0]
    hook = receiver.wait_for(1)[0]
    assert hook.query.startswith("shop=3&key=a%2Fb&msisdn=447700900000&")
    check(hook.parameters[2:], receipt(dev, message))


@pytest.mark.parametrize(
    ("to", "statuses"),
    [
        ("447700900001", [("buffered", "0"), ("delivered", "0")]),
        ("447700900002", [("expired", "2")]),
        ("447700900003", [("rejected", "6")]),
        ("447700900004", [("failed", "2")]),
        ("447700900005", [("failed", "12")]),
        ("447700900006", [("delivered", "0")]),
        ("447700900007", [("delivered", "0")]),
        ("447700900008", [("delivered", "0")]),
    ],
)
def test_each_fate_is_told_as_the_vendor_tells_it(dev, receiver, to, statuses):
    dev.patch_account(receipt_url=receiver.url, webhook_method="GET")
    message = dev.send(to=to)["messages"][0]
    assert message["status"] == "0"
    hooks = receiver.wait_for(len(statuses))
    wait_until(lambda: dev.stats()["notices"] == 0, "no webhook to be due")
    told = [(dict(hook.parameters)["status"], dict(hook.parameters)["err-code"]) for hook in hooks]
    assert told == statuses
    for hook, (status, err) in zip(hooks, statuses):
        check(hook.parameters, receipt(dev, message, status=status, err=err))


def test_each_part_has_its_own_receipt(dev, receiver):
    dev.patch_account(receipt_url=receiver.url, webhook_method="GET")
    parts = dev.send(to="447700900010", text="a" * 200)["messages"]
    assert len(parts) == 2
    told = {dict(hook.parameters)["messageId"]: dict(hook.parameters)["status"] for hook in receiver.wait_for(2)}
    assert told == {parts[0]["message-id"]: "delivered", parts[1]["message-id"]: "failed"}


def test_no_receipt_where_none_was_wished(dev, receiver):
    dev.patch_account(receipt_url=receiver.url, webhook_method="GET")
    quiet = dev.send(**{"status-report-req": "false"})["messages"][0]
    # Nobody asked the carrier for a receipt either: that it was accepted there is all that will be known, and the end.
    wait_until(lambda: dev.message(quiet["message-id"])["status"] == "accepted", "the quiet text to leave")
    assert dev.stats()["open_parts"] == 0
    loud = dev.send()["messages"][0]
    receiver.wait_for(1)
    assert [dict(hook.parameters)["messageId"] for hook in receiver.hooks] == [loud["message-id"]]


def test_a_webhook_that_found_nobody_comes_after_a_restart(tmp_path):
    gone = Receiver()
    port = gone.port
    first = Gateway(tmp_path)
    first.patch_account(receipt_url=f"http://127.0.0.1:{port}/dlr", webhook_method="GET")
    gone.close()
    message = first.send()["messages"][0]
    wait_until(lambda: "delivered" in first.cli("show", message["message-id"]).stdout, "the text to be delivered")
    assert first.stats()["notices"] == 1
    first.terminate()

    again = Receiver(port=port)
    second = Gateway(tmp_path)
    try:
        hook = again.wait_for(1)[0]
        check(hook.parameters, receipt(second, message))
        wait_until(lambda: second.stats()["notices"] == 0, "the webhook to be settled")
        assert len(again.hooks) == 1
    finally:
        second.end()
        again.close()


def test_an_answer_that_is_no_success_is_tried_again(dev):
    receiver = Receiver(status=503)
    try:
        dev.patch_account(receipt_url=receiver.url, webhook_method="GET")
        dev.send()
        receiver.wait_for(1)
        receiver.status = 200
        first, second = receiver.wait_for(2)[:2]
        times = "message-timestamp"
        assert {name: value for name, value in first.parameters if name != times} == {
            name: value for name, value in second.parameters if name != times
        }
    finally:
        receiver.close()
