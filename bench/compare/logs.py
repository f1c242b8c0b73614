#!/usr/bin/env python3
"""What a log line costs: the shared bench's corpus of logs through `_bulk`, into Gyre's stream of logs, an OpenSearch node
and VictoriaLogs, one after the other; then what takes the bytes in Gyre's segments.

    bench/compare/logs.py [--lines 1000000] [--only gyre,opensearch,victorialogs] [--out build/bench] [--connections 2]

CPU is the server process's own, from the first batch until merges have settled; disk is what is allocated then. Gyre
acknowledges after its log is synced, OpenSearch after its translog, VictoriaLogs before either. Needs ../shared beside the
project (corpus and node), Go, a JDK and Maven; what is missing is said and left out. All on loopback.
"""

import argparse
import http.client
import json
import os
import pathlib
import shutil
import socket
import struct
import subprocess
import sys
import tempfile
import threading
import time

ROOT = pathlib.Path(__file__).resolve().parents[2]
SHARED = pathlib.Path(os.environ.get("GYRE_SHARED", ROOT.parent / "shared"))
VICTORIA = "github.com/VictoriaMetrics/VictoriaLogs/app/victoria-logs@v1.52.1"
BATCH = 1000
QUIET_SECONDS = 0.08  # of CPU in one second: merges have settled
LONGEST_SETTLE = 180
TYPES = {"Content-Type": "application/x-ndjson"}

OPENSEARCH_MAPPING = {
    "settings": {"index": {"number_of_shards": 1, "number_of_replicas": 0, "refresh_interval": "30s"}},
    "mappings": {
        "properties": {
            "@timestamp": {"type": "date"},
            "host": {"type": "keyword"},
            "service": {"type": "keyword"},
            "level": {"type": "keyword"},
            "message": {"type": "text"},
            "status": {"type": "integer"},
            "bytes": {"type": "long"},
            "request": {"type": "text"},
        }
    },
}


def free_port():
    with socket.socket() as s:
        s.bind(("127.0.0.1", 0))
        return s.getsockname()[1]


def cpu_seconds(pid):
    stat = pathlib.Path(f"/proc/{pid}/stat").read_text().rsplit(")", 1)[1].split()
    return (int(stat[11]) + int(stat[12])) / os.sysconf("SC_CLK_TCK")


def memory_mb(pid, key):
    for line in pathlib.Path(f"/proc/{pid}/status").read_text().splitlines():
        if line.startswith(key):
            return int(line.split()[1]) // 1024
    return 0


def disk_bytes(folder):
    return sum(f.stat().st_blocks * 512 for f in pathlib.Path(folder).rglob("*") if f.is_file())


def call(port, method, path, body=None, headers=None):
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=120)
    connection.request(method, path, body, headers or {})
    answer = connection.getresponse()
    content = answer.read()
    connection.close()
    return answer.status, content


def wait_for(condition, seconds, what):
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        try:
            if condition():
                return
        except OSError:
            pass
        time.sleep(0.1)
    raise SystemExit(f"logs.py: {what} after {seconds} s")


class Corpus:
    """Bodies of a thousand lines each, made before the clock starts."""

    def __init__(self, lines, out):
        self.lines = lines
        driver = out / "esbench"
        subprocess.run(["go", "build", "-o", driver, "."], cwd=SHARED / "bench", check=True)
        self.path = out / f"logs-{lines}.ndjson"
        if not self.path.exists():
            with self.path.open("wb") as to:
                subprocess.run([driver, "gen", "-corpus", "logs", "-n", str(lines), "-format", "ndjson"], stdout=to, check=True)

    def bodies(self, action):
        batch = []
        with self.path.open("rb") as lines:
            for line in lines:
                batch.append(action + line)
                if len(batch) == BATCH:
                    yield b"".join(batch)
                    batch.clear()
        if batch:
            yield b"".join(batch)


