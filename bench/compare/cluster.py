#!/usr/bin/env python3
"""What Gyre costs in front of a cluster: the shared bench's corpora through Gyre into an OpenSearch node, beside the very
documents that this made, sent to the same node directly; then searches through Gyre, beside the same asked of the node.

    bench/compare/cluster.py [--logs 200000] [--payments 50000] [--reads 2000] [--rounds 3] [--out build/bench]
                             [--warm 2] [--only logs,payments,reads] [--program build/release/bin/gyre] [--apart]

Indexing: a thousand a request from two connections both ways, from the first request until all is found; the ways take turns,
the first rounds (--warm) warm the node up and do not count, and the best of the others is told. Directly the documents go with their
ids and versions into an index with the same mapping and settings; "new ids" is without them, which a node takes faster.
Reads: one connection, caches off; CPU is of Gyre's process, a request. Needs ../shared beside the project, Go, a JDK and
Maven. All on loopback. --apart (Linux) gives the node the first processor for itself and everything else the second, as if
it were another machine; without it all share both.
"""

import argparse
import http.client
import itertools
import json
import os
import pathlib
import random
import shutil
import signal
import subprocess
import sys
import tempfile
import time

import logs as bench
from logs import SHARED, call, cpu_seconds, free_port, send, wait_for

JSON = {"Content-Type": "application/json"}
BATCH = 1000
DIGITS = {"JPY": 0}
HOST_SETTINGS = ("uuid", "creation_date", "provided_name", "version", "replication", "history")


def asked(port, method, path, body=None, headers=None):
    status, content = call(port, method, path, None if body is None else json.dumps(body), {**JSON, **(headers or {})})
    if status not in (200, 201):
        raise SystemExit(f"cluster.py: {method} {path}: {status} {content[:300]}")
    return json.loads(content)


def cpu_of_threads(pid):
    """Seconds, to the nanosecond, of the threads that there are: for a process whose threads stay."""
    tasks = pathlib.Path(f"/proc/{pid}/task").iterdir()
    return sum(int((task / "schedstat").read_text().split()[0]) for task in tasks) / 1e9


class Node:
    def __init__(self, is_apart):
        self.folder, self.port, self.is_apart = tempfile.mkdtemp(prefix="node-cluster-"), free_port(), is_apart

    def __enter__(self):
        started = subprocess.run([SHARED / "opensearch/start.sh", "--port", str(self.port), "--heap", "2g", "--data", self.folder],
                                 check=True, capture_output=True, text=True).stdout
        self.pid = int(next(line for line in started.splitlines() if line.startswith("pid="))[4:])
        if self.is_apart:
            subprocess.run(["taskset", "-a", "-p", "-c", "0", str(self.pid)], check=True, stdout=subprocess.DEVNULL)
            os.sched_setaffinity(0, {1})  # and of what is started from here
        return self

    def __exit__(self, *_):
        subprocess.run([SHARED / "opensearch/stop.sh", "--port", str(self.port)], stdout=subprocess.DEVNULL)
        shutil.rmtree(self.folder, ignore_errors=True)

    def count(self, index):
        asked(self.port, "POST", f"/{index}/_refresh")
        return asked(self.port, "GET", f"/{index}/_count")["count"]

    def documents(self, index):
        """Of the index: (id, version, source), in the order in which they came."""
        page = asked(self.port, "POST", f"/{index}/_search?scroll=5m", {"size": 5000, "version": True, "sort": ["_doc"]})
        while page["hits"]["hits"]:
            for hit in page["hits"]["hits"]:
                yield hit["_id"], hit["_version"], json.dumps(hit["_source"], separators=(",", ":"), ensure_ascii=False)
            page = asked(self.port, "POST", "/_search/scroll", {"scroll": "5m", "scroll_id": page["_scroll_id"]})

    def create_like(self, index, other, refresh_interval):
        made = asked(self.port, "GET", f"/{other}")[other]
        settings = {name: value for name, value in made["settings"]["index"].items() if name not in HOST_SETTINGS}
        settings["refresh_interval"] = refresh_interval
        asked(self.port, "PUT", f"/{index}", {"settings": {"index": settings}, "mappings": made["mappings"]})


class Gyre:
    """A server over a fresh folder and fresh indices."""

    def __init__(self, options, node, *settings):
        self.folder, self.prefix = tempfile.mkdtemp(prefix="gyre-cluster-"), f"g{time.monotonic_ns()}-"
        self.node, self.api, self.dialect = node, free_port(), free_port()
        command = [options.program, "serve"]
        for setting in (f"data.dir={self.folder}", f"api.listen=127.0.0.1:{self.api}", f"dialect.listen=127.0.0.1:{self.dialect}",
                        "search.engine=opensearch", f"search.urls=http://127.0.0.1:{node.port}", "cache.bytes=0",
                        f"search.index_prefix={self.prefix}", "limits.idle_timeout=1h", "dialect.free_indices=true", *settings):
            command += ["--set", setting]
        self.log = (options.out / "gyre-cluster.log").open("wb")
        self.server = subprocess.Popen(command, stdout=self.log, stderr=self.log)
        self.pid = self.server.pid

    def __enter__(self):
        wait_for(lambda: call(self.api, "GET", "/readyz")[0] == 200, 60, "Gyre is not ready")
        return self

    def __exit__(self, *_):
        self.server.terminate()
        self.server.wait()
        self.log.close()
        shutil.rmtree(self.folder)
        for index in asked(self.node.port, "GET", f"/{self.prefix}*/_settings/index.uuid?expand_wildcards=all"):
            asked(self.node.port, "DELETE", f"/{index}")

    def progress(self, domain):
        return asked(self.api, "GET", "/readyz")["domains"][domain]


