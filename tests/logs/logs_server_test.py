"""Do files, protocols and sockets bring their log records to a real server, exactly as the data is known?

The figures of the Apache and Kafka sets were computed from the files by others (../shared/data/README.md).
"""
import gzip
import http.client
import json
import os
import pathlib
import re
import socket
import subprocess
import sys
import tarfile
import tempfile
import unittest

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
from logs_server import PROGRAM, SHARED, SOURCE, LogsCase, skip  # noqa: E402


def run_import(server, *arguments):
    result = subprocess.run([PROGRAM, "import", "logs", *arguments, "--server", f"http://127.0.0.1:{server.port}"],
                            capture_output=True, text=True, timeout=600, stdin=subprocess.DEVNULL)
    found = re.search(r"imported (\d+), refused (\d+), lines (\d+)", result.stdout)
    assert found, result
    return result, *(int(number) for number in found.groups())


def shared(name):
    path = os.path.join(SHARED, name)
    if not os.path.exists(path):
        skip(f"there is no {name} in {SHARED}")
    return path


class ApacheImport(LogsCase):
    def test_reference_answers(self):
        result, imported, refused, lines = run_import(self.server, shared("logs/apache_logs.gz"))
        self.assertEqual((imported, refused, lines), (10000, 0, 10000), result)
        fields = {field["name"]: field for field in self.ask("GetLogFields", size=20)["fields"]}
        self.assertEqual({one["value"]: one["count"] for one in fields["status"]["values"]},
                         {200: 9126, 304: 445, 404: 213, 301: 164, 206: 45, 500: 3, 403: 2, 416: 2})
        self.assertEqual(fields["client"]["distinct"], 1753)
        # The first and the last line: the file is not quite in order.
        first = min(self.search(size=1000, to="2015-05-17T11:00:00Z")["logs"], key=lambda log: log["sequence"])
        last = max(self.search(size=1000, **{"from": "2015-05-20T20:00:00Z"})["logs"], key=lambda log: log["sequence"])
        self.assertEqual((first["@timestamp"], last["@timestamp"]), ("2015-05-17T10:05:03.000Z", "2015-05-20T21:05:15.000Z"))
        self.assertEqual((first["sequence"], last["sequence"]), (1, 10000))
        self.assertEqual(self.search(size=0, attribute="status=404")["total"], 213)
        statistics = self.ask("GetLogStatistics", interval="1h", parts=["levels", "time"])
        self.assertEqual(sum(bucket["doc_count"] for bucket in statistics["time_stats"]), 10000)
        self.assertEqual({one["key"]: one["doc_count"] for one in statistics["level_stats"]},
                         {"info": 9126 + 445 + 164 + 45, "warn": 213 + 2 + 2, "error": 3})


class KafkaImport(LogsCase):
    def test_reference_answers(self):
        with tempfile.TemporaryDirectory() as folder:
            with tarfile.open(shared("logs/kafka0-broker-logs.tar.gz")) as archive:
                archive.extractall(folder)
            files = [os.path.join(place, name) for place, _, names in os.walk(folder) for name in names]
            self.assertEqual(len(files), 25)
            text = "".join(pathlib.Path(file).read_text(encoding="utf-8") for file in files)
            result, imported, refused, lines = run_import(self.server, *sorted(files))
        self.assertEqual((imported, refused, lines), (13183, 0, 15467), result)
        statistics = self.ask("GetLogStatistics", parts=["levels"])
        self.assertEqual({one["key"]: one["doc_count"] for one in statistics["level_stats"]},
                         {"trace": 8436, "info": 3232, "debug": 1064, "warn": 332, "error": 119})
        # Continuation lines are in the message of their record.
        joined, cursor = 0, {}
        while True:
            page = self.search(size=1000, **cursor)
            joined += sum(log["message"].count("\n") for log in page["logs"])
            if not page["nextCursor"]:
                break
            cursor = {"cursor": page["nextCursor"]}
        blank = len(re.findall(r"\n(?=\n)", text))
        self.assertEqual(joined, 2284 - blank)


