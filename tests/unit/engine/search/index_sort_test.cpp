// Sorted indices: against a model that sorts all documents, stably, by values of its own.
#include "engine/search/index_sort.hpp"

#include <cppunit/extensions/HelperMacros.h>

#include <algorithm>
#include <map>
#include <optional>
#include <random>
#include <string>
#include <vector>

#include "engine/directory/ram_directory.hpp"
#include "engine/index.hpp"
#include "tests/support/seeded_random.hpp"

namespace gyre::engine {

namespace {

constexpr std::string_view kMappings =
    R"({"dynamic":"true","properties":{"n":{"type":"integer"},"k":{"type":"keyword"},"d":{"type":"date"},
"b":{"type":"boolean"},"f":{"type":"double"},"t":{"type":"text"},"o":{"properties":{"x":{"type":"short"}}},
"c":{"type":"completion"},"l":{"type":"flat_object"},"ip":{"type":"ip"},"other":{"type":"alias","path":"n"}}})";

// What the model knows of a document: by field its values as texts that compare as the values do.
struct Document {
  std::string id, source;
  std::uint64_t written = 0;
  std::map<std::string, std::vector<std::string>> values;
  std::vector<std::string> words;
};

struct Key {
  std::string field;
  bool is_descending = false, is_largest = false, is_missing_first = false;
};

std::string padded(std::int64_t number) {
  std::string digits = std::to_string(number + 5'000'000'000'000);
  return std::string(20 - digits.size(), '0') + digits;
}

bool isBefore(const std::vector<Key>& keys, const Document& a, const Document& b) {
  for (const Key& key : keys) {
    const auto valueOf = [&key](const Document& document) -> std::optional<std::string> {
      const auto found = document.values.find(key.field == "other" ? "n" : key.field);
      if (found == document.values.end()) return std::nullopt;
      const auto [least, most] = std::minmax_element(found->second.begin(), found->second.end());
      return key.is_largest ? *most : *least;
    };
    const auto of_a = valueOf(a), of_b = valueOf(b);
    if (of_a == of_b) continue;
    if (!of_a || !of_b) return !of_a == key.is_missing_first;
    return (*of_a < *of_b) != key.is_descending;
  }
  return false;
}

}  // namespace

class IndexSortTest : public CppUnit::TestFixture {
  CPPUNIT_TEST_SUITE(IndexSortTest);
  CPPUNIT_TEST(segmentsAreSortedAndMergesKeepThem);
  CPPUNIT_TEST(mergesOfThePolicyKeepTheOrder);
  CPPUNIT_TEST(theLogIsReadBackInOrder);
  CPPUNIT_TEST(manyDocumentsOfOneValueStandAsTheyWereWritten);
  CPPUNIT_TEST(settingsAreRefusedInTheDialectsWords);
  CPPUNIT_TEST(nestedFieldsAreRefused);
  CPPUNIT_TEST(appendedDocumentsAreRefused);
  CPPUNIT_TEST(aSegmentOutOfOrderIsFound);
  CPPUNIT_TEST_SUITE_END();

 public:
  void setUp() override { random_ = test::seededRandom(); }

  void segmentsAreSortedAndMergesKeepThem() {
    for (int run = 0; run < 12; ++run) {
      begin();
      const int rounds = 2 + static_cast<int>(random_() % 5);
      for (int round = 0; round < rounds; ++round) {
        write(1 + random_() % (run == 0 ? 9000 : 300));
        CPPUNIT_ASSERT(index_->refresh().isOk());
        expectSortedSegments();
        if (random_() % 3 == 0) {
          CPPUNIT_ASSERT(index_->forceMerge(1).isOk());
          expectExactOrder();
        }
        if (random_() % 3 == 0) open();
      }
      CPPUNIT_ASSERT(index_->forceMerge(1).isOk());
      CPPUNIT_ASSERT_EQUAL(std::uint64_t{1}, index_->stats().segment_count);
      expectExactOrder();
      expectFound();
      open();
      expectExactOrder();
      expectSound();
    }
  }

