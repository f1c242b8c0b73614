#!/usr/bin/env python3
"""Debian's Prometheus, unmodified, scrapes a target and writes what it saw to Gyre: are both then asked the same equal to 1e-9?

The seed is printed; GYRE_SENDERS_SEED repeats a run's queries and values, GYRE_SENDERS_QUERIES sets how many random ones.
"""
import http.client
import http.server
import json
import os
import random
import re
import signal
import subprocess
import sys
import tempfile
import threading
import time
import unittest
import urllib.parse
import urllib.request

HERE = os.path.dirname(os.path.abspath(__file__))
sys.path += [os.path.join(HERE, "..", "support"), os.path.join(HERE, "..", "promql")]
from gyre_server import Client, OnAServer  # noqa: E402
from oracle_queries import random_query  # noqa: E402
from oracle_test import difference  # noqa: E402
from ports import free_port  # noqa: E402
from senders import debian_program  # noqa: E402

SCRAPES = 60
# The target's own clock, which is ahead so that there are windows of minutes: Prometheus takes ten minutes, and sends nothing
# that is older than itself.
AHEAD_MILLIS, STEP_MILLIS = 20_000, 9_000
QUERIES = int(os.environ.get("GYRE_SENDERS_QUERIES", "150"))
OWN_CLOCK = ("temperature", "requests_total", "load", "latency_bucket", "healthy")
CHOSEN = ("temperature", "short", "up", "short offset 3s", "absent(short)", "sum(up) by (job)", "scrape_samples_scraped", "rate(requests_total[5m])",
          "sum by (job) (rate(requests_total[5m]))", "increase(requests_total[10m])", "irate(requests_total[2m])",
          "histogram_quantile(0.9, sum by (le) (rate(latency_bucket[5m])))", "histogram_quantile(0.5, rate(latency_bucket[10m]))",
          "topk(2, load)", "quantile(0.9, load)", "count({__name__=~'.+'})", "count by (__name__) ({__name__=~'prometheus_.*'})", "max_over_time(load[10m])",
          "temperature{job=~'a.*'} + on(job, instance) load", "avg without (instance) (temperature)", "requests_total offset 5m", "odd", "sum(odd) by (kind)",
          "go_goroutines", "go_gc_duration_seconds", "prometheus_http_request_duration_seconds_bucket", "rate(process_cpu_seconds_total[1m])",
          "count_over_time(up[30s])", "sum_over_time(short[1m])", "changes(up[1m])", "present_over_time(short[20s])", "label_replace(up, 'x', '$1', 'job', '(.).*')",
          "avg_over_time(rate(requests_total[2m])[10m:30s])", "deriv(temperature[10m])", "stddev_over_time(load[10m])", "timestamp(up)", "rate(", "nosuch(up)")


