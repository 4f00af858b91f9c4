"""Who may look at the pages and do what: signing in, sessions, other sites' forms, codes of apps, and the record of acts."""

import base64
import concurrent.futures
import hashlib
import hmac
import html
import pathlib
import re
import struct
import threading
import time

import pytest
import requests
from gateway import LIMIT_SECONDS, ROOT, Gateway, carrier_config, wait_until

PASSWORD = "a long enough password"
RIGHTS = ROOT / "crates/whimbrel/src/ui/rights.rs"
LINE = re.compile(r'\("(GET|POST)",\s*&\[([^\]]*)\],\s*(\w+)\)')


class Browser:
    """Keeps its cookies as a browser does, follows nothing by itself, and says where its requests come from."""

    def __init__(self, gateway, base=None):
        self.base = base or gateway.http
        self.session = requests.Session()
        # Whatever the environment says of certificates and proxies.
        self.session.trust_env = False
        self.session.verify = gateway.ca
        self.token = None

    def get(self, path, **headers):
        headers = {"Accept": "text/html", "Sec-Fetch-Site": "none", **headers}
        url = self._url(path)
        # What goes on is not waited for: its head says whether it may be heard.
        answer = self.session.get(url, headers=headers, allow_redirects=False, timeout=LIMIT_SECONDS, stream=True)
        if answer.headers.get("Content-Type") == "text/event-stream":
            answer.close()
            return answer
        return self._keep(answer)

    def post(self, path, form=None, headers=None, token=True):
        headers = {"Accept": "text/html", "Origin": self.base, "Sec-Fetch-Site": "same-origin", **(headers or {})}
        form = {**({"csrf": self.token} if token and self.token else {}), **(form or {})}
        url = self._url(path)
        return self._keep(self.session.post(url, data=form, headers=headers, allow_redirects=False, timeout=LIMIT_SECONDS))

    def sign_in(self, name, password=PASSWORD, code="", **form):
        return self.post("login", {"kind": "operator", "name": name, "password": password, "code": code, **form}, token=False)

    def sign_in_owner(self, key, secret):
        return self.post("login", {"kind": "owner", "key": key, "secret": secret}, token=False)

    def is_in(self):
        return self.get("accounts").status_code == 200

    def _url(self, path):
        return f"{self.base}/_whimbrel/ui/{path}".rstrip("/")

    def _keep(self, answer):
        found = re.search(r'name="csrf" value="([^"]*)"', answer.text)
        if found:
            self.token = html.unescape(found[1])
        return answer


@pytest.fixture(scope="module")
def gateway(tmp_path_factory):
    """A server outside of `--dev` with two accounts, an operator and a viewer."""
    folder = tmp_path_factory.mktemp("people")
    config = folder / "whimbrel.toml"
    # Nothing listens there: no carrier is needed.
    config.write_text(carrier_config(9))
    gateway = Gateway(folder, config=config)
    gateway.open_account()
    gateway.other = gateway.native("POST", "accounts", json={"name": "other"}).json()
    for name, role in [("ann", "operator"), ("vera", "viewer")]:
        add(gateway, name, role)
    yield gateway
    gateway.end()


def add(gateway, name, role="operator"):
    made = gateway.native("POST", "operators", json={"name": name, "role": role, "password": PASSWORD})
    assert made.status_code == 201, made.text
    assert "password" not in made.json(), "it was given, not made"


def signed_in(gateway, name):
    browser = Browser(gateway)
    answer = browser.sign_in(name)
    assert answer.status_code == 303, answer.text
    assert browser.is_in()
    return browser


def code(secret, step):
    """RFC 6238 with the means of Python's own library."""
    key = base64.b32decode(secret)
    mac = hmac.new(key, struct.pack(">q", step), hashlib.sha1).digest()
    place = mac[-1] & 15
    return f"{(struct.unpack('>I', mac[place : place + 4])[0] & 0x7FFFFFFF) % 10**6:06}"


def table(name):
    """The lines of a table of rights, as they stand there."""
    return re.search(rf"const {name}: [^=]*=\s*&\[(.*?)\];", RIGHTS.read_text(), re.DOTALL)[1]


