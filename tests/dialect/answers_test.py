"""Which answers does the dialect give where a client could tell it from the node it was written after?"""
import unittest

from administration_test import DialectCase

BIGRAMS = {"analysis": {"analyzer": {"pairs": {"tokenizer": "standard", "filter": ["lowercase", "pairs"]},
                                     "pairs_only": {"tokenizer": "standard", "filter": ["lowercase", "pairs_only"]},
                                     "turned": {"tokenizer": "standard", "filter": ["lowercase", "reverse"]}},
                        "filter": {"pairs": {"type": "shingle"},
                                   "pairs_only": {"type": "shingle", "output_unigrams": False}}}}


class Suggesting(DialectCase):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        fields = {"pairs": {"type": "text", "analyzer": "pairs"}, "only": {"type": "text", "analyzer": "pairs_only"},
                  "turned": {"type": "text", "analyzer": "turned"}}
        cls.client.send("PUT", "/words", {"settings": BIGRAMS, "mappings": {"properties": {
            "title": {"type": "text", "fields": fields}}}}, {"Content-Type": "application/json"})
        for title in ("the nobel prize", "nobel prize of peace", "noble deeds"):
            cls.client.send("POST", "/words/_doc?refresh=true", {"title": title}, {"Content-Type": "application/json"})

    def suggest(self, text, **phrase):
        answer = self.ask("POST", "/words/_search", {"size": 0, "suggest": {"s": {"text": text, "phrase": phrase}}})
        return [option["text"] for option in answer["suggest"]["s"][0]["options"]]

    def test_shingles_of_the_field_are_no_words_of_the_phrase(self):
        self.assertEqual(self.suggest("nobl prize", field="title.pairs")[0], "nobel prize")

    def test_a_field_of_shingles_alone_needs_a_generator(self):
        for phrase, reason in (({}, "doesn't emit unigrams. If this is intentional try to set the analyzer explicitly"),
                               ({"analyzer": "pairs_only"}, "can't operate on field")):
            error = self.ask("POST", "/words/_search", {"suggest": {"s": {
                "text": "nobl prize", "phrase": {"field": "title.only", **phrase}}}}, 400)
            self.assertIn(reason, str(error))
        shown = self.suggest("nobl prize", field="title.only", analyzer="standard",
                             direct_generator=[{"field": "title"}], gram_size=1, confidence=0)
        self.assertIn("nobel prize", shown)

    def test_a_generator_of_turned_words_finds_other_first_letters(self):
        generator = {"field": "title.turned", "suggest_mode": "always", "pre_filter": "turned",
                     "post_filter": "turned"}
        self.assertEqual(self.suggest("xobel prize", field="title.pairs", direct_generator=[generator])[0],
                         "nobel prize")
        self.assertEqual(self.suggest("xobel prize", field="title.pairs"), [])


class Languages(DialectCase):
    def terms(self, analyzer, text):
        return [token["token"] for token in self.ask("GET", "/_analyze", {"analyzer": analyzer, "text": text})["tokens"]]

    def test_stop_words_and_endings(self):
        for analyzer, text, terms in (
                ("arabic", "كبيرة في", ["كبير"]),
                ("bengali", "বাড়ী এই", ["বার"]),
                ("bulgarian", "градове и", ["град"]),
                ("czech", "knihy pokud", ["knih"]),
                ("hindi", "किताबें और", ["किताब"]),
                ("indonesian", "dibukukannya pengajar dan", ["buku", "ajar"]),
                ("latvian", "tirgiem un", ["tirg"]),
                ("lithuanian", "vaikų ir", ["vaik"]),
                ("persian", "کتاب را", ["كتاب"]),
                ("sorani", "پیاوە و", ["پیاو"])):
            with self.subTest(analyzer):
                self.assertEqual(self.terms(analyzer, text), terms)


    def test_a_trailing_stop_word_may_be_kept(self):
        for trailing, terms in ((True, ["fox"]), (False, ["fox", "the"])):
            tokens = self.ask("GET", "/_analyze", {"tokenizer": "standard", "text": "the fox the", "filter": [
                {"type": "stop", "remove_trailing": trailing}]})["tokens"]
            self.assertEqual([token["token"] for token in tokens], terms)


