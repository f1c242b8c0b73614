"""`gyre migrate`: from the embedded engine to a real node and back, while the server goes on."""
import json
import math
import os
import struct
import subprocess
import sys
import time
import unittest
import urllib.parse

HERE = os.path.dirname(os.path.abspath(__file__))
sys.path[:0] = [HERE, os.path.join(HERE, "..", "support"), os.path.join(HERE, "..", "metrics")]
from gyre_server import PROGRAM, SearchNode, Server, search_node, wait_for_job, wait_until  # noqa: E402
from wire import field, series, snappy, varint  # noqa: E402


def payment(number):
    return {"paymentId": f"p-{number}", "organizationId": "org", "amount": "1.00", "currency": "EUR",
            "description": f"Payment {number}"}


class MigrateTest(unittest.TestCase):
    def setUp(self):
        node = search_node()
        if node is None:
            self.skipTest("SKIPPED: no search node was named")
        self.engine = node["engine"]
        self.node = SearchNode(node)
        self.addCleanup(self.node.remove)
        self.there = [s for s in self.node.settings if not s.startswith("search.engine=")]

    def start(self, engine, folder=None, settings=()):
        server = Server(folder, self.there + [f"search.engine={engine}", *settings])
        server.start()
        self.addCleanup(server.__exit__)
        client = server.client()
        self.addCleanup(client.close)
        return server, client

    def stop(self, server):
        """Its folder stays until the end of the test."""
        if server.temporary is not None:
            folder, server.temporary = server.temporary, None
            self.addCleanup(folder.cleanup)
        server.stop()

    def restart(self, server, engine):
        self.stop(server)
        return self.start(engine, server.folder)

    def create(self, client, first, last):
        body = "\n".join(json.dumps({"command": "CreatePayment", "body": payment(number)}) for number in range(first, last))
        answer = client.send("POST", "/v1/payments/commands", body, {"Content-Type": "application/x-ndjson"})
        self.assertEqual({line["status"] for line in answer.lines}, {201}, answer)
        return max(line["sequence"] for line in answer.lines)

    def arguments(self, server, to, *more, settings=()):
        now = [s for s in server.settings if s.startswith("search.engine=")]
        arguments = [PROGRAM, "migrate", "--to", to, *more]
        for setting in [f"data.dir={server.folder}", *self.there, *now, *settings]:
            arguments += ["--set", setting]
        return arguments

    def migrate(self, server, to, *more, settings=()):
        done = subprocess.run(self.arguments(server, to, *more, settings=settings), capture_output=True, text=True, timeout=120)
        return done.returncode, [json.loads(line) for line in done.stdout.splitlines()], done.stderr