  void mergesOfThePolicyKeepTheOrder() {
    begin();
    for (int round = 0; round < 40; ++round) {
      write(1 + random_() % 60);
      CPPUNIT_ASSERT(index_->refresh().isOk());
      if (round % 5 == 0) CPPUNIT_ASSERT(index_->merge().isOk());
      if (round % 13 == 0) CPPUNIT_ASSERT(index_->forceMerge(3).isOk());
    }
    CPPUNIT_ASSERT(index_->stats().segment_count < 40);
    expectSortedSegments();
    expectFound();
    CPPUNIT_ASSERT(index_->commit().isOk());
    expectSound();
  }

  void theLogIsReadBackInOrder() {
    begin();
    write(200);
    CPPUNIT_ASSERT(index_->commit().isOk());
    write(150);
    CPPUNIT_ASSERT(index_->sync().isOk());
    index_->abandon();
    open();
    expectSortedSegments();
    expectFound();
    CPPUNIT_ASSERT(index_->forceMerge(1).isOk());
    expectExactOrder();
  }

  void manyDocumentsOfOneValueStandAsTheyWereWritten() {
    definition_ = definition({{"n", true, true, false}});
    keys_ = {{"n", true, true, false}};
    clear();
    open();
    for (int round = 0; round < 4; ++round) {
      for (int i = 0; i < 50; ++i) put(documentOf("d" + std::to_string(round * 50 + i), R"({"n":7})", {{"n", {"7"}}}));
      CPPUNIT_ASSERT(index_->refresh().isOk());
    }
    expectExactOrder();
    CPPUNIT_ASSERT(index_->forceMerge(1).isOk());
    expectExactOrder();
  }

  void settingsAreRefusedInTheDialectsWords() {
    const auto expect = [&](const std::string& settings, const std::string& why) {
      RamDirectory directory;
      const auto opened = Index::open(
          directory, R"({"settings":)" + settings + R"(,"mappings":)" + std::string(kMappings) + "}", {}, observer_);
      CPPUNIT_ASSERT_MESSAGE(settings, !opened.isOk());
      CPPUNIT_ASSERT_MESSAGE(std::string(opened.status().message()) + " instead of " + why,
                             opened.status().message().ends_with(why));
      CPPUNIT_ASSERT_EQUAL(std::string("illegal_argument_exception"), std::string(opened.status().reason()));
    };
    expect(R"({"index":{"sort":{"field":"zz"}}})", "unknown index sort field:[zz]");
    expect(R"({"index.sort.field":"o"})", "unknown index sort field:[o]");
    expect(R"({"index.sort.field":"_id"})", "invalid index sort field:[_id]");
    expect(R"({"index.sort.field":"t"})", "docvalues not found for index sort field:[t]");
    expect(R"({"index.sort.field":"_source"})", "docvalues not found for index sort field:[_source]");
    expect(R"({"index.sort.field":"l.x"})", "sorting an index by [l.x] of a [flat_object] is not offered");
    expect(R"({"index.sort.field":"n","index.sort.order":""})",
           "index.sort.field:[n] index.sort.order:[], size mismatch");
    expect(R"({"index.sort.field":["n","k"],"index.sort.order":"desc"})",
           "index.sort.field:[n, k] index.sort.order:[desc], size mismatch");
    expect(R"({"index.sort.field":"n","index.sort.mode":"avg"})",
           "Illegal index sort mode:[AVG], must be one of [MAX, MIN]");
    expect(R"({"index.sort.field":"n","index.sort.missing":"0"})",
           "Illegal missing value:[0], must be one of [_last, _first]");
    expect(R"({"sort":{"order":"up"}})", "Illegal sort order:up");
  }

  void nestedFieldsAreRefused() {
    definition_ = definition({{"n", false, false, false}});
    clear();
    open();
    const std::string why = "cannot have nested fields when index sort is activated";
    const Status put = index_->putMapping(R"({"properties":{"x":{"type":"nested"}}})");
    CPPUNIT_ASSERT_EQUAL(why, std::string(put.message()));
    CPPUNIT_ASSERT(
        index_->putMapping(R"({"dynamic_templates":[{"a":{"match":"y","mapping":{"type":"nested"}}}]})").isOk());
    Operation operation;
    operation.id = "1";
    operation.version = 1;
    operation.source = R"({"n":1,"y":[{"z":1}]})";
    operation.versioning = Operation::Versioning::kInternal;
    const auto outcome = index_->apply({&operation, 1}, 0);
    CPPUNIT_ASSERT_EQUAL(why, std::string(outcome.value().front().refusal.message()));
    CPPUNIT_ASSERT(index_->mapping()->find("y") == nullptr);
  }

