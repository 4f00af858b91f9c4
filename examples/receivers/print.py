"""Answers 200 to everything and prints each webhook: the smallest receiver to look at receipts with."""

import http.server
import json
import sys
import urllib.parse


class Receiver(http.server.BaseHTTPRequestHandler):
    """One request: printed, then answered."""

    protocol_version = "HTTP/1.1"

    def answer(self):
        length = int(self.headers.get("content-length") or 0)
        body = self.rfile.read(length).decode("utf-8")
        path, _, query = self.path.partition("?")
        if self.headers.get("content-type", "").startswith("application/json"):
            parameters = list(json.loads(body).items())
        else:
            parameters = urllib.parse.parse_qsl(query) + urllib.parse.parse_qsl(body)
        print(self.command, path)
        for name, value in parameters:
            print(f"    {name} = {value}", flush=True)
        self.send_response(200)
        self.send_header("content-length", "0")
        self.end_headers()

    do_GET = do_POST = answer

    def log_message(self, *_):
        """The parameters are enough."""


if __name__ == "__main__":
    port = int(sys.argv[1]) if len(sys.argv) > 1 else 8000
    print(f"waiting on http://127.0.0.1:{port}", flush=True)
    try:
        http.server.ThreadingHTTPServer(("127.0.0.1", port), Receiver).serve_forever()
    except KeyboardInterrupt:
        pass
