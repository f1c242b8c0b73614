"""An index on a real node built anew while commands go on: what tests/http/reindex_test.py asks, and what only a cluster has."""
import os
import sys
import unittest

HERE = os.path.dirname(os.path.abspath(__file__))
sys.path[:0] = [os.path.join(HERE, "..", "support"), os.path.join(HERE, "..", "http")]
import reindex_test  # noqa: E402
from gyre_server import SearchNode, Server, search_node, wait_for_job  # noqa: E402


class ClusterReindex(reindex_test.Reindex):
    def setUp(self):
        node = search_node()
        if node is None:
            self.skipTest("SKIPPED: no search node was named")
        self.node = SearchNode(node)
        self.addCleanup(self.node.remove)
        self.alias = self.node.prefix + "payments"
        super().setUp()

    def server(self, *settings, folder=None):
        return Server(folder=folder or self.root,
                      settings=["domains.payments.refresh_interval=50ms", *self.node.settings, *settings])

    @staticmethod
    def slot(index):
        number = int(index.rsplit("-", 1)[1])
        return "index" if number == 1 else f"index.{number - 1}"

    def index(self, slot):
        return f"{self.alias}-{1 if slot == 'index' else int(slot[6:]) + 1:06d}"

    def current(self):
        behind = list(self.node.send("GET", f"/_alias/{self.alias}"))
        self.assertEqual(len(behind), 1, behind)
        return self.slot(behind[0])

    def folders(self):
        found = self.node.send("GET", f"/{self.alias}-*/_settings/index.uuid?expand_wildcards=all")
        return sorted(self.slot(name) for name in found)

    def roll_back(self, to):
        self.node.send("POST", "/_aliases", {"actions": [
            {"remove": {"index": self.index(self.current()), "alias": self.alias}},
            {"add": {"index": self.index(to), "alias": self.alias}}]})
        self.rolled_back = self.index(to)

    def check_dialect(self, server, count):
        """It shows no index of a cluster."""

    def test_commands_and_queries_go_on(self):
        super().test_commands_and_queries_go_on()
        # Where the index before was is known: only what came after it was filled in.
        mark = self.node.send("GET", f"/{self.node.prefix}gyre-marks/_doc/{self.alias}")["_source"]
        self.assertEqual(mark["index"], self.rolled_back)

    def test_readers_go_on(self):
        with self.server("server.roles=write") as writer:
            client = writer.client()
            last = self.create(client, 0, 500)
            with Server(settings=[*self.node.settings, "server.roles=read", "cache.shared_lifetime=0ms"]) as server:
                reader = server.client()

                def total(sequence):
                    found = reader.query("SearchPayments", {"size": 0}, Gyre_Min_Sequence=str(sequence), Gyre_Timeout="30000")
                    self.assertEqual(found.status, 200, found)
                    self.assertGreaterEqual(int(found.headers["Gyre-Sequence"]), sequence)
                    return found.json["total"]

                self.assertEqual(total(last), 500)
                job = self.start(client)
                while client.send("GET", f"/admin/v1/jobs/{job['id']}").json["state"] in ("queued", "running"):
                    self.assertEqual(reader.query("SearchPayments", {"size": 0}).json["total"], 500)
                self.assertEqual(wait_for_job(client, job)["state"], "completed")
                last = self.create(client, 500, 10)
                self.assertEqual(total(last), 510)
                self.assertEqual(self.current(), "index.1")
                reader.close()
            client.close()

    def test_an_index_that_is_deleted_while_it_is_built(self):
        with self.server() as server:
            client = server.client()
            for first in range(0, 40_000, 8000):
                self.create(client, first, 8000)
            job = self.start(client)
            while client.send("GET", f"/admin/v1/jobs/{job['id']}").json["done"] == 0:
                pass  # until it has begun
            self.node.send("DELETE", f"/{self.alias}-000002?ignore_unavailable=true")
            ended = wait_for_job(client, job)
            self.assertEqual(ended["state"], "failed", ended)
            self.assertIn("building", ended["result"]["detail"])
            self.assertEqual(self.current(), "index")
            self.check(client, 40_000)
            self.assertEqual(wait_for_job(client, self.start(client))["state"], "completed")
            self.check(client, 40_000)
            client.close()


if __name__ == "__main__":
    unittest.main(verbosity=2)
