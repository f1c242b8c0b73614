#!/usr/bin/env python3
"""Ten million log lines in one stream: what it holds in memory while they come, what a chart over six hours costs then, and how
long a line takes from its append to whoever follows.

    bench/compare/logs_scale.py [--lines 10000000] [--seconds 0] [--out build/bench] [--connections 2]

Lines go through `_bulk` of the dialect, a thousand a request; with --seconds the same lines are sent over and over for that
time instead. Resident memory is read four times a second, while they are sent and until the last one is found. The chart is GetLogStatistics of one service by minute over six
hours, asked with a range that differs by a millisecond each time, so that no cache answers; CPU is the server process's own.
Latency is measured with one line a request and a follower that wants one service, on the quiet server and again under ingest.
Needs ../shared/bench and Go. All on loopback.
"""

import argparse
import datetime
import http.client
import json
import math
import pathlib
import threading
import time
import urllib.parse

import logs

HOUR = 3_600_000


class Memory(threading.Thread):
    """Resident megabytes of a process, as they come: all, and of them those that are no file's."""

    def __init__(self, pid):
        super().__init__(daemon=True)
        self.pid, self.seen, self.is_over = pid, [], threading.Event()
        self.start()

    def run(self):
        while not self.is_over.wait(0.25):
            self.seen.append((logs.memory_mb(self.pid, "VmRSS"), logs.memory_mb(self.pid, "RssAnon")))

    def end(self):
        self.is_over.set()
        self.join()

    def of(self, begin, end):
        """What was seen from the one reading to before the other."""
        seen = self.seen[begin:end] or self.seen[-1:]
        share = -(-len(seen) // 10)
        parts = [seen[i:i + share] for i in range(0, len(seen), share)]
        return {"seconds": round(len(seen) / 4), "peak_mb": max(all for all, _ in seen),
                "peak_without_files_mb": max(anonymous for _, anonymous in seen),
                "tenths_mb": [round(sum(all for all, _ in part) / len(part)) for part in parts]}


def bodies_of(path, seconds):
    """A thousand lines a body, read as they are wanted; over and over until the time is over when there is one."""
    end = time.monotonic() + seconds
    while True:
        batch = []
        with path.open("rb") as lines:
            for line in lines:
                batch.append(b'{"create":{}}\n' + line)
                if len(batch) == logs.BATCH:
                    yield b"".join(batch)
                    batch.clear()
                    if seconds and time.monotonic() > end:
                        return
        if batch:
            yield b"".join(batch)
        if not seconds:
            return


def text_of(millis):
    return f"{datetime.datetime.fromtimestamp(millis // 1000, datetime.timezone.utc):%Y-%m-%dT%H:%M:%S}.{millis % 1000:03}Z"


def chart(gyre, service, begin, rounds):
    """Milliseconds of CPU and of time a question, and the buckets of one."""
    cpu, began, buckets = logs.cpu_seconds(gyre.pid), time.monotonic(), 0
    for i in range(rounds):
        asked = {"service": service, "from": text_of(begin + i), "to": text_of(begin + 6 * HOUR + i), "interval": "1m", "parts": "time"}
        status, content = logs.call(gyre.api, "GET", "/v1/logs/queries/GetLogStatistics?" + urllib.parse.urlencode(asked))
        if status != 200:
            raise SystemExit(f"logs_scale.py: {status} {content[:300]}")
        buckets = json.loads(content)
    return {"cpu_ms": round((logs.cpu_seconds(gyre.pid) - cpu) / rounds * 1e3, 2),
            "ms": round((time.monotonic() - began) / rounds * 1e3, 2), "total": buckets["total"],
            "buckets": len(buckets["time_stats"])}


def latencies(gyre, rounds):
    """Milliseconds from the moment a line is sent to its event, the follower's own reading among them."""
    follower = http.client.HTTPConnection("127.0.0.1", gyre.api, timeout=60)
    follower.request("GET", "/v1/logs/queries/TailLogs?service=followed", headers={"Accept": "text/event-stream"})
    events = follower.getresponse()
    if events.status != 200:
        raise SystemExit(f"logs_scale.py: {events.status} {events.read()[:300]}")
    sender = http.client.HTTPConnection("127.0.0.1", gyre.dialect, timeout=60)
    took = []
    for i in range(rounds):
        line = json.dumps({"@timestamp": "2024-06-01T12:00:00Z", "service": "followed", "message": f"marker {i} end"})
        began = time.monotonic()
        sender.request("POST", "/logs/_doc", line, {"Content-Type": "application/json"})
        answer = sender.getresponse()
        if answer.status not in (200, 201):
            raise SystemExit(f"logs_scale.py: {answer.status} {answer.read()[:300]}")
        answer.read()
        while f"marker {i} end".encode() not in events.readline():
            pass
        took.append((time.monotonic() - began) * 1e3)
    follower.close()
    took.sort()
    return {"median_ms": round(took[len(took) // 2], 1), "p99_ms": round(took[math.ceil(len(took) * 0.99) - 1], 1), "most_ms": round(took[-1], 1)}


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--lines", type=int, default=10_000_000)
    parser.add_argument("--seconds", type=float, default=0)
    parser.add_argument("--out", type=pathlib.Path, default=logs.ROOT / "build/bench")
    parser.add_argument("--connections", type=int, default=2)
    parser.add_argument("--program", default=str(logs.ROOT / "build/release/bin/gyre"))
    options = parser.parse_args()
    options.out.mkdir(parents=True, exist_ok=True)
    corpus = logs.Corpus(options.lines, options.out)
    with logs.Gyre(options) as gyre:
        memory, cpu = Memory(gyre.pid), logs.cpu_seconds(gyre.pid)
        seconds, put_off = logs.send(gyre.dialect, "/logs/_bulk", bodies_of(corpus.path, options.seconds), options.connections, True)
        lines, sent = gyre.state("sequence"), len(memory.seen)
        behind = lines - gyre.state("searchable")
        patience = max(300, 3 * options.seconds)  # on a busy machine the index is far behind by now
        logs.wait_for(lambda: gyre.state("searchable") >= lines, patience, "not all lines are found")
        memory.end()
        result = {"lines": lines, "lines_per_s": round(lines / seconds), "put_off": put_off, "behind": behind,
                  "memory_while_sent": memory.of(0, sent), "memory_until_found": memory.of(sent, None)}
        logs.settle(gyre.pid)
        result["cpu_s_per_million"] = round((logs.cpu_seconds(gyre.pid) - cpu) / lines * 1e6, 2)
        result["settled_mb"] = logs.memory_mb(gyre.pid, "VmRSS")
        with corpus.path.open("rb") as first:
            begin = json.loads(first.readline())
        service, begin = begin["service"], 1_717_200_000_000 + 6 * HOUR
        chart(gyre, service, begin - 1000, 5)  # pages that were never read are
        result["chart"] = chart(gyre, service, begin, 100)
        result["quiet_tail"] = latencies(gyre, 200)
        load = threading.Thread(target=logs.send, args=(gyre.dialect, "/logs/_bulk", bodies_of(corpus.path, 20), options.connections, True))
        load.start()
        result["tail_under_ingest"] = latencies(gyre, 100)
        load.join()
    (options.out / "logs_scale.json").write_text(json.dumps(result, indent=1))
    print(json.dumps(result, indent=1))


if __name__ == "__main__":
    main()
