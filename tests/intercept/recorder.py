"""The whole Internet of a namespace: answers every name with one address, takes every connection, and records both.

One JSON document a line, in the file that is its argument: {"name": ...} of a question, {"connection": "address:port"}.
"""

import json
import selectors
import socket
import struct
import sys

ADDRESS = socket.inet_aton("203.0.113.7")
PORTS = (80, 443)


def name_of(question):
    """The name in a question, with the place where it ends (RFC 1035 §4.1.2)."""
    labels, place = [], 12
    while question[place]:
        size = question[place]
        labels.append(question[place + 1 : place + 1 + size].decode("latin-1"))
        place += size + 1
    return ".".join(labels), place + 1


def answer_to(question):
    """One address for a question of class A, nothing for others."""
    name, end = name_of(question)
    kind = struct.unpack("!H", question[end : end + 2])[0]
    count = 1 if kind == 1 else 0
    head = question[:2] + struct.pack("!HHHHH", 0x8180, 1, count, 0, 0)
    record = struct.pack("!HHHIH", 0xC00C, 1, 1, 1, 4) + ADDRESS
    return name, head + question[12 : end + 4] + record * count


def main():
    """Records until it is ended."""
    with open(sys.argv[1], "w", encoding="utf-8") as log:

        def record(what):
            log.write(json.dumps(what) + "\n")
            log.flush()

        names = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        names.bind(("0.0.0.0", 53))
        sockets = selectors.DefaultSelector()
        sockets.register(names, selectors.EVENT_READ)
        for port in PORTS:
            sockets.register(socket.create_server(("0.0.0.0", port)), selectors.EVENT_READ)
        record({"ready": True})
        while True:
            for key, _ in sockets.select():
                if key.fileobj is names:
                    question, client = names.recvfrom(512)
                    name, answer = answer_to(question)
                    record({"name": name})
                    names.sendto(answer, client)
                else:
                    connection, _ = key.fileobj.accept()
                    address, port = connection.getsockname()
                    record({"connection": f"{address}:{port}"})
                    connection.close()


main()
