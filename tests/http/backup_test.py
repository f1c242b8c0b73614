"""Everything kept elsewhere while commands go on, and put back."""
import json
import os
import shutil
import subprocess
import sys
import tempfile
import threading
import unittest

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "support"))
from gyre_server import PROGRAM, Server  # noqa: E402


def run(*words):
    return subprocess.run([PROGRAM, *words], capture_output=True, text=True)


class Backup(unittest.TestCase):
    def setUp(self):
        self.root = tempfile.mkdtemp(prefix="gyre-test-backup-")
        self.addCleanup(shutil.rmtree, self.root, ignore_errors=True)

    def folder(self, name):
        return os.path.join(self.root, name)

    def create(self, client, number):
        answer = client.command("CreatePayment", {"paymentId": f"p{number}", "organizationId": "org-1", "amount": "1", "currency": "EUR"})
        self.assertEqual(answer.status, 201)

    def test_a_backup_of_a_busy_server_restores_to_one_moment(self):
        with Server(folder=self.folder("data")) as server:
            client = server.client()
            for number in range(50):
                self.create(client, number)
            written, stop = [49], threading.Event()

            def write():
                own = server.client()
                while not stop.is_set():
                    self.create(own, written[0] + 1)
                    written[0] += 1
                own.close()

            writer = threading.Thread(target=write)
            writer.start()
            done = run("backup", self.folder("kept"), "--set", f"data.dir={self.folder('data')}")
            stop.set()
            writer.join()
            self.assertEqual(done.returncode, 0, done.stderr)
            client.close()
            # A server that runs is not restored over.
            self.assertEqual(run("restore", self.folder("kept"), "--set", f"data.dir={self.folder('data')}").returncode, 75)
        kept = {domain["name"]: domain for domain in json.loads(done.stdout)["domains"]}["payments"]
        self.assertEqual(kept["entities"], kept["lastSequence"])
        self.assertGreaterEqual(kept["entities"], 50)
        restored = run("restore", self.folder("kept"), "--set", f"data.dir={self.folder('again')}")
        self.assertEqual(restored.returncode, 0, restored.stderr)
        with Server(folder=self.folder("again")) as server:
            client = server.client()
            page = client.query("SearchPayments", {"size": 0}, Gyre_Min_Sequence=str(kept["lastSequence"])).json
            self.assertEqual(page["total"], kept["entities"])
            for number in range(kept["entities"]):
                self.assertEqual(client.query("GetPaymentById", {"paymentId": f"p{number}"}).status, 200)
            self.assertEqual(client.query("GetPaymentById", {"paymentId": f"p{kept['entities']}"}).status, 404)
            self.create(client, kept["entities"])
            client.close()

    def test_what_is_there_is_replaced_only_when_told(self):
        data = ("--set", f"data.dir={self.folder('data')}")
        with Server(folder=self.folder("data")) as server:
            client = server.client()
            self.create(client, 1)
            client.close()
        self.assertEqual(run("backup", self.folder("kept"), *data).returncode, 0)
        again = run("backup", self.folder("kept"), *data)
        self.assertEqual(again.returncode, 69)
        self.assertIn("empty folder", again.stderr)
        with Server(folder=self.folder("data")) as server:
            client = server.client()
            self.create(client, 2)
            client.query("SearchPayments", {}, Gyre_Min_Sequence="2")
            client.close()
        refused = run("restore", self.folder("kept"), *data)
        self.assertEqual(refused.returncode, 69)
        self.assertIn("--replace", refused.stderr)
        self.assertEqual(run("restore", self.folder("kept"), *data, "--replace").returncode, 0)
        with Server(folder=self.folder("data")) as server:
            client = server.client()
            self.assertEqual(client.query("SearchPayments", {"size": 0}, Gyre_Min_Sequence="1").json["total"], 1)
            client.close()
        self.assertTrue(os.path.exists(self.folder("data/payments.replaced/store.sqlite")))

    def test_backups_that_are_not_whole_are_refused(self):
        data = ("--set", f"data.dir={self.folder('data')}")
        missing = run("backup", self.folder("kept"), *data)
        self.assertEqual(missing.returncode, 69)
        with Server(folder=self.folder("data")) as server:
            client = server.client()
            self.create(client, 1)
            client.close()
        shutil.rmtree(self.folder("kept"), ignore_errors=True)
        self.assertEqual(run("backup", self.folder("kept"), *data).returncode, 0)
        target = ("--set", f"data.dir={self.folder('target')}")
        manifest = os.path.join(self.folder("kept"), "backup.json")
        with open(manifest) as text:
            good = text.read()
        for damage, says in (("", "malformed"), (good.replace('"format":1', '"format":9'), "format"),
                             (good.replace('"lastSequence":1', '"lastSequence":7'), "ends at 7")):
            with open(manifest, "w") as out:
                out.write(damage)
            refused = run("restore", self.folder("kept"), *target)
            self.assertEqual(refused.returncode, 69, damage)
            self.assertIn(says if damage else "gyre:", refused.stderr)
        os.remove(manifest)
        self.assertIn("whole backup", run("restore", self.folder("kept"), *target).stderr)
        self.assertFalse(os.path.exists(self.folder("target/payments")))
        self.assertEqual(run("backup").returncode, 64)
        self.assertEqual(run("restore", "a", "b").returncode, 64)


if __name__ == "__main__":
    unittest.main(verbosity=2)
