"""How does a test get a real server? A process of its own on a free loopback port, over a folder of its own.

The program is named by GYRE_PROGRAM. A server is ended by its process id, at the latest when the test ends.
"""
import http.client
import json
import os
import re
import select
import signal
import subprocess
import tempfile
import time
import unittest
import urllib.request

PROGRAM = os.environ.get("GYRE_PROGRAM", "build/release/bin/gyre")
NODE_FILE = os.environ.get("GYRE_SEARCH_NODE_FILE")  # servers have their indices on the node that it names
SOURCE = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
READY_SECONDS = 60  # a sanitizer build on a busy machine starts slowly


def search_node():
    """The node of this run: {"url","engine"}; None with the embedded engine. Without the file the test is skipped."""
    if not NODE_FILE:
        return None
    if not os.path.exists(NODE_FILE):
        print("SKIPPED: no search node was started")
        raise SystemExit(0)
    with open(NODE_FILE, encoding="utf-8") as file:
        return json.load(file)


class SearchNode:
    """A server's own indices on a search node: a prefix for their names, removed at the end."""

    def __init__(self, node, url=None):
        self.url = node["url"]
        self.prefix = f"gyre-test-{os.getpid()}-{time.monotonic_ns()}-"
        self.settings = [f"search.engine={node['engine']}", f"search.urls={url or node['url']}",
                         f"search.index_prefix={self.prefix}"]

    def send(self, method, path, body=None):
        data = None if body is None else json.dumps(body).encode()
        request = urllib.request.Request(self.url + path, data=data, method=method,
                                         headers={"Content-Type": "application/json"})
        with urllib.request.urlopen(request, timeout=60) as answer:
            return json.load(answer)

    def indices(self, alias):
        """Of that domain of the server, the one that is written to last."""
        return sorted(self.send("GET", f"/_alias/{self.prefix}{alias}"))

    def wait_aged(self, alias, seconds=1):
        """Until a stream's newest index is so old that a generation_age of these seconds ends it when something comes."""
        (one,) = self.send("GET", f"/{self.indices(alias)[-1]}/_mapping").values()
        wait_until(lambda: time.time() > one["mappings"]["_meta"]["gyre"]["created"] / 1000 + seconds)

    def remove(self):
        names = self.send("GET", f"/{self.prefix}*/_settings/index.uuid?expand_wildcards=all")
        if names:
            self.send("DELETE", "/" + ",".join(names))
        # Asked for a pattern that none has, the node answers 404.
        templates = self.send("GET", "/_index_template")["index_templates"]
        if any(template["name"].startswith(self.prefix) for template in templates):
            self.send("DELETE", f"/_index_template/{self.prefix}*")


class Answer:
    def __init__(self, status, headers, body):
        self.status, self.headers, self.body = status, headers, body

    @property
    def json(self):
        return json.loads(self.body)

    @property
    def lines(self):
        return [json.loads(line) for line in self.body.splitlines()]

    def __repr__(self):
        return f"{self.status} {dict(self.headers)} {self.body[:2000]!r}"


class Client:
    """One keep-alive connection."""

    def __init__(self, port):
        self.port = port
        self.connection = http.client.HTTPConnection("127.0.0.1", port, timeout=60)

    def send(self, method, path, body=None, headers=None):
        headers = dict(headers or {})
        if body is not None and not isinstance(body, (str, bytes)):
            body = json.dumps(body)
            headers.setdefault("Content-Type", "application/json")
        if isinstance(body, str):
            body = body.encode()
        self.connection.request(method, path, body=body, headers=headers)
        response = self.connection.getresponse()
        return Answer(response.status, response.headers, response.read())

    def command(self, name, body, domain="payments", **headers):
        return self.send("POST", f"/v1/{domain}/commands/{name}", body,
                         {k.replace("_", "-"): v for k, v in headers.items()})

    def query(self, name, body=None, domain="payments", **headers):
        return self.send("POST", f"/v1/{domain}/queries/{name}", body or {},
                         {k.replace("_", "-"): v for k, v in headers.items()})

    def close(self):
        self.connection.close()


