"""Does the dialect keep what a mapping and an index' settings say about reading, writing and searching?

Each class is a CTest; its tests share one server. The expected answers are those of OpenSearch 2.19.
"""
import os
import sys
import unittest

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
from scenarios_test import Dialect  # noqa: E402


class Sources(Dialect):
    def test_a_disabled_source_is_not_shown(self):
        self.ask("PUT", "/i", {"mappings": {"_source": {"enabled": False}, "properties": {
            "k": {"type": "keyword", "store": True}, "n": {"type": "long"}}}})
        self.ask("PUT", "/i/_doc/1", {"k": "a", "n": 1}, 201)
        got = self.ask("GET", "/i/_doc/1?stored_fields=k,n")
        self.assertNotIn("_source", got)
        self.assertEqual(got["fields"], {"k": ["a"]})
        self.refused("GET", "/i/_source/1", None, 404, "resource_not_found_exception", "Source not found [i]/[1]")
        self.refused("POST", "/i/_update/1", {"doc": {"k": "b"}}, 400, "document_source_missing_exception",
                     "[1]: document source missing")
        self.ask("POST", "/i/_refresh")
        self.refused("POST", "/i/_update_by_query", None, 400, "illegal_argument_exception",
                     "[i][1] didn't store _source")
        self.refused("POST", "/_reindex", {"source": {"index": "i"}, "dest": {"index": "j"}}, 400,
                     "illegal_argument_exception", "[i][1] didn't store _source")

    def test_a_part_of_the_source_is_what_updates_see(self):
        self.ask("PUT", "/i", {"mappings": {"_source": {"excludes": ["secret"]}}})
        self.ask("PUT", "/i/_doc/1", {"a": 1, "secret": "x"}, 201)
        self.assertEqual(self.ask("GET", "/i/_source/1"), {"a": 1})
        updated = self.ask("POST", "/i/_update/1?_source=true", {"doc": {"b": 2, "secret": "y"}})
        self.assertEqual(updated["get"]["_source"], {"a": 1, "b": 2})
        self.assertEqual(self.ask("POST", "/i/_update/1", {"doc": {"a": 1}})["result"], "noop")

    def test_stored_fields_of_one_document(self):
        self.ask("PUT", "/i", {"mappings": {"properties": {
            "k": {"type": "keyword", "store": True}, "o": {"properties": {"x": {"type": "long"}}}}}})
        self.ask("PUT", "/i/_doc/1?routing=r", {"k": ["b", "a"], "o": {"x": 1}}, 201)
        got = self.ask("GET", "/i/_doc/1?routing=r&stored_fields=k,o.x,_source&_source=o")
        self.assertEqual((got["fields"], got["_source"], got["_routing"]), ({"k": ["b", "a"]}, {"o": {"x": 1}}, "r"))
        self.assertNotIn("_source", self.ask("GET", "/i/_doc/1?routing=r&stored_fields=k"))
        self.refused("GET", "/i/_doc/1?routing=r&stored_fields=o", None, 400, "illegal_argument_exception",
                     "field [o] isn't a leaf field")
        many = self.ask("POST", "/i/_mget", {"docs": [{"_id": "1", "routing": "r", "stored_fields": ["k"]}]})
        self.assertEqual(many["docs"][0]["fields"], {"k": ["b", "a"]})


