"""GSM 7-bit, one octet a septet, by the alphabet that PyPI's `smpplib` encodes with."""

import smpplib.gsm

EXTENDED = "^{}\\[~]|€"
ESCAPE = 0x1B


def encoded(text):
    """The octets of a text."""
    return smpplib.gsm.gsm_encode(text)


def decoded(octets):
    """The text of octets."""
    extended = {encoded(character)[1]: character for character in EXTENDED}
    characters, escaped = [], False
    for octet in octets:
        if escaped:
            characters.append(extended[octet])
        elif octet != ESCAPE:
            characters.append(ALPHABET[octet])
        escaped = octet == ESCAPE and not escaped
    return "".join(characters)


def single_octets():
    """The basic alphabet, turned round from smpplib's encoder."""
    table = {}
    for code in [*range(0x20, 0x100), *map(ord, "ΔΦΓΛΩΠΨΣΘΞ\n\r")]:
        try:
            octets = encoded(chr(code))
        except UnicodeError:
            continue
        if len(octets) == 1:
            table[octets[0]] = chr(code)
    return table


ALPHABET = single_octets()
