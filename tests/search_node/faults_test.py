"""What does the server do while its search node is away, slow, or wrong? A real server, a real node, a proxy between."""
import json
import os
import sys
import unittest

HERE = os.path.dirname(os.path.abspath(__file__))
sys.path[:0] = [HERE, os.path.join(HERE, "..", "support")]
from faulty_node import FaultyNodeTest  # noqa: E402
from gyre_server import Server, wait_for_job, wait_until  # noqa: E402


def payment(number, **changes):
    body = {"paymentId": f"p-{number}", "organizationId": "org", "amount": "1.00", "currency": "EUR",
            "description": f"Payment {number}"}
    body.update(changes)
    return body


class Faults(FaultyNodeTest):
    def start(self, *settings, folder=None):
        server = Server(folder, self.node.settings + ["search.request_timeout=2s", "domains.invoices.enabled=false", *settings])
        server.start()
        self.addCleanup(server.__exit__)
        self.client = server.client()
        self.addCleanup(self.client.close)
        return server

    def create(self, number, status=201, **changes):
        answer = self.client.command("CreatePayment", payment(number, **changes))
        self.assertEqual(answer.status, status, answer)
        return answer

    def total(self, sequence):
        answer = self.client.query("SearchPayments", {"size": 0}, Gyre_Min_Sequence=str(sequence), Gyre_Timeout="60000")
        self.assertEqual(answer.status, 200, answer)
        return answer.json["total"]

    def ready(self):
        answer = self.client.send("GET", "/readyz")
        return answer.status, answer.json["domains"]["payments"]

    def metric(self, name):
        for line in self.client.send("GET", "/metrics").body.decode().splitlines():
            if line.startswith(name):
                return float(line.split()[-1])
        self.fail(f"there is no {name}")

    def verify(self, seconds=120):
        job = wait_for_job(self.client, self.client.send("POST", "/admin/v1/payments/verify", {}).json, seconds)
        self.assertEqual(job["state"], "completed", job)
        result = job["result"]
        self.assertEqual((result["missingCount"], result["extraCount"], result["differentCount"]), (0, 0, 0), result)
        return result["checked"]

    def test_away_from_the_start_and_back(self):
        self.proxy.close()
        self.start()
        status, domain = self.ready()
        self.assertEqual((status, domain["status"]), (503, "failed"), domain)
        self.assertIn(self.proxy.url, domain["detail"])
        sequence = self.create(1).json["sequence"]
        answer = self.client.query("SearchPayments", {})
        self.assertEqual((answer.status, answer.json["code"]), (503, "search_engine_away"), answer)
        self.assertIn(self.proxy.url, answer.json["detail"])
        behind = self.client.query("SearchPayments", {}, Gyre_Min_Sequence=str(sequence), Gyre_Timeout="50")
        self.assertEqual((behind.status, behind.json["code"]), (504, "index_behind"), behind)
        self.assertIn(self.proxy.url, behind.json["detail"])
        self.assertEqual(self.client.query("GetPaymentById", {"paymentId": "p-1"}).status, 200)
        self.proxy.open()
        self.assertEqual(self.total(sequence), 1)
        self.assertEqual(self.ready()[1]["status"], "ready")
        wait_until(lambda: self.ready()[0] == 200)  # the other domains ask their node again in their own time

    def test_away_in_the_middle(self):
        self.start()
        self.assertEqual(self.total(self.create(0).json["sequence"]), 1)
        self.proxy.close()
        for number in range(1, 51):
            sequence = self.create(number).json["sequence"]
        wait_until(lambda: self.metric("gyre_projection_backlog_events") >= 50 and self.metric("gyre_projection_backlog_bytes") > 50 * 50)
        wait_until(lambda: self.ready()[0] == 503)
        self.proxy.open()
        self.assertEqual(self.total(sequence), 51)
        wait_until(lambda: self.metric("gyre_projection_backlog_events") == 0)
        self.assertEqual(self.verify(), 51)

    def test_a_full_backlog_refuses_commands(self):
        self.start("search.backlog_events=10")
        self.proxy.close()
        for number in range(10):
            sequence = self.create(number).json["sequence"]
        refused = self.create(10, status=503)
        self.assertEqual(refused.json["code"], "backlog_full")
        self.assertIn("search.backlog_events", refused.json["detail"])
        self.assertTrue(refused.headers["Retry-After"])
        self.proxy.open()
        self.assertEqual(self.total(sequence), 10)
        self.create(10)

    def test_a_restart_while_the_node_is_away(self):
        server = self.start("search.backlog_events=20")
        for number in range(15):
            sequence = self.create(number).json["sequence"]
        self.assertEqual(self.total(sequence), 15)
        folder, server.temporary = server.temporary, None
        self.addCleanup(folder.cleanup)
        server.stop()
        self.proxy.close()
        self.start("search.backlog_events=20", folder=folder.name)
        self.create(15)  # what the index had is not counted again
        self.proxy.open()
        self.assertEqual(self.total(16), 16)
        self.assertEqual(self.verify(), 16)

    def test_busy_slow_cut_and_wrong(self):
        self.start()
        faults = {"bulk 429": lambda m, path, b: 429 if "_bulk" in path else None,
                  "bulk 503": lambda m, path, b: 503 if "_bulk" in path else None,
                  "everything 503": lambda m, path, b: 503,
                  "half an answer": lambda m, path, b: "cut" if "_bulk" in path else None,
                  "garbage": lambda m, path, b: "garbage" if "_bulk" in path else None,
                  "frozen": lambda m, path, b: "freeze" if "_bulk" in path else None,
                  "some items": lambda m, path, b: self.refuse_some if "_bulk" in path else None}
        for number, (name, fault) in enumerate(faults.items()):
            with self.subTest(name):
                before = len(self.proxy.seen)
                self.proxy.fault = fault
                sequence = [self.create(f"{number}-{i}").json["sequence"] for i in range(3)][-1]
                wait_until(lambda: len(self.proxy.seen) >= before + 2)
                self.proxy.fault = lambda m, path, b: None
                self.assertEqual(self.total(sequence), (number + 1) * 3)
        self.assertEqual(self.verify(), len(faults) * 3)

    @staticmethod
    def refuse_some(status, body):
        answer = json.loads(body)
        for item in answer.get("items", [])[::2]:
            item["index"] = {"status": 429, "error": {"type": "rejected_execution_exception", "reason": "queue is full"}}
        return status, json.dumps(answer).encode()

    def test_the_index_deleted_behind_our_back(self):
        self.start()
        for number in range(5):
            sequence = self.create(number).json["sequence"]
        self.assertEqual(self.total(sequence), 5)
        self.node.send("DELETE", f"/{self.node.prefix}payments-000001")
        self.client.query("SearchPayments", {}, Cache_Control="no-cache")  # notices
        self.assertEqual(self.total(self.create(5).json["sequence"]), 6)
        self.assertEqual(self.verify(), 6)

    def test_sums_beyond_doubles(self):
        self.start()
        self.create(1, amount="9999999999999999.99")
        sequence = self.create(2, amount="0.02").json["sequence"]
        answer = self.client.query("GetPaymentStatistics", {}, Gyre_Min_Sequence=str(sequence))
        self.assertEqual(answer.json["currency_stats"][0]["by_currency"]["EUR"]["total_amount"], "10000000000000000.01")


if __name__ == "__main__":
    unittest.main(verbosity=2)
