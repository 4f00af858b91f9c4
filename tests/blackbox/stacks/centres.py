"""Centres that are not ours behind one face: npm `smpp`'s server, and one that reads and writes with the crate `rusmpp`.

What they got is told in npm `smpp`'s form: `short_message` has a `message`, which is text where its coding is known, and
the elements of the user data header as `udh`.
"""

import os
import pathlib

from alphabet import decoded, encoded
from gateway import ROOT
from javascript import command
from script import Script

RUSMPP = pathlib.Path(os.environ.get("BLACKBOX_CENTRE", ROOT / "target/debug/examples/centre"))
HEADER, DEFAULT, UCS2 = 0x40, 0, 8


class Centre(Script):
    """A centre that answers every submission with ESME_ROK and a receipt, until told otherwise."""

    def __init__(self, *line):
        super().__init__(*line)
        self.addr = f"127.0.0.1:{self.wait_for('listening')[0]['port']}"

    def submissions(self, count):
        """Waits for that many accepted submissions and gives them as the centre decoded them, with its ids."""
        while True:
            taken = [event for event in self.events("submit") if event["status"] == 0]
            if len(taken) >= count:
                return taken
            self.wait_for("submit", len(self.events("submit")) + 1)

    def deliver(self, mark, **fields):
        """Has it send a deliver_sm and waits for our answer's status."""
        self.order(do="deliver", mark=mark, fields=self.spelled(fields))
        while not (answers := [event for event in self.events("delivered") if event["mark"] == mark]):
            self.wait_for("delivered", len(self.events("delivered")) + 1)
        return answers[0]["status"]

    def spelled(self, fields):
        """The fields of a delivery as this centre takes them."""
        return fields


class NodeSmpp(Centre):
    """npm `smpp`, which decodes texts itself."""

    name = "node-smpp"

    def __init__(self):
        super().__init__(*command("smsc.mjs"))


class Rusmpp(Centre):
    """The crate `rusmpp`, which stops at the octets; texts are decoded and encoded here."""

    name = "rusmpp"

    def __init__(self):
        assert RUSMPP.is_file(), f"{RUSMPP} is missing: `cargo xtask test` builds it"
        super().__init__(RUSMPP)

    def _keep(self, event):
        if event and event["event"] == "submit":
            pdu = event["pdu"]
            for field in {"short_message", "message_payload"} & set(pdu):
                pdu[field] = understood(bytes.fromhex(pdu[field]["hex"]), pdu["esm_class"], pdu["data_coding"])
        super()._keep(event)

    def spelled(self, fields):
        spelled = dict(fields)
        for field in {"short_message", "message_payload"} & set(fields):
            content = fields[field]
            header = bytes.fromhex(content["udh"]["hex"]) if "udh" in content else b""
            message = content.get("message", content)
            octets = bytes.fromhex(message["hex"]) if isinstance(message, dict) else written(message, fields)
            spelled[field] = {"hex": (header + octets).hex()}
            if header:
                spelled["esm_class"] = fields.get("esm_class", 0) | HEADER
        return spelled


def understood(octets, esm_class, data_coding):
    """Octets as header and message (3GPP TS 23.040 §9.2.3.24)."""
    content = {}
    if esm_class & HEADER:
        end = 1 + octets[0]
        content["udh"], at = [], 1
        while at < end:
            content["udh"].append({"hex": octets[at : at + 2 + octets[at + 1]].hex()})
            at += 2 + octets[at + 1]
        assert at == end, f"an element that does not end with its header: {octets.hex()}"
        octets = octets[end:]
    readers = {DEFAULT: decoded, UCS2: lambda units: units.decode("utf-16-be")}
    content["message"] = readers[data_coding](octets) if data_coding in readers else {"hex": octets.hex()}
    return content


def written(text, fields):
    """A text in the coding that its delivery names."""
    writers = {DEFAULT: encoded, UCS2: lambda signs: signs.encode("utf-16-be")}
    return writers[fields.get("data_coding", DEFAULT)](text)


ALL = [NodeSmpp, Rusmpp]
