#!/bin/sh
# curl: the command of the vendor's article, with its host. Arguments: to, text.
curl -sS https://rest.nexmo.com/sms/json \
  -d "api_key=$VONAGE_API_KEY" -d "api_secret=$VONAGE_API_SECRET" -d "to=$1" -d from=Acme --data-urlencode "text=$2" |
  sed -n 's/.*"message-id" *: *"\([^"]*\)".*/\1/p'
