"""Who may do what: API keys on both listeners, their roles and organisations."""
import json
import subprocess
import sys
import os
import unittest

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "support"))
from gyre_server import PROGRAM, Server  # noqa: E402


def bearer(key):
    return {"Authorization": f"Bearer {key}"}


class Keys(unittest.TestCase):
    def setUp(self):
        self.server = Server()
        self.server.start()
        self.addCleanup(self.server.__exit__)
        self.client = self.server.client()
        self.addCleanup(self.client.close)
        self.admin = self.create(["admin"], None)

    def create(self, roles, key, **more):
        answer = self.client.send("POST", "/admin/v1/keys", {"name": "test", "roles": roles, **more}, bearer(key) if key else {})
        self.assertEqual(answer.status, 201, answer)
        self.assertEqual(answer.headers["Location"], f"/admin/v1/keys/{answer.json['id']}")
        return answer.json["key"]

    def send(self, method, path, key=None, body=None):
        return self.client.send(method, path, body, bearer(key) if key else {})

    def payment(self, key, payment_id, organization="org-1"):
        body = {"paymentId": payment_id, "organizationId": organization, "amount": "1", "currency": "EUR"}
        return self.send("POST", "/v1/payments/commands/CreatePayment", key, body)

    def test_from_the_first_key_on_a_key_is_required(self):
        for method, path in (("POST", "/v1/payments/commands/CreatePayment"), ("GET", "/v1/payments/queries/SearchPayments"),
                             ("GET", "/admin/v1/jobs"), ("GET", "/metrics"), ("GET", "/openapi.json"), ("GET", "/v1/activity?organizationId=a"),
                             ("GET", "/admin/v1/keys")):
            for headers in ({}, bearer("gyre_wrong"), {"Authorization": f"Basic {self.admin}"}):
                answer = self.client.send(method, path, headers=headers)
                self.assertEqual((answer.status, answer.json["code"]), (401, "unauthenticated"), (method, path, headers))
                self.assertEqual(answer.headers["WWW-Authenticate"], "Bearer")
        for path in ("/healthz", "/readyz"):
            self.assertEqual(self.client.send("GET", path).status, 200)
        self.assertEqual(self.send("GET", "/metrics", self.admin).status, 200)

    def test_roles(self):
        reader = self.create(["reader"], self.admin)
        writer = self.create(["payments:writer"], self.admin)
        self.assertEqual(self.payment(reader, "p1").status, 403)
        self.assertEqual(self.payment(writer, "p1").status, 201)
        self.assertEqual(self.send("GET", "/v1/payments/queries/SearchPayments", writer).status, 403)
        self.assertEqual(self.send("GET", "/v1/payments/queries/SearchPayments", reader).status, 200)
        self.assertEqual(self.send("GET", "/v1/payments/queries/SearchPayments", self.admin).status, 200)
        for path in ("/admin/v1/jobs", "/admin/v1/keys", "/admin/v1/plugins"):
            denied = self.send("GET", path, reader)
            self.assertEqual((denied.status, denied.json["code"]), (403, "permission_denied"))

    def test_an_organisations_key_reaches_nothing_else(self):
        one = self.create(["reader", "writer"], self.admin, organizationId="org-1")
        two = self.create(["reader", "writer"], self.admin, organizationId="org-2")
        self.assertEqual(self.payment(one, "p1").status, 201)
        self.assertEqual(self.payment(one, "p2", "org-2").status, 403)
        self.assertEqual(self.payment(two, "p2", "org-2").status, 201)
        self.assertEqual(self.send("GET", "/v1/payments/queries/GetPaymentById?paymentId=p1", two).status, 404)
        self.assertEqual(self.send("POST", "/v1/payments/commands/ProcessPayment", two, {"paymentId": "p1"}).status, 404)
        self.assertEqual(self.send("GET", "/v1/payments/queries/SearchPayments?organizationId=org-1", two).status, 403)
        self.assertEqual(self.send("GET", "/v1/activity?organizationId=org-1", two).status, 403)
        self.assertEqual(self.send("GET", "/v1/activity?organizationId=org-1", one).json["activities"][0]["id"], "p1")
        # The same idempotency key is two organisations' own.
        for key, organization in ((one, "org-1"), (two, "org-2")):
            body = {"paymentId": f"i-{organization}", "organizationId": organization, "amount": "1", "currency": "EUR"}
            answer = self.client.send("POST", "/v1/payments/commands/CreatePayment", body, {**bearer(key), "Idempotency-Key": "k"})
            self.assertEqual(answer.status, 201)
        line = json.dumps({"command": "ProcessPayment", "body": {"paymentId": "p1"}})
        batch = self.client.send("POST", "/v1/payments/commands", line, {**bearer(two), "Content-Type": "application/x-ndjson"})
        self.assertEqual(batch.lines[0]["status"], 404)
        event = {"specversion": "1.0", "id": "1", "source": "/s", "type": "PaymentProcessed", "subject": "p1"}
        for key, status in ((two, 404), (one, 200)):
            answer = self.client.send("POST", "/v1/payments/events", json.dumps(event), {**bearer(key), "Content-Type": "application/cloudevents+json"})
            self.assertEqual(answer.status, status)

    def test_listing_and_revoking(self):
        reader = self.create(["reader"], self.admin, expiresAt="2999-01-01T00:00:00Z")
        keys = self.send("GET", "/admin/v1/keys", self.admin).json["keys"]
        self.assertEqual([key["id"] for key in keys], ["key-1", "key-2"])
        self.assertNotIn(reader, json.dumps(keys))
        self.assertEqual(keys[1]["expiresAt"], "2999-01-01T00:00:00.000Z")
        self.assertEqual(self.send("DELETE", "/admin/v1/keys/key-2", self.admin).status, 200)
        self.assertEqual(self.send("GET", "/v1/payments/queries/SearchPayments", reader).status, 401)
        self.assertEqual(self.send("DELETE", "/admin/v1/keys/key-2", self.admin).status, 404)
        last = self.send("DELETE", "/admin/v1/keys/key-1", self.admin)
        self.assertEqual((last.status, last.json["code"]), (409, "last_admin_key"))

    def test_faults_are_told_at_once(self):
        answer = self.send("POST", "/admin/v1/keys", self.admin, {"name": "", "roles": ["king"], "organizationId": "", "more": 1})
        self.assertEqual(answer.status, 400)
        self.assertEqual({error["pointer"] for error in answer.json["errors"]}, {"/organizationId", "/more"})
        answer = self.send("POST", "/admin/v1/keys", self.admin, {"name": "", "roles": ["king"]})
        self.assertEqual({error["pointer"] for error in answer.json["errors"]}, {"/name", "/roles/0"})

    def test_the_dialect_asks_for_keys_too(self):
        reader = self.create(["payments:reader"], self.admin)
        bound = self.create(["reader"], self.admin, organizationId="org-1")
        self.payment(self.admin, "p1")
        client = self.server.dialect_client()
        self.addCleanup(client.close)
        self.assertEqual(client.send("GET", "/payments/_count").status, 401)
        self.assertEqual(client.send("GET", "/payments/_count", headers=bearer(reader)).status, 200)
        self.assertEqual(client.send("POST", "/payments/_search", {"size": 1}, bearer(reader)).status, 200)
        for method, path in (("GET", "/_cat/indices"), ("GET", "/_search"), ("GET", "/pay*/_search"), ("GET", "/payments,other/_search"),
                             ("POST", "/_bulk"), ("PUT", "/free"), ("PUT", "/payments/_settings")):
            denied = client.send(method, path, headers=bearer(reader))
            self.assertEqual((denied.status, denied.json["error"]["type"]), (403, "security_exception"), path)
        self.assertEqual(client.send("GET", "/payments/_search", headers=bearer(bound)).status, 403)
        self.assertEqual(client.send("GET", "/_cat/indices", headers=bearer(self.admin)).status, 200)