class Routing(Dialect):
    def test_a_routing_that_is_required_is_asked_for(self):
        self.ask("PUT", "/i", {"mappings": {"_routing": {"required": True}}})
        for method, path, body in [("PUT", "/i/_doc/1", {"a": 1}), ("GET", "/i/_doc/1", None),
                                   ("GET", "/i/_source/1", None), ("POST", "/i/_update/1", {"doc": {"a": 1}}),
                                   ("DELETE", "/i/_doc/1", None),
                                   ("GET", "/i/_explain/1", {"query": {"match_all": {}}})]:
            self.refused(method, path, body, 400, "routing_missing_exception", "routing is required for [i]/[1]")
        items = self.ask("POST", "/_bulk", [{"index": {"_index": "i", "_id": "1"}}, {"a": 1},
                                            {"index": {"_index": "i", "_id": "1", "routing": "r"}}, {"a": 1}])["items"]
        self.assertEqual([item["index"]["status"] for item in items], [400, 201])
        got = self.ask("POST", "/_mget", {"docs": [{"_index": "i", "_id": "1"},
                                                   {"_index": "i", "_id": "1", "routing": "r"}]})["docs"]
        self.assertEqual(got[0]["error"]["type"], "routing_missing_exception")
        self.assertTrue(got[1]["found"])

    def test_hits_show_their_routing_and_copies_keep_it(self):
        self.ask("PUT", "/i/_doc/1?routing=r&refresh=true", {"a": 1}, 201)
        self.ask("PUT", "/i/_doc/2?refresh=true", {"a": 1}, 201)
        hits = {hit["_id"]: hit for hit in self.ask("GET", "/i/_search")["hits"]["hits"]}
        self.assertEqual(hits["1"]["_routing"], "r")
        self.assertNotIn("_routing", hits["2"])
        self.ask("POST", "/_reindex?refresh=true", {"source": {"index": "i"}, "dest": {"index": "j"}})
        self.assertEqual(self.ask("GET", "/j/_doc/1?routing=r")["_routing"], "r")


class Limits(Dialect):
    def test_settings_of_an_index_bound_requests(self):
        self.ask("PUT", "/i", {"settings": {"max_terms_count": 1, "max_regex_length": 2, "max_rescore_window": 3,
                                            "max_docvalue_fields_search": 1, "max_inner_result_window": 1}})
        self.ask("PUT", "/i/_doc/1?refresh=true", {"k": "a", "n": 1}, 201)
        for body, part in [({"query": {"terms": {"k": ["a", "b"]}}}, "[index.max_terms_count]"),
                           ({"query": {"regexp": {"k": "aaa"}}}, "[index.max_regex_length]"),
                           ({"query": {"query_string": {"query": "k:/aaa/"}}}, "[index.max_regex_length]"),
                           ({"docvalue_fields": ["n", "k.keyword"]}, "[index.max_docvalue_fields_search]"),
                           ({"aggs": {"x": {"top_hits": {"size": 2}}}}, "[index.max_inner_result_window]"),
                           ({"rescore": {"window_size": 4, "query": {"rescore_query": {"match_all": {}}}}},
                            "[index.max_rescore_window]")]:
            error = self.ask("POST", "/i/_search", body, 400)["error"]
            self.assertIn(part, error["failed_shards"][0]["reason"]["reason"])
        self.ask("PUT", "/i/_settings", {"max_terms_count": 2})
        self.ask("POST", "/i/_search", {"query": {"terms": {"k": ["a", "b"]}}})

    def test_nested_queries_may_be_so_deep(self):
        nested = {"type": "nested", "properties": {"b": {"type": "nested", "properties": {"k": {"type": "keyword"}}}}}
        self.ask("PUT", "/i", {"settings": {"index.query.max_nested_depth": 1}, "mappings": {"properties": {"a": nested}}})
        self.ask("PUT", "/i/_doc/1?refresh=true", {"a": {"b": {"k": "x"}}}, 201)
        shallow = {"query": {"nested": {"path": "a.b", "query": {"term": {"a.b.k": "x"}}}}}
        deep = {"query": {"nested": {"path": "a", "query": shallow["query"]}}}
        self.assertEqual(self.ask("POST", "/i/_search", shallow)["hits"]["total"]["value"], 1)
        # Two that stand beside each other are no deeper than one.
        self.ask("POST", "/i/_search", {"query": {"bool": {"must": [shallow["query"], shallow["query"]]}}})
        reason = self.ask("POST", "/i/_search", deep, 400)["error"]["failed_shards"][0]["reason"]["reason"]
        self.assertIn("The depth of Nested Query is [2] has exceeded the allowed maximum of [1]", reason)
        self.assertIn("[index.query.max_nested_depth]", reason)
        self.ask("PUT", "/i/_settings", {"index.query.max_nested_depth": 2})
        self.assertEqual(self.ask("POST", "/i/_search", deep)["hits"]["total"]["value"], 1)

    def test_default_fields_and_expensive_queries(self):
        self.ask("PUT", "/i", {"settings": {"query.default_field": ["a"]}})
        self.ask("PUT", "/i/_doc/1?refresh=true", {"a": "x", "b": "y"}, 201)
        self.assertEqual(self.ask("GET", "/i/_count?q=y")["count"], 0)
        self.assertEqual(self.ask("GET", "/i/_count?q=x")["count"], 1)
        setting = "search.allow_expensive_queries"
        self.ask("PUT", "/_cluster/settings", {"transient": {setting: False}})
        try:
            self.ask("POST", "/i/_search", {"query": {"wildcard": {"a": "x*"}}}, 400)
        finally:
            self.ask("PUT", "/_cluster/settings", {"transient": {setting: None}})
        self.ask("POST", "/i/_search", {"query": {"wildcard": {"a": "x*"}}})


