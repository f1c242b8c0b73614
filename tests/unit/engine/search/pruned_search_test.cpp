// Searches that may leave out what cannot become a hit, against the same searches that look at every document.
//
// An aggregation makes a search look at everything; so the two must show the same hits, to the last bit of a score.
#include <cppunit/extensions/HelperMacros.h>

#include <algorithm>
#include <memory>
#include <random>
#include <string>
#include <vector>

#include "engine/directory/ram_directory.hpp"
#include "engine/index.hpp"
#include "gyre/json.hpp"
#include "tests/support/seeded_random.hpp"

namespace {

using gyre::engine::Index;
using gyre::engine::Operation;
namespace json = gyre::json;

constexpr int kSegments = 3;
constexpr int kDocuments = 11'000;  // of a segment: three windows, the last one not full

}  // namespace

class PrunedSearchTest : public CppUnit::TestFixture {
  CPPUNIT_TEST_SUITE(PrunedSearchTest);
  CPPUNIT_TEST(hitsAreThoseOfAFullSearch);
  CPPUNIT_TEST(pagesAreThoseOfAFullSearch);
  CPPUNIT_TEST_SUITE_END();

 public:
  void setUp() override {
    random_ = gyre::test::seededRandom();
    gyre::engine::IndexOptions options;
    options.name = "pruned";
    options.merge_in_background = false;
    auto opened = Index::open(directory_, R"({"mappings":{"properties":{
        "rising":{"type":"date"},"any":{"type":"long"},"few":{"type":"integer"},"real":{"type":"double"},
        "many":{"type":"long"},"tag":{"type":"keyword"},"name":{"type":"keyword"},"text":{"type":"text"}}}})",
                              options, observer_);
    CPPUNIT_ASSERT(opened.isOk());
    index_ = std::move(opened).value();
    for (int segment = 0; segment < kSegments; ++segment) addSegment(segment);
  }

  void hitsAreThoseOfAFullSearch() {
    for (int round = 0; round < 250; ++round) {
      const std::string body =
          R"("query":)" + query(0) + sort() + R"(,"size":)" + std::to_string(pick({1, 5, 50, 700}));
      compare(body, "");
    }
  }

  void pagesAreThoseOfAFullSearch() {
    for (int round = 0; round < 25; ++round) {
      const std::string body =
          R"("query":)" + query(0) + sortBy(2) + R"(,"size":)" + std::to_string(pick({3, 40, 300}));
      std::string after;
      for (int page = 0; page < 4; ++page) {
        const std::string last = compare(body, after);
        if (last.empty()) break;
        after = R"(,"search_after":)" + last;
      }
    }
  }

 private:
  void addSegment(int segment) {
    std::vector<std::string> texts;
    std::vector<Operation> operations;
    texts.reserve(2 * kDocuments);
    for (int i = 0; i < kDocuments; ++i) {
      const int number = segment * kDocuments + i;
      texts.push_back(std::to_string(number));
      std::string& text = texts.emplace_back("{\"name\":\"n" + std::to_string(random_() % 5000) + "\"");
      // Now and then late, as clocks of several machines.
      if (!chance(20))
        text += ",\"rising\":" + std::to_string(1'700'000'000'000 + number * 100 - int(random_() % 3000));
      if (!chance(10)) text += ",\"any\":" + std::to_string(random_() % 100'000);
      if (!chance(3)) text += ",\"few\":" + std::to_string(random_() % 5);
      if (!chance(10)) text += ",\"real\":" + std::to_string(static_cast<int>(random_() % 2000) - 1000) + ".5";
      if (!chance(4))
        text += ",\"many\":[" + std::to_string(random_() % 900) + "," + std::to_string(random_() % 900) + "]";
      if (!chance(9)) text += ",\"tag\":\"" + tag() + "\"";
      text += ",\"text\":\"";
      for (auto words = 1 + random_() % 9; words > 0; --words) text += word() + " ";
      text += "\"}";
      operations.push_back(
          {Operation::Kind::kIndex, texts[texts.size() - 2], static_cast<std::uint64_t>(number) + 1, texts.back()});
    }
    CPPUNIT_ASSERT(index_->apply(operations, static_cast<std::uint64_t>(segment + 1) * kDocuments).isOk());
    CPPUNIT_ASSERT(index_->refresh().isOk());
    std::vector<Operation> deletes;
    for (int i = 0; i < kDocuments; i += 1 + static_cast<int>(random_() % 60))
      deletes.push_back({Operation::Kind::kDelete, texts[static_cast<std::size_t>(2 * i)],
                         static_cast<std::uint64_t>(kSegments * kDocuments + i) + 1, ""});
    CPPUNIT_ASSERT(index_->apply(deletes, static_cast<std::uint64_t>(segment + 1) * kDocuments).isOk());
    CPPUNIT_ASSERT(index_->refresh().isOk());
  }

  bool chance(unsigned one_in) { return random_() % one_in == 0; }
  int pick(std::initializer_list<int> choices) { return *(choices.begin() + random_() % choices.size()); }
  // Common ones first.
  std::string word() { return "w" + std::to_string(random_() % (1 + random_() % 60)); }
  std::string tag() { return "t" + std::to_string(random_() % (1 + random_() % 8)); }

  std::string query(int depth) {
    switch (random_() % (depth < 2 ? 11 : 9)) {
      case 0: return R"({"match_all":{}})";
      case 1: return R"({"match":{"text":")" + word() + " " + word() + " " + word() + "\"}}";
      case 2: return R"({"match":{"text":{"query":")" + word() + " " + word() + R"(","operator":"and"}}})";
      case 3: return R"({"match_phrase":{"text":")" + word() + " " + word() + "\"}}";
      case 4:
        return R"({"match_phrase":{"text":{"query":")" + word() + " " + word() + " " + word() + R"(","slop":)" +
               std::to_string(random_() % 4) + "}}}";
      case 5: return R"({"term":{"tag":")" + tag() + "\"}}";
      case 6: return R"({"terms":{"tag":[")" + tag() + "\",\"" + tag() + "\"]}}";
      case 7: return R"({"range":{"any":{"gte":)" + std::to_string(random_() % 100'000) + "}}}";
      case 8: return R"({"match":{"text":{"query":")" + word() + R"(","fuzziness":1}}})";
      case 9:
        return R"({"bool":{"must":[)" + query(depth + 1) + R"(],"filter":[)" + query(depth + 1) + R"(],"should":[)" +
               query(depth + 1) + "]}}";
      default:
        return R"({"bool":{"must":[)" + query(depth + 1) + "," + query(depth + 1) + R"(],"must_not":[)" +
               query(depth + 1) + "]}}";
    }
  }
  std::string sort() { return chance(3) ? "" : sortBy(1 + random_() % 2); }
  std::string sortBy(std::size_t keys) {
    std::string text = R"(,"sort":[)";
    for (std::size_t i = 0; i < keys; ++i) {
      static constexpr const char* kFields[] = {"rising", "any", "few", "real", "many", "tag", "name", "_score"};
      // Number and text, in turn, so that no key comes twice.
      const char* const field = kFields[i % 2 == 0 ? random_() % 5 : 5 + random_() % 3];
      text += std::string(i > 0 ? "," : "") + R"({")" + field + R"(":{"order":")" + (chance(2) ? "asc" : "desc") + "\"";
      if (std::string_view(field) != "_score" && chance(3)) text += R"(,"missing":"_first")";
      text += "}}";
    }
    return text + "]";
  }

  // The sort values of the last hit; "" when there is none.
  std::string compare(const std::string& body, const std::string& after) {
    const std::string total = chance(2) ? "false" : std::to_string(1 + random_() % 3000);
    const json::Document pruned = search("{" + body + after + R"(,"track_total_hits":)" + total + "}");
    const json::Document full =
        search("{" + body + after + R"(,"track_total_hits":true,"aggs":{"n":{"value_count":{"field":"few"}}}})");
    const std::string message = body + after + " counting to " + total;
    const json::Value found = pruned.root()["hits"], expected = full.root()["hits"];
    CPPUNIT_ASSERT_EQUAL_MESSAGE(message, std::string(expected["hits"].raw()), std::string(found["hits"].raw()));
    CPPUNIT_ASSERT_EQUAL_MESSAGE(message, std::string(expected["max_score"].raw()),
                                 std::string(found["max_score"].raw()));
    if (total != "false") {
      const std::int64_t all = *expected["total"]["value"].integer(), limit = std::stoll(total);
      CPPUNIT_ASSERT_EQUAL_MESSAGE(message, std::min(all, limit), *found["total"]["value"].integer());
      CPPUNIT_ASSERT_EQUAL_MESSAGE(message, std::string(all > limit ? "gte" : "eq"),
                                   std::string(found["total"]["relation"].string()));
    }
    std::string last;
    for (const json::Value hit : found["hits"]) last = hit["sort"].raw();
    return last;
  }

  json::Document search(const std::string& body) {
    const auto answer = index_->search(body);
    CPPUNIT_ASSERT_MESSAGE(body + std::string(answer.status().message()), answer.isOk());
    auto parsed = json::Document::parse(answer.value().body);
    CPPUNIT_ASSERT(parsed.isOk());
    return std::move(parsed).value();
  }

  std::mt19937 random_;
  gyre::engine::RamDirectory directory_;
  gyre::base::NullObserver observer_;
  std::unique_ptr<Index> index_;
};

CPPUNIT_TEST_SUITE_REGISTRATION(PrunedSearchTest);