class Server:
    def __init__(self, folder=None, settings=(), config=None):
        self.temporary = None if folder else tempfile.TemporaryDirectory(prefix="gyre-test-")
        self.folder = folder or self.temporary.name
        self.settings, self.config = list(settings), config
        node = search_node()
        self.node = SearchNode(node) if node and not any(s.startswith("search.engine=") for s in self.settings) else None
        if self.node:
            self.settings += self.node.settings
        self.process, self.port, self.dialect_port = None, None, None
        self.log = ""

    def start(self):
        arguments = [PROGRAM, "serve", "--set", f"data.dir={self.folder}", "--set", "api.listen=127.0.0.1:0",
                     "--set", "dialect.listen=127.0.0.1:0"]
        if self.config:
            arguments += ["--config", self.config]
        for setting in self.settings:
            arguments += ["--set", setting]
        self.process = subprocess.Popen(arguments, stderr=subprocess.PIPE, stdin=subprocess.DEVNULL)
        deadline = time.monotonic() + READY_SECONDS
        os.set_blocking(self.process.stderr.fileno(), False)
        while True:
            found = re.search(r"ready: http://127\.0\.0\.1:(\d+)", self.log)
            if found:
                self.port = int(found.group(1))
                dialect = re.search(r"dialect: http://127\.0\.0\.1:(\d+)", self.log)
                self.dialect_port = int(dialect.group(1)) if dialect else None
                return self
            remaining = deadline - time.monotonic()
            if remaining <= 0 or self.process.poll() is not None:
                self.read_log()
                raise AssertionError(f"the server did not become ready: {self.log}")
            select.select([self.process.stderr], [], [], min(remaining, 1))
            self.read_log()

    def read_log(self):
        try:
            data = os.read(self.process.stderr.fileno(), 1 << 20)
        except BlockingIOError:
            return
        self.log += data.decode(errors="replace")

    def client(self):
        return Client(self.port)

    def dialect_client(self):
        return Client(self.dialect_port)

    def kill(self):
        self.process.kill()
        self.process.wait()
        self.process.stderr.close()

    def stop(self, expected=0):
        """SIGTERM; returns once the process has ended, with the expected exit code."""
        if self.process and self.process.poll() is None:
            self.process.send_signal(signal.SIGTERM)
        code = self.process.wait(timeout=60)
        os.set_blocking(self.process.stderr.fileno(), True)
        self.log += self.process.stderr.read().decode(errors="replace")
        self.process.stderr.close()
        assert code == expected, f"exit code {code}, expected {expected}: {self.log}"

    def __enter__(self):
        return self.start()

    def __exit__(self, *_):
        try:
            if self.process.returncode is None:
                self.stop()
        finally:
            if self.process.poll() is None:
                self.kill()
            if self.temporary:
                self.temporary.cleanup()
            if self.node:
                self.node.remove()


def wait_until(condition, seconds=60):
    """The contract offers no event to wait for, so this asks until it holds."""
    deadline = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < deadline, "it takes too long"
        time.sleep(0.02)


def wait_for_job(client, job, seconds=120):
    """The job once it has ended; polls, because the contract offers no other way."""
    deadline = time.monotonic() + seconds
    while job["state"] in ("queued", "running"):
        assert time.monotonic() < deadline, f"the job takes too long: {job}"
        time.sleep(0.02)
        job = client.send("GET", f"/admin/v1/jobs/{job['id']}").json
    return job


class OnAServer(unittest.TestCase):
    """Tests that share one server, each with a client of its own."""

    @classmethod
    def setUpClass(cls):
        cls.server = Server().start()

    @classmethod
    def tearDownClass(cls):
        cls.server.__exit__()

    def setUp(self):
        self.client = self.server.client()
        self.addCleanup(self.client.close)