def put_off_lines(body, content):
    """The actions of a bulk body whose items were put off (429), as a body; None when an item failed otherwise."""
    statuses = [next(iter(item.values()))["status"] for item in json.loads(content)["items"]]
    if any(status not in (200, 201, 429) for status in statuses):
        return None
    lines = body.splitlines(keepends=True)  # an action and its document each
    return b"".join(b"".join(lines[2 * i:2 * i + 2]) for i, status in enumerate(statuses) if status == 429)


def send(port, path, bodies, connections, is_bulk):
    """Sends every body once; one that is put off (429), or what of it was, again. Returns the seconds and how often that was so."""
    rest, lock, put_off, failed = iter(bodies), threading.Lock(), [0], []

    def sender():
        connection = http.client.HTTPConnection("127.0.0.1", port, timeout=120)
        while not failed:
            with lock:
                body = next(rest, None)
            if body is None:
                break
            while True:
                connection.request("POST", path, body, TYPES)
                answer = connection.getresponse()
                content = answer.read()
                has_errors = answer.status == 200 and is_bulk and b'"errors":false' not in content[:200]
                again = body if answer.status == 429 else put_off_lines(body, content) if has_errors else None
                if not again:
                    break
                body = again
                put_off[0] += 1
                time.sleep(0.2)
            if answer.status != 200 or has_errors:
                failed.append((answer.status, content[:300]))
        connection.close()

    began = time.monotonic()
    threads = [threading.Thread(target=sender) for _ in range(connections)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    if failed:
        raise SystemExit(f"logs.py: a batch failed: {failed[0]}")
    return time.monotonic() - began, put_off[0]


def is_running(pid):
    """Whether a thread wants a processor: on a busy machine merges, of low priority, wait for one."""
    for task in pathlib.Path(f"/proc/{pid}/task").iterdir():
        try:
            if (task / "stat").read_text().rsplit(")", 1)[1].split()[0] in "RD":
                return True
        except OSError:
            pass
    return False


def settle(pid):
    quiet, end = 0, time.monotonic() + LONGEST_SETTLE
    while quiet < 3 and time.monotonic() < end:
        before = cpu_seconds(pid)
        waits = False
        for _ in range(10):
            time.sleep(0.1)
            waits = waits or is_running(pid)
        is_quiet = cpu_seconds(pid) - before < QUIET_SECONDS and not waits
        quiet = quiet + 1 if is_quiet else 0


def measure(system, pid, port, path, bodies, lines, connections, folder, count, flush=None, is_bulk=True):
    bodies = list(bodies)
    cpu, disk = cpu_seconds(pid), disk_bytes(folder)
    seconds, put_off = send(port, path, bodies, connections, is_bulk)
    sent_cpu = cpu_seconds(pid) - cpu
    wait_for(lambda: count() >= lines, 120, f"{system}: not all lines are found")
    found_cpu = cpu_seconds(pid) - cpu
    settle(pid)
    if flush:
        flush()
        settle(pid)
    if count() != lines:
        raise SystemExit(f"logs.py: {system}: {count()} lines are found, {lines} were sent")
    return {
        "lines": lines,
        "lines_per_s": round(lines / seconds),
        "cpu_s_per_million_sent": round(sent_cpu / lines * 1e6, 2),
        "cpu_s_per_million_found": round(found_cpu / lines * 1e6, 2),
        "cpu_s_per_million": round((cpu_seconds(pid) - cpu) / lines * 1e6, 2),
        "disk_bytes_per_line": round((disk_bytes(folder) - disk) / lines, 1),
        "peak_rss_mb": memory_mb(pid, "VmHWM"),
        "rss_mb": memory_mb(pid, "VmRSS"),
        "put_off": put_off,
    }


# ---- what takes the bytes in a segment (docs/INDEX_FORMAT.md)

KINDS = {1: "stored data", 2: "stored index", 3: "id bytes", 4: "id ends", 5: "id table", 6: "versions", 7: "sequence numbers",
         8: "routings", 9: "nested", 10: "stored blocks", 11: "stored dictionaries", 12: "id slots", 16: "terms",
         17: "postings", 18: "column", 19: "norms", 20: "presence", 21: "completion"}


def sections(path):
    """(name, bytes) of each section of a segment file."""
    data = path.read_bytes()
    if not data.endswith(b"GYREEND1"):
        return  # being written
    begin, size = struct.unpack_from("<QQ", data, len(data) - 32)
    directory, at = data[begin:begin + size], 0

    def varint():
        nonlocal at
        value = shift = 0
        while True:
            byte = directory[at]
            at += 1
            value |= (byte & 127) << shift
            shift += 7
            if byte < 128:
                return value

    varint()  # documents
    fields = []
    for _ in range(varint()):
        length = varint()
        fields.append(directory[at:at + length].decode())
        at += length
        for _ in range(3):
            varint()
    for _ in range(varint()):
        kind, field, _, length = varint(), varint(), varint(), varint()
        at += 8
        yield (f"{fields[field - 1]} " if field else "") + KINDS.get(kind, str(kind)), length


def where_bytes_are(folder, lines):
    sums, others = {}, 0
    for path in pathlib.Path(folder).rglob("*"):
        if not path.is_file():
            continue
        if not path.name.startswith("seg_"):
            others += path.stat().st_size
            continue
        for name, size in sections(path):
            sums[name] = sums.get(name, 0) + size
    sums["files beside segments"] = others
    return [[name, round(size / lines, 2)] for name, size in sorted(sums.items(), key=lambda each: -each[1])]


# ---- systems


class Gyre:
    """A server of its own with the stream of logs alone, on a folder that goes with it."""

    def __init__(self, options):
        self.folder = tempfile.mkdtemp(prefix="gyre-logs-")
        self.api, self.dialect = free_port(), free_port()
        command = [options.program, "serve"]
        for setting in (f"data.dir={self.folder}", f"api.listen=127.0.0.1:{self.api}", f"dialect.listen=127.0.0.1:{self.dialect}"):
            command += ["--set", setting]
        for domain in ("payments", "invoices", "metrics"):
            command += ["--set", f"domains.{domain}.enabled=false"]
        with (options.out / "gyre.log").open("wb") as log:
            self.server = subprocess.Popen(command, stdout=log, stderr=log)
        self.pid = self.server.pid

    def __enter__(self):
        try:
            wait_for(lambda: call(self.api, "GET", "/readyz")[0] == 200, 30, "Gyre is not ready")
        except BaseException:
            self.__exit__()
            raise
        return self

    def __exit__(self, *_):
        self.server.terminate()
        self.server.wait()
        shutil.rmtree(self.folder)

    def state(self, name):
        return json.loads(call(self.api, "GET", "/readyz")[1])["domains"]["logs"][name]


def run_gyre(options, corpus):
    with Gyre(options) as gyre:
        def committed():  # within ten seconds; until then the log holds what the index has not written
            wait_for(lambda: gyre.state("durable") >= corpus.lines, 30, "Gyre: not all lines are committed")

        figures = measure("Gyre", gyre.pid, gyre.dialect, "/logs/_bulk", corpus.bodies(b'{"create":{}}\n'), corpus.lines,
                          options.connections, gyre.folder, lambda: gyre.state("searchable"), committed)
        figures["segments"] = len(list(pathlib.Path(gyre.folder).rglob("seg_*")))
        figures["bytes_a_line"] = where_bytes_are(gyre.folder, corpus.lines)
        return figures


def run_opensearch(options, corpus):
    folder, port = tempfile.mkdtemp(prefix="node-logs-"), free_port()
    node = SHARED / "opensearch"
    started = subprocess.run([node / "start.sh", "--port", str(port), "--heap", "2g", "--data", folder], check=True,
                             capture_output=True, text=True).stdout
    pid = int(next(line for line in started.splitlines() if line.startswith("pid="))[4:])
    try:
        json_type = {"Content-Type": "application/json"}
        call(port, "PUT", "/logs", json.dumps(OPENSEARCH_MAPPING), json_type)

        def found():
            call(port, "POST", "/logs/_refresh")
            return json.loads(call(port, "GET", "/logs/_count")[1])["count"]

        return measure("OpenSearch", pid, port, "/logs/_bulk", corpus.bodies(b'{"create":{}}\n'), corpus.lines,
                       options.connections, folder, found, lambda: call(port, "POST", "/logs/_flush"))
    finally:
        subprocess.run([node / "stop.sh", "--port", str(port)], stdout=subprocess.DEVNULL)
        shutil.rmtree(folder, ignore_errors=True)


def run_victorialogs(options, corpus):
    binary = options.out / "victoria-logs"
    if not binary.exists():
        environment = dict(os.environ, GOBIN=str(options.out.resolve()))
        subprocess.run(["go", "install", VICTORIA], env=environment, check=True)
    folder, port = tempfile.mkdtemp(prefix="victoria-logs-"), free_port()
    with (options.out / "victorialogs.log").open("wb") as log:
        server = subprocess.Popen([binary, f"-storageDataPath={folder}", f"-httpListenAddr=127.0.0.1:{port}",
                                   "-retentionPeriod=100y"], stdout=log, stderr=log)
    try:
        wait_for(lambda: call(port, "GET", "/health")[0] == 200, 30, "VictoriaLogs is not ready")

        def found():
            lines = call(port, "GET", "/select/logsql/query?query=*%7Cstats%20count()%20n")[1].splitlines()
            return int(json.loads(lines[0])["n"]) if lines else 0

        path = "/insert/elasticsearch/_bulk?_msg_field=message&_time_field=@timestamp&_stream_fields=host,service,level"
        return measure("VictoriaLogs", server.pid, port, path, corpus.bodies(b'{"create":{}}\n'), corpus.lines,
                       options.connections, folder, found, lambda: call(port, "GET", "/internal/force_flush"), False)
    finally:
        server.terminate()
        server.wait()
        shutil.rmtree(folder)


SYSTEMS = {"gyre": run_gyre, "opensearch": run_opensearch, "victorialogs": run_victorialogs}


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--lines", type=int, default=1_000_000)
    parser.add_argument("--only", default=",".join(SYSTEMS))
    parser.add_argument("--out", type=pathlib.Path, default=ROOT / "build/bench")
    parser.add_argument("--connections", type=int, default=2)
    parser.add_argument("--program", default=str(ROOT / "build/release/bin/gyre"))
    options = parser.parse_args()
    if not (SHARED / "bench").is_dir():
        print(f"skipped: {SHARED}/bench is not there", file=sys.stderr)
        return
    options.out.mkdir(parents=True, exist_ok=True)
    corpus, results = Corpus(options.lines, options.out), {}
    for name in options.only.split(","):
        try:
            results[name] = SYSTEMS[name](options, corpus)
        except (OSError, subprocess.CalledProcessError) as error:
            print(f"skipped: {name}: {error}", file=sys.stderr)
            continue
        (options.out / "logs.json").write_text(json.dumps(results, indent=1))
    where = results.get("gyre", {}).pop("bytes_a_line", [])
    for key in ("lines_per_s", "cpu_s_per_million_sent", "cpu_s_per_million_found", "cpu_s_per_million",
                "disk_bytes_per_line", "peak_rss_mb", "rss_mb", "put_off"):
        print(f"{key:26}" + "".join(f"{name} {result[key]:<14}" for name, result in results.items()))
    for name, size in where:
        if size >= 0.05:
            print(f"  {name:34}{size:8.2f}")


if __name__ == "__main__":
    main()