class LookUps(Dialect):
    def test_terms_come_from_another_document(self):
        self.ask("PUT", "/who/_doc/1?routing=r", {"o": {"names": ["a", "b"]}}, 201)
        for index in ("i", "j"):
            for name in "abc":
                self.ask("PUT", f"/{index}/_doc/{name}?refresh=true", {"k": name}, 201)
        place = {"index": "who", "id": "1", "path": "o.names", "routing": "r"}
        query = {"query": {"terms": {"k": place}}}
        self.assertEqual(self.ask("POST", "/i,j/_count", query)["count"], 4)
        gets = self.ask("GET", "/who/_stats/get")["_all"]["total"]["get"]["total"]
        self.ask("POST", "/i,j/_search", query)
        self.assertEqual(self.ask("GET", "/who/_stats/get")["_all"]["total"]["get"]["total"], gets + 1)
        self.assertEqual(self.ask("POST", "/i/_count", {"query": {"terms": {"k": {**place, "id": "2"}}}})["count"], 0)
        self.refused("POST", "/i/_search", {"query": {"terms": {"k": {**place, "index": "gone"}}}}, 404,
                     "index_not_found_exception", "no such index [gone]")
        self.ask("POST", "/i/_delete_by_query?refresh=true", query)
        self.assertEqual(self.ask("GET", "/i/_count")["count"], 1)


class Statistics(Dialect):
    def total(self, section, index="i"):
        return self.ask("GET", f"/{index}/_stats/{section}")["_all"]["total"][section]

    def test_what_is_done_is_counted(self):
        self.create()
        self.ask("PUT", "/i/_doc/1", {"n": 1}, 201)
        self.ask("PUT", "/i/_create/1", {"n": 1}, 409)
        self.ask("PUT", "/i/_doc/2", {"n": "x"}, 400)
        self.ask("POST", "/i/_update/1", {"doc": {"n": 1}})
        self.ask("POST", "/_bulk", [{"update": {"_index": "i", "_id": "1"}}, {"doc": {"n": 1}},
                                    {"index": {"_index": "i"}}, {"n": 2}])
        self.ask("DELETE", "/i/_doc/1")
        indexing = self.total("indexing")
        self.assertEqual([indexing[name] for name in
                          ("index_total", "index_failed", "delete_total", "noop_update_total")], [2, 2, 1, 2])
        before = self.total("get")
        self.ask("GET", "/i/_doc/1", status=404)
        self.ask("POST", "/i/_refresh")
        self.ask("POST", "/i/_search?scroll=1m", {"size": 1})
        scroll = self.ask("POST", "/i/_search?scroll=1m", {"size": 1})["_scroll_id"]
        after = self.total("get")
        self.assertEqual(after["missing_total"] - before["missing_total"], 1)
        search = self.total("search")
        self.assertEqual((search["query_total"], search["fetch_total"], search["open_contexts"],
                          search["scroll_current"], search["scroll_total"]), (2, 2, 2, 2, 0))
        self.ask("DELETE", "/_search/scroll", {"scroll_id": [scroll]})
        search = self.total("search")
        self.assertEqual((search["scroll_current"], search["scroll_total"]), (1, 1))
        row = self.ask("GET", "/_cat/indices/i?format=json&h=indexing.index_total,search.query_total")[0]
        self.assertEqual(row, {"indexing.index_total": "2", "search.query_total": "2"})

    def test_a_metric_that_is_not_known_is_likened(self):
        self.refused("GET", "/_stats/fieldata", None, 400, "illegal_argument_exception",
                     "contains unrecognized metric: [fieldata] -> did you mean [fielddata]?")


