"""Does the dialect outlive bodies in which any value is something else?

Sound requests of each kind, of which each value is replaced in turn by one that nobody means. What is answered may be
anything but a server's own failure, and the server must go on. GYRE_SEED repeats a run, GYRE_RUBBISH is how many
bodies are made of each request.
"""
import copy
import json
import os
import random
import unittest

from scenarios_test import Dialect

OTHERS = [[], {}, "", None, 0, -1, 2147483648, 1e308, "x", True, [[]], [{}], {"": {}}, [None], ["", ""], -0.0, 1.5, "*",
          "\u0000", "9999999999999999999", "é" * 300, [1, 2, 3], {"a": 1}, "now/d", "-5", [1, "a", None]]

INDEX = {"settings": {"number_of_shards": 2, "analysis": {
    "analyzer": {"own": {"type": "custom", "tokenizer": "cut", "filter": ["lowercase", "grams"], "char_filter": ["strip"]}},
    "tokenizer": {"cut": {"type": "pattern", "pattern": "[ ,]+"}}, "char_filter": {"strip": {"type": "html_strip"}},
    "filter": {"grams": {"type": "edge_ngram", "min_gram": 2, "max_gram": 6}, "like": {"type": "synonym", "synonyms": ["a, b"]}},
    "normalizer": {"low": {"type": "custom", "filter": ["lowercase"]}}}},
    "mappings": {"dynamic_templates": [{"all": {"match_mapping_type": "string", "mapping": {"type": "keyword"}}}], "properties": {
        "k": {"type": "keyword", "normalizer": "low", "ignore_above": 100, "null_value": "none"},
        "t": {"type": "text", "analyzer": "own", "search_analyzer": "standard", "fields": {"raw": {"type": "keyword"}}, "copy_to": ["all"]},
        "all": {"type": "text"}, "n": {"type": "long"}, "d": {"type": "date", "format": "strict_date_optional_time||epoch_millis"},
        "f": {"type": "scaled_float", "scaling_factor": 100}, "b": {"type": "boolean"}, "ip": {"type": "ip"},
        "r": {"type": "integer_range"}, "s": {"type": "completion", "contexts": [{"name": "c", "type": "category"}]},
        "o": {"type": "nested", "properties": {"k": {"type": "keyword"}, "n": {"type": "double"}}}, "x": {"type": "flat_object"}}},
    "aliases": {"other": {"filter": {"term": {"k": "a"}}, "routing": "1"}}}

DOCUMENT = {"k": ["a", "b"], "t": "one two, three", "n": 5, "d": "2024-02-29T10:00:00Z", "f": 1.25, "b": True, "ip": "10.0.0.1",
            "r": {"gte": 1, "lt": 5}, "s": {"input": ["one two"], "weight": 3, "contexts": {"c": ["a"]}},
            "o": [{"k": "x", "n": 1.5}, {"k": "y"}], "x": {"p": {"q": "v"}}, "new": {"field": ["z"]}}

QUERIES = [
    {"bool": {"must": [{"match": {"t": {"query": "one two", "operator": "and", "fuzziness": "AUTO", "minimum_should_match": "50%"}}}],
              "filter": [{"terms": {"k": ["a", "b"]}}], "should": [{"range": {"d": {"gte": "now-1d/d", "time_zone": "+01:00"}}}],
              "must_not": [{"ids": {"values": ["1"]}}], "minimum_should_match": 1, "boost": 2}},
    {"multi_match": {"query": "one two", "fields": ["t^2", "all"], "type": "cross_fields", "tie_breaker": 0.3, "slop": 1}},
    {"query_string": {"query": "t:one AND (n:[1 TO 5] OR k:a*) \"two three\"~2", "default_field": "all", "fuzzy_max_expansions": 10}},
    {"simple_query_string": {"query": "one + two* | -three", "fields": ["t"], "flags": "AND|OR|PREFIX", "default_operator": "or"}},
    {"function_score": {"query": {"match_all": {}}, "functions": [
        {"filter": {"term": {"k": "a"}}, "weight": 2}, {"field_value_factor": {"field": "n", "factor": 1.2, "modifier": "ln1p", "missing": 1}},
        {"gauss": {"n": {"origin": 5, "scale": 2, "offset": 0, "decay": 0.5}}}, {"random_score": {"seed": 5, "field": "_seq_no"}}],
        "score_mode": "sum", "boost_mode": "multiply", "max_boost": 10, "min_score": 0}},
    {"nested": {"path": "o", "query": {"term": {"o.k": "x"}}, "score_mode": "max", "inner_hits": {"size": 2, "sort": [{"o.n": "desc"}]}}},
    {"span_near": {"clauses": [{"span_term": {"t": "one"}}, {"span_multi": {"match": {"prefix": {"t": {"value": "tw"}}}}}], "slop": 1, "in_order": True}},
    {"intervals": {"t": {"all_of": {"ordered": True, "intervals": [{"match": {"query": "one two", "max_gaps": 1}}, {"prefix": {"prefix": "th"}}]}}}},
    {"dis_max": {"queries": [{"prefix": {"k": {"value": "a", "case_insensitive": True}}}, {"wildcard": {"k": {"value": "a*"}}},
                             {"regexp": {"k": {"value": "a.*", "flags": "ALL"}}}, {"fuzzy": {"k": {"value": "ab", "fuzziness": 1}}}], "tie_breaker": 0.5}},
    {"terms_set": {"k": {"terms": ["a", "b"], "minimum_should_match_field": "n"}}},
    {"more_like_this": {"fields": ["t"], "like": ["one two", {"_id": "1"}], "min_term_freq": 1, "min_doc_freq": 1, "max_query_terms": 5}},
    {"boosting": {"positive": {"exists": {"field": "k"}}, "negative": {"match_phrase_prefix": {"t": {"query": "one tw", "slop": 1, "max_expansions": 5}}}, "negative_boost": 0.5}},
    {"match_bool_prefix": {"t": {"query": "one tw", "analyzer": "standard"}}},
    {"constant_score": {"filter": {"match_phrase": {"t": {"query": "one two", "slop": 2}}}, "boost": 1.5}},
]

