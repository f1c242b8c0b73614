"""Does a cluster answer of the same samples what a local store answers? Two servers, one of each kind, get the same random
samples in the same random order and are asked the same questions: chosen ones, random ones, and listings. The seed is printed.
"""
import json
import os
import random
import struct
import sys
import unittest
import urllib.parse

HERE = os.path.dirname(os.path.abspath(__file__))
sys.path[:0] = [os.path.join(HERE, "..", folder) for folder in ("support", "metrics", "promql")]
import oracle_test  # noqa: E402
from gyre_server import Server, search_node  # noqa: E402
from oracle_queries import chosen_queries, random_query  # noqa: E402
from wire import series, snappy  # noqa: E402

oracle_test.TOLERANCE = 1e-12
BASE, HOURS = oracle_test.BASE, oracle_test.HOURS
END = BASE + HOURS * 3_600_000
ASKED = BASE + 3_600_000
REMOTE_WRITE = {"Content-Type": "application/x-protobuf", "Content-Encoding": "snappy"}
ODD = [struct.pack("<Q", bits) for bits in (0x7FF0000000000002, 0x7FF8000000000001, 0xFFF8000000000000, 0x7FF0000000000000,
                                            0x8000000000000000, 1)]  # a stale marker, two NaN, infinity, -0, the least number
STRANGE = [{"__name__": "strange", "a": "b=c"}, {"__name__": "strange", "a=b": "c"}, {"__name__": "strange", "a\\=b": "c\\"},
           {"__name__": "strange", "long": "x" * 4000}, {"__name__": "strange", "long": "x" * 3999 + "y"},
           {"__name__": "strange", "city": "Zürich", "quote": '"'}, {"__name__": "name=with=it"}, {"nameless": "yes", "__name__": "n"}]