def in_batches(lines):
    lines = iter(lines)
    while batch := list(itertools.islice(lines, BATCH)):
        yield "".join(batch).encode()


def measured(node, gyre, count, work):
    pids = [node.pid] + ([gyre.pid] if gyre else [])
    cpu, own, began = [cpu_seconds(pid) for pid in pids], time.process_time(), time.monotonic()
    work()
    seconds = time.monotonic() - began
    spent = [round((cpu_seconds(pid) - before) / count * 1e6, 2) for pid, before in zip(pids, cpu)]
    return {"rate": round(count / seconds), "node_cpu": spent[0], "gyre_cpu": spent[1] if gyre else 0,
            "driver_cpu": round((time.process_time() - own) / count * 1e6, 2)}


def send_commands(port, bodies):
    _, put_off = send(port, "/v1/payments/commands", bodies, 2, False)
    return put_off


def through_gyre(options, node, domain, bodies, count, keep):
    """The figures, and what keep(gyre, index) gives of the index that was made."""
    with Gyre(options, node) as gyre:
        if domain == "logs":
            def work():
                send(gyre.dialect, "/logs/_bulk", bodies, 2, True)
                asked(gyre.api, "GET", f"/v1/logs/queries/SearchLogs?size=0&from=2024-01-01T00:00:00Z&to=2025-01-01T00:00:00Z",
                      headers={"Gyre-Min-Sequence": str(count), "Gyre-Timeout": "600000"})
        else:
            def work():
                send_commands(gyre.api, bodies)
                asked(gyre.api, "GET", "/v1/payments/queries/SearchPayments?size=0",
                      headers={"Gyre-Min-Sequence": str(count), "Gyre-Timeout": "600000"})
        figures = measured(node, gyre, count, work)
        index = f"{gyre.prefix}{domain}-000001"
        if (found := node.count(index)) != count:
            raise SystemExit(f"cluster.py: {found} of {count} are in {index}")
        return figures, keep(gyre, index)


def directly(node, index, bodies, count):
    def work():
        send(node.port, f"/{index}/_bulk?filter_path=errors,items.*.status,items.*.error", bodies, 2, True)
        asked(node.port, "POST", f"/{index}/_refresh")

    figures = measured(node, None, count, work)
    if (found := node.count(index)) != count:
        raise SystemExit(f"cluster.py: {found} of {count} are in {index}")
    asked(node.port, "DELETE", f"/{index}")
    return figures


def with_ids(documents):
    for doc_id, version, source in documents:
        yield f'{{"index":{{"_id":{json.dumps(doc_id)},"version":{version},"version_type":"external"}}}}\n{source}\n'


def compare_indexing(options, node, domain, bodies, count, refresh_interval):
    rounds = {"gyre": [], "same ids": [], "new ids": []}
    model = f"model-{domain}"

    def keep(_, index):
        if "same" not in kept:
            kept["same"] = list(in_batches(with_ids(node.documents(index))))
            kept["new"] = list(in_batches(f'{{"create":{{}}}}\n{source}\n' for _, _, source in node.documents(index)))
            node.create_like(model, index, refresh_interval)

    kept = {}
    for number in range(-options.warm, options.rounds):
        figures = {"gyre": through_gyre(options, node, domain, bodies, count, keep)[0]}
        for way, sent in (("same ids", "same"), ("new ids", "new")):
            node.create_like("direct", model, refresh_interval)
            figures[way] = directly(node, "direct", kept[sent], count)
        print(f"{domain} {'round' if number >= 0 else 'warming up'} {number}: {json.dumps(figures)}", flush=True)
        if number >= 0:
            for way, figure in figures.items():
                rounds[way].append(figure)
    asked(node.port, "DELETE", f"/{model}")
    best = {way: max(each, key=lambda figure: figure["rate"]) for way, each in rounds.items()}
    through = [figure["rate"] for figure in rounds["gyre"]]
    for way, figure in best.items():
        figure["ratio"] = round(best["gyre"]["rate"] / figure["rate"], 3)
        figure["ratio_of_means"] = round(sum(through) / sum(each["rate"] for each in rounds[way]), 3)
    return best


