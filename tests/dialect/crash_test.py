"""Does a crash lose an acknowledged write of a free index? SIGKILL at random moments under bulk load, over one data folder.

Each round: start, several writers send bulk requests of indexing, updating and deleting without pause, kill at a random
moment, start again. Every item that was acknowledged must be there with the version it was answered with, or a later one
of a request whose answer the kill took away; versions of what is there and sequence numbers go on. The seed is printed;
GYRE_CRASH_SEED repeats a run, GYRE_CRASH_ROUNDS sets its length.
"""
import http.client
import json
import os
import random
import sys
import threading
import time
import unittest

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "support"))
from gyre_server import Server  # noqa: E402

ROUNDS = int(os.environ.get("GYRE_CRASH_ROUNDS", "12"))
WRITERS = 3
IDS = 400  # of each writer: few enough to be written again and again
# A small buffer, so that kills hit segments, commits and merges as well as the log.
SETTINGS = ["dialect.free_indices=true", "engine.buffer=1MiB"]
INDEX = {"settings": {"refresh_interval": "50ms"},
         "mappings": {"dynamic": False, "properties": {"n": {"type": "long"}, "t": {"type": "keyword"}}}}


class Writer(threading.Thread):
    """Owns its ids, so what it was answered last is what must be there."""

    def __init__(self, server, name, seed, held):
        super().__init__()
        self.server, self.prefix, self.random = server, name, random.Random(seed)
        self.held = held  # id -> (version, value or None), as acknowledged
        self.doubtful = {}  # id -> number of writes without an answer

    def run(self):
        client = self.server.dialect_client()
        try:
            while True:
                lines, sent = [], []
                for _ in range(self.random.randrange(1, 60)):
                    document_id = f"{self.prefix}-{self.random.randrange(IDS)}"
                    value = self.random.randrange(1 << 40)
                    if self.random.random() < 0.15:
                        lines.append({"delete": {"_id": document_id}})
                        value = None
                    elif self.random.random() < 0.2:
                        lines += [{"update": {"_id": document_id}}, {"doc": {"n": value}, "doc_as_upsert": True}]
                    else:
                        lines += [{"index": {"_id": document_id}}, {"n": value, "t": "x" * self.random.randrange(200)}]
                    sent.append((document_id, value))
                for document_id, _ in sent:
                    self.doubtful[document_id] = self.doubtful.get(document_id, 0) + 1
                body = "".join(json.dumps(line) + "\n" for line in lines)
                answer = client.send("POST", "/crash/_bulk", body, {"Content-Type": "application/x-ndjson"}).json
                for (document_id, value), item in zip(sent, answer["items"]):
                    result = next(iter(item.values()))
                    assert "error" not in result, result
                    self.held[document_id] = (result["_version"], value)
                    self.doubtful.pop(document_id, None)
        except (OSError, http.client.HTTPException, json.JSONDecodeError):
            pass  # killed, as intended
        finally:
            client.close()


class CrashTest(unittest.TestCase):
    def test_no_acknowledged_write_is_lost(self):
        seed = int(os.environ.get("GYRE_CRASH_SEED", random.SystemRandom().randrange(1 << 32)))
        print(f"seed {seed}, {ROUNDS} rounds", flush=True)
        chance = random.Random(seed)
        server = Server(settings=SETTINGS)
        self.addCleanup(server.temporary.cleanup)
        self.addCleanup(lambda: server.process.poll() is None and server.kill())
        held = [{} for _ in range(WRITERS)]
        highest = -1
        for round_number in range(ROUNDS):
            server.start()
            client = server.dialect_client()
            if round_number == 0:
                self.assertEqual(client.send("PUT", "/crash", INDEX).status, 200)
            writers = [Writer(server, f"w{i}", chance.random(), held[i]) for i in range(WRITERS)]
            for writer in writers:
                writer.start()
            time.sleep(chance.uniform(0.05, 1.5))
            server.kill()
            for writer in writers:
                writer.join()
            client.close()
            server.log = ""
            server.start()
            client = server.dialect_client()
            for writer in writers:
                self.check(client, writer)
            probe = client.send("PUT", f"/crash/_doc/probe-{round_number}", {"n": round_number}).json
            self.assertGreater(probe["_seq_no"], highest)
            highest = probe["_seq_no"]
            client.close()
            if chance.random() < 0.5:
                server.stop()
            else:
                server.kill()
            server.log = ""
        acknowledged = sum(len(each) for each in held)
        print(f"{acknowledged} documents were acknowledged and held", flush=True)
        self.assertGreater(acknowledged, ROUNDS)

    def check(self, client, writer):
        """What was acknowledged is there, unless a write without an answer came after it."""
        ids = sorted(writer.held.keys() | writer.doubtful.keys())
        for first in range(0, len(ids), 200):
            part = ids[first:first + 200]
            docs = client.send("POST", "/crash/_mget", {"ids": part}).json["docs"] if part else []
            for document_id, doc in zip(part, docs):
                version, value = writer.held.get(document_id, (0, None))
                unknown = writer.doubtful.get(document_id, 0)
                if doc["found"] and value is None:
                    # How far a deleted document had got is only remembered for a while, and not across restarts.
                    self.assertGreater(unknown, 0, f"{document_id} was deleted, and is back: {doc}")
                    writer.held[document_id] = (doc["_version"], doc["_source"]["n"])
                elif doc["found"]:
                    self.assertGreaterEqual(doc["_version"], version, doc)
                    self.assertLessEqual(doc["_version"], version + unknown, doc)
                    if doc["_version"] == version:
                        self.assertEqual(doc["_source"]["n"], value, doc)
                    writer.held[document_id] = (doc["_version"], doc["_source"]["n"])
                elif unknown == 0:
                    self.assertIsNone(value, f"{document_id} is lost: version {version} was acknowledged")
                else:
                    writer.held[document_id] = (version, None)


if __name__ == "__main__":
    unittest.main()
