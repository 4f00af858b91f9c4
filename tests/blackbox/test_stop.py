"""Stopping in good order while texts are on their way."""

import json
import sqlite3
import threading

import requests
from gateway import LIMIT_SECONDS, Gateway, Simulator, configured, wait_until, whimbrel


def sender(gateway, stop, accepted):
    """Sends until told to stop, over connections that may be cut: a text without an answer is asked for again by nobody."""
    while not stop.is_set():
        form = {"api_key": gateway.key, "api_secret": gateway.secret, "to": "447700900000", "from": "W", "text": "hi"}
        try:
            answer = requests.post(f"{gateway.http}/sms/json", data=form, timeout=LIMIT_SECONDS)
        except requests.ConnectionError:
            return
        message = answer.json()["messages"][0]
        if message["status"] == "0":
            accepted.append(message["message-id"])


def open_and_doubts(gateway):
    """What a stopped store says: parts that were claimed or are in doubt, and doubts ever."""
    db = sqlite3.connect(gateway.data_dir / "whimbrel.db")
    (left,) = db.execute("select count(*) from live where state in (1, 2)").fetchone()
    (doubts,) = db.execute("select doubts from meta").fetchone()
    db.close()
    return left, doubts


def test_stops_under_load_leave_nothing_in_doubt(tmp_path):
    simulator = Simulator(tmp_path / "smsc")
    gateway = configured(tmp_path, simulator.addr)
    key, secret, accepted = gateway.key, gateway.secret, []
    for stops in range(1, 6):
        stop, before = threading.Event(), len(accepted)
        threads = [threading.Thread(target=sender, args=(gateway, stop, accepted)) for _ in range(6)]
        for thread in threads:
            thread.start()
        wait_until(lambda before=before: len(accepted) > before + 30, "texts to be on their way")
        gateway.terminate()
        stop.set()
        for thread in threads:
            thread.join()
        assert open_and_doubts(gateway) == (0, 0), f"after {stops} stops"
        gateway = Gateway(tmp_path, config=tmp_path / "whimbrel.toml")
        gateway.key, gateway.secret = key, secret
    gateway.terminate()
    found = [json.loads(line) for line in whimbrel("check", "--json", "--data-dir", gateway.data_dir).stdout.splitlines()]
    assert [line["invariant"] for line in found if line["violation_count"]] == []
    assert len(simulator.journal("submit_sm")) >= len(accepted), "the stored ones whose answer was cut are there as well"
    simulator.terminate()