class Malformed(DialectCase):
    def test_an_index_that_ignores_malformed_values_takes_any(self):
        self.make("lenient", settings={"index.mapping.ignore_malformed": True}, mappings={"properties": {
            "n": {"type": "integer"}, "strict": {"type": "integer", "ignore_malformed": False},
            "flag": {"type": "boolean"}, "word": {"type": "keyword"}}})
        document = {"n": ["x", 5], "strict": "x", "flag": "x", "word": {"a": 1}}
        self.ask("PUT", "/lenient/_doc/1?refresh=true", document, 201)
        hit = self.ask("GET", "/lenient/_search", {"docvalue_fields": ["n", "strict", "flag", "word"]})["hits"]["hits"][0]
        self.assertEqual(hit["_source"], document)
        self.assertEqual(hit["fields"], {"n": [5]})
        self.assertEqual(hit["_ignored"], ["n"])

    def test_an_object_is_shown_as_maps_are(self):
        self.make("objects", mappings={"properties": {"k": {"type": "keyword"}, "n": {"type": "long"}}})
        for field, cause in (("k", "Can't get text on a START_OBJECT"), ("n", "not numeric")):
            error = self.refused("PUT", "/objects/_doc/1", {field: {"a": [1, {"b": "c"}], "d": None}})
            self.assertTrue(error["reason"].endswith("Preview of field's value: '{a=[1, {b=c}], d=null}'"), error)
            self.assertIn(cause, error["caused_by"]["reason"])

    def test_numbers_that_are_none(self):
        self.make("floats", mappings={"properties": {"f": {"type": "float"}}})
        for value in ("NaN", "Infinity"):
            error = self.refused("PUT", "/floats/_doc/1", {"f": value}, type="mapper_parsing_exception")
            self.assertIn(f"[float] supports only finite values, but got [{value}]", str(error))


class Counting(DialectCase):
    def test_searches_are_counted_by_their_groups(self):
        self.make("grouped")
        self.ask("GET", "/grouped/_search", {"stats": ["a", "b"]})
        self.ask("GET", "/grouped/_search?stats=a")
        for groups, queries in (("a,none", {"a": 2}), ("*", {"a": 2, "b": 1}), ("_all", {"a": 2, "b": 1}), ("none", {})):
            search = self.ask("GET", f"/grouped/_stats/search?groups={groups}")["_all"]["total"]["search"]
            self.assertEqual({name: each["query_total"] for name, each in search.get("groups", {}).items()}, queries)
            self.assertEqual(search["query_total"], 2)

    def test_statistics_of_no_index_are_empty(self):
        self.assertEqual(self.ask("GET", "/none*/_stats")["_all"], {"primaries": {}, "total": {}})

    def test_percentiles_between_numbers_beyond_exact_ones(self):
        self.make("large", mappings={"properties": {"n": {"type": "double"}}})
        for i, number in enumerate((1, 51, 1101, 10223372036854778000.0)):
            self.ask("PUT", f"/large/_doc/{i}?refresh=true", {"n": number}, 201)
        shown = self.ask("GET", "/large/_search", {"aggs": {"p": {"percentiles": {"field": "n", "percents": [75]}}}})
        self.assertEqual(shown["aggregations"]["p"]["values"]["75.0"], 5111686018427390000.0)

    def test_a_page_of_composite_ends_where_it_was_cut(self):
        self.make("pages")
        self.fill("pages", 6)
        composite = {"composite": {"size": 3, "sources": {"k": {"terms": {"field": "k"}}}},
                     "aggs": {"few": {"bucket_sort": {"size": 1}}}}
        shown = self.ask("GET", "/pages/_search", {"size": 0, "aggs": {"c": composite}})["aggregations"]["c"]
        self.assertEqual((shown["after_key"], len(shown["buckets"])), ({"k": "k2"}, 1))


