"""What becomes of samples while their search node is away, slow, or wrong? A real server, a real node, a proxy between."""
import json
import os
import re
import struct
import sys
import time
import unittest
import urllib.parse

HERE = os.path.dirname(os.path.abspath(__file__))
sys.path[:0] = [HERE, os.path.join(HERE, "..", "support"), os.path.join(HERE, "..", "metrics")]
from faulty_node import FaultyNodeTest  # noqa: E402
from gyre_server import Server, wait_until  # noqa: E402
from wire import series, snappy  # noqa: E402

REMOTE_WRITE = {"Content-Type": "application/x-protobuf", "Content-Encoding": "snappy"}
BASE = 1_700_000_000_000


class MetricsFaults(FaultyNodeTest):
    def setUp(self):
        super().setUp()
        self.alias = self.node.prefix + "metrics"
        self.sequence = 0

    def start(self, *settings):
        self.server = Server(settings=self.node.settings + ["search.request_timeout=2s", "domains.metrics.commit_interval=200ms", *settings])
        self.server.start()
        self.addCleanup(self.server.temporary.cleanup)
        self.addCleanup(self.end)
        self.connect()

    def end(self):
        if self.server.process.returncode is None:
            self.server.stop()

    def connect(self):
        self.client = self.server.client()
        self.addCleanup(self.client.close)

    def again(self):
        self.server.log = ""
        self.server.start()
        self.connect()

    def restart(self):
        self.server.stop()
        self.again()

    def write(self, *all_series):
        answer = self.client.send("POST", "/api/v1/write", snappy(b"".join(series(*one) for one in all_series)), REMOTE_WRITE)
        self.sequence = int(answer.headers.get("Gyre-Sequence", self.sequence))
        return answer

    def send(self, count, first=0, name="sent", **labels):
        """Samples first, first + 1, … a second each, their number their value; over ten series."""
        answer = self.write(*[({"__name__": name, "n": str(n), **labels}, *[(BASE + 1000 * i, float(i)) for i in range(first + n, first + count, 10)])
                              for n in range(10)])
        self.assertEqual(answer.status // 100, 2, answer)

    def ask(self, query, at=BASE + 3_600_000, wait=True):
        headers = {"Gyre-Min-Sequence": str(self.sequence), "Gyre-Timeout": "60000"} if wait else {}
        return self.client.send("GET", "/api/v1/query?" + urllib.parse.urlencode({"query": query, "time": at / 1000}), headers=headers)

    def value(self, query, at=BASE + 3_600_000):
        answer = self.ask(query, at)
        self.assertEqual(answer.status, 200, answer)
        return [one["value"][1] for one in answer.json["data"]["result"]]

    def check(self, count, name="sent"):
        """Each once: in the answers, and on the node."""
        self.assertEqual(self.value(f"sum(count_over_time({name}[1h]))"), [str(count)])
        self.assertEqual(self.value(f"sum(sum_over_time({name}[1h]))"), [str(count * (count - 1) // 2)])
        self.assertEqual(self.documents("time"), count)

    def documents(self, field):
        self.node.send("POST", f"/{self.alias}/_refresh")
        return self.node.send("POST", f"/{self.alias}/_count", {"query": {"exists": {"field": field}}})["count"]

    def domain(self):
        return self.client.send("GET", "/readyz").json["domains"]["metrics"]

    def wait_durable(self):
        wait_until(lambda: self.domain()["durable"] == self.domain()["sequence"])

    def metric(self, name):
        text = self.client.send("GET", "/metrics").body.decode()
        return float(re.search(rf'^{name}\{{domain="metrics"\}} (\S+)$', text, re.MULTILINE).group(1))

    def indices(self):
        return self.node.indices("metrics")

    def test_away_from_the_start_and_back(self):
        self.proxy.close()
        self.start()
        self.send(100)
        answer = self.ask("sent", wait=False)
        self.assertEqual((answer.status, answer.json["status"], answer.json["errorType"]), (503, "error", "unavailable"), answer)
        self.assertIn(self.proxy.url, answer.json["error"])
        self.proxy.open()
        self.check(100)

    def test_away_in_the_middle_and_a_restart_meanwhile(self):
        self.start()
        self.send(50)
        self.check(50)
        self.wait_durable()
        self.proxy.close()
        self.send(150, 50)
        self.restart()
        self.send(100, 200)
        self.proxy.open()
        self.check(300)
        self.wait_durable()
        self.assertEqual(self.metric("gyre_stream_backlog_bytes"), 0)
        self.assertEqual(self.metric("gyre_stream_dead_letters_total"), 0)

    def test_refused_for_now_in_all_ways(self):
        self.start()

        def spoil(status, body):
            answer = json.loads(body)
            for item in answer["items"][::2]:
                item["index"] = {"status": 429, "error": {"type": "es_rejected_execution_exception", "reason": "the test says so"}}
            return 200, json.dumps({**answer, "errors": True}).encode()
        faults = [429, 503, "cut", "garbage", "freeze", 500, spoil] * 2
        self.proxy.fault = lambda method, path, body: faults.pop() if faults and "_bulk" in path else None
        for batch in range(20):
            self.send(50, 50 * batch)
            self.value("count(sent)")
        self.assertEqual(faults, [])
        self.check(1000)
        self.assertEqual(self.metric("gyre_stream_dead_letters_total"), 0)

    def test_killed_in_the_middle_of_a_bulk_request(self):
        self.start()
        self.send(50)
        self.value("count(sent)")
        for batch in range(1, 4):
            # What the node took is not told to us, and then it is away.
            self.proxy.fault = lambda method, path, body: "cut" if "_bulk" in path else None
            seen = len(self.proxy.seen)
            self.send(50, 50 * batch)
            wait_until(lambda: any("_bulk" in path for _, path in self.proxy.seen[seen:]))
            self.proxy.close()
            self.server.kill()
            self.proxy.fault = lambda method, path, body: None
            self.proxy.open()
            self.again()
            self.check(50 * (batch + 1))

    def test_a_query_while_the_node_fails(self):
        self.start()
        self.send(100)
        self.check(100)
        for number, fault in enumerate((429, 503, 500, 400, "cut", "garbage", "freeze")):
            self.proxy.fault = lambda method, path, body, fault=fault: fault if "_search" in path else None
            answer = self.ask(f"sent + {number}", wait=False)
            self.assertEqual((answer.status, answer.json["status"]), (503, "error"), (fault, answer))
        self.proxy.fault = lambda method, path, body: None
        wait_until(lambda: self.ask("sent + 9", wait=False).status == 200)

    def test_the_later_of_two_counts_over_generations(self):
        self.start("domains.metrics.generation_age=1s")
        sample = {"__name__": "twice"}
        for number in range(4):
            self.write((sample, (BASE, float(number)), (BASE + 1000 * (number + 1), 10.0)))
            self.assertEqual(self.value("twice", BASE), [str(number)])
            wait_until(lambda: len(self.indices()) > number and self.domain()["durable"] == self.domain()["sequence"])
            self.node.wait_aged("metrics")
        self.restart()
        self.assertEqual(self.value("twice", BASE), ["3"])
        self.assertEqual(self.value("count_over_time(twice[1h])"), ["5"])
        self.assertGreater(self.documents("time"), 5)  # the earlier ones are still in the older indices

    def test_every_value_is_kept_to_the_bit(self):
        self.start()
        odd = [0x7FF0000000000002, 0x7FF8000000000001, 0xFFF0000000000000, 0x8000000000000000, 1, 0x7FEFFFFFFFFFFFFF, 0x3FB999999999999A]
        self.write(({"__name__": "odd"}, *[(BASE + 1000 * i, struct.pack("<Q", bits)) for i, bits in enumerate(odd)]))
        self.value("odd")
        hits = self.node.send("POST", f"/{self.alias}/_search", {"query": {"exists": {"field": "time"}}, "sort": ["time"]})["hits"]["hits"]
        self.assertEqual([hit["_source"]["bits"] % (1 << 64) for hit in hits], odd)
        self.assertEqual(["value" in hit["_source"] for hit in hits], [False] * 3 + [True] * 4)
        answer = self.ask("odd[1h]").json["data"]["result"][0]["values"]  # a stale marker is no value
        self.assertEqual([text for _, text in answer], ["NaN", "-Inf", "-0", "5e-324", "1.7976931348623157e+308", "0.1"])

    def test_late_samples_are_judged_alike_after_a_restart(self):
        self.start("domains.metrics.out_of_order_window=10m")
        self.write(({"__name__": "late"}, (BASE, 1.0), (BASE + 3_000_000, 2.0)))
        self.assertEqual(self.value("count_over_time(late[1h])"), ["2"])
        self.wait_durable()
        for is_marked in (True, False):
            self.server.stop()
            if not is_marked:
                self.node.send("DELETE", f"/{self.node.prefix}gyre-marks")
            self.again()
            self.value("late")
            answer = self.write(({"__name__": "late"}, (BASE + 3_000_000 - 600_001, 3.0), (BASE + 3_000_000 - 600_000, 4.0)))
            self.assertEqual(self.value("count_over_time(late[1h])"), ["3"], (is_marked, answer))
        self.wait_durable()

    def test_families_outlive_their_generation(self):
        self.start("domains.metrics.generation_age=1s")
        text = '# HELP described_total Said once.\n# TYPE described_total counter\ndescribed_total 1 %d\n'
        for at in (BASE, int(time.time() * 1000)):
            answer = self.client.send("POST", "/v1/metrics/ingest/prometheus", text % at if at == BASE else text.split("\n")[2] % at)
            self.sequence = int(answer.headers["Gyre-Sequence"])
            self.value("described_total")
            self.wait_durable()
            self.node.wait_aged("metrics")
        wait_until(lambda: len(self.indices()) == 2)
        self.server.settings.append("domains.metrics.retention=1d")
        self.restart()
        wait_until(lambda: len(self.indices()) == 1)
        for _ in range(2):
            self.assertEqual(self.value("described_total", BASE), [])
            answer = self.client.send("GET", "/api/v1/metadata").json["data"]
            self.assertEqual(answer, {"described_total": [{"type": "counter", "help": "Said once.", "unit": ""}]})
            self.restart()

    def test_more_series_and_samples_than_a_page_holds(self):
        self.start()
        self.write(*[({"__name__": "many", "n": str(n)}, (BASE, float(n))) for n in range(2500)])
        self.write(({"__name__": "long"}, *[(BASE + 100 * i, float(i)) for i in range(25_000)]))
        self.assertEqual(self.value("sum(many)", BASE), [str(2500 * 2499 // 2)])
        self.assertEqual(self.value('count({__name__=~"many|long"})', BASE), ["2501"])
        self.assertEqual(self.value("count_over_time(long[1h])"), ["25000"])
        self.assertEqual(self.value("sum_over_time(long[1h])"), [str(25_000 * 24_999 // 2)])
        self.assertEqual(len(self.client.send("GET", "/api/v1/label/n/values").json["data"]), 2500)

    def test_labels_that_are_too_long_for_a_term(self):
        self.start("domains.metrics.max_label_bytes=1048576")
        for end in ("a", "b"):
            self.write(({"__name__": "wide", "text": "x" * 100_000 + end}, (BASE, 1.0)))
        self.assertEqual(self.value("count(wide)", BASE), ["2"])
        self.assertEqual(self.value('count({text=~"x+a"})', BASE), ["1"])
        self.assertEqual(self.value('count({__name__="wide",text!=""})', BASE), ["2"])
        answer = self.client.send("POST", "/api/v1/query", urllib.parse.urlencode({"query": 'count({text="%s"})' % ("x" * 100_000 + "b"), "time": BASE / 1000}),
                                  {"Content-Type": "application/x-www-form-urlencoded"})
        self.assertEqual(answer.json["data"]["result"][0]["value"][1], "1")

    def test_the_written_index_deleted_behind_our_back(self):
        self.start()
        self.send(100)
        self.check(100)
        self.wait_durable()
        self.node.send("DELETE", f"/{self.alias}-000001")
        # The log always has its newest batch.
        self.send(50, 100)
        self.check(150)


if __name__ == "__main__":
    unittest.main(verbosity=2)
