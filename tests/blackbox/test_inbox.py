"""Finding texts, waiting for them, phones of one's own, the test clock and faults on order."""

import concurrent.futures
import http.server
import json
import socket
import subprocess
import threading

import pytest
import requests
from gateway import BINARY, LIMIT_SECONDS, configured, environment, wait_until


def found(dev, query, path="messages", **more):
    answer = dev.native("GET", path, params={"q": query, **more})
    assert answer.status_code == 200, answer.text
    return answer.json()


def wait(dev, **parameters):
    return dev.native("GET", "wait", params={"timeout": "10s", **parameters})


def lease(dev, **wishes):
    answer = dev.native("POST", "leases", json=wishes)
    assert answer.status_code == 201, answer.text
    return answer.json()


def delivered(dev, to, **more):
    return wait_until(
        lambda: found(dev, f"to:{to} status:delivered", **more)["messages"], f"a delivered text to {to}"
    )


# Searching.


def test_one_grammar_for_api_and_command_line(dev):
    dev.send(to="447700900123", text="Your code is 482917")
    dev.send(to="447700900124", text="See https://acme.example/x")
    sent = dev.send(to="12025550123", text="Grüße")["messages"][0]["message-id"]
    delivered(dev, "07700900123")
    for query, count in [
        ("", 3),
        ("code", 1),
        ("to:07700900123 has:otp", 1),
        ("has:link", 1),
        ("GRÜSSE", 0),
        ("grüße", 1),
        ("country:gb", 2),
        (f"id:{sent}", 1),
        ("account:devkey01 -code", 2),
        ("after:-1h", 3),
        ("before:-1h", 0),
    ]:
        assert len(found(dev, query)["messages"]) == count, query
        lines = dev.cli("inbox", "-q", query, "--json").stdout
        assert len(json.loads(lines)["messages"]) == count, query


def test_a_wrong_word_is_pointed_at(dev):
    answer = dev.native("GET", "messages", params={"q": "code staus:delivered"})
    document = answer.json()
    assert answer.status_code == 400 and document["at"] == {"from": 5, "to": 11}
    assert "`status:`" in document["detail"]
    told = dev.cli("inbox", "-q", "code staus:delivered", check=False)
    assert told.returncode == 2 and "E0103" in told.stderr
    assert "  code staus:delivered\n       ^^^^^^" in told.stderr


def test_pages_go_on_where_they_end(dev):
    for number in range(5):
        dev.send(text=f"text {number}")
    first = found(dev, "text", limit=2)
    second = found(dev, "text", limit=2, before=first["next"])
    third = found(dev, "text", limit=2, before=second["next"])
    texts = [message["text"] for page in (first, second, third) for message in page["messages"]]
    assert texts == [f"text {number}" for number in (4, 3, 2, 1, 0)]
    assert third["next"] is None


def test_a_full_last_page_promises_no_other(dev):
    for number in range(4):
        dev.send(text=f"text {number}")
    assert found(dev, "text", limit=4)["next"] is None
    assert found(dev, "text", limit=3)["next"] is not None


def test_pages_go_from_the_oldest_on_behind_a_mark(dev):
    mark = lease(dev)["since"]
    for number in range(5):
        dev.send(text=f"text {number}")
    first = found(dev, "-4", limit=2, after=mark)
    second = found(dev, "-4", limit=5, after=first["next"])
    texts = [[message["text"] for message in page["messages"]] for page in (first, second)]
    assert texts == [["text 0", "text 1"], ["text 2", "text 3"]]
    assert second["next"] is None
    dev.send(text="text 5")
    # A mark lies a little before the newest: what comes late is not missed, what comes twice has its id.
    later = [message["text"] for message in found(dev, "text", after=second["newest"])["messages"]]
    assert later[-1] == "text 5"
    for wrong in ({"after": "nothing"}, {"before": "nothing"}):
        answer = dev.native("GET", "messages", params=wrong)
        assert answer.status_code == 400 and f"`{next(iter(wrong))}`" in answer.text


def test_a_mark_that_looks_like_an_id_is_found(dev):
    sent = dev.send(text="ours")["messages"][0]["message-id"]
    # An order number can look like an id of any dialect.
    for looks in ("770000000000123", "0A" + "0" * 14, "01234567-89ab-7def-8123-456789abcdef"):
        dev.send(text=f"marked {looks}", **{"client-ref": looks})
        assert [message["text"] for message in found(dev, f"id:{looks}")["messages"]] == [f"marked {looks}"]
    assert [message["text"] for message in found(dev, f"id:{sent}")["messages"]] == ["ours"]


