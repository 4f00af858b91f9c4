"""Python's own client of HTTP, and `requests`. Arguments: to, text."""

import json
import os
import sys
import urllib.parse
import urllib.request

import requests

URL = "https://rest.nexmo.com/sms/json"
FORM = {
    "api_key": os.environ["VONAGE_API_KEY"],
    "api_secret": os.environ["VONAGE_API_SECRET"],
    "to": sys.argv[1],
    "from": "Acme",
    "text": sys.argv[2],
}
with urllib.request.urlopen(URL, urllib.parse.urlencode(FORM).encode(), timeout=30) as answer:
    print(json.load(answer)["messages"][0]["message-id"])
print(requests.post(URL, data=FORM, timeout=30).json()["messages"][0]["message-id"])