def corpus(options, name, count):
    path = options.out / f"{name}-{count}.ndjson"
    if not path.exists():
        driver = options.out / "esbench"
        if not driver.exists():
            subprocess.run(["go", "build", "-o", driver, "."], cwd=SHARED / "bench", check=True)
        with path.open("wb") as to:
            subprocess.run([driver, "gen", "-corpus", name, "-n", str(count), "-format", "ndjson"], stdout=to, check=True)
    with path.open(encoding="utf-8") as lines:
        yield from lines


def commands(options):
    for line in corpus(options, "payments", options.payments):
        payment = json.loads(line)
        body = {name: payment[name] for name in ("paymentId", "organizationId", "userId", "currency", "description", "metadata")}
        body["amount"] = f"{payment['amount']:.{DIGITS.get(payment['currency'], 2)}f}"
        yield json.dumps({"command": "CreatePayment", "body": body}) + "\n"


# ---- reads


def timed_reads(port, requests, node, gyre):
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=60)
    nanos = []

    def ask(method, path, body):
        began = time.perf_counter_ns()
        connection.request(method, path, body, JSON)
        answer = connection.getresponse()
        content = answer.read()
        nanos.append(time.perf_counter_ns() - began)
        if answer.status != 200:
            raise SystemExit(f"cluster.py: {path}: {answer.status} {content[:300]}")

    for request in requests[:200]:
        ask(*request)
    nanos.clear()
    before = cpu_of_threads(gyre.pid)
    figures = measured(node, gyre, len(requests), lambda: [ask(*request) for request in requests])
    gyre_us = round((cpu_of_threads(gyre.pid) - before) / len(requests) * 1e6, 1)
    connection.close()
    return {"p50_us": sorted(nanos)[len(nanos) // 2] // 1000, "gyre_us": gyre_us, "node_us": figures["node_cpu"]}


def compare_reads(options, node):
    payments = list(commands(options))
    words = [json.loads(line)["body"]["description"].split() for line in payments[:2000]]
    with Gyre(options, node) as gyre:
        send_commands(gyre.api, in_batches(payments))
        asked(gyre.api, "GET", "/v1/payments/queries/SearchPayments?size=0",
              headers={"Gyre-Min-Sequence": str(options.payments), "Gyre-Timeout": "600000"})
        index, draw = f"{gyre.prefix}payments-000001", random.Random(1)
        picks = [(draw.choice(words), draw.randrange(100)) for _ in range(options.reads)]
        api = [("POST", "/v1/payments/queries/SearchPayments", json.dumps({"searchText": " ".join(draw.sample(text, 2)),
                "organizationId": f"org-{number:04d}", "size": 20})) for text, number in picks]
        plain = [json.dumps({"query": {"bool": {"must": [{"match": {"description": " ".join(draw.sample(text, 2))}}],
                 "filter": [{"term": {"organizationId": f"org-{number:04d}"}}]}}, "size": 20}) for text, number in picks]
        asks = {"by the API": (gyre.api, api), "by the dialect": (gyre.dialect, [("POST", f"/{index}/_search", body) for body in plain]),
                "of the node": (node.port, [("POST", f"/{index}/_search", body) for body in plain])}
        rounds = {name: [timed_reads(port, requests, node, gyre) for _ in range(options.rounds + 1)][1:]
                  for name, (port, requests) in asks.items()}
    return {name: {key: min(each[key] for each in figures) for key in figures[0]} for name, figures in rounds.items()}


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    for name, default in (("logs", 200_000), ("payments", 50_000), ("reads", 2_000), ("rounds", 3), ("warm", 2)):
        parser.add_argument(f"--{name}", type=int, default=default)
    parser.add_argument("--only", default="logs,payments,reads")
    parser.add_argument("--apart", action="store_true")
    parser.add_argument("--out", type=pathlib.Path, default=bench.ROOT / "build/bench")
    parser.add_argument("--program", default=str(bench.ROOT / "build/release/bin/gyre"))
    options = parser.parse_args()
    if not (SHARED / "bench").is_dir():
        print(f"skipped: {SHARED}/bench is not there", file=sys.stderr)
        return
    options.out.mkdir(parents=True, exist_ok=True)
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))  # so that node and server are ended
    results, parts = {}, options.only.split(",")
    with Node(options.apart) as node:
        if "logs" in parts:
            bodies = list(in_batches('{"create":{}}\n' + line for line in corpus(options, "logs", options.logs)))
            results["logs"] = compare_indexing(options, node, "logs", bodies, options.logs, "1s")
        if "payments" in parts:
            results["payments"] = compare_indexing(options, node, "payments", list(in_batches(commands(options))),
                                                   options.payments, "30s")
        if "reads" in parts:
            results["reads"] = compare_reads(options, node)
    results["load"] = os.getloadavg()[0]
    (options.out / "cluster.json").write_text(json.dumps(results, indent=1))
    for part in ("logs", "payments", "reads"):
        for way, figures in results.get(part, {}).items():
            print(f"{part:9}{way:16}" + "  ".join(f"{name} {value}" for name, value in figures.items()))
    print(f"load {results['load']:.1f}")


if __name__ == "__main__":
    main()