def test_a_masked_code_is_found_by_nobody(dev):
    send_otp(dev, "+84980000000", "483917")
    assert len(found(dev, "to:+84980000000")["messages"]) == 1
    for query in ("483917", "otp:483917", "has:otp"):
        assert found(dev, query)["messages"] == [], query


def send_otp(dev, phone, code):
    headers = {"Authorization": f"Bearer {dev.ready['nexo']['secret_key']}"}
    body = {"phone": phone, "code": code}
    answer = requests.post(f"{dev.http}/api/v1/send-otp", json=body, headers=headers, timeout=LIMIT_SECONDS)
    assert answer.status_code in (200, 202), answer.text


# Waiting.


def test_a_text_that_came_before_the_call_is_given_at_once(dev):
    mark = lease(dev)["since"]
    dev.send(to="447700900123", text="Your code is 482917")
    answer = wait(dev, to="+447700900123", extract="otp", since=mark).json()
    assert (answer["value"], answer["extract"]) == ("482917", "otp")
    assert answer["candidates"][0]["code"] == "482917" and answer["message"]["text"] == "Your code is 482917"


def test_a_text_that_comes_later_is_given_when_it_comes(dev):
    with concurrent.futures.ThreadPoolExecutor() as pool:
        waiting = pool.submit(wait, dev, to="+447700900123", extract="link", timeout="30s")
        dev.send(to="447700900123", text="no link in here")
        dev.send(to="447700900124", text="https://acme.example/other")
        dev.send(to="447700900123", text="Sign in: https://acme.example/in?t=1.")
        assert waiting.result().json()["value"] == "https://acme.example/in?t=1"


def test_nothing_is_missed_between_two_calls(dev):
    """Each call starts from the mark of the one before, while texts arrive as they like."""
    number = lease(dev)
    codes = [f"{code:06}" for code in range(100_000, 100_040)]
    sender = threading.Thread(target=lambda: [dev.send(to=number["number"], text=f"Your code is {c}") for c in codes])
    sender.start()
    seen, mark = [], number["since"]
    while not seen or seen[-1] != codes[-1]:
        answer = wait(dev, to=number["number"], extract="otp", since=mark)
        assert answer.status_code == 200, answer.text
        seen.append(answer.json()["value"])
        mark = answer.json()["since"]
    sender.join()
    assert seen == sorted(set(seen)), "always a newer one, and none twice"


def test_without_a_mark_a_text_is_given_once_to_the_same_question(dev):
    dev.send(to="447700900123", text="Your code is 111222")
    assert wait(dev, to="447700900123", extract="otp").json()["value"] == "111222"
    again = wait(dev, to="447700900123", extract="otp", timeout="100ms")
    assert again.status_code == 408, "the test that runs again must not get the code of its last run"
    dev.send(to="447700900123", text="Your code is 333444")
    assert wait(dev, to="447700900123", extract="otp").json()["value"] == "333444"
    assert wait(dev, to="447700900123", extract="otp", since="-5m").json()["value"] == "333444"


def test_what_came_instead_is_told(dev):
    dev.send(to="447700900124", text="Your code is 482917")
    dev.send(to="497700900123", text="Your code is 482917")
    missed = wait(dev, to="+447700900123", extract="otp", timeout="200ms")
    document = missed.json()
    assert missed.status_code == 408
    assert "no one-time code for +447700900123 in 0.2 s; 2 other messages arrived" in document["detail"]
    assert "international form" in document["hint"]
    assert {other["to"] for other in document["others"]} == {"447700900124", "497700900123"}
    told = dev.cli("wait", "--to", "+447700900123", "--extract", "otp", "--timeout", "100ms", check=False)
    assert told.returncode == 7 and told.stdout == "" and "E0700" in told.stderr
    assert "it went to another number" in told.stderr


def test_the_command_prints_the_code_and_nothing_else(dev):
    dev.send(to="447700900123", text="Your code is 482 917.")
    assert dev.cli("wait", "--to", "+44 7700 900123", "--extract", "otp").stdout == "482917\n"
    dev.send(to="447700900123", text="two\nlines")
    assert dev.cli("wait", "--to", "+447700900123", "--extract", "text").stdout == "two\nlines\n"


