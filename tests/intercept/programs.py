"""The unmodified programs: each sends a text to the vendor's own host and prints the id that it was answered, one a line."""

import importlib.util
import os
import pathlib
import shutil
import subprocess
import sys

FOLDER = pathlib.Path(__file__).resolve().parent

# What a client sets is the account; these are the ones of `--dev`, so that an attempt without Whimbrel has some too.
ACCOUNT = {"VONAGE_API_KEY": "devkey01", "VONAGE_API_SECRET": "devSecret01", "SEVEN_API_KEY": "0" * 64}


def answers(*line):
    """Whether a program is there."""
    if not shutil.which(line[0]):
        return False
    return subprocess.run(line, stdin=subprocess.DEVNULL, capture_output=True, check=False).returncode == 0


def has_php(code):
    """Whether PHP can run this."""
    return answers("php", "-r", f"exit({code} ? 0 : 1);")


def is_there(path):
    """Whether a package of the tests is installed."""
    return pathlib.Path(path).exists()


NODE = pathlib.Path(os.environ.get("BLACKBOX_NODE", "."))
VENDOR, OTHER, OLDER = "rest.nexmo.com", "gateway.seven.io", "gateway.sms77.io"


class Program:
    """A program with what it needs, whom it calls, and to which number it sends."""

    def __init__(self, name, line, needs, host=VENDOR, to="447700900123"):
        self.name, self.line, self.needs, self.host, self.to = name, [str(word) for word in line], needs, host, to

    def command(self, text):
        """The line that sends a text."""
        return [*self.line, self.to, text]


PROGRAMS = [
    Program("curl", ["sh", FOLDER / "plain.sh"], lambda: answers("curl", "--version")),
    Program("Node: https and fetch", ["node", FOLDER / "https.cjs"], lambda: answers("node", "--version")),
    Program("Node: @vonage/server-sdk", ["node", FOLDER / "sdk.mjs"], lambda: is_there(NODE / "node_modules/@vonage")),
    Program(
        "Node: @seven.io/client",
        ["node", FOLDER / "client.mjs"],
        lambda: is_there(NODE / "node_modules/@seven.io"),
        host=OTHER,
        to="4915228817300",
    ),
    Program("Python: urllib and requests", [sys.executable, FOLDER / "plain.py"], lambda: True),
    Program("Python: vonage", [sys.executable, FOLDER / "sdk.py"], lambda: True),
    Program(
        "Python: sms77api",
        [sys.executable, FOLDER / "client.py"],
        lambda: importlib.util.find_spec("sms77api"),
        host=OLDER,
        to="4915228817300",
    ),
    Program("PHP: cURL", ["php", FOLDER / "plain.php"], lambda: has_php("function_exists('curl_init')")),
    Program(
        "PHP: php-symfony-vonage-notifier",
        ["php", FOLDER / "notifier.php"],
        lambda: is_there("/usr/share/php/Symfony/Component/Notifier/Bridge/Vonage/autoload.php"),
    ),
    Program("Ruby: Net::HTTP", ["ruby", FOLDER / "plain.rb"], lambda: answers("ruby", "--version")),
    Program("Go: net/http", ["go", "run", FOLDER / "plain.go"], lambda: answers("go", "version")),
    Program("Java: HttpClient", ["java", FOLDER / "Plain.java"], lambda: answers("javac", "--version")),
]
