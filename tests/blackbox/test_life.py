"""Starting, stopping and finding each other: what an operator does."""

import json
import stat

import pytest
import requests
from gateway import LIMIT_SECONDS, Gateway, carrier_config, configured, wait_until, whimbrel


def test_the_ready_file_tells_all_and_is_private(dev):
    ready = dev.ready
    assert ready["schema"] == 1 and ready["pid"] == dev.process.pid
    assert ready["http"].startswith("http://127.0.0.1:") and ready["https"].startswith("https://127.0.0.1:")
    assert set(ready["simulator"]) == {"addr", "system_id", "password"}
    assert ready["account"]["api_key"] == "devkey01" and ready["account"]["api_secret"] == "devSecret01"
    assert len(ready["account"]["signature_secret"]) == 32
    assert stat.S_IMODE(dev.ready_file.stat().st_mode) == 0o600


def test_it_lives_and_is_ready(dev):
    for path in ("livez", "readyz"):
        assert requests.get(f"{dev.http}/{path}", timeout=LIMIT_SECONDS).status_code == 200


def test_a_text_is_delivered_and_its_story_told(dev):
    message = dev.send(text="the secret text")["messages"][0]
    shown = wait_until(
        lambda: (lambda text: text if "delivered" in text else None)(dev.cli("show", message["message-id"]).stdout),
        "the text to be delivered",
    )
    assert message["message-id"] in shown
    found = dev.native("GET", "messages", params={"to": "447700900000"}).json()
    assert message["message-id"] in json.dumps(found)
    assert "delivered" in json.dumps(dev.message(message["message-id"]))
    log = dev.log()
    assert "the secret text" not in log and "447700900000" not in log.replace(CURL_LINE_NUMBER, "")


# The banner's curl line names the fictional number; nothing else may.
CURL_LINE_NUMBER = "to=447700900000"


def test_the_wallet_falls_by_the_price_that_was_told(dev):
    before = dev.native("GET", f"accounts/{dev.key}").json()
    message = dev.send()["messages"][0]
    wait_until(lambda: "delivered" in dev.cli("show", message["message-id"]).stdout, "the text to be delivered")
    after = dev.native("GET", f"accounts/{dev.key}").json()
    assert float(before["balance"]) - float(after["balance"]) == pytest.approx(float(message["message-price"]))
    assert float(after["held"]) == 0


def test_send_from_the_command_line(dev):
    sent = dev.cli("send", "--to", "447700900000", "--text", "Hello from the command line", "--wait", "delivered")
    assert dev.message(sent.stdout.split()[0])["status"] == "delivered"
    refused = dev.cli("send", "--to", "2100000000", "--text", "x", check=False)
    assert refused.returncode == 6


def test_metrics_count(dev):
    dev.send()
    metrics = requests.get(
        f"{dev.http}/metrics", headers={"Authorization": f"Bearer {dev.token}"}, timeout=LIMIT_SECONDS
    ).text
    assert "whimbrel_messages_total" in metrics
    assert "whimbrel_commit_batch_ops_count" in metrics


def test_a_second_server_on_the_same_folder_is_refused_with_the_pid(dev):
    second = whimbrel(
        *["serve", "--dev", "--data-dir", dev.data_dir, "--http", "127.0.0.1:0"],
        *["--https", "127.0.0.1:0", "--simulator", "127.0.0.1:0"],
        check=False,
    )
    assert second.returncode != 0
    assert str(dev.process.pid) in second.stderr
    assert requests.get(f"{dev.http}/livez", timeout=LIMIT_SECONDS).status_code == 200


def test_sigterm_drains_and_a_restart_knows_everything(tmp_path, simulator):
    # A simulator of its own, which lives on: receipts that find nobody are kept there and come after the restart.
    first = configured(tmp_path, simulator.addr)
    messages = [first.send(text=f"text {number}")["messages"][0] for number in range(20)]
    first.terminate()
    second = Gateway(tmp_path, config=tmp_path / "whimbrel.toml")
    try:
        wait_until(lambda: second.stats()["open_parts"] == 0, "no part to be open")
        assert second.stats()["messages"] == 20
        assert {second.message(message["message-id"])["status"] for message in messages} == {"delivered"}
        assert second.ready["ca_pem"] == first.ready["ca_pem"]
        assert len(simulator.journal("submit_sm")) == 20
    finally:
        second.end()


def test_development_stays_on_loopback(tmp_path):
    refused = whimbrel("serve", "--dev", "--data-dir", tmp_path, "--http", "0.0.0.0:0", check=False)
    assert refused.returncode != 0
    assert "0.0.0.0:0" in refused.stderr and "127.0.0.1" in refused.stderr


def test_version_and_help():
    assert whimbrel("version").stdout.startswith("whimbrel ")
    assert "serve" in whimbrel("--help").stdout


def test_a_good_configuration_is_explained_and_a_bad_one_refused(tmp_path):
    config = tmp_path / "whimbrel.toml"
    good = carrier_config(2775).replace('password = "dev"', 'password = "hush"')
    config.write_text(good)
    assert whimbrel("config", "check", "--config", config).returncode == 0
    config.write_text(good.replace("host =", "hots ="))
    refused = whimbrel("config", "check", "--config", config, check=False)
    said = refused.stderr + refused.stdout
    assert refused.returncode != 0
    assert "hots" in said and "host" in said.replace("hots", "")
    assert "hush" not in said


def test_foreign_credentials_open_nothing(dev):
    answer = requests.get(
        f"{dev.http}/_whimbrel/v1/stats", headers={"Authorization": "Bearer wrong"}, timeout=LIMIT_SECONDS
    )
    assert answer.status_code == 401