AGGREGATIONS = [
    {"a": {"terms": {"field": "k", "size": 5, "order": [{"m": "desc"}, {"_key": "asc"}], "include": ["a"], "min_doc_count": 0, "missing": "z"},
           "aggs": {"m": {"avg": {"field": "n", "missing": 0}}, "top": {"top_hits": {"size": 1, "sort": [{"n": "desc"}], "_source": ["k"]}},
                    "keep": {"bucket_sort": {"sort": [{"m": {"order": "desc"}}], "from": 0, "size": 2, "gap_policy": "skip"}}}}},
    {"a": {"date_histogram": {"field": "d", "calendar_interval": "month", "time_zone": "Europe/Paris", "offset": "+1h", "format": "yyyy-MM",
                              "order": {"_count": "desc"}, "extended_bounds": {"min": "2024-01", "max": "2024-05"}, "keyed": True},
           "aggs": {"s": {"sum": {"field": "f"}}, "c": {"cumulative_sum": {"buckets_path": "s"}}, "dd": {"derivative": {"buckets_path": "s", "unit": "day"}},
                    "sd": {"serial_diff": {"buckets_path": "s", "lag": 1}}}},
     "b": {"max_bucket": {"buckets_path": "a>s"}}, "p": {"percentiles_bucket": {"buckets_path": "a>s", "percents": [50, 90]}}},
    {"a": {"composite": {"size": 2, "sources": [{"k": {"terms": {"field": "k", "order": "desc", "missing_bucket": True}}},
                                                {"n": {"histogram": {"field": "n", "interval": 2}}},
                                                {"d": {"date_histogram": {"field": "d", "fixed_interval": "1d", "format": "yyyy-MM-dd"}}}],
                         "after": {"k": "b", "n": 4, "d": "2024-02-29"}}}},
    {"a": {"range": {"field": "n", "ranges": [{"to": 3}, {"key": "mid", "from": 3, "to": 6}, {"from": 6}], "keyed": True}},
     "b": {"date_range": {"field": "d", "ranges": [{"from": "now-1M/M"}], "format": "yyyy", "time_zone": "UTC"}},
     "c": {"ip_range": {"field": "ip", "ranges": [{"mask": "10.0.0.0/8"}, {"to": "10.0.0.5"}]}}},
    {"a": {"filters": {"filters": {"x": {"term": {"k": "a"}}, "y": {"match_all": {}}}, "other_bucket_key": "rest"}},
     "b": {"adjacency_matrix": {"filters": {"x": {"term": {"k": "a"}}, "y": {"term": {"k": "b"}}}, "separator": "|"}}},
    {"a": {"histogram": {"field": "f", "interval": 0.5, "offset": 0.1, "hard_bounds": {"min": 0, "max": 5}, "order": [{"_key": "desc"}]}},
     "b": {"auto_date_histogram": {"field": "d", "buckets": 5, "minimum_interval": "day"}}},
    {"a": {"multi_terms": {"terms": [{"field": "k"}, {"field": "n", "missing": 0}], "size": 3, "order": [{"_count": "asc"}]}},
     "b": {"rare_terms": {"field": "k", "max_doc_count": 2, "exclude": ["z"]}}, "c": {"significant_terms": {"field": "k"}}},
    {"a": {"nested": {"path": "o"}, "aggs": {"b": {"terms": {"field": "o.k"}, "aggs": {"c": {"reverse_nested": {}, "aggs": {"d": {"value_count": {"field": "n"}}}}}}}}},
    {"a": {"percentiles": {"field": "n", "percents": [1, 50, 99.9], "tdigest": {"compression": 100}, "keyed": False}},
     "b": {"percentiles": {"field": "n", "hdr": {"number_of_significant_value_digits": 3}}}, "c": {"percentile_ranks": {"field": "n", "values": [1, 5]}},
     "d": {"cardinality": {"field": "k", "precision_threshold": 100}}, "e": {"extended_stats": {"field": "n", "sigma": 2}},
     "f": {"weighted_avg": {"value": {"field": "n"}, "weight": {"field": "f", "missing": 1}}}, "g": {"median_absolute_deviation": {"field": "n", "compression": 50}},
     "i": {"global": {}, "aggs": {"j": {"missing": {"field": "k"}}}}, "l": {"sampler": {"shard_size": 5}}},
]