class KeysOnTheCommandLine(unittest.TestCase):
    def run_keys(self, *words):
        return subprocess.run([PROGRAM, "keys", *words], capture_output=True, text=True)

    def test_keys_are_made_listed_and_revoked(self):
        server = Server()
        self.addCleanup(lambda: server.temporary.cleanup())
        config = os.path.join(server.folder, "gyre.yaml")
        with open(config, "w") as out:
            out.write(f"data: {{ dir: {server.folder}/data }}\n")
        # Another address than loopback is refused until somebody may be told from anybody.
        open_to_all = [PROGRAM, "serve", "--config", config, "--set", "api.listen=0.0.0.0:0", "--set", "dialect.enabled=false"]
        refused = subprocess.run(open_to_all, capture_output=True, text=True)
        self.assertEqual(refused.returncode, 78)
        self.assertIn("no API keys", refused.stderr)
        made = self.run_keys("create", "root", "--role", "admin", "--config", config)
        self.assertEqual(made.returncode, 0, made.stderr)
        admin = json.loads(made.stdout)["key"]
        listed = self.run_keys("list", "--config", config, "--key", admin)
        self.assertEqual(json.loads(listed.stdout)["keys"][0]["name"], "root")
        self.assertEqual(self.run_keys("list", "--config", config).returncode, 69)
        again = self.run_keys("create", "bot", "--role", "payments:reader", "--role", "payments:writer", "--organization", "org-1",
                              "--expires", "2999-01-01", "--config", config, "--key", admin)
        self.assertEqual(json.loads(again.stdout)["roles"], ["payments:reader", "payments:writer"])
        self.assertEqual(self.run_keys("revoke", "key-2", "--config", config, "--key", admin).returncode, 0)
        with open(os.path.join(server.folder, "data", "keys.json")) as kept:
            self.assertNotIn(admin.removeprefix("gyre_"), kept.read())
        for wrong in (("create", "x"), ("create", "--role", "admin"), ("list", "x"), ("revoke",), ("burn",), ("revoke", "x", "--role", "admin")):
            self.assertEqual(self.run_keys(*wrong).returncode, 64, wrong)
        with open(os.path.join(server.folder, "data", "keys.json"), "w") as kept:
            kept.write("{")
        damaged = subprocess.run(open_to_all, capture_output=True, text=True)
        self.assertEqual(damaged.returncode, 69)
        self.assertIn("keys.json", damaged.stderr)


if __name__ == "__main__":
    unittest.main(verbosity=2)
