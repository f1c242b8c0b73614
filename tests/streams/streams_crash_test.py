"""Does a crash lose an acknowledged record, or keep one twice? SIGKILL at random moments under three kinds of sender.

The seed is printed; GYRE_CRASH_SEED repeats a run, GYRE_CRASH_ROUNDS sets its length.
"""
import http.client
import json
import socket
import threading
import unittest

from lines_server import Client, LinesServer, search
from kills import ROUNDS, killed_rounds, seeded  # noqa: E402


class Writer(threading.Thread):
    """Sends batches of records that are known by their text, until the server is gone."""

    def __init__(self, server, name, kind):
        super().__init__()
        self.server, self.prefix, self.kind = server, name, kind
        self.acknowledged, self.sent = set(), set()

    def run(self):
        number = 0
        client = None
        try:
            client = Client(self.server.dialect_port if self.kind == "bulk" else self.server.port)
            while True:
                texts = [f"{self.prefix}n{number + i}" for i in range(1 + number % 40)]
                number += len(texts)
                self.sent.update(texts)
                if self.send(client, texts):
                    self.acknowledged.update(texts)
        except (OSError, http.client.HTTPException, json.JSONDecodeError, TypeError):
            pass  # killed, as intended
        finally:
            if client:
                client.close()

    def send(self, client, texts):
        if self.kind == "bulk":
            body = "".join('{"create":{}}\n' + json.dumps({"text": text}) + "\n" for text in texts)
            answer = client.send("POST", "/lines/_bulk", body, {"Content-Type": "application/x-ndjson"})
            return answer.status == 200 and not answer.json["errors"]
        if self.kind == "text":
            return client.send("POST", "/lines/push", "".join(f"info {text}\n" for text in texts)).status == 200
        return client.command("AppendLines", {"lines": texts}, domain="lines").status == 201


class StreamsUnderKills(unittest.TestCase):
    def test_every_acknowledged_record_is_found_once(self):
        chance = seeded()
        # Small generations and frequent commits, so that kills fall into their changes too.
        server = LinesServer(settings=("domains.lines.generation_bytes=1MiB", "domains.lines.commit_interval=100ms"))
        self.addCleanup(server.temporary.cleanup)
        acknowledged, sent = set(), set()
        kinds = ("bulk", "text", "command")
        for writers in killed_rounds(server, chance,
                                     lambda number: [Writer(server, f"r{number}w{kind}", kind) for kind in kinds]):
            for writer in writers:
                acknowledged |= writer.acknowledged
                sent |= writer.sent
        server.start()
        self.addCleanup(server.stop)
        client = Client(server.port)
        self.addCleanup(client.close)
        total = search(client, size=0)["total"]
        found = []
        dialect = Client(server.dialect_port)
        self.addCleanup(dialect.close)
        after = 0
        while True:
            page = dialect.send("POST", "/lines/_search", {
                "size": 10_000, "sort": [{"sequence": "asc"}], "query": {"range": {"sequence": {"gt": after}}}}).json
            hits = page["hits"]["hits"]
            if not hits:
                break
            after = hits[-1]["_source"]["sequence"]
            found += [hit["_source"]["text"] for hit in hits]
        print(f"{ROUNDS} kills, {len(acknowledged)} acknowledged, {len(found)} found", flush=True)
        self.assertEqual(total, len(found))
        self.assertEqual(len(found), len(set(found)), "a record is there twice")
        self.assertEqual(set(), acknowledged - set(found))
        self.assertEqual(set(), set(found) - sent)


if __name__ == "__main__":
    unittest.main(verbosity=2)