class Growth(Dialect):
    def test_limits_of_the_mapping_may_change(self):
        self.ask("PUT", "/i", {"settings": {"index.mapping.total_fields.limit": 2}})
        self.refused("PUT", "/i/_doc/1", {"a": 1, "b": 1, "c": 1}, 400, "illegal_argument_exception",
                     "Limit of total fields [2] has been exceeded")
        self.ask("PUT", "/i/_settings", {"index.mapping.total_fields.limit": 3})
        self.ask("PUT", "/i/_doc/1", {"a": 1, "b": 1, "c": 1}, 201)
        # What is there stays, whatever the limit says now.
        self.ask("PUT", "/i/_settings", {"index.mapping.total_fields.limit": 1})
        self.ask("POST", "/i/_close")
        self.ask("POST", "/i/_open")
        self.ask("PUT", "/i/_doc/2", {"a": 1, "b": 2, "c": 3}, 201)
        self.refused("PUT", "/i/_doc/3", {"d": 1}, 400, "illegal_argument_exception",
                     "Limit of total fields [1] has been exceeded")


class IndexSorting(Dialect):
    FIELDS = {"n": {"type": "integer"}, "k": {"type": "keyword"}, "t": {"type": "text"}, "h": {"type": "half_float"},
              "u": {"type": "long", "doc_values": False}, "g": {"type": "geo_point"}, "o": {"properties": {}}}

    def make(self, name, **sort):
        return {"settings": {"index": {"sort": sort}}, "mappings": {"properties": self.FIELDS}}

    def order(self, **body):
        self.ask("POST", "/i/_refresh")
        return [hit["_id"] for hit in self.ask("POST", "/i/_search", {"size": 100, **body})["hits"]["hits"]]

    def test_each_segment_is_in_order(self):
        self.ask("PUT", "/i", self.make("i", field=["n", "k"], order=["desc", "asc"], missing=["_first", "_last"]))
        settings = self.ask("GET", "/i/_settings")["i"]["settings"]["index"]
        self.assertEqual(settings["sort"], {"field": ["n", "k"], "order": ["desc", "asc"],
                                            "missing": ["_first", "_last"]})
        documents = {"a": {"n": 1, "k": "x"}, "b": {"n": [0, 2], "k": "x"}, "c": {"k": "y"}, "d": {"n": 1, "k": ["z", "w"]},
                     "e": {"n": 2}, "f": {"n": 2, "k": "a"}}
        for name, document in documents.items():
            self.ask("PUT", f"/i/_doc/{name}", document, 201)
        self.assertEqual(self.order(), ["c", "f", "b", "e", "d", "a"])
        self.ask("PUT", "/i/_doc/b", {"n": 9})
        self.ask("DELETE", "/i/_doc/f")
        self.ask("PUT", "/i/_doc/g", {"n": 1, "k": "w"}, 201)
        self.assertEqual(self.order(sort="_doc"), ["c", "e", "d", "a", "b", "g"])
        self.ask("POST", "/i/_close")
        self.ask("POST", "/i/_open")
        self.assertEqual(self.order(), ["c", "e", "d", "a", "b", "g"])
        self.ask("POST", "/i/_forcemerge?max_num_segments=1")
        self.assertEqual(self.order(), ["c", "b", "e", "d", "g", "a"])
        segments = self.ask("GET", "/i/_segments")["indices"]["i"]["shards"]["0"][0]["segments"]
        self.assertEqual([segment["sort"] for segment in segments.values()], [[
            {"field": "n", "mode": "max", "missing": "2147483647", "reverse": True},
            {"field": "k", "mode": "min", "missing": "SortField.STRING_LAST", "reverse": False}]])
        page = self.ask("POST", "/i/_search?scroll=1m", {"size": 4, "sort": ["_doc"]})
        rest = self.ask("POST", "/_search/scroll", {"scroll_id": page["_scroll_id"]})
        self.assertEqual([hit["_id"] for hit in rest["hits"]["hits"]], ["g", "a"])

    def test_what_cannot_be_sorted_is_refused(self):
        for sort, why in [({"field": "zz"}, "unknown index sort field:[zz]"), ({"field": "o"}, "unknown index sort field:[o]"),
                          ({"field": "_id"}, "invalid index sort field:[_id]"), ({"field": "h"}, "invalid index sort field:[h]"),
                          ({"field": "u"}, "docvalues not found for index sort field:[u]"),
                          ({"field": "t"}, "docvalues not found for index sort field:[t]"),
                          ({"field": "g"}, "can't sort on geo_point field without using specific sorting feature"),
                          ({"field": "n", "order": "up"}, "Illegal sort order:up"),
                          ({"field": "n", "mode": "zz"}, "Illegal sort mode: zz"),
                          ({"field": "n", "mode": "sum"}, "Illegal index sort mode:[SUM], must be one of [MAX, MIN]"),
                          ({"field": "n", "missing": "0"}, "Illegal missing value:[0], must be one of [_last, _first]"),
                          ({"field": ["n", "k"], "order": "asc"},
                           "index.sort.field:[n, k] index.sort.order:[asc], size mismatch"),
                          ({"missing": "_last"}, "index.sort.field:[] index.sort.missing:[_last], size mismatch"),
                          ({"zz": 1}, "unknown setting [index.sort.zz]")]:
            self.refused("PUT", "/i", self.make("i", **sort), 400, "illegal_argument_exception", why)
        # A mapping that comes later is too late.
        self.refused("PUT", "/i", {"settings": {"index.sort.field": "n"}}, 400, "illegal_argument_exception",
                     "unknown index sort field:[n]")

    def test_a_sort_is_final(self):
        self.ask("PUT", "/i", self.make("i", field="n"))
        self.refused("PUT", "/i/_settings", {"index.sort.order": "desc"}, 400, "illegal_argument_exception",
                     "Can't update non dynamic settings [[index.sort.order]] for open indices")
        self.ask("POST", "/i/_close")
        self.refused("PUT", "/i/_settings", {"index.sort.order": "desc"}, 400, "illegal_argument_exception",
                     "final i setting [index.sort.order], not updateable")

    def test_nested_fields_do_not_go_with_it(self):
        why = "cannot have nested fields when index sort is activated"
        nested = {"properties": {"n": {"type": "integer"}, "x": {"type": "nested"}}}
        sorted_by_n = {"settings": {"index.sort.field": "n"}, "mappings": nested}
        self.refused("PUT", "/i", sorted_by_n, 400, "illegal_argument_exception", why)
        self.refused("PUT", "/_template/t", {"index_patterns": ["t*"], **sorted_by_n}, 400, "illegal_argument_exception", why)
        self.refused("PUT", "/_component_template/c", {"template": sorted_by_n}, 400, "illegal_argument_exception", why)
        self.refused("PUT", "/_index_template/t", {"index_patterns": ["t*"], "template": sorted_by_n}, 400,
                     "illegal_argument_exception", "composable template [t] template after composition is invalid")
        self.ask("PUT", "/i", self.make("i", field="n"))
        self.refused("PUT", "/i/_mapping", {"properties": {"x": {"type": "nested"}}}, 400, "illegal_argument_exception", why)

    def test_templates_give_a_sort(self):
        self.ask("PUT", "/_component_template/by_n", {"template": {"settings": {"index.sort.field": "n"}}})
        self.refused("PUT", "/_index_template/t", {"index_patterns": ["t*"], "composed_of": ["by_n"], "template": {
            "settings": {"index.sort.order": ["asc", "asc"]}}}, 400, "illegal_argument_exception",
            "composable template [t] template after composition with component templates [by_n] is invalid")
        self.refused("PUT", "/_index_template/t", {"index_patterns": ["t*"], "template": {
            "settings": {"index.sort.field": "n", "index.sort.order": "up"}}}, 400, "invalid_index_template_exception",
            "index_template [t] invalid, cause [Validation Failed: 1: Illegal sort order:up;]")
        self.ask("PUT", "/_index_template/t", {"index_patterns": ["t*"], "composed_of": ["by_n"], "template": {
            "settings": {"index.sort.order": "desc"}, "mappings": {"properties": {"n": {"type": "long"}}}}})
        for number in (1, 3, 2):
            self.ask("PUT", f"/t1/_doc/{number}", {"n": number}, 201)
        self.ask("POST", "/t1/_refresh")
        hits = self.ask("POST", "/t1/_search")["hits"]["hits"]
        self.assertEqual([hit["_id"] for hit in hits], ["3", "2", "1"])
        for path in ("/t1", "/_index_template/t", "/_component_template/by_n"):
            self.ask("DELETE", path)


