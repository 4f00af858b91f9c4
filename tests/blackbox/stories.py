"""What a page of stories says to appear, held against what appears.

A block of the page belongs to a story if a comment names it: `<!-- appears: NAME -->`, then the fence. The rest of the page is
written by hand. With `--write-stories` the blocks are written anew instead of compared.
"""

import re

from gateway import BINARY, ROOT

PAGE = ROOT / "docs/guide/stories.md"

# What is another one each time, and what stands for it on the page. Ids come before numbers: they have some in them.
CHANGING = [
    (r"\b[0-9A-F]{16}\b", "A070383A14A80000"),
    (r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?Z", "2026-11-29T06:12:09Z"),
    (r"\b\d\d:\d\d:\d\d\b", "06:12:09"),
    (r"\b\d+(\.\d+)? s ago", "1 s ago"),
    (r"\bin \d+(\.\d+)? ?(ms|s)\b", "in 9 ms"),
    (r"\b\d+(\.\d+)? ms\b", "9 ms"),
    (r"\(\d+(\.\d+)?m?s\)", "(9ms)"),
    (r"\+447700900[3-9]\d\d\b", "+447700900313"),
    (r'"\d{6} is', '"482917 is'),
]


def normal(text, **places):
    """The text with what changes replaced; `places` are names of the page by what this run has in their stead."""
    text = text.replace(str(BINARY), "whimbrel")
    for shown, here in sorted(places.items(), key=lambda place: -len(str(place[1]))):
        text = text.replace(str(here), shown)
    return text.strip("\n")


def settled(text, *patterns):
    """The text with those of `CHANGING` replaced whose place in the list is named; all of them if none is."""
    for place, (pattern, shown) in enumerate(CHANGING):
        if not patterns or place in patterns:
            text = re.sub(pattern, shown, text)
    return text


def block(name):
    """Where the block of that name stands on the page: before, its text, after."""
    page = PAGE.read_text()
    found = re.search(rf"(<!-- appears: {re.escape(name)} -->\n```[a-z]*\n)(.*?)(\n```\n)", page, re.DOTALL)
    assert found, f"docs/guide/stories.md has no block {name}"
    return page[: found.end(1)], found[2], page[found.start(3) :]


def appears(name, text, pytestconfig):
    """Holds a block against the text, or writes it there."""
    before, shown, after = block(name)
    if pytestconfig.getoption("--write-stories"):
        PAGE.write_text(before + text + after)
        return
    how = "if that is right: `cargo xtask test --blackbox -- -k stories --write-stories`"
    assert shown == text, f"docs/guide/stories.md says of {name}:\n{shown}\n\nand what appears is\n{text}\n\n{how}"


def names():
    """The blocks of the page in their order."""
    return re.findall(r"<!-- appears: ([a-z0-9-]+) -->", PAGE.read_text())
