"""Gyre, Prometheus (Debian's) and VictoriaMetrics (from its Go module) as receivers of remote write: for measurements.

chosen(options) says which can be started; Server(name, options) is one that runs, in a folder of its own.
"""
import collections
import ctypes
import ctypes.util
import glob
import http.client
import json
import os
import shutil
import signal
import struct
import subprocess
import sys
import tempfile
import threading
import time
import urllib.parse

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "../../tests/promql"))
sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "../../tests/metrics"))
from prometheus_node import free_port
from wire import field, varint

VICTORIA = "github.com/VictoriaMetrics/VictoriaMetrics/app/victoria-metrics@v1.151.0"
NAMES = {"gyre": "Gyre", "prometheus": "Prometheus", "victoriametrics": "VictoriaMetrics"}
HEADERS = {"Content-Type": "application/x-protobuf", "Content-Encoding": "snappy", "X-Prometheus-Remote-Write-Version": "0.1.0"}


def label_bytes(labels):
    return b"".join(field(1, field(1, name.encode()) + field(2, value.encode())) for name, value in sorted(labels.items()))


def sample_bytes(when, value):
    return field(2, b"\x09" + struct.pack("<d", value) + b"\x10" + varint(when))


def snappy_packer():
    library = ctypes.CDLL(ctypes.util.find_library("snappy") or sys.exit("needs libsnappy"))
    library.snappy_max_compressed_length.restype = ctypes.c_size_t

    def pack(data):
        size = ctypes.c_size_t(library.snappy_max_compressed_length(ctypes.c_size_t(len(data))))
        out = ctypes.create_string_buffer(size.value)
        if library.snappy_compress(data, ctypes.c_size_t(len(data)), out, ctypes.byref(size)) != 0:
            raise RuntimeError("snappy failed")
        return out.raw[:size.value]

    return pack


def add_options(parser):
    parser.add_argument("program", help="gyre")
    parser.add_argument("--only", default=",".join(NAMES), help="which of " + ", ".join(NAMES))
    parser.add_argument("--out", default="build/bench", help="where VictoriaMetrics is built")


def chosen(options):
    """What of the wanted can be started; the rest is said."""
    found = []
    for name in options.only.split(","):
        reason = absent(name, options)
        if reason:
            print("left out: %s: %s" % (NAMES[name], reason))
        else:
            found.append(name)
    return found


def absent(name, options):
    if name == "prometheus" and shutil.which("prometheus") is None:
        return "apt-get install prometheus"
    if name == "victoriametrics" and not os.path.exists(os.path.join(options.out, "victoria-metrics")):
        if shutil.which("go") is None:
            return "go is not installed"
        os.makedirs(options.out, exist_ok=True)
        built = subprocess.run(["go", "install", VICTORIA], env=dict(os.environ, GOBIN=os.path.abspath(options.out)),
                               stderr=subprocess.PIPE, text=True)
        return built.stderr[-500:] if built.returncode else None
    return None


# CPU seconds of all its life; memory at most; bytes of blocks with their indexes, and of all that is on disk, logs too.
Stopped = collections.namedtuple("Stopped", "cpu mebibytes blocks everything")


