"""An index built anew while commands go on: checked, switched, cancelled, interrupted."""
import json
import os
import shutil
import subprocess
import sys
import tempfile
import threading
import unittest

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "support"))
from gyre_server import PROGRAM, Server, wait_for_job  # noqa: E402


class Reindex(unittest.TestCase):
    def setUp(self):
        self.root = tempfile.mkdtemp(prefix="gyre-test-reindex-")
        self.addCleanup(shutil.rmtree, self.root, ignore_errors=True)

    def server(self):
        return Server(folder=self.root, settings=["domains.payments.refresh_interval=50ms"])

    def create(self, client, first, count):
        lines = [json.dumps({"command": "CreatePayment", "body": {"paymentId": f"p{number}", "organizationId": f"org-{number % 7}", "amount": "1.25",
                                                                  "currency": "EUR", "description": f"payment number {number}"}})
                 for number in range(first, first + count)]
        answer = client.send("POST", "/v1/payments/commands", "\n".join(lines), {"Content-Type": "application/x-ndjson"})
        self.assertEqual({line["status"] for line in answer.lines}, {201})
        return answer.lines[-1]["sequence"]

    def start(self, client):
        answer = client.send("POST", "/admin/v1/payments/reindex", {})
        self.assertEqual((answer.status, answer.json["kind"]), (202, "reindex"))
        self.assertEqual(answer.headers["Location"], f"/admin/v1/jobs/{answer.json['id']}")
        return answer.json

    def check(self, client, count, seconds=120):
        job = wait_for_job(client, client.send("POST", "/admin/v1/payments/verify", {}).json, seconds)
        result = job["result"]
        self.assertEqual((result["missingCount"], result["extraCount"], result["differentCount"]), (0, 0, 0), job)
        found = client.query("SearchPayments", {"size": 0}, Gyre_Min_Sequence=str(self.sequence(client)))
        self.assertEqual(found.json["total"], count)

    def sequence(self, client):
        return client.send("GET", "/readyz").json["domains"]["payments"]["sequence"]

    def current(self):
        """The index in use: "index", then "index.1" and so on."""
        name = os.path.join(self.root, "payments", "index.current")
        if not os.path.exists(name):
            return "index"
        with open(name) as file:
            return file.read().strip()

    def roll_back(self, to):
        """With the server stopped."""
        with open(os.path.join(self.root, "payments", "index.current"), "w") as name:
            name.write(to + "\n")

    def check_dialect(self, server, count):
        dialect = server.dialect_client()
        self.assertEqual(dialect.send("GET", "/payments/_count").json["count"], count)
        dialect.close()

    def folders(self):
        found = os.listdir(os.path.join(self.root, "payments"))
        return sorted(name for name in found if os.path.isdir(os.path.join(self.root, "payments", name)))

    def test_commands_and_queries_go_on(self):
        with self.server() as server:
            client = server.client()
            self.create(client, 0, 3000)
            client.command("ProcessPayment", {"paymentId": "p0"})
            written, failures, stop = [3000], [], threading.Event()

            def work():
                own = server.client()
                while not stop.is_set():
                    sequence = self.create(own, written[0], 20)
                    written[0] += 20
                    found = own.query("SearchPayments", {"size": 0}, Gyre_Min_Sequence=str(sequence))
                    if found.status != 200 or found.json["total"] != written[0]:
                        failures.append((written[0], found))
                own.close()

            worker = threading.Thread(target=work)
            worker.start()
            try:
                for expected in ("index.1", "index.2"):
                    job = wait_for_job(client, self.start(client))
                    self.assertEqual(job["state"], "completed", job)
                    self.assertGreaterEqual(job["result"]["checked"], 3000)
                    self.assertEqual((job["result"]["refused"], job["done"] > 0), (0, True))
                    self.assertEqual(self.current(), expected)
            finally:
                stop.set()
                worker.join()
            self.assertEqual(failures, [])
            self.check(client, written[0])
            self.assertEqual(self.folders(), ["index.1", "index.2"], "the one before is kept, and no other")
            self.check_dialect(server, written[0])
            done = subprocess.run([PROGRAM, "reindex", "payments", "--server", f"http://127.0.0.1:{server.port}"], capture_output=True, text=True)
            self.assertEqual(done.returncode, 0, done.stderr)
            self.assertEqual(json.loads(done.stdout)["checked"], written[0])
            client.close()
        with self.server() as server:  # what is in use is what a new start opens
            client = server.client()
            self.assertEqual(self.current(), "index.3")
            self.check(client, written[0])
            client.close()
        self.roll_back("index.2")  # it catches up
        with self.server() as server:
            client = server.client()
            self.check(client, written[0])
            client.close()

    def test_a_cancelled_build_changes_nothing(self):
        with self.server() as server:
            client = server.client()
            for first in range(0, 40_000, 8000):
                self.create(client, first, 8000)
            job = self.start(client)
            cancelled = client.send("DELETE", f"/admin/v1/jobs/{job['id']}")
            self.assertEqual(cancelled.status, 200)
            ended = wait_for_job(client, job)
            self.assertEqual(ended["state"], "cancelled")
            self.assertEqual(self.current(), "index")
            self.check(client, 40_000)
            self.assertEqual(wait_for_job(client, self.start(client))["state"], "completed")
            self.check(client, 40_000)
            client.close()

    def test_a_build_that_a_crash_interrupts_goes_on(self):
        server = self.server()
        server.start()
        client = server.client()
        for first in range(0, 40_000, 8000):
            self.create(client, first, 8000)
        job = self.start(client)
        while client.send("GET", f"/admin/v1/jobs/{job['id']}").json["done"] == 0:
            pass  # until it has begun
        server.kill()
        with self.server() as again:
            client = again.client()
            ended = wait_for_job(client, client.send("GET", f"/admin/v1/jobs/{job['id']}").json)
            self.assertEqual(ended["state"], "completed", ended)
            self.assertEqual(self.current(), "index.1")
            self.check(client, 40_000)
            client.close()

    def test_bad_input(self):
        with self.server() as server:
            client = server.client()
            self.assertEqual(client.send("POST", "/admin/v1/payments/reindex", {"id": "p1"}).status, 400)
            self.assertEqual(client.send("POST", "/admin/v1/nothing/reindex", {}).status, 404)
            self.assertEqual(client.send("GET", "/admin/v1/payments/reindex").status, 405)
            client.close()


if __name__ == "__main__":
    unittest.main(verbosity=2)
