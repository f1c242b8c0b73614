#!/usr/bin/env python3
"""Does Telegraf, unmodified, deliver every line of a file by its outputs for Elasticsearch and for OpenSearch?

It is looked for on the path and in the senders' cache, and else built there from its Go module with the few plugins that are needed,
which takes minutes once.
"""
import os
import shutil
import signal
import subprocess
import sys
import tempfile
import time
import unittest

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "support"))
from gyre_server import OnAServer, Server  # noqa: E402
from senders import CACHE, skip  # noqa: E402

MODULE = "github.com/influxdata/telegraf"
VERSION = "v1.37.2"
TAGS = "custom,inputs.tail,parsers.value,outputs.elasticsearch,outputs.opensearch"
RECORDS = 200
BUILD_SECONDS = 600


def telegraf():
    program = os.path.join(CACHE, "telegraf", "telegraf")
    if found := shutil.which("telegraf") or (os.path.exists(program) and program):
        return found
    if not shutil.which("go"):
        skip("telegraf is not installed, and without Go it is not built")
    folder = os.path.dirname(program)
    os.makedirs(folder, exist_ok=True)
    environment = {**os.environ, "GOFLAGS": "-mod=mod"}
    deadline = time.monotonic() + BUILD_SECONDS
    for command in (["mod", "init", "sender"], ["get", f"{MODULE}@{VERSION}"],
                    ["build", "-tags", TAGS, "-o", program + ".new", f"{MODULE}/cmd/telegraf"]):
        try:
            done = subprocess.run(["go", *command], cwd=folder, env=environment, capture_output=True, text=True,
                                  timeout=max(1, deadline - time.monotonic()))
        except subprocess.TimeoutExpired:
            skip(f"telegraf is not built in {BUILD_SECONDS} s; what is built so far counts the next time")
        if done.returncode != 0 and command[0] != "mod":  # which is there after the first try
            skip(f"telegraf cannot be built: {done.stderr.strip()[-300:]}")
    os.rename(program + ".new", program)
    return program


class Telegraf(OnAServer):
    @classmethod
    def setUpClass(cls):
        cls.server = Server(settings=("dialect.version=7.17.29", "dialect.distribution=")).start()

    def send(self, name, output):
        program = telegraf()
        with tempfile.TemporaryDirectory(prefix="gyre-telegraf-") as folder:
            source = os.path.join(folder, "in.log")
            with open(source, "w", encoding="utf-8") as file:
                file.writelines(f"{name} line {number}\n" for number in range(RECORDS))
            config = os.path.join(folder, "telegraf.conf")
            with open(config, "w", encoding="utf-8") as file:
                file.write(f"""[agent]
  interval = "1s"
  flush_interval = "1s"
  hostname = "h-{name}"
[[inputs.tail]]
  files = ["{source}"]
  initial_read_offset = "beginning"
  watch_method = "poll"
  data_format = "value"
  data_type = "string"
{output}
""")
            process = subprocess.Popen([program, "--config", config], stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)
            try:
                deadline = time.monotonic() + 60
                while (found := self.count(name)) < RECORDS and time.monotonic() < deadline:
                    time.sleep(0.1)  # what another program does cannot be waited for in another way
            finally:
                process.send_signal(signal.SIGTERM)
                log = process.communicate(timeout=30)[0]
        self.assertEqual(RECORDS, found, log[-2000:])
        self.assertEqual(RECORDS, self.count(name), "a line came twice")
        self.assertEqual(1, self.search(f'"{name} line {RECORDS - 1}"'))
        self.assertEqual(RECORDS, self.search(f'"{name} line"', host=[f"h-{name}"]))

    def count(self, name):
        return self.search(f'"{name} line"')

    def search(self, text, **more):
        sequence = self.client.send("GET", "/readyz").json["domains"]["logs"]["sequence"]
        found = self.client.query("SearchLogs", {"text": text, "size": 1, **more}, domain="logs", Gyre_Min_Sequence=str(sequence))
        self.assertEqual(200, found.status, found)
        return found.json["total"]

    def test_elasticsearch(self):
        self.send("elastic", f"""[[outputs.elasticsearch]]
  urls = ["http://127.0.0.1:{self.server.dialect_port}"]
  index_name = "logs"
  manage_template = true
  template_name = "telegraf"
  enable_sniffer = false
  health_check_interval = "10s" """)

    def test_opensearch(self):
        self.send("open", f"""[[outputs.opensearch]]
  urls = ["http://127.0.0.1:{self.server.dialect_port}"]
  index_name = "logs"
  manage_template = true
  template_name = "telegraf-os"
  health_check_interval = "10s" """)


if __name__ == "__main__":
    unittest.main(verbosity=2)