def test_a_masked_code_is_read_at_the_phone(dev):
    number = lease(dev, country="VN")
    send_otp(dev, number["number"], "483917")
    answer = wait(dev, to=number["number"], extract="otp", since=number["since"]).json()
    assert answer["value"] == "483917" and "483917" not in json.dumps(answer["message"])
    # Long after its end, when the store has forgotten it.
    delivered(dev, number["number"])
    assert wait(dev, to=number["number"], extract="otp", since=number["since"]).json()["value"] == "483917"
    assert "483917" not in dev.log()


def test_outside_of_development_a_masked_code_stays_masked(tmp_path, simulator):
    gateway = configured(tmp_path, simulator.addr)
    made = gateway.native("POST", "accounts", json={"currency": "USD", "dialect": "nexo"})
    assert made.status_code == 201, made.text
    key = made.json()["api_key"]
    gateway.native("POST", f"accounts/{key}/topup", json={"amount": "10"})
    headers = {"Authorization": f"Bearer {made.json()['secret_key']}"}
    body = {"phone": "+84980000000", "code": "483917"}
    sent = requests.post(f"{gateway.http}/api/v1/send-otp", json=body, headers=headers, timeout=LIMIT_SECONDS)
    assert sent.status_code == 202, sent.text
    missed = wait(gateway, to="+84980000000", extract="otp", timeout="300ms", since="-5m")
    assert missed.status_code == 408 and "483917" not in missed.text and "masked" in missed.json()["hint"]
    assert missed.json()["others"][0]["text"] is None
    assert gateway.native("POST", "leases").status_code == 409
    assert gateway.native("POST", "clock", json={"advance": "1m"}).status_code == 403
    assert gateway.native("PUT", "chaos", json={"throttle": "10%"}).status_code == 409
    gateway.end()


def test_texts_from_handsets_are_waited_for(dev):
    dev.native("POST", "numbers", json={"number": "447700900200", "account": dev.key})
    number = lease(dev)
    dev.cli("phone", "reply", number["number"], "--to", "447700900200", "--text", "Yes, 5521 is my PIN")
    query = f"is:inbound from:{number['number']}"
    told = dev.cli("wait", "-q", query, "--extract", "text", "--since", number["since"])
    assert told.stdout == "Yes, 5521 is my PIN\n"
    assert len(found(dev, query, path="inbound")["inbound"]) == 1
    assert "5521" in dev.cli("inbox", "-q", query).stdout


def test_a_long_text_is_waited_for_until_it_is_whole(dev):
    dev.native("POST", "numbers", json={"number": "447700900200", "account": dev.key})
    number = lease(dev)

    def part(place):
        body = {"to": "447700900200", "data": f"{place:02}{place:02}", "udh": f"0500034202{place:02}"}
        assert dev.native("POST", f"phones/{number['number']}/reply", json=body).status_code == 202

    query = f"is:inbound from:{number['number']}"
    part(1)
    wait_until(lambda: found(dev, query, path="inbound")["inbound"], "the first part")
    asked = {"q": query, "since": number["since"]}
    assert wait(dev, timeout="100ms", **asked).status_code == 408, "half a text is none"
    with concurrent.futures.ThreadPoolExecutor() as pool:
        waiting = pool.submit(wait, dev, timeout="30s", **asked)
        part(2)
        whole = waiting.result().json()["inbound"]
    assert (whole["data"], whole["parts_there"], whole["parts"]) == ("01010202", 2, 2)


@pytest.mark.parametrize(
    "wrong", [{"timeout": "6m"}, {"timeout": "10"}, {"extract": "code"}, {"since": "soon"}, {"to": "x"}, {"q": "x:y"}, {"a": "b"}]
)
def test_wrong_values_are_named(dev, wrong):
    answer = dev.native("GET", "wait", params=wrong)
    named = "`x:`" if "q" in wrong else f"`{next(iter(wrong))}`"
    assert answer.status_code == 400 and named in answer.text, answer.text


# Leases.