class Differential(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        if search_node() is None:
            raise unittest.SkipTest("SKIPPED: no search node was named")
        cls.seed = int(os.environ.get("GYRE_SEED", random.SystemRandom().randrange(1 << 32)))
        print("seed", cls.seed, flush=True)
        cls.rng = random.Random(cls.seed)
        # Many generations, so that samples of one series and time are in several.
        cls.cluster = Server(settings=["domains.metrics.generation_age=1s", "domains.metrics.commit_interval=300ms"]).start()
        cls.addClassCleanup(cls.cluster.__exit__)
        cls.local = Server(settings=["search.engine=embedded"]).start()
        cls.addClassCleanup(cls.local.__exit__)
        cls.servers = (cls.local, cls.cluster)
        cls.connect()
        cls.send_all()

    @classmethod
    def connect(cls):
        cls.clients = [server.client() for server in cls.servers]
        for client in cls.clients:
            cls.addClassCleanup(client.close)

    @classmethod
    def send_all(cls):
        rng, samples = cls.rng, []
        for labels, values in oracle_test.make_series(rng):
            samples += [(labels, at, value) for at, value in values]
        for labels in STRANGE:
            samples += [(labels, BASE + 60_000 * i, float(i)) for i in range(180)]
        # Where test_every_sample looks a stale marker would leave nothing to compare.
        for labels, at, _ in rng.sample([one for one in samples if one[1] != ASKED], len(samples) // 20):
            samples.append((labels, at, rng.choice(ODD + [rng.random()])))
        rng.shuffle(samples)
        for first in range(0, len(samples), 4000):
            body = b"".join(series(labels, (at, value)) for labels, at, value in samples[first:first + 4000])
            cls.last = [cls.taken(client.send("POST", "/api/v1/write", snappy(body), REMOTE_WRITE)) for client in cls.clients]
            cls.end_generation()
        assert cls.last[0] == cls.last[1], cls.last
        exposed = "# HELP described_total What is said.\n# TYPE described_total counter\ndescribed_total 1 %d\n" % BASE
        for text in (exposed.replace("said", "said at first"), exposed):
            cls.last = [cls.taken(client.send("POST", "/v1/metrics/ingest/prometheus", text)) for client in cls.clients]
        cls.count = len(samples)

    @classmethod
    def end_generation(cls):
        """What comes next goes to another index, however fast all of it was."""
        answer = cls.clients[1].send("GET", "/api/v1/labels", headers={"Gyre-Min-Sequence": cls.last[1], "Gyre-Timeout": "120000"})
        assert answer.status == 200, answer
        cls.cluster.node.wait_aged("metrics")

    @staticmethod
    def taken(answer):
        assert answer.status // 100 == 2, answer
        return answer.headers["Gyre-Sequence"]

    def ask(self, path, **parameters):
        """What both answer, decoded; not of the cache, since each answer is asked for once."""
        query = urllib.parse.urlencode([(name.replace("match", "match[]"), value) for name, value in parameters.items()], doseq=True)
        answers = [client.send("GET", f"/api/v1/{path}?{query}", headers={"Gyre-Min-Sequence": last, "Gyre-Timeout": "120000"})
                   for client, last in zip(self.clients, self.last)]
        self.assertEqual(answers[0].status, answers[1].status, (parameters, answers[1]))
        return [answer.json for answer in answers]

    def compare(self, query, start, end, step):
        times = {"time": start / 1000} if step == 0 else {"start": start / 1000, "end": end / 1000, "step": step / 1000}
        local, cluster = self.ask("query" if step == 0 else "query_range", query=query, **times)
        if local == cluster:
            return not local.get("data", {"result": []})["result"]
        self.assertEqual((local["status"], local.get("error")), (cluster["status"], cluster.get("error")), query)
        problem = oracle_test.difference(cluster["data"], local["data"], True)
        self.assertIsNone(problem, f"{query} {times}")
        return False

    def test_chosen_queries(self):
        for query in chosen_queries():
            self.compare(query, BASE + 600_000, END, 120_000)
            self.compare(query, BASE + 5_400_000, 0, 0)

    def test_random_queries_and_over_a_restart(self):
        empty = 0
        for i in range(120):
            start = BASE + self.rng.randrange(HOURS * 3_600_000)
            step = self.rng.choice((0, 15_000, 37_000, 60_000, 300_000))
            empty += self.compare(random_query(self.rng), start, min(END, start + step * self.rng.randrange(1, 150)), step)
            if i == 60:
                self.cluster.stop()
                self.cluster.log = ""
                self.cluster.start()
                self.connect()
        self.assertLess(empty, 60)

    def test_every_sample(self):
        for name in ("requests_total", "temperature", "load", "up", "latency_bucket", "odd", "short", "info", "strange", "described_total"):
            self.compare(f"{name}[{HOURS}h]", END, 0, 0)
        for query in ('{a="b=c"}', '{a!="b=c",__name__="strange"}', '{long="%s"}' % ("x" * 4000), '{long!="%s",long!=""}' % ("x" * 4000),
                      '{long=~"x+y"}', '{long=~"xx*"}', '{__name__="name=with=it"}', '{nameless=~"yes|no"}', '{nameless!~"yes|no",__name__=~"n|strange"}',
                      '{city=~"Z.rich"}', '{quote="\\""}', '{city="",__name__="strange"}', '{__name__=~"strange|up",job!="api"}',
                      '{__name__=~".*",instance="a",job=~"db|"}'):
            self.assertFalse(self.compare(query, ASKED, 0, 0), query)

    def test_listings(self):
        hour = 3600
        times = ({}, {"start": BASE / 1000, "end": BASE / 1000 + 60}, {"start": BASE / 1000 + hour, "end": BASE / 1000 + 1.5 * hour},
                 {"start": BASE / 1000 + 10 * hour, "end": BASE / 1000 + 11 * hour})
        for matches in ([], ["up"], ['{job="api"}', "odd"], ['{instance!="a",job=~"d.*"}'], ['{__name__=~"str.*",a=""}']):
            for when in times:
                found = [self.ask("labels", match=matches, **when), self.ask("label/job/values", match=matches, **when),
                         self.ask("label/__name__/values", match=matches, **when), self.ask("label/absent/values", match=matches, **when)]
                if matches:
                    found.append(self.ask("series", match=matches, **when))
                for place, (local, cluster) in enumerate(found):
                    if place == 4 or "start" not in when or when["start"] > END / 1000:
                        self.assertEqual(local, cluster, (matches, when))
                    else:  # names and values of labels may go by blocks in a local store
                        text = lambda one: {json.dumps(item) for item in one["data"]}  # noqa: E731
                        self.assertLessEqual(text(cluster), text(local), (matches, when))
        for parameters in ({}, {"metric": "described_total"}, {"metric": "no"}, {"limit": 1}):
            local, cluster = self.ask("metadata", **parameters)
            self.assertEqual(local, cluster)
        self.assertEqual(self.ask("metadata")[1]["data"]["described_total"][0]["help"], "What is said.")

    def test_what_is_refused(self):
        for query in ("sum(", "nothing_known()", 'up{job=~"("}', 'label_replace(up, "instance", "x", "instance", ".*")'):
            self.compare(query, BASE + 3_600_000, 0, 0)

    def test_there_are_several_generations(self):
        node = self.cluster.node
        found = node.send("GET", f"/{node.prefix}metrics/_count", {"query": {"exists": {"field": "time"}}})["count"]
        self.assertGreater(len(node.indices("metrics")), 2)
        self.assertLessEqual(found, self.count + 2)


if __name__ == "__main__":
    unittest.main(verbosity=2)
