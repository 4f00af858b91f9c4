"""A wire tap: passes octets between an SMPP client and its centre, and keeps what the client sent."""

import contextlib
import socket
import struct
import threading


class Tap:
    """Listens on loopback; each connection is passed on to `target` (host:port)."""

    def __init__(self, target):
        host, port = target.rsplit(":", 1)
        self.target = (host, int(port))
        self.sent = bytearray()
        self.lock = threading.Lock()
        self.listener = socket.create_server(("127.0.0.1", 0))
        self.addr = f"127.0.0.1:{self.listener.getsockname()[1]}"
        threading.Thread(target=self._accept, daemon=True).start()

    def _accept(self):
        with contextlib.suppress(OSError):
            while True:
                client, _ = self.listener.accept()
                centre = socket.create_connection(self.target)
                threading.Thread(target=self._pass, args=(client, centre, True), daemon=True).start()
                threading.Thread(target=self._pass, args=(centre, client, False), daemon=True).start()

    def _pass(self, source, sink, kept):
        with contextlib.suppress(OSError):
            while octets := source.recv(65536):
                if kept:
                    with self.lock:
                        self.sent += octets
                sink.sendall(octets)
        # The end of one direction ends the connection.
        for end in (source, sink):
            with contextlib.suppress(OSError):
                end.shutdown(socket.SHUT_RDWR)

    def pdus(self, command):
        """The whole PDUs of that command which the client sent so far."""
        with self.lock:
            octets = bytes(self.sent)
        found, at = [], 0
        while at + 16 <= len(octets):
            length, command_id = struct.unpack_from(">II", octets, at)
            if at + length > len(octets):
                break
            if command_id == command:
                found.append(octets[at : at + length])
            at += length
        return found

    def close(self):
        """Takes no more connections."""
        self.listener.close()