class Requests(DialectCase):
    def test_work_by_query_takes_what_a_search_takes(self):
        self.make("worked")
        self.fill("worked", 4)
        path = ("/worked/_delete_by_query?sort=n:desc&max_docs=1&routing=r&_source=false&version=true&stats=s"
                "&terminate_after=10&request_cache=false&refresh=true")
        self.assertEqual(self.ask("POST", path, {"query": {"match_all": {}}, "_source": False})["deleted"], 1)
        left = self.ask("GET", "/worked/_search?sort=n")["hits"]["hits"]
        self.assertEqual([hit["_source"]["n"] for hit in left], [0, 1, 2])
        self.refused("POST", "/worked/_delete_by_query?from=1&q=*", type="action_request_validation_exception")
        self.refused("POST", "/worked/_delete_by_query?scroll_size=0&q=*", type="action_request_validation_exception")

    def test_templates_for_data_streams_make_no_index(self):
        self.ask("PUT", "/_index_template/streams", {"index_patterns": ["streams-*"], "data_stream": {}})
        shown = self.ask("GET", "/_index_template/streams")["index_templates"][0]["index_template"]
        self.assertEqual(shown["data_stream"], {"timestamp_field": {"name": "@timestamp"}})
        self.refused("PUT", "/streams-1", {}, type="illegal_argument_exception", reason="creates data streams only")
        self.ask("DELETE", "/_index_template/streams")

    def test_templates_are_tried_out_as_their_index_would_show_them(self):
        parts = {"template": {"mappings": {"dynamic": False, "_source": {"enabled": True},
                                           "properties": {"o": {"properties": {"x": {"type": "long"}}}}}}}
        self.ask("PUT", "/_component_template/parts", parts)
        self.ask("PUT", "/_template/old", {"index_patterns": ["tried-2*"]})
        self.ask("PUT", "/_index_template/tried", {"index_patterns": ["tried-*"], "composed_of": ["parts"]})
        shown = self.ask("POST", "/_index_template/_simulate_index/tried-1")
        self.assertEqual(shown["template"]["mappings"], {"dynamic": "false", "properties": {
            "o": {"properties": {"x": {"type": "long"}}}}})
        self.assertEqual(shown["overlapping"], [{"name": "old", "index_patterns": ["tried-2*"]}])
        analysis = {"analysis": {"analyzer": {"mine": {"tokenizer": "whitespace"}}}}
        self.ask("PUT", "/_component_template/parts", {"template": {"settings": analysis}})
        self.ask("PUT", "/_index_template/tried", {"index_patterns": ["tried-*"], "composed_of": ["parts"], "template": {
            "mappings": {"properties": {"t": {"type": "text", "analyzer": "mine"}}}}})
        self.refused("PUT", "/_component_template/parts", {"template": {"settings": {"number_of_replicas": 0}}},
                     reason="results in invalid composable template [tried]")
        self.ask("GET", "/_index_template/tried,tried", status=404)
        for path in ("_index_template/tried", "_template/old", "_component_template/parts"):
            self.ask("DELETE", f"/{path}")

    def test_an_alias_is_hidden_everywhere_or_nowhere(self):
        self.make("hides", aliases={"shy": {"is_hidden": True}})
        self.refused("PUT", "/shows", {"aliases": {"shy": {}}}, 500, "illegal_state_exception",
                     "alias [shy] has is_hidden set to true on indices [hides]")
        self.ask("POST", "/_aliases", {"actions": [{"remove": {"index": "hides", "alias": "shy"}},
                                                   {"add": {"index": "hides", "alias": "shy", "filter": {"range": {
                                                       "n": {"gte": 1}}}}}]})

    def test_health_of_indices_that_lack_nothing_is_whole(self):
        self.make("alone", settings={"number_of_replicas": 0})
        self.make("wanting", settings={"number_of_replicas": 1})
        self.assertEqual(self.ask("GET", "/_cluster/health/alone")["active_shards_percent_as_number"], 100.0)
        self.assertLess(self.ask("GET", "/_cluster/health/wanting")["active_shards_percent_as_number"], 100.0)

    def test_validation_names_shards_and_finds_what_it_is_asked_for(self):
        self.make("validated")
        shown = self.ask("GET", "/validated/_validate/query?all_shards=true", {"query": {"match_all": {}}})
        self.assertEqual(shown["explanations"],
                         [{"index": "validated", "shard": 0, "valid": True, "explanation": "*:*"}])
        self.refused("GET", "/nothing*/_validate/query", status=404, type="index_not_found_exception")

    def test_fields_of_indices_that_cannot_match_are_left_out(self):
        self.make("with_z", mappings={"properties": {"t": {"type": "text"}, "z": {"properties": {"y": {"type": "long"}}}}})
        self.make("without", mappings={"properties": {"t": {"type": "text"}}})
        for query in ({"exists": {"field": "z"}}, {"term": {"_index": "with_z"}}):
            shown = self.ask("POST", "/with*/_field_caps?fields=t", {"index_filter": query})
            self.assertEqual(shown["indices"], ["with_z"])

    def test_a_failed_item_keeps_its_id(self):
        answer = self.client.send("POST", "/items/_bulk?pipeline=none", b'{"index":{"_id":"7"}}\n{"a":1}\n',
                                  {"Content-Type": "application/x-ndjson"})
        self.assertEqual(answer.json["items"][0]["index"]["_id"], "7")

    def test_limits_name_what_went_beyond_them(self):
        self.make("bounded", settings={"index.highlight.max_analyzed_offset": 5, "index.max_regex_length": 3},
                  mappings={"properties": {"t": {"type": "text"}, "k": {"type": "keyword"}}})
        self.ask("PUT", "/bounded/_doc/1?refresh=true", {"t": "hello world", "k": "a"}, 201)
        error = self.ask("GET", "/bounded/_search", {"query": {"match": {"t": "hello"}},
                                                     "highlight": {"fields": {"t": {}}}}, 400)
        self.assertIn("The length of [t] field of [1] doc of [bounded] index has exceeded [5]", str(error))
        self.ask("PUT", "/bounded/_settings", {"index.max_docvalue_fields_search": 2})
        error = self.ask("GET", "/bounded/_search", {"docvalue_fields": ["one", "two", "three"]}, 400)
        self.assertIn("Must be less than or equal to: [2] but was [3]", str(error))
        terms = {"terms": {"field": "k", "include": "abc.*"}}
        error = self.ask("GET", "/bounded/_search", {"aggs": {"a": terms}}, 400)
        self.assertIn("The length of regex [5] used in the request has exceeded the allowed maximum of [3]", str(error))


if __name__ == "__main__":
    unittest.main()
