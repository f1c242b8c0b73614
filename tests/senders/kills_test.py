#!/usr/bin/env python3
"""Does a crash lose what a sender was told is kept, or keep it twice? SIGKILL at random moments under senders of logs and of metrics.

The seed is printed; GYRE_CRASH_SEED repeats a run, GYRE_CRASH_ROUNDS sets its length.
"""
import os
import re
import socket
import struct
import sys
import time
import unittest
import urllib.parse

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "support"))
from gyre_server import Client, Server  # noqa: E402
from kills import ROUNDS, Writer, killed_rounds, seeded, send_bulk, written_texts  # noqa: E402


def send_otlp(client, texts):
    records = [{"severityNumber": 9, "body": {"stringValue": text}} for text in texts]
    answer = client.send("POST", "/v1/logs", {"resourceLogs": [{"scopeLogs": [{"logRecords": records}]}]})
    return answer.status == 200 and not answer.json.get("partialSuccess")


def send_syslog(connection, texts):
    """Is never acknowledged: the protocol has no answers."""
    for text in texts:
        line = f"<14>1 - host app - - - {text}".encode()
        connection.sendall(b"%d %s" % (len(line), line))
    time.sleep(0.002)  # the pace of a sender; without answers nothing else slows it down
    return False


def varint(number):
    out = b""
    while number > 0x7F:
        out += bytes([number & 0x7F | 0x80])
        number >>= 7
    return out + bytes([number])


def member(number, data):
    return varint(number << 3 | 2) + varint(len(data)) + data


def remote_write(series, samples):
    """A WriteRequest of one series, as snappy's literals. samples: (milliseconds, value)"""
    labels = b"".join(member(1, member(1, name.encode()) + member(2, value.encode())) for name, value in sorted(series.items()))
    points = b"".join(member(2, b"\x09" + struct.pack("<d", value) + b"\x10" + varint(at)) for at, value in samples)
    request = member(1, labels + points)
    return varint(len(request)) + b"\xf8" + struct.pack("<I", len(request) - 1)[:3] + request


def send_samples(client, texts):
    """The text WRITERnNUMBER is the sample NUMBER of the series of that writer."""
    writer = texts[0].rpartition("n")[0]
    numbers = [int(text.rpartition("n")[2]) for text in texts]
    body = remote_write({"__name__": "written", "writer": writer}, [(BASE + number, float(number)) for number in numbers])
    answer = client.send("POST", "/api/v1/write", body, {"Content-Type": "application/x-protobuf", "Content-Encoding": "snappy",
                                                         "X-Prometheus-Remote-Write-Version": "0.1.0"})
    return answer.status in (200, 204)


def send_exposition(client, texts):
    writer = texts[0].rpartition("n")[0]
    numbers = [int(text.rpartition("n")[2]) for text in texts]
    body = "".join(f'written{{writer="{writer}"}} {number} {BASE + number}\n' for number in numbers)
    return client.send("POST", "/v1/metrics/ingest/prometheus", body, {"Content-Type": "text/plain; version=0.0.4"}).status in (200, 204)


BASE = int(time.time()) // 3600 * 3_600_000 - 7_200_000


class Kills(unittest.TestCase):
    def rounds(self, server, make_writers):
        """What was acknowledged and what was sent in them; the server runs again after."""
        self.addCleanup(server.temporary.cleanup)
        acknowledged, sent = set(), set()
        for writers in killed_rounds(server, seeded(), make_writers):
            for writer in writers:
                acknowledged |= writer.acknowledged
                sent |= writer.sent
        server.start()
        self.addCleanup(server.stop)
        return acknowledged, sent

    def connect(self, port):
        client = Client(port)
        self.addCleanup(client.close)
        return client

    def seen(self, client, query, domain):
        """Its answer once it can see all that was kept."""
        sequence = client.send("GET", "/readyz").json["domains"][domain]["sequence"]
        answer = client.query(query, {"size": 0} if domain == "logs" else {}, domain=domain, Gyre_Min_Sequence=str(sequence), Gyre_Timeout="60000")
        self.assertEqual(200, answer.status, answer)
        return answer.json

    def check(self, acknowledged, sent, found):
        print(f"{ROUNDS} kills, {len(acknowledged)} of {len(sent)} acknowledged, {len(found)} found", flush=True)
        self.assertEqual(len(found), len(set(found)), "a record is there twice")
        self.assertEqual(set(), acknowledged - set(found))
        self.assertEqual(set(), set(found) - sent)
        self.assertGreater(len(acknowledged), 100)


class LogsUnderKills(Kills):
    def test_every_acknowledged_line_is_found_once(self):
        # Small generations and frequent commits, so that kills fall into their changes too.
        server = Server(settings=("domains.logs.listen=tcp://127.0.0.1:0", "domains.logs.generation_bytes=1MiB", "domains.logs.commit_interval=100ms"))

        def syslog():
            return socket.create_connection(("127.0.0.1", int(re.search(r"listening: tcp://127\.0\.0\.1:(\d+)", server.log).group(1))))

        acknowledged, sent = self.rounds(server, lambda number: [
            Writer(f"r{number}wbulk", server.dialect_client, send_bulk("/logs/_bulk", "message")),
            Writer(f"r{number}wotlp", server.client, send_otlp), Writer(f"r{number}wsyslog", syslog, send_syslog, batch=10)])
        total = self.seen(self.connect(server.port), "SearchLogs", "logs")["total"]
        found = written_texts(self.connect(server.dialect_port), "/logs/_search", "message")
        self.assertGreaterEqual(len(found), total)
        self.check(acknowledged, sent, found)
        for kind in ("bulk", "otlp", "syslog"):
            self.assertTrue(any(f"w{kind}n" in text for text in found), kind)


class MetricsUnderKills(Kills):
    def test_every_acknowledged_sample_is_found_once(self):
        server = Server(settings=("domains.metrics.commit_interval=200ms",))
        acknowledged, sent = self.rounds(server, lambda number: [
            Writer(f"r{number}wwrite", server.client, send_samples), Writer(f"r{number}wmore", server.client, send_samples, batch=400),
            Writer(f"r{number}wtext", server.client, send_exposition)])
        client = self.connect(server.port)
        self.seen(client, "ListMetricNames", "metrics")
        query = {"query": "written[3h]", "time": BASE / 1000 + 10_000}
        answer = client.send("GET", "/api/v1/query?" + urllib.parse.urlencode(query))
        self.assertEqual(200, answer.status, answer)
        found = []
        for series in answer.json["data"]["result"]:
            for at, value in series["values"]:
                self.assertEqual(BASE + int(value), round(at * 1000))
                found.append(f"{series['metric']['writer']}n{value}")
        self.check(acknowledged, sent, found)


if __name__ == "__main__":
    unittest.main(verbosity=2)
