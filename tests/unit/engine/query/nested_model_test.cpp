// Nested objects against the plainest model: blocks of every size, those that straddle windows among them, through
// updates, deletes, refreshes and merges.
#include <cppunit/extensions/HelperMacros.h>

#include <algorithm>
#include <cmath>
#include <cstdint>
#include <functional>
#include <iostream>
#include <map>
#include <memory>
#include <optional>
#include <random>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "base/observer.hpp"
#include "engine/directory/ram_directory.hpp"
#include "engine/index.hpp"
#include "gyre/json.hpp"

namespace {

using gyre::engine::Index;
using gyre::engine::Operation;
namespace json = gyre::json;

constexpr std::string_view kDefinition = R"({"mappings":{"properties":{"r":{"type":"keyword"},
"a":{"type":"nested","properties":{"k":{"type":"keyword"},"n":{"type":"long"},
"b":{"type":"nested","properties":{"m":{"type":"long"}}}}},
"c":{"type":"nested","properties":{"k":{"type":"keyword"}}}}}})";

struct Outer {
  std::string k;
  std::int64_t n = 0;
  std::vector<std::int64_t> m;  // of its inner objects
};
struct Document {
  std::string r;
  std::vector<Outer> a;
  std::vector<std::string> c;
};

std::string toJson(const Document& document) {
  std::string out = R"({"r":")" + document.r + R"(","a":[)";
  for (std::size_t i = 0; i < document.a.size(); ++i) {
    const Outer& each = document.a[i];
    out += (i > 0 ? R"(,{"k":")" : R"({"k":")") + each.k + R"(","b":[)";
    for (std::size_t j = 0; j < each.m.size(); ++j)
      out += (j > 0 ? R"(,{"m":)" : R"({"m":)") + std::to_string(each.m[j]) + "}";
    out += R"(],"n":)" + std::to_string(each.n) + "}";
  }
  out += R"(],"c":[)";
  for (std::size_t i = 0; i < document.c.size(); ++i)
    out += (i > 0 ? R"(,{"k":")" : R"({"k":")") + document.c[i] + R"("})";
  return out + "]}";
}

using Scores = std::map<std::string, float>;

}  // namespace

class NestedModelTest : public CppUnit::TestFixture {
  CPPUNIT_TEST_SUITE(NestedModelTest);
  CPPUNIT_TEST(queriesMatchTheModel);
  CPPUNIT_TEST(aggregationsMatchTheModel);
  CPPUNIT_TEST(sortsMatchTheModel);
  CPPUNIT_TEST(aBlockMayBeginManyWindowsBeforeItsRoot);
  CPPUNIT_TEST(innerHitsMatchTheModel);
  CPPUNIT_TEST_SUITE_END();

 public:
  void setUp() override {
    seed_ = std::random_device{}();
    random_.seed(seed_);
    directory_ = std::make_unique<gyre::engine::RamDirectory>();
    auto opened = Index::open(*directory_, kDefinition, {.name = "t", .merge_in_background = false}, observer_);
    CPPUNIT_ASSERT_MESSAGE(std::string(opened.status().message()), opened.isOk());
    index_ = std::move(opened).value();
  }

  void queriesMatchTheModel() {
    for (int round = 0; round < 4; ++round) {
      grow();
      for (int i = 0; i < 12; ++i) checkQuery();
    }
  }

  void aggregationsMatchTheModel() {
    for (int round = 0; round < 4; ++round) {
      grow();
      checkAggregations();
    }
  }

  void sortsMatchTheModel() {
    for (int round = 0; round < 4; ++round) {
      grow();
      for (const std::string mode : {"min", "max", "sum", "avg"}) checkSort(mode);
    }
  }

