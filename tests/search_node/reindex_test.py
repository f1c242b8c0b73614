"""An index on a real node built anew while commands go on: what tests/http/reindex_test.py asks, and what only a cluster has.

GYRE_REINDEX_PAYMENTS=1000000 makes ClusterReindex.test_cancelled_and_resumed as large as docs/CLUSTER.md tells of.
"""
import json
import os
import subprocess
import sys
import threading
import time
import unittest

HERE = os.path.dirname(os.path.abspath(__file__))
sys.path[:0] = [os.path.join(HERE, "..", "support"), os.path.join(HERE, "..", "http")]
import reindex_test  # noqa: E402
from gyre_server import PROGRAM, SearchNode, Server, search_node, wait_for_job  # noqa: E402

PAYMENTS = int(os.environ.get("GYRE_REINDEX_PAYMENTS", "16000"))
COMMITTED = 200_000  # events after which a build says how far it is (index_build.cpp)


class Traffic:
    """Commands and searches from two connections, until it is stopped; each answer is looked at and timed."""

    def __init__(self, server, created, create):
        self.created, self.failures, self.slowest, self.asked = created, [], {"commands": 0, "search": 0}, 0
        self.stopping = threading.Event()
        self.threads = [threading.Thread(target=self.run, args=(server.client(), step)) for step in (
            lambda client: self.write(client, create), self.search)]
        for thread in self.threads:
            thread.start()

    def run(self, client, step):
        try:
            while not self.stopping.is_set():
                step(client)
        except Exception as failure:  # pylint: disable=broad-except
            self.failures.append(repr(failure))
        client.close()

    def timed(self, kind, call):
        began = time.monotonic()
        answer = call()
        self.slowest[kind] = max(self.slowest[kind], time.monotonic() - began)
        return answer

    def write(self, client, create):
        self.timed("commands", lambda: create(client, self.created, 20))
        done = client.command("ProcessPayment", {"paymentId": f"p{self.created}"})
        if done.status != 200:
            self.failures.append(done)
        self.created += 20
        self.stopping.wait(0.02)

    def search(self, client):
        least = self.created  # what came up to a refresh ago may be missing
        found = self.timed("search", lambda: client.query("SearchPayments", {
            "searchText": f"number {self.asked % 1000}", "organizationId": f"org-{self.asked % 7}", "size": 3}))
        self.asked += 1
        if found.status != 200 or not 0 < found.json["total"] <= least + 20:
            self.failures.append(found)

    def stop(self):
        self.stopping.set()
        for thread in self.threads:
            thread.join()
        return self.created


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

    def test_cancelled_and_resumed(self):
        with self.server("search.backlog_events=0", "cache.bytes=0", "domains.payments.refresh_interval=1s") as server:
            client = server.client()
            began = time.monotonic()
            for first in range(0, PAYMENTS, 8000):
                last = self.create(client, first, min(8000, PAYMENTS - first))
            found = None
            while found is None or found.status == 504:  # index_behind: it goes on
                found = client.query("SearchPayments", {"size": 0}, Gyre_Min_Sequence=str(last), Gyre_Timeout="30000")
            self.assertEqual(found.json["total"], PAYMENTS, found)
            told = {"payments": PAYMENTS, "filledSeconds": time.monotonic() - began}
            traffic = Traffic(server, PAYMENTS, self.create)
            try:
                self.build_twice(server, client, told)
            finally:
                created = traffic.stop()
            self.assertEqual(traffic.failures, [])
            began = time.monotonic()
            client.close()  # the server may have, meanwhile
            self.check(client, created, seconds=3600)
            told |= {"verifiedSeconds": time.monotonic() - began, "createdMeanwhile": created - PAYMENTS,
                     "searches": traffic.asked, "slowestSeconds": traffic.slowest}
            print(json.dumps(told), flush=True)
            client.close()

    def build_twice(self, server, client, told):
        """Cancelled in the middle of the log, then by the command line, to its end."""
        began = time.monotonic()
        job = self.start(client)
        while job["done"] < PAYMENTS // 2 and job["state"] in ("queued", "running"):
            job = client.send("GET", f"/admin/v1/jobs/{job['id']}").json
        answer = client.send("DELETE", f"/admin/v1/jobs/{job['id']}")
        self.assertEqual(answer.status, 200, (answer, job))
        ended = wait_for_job(client, job)
        self.assertEqual((ended["state"], self.current()), ("cancelled", "index"), ended)
        told |= {"cancelledAt": ended["done"], "cancelledSeconds": time.monotonic() - began}
        began = time.monotonic()
        with subprocess.Popen([PROGRAM, "reindex", "payments", "--server", f"http://127.0.0.1:{server.port}"],
                              stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True) as command:
            first = self.first_progress(client, ended["id"])
            out, err = command.communicate()
        self.assertEqual((command.returncode, self.current()), (0, "index.1"), err)
        told |= {"resumedAt": first, "resumedSeconds": time.monotonic() - began, "checked": json.loads(out)["checked"]}
        self.assertGreaterEqual(first, ended["done"] // COMMITTED * COMMITTED if PAYMENTS > 2 * COMMITTED else 0)

    def first_progress(self, client, before):
        """Where the build that runs now began to count."""
        while True:
            jobs = client.send("GET", "/admin/v1/jobs").json["jobs"]
            newer = [job for job in jobs if job["kind"] == "reindex" and job["id"] != before and job["total"] > 0]
            if newer:
                return newer[0]["done"]

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
