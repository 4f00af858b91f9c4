"""Runs Hurl files (hurl.dev, "Hurl file format", read 2026), as far as those of examples/hurl use the language.

What is not understood is an error: a file must not pass because a line of it was left out.
"""

import json
import re

import requests
from gateway import LIMIT_SECONDS

METHODS = ("GET", "POST", "PUT", "PATCH", "DELETE")
SECTIONS = ("FormParams", "QueryStringParams", "BasicAuth", "Captures", "Asserts")


class Entry:
    """A request with what is expected of its answer."""

    def __init__(self, number, method, url):
        self.number, self.method, self.url = number, method, url
        self.headers, self.status = {}, None
        self.body = ""
        self.sections = {name: [] for name in SECTIONS}


def parse(text):
    """The entries of a file."""
    entries, section, entry = [], None, None
    for number, line in enumerate(text.splitlines(), 1):
        line = line.strip()
        if not line or line.startswith("#"):
            continue
        word, _, rest = line.partition(" ")
        if word in METHODS:
            entry, section = Entry(number, word, rest), None
            entries.append(entry)
        elif word == "HTTP":
            entry.status, section = rest, "answer"
        elif line.startswith("["):
            section = line.strip("[]")
            assert section in SECTIONS, f"line {number}: {line}"
        elif line.startswith("{") and entry.status is None and not line.startswith("{{"):
            entry.body, section = line, None
        elif section in SECTIONS:
            entry.sections[section].append((number, line))
        else:
            assert section is None and entry.status is None, f"line {number}: {line}"
            name, _, value = line.partition(":")
            entry.headers[name] = value.strip()
    return entries


def run(path, variables):
    """Runs a file; the variables at its end."""
    variables = dict(variables)
    for entry in parse(path.read_text()):
        assert entry.status is not None, f"{path.name}:{entry.number}: without an answer"
        answer = send(entry, variables)
        place = f"{path.name}:{entry.number} answered {answer.status_code}: {answer.text[:500]}"
        assert entry.status in ("*", str(answer.status_code)), place
        for number, line in entry.sections["Captures"]:
            name, _, query = line.partition(":")
            value, rest = evaluate(query.strip(), answer)
            assert not rest and value is not None, f"line {number} captures nothing; {place}"
            variables[name] = value
        for number, line in entry.sections["Asserts"]:
            assert holds(fill(line, variables), answer), f"line {number}: {line}; {place}"
    return variables


def send(entry, variables):
    """Sends the request of an entry."""
    pairs = {
        name: dict((part.strip() for part in fill(line, variables).split(":", 1)) for _, line in entry.sections[name])
        for name in ("FormParams", "QueryStringParams", "BasicAuth")
    }
    headers = {name: fill(value, variables) for name, value in entry.headers.items()}
    body = fill(entry.body, variables) if entry.body else None
    if body:
        headers.setdefault("Content-Type", "application/json")
    return requests.request(
        entry.method,
        fill(entry.url, variables),
        params=pairs["QueryStringParams"] or None,
        data=pairs["FormParams"] or body,
        auth=next(iter(pairs["BasicAuth"].items()), None),
        headers=headers,
        timeout=LIMIT_SECONDS,
    )


def fill(text, variables):
    """A text with its variables."""
    return re.sub(r"\{\{(\w+)\}\}", lambda match: str(variables[match[1]]), text)


def evaluate(query, answer):
    """The value of a query, and what stands after it."""
    if query.startswith("status"):
        return answer.status_code, query.removeprefix("status").strip()
    if query.startswith("body"):
        return answer.text, query.removeprefix("body").strip()
    match = re.match(r'(header|jsonpath) "((?:[^"\\]|\\.)*)"\s*(.*)$', query)
    assert match, f"no query: {query}"
    kind, argument, rest = match.groups()
    if kind == "header":
        return answer.headers.get(argument), rest
    return at(json.loads(answer.text), argument), rest


def at(document, path):
    """What a path of JSON names; None if there is none."""
    assert path.startswith("$"), path
    steps = re.findall(r"\.(\w+)|\[(\d+)\]|\['([^']+)'\]", path)
    assert "$" + "".join(f".{a}" if a else f"[{b}]" if b else f"['{c}']" for a, b, c in steps) == path, f"no path: {path}"
    for name, index, quoted in steps:
        try:
            document = document[int(index)] if index else document[name or quoted]
        except (KeyError, IndexError, TypeError):
            return None
    return document


def holds(line, answer):
    """Whether an assertion holds."""
    value, predicate = evaluate(line, answer)
    if predicate == "exists":
        return value is not None
    if predicate.startswith("count "):
        value, predicate = len(value), predicate.removeprefix("count ")
    operator, _, wanted = predicate.partition(" ")
    wanted = json.loads(wanted)
    checks = {
        "==": lambda: value == wanted and type(value) is type(wanted),
        "<": lambda: value < wanted,
        ">=": lambda: value >= wanted,
        "contains": lambda: wanted in value,
        "matches": lambda: re.search(wanted, value) is not None,
    }
    assert operator in checks, f"no predicate: {predicate}"
    return checks[operator]()
