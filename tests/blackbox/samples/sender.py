"""Sends one signed text as the page's sample for Python does, in Python 3: a GET whose query is not sorted, MD5 with the secret behind.

Arguments: address, key, secret, text. Output: the answer's body.
"""

import hashlib
import sys
import time
import urllib.parse
import urllib.request

address, key, secret, text = sys.argv[1:]
message = {
    "api_key": key,
    "to": "447700900000",
    "from": "447700900001",
    "text": text,
    "type": "text",
    "timestamp": int(time.time()),
}
string = "&" + urllib.parse.unquote_plus(urllib.parse.urlencode(sorted(message.items()))) + secret
message["sig"] = hashlib.md5(string.encode()).hexdigest()
request = urllib.request.Request(f"{address}/sms/json?{urllib.parse.urlencode(message)}")
request.add_header("Accept", "application/json")
print(urllib.request.urlopen(request).read().decode())
