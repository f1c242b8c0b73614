"""What does a whole server say to measurements that are wrong? The sample by name and why, and it keeps the rest."""
import gzip
import json
import os
import re
import struct
import sys
import time
import unittest
import urllib.parse

HERE = os.path.dirname(os.path.abspath(__file__))
sys.path += [os.path.join(HERE, "..", "support"), HERE]
from gyre_server import Client, OnAServer, Server  # noqa: E402
from wire import field, series, snappy, varint  # noqa: E402

REMOTE_WRITE = {"Content-Type": "application/x-protobuf", "Content-Encoding": "snappy"}
STALE = struct.pack("<Q", 0x7FF0000000000002)
YEAR_3000 = 32503680000000


class MetricsCase(OnAServer):
    settings = ()

    @classmethod
    def setUpClass(cls):
        cls.server = Server(settings=cls.settings).start()

    def setUp(self):
        super().setUp()
        self.now_ms = int(time.time() * 1000)
        self.last_sequence = None

    def write(self, body):
        return self.sent(self.client.send("POST", "/api/v1/write", snappy(body), REMOTE_WRITE))

    def post(self, path, body, **headers):
        return self.sent(self.client.send("POST", path, body, {name.replace("_", "-"): value for name, value in headers.items()}))

    def sent(self, answer):
        self.last_sequence = answer.headers.get("Gyre-Sequence", self.last_sequence)
        return answer

    def get(self, path, **parameters):
        headers = {"Gyre-Min-Sequence": self.last_sequence} if self.last_sequence else {}
        return self.client.send("GET", f"/api/v1/{path}?" + urllib.parse.urlencode(parameters, doseq=True), headers=headers)

    def values(self, selector):
        """Of all series and times: what the answer says."""
        answer = self.get("query", query=f"{selector}[100y]", time=time.time() + 86_400)
        self.assertEqual(answer.status, 200, answer)
        return sorted(value for one in answer.json["data"]["result"] for _, value in one["values"])

    def assert_partly(self, answer, accepted, *rejected):
        """(line or None, pattern) of each that was not taken."""
        self.assertEqual(answer.status, 200, answer)
        self.assertEqual((answer.json["accepted"], answer.json["rejectedCount"]), (accepted, len(rejected)), answer)
        for found, (line, pattern) in zip(answer.json["rejected"], rejected):
            self.assertRegex(found["reason"], pattern)
            if line:
                self.assertEqual(found["line"], line, answer)

    def resident(self):
        text = self.client.send("GET", "/metrics").body.decode()
        return float(re.search(r"^gyre_process_resident_memory_bytes (\S+)", text, re.M).group(1))


