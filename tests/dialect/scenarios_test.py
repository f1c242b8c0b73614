"""Does the dialect answer documents, bulk requests and searches as its clients expect?

Each class is a CTest; its tests share one server. The expected answers are those of OpenSearch 2.19.
"""
import json
import os
import sys
import unittest

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "support"))
from gyre_server import Server  # noqa: E402

MAPPINGS = {"dynamic": False, "properties": {"n": {"type": "long"}, "k": {"type": "keyword"}, "t": {"type": "text"}}}


class Dialect(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.server = Server(settings=["dialect.free_indices=true"]).start()
        cls.client = cls.server.dialect_client()

    @classmethod
    def tearDownClass(cls):
        cls.client.close()
        cls.server.stop()
        cls.server.temporary.cleanup()

    def setUp(self):
        self.client.send("DELETE", "/*")

    def ask(self, method, path, body=None, status=200):
        lines = isinstance(body, list)
        if lines:
            body = "".join((line if isinstance(line, str) else json.dumps(line)) + "\n" for line in body)
        answer = self.client.send(method, path, body, {"Content-Type": "application/x-ndjson"} if lines else None)
        self.assertEqual(answer.status, status, answer)
        return answer.json if answer.body else None

    def create(self, name="i", settings=None, aliases=None):
        self.ask("PUT", f"/{name}", {"settings": settings or {}, "mappings": MAPPINGS, "aliases": aliases or {}})

    def refused(self, method, path, body, status, kind, part):
        error = self.ask(method, path, body, status)["error"]
        self.assertEqual(error["type"], kind, error)
        self.assertIn(part, error["reason"])


class Documents(Dialect):
    def test_a_document_is_there_at_once_and_searchable_after_a_refresh(self):
        self.create(settings={"refresh_interval": "-1"})
        made = self.ask("PUT", "/i/_doc/1", {"n": 1}, 201)
        self.assertEqual((made["result"], made["_version"], made["_seq_no"], made["_primary_term"]),
                         ("created", 1, 0, 1))
        self.assertNotIn("forced_refresh", made)
        self.assertEqual(self.ask("GET", "/i/_doc/1")["_source"], {"n": 1})
        self.assertFalse(self.ask("GET", "/i/_doc/1?realtime=false", status=404)["found"])
        self.assertEqual(self.ask("GET", "/i/_count")["count"], 0)
        self.assertTrue(self.ask("PUT", "/i/_doc/1?refresh=true", {"n": 2})["forced_refresh"])
        self.assertNotIn("forced_refresh", self.ask("PUT", "/i/_doc/2?refresh=wait_for", {"n": 2}, 201))
        self.assertEqual(self.ask("GET", "/i/_count")["count"], 2)
        self.assertEqual(self.ask("GET", "/i/_doc/1?realtime=false")["_source"], {"n": 2})

    def test_versions_survive_a_delete(self):
        self.create()
        self.ask("PUT", "/i/_doc/1", {"n": 1}, 201)
        self.assertEqual(self.ask("DELETE", "/i/_doc/1")["_version"], 2)
        self.assertEqual(self.ask("DELETE", "/i/_doc/1", status=404)["result"], "not_found")
        self.assertEqual(self.ask("PUT", "/i/_doc/1", {"n": 1}, 201)["_version"], 4)

    def test_conditions(self):
        self.create()
        self.ask("PUT", "/i/_doc/1", {"n": 1}, 201)
        conflict = "version_conflict_engine_exception"
        self.refused("PUT", "/i/_create/1", {"n": 2}, 409, conflict, "document already exists (current version [1])")
        self.refused("PUT", "/i/_doc/1?if_seq_no=5&if_primary_term=1", {"n": 2}, 409, conflict, "required seqNo [5]")
        self.ask("PUT", "/i/_doc/1?if_seq_no=0&if_primary_term=1", {"n": 2})
        self.ask("PUT", "/i/_doc/2?version=0&version_type=external", {"n": 2}, 201)
        self.refused("PUT", "/i/_doc/2?version=0&version_type=external", {"n": 2}, 409, conflict, "higher or equal")
        self.ask("PUT", "/i/_doc/2?version=0&version_type=external_gte", {"n": 2})
        self.refused("GET", "/i/_doc/1?version=9", None, 409, conflict, "is different than the one provided [9]")
        invalid = "action_request_validation_exception"
        self.refused("PUT", "/i/_doc/1?version=1", {"n": 2}, 400, invalid, "internal versioning can not be used")
        self.refused("PUT", "/i/_doc/1?if_seq_no=1", {"n": 2}, 400, invalid, "primary term is [0]")
        self.refused("PUT", "/i/_doc/" + "x" * 513, {"n": 2}, 400, invalid, "512 bytes but was: 513")

    def test_updates_merge(self):
        self.create()
        path = "/i/_update/1"
        self.refused("POST", path, {"doc": {"n": 1}}, 404, "document_missing_exception", "[1]: document missing")
        self.assertEqual(self.ask("POST", path, {"doc": {"a": {"b": 1}}, "doc_as_upsert": True}, 201)["_version"], 1)
        answer = self.ask("POST", path + "?_source=a.c", {"doc": {"a": {"c": 2}}})
        self.assertEqual(answer["get"]["_source"], {"a": {"c": 2}})
        again = self.ask("POST", path, {"doc": {"a": {"c": 2}}})
        self.assertEqual((again["result"], again["_version"], again["_shards"]["total"]), ("noop", 2, 0))
        self.assertEqual(self.ask("POST", path, {"doc": {}, "detect_noop": False})["_version"], 3)
        self.assertEqual(self.ask("GET", "/i/_source/1"), {"a": {"b": 1, "c": 2}})
        self.refused("POST", path, {"script": "x"}, 400, "illegal_argument_exception", "[script] is not supported")

    def test_an_update_that_writes_nothing_does_not_refresh(self):
        self.create(settings={"refresh_interval": "-1"})
        self.ask("PUT", "/i/_doc/1", {"n": 1}, 201)
        self.ask("POST", "/i/_update/1?refresh=true&if_seq_no=50&if_primary_term=1", {"doc": {"n": 2}}, 409)
        self.ask("POST", "/i/_update/9?refresh=true", {"doc": {"n": 2}}, 404)
        self.ask("POST", "/i/_update/1?refresh=true", {"doc": {"n": 1}})
        self.assertEqual(self.ask("GET", "/i/_count")["count"], 0)
        self.ask("PUT", "/i/_create/1?refresh=true", {"n": 2}, 409)
        self.assertEqual(self.ask("GET", "/i/_count")["count"], 1)

    def test_routing_hides_a_document_from_other_shards(self):
        self.create(settings={"number_of_shards": 5, "number_of_routing_shards": 5})
        self.ask("PUT", "/i/_doc/1?routing=5", {"n": 1}, 201)
        self.assertEqual(self.ask("GET", "/i/_doc/1?routing=5")["_routing"], "5")
        self.ask("GET", "/i/_doc/1", status=404)
        self.ask("POST", "/i/_update/1", {"doc": {"n": 2}}, 404)
        self.ask("DELETE", "/i/_doc/1", status=404)
        docs = self.ask("POST", "/i/_mget", {"docs": [{"_id": 1}, {"_id": 1, "routing": 4}, {"_id": 1, "routing": 5}]})
        self.assertEqual([doc["found"] for doc in docs["docs"]], [False, False, True])
        self.ask("DELETE", "/i/_doc/1?routing=5")

    def test_missing_indices(self):
        self.refused("GET", "/none/_doc/1", None, 404, "index_not_found_exception", "no such index [none]")
        self.refused("DELETE", "/none/_doc/1", None, 404, "index_not_found_exception", "no such index [none]")
        self.refused("PUT", "/none/_doc/1?require_alias=true", {"n": 1}, 404, "index_not_found_exception",
                     "[none] is not an alias")
        docs = self.ask("POST", "/_mget", {"docs": [{"_index": "none", "_id": "1"}]})["docs"]
        self.assertEqual(docs[0]["error"]["type"], "index_not_found_exception")

    def test_bad_requests_name_what_is_wrong(self):
        self.create()
        bad = "illegal_argument_exception"
        self.refused("PUT", "/i/_doc/1?foo=1", {"n": 1}, 400, bad, "unrecognized parameter: [foo]")
        self.refused("PUT", "/i/_doc/1?refresh=foo", {"n": 1}, 400, bad, "Unknown value for refresh: [foo].")
        self.refused("PUT", "/i/_doc/1?op_type=foo", {"n": 1}, 400, bad, "found: [foo]")
        self.refused("PUT", "/i/_doc/1", None, 400, "parse_exception", "request body is required")
        self.assertEqual(self.client.send("PUT", "/i/_doc/1", "{}", {"Content-Type": "text/plain"}).status, 406)


class Bulk(Dialect):
    def test_an_update_that_changes_nothing_is_told_as_written(self):
        self.create(settings={"number_of_replicas": 0})
        self.ask("PUT", "/i/_doc/1", {"n": 1}, 201)
        item = self.ask("POST", "/i/_bulk", [{"update": {"_id": "1"}}, {"doc": {"n": 1}}])["items"][0]["update"]
        self.assertEqual((item["result"], item["_shards"]), ("noop", {"total": 1, "successful": 1, "failed": 0}))
        alone = self.ask("POST", "/i/_update/1", {"doc": {"n": 1}})
        self.assertEqual((alone["result"], alone["_shards"]["total"]), ("noop", 0))

    def test_items_stand_for_themselves(self):
        self.create()
        answer = self.ask("POST", "/_bulk?refresh=true", [
            {"index": {"_index": "i", "_id": "1"}}, {"n": 1},
            {"create": {"_index": "i", "_id": "1"}}, {"n": 2},
            {"delete": {"_index": "i", "_id": "x"}},
            {"update": {"_index": "i", "_id": "1", "_source": True}}, {"doc": {"k": "v"}},
            {"update": {"_index": "i", "_id": "y"}}, {"doc": {"k": "v"}},
            {"index": {"_index": "i", "_id": "bad"}}, '{"n":',
            {"index": {"_index": "BAD", "_id": "1"}}, {"n": 1}])
        self.assertTrue(answer["errors"])
        items = [next(iter(item.items())) for item in answer["items"]]
        self.assertEqual([(name, item["status"]) for name, item in items],
                         [("index", 201), ("create", 409), ("delete", 404), ("update", 200), ("update", 404),
                          ("index", 400), ("index", 400)])
        self.assertNotIn("error", items[2][1])
        self.assertEqual(items[3][1]["get"]["_source"], {"n": 1, "k": "v"})
        self.assertEqual(items[5][1]["error"]["type"], "mapper_parsing_exception")
        self.assertEqual(items[6][1]["error"]["type"], "invalid_index_name_exception")
        self.assertEqual(self.ask("GET", "/i/_count")["count"], 1)

    def test_later_items_see_earlier_ones(self):
        self.create()
        answer = self.ask("POST", "/i/_bulk", [
            {"index": {"_id": "1"}}, {"n": 1}, {"update": {"_id": "1"}}, {"doc": {"k": "a"}}, {"delete": {"_id": "1"}},
            {"create": {"_id": "1"}}, {"n": 3}])
        self.assertEqual([next(iter(item.values()))["_version"] for item in answer["items"]], [1, 2, 3, 4])
        self.assertEqual(self.ask("GET", "/i/_source/1"), {"n": 3})

    def test_a_malformed_action_writes_nothing(self):
        self.create()
        self.refused("POST", "/_bulk", [{"index": {"_index": "i", "_id": "1"}}, {"n": 1}, {"foo": {}}, {"n": 1}], 400,
                     "illegal_argument_exception", "but found [foo]")
        self.ask("GET", "/i/_doc/1", status=404)


class Searches(Dialect):
    def fill(self, count=25):
        self.create()
        lines = []
        for n in range(count):
            lines += [{"index": {"_id": str(n)}}, {"n": n, "k": f"k{n % 3}"}]
        self.ask("POST", "/i/_bulk?refresh=true", lines)

    def test_a_scroll_shows_what_was_there(self):
        self.fill()
        page = self.ask("POST", "/i/_search?scroll=1m", {"size": 10, "sort": ["n"]})
        self.ask("PUT", "/i/_doc/100?refresh=true", {"n": 100}, 201)
        seen = []
        while page["hits"]["hits"]:
            seen += [hit["_id"] for hit in page["hits"]["hits"]]
            page = self.ask("POST", "/_search/scroll", {"scroll": "1m", "scroll_id": page["_scroll_id"]})
        self.assertEqual(seen, [str(n) for n in range(25)])
        scroll_id = page["_scroll_id"]
        self.assertEqual(self.ask("DELETE", "/_search/scroll", {"scroll_id": [scroll_id]})["num_freed"], 1)
        self.ask("DELETE", "/_search/scroll", {"scroll_id": [scroll_id]}, 404)
        self.refused("POST", "/_search/scroll", {"scroll_id": scroll_id}, 404, "search_phase_execution_exception",
                     "all shards failed")
        self.refused("POST", "/i/_search?scroll=25h", {}, 400, "illegal_argument_exception", "is too large")

    def test_a_point_in_time_stays(self):
        self.fill()
        point = self.ask("POST", "/i/_search/point_in_time?keep_alive=1m")["pit_id"]
        self.ask("PUT", "/i/_doc/100?refresh=true", {"n": 100}, 201)
        self.assertEqual(self.ask("POST", "/_search", {"pit": {"id": point}})["hits"]["total"]["value"], 25)
        self.assertEqual(self.ask("GET", "/_search/point_in_time/_all")["pits"][0]["pit_id"], point)
        self.refused("POST", "/i/_search", {"pit": {"id": point}}, 400, "action_request_validation_exception",
                     "[indices] cannot be used")
        self.ask("DELETE", "/i")
        self.ask("POST", "/_search", {"pit": {"id": point}}, 404)

    def test_failures_name_their_index(self):
        self.fill(1)
        error = self.ask("POST", "/i/_search", {"sort": ["none"]}, 400)["error"]
        self.assertEqual((error["type"], error["phase"], error["grouped"]),
                         ("search_phase_execution_exception", "query", True))
        self.assertEqual(error["failed_shards"][0]["index"], "i")
        self.assertEqual(error["root_cause"][0]["type"], "query_shard_exception")
        self.refused("POST", "/none/_search", None, 404, "index_not_found_exception", "no such index [none]")
        self.assertEqual(self.ask("POST", "/none*/_search")["hits"]["total"]["value"], 0)

    def test_a_malformed_request_is_refused_before_a_missing_index(self):
        self.refused("POST", "/none/_search", {"query": {"foo": {}}}, 400, "parsing_exception", "unknown query [foo]")
        self.refused("POST", "/none/_count", {"query": {"foo": {}}}, 400, "parsing_exception", "unknown query [foo]")
        self.refused("POST", "/none/_count", {"query": {"match_all": {}}}, 404, "index_not_found_exception", "none")
        self.refused("POST", "/none/_search", {"sort": ["n"]}, 404, "index_not_found_exception", "none")
        self.assertEqual(self.ask("POST", "/none*/_search", {"sort": ["n"]})["hits"]["hits"], [])

    def test_too_many_buckets(self):
        self.fill(4)
        terms = {"size": 0, "aggs": {"n": {"terms": {"field": "n"}}}}
        self.ask("PUT", "/_cluster/settings", {"transient": {"search.max_buckets": 3}})
        try:
            error = self.ask("POST", "/i/_search", terms, 503)["error"]
            self.assertEqual(error["type"], "search_phase_execution_exception")
            self.assertEqual(error["caused_by"]["type"], "too_many_buckets_exception")
            self.assertIn("Must be less than or equal to: [3]", error["caused_by"]["reason"])
            terms["aggs"]["n"]["terms"]["size"] = 3
            self.ask("POST", "/i/_search", terms)
        finally:
            self.ask("PUT", "/_cluster/settings", {"transient": {"search.max_buckets": None}})

    def test_what_an_index_refuses_is_its_failure(self):
        self.fill(3)
        for body in ({"aggs": {"a": {"weighted_avg": {"value": {"field": "n"}}}}},
                     {"aggs": {"a": {"top_hits": {"size": 200}}}},
                     {"aggs": {"a": {"composite": {"sources": [{"n": {"terms": {"field": "n"}}}], "after": {"x": 1}}}}},
                     {"rescore": {"window_size": 10001, "query": {"rescore_query": {"match_all": {}}}}},
                     {"sort": [{"zz": {"unmapped_type": "foo"}}]}):
            self.refused("POST", "/i/_search", body, 400, "search_phase_execution_exception", "all shards failed")

    def test_totals_as_numbers_are_exact(self):
        self.fill(3)
        self.refused("POST", "/i/_search?rest_total_hits_as_int=true", {"track_total_hits": 2}, 400,
                     "illegal_argument_exception", "cannot be used if the tracking of total hits is not accurate, got 2")
        self.assertEqual(self.ask("POST", "/i/_search?rest_total_hits_as_int=true")["hits"]["total"], 3)

    def test_explained_hits_say_where_they_are(self):
        self.fill(1)
        hit = self.ask("POST", "/i/_search?explain=true")["hits"]["hits"][0]
        self.assertEqual(hit["_shard"], "[i][0]")
        self.assertTrue(hit["_node"])
        self.assertEqual(self.ask("POST", "/none*/_search")["hits"]["max_score"], 0.0)

    def test_many_searches(self):
        self.fill(3)
        answer = self.ask("POST", "/_msearch", [{"index": "i"}, {"query": {"term": {"n": 1}}}, {"index": "none"}, {}])
        self.assertEqual([each["status"] for each in answer["responses"]], [200, 404])
        self.assertEqual(answer["responses"][0]["hits"]["hits"][0]["_id"], "1")

    def test_validation_and_explanation(self):
        self.fill(3)
        self.assertTrue(self.ask("POST", "/i/_validate/query", {"query": {"term": {"n": 1}}})["valid"])
        self.assertFalse(self.ask("POST", "/i/_validate/query", {"query": {"foo": {}}})["valid"])
        self.assertTrue(self.ask("POST", "/i/_explain/1", {"query": {"term": {"n": 1}}})["matched"])
        self.assertFalse(self.ask("POST", "/i/_explain/2", {"query": {"term": {"n": 1}}})["matched"])
        self.ask("POST", "/i/_explain/9", {"query": {"term": {"n": 1}}}, 404)

    def test_what_is_like_a_document(self):
        self.create()
        texts = ["apple pear plum apple", "apple apple pear fig", "plum plum plum kiwi", "fig kiwi pear apple",
                 "banana cherry banana cherry cherry", "cherry banana grape", "apple banana apple banana"]
        lines = []
        for n, text in enumerate(texts):
            lines += [{"index": {"_id": str(n + 1)}}, {"t": text}]
        self.ask("POST", "/i/_bulk?refresh=true", lines)

        def like(**members):
            query = {"more_like_this": {"fields": ["t"], "min_term_freq": 1, "min_doc_freq": 1, **members}}
            return [hit["_id"] for hit in self.ask("POST", "/i/_search", {"query": query})["hits"]["hits"]]

        # As OpenSearch 2.19 answers.
        self.assertEqual(like(like=[{"_id": "1"}]), ["3", "2", "4", "7"])
        self.assertEqual(like(like=[{"_id": "1"}], include=True), ["1", "3", "2", "4", "7"])
        self.assertEqual(like(like=["apple", {"_id": "5"}]), ["6", "7", "1", "2", "4"])
        self.assertEqual(like(like="apple plum", unlike=[{"_id": "3"}]), ["1", "3", "2", "7", "4"])
        self.assertEqual(like(like=[{"_id": "77"}]), [])


if __name__ == "__main__":
    unittest.main()
