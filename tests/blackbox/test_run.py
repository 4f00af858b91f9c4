"""`whimbrel run` and `whimbrel env`: unmodified programs call their vendor's host and reach Whimbrel.

Every command runs in a network namespace without a network, so that a vendor's real host can never be asked; where there can be none,
conftest.py leaves this file out and says so. `cargo xtask intercept` shows besides that nothing else is tried.
"""

import json
import os
import pathlib
import signal
import subprocess
import sys

import pytest
from gateway import BINARY, LIMIT_SECONDS, ROOT, environment, wait_until, whimbrel
from lonely import LONELY

sys.path.insert(0, str(ROOT / "tests/intercept"))

from programs import PROGRAMS

QUICK = ["curl", "Node: https and fetch", "Node: @seven.io/client", "Python: urllib and requests", "PHP: cURL", "Ruby: Net::HTTP"]
INSTALLED = [program.name for program in PROGRAMS if program.name in QUICK and program.needs()]


CLIENTS = """
const [http, https, net, tls] = ['http', 'https', 'net', 'tls'].map(require);
const path = '/account/get-balance?api_key=nobody&api_secret=none';
const through = (library, url) => new Promise((resolve) =>
  library.get(url, (answer) => { answer.resume(); resolve(answer.statusCode); }).on('error', (error) => resolve(error.code)));
const all = async (host) => ({
  fetch: await fetch(`https://${host}${path}`).then((answer) => answer.status, (error) => error.cause.code),
  https: await through(https, `https://${host}${path}`),
  http: await through(http, `http://${host}${path}`),
  net: await new Promise((resolve) => {
    const socket = net.connect(80, host, () => socket.write(`GET ${path} HTTP/1.1\\r\\nHost: ${host}\\r\\nConnection: close\\r\\n\\r\\n`));
    socket.on('data', (piece) => resolve(String(piece).slice(0, 8))).on('error', (error) => resolve(error.code));
  }),
});
(async () => console.log(JSON.stringify({ led: await all('rest.nexmo.com'), refused: await all('sms.example.com') })))();
"""


# What the machine itself may have set, and what would change a test.
UNSET = dict.fromkeys(["CI", "SSL_CERT_FILE", "REQUESTS_CA_BUNDLE", "CURL_CA_BUNDLE", "NODE_EXTRA_CA_CERTS", "NODE_OPTIONS", "NO_PROXY"], "")


def start(tmp_path, *arguments, **extra):
    """A command that is not waited for."""
    return subprocess.Popen(
        [*LONELY, BINARY, "run", *map(str, arguments)],
        env=environment() | UNSET | {"TMPDIR": str(tmp_path), "XDG_STATE_HOME": str(tmp_path / "state")} | extra,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )


def run(tmp_path, *arguments, stdin="", **extra):
    """A command to its end: its code, and what it printed."""
    process = start(tmp_path, *arguments, **extra)
    out, err = process.communicate(stdin, timeout=4 * LIMIT_SECONDS)
    return process.returncode, out, err


@pytest.mark.parametrize("name", INSTALLED)
def test_an_unmodified_program_reaches_the_inbox(tmp_path, name):
    [program] = [program for program in PROGRAMS if program.name == name]
    dump = tmp_path / "dump"
    code, out, err = run(tmp_path, "--dump", dump, "--", *program.command("Your code is 482917"))
    assert code == 0, err
    messages = [json.loads(line) for line in (dump / "messages.ndjson").read_text().splitlines()]
    assert out.split() == [message["id"] for message in messages] and messages
    assert {message["text"] for message in messages} == {"Your code is 482917"}
    assert out.split()[0] in (dump / "timeline.txt").read_text()
    assert (dump / "inbound.ndjson").read_text() == ""
    assert f"connections that came here: {program.host}" in err
    assert not list(tmp_path.glob("whimbrel-run-*")), "the folder of the run was left behind"


def test_stdin_stdout_and_the_code_are_the_commands_own(tmp_path):
    assert run(tmp_path, "--", "cat", stdin="a\nb")[:2] == (0, "a\nb")
    assert run(tmp_path, "--", "sh", "-c", "exit 77")[0] == 77
    assert run(tmp_path, "--", "sh", "-c", "kill -KILL $$")[0] == 128 + signal.SIGKILL
    code, _, err = run(tmp_path, "--", "no-such-command")
    assert code == 127 and "cannot run `no-such-command`" in err
    assert run(tmp_path, "--quiet", "--", "true") == (0, "", "")


