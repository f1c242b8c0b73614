"""Queries that are asked of the embedded engine and of a real node: alike, different, and while one of them is away."""
import os
import re
import sys
import unittest

HERE = os.path.dirname(os.path.abspath(__file__))
sys.path[:0] = [HERE, os.path.join(HERE, "..", "support")]
from faulty_node import FaultyNodeTest  # noqa: E402
from gyre_server import Server, search_node, wait_until  # noqa: E402


class ShadowReads(FaultyNodeTest):
    def start(self, engine, shadow, *settings, folder=None):
        there = [s for s in self.node.settings if not s.startswith("search.engine=")]
        server = Server(folder, [*there, f"search.engine={engine}", f"search.shadow_engine={shadow}", "search.shadow_percent=100",
                                 "domains.invoices.enabled=false", "domains.logs.enabled=false",
                                 "domains.metrics.enabled=false", *settings])
        server.start()
        self.addCleanup(server.__exit__)
        self.client = server.client()
        self.addCleanup(self.client.close)
        return server

    def fill(self, first, last):
        for number in range(first, last):
            answer = self.client.command("CreatePayment", {
                "paymentId": f"p-{number}", "organizationId": f"org-{number % 3}", "amount": f"{number}.50", "currency": "EUR",
                "description": ["rent of the house", "garden tools", "house insurance"][number % 3]})
            self.assertEqual(answer.status, 201, answer)
        self.sequence = answer.json["sequence"]
        wait_until(lambda: self.value("gyre_shadow_lag_events") == 0)

    def value(self, name, outcome=None):
        text = self.client.send("GET", "/metrics").body.decode()
        label = "" if outcome is None else f',outcome="{outcome}"'
        return float(re.search(rf'^{name}{{domain="payments"{label}}} (\S+)', text, re.M).group(1))

    def compared(self, outcome):
        return self.value("gyre_shadow_queries_total", outcome)

    def ask(self):
        """Six questions of different kinds."""
        waits = {"Gyre_Min_Sequence": str(self.sequence), "Cache_Control": "no-cache"}
        for name, parameters in (("SearchPayments", {}), ("SearchPayments", {"searchText": "hause"}), ("SearchPayments", {"size": 3}),
                                 ("GetPaymentStatistics", {}), ("GetPaymentStatistics", {"organizationId": "org-1"}),
                                 ("GetPaymentSuggestions", {"query": "hou"})):
            answer = self.client.query(name, parameters, **waits)
            self.assertEqual(answer.status, 200, answer)
        return 6

    def test_engines_that_agree_and_one_that_does_not(self):
        server = self.start("embedded", search_node()["engine"])
        self.fill(0, 30)
        asked = self.ask()
        wait_until(lambda: self.compared("same") == asked)
        # A document is changed behind our back: the answers differ, the client's is the engine's in use.
        index = f"/{self.node.prefix}payments"
        self.node.send("DELETE", index + "/_doc/p-7?refresh=true")
        answer = self.client.query("SearchPayments", {"size": 0}, Cache_Control="no-cache")
        self.assertEqual(answer.json["total"], 30)
        wait_until(lambda: self.compared("different") == 1)
        server.read_log()
        self.assertRegex(server.log, r"payments: the engines differ: /hits/total/value: 30, and 29; request: \{")
        # Told ten times a minute at most, counted always.
        for _ in range(15):
            self.client.query("SearchPayments", {"size": 0}, Cache_Control="no-cache")
        wait_until(lambda: self.compared("different") == 16)
        server.read_log()
        self.assertLessEqual(server.log.count("the engines differ"), 20)  # two minutes may have begun
        self.assertIn("more differences are counted", server.log)
        self.assertEqual(self.compared("unsettled") + self.compared("failed"), 0)

    def test_the_other_engine_away_holds_nobody_up(self):
        self.proxy.close()
        self.start("embedded", search_node()["engine"], "search.urls=" + self.proxy.url, "search.request_timeout=2s")
        answer = self.client.command("CreatePayment", {"paymentId": "p", "organizationId": "o", "amount": "1.00", "currency": "EUR",
                                                       "description": "rent"})
        self.sequence = answer.json["sequence"]
        asked = self.ask()
        self.assertEqual(self.client.send("GET", "/readyz").status, 200)
        wait_until(lambda: self.compared("failed") == asked)
        self.proxy.open()
        wait_until(lambda: self.value("gyre_shadow_lag_events") == 0)
        asked = self.ask()
        wait_until(lambda: self.compared("same") == asked)

    def test_a_cluster_with_the_embedded_engine_beside_it(self):
        server = self.start(search_node()["engine"], "embedded")
        self.fill(0, 30)
        asked = self.ask()
        wait_until(lambda: self.compared("same") == asked)
        # The other is the one in use after a restart, and is filled already.
        folder, server.temporary = server.temporary, None
        self.addCleanup(folder.cleanup)
        server.stop()
        again = self.start("embedded", "none", folder=folder.name)
        ready = self.client.send("GET", "/readyz").json["domains"]["payments"]
        self.assertEqual(ready["durable"], self.sequence, ready)
        self.assertEqual(self.client.query("SearchPayments", {"size": 0}).json["total"], 30)
        again.stop()


if __name__ == "__main__":
    unittest.main(verbosity=2)
