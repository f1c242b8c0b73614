#!/usr/bin/env python3
"""What does a million samples of remote write cost? Gyre, Prometheus and VictoriaMetrics receive the same requests, in turn.

usage: remote_write.py GYRE [--only gyre,prometheus,victoriametrics] [--samples N] [--series N] [--batch N] [--connections N] [--rounds N]
The corpus is that of ../shared/bench (200 names by hosts, every 15 s, three decimals around a sine). CPU is that of the server's
process, user and system: until the last answer, and until its end, with all that it wrote behind. Gyre answers after an fsync;
Prometheus once its log is with the operating system, VictoriaMetrics once it is in memory. Bytes are those of blocks after the
stop (Prometheus': of a snapshot with the head in it), and of all files, logs too.
"""
import argparse
import datetime
import math
import os
import random
import sys

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
from metric_servers import NAMES, Server, add_options, chosen, field, label_bytes, sample_bytes, snappy_packer

BASE = int(datetime.datetime(2024, 9, 1, tzinfo=datetime.timezone.utc).timestamp() * 1000)
STEP = 15_000
REGIONS = ("eu-west", "eu-north", "us-east", "us-west", "ap-south")


def labels_of(number):
    host = number % 50
    return {"__name__": "app_metric_%03d" % (number // 50), "host": "host-%02d" % host,
            "instance": "10.0.0.%d:%d" % (host, 9000 + number // 50 % 7), "region": REGIONS[host % 5]}


def make_requests(samples, series, batch, connections):
    """Step by step, as agents send: each request holds the next `batch` series of a step. A list a connection."""
    rng, pack = random.Random(3), snappy_packer()
    labels = [label_bytes(labels_of(number)) for number in range(series)]
    requests, written, step = [[] for _ in range(connections)], 0, 0
    while written < samples:
        for first in range(0, series, batch):
            parts = []
            for number in range(first, min(series, first + batch, first + samples - written)):
                value = round(50 + 40 * math.sin(step / 40 + number) + 3 * rng.gauss(0, 1), 3)
                parts.append(field(1, labels[number] + sample_bytes(BASE + step * STEP, value)))
            written += len(parts)
            if parts:
                requests[first // batch % connections].append(pack(b"".join(parts)))
        step += 1
    return requests


def run(name, arguments, requests):
    server = Server(name, arguments)
    try:
        before = server.cpu()
        seconds = server.write(requests)
        answered = server.cpu() - before
        server.settle()
        found = server.instant('count(last_over_time({__name__=~"app_metric_.*"}[1h]))', BASE + arguments.samples // arguments.series * STEP)
        if int(found[0]["value"][1]) != arguments.series:
            sys.exit("%s: expected %d series, found %s" % (NAMES[name], arguments.series, found))
        stopped = server.stop()
        return answered, stopped.cpu - before, seconds, stopped.blocks, stopped.everything, stopped.mebibytes
    finally:
        server.end()


def main():
    parser = argparse.ArgumentParser()
    add_options(parser)
    parser.add_argument("--samples", type=int, default=1_000_000)
    parser.add_argument("--series", type=int, default=10_000)
    parser.add_argument("--batch", type=int, default=5_000)
    parser.add_argument("--connections", type=int, default=2)
    parser.add_argument("--rounds", type=int, default=3)
    arguments = parser.parse_args()
    names = chosen(arguments)
    requests = make_requests(arguments.samples, arguments.series, arguments.batch, arguments.connections)
    print("%d samples of %d series, %d a request, %.1f bytes a sample packed; least of %d" % (
        arguments.samples, arguments.series, arguments.batch, sum(len(body) for bodies in requests for body in bodies) / arguments.samples, arguments.rounds))
    outcomes = {name: [] for name in names}
    for _ in range(arguments.rounds):
        for name in names:
            outcomes[name].append(run(name, arguments, requests))
    print("| | CPU s a million, until answered | with all behind | wall s | bytes a sample in blocks | in all files | MiB at most |")
    print("|---|---|---|---|---|---|---|")
    millions = arguments.samples / 1e6
    for name in names:
        answered, life, seconds, blocks, everything, memory = (min(column) for column in zip(*outcomes[name]))
        print("| %s | %.2f | %.2f | %.2f | %.2f | %.1f | %.0f |" % (
            NAMES[name], answered / millions, life / millions, seconds / millions, blocks / arguments.samples, everything / arguments.samples, memory))


if __name__ == "__main__":
    main()