def test_no_two_hold_one_number_and_each_gets_its_own_code(dev):
    def journey(index):
        phone = lease(dev, note=f"test {index}")
        dev.send(to=phone["number"], text=f"Your code is {700_000 + index}")
        value = wait(dev, to=phone["number"], extract="otp", since=phone["since"], timeout="30s").json()["value"]
        return phone["number"], value

    with concurrent.futures.ThreadPoolExecutor(20) as pool:
        journeys = list(pool.map(journey, range(20)))
    assert len({number for number, _ in journeys}) == 20
    assert [value for _, value in journeys] == [str(700_000 + index) for index in range(20)]
    listed = dev.native("GET", "leases").json()["leases"]
    assert {held["number"] for held in listed} == {number for number, _ in journeys}
    for number, _ in journeys:
        assert dev.native("DELETE", f"leases/{number}").status_code == 200
    assert dev.native("GET", "leases").json()["leases"] == []
    assert dev.native("DELETE", f"leases/{journeys[0][0]}").status_code == 404


def test_a_leased_phone_does_as_it_was_told(dev):
    phone = json.loads(dev.cli("phone", "lease", "--outcome", "expired", "--note", "late", "--json").stdout)
    dev.send(to=phone["number"], text="too late")
    wait_until(lambda: found(dev, f"to:{phone['number']} status:expired")["messages"], "the text to expire")
    assert phone["number"] in dev.cli("phone", "ls").stdout
    dev.cli("phone", "release", phone["number"])
    dev.send(to=phone["number"], text="in time")
    delivered(dev, phone["number"])


def test_a_lease_ends_by_itself(dev):
    number = dev.cli("phone", "lease", "--ttl", "5m").stdout.strip()
    dev.cli("clock", "advance", "6m")
    assert dev.native("DELETE", f"leases/{number}").status_code == 404


def test_what_is_exhausted_is_told(dev):
    refused = dev.native("POST", "leases", json={"country": "FR"})
    assert refused.status_code == 409 and "`country`" in refused.json()["detail"]
    for _ in range(87):
        lease(dev, country="VN")
    assert dev.native("POST", "leases", json={"country": "VN"}).status_code == 409


def test_a_receipt_comes_when_it_was_ordered(dev):
    phone = lease(dev, after="1h")
    dev.send(to=phone["number"], text="an hour early")
    wait_until(lambda: found(dev, f"to:{phone['number']} status:submitted")["messages"], "the text to be submitted")
    assert found(dev, f"to:{phone['number']} is:final")["messages"] == []
    dev.cli("clock", "advance", "2h")
    delivered(dev, phone["number"])


# The clock.


def test_what_is_due_later_happens_when_the_clock_is_put_forward(dev, receiver):
    dev.patch_account(receipt_url=receiver.url)
    phone = lease(dev, outcome="no-receipt")
    sent = dev.send(to=phone["number"], text="nobody will say", ttl=3_600_000)["messages"][0]["message-id"]
    wait_until(lambda: dev.message(sent)["status"] == "submitted", "the text to be submitted")
    before = dev.native("GET", "clock").json()
    assert before["ahead_ms"] == 0
    told = dev.native("POST", "clock", json={"advance": "4d"}).json()
    assert told["ahead_ms"] == 4 * 24 * 3_600_000 and told["now"] > before["now"]
    wait_until(lambda: dev.message(sent)["status"] not in ("submitted", "submitting", "queued"), "the end of its validity")
    later = dev.send(to="447700900123", text="later")["messages"][0]["message-id"]
    assert dev.message(later)["accepted_at"] > told["now"]
    assert "the time of the machine" in dev.cli("clock", "reset").stdout
    after = dev.send(to="447700900123", text="after")["messages"][0]["message-id"]
    assert int(after, 16) > int(later, 16), "ids rise though the clock ran back"
    newest = found(dev, "to:+447700900123")["messages"]
    assert [message["text"] for message in newest] == ["after", "later"]


def test_texts_of_a_time_ahead_are_found_by_their_time_and_given_to_nobody_who_waits(dev):
    dev.cli("clock", "advance", "3d")
    dev.send(to="447700900123", text="Your code is 111222")
    dev.cli("clock", "reset")
    dev.send(to="447700900124", text="after the reset")
    assert [message["text"] for message in found(dev, "before:-0s")["messages"]] == ["after the reset"]
    assert [message["text"] for message in found(dev, "after:-0s")["messages"]] == ["Your code is 111222"]
    assert wait(dev, to="447700900123", extract="otp", timeout="100ms").status_code == 408, "it is of no last minute"
    dev.send(to="447700900123", text="Your code is 333444")
    assert wait(dev, to="447700900123", extract="otp").json()["value"] == "333444"


def test_the_clock_takes_times_only(dev):
    for wrong in ({}, {"advance": "soon"}, {"advance": "99999d"}, {"advance": 5}, {"back": "1m"}):
        assert dev.native("POST", "clock", json=wrong).status_code == 400, wrong


