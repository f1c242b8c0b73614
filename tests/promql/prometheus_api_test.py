#!/usr/bin/env python3
"""Prometheus' HTTP API on the real program: samples in by exposition text, questions as a dashboard asks them."""
import os
import sys
import tempfile
import unittest
import urllib.parse

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "support"))
from gyre_server import Client, Server  # noqa: E402

PLUGIN = os.environ.get("GYRE_METRICS_PLUGIN", "build/dev/lib/gyre/plugins/metrics.so")
START = 1_600_002_000
FORM = {"Content-Type": "application/x-www-form-urlencoded"}


class MetricsServer(Server):
    def __init__(self):
        self.plugins = tempfile.TemporaryDirectory(prefix="gyre-test-plugins-")
        os.symlink(os.path.abspath(PLUGIN), os.path.join(self.plugins.name, os.path.basename(PLUGIN)))
        super().__init__(None, [f"plugins.dir={self.plugins.name}"])


class PrometheusApi(unittest.TestCase):
    def setUp(self):
        self.server = MetricsServer()
        self.server.start()
        self.addCleanup(self.server.plugins.cleanup)
        self.addCleanup(self.server.temporary.cleanup)
        self.addCleanup(self.server.stop)
        self.client = Client(self.server.port)
        self.addCleanup(self.client.close)
        lines = ["# HELP jobs_total Jobs done.", "# TYPE jobs_total counter"]
        for i in range(20):
            at = (START + 15 * i) * 1000
            lines.append('jobs_total{host="a"} %d %d' % (30 * i, at))
            lines.append('jobs_total{host="b"} %d %d' % (15 * i, at))
            lines.append('temperature{host="a"} %s %d' % (20 + i / 4, at))
        taken = self.client.send("POST", "/v1/metrics/ingest/prometheus", "\n".join(lines) + "\n",
                                 {"Content-Type": "text/plain; version=0.0.4"})
        self.assertIn(taken.status, (200, 204), taken)
        # Prometheus' API knows no sequences; the domain's own queries wait for one.
        seen = self.client.query("ListMetricNames", {}, domain="metrics", Gyre_Timeout="60000",
                                 Gyre_Min_Sequence=taken.headers["Gyre-Sequence"])
        self.assertEqual(200, seen.status, seen)

    def ask(self, path, **parameters):
        query = urllib.parse.urlencode([(k.replace("match", "match[]"), v) for k, v in parameters.items()], doseq=True)
        answer = self.client.send("GET", "/api/v1/" + path + "?" + query)
        self.assertEqual(200, answer.status, answer)
        self.assertEqual("application/json", answer.headers["Content-Type"])
        self.assertEqual("success", answer.json["status"])
        return answer.json["data"]

    def refused(self, path, status, kind, message, **parameters):
        answer = self.client.send("GET", "/api/v1/" + path + "?" + urllib.parse.urlencode(parameters))
        self.assertEqual(status, answer.status, answer)
        self.assertEqual(["status", "errorType", "error"], list(answer.json))
        self.assertEqual(("error", kind), (answer.json["status"], answer.json["errorType"]))
        self.assertIn(message, answer.json["error"])

    def test_an_instant_query(self):
        data = self.ask("query", query="sum(jobs_total)", time=START + 285)
        self.assertEqual({"resultType": "vector", "result": [{"metric": {}, "value": [START + 285, "855"]}]}, data)
        self.assertEqual([], self.ask("query", query="jobs_total")["result"])  # now: long after

    def test_a_range_query_by_get_and_by_form(self):
        parameters = {"query": "sum by (host) (rate(jobs_total[1m]))", "start": START + 60, "end": START + 180, "step": "30s"}
        data = self.ask("query_range", **parameters)
        self.assertEqual("matrix", data["resultType"])
        self.assertEqual([{"host": "a"}, {"host": "b"}], [one["metric"] for one in data["result"]])
        self.assertEqual([[START + 60 + 30 * i, "2"] for i in range(5)], data["result"][0]["values"])
        posted = self.client.send("POST", "/api/v1/query_range", urllib.parse.urlencode(parameters), FORM)
        self.assertEqual(data, posted.json["data"])

    def test_listings(self):
        self.assertEqual(["__name__", "host"], self.ask("labels"))
        self.assertEqual(["a", "b"], self.ask("label/host/values"))
        self.assertEqual(["a"], self.ask("label/host/values", match="temperature"))
        self.assertEqual(["jobs_total", "temperature"], self.ask("label/__name__/values"))
        self.assertEqual([{"__name__": "jobs_total", "host": "b"}, {"__name__": "temperature", "host": "a"}],
                         self.ask("series", match=['jobs_total{host="b"}', "temperature"]))
        metadata = self.ask("metadata")
        self.assertEqual([{"type": "counter", "help": "Jobs done.", "unit": ""}],
                         metadata.get("jobs_total") or metadata.get("jobs"))

    def test_refusals(self):
        self.refused("query", 400, "bad_data", 'invalid parameter "query": 1:5: parse error', query="sum(")
        self.refused("query", 400, "bad_data", 'invalid parameter "time"', query="up", time="soon")
        self.refused("query_range", 400, "bad_data", 'invalid parameter "start"', query="up")
        self.refused("query_range", 400, "bad_data", "max_points", query="up", start=0, end=100_000, step=1)
        self.refused("series", 400, "bad_data", "match[]")
        self.refused("query", 422, "execution", "same labelset", time=START,
                     query='label_replace(jobs_total, "host", "x", "host", ".*")')
        self.assertEqual(404, self.client.send("GET", "/api/v1/nothing").status)


if __name__ == "__main__":
    unittest.main()
