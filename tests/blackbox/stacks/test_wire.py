"""What leaves over SMPP, read by a decoder that is not ours: PyPI's `smpplib`, and Python's own codecs."""

import pytest
import smpplib.command
from alphabet import decoded
from gateway import configured, wait_until
from tap import Tap

SUBMIT_SM = 4


@pytest.fixture
def tap(simulator):
    """The wire between server and simulator."""
    tap = Tap(simulator.addr)
    yield tap
    tap.close()


@pytest.fixture
def gateway(tmp_path, tap):
    """A server without `--dev` with the simulator, behind the tap, as an ordinary carrier."""
    gateway = configured(tmp_path, tap.addr)
    yield gateway
    gateway.end()


def submitted(tap, simulator, count):
    """That many submissions, decoded by smpplib from the very octets that left; the journal must agree with them."""
    wait_until(lambda: len(simulator.journal("submit_sm")) >= count, f"{count} submissions")
    octets = tap.pdus(SUBMIT_SM)
    assert len(octets) == count
    pdus = [decode(pdu) for pdu in octets]
    journal = [(record["destination"].encode(), bytes.fromhex(record["short_message_hex"])) for record in simulator.journal("submit_sm")]
    assert sorted(journal) == sorted((pdu.destination_addr, pdu.short_message) for pdu in pdus)
    return pdus


def decode(octets):
    pdu = smpplib.command.SubmitSM("submit_sm", need_sequence=False, allow_unknown_opt_params=True)
    pdu.parse(octets)
    assert pdu.length == len(octets)
    return pdu


def test_a_text_is_what_was_meant(gateway, tap, simulator):
    text = "Caf\u00e9 @ 5\u20ac [x]"
    assert gateway.send(text=text, sender="AcmeInc")["messages"][0]["status"] == "0"
    pdu = submitted(tap, simulator, 1)[0]
    assert pdu.source_addr == b"AcmeInc" and pdu.source_addr_ton == 5
    assert pdu.destination_addr == b"447700900000" and (pdu.dest_addr_ton, pdu.dest_addr_npi) == (1, 1)
    assert pdu.data_coding == 0 and pdu.esm_class == 0
    assert pdu.registered_delivery & 1 == 1
    assert decoded(pdu.short_message) == text


def test_unicode_is_utf16_big_endian(gateway, tap, simulator):
    text = "こんにちは 🦆"
    gateway.send(text=text, type="unicode")
    pdu = submitted(tap, simulator, 1)[0]
    assert pdu.data_coding == 8
    assert pdu.short_message.decode("utf-16-be") == text


def test_parts_join_to_the_text(gateway, tap, simulator):
    text = "".join(f"{number:03d} " for number in range(100)) + "€"
    assert len(gateway.send(text=text)["messages"]) == 3
    parts = {}
    for pdu in submitted(tap, simulator, 3):
        assert pdu.esm_class == 0x40
        header, content = pdu.short_message[:6], pdu.short_message[6:]
        assert header[:3] == b"\x05\x00\x03" and header[4] == 3
        assert len(content) <= 153
        parts[header[5]] = (header[3], content)
    assert sorted(parts) == [1, 2, 3]
    assert len({reference for reference, _ in parts.values()}) == 1
    assert "".join(decoded(parts[number][1]) for number in (1, 2, 3)) == text


def test_no_receipt_is_asked_for_where_nobody_wants_one(gateway, tap, simulator):
    # The product may ask all the same, to know the fate; what counts is that the wish reaches the store.
    gateway.send(**{"status-report-req": "0"})
    assert len(submitted(tap, simulator, 1)) == 1
