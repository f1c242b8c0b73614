#!/usr/bin/env python3
"""Equal answers, to 1e-9, of Gyre's evaluator and of Prometheus over the same samples: chosen queries and random ones.

usage: oracle_test.py promql_answers [SEED [COUNT]]
The seed is printed; a failure prints the query as the program takes it.
"""
import json
import math
import os
import random
import subprocess
import sys
import tempfile
import time

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
import prometheus_node
from oracle_queries import chosen_queries, random_query

# A whole hour, so that some queries fall on the borders of roll-ups.
BASE = 1_600_002_000_000
HOURS = 3
TOLERANCE = 1e-9


def make_series(rng):
    series = []

    def add(name, labels, values):
        series.append((dict(labels, __name__=name), values))

    def times(interval, jitter, gap_share):
        at = BASE + rng.randrange(interval)
        while at < BASE + HOURS * 3_600_000:
            if rng.random() < gap_share:
                at += interval * rng.randrange(5, 60)
            yield at + (rng.randrange(jitter) if jitter else 0)
            at += interval

    for job in ("api", "db"):
        for instance in ("a", "b", "c"):
            labels = {"job": job, "instance": instance}
            count = 0.0
            samples = []
            for t in times(15_000, 200, 0.002):
                count = 0.0 if rng.random() < 0.01 else count + rng.randrange(0, 40)
                samples.append((t, count))
            add("requests_total", dict(labels, code=rng.choice(("200", "500"))), samples)
            add("temperature", labels, [(t, rng.randrange(-400, 400) / 8) for t in times(30_000, 0, 0.01)])
            add("load", labels, [(t, rng.random() * 10 ** rng.randrange(-3, 7)) for t in times(60_000, 3_000, 0.02)])
            add("up", labels, [(t, float(rng.random() < 0.9)) for t in times(15_000, 0, 0)])
            buckets = {bound: 0.0 for bound in ("0.1", "0.5", "1", "5", "+Inf")}
            rows = {bound: [] for bound in buckets}
            for t in times(30_000, 0, 0.005):
                for _ in range(rng.randrange(6)):
                    size = rng.expovariate(1)
                    for bound in buckets:
                        if size <= float(bound):
                            buckets[bound] += 1
                for bound in buckets:
                    rows[bound].append((t, buckets[bound]))
            for bound in buckets:
                add("latency_bucket", dict(labels, le=bound), rows[bound])
    odd = (math.inf, -math.inf, math.nan, 0.0, -0.0, 1e300, 1e-300, 1.0)
    add("odd", {"kind": "mixed"}, [(t, rng.choice(odd)) for t in times(60_000, 0, 0)])
    add("odd", {"kind": "infinite"}, [(t, math.inf) for t in times(60_000, 0, 0)])
    add("short", {"job": "api"}, [(BASE + 3_600_000 + i * 15_000, float(i)) for i in range(40)])
    add("info", {"job": "api", "version": "1.2"}, [(t, 1.0) for t in times(60_000, 0, 0)])
    add("info", {"job": "db", "version": "9"}, [(t, 1.0) for t in times(60_000, 0, 0)])
    return series


def close(a, b):
    x, y = float(a), float(b)
    if math.isnan(x) or math.isnan(y):
        return math.isnan(x) and math.isnan(y)
    if math.isinf(x) or math.isinf(y):
        return x == y
    return abs(x - y) <= TOLERANCE * max(1.0, abs(x), abs(y))


