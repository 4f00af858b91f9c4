"""Another vendor's client for Python, as its page has it: no host is set. Arguments: to, text."""

import os
import sys

from sms77api.Sms77api import Sms77api

answer = Sms77api(os.environ["SEVEN_API_KEY"]).sms(sys.argv[1], sys.argv[2], {"json": True, "from": "Acme"})
print(answer["messages"][0]["id"])