# Forgetting what is found.


def test_what_is_found_is_forgotten_as_far_as_it_has_ended(dev):
    before = dev.native("GET", f"accounts/{dev.key}").json()
    dev.send(to="447700900123", text="first one to go")
    dev.send(to="447700900123", text="second one to go")
    dev.send(to="447700900124", text="stays")
    dev.send(to="447700900109", text="this one to go is under way")
    wait_until(lambda: len(found(dev, "status:delivered")["messages"]) == 3, "the three to be delivered")
    refused = dev.cli("inbox", "--clear", "-q", "go", check=False)
    assert refused.returncode != 0 and "--yes" in refused.stderr
    told = dev.cli("inbox", "--clear", "-q", "go", "--yes").stdout
    assert told == "2 forgotten, 1 kept: under way, a webhook about them waits, or a receipt may still be for them\n"
    assert sorted(row["text"] for row in found(dev, "")["messages"]) == ["stays", "this one to go is under way"]
    # Twice is harmless, money and its ledger stay, and the store keeps what it promises.
    assert dev.native("DELETE", "messages?q=go").json() == {"removed": 0, "kept": 1, "next": None}
    after = dev.native("GET", f"accounts/{dev.key}").json()
    assert float(after["posted"]) < float(before["posted"])
    assert len(dev.native("GET", f"accounts/{dev.key}/ledger").json()["entries"]) >= 4
    assert dev.native("GET", f"accounts/{dev.key}/usage").json()["days"][0]["messages"] == 4
    lines = [(line["act"], line["subject"]) for line in dev.native("GET", "audit").json()["audit"][:2]]
    assert lines == [("DELETE messages", "removed=0 q=…"), ("DELETE messages", "removed=2 q=…")], "what, and no text"
    for wrong in ("after=m1", "limit=0", "q=is:inbound", "x=1"):
        assert dev.native("DELETE", f"messages?{wrong}").status_code == 400, wrong
    pair = (dev.key, dev.secret)
    url = f"{dev.http}/_whimbrel/v1/accounts/self/messages"
    assert requests.delete(url, auth=pair, timeout=LIMIT_SECONDS).status_code == 403, "owners forget nothing"
    # As many as are asked for, however the name is written, and all where none are asked for.
    sent = [dev.send(to="447700900124", text=f"limit=x {n}")["messages"][0]["message-id"] for n in range(53)]
    wait_until(lambda: len(found(dev, "status:delivered limit=x", limit=100)["messages"]) == 53, "them to be delivered")
    assert dev.native("DELETE", "messages?q=limit%3Dx&lim%69t=2").json()["removed"] == 2
    path = f"messages?account={dev.key}&q=limit=x"
    assert dev.native("DELETE", path).json() == {"removed": len(sent) - 2, "kept": 0, "next": None}
    subjects = [line["subject"] for line in dev.native("GET", "audit").json()["audit"][:2]]
    assert subjects == [f"removed=51 account={dev.key} q=…", "removed=2 q=… limit=2"]
    looked = dev.native("POST", "check").json()["invariants"]
    assert looked and not [verdict for verdict in looked if verdict["violations"]]
    assert dev.cli("check", "--json", "--data-dir", dev.data_dir).stdout.splitlines()


# Faults on order.


WRONG_FAULTS = [
    {"webhook_lost": "60%", "webhook_failed": "41%"},
    {"webhook_delay": "2s"},
    {"webhook_delayed": "5%", "webhook_delay": "61s"},
    {"webhook_lost": "5%", "seed": "-1"},
]


def test_what_went_over_the_wires_is_forgotten_with_its_message(dev, receiver):
    dev.patch_account(receipt_url=receiver.url)
    gone, stays = [dev.send(to="447700900123", text=text)["messages"][0]["message-id"] for text in ("to go", "stays")]

    def tried():
        attempts = dev.native("GET", "webhooks/attempts").json()["attempts"]
        return [attempt["id"] for attempt in attempts if gone in str(attempt)], attempts

    wait_until(lambda: len(tried()[1]) == 2 and tried()[0], "both to be told")
    [attempt] = tried()[0]
    wait_until(lambda: dev.native("DELETE", f"messages?q=id:{gone}").json()["removed"] == 1, "it to be over")
    assert (len(tried()[0]), len(tried()[1])) == (0, 1)
    assert dev.native("POST", f"webhooks/attempts/{attempt}/resend", json={}).status_code == 404
    assert dev.native("GET", f"messages/{stays}/wire").json()["wire"], "of others everything is kept"


