"""What do the tests of logs share? A server with the domain, searches that have seen everything, and installing senders."""
import json
import os
import re
import shutil
import subprocess
import sys
import time
import unittest
import urllib.parse

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "support"))
from gyre_server import PROGRAM, SOURCE, OnAServer, Server  # noqa: E402,F401

SHARED = os.environ.get("GYRE_SHARED_DATA", os.path.join(SOURCE, "../shared/data"))
CACHE = os.environ.get("GYRE_SENDERS", os.path.join(os.path.expanduser("~"), ".cache/gyre-senders"))


class LogsCase(OnAServer):
    """One server for a class."""
    SETTINGS = ()

    @classmethod
    def setUpClass(cls):
        cls.server = Server(settings=cls.SETTINGS).start()

    def syslog_port(self, transport):
        return int(re.search(rf"listening: {transport}://127\.0\.0\.1:(\d+)", self.server.read_log() or self.server.log).group(1))

    def search(self, **parameters):
        return self.ask("SearchLogs", **parameters)

    def ask(self, name, **parameters):
        sequence = self.client.send("GET", "/readyz").json["domains"]["logs"]["sequence"]
        answer = self.client.send("GET", f"/v1/logs/queries/{name}?" + urllib.parse.urlencode(parameters, doseq=True),
                                  headers={"Gyre-Min-Sequence": str(sequence)})
        self.assertEqual(answer.status, 200, answer)
        return answer.json

    def wait_for(self, count, seconds=30, **parameters):
        """Until a search finds that many; what a sender has not sent yet cannot be waited for in another way."""
        deadline = time.monotonic() + seconds
        while True:
            found = self.search(size=1000, **parameters)
            if found["total"] >= count or time.monotonic() > deadline:
                self.assertEqual(found["total"], count, found)
                return found["logs"]
            time.sleep(0.1)


def skip(why):
    print("SKIPPED:", why)
    raise unittest.SkipTest(why)


def debian_program(package, program, also=()):
    """A program of a Debian package, unpacked into a folder of its own when it is not installed."""
    if found := shutil.which(program, path="/usr/sbin:/usr/bin:/sbin:/bin"):
        return found, {}
    folder = os.path.join(CACHE, package)
    if not os.path.isdir(os.path.join(folder, "usr")):
        os.makedirs(folder, exist_ok=True)
        for name in (package, *also):
            fetched = subprocess.run(["apt-get", "download", name], cwd=folder, capture_output=True, text=True)
            if fetched.returncode != 0:
                skip(f"{name} cannot be fetched: {fetched.stderr.strip()[-200:]}")
        for file in os.listdir(folder):
            if file.endswith(".deb"):
                subprocess.run(["dpkg-deb", "-x", file, "."], cwd=folder, check=True)
    for place in ("usr/sbin", "usr/bin", "sbin", "bin"):
        path = os.path.join(folder, place, program)
        if os.path.exists(path):
            libraries = [os.path.join(folder, place) for place in
                         ("usr/lib/x86_64-linux-gnu", "lib/x86_64-linux-gnu", "usr/lib/syslog-ng")]
            return path, {"LD_LIBRARY_PATH": ":".join(libraries), "GYRE_SENDER_ROOT": folder}
    skip(f"{package} has no {program}")