class FieldCaps(Dialect):
    def setUp(self):
        super().setUp()
        self.ask("PUT", "/a1", {"aliases": {"al": {}}, "mappings": {"properties": {
            "a": {"type": "keyword", "meta": {"unit": "ms"}}, "b": {"type": "long"}, "at": {"type": "alias", "path": "a"},
            "o": {"properties": {"x": {"type": "long"}}}, "t": {"type": "date"}}}})
        self.ask("PUT", "/a2", {"mappings": {"properties": {
            "a": {"type": "long"}, "b": {"type": "long", "index": False}, "o": {"type": "keyword"},
            "t": {"type": "date"}}}})
        self.ask("PUT", "/a3", {"mappings": {"properties": {"a": {"type": "keyword", "meta": {"unit": "s"}}}}})

    def caps(self, path, body=None):
        return self.ask("POST", path, body)

    def test_indices_are_put_together(self):
        answer = self.caps("/a*/_field_caps?fields=a,b,o.*,at")
        self.assertEqual(answer["indices"], ["a1", "a2", "a3"])
        self.assertEqual(answer["fields"], {
            "a": {"keyword": {"type": "keyword", "searchable": True, "aggregatable": True, "indices": ["a1", "a3"],
                              "meta": {"unit": ["ms", "s"]}},
                  "long": {"type": "long", "searchable": True, "aggregatable": True, "indices": ["a2"]}},
            "b": {"long": {"type": "long", "searchable": False, "aggregatable": True,
                           "non_searchable_indices": ["a2"]}},
            "at": {"keyword": {"type": "keyword", "searchable": True, "aggregatable": True, "meta": {"unit": ["ms"]}}},
            "o": {"object": {"type": "object", "searchable": False, "aggregatable": False}},
            "o.x": {"long": {"type": "long", "searchable": True, "aggregatable": True}}})
        self.assertEqual(self.caps("/al/_field_caps?fields=nosuch"), {"indices": ["a1"], "fields": {}})

    def test_unmapped_fields(self):
        b = self.caps("/a*/_field_caps?fields=b&include_unmapped=true")["fields"]["b"]
        self.assertEqual(b["unmapped"], {"type": "unmapped", "searchable": False, "aggregatable": False,
                                         "indices": ["a3"]})
        self.assertEqual(b["long"]["indices"], ["a1", "a2"])

    def test_a_filter_leaves_indices_out(self):
        self.ask("PUT", "/a1/_doc/1?refresh=true", {"t": "2018-01-01", "a": "x"}, 201)
        self.ask("PUT", "/a2/_doc/1?refresh=true", {"t": "2020-01-01", "a": 1}, 201)
        for query, left in [({"range": {"t": {"gte": 2019}}}, ["a2"]), ({"range": {"t": {"lt": 2019}}}, ["a1"]),
                            ({"bool": {"filter": [{"range": {"t": {"lt": 2019}}}]}}, ["a1"]),
                            ({"term": {"a": "nothing"}}, ["a1", "a3"]), ({"match_none": {}}, [])]:
            if "term" in query:
                answer = self.caps("/a1,a3/_field_caps?fields=a", {"index_filter": query})
            else:
                answer = self.caps("/a*/_field_caps?fields=a", {"index_filter": query})
            self.assertEqual(answer["indices"], left, query)

    def test_bad_requests_name_what_is_wrong(self):
        self.refused("GET", "/a1/_field_caps", None, 400, "illegal_argument_exception",
                     "specified fields can't be null or empty")
        self.refused("POST", "/a1/_field_caps?fields=a", {"foo": 1}, 400, "parsing_exception",
                     "request does not support [foo]")
        self.refused("POST", "/a1/_field_caps?fields=a", {"index_filter": {"foo": {}}}, 400, "parsing_exception",
                     "unknown query [foo]")


if __name__ == "__main__":
    unittest.main()