def pages():
    """Every line of the table of pages: method, path, who it is for."""
    lines = table("PAGES")
    found = [(method, re.findall(r'"([^"]*)"', path), needs) for method, path, needs in LINE.findall(lines)]
    assert len(found) == lines.count('("GET"') + lines.count('("POST"'), "a line of the table was not understood"
    return found


def test_strangers_reach_what_is_for_them_and_learn_nothing_there(gateway):
    lines = re.findall(r'\("(GET|POST)",\s*&\[([^\]]*)\]\)', table("FOR_STRANGERS"))
    places = {(method, "/".join(re.findall(r'"([^"]*)"', path))) for method, path in lines}
    assert places == {("GET", "login"), ("POST", "login"), ("POST", "theme"), ("GET", "shared/*")}
    stranger = Browser(gateway)
    assert stranger.get("login").status_code == 200 and stranger.get("shared/x").status_code == 404
    assert stranger.post("theme", {"theme": "dark"}).status_code == 303
    for path in ("shared", "shared/x/y", "shared/x/../../m/x", "login/x"):
        assert stranger.get(path).status_code == 303, path


ALLOWED = {
    "SomebodyKnown": {"operator", "viewer", "owner"},
    "ToLook": {"operator", "viewer"},
    "ToAct": {"operator"},
    "ToActOnAccount": {"operator", "owner"},
}


def test_nobody_reaches_a_page_without_the_right(gateway):
    people = {"nobody": None, "operator": "ann", "viewer": "vera", "owner": gateway.key, "other": gateway.other["api_key"]}
    for method, path, needs in pages():
        if path == ["logout"]:
            continue
        filled = "/".join("x" if piece == "*" else piece for piece in path)
        for who, name in people.items():
            browser = fresh(gateway, who, name)
            answer = browser.get(filled) if method == "GET" else browser.post(filled, {})
            role = "owner" if who == "other" else who
            seen = (method, filled, who, answer.status_code)
            if who == "nobody":
                assert answer.status_code == (303 if method == "GET" else 401), seen
                if method == "GET":
                    assert answer.headers["Location"].split("?")[0].endswith("login"), seen
            elif role in ALLOWED[needs]:
                # Some pages have reasons of their own to refuse; who asks is none of them.
                assert answer.status_code not in (401, 405) and "not for you" not in answer.text, seen
                assert "not from here" not in answer.text, seen
            else:
                assert answer.status_code == 403 and "not for you" in answer.text, seen
            # A form that another site wrote, or that lacks the token, does nothing, whoever's browser sends it.
            if method == "POST" and who != "nobody":
                for forged in [
                    browser.post(filled, {}, {"Origin": "https://evil.example"}),
                    browser.post(filled, {}, {"Sec-Fetch-Site": "cross-site"}),
                    browser.post(filled, {}, {"Origin": "null"}),
                    browser.post(filled, {}, token=False),
                    browser.post(filled, {"csrf": "x" * 43}, token=False),
                ]:
                    assert forged.status_code == 403, seen
    # A page that is not in the table is not there, and no method opens one.
    ann = signed_in(gateway, "ann")
    assert ann.get("no-such-page").status_code == 404
    assert ann.post("no-such-page").status_code == 405
    for other in ("PUT", "DELETE", "PATCH"):
        answer = ann.session.request(other, f"{gateway.http}/_whimbrel/ui/accounts", timeout=LIMIT_SECONDS)
        assert answer.status_code in (403, 405), other


BROWSERS = {}


def fresh(gateway, who, name):
    """A browser of each person, kept: signing in is dear on purpose."""
    if who == "nobody":
        return Browser(gateway)
    if who not in BROWSERS:
        browser = Browser(gateway)
        if who == "owner":
            answer = browser.sign_in_owner(name, gateway.secret)
        elif who == "other":
            answer = browser.sign_in_owner(name, gateway.other["api_secret"])
        else:
            answer = browser.sign_in(name)
        assert answer.status_code == 303, (who, answer.text)
        assert browser.get("accounts").status_code == 200, who
        BROWSERS[who] = browser
    return BROWSERS[who]


