"""`gyre migrate`: from the embedded engine to a real node and back, while the server goes on."""
import json
import os
import subprocess
import sys
import unittest

HERE = os.path.dirname(os.path.abspath(__file__))
sys.path[:0] = [HERE, os.path.join(HERE, "..", "support")]
from gyre_server import PROGRAM, SearchNode, Server, search_node, wait_for_job  # noqa: E402


def payment(number):
    return {"paymentId": f"p-{number}", "organizationId": "org", "amount": "1.00", "currency": "EUR",
            "description": f"Payment {number}"}


class Migrate(unittest.TestCase):
    def setUp(self):
        node = search_node()
        if node is None:
            self.skipTest("SKIPPED: no search node was named")
        self.engine = node["engine"]
        self.node = SearchNode(node)
        self.addCleanup(self.node.remove)
        self.there = [s for s in self.node.settings if not s.startswith("search.engine=")]

    def start(self, engine, folder=None, settings=()):
        server = Server(folder, self.there + [f"search.engine={engine}", *settings])
        server.start()
        self.addCleanup(server.__exit__)
        client = server.client()
        self.addCleanup(client.close)
        return server, client

    def stop(self, server):
        """Its folder stays until the end of the test."""
        if server.temporary is not None:
            folder, server.temporary = server.temporary, None
            self.addCleanup(folder.cleanup)
        server.stop()

    def restart(self, server, engine):
        self.stop(server)
        return self.start(engine, server.folder)

    def create(self, client, first, last):
        body = "\n".join(json.dumps({"command": "CreatePayment", "body": payment(number)}) for number in range(first, last))
        answer = client.send("POST", "/v1/payments/commands", body, {"Content-Type": "application/x-ndjson"})
        self.assertEqual({line["status"] for line in answer.lines}, {201}, answer)
        return max(line["sequence"] for line in answer.lines)

    def migrate(self, server, to, *more, settings=()):
        now = [s for s in server.settings if s.startswith("search.engine=")]
        arguments = [PROGRAM, "migrate", "--to", to, *more]
        for setting in [f"data.dir={server.folder}", *self.there, *now, *settings]:
            arguments += ["--set", setting]
        done = subprocess.run(arguments, capture_output=True, text=True, timeout=120)
        return done.returncode, [json.loads(line) for line in done.stdout.splitlines()], done.stderr

    def assert_clean(self, outcome, sequence, documents):
        code, lines, text = outcome
        self.assertEqual(code, 0, text)
        moved = next(line for line in lines if line["domain"] == "payments")
        self.assertEqual(moved["sequence"], sequence, moved)
        self.assertIn(moved["documents"], documents, moved)
        self.assertEqual([moved["verify"][name] for name in ("missingCount", "extraCount", "differentCount")], [0, 0, 0], moved)
        self.assertIn("agree", text)

    def total(self, client, sequence):
        answer = client.query("SearchPayments", {"size": 0}, Gyre_Min_Sequence=str(sequence), Gyre_Timeout="30000")
        self.assertEqual(answer.status, 200, answer)
        return answer.json["total"]

    def test_there_and_back_while_the_server_goes_on(self):
        server, client = self.start("embedded")
        last = self.create(client, 0, 300)
        self.assert_clean(self.migrate(server, self.engine, "payments"), last, [300])
        # Again: it goes on where it was; and what comes after the copy is filled in by the server.
        last = self.create(client, 300, 350)
        self.assert_clean(self.migrate(server, self.engine, "payments"), last, [50])
        last = self.create(client, 350, 360)
        server, client = self.restart(server, self.engine)
        self.assertIn(f"payments-000001: covers sequence 350", server.log)
        self.assertEqual(self.total(client, last), 360)
        verified = wait_for_job(client, client.send("POST", "/admin/v1/payments/verify", {}).json)["result"]
        self.assertEqual((verified["checked"], verified["missingCount"], verified["extraCount"], verified["differentCount"]),
                         (360, 0, 0, 0), verified)
        last = self.create(client, 360, 400)
        self.assert_clean(self.migrate(server, "embedded", "payments"), last, range(40, 51))  # its index stopped there
        server, client = self.restart(server, "embedded")
        self.assertEqual(self.total(client, last), 400)
        self.assertFalse([name for name in os.listdir(os.path.join(server.folder, ".migrate")) if name.endswith(".sqlite")])

    def log(self, client, first, last, at):
        body = "\n".join(json.dumps({"message": f"line {n}", "timestamp": at + n * 1000, "service": f"s{n % 3}",
                                     "attributes": {"number": n, "text": "é"}}) for n in range(first, last))
        answer = client.send("POST", "/v1/logs/records", body, {"Content-Type": "application/x-ndjson"})
        self.assertEqual(answer.status, 200, answer)
        return answer.json["sequence"]

    def logs(self, client, sequence, **parameters):
        answer = client.query("SearchLogs", {"size": 1000, **parameters}, domain="logs", Gyre_Min_Sequence=str(sequence),
                              Gyre_Timeout="30000")
        self.assertEqual(answer.status, 200, answer)
        return answer.json

    def test_a_stream_is_moved_while_no_server_runs(self):
        # Records of many days, so that there are generations to keep apart; and some with ids of their own.
        at = 1_700_000_000_000
        server, client = self.start("embedded", settings=["domains.logs.generation_age=1h"])
        last = self.log(client, 0, 2500, at)
        before = self.logs(client, last)
        self.assertEqual(before["total"], 2500)
        code, _, text = self.migrate(server, self.engine, "logs")
        self.assertEqual(code, 75, text)
        self.assertIn("while no server runs", text)
        self.stop(server)
        for moved in (2500, 0):  # again: there is nothing left to do
            code, lines, text = self.migrate(server, self.engine, "logs", settings=["domains.logs.generation_age=10m"])
            self.assertEqual(code, 0, text)
            self.assertEqual((lines[0]["sequence"], lines[0]["documents"]), (last, moved), lines)
            self.assertEqual([lines[0]["verify"][name] for name in ("checked", "missingCount", "extraCount", "differentCount")],
                             [2500, 0, 0, 0], lines)
        # Generations as they would have been made when the records came.
        self.assertGreaterEqual(len(self.node.send("GET", f"/_alias/{self.node.prefix}logs")), 3)
        server, client = self.start(self.engine, server.folder)
        self.assertEqual(self.logs(client, last), before)
        last = self.log(client, 2500, 2600, at)
        self.assertEqual(self.logs(client, last)["total"], 2600)
        self.assertEqual(self.logs(client, last, text='"line 7"', size=1)["logs"][0]["message"], "line 7")
        # A record that went and one that came are found before the switch back.
        index = f"/{self.node.prefix}logs"
        gone = self.node.send("POST", index + "/_search", {"query": {"term": {"sequence": 5}}})["hits"]["hits"][0]
        self.stop(server)
        code, lines, text = self.migrate(server, "embedded", "logs")
        self.assertEqual((code, lines[0]["documents"]), (0, 100), text)
        self.node.send("DELETE", f"/{gone['_index']}/_doc/{gone['_id']}?refresh=true")
        code, lines, text = self.migrate(server, "embedded", "logs")
        self.assertEqual((code, lines[0]["verify"]["extra"]), (1, [gone["_id"]]), text)
        server, client = self.start("embedded", server.folder)
        self.assertEqual(self.logs(client, last)["total"], 2600)

    def test_what_differs_is_told_before_the_switch(self):
        server, client = self.start("embedded")
        last = self.create(client, 0, 20)
        self.assert_clean(self.migrate(server, self.engine, "payments"), last, [20])
        index = f"/{self.node.prefix}payments"
        self.node.send("DELETE", index + "/_doc/p-3?refresh=true")
        held = self.node.send("GET", index + "/_doc/p-4")["_source"]
        foreign = {name: value for name, value in held.items() if name != "gyre_sums"}
        self.node.send("PUT", index + "/_doc/p-4?refresh=true", dict(foreign, description="another"))
        self.node.send("PUT", index + "/_doc/stranger?refresh=true", foreign)
        code, lines, text = self.migrate(server, self.engine, "payments")
        self.assertEqual(code, 1, text)
        self.assertIn("do not switch yet", text)
        found = lines[0]["verify"]
        self.assertEqual((found["missing"], found["extra"]), (["p-3"], ["stranger"]), found)
        self.assertEqual([entry["id"] for entry in found["different"]], ["p-4"], found)
        self.assertIn("description", found["different"][0]["fields"])

    def test_an_index_of_another_store_is_left_alone(self):
        server, client = self.start("embedded")
        self.create(client, 0, 30)
        self.assertEqual(self.migrate(server, self.engine, "payments")[0], 0)
        other, client = self.start("embedded")
        self.create(client, 0, 5)
        code, _, text = self.migrate(other, self.engine, "payments")
        self.assertEqual(code, 69, text)
        self.assertIn("is filled by another server", text)
        self.assertEqual(list(self.node.send("GET", f"/_alias/{self.node.prefix}payments")), [f"{self.node.prefix}payments-000001"])

    def test_bad_configurations_are_refused(self):
        server, client = self.start("embedded")
        self.create(client, 0, 1)
        for to, settings, code, part in (
                ("embedded", [], 78, "search.engine is embedded already"),
                (self.engine, ["search.urls="], 78, "search.urls: expected at least one address"),
                (self.engine, ["search.urls=http://127.0.0.1:1"], 69, "127.0.0.1:1"),
                (self.engine, ["search.ca_file=/nowhere", "search.urls=https://127.0.0.1:1"], 69, "search.ca_file"),
                ("solr", [], 64, "expected embedded, opensearch or elasticsearch")):
            found, _, text = self.migrate(server, to, settings=settings)
            self.assertEqual(found, code, text)
            self.assertIn(part, text)
        self.assertIn("no domain", self.migrate(server, self.engine, "paymints")[2])


if __name__ == "__main__":
    unittest.main(verbosity=2)