class OtherFiles(LogsCase):
    def file(self, text, suffix):
        handle, path = tempfile.mkstemp(suffix=suffix)
        self.addCleanup(os.unlink, path)
        with os.fdopen(handle, "wb") as file:
            file.write(gzip.compress(text) if suffix.endswith(".gz") else text)
        return path

    def test_formats_are_detected(self):
        for name, text, count in (
                ("json", b'{"message":"from json"}\n\n{"message":"second from json"}\n', 2),
                ("syslog", b"Dec  1 01:02:03 h app[1]: from syslog\n", 1),
                ("syslog", b"2024-01-01T00:00:00.5+00:00 h app: from syslog\n", 1),
                ("log4j", b"2024-01-01 00:00:00,123 INFO  [main] a.B - from log4j\n\tgoes on\n", 1)):
            path = self.file(text, ".log.gz")
            result, imported, refused, _ = run_import(self.server, path)
            self.assertEqual((imported, refused), (count, 0), (name, result))

    def test_refusals_name_file_and_line(self):
        path = self.file(b'{"message":"kept"}\n{"message":\n' + b'{"message":"kept too"}\n', ".ndjson")
        result, imported, refused, _ = run_import(self.server, path)
        self.assertEqual((imported, refused), (2, 1), result)
        self.assertRegex(result.stderr, re.escape(path) + ":2: refused: .*JSON")
        nothing = self.file(b"nothing that is known\n", ".txt")
        for wrong in (("--format", "pdf"), ("--map", "a=b"), ()):
            refused = subprocess.run([PROGRAM, "import", "logs", nothing, *wrong, "--server", f"http://127.0.0.1:{self.server.port}"],
                                     capture_output=True, text=True, timeout=60, stdin=subprocess.DEVNULL)
            self.assertEqual(refused.returncode, 64, (wrong, refused))
            self.assertIn("gyre import:", refused.stderr)
        result, imported, refused, _ = run_import(self.server, nothing, "--format", "access")
        self.assertEqual((imported, refused), (0, 1), result)

    def test_large_files_are_cut_between_records(self):
        text = b"".join(b"2024-01-01 00:00:00,123 ERROR [main] big.B - broke %d\n\tat x\n\tat y\n" % i for i in range(60000))
        result, imported, refused, lines = run_import(self.server, self.file(text, ".log"))
        self.assertEqual((imported, refused, lines), (60000, 0, 180000), result)
        self.assertEqual(self.ask("GetLogStatistics", logger="big.B", parts="levels")["total"], 60000)
        one = self.search(logger="big.B", size=1)["logs"][0]
        self.assertTrue(one["message"].endswith("\n\tat x\n\tat y"), one)


class Protocols(LogsCase):
    def test_otlp_examples(self):
        for name in ("otlp/logs.json", "otlp/events.json"):
            with open(shared(name), "rb") as file:
                body = file.read()
            for encoded, headers in ((body, {}), (gzip.compress(body), {"Content-Encoding": "gzip"})):
                answer = self.client.send("POST", "/v1/logs", encoded, {"Content-Type": "application/json", **headers})
                self.assertEqual((answer.status, answer.json), (200, {}), answer)
        logs = self.search(service="my.service")["logs"]
        self.assertEqual(len(logs), 4)
        example = [log for log in logs if log["message"] == "Example log record"]
        self.assertEqual(len(example), 2)
        self.assertEqual((example[0]["severity"], example[0]["level"], example[0]["logger"], example[0]["trace_id"]),
                         (10, "info", "my.library", "5b8efff798038103d269b633813fc60c"))
        self.assertEqual(example[0]["attributes"]["array.attribute"], ["many", "values"])
        for attribute in ("string.attribute=some string", "int.attribute=10", "double.attribute=637.704",
                          "map.attribute.some.map.key=some value", "my.scope.attribute"):
            self.assertGreater(self.search(attribute=attribute, size=0)["total"], -1)
        self.assertEqual(self.search(attribute="int.attribute=10", size=0)["total"], 2)

    def test_broken_bodies_are_told(self):
        for media_type, body in (("application/json", b'{"resourceLogs":[{'), ("application/x-protobuf", b"\x0a\xff\x01"),
                                 ("text/plain", b"{}")):
            answer = self.client.send("POST", "/v1/logs", body, {"Content-Type": media_type})
            self.assertEqual(answer.status, 400, answer)

    def test_loki(self):
        body = {"streams": [{"stream": {"app": "loki-app", "env": "prod"}, "values": [["1704067200000000000", "over loki"]]}]}
        answer = self.client.send("POST", "/loki/api/v1/push", body)
        self.assertEqual(answer.status, 204, answer)
        self.assertEqual(len(self.search(service="loki-app", attribute="env=prod")["logs"]), 1)

    def test_records_one_by_one(self):
        answer = self.client.send("POST", "/v1/logs/records", b'{"message":"rec one"}\nnone\n{"message":"rec \xff two"}\n{"mess',
                                  {"Content-Type": "application/x-ndjson"})
        self.assertEqual((answer.status, answer.json["accepted"], [one["line"] for one in answer.json["rejected"]]),
                         (200, 2, [2, 4]), answer)
        self.assertEqual(sorted(log["message"] for log in self.search(text="rec")["logs"]), ["rec \\xFF two", "rec one"])

    def test_bulk(self):
        connection = http.client.HTTPConnection("127.0.0.1", self.server.dialect_port, timeout=60)
        self.addCleanup(connection.close)
        lines = ['{"index":{"_index":"logs"}}', '{"message":"bulk one","level":"WARN"}', '{"create":{"_index":"logs","_id":"b2"}}',
                 '{"message":"bulk two"}', '{"index":{"_index":"logs"}}', '[]']
        connection.request("POST", "/_bulk", "\n".join(lines) + "\n", {"Content-Type": "application/x-ndjson"})
        answer = json.loads(connection.getresponse().read())
        statuses = [list(item.values())[0]["status"] for item in answer["items"]]
        self.assertEqual(statuses, [201, 201, 400], answer)
        self.assertEqual(len(self.search(text="bulk")["logs"]), 2)


