"""A webhook receiver that keeps what came, byte by byte, and answers as it is told."""

import http.server
import json
import threading
import urllib.parse

from gateway import wait_until


class Hook:
    """One request as it came."""

    def __init__(self, method, target, headers, body):
        self.method, self.target, self.headers, self.body = method, target, headers, body
        self.path, _, self.query = target.partition("?")

    @property
    def parameters(self):
        """Names and values in their order, wherever they stood."""
        if self.method == "GET":
            return urllib.parse.parse_qsl(self.query, keep_blank_values=True, strict_parsing=True)
        if self.headers["content-type"] == "application/json":
            return json.loads(self.body, object_pairs_hook=list)
        return urllib.parse.parse_qsl(self.body.decode(), keep_blank_values=True, strict_parsing=True)


class Receiver:
    """Listens on loopback until closed. `port` can be given to come back where one was before, `tls` (an `ssl.SSLContext`) for https."""

    def __init__(self, port=0, status=200, tls=None):
        self.status = status
        self.hooks = []
        receiver = self

        class Handler(http.server.BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def answer(self):
                length = int(self.headers.get("content-length") or 0)
                hook = Hook(self.command, self.path, self.headers, self.rfile.read(length))
                self.send_response(receiver.status)
                self.send_header("content-length", "0")
                self.end_headers()
                receiver.hooks.append(hook)

            do_GET = do_POST = answer

            def log_message(self, *_):
                pass

        class Server(http.server.ThreadingHTTPServer):
            daemon_threads = True
            allow_reuse_address = True

        self.server = Server(("127.0.0.1", port), Handler)
        self.port = self.server.server_address[1]
        self.url = f"{'https' if tls else 'http'}://127.0.0.1:{self.port}"
        if tls:
            self.server.socket = tls.wrap_socket(self.server.socket, server_side=True)
        threading.Thread(target=self.server.serve_forever, args=(0.02,), daemon=True).start()

    def wait_for(self, count):
        """Waits until that many webhooks have come, and gives all."""
        wait_until(lambda: len(self.hooks) >= count, f"{count} webhooks (have {len(self.hooks)})")
        return self.hooks

    def close(self):
        """Stops listening: later webhooks find nobody."""
        self.server.shutdown()
        self.server.server_close()