SEARCHES = [
    {"query": {"match": {"t": "one"}}, "sort": [{"n": {"order": "desc", "missing": "_last", "mode": "min", "unmapped_type": "long"}},
                                                {"o.n": {"nested": {"path": "o", "filter": {"term": {"o.k": "x"}}}}}, "_score"],
     "from": 0, "size": 5, "track_total_hits": 10, "min_score": 0, "terminate_after": 100, "timeout": "1s"},
    {"sort": ["n", {"d": {"order": "asc", "numeric_type": "date"}}], "search_after": [5, 1709200800000], "size": 2, "_source": {"includes": ["k*"], "excludes": ["b"]}},
    {"query": {"match": {"t": "one two"}}, "highlight": {"pre_tags": ["<"], "post_tags": [">"], "fields": {"t": {"type": "unified", "fragment_size": 20, "number_of_fragments": 2, "order": "score"},
                                                                                                        "all": {"type": "plain", "no_match_size": 5, "highlight_query": {"match": {"all": "one"}}}}, "require_field_match": False}},
    {"collapse": {"field": "n", "inner_hits": {"name": "more", "size": 1, "sort": [{"n": "asc"}]}, "max_concurrent_group_searches": 2}, "post_filter": {"term": {"b": True}}},
    {"query": {"match_all": {}}, "rescore": [{"window_size": 10, "query": {"rescore_query": {"match": {"t": "two"}}, "query_weight": 0.7, "rescore_query_weight": 1.2, "score_mode": "max"}}]},
    {"fields": ["k", {"field": "d", "format": "yyyy"}], "docvalue_fields": [{"field": "n", "format": "#.0"}], "stored_fields": ["_none_"], "explain": True, "version": True, "seq_no_primary_term": True},
    {"suggest": {"text": "oen", "a": {"term": {"field": "t", "max_edits": 2, "prefix_length": 0, "suggest_mode": "always"}},
                 "b": {"text": "one tow", "phrase": {"field": "t", "gram_size": 1, "max_errors": 2, "confidence": 0, "direct_generator": [{"field": "t", "suggest_mode": "always"}],
                                                     "highlight": {"pre_tag": "<", "post_tag": ">"}}},
                 "c": {"prefix": "on", "completion": {"field": "s", "size": 3, "skip_duplicates": True, "fuzzy": {"fuzziness": 1, "min_length": 2}, "contexts": {"c": [{"context": "a", "boost": 2}]}}}}},
    {"indices_boost": [{"i": 1.5}], "profile": True, "stats": ["x"], "track_scores": True},
]
SEARCHES += [{"query": query} for query in QUERIES] + [{"size": 0, "aggs": aggs} for aggs in AGGREGATIONS]

