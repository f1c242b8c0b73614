// Random requests on random documents, against the plainest model of what they mean.
#include <cppunit/extensions/HelperMacros.h>

#include <algorithm>
#include <cmath>
#include <functional>
#include <iostream>
#include <map>
#include <memory>
#include <optional>
#include <random>
#include <set>
#include <string>
#include <vector>

#include "engine/directory/ram_directory.hpp"
#include "engine/index.hpp"
#include "gyre/json.hpp"

namespace {

using gyre::engine::Index;
using gyre::engine::Operation;
namespace json = gyre::json;

struct Document {
  int id = 0;
  std::vector<std::string> tags;
  std::optional<std::string> status;
  std::optional<std::int64_t> number;
  std::optional<std::int64_t> cents;
  std::optional<std::int64_t> day;  // since the epoch
  std::vector<std::string> words;
};

constexpr std::int64_t kDay = 86'400'000;

std::string quoted(const std::string& text) { return "\"" + text + "\""; }

std::string toJson(const Document& d) {
  std::string out = "{\"id\":" + std::to_string(d.id);
  if (!d.tags.empty()) {
    out += ",\"tags\":[";
    for (std::size_t i = 0; i < d.tags.size(); ++i) out += (i > 0 ? "," : "") + quoted(d.tags[i]);
    out += "]";
  }
  if (d.status) out += ",\"status\":" + quoted(*d.status);
  if (d.number) out += ",\"number\":" + std::to_string(*d.number);
  if (d.cents) {
    const std::int64_t rest = *d.cents % 100;
    const std::string amount = std::to_string(*d.cents / 100) + (rest < 10 ? ".0" : ".") + std::to_string(rest);
    out += ",\"amount\":" + amount + ",\"money\":" + amount;
  }
  if (d.day) out += ",\"day\":" + std::to_string(*d.day * kDay + d.id);
  if (!d.words.empty()) {
    out += ",\"text\":\"";
    for (const std::string& word : d.words) out += word + " ";
    out += "\"";
  }
  return out + "}";
}

using Predicate = std::function<bool(const Document&)>;
struct Request {
  std::string query;
  Predicate matches;
};

}  // namespace

class SearchModelTest : public CppUnit::TestFixture {
  CPPUNIT_TEST_SUITE(SearchModelTest);
  CPPUNIT_TEST(randomQueriesMatchTheModel);
  CPPUNIT_TEST(randomAggregationsMatchTheModel);
  CPPUNIT_TEST(randomSortsAndPagesMatchTheModel);
  CPPUNIT_TEST(skippingWindowsChangesNoHit);
  CPPUNIT_TEST(anExpiredDeadlineGivesAPartialAnswer);
  CPPUNIT_TEST_SUITE_END();

