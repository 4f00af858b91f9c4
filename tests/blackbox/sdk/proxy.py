"""A proxy on loopback that leads every host to one port: for a library that takes another host, but no port."""

import contextlib
import socket
import threading


class Proxy:
    """Takes CONNECT for any host until closed."""

    def __init__(self, port):
        self.port = port
        self.listener = socket.create_server(("127.0.0.1", 0))
        self.url = f"http://127.0.0.1:{self.listener.getsockname()[1]}"
        threading.Thread(target=self._accept, daemon=True).start()

    def _accept(self):
        with contextlib.suppress(OSError):
            while True:
                client, _ = self.listener.accept()
                threading.Thread(target=self._lead, args=(client,), daemon=True).start()

    def _lead(self, client):
        head = b""
        while b"\r\n\r\n" not in head:
            head += client.recv(4096)
        assert head.startswith(b"CONNECT "), head
        server = socket.create_connection(("127.0.0.1", self.port))
        client.sendall(b"HTTP/1.1 200 Connection established\r\n\r\n")
        threading.Thread(target=self._copy, args=(client, server), daemon=True).start()
        self._copy(server, client)

    @staticmethod
    def _copy(source, sink):
        with contextlib.suppress(OSError):
            while octets := source.recv(65_536):
                sink.sendall(octets)
            sink.shutdown(socket.SHUT_WR)

    def close(self):
        """Takes no more."""
        self.listener.close()
