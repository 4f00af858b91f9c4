"""SMPP clients that are not ours behind one face: PyPI `smpplib` and npm `smpp`."""

import warnings

import smpplib.client
import smpplib.exceptions
import smpplib.smpp
from gateway import LIMIT_SECONDS
from javascript import command
from script import Script


class Answer:
    """What the centre answered."""

    def __init__(self, command, status, message_id=None):
        self.command, self.status, self.message_id = command, status, message_id


class Delivery:
    """What the centre sent of itself."""

    def __init__(self, text, fields):
        self.text, self.fields = text, fields


class Smpplib:
    """PyPI `smpplib` 2."""

    name = "smpplib"

    def __init__(self, addr):
        host, port = addr.rsplit(":", 1)
        self.client = smpplib.client.Client(host, port, timeout=LIMIT_SECONDS, allow_unknown_opt_params=True)
        self.client.connect()
        self.deliveries = []

    def bind(self, mode, **fields):
        """`mode` is transmitter, receiver or transceiver."""
        try:
            pdu = getattr(self.client, f"bind_{mode}")(**fields)
        except smpplib.exceptions.PDUError as error:
            return Answer(f"bind_{mode}_resp", error.args[1])
        return Answer(pdu.command, pdu.status)

    def submit(self, **fields):
        """A submit_sm; octets where the protocol has octets."""
        self.client.send_message(**fields)
        return self._answer("submit_sm_resp")

    def submit_many(self, count, **fields):
        """So many at once, without waiting in between; then an enquiry behind them. Gives the commands as they came."""
        for _ in range(count):
            self.client.send_message(**fields)
        self._send("enquire_link")
        return [self._next().command for _ in range(count + 1)]

    def enquire(self):
        """An enquire_link."""
        self._send("enquire_link")
        return self._answer("enquire_link_resp")

    def unbind(self):
        """An unbind."""
        self._send("unbind")
        return self._answer("unbind_resp")

    def wait_for(self, count):
        """That many deliveries."""
        while len(self.deliveries) < count:
            self._read()
        return self.deliveries

    def _send(self, command):
        self.client.send_pdu(smpplib.smpp.make_pdu(command, client=self.client))

    def _answer(self, command):
        answer = self._next()
        assert answer.command == command
        return answer

    def _next(self):
        while (answer := self._read()) is None:
            pass
        return answer

    def _read(self):
        """Reads a PDU; answers a delivery and keeps it, gives any other back."""
        pdu = self.client.read_pdu()
        if pdu.command == "deliver_sm":
            answer = smpplib.smpp.make_pdu("deliver_sm_resp", client=self.client)
            answer.sequence = pdu.sequence
            self.client.send_pdu(answer)
            names = ["esm_class", "receipted_message_id", "message_state", "source_addr", "destination_addr"]
            fields = {name: self._plain(getattr(pdu, name, None)) for name in names}
            self.deliveries.append(Delivery(pdu.short_message.decode(), fields))
            return None
        message_id = self._plain(getattr(pdu, "message_id", None))
        return Answer(pdu.command, pdu.status, message_id)

    @staticmethod
    def _plain(value):
        return value.rstrip(b"\0").decode() if isinstance(value, bytes) else value

    def close(self):
        """Closes the connection, bound or not."""
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            self.client.disconnect()


class NodeSmpp:
    """npm `smpp`."""

    name = "node-smpp"

    def __init__(self, addr):
        self.script = Script(*command("esme.mjs"), addr)
        self.script.wait_for("connected")
        self.marks = 0

    def bind(self, mode, **fields):
        """`mode` is transmitter, receiver or transceiver."""
        return self._ask(f"bind_{mode}", fields)

    def submit(self, **fields):
        """A submit_sm; octets where the protocol has octets."""
        return self._ask("submit_sm", fields)

    def submit_many(self, count, **fields):
        """So many at once in one write; then an enquiry behind them. Gives the commands as they came."""
        before = len(self.script.events("answer"))
        order = {"do": "submit_sm", "fields": self._spelled(fields)}
        self.script.order(do="together", orders=[order] * count + [{"do": "enquire_link"}])
        answers = self.script.wait_for("answer", before + count + 1)
        return [answer["pdu"]["command"] for answer in answers[before:]]

    def bind_and_submit(self, fields):
        """A bind and a submit_sm in one write; the answers as they came."""
        bind = {"do": "bind_transceiver", "fields": {"system_id": "foreign", "password": "dev"}}
        submit = {"do": "submit_sm", "fields": self._spelled(fields)}
        self.script.order(do="together", orders=[bind, submit])
        return [self._answer(event["pdu"]) for event in self.script.wait_for("answer", 2)]

    def enquire(self):
        """An enquire_link."""
        return self._ask("enquire_link")

    def unbind(self):
        """An unbind."""
        return self._ask("unbind")

    def wait_for(self, count):
        """That many deliveries."""
        pdus = [event["pdu"] for event in self.script.wait_for("deliver", count)]
        return [Delivery(pdu["short_message"]["message"], pdu) for pdu in pdus]

    def _ask(self, command, fields=None):
        self.marks += 1
        self.script.order(do=command, mark=self.marks, fields=self._spelled(fields or {}))
        while not (found := [event for event in self.script.events("answer") if event.get("mark") == self.marks]):
            self.script.wait_for("answer", len(self.script.events("answer")) + 1)
        return self._answer(found[0]["pdu"])

    @staticmethod
    def _answer(pdu):
        return Answer(pdu["command"], pdu["command_status"], pdu.get("message_id"))

    @staticmethod
    def _spelled(fields):
        return {name: {"hex": value.hex()} if isinstance(value, bytes) else value for name, value in fields.items()}

    def close(self):
        """Ends the script."""
        self.script.close()


ALL = [Smpplib, NodeSmpp]