class Migrate(MigrateTest):
    def assert_clean(self, outcome, sequence, documents):
        code, lines, text = outcome
        self.assertEqual(code, 0, text)
        moved = next(line for line in lines if line["domain"] == "payments")
        self.assertEqual(moved["sequence"], sequence, moved)
        self.assertIn(moved["documents"], documents, moved)
        self.assertEqual([moved["verify"][name] for name in ("missingCount", "extraCount", "differentCount")], [0, 0, 0], moved)
        self.assertIn("agree", text)

    def total(self, client, sequence):
        answer = client.query("SearchPayments", {"size": 0}, Gyre_Min_Sequence=str(sequence), Gyre_Timeout="30000")
        self.assertEqual(answer.status, 200, answer)
        return answer.json["total"]

    def test_there_and_back_while_the_server_goes_on(self):
        server, client = self.start("embedded")
        last = self.create(client, 0, 300)
        self.assert_clean(self.migrate(server, self.engine, "payments"), last, [300])
        # Again: it goes on where it was; and what comes after the copy is filled in by the server.
        last = self.create(client, 300, 350)
        self.assert_clean(self.migrate(server, self.engine, "payments"), last, [50])
        last = self.create(client, 350, 360)
        server, client = self.restart(server, self.engine)
        self.assertIn(f"payments-000001: covers sequence 350", server.log)
        self.assertEqual(self.total(client, last), 360)
        verified = wait_for_job(client, client.send("POST", "/admin/v1/payments/verify", {}).json)["result"]
        self.assertEqual((verified["checked"], verified["missingCount"], verified["extraCount"], verified["differentCount"]),
                         (360, 0, 0, 0), verified)
        last = self.create(client, 360, 400)
        self.assert_clean(self.migrate(server, "embedded", "payments"), last, range(40, 51))  # its index stopped there
        server, client = self.restart(server, "embedded")
        self.assertEqual(self.total(client, last), 400)
        self.assertFalse([name for name in os.listdir(os.path.join(server.folder, ".migrate")) if name.endswith(".sqlite")])

    def log(self, client, first, last, at):
        body = "\n".join(json.dumps({"message": f"line {n}", "timestamp": at + n * 1000, "service": f"s{n % 3}",
                                     "attributes": {"number": n, "text": "é"}}) for n in range(first, last))
        answer = client.send("POST", "/v1/logs/records", body, {"Content-Type": "application/x-ndjson"})
        self.assertEqual(answer.status, 200, answer)
        return answer.json["sequence"]

    def logs(self, client, sequence, **parameters):
        answer = client.query("SearchLogs", {"size": 1000, **parameters}, domain="logs", Gyre_Min_Sequence=str(sequence),
                              Gyre_Timeout="30000")
        self.assertEqual(answer.status, 200, answer)
        return answer.json

    def test_a_stream_is_moved_while_no_server_runs(self):
        # Records of many days, so that there are generations to keep apart; and some with ids of their own.
        at = 1_700_000_000_000
        server, client = self.start("embedded", settings=["domains.logs.generation_age=1h"])
        last = self.log(client, 0, 2500, at)
        before = self.logs(client, last)
        self.assertEqual(before["total"], 2500)
        code, _, text = self.migrate(server, self.engine, "logs")
        self.assertEqual(code, 75, text)
        self.assertIn("while no server runs", text)
        self.stop(server)
        for moved in (2500, 0):  # again: there is nothing left to do
            code, lines, text = self.migrate(server, self.engine, "logs", settings=["domains.logs.generation_age=10m"])
            self.assertEqual(code, 0, text)
            self.assertEqual((lines[0]["sequence"], lines[0]["documents"]), (last, moved), lines)
            self.assertEqual([lines[0]["verify"][name] for name in ("checked", "missingCount", "extraCount", "differentCount")],
                             [2500, 0, 0, 0], lines)
        # Generations as they would have been made when the records came.
        self.assertGreaterEqual(len(self.node.send("GET", f"/_alias/{self.node.prefix}logs")), 3)
        server, client = self.start(self.engine, server.folder)
        self.assertEqual(self.logs(client, last), before)
        last = self.log(client, 2500, 2600, at)
        self.assertEqual(self.logs(client, last)["total"], 2600)
        self.assertEqual(self.logs(client, last, text='"line 7"', size=1)["logs"][0]["message"], "line 7")
        # A record that went and one that came are found before the switch back.
        index = f"/{self.node.prefix}logs"
        gone = self.node.send("POST", index + "/_search", {"query": {"term": {"sequence": 5}}})["hits"]["hits"][0]
        self.stop(server)
        code, lines, text = self.migrate(server, "embedded", "logs")
        self.assertEqual((code, lines[0]["documents"]), (0, 100), text)
        self.node.send("DELETE", f"/{gone['_index']}/_doc/{gone['_id']}?refresh=true")
        code, lines, text = self.migrate(server, "embedded", "logs")
        self.assertEqual((code, lines[0]["verify"]["extra"]), (1, [gone["_id"]]), text)
        server, client = self.start("embedded", server.folder)
        self.assertEqual(self.logs(client, last)["total"], 2600)

    def test_what_retention_deleted_is_no_difference(self):
        now = int(time.time() * 1000)
        server, client = self.start("embedded", settings=["domains.logs.generation_age=1s"])
        begun = time.monotonic()
        self.log(client, 0, 50, now - 10 * 24 * HOUR)
        wait_until(lambda: time.monotonic() > begun + 1)
        last = self.log(client, 50, 80, now - 100_000)
        self.assertEqual(self.logs(client, last)["total"], 80)
        self.stop(server)
        code, lines, text = self.migrate(server, self.engine, "logs")
        self.assertEqual((code, lines[0]["documents"]), (0, 80), text)
        server, client = self.start("embedded", server.folder, ["domains.logs.retention=5d"])
        wait_until(lambda: self.logs(client, last)["total"] == 30)
        self.stop(server)
        code, lines, text = self.migrate(server, self.engine, "logs")
        self.assertEqual((code, lines[0]["documents"], lines[0]["verify"]["checked"]), (0, 0, 30), text)

    def test_what_differs_is_told_before_the_switch(self):
        server, client = self.start("embedded")
        last = self.create(client, 0, 20)
        self.assert_clean(self.migrate(server, self.engine, "payments"), last, [20])
        index = f"/{self.node.prefix}payments"
        self.node.send("DELETE", index + "/_doc/p-3?refresh=true")
        held = self.node.send("GET", index + "/_doc/p-4")["_source"]
        foreign = {name: value for name, value in held.items() if name != "gyre_sums"}
        self.node.send("PUT", index + "/_doc/p-4?refresh=true", dict(foreign, description="another"))
        self.node.send("PUT", index + "/_doc/stranger?refresh=true", foreign)
        code, lines, text = self.migrate(server, self.engine, "payments")
        self.assertEqual(code, 1, text)
        self.assertIn("do not switch yet", text)
        found = lines[0]["verify"]
        self.assertEqual((found["missing"], found["extra"]), (["p-3"], ["stranger"]), found)
        self.assertEqual([entry["id"] for entry in found["different"]], ["p-4"], found)
        self.assertIn("description", found["different"][0]["fields"])

    def test_an_index_of_another_store_is_left_alone(self):
        server, client = self.start("embedded")
        self.create(client, 0, 30)
        self.assertEqual(self.migrate(server, self.engine, "payments")[0], 0)
        other, client = self.start("embedded")
        self.create(client, 0, 5)
        code, _, text = self.migrate(other, self.engine, "payments")
        self.assertEqual(code, 69, text)
        self.assertIn("is filled by another server", text)
        self.assertEqual(list(self.node.send("GET", f"/_alias/{self.node.prefix}payments")), [f"{self.node.prefix}payments-000001"])

    def test_bad_configurations_are_refused(self):
        server, client = self.start("embedded")
        self.create(client, 0, 1)
        for to, settings, code, part in (
                ("embedded", [], 78, "search.engine is embedded already"),
                (self.engine, ["search.urls="], 78, "search.urls: expected at least one address"),
                (self.engine, ["search.urls=http://127.0.0.1:1"], 69, "127.0.0.1:1"),
                (self.engine, ["search.ca_file=/nowhere", "search.urls=https://127.0.0.1:1"], 69, "search.ca_file"),
                ("solr", [], 64, "expected embedded, opensearch or elasticsearch")):
            found, _, text = self.migrate(server, to, settings=settings)
            self.assertEqual(found, code, text)
            self.assertIn(part, text)
        self.assertIn("no domain", self.migrate(server, self.engine, "paymints")[2])



