"""The vendor's libraries for everything but sending: PyPI `vonage` 4 and `nexmo` 2.5.2, npm `@vonage/server-sdk` 3 and `nexmo` 2.9.1.

Each is unmodified. They do not offer the same calls, so tests name theirs.
"""

import urllib.parse

import javascript
import nexmo
import vonage


def python(gateway):
    """PyPI `vonage` 4: Basic credentials."""
    return vonage.Vonage(
        vonage.Auth(api_key=gateway.key, api_secret=gateway.secret),
        vonage.HttpClientOptions(rest_host=gateway.host, api_host=gateway.host),
    )


def retired_python(gateway):
    """PyPI `nexmo` 2.5.2: credentials among the parameters. It takes a host and no port, so a proxy leads it."""
    client = nexmo.Client(key=gateway.key, secret=gateway.secret)
    client.host("127.0.0.1")
    return client


def node(gateway, *calls):
    """npm `@vonage/server-sdk` 3: what each call gave, or that it threw."""
    job = {"host": gateway.http, "key": gateway.key, "secret": gateway.secret, "calls": calls}
    return javascript.run("calls.mjs", job)


def retired_node(gateway, *calls):
    """npm `nexmo` 2.9.1: what each callback was given."""
    url = urllib.parse.urlsplit(gateway.http)
    job = {"host": url.hostname, "port": url.port, "key": gateway.key, "secret": gateway.secret, "calls": calls}
    return javascript.run("retired_calls.mjs", job)
