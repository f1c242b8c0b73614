"""Do files and protocols bring their measurements to a real server, sample by sample as the data is known?

The figures of the sets were computed from the files by others (../shared/data/README.md); every sample is compared.
"""
import calendar
import contextlib
import csv
import gzip
import json
import os
import random
import re
import sqlite3
import subprocess
import sys
import tarfile
import tempfile
import time
import unittest
import urllib.parse

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "support"))
from gyre_server import PROGRAM, SOURCE, OnAServer, Server  # noqa: E402

SHARED = os.environ.get("GYRE_SHARED_DATA", os.path.join(SOURCE, "../shared/data"))


def shared(name):
    path = os.path.join(SHARED, name)
    if not os.path.exists(path):
        print(f"SKIPPED: there is no {name} in {SHARED}")
        raise unittest.SkipTest(f"there is no {name}")
    return path


def run_import(server, *arguments):
    return subprocess.run([PROGRAM, "import", "metrics", *arguments, "--server", f"http://127.0.0.1:{server.port}"],
                          capture_output=True, text=True, timeout=600, stdin=subprocess.DEVNULL)


def seconds(text):
    return calendar.timegm(time.strptime(text, "%Y-%m-%d %H:%M:%S"))


class MetricsCase(OnAServer):
    """One server for a class."""

    @classmethod
    def setUpClass(cls):
        cls.server = Server().start()

    def imported(self, *arguments):
        """(imported, refused, lines) and the whole outcome."""
        result = run_import(self.server, *arguments)
        found = re.search(r"imported (\d+), refused (\d+), lines (\d+)", result.stdout)
        self.assertTrue(found, result)
        return tuple(int(number) for number in found.groups()), result

    def get(self, path, **parameters):
        answer = self.client.send("GET", f"/api/v1/{path}?" + urllib.parse.urlencode(parameters, doseq=True))
        self.assertEqual(answer.status, 200, answer)
        return answer.json["data"]

    def samples(self, selector, at, days=900):
        """By labels: {seconds: value}."""
        found = self.get("query", query=f"{selector}[{days}d]", time=at)
        self.assertEqual(found["resultType"], "matrix")
        return {tuple(sorted(one["metric"].items())): {time: float(value) for time, value in one["values"]}
                for one in found["result"]}


class NabImport(MetricsCase):
    def check(self, name, records, series, first, last):
        """Every record of every file, as the files say."""
        with tempfile.TemporaryDirectory() as folder:
            place = os.path.join(folder, name)
            os.mkdir(place)
            with tarfile.open(shared(f"metrics/nab-{name}.tar.gz")) as archive:
                archive.extractall(place)
            files = sorted(os.path.join(place, file) for file in os.listdir(place))
            counts, result = self.imported(*files)
            rows = {}
            for file in files:
                with open(file, newline="", encoding="utf-8") as lines:
                    rows[os.path.basename(file)] = [(seconds(row["timestamp"]), float(row["value"]))
                                                    for row in csv.DictReader(lines)]
        self.assertEqual(counts, (records, 0, records + series), result)
        found = self.samples(f'{{folder="{name}"}}', seconds(last))
        self.assertEqual((len(found), sum(map(len, rows.values()))), (series, records))
        times = [time for one in found.values() for time in one]
        self.assertEqual((min(times), max(times)), (seconds(first), seconds(last)))
        # Of two rows of a series and time the later counts.
        order = lambda one: sorted(one.items())  # noqa: E731
        self.assertEqual(sorted(map(order, found.values())), sorted(order(dict(one)) for one in rows.values()))
        # Again: nothing changes.
        self.assertEqual(self.samples(f'{{folder="{name}"}}', seconds(last)), found)
        return found, rows

    def test_cloud_watch(self):
        found, rows = self.check("realAWSCloudwatch", 67740, 17, "2013-10-09 16:25:00", "2014-04-24 00:39:00")
        self.assertEqual(sum(map(len, found.values())), 67740 - 22)  # two series have rows of the same time
        key = (("__name__", "ec2_disk_write_bytes"), ("folder", "realAWSCloudwatch"), ("instance", "1ef3de"))
        self.assertEqual(found[key], dict(rows["ec2_disk_write_bytes_1ef3de.csv"]))

    def test_known_causes(self):
        self.check("realKnownCause", 69561, 7, "2013-07-04 00:00:00", "2015-01-31 23:30:00")

    def test_ad_exchange(self):
        self.check("realAdExchange", 9610, 6, "2011-07-01 00:00:01", "2011-09-07 15:00:01")

    def test_traffic(self):
        self.check("realTraffic", 15664, 7, "2015-07-10 14:24:00", "2015-09-17 17:10:00")