HOUR = 3_600_000
STALE = struct.pack("<Q", 0x7FF0000000000002)


def described(kind, name, text):
    """A MetricMetadata of a WriteRequest."""
    return field(3, b"\x08" + varint(kind) + field(2, name.encode()) + field(4, text.encode()))


class MigrateSamples(MigrateTest):
    """Every kind of sample, over four days from `at`, of which the last is in memory when the server stops."""
    QUERIES = ('{__name__=~".+"}', "rate(requests_total[10m])", "sum by (job) (increase(requests_total[1h]))", "temperature",
               "histogram_quantile(0.9, sum by (le) (rate(took_seconds_bucket[30m])))", "avg_over_time(temperature[2h])",
               "max_over_time(temperature[1h])", "count_over_time(odd[3h])", "odd", "absent(temperature)", "count({job=~'a.*'})",
               "temperature offset 1d", "late", "changed")

    def write(self, client, *parts):
        answer = client.send("POST", "/api/v1/write", snappy(b"".join(parts)),
                             {"Content-Type": "application/x-protobuf", "Content-Encoding": "snappy"})
        self.assertEqual(answer.status // 100, 2, answer)
        return int(answer.headers["Gyre-Sequence"])

    def load(self, client, at, first=0, last=96):
        """Hours of it."""
        for hour in range(first, last):
            times = range(at + hour * HOUR + 1, at + (hour + 1) * HOUR, 120_000)
            parts = []
            for job in ("api", "worker", "é=\\"):
                parts.append(series({"__name__": "requests_total", "job": job}, *[(t, float((t - at) // 7000 % 90_000)) for t in times]))
                parts.append(series({"__name__": "temperature", "job": job}, *[(t, math.sin(t / 1e6) * 20.1) for t in times]))
            for le in ("0.1", "1", "+Inf"):
                parts.append(series({"__name__": "took_seconds_bucket", "le": le}, *[(t, (t - at) / 1000 * (len(le) + 1)) for t in times]))
            values = [math.nan, math.inf, -math.inf, -0.0, 5e-324, 1.7976931348623157e308, STALE, struct.pack("<Q", 0x7FF8000000000007)]
            parts.append(series({"__name__": "odd", "n": str(hour % 5)}, *[(t, values[(hour + i) % 8]) for i, t in enumerate(times)]))
            self.sequence = self.write(client, *parts)
        if first == 0:
            self.write(client, described(1, "requests_total", "How many."), described(2, "temperature", "How warm, in °C."),
                       described(3, "took_seconds", "How long."))
            # One time twice: what came last counts. And late ones.
            self.write(client, series({"__name__": "changed"}, (at + HOUR, 1.0), (at + 95 * HOUR, 5.0)))
            self.sequence = self.write(client, series({"__name__": "changed"}, (at + HOUR, 2.0)),
                                       series({"__name__": "late"}, (at - 30 * HOUR, 3.0), (at + 2 * HOUR, 4.0)))

    def answers(self, client, at, queries=QUERIES):
        found = {}
        waits = {"Gyre-Min-Sequence": str(self.sequence), "Gyre-Timeout": "60000"}
        for query in queries:
            for path, more in (("query_range", {"start": at / 1000, "end": at / 1000 + 97 * 3600, "step": 1800}),
                               ("query", {"time": at / 1000 + 95.5 * 3600}), ("query", {"time": at / 1000 + 3700})):
                target = f"/api/v1/{path}?" + urllib.parse.urlencode({"query": query, **more})
                answer = client.send("GET", target, headers=waits)
                self.assertEqual(answer.status, 200, answer)
                result = answer.json["data"]["result"]
                found[target] = {json.dumps(one["metric"], sort_keys=True): one.get("values") or [one["value"]] for one in result}
        for path in ("metadata", "labels", "label/job/values", "series?match[]={__name__=~%22.%2B%22}"):
            found[path] = client.send("GET", "/api/v1/" + path, headers=waits).json["data"]
        return found

    def assert_same(self, expected, found):
        for target, answer in expected.items():
            if not target.startswith("/"):
                self.assertEqual(found[target], answer, target)
                continue
            self.assertEqual(sorted(found[target]), sorted(answer), target)
            for metric, values in answer.items():
                others = found[target][metric]
                self.assertEqual([when for when, _ in others], [when for when, _ in values], (target, metric))
                for (when, value), (_, other) in zip(values, others):
                    if math.isfinite(float(value)):
                        self.assertTrue(math.isclose(float(value), float(other), rel_tol=1e-9, abs_tol=1e-300), (target, metric, when, value, other))
                    else:
                        self.assertEqual(other, value, (target, metric, when))

    def move(self, server, to, code=0, settings=()):
        found, lines, text = self.migrate(server, to, "metrics", settings=settings)
        self.assertEqual(found, code, text)
        return lines[0] if lines else {}, text

    def assert_moved(self, moved, samples, families=3):
        verified = moved["verify"]
        self.assertEqual((moved["sequence"], moved["documents"], moved["families"], moved["refused"]), (self.sequence, samples, families, 0), moved)
        self.assertEqual([verified[name] for name in ("missingCount", "extraCount", "differentCount")], [0, 0, 0], moved)

    def samples(self, field_name="time"):
        index = f"/{self.node.prefix}metrics"
        self.node.send("POST", index + "/_refresh")
        return self.node.send("POST", index + "/_count", {"query": {"exists": {"field": field_name}}})["count"]

    def test_there_and_back(self):
        at = 1_700_000_000_000 // HOUR * HOUR
        server, client = self.start("embedded")
        self.load(client, at)
        before = self.answers(client, at)
        self.assertEqual(len(before["metadata"]), 3)
        code, _, text = self.migrate(server, self.engine, "metrics")
        self.assertEqual(code, 75, text)
        self.assertIn("while no server runs", text)
        self.stop(server)
        held = 96 * 30 * 10 + 4
        # One that is killed has moved something, and covers nothing; the next one goes on.
        killed = subprocess.Popen(self.arguments(server, self.engine, "metrics"), stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)

        def written():
            stats = self.node.send("GET", f"/{self.node.prefix}metrics-*/_stats/docs")["_all"]["primaries"]
            return stats.get("docs", {}).get("count", 0)
        wait_until(lambda: killed.poll() is not None or written() > 0)
        self.assertIsNone(killed.poll(), "it ended before it was killed")
        killed.kill()
        killed.wait()
        moved, text = self.move(server, self.engine)
        self.assertGreater(moved["documents"], 0)
        self.assertLess(moved["documents"], held)
        self.assert_moved(moved, moved["documents"])
        self.assertEqual(moved["verify"]["checked"], held)
        self.assertIn("agree", text)
        self.assertEqual(self.samples(), held)
        self.assertGreaterEqual(len(self.node.indices("metrics")), 4)  # a day each, as they would have been made
        self.assert_moved(self.move(server, self.engine)[0], 0)  # again: nothing is left to do
        # What is lost there is found, and moved again.
        gone = self.node.send("POST", f"/{self.node.prefix}metrics/_search", {"query": {"term": {"name": "late"}}})["hits"]["hits"][0]
        self.node.send("DELETE", f"/{gone['_index']}/_doc/{gone['_id']}?refresh=true")
        self.assert_moved(self.move(server, self.engine)[0], 1)
        server, client = self.start(self.engine, server.folder)
        self.assertIn(f"covers sequence {self.sequence}", server.log)
        self.assert_same(before, self.answers(client, at))
        # What comes there, and what it replaces, goes back.
        self.load(client, at, 96, 100)
        self.sequence = self.write(client, series({"__name__": "changed"}, (at + HOUR, 7.0)))
        before = self.answers(client, at)
        self.stop(server)
        self.assert_moved(self.move(server, "embedded")[0], 4 * 30 * 10 + 1)
        self.assert_moved(self.move(server, "embedded")[0], 0)
        server, client = self.start("embedded", server.folder)
        self.assert_same(before, self.answers(client, at))
        # And into a store that has nothing yet.
        self.stop(server)
        os.rename(os.path.join(server.folder, "metrics", "stream"), os.path.join(server.folder, "metrics", "before"))
        server.settings = [f"search.engine={self.engine}" if s.startswith("search.engine=") else s for s in server.settings]
        self.assert_moved(self.move(server, "embedded")[0], held + 4 * 30 * 10)
        server, client = self.start("embedded", server.folder)
        self.assert_same(before, self.answers(client, at))
        # One that is behind is not the one in use.
        self.stop(server)
        server, client = self.start(self.engine, server.folder)
        self.load(client, at, 100, 101)
        self.stop(server)
        server.settings = [f"search.engine=embedded" if s.startswith("search.engine=") else s for s in server.settings]
        _, text = self.move(server, self.engine, 69)
        self.assertIn("it is not the one in use, and nothing is moved", text)

    def test_what_retention_left_of_roll_ups_is_told(self):
        at = (int(time.time() * 1000) - 20 * 24 * HOUR) // HOUR * HOUR
        server, client = self.start("embedded")
        for hour in range(96):
            times = range(at + hour * HOUR + 20_000, at + (hour + 1) * HOUR + 1, 20_000)
            self.sequence = self.write(client, series({"__name__": "dense"}, *[(t, float(t % 7)) for t in times]))
        self.stop(server)
        # The samples of the first days are deleted, and their roll-ups stay: a query sees one sample a minute.
        server, client = self.start("embedded", server.folder, [f"domains.metrics.retention={18 * 24}h"])

        def held(hour, function="count_over_time"):
            answer = client.send("GET", "/api/v1/query?" + urllib.parse.urlencode(
                {"query": f"{function}(dense[1h])", "time": at / 1000 + hour * 3600 + 0.5}))
            return float(answer.json["data"]["result"][0]["value"][1])
        wait_until(lambda: held(1) == 60)
        self.assertEqual(held(96), 180)
        hours = [held(hour, "sum_over_time") for hour in range(1, 97)]
        self.stop(server)
        moved, text = self.move(server, self.engine)
        self.assertGreaterEqual(moved["rollUps"]["buckets"], 24 * 60, moved)
        self.assertIn("the last sample of each is moved; sums, minima, maxima and counts are not", text)
        self.assert_moved(moved, moved["verify"]["checked"], 0)
        server, client = self.start(self.engine, server.folder)
        self.assertEqual([held(hour, "sum_over_time") for hour in range(1, 97)], hours)
        # Back: what retention has deleted there is not brought again.
        self.stop(server)
        moved, text = self.move(server, "embedded")
        self.assert_moved(moved, 0, 0)
        self.assertGreaterEqual(moved["retired"]["samples"], 24 * 60, moved)
        self.assertIn("retention has deleted that time in the store that is moved to", text)


if __name__ == "__main__":
    unittest.main(verbosity=2)
