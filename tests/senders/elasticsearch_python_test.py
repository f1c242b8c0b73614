#!/usr/bin/env python3
"""Do Elasticsearch's clients for Python, unmodified, write logs with their bulk helpers and read all of them back?"""
import os
import subprocess
import sys
import unittest

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "support"))
from gyre_server import OnAServer, Server  # noqa: E402
from senders import python_packages  # noqa: E402

RECORDS = 1000
SENDER = '''
import sys
from elasticsearch import Elasticsearch, helpers
url, name, count = sys.argv[1], sys.argv[2], int(sys.argv[3])
client = Elasticsearch(url, http_compress=True)

def actions(first, last, kind):
    for i in range(first, last):
        yield {"_op_type": kind, "_index": "logs", "_source": {"level": "WARN", "service": name, "message": f"{name} line {i}", "number": i}}

third = count // 3
assert helpers.bulk(client, actions(0, third, "create"), chunk_size=100) == (third, [])
assert all(ok for ok, _ in helpers.streaming_bulk(client, actions(third, 2 * third, "index"), chunk_size=77))
assert all(ok for ok, _ in helpers.parallel_bulk(client, actions(2 * third, count, "create"), thread_count=3, chunk_size=50))
client.indices.refresh(index="logs")
query = {"query": {"term": {"service": name}}}
expected = sorted(f"{name} line {i}" for i in range(count))
scanned = [hit["_source"]["message"] for hit in helpers.scan(client, index="logs", size=150, query=query)]
assert sorted(scanned) == expected, ("scan", len(scanned))
pit = client.open_point_in_time(index="logs", keep_alive="1m")["id"]
paged, after = [], {}
while True:
    hits = client.search(body={"size": 300, "pit": {"id": pit, "keep_alive": "1m"}, "sort": [{"sequence": "asc"}], **query, **after})["hits"]["hits"]
    if not hits:
        break
    paged += [hit["_source"]["message"] for hit in hits]
    after = {"search_after": hits[-1]["sort"]}
client.close_point_in_time(body={"id": pit})
assert sorted(paged) == expected, ("point in time", len(paged))
assert client.count(index="logs", body=query)["count"] == count
assert client.exists(index="logs", id=hits[0]["_id"] if hits else next(helpers.scan(client, index="logs", query=query))["_id"])
'''


class ElasticsearchPython(OnAServer):
    @classmethod
    def setUpClass(cls):
        cls.server = Server(settings=("dialect.version=7.17.29", "dialect.distribution=")).start()

    def round_trip(self, version, name):
        environment = python_packages("elasticsearch-" + version, "elasticsearch", "elasticsearch==" + version)
        ran = subprocess.run([sys.executable, "-W", "ignore", "-c", SENDER, f"http://127.0.0.1:{self.server.dialect_port}", name, str(RECORDS)],
                             env=environment, capture_output=True, text=True, timeout=120)
        self.assertEqual(0, ran.returncode, ran.stderr)
        sequence = self.client.send("GET", "/readyz").json["domains"]["logs"]["sequence"]
        found = self.client.query("SearchLogs", {"service": [name], "size": RECORDS}, domain="logs", Gyre_Min_Sequence=str(sequence)).json
        self.assertEqual(RECORDS, found["total"])
        self.assertEqual(sorted(f"{name} line {i}" for i in range(RECORDS)), sorted(log["message"] for log in found["logs"]))

    def test_7(self):
        self.round_trip("7.17.13", "seven")

    def test_8(self):
        self.round_trip("8.19.3", "eight")


if __name__ == "__main__":
    unittest.main(verbosity=2)
