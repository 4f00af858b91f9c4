"""Signed requests by real clients: curl with openssl, and the same request after the process was killed.

Source: the vendor's page "Signing messages", read 2026; the example is the one of docs/dialects/nexmo.md.
"""

import pathlib
import re
import signal
import subprocess

import requests
from gateway import LIMIT_SECONDS, ROOT, Gateway, carrier_config, environment, wait_until
from signing import METHODS, let_sign, signed

PAGE = ROOT / "docs/dialects/nexmo.md"


def ask(gateway, parameters, path="/sms/json", method="POST"):
    """The answer's body."""
    how = {"params": parameters} if method == "GET" else {"data": parameters}
    answer = requests.request(method, gateway.http + path, timeout=LIMIT_SECONDS, **how)
    assert answer.status_code == 200
    return answer.text


def status(body):
    """The status of the one message."""
    return re.search(r'"status": "(\d+)"|<status>(\d+)</status>', body).group(1, 2)


def test_the_example_of_the_page_works_as_it_is_pasted(dev):
    section = PAGE.read_text().split("### Signing a request by hand")[1]
    script = re.search(r"```sh\n(.*?)```", section, re.S).group(1)
    script = script.replace("http://127.0.0.1:7670", dev.http)
    run = subprocess.run(
        ["bash", "-euc", script], env=environment(), capture_output=True, text=True, timeout=LIMIT_SECONDS, check=True
    )
    assert status(run.stdout)[0] == "0", run.stdout


WAYS = [("GET", "/sms/json"), ("POST", "/sms/json"), ("GET", "/sms/xml"), ("POST", "/sms/xml")]


def test_every_method_and_every_way(dev):
    for method in METHODS:
        let_sign(dev, method)
        for http, path in WAYS:
            text = f"{method} {http} {path} = &"
            assert "0" in status(ask(dev, signed(dev, method, text=text), path, http)), path
            for other in [other for other in METHODS if other != method]:
                assert "14" in status(ask(dev, signed(dev, other, text=text), path, http)), other


def test_the_same_request_is_answered_the_same_after_a_kill(tmp_path):
    first = Gateway(tmp_path)
    let_sign(first, "sha256")
    request = signed(first, "sha256", **{"client-ref": "order 7"})
    answer = ask(first, request)
    assert status(answer)[0] == "0"
    assert ask(first, request) == answer
    first.process.send_signal(signal.SIGKILL)
    first.process.wait(LIMIT_SECONDS)
    second = Gateway(tmp_path)
    try:
        assert ask(second, request) == answer
        assert second.stats()["messages"] == 1
        assert status(ask(second, signed(second, "sha256", text="another")))[0] == "0"
    finally:
        second.end()


def test_a_refused_signature_is_explained_in_log_and_metrics_and_shows_nothing(dev):
    let_sign(dev, "sha256")
    request = signed(dev, "sha256", secret="my_secret_key_for_testing\n", text="Your code is 730154")
    assert status(ask(dev, request))[0] == "14"
    line = wait_until(
        lambda: next((line for line in dev.log().splitlines() if "signature refused" in line), None), "the line"
    )
    assert "secret-with-newline" in line
    metrics = dev.native("GET", "../../metrics").text
    assert 'whimbrel_signature_failures_total{cause="secret-with-newline"} 1' in metrics
    for hidden in ["my_secret_key", "730154", request["sig"]]:
        assert hidden not in dev.log()


def test_known_deviations_can_be_refused(tmp_path, simulator):
    config = pathlib.Path(tmp_path) / "strict.toml"
    port = simulator.addr.rsplit(":", 1)[1]
    config.write_text(carrier_config(port) + "\n[signing]\ncompat = false\n")
    gateway = Gateway(tmp_path, config=config)
    try:
        gateway.open_account()
        let_sign(gateway, "sha256")
        # The vendor's Java library leaves blanks out of the string and sends them.
        request = signed(gateway, "sha256")
        assert status(ask(gateway, {**request, "account-ref": ""}))[0] == "14"
        assert status(ask(gateway, request))[0] == "0"
        config.write_text(carrier_config(port) + "\n[signing]\ncompat = true\n")
        reloaded = gateway.native("POST", "config/reload").json()
        assert any("signing.compat" in change for change in reloaded["applied"]), reloaded
        assert reloaded["restart_needed"] == []
        # Of another second: the same signature would be the same request.
        request = signed(gateway, "sha256", text="after the reload")
        assert status(ask(gateway, {**request, "account-ref": ""}))[0] == "0"
    finally:
        gateway.end()
