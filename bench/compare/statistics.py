#!/usr/bin/env python3
"""What do the statistics over a million payments cost, here and on OpenSearch? Both in one run, CPU of the server processes.

    bench/compare/statistics.py CORPUS.ndjson [--opensearch URL --opensearch-pid PID] [--rounds 20]

CORPUS.ndjson holds a payment's document a line (paymentId, organizationId, amount, currency, status, description, processedAt). Amounts
whose currency has no such fraction (50.05 JPY) are rounded, for both. Gyre is asked GetPaymentStatistics; OpenSearch the same
aggregations, as the seed words them. Request caches are bypassed on both sides, and counts are compared.
"""
import argparse
import json
import os
import subprocess
import sys
import tempfile
import time
import urllib.request

HERE = os.path.dirname(os.path.abspath(__file__))
ROOT = os.path.dirname(os.path.dirname(HERE))
sys.path.insert(0, os.path.join(ROOT, "tests", "support"))
sys.path.insert(0, os.path.join(ROOT, "bench", "load"))
import gyre_server  # noqa: E402
from http_bench import cpu_seconds, resident_mb  # noqa: E402

MAPPING = {"settings": {"number_of_shards": 1, "number_of_replicas": 0}, "mappings": {"properties": {
    "paymentId": {"type": "keyword"}, "organizationId": {"type": "keyword"}, "userId": {"type": "keyword"},
    "description": {"type": "text", "fields": {"suggest": {"type": "completion"}}}, "processedAt": {"type": "date"},
    "amount": {"type": "double"}, "currency": {"type": "keyword"}, "status": {"type": "keyword"}}}}
REQUEST = {"size": 0, "aggs": {
    "status": {"terms": {"field": "status"}, "aggs": {"sum": {"sum": {"field": "amount"}}, "avg": {"avg": {"field": "amount"}}}},
    "currency": {"terms": {"field": "currency"}, "aggs": {"sum": {"sum": {"field": "amount"}}}},
    "day": {"date_histogram": {"field": "processedAt", "calendar_interval": "day"}, "aggs": {
        "sum": {"sum": {"field": "amount"}}, "count": {"value_count": {"field": "paymentId"}}}}}}


def call(url, method="POST", body=None, kind="application/json"):
    request = urllib.request.Request(url, data=body, method=method, headers={"Content-Type": kind})
    with urllib.request.urlopen(request, timeout=600) as response:
        return json.load(response)


def documents(path):
    with open(path) as file:
        for line in file:
            document = json.loads(line)
            if document["currency"] == "JPY":
                document["amount"] = max(1, round(document["amount"]))
            yield document


def load_opensearch(url, path):
    call(f"{url}/payments", "PUT", json.dumps(MAPPING).encode())
    lines = []
    for number, document in enumerate(documents(path), 1):
        lines.append('{"index":{}}\n' + json.dumps(document) + "\n")
        if len(lines) == 5000:
            assert not call(f"{url}/payments/_bulk", body="".join(lines).encode(), kind="application/x-ndjson")["errors"]
            lines = []
    if lines:
        call(f"{url}/payments/_bulk", body="".join(lines).encode(), kind="application/x-ndjson")
    call(f"{url}/payments/_refresh")
    return number


def measure(pid, rounds, ask):
    for _ in range(5):
        answer = ask()
    before, started = cpu_seconds(pid), time.monotonic()
    for _ in range(rounds):
        answer = ask()
    return answer, (cpu_seconds(pid) - before) / rounds * 1000, (time.monotonic() - started) / rounds * 1000


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("corpus")
    parser.add_argument("--opensearch")
    parser.add_argument("--opensearch-pid", type=int)
    parser.add_argument("--program", default=os.path.join(ROOT, "build/release/bin/gyre"))
    parser.add_argument("--rounds", type=int, default=20)
    options = parser.parse_args()
    gyre_server.PROGRAM = options.program

    with gyre_server.Server() as server, tempfile.NamedTemporaryFile("w", suffix=".ndjson") as rounded:
        for document in documents(options.corpus):
            rounded.write(json.dumps(document) + "\n")
        rounded.flush()
        before = cpu_seconds(server.process.pid)
        result = subprocess.run([options.program, "import", "payments", rounded.name, "--server", f"http://127.0.0.1:{server.port}"],
                                capture_output=True, text=True, check=True)
        print(f"gyre: {result.stdout.strip()}; server CPU {cpu_seconds(server.process.pid) - before:.1f} s", flush=True)
        client = server.client()
        ours, our_cpu, our_time = measure(server.process.pid, options.rounds, lambda: client.query(
            "GetPaymentStatistics", {}, Cache_Control="no-cache").json)
        print(f"gyre GetPaymentStatistics: {our_cpu:.2f} ms CPU, {our_time:.2f} ms; resident {resident_mb(server.process.pid):.0f} MB", flush=True)
        client.close()
        if not options.opensearch:
            return
        load_opensearch(options.opensearch, options.corpus)
        theirs, their_cpu, their_time = measure(options.opensearch_pid, options.rounds, lambda: call(
            f"{options.opensearch}/payments/_search?request_cache=false", body=json.dumps(REQUEST).encode()))
        print(f"OpenSearch: {their_cpu:.2f} ms CPU, {their_time:.2f} ms")
        counts = {bucket["key"]: bucket["doc_count"] for bucket in theirs["aggregations"]["status"]["buckets"]}
        assert counts == {bucket["key"]: bucket["doc_count"] for bucket in ours["status_stats"]}, (counts, ours["status_stats"])
        days = {bucket["key"]: bucket["doc_count"] for bucket in theirs["aggregations"]["day"]["buckets"] if bucket["doc_count"]}
        assert days == {bucket["key"]: bucket["doc_count"] for bucket in ours["daily_stats"]}
        print(f"counts equal; OpenSearch / Gyre = {their_cpu / our_cpu:.1f} in CPU")


if __name__ == "__main__":
    main()
