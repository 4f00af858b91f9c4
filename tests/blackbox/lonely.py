"""A place without a network: what a program tries to reach there, it cannot."""

import subprocess


def lonely():
    """A line that runs what follows where there is nothing but loopback; `None`: this machine allows none."""
    for more in ([], ["--map-root-user"]):
        line = ["unshare", "--net", *more, "sh", "-c", 'ip link set lo up && exec "$@"', "sh"]
        try:
            if subprocess.run([*line, "true"], capture_output=True, check=False, timeout=30).returncode == 0:
                return line
        except FileNotFoundError:
            return None
    return None


LONELY = lonely()
