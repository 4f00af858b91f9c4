"""Signs parameters as the vendor's page "Signing messages" describes (read 2026), with nothing but the standard library.

Shares no code with the product: it is the third signer beside the vendor's libraries and ours.
"""

import hashlib
import hmac
import time

SECRET = "my_secret_key_for_testing"
METHODS = ["md5hash", "md5", "sha1", "sha256", "sha512"]


def canonical(parameters):
    """The string that is signed: sorted by name, `_` for `&` and `=` in values, without `sig`."""
    signed = sorted((name, value) for name, value in parameters.items() if name != "sig")
    return "".join(f"&{name}={value.replace('&', '_').replace('=', '_')}" for name, value in signed)


def signature(parameters, method, secret=SECRET):
    """The digits, in small letters."""
    string = canonical(parameters)
    if method == "md5hash":
        return hashlib.md5((string + secret).encode()).hexdigest()
    return hmac.new(secret.encode(), string.encode(), method).hexdigest()


def signed(gateway, method, secret=SECRET, **parameters):
    """A text of the gateway's account with its time and its signature."""
    text = {"to": "447700900000", "from": "AcmeInc", "text": "A=B & C", "timestamp": str(int(time.time()))}
    parameters = {"api_key": gateway.key, **text, **parameters}
    return {**parameters, "sig": signature(parameters, method, secret)}


def let_sign(gateway, method, webhooks="unsigned"):
    """Sets the account's signature secret and method."""
    changed = gateway.native("PATCH", f"accounts/{gateway.key}/signing", json={"method": method, "webhooks": webhooks})
    assert changed.status_code == 200, changed.text
    rotate = {"secret": SECRET, "overlap_seconds": 0}
    rotated = gateway.native("POST", f"accounts/{gateway.key}/signing/rotate", json=rotate)
    assert rotated.status_code == 200, rotated.text