class OtherData(MetricsCase):
    def test_nginx_status_documents(self):
        path = shared("metrics/nginxplus_json_logs.gz")
        with gzip.open(path) as lines:
            documents = [json.loads(line) for line in lines]

        def numbers(value):
            if isinstance(value, dict):
                return sum(map(numbers, value.values()))
            if isinstance(value, list):
                return sum(map(numbers, value))
            return isinstance(value, (bool, int, float))

        counts, result = self.imported(path, "--map", "name==nginx")
        self.assertEqual(len(documents), 500)
        self.assertEqual(counts, (sum(map(numbers, documents)) - 500, 0, 500), result)  # but for the timestamps
        for query, value in (("nginx_requests_total", lambda one: one["requests"]["total"]),
                             ('nginx_server_zones_responses{server_zones="hg.nginx.org",responses="2xx"}',
                              lambda one: one["server_zones"]["hg.nginx.org"]["responses"]["2xx"]),
                             ('nginx_upstreams_peers_received{upstreams="trac-backend",peers="0"}',
                              lambda one: next(peer["received"] for peer in one["upstreams"]["trac-backend"]["peers"]
                                               if peer["id"] == 0))):
            found = self.samples(query, 1446252100)
            self.assertEqual(len(found), 1, (query, found.keys()))
            samples = next(iter(found.values()))
            self.assertEqual(samples, {one["timestamp"] / 1000: value(one) for one in documents}, query)
            self.assertEqual((min(samples), max(samples)), (1446249499.322, 1446252053.399))

    def test_prometheus_scrape(self):
        path = shared("metrics/prometheus-scrape.txt")
        with open(path, encoding="utf-8") as file:
            lines = file.read().splitlines()
        counts, result = self.imported(path, "--map", "source==scrape")
        self.assertEqual(counts, (248, 0, 322), result)
        found = self.get("query", query='{source="scrape"}')["result"]
        values = sorted(float(one["value"][1]) for one in found)
        self.assertEqual(values, sorted(float(line.rsplit(" ", 1)[1]) for line in lines if not line.startswith("#")))
        types = dict(line.split(" ")[2:4] for line in lines if line.startswith("# TYPE "))
        metadata = self.get("metadata")
        self.assertEqual({name: metadata[name][0]["type"] for name in types}, types)
        self.assertEqual(metadata["http_request_duration_microseconds"][0]["help"], "The HTTP request latencies in microseconds.")

    def test_otlp_example(self):
        path = shared("otlp/metrics.json")
        with open(path, "rb") as file:
            body = file.read()
        answer = self.client.send("POST", "/v1/metrics", body, {"Content-Type": "application/json"})
        self.assertEqual((answer.status, answer.json), (200, {}), answer)
        self.client.query("ListMetricNames", {}, "metrics", Gyre_Min_Sequence=answer.headers["Gyre-Sequence"])
        found = {one["metric"]["__name__"] + one["metric"].get("le", ""): float(one["value"][1])
                 for one in self.get("query", query='{otel_scope_name="my.library"}', time=1544712660.3)["result"]}
        self.assertEqual(found["my_counter_total"], 5)
        self.assertEqual(found["my_gauge_ratio"], 10)
        self.assertEqual((found["my_histogram_count"], found["my_histogram_sum"], found["my_histogram_bucket1"],
                          found["my_histogram_bucket+Inf"]), (2, 2, 1, 2))
        self.assertEqual((found["my_exponential_histogram_count"], found["my_exponential_histogram_sum"]), (3, 10))
        # It is no file of documents full of numbers.
        result = run_import(self.server, path)
        self.assertEqual(result.returncode, 64, result)
        self.assertIn("POST it to /v1/metrics", result.stderr)