def difference(ours, theirs, is_ordered):
    """None, or what differs between two data members."""
    if ours["resultType"] != theirs["resultType"]:
        return "type %s, expected %s" % (ours["resultType"], theirs["resultType"])
    a, b = ours["result"], theirs["result"]
    if ours["resultType"] in ("scalar", "string"):
        same = a[0] == b[0] and (a[1] == b[1] or ours["resultType"] == "scalar" and close(a[1], b[1]))
        return None if same else "%s, expected %s" % (a, b)
    if len(a) != len(b):
        return "%d series, expected %d" % (len(a), len(b))
    if not is_ordered:
        key = lambda one: json.dumps(one["metric"], sort_keys=True)
        a, b = sorted(a, key=key), sorted(b, key=key)
    for x, y in zip(a, b):
        if x["metric"] != y["metric"]:
            return "series %s, expected %s" % (x["metric"], y["metric"])
        ours_points = x.get("values") or [x["value"]]
        their_points = y.get("values") or [y["value"]]
        if len(ours_points) != len(their_points):
            return "%s: %d points, expected %d" % (x["metric"], len(ours_points), len(their_points))
        for (t1, v1), (t2, v2) in zip(ours_points, their_points):
            if t1 != t2 or not close(v1, v2):
                return "%s: %s at %s, expected %s at %s" % (x["metric"], v1, t1, v2, t2)
    return None


def main():
    absent = prometheus_node.missing()
    if absent:
        print("SKIPPED: %s not installed" % " and ".join(absent))
        return 0
    seed = int(sys.argv[2]) if len(sys.argv) > 2 else random.SystemRandom().randrange(1 << 32)
    count = int(sys.argv[3]) if len(sys.argv) > 3 else 200
    print("seed", seed)
    rng = random.Random(seed)
    series = make_series(rng)
    end = BASE + HOURS * 3_600_000
    queries = []
    for text in chosen_queries():
        queries.append((BASE + 600_000, end, 60_000, text))
        queries.append((BASE + 5_400_000, 0, 0, text))
    for _ in range(count):
        start = BASE + rng.randrange(HOURS * 3_600_000)
        step = rng.choice((1_000, 15_000, 37_000, 60_000, 300_000))
        queries.append((start, min(end, start + step * rng.randrange(1, 150)), step, random_query(rng)))
    with tempfile.TemporaryDirectory() as folder:
        path = os.path.join(folder, "samples")
        with open(path, "w") as out:
            for labels, samples in series:
                out.write("series %s\n" % prometheus_node.series_text(labels))
                out.writelines("%d %s\n" % (t, prometheus_node.number_text(v)) for t, v in samples)
        lines = "".join("%d %d %d %s\n" % query for query in queries)
        ours = subprocess.run([sys.argv[1], os.path.join(folder, "store"), path], input=lines, text=True, check=True, stdout=subprocess.PIPE).stdout
    answers = ours.splitlines()
    assert len(answers) == len(queries), "%d answers to %d queries" % (len(answers), len(queries))
    node = prometheus_node.Node(series)
    failures = refused = empty = 0
    began = time.monotonic()
    try:
        for query, answer in zip(queries, answers):
            theirs = node.ask(query[3], query[0], query[1], query[2])
            problem = None
            if answer.startswith("!") or theirs["status"] == "error":
                refused += 1
                reason = answer[1:].split(" ")[0] if answer.startswith("!") else "an answer"
                if theirs.get("errorType", "an answer") != reason:
                    problem = "%s (%s), expected %s (%s)" % (reason, answer[:200], theirs.get("errorType", "an answer"),
                                                            theirs.get("error"))
            else:
                is_ordered = query[2] == 0 and query[3].startswith(("sort", "topk", "bottomk"))
                problem = difference(json.loads(answer), theirs["data"], is_ordered)
                empty += not theirs["data"]["result"]
            if problem:
                failures += 1
                print("%d %d %d %s\n    %s" % (query + (problem,)))
    finally:
        node.stop()
    print("%d queries, %d refused by both, %d empty, %d differ, %.1f s" %
          (len(queries), refused, empty, failures, time.monotonic() - began))
    # A generator that asks for nothing proves nothing.
    return 1 if failures or refused + empty > len(queries) // 2 else 0


if __name__ == "__main__":
    sys.exit(main())
