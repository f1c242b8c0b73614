"""What does the dialect's administration answer? Indices, aliases, templates, tasks, pipelines, tables."""
import os
import re
import sys
import threading
import time
import unittest

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "support"))
from gyre_server import Client, Server  # noqa: E402

MAPPINGS = {"dynamic": "false", "properties": {"n": {"type": "long"}, "k": {"type": "keyword"}}}


def start(folder=None, settings=()):
    server = Server(folder, settings=["dialect.free_indices=true", *settings]).start()
    port = int(re.search(r"dialect: http://127\.0\.0\.1:(\d+)", server.log).group(1))
    return server, Client(port)


class DialectCase(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.server, cls.client = start()

    @classmethod
    def tearDownClass(cls):
        cls.client.close()
        cls.server.stop()

    def ask(self, method, path, body=None, status=200):
        answer = self.client.send(method, path, body, {"Content-Type": "application/json"} if body else None)
        self.assertEqual(answer.status, status, f"{method} {path}: {answer}")
        return answer.json if answer.body and answer.headers["Content-Type"].startswith("application/json") else answer.body.decode()

    def refused(self, method, path, body=None, status=400, type=None, reason=None):
        error = self.ask(method, path, body, status)["error"]
        if type:
            self.assertEqual(error["type"], type, error)
        if reason:
            self.assertIn(reason, error["reason"], error)
        return error

    def make(self, name, **body):
        self.ask("PUT", f"/{name}", {"mappings": MAPPINGS, **body})

    def fill(self, name, count):
        for i in range(count):
            self.ask("PUT", f"/{name}/_doc/{i}", {"n": i, "k": f"k{i % 3}"}, 201)
        self.ask("POST", f"/{name}/_refresh")


class Indices(DialectCase):
    def test_life_of_an_index(self):
        self.make("life", settings={"number_of_replicas": 0, "index.refresh_interval": "5s"})
        self.refused("PUT", "/life", {}, type="resource_already_exists_exception")
        shown = self.ask("GET", "/life")["life"]
        self.assertEqual(shown["settings"]["index"]["refresh_interval"], "5s")
        self.assertEqual(shown["settings"]["index"]["provided_name"], "life")
        self.assertEqual(self.client.send("HEAD", "/life").status, 200)
        self.ask("POST", "/life/_close")
        self.refused("GET", "/life/_search", type="index_closed_exception")
        self.assertEqual(self.ask("GET", "/life/_mapping")["life"]["mappings"]["properties"]["n"]["type"], "long")
        self.ask("POST", "/life/_open")
        self.ask("DELETE", "/life")
        self.assertEqual(self.client.send("HEAD", "/life").status, 404)

    def test_settings_change_and_are_reset(self):
        self.make("sets")
        self.ask("PUT", "/sets/_settings", {"refresh_interval": "7s"})
        self.ask("PUT", "/sets/_settings?preserve_existing=true", {"refresh_interval": "9s", "max_result_window": 20000})
        index = self.ask("GET", "/sets/_settings")["sets"]["settings"]["index"]
        self.assertEqual((index["refresh_interval"], index["max_result_window"]), ("7s", "20000"))
        self.ask("PUT", "/sets/_settings", {"refresh_interval": None})
        self.assertNotIn("refresh_interval", self.ask("GET", "/sets/_settings")["sets"]["settings"]["index"])
        self.refused("PUT", "/sets/_settings", {"number_of_shards": 3}, reason="Can't update non dynamic settings")
        self.refused("PUT", "/sets/_settings", {"nonsense": 3}, reason="unknown setting [index.nonsense]")

    def test_so_many_tokens_and_no_more(self):
        self.make("tokens", settings={"index.analyze.max_token_count": 3})
        self.assertEqual(len(self.ask("GET", "/tokens/_analyze", {"text": "a b c"})["tokens"]), 3)
        for more in ({}, {"explain": True}):
            self.refused("GET", "/tokens/_analyze", {"text": ["a b", "c d"], **more}, type="illegal_state_exception",
                         reason="exceeded the allowed maximum of [3]")

    def test_merging_deletes_goes_before_merging_segments(self):
        self.make("merged")
        self.ask("POST", "/merged/_forcemerge?max_num_segments=1&only_expunge_deletes=true")
        self.refused("POST", "/merged/_forcemerge?only_expunge_deletes=x")

    def test_closing_again_reads_its_parameters(self):
        self.make("twice")
        self.ask("POST", "/twice/_close")
        self.ask("POST", "/twice/_close")
        self.refused("POST", "/twice/_close?wait_for_active_shards=x", reason="cannot parse ActiveShardCount[x]")

    def test_blocks_stop_writes(self):
        self.make("blocked")
        self.ask("PUT", "/blocked/_block/write")
        self.refused("PUT", "/blocked/_doc/1", {"n": 1}, 403, "cluster_block_exception",
                     "index [blocked] blocked by: [FORBIDDEN/8/index write (api)];")
        self.ask("PUT", "/blocked/_settings", {"index.blocks.write": None})
        self.ask("PUT", "/blocked/_doc/1", {"n": 1}, 201)

    def test_rollover(self):
        self.make("roll-1", aliases={"roll": {}})
        self.ask("PUT", "/roll/_doc/1?refresh=true", {"n": 1}, 201)
        body = {"conditions": {"max_docs": 2}}
        self.assertFalse(self.ask("POST", "/roll/_rollover", body)["rolled_over"])
        self.ask("PUT", "/roll/_doc/2?refresh=true", {"n": 2}, 201)
        self.assertFalse(self.ask("POST", "/roll/_rollover?dry_run=true", body)["rolled_over"])
        answer = self.ask("POST", "/roll/_rollover", body)
        self.assertEqual((answer["rolled_over"], answer["new_index"]), (True, "roll-000002"))
        self.assertEqual(list(self.ask("GET", "/_alias/roll")), ["roll-000002"])

    def test_statistics_count_what_was_done(self):
        self.make("counted")
        self.fill("counted", 3)
        stats = self.ask("GET", "/counted/_stats/docs,translog")["indices"]["counted"]["primaries"]
        self.assertEqual(stats["docs"]["count"], 3)
        self.assertEqual(stats["translog"]["operations"], 3)
        self.ask("POST", "/counted/_flush")
        self.assertEqual(self.ask("GET", "/counted/_stats/translog")["_all"]["primaries"]["translog"]["operations"], 0)
        self.refused("GET", "/counted/_stats/nonsense", reason="contains unrecognized metric: [nonsense]")

    def test_names_are_made_and_removed_by_many_at_once(self):
        failures = []

        def churn(number):
            client = Client(self.client.port)
            for _ in range(15):
                made = client.send("PUT", "/churn", {"settings": {"number_of_replicas": 0}})
                if made.status not in (200, 400):
                    failures.append(made)
                gone = client.send("DELETE", "/churn")
                if gone.status not in (200, 404):
                    failures.append(gone)
            client.close()

        threads = [threading.Thread(target=churn, args=(i,)) for i in range(4)]
        [thread.start() for thread in threads]
        [thread.join() for thread in threads]
        self.assertEqual(failures, [])
        folder = os.path.join(self.server.folder, "free")
        rows = self.ask("GET", "/_cat/indices?format=json&expand_wildcards=all")
        # Those of domains lie elsewhere.
        named = [row["uuid"] for row in rows if row["index"] not in ("payments", "invoices") and row["index"][0] != "."]
        kept = [each for each in os.listdir(folder) if os.path.isdir(os.path.join(folder, each))]
        self.assertEqual(sorted(kept), sorted(named))


class Aliases(DialectCase):
    def test_actions_are_all_or_nothing(self):
        self.make("a1")
        self.make("a2")
        self.ask("POST", "/_aliases", {"actions": [{"add": {"index": "a*", "alias": "both", "routing": 5}}]})
        self.assertEqual(sorted(self.ask("GET", "/_alias/both")), ["a1", "a2"])
        self.refused("POST", "/_aliases", {"actions": [
            {"add": {"index": "a1", "alias": "w", "is_write_index": True}},
            {"add": {"index": "a2", "alias": "w", "is_write_index": True}}]}, 500, "illegal_state_exception")
        self.assertEqual(self.ask("GET", "/_alias/w", status=404)["error"], "alias [w] missing")
        self.ask("POST", "/_aliases", {"actions": [{"remove_index": {"index": "a2"}},
                                                  {"add": {"index": "a1", "alias": "a2"}}]})
        self.assertEqual(list(self.ask("GET", "/a2")), ["a1"])
        self.refused("DELETE", "/a2", reason="matches an alias, specify the corresponding concrete indices instead")
        # Nothing is meant by an empty name, least of all every index, and nothing is added to an index that goes.
        for action in ({"remove_index": {"index": ""}}, {"remove_index": {"indices": ["a1", ""]}}, {"remove_index": {"indices": []}},
                       {"add": {"index": "a1", "alias": ""}}, {"remove": {"index": "", "alias": "a2"}}):
            self.refused("POST", "/_aliases", {"actions": [action]}, reason="failed to parse field [actions]")
        for other in ({"add": {"index": "a1", "alias": "x"}}, {"remove": {"index": "a1", "alias": "a2"}}):
            self.refused("POST", "/_aliases", {"actions": [other, {"remove_index": {"index": "a1"}}]}, status=404,
                         type="index_not_found_exception", reason="no such index [a1]")
        self.assertEqual(list(self.ask("GET", "/a1/_alias")["a1"]["aliases"]), ["a2", "both"])
        self.ask("DELETE", "/a1/_alias/_all")
        self.refused("DELETE", "/a1/_alias/both", status=404, type="aliases_not_found_exception")


class Templates(DialectCase):
    def test_documents_make_indices_by_template(self):
        self.ask("PUT", "/_component_template/base", {"template": {"settings": {"number_of_replicas": 0}}})
        self.ask("PUT", "/_index_template/logs", {
            "index_patterns": ["logs-*"], "composed_of": ["base"], "priority": 5,
            "template": {"mappings": MAPPINGS, "aliases": {"logs": {}}}})
        self.ask("PUT", "/logs-1/_doc/1", {"n": 1}, 201)
        made = self.ask("GET", "/logs")["logs-1"]
        self.assertEqual(made["settings"]["index"]["number_of_replicas"], "0")
        self.assertEqual(made["mappings"]["properties"]["n"]["type"], "long")
        self.refused("DELETE", "/_component_template/base", reason="still in use by index templates [logs]")
        simulated = self.ask("POST", "/_index_template/_simulate_index/logs-9")["template"]
        self.assertEqual(simulated["settings"]["index"]["number_of_replicas"], "0")
        self.ask("DELETE", "/_index_template/logs")
        self.ask("DELETE", "/_component_template/base")


    def test_templates_without_what_they_need(self):
        self.refused("PUT", "/_index_template/t", {"index_patterns": []}, reason="There must be at least one pattern")
        self.refused("POST", "/_index_template/_simulate", type="action_request_validation_exception",
                     reason="either index name or index template body must be specified for simulation")


class ByQuery(DialectCase):
    def test_copies_updates_and_deletes(self):
        self.make("from")
        self.make("to")
        self.fill("from", 30)
        copied = self.ask("POST", "/_reindex?refresh=true", {
            "source": {"index": "from", "size": 7, "query": {"term": {"k": "k1"}}}, "dest": {"index": "to"}})
        self.assertEqual((copied["created"], copied["batches"], copied["failures"]), (10, 2, []))
        again = self.ask("POST", "/_reindex", {"source": {"index": "from"}, "conflicts": "proceed",
                                               "dest": {"index": "to", "op_type": "create"}})
        self.assertEqual((again["created"], again["version_conflicts"]), (20, 10))
        updated = self.ask("POST", "/to/_update_by_query?refresh=true")
        self.assertEqual(updated["updated"], 30)
        self.assertEqual(self.ask("GET", "/to/_doc/1")["_version"], 2)
        gone = self.ask("POST", "/to/_delete_by_query?refresh=true&max_docs=4", {"query": {"match_all": {}}})
        self.assertEqual((gone["total"], gone["deleted"]), (4, 4))
        self.refused("POST", "/to/_delete_by_query", {}, reason="query is missing")
        self.refused("POST", "/to/_update_by_query", {"script": {"source": "x"}}, reason="no scripting language")

    def test_a_task_is_throttled_rethrottled_and_told(self):
        self.make("slow")
        self.fill("slow", 6)
        task = self.ask("POST", "/_reindex?wait_for_completion=false&requests_per_second=0.5", {
            "source": {"index": "slow", "size": 1}, "dest": {"index": "slow-copy"}})["task"]
        self.assertFalse(self.ask("GET", f"/_tasks/{task}")["completed"])
        listed = self.ask("GET", "/_tasks?actions=*reindex")["nodes"]
        self.assertIn(task, next(iter(listed.values()))["tasks"])
        self.ask("POST", f"/_tasks/{task}/_cancel")
        done = self.ask("GET", f"/_tasks/{task}?wait_for_completion=true")
        self.assertTrue(done["completed"])
        self.assertEqual(done["response"]["canceled"], "by user request")
        self.refused("GET", "/_tasks/nonsense", reason="malformed task id nonsense")
        self.refused("GET", "/_tasks/other:1", status=404, type="resource_not_found_exception")


class Ingest(DialectCase):
    def test_no_pipeline_of_a_pattern_is_not_found(self):
        self.assertEqual(self.ask("GET", "/_ingest/pipeline/nope*", status=404), {})

    def test_pipelines_work_on_what_is_written(self):
        self.ask("PUT", "/_ingest/pipeline/first", {"processors": [{"set": {"field": "k", "value": "{{n}}!"}}]})
        self.ask("PUT", "/_ingest/pipeline/last", {"processors": [{"uppercase": {"field": "k"}}]})
        self.ask("PUT", "/_ingest/pipeline/gone", {"processors": [{"drop": {}}]})
        self.make("ingested", settings={"default_pipeline": "first", "final_pipeline": "last"})
        self.ask("PUT", "/ingested/_doc/1", {"n": 5}, 201)
        self.assertEqual(self.ask("GET", "/ingested/_doc/1")["_source"], {"n": 5, "k": "5!"})
        self.ask("PUT", "/ingested/_doc/2?pipeline=_none", {"k": "x"}, 201)
        self.assertEqual(self.ask("GET", "/ingested/_doc/2")["_source"], {"k": "X"})
        self.assertEqual(self.ask("PUT", "/ingested/_doc/3?pipeline=gone", {"k": "x"})["result"], "noop")
        self.refused("PUT", "/ingested/_doc/4?pipeline=none", {"k": "x"},
                     reason="pipeline with id [none] does not exist")
        self.refused("DELETE", "/_ingest/pipeline/first", reason="it is the default pipeline for index(es) [ingested]")
        simulated = self.ask("POST", "/_ingest/pipeline/first/_simulate", {"docs": [{"_source": {"n": 1}}]})
        self.assertEqual(simulated["docs"][0]["doc"]["_source"], {"n": 1, "k": "1!"})


class Cat(DialectCase):
    def test_tables_align_sort_and_choose(self):
        self.make("cat-1", settings={"number_of_replicas": 0})
        self.make("cat-22", settings={"number_of_replicas": 1})
        self.fill("cat-1", 2)
        self.assertEqual(self.ask("GET", "/_cat/indices/cat-*?v&h=index,pri,docs.count&s=index:desc"),
                         "index  pri docs.count\ncat-22   1          0\ncat-1    1          2\n")
        rows = self.ask("GET", "/_cat/indices/cat-1?format=json&h=i,health,dc")
        self.assertEqual(rows, [{"i": "cat-1", "health": "green", "dc": "2"}])
        self.assertIn("health: \"yellow\"", self.ask("GET", "/_cat/indices/cat-22?format=yaml"))
        self.assertTrue(self.ask("GET", "/_cat/aliases?help").startswith("alias          | a                | alias name"))
        self.refused("GET", "/_cat/indices?s=nonsense", status=500, reason="unknown sort key `nonsense`")

    def test_every_table_answers(self):
        for line in self.ask("GET", "/_cat").split()[1:]:
            if "{" not in line:
                self.ask("GET", line + "?v")
                self.ask("GET", line + "?help")

    def test_what_clients_ask_first(self):
        self.assertEqual(self.ask("GET", "/")["version"]["distribution"], "opensearch")
        node = next(iter(self.ask("GET", "/_nodes/_all/http")["nodes"].values()))
        self.assertEqual(node["http"]["publish_address"], f"127.0.0.1:{self.client.port}")
        for path in ("/_nodes", "/_nodes/stats", "/_nodes/stats/_all", "/_nodes/_all", "/_cluster/stats", "/_cluster/state",
                     "/_cluster/state/metadata/none", "/_cluster/settings", "/_cluster/pending_tasks", "/_data_stream", "/_tasks"):
            self.ask("GET", path)
        self.assertTrue(self.ask("GET", "/_cluster/health/none", status=408)["timed_out"])
        self.assertTrue(self.ask("GET", "/_cluster/health?wait_for_nodes=%3E%3D2", status=408)["timed_out"])


class Restart(unittest.TestCase):
    def test_everything_is_there_again(self):
        import tempfile
        with tempfile.TemporaryDirectory() as folder:
            server, client = start(folder)
            uuid = client.send("GET", "/").json["cluster_uuid"]
            client.send("PUT", "/kept", {"mappings": MAPPINGS, "aliases": {"x": {"filter": {"term": {"n": 1}}}}})
            client.send("PUT", "/kept/_doc/1", {"n": 1})
            client.send("PUT", "/closed", {"mappings": MAPPINGS})
            client.send("POST", "/closed/_close")
            client.send("PUT", "/_ingest/pipeline/p", {"processors": []})
            client.send("PUT", "/_cluster/settings", {"persistent": {"action.auto_create_index": "false"}})
            client.close()
            os.kill(server.process.pid, 9)
            server.process.wait()
            stray = os.path.join(folder, "free", "abcdefghijklmnopqrstuv")
            os.mkdir(stray)
            server, client = start(folder)
            try:
                self.assertEqual(client.send("GET", "/").json["cluster_uuid"], uuid)
                self.assertEqual(client.send("GET", "/kept/_doc/1").json["_source"], {"n": 1})
                self.assertEqual(client.send("GET", "/_alias/x").json["kept"]["aliases"]["x"]["filter"], {"term": {"n": 1}})
                self.assertEqual(client.send("GET", "/closed/_mapping").status, 200)
                self.assertEqual(client.send("GET", "/_ingest/pipeline/p").status, 200)
                self.assertEqual(client.send("PUT", "/other/_doc/1", {"n": 1}).status, 404)
                self.assertFalse(os.path.exists(stray))
            finally:
                client.close()
                server.stop()

    def test_so_many_indices_and_no_more(self):
        server, client = start(settings=["dialect.max_indices=2"])
        try:
            self.assertEqual([client.send("PUT", f"/i{i}").status for i in range(3)], [200, 200, 400])
            self.assertIn("dialect.max_indices", client.send("PUT", "/i3").json["error"]["reason"])
        finally:
            client.close()
            server.stop()


if __name__ == "__main__":
    unittest.main(argv=sys.argv[:1] + ["-v"] + sys.argv[1:])