class Files(MetricsCase):
    def file(self, text, name):
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        path = os.path.join(folder.name, name)
        with open(path, "wb") as file:
            file.write(gzip.compress(text) if name.endswith(".gz") else text)
        return path

    def gzip_cut_off(self):
        path = self.file(b"timestamp,value\n" + os.urandom(1000), "x.csv.gz")
        with open(path, "r+b") as file:
            file.truncate(500)
        return path

    def test_formats_are_told_apart(self):
        for name, text, series in (
                ("told_a1.csv.gz", b"timestamp,value\n2024-01-01 00:00:00,1.5\n", "told{instance=\"a1\"}"),
                ("many.dat", b"time,reads,writes\n1704067200,1.5,2\n", "many_dat_reads"),
                ("document.json", b'{"time": 1704067200,\n "inner": {"number": 1.5}}\n', "inner_number"),
                ("lines.json.gz", b'{"time": 1704067200, "lined": 1.5}\n', "lined"),
                ("samples.json", b'{"name": "sampled", "labels": {"a": "b"}, "value": 1.5, "timestamp": 1704067200000}\n',
                 'sampled{a="b"}'),
                ("node.prom", b"# HELP exposed Help.\n# TYPE exposed gauge\nexposed{a=\"b\"} 1.5 1704067200000\n", "exposed"),
                ("plain.txt", b"# a remark\nbare 1.5 1704067200000\n", "bare")):
            counts, result = self.imported(self.file(text, name))
            self.assertEqual((counts[0] > 0, counts[1]), (True, 0), (name, result))
            found = self.get("query", query=series, time=1704067200)["result"]
            self.assertEqual([one["value"][1] for one in found], ["1.5"], name)

    def test_labels_are_given(self):
        counts, result = self.imported(self.file(b"time,value\n1704067200,3\n", "x.csv"), "--map", "name==given&so", "--map",
                                       "site==Café/1+1")
        self.assertEqual(counts[:2], (1, 0), result)
        found = self.get("query", query='{site="Café/1+1"}', time=1704067200)["result"]
        self.assertEqual([(one["metric"]["__name__"], one["value"][1]) for one in found], [("given&so", "3")])

    def test_refusals_name_file_and_line(self):
        path = self.file(b"timestamp,value\n1704067200,1\n\nyesterday,2\n1704067260,m\xfcch\n1704067320,4,5\n1704067380,5\n", "r.csv")
        nothing = self.file(b"some,columns \xff\n1,2\n", "nothing.csv")
        after = self.file(b"timestamp,value\n1704067200,1\n", "after.csv")
        counts, result = self.imported(path, nothing, after)
        self.assertEqual(counts[:2], (3, 4), result)
        for line, reason in ((4, "expected a time"), (5, "expected a number"), (6, "expected 2 fields, found 3")):
            self.assertRegex(result.stderr, re.escape(f"{path}:{line}: refused: ") + ".*" + reason)
        self.assertRegex(result.stderr, re.escape(nothing) + ":1: refused: .*header")
        path = self.file(b'{"time":1704067200,"kept":1}\n{"time":\n{"time":1704067201,"kept":1}\n', "j.json")
        counts, result = self.imported(path)
        self.assertEqual(counts, (2, 1, 3), result)
        self.assertIn(path + ":2: refused: ", result.stderr)

    def test_lines_are_counted_over_pieces(self):
        rows = [b"%d,%d" % (1704067200 + i, i) for i in range(100000)]
        rows[90000 - 2] = b"1704067200,wrong"
        path = self.file(b"timestamp,value\n" + b"\n".join(rows), "large_1.csv")
        counts, result = self.imported(path)
        self.assertEqual(counts, (99999, 1, 100001), result)
        self.assertIn(path + ":90000: refused: ", result.stderr)
        self.assertEqual(self.get("query", query="count_over_time(large[2d])", time=1704200000)["result"][0]["value"][1], "99999")

    def test_wrong_use(self):
        path = self.file(b"nothing that is known\n", "nothing.txt")
        for wrong in ((path,), (path, "--format", "pdf"), (path, "--format", "csv", "--map", "a=b"), (path + ".gone",),
                      (path, "--format", "csv", "--map", "==b")):
            result = subprocess.run([PROGRAM, "import", "metrics", *wrong, "--server", f"http://127.0.0.1:{self.server.port}"],
                                    capture_output=True, text=True, timeout=60, stdin=subprocess.DEVNULL)
            self.assertEqual(result.returncode, 64, result)
            self.assertIn("gyre import:", result.stderr)
        result = run_import(self.server, self.gzip_cut_off())
        self.assertEqual((result.returncode, "cannot be read" in result.stderr), (69, True), result)


def message(*fields):
    """A protobuf message of (number, bytes or int)."""
    out = b""
    for number, value in fields:
        assert number < 16 and (isinstance(value, int) and value < 128 or len(value) < 128)
        out += bytes([number << 3, value]) if isinstance(value, int) else bytes([number << 3 | 2, len(value)]) + value
    return out


def snappy(data):
    assert len(data) <= 60
    return bytes([len(data), (len(data) - 1) << 2]) + data