class Server:
    def __init__(self, name, options):
        self.name = name
        self.folder = tempfile.mkdtemp(prefix="gyre-bench-")
        self.port = free_port()
        at = "127.0.0.1:%d" % self.port
        data = os.path.join(self.folder, "data")
        if name == "gyre":
            command = [options.program, "serve"]
            for setting in ("data.dir=" + data, "api.listen=" + at, "dialect.enabled=false", "log.level=warning"):
                command += ["--set", setting]
        elif name == "prometheus":
            config = os.path.join(self.folder, "prometheus.yml")
            with open(config, "w") as out:
                out.write("global: {}\n")
            command = ["prometheus", "--config.file=" + config, "--storage.tsdb.path=" + data, "--web.enable-remote-write-receiver",
                       "--web.enable-admin-api", "--storage.tsdb.retention.time=100y", "--web.listen-address=" + at, "--log.level=error"]
        else:
            command = [os.path.join(options.out, "victoria-metrics"), "-storageDataPath=" + data, "-httpListenAddr=" + at,
                       "-retentionPeriod=100y", "-search.latencyOffset=0s", "-search.disableCache", "-loggerLevel=ERROR",
                       "-search.maxPointsPerTimeseries=100000"]
        self.log = open(os.path.join(self.folder, "log"), "w+")
        self.process = subprocess.Popen(command, stdin=subprocess.DEVNULL, stdout=self.log, stderr=self.log)
        self.connection = None
        try:
            self.wait_ready()
        except BaseException:
            self.end()
            raise

    def wait_ready(self):
        deadline = time.monotonic() + 60
        while True:  # polls a foreign program; there is no condition to wait for
            try:
                if self.get({"gyre": "/readyz", "prometheus": "/-/ready", "victoriametrics": "/health"}[self.name])[0] == 200:
                    return
            except (OSError, http.client.HTTPException):
                self.connection = None
            if self.process.poll() is not None or time.monotonic() > deadline:
                self.log.seek(0)
                sys.exit("did not start: %s\n%s" % (self.process.args, self.log.read()[-1000:]))
            time.sleep(0.05)

    def get(self, path, method="GET"):
        if self.connection is None:
            self.connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=600)
        try:
            self.connection.request(method, path)
            answer = self.connection.getresponse()
        except http.client.RemoteDisconnected:  # it closes connections that were idle for a while
            self.connection.close()
            self.connection.request(method, path)
            answer = self.connection.getresponse()
        return answer.status, answer.read()

    def write(self, connections):
        """A list of bodies for each connection; a series has to stay on one, so that its samples come in order. Seconds."""
        failures = []

        def work(mine):
            connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=120)
            for body in mine:
                connection.request("POST", "/api/v1/write", body, HEADERS)
                answer = connection.getresponse()
                text = answer.read()
                if answer.status // 100 != 2:
                    failures.append((answer.status, text[:300]))
                    return

        threads = [threading.Thread(target=work, args=(bodies,)) for bodies in connections]
        began = time.monotonic()
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        if failures:
            sys.exit("%s refused: %s" % (NAMES[self.name], failures[:3]))
        return time.monotonic() - began

    def settle(self):
        """What was written can be asked for."""
        if self.name == "victoriametrics":
            self.get("/internal/force_flush")
        if self.name == "gyre":
            deadline = time.monotonic() + 600
            while True:  # polls: the answer says how far it is, nothing tells when
                domain = json.loads(self.get("/readyz")[1])["domains"]["metrics"]
                if domain["searchable"] >= domain["sequence"]:
                    return
                if time.monotonic() > deadline:
                    sys.exit("not searchable: %s" % domain)
                time.sleep(0.05)

    def range(self, query, start_ms, end_ms, step_ms):
        """The answer's bytes."""
        parameters = {"query": query, "start": "%.3f" % (start_ms / 1000), "end": "%.3f" % (end_ms / 1000), "step": "%.3f" % (step_ms / 1000)}
        if self.name == "victoriametrics":
            parameters["nocache"] = "1"
        status, body = self.get("/api/v1/query_range?" + urllib.parse.urlencode(parameters))
        if status != 200:
            sys.exit("%s: %s" % (NAMES[self.name], body[:500]))
        return body

    def instant(self, query, at_ms):
        status, body = self.get("/api/v1/query?" + urllib.parse.urlencode({"query": query, "time": "%.3f" % (at_ms / 1000)}))
        if status != 200:
            sys.exit("%s: %s" % (NAMES[self.name], body[:500]))
        return json.loads(body)["data"]["result"]

    def cpu(self):
        """User and system seconds so far, of which the kernel counts 10 ms at a time."""
        with open("/proc/%d/stat" % self.process.pid) as stat:
            fields = stat.read().rsplit(")", 1)[1].split()
        return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")

    def stop(self):
        """Ends it as its operator would."""
        if self.name == "prometheus" and self.get("/api/v1/admin/tsdb/snapshot", "POST")[0] != 200:
            sys.exit("no snapshot")  # which holds what is not in blocks yet, as blocks
        self.process.send_signal(signal.SIGTERM)
        _, status, usage = os.wait4(self.process.pid, 0)
        self.process.returncode = os.waitstatus_to_exitcode(status)
        data = os.path.join(self.folder, "data")
        if self.name == "gyre":
            blocks, everything = size_of(data + "/metrics/stream"), size_of(data + "/metrics")
        elif self.name == "prometheus":
            blocks = size_of(glob.glob(data + "/snapshots/*")[0])
            everything = size_of(data) - size_of(data + "/snapshots")
        else:
            blocks, everything = size_of(data + "/data") + size_of(data + "/indexdb"), size_of(data)
        return Stopped(usage.ru_utime + usage.ru_stime, usage.ru_maxrss / 1024, blocks, everything)

    def end(self):
        if self.process.returncode is None:
            self.process.kill()
            self.process.wait()
        self.log.close()
        shutil.rmtree(self.folder, ignore_errors=True)


def size_of(folder):
    return sum(os.path.getsize(os.path.join(at, name)) for at, _, names in os.walk(folder) for name in names)
