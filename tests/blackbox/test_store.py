"""Checks and backups of a store, with the gateway on it and without."""

import json
import os
import shutil
import sqlite3
import stat
import threading

import requests
from gateway import Gateway, wait_until, whimbrel

KEPT, BROKEN, MISSING, UNREADABLE = 0, 11, 5, 1


def check(folder, *flags):
    """What `whimbrel check` found, by invariant, and its exit code."""
    done = whimbrel("check", "--json", "--data-dir", folder, *flags, check=False)
    return {line["invariant"]: line for line in map(json.loads, done.stdout.splitlines())}, done


def broken(found):
    return [name for name, line in found.items() if line["violation_count"]]


def callers(gateway, count, stop, accepted):
    """Threads that send texts and write down the ids that they were told, until stopped."""

    def call():
        session = requests.Session()
        while not stop.is_set():
            form = {"api_key": gateway.key, "api_secret": gateway.secret, "to": "447700900000", "from": "W", "text": "hi"}
            message = session.post(f"{gateway.http}/sms/json", data=form, timeout=30).json()["messages"][0]
            assert message["status"] == "0", message
            accepted.append(message["message-id"])

    threads = [threading.Thread(target=call) for _ in range(count)]
    for thread in threads:
        thread.start()
    return threads


def test_a_backup_under_load_holds_all_that_was_accepted_before_it_began(tmp_path):
    gateway = Gateway(tmp_path)
    stop, accepted = threading.Event(), []
    threads = callers(gateway, 4, stop, accepted)
    wait_until(lambda: len(accepted) > 50, "some texts to be accepted")
    before = list(accepted)
    backup = tmp_path / "backup"
    done = whimbrel("backup", backup, "--data-dir", gateway.data_dir, "--json", "--with-key")
    document = json.loads(done.stdout)
    assert document["size_bytes"] == (backup / "whimbrel.db").stat().st_size
    assert "keep the backup as secret" in done.stderr
    found, looked = check(gateway.data_dir)
    assert (looked.returncode, broken(found)) == (KEPT, []), "beside the gateway, under load"
    stop.set()
    for thread in threads:
        thread.join()
    gateway.terminate()

    for name in ("whimbrel.db", "secret.key"):
        assert stat.S_IMODE((backup / name).stat().st_mode) == 0o600
    restored = tmp_path / "restored" / "data"
    restored.mkdir(parents=True, mode=0o700)
    for name in ("whimbrel.db", "secret.key"):
        shutil.copy(backup / name, restored / name)
    found, looked = check(restored)
    assert (looked.returncode, broken(found)) == (KEPT, [])
    assert found["message-has-its-parts"]["rows"] >= len(before)
    again = Gateway(tmp_path / "restored")
    for message_id in before:
        assert again.message(message_id)["id"], message_id
    assert again.send()["messages"][0]["status"] == "0", "it goes on from there"
    again.terminate()


def test_a_backup_without_its_key_is_refused_and_says_so(tmp_path):
    gateway = Gateway(tmp_path)
    gateway.send()
    backup = tmp_path / "backup"
    done = whimbrel("backup", backup, "--data-dir", gateway.data_dir)
    assert "secret.key is not in it" in done.stderr
    assert os.listdir(backup) == ["whimbrel.db"]
    again = whimbrel("backup", backup, "--data-dir", gateway.data_dir, check=False)
    assert again.returncode == UNREADABLE and "is there already" in again.stderr
    gateway.terminate()
    _, looked = check(backup)
    assert looked.returncode == UNREADABLE and "secret.key" in looked.stderr, looked.stderr


def test_what_is_broken_is_named_and_has_an_exit_code_of_its_own(tmp_path):
    gateway = Gateway(tmp_path)
    gateway.send()
    wait_until(lambda: gateway.stats()["open_parts"] == 0, "the text to be delivered")
    gateway.terminate()
    found, looked = check(gateway.data_dir)
    assert (looked.returncode, broken(found)) == (KEPT, [])
    assert found["charge-fits-its-part"]["rows"] >= 1
    db = sqlite3.connect(gateway.data_dir / "whimbrel.db")
    (part,) = db.execute("select part_id from ended").fetchone()
    db.execute("update transfer set amount = amount + 1 where kind = 1")
    db.execute("update wallet set posted = posted - 1 where account_id in (select debit from transfer where kind = 1)")
    db.commit()
    db.close()
    found, looked = check(gateway.data_dir)
    assert (looked.returncode, broken(found)) == (BROKEN, ["charge-fits-its-part"])
    (violation,) = found["charge-fits-its-part"]["violations"]
    assert violation["id"] == f"{part:x}" and violation["reason"].startswith("charged ")
    assert json.loads(looked.stderr)["exit_code"] == BROKEN
    fast, looked = check(gateway.data_dir, "--fast")
    assert looked.returncode == KEPT and 5 < len(fast) < len(found), "what is open is sound"


def test_a_killed_gateways_store_is_looked_at_as_it_is(tmp_path):
    gateway = Gateway(tmp_path)
    stop, accepted = threading.Event(), []
    threads = callers(gateway, 2, stop, accepted)
    wait_until(lambda: len(accepted) > 20, "some texts to be accepted")
    stop.set()
    for thread in threads:
        thread.join()
    gateway.process.kill()
    gateway.process.wait()
    found, looked = check(gateway.data_dir)
    assert (looked.returncode, broken(found)) == (KEPT, []), looked.stderr
    assert found["message-has-its-parts"]["rows"] == len(accepted), "what stands in the log only is seen too"
    again = Gateway(tmp_path)
    again.terminate()


def test_nothing_to_look_at_is_no_good_news(tmp_path):
    _, looked = check(tmp_path)
    assert looked.returncode == MISSING
    assert os.listdir(tmp_path) == [], "and nothing was made"
    (tmp_path / "whimbrel.db").write_bytes(b"this is no database")
    _, looked = check(tmp_path)
    assert looked.returncode == UNREADABLE