class Metadata(unittest.TestCase):
    def test_descriptions_without_samples_are_kept(self):
        """Prometheus sends them in requests of their own."""
        with tempfile.TemporaryDirectory() as folder:
            body = snappy(message((3, message((1, 1), (2, b"lonely_total"), (4, b"Alone.")))))
            with Server(folder) as server:
                client = self.client(server)
                answer = client.send("POST", "/api/v1/write", body, {"Content-Type": "application/x-protobuf",
                                                                     "Content-Encoding": "snappy"})
                self.assertEqual(answer.status // 100, 2, answer)
                self.assertEqual(answer.headers["Gyre-Sequence"], "1")
                self.check(client)
                server.kill()
                client = self.again(server)
                self.check(client)
                # A sample after it is not taken for it.
                answer = client.command("RecordMetrics", {"metrics": [{"name": "lonely_total", "value": 7}]}, "metrics")
                self.assertEqual((answer.status, answer.json["sequence"]), (201, 2), answer)
                server.stop()
                client = self.again(server)
                self.check(client, 2)
                answer = client.send("GET", "/api/v1/query?query=lonely_total")
                self.assertEqual(answer.json["data"]["result"][0]["value"][1], "7")

    def again(self, server):
        server.log = ""
        return self.client(server.start())

    def client(self, server):
        client = server.client()
        self.addCleanup(client.close)
        return client

    def check(self, client, sequence=1):
        answer = client.query("ListMetricNames", {}, "metrics", Gyre_Min_Sequence=str(sequence))
        self.assertEqual(answer.status, 200, answer)
        answer = client.send("GET", "/api/v1/metadata")
        self.assertEqual(answer.json["data"], {"lonely_total": [{"type": "counter", "help": "Alone.", "unit": ""}]})


class Log(unittest.TestCase):
    """What is in blocks is not in the log as well."""

    def kept(self, server):
        path = next(os.path.join(at, name) for at, _, names in os.walk(server.folder) for name in names
                    if name == "store.sqlite" and os.path.basename(at) == "metrics")
        with contextlib.closing(sqlite3.connect(f"file:{path}?mode=ro", uri=True)) as log:
            return *log.execute("SELECT count(*), coalesce(sum(record_count), 0) FROM record_batch").fetchone(), os.path.getsize(path)

    def test_it_is_emptied(self):
        server = Server().start()
        self.addCleanup(server.__exit__)
        client = server.client()
        for batch in range(30):
            body = "".join(f'kept{{n="{n}"}} {random.random()} {(1_400_000_000 + batch * 15) * 1000}\n' for n in range(5_000))
            answer = client.send("POST", "/v1/metrics/ingest/prometheus", body)
            self.assertEqual((answer.status, answer.json["accepted"]), (200, 5_000), answer)
        client.close()
        self.assertEqual(self.kept(server)[:2], (30, 150_000))
        server.stop()
        batches, samples, size = self.kept(server)
        self.assertEqual((batches, samples), (1, 5_000))  # the last one keeps the sequence
        self.assertLess(size, 300_000)  # 30 of them were more than a million
        server.log = ""
        server.start()
        answer = server.client().send("GET", "/api/v1/query?" + urllib.parse.urlencode({"query": "count(count_over_time(kept[1h]) == 30)", "time": 1_400_001_000}))
        self.assertEqual(answer.json["data"]["result"][0]["value"][1], "5000", answer)


class IndexCheck(unittest.TestCase):
    def test_sound_and_damaged(self):
        sample = os.path.join(SOURCE, "plugins/metrics/sample/realAWSCloudwatch/ec2_cpu_utilization_24ae8d.csv")
        check = lambda place: subprocess.run([PROGRAM, "index", "check", place], capture_output=True, text=True, timeout=60)  # noqa: E731
        with tempfile.TemporaryDirectory() as folder:
            with Server(folder) as server:
                self.assertEqual(run_import(server, sample).returncode, 0)
            result = check(folder)
            self.assertEqual(result.returncode, 0, result)
            place = next(at for at, _, names in os.walk(folder) if "series" in names)
            blocks = [name for name in os.listdir(place) if name != "series" and "lock" not in name]
            self.assertGreater(len(blocks), 1)
            before = sorted(os.listdir(place))
            path = os.path.join(place, sorted(blocks)[0])
            with open(path, "r+b") as file:
                file.seek(os.path.getsize(path) // 3)
                byte = file.read(1)
                file.seek(-1, os.SEEK_CUR)
                file.write(bytes([byte[0] ^ 4]))
            os.unlink(os.path.join(place, sorted(blocks)[1]))
            before.remove(sorted(blocks)[1])
            for checked in (folder, place):
                result = check(checked)
                self.assertEqual(result.returncode, 1, result)
                self.assertIn("1 damaged", result.stdout)
                for name in sorted(blocks)[:2]:
                    self.assertIn(name, result.stdout)
            self.assertEqual(sorted(os.listdir(place)), before)


if __name__ == "__main__":
    unittest.main(verbosity=2)
