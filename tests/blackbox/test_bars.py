"""Bars of long work, on a terminal: what somebody sees who looks on, and what nobody gets who does not."""

import fcntl
import os
import pty
import select
import struct
import subprocess
import termios

import pytest
from gateway import BINARY, LIMIT_SECONDS, Gateway, environment

ERASE = "\r\x1b[K"


class Terminal:
    """As much of a terminal as a line needs that is written over: what stands on it after each piece."""

    def __init__(self, columns):
        self.columns, self.lines, self.seen = columns, [""], []

    def feed(self, text):
        at = 0
        while at < len(text):
            if text.startswith(ERASE, at):
                self.lines[-1], at = "", at + len(ERASE)
                continue
            character, at = text[at], at + 1
            if character == "\n":
                self.lines.append("")
            elif character != "\r":
                # Beyond the last column it goes on in the next line, where nothing takes it away again.
                if len(self.lines[-1]) == self.columns:
                    self.lines.append("")
                self.lines[-1] += character
                self.seen.append(self.lines[-1])


def on_terminal(*arguments, columns=80, **extra):
    """A command whose stderr is a terminal and whose stdout is none: exit code, answer, terminal."""
    ours, theirs = pty.openpty()
    fcntl.ioctl(theirs, termios.TIOCSWINSZ, struct.pack("HHHH", 24, columns, 0, 0))
    line = [BINARY, *map(str, arguments)]
    surroundings = environment(TERM="xterm", **extra)
    process = subprocess.Popen(line, env=surroundings, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=theirs)
    os.close(theirs)
    written, answer = b"", b""
    while True:
        # Both are read as they come: a full pipe would hold the command up.
        ready, _, _ = select.select([ours, process.stdout], [], [], LIMIT_SECONDS)
        assert ready, "nothing came"
        if process.stdout in ready:
            piece = os.read(process.stdout.fileno(), 65536)
            answer += piece
            if not piece and ours not in ready:
                break
        if ours in ready:
            try:
                written += os.read(ours, 65536)
            except OSError:
                # The other end is closed (EIO).
                break
    answer += process.stdout.read()
    code = process.wait(LIMIT_SECONDS)
    os.close(ours)
    terminal = Terminal(columns)
    terminal.feed(written.decode().replace("\r\n", "\n"))
    return code, answer.decode(), terminal


@pytest.fixture(scope="module")
def store(tmp_path_factory):
    """A data folder with some messages, and the server that has it."""
    gateway = Gateway(tmp_path_factory.mktemp("bars"))
    # More than `dump` reads between two looks of its bar.
    for number in range(120):
        gateway.send(to="447700900123", text=f"Message number {number}")
    yield gateway
    gateway.end()


def commands(store, folder):
    """Each command with a bar, and what its bar says."""
    return [
        (["check", "--data-dir", store.data_dir], "checking ["),
        (["backup", folder / "copy", "--data-dir", store.data_dir], "copying ["),
        (["dump", folder / "dump"], "reading "),
    ]


@pytest.mark.parametrize("place", range(3), ids=["check", "backup", "dump"])
@pytest.mark.parametrize("columns", [80, 30])
def test_a_bar_is_seen_and_leaves_nothing_behind(store, tmp_path, place, columns):
    line, words = commands(store, tmp_path)[place]
    # This work is done before anybody would wait for it, so that bars are asked for at once.
    surroundings = {"WHIMBREL_URL": store.http, "WHIMBREL_TOKEN": store.token, "WHIMBREL_PROGRESS": "always"}
    code, answer, terminal = on_terminal(*line, columns=columns, **surroundings)
    assert code == 0, terminal.lines
    assert any(seen.startswith(words) for seen in terminal.seen), terminal.seen[-20:]
    # What is left on the terminal are whole lines for people, and no piece of a bar.
    assert not [left for left in terminal.lines if words in left or "[#" in left or "..]" in left], terminal.lines
    assert max(map(len, terminal.seen)) <= columns
    assert answer and "\x1b[K" not in answer and words not in answer


@pytest.mark.parametrize("place", range(3), ids=["check", "backup", "dump"])
@pytest.mark.parametrize("flag", ["--quiet", "--json"])
def test_who_wants_none_gets_none(store, tmp_path, place, flag):
    line, words = commands(store, tmp_path)[place]
    surroundings = {"WHIMBREL_URL": store.http, "WHIMBREL_TOKEN": store.token, "WHIMBREL_PROGRESS": "always"}
    code, _, terminal = on_terminal(*line, flag, **surroundings)
    assert code == 0, terminal.lines
    assert not [seen for seen in terminal.seen if seen.startswith(words)]


@pytest.mark.parametrize("place", range(3), ids=["check", "backup", "dump"])
def test_a_variable_says_that_nobody_wants_any(store, tmp_path, place):
    line, words = commands(store, tmp_path)[place]
    surroundings = {"WHIMBREL_URL": store.http, "WHIMBREL_TOKEN": store.token, "WHIMBREL_PROGRESS": "never"}
    code, _, terminal = on_terminal(*line, **surroundings)
    assert code == 0, terminal.lines
    assert not [seen for seen in terminal.seen if seen.startswith(words)]


def test_where_nobody_looks_on_there_is_none(store, tmp_path):
    for line, words in commands(store, tmp_path):
        done = subprocess.run(
            [BINARY, *map(str, line)],
            env=environment(WHIMBREL_URL=store.http, WHIMBREL_TOKEN=store.token),
            capture_output=True,
            text=True,
            timeout=LIMIT_SECONDS,
            check=True,
        )
        assert words not in done.stderr and "\x1b" not in done.stderr
