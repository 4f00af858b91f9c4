"""Says of each webhook by GET whether its signature holds, as the page's sample for Python does, in Python 3.

It splits at `=` itself, decodes the two time stamps only, and so hashes every other value as it stands on the wire. Argument: secret.
Output: the port, then `1` or `0` for each.
"""

import hashlib
import http.server
import sys
import time
import urllib.parse

SECRET = sys.argv[1]


def holds(path):
    """Whether it does."""
    try:
        callback = dict(pair.split("=") for pair in urllib.parse.urlparse(path)[4].split("&"))
    except ValueError:
        callback = {}
    if "sig" not in callback or abs(time.time() - int(callback["timestamp"])) > 300:
        return False
    sig = callback.pop("sig")
    callback["message-timestamp"] = urllib.parse.unquote_plus(callback["message-timestamp"])
    string = "&" + urllib.parse.unquote_plus(urllib.parse.urlencode(sorted(callback.items()))) + SECRET
    return hashlib.md5(string.encode()).hexdigest() == sig


class Handler(http.server.BaseHTTPRequestHandler):
    """Answers before it looks."""

    def do_GET(self):
        self.send_response(200)
        self.send_header("Content-type", "text/html")
        self.end_headers()
        print(1 if holds(self.path) else 0, flush=True)

    def log_message(self, *_):
        pass


server = http.server.HTTPServer(("127.0.0.1", 0), Handler)
print(server.server_address[1], flush=True)
server.serve_forever()
