#!/usr/bin/env python3
"""What does a million samples of remote write cost? Gyre and Debian's Prometheus receive the same requests, in turn.

usage: remote_write.py GYRE [--samples N] [--series N] [--batch N] [--connections N] [--rounds N]
The corpus is that of ../shared/bench (200 names by hosts, every 15 s, three decimals around a sine). CPU is that of the server's
process, user and system: until the last answer, which both give when the samples are durable in their logs, and until its end,
with all that it wrote behind. Bytes are those of blocks: Gyre's after its stop, Prometheus' of a snapshot with the head in it.
"""
import argparse
import ctypes
import ctypes.util
import datetime
import glob
import http.client
import json
import math
import os
import random
import shutil
import signal
import struct
import subprocess
import sys
import tempfile
import threading
import time
import urllib.request

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "../../tests/promql"))
from prometheus_node import free_port

BASE = int(datetime.datetime(2024, 9, 1, tzinfo=datetime.timezone.utc).timestamp() * 1000)
STEP = 15_000
REGIONS = ("eu-west", "eu-north", "us-east", "us-west", "ap-south")
HEADERS = {"Content-Type": "application/x-protobuf", "Content-Encoding": "snappy", "X-Prometheus-Remote-Write-Version": "0.1.0"}


def varint(value):
    out = bytearray()
    while value > 127:
        out.append(value & 127 | 128)
        value >>= 7
    out.append(value)
    return bytes(out)


def field(number, data):
    return bytes([number << 3 | 2]) + varint(len(data)) + data


def snappy_packer():
    library = ctypes.CDLL(ctypes.util.find_library("snappy") or sys.exit("needs libsnappy"))

    def pack(data):
        size = ctypes.c_size_t(library.snappy_max_compressed_length(ctypes.c_size_t(len(data))))
        out = ctypes.create_string_buffer(size.value)
        if library.snappy_compress(data, ctypes.c_size_t(len(data)), out, ctypes.byref(size)) != 0:
            raise RuntimeError("snappy failed")
        return out.raw[:size.value]

    library.snappy_max_compressed_length.restype = ctypes.c_size_t
    return pack


