#!/usr/bin/env python3
"""CPU of range queries over 1,000 series, 24 h at 1 minute: Gyre's store and evaluator beside Prometheus, same samples.

usage: promql.py promql_answers [--series N] [--interval SECONDS] [--rounds N]
Both answer the same queries in turn, each round one after the other; the table shows the least CPU of the rounds. Gyre's is
that of reading the store, evaluating and writing the JSON; Prometheus' is its process's, with HTTP.
"""
import argparse
import json
import os
import random
import subprocess
import sys
import tempfile

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "../../tests/promql"))
import prometheus_node
from oracle_test import difference

START = 1_600_000_020_000 // 3_600_000 * 3_600_000
DAY = 86_400_000
QUERIES = (
    "requests_total",
    "rate(requests_total[5m])",
    "sum by (job) (rate(requests_total[5m]))",
    "increase(requests_total[1h])",
    "max_over_time(requests_total[1h])",
    "avg_over_time(requests_total[1h])",
    "topk(5, rate(requests_total[5m]))",
    "sum by (job) (rate(requests_total[5m])) / on(job) count by (job) (requests_total)",
)


def make_series(count, interval):
    rng = random.Random(1)
    series = []
    for i in range(count):
        labels = {"__name__": "requests_total", "job": "job-%d" % (i % 10), "instance": "host-%04d:9100" % i}
        value, samples = 0.0, []
        for t in range(START + rng.randrange(interval), START + DAY, interval):
            value = 0.0 if rng.random() < 0.0002 else value + rng.randrange(50)
            samples.append((t, value))
        series.append((labels, samples))
    return series


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("program")
    parser.add_argument("--series", type=int, default=1000)
    parser.add_argument("--interval", type=int, default=30)
    parser.add_argument("--rounds", type=int, default=5)
    arguments = parser.parse_args()
    absent = prometheus_node.missing()
    if absent:
        sys.exit("needs " + " and ".join(absent))
    series = make_series(arguments.series, arguments.interval * 1000)
    lines = ["%d %d %d %s\n" % (START, START + DAY, 60_000, query) for query in QUERIES]
    with tempfile.TemporaryDirectory() as folder:
        path, store = os.path.join(folder, "samples"), os.path.join(folder, "store")
        with open(path, "w") as out:
            for labels, samples in series:
                out.write("series %s\n" % prometheus_node.series_text(labels))
                out.writelines("%d %r\n" % sample for sample in samples)
        answers = subprocess.run([arguments.program, store, path], input="".join(lines), text=True, check=True,
                                 stdout=subprocess.PIPE).stdout.splitlines()
        node = prometheus_node.Node(series)
        ours = [[] for _ in QUERIES]
        theirs = [[] for _ in QUERIES]
        try:
            for query, answer in zip(QUERIES, answers):
                problem = difference(json.loads(answer), node.ask(query, START, START + DAY, 60_000)["data"], False)
                if problem:
                    sys.exit("answers differ: %s: %s" % (query, problem))
            with subprocess.Popen([arguments.program, "--time", store, path], stdin=subprocess.PIPE, stdout=subprocess.PIPE,
                                  text=True, bufsize=1) as program:
                for _ in range(arguments.rounds):
                    for i, query in enumerate(QUERIES):
                        program.stdin.write(lines[i])
                        program.stdin.flush()
                        ours[i].append(float(program.stdout.readline().split()[0]))
                        before = node.cpu_seconds()
                        node.raw(query, START, START + DAY, 60_000)
                        theirs[i].append(node.cpu_seconds() - before)
                program.stdin.close()
        finally:
            node.stop()
    print("%d series, a sample each %d s; CPU of one query, least of %d" % (arguments.series, arguments.interval, arguments.rounds))
    print("| query | Gyre s | Prometheus s | share |\n|---|---|---|---|")
    for i, query in enumerate(QUERIES):
        a, b = min(ours[i]), min(theirs[i])
        print("| `%s` | %.3f | %.2f | %.2f |" % (query, a, b, a / b if b else float("inf")))


if __name__ == "__main__":
    main()
