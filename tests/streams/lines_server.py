"""A server with one domain, the stream of lines that these tests have as their plugin."""
import json
import os
import re
import sys
import tempfile

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "support"))
from gyre_server import Client, PROGRAM, Server, wait_until  # noqa: E402, F401

PLUGIN = os.environ.get("GYRE_STREAMS_PLUGIN", "build/dev/tests/streams/plugins/lines.so")


class LinesServer(Server):
    def __init__(self, folder=None, settings=()):
        self.plugins = tempfile.TemporaryDirectory(prefix="gyre-test-plugins-")
        os.symlink(os.path.abspath(PLUGIN), os.path.join(self.plugins.name, "lines.so"))
        super().__init__(folder, [f"plugins.dir={self.plugins.name}", *settings])

    def stop(self, expected=0):
        if not self.process.stderr.closed:
            super().stop(expected)

    def remove(self):
        """What it leaves behind when it has stopped."""
        self.plugins.cleanup()
        if self.temporary:
            self.temporary.cleanup()
        if self.node:
            self.node.remove()

    def restart(self):
        """Stopped and started; gives a new connection."""
        self.stop()
        self.log = ""
        self.start()
        return Client(self.port)


def records(client, lines, **headers):
    body = "".join(json.dumps(line) + "\n" for line in lines)
    return client.send("POST", "/v1/lines/records", body, {"Content-Type": "application/x-ndjson", **headers})


def search(client, sequence=None, **parameters):
    """What SearchLines finds once `sequence` is searchable; all that was appended without one."""
    if sequence is None:
        sequence = client.send("GET", "/readyz").json["domains"]["lines"]["sequence"]
    answer = client.query("SearchLines", parameters, domain="lines", Gyre_Min_Sequence=str(sequence),
                          Gyre_Timeout="60000")
    assert answer.status == 200, answer
    return answer.json


def index_reader(server):
    """Where its index is read in the dialect, and as what: on this server, or on the search node that it has."""
    if server.node:
        return Client(int(server.node.url.rsplit(":", 1)[1])), f"/{server.node.prefix}lines"
    return Client(server.dialect_port), "/lines"


def wait_durable(client):
    """Until the index holds durably all that the log does."""
    def is_durable():
        domain = client.send("GET", "/readyz").json["domains"]["lines"]
        return domain["durable"] == domain["sequence"]
    wait_until(is_durable)


def metric(client, name):
    text = client.send("GET", "/metrics").body.decode()
    found = re.search(rf'^{name}\{{domain="lines"\}} (\S+)$', text, re.MULTILINE)
    assert found, f"{name} is not in /metrics"
    return float(found.group(1))
