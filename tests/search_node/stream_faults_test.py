"""What becomes of a stream's records while its search node is away, slow, or wrong? A real server, a real node, a proxy
between; the stream of lines that tests/streams has."""
import json
import os
import sys
import time
import unittest

HERE = os.path.dirname(os.path.abspath(__file__))
sys.path[:0] = [HERE, os.path.join(HERE, "..", "support"), os.path.join(HERE, "..", "streams")]
from faulty_node import FaultyNodeTest  # noqa: E402
from lines_server import Client, LinesServer, metric, records, search, wait_durable, wait_until  # noqa: E402


class StreamFaults(FaultyNodeTest):
    def setUp(self):
        super().setUp()
        self.alias = self.node.prefix + "lines"

    def start(self, *settings):
        self.server = LinesServer(settings=self.node.settings + ["search.request_timeout=2s", *settings])
        self.server.start()
        self.addCleanup(self.server.remove)
        self.addCleanup(self.server.stop)
        self.connect()

    def connect(self):
        self.client = Client(self.server.port)
        self.addCleanup(self.client.close)

    def restart(self):
        client = self.server.restart()
        self.addCleanup(client.close)
        self.client = client

    def send(self, count, at=0, noise=0):
        """`noise`: bytes in each that cannot be packed."""
        answer = records(self.client, [{"text": f"line {i} {os.urandom(noise // 2).hex()}", "at": at + i} for i in range(count)])
        self.assertEqual(answer.status, 200, answer)
        return answer.json["sequence"]

    def total(self, sequence=None, **parameters):
        return search(self.client, sequence, size=0, **parameters)["total"]

    def ready(self):
        answer = self.client.send("GET", "/readyz")
        return answer.status, answer.json["domains"]["lines"]

    def indices(self):
        return self.node.indices("lines")

    def ids(self):
        """Of every record there is, in any of the indices: one that is there twice is seen."""
        self.node.send("POST", f"/{self.alias}/_refresh")
        hits = self.node.send("POST", f"/{self.alias}/_search", {"size": 10_000, "_source": False})["hits"]["hits"]
        return sorted(hit["_id"] for hit in hits)

    def test_away_from_the_start_and_back(self):
        self.proxy.close()
        self.start()
        status, domain = self.ready()
        self.assertEqual((status, domain["status"]), (503, "failed"), domain)
        self.assertIn(self.proxy.url, domain["detail"])
        sequence = self.send(10)
        answer = self.client.query("SearchLines", {}, domain="lines")
        self.assertEqual((answer.status, answer.json["code"]), (503, "search_engine_away"), answer)
        behind = self.client.query("SearchLines", {}, domain="lines", Gyre_Min_Sequence=str(sequence), Gyre_Timeout="50")
        self.assertEqual((behind.status, behind.json["code"]), (504, "index_behind"), behind)
        self.proxy.open()
        self.assertEqual(self.total(sequence), 10)
        self.assertEqual(self.ready()[1]["status"], "ready")
        wait_until(lambda: self.ready()[0] == 200)  # the other domains ask their node again in their own time

    def test_away_in_the_middle_and_a_restart_meanwhile(self):
        self.start()
        self.assertEqual(self.total(self.send(5)), 5)
        wait_durable(self.client)
        self.proxy.close()
        self.send(100, at=1000)
        wait_until(lambda: metric(self.client, "gyre_stream_backlog_bytes") > 0)
        self.restart()
        self.send(100, at=2000)
        self.assertEqual(metric(self.client, "gyre_stream_lag_records"), 205)  # where the index is nobody knows
        self.proxy.open()
        self.assertEqual(self.total(), 205)
        wait_durable(self.client)
        self.assertEqual(metric(self.client, "gyre_stream_backlog_bytes"), 0)
        self.assertEqual(len(set(self.ids())), 205)
        self.assertEqual(len(self.ids()), 205)

    def test_a_full_backlog_refuses_and_drains(self):
        self.start("domains.lines.max_backlog_bytes=1MiB")
        self.proxy.close()
        accepted, refused = 0, None
        while refused is None:
            answer = records(self.client, [{"text": os.urandom(2000).hex()} for _ in range(100)])
            if answer.status == 200:
                accepted += 100
            else:
                refused = answer
        self.assertEqual((refused.status, refused.json["code"]), (429, "backlog_full"), refused)
        self.assertTrue(refused.headers["Retry-After"])
        self.proxy.open()
        self.assertEqual(self.total(), accepted)
        wait_durable(self.client)
        self.send(1)
        self.assertEqual(self.total(), accepted + 1)

    def test_refused_for_now_in_all_ways(self):
        self.start()
        faults = [429, 503, "cut", "garbage", "freeze", 500,
                  lambda status, body: (200, self.spoil(body, 429, "es_rejected_execution_exception"))] * 2

        def fault(method, path, body):
            return faults.pop() if faults and "_bulk" in path else None
        self.proxy.fault = fault
        sequence = 0
        for batch in range(20):
            sequence = self.send(20, at=1000 * batch)
            self.total(sequence)
        self.assertEqual(faults, [])
        self.assertEqual(self.total(sequence), 400)
        self.assertEqual(len(self.ids()), 400)
        self.assertEqual(metric(self.client, "gyre_stream_dead_letters_total"), 0)

    @staticmethod
    def spoil(body, status, kind):
        answer = json.loads(body)
        for item in answer["items"][::2]:
            item["index"] = {"status": status, "error": {"type": kind, "reason": "the test says so"}}
        return json.dumps({**answer, "errors": True}).encode()

    def test_refused_for_good_is_a_dead_letter(self):
        self.start()
        answer = records(self.client, [{"text": "fine", "at": 1}, {"text": "bad", "number": "many", "at": 2}, {"text": "fine", "at": 3}])
        self.assertEqual(self.total(answer.json["sequence"]), 2)
        letters = self.client.send("GET", "/admin/v1/lines/dead-letters").json["deadLetters"]
        self.assertEqual([("record", 2)], [(letter["kind"], letter["sequence"]) for letter in letters])
        letter = self.client.send("GET", f"/admin/v1/lines/dead-letters/{letters[0]['id']}").json
        self.assertEqual(json.loads(letter["record"])["number"] if isinstance(letter["record"], str) else letter["record"]["number"], "many")
        self.assertNotIn("sequence", letter["record"])
        wait_durable(self.client)

    def test_killed_in_the_middle_of_a_bulk_request(self):
        self.start()
        self.total(self.send(10))
        for batch in range(3):
            # What the node took is not told to us, and then it is away.
            self.proxy.fault = lambda method, path, body: "cut" if "_bulk" in path else None
            seen = len(self.proxy.seen)
            sequence = self.send(50, at=10_000 * (batch + 1))
            wait_until(lambda: any("_bulk" in path for _, path in self.proxy.seen[seen:]))
            self.proxy.close()
            self.server.kill()
            self.proxy.fault = lambda method, path, body: None
            self.proxy.open()
            self.server.log = ""
            self.server.start()
            self.connect()
            self.assertEqual(self.total(sequence), 10 + 50 * (batch + 1))
        self.assertEqual(len(self.ids()), 160)

    def test_generations_end_by_size_and_searches_name_what_they_need(self):
        self.start("domains.lines.generation_bytes=64KiB")
        for batch in range(4):
            sequence = self.send(50, at=1_000_000 * batch, noise=4000)
            wait_durable(self.client)
        self.assertGreaterEqual(len(self.indices()), 4)
        self.assertEqual(self.total(sequence), 200)
        write = [name for name, index in self.node.send("GET", f"/_alias/{self.alias}").items()
                 if index["aliases"][self.alias].get("is_write_index")]
        self.assertEqual(write, self.indices()[-1:])
        for _ in range(2):  # as it was told by who wrote, and as it is found again
            seen = len(self.proxy.seen)
            self.assertEqual(self.total(sequence, **{"from": "1970-01-01T00:16:40Z", "to": "1970-01-01T00:16:41Z"}), 50)
            searched = [path for _, path in self.proxy.seen[seen:] if "_search" in path][-1]
            self.assertEqual(searched.count("lines-0000"), 2, searched)  # and the newest, always
            self.restart()
        self.assertEqual(len(self.ids()), 200)
        templates = self.node.send("GET", f"/_index_template/{self.node.prefix}*")["index_templates"]
        self.assertEqual([one["name"] for one in templates], [self.node.prefix + "gyre-lines"])

    def test_generations_end_by_age(self):
        self.start("domains.lines.generation_age=1s")
        self.total(self.send(3))
        deadline = time.monotonic() + 60
        while len(self.indices()) < 3:
            self.assertLess(time.monotonic(), deadline)
            sequence = self.send(1)
            self.total(sequence)
        self.assertEqual(len(self.ids()), sequence)

    def test_retention_deletes_whole_indices(self):
        now = int(time.time() * 1000)
        self.start("domains.lines.generation_bytes=64KiB")
        self.send(50, at=0, noise=4000)
        wait_durable(self.client)
        self.send(50, at=now, noise=4000)
        wait_durable(self.client)
        self.assertEqual(len(self.indices()), 2)
        self.server.settings.append("domains.lines.retention=1d")
        self.restart()
        wait_until(lambda: metric(self.client, "gyre_stream_retention_deleted_records_total") == 50)
        self.assertEqual(self.total(), 50)
        self.assertEqual(self.indices(), [self.alias + "-000002"])

    def test_the_written_index_deleted_behind_our_back(self):
        # Nothing leaves the log while this runs.
        self.start("domains.lines.commit_interval=1h")
        self.assertEqual(self.total(self.send(20)), 20)
        self.node.send("DELETE", f"/{self.alias}-000001")
        sequence = self.send(20, at=1000)
        self.assertEqual(self.total(sequence), 40)
        self.assertEqual(self.indices(), [self.alias + "-000001"])
        self.assertEqual(len(self.ids()), 40)

    def test_an_index_whose_records_have_left_the_log_is_lost_and_named(self):
        self.start("domains.lines.generation_bytes=64KiB")
        for batch in range(3):
            self.send(50, at=1_000_000 * batch, noise=4000)
            wait_durable(self.client)
        self.node.send("DELETE", f"/{self.alias}-000001")
        answer = self.client.query("SearchLines", {"size": 0}, domain="lines")
        self.assertIn(answer.status, (200, 503))  # 200 from the cache
        wait_until(lambda: self.client.query("SearchLines", {"size": 1}, domain="lines").status == 200)
        self.assertEqual(self.total(), 100)
        self.server.read_log()
        self.assertIn("an index is gone", self.server.log)
        self.send(1, at=9_000_000)
        self.assertEqual(self.total(), 101)

    def test_marks_deleted_behind_our_back(self):
        self.start("domains.lines.generation_bytes=64KiB")
        for batch in range(3):
            self.send(50, at=1_000_000 * batch, noise=4000)
            wait_durable(self.client)
        self.server.stop()
        self.node.send("DELETE", f"/{self.node.prefix}gyre-marks")
        self.server.log = ""
        self.server.start()
        self.connect()
        self.send(1)
        self.assertEqual(self.total(), 151)
        self.assertEqual(len(self.ids()), 151)

    def test_the_dialect_listener_takes_records_and_refuses_reads(self):
        self.start()
        dialect = Client(self.server.dialect_port)
        self.addCleanup(dialect.close)
        made = dialect.send("POST", "/lines/_bulk?refresh=true", '{"create":{}}\n{"text":"one","at":5}\n',
                            {"Content-Type": "application/x-ndjson"}).json["items"][0]["create"]
        self.assertEqual((made["status"], made["_id"]), (201, "5-1"), made)
        self.assertEqual(self.ids(), ["5-1"])
        for method, path in (("GET", "/lines/_search"), ("GET", "/lines/_doc/5-1"), ("DELETE", "/lines"), ("GET", "/lines/_count")):
            refused = dialect.send(method, path)
            self.assertEqual(refused.status, 400, (path, refused))
            self.assertIn("search cluster", refused.json["error"]["reason"])
        self.assertIn(dialect.send("PUT", "/lines", {}).status, (400, 403))
        self.assertEqual(dialect.send("GET", "/_search").status, 200)


if __name__ == "__main__":
    unittest.main(verbosity=2)
