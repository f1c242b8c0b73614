"""Domains enabled, disabled and given another version of their plugin while the server runs."""
import os
import threading
import time
import unittest

from ledger_server import LedgerServer, metric, payment, wait_for_events


class PluginLifecycle(unittest.TestCase):
    def change(self, client, name, what):
        return client.send("POST", f"/admin/v1/plugins/{name}/{what}")

    def plugin(self, client, name):
        return {plugin["name"]: plugin for plugin in client.send("GET", "/admin/v1/plugins").json["plugins"]}[name]

    def pay(self, client, payment_id):
        self.assertEqual(client.command("CreatePayment", payment(payment_id, "inv-" + payment_id)).status, 201)
        self.assertEqual(client.command("ProcessPayment", {"paymentId": payment_id}).status, 200)

    def account(self, client, payment_id):
        return client.query("GetAccount", {"invoiceId": "inv-" + payment_id}, domain="ledger")

    def test_a_disabled_domain_refuses_and_misses_nothing(self):
        with LedgerServer() as server:
            client = server.client()
            self.pay(client, "p1")
            wait_for_events(client)
            self.assertEqual(self.change(client, "ledger", "disable").status, 200)
            self.assertFalse(self.plugin(client, "ledger")["enabled"])
            for answer in (self.account(client, "p1"), client.command("Book", {}, domain="ledger"),
                           client.send("POST", "/admin/v1/ledger/verify", {})):
                self.assertEqual((answer.status, answer.json["code"]), (503, "domain_disabled"))
            ready = client.send("GET", "/readyz")
            self.assertEqual((ready.status, ready.json["domains"]["ledger"]["status"]), (200, "disabled"))
            self.assertNotIn("/v1/ledger/commands/Book", client.send("GET", "/openapi.json").json["paths"])
            self.assertEqual(client.send("GET", "/v1/activity?organizationId=org-1").json["incomplete"], [])
            self.pay(client, "p2")
            self.assertEqual(self.change(client, "ledger", "disable").status, 200)
            self.assertEqual(self.change(client, "ledger", "enable").status, 200)
            self.assertEqual(self.change(client, "ledger", "enable").status, 200)
            wait_for_events(client)
            for payment_id in ("p1", "p2"):
                self.assertEqual(self.account(client, payment_id).json["entries"], 1)
            self.assertEqual(self.change(client, "nothing", "enable").status, 404)
            self.assertEqual(client.send("GET", "/admin/v1/plugins/ledger/enable").status, 405)

    def test_store_and_index_are_compared_by_themselves(self):
        with LedgerServer(settings=["domains.payments.verify_interval=50ms"]) as server:
            client = server.client()
            self.pay(client, "p1")
            deadline = time.monotonic() + 60
            while "gyre_verify_checked{domain=\"payments\"} 1" not in client.send("GET", "/metrics").body.decode():
                self.assertLess(time.monotonic(), deadline)
            self.assertEqual(metric(client, "gyre_verify_missing", domain="payments"), 0)
            jobs = client.send("GET", "/admin/v1/jobs").json["jobs"]
            self.assertEqual({(job["kind"], job["domain"]) for job in jobs}, {("verify", "payments")})

    def test_a_domain_that_the_configuration_left_out_is_enabled(self):
        with LedgerServer(domains=("payments",)) as server:
            client = server.client()
            self.assertEqual(self.account(client, "p1").json["code"], "domain_disabled")
            self.pay(client, "p1")
            self.assertEqual(self.change(client, "ledger", "enable").status, 200)
            wait_for_events(client)
            self.assertEqual(self.account(client, "p1").json["entries"], 1)
            self.assertEqual(client.send("GET", "/readyz").json["domains"]["ledger"]["status"], "ready")
            dialect = server.dialect_client()
            self.assertEqual(dialect.send("GET", "/ledger/_count").status, 200)
            dialect.close()

    def test_a_replaced_plugin_is_taken_into_use_between_requests(self):
        with LedgerServer() as server:
            client = server.client()
            self.pay(client, "p1")
            wait_for_events(client)
            self.assertEqual(self.change(client, "ledger", "reload").status, 200)
            self.assertEqual(self.plugin(client, "ledger")["version"], "1.0.0")
            path = os.path.join(server.plugins.name, "ledger.so")
            with open(path, "rb") as plugin:
                built = plugin.read()
            stop, failures = threading.Event(), []

            def ask():
                own = server.client()
                while not stop.is_set():
                    answer = own.query("GetAccount", {"invoiceId": "inv-p1"}, domain="ledger")
                    if answer.status != 200 and answer.json["code"] != "domain_disabled":
                        failures.append(answer)
                own.close()

            asker = threading.Thread(target=ask)
            asker.start()
            self.addCleanup(asker.join)
            self.addCleanup(stop.set)
            for number in (1, 2, 3):
                with open(path + ".new", "wb") as plugin:  # a new file, as an installation makes it
                    plugin.write(built.replace(b"1.0.0", f"1.0.{number}".encode()))
                os.rename(path + ".new", path)
                changed = self.change(client, "ledger", "reload")
                self.assertEqual(changed.status, 200, changed)
                self.assertEqual(self.plugin(client, "ledger")["version"], f"1.0.{number}")
            stop.set()
            asker.join()
            self.assertEqual(failures, [])
            self.pay(client, "p2")
            wait_for_events(client)
            self.assertEqual(self.account(client, "p2").json["entries"], 1)
            for broken, code in ((b"no library", "plugin_refused"), (built.replace(b'"entries"', b'"entriez"'), "index_changed")):
                with open(path + ".new", "wb") as plugin:
                    plugin.write(broken)
                os.rename(path + ".new", path)
                refused = self.change(client, "ledger", "reload")
                self.assertEqual(refused.json["code"], code, refused)
                self.assertEqual(self.account(client, "p1").json["entries"], 1)


if __name__ == "__main__":
    unittest.main(verbosity=2)