  void aBlockMayBeginManyWindowsBeforeItsRoot() {
    Document large = document(0);
    for (int i = 0; i < 9'000; ++i) large.a.push_back({i % 3'000 == 0 ? "rare" : "k0", i, {}});
    put("before", document(2));
    put("large", large);
    put("after", document(2));
    CPPUNIT_ASSERT(index_->refresh().isOk());
    const std::string query = R"({"nested":{"path":"a","score_mode":"sum","query":{"constant_score":{"filter":
      {"term":{"a.k":"rare"}}}}}})";
    CPPUNIT_ASSERT(found(query) == Scores({{"large", 3.0f}}));
    // The clause that leads has no candidate in the windows where the block begins.
    CPPUNIT_ASSERT(found(R"({"bool":{"filter":[{"ids":{"values":["large"]}}],"must":[)" + query + "]}}") ==
                   Scores({{"large", 3.0f}}));
    CPPUNIT_ASSERT(found(R"({"bool":{"must":[{"match_all":{}}],"must_not":[)" + query + "]}}").size() == 2);
  }

  void innerHitsMatchTheModel() {
    grow();
    const auto body = search(R"({"size":10000,"query":{"nested":{"path":"a.b","query":{"range":{"a.b.m":{"gte":50}}},
      "inner_hits":{"size":100,"sort":["_doc"]}}}})");
    std::size_t hits = 0;
    for (const json::Value hit : body.root()["hits"]["hits"]) {
      const Document& document = documents_.at(std::string(hit["_id"].string()));
      std::vector<std::string> expected;
      for (std::size_t i = 0; i < document.a.size(); ++i)
        for (std::size_t j = 0; j < document.a[i].m.size(); ++j)
          if (document.a[i].m[j] >= 50)
            expected.push_back(std::to_string(i) + "/" + std::to_string(j) + " " + std::to_string(document.a[i].m[j]));
      const json::Value inner = hit["inner_hits"]["a.b"]["hits"];
      CPPUNIT_ASSERT_EQUAL_MESSAGE(seed(), static_cast<std::int64_t>(expected.size()),
                                   *inner["total"]["value"].integer());
      std::vector<std::string> found;
      for (const json::Value each : inner["hits"]) {
        const json::Value outer = each["_nested"];
        CPPUNIT_ASSERT(outer["field"].string() == "a" && outer["_nested"]["field"].string() == "b");
        found.push_back(std::string(outer["offset"].raw()) + "/" + std::string(outer["_nested"]["offset"].raw()) + " " +
                        std::string(each["_source"]["m"].raw()));
      }
      expected.resize(std::min<std::size_t>(expected.size(), 100));
      CPPUNIT_ASSERT_MESSAGE(seed(), expected == found);
      ++hits;
    }
    std::size_t expected_hits = 0;
    for (const auto& [id, document] : documents_) expected_hits += holds(document, 50);
    CPPUNIT_ASSERT_EQUAL_MESSAGE(seed(), expected_hits, hits);
  }

 private:
  std::string seed() const { return "seed " + std::to_string(seed_); }
  unsigned upTo(unsigned most) { return random_() % (most + 1); }

  static bool holds(const Document& document, std::int64_t least) {
    for (const Outer& each : document.a)
      for (const std::int64_t m : each.m)
        if (m >= least) return true;
    return false;
  }

  Document document(unsigned most_objects) {
    Document made;
    made.r = "r" + std::to_string(upTo(2));
    for (unsigned left = upTo(most_objects); left > 0; --left) {
      Outer outer{"k" + std::to_string(upTo(3)), static_cast<std::int64_t>(upTo(100)), {}};
      for (unsigned inner = upTo(3); inner > 0; --inner) outer.m.push_back(upTo(100));
      made.a.push_back(std::move(outer));
    }
    for (unsigned left = upTo(2); left > 0; --left) made.c.push_back("k" + std::to_string(upTo(3)));
    return made;
  }

  void put(const std::string& id, Document document) {
    const std::string source = toJson(document);
    Operation operation;
    operation.id = id;
    operation.version = ++version_;
    operation.source = source;
    const auto outcome = index_->apply({&operation, 1}, version_);
    CPPUNIT_ASSERT_MESSAGE(seed(), outcome.isOk() && outcome.value().front().refusal.isOk());
    documents_[id] = std::move(document);
  }
  void remove(const std::string& id) {
    Operation operation;
    operation.kind = Operation::Kind::kDelete;
    operation.id = id;
    operation.version = ++version_;
    CPPUNIT_ASSERT(index_->apply({&operation, 1}, version_).isOk());
    documents_.erase(id);
  }

  // More documents, some anew, some gone; now and then merged or made durable.
  void grow() {
    for (int i = 0; i < 60; ++i) {
      const std::string id = "d" + std::to_string(upTo(120));
      if (upTo(5) == 0) {
        remove(id);
      } else {
        put(id, document(upTo(20) == 0 ? 2'500 : 4));
      }
      if (upTo(25) == 0) CPPUNIT_ASSERT(index_->refresh().isOk());
    }
    CPPUNIT_ASSERT(index_->refresh().isOk());
    if (upTo(1) == 0) CPPUNIT_ASSERT(index_->forceMerge(1 + upTo(1)).isOk());
    CPPUNIT_ASSERT(index_->commit().isOk());
    const auto checked =
        gyre::engine::checkIndex(*directory_, [](std::string_view found) { std::cerr << found << '\n'; });
    CPPUNIT_ASSERT_MESSAGE(seed(), checked.isOk());
    CPPUNIT_ASSERT_EQUAL_MESSAGE(seed(), std::uint64_t{documents_.size()}, index_->stats().doc_count);
    std::size_t scanned = 0;
    CPPUNIT_ASSERT(index_
                       ->scan([&](std::string_view id, std::uint64_t, std::string_view source) {
                         scanned += toJson(documents_.at(std::string(id))) == source;
                         return true;
                       })
                       .isOk());
    CPPUNIT_ASSERT_EQUAL_MESSAGE(seed(), documents_.size(), scanned);
  }

  json::Document search(const std::string& body) {
    const auto answer = index_->search(body);
    CPPUNIT_ASSERT_MESSAGE(body + ": " + std::string(answer.status().message()), answer.isOk());
    auto document = json::Document::parse(answer.value().body);
    CPPUNIT_ASSERT(document.isOk());
    return std::move(document).value();
  }
  Scores found(const std::string& query) {
    const auto body = search(R"({"size":10000,"_source":false,"query":)" + query + "}");
    Scores scores;
    for (const json::Value hit : body.root()["hits"]["hits"])
      scores[std::string(hit["_id"].string())] = static_cast<float>(*hit["_score"].real());
    CPPUNIT_ASSERT_EQUAL_MESSAGE(seed(), static_cast<std::int64_t>(scores.size()),
                                 *body.root()["hits"]["total"]["value"].integer());
    return scores;
  }

  // Objects of a that are k or have n of at least `least`, scored 2, 3 or 5; perhaps only those that hold an inner one.
  void checkQuery() {
    const std::string k = "k" + std::to_string(upTo(4));
    const auto least = static_cast<std::int64_t>(upTo(110));
    const bool asks_inner = upTo(1) == 0;
    const auto least_inner = static_cast<std::int64_t>(upTo(110));
    const std::string modes[] = {"avg", "sum", "min", "max", "none"};
    const std::string mode = modes[upTo(4)];
    const bool is_filtered = upTo(2) == 0;
    std::string inner = R"({"bool":{"should":[{"constant_score":{"filter":{"term":{"a.k":")" + k +
                        R"("}},"boost":2}},{"constant_score":{"filter":{"range":{"a.n":{"gte":)" +
                        std::to_string(least) + R"(}}},"boost":3}}],"minimum_should_match":1)";
    if (asks_inner)
      inner += R"(,"filter":{"nested":{"path":"a.b","query":{"range":{"a.b.m":{"gte":)" + std::to_string(least_inner) +
               "}}}}}";
    std::string query = R"({"nested":{"path":"a","score_mode":")" + mode + R"(","query":)" + inner + "}}}}";
    if (is_filtered) query = R"({"bool":{"must":)" + query + R"(,"filter":{"term":{"r":"r1"}}}})";
    Scores expected;
    for (const auto& [id, document] : documents_) {
      std::vector<float> scores;
      for (const Outer& each : document.a) {
        const float score = (each.k == k ? 2.0f : 0.0f) + (each.n >= least ? 3.0f : 0.0f);
        const bool has_inner = std::any_of(each.m.begin(), each.m.end(), [&](auto m) { return m >= least_inner; });
        if (score > 0 && (!asks_inner || has_inner)) scores.push_back(score);
      }
      if (scores.empty() || (is_filtered && document.r != "r1")) continue;
      float sum = 0;
      for (const float each : scores) sum += each;
      expected[id] = mode == "sum"   ? sum
                     : mode == "avg" ? sum / static_cast<float>(scores.size())
                     : mode == "min" ? *std::min_element(scores.begin(), scores.end())
                     : mode == "max" ? *std::max_element(scores.begin(), scores.end())
                                     : 0.0f;
    }
    const Scores got = found(query);
    CPPUNIT_ASSERT_EQUAL_MESSAGE(seed() + " " + query, expected.size(), got.size());
    for (const auto& [id, score] : expected) {
      CPPUNIT_ASSERT_MESSAGE(seed() + " " + query + " " + id, got.contains(id));
      CPPUNIT_ASSERT_DOUBLES_EQUAL_MESSAGE(seed() + " " + query + " " + id, score, got.at(id), 1e-5 * score);
    }
  }

  void checkAggregations() {
    const auto body = search(R"({"size":0,"query":{"term":{"r":"r1"}},"aggs":{"f":{"filters":{"filters":{
      "all":{"match_all":{}},"none":{"match_none":{}}}},"aggs":{"a":{"nested":{"path":"a"},"aggs":{
      "k":{"terms":{"field":"a.k"},"aggs":{"n":{"sum":{"field":"a.n"}},"up":{"reverse_nested":{}},
      "b":{"nested":{"path":"a.b"},"aggs":{"m":{"sum":{"field":"a.b.m"}},"back":{"reverse_nested":{"path":"a"}}}}}}}}}}}})");
    struct Bucket {
      std::int64_t count = 0, up = 0, inner = 0, back = 0;
      double n = 0, m = 0;
    };
    std::map<std::string, Bucket> expected;
    std::int64_t objects = 0;
    for (const auto& [id, document] : documents_) {
      if (document.r != "r1") continue;
      std::set<std::string> seen;
      for (const Outer& each : document.a) {
        ++objects;
        Bucket& bucket = expected[each.k];
        ++bucket.count;
        bucket.n += static_cast<double>(each.n);
        bucket.up += seen.insert(each.k).second;
        bucket.inner += static_cast<std::int64_t>(each.m.size());
        bucket.back += !each.m.empty();
        for (const std::int64_t m : each.m) bucket.m += static_cast<double>(m);
      }
    }
    const json::Value nested = body.root()["aggregations"]["f"]["buckets"]["all"]["a"];
    CPPUNIT_ASSERT_EQUAL_MESSAGE(seed(), objects, *nested["doc_count"].integer());
    std::size_t buckets = 0;
    for (const json::Value each : nested["k"]["buckets"]) {
      const Bucket& bucket = expected[std::string(each["key"].string())];
      CPPUNIT_ASSERT_EQUAL_MESSAGE(seed(), bucket.count, *each["doc_count"].integer());
      CPPUNIT_ASSERT_EQUAL_MESSAGE(seed(), bucket.n, *each["n"]["value"].real());
      CPPUNIT_ASSERT_EQUAL_MESSAGE(seed(), bucket.up, *each["up"]["doc_count"].integer());
      CPPUNIT_ASSERT_EQUAL_MESSAGE(seed(), bucket.inner, *each["b"]["doc_count"].integer());
      CPPUNIT_ASSERT_EQUAL_MESSAGE(seed(), bucket.m, *each["b"]["m"]["value"].real());
      CPPUNIT_ASSERT_EQUAL_MESSAGE(seed(), bucket.back, *each["b"]["back"]["doc_count"].integer());
      ++buckets;
    }
    CPPUNIT_ASSERT_EQUAL_MESSAGE(seed(), expected.size(), buckets);
  }

  void checkSort(const std::string& mode) {
    const std::string k = "k" + std::to_string(upTo(3));
    const auto body = search(R"({"size":10000,"_source":false,"sort":[{"a.n":{"mode":")" + mode +
                             R"(","nested":{"path":"a","filter":{"term":{"a.k":")" + k + R"("}}}}},"_id"]})");
    std::vector<std::pair<std::int64_t, std::string>> expected, found;
    for (const auto& [id, document] : documents_) {
      std::vector<std::int64_t> values;
      for (const Outer& each : document.a)
        if (each.k == k) values.push_back(each.n);
      std::int64_t key = INT64_MAX;
      if (!values.empty()) {
        std::int64_t sum = 0;
        for (const std::int64_t value : values) sum += value;
        key = mode == "sum"   ? sum
              : mode == "min" ? *std::min_element(values.begin(), values.end())
              : mode == "max" ? *std::max_element(values.begin(), values.end())
                              : static_cast<std::int64_t>(
                                    std::floor(static_cast<double>(sum) / static_cast<double>(values.size()) + 0.5));
      }
      expected.emplace_back(key, id);
    }
    std::sort(expected.begin(), expected.end());
    for (const json::Value hit : body.root()["hits"]["hits"])
      found.emplace_back(*(*hit["sort"].begin()).integer(), std::string(hit["_id"].string()));
    CPPUNIT_ASSERT_MESSAGE(seed() + " " + mode, expected == found);
  }

  unsigned seed_ = 0;
  std::mt19937 random_;
  gyre::base::NullObserver observer_;
  std::unique_ptr<gyre::engine::RamDirectory> directory_;
  std::unique_ptr<Index> index_;
  std::map<std::string, Document> documents_;
  std::uint64_t version_ = 0;
};

CPPUNIT_TEST_SUITE_REGISTRATION(NestedModelTest);
