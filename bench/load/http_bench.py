#!/usr/bin/env python3
"""What does the server cost a request? wrk against a server of its own; CPU of the server process, from /proc.

    bench/load/http_bench.py [--program build/release/bin/gyre] [--seconds 5] [--connections 64]

CPU time per operation is the figure to trust: rates are shared with the load generator and whatever else runs here.
"""
import argparse
import glob
import json
import os
import re
import subprocess
import sys
import tempfile
import time

HERE = os.path.dirname(os.path.abspath(__file__))
ROOT = os.path.dirname(os.path.dirname(HERE))
sys.path.insert(0, os.path.join(ROOT, "tests", "support"))
import gyre_server  # noqa: E402

TICK = os.sysconf("SC_CLK_TCK")


def cpu_seconds(pid):
    with open(f"/proc/{pid}/stat") as file:
        fields = file.read().rsplit(") ", 1)[1].split()
    return (int(fields[11]) + int(fields[12])) / TICK


def resident_mb(pid):
    with open(f"/proc/{pid}/status") as file:
        return int(re.search(r"VmRSS:\s+(\d+)", file.read()).group(1)) / 1024


def wrk(server, path, seconds, connections, script=None, arguments=()):
    command = ["wrk", "-t1", f"-c{connections}", f"-d{seconds}s", f"http://127.0.0.1:{server.port}{path}"]
    if script:
        command += ["-s", os.path.join(HERE, script), "--", *arguments]
    before = cpu_seconds(server.process.pid)
    text = subprocess.run(command, capture_output=True, text=True, check=True).stdout
    used = cpu_seconds(server.process.pid) - before
    requests = int(re.search(r"(\d+) requests in", text).group(1))
    rate = float(re.search(r"Requests/sec:\s+([\d.]+)", text).group(1))
    errors = re.search(r"Non-2xx or 3xx responses: (\d+)", text)
    assert not errors, text
    return requests, rate, used / requests * 1e6


def row(name, rate, cpu, note=""):
    print(f"| {name} | {rate:,.0f} | {cpu:.1f} | {note} |", flush=True)


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--program", default=os.path.join(ROOT, "build/release/bin/gyre"))
    parser.add_argument("--seconds", type=int, default=5)
    parser.add_argument("--connections", type=int, default=64)
    options = parser.parse_args()
    gyre_server.PROGRAM = options.program
    seconds, connections = options.seconds, options.connections

    with tempfile.TemporaryDirectory(prefix="gyre-bench-") as folder:
        print("| what | a second | server CPU µs | |\n|---|---|---|---|")
        with gyre_server.Server(folder=folder) as server:
            _, rate, cpu = wrk(server, "/healthz", seconds, connections)
            row("GET /healthz (HTTP front alone)", rate, cpu)
            requests, rate, cpu = wrk(server, "/", seconds, connections, "commands.lua", ["c"])
            row("durable single commands", rate, cpu, f"{connections} connections")
            client = server.client()
            client.query("SearchPayments", {"size": 0},
                         Gyre_Min_Sequence=str(client.send("GET", "/readyz").json["domains"]["payments"]["sequence"]))
            _, rate, cpu = wrk(server, "/v1/payments/queries/SearchPayments?searchText=harbour&size=10", seconds, connections)
            row("cached query", rate, cpu)
            _, rate, cpu = wrk(server, "/", seconds, connections, "gets.lua", ["c-0-", str(min(requests // 2, 100_000))])
            row("get by id", rate, cpu)
            client.close()

        with tempfile.TemporaryDirectory(prefix="gyre-bench-") as fresh:
            with gyre_server.Server(folder=fresh) as server:
                client = server.client()
                lines = []
                for i in range(100_000):
                    lines.append(json.dumps({"command": "CreatePayment", "body": {
                        "paymentId": f"p{i}", "organizationId": f"org-{i % 100}", "amount": "10.25", "currency": "EUR",
                        "description": f"Rent and maintenance for the harbour office {i % 977}"}}))
                    if len(lines) == 5000:
                        client.send("POST", "/v1/payments/commands", "\n".join(lines), {"Content-Type": "application/x-ndjson"})
                        lines = []
                client.close()
            started = time.monotonic()
            with gyre_server.Server(folder=fresh) as server:
                print(f"\nstart to ready with 100,000 payments: {time.monotonic() - started:.3f} s; "
                      f"resident memory then: {resident_mb(server.process.pid):.0f} MB")

    files = sorted(glob.glob(os.path.join(ROOT, "../shared/data/payments/oxford-expenditure-over-500/*.csv.gz"))) or \
        sorted(glob.glob(os.path.join(ROOT, "plugins/payments/sample/*.csv.gz")))
    with gyre_server.Server() as server:
        before = cpu_seconds(server.process.pid)
        result = subprocess.run([options.program, "import", "payments", *files, "--server", f"http://127.0.0.1:{server.port}"],
                                capture_output=True, text=True, check=True)
        print(f"import of {len(files)} files: {result.stdout.strip()}; server CPU {cpu_seconds(server.process.pid) - before:.2f} s")


if __name__ == "__main__":
    main()