def test_a_session_is_a_strict_cookie_and_a_new_one_each_time(gateway):
    for base, name, secure in [(gateway.http, "whimbrel", False), (gateway.https, "__Host-whimbrel", True)]:
        browser = Browser(gateway, base)
        # Fixation: what somebody planted before is not the session afterwards.
        planted = {"Cookie": f"{name}={'A' * 43}"}
        answer = browser.post("login", {"kind": "operator", "name": "ann", "password": PASSWORD}, planted, token=False)
        assert answer.status_code == 303, answer.text
        cookie = answer.headers["Set-Cookie"]
        value, *attributes = [part.strip() for part in cookie.split(";")]
        assert value.startswith(f"{name}=") and len(value) == len(name) + 1 + 43 and "A" * 43 not in value
        assert ("Secure" in attributes) == secure and "HttpOnly" in attributes and "SameSite=Lax" in attributes
        assert "Path=/" in attributes and not any(part.startswith(("Domain", "Max-Age", "Expires")) for part in attributes)
        assert Browser(gateway, base).get("accounts", Cookie=f"{name}={'A' * 43}").status_code == 303, "the planted one"
        assert browser.is_in()
        # Over TLS a cookie without the prefix is none: another page of the host could have set it.
        number = value.split("=", 1)[1]
        other = "whimbrel" if secure else "__Host-whimbrel"
        assert Browser(gateway, base).get("accounts", Cookie=f"{other}={number}").status_code == 303
        again = browser.sign_in("ann")
        assert again.headers["Set-Cookie"].split(";")[0] != value
        old = Browser(gateway, base)
        assert old.get("accounts", Cookie=f"{name}={number}").status_code == 303, "signing in anew ends the session before"


def test_signing_out_ends_it_and_a_form_of_elsewhere_does_not(gateway):
    ann = signed_in(gateway, "ann")
    kept = dict(ann.session.cookies)
    assert ann.post("logout", headers={"Origin": "https://evil.example"}).status_code == 403
    assert ann.is_in()
    out = ann.post("logout")
    assert out.status_code == 303 and "Max-Age=0" in out.headers["Set-Cookie"]
    stale = Browser(gateway)
    stale.session.cookies.update(kept)
    assert not stale.is_in()


def test_what_was_asked_for_is_shown_after_signing_in_and_nothing_else(gateway):
    browser = Browser(gateway)
    asked = browser.get("accounts?q=to%3A4477+code")
    assert asked.status_code == 303
    login = browser.session.get(requests.compat.urljoin(f"{gateway.http}/_whimbrel/ui/accounts", asked.headers["Location"]))
    next_page = html.unescape(re.search(r'name="next" value="([^"]*)"', login.text)[1])
    answer = browser.sign_in("ann", next=next_page)
    assert answer.headers["Location"] == "../ui/accounts?q=to%3A4477+code"
    for elsewhere in [
        "https://evil.example",
        "//evil.example",
        "ui//evil.example",
        "ui/../../x",
        "v1/messages",
        "ui\\evil",
        "javascript:alert(1)",
        "ui\r\nSet-Cookie: x=y",
    ]:
        answer = Browser(gateway).sign_in("ann", next=elsewhere)
        assert answer.status_code == 303 and answer.headers["Location"] == "../ui", elsewhere
        assert "x=y" not in answer.headers.get("Set-Cookie", "")


def test_a_wrong_name_and_a_wrong_password_look_alike(gateway):
    wrong = [("ann", "not the password"), ("nobody-here", PASSWORD), ("", ""), ("ANN", PASSWORD), ("' or 1=1 --", PASSWORD)]
    answers = [Browser(gateway).sign_in(name, password) for name, password in wrong]
    shown = set()
    for (name, password), answer in zip(wrong, answers):
        assert answer.status_code == 401 and "Set-Cookie" not in answer.headers
        assert not password or password not in answer.text
        shown.add(re.search(r'role="alert">([^<]*)<', answer.text)[1])
    assert len(shown) == 1, shown
    owner = [(gateway.key, "wrong"), ("nokey000", gateway.secret), (gateway.other["api_key"], gateway.secret)]
    answers = [Browser(gateway).sign_in_owner(*pair) for pair in owner]
    assert [answer.status_code for answer in answers] == [401] * 3
    assert len({re.search(r'role="alert">([^<]*)<', answer.text)[1] for answer in answers}) == 1


