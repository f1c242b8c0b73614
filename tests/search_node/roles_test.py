"""Several servers over one cluster: one writes, two read. Three processes, a real node."""
import json
import os
import sys
import time
import unittest
from concurrent.futures import ThreadPoolExecutor

HERE = os.path.dirname(os.path.abspath(__file__))
sys.path[:0] = [HERE, os.path.join(HERE, "..", "support")]
from gyre_server import SearchNode, Server, search_node, wait_for_job, wait_until  # noqa: E402

ELSEWHERE = "http://writer.example:8080"


def payment(number, **changes):
    body = {"paymentId": f"p-{number}", "organizationId": "org", "amount": "1.00", "currency": "EUR",
            "description": f"Payment {number}"}
    body.update(changes)
    return body


class Roles(unittest.TestCase):
    def setUp(self):
        node = search_node()
        if node is None:
            self.skipTest("SKIPPED: no search node was named")
        self.node = SearchNode(node)
        self.addCleanup(self.node.remove)

    def start(self, roles, *settings, folder=None):
        server = Server(folder, self.node.settings + [f"server.roles={roles}", f"server.elsewhere={ELSEWHERE}",
                                                      "domains.payments.refresh_interval=1h", *settings])
        server.start()
        self.addCleanup(server.__exit__)
        client = server.client()
        self.addCleanup(client.close)
        return server, client

    def create(self, client, number, **changes):
        answer = client.command("CreatePayment", payment(number, **changes))
        self.assertEqual(answer.status, 201, answer)
        return answer.json["sequence"]

    def refused(self, answer, role, *parts):
        self.assertEqual((answer.status, answer.json["code"]), (503, "role_not_served"), answer)
        for part in (f"with the role {role}", ELSEWHERE, *parts):
            self.assertIn(part, answer.json["detail"])

    def search(self, client, sequence=None, timeout="30000", **parameters):
        headers = {} if sequence is None else {"Gyre_Min_Sequence": str(sequence), "Gyre_Timeout": timeout}
        answer = client.query("SearchPayments", {"size": 0, **parameters}, **headers)
        self.assertEqual(answer.status, 200, answer)
        return answer

    def test_one_writes_and_two_read(self):
        _, writer = self.start("write")
        readers = [self.start("read") for _ in range(2)]
        clients = [client for _, client in readers]
        last = 0
        for number in range(20):
            last = self.create(writer, number)
            # Nothing refreshes but who asks: what was just acknowledged is searched for at once, on another server.
            found = self.search(clients[number % 2], last)
            self.assertEqual(found.json["total"], number + 1)
            self.assertGreaterEqual(int(found.headers["Gyre-Sequence"]), last)
        for client in clients:
            self.assertEqual(self.search(client, last).json["total"], 20)
            statistics = client.query("GetPaymentStatistics", {"organizationId": "org"}, Gyre_Min_Sequence=str(last))
            self.assertEqual(statistics.json["currency_stats"][0]["by_currency"]["EUR"]["total_amount"], "20.00", statistics)
            suggested = client.query("GetPaymentSuggestions", {"query": "paym"})
            self.assertEqual((suggested.status, len(suggested.json)), (200, 10), suggested)
            activity = client.send("GET", "/v1/activity?organizationId=org&size=3")
            self.assertEqual((activity.status, len(activity.json["activities"])), (200, 3), activity)

        for server, client in readers:
            self.refused(client.command("CreatePayment", payment(99)), "write", "commands of payments")
            self.refused(client.send("POST", "/v1/payments/commands", "{}\n", {"Content-Type": "application/x-ndjson"}), "write")
            self.refused(client.send("POST", "/v1/payments/events", {}, {"Content-Type": "application/cloudevents+json"}), "write")
            self.refused(client.query("GetPaymentById", {"paymentId": "p-1"}), "write", "by id")
            self.refused(client.send("POST", "/admin/v1/payments/verify", {}), "write", "primary store")
            self.refused(client.query("ListMetricNames", {}, domain="metrics"), "write", "metrics is a stream of samples")
            self.refused(client.send("POST", "/admin/v1/plugins/metrics/enable"), "write")
            self.assertFalse([name for _, _, names in os.walk(server.folder) for name in names if "sqlite" in name])
            ready = client.send("GET", "/readyz")
            self.assertEqual((ready.status, ready.json["roles"]), (200, ["read"]), ready)
            self.assertEqual(ready.json["domains"]["payments"]["sequence"], last, ready)
            self.assertEqual(ready.json["domains"]["metrics"]["status"], "disabled", ready)
            metrics = client.send("GET", "/metrics").body.decode()
            self.assertIn('gyre_server_role{role="read"} 1', metrics)
            self.assertIn('gyre_server_role{role="write"} 0', metrics)
            self.assertIn(f'gyre_index_searchable_sequence{{domain="payments"}} {last}', metrics)
            self.assertNotIn('gyre_store_entities{domain="payments"}', metrics)

        self.assertEqual(writer.query("GetPaymentById", {"paymentId": "p-1"}).json["paymentId"], "p-1")
        self.refused(writer.query("SearchPayments", {}), "read", "searches of payments")
        self.refused(writer.query("GetPaymentStatistics", {}), "read")
        self.refused(writer.send("GET", "/v1/activity?organizationId=org"), "read")
        job = wait_for_job(writer, writer.send("POST", "/admin/v1/payments/verify", {}).json)
        self.assertEqual((job["state"], job["result"]["checked"], job["result"]["differentCount"]), ("completed", 20, 0), job)

    def test_a_sequence_that_does_not_come(self):
        _, writer = self.start("write")
        _, reader = self.start("read")
        last = self.create(writer, 1)
        self.search(reader, last)
        behind = reader.query("SearchPayments", {}, Gyre_Min_Sequence=str(last + 5), Gyre_Timeout="200")
        self.assertEqual((behind.status, behind.json["code"]), (504, "index_behind"), behind)
        self.assertIn(f"sequence {last + 5}", behind.json["detail"])
        self.assertIn(f"reached sequence {last}", behind.json["detail"])

    def test_answers_are_kept_for_their_lifetime_and_say_what_they_are_of(self):
        _, writer = self.start("write")
        _, reader = self.start("read", "cache.shared_lifetime=1h")
        _, brisk = self.start("read", "cache.shared_lifetime=0ms")
        first = self.create(writer, 1)
        self.assertEqual(self.search(reader, first).headers["Gyre-Cache"], "miss")
        kept = self.search(reader)
        self.assertEqual((kept.headers["Gyre-Cache"], kept.headers["Gyre-Sequence"]), ("hit", str(first)), kept)
        self.search(brisk, first)
        self.assertEqual(self.search(brisk).headers["Gyre-Cache"], "miss")
        second = self.create(writer, 2)
        found = self.search(reader, second)  # no older answer is good enough
        self.assertEqual((found.json["total"], found.headers["Gyre-Sequence"]), (2, str(second)), found)

    def test_readers_outlive_the_writer(self):
        server, writer = self.start("write")
        _, reader = self.start("read")
        last = self.create(writer, 1)
        self.search(reader, last)
        folder, server.temporary = server.temporary, None
        self.addCleanup(folder.cleanup)
        server.kill()
        self.assertEqual(self.search(reader).json["total"], 1)
        self.assertEqual(reader.send("GET", "/readyz").status, 200)
        _, writer = self.start("write", folder=folder.name)
        last = self.create(writer, 2)
        self.assertEqual(self.search(reader, last).json["total"], 2)

    def test_a_reader_may_come_first_and_follows_a_new_index(self):
        _, reader = self.start("read")
        answer = reader.query("SearchPayments", {})
        self.assertEqual((answer.status, answer.json["code"]), (503, "index_missing"), answer)
        self.assertIn("role write", answer.json["detail"])
        self.assertEqual(reader.send("GET", "/readyz").status, 503)
        _, writer = self.start("write")
        last = self.create(writer, 1)
        # It looks by itself; no restart.
        wait_until(lambda: reader.send("GET", "/readyz").status == 200)
        self.assertEqual(self.search(reader, last).json["total"], 1)
        # The index is deleted behind everybody's back, made and filled again; the mark of the first is not believed.
        self.node.send("DELETE", f"/{self.node.prefix}payments-000001")
        last = self.create(writer, 2)
        wait_until(lambda: reader.query("SearchPayments", {"size": 0}, Gyre_Min_Sequence=str(last),
                                        Gyre_Timeout="5000").status == 200)
        self.assertEqual(self.search(reader, last).json["total"], 2)

    def test_many_ask_for_their_writes_while_others_write(self):
        writer, _ = self.start("write")
        readers = [self.start("read")[0] for _ in range(2)]

        def work(worker):
            to, of = readers[worker % 2].client(), writer.client()
            try:
                for number in range(10):
                    sequence = self.create(of, f"{worker}-{number}", organizationId=f"org-{worker}")
                    found = self.search(to, sequence, organizationId=f"org-{worker}")
                    self.assertEqual(found.json["total"], number + 1)
                    self.assertGreaterEqual(int(found.headers["Gyre-Sequence"]), sequence)
            finally:
                to.close()
                of.close()

        with ThreadPoolExecutor(4) as pool:
            list(pool.map(work, range(4)))

    def log(self, client, first, last, at):
        body = "\n".join(json.dumps({"message": f"line {n}", "timestamp": at + n}) for n in range(first, last))
        answer = client.send("POST", "/v1/logs/records", body, {"Content-Type": "application/x-ndjson"})
        self.assertEqual(answer.status, 200, answer)
        return answer.json["sequence"]

    def search_logs(self, client, sequence=None, **parameters):
        headers = {} if sequence is None else {"Gyre_Min_Sequence": str(sequence), "Gyre_Timeout": "30000"}
        return client.query("SearchLogs", {"size": 0, **parameters}, domain="logs", **headers)

    def test_streams_are_read_from_the_cluster(self):
        # Short generations, so that what is found spans several indices, made while the reader reads.
        _, writer = self.start("write", "domains.logs.generation_age=1s", "domains.logs.refresh_interval=100ms")
        _, reader = self.start("read")
        now, sent, indices = int(time.time() * 1000), 0, []
        while len(indices) < 3:
            last = self.log(writer, sent, sent + 10, now)
            sent += 10
            found = self.search_logs(reader, last)
            self.assertEqual((found.status, found.json["total"]), (200, sent), found)
            self.assertGreaterEqual(int(found.headers["Gyre-Sequence"]), last)
            indices = list(self.node.send("GET", f"/_alias/{self.node.prefix}logs"))
        self.assertEqual(self.search_logs(writer, last).json["total"], sent)  # whole where it is written, too
        self.refused(reader.send("POST", "/v1/logs/records", "{}"), "write", "records of logs")
        self.refused(reader.send("POST", "/loki/api/v1/push", "{}"), "write", "records of logs")
        self.refused(reader.query("TailLogs", {}, domain="logs"), "write", "followers of logs")
        self.refused(reader.send("GET", "/admin/v1/logs/dead-letters"), "write")
        ready = reader.send("GET", "/readyz").json["domains"]["logs"]
        self.assertEqual((ready["status"], ready["searchable"]), ("ready", last), ready)

    def test_a_second_writer_with_a_store_of_its_own_is_refused(self):
        _, writer = self.start("write,read")
        last = self.create(writer, 1)
        self.log(writer, 0, 5, int(time.time() * 1000))
        server, other = self.start("write,read")
        for answer in (other.command("CreatePayment", payment(2)), other.query("SearchPayments", {})):
            self.assertEqual((answer.status, answer.json["code"]), (503, "domain_unavailable"), answer)
            for part in ("is filled by another server", "search.index_prefix", "search.take_over"):
                self.assertIn(part, answer.json["detail"])
        self.assertIn("is filled by another server", self.search_logs(other).json["detail"])
        self.assertEqual(other.send("GET", "/readyz").status, 503)
        # The first goes on as if nothing had been.
        last = self.create(writer, 3)
        self.assertEqual(self.search(writer, last).json["total"], 2)
        self.assertEqual(self.search_logs(writer, 5).json["total"], 5)

    def test_a_writer_that_another_took_the_index_from_says_so_and_writes_no_more(self):
        _, writer = self.start("write,read", "domains.logs.refresh_interval=100ms")
        last = self.create(writer, 1)
        self.assertEqual(self.search(writer, last).json["total"], 1)
        _, other = self.start("write,read", "search.take_over=true")
        taken = self.create(other, 2)
        self.assertEqual(self.search(other, taken).json["total"], 1)  # of its own store alone
        self.create(writer, 3)
        wait_until(lambda: writer.query("SearchPayments", {}).status == 503)
        answer = writer.query("SearchPayments", {})
        self.assertEqual(answer.json["code"], "index_taken", answer)
        self.assertIn("is filled by another server", answer.json["detail"])
        self.assertIn("is filled by another server", writer.send("GET", "/readyz").json["domains"]["payments"]["detail"])
        self.assertEqual(self.search(other, taken).json["total"], 1)
        kept = self.node.send("POST", f"/{self.node.prefix}payments/_search")["hits"]["hits"]
        self.assertEqual([hit["_id"] for hit in kept], ["p-2"])

    def test_a_second_writer_of_the_same_store_is_refused(self):
        server, _ = self.start("write")
        second = Server(server.folder, self.node.settings + ["server.roles=write"])
        with self.assertRaises(AssertionError) as refused:
            second.start()
        self.assertIn(f"in use by the server with process id {server.process.pid}", str(refused.exception))
        self.assertEqual(second.process.wait(), 75)
        second.process.stderr.close()


if __name__ == "__main__":
    unittest.main(verbosity=2)