  void appendedDocumentsAreRefused() {
    definition_ = definition({{"n", false, false, false}});
    clear();
    open(false);
    Operation operation;
    operation.versioning = Operation::Versioning::kAppended;
    operation.id_number = operation.version = 1;
    operation.source = "{}";
    CPPUNIT_ASSERT(index_->apply({&operation, 1}, 1).value().front().verdict == OperationOutcome::Verdict::kRefused);
  }

  // An index whose definition says that it is sorted, and whose segments know nothing of it.
  void aSegmentOutOfOrderIsFound() {
    keys_ = {};
    definition_ = R"({"mappings":)" + std::string(kMappings) + "}";
    clear();
    open();
    put(documentOf("1", R"({"n":2})", {}));
    put(documentOf("2", R"({"n":1})", {}));
    CPPUNIT_ASSERT(index_->putSettings(R"({"index":{"sort":{"field":"n"}}})").isOk());
    index_.reset();
    std::string findings;
    CPPUNIT_ASSERT(!checkIndex(*directory_, [&](std::string_view found) { findings += found; }).isOk());
    CPPUNIT_ASSERT_MESSAGE(findings, findings.find("not in the order of index.sort") != std::string::npos);
  }

 private:
  // An index with a sort of its own.
  void begin() {
    std::vector<std::string> fields{"n", "k", "d", "b", "f", "o.x", "ip", "other"};
    std::shuffle(fields.begin(), fields.end(), random_);
    fields.resize(1 + random_() % 3);
    keys_.clear();
    for (const std::string& field : fields) {
      const bool is_descending = random_() % 2 == 0;
      keys_.push_back({field, is_descending, random_() % 2 == 0, random_() % 2 == 0});
    }
    definition_ = definition(keys_);
    clear();
    documents_.clear();
    written_ = 0;
    open();
  }
  void clear() {
    index_.reset();
    directory_ = std::make_unique<RamDirectory>();
  }
  static std::string definition(const std::vector<Key>& keys) {
    std::string fields, orders, modes, missings;
    for (const Key& key : keys) {
      const std::string comma = fields.empty() ? "" : ",";
      fields += comma + '"' + key.field + '"';
      orders += comma + (key.is_descending ? "\"desc\"" : "\"asc\"");
      modes += comma + (key.is_largest ? "\"max\"" : "\"min\"");
      missings += comma + (key.is_missing_first ? "\"_first\"" : "\"_last\"");
    }
    return R"({"settings":{"index":{"sort":{"field":[)" + fields + R"(],"order":[)" + orders + R"(],"mode":[)" + modes +
           R"(],"missing":[)" + missings + R"(]}}},"mappings":)" + std::string(kMappings) + "}";
  }
  void open(bool keeps_log = true) {
    index_.reset();
    IndexOptions options;
    options.merge_in_background = false;
    options.keeps_log = keeps_log;
    auto opened = Index::open(*directory_, definition_, options, observer_);
    CPPUNIT_ASSERT_MESSAGE(std::string(opened.status().message()), opened.isOk());
    index_ = std::move(opened).value();
  }

