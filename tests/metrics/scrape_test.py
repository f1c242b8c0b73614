"""What does a server write when it scrapes? Scripted targets on loopback, a whole server; answers come from its own API."""
import gzip
import http.server
import json
import os
import re
import sys
import threading
import time
import unittest
import urllib.parse

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "support"))
from gyre_server import Server  # noqa: E402

PATIENCE = 60  # seconds, on a busy machine


class Target:
    """Answers each path by a function of the handler and of how often that path was asked before."""

    def __init__(self, **scripts):
        self.scripts = {"/" + name: script for name, script in scripts.items()}
        self.asked, self.headers = {}, {}
        self.changed = threading.Condition()
        self.is_ending = threading.Event()
        target = self

        class Handler(http.server.BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def do_GET(self):
                with target.changed:
                    count = target.asked.get(self.path, 0)
                    target.asked[self.path] = count + 1
                    target.headers[self.path] = self.headers
                    target.changed.notify_all()
                try:
                    target.scripts[self.path](self, count)
                except (BrokenPipeError, ConnectionResetError):
                    self.close_connection = True

            def answer(self, body, status=200, **headers):
                self.send_response(status)
                self.send_header("Content-Length", str(len(body)))
                for name, value in headers.items():
                    self.send_header(name.replace("_", "-"), value)
                self.end_headers()
                self.wfile.write(body)

            def log_message(self, *_):
                pass

        self.server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.server.daemon_threads = True
        self.port = self.server.server_address[1]
        self.thread = threading.Thread(target=self.server.serve_forever, daemon=True)
        self.thread.start()

    def wait_asked(self, path, times):
        with self.changed:
            assert self.changed.wait_for(lambda: self.asked.get(path, 0) >= times, PATIENCE), (path, self.asked)

    def close(self):
        self.is_ending.set()
        self.server.shutdown()
        self.server.server_close()
        self.thread.join()


class ScrapeCase(unittest.TestCase):
    def target(self, **scripts):
        target = Target(**scripts)
        self.addCleanup(target.close)
        return target

    def serve(self, *jobs):
        server = Server(settings=["domains.metrics.scrape=" + json.dumps(jobs)])
        server.__enter__()
        self.addCleanup(server.__exit__)
        self.client = server.client()
        self.addCleanup(self.client.close)
        return server

    def samples(self, selector):
        """By labels but for the name: [(seconds, value)] of the last hour, stale markers left out."""
        query = urllib.parse.urlencode({"query": f"{selector}[1h]"})
        answer = self.client.send("GET", "/api/v1/query?" + query)
        self.assertEqual(answer.status, 200, answer)
        return {tuple(sorted((name, value) for name, value in one["metric"].items() if name != "__name__")):
                [(time, float(value)) for time, value in one["values"]] for one in answer.json["data"]["result"]}

    def now(self, selector):
        answer = self.client.send("GET", "/api/v1/query?" + urllib.parse.urlencode({"query": selector}))
        self.assertEqual(answer.status, 200, answer)
        return [(one["metric"], float(one["value"][1])) for one in answer.json["data"]["result"]]

    def until(self, find, what):
        """What `find` gives once it is something; asked again and again, since samples come when they come."""
        deadline = time.monotonic() + PATIENCE
        while not (found := find()):
            self.assertLess(time.monotonic(), deadline, what)
            time.sleep(0.02)
        return found

    def until_logged(self, server, pattern):
        def find():
            server.read_log()
            return re.search(pattern, server.log)
        return self.until(find, pattern)


class Behaviour(ScrapeCase):
    def test_a_target_that_comes_fails_and_comes_again(self):
        own_time = int(time.time() * 1000) - 60_000

        def script(handler, count):
            if count in (4, 5):
                return handler.answer(b"sorry", 503)
            text = f'# TYPE steady gauge\nsteady{{job="inner",exported_job="e",instance="i"}} {count}\n'
            text += f"timed 7 {own_time}\n"
            if count < 2:
                text += "passing 1\n"
            body = gzip.compress(text.encode())
            handler.answer(body, Content_Encoding="gzip", Content_Type="text/plain; version=0.0.4; charset=utf-8")

        target = self.target(metrics=script)
        instance = f"127.0.0.1:{target.port}"
        server = self.serve({"name": "test", "interval": "1s", "targets": [instance], "labels": ["site=harbour"]})
        of_target = (("instance", instance), ("job", "test"), ("site", "harbour"))
        target.wait_asked("/metrics", 8)
        headers = target.headers["/metrics"]
        self.assertTrue(headers["Accept"].startswith("application/openmetrics-text;version=1.0.0"), headers)
        self.assertEqual((headers["Accept-Encoding"], headers["X-Prometheus-Scrape-Timeout-Seconds"]), ("gzip", "1.000"))
        self.assertEqual((headers["Host"], headers["User-Agent"].split("/")[0]), (instance, "gyre"))

        up = self.until(lambda: len(found := self.samples("up").get(of_target, [])) >= 8 and found, "8 samples of up")
        self.assertEqual([value for _, value in up[:8]], [1, 1, 1, 1, 0, 0, 1, 1], server.log)
        # Clashing labels: the target's win, the scraped ones are kept.
        steady = self.samples("steady")
        labels = of_target + (("exported_exported_job", "inner"), ("exported_instance", "i"), ("exported_job", "e"))
        self.assertEqual(list(steady), [tuple(sorted(labels))])
        seen = [value for _, value in steady[tuple(sorted(labels))]]
        self.assertEqual(seen[:6], [0, 1, 2, 3, 6, 7])
        self.assertEqual(self.samples("timed")[of_target], [(own_time / 1000, 7)])
        # Gone from its third fetch on; and all while the target failed, but for what has times of its own.
        passing = self.samples("passing")[of_target]
        self.assertEqual([when for when, _ in passing], [when for when, _ in up[:2]])
        at = lambda i, text: self.client.send("GET", "/api/v1/query?" + urllib.parse.urlencode(  # noqa: E731
            {"query": text, "time": f"{up[i][0]:.3f}"})).json["data"]["result"]
        self.assertEqual([len(at(i, "passing")) for i in range(4)], [1, 1, 0, 0])
        self.assertEqual([len(at(i, "steady")) for i in range(8)], [1, 1, 1, 1, 0, 0, 1, 1])
        self.assertEqual([len(at(i, "timed")) for i in range(8)], [1] * 8)
        report = lambda name: [value for _, value in self.samples(name)[of_target]][:8]  # noqa: E731
        self.assertEqual(report("scrape_samples_scraped"), [3, 3, 2, 2, 0, 0, 2, 2])
        self.assertEqual(report("scrape_samples_post_metric_relabeling"), [3, 3, 2, 2, 0, 0, 2, 2])
        self.assertEqual(report("scrape_series_added"), [3, 0, 0, 0, 0, 0, 2, 0])
        self.assertTrue(all(0 < value < 1.5 for value in report("scrape_duration_seconds")))
        self.until_logged(server, f"test http://{instance}/metrics: up 0: expected status 200, found 503")
        self.until_logged(server, "test http://.*: works again")
        metadata = self.client.send("GET", "/api/v1/metadata?metric=steady").json["data"]
        self.assertEqual(metadata["steady"][0]["type"], "gauge")

    def test_labels_and_times_are_honoured_as_told(self):
        body = f'one{{job="inner"}} 1 {int(time.time() * 1000) - 60_000}\n'.encode()
        target = self.target(metrics=lambda handler, count: handler.answer(body))
        self.serve({"name": "honoured", "interval": "200ms", "targets": [f"127.0.0.1:{target.port}"], "honor_labels": True},
                   {"name": "not", "interval": "200ms", "targets": [f"http://127.0.0.1:{target.port}"], "honor_timestamps": False})
        found = self.until(lambda: len(found := self.samples("one")) == 2 and found, "two series")
        inner = next(values for labels, values in found.items() if dict(labels)["job"] == "inner")
        outer = next(values for labels, values in found.items() if dict(labels).get("exported_job") == "inner")
        self.assertEqual(len(inner), 1)
        self.assertGreater(outer[0][0], inner[0][0] + 50)

    def test_openmetrics_and_bodies_without_a_length(self):
        def until_closed(handler, count):
            handler.send_response(200)
            handler.send_header("Content-Type", "application/openmetrics-text; version=1.0.0; charset=utf-8")
            handler.send_header("Connection", "close")
            handler.end_headers()
            handler.wfile.write(b"# TYPE a counter\na_total 1 1700000000.5\n# EOF\nb 2\n")

        def chunked(handler, count):
            handler.send_response(200)
            handler.send_header("Transfer-Encoding", "chunked")
            handler.end_headers()
            handler.wfile.write(b"4\r\nc 3\n\r\n0\r\n\r\n")

        target = self.target(closed=until_closed, chunked=chunked)
        self.serve({"name": "forms", "interval": "200ms",
                    "targets": [f"http://127.0.0.1:{target.port}/closed", f"http://127.0.0.1:{target.port}/chunked"]})
        self.until(lambda: self.now("c"), "c")
        def find():
            return self.client.send("GET", "/api/v1/query?query=a_total&time=1700000001").json["data"]["result"]
        self.assertEqual([one["value"] for one in self.until(find, "a_total")], [[1700000001, "1"]])
        self.assertEqual(self.now("b"), [])

    def test_itself(self):
        self.serve({"name": "gyre", "interval": "100ms", "targets": ["self"]})
        found = self.until(lambda: self.now('gyre_http_requests_total{listener="api"}'), "its own requests")
        self.assertEqual((found[0][0]["job"], found[0][0]["instance"]), ("gyre", "self"))
        self.assertEqual(self.now("up")[0][1], 1)
        self.until(lambda: any(value > 0 for _, value in self.now('gyre_scrape_samples_total{domain="metrics"}')),
                   "samples of scraping in what was scraped")


class BadTargets(ScrapeCase):
    def endless(self, handler, count):
        handler.send_response(200)
        handler.send_header("Connection", "close")
        handler.end_headers()
        while not handler.server.target.is_ending.wait(0.005):
            handler.wfile.write(b"endless 1\n")

    def target(self, **scripts):
        target = super().target(**scripts)
        target.server.target = target
        return target

    def test_each_is_cut_off_and_named(self):
        def flood(handler, count):
            handler.send_response(200)
            handler.send_header("Transfer-Encoding", "chunked")
            handler.end_headers()
            while True:
                handler.wfile.write(b"400\r\n" + b"flood 1\n" * 128 + b"\r\n")

        def bomb(handler, count):
            handler.answer(gzip.compress(b"bomb 1\n" * 1_000_000), Content_Encoding="gzip")

        def cut(handler, count):
            handler.send_response(200)
            handler.send_header("Content-Length", "1000")
            handler.end_headers()
            handler.wfile.write(b"cut 1\n")
            handler.wfile.flush()
            handler.connection.close()

        def silent(handler, count):
            handler.server.target.is_ending.wait(PATIENCE)

        target = self.target(
            endless=self.endless, flood=flood, bomb=bomb, cut=cut, silent=silent,
            samples=lambda handler, count: handler.answer(b"samples{n=\"1\"} 1\nsamples{n=\"2\"} 1\n"),
            labels=lambda handler, count: handler.answer(b'labels{a="1",b="2",c="3"} 1\n'),
            longer=lambda handler, count: handler.answer(b'longer{a="' + b"x" * 200 + b'"} 1\n'),
            page=lambda handler, count: handler.answer(b"<html>\n<body>\n"),
            moved=lambda handler, count: handler.answer(b"", 302, Location="/labels"),
            partly=lambda handler, count: handler.answer(b'good 1\nbad{x="1" 2\nlate 1 99999999999999\n'))
        common = {"interval": "400ms", "path": "/none"}
        job = lambda name, **more: {"name": name, "targets": [f"http://127.0.0.1:{target.port}/{name}"], **common, **more}  # noqa: E731
        server = self.serve(job("endless"), job("flood", max_body="64KiB"), job("bomb", max_body="64KiB"), job("cut"), job("silent"),
                            job("samples", max_samples=1), job("labels", max_labels=4), job("longer", max_label_bytes=100), job("page"),
                            job("moved"), job("partly"), {"name": "nobody", "targets": ["127.0.0.1:1"], **common})
        for name, reason in (("endless", r"no whole answer within 400ms: still reading the body \(\d+ bytes so far\)"),
                             ("flood", "expected a body of at most 65536 bytes, found more"),
                             ("bomb", "65536"),
                             ("cut", r"closed the connection while reading the body \(6 bytes so far\)"),
                             ("silent", "no whole answer within 400ms: still waiting for the answer"),
                             ("samples", "expected at most 1 samples, found 2"),
                             ("labels", "labels: expected at most 4 labels, found 6"),
                             ("longer", "longer: label a: expected at most 100 bytes, found 200"),
                             ("page", "2 of its lines are left out; line 1: "),
                             ("moved", "expected status 200, found 302"),
                             ("nobody", "cannot connect: Connection refused")):
            self.until_logged(server, rf"{name} http://\S+: up 0: .*{reason}")
            found = self.until(lambda: self.now(f'up{{job="{name}"}}'), name)
            self.assertEqual([value for _, value in found], [0], name)
            self.assertEqual(self.samples(f'{{__name__="{name}"}}'), {}, name)
        # What makes sense of a target is kept, the rest named.
        self.until_logged(server, r"partly http://\S+/partly: 2 of its lines are left out; line 2: ")
        self.assertEqual([value for _, value in self.until(lambda: self.now("good"), "good")], [1])
        self.assertEqual(self.now('up{job="partly"}')[0][1], 1)
        text = self.client.send("GET", "/metrics").body.decode()
        self.assertIn('gyre_scrape_targets_up{domain="metrics"} 1\n', text)
        self.assertIn('gyre_scrape_targets{domain="metrics"} 12\n', text)

    def test_stopping_does_not_wait_for_them(self):
        target = self.target(endless=self.endless)
        server = self.serve({"name": "endless", "interval": "1s", "timeout": "1s",
                             "targets": [f"http://127.0.0.1:{target.port}/endless"]},
                            {"name": "slow", "interval": "24h", "timeout": "24h",
                             "targets": [f"http://127.0.0.1:{target.port}/endless?slow"]})
        target.wait_asked("/endless", 1)
        server.stop()


class Configuration(unittest.TestCase):
    def refused(self, jobs):
        server = Server(settings=["domains.metrics.scrape=" + (jobs if isinstance(jobs, str) else json.dumps(jobs))])
        try:
            server.start()
        except AssertionError:
            return server.log
        finally:
            server.kill()
            server.temporary.cleanup()
        self.fail(f"it started with {jobs}")

    def test_faults_are_named(self):
        good = {"name": "a", "targets": ["127.0.0.1:1"]}
        for jobs, fault in (
                ([good, good], 'scrape[1].name: expected another name than the other jobs\', found "a"'),
                ([{**good, "targets": ["https://a"]}], "https is not spoken to targets"),
                ([{**good, "targets": ["a:b"]}], 'scrape[0].targets: expected "self", "HOST:PORT" or "http://HOST:PORT/PATH", found "a:b"'),
                ([{**good, "intervall": "1s"}], 'scrape[0].intervall: unknown key, did you mean "interval"?'),
                ([{**good, "interval": "1"}], "scrape[0].interval: expected a duration"),
                ([{**good, "interval": "1s", "timeout": "2s"}], "scrape[0].timeout: expected at most the interval of 1000ms"),
                ([{**good, "labels": ["__a=b"]}], "scrape[0].labels: expected name=value"),
                ([{**good, "path": "metrics"}], "scrape[0].path: expected a path like /metrics"),
                ([{"name": "a"}], "scrape[0].targets: expected a list of texts like [a, b], found nothing"),
                ("[1]", "scrape[0]: expected a map of options, found a single value"),
                ("x", "scrape: expected a list of maps with name, targets")):
            self.assertIn("domains.metrics." + fault if fault.startswith("scrape") else fault, self.refused(jobs))


if __name__ == "__main__":
    unittest.main(verbosity=2)
