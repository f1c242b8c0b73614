"""What do the tests of logs share? A server with the domain and searches that have seen everything."""
import json
import os
import re
import sys
import time
import urllib.parse

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "support"))
from gyre_server import PROGRAM, SOURCE, OnAServer, Server  # noqa: E402,F401
from senders import CACHE, debian_program, skip  # noqa: E402,F401

SHARED = os.environ.get("GYRE_SHARED_DATA", os.path.join(SOURCE, "../shared/data"))


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