class Syslog(LogsCase):
    SETTINGS = ("domains.logs.listen=tcp://127.0.0.1:0,udp://127.0.0.1:0",)

    def test_both_forms_over_both_transports(self):
        modern = b"<165>1 2003-10-11T22:14:15.003Z mymachine evntslog - ID47 [x@1 k=\"v\"] An event over %s"
        loose = b"<34>Oct 11 22:14:15 mymachine su: 'su root' failed over %s"
        with socket.create_connection(("127.0.0.1", self.syslog_port("tcp"))) as sender:
            message = modern % b"counted"
            sender.sendall(b"%d " % len(message) + message)
        with socket.create_connection(("127.0.0.1", self.syslog_port("tcp"))) as sender:
            sender.sendall(loose % b"lines" + b"\n")
        with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as sender:
            sender.sendto(modern % b"datagrams", ("127.0.0.1", self.syslog_port("udp")))
            sender.sendto(loose % b"datagrams caf\xe9", ("127.0.0.1", self.syslog_port("udp")))
        logs = self.wait_for(4, host="mymachine")
        self.assertEqual(sorted(log["service"] for log in logs), ["evntslog", "evntslog", "su", "su"])
        self.assertEqual(len(self.search(attribute="x@1.k=v")["logs"]), 2)
        self.assertIn("'su root' failed over datagrams caf\\xE9", [log["message"] for log in logs])


class Queries(LogsCase):
    def test_context_of_a_record(self):
        for number in range(5):
            for host in ("h", "other"):
                self.client.send("POST", "/v1/logs/records", {"message": f"step {number}", "service": "ctx", "host": host})
        found = self.search(text='"step 2"', service="ctx", host="h")["logs"][0]
        around = self.ask("GetLogContext", id=found["id"], before=1, after=1)
        self.assertEqual([log["message"] for log in (around["before"][0], around["log"], around["after"][0])],
                         ["step 1", "step 2", "step 3"])
        self.assertEqual({log["host"] for log in (around["before"][0], around["log"], around["after"][0])}, {"h"})

    def test_tail_is_filtered(self):
        connection = http.client.HTTPConnection("127.0.0.1", self.server.port, timeout=30)
        self.addCleanup(connection.close)
        connection.request("GET", "/v1/logs/queries/TailLogs?level=error&text=timeout")
        response = connection.getresponse()
        self.assertEqual((response.status, response.headers["Content-Type"]), (200, "text/event-stream"))
        for level, message in (("info", "timeout"), ("error", "other"), ("ERROR", "OrderService.handleTimeout-42")):
            self.client.send("POST", "/v1/logs/records", {"level": level, "message": message})
        while not (line := response.readline()).startswith(b"data: "):
            self.assertTrue(line)
        self.assertEqual(json.loads(line[6:])["message"], "OrderService.handleTimeout-42")
        refused = self.client.send("GET", "/v1/logs/queries/TailLogs?level=loud")
        self.assertEqual(refused.status, 400, refused)


if __name__ == "__main__":
    unittest.main(verbosity=2)
