"""Free indices of a server on a cluster are the cluster's: what goes on to it, what does not, and what breaks between."""
import json
import os
import sys
import unittest

HERE = os.path.dirname(os.path.abspath(__file__))
sys.path[:0] = [HERE, os.path.join(HERE, "..", "support")]
from faulty_node import FaultyNodeTest  # noqa: E402
from gyre_server import Server, wait_until  # noqa: E402


class Relay(FaultyNodeTest):
    def start(self, *settings):
        server = Server(settings=self.node.settings + ["dialect.free_indices=true", "search.request_timeout=2s", *settings])
        server.start()
        self.addCleanup(server.__exit__)
        self.api, self.dialect = server.client(), server.dialect_client()
        self.addCleanup(self.api.close)
        self.addCleanup(self.dialect.close)
        self.free = self.node.prefix + "free"

    def ask(self, method, path, body=None, status=200):
        answer = self.dialect.send(method, path, body)
        self.assertEqual(answer.status, status, (method, path, answer))
        return answer

    def bulk(self, *lines, path="/_bulk", status=200):
        body = "".join(json.dumps(line) + "\n" for line in lines)
        answer = self.dialect.send("POST", path, body, {"Content-Type": "application/x-ndjson"})
        self.assertEqual(answer.status, status, answer)
        return answer.json

    def refused(self, method, path, body=None):
        answer = self.ask(method, path, body, 400)
        self.assertEqual(answer.json["error"]["type"], "illegal_argument_exception", answer)
        return answer.json["error"]["reason"]

    def test_free_indices_are_the_cluster_s(self):
        self.start()
        self.ask("PUT", f"/{self.free}", {"mappings": {"properties": {"t": {"type": "text"}}}})
        self.ask("PUT", f"/{self.free}/_doc/a%2Fb%20c?refresh=true", {"t": "quick fox"}, 201)
        self.assertFalse(self.bulk({"index": {"_index": self.free, "_id": "2"}}, {"t": "slow fox"}, path="/_bulk?refresh=true")["errors"])
        search = {"query": {"match": {"t": "fox"}}, "sort": ["_id"], "aggs": {"n": {"value_count": {"field": "_id"}}}}
        ours = self.ask("POST", f"/{self.free}/_search?filter_path=hits,aggregations", search).json
        self.assertEqual([hit["_id"] for hit in ours["hits"]["hits"]], ["2", "a/b c"])
        self.assertEqual(ours, self.node.send("POST", f"/{self.free}/_search?filter_path=hits,aggregations", search))
        self.assertEqual(self.ask("HEAD", f"/{self.free}").body, b"")
        self.ask("HEAD", f"/{self.node.prefix}nothing", status=404)
        self.assertEqual(self.ask("GET", "/").json["name"], "gyre")
        self.assertIn("nope", self.ask("GET", f"/{self.free}/_search?nope=1", status=400).json["error"]["reason"])
        self.ask("DELETE", f"/{self.free}")

    def test_what_domains_keep_there_is_not_touched(self):
        self.start()
        kept = self.node.prefix + "payments"
        payment = {"paymentId": "p-1", "organizationId": "o", "amount": "1.00", "currency": "EUR", "description": "x"}
        sequence = self.api.command("CreatePayment", payment).json["sequence"]
        found = self.api.query("SearchPayments", {"size": 0}, Gyre_Min_Sequence=str(sequence), Gyre_Timeout="60000")
        self.assertEqual(found.json["total"], 1, found)
        index = next(iter(self.node.send("GET", f"/_alias/{kept}")))
        for method, path, body in [
                ("DELETE", f"/{kept}", None), ("DELETE", f"/{index}", None), ("DELETE", f"/{kept}*", None),
                ("DELETE", f"/{self.free},{index}", None), ("DELETE", "/*", None), ("DELETE", "/_all", None),
                ("DELETE", f"/{self.node.prefix}p*", None), ("PUT", f"/{index}/_settings", {"index": {"refresh_interval": "1s"}}),
                ("PUT", "/_settings", {"index": {"refresh_interval": "1s"}}), ("POST", f"/{index}/_close", None),
                ("PUT", f"/{index}/_doc/1", {"a": 1}), ("POST", f"/{index}/_delete_by_query", {"query": {"match_all": {}}}),
                ("PUT", f"/{self.free}/_alias/{kept}", None), ("PUT", f"/{self.free}", {"aliases": {kept: {}}}),
                ("POST", "/_aliases", {"actions": [{"remove": {"index": index, "alias": kept}}]}),
                ("POST", "/_aliases", {"actions": [{"add": {"indices": [self.free], "alias": kept}}]}),
                ("POST", "/_reindex", {"source": {"index": self.free}, "dest": {"index": index}}),
                ("PUT", f"/_index_template/{self.free}", {"index_patterns": ["*"]}),
                ("PUT", f"/_index_template/{self.free}", {"index_patterns": [f"{self.free}*", f"{kept}-*"]}),
                ("PUT", f"/{self.node.prefix}gyre-marks/_doc/payments", {"owner": {"store": "x"}}),
                ("DELETE", f"/{self.node.prefix}gyre-m*", None), ("DELETE", f"/_index_template/{self.node.prefix}gyre-logs", None),
                ("PUT", f"/_ingest/pipeline/{self.free}", {"processors": [{"set": {"field": "_index", "value": index}}]}),
                ("POST", "/_reindex", {"source": {"index": self.free}, "dest": {"index": self.free + "2"},
                                       "script": {"source": f"ctx._index = '{index}'"}}),
                ("PUT", f"/{self.free}/_split/{kept}-9", None), ("PUT", "/_cluster/settings", {})]:
            with self.subTest(f"{method} {path} {body}"):
                self.refused(method, path, body)
        with self.subTest("bulk"):
            self.bulk({"delete": {"_index": index, "_id": "p-1"}}, status=400)
            self.bulk({"index": {"_index": self.free}}, {"a": 1}, {"delete": {"_index": index, "_id": "p-1"}}, status=400)
        self.assertEqual(self.ask("POST", f"/{index}/_count").json["count"], 1)  # to look is allowed
        found = self.api.query("SearchPayments", {"size": 0})
        self.assertEqual(found.json["total"], 1, found)
        self.assertEqual(self.node.send("GET", f"/{self.free}*/_count")["count"], 0)

    def test_streams_are_written_to_by_their_own_name(self):
        self.start()
        line = {"@timestamp": "2024-01-01T00:00:00Z", "message": "hello"}
        done = self.bulk({"create": {"_index": "logs"}}, line)
        self.assertFalse(done["errors"], done)
        self.assertIn("names both", self.bulk({"create": {"_index": "logs"}}, line, {"index": {"_index": self.free}}, {"a": 1},
                                              status=400)["error"]["reason"])

    def test_what_may_not_be_done_twice_is_sent_once(self):
        self.start()
        self.ask("PUT", f"/{self.free}")
        self.proxy.fault = lambda method, path, body: "cut" if path.startswith(f"/{self.free}/_doc") else None
        lost = self.ask("POST", f"/{self.free}/_doc", {"a": 1}, 503)
        self.assertEqual(lost.json["error"]["type"], "search_engine_lost", lost)
        self.assertIn("not known", lost.json["error"]["reason"])
        self.assertEqual(len([path for _, path in self.proxy.seen if path.startswith(f"/{self.free}/_doc")]), 1)
        # It is asked for again once the node, away after that, is known to be back.
        wait_until(lambda: self.dialect.send("GET", f"/{self.free}").status == 200)
        self.proxy.fault = lambda method, path, body: "cut" if "_bulk" in path else None
        line = json.dumps({"index": {"_index": self.free}}) + '\n{"a": 1}\n'
        lost = self.dialect.send("PUT", "/_bulk", line, {"Content-Type": "application/x-ndjson"})
        self.assertEqual(lost.json["error"]["type"], "search_engine_lost", lost)
        self.proxy.fault = lambda method, path, body: None
        self.proxy.close()
        away = self.ask("GET", f"/{self.free}/_search", status=503)
        self.assertEqual(away.json["error"]["type"], "search_engine_away", away)

    def test_a_server_that_only_reads_changes_nothing(self):
        self.start()
        self.ask("PUT", f"/{self.free}")
        self.start("server.roles=read", "server.elsewhere=http://writer.example")
        self.assertEqual(self.ask("POST", f"/{self.free}/_count").json["count"], 0)
        refused = self.ask("PUT", f"/{self.free}/_doc/1", {"a": 1}, 503)
        self.assertEqual(refused.json["error"]["type"], "role_not_served", refused)


if __name__ == "__main__":
    unittest.main(verbosity=2)
