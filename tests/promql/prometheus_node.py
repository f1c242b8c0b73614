"""A Prometheus that holds given samples, for tests and measurements: Node(samples) starts it, stop() ends it.

Needs `prometheus` and `promtool` on the path (Debian: apt-get install prometheus); missing() says which is not there.
"""
import http.client
import json
import os
import shutil
import signal
import subprocess
import sys
import tempfile
import time
import urllib.parse

sys.path.append(os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "support"))
from ports import free_port  # noqa: E402


def missing():
    return [name for name in ("prometheus", "promtool") if shutil.which(name) is None]


def escape(value):
    return value.replace("\\", "\\\\").replace('"', '\\"').replace("\n", "\\n")


def series_text(labels):
    """As both OpenMetrics and PromQL write a series."""
    pairs = ",".join('%s="%s"' % (name, escape(value)) for name, value in sorted(labels.items()) if name != "__name__")
    return labels["__name__"] + ("{" + pairs + "}" if pairs else "")


def number_text(value):
    if value != value:
        return "NaN"
    if value in (float("inf"), float("-inf")):
        return "+Inf" if value > 0 else "-Inf"
    return repr(value)


class Node:
    def __init__(self, series):
        """series: [(labels, [(milliseconds, value), …]), …]"""
        self.folder = tempfile.mkdtemp(prefix="gyre-prometheus-")
        text = os.path.join(self.folder, "samples.om")
        with open(text, "w") as out:
            by_name = sorted(series, key=lambda one: one[0]["__name__"])
            for labels, samples in by_name:
                name = series_text(labels)
                out.writelines("%s %s %d.%03d\n" % (name, number_text(v), t // 1000, t % 1000) for t, v in samples)
            out.write("# EOF\n")
        data = os.path.join(self.folder, "data")
        subprocess.run(["promtool", "tsdb", "create-blocks-from", "openmetrics", text, data], check=True,
                       stdout=subprocess.DEVNULL)
        with open(os.path.join(self.folder, "prometheus.yml"), "w") as config:
            config.write("global: {}\n")
        self.port = free_port()
        self.process = subprocess.Popen(
            ["prometheus", "--config.file=" + os.path.join(self.folder, "prometheus.yml"), "--storage.tsdb.path=" + data,
             "--storage.tsdb.retention.time=100y", "--web.listen-address=127.0.0.1:%d" % self.port, "--log.level=error"],
            stdout=subprocess.DEVNULL, stderr=open(os.path.join(self.folder, "log"), "w"))
        self.connection = None
        deadline = time.monotonic() + 60
        while True:
            try:
                if self.get("/-/ready")[0] == 200:
                    break
            except OSError:
                pass
            if self.process.poll() is not None or time.monotonic() > deadline:
                raise RuntimeError("prometheus did not start: " + open(os.path.join(self.folder, "log")).read())
            time.sleep(0.1)  # polls a foreign program; there is no condition to wait for

    def get(self, path):
        if self.connection is None:
            self.connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=60)
        try:
            self.connection.request("GET", path)
            answer = self.connection.getresponse()
            return answer.status, answer.read()
        except (OSError, http.client.HTTPException):
            self.connection.close()
            self.connection = None
            raise OSError("no answer")

    def raw(self, query, start, end, step):
        """The answer's bytes; milliseconds, step 0 for an instant query."""
        if step == 0:
            parameters = {"query": query, "time": "%.3f" % (start / 1000)}
            path = "/api/v1/query?"
        else:
            parameters = {"query": query, "start": "%.3f" % (start / 1000), "end": "%.3f" % (end / 1000),
                          "step": "%.3f" % (step / 1000)}
            path = "/api/v1/query_range?"
        return self.get(path + urllib.parse.urlencode(parameters))[1]

    def ask(self, query, start, end, step):
        return json.loads(self.raw(query, start, end, step))

    def cpu_seconds(self):
        with open("/proc/%d/stat" % self.process.pid) as stat:
            fields = stat.read().rsplit(")", 1)[1].split()
        return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")

    def stop(self):
        self.process.send_signal(signal.SIGTERM)
        self.process.wait(60)
        shutil.rmtree(self.folder)
