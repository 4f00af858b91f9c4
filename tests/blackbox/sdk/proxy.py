"""A CONNECT proxy that leads every host to one port of loopback: for a library that takes a host but no port."""

import contextlib
import select
import socket
import socketserver
import threading


class Proxy:
    """Listens on loopback until closed."""

    def __init__(self, port):
        class Handler(socketserver.StreamRequestHandler):
            def handle(self):
                line = self.rfile.readline()
                while self.rfile.readline().strip():
                    pass
                assert line.startswith(b"CONNECT "), line
                with socket.create_connection(("127.0.0.1", port)) as there:
                    self.wfile.write(b"HTTP/1.1 200 OK\r\n\r\n")
                    pipe(self.connection, there)

        class Server(socketserver.ThreadingTCPServer):
            daemon_threads = True
            allow_reuse_address = True

        self.server = Server(("127.0.0.1", 0), Handler)
        self.url = f"http://127.0.0.1:{self.server.server_address[1]}"
        threading.Thread(target=self.server.serve_forever, args=(0.02,), daemon=True).start()

    def close(self):
        """Stops listening."""
        self.server.shutdown()
        self.server.server_close()


def pipe(one, other):
    """Carries bytes both ways until one end closes."""
    ends = {one: other, other: one}
    with contextlib.suppress(ConnectionError):
        while True:
            for end in select.select(list(ends), [], [])[0]:
                piece = end.recv(65_536)
                if not piece:
                    return
                ends[end].sendall(piece)
