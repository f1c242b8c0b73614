#!/usr/bin/env python3
"""Does the OpenTelemetry SDK for Python, unmodified, deliver every kind of instrument, and is each what Prometheus calls it?"""
import os
import subprocess
import sys
import unittest
import urllib.parse

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "support"))
from gyre_server import OnAServer  # noqa: E402
from senders import python_packages  # noqa: E402

SENDER = '''
import sys
from opentelemetry.sdk.resources import Resource
from opentelemetry.sdk.metrics import (Counter, Histogram, MeterProvider, ObservableCounter, UpDownCounter)
from opentelemetry.sdk.metrics.export import AggregationTemporality, PeriodicExportingMetricReader
from opentelemetry.sdk.metrics.view import ExponentialBucketHistogramAggregation, View
from opentelemetry.metrics import Observation
from opentelemetry.exporter.otlp.proto.http import Compression
from opentelemetry.exporter.otlp.proto.http.metric_exporter import OTLPMetricExporter

endpoint, temporality = sys.argv[1:]
preferred = {}
if temporality == "delta":
    preferred = {kind: AggregationTemporality.DELTA for kind in (Counter, Histogram, ObservableCounter)}
exporter = OTLPMetricExporter(endpoint=endpoint, compression=Compression.Gzip, preferred_temporality=preferred)
reader = PeriodicExportingMetricReader(exporter, export_interval_millis=3600_000)
provider = MeterProvider([reader], Resource.create({"service.name": temporality, "service.namespace": "py", "service.instance.id": "i1"}),
                         views=[View(instrument_name="sizes", aggregation=ExponentialBucketHistogramAggregation())])
meter = provider.get_meter("tests", "1.0")
counter = meter.create_counter("jobs.done", description="Jobs that ended.")
counter.add(5, {"kind": "a"}), counter.add(7, {"kind": "a"}), counter.add(2.5, {"kind": "b"})
up_down = meter.create_up_down_counter("queue.bytes", unit="By")
up_down.add(10), up_down.add(-4)
gauge = meter.create_gauge("room.temperature", unit="Cel")
gauge.set(19), gauge.set(21.5)
durations = meter.create_histogram("request.duration", unit="ms")
for value in (1, 7, 7, 80, 20000):
    durations.record(value)
sizes = meter.create_histogram("sizes")
for value in (1, 2, 2, 1000):
    sizes.record(value)
meter.create_observable_counter("cpu.time", [lambda _: [Observation(42, {"cpu": "0"}), Observation(43, {"cpu": "1"})]], unit="s")
meter.create_observable_up_down_counter("connections", [lambda _: [Observation(-3)]])
meter.create_observable_gauge("load", [lambda _: [Observation(0.25)]])
assert provider.force_flush()
provider.shutdown()
'''


class OpenTelemetryMetrics(OnAServer):
    def export(self, temporality):
        environment = python_packages("opentelemetry", "opentelemetry", "opentelemetry-sdk", "opentelemetry-exporter-otlp-proto-http")
        sent = subprocess.run([sys.executable, "-c", SENDER, f"http://127.0.0.1:{self.server.port}/v1/metrics", temporality],
                              env=environment, capture_output=True, text=True, timeout=120)
        self.assertEqual(0, sent.returncode, sent.stderr)
        self.assertEqual("", sent.stderr)
        sequence = self.client.send("GET", "/readyz").json["domains"]["metrics"]["sequence"]
        seen = self.client.query("ListMetricNames", domain="metrics", Gyre_Min_Sequence=str(sequence), Gyre_Timeout="60000")
        self.assertEqual(200, seen.status, seen)

    def get(self, path, **parameters):
        answer = self.client.send("GET", f"/api/v1/{path}?" + urllib.parse.urlencode(parameters))
        self.assertEqual(200, answer.status, answer)
        return answer.json["data"]

    def values(self, query, label=None):
        """By that label; the one value without one."""
        found = [(one["metric"].get(label), float(one["value"][1])) for one in self.get("query", query=query)["result"]]
        if label:
            return dict(found)
        self.assertEqual(1, len(found), query)
        return found[0][1]

    def test_cumulative(self):
        self.export("cumulative")
        job = '{job="py/cumulative",instance="i1"}'
        self.assertEqual({"a": 12, "b": 2.5}, self.values(f"jobs_done_total{job}", "kind"))
        self.assertEqual(6, self.values(f"queue_bytes{job}"))
        self.assertEqual(21.5, self.values(f"room_temperature_celsius{job}"))
        self.assertEqual((5, 20095), (self.values(f"request_duration_milliseconds_count{job}"), self.values(f"request_duration_milliseconds_sum{job}")))
        buckets = self.values(f"request_duration_milliseconds_bucket{job}", "le")
        self.assertEqual((0, 1, 3, 3, 4, 4, 5), tuple(buckets[le] for le in ("0", "5", "10", "75", "100", "10000", "+Inf")))
        self.assertEqual((4, 1005), (self.values(f"sizes_count{job}"), self.values(f"sizes_sum{job}")))
        exponential = sorted(self.values(f"sizes_bucket{job}", "le").items(), key=lambda one: float(one[0]))
        self.assertEqual(4, exponential[-1][1])
        self.assertEqual(sorted(count for _, count in exponential), [count for _, count in exponential])
        for value, below in ((0.9, 0), (1.1, 1), (2.1, 3), (990, 3), (1100, 4)):  # at most a bucket's width off
            self.assertEqual(below, max([count for le, count in exponential if float(le) <= value], default=0), (value, exponential))
        self.assertEqual({"0": 42, "1": 43}, self.values(f"cpu_time_seconds_total{job}", "cpu"))
        self.assertEqual(-3, self.values(f"connections{job}"))
        self.assertEqual(0.25, self.values(f"load{job}"))
        self.assertEqual(1, self.values(f'target_info{{job="py/cumulative",telemetry_sdk_language="python"}}'))
        metadata = self.get("metadata")
        self.assertEqual(("counter", "Jobs that ended."), (metadata["jobs_done_total"][0]["type"], metadata["jobs_done_total"][0]["help"]))
        self.assertEqual(("gauge", "histogram"), (metadata["load"][0]["type"], metadata["request_duration_milliseconds"][0]["type"]))

    def test_delta(self):
        self.export("delta")
        job = '{job="py/delta",__temporality__="delta"}'
        self.assertEqual({"a": 12, "b": 2.5}, self.values(f"sum by (kind) (sum_over_time(jobs_done_total{job}[5m]))", "kind"))
        self.assertEqual(5, self.values(f"sum_over_time(request_duration_milliseconds_count{job}[5m])"))
        self.assertEqual(6, self.values('queue_bytes{job="py/delta"}'))


if __name__ == "__main__":
    unittest.main(verbosity=2)