def test_webhooks_whose_answers_are_lost_come_again(dev, receiver):
    told = dev.cli("chaos", "--webhook-lost", "100%", "--seed", "7").stdout
    assert told == "lose webhooks' answers 100%, seed 7\n"
    dev.patch_account(receipt_url=receiver.url, webhook_method="POST-JSON")
    message = dev.send()["messages"][0]["message-id"]
    receiver.wait_for(1)
    tries = lambda: [line["detail"] for line in dev.message(message)["timeline"] if line["what"] == "webhook"]
    wait_until(tries, "the try to be written down")
    assert "as `whimbrel chaos` ordered" in tries()[0]
    dev.cli("chaos", "--webhook-failed", "100%")
    dev.native("POST", f"messages/{message}/webhooks/resend")
    attempts = json.loads(dev.cli("webhook", "attempts", "--json").stdout)["attempts"]
    told = [(attempt["answer"] or {}).get("status") for attempt in attempts]
    assert told == [500, None], "the newest first: one that failed, one whose answer was lost"
    assert dev.cli("chaos", "off").stdout == "no faults\n"
    # Its next try is due in a while; the clock brings it, and the receiver knows it.
    dev.cli("clock", "advance", "1h")
    wait_until(lambda: tries()[-1].startswith("delivered"), "it to be told again")
    assert len({hook.headers["webhook-id"] for hook in receiver.hooks}) == 1 and len(receiver.hooks) >= 3


def test_only_answers_that_came_are_lost(dev):
    dev.cli("chaos", "--webhook-lost", "100%")
    with socket.socket() as taken:
        # Nobody listens there.
        taken.bind(("127.0.0.1", 0))
        dev.patch_account(receipt_url=f"http://127.0.0.1:{taken.getsockname()[1]}/", webhook_method="POST-JSON")
        message = dev.send()["messages"][0]["message-id"]
        tries = lambda: [line["detail"] for line in dev.message(message)["timeline"] if line["what"] == "webhook"]
        wait_until(tries, "the try to be written down")
    assert "chaos" not in tries()[0] and "connect" in tries()[0], tries()


def test_faults_come_and_go(dev):
    assert dev.cli("chaos").stdout == "no faults\n"
    told = dev.cli("chaos", "--throttle", "10%", "--drop-receipts", "100%", "--disconnect-every", "30s").stdout
    assert told == "throttle 10%, drop receipts 100%, disconnect every 30000ms\n"
    dev.native("PUT", "chaos", json={"drop_receipts": "100%"})
    lost = dev.send(to="447700900150", text="its receipt is lost")["messages"][0]["message-id"]
    wait_until(lambda: dev.message(lost)["status"] == "submitted", "the text to be submitted")
    assert dev.cli("chaos", "off").stdout == "no faults\n"
    dev.send(to="447700900151", text="this one is told")
    delivered(dev, "07700900151")
    assert dev.message(lost)["status"] == "submitted"
    for wrong in ({"throttle": "101%"}, {"throttle": "some"}, {"disconnect_every": "1"}, {"lose": "1%"}, *WRONG_FAULTS):
        assert dev.native("PUT", "chaos", json=wrong).status_code == 400, wrong


def test_a_throttled_text_arrives_all_the_same(dev):
    dev.cli("chaos", "--throttle", "50%")
    for number in range(6):
        dev.send(to="447700900150", text=f"text {number}")
    wait_until(lambda: len(found(dev, "to:07700900150 status:delivered")["messages"]) == 6, "all six")


# Files for a test run.


def test_a_dump_can_be_read_without_us(dev, tmp_path):
    sent = dev.send(to="447700900123", text="Your code is 482917")["messages"][0]["message-id"]
    send_otp(dev, "+84980000000", "483917")
    delivered(dev, "07700900123")
    delivered(dev, "+84980000000")
    folder = tmp_path / "sms"
    told = dev.cli("dump", folder)
    assert "2 messages" in told.stdout
    documents = [json.loads(line) for line in (folder / "messages.ndjson").read_text().splitlines()]
    assert {document["to"] for document in documents} == {"447700900123", "84980000000"}
    assert all(document["timeline"] for document in documents)
    timeline = (folder / "timeline.txt").read_text().splitlines()
    assert timeline == sorted(timeline) and any(sent in line and "ended" in line for line in timeline)
    assert "483917" not in "".join(file.read_text() for file in folder.iterdir())
    dev.cli("dump", folder, "-q", "to:07700900123")
    assert len((folder / "messages.ndjson").read_text().splitlines()) == 1


