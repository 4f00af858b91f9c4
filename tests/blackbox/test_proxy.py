"""The gateway behind nginx, with the file that people copy. Without nginx it is left out, see conftest.py."""

import datetime
import pathlib
import re
import socket
import subprocess

import pytest
import requests
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from gateway import LIMIT_SECONDS, ROOT, Gateway, carrier_config, wait_until
from test_people import PASSWORD, Browser, add

NGINX = pathlib.Path("/usr/sbin/nginx")
EXAMPLE = ROOT / "examples/nginx.conf"
# What Debian's own configuration has around a site.
AROUND = """\
{user}daemon off;
worker_processes 1;
pid {folder}/pid;
error_log stderr warn;
events {{
}}
http {{
    access_log off;
{temporary}{site}}}
"""


class Proxy:
    """nginx before a gateway: the example, its port, certificate and upstream filled in."""

    def __init__(self, folder, gateway, tls):
        self.folder = folder / "nginx"
        self.folder.mkdir()
        self.ca = self.folder / "cert.pem"
        with socket.socket() as free:
            free.bind(("127.0.0.1", 0))
            self.port = free.getsockname()[1]
        self._certify()
        site = EXAMPLE.read_text()
        for here, there in [
            ("listen 443 ssl http2;", f"listen 127.0.0.1:{self.port}{' ssl http2' if tls else ''};"),
            ("/etc/nginx/whimbrel.pem", str(self.ca)),
            ("/etc/nginx/whimbrel.key", f"{self.folder}/key.pem"),
            ("127.0.0.1:7670", gateway.http.removeprefix("http://")),
        ]:
            assert site.count(here) == 1, here
            site = site.replace(here, there)
        self.base = f"{'https' if tls else 'http'}://localhost:{self.port}"
        kinds = ["client_body", "proxy", "fastcgi", "uwsgi", "scgi"]
        temporary = "".join(f"    {kind}_temp_path {self.folder}/{kind};\n" for kind in kinds)
        user = "user root;\n" if pathlib.Path.home() == pathlib.Path("/root") else ""
        config = self.folder / "nginx.conf"
        config.write_text(AROUND.format(user=user, folder=self.folder, temporary=temporary, site=site))
        self.log = self.folder / "error.log"
        with open(self.log, "ab") as log:
            line = [NGINX, "-p", self.folder, "-c", config, "-e", "stderr"]
            self.process = subprocess.Popen(line, stdin=subprocess.DEVNULL, stdout=log, stderr=log)
        wait_until(self._listens, "nginx to listen")

    def _listens(self):
        assert self.process.poll() is None, self.log.read_text()
        with socket.socket() as client:
            return client.connect_ex(("127.0.0.1", self.port)) == 0

    def _certify(self):
        key = ec.generate_private_key(ec.SECP256R1())
        name = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, "localhost")])
        now = datetime.datetime.now(datetime.timezone.utc)
        day = datetime.timedelta(days=1)
        builder = x509.CertificateBuilder(name, name, key.public_key(), x509.random_serial_number(), now - day, now + day)
        names = x509.SubjectAlternativeName([x509.DNSName("localhost")])
        certificate = builder.add_extension(names, critical=False).sign(key, hashes.SHA256())
        self.ca.write_bytes(certificate.public_bytes(serialization.Encoding.PEM))
        form = (serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption())
        (self.folder / "key.pem").write_bytes(key.private_bytes(*form))

    def browser(self, gateway):
        browser = Browser(gateway, self.base)
        browser.session.verify = str(self.ca) if self.base.startswith("https") else True
        return browser

    def end(self):
        self.process.terminate()
        self.process.wait(LIMIT_SECONDS)


@pytest.fixture
def gateway(tmp_path):
    """A server as the page about proxies has it."""
    config = tmp_path / "whimbrel.toml"
    config.write_text(carrier_config(9) + '\n[auth]\ntrusted_proxies = ["127.0.0.1"]\n')
    gateway = Gateway(tmp_path, config=config)
    gateway.open_account()
    add(gateway, "ann")
    yield gateway
    gateway.end()


@pytest.fixture
def behind(tmp_path, gateway):
    """Starts proxies before it."""
    proxies = []

    def start(tls):
        proxies.append(Proxy(tmp_path, gateway, tls))
        return proxies[-1]

    yield start
    for proxy in proxies:
        proxy.end()


def test_whoever_copies_the_example_can_sign_in_and_use_the_pages(gateway, behind):
    proxy = behind(tls=True)
    browser = proxy.browser(gateway)
    assert browser.get("login").status_code == 200
    answer = browser.sign_in("ann")
    assert answer.status_code == 303 and answer.headers["Set-Cookie"].startswith("__Host-whimbrel="), answer.text
    assert browser.is_in()
    made = browser.post("accounts", {"dialect": "nexmo", "name": "by a form"})
    assert made.status_code in (200, 201, 303), made.text
    assert "by a form" in browser.get("accounts").text
    foreign = browser.post("accounts", {"dialect": "nexmo", "name": "foreign"}, {"Origin": gateway.http})
    assert foreign.status_code == 403
    # What programs do goes the same way, and is told where it came from.
    form = {"api_key": gateway.key, "api_secret": gateway.secret, "to": "447700900123", "from": "Acme", "text": "hello"}
    sent = requests.post(f"{proxy.base}/sms/json", data=form, verify=str(proxy.ca), timeout=LIMIT_SECONDS)
    assert sent.status_code == 200 and sent.json()["messages"][0]["status"] == "0", sent.text
    assert browser.post("logout").status_code == 303 and not browser.is_in()


def test_the_example_without_tls_takes_no_password(gateway, behind):
    browser = behind(tls=False).browser(gateway)
    answer = browser.sign_in("ann")
    assert answer.status_code == 403 and "Set-Cookie" not in answer.headers


def test_the_example_waits_longer_than_an_answer_may_be_silent():
    source = (ROOT / "crates/whimbrel/src/api/wait/wanted.rs").read_text()
    silent = int(re.search(r"TIMEOUT_MAX: Span = Span::seconds\((\d+)\)", source)[1])
    allowed = int(re.search(r"proxy_read_timeout (\d+)s;", EXAMPLE.read_text())[1])
    assert allowed > silent
