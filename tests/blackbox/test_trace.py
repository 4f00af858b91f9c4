"""`whimbrel trace` and `whimbrel doctor` against a server of the tests' own."""

import json
import os
import pathlib
import signal

from gateway import LIMIT_SECONDS, whimbrel

SECRETS = ["devSecret01", "ZGV2a2V5MDE6", "482917"]


def test_a_text_is_traced_from_the_name_to_the_receipt(dev, tmp_path):
    har = tmp_path / "send.har"
    done = whimbrel("trace", "send", "--text", "Your code is 482917", "--har", har, "--json", "--data-dir", dev.data_dir)
    traced = json.loads(done.stdout)
    client, gateway = traced["client"], traced["gateway"]
    assert (client["host"], client["response"]["status"], client["response"]["version"]) == ("localhost", 200, "HTTP/2")
    tls = client["tls"]
    assert tls["version"] == "TLS 1.3" and tls["cipher"].startswith("TLS13_") and tls["alpn"] == "h2"
    [leaf] = tls["chain"]
    assert "localhost" in leaf["names"] and leaf["issuer"] == tls["root"]["subject"]
    assert tls["root"]["from"] == "the local authority"
    assert [step["step"] for step in client["steps"]] == ["dns", "tcp", "tls", "first byte", "body"]
    assert abs(sum(step["ms"] for step in client["steps"]) - client["total_ms"]) < 0.1
    assert any(header["name"].endswith("-trace-id") for header in client["response"]["headers"])
    assert gateway["status"] == "delivered" and [step["what"] for step in gateway["steps"]][0] == "accepted"
    assert gateway["message"] in client["response"]["body"]
    [entry] = json.loads(har.read_text())["log"]["entries"]
    assert entry["request"]["method"] == "POST" and entry["response"]["status"] == 200
    timings = entry["timings"]
    parts = timings["dns"] + timings["connect"] + timings["send"] + timings["wait"] + timings["receive"]
    assert abs(parts - entry["time"]) < 0.1 and timings["connect"] >= timings["ssl"] > 0
    told = whimbrel("trace", "send", "--text", "Your code is 482917", "--data-dir", dev.data_dir).stdout
    for secret in SECRETS:
        assert secret not in done.stdout + har.read_text() + told
    story = whimbrel("trace", gateway["message"], "--data-dir", dev.data_dir).stdout
    assert "accepted" in story and gateway["message"] in story


def test_any_server_is_traced_and_a_certificate_that_is_not_trusted_is_shown(dev, tmp_path):
    body = tmp_path / "body"
    body.write_text("api_key=devkey01&api_secret=devSecret01")
    url = f"{dev.https}/account/get-balance"
    line = ["trace", url, "--body-file", body, "-H", "X-Api-Key: 482917", "--ca", dev.ca]
    told = whimbrel(*line).stdout
    assert "POST /account/get-balance" in told and "root    O=Whimbrel, CN=Whimbrel local CA" in told
    assert not [secret for secret in SECRETS if secret in told]
    refused = whimbrel("trace", url, "--data-dir", tmp_path, check=False)
    assert refused.returncode == 8 and "UnknownIssuer" in refused.stderr and "it showed O=Whimbrel, CN=localhost" in refused.stderr
    plain = whimbrel("trace", f"{dev.http}/readyz").stdout
    assert "HTTP/1.1 200" in plain and "tls" not in plain
    for wrong, code in (("ftp://localhost/", 2), ("http://127.0.0.1:1/", 8), ("https://u:p@localhost/", 2)):
        assert whimbrel("trace", wrong, check=False).returncode == code, wrong


def checks(done):
    """What the doctor found, by name."""
    return {check["name"]: check for check in json.loads(done.stdout)["checks"]}


def test_the_doctor_finds_a_server_well_and_what_is_amiss(dev):
    line = ["doctor", "--json", "--data-dir", dev.data_dir]
    found = checks(whimbrel(*line))
    assert not [check for check in found.values() if check["verdict"] == "bad"]
    for name in ["server", "store", "carrier", "parts", "webhooks", "open files", "clock", "data folder", "certificates"]:
        assert found[name]["verdict"] == "well", found[name]
    os.chmod(dev.data_dir / "admin.token", 0o644)
    done = whimbrel(*line, check=False)
    assert done.returncode == 1 and json.loads(done.stdout)["healthy"] is False
    assert "chmod 600" in checks(done)["data folder"]["remedy"]
    whimbrel("carrier", "unbind", "simulator", "--yes", "--data-dir", dev.data_dir)
    assert checks(whimbrel(*line, check=False))["carrier"]["verdict"] == "doubtful"
    told = whimbrel("doctor", "--data-dir", dev.data_dir, check=False).stdout
    assert "✘ data folder" in told and "-> chmod" in told
    assert dev.token not in told


def test_the_doctor_says_so_where_no_server_runs(dev, tmp_path):
    done = whimbrel("doctor", "--json", "--data-dir", tmp_path / "none", check=False)
    assert done.returncode == 8 and checks(done)["server"]["verdict"] == "bad"
    assert "ports" in checks(done)
    os.kill(dev.process.pid, signal.SIGKILL)
    dev.process.wait(LIMIT_SECONDS)
    done = whimbrel("doctor", "--json", "--data-dir", dev.data_dir, check=False)
    assert done.returncode == 1 and "cannot reach" in checks(done)["server"]["seen"], "its run file is stale"


def test_a_run_starts_a_server_of_its_own_where_one_is_gone(dev, tmp_path):
    os.kill(dev.process.pid, signal.SIGKILL)
    dev.process.wait(LIMIT_SECONDS)
    state = tmp_path / "state"
    (state / "whimbrel-dev").mkdir(parents=True)
    stale = pathlib.Path(dev.data_dir / "run.json").read_text()
    (state / "whimbrel-dev/run.json").write_text(stale)
    done = whimbrel("run", "--", "sh", "-c", 'curl -s "$WHIMBREL_URL/livez"', XDG_STATE_HOME=str(state))
    assert done.stdout == "ok\n" and "a server of its own" in done.stderr
