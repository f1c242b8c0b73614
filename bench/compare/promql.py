#!/usr/bin/env python3
"""CPU of range queries over 1,000 series, 24 h at 1 minute: whole servers, Gyre, Prometheus and VictoriaMetrics, same writes.

usage: promql.py GYRE [--only gyre,prometheus,victoriametrics] [--series N] [--interval SECONDS] [--rounds N] [--repeat N]
All get the same samples by remote write and answer the same queries over HTTP in turn. The answers of Gyre and Prometheus are
compared (to 1e-9) before anything is measured; VictoriaMetrics' are not, since its rate() means something else. CPU is that of the
server's process for one query: the mean of --repeat of them, the least of the rounds.
"""
import argparse
import json
import os
import random
import sys
import time

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
from metric_servers import NAMES, Server, add_options, chosen, field, label_bytes, sample_bytes, snappy_packer
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


def make_requests(count, interval, batch=500):
    """Counters, in the order of time."""
    rng, pack = random.Random(1), snappy_packer()
    labels = [label_bytes({"__name__": "requests_total", "job": "job-%d" % (i % 10), "instance": "host-%04d:9100" % i}) for i in range(count)]
    offsets, values = [rng.randrange(interval) for _ in range(count)], [0.0] * count
    requests = []
    for t in range(START, START + DAY, interval):
        for first in range(0, count, batch):
            parts = []
            for i in range(first, min(count, first + batch)):
                values[i] = 0.0 if rng.random() < 0.0002 else values[i] + rng.randrange(50)
                parts.append(field(1, labels[i] + sample_bytes(t + offsets[i], values[i])))
            requests.append(pack(b"".join(parts)))
    return requests


def quiet(server):
    """Until what it has written has been put in order."""
    calm = 0
    while calm < 3:
        before = server.cpu()
        time.sleep(1)  # samples CPU; a foreign program tells nothing
        calm = calm + 1 if server.cpu() - before < 0.05 else 0


def main():
    parser = argparse.ArgumentParser()
    add_options(parser)
    parser.add_argument("--series", type=int, default=1000)
    parser.add_argument("--interval", type=int, default=30)
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--repeat", type=int, default=3)
    arguments = parser.parse_args()
    names = chosen(arguments)
    requests = make_requests(arguments.series, arguments.interval * 1000)
    servers = []
    spent = {name: [[] for _ in QUERIES] for name in names}
    try:
        for name in names:
            server = Server(name, arguments)
            servers.append(server)
            server.write([requests])
            server.settle()
        for server in servers:
            quiet(server)
        compared = [server for server in servers if server.name != "victoriametrics"]
        for query in QUERIES:
            answers = [json.loads(server.range(query, START, START + DAY, 60_000))["data"] for server in compared]
            problem = len(answers) == 2 and difference(*answers, False)
            if problem:
                sys.exit("answers differ: %s: %s" % (query, problem))
        for _ in range(arguments.rounds):
            for i, query in enumerate(QUERIES):
                for server in servers:
                    before = server.cpu()
                    for _ in range(arguments.repeat):
                        server.range(query, START, START + DAY, 60_000)
                    spent[server.name][i].append((server.cpu() - before) / arguments.repeat)
    finally:
        for server in servers:
            server.end()
    print("%d series, a sample each %d s; CPU s of one query, mean of %d, least of %d" % (
        arguments.series, arguments.interval, arguments.repeat, arguments.rounds))
    print("| query | " + " | ".join(NAMES[name] for name in names)+ " |\n|---" + "|---" * len(names) + "|")
    for i, query in enumerate(QUERIES):
        print("| `%s` | " % query + " | ".join("%.3f" % min(spent[name][i]) for name in names) + " |")


if __name__ == "__main__":
    main()
