#!/usr/bin/env python3
"""Do the JavaScript clients of OpenSearch and Elasticsearch, unmodified, write logs with their bulk helper and scroll all of them back?"""
import os
import subprocess
import sys
import unittest

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "support"))
from gyre_server import OnAServer, Server  # noqa: E402
from senders import npm_packages  # noqa: E402

RECORDS = 1000
SENDER = '''
const [url, module, name, size] = process.argv.slice(1), count = Number(size), assert = require("assert");
const { Client } = require(module);
const client = new Client({ node: url });
const old = module !== "elasticsearch-8";  // takes its parameters in a body

async function main() {
  const documents = Array.from({ length: count }, (_, i) => ({ level: "WARN", service: name, message: `${name} line ${i}`, number: i }));
  const sent = await client.helpers.bulk({ datasource: documents, flushBytes: 20000, concurrency: 3,
    onDocument: (document) => ({ [document.number % 2 ? "create" : "index"]: { _index: "logs" } }) });
  assert.deepStrictEqual([sent.successful, sent.failed, sent.retry], [count, 0, 0]);
  await client.indices.refresh({ index: "logs" });
  const query = { query: { term: { service: name } } }, search = old ? { index: "logs", size: 150, body: query } : { index: "logs", size: 150, ...query };
  const expected = documents.map((document) => document.message).sort(), scrolled = [];
  for await (const document of client.helpers.scrollDocuments(search)) scrolled.push(document.message);
  assert.deepStrictEqual(scrolled.sort(), expected);
  const found = await client.helpers.search(search);
  assert.strictEqual(found.length, 150);
  const counted = await client.count(old ? { index: "logs", body: query } : { index: "logs", ...query });
  assert.strictEqual((counted.body || counted).count, count);
}
main().then(() => process.exit(0), (error) => { console.error(error, error.meta && JSON.stringify(error.meta.body)); process.exit(1); });
'''


class JavaScriptClients(OnAServer):
    @classmethod
    def setUpClass(cls):
        cls.server = Server(settings=("dialect.version=7.17.29", "dialect.distribution=")).start()

    def round_trip(self, module, package, name):
        environment = npm_packages("npm-" + module, module, f"{module}@npm:{package}")
        ran = subprocess.run(["node", "-e", SENDER, "--", f"http://127.0.0.1:{self.server.dialect_port}", module, name, str(RECORDS)],
                             env=environment, capture_output=True, text=True, timeout=120)
        self.assertEqual(0, ran.returncode, ran.stdout + ran.stderr)
        sequence = self.client.send("GET", "/readyz").json["domains"]["logs"]["sequence"]
        found = self.client.query("SearchLogs", {"service": [name], "size": RECORDS}, domain="logs", Gyre_Min_Sequence=str(sequence)).json
        self.assertEqual(RECORDS, found["total"])
        self.assertEqual(sorted(f"{name} line {i}" for i in range(RECORDS)), sorted(log["message"] for log in found["logs"]))

    def test_opensearch(self):
        self.round_trip("opensearch", "@opensearch-project/opensearch@3.9.0", "open")

    def test_elasticsearch_7(self):
        self.round_trip("elasticsearch-7", "@elastic/elasticsearch@7.17.14", "seven")

    def test_elasticsearch_8(self):
        self.round_trip("elasticsearch-8", "@elastic/elasticsearch@8.19.2", "eight")


if __name__ == "__main__":
    unittest.main(verbosity=2)
