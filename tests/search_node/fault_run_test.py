"""Commands at a steady rate while everything happens to the node that can: at the end nothing is lost, nothing is twice.

GYRE_FAULT_SECONDS: how long the run takes.
"""
import itertools
import os
import random
import select
import sys
import threading
import time
import unittest

HERE = os.path.dirname(os.path.abspath(__file__))
sys.path[:0] = [HERE, os.path.join(HERE, "..", "support")]
from faults_test import Faults, payment  # noqa: E402
from faulty_node import FaultyNodeTest  # noqa: E402
from gyre_server import wait_until  # noqa: E402
from own_node import OwnNode  # noqa: E402

SECONDS = float(os.environ.get("GYRE_FAULT_SECONDS", "15"))
RATE = 40.0  # commands a second of each writer
WRITERS = 2
BAD_EVERY = 10 if SECONDS < 60 else 400  # each is delivered by a request of its own in the end


class Writer(threading.Thread):
    """Creates payments, of which every third is processed; some have an id that the node refuses."""

    def __init__(self, client, number, until):
        super().__init__(daemon=True)
        self.client, self.number, self.until = client, number, until
        self.created, self.failure = [], None

    def command(self, name, body, expected):
        answer = self.client.command(name, body)
        if answer.status != expected:
            raise AssertionError(f"{name} {body}: {answer}")

    def run(self):
        try:
            begin = time.monotonic()
            for count in itertools.count():
                due = begin + count / RATE
                if due > self.until:
                    return
                if (pause := due - time.monotonic()) > 0:
                    time.sleep(pause)  # the rate, not a wait for anything
                name = f"{'bad-' if count % BAD_EVERY == BAD_EVERY - 1 else ''}{self.number}-{count}"
                self.command("CreatePayment", payment(name), 201)
                self.created.append(f"p-{name}")
                if count % 3 == 0:
                    self.command("ProcessPayment", {"paymentId": f"p-{name}"}, 200)
        except Exception as failure:  # noqa: BLE001: told by the test
            self.failure = failure


class FaultRun(FaultyNodeTest):
    start, ready, metric = Faults.start, Faults.ready, Faults.metric
    verify, total = Faults.verify, Faults.total

    def read_log(self, server):
        """What a server says of each fault fills a pipe that nobody reads, and then it waits."""
        over = threading.Event()
        self.addCleanup(lambda: (over.set(), reader.join()))

        def read():
            while not over.is_set():
                if select.select([server.process.stderr], [], [], 0.2)[0]:
                    server.read_log()

        reader = threading.Thread(target=read, daemon=True)
        reader.start()

    def faults(self):
        """What makes each begin, and end."""
        def answer(fault):
            self.proxy.fault = fault

        nothing = lambda method, path, body: None  # noqa: E731
        of_bulk = lambda fault: lambda method, path, body: fault if "_bulk" in path else None  # noqa: E731
        found = {"429": of_bulk(429), "503": lambda method, path, body: 503, "mixed": of_bulk(Faults.refuse_some),
                 "half an answer": of_bulk("cut"), "garbage": of_bulk("garbage"), "no answer": of_bulk("freeze")}
        faults = {name: (lambda fault=fault: answer(fault), lambda: answer(nothing)) for name, fault in found.items()}
        return {**faults, "no connection": (self.proxy.close, self.proxy.open)}

    def letters(self):
        found, before = [], ""
        while before is not None:
            page = self.client.send("GET", f"/admin/v1/payments/dead-letters?size=1000{before}").json
            found += page["deadLetters"]
            before = f"&before={page['nextBefore']}" if page["nextBefore"] else None
        return found

    def test_nothing_is_lost_and_nothing_is_twice(self):
        seed = int(os.environ.get("GYRE_SEED", time.time_ns() % 1_000_000))
        print(f"seed {seed}, {SECONDS:g} s")
        choose = random.Random(seed)
        self.proxy.refuses = lambda document_id: document_id.startswith("p-bad-")
        server = self.start("search.backlog_events=10000000", "search.backlog_bytes=8GiB")
        self.read_log(server)
        until = time.monotonic() + SECONDS
        writers = [Writer(server.client(), number, until) for number in range(WRITERS)]
        for writer in writers:
            writer.start()
        faults, happened = self.faults(), {}
        while time.monotonic() < until:
            for name in choose.sample(list(faults), len(faults)):
                begin, end = faults[name]
                happened[name] = happened.get(name, 0) + 1
                begin()
                time.sleep(min(choose.uniform(0.3, 4), max(until - time.monotonic(), 0)))  # the fault lasts so long
                end()
                time.sleep(min(choose.uniform(0, 2), max(until - time.monotonic(), 0)))
        for writer in writers:
            writer.join()
            writer.client.close()
            self.assertIsNone(writer.failure)
        created = [one for writer in writers for one in writer.created]
        bad = {one for one in created if one.startswith("p-bad-")}
        self.assertGreater(len(bad), 0)
        wait_until(lambda: self.metric("gyre_projection_backlog_events") == 0, 300)
        # The cluster has answered for all; what it refused is written down after that.
        wait_until(lambda: len(self.letters()) >= len(bad), 60)
        letters = self.letters()
        self.assertEqual({letter["entityId"] for letter in letters}, bad)
        self.assertEqual({letter["code"] for letter in letters}, {"refused_by_index"})
        self.proxy.refuses = lambda document_id: False
        for letter in sorted(letters, key=lambda one: one["id"]):
            answer = self.client.send("POST", f"/admin/v1/payments/dead-letters/{letter['id']}/replay", {})
            self.assertIn(answer.status, (200, 404), answer)  # 404: delivered with an older one
        self.assertEqual(self.letters(), [])
        sequence = self.client.send("GET", "/readyz").json["domains"]["payments"]["sequence"]
        self.assertEqual(self.total(sequence), len(created))
        self.assertEqual(self.verify(120 + SECONDS), len(created))
        print(f"{len(created)} payments, {len(bad)} of them refused at first, {len(self.proxy.seen)} requests, {happened}")


class NodeFaultRun(FaultRun):
    """The same, and the node itself is killed, frozen and restarted."""

    def find_node(self):
        self.process = OwnNode()
        self.addCleanup(self.process.close)
        return self.process.description()

    def faults(self):
        return {**super().faults(), "node killed": (self.process.kill, self.process.start),
                "node restarted": (self.process.stop, self.process.start),
                "node frozen": (self.process.freeze, self.process.thaw)}


if __name__ == "__main__":
    unittest.main(verbosity=2)