def test_a_signal_reaches_the_command_and_everything_goes(tmp_path):
    script = "trap 'echo stopped; exit 5' TERM; echo ready; while :; do sleep 0.05; done"
    process = start(tmp_path, "--", "sh", "-c", script)
    assert process.stdout.readline() == "ready\n"
    [folder] = tmp_path.glob("whimbrel-run-*")
    server = json.loads((folder / "ready.json").read_text())["pid"]
    process.send_signal(signal.SIGTERM)
    out, err = process.communicate(timeout=LIMIT_SECONDS)
    assert (process.returncode, out) == (5, "stopped\n"), err
    assert not folder.exists() and not pathlib.Path(f"/proc/{server}").exists()


def test_a_run_that_is_killed_leaves_no_server(tmp_path):
    process = start(tmp_path, "--", "sh", "-c", "echo ready; read line")
    assert process.stdout.readline() == "ready\n"
    [folder] = tmp_path.glob("whimbrel-run-*")
    server = json.loads((folder / "ready.json").read_text())["pid"]
    process.kill()
    process.communicate(timeout=LIMIT_SECONDS)
    wait_until(lambda: not pathlib.Path(f"/proc/{server}").exists(), "the end of the server")


def test_unknown_hosts_are_refused_and_named_where_ci_is_set(tmp_path):
    ask = ["curl", "-sS", "-o", "/dev/null", "-w", "%{http_connect}", "https://sms.example.com/"]
    code, out, err = run(tmp_path, "--", *ask)
    assert (code, out) == (56, "502") and "refused" not in err, "it passes, and there is no network"
    environments = {"CI": {"CI": "true"}, "flag": {}}
    for name, extra in environments.items():
        flags = ["--unknown-hosts", "block"] if name == "flag" else []
        process = subprocess.run(
            [*LONELY, BINARY, "run", *flags, "--", *ask],
            env=environment(TMPDIR=str(tmp_path), CI="", XDG_STATE_HOME=str(tmp_path), ) | extra,
            capture_output=True, text=True, check=False, timeout=LIMIT_SECONDS,
        )
        assert (process.returncode, process.stdout) == (56, "403")
        assert "refused sms.example.com: no dialect speaks for it" in process.stderr


def test_a_host_on_this_machine_is_reached_and_the_proxy_is_no_way_to_itself(tmp_path):
    script = 'curl -s -o /dev/null -w "%{http_code} " --noproxy "" "$WHIMBREL_URL/readyz"; ' \
        'curl -s -o /dev/null -w "%{http_code} " --noproxy "" "$HTTP_PROXY/"; ' \
        'curl -s -o /dev/null -w "%{http_code}" "$HTTP_PROXY/"'
    code, out, err = run(tmp_path, "--unknown-hosts", "block", "--", "sh", "-c", script)
    assert (code, out) == (0, "200 508 404"), err


def test_every_client_in_node_is_led_and_refused_alike(tmp_path):
    script = tmp_path / "clients.cjs"
    script.write_text(CLIENTS)
    code, out, err = run(tmp_path, "--unknown-hosts", "block", "--", "node", script)
    assert code == 0, err
    led = dict(fetch=401, https=401, http=401, net="HTTP/1.1")
    assert json.loads(out) == {"led": led, "refused": dict.fromkeys(led, "ECONNREFUSED")}
    assert err.count("refused sms.example.com: no dialect speaks for it") == 1


def test_plain_http_and_every_host_of_a_vendor_lead_here(tmp_path):
    script = 'curl -sS http://gateway.seven.io/api/balance -H "X-Api-Key: $SEVEN_API_KEY"; ' \
        'curl -sS https://gateway.sms77.io/api/balance -H "X-Api-Key: $SMS77_API_KEY" -o /dev/null -w " %{ssl_verify_result} %{http_code}"'
    code, out, err = run(tmp_path, "--", "sh", "-c", script)
    assert code == 0 and out.endswith(" 0 200") and out.startswith("1000000"), (out, err)


def test_the_commands_own_options_are_kept(tmp_path):
    extra = {"NODE_OPTIONS": "--max-old-space-size=300", "NO_PROXY": "db.internal", "RUBYOPT": "-W0"}
    code, out, _ = run(tmp_path, "--", "sh", "-c", 'echo "$NODE_OPTIONS|$NO_PROXY|$RUBYOPT"', **extra)
    node, no_proxy, ruby = out.strip().split("|")
    assert code == 0 and node.startswith("--max-old-space-size=300 --require ")
    assert no_proxy == "db.internal,localhost,127.0.0.1,::1" and ruby.startswith("-W0 -r")