  static Document documentOf(std::string id, std::string source,
                             std::map<std::string, std::vector<std::string>> values) {
    return {std::move(id), std::move(source), 0, std::move(values), {}};
  }
  Document randomDocument(std::string id) {
    Document document;
    document.id = std::move(id);
    std::string members;
    // `make(value as JSON)` returns how the value compares.
    const auto add = [&](const std::string& field, auto&& make) {
      if (random_() % 5 == 0) return;
      std::string list, json;
      const std::size_t count = random_() % 3 == 0 ? 1 + random_() % 3 : 1;
      for (std::size_t i = 0; i < count; ++i) {
        document.values[field].push_back(make(json));
        list += (i > 0 ? "," : "") + json;
      }
      members += (members.empty() ? "\"" : ",\"") + field + "\":[" + list + "]";
    };
    const auto number = [&](std::string& json) {
      const std::int64_t value = static_cast<std::int64_t>(random_() % 20) - 10;
      json = std::to_string(value);
      return padded(value);
    };
    add("n", number);
    add("o.x", number);
    add("k", [&](std::string& json) {
      std::string text(1 + random_() % 2, static_cast<char>('a' + random_() % 5));
      json = '"' + text + '"';
      return text;
    });
    add("d", [&](std::string& json) {
      const std::int64_t value = 1'700'000'000'000 + static_cast<std::int64_t>(random_() % 9);
      json = std::to_string(value);
      return padded(value);
    });
    add("b", [&](std::string& json) {
      const bool value = random_() % 2 == 0;
      json = value ? "true" : "false";
      return std::string(value ? "1" : "0");
    });
    add("f", [&](std::string& json) {
      const std::int64_t value = static_cast<std::int64_t>(random_() % 40) - 20;
      json = std::to_string(value) + (value % 2 == 0 ? ".0" : ".5");
      return padded(value < 0 && value % 2 != 0 ? value * 10 - 5 : value * 10 + (value % 2 != 0 ? 5 : 0));
    });
    add("ip", [&](std::string& json) {
      const auto last = static_cast<int>(random_() % 5);
      json = "\"10.0.0." + std::to_string(last) + '"';
      return std::to_string(last);
    });
    std::string text;
    for (std::size_t i = random_() % 6; i > 0; --i) {
      document.words.push_back(std::string("w") + static_cast<char>('a' + random_() % 8));
      text += document.words.back() + ' ';
    }
    members += (members.empty() ? "\"" : ",\"") + std::string("t\":\"") + text + '"';
    if (random_() % 4 == 0) members += R"(,"c":"in)" + std::to_string(random_() % 9) + '"';
    document.source = "{" + members + "}";
    return document;
  }
  void put(Document document) {
    Operation operation;
    operation.id = document.id;
    operation.versioning = Operation::Versioning::kInternal;
    operation.source = document.source;
    const std::string routing = document.id.size() % 2 == 0 ? "r" + document.id : "";
    operation.routing = routing;
    const auto outcome = index_->apply({&operation, 1}, 0);
    CPPUNIT_ASSERT(outcome.isOk());
    CPPUNIT_ASSERT_MESSAGE(document.source + std::string(outcome.value().front().refusal.message()),
                           outcome.value().front().verdict != OperationOutcome::Verdict::kRefused);
    document.written = ++written_;
    documents_[document.id] = std::move(document);
  }
  void write(std::size_t count) {
    for (std::size_t i = 0; i < count; ++i) {
      const std::string id = "id" + std::to_string(random_() % 4000);
      if (random_() % 6 != 0) {
        put(randomDocument(id));
        continue;
      }
      Operation operation;
      operation.kind = Operation::Kind::kDelete;
      operation.versioning = Operation::Versioning::kInternal;
      operation.id = id;
      CPPUNIT_ASSERT(index_->apply({&operation, 1}, 0).isOk());
      documents_.erase(id);
    }
  }

  std::vector<std::string> idsOf(const SegmentView& view) {
    std::vector<std::string> ids;
    for (DocId doc = 0; doc < view.segment->docCount(); ++doc)
      if (isVisible(view, doc)) ids.push_back(view.segment->id(doc).value());
    return ids;
  }
  void expectSortedSegments() {
    for (const SegmentView& view : index_->snapshot()->segments) {
      const std::vector<std::string> ids = idsOf(view);
      for (std::size_t i = 1; i < ids.size(); ++i)
        CPPUNIT_ASSERT_MESSAGE(definition_ + documents_.at(ids[i - 1]).source + documents_.at(ids[i]).source,
                               !isBefore(keys_, documents_.at(ids[i]), documents_.at(ids[i - 1])));
    }
  }
  // Documents of several segments are not sorted among each other.
  void expectExactOrder() {
    std::vector<std::string> found;
    for (const SegmentView& view : index_->snapshot()->segments)
      for (const std::string& id : idsOf(view)) found.push_back(id);
    std::vector<Document> all;
    for (const auto& [id, document] : documents_) all.push_back(document);
    std::sort(all.begin(), all.end(), [](const Document& a, const Document& b) { return a.written < b.written; });
    std::stable_sort(all.begin(), all.end(),
                     [&](const Document& a, const Document& b) { return isBefore(keys_, a, b); });
    CPPUNIT_ASSERT_EQUAL(all.size(), found.size());
    for (std::size_t i = 0; i < all.size(); ++i) CPPUNIT_ASSERT_EQUAL_MESSAGE(definition_, all[i].id, found[i]);
    CPPUNIT_ASSERT(search(R"({"match_all":{}})") == found);
  }

  std::vector<std::string> search(const std::string& query) {
    const auto answer = index_->search(R"({"size":10000,"_source":false,"sort":["_doc"],"query":)" + query + "}");
    CPPUNIT_ASSERT_MESSAGE(std::string(answer.status().message()), answer.isOk());
    const auto document = json::Document::parse(answer.value().body);
    std::vector<std::string> ids;
    for (const json::Value hit : document.value().root()["hits"]["hits"]) ids.emplace_back(hit["_id"].string());
    return ids;
  }
  template <class Matches>
  void expectMatches(const std::string& query, Matches&& matches) {
    std::vector<std::string> expected;
    for (const auto& [id, document] : documents_)
      if (matches(document)) expected.push_back(id);
    std::vector<std::string> found = search(query);
    std::sort(found.begin(), found.end());
    CPPUNIT_ASSERT_EQUAL_MESSAGE(query, expected.size(), found.size());
    CPPUNIT_ASSERT_MESSAGE(query, expected == found);
  }
  // Whatever a segment holds of a document moved with it.
  void expectFound() {
    for (const char letter : std::string("abcde")) {
      const std::string text(1, letter);
      expectMatches(R"({"term":{"k":")" + text + "\"}}", [&](const Document& document) {
        const auto found = document.values.find("k");
        return found != document.values.end() &&
               std::find(found->second.begin(), found->second.end(), text) != found->second.end();
      });
      const std::string first = "w" + text, second = std::string("w") + static_cast<char>(letter + 1);
      expectMatches(R"({"match_phrase":{"t":")" + first + ' ' + second + "\"}}", [&](const Document& document) {
        for (std::size_t i = 1; i < document.words.size(); ++i)
          if (document.words[i - 1] == first && document.words[i] == second) return true;
        return false;
      });
    }
    for (int value = -10; value < 10; value += 5)
      expectMatches(R"({"term":{"n":)" + std::to_string(value) + "}}", [&](const Document& document) {
        const auto found = document.values.find("n");
        return found != document.values.end() &&
               std::find(found->second.begin(), found->second.end(), padded(value)) != found->second.end();
      });
    expectMatches(R"({"exists":{"field":"ip"}})",
                  [](const Document& document) { return document.values.contains("ip"); });
    for (const auto& [id, document] : documents_) {
      const auto held = index_->get(id);
      CPPUNIT_ASSERT_MESSAGE(id, held.isOk() && held.value().has_value());
      CPPUNIT_ASSERT_EQUAL(document.source, held.value()->source);
      CPPUNIT_ASSERT_EQUAL(id.size() % 2 == 0 ? "r" + id : std::string(), held.value()->routing);
    }
  }
  void expectSound() {
    index_.reset();
    std::string findings;
    (void)checkIndex(*directory_, [&](std::string_view found) { findings += std::string(found) + "\n"; });
    CPPUNIT_ASSERT_EQUAL(std::string(), findings);
  }

  std::mt19937 random_;
  base::NullObserver observer_;
  std::unique_ptr<RamDirectory> directory_;
  std::unique_ptr<Index> index_;
  std::string definition_;
  std::vector<Key> keys_;
  std::map<std::string, Document> documents_;
  std::uint64_t written_ = 0;
};

CPPUNIT_TEST_SUITE_REGISTRATION(IndexSortTest);

}  // namespace gyre::engine
