"""Do clients of OpenSearch, unmodified, write and read logs: elasticdump, the exporter for Prometheus, the client for Python?"""
import json
import os
import signal
import subprocess
import sys
import tempfile
import time
import unittest
import urllib.error
import urllib.request

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
from logs_server import CACHE, LogsCase, debian_program, skip  # noqa: E402
from ports import free_port  # noqa: E402

RECORDS = 250
PYTHON_CLIENT = '''
import sys
from opensearchpy import OpenSearch, helpers
client = OpenSearch(sys.argv[1])
count, errors = helpers.bulk(client, ({"_op_type": "create", "_index": "logs", "_id": f"py-{i}", "level": "WARN", "message": f"client line {i}",
                                       "user": {"id": i}} for i in range(1000)), chunk_size=300)
assert (count, errors) == (1000, []), (count, errors)
client.indices.refresh(index="logs")
found = [hit["_source"]["message"] for hit in helpers.scan(client, index="logs", size=100, query={"query": {"match_phrase": {"message": "client line"}}})]
assert sorted(found) == sorted(f"client line {i}" for i in range(1000)), len(found)
pit = client.create_pit(index="logs", params={"keep_alive": "1m"})["pit_id"]
answer = client.search(body={"pit": {"id": pit}, "size": 10, "query": {"term": {"attributes.user.id": "17"}}, "sort": [{"@timestamp": "desc"}]})
assert [hit["_id"] for hit in answer["hits"]["hits"]] == ["py-17"], answer
client.delete_pit(body={"pit_id": [pit]})
'''


class Clients(LogsCase):
    def dialect(self):
        return f"http://127.0.0.1:{self.server.dialect_port}"

    def test_python_client(self):
        folder = os.path.join(CACHE, "opensearch-py")
        if not os.path.isdir(os.path.join(folder, "opensearchpy")):
            installed = subprocess.run([sys.executable, "-m", "pip", "install", "--quiet", "--target", folder, "opensearch-py"],
                                       capture_output=True, text=True)
            if installed.returncode != 0:
                self.skipTest("opensearch-py cannot be installed: " + installed.stderr[-300:])
        ran = subprocess.run([sys.executable, "-c", PYTHON_CLIENT, self.dialect()], env={**os.environ, "PYTHONPATH": folder},
                             capture_output=True, text=True, timeout=120)
        self.assertEqual(ran.returncode, 0, ran.stderr)
        self.assertEqual(self.search(text='"client line"', size=0)["total"], 1000)

    def test_elasticdump_takes_everything_and_brings_it_again(self):
        folder = os.path.join(CACHE, "elasticdump")
        program = os.path.join(folder, "node_modules/.bin/elasticdump")
        if not os.path.exists(program):
            os.makedirs(folder, exist_ok=True)
            try:
                installed = subprocess.run(["npm", "install", "--silent", "--prefix", folder, "elasticdump@6.125.1"],
                                           capture_output=True, text=True, timeout=600)
            except FileNotFoundError:
                self.skipTest("npm is not there")
            if installed.returncode != 0:
                self.skipTest("elasticdump cannot be installed: " + installed.stderr[-300:])
        body = "".join(json.dumps({"message": f"dumped {i}", "service": "dump", "n": i}) + "\n" for i in range(RECORDS))
        self.client.send("POST", "/v1/logs/records", body, {"Content-Type": "application/x-ndjson"})
        self.wait_for(RECORDS, service="dump")
        with tempfile.TemporaryDirectory() as place:
            file = os.path.join(place, "logs.json")
            taken = subprocess.run([program, f"--input={self.dialect()}/logs", f"--output={file}", "--type=data", "--limit=100",
                                    '--searchBody={"query":{"term":{"service":"dump"}}}'], capture_output=True, text=True, timeout=120)
            self.assertEqual(taken.returncode, 0, taken.stdout + taken.stderr)
            with open(file, encoding="utf-8") as lines:
                self.assertEqual(sum(1 for _ in lines), RECORDS)
            # The same ids again: no record is there twice.
            brought = subprocess.run([program, f"--input={file}", f"--output={self.dialect()}/logs", "--type=data", "--limit=100"],
                                     capture_output=True, text=True, timeout=120)
            self.assertEqual(brought.returncode, 0, brought.stdout + brought.stderr)
        self.assertEqual(self.search(service="dump", size=0)["total"], RECORDS)

    def test_exporter(self):
        try:
            program, environment = debian_program("prometheus-elasticsearch-exporter", "prometheus-elasticsearch-exporter")
        except unittest.SkipTest:
            self.skipTest("prometheus-elasticsearch-exporter cannot be installed")
        port = free_port()
        process = subprocess.Popen([program, f"--es.uri={self.dialect()}", "--es.all", "--es.indices", "--es.shards",
                                    f"--web.listen-address=127.0.0.1:{port}"], env={**os.environ, **environment},
                                   stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        try:
            deadline = time.monotonic() + 30
            text = ""
            while "elasticsearch_cluster_health_number_of_nodes" not in text and time.monotonic() < deadline:
                try:
                    text = urllib.request.urlopen(f"http://127.0.0.1:{port}/metrics", timeout=10).read().decode()
                except urllib.error.URLError:
                    time.sleep(0.1)
        finally:
            process.send_signal(signal.SIGTERM)
            process.wait(30)
        self.assertRegex(text, r"elasticsearch_cluster_health_up 1|elasticsearch_cluster_health_number_of_nodes\{.*\} 1")


if __name__ == "__main__":
    unittest.main(verbosity=2)