 public:
  void setUp() override {
    seed_ = std::random_device{}();
    random_.seed(seed_);
    std::cout << " seed " << seed_ << std::flush;
    gyre::engine::IndexOptions options;
    options.name = "model";
    options.merge_in_background = false;
    auto opened = Index::open(directory_, R"({"mappings":{"properties":{"id":{"type":"long"},"tags":{"type":"keyword"},
      "status":{"type":"keyword"},"number":{"type":"long"},"amount":{"type":"double"},
      "money":{"type":"scaled_float","scaling_factor":100},"day":{"type":"date"},"text":{"type":"text"}}}})",
                              options, observer_);
    CPPUNIT_ASSERT_MESSAGE(std::string(opened.status().message()), opened.isOk());
    index_ = std::move(opened).value();
    documents_.clear();
    // More than a window in one segment, less in another, and deletes in all.
    for (const int size : {5000, 300, 1700}) {
      for (int i = 0; i < size; ++i) put(makeDocument(next_id_++));
      for (int i = 0; i < size / 20; ++i) remove(below(next_id_));
      CPPUNIT_ASSERT(index_->refresh().isOk());
    }
  }

  void randomQueriesMatchTheModel() {
    for (int i = 0; i < 150; ++i) {
      const Request request = makeQuery(3);
      const json::Document answer =
          search("{\"query\":" + request.query +
                 ",\"size\":10000,\"sort\":[\"_doc\"],\"_source\":false,\"track_total_hits\":true}");
      std::set<int> found;
      for (const json::Value hit : answer.root()["hits"]["hits"])
        found.insert(std::stoi(std::string(hit["_id"].string())));
      std::set<int> expected;
      for (const auto& [id, document] : documents_)
        if (request.matches(document)) expected.insert(id);
      CPPUNIT_ASSERT_MESSAGE(where(request.query), found == expected);
      CPPUNIT_ASSERT_EQUAL_MESSAGE(where(request.query), static_cast<std::int64_t>(expected.size()),
                                   *answer.root()["hits"]["total"]["value"].integer());
    }
  }

  void randomAggregationsMatchTheModel() {
    for (int i = 0; i < 40; ++i) {
      // One segment alone numbers its terms by its own ordinals.
      if (i == 20) CPPUNIT_ASSERT(index_->forceMerge(1).isOk());
      const Request request = makeQuery(2);
      const json::Document answer = search("{\"size\":0,\"query\":" + request.query + R"(,"aggs":{
        "status":{"terms":{"field":"status"},"aggs":{"amount":{"sum":{"field":"amount"}},"money":{"sum":{"field":"money"}},"max":{"max":{"field":"number"}},
          "ids":{"value_count":{"field":"id"}},"mean":{"avg":{"field":"id"}},"range":{"stats":{"field":"amount"}},
          "tags":{"terms":{"field":"tags","size":100},"aggs":{"n":{"sum":{"field":"number"}}}}}},
        "days":{"date_histogram":{"field":"day","calendar_interval":"week","min_doc_count":1},"aggs":{"amount":{"sum":{"field":"amount"}},"count":{"value_count":{"field":"tags"}}}},
        "missing":{"terms":{"field":"status","size":100,"missing":"none"},"aggs":{"ids":{"value_count":{"field":"id"}},"mean":{"avg":{"field":"id"}}}},
        "different":{"cardinality":{"field":"tags"}},
        "number":{"terms":{"field":"number","size":1000,"order":{"_key":"asc"}}}}})");
      checkMissing(answer.root()["aggregations"], request);
      checkStatus(answer.root()["aggregations"]["status"], request);
      checkDays(answer.root()["aggregations"]["days"], request);
      checkNumbers(answer.root()["aggregations"]["number"], request);
    }
  }

  void randomSortsAndPagesMatchTheModel() {
    for (int i = 0; i < 20; ++i) {
      const bool is_descending = below(2) == 0;
      const Request request = makeQuery(1);
      // The whole order page by page: by status, then number, then id; the missing ones last.
      std::vector<const Document*> expected;
      for (const auto& [id, document] : documents_)
        if (request.matches(document)) expected.push_back(&document);
      std::sort(expected.begin(), expected.end(), [&](const Document* a, const Document* b) {
        if (a->status != b->status) {
          if (!a->status || !b->status) return a->status.has_value();
          return (*a->status < *b->status) != is_descending;
        }
        const std::int64_t x = a->number.value_or(INT64_MAX);
        const std::int64_t y = b->number.value_or(INT64_MAX);
        return x != y ? x < y : a->id < b->id;
      });
      std::string after;
      std::size_t at = 0;
      for (int page = 0; page < 4; ++page) {
        const json::Document answer =
            search("{\"query\":" + request.query + ",\"size\":300,\"_source\":false,\"sort\":[{\"status\":\"" +
                   (is_descending ? "desc" : "asc") + "\"},{\"number\":\"asc\"},{\"id\":\"asc\"}]" + after + "}");
        const json::Value hits = answer.root()["hits"]["hits"];
        CPPUNIT_ASSERT_EQUAL_MESSAGE(where(request.query), std::min<std::size_t>(300, expected.size() - at),
                                     static_cast<std::size_t>(hits.size()));
        for (const json::Value hit : hits) {
          CPPUNIT_ASSERT_EQUAL_MESSAGE(where(request.query), std::to_string(expected[at++]->id),
                                       std::string(hit["_id"].string()));
          after = ",\"search_after\":" + std::string(hit["sort"].raw());
        }
        if (hits.size() < 300) break;
      }
    }
  }

  // With counting turned off the searcher may pass over windows that cannot matter.
  void skippingWindowsChangesNoHit() {
    for (int i = 0; i < 60; ++i) {
      const Request request = makeQuery(2);
      const std::string sort = i % 3 == 0   ? ",\"sort\":[{\"number\":\"desc\"}]"
                               : i % 3 == 1 ? ",\"sort\":[{\"day\":\"asc\"},{\"status\":\"asc\"}]"
                                            : "";
      const std::string body = "{\"query\":" + request.query + sort + ",\"size\":7,\"_source\":false";
      const json::Document all = search(body + ",\"track_total_hits\":true}");
      const json::Document some = search(body + ",\"track_total_hits\":false}");
      CPPUNIT_ASSERT_EQUAL_MESSAGE(where(request.query), std::string(all.root()["hits"]["hits"].raw()),
                                   std::string(some.root()["hits"]["hits"].raw()));
    }
  }

  void anExpiredDeadlineGivesAPartialAnswer() {
    const auto answer = index_->search("{}", 1);
    CPPUNIT_ASSERT(answer.isOk());
    const auto parsed = json::Document::parse(answer.value().body);
    CPPUNIT_ASSERT(parsed.value().root()["timed_out"].boolean());
    CPPUNIT_ASSERT_EQUAL(std::int64_t{0}, *parsed.value().root()["hits"]["total"]["value"].integer());
  }

 private:
  int below(int limit) { return static_cast<int>(random_() % static_cast<unsigned>(limit)); }
  bool happens(int percent) { return below(100) < percent; }
  std::string where(const std::string& query) const { return "seed " + std::to_string(seed_) + ", query " + query; }

  Document makeDocument(int id) {
    Document d;
    d.id = id;
    for (int i = below(4); i > 0; --i) d.tags.push_back("t" + std::to_string(below(30)));
    if (happens(90)) d.status = std::string(1, static_cast<char>('a' + std::min(below(8), below(8))));
    if (happens(80)) d.number = below(50) - 10;
    if (happens(85)) d.cents = below(10'000'000);
    if (happens(90)) d.day = 19'700 + below(60);
    for (int i = below(8); i > 0; --i) d.words.push_back("w" + std::to_string(below(below(40) + 1)));
    return d;
  }
  void put(Document document) {
    const std::string id = std::to_string(document.id);
    const std::string source = toJson(document);
    apply({Operation::Kind::kIndex, id, ++version_, source});
    documents_[document.id] = std::move(document);
  }
  void remove(int id) {
    const std::string text = std::to_string(id);
    apply({Operation::Kind::kDelete, text, ++version_, {}});
    documents_.erase(id);
  }
  void apply(const Operation& operation) {
    const auto outcome = index_->apply({&operation, 1}, version_);
    CPPUNIT_ASSERT(outcome.isOk());
    CPPUNIT_ASSERT(outcome.value().front().verdict != gyre::engine::OperationOutcome::Verdict::kRefused);
  }
  json::Document search(const std::string& body) {
    const auto answer = index_->search(body);
    CPPUNIT_ASSERT_MESSAGE(where(body) + std::string(answer.status().message()), answer.isOk());
    auto parsed = json::Document::parse(answer.value().body);
    CPPUNIT_ASSERT(parsed.isOk());
    return std::move(parsed).value();
  }

  Request makeQuery(int depth) {
    if (depth > 0 && happens(60)) return makeBool(depth);
    switch (below(9)) {
      case 0: {
        const std::string tag = "t" + std::to_string(below(31));
        return {"{\"term\":{\"tags\":\"" + tag + "\"}}", [tag](const Document& d) { return has(d.tags, tag); }};
      }
      case 1: {
        const std::string a(1, static_cast<char>('a' + below(8))), b(1, static_cast<char>('a' + below(8)));
        return {R"({"terms":{"status":[")" + a + "\",\"" + b + "\"]}}",
                [a, b](const Document& d) { return d.status == a || d.status == b; }};
      }
      case 2: {
        const std::int64_t low = below(60) - 15, high = low + below(20);
        return {"{\"range\":{\"number\":{\"gte\":" + std::to_string(low) + ",\"lt\":" + std::to_string(high) + "}}}",
                [low, high](const Document& d) { return d.number && *d.number >= low && *d.number < high; }};
      }
      case 3: {
        const std::int64_t day = 19'695 + below(70);
        return {"{\"range\":{\"day\":{\"gte\":" + std::to_string(day * kDay) + "}}}",
                [day](const Document& d) { return d.day && *d.day >= day; }};
      }
      case 4: {
        const std::string a = "w" + std::to_string(below(40)), b = "w" + std::to_string(below(10));
        const bool is_and = happens(50);
        return {"{\"match\":{\"text\":{\"query\":\"" + a + " " + b + "\",\"operator\":\"" + (is_and ? "and" : "or") +
                    "\"}}}",
                [=](const Document& d) {
                  return is_and ? has(d.words, a) && has(d.words, b) : has(d.words, a) || has(d.words, b);
                }};
      }
      case 5: {
        const std::string a = "w" + std::to_string(below(6)), b = "w" + std::to_string(below(6));
        return {"{\"match_phrase\":{\"text\":\"" + a + " " + b + "\"}}", [=](const Document& d) {
                  for (std::size_t i = 0; i + 1 < d.words.size(); ++i)
                    if (d.words[i] == a && d.words[i + 1] == b) return true;
                  return false;
                }};
      }
      case 6: return {R"({"exists":{"field":"amount"}})", [](const Document& d) { return d.cents.has_value(); }};
      case 7: {
        const std::string prefix = "t" + std::to_string(1 + below(3));
        return {"{\"prefix\":{\"tags\":\"" + prefix + "\"}}", [prefix](const Document& d) {
                  return std::any_of(d.tags.begin(), d.tags.end(),
                                     [&](const std::string& tag) { return tag.starts_with(prefix); });
                }};
      }
      default: {
        const int id = below(next_id_);
        return {"{\"ids\":{\"values\":[\"" + std::to_string(id) + "\",\"" + std::to_string(id + 1) + "\"]}}",
                [id](const Document& d) { return d.id == id || d.id == id + 1; }};
      }
    }
  }

  Request makeBool(int depth) {
    std::vector<Predicate> required, optional, excluded;
    const auto list = [&](int count, std::vector<Predicate>& predicates) {
      std::string text = "[";
      for (int i = 0; i < count; ++i) {
        Request clause = makeQuery(depth - 1);
        text += (i > 0 ? "," : "") + clause.query;
        predicates.push_back(std::move(clause.matches));
      }
      return text + "]";
    };
    const std::string must = list(below(3), required);
    const std::string filter = list(below(2), required);
    const std::string should = list(below(4), optional);
    const std::string must_not = list(below(5) == 0 ? 1 : 0, excluded);
    auto minimum = static_cast<std::size_t>(below(3));
    const std::string query = "{\"bool\":{\"must\":" + must + ",\"filter\":" + filter + ",\"should\":" + should +
                              ",\"must_not\":" + must_not + ",\"minimum_should_match\":" + std::to_string(minimum) +
                              "}}";
    if (required.empty() && !optional.empty() && minimum == 0) minimum = 1;
    // Without any clause a bool matches everything, whatever minimum it names.
    if (required.empty() && optional.empty() && excluded.empty()) minimum = 0;
    return {query, [=](const Document& d) {
              for (const Predicate& clause : required)
                if (!clause(d)) return false;
              for (const Predicate& clause : excluded)
                if (clause(d)) return false;
              std::size_t matched = 0;
              for (const Predicate& clause : optional) matched += clause(d) ? 1u : 0u;
              return matched >= minimum;
            }};
  }

  static bool has(const std::vector<std::string>& values, const std::string& value) {
    return std::find(values.begin(), values.end(), value) != values.end();
  }
  static std::string decimal(std::int64_t cents) {
    std::string text = std::to_string(cents / 100) + "." + (cents % 100 < 10 ? "0" : "") + std::to_string(cents % 100);
    if (text.back() == '0') text.pop_back();
    return text;
  }

  struct Expected {
    std::int64_t count = 0, cents = 0, numbers = 0, values = 0, ids = 0, amounts = 0;
    std::optional<std::int64_t> max, least_cents, most_cents;
    std::map<std::string, std::pair<std::int64_t, std::int64_t>> tags;  // count, sum of number
  };

  void checkStatus(json::Value answer, const Request& request) {
    std::map<std::string, Expected> expected;
    for (const auto& [id, d] : documents_) {
      if (!request.matches(d) || !d.status) continue;
      Expected& bucket = expected[*d.status];
      ++bucket.count;
      bucket.cents += d.cents.value_or(0);
      bucket.ids += d.id;
      if (d.cents) {
        ++bucket.amounts;
        bucket.least_cents = std::min(bucket.least_cents.value_or(*d.cents), *d.cents);
        bucket.most_cents = std::max(bucket.most_cents.value_or(*d.cents), *d.cents);
      }
      if (d.number) bucket.max = std::max(bucket.max.value_or(*d.number), *d.number);
      for (const std::string& tag : std::set<std::string>(d.tags.begin(), d.tags.end())) {
        ++bucket.tags[tag].first;
        bucket.tags[tag].second += d.number.value_or(0);
      }
    }
    const std::string message = where(request.query) + std::string(answer.raw());
    CPPUNIT_ASSERT_EQUAL_MESSAGE(message, expected.size(), static_cast<std::size_t>(answer["buckets"].size()));
    std::int64_t previous = INT64_MAX;
    for (const json::Value bucket : answer["buckets"]) {
      const Expected& wanted = expected[std::string(bucket["key"].string())];
      CPPUNIT_ASSERT_EQUAL_MESSAGE(message, wanted.count, *bucket["doc_count"].integer());
      CPPUNIT_ASSERT_MESSAGE(message, wanted.count <= previous);
      previous = wanted.count;
      CPPUNIT_ASSERT_EQUAL_MESSAGE(message, decimal(wanted.cents), std::string(bucket["amount"]["value"].raw()));
      CPPUNIT_ASSERT_EQUAL_MESSAGE(message, decimal(wanted.cents), std::string(bucket["money"]["value"].raw()));
      CPPUNIT_ASSERT_EQUAL_MESSAGE(message, wanted.max ? std::to_string(*wanted.max) + ".0" : "null",
                                   std::string(bucket["max"]["value"].raw()));
      checkIds(bucket, wanted.count, wanted.ids, message);
      const json::Value range = bucket["range"];
      CPPUNIT_ASSERT_EQUAL_MESSAGE(message, wanted.amounts, *range["count"].integer());
      CPPUNIT_ASSERT_EQUAL_MESSAGE(message, decimal(wanted.cents), std::string(range["sum"].raw()));
      if (wanted.amounts > 0) {
        CPPUNIT_ASSERT_EQUAL_MESSAGE(message, decimal(*wanted.least_cents), std::string(range["min"].raw()));
        CPPUNIT_ASSERT_EQUAL_MESSAGE(message, decimal(*wanted.most_cents), std::string(range["max"].raw()));
      }
      CPPUNIT_ASSERT_EQUAL_MESSAGE(message, wanted.tags.size(),
                                   static_cast<std::size_t>(bucket["tags"]["buckets"].size()));
      for (const json::Value tag : bucket["tags"]["buckets"]) {
        const auto& [count, sum] = wanted.tags.at(std::string(tag["key"].string()));
        CPPUNIT_ASSERT_EQUAL_MESSAGE(message, count, *tag["doc_count"].integer());
        CPPUNIT_ASSERT_EQUAL_MESSAGE(message, std::to_string(sum) + ".0", std::string(tag["n"]["value"].raw()));
      }
    }
  }

  // A field of every document, whose values need not be counted.
  static void checkIds(json::Value bucket, std::int64_t count, std::int64_t sum, const std::string& message) {
    CPPUNIT_ASSERT_EQUAL_MESSAGE(message, count, *bucket["ids"]["value"].integer());
    CPPUNIT_ASSERT_EQUAL_MESSAGE(message, static_cast<double>(sum) / static_cast<double>(count),
                                 *bucket["mean"]["value"].real());
  }

  void checkMissing(json::Value answer, const Request& request) {
    std::map<std::string, std::pair<std::int64_t, std::int64_t>> expected;  // count, sum of ids
    std::set<std::string> tags;
    for (const auto& [id, d] : documents_) {
      if (!request.matches(d)) continue;
      auto& [count, ids] = expected[d.status.value_or("none")];
      ++count;
      ids += d.id;
      tags.insert(d.tags.begin(), d.tags.end());
    }
    const std::string message = where(request.query) + std::string(answer.raw());
    const json::Value buckets = answer["missing"]["buckets"];
    CPPUNIT_ASSERT_EQUAL_MESSAGE(message, expected.size(), static_cast<std::size_t>(buckets.size()));
    for (const json::Value bucket : buckets) {
      const auto& [count, ids] = expected.at(std::string(bucket["key"].string()));
      CPPUNIT_ASSERT_EQUAL_MESSAGE(message, count, *bucket["doc_count"].integer());
      checkIds(bucket, count, ids, message);
    }
    CPPUNIT_ASSERT_EQUAL_MESSAGE(message, static_cast<std::int64_t>(tags.size()),
                                 *answer["different"]["value"].integer());
  }

  void checkDays(json::Value answer, const Request& request) {
    std::map<std::int64_t, Expected> expected;
    for (const auto& [id, d] : documents_) {
      if (!request.matches(d) || !d.day) continue;
      // 1970-01-01 was a Thursday.
      Expected& week = expected[((*d.day + 3) / 7 * 7 - 3) * kDay];
      ++week.count;
      week.cents += d.cents.value_or(0);
      week.values += static_cast<std::int64_t>(std::set<std::string>(d.tags.begin(), d.tags.end()).size());
    }
    const std::string message = where(request.query) + std::string(answer.raw());
    CPPUNIT_ASSERT_EQUAL_MESSAGE(message, expected.size(), static_cast<std::size_t>(answer["buckets"].size()));
    auto wanted = expected.begin();
    for (const json::Value bucket : answer["buckets"]) {
      CPPUNIT_ASSERT_EQUAL_MESSAGE(message, wanted->first, *bucket["key"].integer());
      CPPUNIT_ASSERT_EQUAL_MESSAGE(message, wanted->second.count, *bucket["doc_count"].integer());
      CPPUNIT_ASSERT_EQUAL_MESSAGE(message, decimal(wanted->second.cents),
                                   std::string(bucket["amount"]["value"].raw()));
      CPPUNIT_ASSERT_EQUAL_MESSAGE(message, wanted->second.values, *bucket["count"]["value"].integer());
      ++wanted;
    }
  }

  void checkNumbers(json::Value answer, const Request& request) {
    std::map<std::int64_t, std::int64_t> expected;
    for (const auto& [id, d] : documents_)
      if (request.matches(d) && d.number) ++expected[*d.number];
    std::map<std::int64_t, std::int64_t> found;
    for (const json::Value bucket : answer["buckets"]) found[*bucket["key"].integer()] = *bucket["doc_count"].integer();
    CPPUNIT_ASSERT_MESSAGE(where(request.query), expected == found);
  }

  unsigned seed_ = 0;
  std::mt19937 random_;
  gyre::engine::RamDirectory directory_;
  gyre::base::NullObserver observer_;
  std::unique_ptr<Index> index_;
  std::uint64_t version_ = 0;
  int next_id_ = 0;
  std::map<int, Document> documents_;
};

CPPUNIT_TEST_SUITE_REGISTRATION(SearchModelTest);