class Following:
    """`whimbrel inbox --follow --json`, and what it printed."""

    def __init__(self, url, token, *more):
        line = [BINARY, "inbox", "--follow", "--json", *more]
        self.process = subprocess.Popen(
            line, env=environment(WHIMBREL_URL=url, WHIMBREL_TOKEN=token), stdout=subprocess.PIPE, text=True
        )
        self.messages = []
        self.reader = threading.Thread(target=self._read)
        self.reader.start()

    def _read(self):
        for line in iter(self.process.stdout.readline, ""):
            self.messages.append(json.loads(line))

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.process.terminate()
        self.process.wait(LIMIT_SECONDS)
        self.reader.join()


def test_a_listener_shows_messages_of_every_dialect_and_none_twice(dev):
    """Also those that are named by numbers, which events do not have."""
    dev.send(text="before 1")
    dev.send(text="before 2")
    with Following(dev.http, dev.token, "--limit", "1") as following:
        wait_until(lambda: following.messages, "the newest of those that are there")
        headers = {"X-Api-Key": dev.ready["seven"]["secret_key"]}
        for number in range(3):
            body = {"to": "447700900123", "text": f"numbered {number}", "from": "Acme"}
            answer = requests.post(f"{dev.http}/api/sms", data=body, headers=headers, timeout=LIMIT_SECONDS)
            assert answer.status_code == 200, answer.text
            dev.send(text=f"other {number}")
        send_otp(dev, "+84980000000", "483917")
        wait_until(lambda: len(following.messages) >= 8, "all of them")
    texts = [message["text"] for message in following.messages]
    expected = ["before 2"] + [f"{kind} {number}" for number in range(3) for kind in ("numbered", "other")]
    assert texts[:7] == expected and len(texts) == 8, texts


class Deaf(http.server.BaseHTTPRequestHandler):
    """A server whose stream of events has nothing but the word that some were missed."""

    protocol_version = "HTTP/1.1"
    searches = []

    def do_GET(self):
        if self.path.startswith("/_whimbrel/v1/events"):
            self.send_response(200)
            self.send_header("Content-Type", "text/event-stream")
            self.send_header("Connection", "close")
            self.end_headers()
            self.wfile.write(b'retry: 1000\n\nevent: missed\ndata: {"count":5000}\n\n')
            self.wfile.flush()
            self.server.may_end.wait(LIMIT_SECONDS)
            return
        self.searches.append(self.path)
        message = {"id": "1", "text": "missed", "accepted_at": "2026-11-29T00:00:00Z"}
        found = [message] if "after=m5" in self.path else []
        body = json.dumps({"messages": found, "next": None, "searched_back_to": None, "newest": "m5"}).encode()
        self.send_response(200)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_):
        pass


def test_a_listener_that_missed_events_searches_for_what_it_missed():
    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Deaf)
    server.may_end = threading.Event()
    threading.Thread(target=server.serve_forever).start()
    with Following(f"http://127.0.0.1:{server.server_port}", "token") as following:
        wait_until(lambda: following.messages, "what was missed")
    server.may_end.set()
    server.shutdown()
    server.server_close()
    assert [message["text"] for message in following.messages] == ["missed"]


def test_a_listener_shows_what_arrives_and_fits(dev):
    """`inbox --follow` prints one document a line."""
    line = [BINARY, "inbox", "-q", "has:otp", "--follow", "--json"]
    following = subprocess.Popen(
        line, env=environment(WHIMBREL_URL=dev.http, WHIMBREL_TOKEN=dev.token), stdout=subprocess.PIPE, text=True
    )
    lines = []
    reader = threading.Thread(target=lambda: lines.extend(iter(following.stdout.readline, "")))
    reader.start()

    def shown():
        # It may not listen yet: so texts are sent until one shows.
        dev.send(text="Your code is 482917")
        dev.send(text="no code")
        return lines

    wait_until(shown, "a text to be shown")
    following.terminate()
    following.wait(LIMIT_SECONDS)
    reader.join()
    assert all(json.loads(line)["text"] == "Your code is 482917" for line in lines)