class Target:
    """What is scraped: some series on a clock of its own, some without times."""

    def __init__(self, chance):
        self.chance, self.scrapes, self.is_well = chance, 0, True
        self.clock = int(time.time() * 1000) + AHEAD_MILLIS
        self.began = self.clock / 1000
        self.counts = {}
        target = self

        class Handler(http.server.BaseHTTPRequestHandler):
            def do_GET(self):
                body = target.exposition().encode()
                self.send_response(200 if target.is_well else 503)
                self.send_header("Content-Type", "text/plain; version=0.0.4")
                self.send_header("Content-Length", str(len(body)))
                self.end_headers()
                self.wfile.write(body)

            def log_message(self, *_):
                pass

        self.server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.port = self.server.server_address[1]
        threading.Thread(target=self.server.serve_forever, daemon=True).start()

    def exposition(self):
        if self.scrapes >= SCRAPES:
            self.is_well = False
        self.scrapes += 1
        self.clock += STEP_MILLIS
        chance, rows = self.chance, {name: [] for name in OWN_CLOCK}
        for job in ("api", "db"):
            for instance in ("a", "b", "c"):
                labels = f'job="{job}",instance="{instance}"'
                key = labels + "requests"
                self.counts[key] = 0 if chance.random() < 0.03 else self.counts.get(key, 0) + chance.randrange(40)
                rows["requests_total"].append((labels, self.counts[key]))
                rows["temperature"].append((labels, chance.randrange(-400, 400) / 8))
                rows["healthy"].append((labels, int(chance.random() < 0.9)))
                rows["load"].append((labels, chance.random() * 10 ** chance.randrange(-3, 7)))
                sizes = [chance.expovariate(1) for _ in range(6)]
                for bound in ("0.1", "0.5", "1", "5", "+Inf"):
                    key = labels + bound
                    self.counts[key] = self.counts.get(key, 0) + sum(size <= float(bound) for size in sizes)
                    rows["latency_bucket"].append((f'{labels},le="{bound}"', self.counts[key]))
        kinds = {"requests_total": "counter", "latency_bucket": "histogram"}
        text = ""
        for name, samples in rows.items():
            text += f"# HELP {name.removesuffix('_bucket')} Of the test's target.\n# TYPE {name.removesuffix('_bucket')} {kinds.get(name, 'gauge')}\n"
            text += "".join(f"{name}{{{labels}}} {value!r} {self.clock}\n" for labels, value in samples)
        text += f"# TYPE short gauge\nshort {self.scrapes}\n"  # ends with a stale marker
        odd = (("nan", "NaN"), ("inf", "+Inf"), ("minus", "-Inf"), ("zero", "-0"), ("tiny", "1e-300"), ("huge", "1.7976931348623157e308"))
        return text + "".join(f'odd{{kind="{kind}",text="a\\"b\\\\c\\nd é"}} {value}\n' for kind, value in odd)


