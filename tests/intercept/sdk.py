"""The vendor's library for Python, as its page has it: no host is set. Arguments: to, text."""

import os
import sys

from vonage import Auth, Vonage
from vonage_sms import SmsMessage

client = Vonage(Auth(api_key=os.environ["VONAGE_API_KEY"], api_secret=os.environ["VONAGE_API_SECRET"]))
answer = client.sms.send(SmsMessage(to=sys.argv[1], from_="Acme", text=sys.argv[2]))
print(answer.messages[0].message_id)