REQUESTS = [("POST", "/i/_search", search) for search in SEARCHES] + [
    ("POST", "/i/_count", {"query": {"term": {"k": "a"}}}), ("POST", "/i/_validate/query?explain=true", {"query": QUERIES[0]}),
    ("POST", "/i/_explain/1", {"query": QUERIES[1]}), ("PUT", "/i/_doc/2", DOCUMENT), ("POST", "/i/_doc", DOCUMENT),
    ("POST", "/i/_update/1", {"doc": {"n": 6, "o": [{"k": "z"}]}, "doc_as_upsert": True, "detect_noop": True, "_source": ["n"]}),
    ("POST", "/i/_update/9", {"doc": {"n": 6}, "upsert": {"n": 1}}), ("POST", "/_mget", {"docs": [{"_index": "i", "_id": "1", "_source": ["k"], "routing": "r"}]}),
    ("POST", "/i/_mget", {"ids": ["1", "2"]}), ("POST", "/i/_delete_by_query?conflicts=proceed", {"query": {"term": {"k": "gone"}}, "max_docs": 1, "sort": ["n"]}),
    ("POST", "/i/_update_by_query", {"query": {"term": {"k": "gone"}}}),
    ("POST", "/_reindex", {"conflicts": "proceed", "max_docs": 1, "source": {"index": ["i"], "query": {"term": {"k": "gone"}}, "size": 10, "_source": ["k"]}, "dest": {"index": "j", "op_type": "create"}}),
    ("POST", "/_analyze", {"tokenizer": "standard", "filter": ["lowercase", {"type": "shingle", "min_shingle_size": 2, "max_shingle_size": 3}], "char_filter": [{"type": "mapping", "mappings": ["a => b"]}], "text": ["one two"], "explain": True, "attributes": ["position"]}),
    ("POST", "/i/_analyze", {"analyzer": "own", "text": "one", "field": "t"}),
    ("POST", "/_aliases", {"actions": [{"add": {"index": "i", "aliases": ["p", "q"], "filter": {"term": {"k": "a"}}, "is_write_index": True, "search_routing": "1", "is_hidden": False}},
                                       {"remove": {"index": "i", "alias": "r*", "must_exist": False}}]}),
    ("PUT", "/i/_alias/w", {"filter": {"term": {"k": "a"}}, "routing": "1", "is_write_index": False}),
    ("PUT", "/i/_mapping", INDEX["mappings"]), ("PUT", "/i/_settings", {"index": {"refresh_interval": "1s", "max_result_window": 20000, "number_of_replicas": 0}}),
    ("PUT", "/made", INDEX), ("POST", "/other/_rollover/next", {"conditions": {"max_docs": 100, "max_age": "1d", "max_size": "5gb"}, "settings": {"number_of_shards": 1}, "aliases": {"z": {}}}),
    ("PUT", "/_template/t1", {"index_patterns": ["tt-*"], "order": 1, "version": 2, **INDEX}), ("PUT", "/_component_template/c1", {"template": INDEX, "version": 1, "_meta": {"a": 1}}),
    ("PUT", "/_index_template/t2", {"index_patterns": ["tz-*"], "composed_of": ["c1"], "priority": 3, "template": INDEX}),
    ("POST", "/_index_template/_simulate", {"index_patterns": ["ty-*"], "template": INDEX}), ("POST", "/_search/scroll", {"scroll": "1m", "scroll_id": "DnF1ZXJ5"}),
    ("DELETE", "/_search/point_in_time", {"pit_id": ["abc"]}), ("POST", "/i/_field_caps?fields=*", {"index_filter": {"range": {"n": {"gte": 1}}}}),
    ("PUT", "/_cluster/settings", {"persistent": {"action.auto_create_index": "true"}, "transient": {"search.max_buckets": 65535}}),
]

# What OpenSearch itself answers with a status of 500, and Gyre as well.
FAILURES_OF_BOTH = (b"returned an invalid score", b"has more than one write index")


def places(value, path=()):
    yield path
    members = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    for key, member in members:
        yield from places(member, (*path, key))


def with_other(body, path, other):
    if not path:
        return other
    body = copy.deepcopy(body)
    at = body
    for key in path[:-1]:
        at = at[key]
    at[path[-1]] = other
    return body


class Rubbish(Dialect):
    def test_any_value_may_be_another(self):
        seed = int(os.environ.get("GYRE_SEED") or random.SystemRandom().randrange(2**32))
        most = int(os.environ.get("GYRE_RUBBISH") or 60)
        print("seed", seed, flush=True)
        randoms = random.Random(seed)
        refused = 0
        for method, path, body in REQUESTS:
            self.client.send("DELETE", "/*")
            self.ask("PUT", "/i", INDEX)
            self.ask("PUT", "/i/_doc/1?refresh=true", DOCUMENT, 201)
            every = [(place, other) for place in places(body) for other in OTHERS]
            for place, other in randoms.sample(every, min(most, len(every))):
                changed = with_other(body, place, other)
                with self.subTest(seed=seed, request=f"{method} {path} {json.dumps(changed)}"):
                    answer = self.client.send(method, path, changed)
                    is_failure = answer.status >= 500 and answer.status not in (501, 503)
                    self.assertFalse(is_failure and not any(part in answer.body for part in FAILURES_OF_BOTH), answer)
                    refused += answer.status == 400
        self.assertGreater(refused, len(REQUESTS))
        self.assertIn(self.ask("GET", "/_cluster/health")["status"], ("green", "yellow"))


if __name__ == "__main__":
    unittest.main(verbosity=2)
