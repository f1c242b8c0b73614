#!/usr/bin/env python3
"""Which documents and requests does the driver of ../shared/bench send? Records them for bench_engine_requests.

    bench/compare/record_requests.py --to http://127.0.0.1:9200 --out DIR [--port 9290] [--keep 200]

Stands between the driver and a server: point the driver at it, end it with Ctrl-C. For each INDEX it writes
DIR/INDEX.mapping (of its creation), DIR/INDEX.ndjson (the sources of its bulk requests, those of the load first) and
DIR/INDEX.requests (search bodies, at most --keep of each shape, each with a name: "s1", "s2" in the order in which the
shapes were met). A shape is a body with its values taken out. Loopback only.
"""

import argparse
import http.client
import http.server
import json
import os
import threading
import urllib.parse


def shape(value):
    if isinstance(value, dict):
        return {key: shape(inner) for key, inner in sorted(value.items())}
    if isinstance(value, list):
        return [shape(inner) for inner in value]
    return None


class Recorder:
    def __init__(self, out, keep):
        self.out, self.keep = out, keep
        self.lock = threading.Lock()
        self.shapes = {}

    def append(self, index, suffix, text):
        with open(os.path.join(self.out, index + suffix), "a", encoding="utf-8") as file:
            file.write(text + "\n")

    def take(self, method, path, body):
        steps = [urllib.parse.unquote(step) for step in path.split("?")[0].strip("/").split("/")]
        with self.lock:
            if method == "PUT" and len(steps) == 1 and body:
                mapping = json.loads(body).get("mappings", {})
                with open(os.path.join(self.out, steps[0] + ".mapping"), "w", encoding="utf-8") as file:
                    json.dump(mapping, file)
            elif steps[-1] == "_bulk":
                self.take_bulk(steps, body)
            elif steps[-1] == "_search" and len(steps) == 2 and body:
                kind = (steps[0], json.dumps(shape(json.loads(body))))
                name, count = self.shapes.get(kind, (f"s{len(self.shapes) + 1}", 0))
                self.shapes[kind] = (name, count + 1)
                if count < self.keep:
                    self.append(steps[0], ".requests", name + "\t" + json.dumps(json.loads(body)))

    def take_bulk(self, steps, body):
        lines = iter(body.decode().splitlines())
        for line in lines:
            (action, target), = json.loads(line).items()
            if action == "delete":
                continue
            source = next(lines)
            if action in ("index", "create"):
                self.append(target.get("_index", steps[0]), ".ndjson", source)


def handler(recorder, to):
    class Handler(http.server.BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def forward(self):
            body = self.rfile.read(int(self.headers.get("Content-Length", 0)))
            recorder.take(self.command, self.path, body)
            if not hasattr(self, "upstream"):
                self.upstream = http.client.HTTPConnection(to.hostname, to.port)
            kept = {name: value for name, value in self.headers.items() if name.lower() not in ("host", "accept-encoding")}
            self.upstream.request(self.command, self.path, body=body or None, headers=kept)
            answer = self.upstream.getresponse()
            content = answer.read()
            self.send_response(answer.status)
            for name, value in answer.getheaders():
                if name.lower() not in ("content-length", "connection", "transfer-encoding", "date", "server"):
                    self.send_header(name, value)
            length = answer.getheader("Content-Length") if self.command == "HEAD" else None
            self.send_header("Content-Length", length or str(len(content)))
            self.end_headers()
            self.wfile.write(content)

        do_GET = do_PUT = do_POST = do_DELETE = do_HEAD = forward

        def log_message(self, *_):
            pass

    return Handler


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--to", required=True)
    parser.add_argument("--out", required=True)
    parser.add_argument("--port", type=int, default=9290)
    parser.add_argument("--keep", type=int, default=200)
    options = parser.parse_args()
    os.makedirs(options.out, exist_ok=True)
    if os.listdir(options.out):
        parser.error(f"{options.out} is not empty")
    recorder = Recorder(options.out, options.keep)
    server = http.server.ThreadingHTTPServer(("127.0.0.1", options.port),
                                             handler(recorder, urllib.parse.urlsplit(options.to)))
    try:
        server.serve_forever()
    except KeyboardInterrupt:
        pass


if __name__ == "__main__":
    main()