class BadInput(MetricsCase):
    def test_messages_that_are_cut_off(self):
        whole = b"".join(series({"__name__": "cut", "n": str(n)}, (self.now_ms, n)) for n in range(5))
        one = len(whole) // 5
        for size in range(1, len(whole)):
            answer = self.write(whole[:size])
            if size % one == 0:
                self.assertEqual(answer.status, 204, (size, answer))
                continue
            self.assertEqual(answer.status, 400, (size, answer))
            self.assertRegex(answer.json["detail"], rf"damaged or cut off after sample {size // one}:")
        self.assertEqual(self.write(whole).status, 204)
        self.assertEqual(self.values("cut"), ["0", "1", "2", "3", "4"])
        # Bytes of the packing, one after the other.
        packed = snappy(whole)
        for i in range(len(packed)):
            damaged = packed[:i] + bytes([packed[i] ^ 0x55]) + packed[i + 1:]
            answer = self.client.send("POST", "/api/v1/write", damaged, REMOTE_WRITE)
            self.assertIn(answer.status, (200, 204, 400, 413), (i, answer))
        for size in range(len(packed)):
            answer = self.client.send("POST", "/api/v1/write", packed[:size], REMOTE_WRITE)
            self.assertIn(answer.status, (204, 400) if size == 0 else (400,), (size, answer))

    def test_bombs(self):
        before = self.resident()
        # A kilobyte that says it is four gigabytes; and copies that make some of it true.
        for bomb in (varint(2**32 - 1) + b"\x00a" * 500, varint(2**32 - 1) + b"\x00a" + b"\xfe\x01\x00" * 40_000,
                     varint(2**30) + b"\x00a" + b"\xfe\x01\x00" * 40_000):
            answer = self.client.send("POST", "/api/v1/write", bomb, REMOTE_WRITE)
            self.assertIn(answer.status, (400, 413), answer)
        packed = gzip.compress(b"bomb 1\n" * 30_000_000)
        self.client.close()  # it may have been idle too long meanwhile; the next request connects anew
        answer = self.client.send("POST", "/v1/metrics/ingest/prometheus", packed, {"Content-Encoding": "gzip"})
        self.assertEqual(answer.status, 413, answer)
        self.assertLess(self.resident() - before, 256 << 20)

    def test_every_number_is_kept(self):
        nan = struct.pack("<Q", 0x7FF8000000000001)
        numbers = (float("inf"), float("-inf"), -0.0, 5e-324, 1.7976931348623157e308, nan, STALE)
        answer = self.write(b"".join(series({"__name__": "odd", "n": str(n)}, (self.now_ms, number)) for n, number in enumerate(numbers)))
        self.assertEqual(answer.status, 204, answer)
        self.assertEqual(self.values("odd"), sorted(["+Inf", "-Inf", "-0", "5e-324", "1.7976931348623157e+308", "NaN"]))
        answer = self.post("/v1/metrics/ingest/prometheus", "text{n=\"1\"} NaN\ntext{n=\"2\"} +Inf\ntext{n=\"3\"} -inf\ntext{n=\"4\"} x\ntext{n=\"5\"} -1e999\ntext{n=\"6\"} 1e-999\n")
        self.assert_partly(answer, 4, (4, 'text: expected a number, found "x"'), (5, 'text: expected a number, found "-1e999"'))
        self.assertEqual(self.values("text"), ["+Inf", "-Inf", "0", "NaN"])

    def test_times_that_cannot_be(self):
        body = series({"__name__": "when", "n": "1"}, (self.now_ms, 1), (-1, 2), (-2**63, 3), (2**63 - 1, 4), (YEAR_3000, 5), (0, 6))
        self.assert_partly(self.write(body), 2, (2, "time -1: expected milliseconds since 1970"),
                           (3, "time -9223372036854775808: "), (4, "time 9223372036854775807: expected at most 86400 seconds in the future"),
                           (5, f"time {YEAR_3000}: "))
        self.assertEqual(self.values("when"), ["1", "6"])
        answer = self.post("/v1/metrics/ingest/prometheus", f"at 1\nat 2 -5\nat 3 {YEAR_3000}\nat 4 1e30\n")
        self.assert_partly(answer, 1, (2, "time -5: "), (3, f"time {YEAR_3000}: "), (4, "at: expected a time, found"))
        answer = self.post("/v1/metrics/ingest/document", '{"name":"line","value":1}\n'
                           f'{{"name":"line","value":2,"timestamp":{YEAR_3000}}}\n{{"name":"line","value":3,"timestamp":-1}}\n')
        self.assert_partly(answer, 1, (2, f"{YEAR_3000}"), (3, "-1"))
        self.assertEqual((self.values("at"), self.values("line")), (["1"], ["1"]))
        points = [{"asDouble": n, "timeUnixNano": nanos} for n, nanos in ((1, str(self.now_ms * 1_000_000)), (2, str(YEAR_3000 * 100_000)))]
        points[1]["timeUnixNano"] = str(2**64 - 1)
        answer = self.post("/v1/metrics", json.dumps({"resourceMetrics": [{"scopeMetrics": [{"metrics": [
            {"name": "point", "gauge": {"dataPoints": points}}]}]}]}), Content_Type="application/json")
        self.assertEqual(answer.status, 200, answer)
        self.assertEqual(int(answer.json["partialSuccess"]["rejectedDataPoints"]), 1, answer)
        self.assertIn("time 18446744073709", answer.json["partialSuccess"]["errorMessage"])
        self.assertEqual(self.values("point"), ["1"])

    def test_too_many_labels_and_too_long_ones(self):
        many = {"__name__": "wide", **{f"label_{n:05}": "x" for n in range(10_000)}}
        body = (series({"__name__": "kept", "n": "1"}, (self.now_ms, 1)) + series(many, (self.now_ms, 2)) +
                series({"__name__": "long", "value": "x" * (1 << 20)}, (self.now_ms, 3)) +
                series({"__name__": "long", "n" * (1 << 20): "x"}, (self.now_ms, 4)) +
                series({"__name__": "x" * (1 << 20)}, (self.now_ms, 5)) + series({"n": "1"}, (self.now_ms, 6)) +
                series({"__name__": "kept", "n": "2"}, (self.now_ms, 7)))
        self.assert_partly(self.write(body), 2, (2, "expected at most 128 labels, found 10001"),
                           (3, "label value: expected a value of at most 4096 bytes, found 1048576"),
                           (4, r"label n{60}\.\.\.: expected a name of at most 4096 bytes, found 1048576"),
                           (5, "label __name__: expected a value of at most 4096 bytes, found 1048576"), (6, "the series has no name"))
        self.assertEqual(self.values("kept"), ["1", "7"])
        text = "plain 1\nwide{" + ",".join(f'l{n}="x"' for n in range(10_000)) + "} 2\nlong{v=\"" + "x" * (1 << 20) + '"} 3\nplain{n="2"} 4\n'
        self.assert_partly(self.post("/v1/metrics/ingest/prometheus", text), 2, (2, "128 labels, found 10001"), (3, "4096 bytes, found 1048576"))
        self.assertEqual(self.values("plain"), ["1", "4"])
        twice = field(1, b"".join(field(1, field(1, name) + field(2, value)) for name, value in
                                  ((b"__name__", b"twice"), (b"a", b"1"), (b"a", b"2"))) + field(2, b"\x09" + bytes(8) + b"\x10\x05"))
        answer = self.write(twice)
        self.assertEqual(answer.status, 400, answer)
        self.assertIn("label a is there twice", str(answer.json))
        answer = self.write(series({"__name__": "coded", "a": "\ud800"[:0] + "ok"}, (self.now_ms, 1)).replace(b"ok", b"\xff\xfe"))
        self.assertIn("label a: expected UTF-8", str(answer.json))

    def test_one_name_of_two_types(self):
        answer = self.post("/v1/metrics/ingest/prometheus", "# TYPE clash counter\nclash 1\n# TYPE clash gauge\nclash{n=\"2\"} 2\n# TYPE odd wheel\nodd_one 3\n")
        self.assert_partly(answer, 3, (3, "name clash: clash is a counter already, found a gauge"), (5, "TYPE odd: expected counter, gauge"))
        self.assertEqual(self.values("clash"), ["1", "2"])
        self.assertEqual(self.get("metadata", metric="clash").json["data"]["clash"][0]["type"], "counter")

    def test_the_next_version_of_remote_write(self):
        # Read as the first version, nothing of it would be known, and all of it answered for.
        body = b"".join(field(4, text) for text in (b"", b"__name__", b"second")) + field(5, field(1, b"\x01\x02") + field(2, b"\x09" + bytes(8) + b"\x10\x05"))
        answer = self.write(body)
        self.assertEqual(answer.status, 400, answer)
        self.assertIn("remote write 2.0 is not taken", answer.json["detail"])

    def test_a_number_that_is_none_is_no_sample(self):
        answer = self.post("/v1/metrics/ingest/json?name=flat", '{"timestamp":1400000000000,"a":1,"b":1e400,"c":[{"id":"x","v":2}]}\n')
        self.assert_partly(answer, 2, (1, "flat_b: expected a number, found 1e400"))
        self.assertEqual((self.values("flat_a"), self.values("flat_b"), self.values("flat_c_v")), (["1"], [], ["2"]))

    def test_answers_quote_little(self):
        long = "x" * 300_000
        lines = ("fine 1", f"{long} ", f"a {long}", f"a{{{long}}} 1", f'a{{{long}="b" 1', f'a{{b="c"}} 1 {long}', f"# TYPE {long} {long}", f'{{{long}="b"}} 1')
        answer = self.post("/v1/metrics/ingest/prometheus", "\n".join(lines) + "\n")
        self.assert_partly(answer, 1, *((line, ".") for line in range(2, len(lines) + 1)))
        self.assertLess(len(answer.body), 3_000)
        answer = self.client.send("POST", "/api/v1/query", urllib.parse.urlencode({"query": f'a{{b=~"{"(c" * 20_000}"}}'}), {"Content-Type": "application/x-www-form-urlencoded"})
        self.assertEqual(answer.status, 400)
        self.assertLess(len(answer.body), 1_000)

    def test_expressions_that_would_explode(self):
        value = "a" * 4_000
        self.assertEqual(self.write(series({"__name__": "regex", "a": value}, (self.now_ms, 1))).status, 204)
        for pattern in ("((a{100}){100}){100}", "(((a{30}){30}){30}){30}", "(", "a{2,1}", "(?P<n>a"):
            for path, parameters in (("query", {"query": f'regex{{a=~"{pattern}"}}'}), ("series", {"match[]": f'{{a=~"{pattern}"}}'})):
                answer = self.get(path, **parameters)
                self.assertEqual((answer.status, answer.json["errorType"]), (400, "bad_data"), answer)
                self.assertIn("label a", answer.json["error"])
        began = time.monotonic()
        for pattern in ("(a*)*b", "(a|aa)+c", "(.*)(.*)(.*)(.*)(.*)d", "(x+x+)+y|a*"):
            answer = self.get("query", query=f'regex{{a=~"{pattern}"}}')
            self.assertEqual(answer.status, 200, answer)
            self.assertEqual(len(answer.json["data"]["result"]), 1 if "a*" == pattern[-2:] else 0, pattern)
        self.assertLess(time.monotonic() - began, 10)


