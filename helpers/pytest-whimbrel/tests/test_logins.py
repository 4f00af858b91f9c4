"""Twenty logins, each at a phone of its own: with pytest-xdist as many at a time as there are workers."""

import json
import secrets
import urllib.parse
import urllib.request

import pytest

LOGINS = 20


def send_code(whimbrel, number):
    """What an application does when somebody wants to log in; the code that it now expects."""
    code = f"{secrets.randbelow(900_000) + 100_000}"
    form = {"api_key": "devkey01", "api_secret": "devSecret01", "to": number.lstrip("+"), "from": "Acme"}
    form["text"] = f"{code} is your login code."
    with urllib.request.urlopen(f"{whimbrel.url}/sms/json", urllib.parse.urlencode(form).encode(), timeout=30) as answer:
        assert json.load(answer)["messages"][0]["status"] == "0"
    return code


@pytest.mark.parametrize("login", range(LOGINS))
def test_the_code_is_the_one_of_this_login(login, phone, whimbrel):
    code = send_code(whimbrel, phone.number)
    assert phone.wait_for_otp() == code, f"login {login} got another's code"
