"""What if the search node misbehaves? A proxy in front of it that does what a test tells it to.

FaultyProxy.fault(request) is asked for each request: None passes it on; a number answers with that status; "cut" sends
half of the node's answer; "garbage" answers 200 with what is no JSON; "freeze" never answers; a function gets the node's
answer (status, body) and returns another. FaultyProxy.refuses(id) is asked for each document of a bulk request: those
are not passed on, and answered as the node answers what its mapping cannot take.
"""
import http.client
import json
import socket
import socketserver
import threading
import urllib.parse

from ports import free_port


class FaultyProxy:
    def __init__(self, url):
        node = urllib.parse.urlsplit(url)
        self.node = (node.hostname, node.port)
        self.fault = lambda method, path, body: None
        self.refuses = lambda document_id: False
        self.seen = []
        self.server, self.port = None, free_port()
        self.connections, self.lock = set(), threading.Lock()
        self.released = threading.Event()
        self.open()

    @property
    def url(self):
        return f"http://127.0.0.1:{self.port}"

    def open(self):
        proxy = self

        class Handler(socketserver.StreamRequestHandler):
            def handle(self):
                with proxy.lock:
                    proxy.connections.add(self.connection)
                try:
                    while proxy.serve(self.rfile, self.wfile):
                        pass
                except (OSError, http.client.HTTPException):
                    pass
                finally:
                    with proxy.lock:
                        proxy.connections.discard(self.connection)

        class Listener(socketserver.ThreadingTCPServer):
            allow_reuse_address, daemon_threads, request_queue_size = True, True, 64

        self.released = threading.Event()
        self.server = Listener(("127.0.0.1", self.port), Handler)
        threading.Thread(target=self.server.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True).start()

    def close(self):
        """As a node that is killed: nobody listens, and what was open is cut."""
        self.released.set()
        self.server.shutdown()
        self.server.server_close()
        with self.lock:
            for connection in list(self.connections):
                try:
                    connection.shutdown(socket.SHUT_RDWR)
                except OSError:
                    pass

    def serve(self, rfile, wfile):
        first = rfile.readline()
        if not first:
            return False
        method, path, _ = first.decode().split()
        headers = http.client.parse_headers(rfile)
        body = rfile.read(int(headers.get("Content-Length", 0)))
        self.seen.append((method, path))
        fault = self.fault(method, path, body)
        if fault == "freeze":
            self.released.wait()
            return False
        if isinstance(fault, int):
            return self.answer(wfile, fault, b'{"error":{"type":"scripted","reason":"the test says so"},"status":%d}' % fault)
        if fault == "garbage":
            return self.answer(wfile, 200, b"<html>this is not what you think</html>")
        refused, body = self.without_refused(body) if "_bulk" in path else ([], body)
        connection = http.client.HTTPConnection(*self.node, timeout=60)
        # A bulk request of nothing is no request: the node is asked for something else.
        asked = (method, path, body) if body or not refused else ("GET", "/", None)
        connection.request(*asked, headers={name: headers[name] for name in headers
                                            if name not in ("Host", "Content-Length")})
        response = connection.getresponse()
        status, answer = response.status, response.read()
        connection.close()
        if refused and status == 200:
            answer = self.with_refused(json.loads(answer).get("items", []), refused)
        if fault == "cut":
            text = self.text(status, answer)
            wfile.write(text[: len(text) - len(answer) // 2 - 1])
            return False
        if callable(fault):
            status, answer = fault(status, answer)
        return self.answer(wfile, status, answer)

    def without_refused(self, body):
        """The places of what is refused, and the body of the rest."""
        lines, kept, refused, place = body.splitlines(keepends=True), [], [], 0
        while lines:
            (action, target), = json.loads(lines[0]).items()
            size = 1 if action == "delete" else 2
            if self.refuses(target["_id"]):
                refused.append(place)
            else:
                kept += lines[:size]
            lines, place = lines[size:], place + 1
        return refused, b"".join(kept)

    @staticmethod
    def with_refused(items, refused):
        for place in refused:
            items.insert(place, {"index": {"status": 400, "error": {
                "type": "mapper_parsing_exception", "reason": "failed to parse: the test says so"}}})
        return json.dumps({"errors": True, "items": items}).encode()

    @staticmethod
    def text(status, body):
        return b"HTTP/1.1 %d X\r\nContent-Type: application/json\r\nContent-Length: %d\r\n\r\n" % (status, len(body)) + body

    def answer(self, wfile, status, body):
        wfile.write(self.text(status, body))
        return True