class TooLate(MetricsCase):
    settings = ("domains.metrics.out_of_order_window=1h",)

    def test_what_is_known_to_be_too_late_is_refused_by_name(self):
        hour = 3_600_000
        self.assertEqual(self.write(series({"__name__": "first"}, (self.now_ms, 1))).status, 204)
        self.assertEqual(self.values("first"), ["1"])  # it is applied
        body = series({"__name__": "late", "n": "1"}, (self.now_ms - 2 * hour, 1), (self.now_ms, 2)) + series({"__name__": "late", "n": "2"}, (self.now_ms - hour // 2, 3))
        oldest = self.now_ms - hour
        self.assert_partly(self.write(body), 2, (1, rf'late{{n="1"}} at {self.now_ms - 2 * hour}: too late: expected a time from {oldest} on'))
        self.assertEqual(self.values("late"), ["2", "3"])
        answer = self.write(series({"__name__": "later"}, (self.now_ms - 3 * hour, 1)))
        self.assertEqual(answer.status, 400, answer)
        self.assertIn(f"later at {self.now_ms - 3 * hour}: too late", str(answer.json))
        # A protocol whose own answer knows nothing of it.
        points = [{"asDouble": n, "timeUnixNano": str((self.now_ms - n * hour) * 1_000_000)} for n in (2, 0)]
        answer = self.post("/v1/metrics", json.dumps({"resourceMetrics": [{"scopeMetrics": [{"metrics": [
            {"name": "point", "gauge": {"dataPoints": points}}]}]}]}), Content_Type="application/json")
        self.assertEqual((answer.status, answer.json["code"]), (400, "too_late"), answer)
        self.assertIn("1 too late, the rest is kept; sample 0: point", answer.json["detail"])
        self.assertEqual(self.values("point"), ["0"])
        # A command is all or none.
        answer = self.sent(self.client.command("RecordMetrics", {"metrics": [
            {"name": "whole", "value": 1}, {"name": "whole", "value": 2, "timestamp": self.now_ms - 2 * hour}]}, "metrics"))
        self.assertEqual(answer.status, 422, answer)
        self.assertIn("whole at", answer.json["detail"])
        self.assertEqual(self.values("whole"), [])
        text = self.client.send("GET", "/metrics").body.decode()
        self.assertIn('gyre_stream_late_records_total{domain="metrics"} 4\n', text)
        self.assertIn('gyre_stream_dropped_records_total{domain="metrics"} 0\n', text)


class Bulk(MetricsCase):
    settings = ("domains.metrics.out_of_order_window=1h",)

    def bulk(self, *lines, path="/metrics/_bulk?refresh=true"):
        body = "".join((line if isinstance(line, str) else json.dumps(line)) + "\n" for line in lines)
        dialect = Client(self.server.dialect_port)
        self.addCleanup(dialect.close)
        answer = dialect.send("POST", path, body, {"Content-Type": "application/x-ndjson"})
        self.assertEqual(answer.status, 200, answer)
        return [next(iter(item.items())) for item in answer.json["items"]]

    def test_a_document_is_a_sample(self):
        hour = 3_600_000
        items = self.bulk({"index": {}}, {"name": "bulk", "labels": {"n": "1"}, "value": 1, "timestamp": self.now_ms},
                          {"create": {"_id": "mine"}}, {"name": "bulk", "value": "x"},
                          {"create": {"_id": "mine"}}, '{"name":"bulk",\r "labels":{"n":"2"},"value":2}',
                          {"delete": {"_id": "mine"}},
                          {"index": {"_index": "metrics"}}, {"name": "bulk", "labels": {"n": "3"}, "value": "NaN", "timestamp": self.now_ms})
        self.assertEqual([item["status"] for _, item in items], [201, 400, 201, 400, 201], items)
        self.assertIn('value: expected a number, "NaN"', items[1][1]["error"]["reason"])
        self.assertIn("only arrive", items[3][1]["error"]["reason"])
        self.assertEqual((items[0][1]["_id"].split("-")[0], items[2][1]["_id"]), (str(self.now_ms), "mine"))
        began = int(items[0][1]["_id"].split("-")[1])
        sequences = [item["_seq_no"] for _, item in items if item["status"] == 201]
        self.assertEqual(sequences, list(range(sequences[0], sequences[0] + 3)), items)
        self.assertEqual(self.values("bulk"), ["1", "2", "NaN"])
        # One of them is too late, and what comes behind it is counted on without it.
        items = self.bulk({"index": {}}, {"name": "late", "value": 1}, {"index": {}}, {"name": "late", "value": 2, "timestamp": self.now_ms - 2 * hour},
                          {"index": {}}, {"name": "late", "labels": {"n": "3"}, "value": 3, "timestamp": self.now_ms})
        self.assertEqual([item["status"] for _, item in items], [201, 400, 201], items)
        self.assertIn("too late", items[1][1]["error"]["reason"])
        self.assertEqual(items[2][1]["_seq_no"], items[0][1]["_seq_no"] + 1)
        self.assertEqual(items[2][1]["_id"], f"{self.now_ms}-{began + 4}")
        self.assertEqual(self.values("late"), ["1", "3"])

    def test_it_is_read_elsewhere(self):
        dialect = Client(self.server.dialect_port)
        self.addCleanup(dialect.close)
        answer = dialect.send("GET", "/metrics/_search")
        self.assertEqual(answer.status, 400, answer)
        self.assertIn("[metrics] is a stream whose records are in no index of this server", answer.json["error"]["reason"])
        self.assertEqual(dialect.send("GET", "/_search").json["_shards"]["failed"], 0)
        self.assertEqual(dialect.send("POST", "/metrics/_doc", {"name": "doc", "value": 1}).status, 201)


class ReadYourWrites(MetricsCase):
    def test_every_endpoint_waits_and_says_its_sequence(self):
        for n in range(50):
            answer = self.write(series({"__name__": "mine", "n": str(n)}, (self.now_ms, n)))
            for path, parameters in (("query", {"query": f'mine{{n="{n}"}}'}), ("series", {"match[]": f'mine{{n="{n}"}}'}),
                                     ("query_range", {"query": f'mine{{n="{n}"}}', "start": self.now_ms / 1000, "end": self.now_ms / 1000 + 60, "step": 60}),
                                     ("labels", {"match[]": f'mine{{n="{n}"}}'}), ("label/n/values", {"match[]": f'mine{{n="{n}"}}'})):
                found = self.get(path, **parameters)
                self.assertEqual(found.status, 200, found)
                self.assertGreaterEqual(int(found.headers["Gyre-Sequence"]), int(answer.headers["Gyre-Sequence"]))
                data = found.json["data"]
                self.assertTrue(data["result"] if isinstance(data, dict) else data, (path, found))
        self.last_sequence = str(int(self.last_sequence) + 1)
        answer = self.get("query", query="mine")
        self.assertEqual((answer.status, answer.json["code"]), (400, "unknown_sequence"), answer)
        self.last_sequence = "soon"
        self.assertEqual(self.get("query", query="mine").status, 400)

    def test_series_of_a_range_within_a_block(self):
        minute = 60_000
        for n in range(3):
            self.write(series({"__name__": "ranged", "n": str(n)}, (self.now_ms - n * 10 * minute, 1)))
        for n in range(3):
            at = (self.now_ms - n * 10 * minute) / 1000
            found = self.get("series", **{"match[]": "ranged", "start": at - 60, "end": at + 60}).json["data"]
            self.assertEqual([one["n"] for one in found], [str(n)])


if __name__ == "__main__":
    unittest.main(verbosity=2)