def test_guesses_are_slowed_down_and_an_operator_who_was_in_before_is_not(tmp_path):
    config = tmp_path / "whimbrel.toml"
    config.write_text(carrier_config(9) + "\n[auth]\nfailures_per_key = 3\nfailures_per_source = 1000\n")
    gateway = Gateway(tmp_path, config=config)
    try:
        add(gateway, "ann")
        statuses = [Browser(gateway).sign_in("ben", "wrong password!").status_code for _ in range(5)]
        assert statuses[:3] == [401] * 3 and 429 in statuses[3:], statuses
        signed_in(gateway, "ann")
        statuses = [Browser(gateway).sign_in("ann", "wrong password!").status_code for _ in range(5)]
        assert set(statuses) == {401}, "this source has proved itself, so only its own limit counts"
        signed_in(gateway, "ann")
    finally:
        gateway.end()


def test_a_code_of_an_app_is_good_once_also_after_a_restart(tmp_path):
    config = tmp_path / "whimbrel.toml"
    config.write_text(carrier_config(9))
    gateway = Gateway(tmp_path, config=config)
    add(gateway, "ann")
    app = gateway.native("POST", "operators/ann/totp").json()
    assert app["uri"] == f"otpauth://totp/Whimbrel:ann?secret={app['secret']}&issuer=Whimbrel"
    assert len(set(app["recovery_codes"])) == 10
    assert Browser(gateway).sign_in("ann").status_code == 401, "without a code"
    assert Browser(gateway).sign_in("ann", "wrong password!", code(app["secret"], int(time.time()) // 30)).status_code == 401
    # A code of the next step is good too, so that the steps' ends do not decide this test.
    used = code(app["secret"], int(time.time()) // 30 + 1)
    first = Browser(gateway).sign_in("ann", code=used)
    if first.status_code == 401:
        # The step ended between making the code and showing it, twice in a row cannot be.
        used = code(app["secret"], int(time.time()) // 30 + 1)
        first = Browser(gateway).sign_in("ann", code=used)
    assert first.status_code == 303
    assert Browser(gateway).sign_in("ann", code=used).status_code == 401, "a used code"
    recovery = app["recovery_codes"][0]
    assert Browser(gateway).sign_in("ann", code=recovery.upper().replace("-", " ")).status_code == 303
    assert Browser(gateway).sign_in("ann", code=recovery).status_code == 401, "a used recovery code"
    assert gateway.native("GET", "operators").json()["operators"][0]["recovery_codes_left"] == 9
    gateway.native("POST", "keys/rotate")
    assert Browser(gateway).sign_in("ann", code=app["recovery_codes"][1]).status_code == 303, "after a change of keys"
    gateway.process.kill()
    gateway.process.wait()
    gateway = Gateway(tmp_path, config=config)
    try:
        assert Browser(gateway).sign_in("ann", code=used).status_code == 401, "a used code, after a restart"
        assert Browser(gateway).sign_in("ann", code=recovery).status_code == 401
        assert Browser(gateway).sign_in("ann", code=app["recovery_codes"][2]).status_code == 303
        assert gateway.native("DELETE", "operators/ann/totp").json()["totp"] == "off"
        assert Browser(gateway).sign_in("ann").status_code == 303
        check = gateway.cli("check", "--data-dir", gateway.data_dir)
        assert check.returncode == 0, check.stdout
        # Nothing of it stands in a file or the log.
        files = [path for path in pathlib.Path(gateway.data_dir).rglob("*") if path.is_file()] + [gateway.log_path]
        for secret in [PASSWORD, app["secret"], *app["recovery_codes"], recovery.replace("-", "")]:
            for path in files:
                assert secret.encode() not in path.read_bytes(), path
    finally:
        gateway.end()


def test_another_password_and_removal_end_sessions(gateway):
    add(gateway, "tom")
    browser = signed_in(gateway, "tom")
    made = gateway.native("POST", "operators/tom/password", json={})
    assert made.status_code == 200 and len(made.json()["password"]) == 29
    assert not browser.is_in()
    assert Browser(gateway).sign_in("tom").status_code == 401
    browser = Browser(gateway)
    assert browser.sign_in("tom", made.json()["password"]).status_code == 303 and browser.is_in()
    assert gateway.native("DELETE", "operators/tom").status_code == 200
    assert not browser.is_in()
    assert gateway.native("DELETE", "operators/tom").status_code == 404
    for method in ("POST", "DELETE"):
        add(gateway, f"app-{method.lower()}")
        browser = signed_in(gateway, f"app-{method.lower()}")
        assert gateway.native(method, f"operators/app-{method.lower()}/totp").status_code == 200
        assert not browser.is_in(), f"{method}: how one signs in has changed"
    for bad in [{"name": "Tom"}, {"name": "tom", "password": "short"}, {"name": "tom", "role": "king"}, {}]:
        assert gateway.native("POST", "operators", json=bad).status_code == 400, bad
    assert gateway.native("POST", "operators", json={"name": "ann"}).status_code == 409


def test_an_owner_is_signed_out_when_a_secret_goes(gateway):
    made = gateway.native("POST", "accounts", json={"name": "brief"}).json()
    browser = Browser(gateway)
    assert browser.sign_in_owner(made["api_key"], made["api_secret"]).status_code == 303
    assert browser.is_in()
    path = f"accounts/{made['api_key']}"
    gateway.native("PATCH", path, json={"status": "suspended"})
    assert not browser.is_in()
    gateway.native("PATCH", path, json={"status": "active"})
    assert browser.sign_in_owner(made["api_key"], made["api_secret"]).status_code == 303
    assert browser.is_in()
    old = gateway.native("GET", f"{path}/secrets").json()["secrets"][0]["id"]
    gateway.native("POST", f"{path}/secrets", json={})
    assert browser.is_in(), "one more secret ends nothing"
    assert gateway.native("DELETE", f"{path}/secrets/{old}").status_code == 200
    assert not browser.is_in()


def test_a_session_opens_the_native_api_as_far_as_its_person_may(gateway):
    def call(who, method, path, **headers):
        browser = fresh(gateway, *who)
        url = f"{gateway.http}/_whimbrel/v1/{path}"
        return browser.session.request(method, url, headers=headers, json={}, timeout=LIMIT_SECONDS).status_code

    ann, vera, owner = ("operator", "ann"), ("viewer", "vera"), ("owner", gateway.key)
    for path in ("stats", "accounts", "carriers", f"accounts/{gateway.key}"):
        assert [call(who, "GET", path) for who in (ann, vera)] == [200, 200], path
    for path in ("messages", "inbound", "operators", "audit", "lists/barred"):
        assert [call(who, "GET", path) for who in (ann, vera, owner)] == [200, 403, 403], path
    assert call(owner, "GET", "accounts/self") == 200
    assert call(owner, "GET", f"accounts/{gateway.other['api_key']}") == 404
    # What changes something needs the token of the session.
    token = {"X-Whimbrel-CSRF": fresh(gateway, *ann).token}
    for headers in [{}, {"X-Whimbrel-CSRF": "x"}, {**token, "Origin": "https://evil.example"}]:
        assert call(ann, "POST", "config/reload", **headers) == 403, headers
    assert call(ann, "POST", "config/reload", **token) == 200
    assert call(vera, "POST", "config/reload", **{"X-Whimbrel-CSRF": fresh(gateway, *vera).token}) == 403
    foreign = {"X-Whimbrel-CSRF": fresh(gateway, *ann).token}
    assert call(vera, "POST", "config/reload", **foreign) == 403, "somebody else's token"


def test_viewers_see_where_webhooks_lead_and_not_what_opens_them(gateway):
    path = f"accounts/{gateway.key}"
    url = "http://127.0.0.1:9/hooks/s3cr3t?token=t0k3n"
    assert gateway.native("PATCH", path, json={"receipt_url": url}).status_code == 200
    pages = (f"v1/{path}", "v1/accounts", f"ui/accounts/{gateway.key}", "ui/webhooks")
    seen = {}
    for who in [("operator", "ann"), ("viewer", "vera")]:
        session = fresh(gateway, *who).session
        seen[who[0]] = [session.get(f"{gateway.http}/_whimbrel/{page}", timeout=LIMIT_SECONDS).text for page in pages]
    assert "s3cr3t" in seen["operator"][0] and "http://127.0.0.1:9/..." in seen["viewer"][0]
    assert not any(secret in text for text in seen["viewer"] for secret in ("s3cr3t", "t0k3n"))
    gateway.native("PATCH", path, json={"receipt_url": ""})


def test_owners_hear_of_their_own_messages_only(gateway):
    owner = fresh(gateway, "owner", gateway.key)
    url = f"{gateway.http}/_whimbrel/v1/events"
    other = owner.session.get(f"{url}?account={gateway.other['api_key']}", timeout=LIMIT_SECONDS, stream=True)
    assert other.status_code == 404
    with owner.session.get(url, timeout=LIMIT_SECONDS, stream=True) as stream:
        assert stream.status_code == 200
        gateway.native("PATCH", f"accounts/{gateway.other['api_key']}", json={"default_class": "bulk"})
        for pair in [(gateway.other["api_key"], gateway.other["api_secret"]), (gateway.key, gateway.secret)]:
            form = {"api_key": pair[0], "api_secret": pair[1], "to": "447700900000", "from": "W", "text": "x"}
            gateway.native("POST", f"accounts/{pair[0]}/topup", json={"amount": "1.00", "reference": f"t-{pair[0]}"})
            requests.post(f"{gateway.http}/sms/json", data=form, timeout=LIMIT_SECONDS)
        seen = b""
        for piece in stream.iter_content(None):
            seen += piece
            if b"message.accepted" in seen:
                break
    assert gateway.other["api_key"].encode() not in seen


def test_what_is_open_ends_with_the_session_and_nobody_opens_everything(gateway):
    add(gateway, "opal")
    opal = signed_in(gateway, "opal")
    url = f"{gateway.http}/_whimbrel/v1"
    paths = [f"{url}/events", f"{url}/webhooks/listen?url=http://localhost:9/x", f"{gateway.http}/_whimbrel/ui/live"]
    streams = [opal.session.get(path, timeout=LIMIT_SECONDS, stream=True) for path in paths]
    assert [stream.status_code for stream in streams] == [200, 200, 200]
    owner = fresh(gateway, "owner", gateway.key)
    taken = [owner.session.get(f"{url}/events", timeout=LIMIT_SECONDS, stream=True) for _ in range(12)]
    assert sorted({stream.status_code for stream in taken}) == [200, 503], "one has not all of them"
    assert opal.session.get(f"{url}/events", timeout=LIMIT_SECONDS, stream=True).status_code == 200
    for stream in taken:
        stream.close()
    assert gateway.native("DELETE", "operators/opal").status_code == 200
    # With the next thing to tell, or the next sign of life, each of them ends instead.
    for stream in streams:
        assert b"opal" not in b"".join(stream.iter_content(None))


def test_who_did_what_is_written_down_without_secrets(gateway):
    ann = signed_in(gateway, "ann")
    token = {"X-Whimbrel-CSRF": ann.token}
    url = f"{gateway.http}/_whimbrel/v1/accounts/{gateway.key}/topup"
    ann.session.post(url, headers=token, json={"amount": "2.50", "reference": "inv-1"}, timeout=LIMIT_SECONDS)
    gateway.native("POST", "operators", json={"name": "ann", "password": PASSWORD})
    pair = (gateway.key, gateway.secret)
    own = f"{gateway.http}/_whimbrel/v1/accounts/self"
    requests.patch(own, auth=pair, json={"receipt_url": "http://127.0.0.1:9/secret-path"}, timeout=LIMIT_SECONDS)
    lines = gateway.native("GET", "audit?limit=4").json()["audit"]
    told = [(line["person"], line["act"], line["subject"], line["status"]) for line in lines]
    assert told == [
        (f"owner:nexmo:{gateway.key}", "PATCH accounts/self", "", 200),
        ("admin-token", "POST operators", "name=ann", 409),
        ("operator:ann", f"POST accounts/{gateway.key}/topup", "amount=2.50 reference=inv-1", 200),
        ("operator:ann", "sign-in", "", 303),
    ]
    assert all(line["source"] == "127.0.0.1" and line["at"] for line in lines)
    older = gateway.native("GET", f"audit?before={lines[-1]['id']}&limit=1").json()["audit"]
    assert older[0]["id"] < lines[-1]["id"]
    for wrong in ("before=x", "limit=0", "limit=1001", "page=2"):
        assert gateway.native("GET", f"audit?{wrong}").status_code == 400, wrong
    printed = gateway.cli("audit", "--limit", "3")
    assert "operator:ann" in printed.stdout and PASSWORD not in printed.stdout


def test_an_owner_fills_neither_the_log_nor_the_server(gateway):
    made = gateway.native("POST", "accounts", json={"name": "busy"}).json()
    pair = (made["api_key"], made["api_secret"])
    url = f"{gateway.http}/_whimbrel/v1/accounts/self"
    wish = {"webhook_method": "POST"}
    began = time.monotonic()
    for _ in range(40):
        answer = requests.patch(url, json=wish, auth=pair, verify=gateway.ca, timeout=LIMIT_SECONDS)
        while answer.status_code == 429:
            answer = requests.patch(url, json=wish, auth=pair, verify=gateway.ca, timeout=LIMIT_SECONDS)
        assert answer.status_code == 200, answer.text
    minutes = int((time.monotonic() - began) // 60) + 1
    requests.post(f"{url}/signing/rotate", auth=pair, verify=gateway.ca, timeout=LIMIT_SECONDS)
    who = f"owner:nexmo:{made['api_key']}"
    lines = [line for line in gateway.native("GET", "audit").json()["audit"] if line["person"] == who]
    assert lines[0]["act"] == "POST accounts/self/signing/rotate", "no act hides behind many of another kind"
    counts = [line for line in lines if line["act"] == "PATCH accounts/*"]
    own = [line for line in lines if line["act"] == "PATCH accounts/self"]
    # A minute begins with its first act: if all were done within one, thirty have lines of their own.
    told = sum(int(line["subject"].split()[0]) for line in counts)
    assert len(own) + told == 40 and all(line["status"] == 0 for line in counts), lines
    assert len(counts) <= minutes and (len(own) == 30 or minutes > 1), lines
    # Pages have a rate of their own, and a program that asks for them all day gets no more.
    owner = Browser(gateway)
    assert owner.sign_in_owner(*pair).status_code == 303 and owner.is_in()
    with concurrent.futures.ThreadPoolExecutor(8) as pool:
        ask = lambda _: owner.session.get(url, timeout=LIMIT_SECONDS).status_code
        wait_until(lambda: 429 in list(pool.map(ask, range(200))), "the rate to be reached")
    assert "Slow down" in wait_until(lambda: slowed(owner), "the page that says so")


def test_whoever_asks_too_often_can_sign_out(gateway):
    made = gateway.native("POST", "accounts", json={"name": "leaving"}).json()
    owner = Browser(gateway)
    assert owner.sign_in_owner(made["api_key"], made["api_secret"]).status_code == 303 and owner.is_in()
    url = f"{gateway.http}/_whimbrel/v1/accounts/self"
    refused, is_over = threading.Event(), threading.Event()

    def ask():
        # As whoever is signed in: the answer is 401 once they are not.
        cookies = owner.session.cookies.copy()
        while not is_over.is_set():
            if requests.get(url, cookies=cookies, timeout=LIMIT_SECONDS).status_code == 429:
                refused.set()

    with concurrent.futures.ThreadPoolExecutor(8) as pool:
        asking = [pool.submit(ask) for _ in range(8)]
        try:
            assert refused.wait(LIMIT_SECONDS), "the rate was not reached"
            answer = owner.post("logout")
        finally:
            is_over.set()
        for one in asking:
            one.result()
    assert answer.status_code == 303, answer.text
    assert owner.get("accounts").status_code == 303, "signed out"


def slowed(owner):
    """The page of somebody who asks too often."""
    answers = [owner.get("accounts") for _ in range(20)]
    return next((answer.text for answer in answers if answer.status_code == 429), None)


def test_no_password_crosses_the_network_in_the_clear(tmp_path):
    config = tmp_path / "whimbrel.toml"
    config.write_text(carrier_config(9) + '\n[auth]\ntrusted_proxies = ["127.0.0.0/8"]\n')
    gateway = Gateway(tmp_path, config=config)
    try:
        add(gateway, "ann")
        # The proxy says nothing of TLS, or says plain HTTP: whoever is behind it came from anywhere.
        for said in [{}, {"X-Forwarded-Proto": "http"}, {"X-Forwarded-Proto": "https, http"}]:
            browser = Browser(gateway)
            assert browser.get("login", **said).status_code == 403
            form = {"kind": "operator", "name": "ann", "password": PASSWORD}
            refused = browser.post("login", form, said, token=False)
            assert refused.status_code == 403 and "Set-Cookie" not in refused.headers, said
            assert 'type="password"' not in refused.text
        # Behind TLS the name that the browser called is the proxy's.
        behind = {"X-Forwarded-Proto": "https", "X-Forwarded-Host": "sms.example.com", "Origin": "https://sms.example.com"}
        answer = Browser(gateway).post("login", {"kind": "operator", "name": "ann", "password": PASSWORD}, behind, token=False)
        assert answer.status_code == 303 and answer.headers["Set-Cookie"].startswith("__Host-whimbrel=")
        foreign = {**behind, "Origin": gateway.http}
        answer = Browser(gateway).post("login", {"kind": "operator", "name": "ann", "password": PASSWORD}, foreign, token=False)
        assert answer.status_code == 403
    finally:
        gateway.end()


def test_the_command_line_looks_after_operators(gateway):
    made = gateway.cli("operator", "add", "cli-1", "--role", "viewer")
    password = re.search(r"Password: (\S+)", made.stdout)[1]
    browser = Browser(gateway)
    assert browser.sign_in("cli-1", password).status_code == 303
    assert "cli-1\tviewer\toff" in gateway.cli("operator", "ls").stdout
    app = gateway.cli("operator", "totp", "cli-1").stdout
    assert "otpauth://totp/Whimbrel:cli-1?secret=" in app
    assert "no codes" in gateway.cli("operator", "totp", "cli-1", "--off").stdout
    assert "another password" in gateway.cli("operator", "passwd", "cli-1").stdout
    refused = gateway.cli("operator", "rm", "cli-1", check=False)
    assert refused.returncode != 0 and "--yes" in refused.stderr
    assert "removed" in gateway.cli("operator", "rm", "cli-1", "--yes").stdout


def test_in_development_whoever_is_here_is_the_operator_and_other_sites_are_not(dev):
    browser = Browser(dev)
    assert browser.get("accounts").status_code == 200
    for headers in [{"Origin": "https://evil.example"}, {"Sec-Fetch-Site": "cross-site"}, {"Origin": "null"}]:
        assert browser.post("theme", {"theme": "dark"}, headers).status_code == 403
    for method, path, _ in pages():
        if method == "POST":
            filled = "/".join("x" if piece == "*" else piece for piece in path)
            assert browser.post(filled, {}, {"Origin": "https://evil.example"}).status_code in (401, 403), filled
            assert browser.post(filled, {}, {"Host": "evil.example", "Origin": "http://evil.example"}).status_code == 401
    # Whoever wants to see what an owner sees signs in as one.
    assert browser.sign_in_owner(dev.key, dev.secret).status_code == 303
    assert dev.key in browser.get("accounts").text
    wait_until(lambda: dev.native("GET", "audit").json()["audit"], "the line of signing in")
    assert dev.native("GET", "audit").json()["audit"][0]["person"] == f"owner:nexmo:{dev.key}"


def test_an_operator_says_where_an_account_is_at_home(gateway):
    ann, path = signed_in(gateway, "ann"), f"accounts/{gateway.other['api_key']}"
    ann.get(path)
    saved = ann.post(f"{path}/home", {"zone": "Europe/Zurich", "country": "ch", "otp_sender": "Alpina"})
    assert saved.status_code == 303, saved.text
    page = ann.get(saved.headers["Location"].split("/ui/")[-1]).text
    assert all(f'value="{value}"' in page for value in ("Europe/Zurich", "CH", "Alpina")) and "are saved" in page
    shown = gateway.native("GET", path).json()
    assert (shown["zone"], shown["country"], shown["otp_sender"]) == ("Europe/Zurich", "CH", "Alpina")
    refused = ann.post(f"{path}/home", {"zone": "Europe/Atlantis", "country": "CH", "otp_sender": "Alpina"}).text
    assert "IANA" in refused and "Europe/Zurich" in refused, "why, and what is still set"
    assert gateway.native("GET", path).json()["zone"] == "Europe/Zurich"
    vera = signed_in(gateway, "vera")
    seen = vera.get(path).text
    assert "Europe/Zurich" in seen and 'name="zone"' not in seen
    acts = [(line["person"], line["act"], line["status"]) for line in gateway.native("GET", "audit").json()["audit"]]
    assert ("operator:ann", f"PATCH {path}", 200) in acts and ("operator:ann", f"PATCH {path}", 400) in acts, acts