class PrometheusSends(OnAServer):
    def setUp(self):
        super().setUp()
        program, environment = debian_program("prometheus", "prometheus")
        seed = int(os.environ.get("GYRE_SENDERS_SEED", random.SystemRandom().randrange(1 << 32)))
        print("seed", seed, flush=True)
        self.chance = random.Random(seed)
        self.target = Target(self.chance)
        self.addCleanup(self.target.server.server_close)
        self.addCleanup(self.target.server.shutdown)
        folder = tempfile.TemporaryDirectory(prefix="gyre-prometheus-")
        self.addCleanup(folder.cleanup)
        config = os.path.join(folder.name, "prometheus.yml")
        self.prometheus_port = free_port()
        with open(config, "w", encoding="utf-8") as file:
            file.write(f"""global: {{scrape_interval: 150ms, scrape_timeout: 150ms}}
scrape_configs:
  - {{job_name: target, honor_labels: true, static_configs: [{{targets: ["127.0.0.1:{self.target.port}"]}}]}}
  - {{job_name: prometheus, scrape_interval: 1s, scrape_timeout: 1s, static_configs: [{{targets: ["127.0.0.1:{self.prometheus_port}"]}}]}}
remote_write:
  - url: http://127.0.0.1:{self.server.port}/api/v1/write
    queue_config: {{max_shards: 1, batch_send_deadline: 200ms}}
    metadata_config: {{send_interval: 1s}}
""")
        self.log = os.path.join(folder.name, "log")
        with open(self.log, "w", encoding="utf-8") as log:
            self.process = subprocess.Popen([program, "--config.file=" + config, "--storage.tsdb.path=" + os.path.join(folder.name, "data"),
                                             f"--web.listen-address=127.0.0.1:{self.prometheus_port}", "--log.level=warn"], env={**os.environ, **environment}, stdout=log, stderr=log)
        self.addCleanup(self.end_prometheus)
        self.prometheus = Client(self.prometheus_port)
        self.addCleanup(self.prometheus.close)

    def end_prometheus(self):
        self.process.send_signal(signal.SIGTERM)
        self.process.wait(30)

    def get(self, client, path, **parameters):
        for _ in range(300):
            try:
                return client.send("GET", f"/api/v1/{path}?" + urllib.parse.urlencode(parameters)).json
            except (OSError, http.client.HTTPException, json.JSONDecodeError):
                client.close()
                time.sleep(0.1)  # until a foreign program is ready
        self.fail("nobody answers")

    def moment(self, client):
        """When the target was last seen down for the third time, in seconds; None before that."""
        found = self.get(client, "query", query="timestamp(up{job='target'}) and count_over_time((up{job='target'} == 0)[30s:150ms]) > 3")["data"]["result"]
        return float(found[0]["value"][1]) if found else None

    def wait_for(self, condition, seconds=90):
        deadline = time.monotonic() + seconds
        while not (found := condition()):
            with open(self.log, encoding="utf-8") as log:
                self.assertLess(time.monotonic(), deadline, log.read()[-2000:])
            time.sleep(0.1)  # what another program does cannot be waited for in another way
        return found

    def test_both_answer_alike(self):
        # Scrapes that came too late on a busy machine look like a target that is down, too.
        end = self.wait_for(lambda: self.target.scrapes > SCRAPES + 5 and self.moment(self.prometheus))
        # One queue in order: what is at Gyre from later on, has everything from before before it.
        self.wait_for(lambda: (self.moment(self.client) or 0) > end + 1)
        sequence = self.client.send("GET", "/readyz").json["domains"]["metrics"]["sequence"]
        self.client.query("ListMetricNames", domain="metrics", Gyre_Min_Sequence=str(sequence), Gyre_Timeout="60000")
        began, ended = self.target.began, self.target.began + SCRAPES * STEP_MILLIS / 1000
        chance = self.chance
        queries = []
        for text in CHOSEN:
            if any(name in text for name in OWN_CLOCK):
                queries.append((text, began, ended, 15))
            queries.append((text, end - 10, end, 0.5))
        for _ in range(QUERIES):
            start = round(chance.uniform(began, ended), 3)
            step = chance.choice((1, 5, 15, 37))
            # "up" goes on while this asks.
            query = re.sub(r"\bup\b", "healthy", random_query(chance)).replace("1600004000", str(int(began + 200)))
            queries.append((query, start, min(ended, start + step * chance.randrange(1, 150)), step))
        differing, refused, empty = [], 0, 0
        for query, start, stop, step in queries:
            parameters = {"query": query, "start": f"{start:.3f}", "end": f"{stop:.3f}", "step": step}
            ours, theirs = (self.get(client, "query_range", **parameters) for client in (self.client, self.prometheus))
            if "error" in (ours["status"], theirs["status"]):
                refused += 1
                problem = None if ours.get("errorType") == theirs.get("errorType") else f"{ours}, expected {theirs}"[:500]
            else:
                problem = difference(ours["data"], theirs["data"], False)
                empty += not theirs["data"]["result"]
            if problem:
                differing.append((parameters, problem[:500]))
        print(f"{len(queries)} queries, {refused} refused by both, {empty} empty, {len(differing)} differ", flush=True)
        self.assertEqual([], differing[:10])
        self.assertLess(refused + empty, len(queries) / 2)
        # Prometheus' series of itself grow while it is asked.
        parameters = {"start": f"{end - 60:.3f}", "end": f"{ended:.3f}", "match[]": "{job=~'target|api|db'}"}
        for path in ("series", "labels", "label/__name__/values", "label/le/values"):
            ours, theirs = (self.get(client, path, **parameters)["data"] for client in (self.client, self.prometheus))
            order = {"key": lambda one: json.dumps(one, sort_keys=True)}
            self.assertEqual(sorted(theirs, **order), sorted(ours, **order), path)
        ours, theirs = (self.get(client, "metadata")["data"] for client in (self.client, self.prometheus))
        for name in ("temperature", "requests_total", "latency", "go_gc_duration_seconds"):
            self.assertEqual([(one["type"], one["help"]) for one in theirs[name]], [(one["type"], one["help"]) for one in ours[name]])


if __name__ == "__main__":
    unittest.main(verbosity=2)
