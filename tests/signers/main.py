"""Compares our signatures with those of the vendors' own libraries, on random inputs, both ways.

Started by `cargo xtask signers`, which builds the judge and installs the libraries. Differences that are known stand in
`tally.py`; every other one fails, and so does a known one that no longer shows.
"""

import argparse
import sys

from chance import Chance
from children import judge, node
from five_fields import FiveFields
from parameters import Parameters
from tally import Tally
from tokens import Tokens

KNOWN_ROUNDS = 20


def main():
    """Takes the inputs in turn, so that every signer meets its share of any count."""
    line = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    line.add_argument("--judge", required=True)
    line.add_argument("--count", type=int, default=10_000)
    line.add_argument("--seed", type=int, default=1)
    options = line.parse_args()
    chance, tally = Chance(options.seed), Tally()
    children = [judge(options.judge), node()]
    parameters, five_fields, tokens = (kind(*children, tally) for kind in (Parameters, FiveFields, Tokens))
    # RSA takes a hundred times as long as a hash: of ten inputs one is a token.
    turns = [parameters.random, five_fields.random] * 4 + [parameters.on_the_wire, tokens.random]
    for number in range(options.count):
        turns[number % len(turns)](chance)
    for _ in range(KNOWN_ROUNDS):
        for scheme in (parameters, five_fields, tokens):
            scheme.known(chance)
    for child in children:
        child.close()
    return 0 if tally.told() else 1


if __name__ == "__main__":
    sys.exit(main())