def label_bytes(number):
    host = number % 50
    labels = (("__name__", "app_metric_%03d" % (number // 50)), ("host", "host-%02d" % host),
              ("instance", "10.0.0.%d:%d" % (host, 9000 + number // 50 % 7)), ("region", REGIONS[host % 5]))
    return b"".join(field(1, field(1, name.encode()) + field(2, value.encode())) for name, value in labels)


def make_requests(samples, series, batch):
    """Step by step, as agents send: each request holds the next `batch` series of a step."""
    rng, pack = random.Random(3), snappy_packer()
    labels = [label_bytes(number) for number in range(series)]
    requests, written, step = [], 0, 0
    while written < samples:
        when = b"\x10" + varint(BASE + step * STEP)
        for first in range(0, series, batch):
            parts = []
            for number in range(first, min(series, first + batch, first + samples - written)):
                value = round(50 + 40 * math.sin(step / 40 + number) + 3 * rng.gauss(0, 1), 3)
                parts.append(field(1, labels[number] + field(2, b"\x09" + struct.pack("<d", value) + when)))
            written += len(parts)
            if parts:
                requests.append(pack(b"".join(parts)))
        step += 1
    return requests


def send(port, requests, connections):
    failures = []

    def work(mine):
        connection = http.client.HTTPConnection("127.0.0.1", port, timeout=120)
        for body in mine:
            connection.request("POST", "/api/v1/write", body, HEADERS)
            answer = connection.getresponse()
            text = answer.read()
            if answer.status // 100 != 2:
                failures.append((answer.status, text[:300]))
                return

    # A series stays on its connection, so that its samples come in order.
    threads = [threading.Thread(target=work, args=(requests[i::connections],)) for i in range(connections)]
    began = time.monotonic()
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    if failures:
        sys.exit("refused: %s" % failures[:3])
    return time.monotonic() - began


def cpu_seconds(pid):
    with open("/proc/%d/stat" % pid) as stat:
        fields = stat.read().rsplit(")", 1)[1].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


def size_of(folder):
    return sum(os.path.getsize(os.path.join(at, name)) for at, _, names in os.walk(folder) for name in names)


def wait_ready(url, process):
    deadline = time.monotonic() + 60
    while True:  # polls a foreign program; there is no condition to wait for
        try:
            with urllib.request.urlopen(url, timeout=5) as answer:
                if answer.status == 200:
                    return
        except OSError:
            pass
        if process.poll() is not None or time.monotonic() > deadline:
            sys.exit("did not start: %s" % process.args)
        time.sleep(0.05)


def ended(process):
    """CPU of all its life."""
    process.send_signal(signal.SIGTERM)
    _, status, usage = os.wait4(process.pid, 0)
    process.returncode = os.waitstatus_to_exitcode(status)
    return usage.ru_utime + usage.ru_stime, usage.ru_maxrss / 1024


def count(port, at):
    query = "/api/v1/query?query=count(last_over_time(%7B__name__%3D~%22app_metric_.*%22%7D%5B1h%5D))&time=" + str(at)
    with urllib.request.urlopen("http://127.0.0.1:%d%s" % (port, query), timeout=120) as answer:
        return int(json.load(answer)["data"]["result"][0]["value"][1])


def run(arguments, folder, requests, series, is_gyre):
    port = free_port()
    if is_gyre:
        command = [arguments.program, "serve"]
        for setting in ("data.dir=" + folder, "api.listen=127.0.0.1:%d" % port, "dialect.enabled=false", "log.level=warning"):
            command += ["--set", setting]
    else:
        with open(os.path.join(folder, "prometheus.yml"), "w") as config:
            config.write("global: {}\n")
        command = ["prometheus", "--config.file=" + os.path.join(folder, "prometheus.yml"), "--storage.tsdb.path=" + folder + "/data",
                   "--web.enable-remote-write-receiver", "--web.enable-admin-api", "--storage.tsdb.retention.time=100y",
                   "--web.listen-address=127.0.0.1:%d" % port, "--log.level=error"]
    process = subprocess.Popen(command, stdin=subprocess.DEVNULL)
    try:
        wait_ready("http://127.0.0.1:%d/%s" % (port, "healthz" if is_gyre else "-/ready"), process)
        before = cpu_seconds(process.pid)
        seconds = send(port, requests, arguments.connections)
        answered = cpu_seconds(process.pid) - before
        found = count(port, (BASE + arguments.samples // series * STEP) // 1000)
        if found != series:
            sys.exit("expected %d series, found %d" % (series, found))
        if is_gyre:
            life, memory = ended(process)
            blocks = next(at for at, _, names in os.walk(folder) if "series" in names)
            size = size_of(blocks)
        else:
            request = urllib.request.Request("http://127.0.0.1:%d/api/v1/admin/tsdb/snapshot" % port, method="POST")
            with urllib.request.urlopen(request, timeout=300):
                pass
            life, memory = ended(process)
            size = size_of(glob.glob(folder + "/data/snapshots/*")[0])
        return answered, life - before, seconds, size, memory
    finally:
        if process.returncode is None:
            process.kill()
            process.wait()


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("program")
    parser.add_argument("--samples", type=int, default=1_000_000)
    parser.add_argument("--series", type=int, default=10_000)
    parser.add_argument("--batch", type=int, default=5_000)
    parser.add_argument("--connections", type=int, default=2)
    parser.add_argument("--rounds", type=int, default=3)
    arguments = parser.parse_args()
    if shutil.which("prometheus") is None:
        sys.exit("needs prometheus (Debian: apt-get install prometheus)")
    requests = make_requests(arguments.samples, arguments.series, arguments.batch)
    print("%d samples of %d series, %d a request, %.1f bytes a sample packed; least of %d" % (
        arguments.samples, arguments.series, arguments.batch, sum(map(len, requests)) / arguments.samples, arguments.rounds))
    print("| | CPU s a million, until answered | with all behind | wall s | bytes a sample on disk | MiB at most |\n|---|---|---|---|---|---|")
    outcomes = {True: [], False: []}
    for _ in range(arguments.rounds):
        for is_gyre in (True, False):
            with tempfile.TemporaryDirectory() as folder:
                outcomes[is_gyre].append(run(arguments, folder, requests, arguments.series, is_gyre))
    millions = arguments.samples / 1e6
    for is_gyre, name in ((True, "Gyre"), (False, "Prometheus")):
        answered, life, seconds, size, memory = (min(column) for column in zip(*outcomes[is_gyre]))
        print("| %s | %.2f | %.2f | %.2f | %.2f | %.0f |" % (
            name, answered / millions, life / millions, seconds / millions, size / arguments.samples, memory))


if __name__ == "__main__":
    main()
