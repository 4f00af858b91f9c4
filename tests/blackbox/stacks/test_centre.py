"""Our gateway as the client of centres that are not ours, which decode by their own code.

Names in brackets are those of known faults of SMPP stacks, as their issue trackers tell them: jookies/jasmin#796 and #425
(throttling), #623 (validity of parts), traccar/traccar#3293 (one reconnect), kneodev/ksmppd#111 (reports of what was refused), twitter-archive/cloudhopper-smpp#134 (liveness),
onlinecity/php-smpp#33 (headers shown as text), vumi/vumi#636 (a full queue).
"""

import pytest
from gateway import wait_until
from parameters import check, receipt

THROTTLED, QUEUE_FULL, REJECTED = 0x58, 0x14, 0x65


def delivered(gateway, message):
    return wait_until(lambda: gateway.message(message["message-id"])["status"] == "delivered", "the receipt")


def test_the_bind_is_understood(carrier, centre):
    carrier()
    (bind,) = centre.events("bind")
    assert bind["mode"] == "bind_transceiver"
    assert (bind["pdu"]["system_id"], bind["pdu"]["password"]) == ("whimbrel", "dev")
    assert bind["pdu"]["interface_version"] == 0x34


def test_a_text_is_what_was_meant(carrier, centre):
    text = "Café @ 5€ [x] {y} ~ |"
    carrier().send(text=text, sender="AcmeInc")
    pdu = centre.submissions(1)[0]["pdu"]
    assert pdu["short_message"]["message"] == text
    assert (pdu["source_addr"], pdu["source_addr_ton"]) == ("AcmeInc", 5)
    assert (pdu["destination_addr"], pdu["dest_addr_ton"], pdu["dest_addr_npi"]) == ("447700900000", 1, 1)
    assert pdu["data_coding"] == 0 and pdu["registered_delivery"] & 1


def test_unicode_is_what_was_meant(carrier, centre):
    text = "こんにちは 🦆"
    carrier().send(text=text, type="unicode")
    pdu = centre.submissions(1)[0]["pdu"]
    assert (pdu["data_coding"], pdu["short_message"]["message"]) == (8, text)


def test_a_receipt_of_the_centre_becomes_a_webhook(carrier, centre, receiver):
    gateway = carrier()
    gateway.patch_account(receipt_url=receiver.url, webhook_method="GET")
    (message,) = gateway.send()["messages"]
    check(receiver.wait_for(1)[0].parameters, receipt(gateway, message))
    assert centre.wait_for("delivered")[0]["status"] == 0


def test_a_throttled_submission_is_sent_again_and_its_receipt_found__jasmin_796(carrier, centre):
    gateway = carrier()
    centre.order(do="answer", statuses=[THROTTLED])
    (message,) = gateway.send()["messages"]
    delivered(gateway, message)
    assert [event["status"] for event in centre.events("submit")] == [THROTTLED, 0]


def test_a_full_queue_is_waited_for__vumi_636(carrier, centre):
    gateway = carrier()
    centre.order(do="answer", statuses=[QUEUE_FULL])
    (message,) = gateway.send()["messages"]
    delivered(gateway, message)
    assert [event["status"] for event in centre.events("submit")] == [QUEUE_FULL, 0]


def test_throttling_keeps_the_order_of_parts__jasmin_425(carrier, centre):
    gateway = carrier('window = 1')
    centre.order(do="answer", statuses=[0, THROTTLED, THROTTLED])
    gateway.send(text="".join(f"{number:03d} " for number in range(150)))
    taken = centre.submissions(4)
    assert [header(event["pdu"])[-1] for event in taken] == [1, 2, 3, 4]


def test_a_refusal_is_told(carrier, centre):
    gateway = carrier()
    centre.order(do="answer", statuses=[REJECTED])
    (message,) = gateway.send()["messages"]
    wait_until(lambda: gateway.message(message["message-id"])["status"] == "rejected", "the refusal")
    assert len(centre.events("submit")) == 1


def test_a_receipt_for_a_refused_submission_changes_nothing__ksmppd_111(carrier, centre):
    gateway = carrier()
    centre.order(do="answer", statuses=[REJECTED])
    (message,) = gateway.send()["messages"]
    wait_until(lambda: gateway.message(message["message-id"])["status"] == "rejected", "the refusal")
    # This centre may have named what it refused; and it reports it.
    (refused,) = centre.events("submit")
    text = f"id:{refused['id']} stat:DELIVRD err:000"
    assert centre.deliver("late", esm_class=4, source_addr="447700900000", short_message={"message": text}) == 0
    assert gateway.message(message["message-id"])["status"] == "rejected"
    (orphan,) = gateway.native("GET", "orphans").json()["orphans"]
    assert (orphan["raw_id"], orphan["reason"]) == (refused["id"], "unknown-id")
    # And goes on.
    (message,) = gateway.send()["messages"]
    delivered(gateway, message)


@pytest.mark.parametrize("end", ["destroy", "unbind"])
def test_it_comes_back_again_and_again__traccar_3293(carrier, centre, end):
    gateway = carrier()
    for binds in (2, 3):
        centre.order(do=end)
        centre.wait_for("bind", binds)
        (message,) = gateway.send()["messages"]
        delivered(gateway, message)


def test_an_enquiry_is_answered_amid_traffic__cloudhopper_134(carrier, centre):
    gateway = carrier()
    gateway.send(text="a" * 1530)
    centre.order(do="enquire")
    assert centre.wait_for("alive")[0]["status"] == 0
    centre.submissions(10)


def test_each_part_has_the_validity__jasmin_623(carrier, centre):
    carrier().send(text="a" * 400, ttl="600000")
    submissions = centre.submissions(3)
    assert all(event["pdu"]["validity_period"] for event in submissions)


def test_it_unbinds_when_it_ends(carrier, centre):
    gateway = carrier()
    gateway.terminate()
    centre.wait_for("unbind")


def header(pdu):
    """The octets of the first element of the header that the centre saw."""
    return bytes.fromhex(pdu["short_message"]["udh"][0]["hex"])


@pytest.mark.parametrize(
    ("kind", "text"),
    [("text", "".join(f"{number:03d} " for number in range(100)) + "€"), ("unicode", "".join(chr(0x3041 + n % 80) for n in range(150)) + "🦆")],
)
def test_parts_join_by_a_reference_of_one_octet__php_smpp_33(carrier, centre, kind, text):
    gateway = carrier()
    (count,) = {len(gateway.send(text=text, type=kind)["messages"])}
    pdus = sorted((event["pdu"] for event in centre.submissions(count)), key=lambda pdu: header(pdu)[4])
    assert {pdu["esm_class"] & 0x40 for pdu in pdus} == {0x40}
    assert [list(header(pdu)[:2]) + list(header(pdu)[3:]) for pdu in pdus] == [[0, 3, count, n + 1] for n in range(count)]
    assert len({header(pdu)[2] for pdu in pdus}) == 1
    assert "".join(pdu["short_message"]["message"] for pdu in pdus) == text