SIGNED = """
import hashlib, hmac, os, secrets, sys, time, requests
url, body, stamp, nonce = "https://gateway.seven.io/api/sms", b"to=4915228817300&text=signed", str(int(time.time())), secrets.token_hex(16)
signed_url = url if len(sys.argv) == 1 else sys.argv[1]
text = "\\n".join([stamp, nonce, "POST", signed_url, hashlib.md5(body).hexdigest()])
signature = hmac.new(os.environ["SEVEN_SIGNING_SECRET"].encode(), text.encode(), hashlib.sha256).hexdigest()
headers = {"X-Api-Key": os.environ["SEVEN_API_KEY"], "X-Timestamp": stamp, "X-Nonce": nonce, "X-Signature": signature,
           "Content-Type": "application/x-www-form-urlencoded"}
print(requests.post(url, data=body, headers=headers, timeout=30).status_code)
"""


def test_a_signature_over_the_vendors_address_holds_and_one_over_another_does_not(tmp_path):
    for address, status in (([], "200"), (["https://gateway.example.com/api/sms"], "401")):
        code, out, err = run(tmp_path, "--", sys.executable, "-c", SIGNED, *address)
        assert (code, out.strip()) == (0, status), err


def test_roots_of_the_callers_own_are_still_trusted(dev, tmp_path):
    script = 'for name in SSL_CERT_FILE REQUESTS_CA_BUNDLE NODE_EXTRA_CA_CERTS; do eval "grep -c BEGIN \\"\\$$name\\""; done'
    plain = [int(count) for count in run(tmp_path, "--", "sh", "-c", script)[1].split()]
    more = [int(count) for count in run(tmp_path, "--", "sh", "-c", script, NODE_EXTRA_CA_CERTS=dev.ca)[1].split()]
    assert more == [count + 1 for count in plain]
    assert plain[0] == plain[1] > 100 and plain[2] == 2, "the run's own, and that of its server"


def test_keep_leaves_the_store_to_look_at(tmp_path):
    code, _, err = run(tmp_path, "--keep", "--", "true")
    [folder] = tmp_path.glob("whimbrel-run-*")
    assert code == 0 and f"kept {folder}" in err and (folder / "data/whimbrel.db").exists()


def test_a_running_server_is_used(dev, tmp_path):
    program = PROGRAMS[0]
    line = [BINARY, "run", "--data-dir", dev.data_dir, "--unknown-hosts", "block", "--dump", tmp_path / "dump", "--"]
    dev.native("GET", "version")
    done = subprocess.run(
        [*map(str, line), *program.command("to the server that runs")],
        env=environment(), capture_output=True, text=True, check=True, timeout=LIMIT_SECONDS,
    )
    assert dev.message(done.stdout.strip())["text"] == "to the server that runs"
    assert "the server at" in done.stderr
    assert len((tmp_path / "dump/messages.ndjson").read_text().splitlines()) == 1


def test_env_is_read_by_a_shell_and_by_other_forms(dev, tmp_path):
    where = ["--data-dir", dev.data_dir]
    shell = whimbrel("env", *where).stdout
    told = ["WHIMBREL_URL", "VONAGE_API_KEY", "SEVEN_API_KEY", "NEXO_KEY", "NODE_EXTRA_CA_CERTS"]
    script = shell + "".join(f'echo "${name}";' for name in told)
    lines = subprocess.run(["sh", "-c", script], capture_output=True, text=True, check=True).stdout.split()
    expected = [dev.http, dev.key, dev.ready["seven"]["secret_key"], dev.ready["nexo"]["secret_key"], dev.ca]
    assert lines == expected
    variables = json.loads(whimbrel("env", *where, "--json").stdout)["variables"]
    assert [variables[name] for name in told] == expected
    assert f"WHIMBREL_URL={dev.http}\n" in whimbrel("env", "--dotenv", *where).stdout
    assert dev.token not in json.dumps(variables), "the token of the native API is nobody's setting"
    job = tmp_path / "github.env"
    job.write_text("BEFORE=1\n")
    whimbrel("env", "--github", *where, GITHUB_ENV=str(job))
    assert job.read_text().startswith(f"BEFORE=1\nWHIMBREL_URL={dev.http}\n")
    assert whimbrel("env", "--github", *where, check=False, GITHUB_ENV="").returncode == 2
    curl = ["curl", "-sS", "-w", "%{http_code}", "-o", os.devnull, f"{dev.https}/readyz"]
    done = subprocess.run(curl, env=environment(**variables), capture_output=True, text=True, check=True)
    assert done.stdout == "200", "curl trusts the server by these variables alone"
