"""Does a crash lose or repeat anything? SIGKILL at random moments under load, many times, over one data folder.

Each round: start, several writers send commands without pause, kill at a random moment, start again. What was
acknowledged must be in the store with the version it was answered with, exactly once, and found by a search; the log has no
gaps; verify reports no difference. The seed is printed; GYRE_CRASH_SEED repeats a run, GYRE_CRASH_ROUNDS sets its length.
"""
import http.client
import json
import os
import random
import sys
import threading
import unittest

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "support"))
from gyre_server import Server, wait_for_job  # noqa: E402
from kills import ROUNDS, killed_rounds, seeded  # noqa: E402

WRITERS = 4
# Short intervals, so that kills hit refreshes, commits and merges of the index as well as the store.
SETTINGS = ["domains.payments.refresh_interval=50ms", "domains.payments.commit_interval=100ms", "engine.buffer=1MiB"]


class Writer(threading.Thread):
    """Creates payments and works on them until the server is gone; remembers what was acknowledged."""

    def __init__(self, server, name, seed):
        super().__init__()
        self.server, self.prefix, self.random = server, name, random.Random(seed)
        self.acknowledged = {}  # id -> (version, sequence)
        self.sequences = []

    def run(self):
        client = self.server.client()
        number = 0
        try:
            while True:
                if self.random.random() < 0.3:
                    number = self.batch(client, number)
                else:
                    number += 1
                    payment_id = f"{self.prefix}-{number}"
                    self.note(client.command("CreatePayment", self.body(payment_id)).json)
                    if self.random.random() < 0.5:
                        self.note(client.command("ProcessPayment", {"paymentId": payment_id}).json)
        except (OSError, http.client.HTTPException, json.JSONDecodeError):
            pass  # killed, as intended: what was not acknowledged may or may not be there
        finally:
            client.close()

    def body(self, payment_id):
        return {"paymentId": payment_id, "organizationId": f"org-{self.random.randrange(5)}", "amount": "1.25",
                "currency": "EUR", "description": f"crash {payment_id} {self.random.randrange(1000)}"}

    def batch(self, client, number):
        lines = []
        for _ in range(self.random.randrange(1, 40)):
            number += 1
            lines.append(json.dumps({"command": "CreatePayment", "body": self.body(f"{self.prefix}-{number}")}))
        answer = client.send("POST", "/v1/payments/commands", "\n".join(lines), {"Content-Type": "application/x-ndjson"})
        for line in answer.lines:
            self.note(line)
        return number

    def note(self, answer):
        self.acknowledged[answer["id"]] = (answer["version"], answer["sequence"])
        self.sequences.append(answer["sequence"])


class CrashTest(unittest.TestCase):
    def test_no_acknowledged_command_is_lost_or_repeated(self):
        chance = seeded()
        server = Server(settings=SETTINGS)
        self.addCleanup(lambda: server.temporary.cleanup())
        expected, sequences = {}, []

        def make_writers(round_number):
            self.check(server, expected, f"start {round_number}")
            return [Writer(server, f"r{round_number}w{i}", chance.random()) for i in range(WRITERS)]

        for writers in killed_rounds(server, chance, make_writers):
            for writer in writers:
                expected.update(writer.acknowledged)
                sequences += writer.sequences
        self.assertEqual(len(sequences), len(set(sequences)), "a sequence was acknowledged twice")
        self.assertGreater(len(expected), ROUNDS, "the writers wrote next to nothing")
        server.start()
        try:
            self.check_everything(server, expected)
        finally:
            server.stop()
        print(f"{len(expected)} acknowledged payments, {len(sequences)} acknowledged commands", flush=True)

    def check(self, server, expected, where):
        """A sample after every restart; everything at the end."""
        client = server.client()
        for payment_id in random.sample(sorted(expected), min(20, len(expected))):
            found = client.query("GetPaymentById", {"paymentId": payment_id})
            self.assertEqual(found.status, 200, f"{where}: {payment_id} was acknowledged and is gone: {found}")
            self.assertGreaterEqual(found.json["version"], expected[payment_id][0], where)
        client.close()

    def check_everything(self, server, expected):
        client = server.client()
        for payment_id, (version, _) in expected.items():
            found = client.query("GetPaymentById", {"paymentId": payment_id})
            self.assertEqual(found.status, 200, f"{payment_id} was acknowledged and is gone")
            # A command in flight at the kill may have been committed without an answer: one version more, never two.
            self.assertIn(found.json["version"], (version, version + 1), payment_id)
        last = max(sequence for _, sequence in expected.values())
        job = wait_for_job(client, client.send("POST", "/admin/v1/payments/verify", {}).json)
        result = job["result"]
        self.assertEqual((job["state"], result["missingCount"], result["extraCount"], result["differentCount"]),
                         ("completed", 0, 0, 0), job)
        self.assertGreaterEqual(result["checked"], len(expected))
        found = set()
        cursor, pages = None, 0
        while True:
            query = {"size": 1000, **({"cursor": cursor} if cursor else {})}
            page = client.query("SearchPayments", query, Gyre_Min_Sequence=str(last)).json
            ids = [payment["paymentId"] for payment in page["payments"]]
            self.assertEqual(len(ids), len(set(ids) - found), "a payment is found twice")
            found.update(ids)
            cursor, pages = page["nextCursor"], pages + 1
            if cursor is None:
                break
        self.assertEqual(page["total"], len(found))
        self.assertTrue(set(expected) <= found, f"acknowledged but not searchable: {sorted(set(expected) - found)[:5]}")
        client.close()


if __name__ == "__main__":
    unittest.main(verbosity=2)
