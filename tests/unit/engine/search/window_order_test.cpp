// Documents in the order of a date: sorts that look at the windows with the best hits first, against the whole order.
#include <cppunit/extensions/HelperMacros.h>

#include <algorithm>
#include <memory>
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
  int id;
  int at;    // rises with the id; several share one
  int kind;  // 0 to 6
};

constexpr int kDocuments = 30'000;

}  // namespace

class WindowOrderTest : public CppUnit::TestFixture {
  CPPUNIT_TEST_SUITE(WindowOrderTest);
  CPPUNIT_TEST(pagesFollowTheWholeOrder);
  CPPUNIT_TEST(totalsCountWhatNoHitComesFrom);
  CPPUNIT_TEST(equalKeysKeepTheOrderOfTheIndex);
  CPPUNIT_TEST_SUITE_END();

 public:
  void setUp() override {
    gyre::engine::IndexOptions options;
    options.name = "ordered";
    options.merge_in_background = false;
    auto opened = Index::open(
        directory_,
        R"({"mappings":{"properties":{"at":{"type":"long"},"kind":{"type":"keyword"},"id":{"type":"long"}}}})", options,
        observer_);
    CPPUNIT_ASSERT(opened.isOk());
    index_ = std::move(opened).value();
    documents_.clear();
    std::vector<std::string> texts;
    std::vector<Operation> operations;
    texts.reserve(2 * kDocuments);
    for (int i = 0; i < kDocuments; ++i) {
      documents_.push_back({i, i / 5, (i * 31) % 7});
      texts.push_back(std::to_string(i));
      texts.push_back("{\"at\":" + std::to_string(i / 5) + ",\"kind\":\"k" + std::to_string((i * 31) % 7) +
                      "\",\"id\":" + std::to_string(i) + "}");
      operations.push_back({Operation::Kind::kIndex, texts[texts.size() - 2], static_cast<std::uint64_t>(i) + 1,
                            texts[texts.size() - 1]});
    }
    CPPUNIT_ASSERT(index_->apply(operations, kDocuments).isOk());
    CPPUNIT_ASSERT(index_->forceMerge(1).isOk());
    CPPUNIT_ASSERT(index_->refresh().isOk());
  }

  void pagesFollowTheWholeOrder() {
    for (const bool is_descending : {true, false}) {
      std::vector<Document> expected;
      for (const Document& document : documents_)
        if (document.kind == 3) expected.push_back(document);
      std::sort(expected.begin(), expected.end(), [&](const Document& a, const Document& b) {
        if (a.at != b.at) return (a.at < b.at) != is_descending;
        return a.id > b.id;
      });
      const std::string sort = std::string(R"("sort":[{"at":")") + (is_descending ? "desc" : "asc") +
                               R"("},{"id":"desc"}],"query":{"term":{"kind":"k3"}},"_source":false,"size":300)";
      std::string after;
      std::size_t seen = 0;
      for (int page = 0; page < 5; ++page) {
        const json::Document answer = search("{" + sort + after + "}");
        const json::Value hits = answer.root()["hits"]["hits"];
        CPPUNIT_ASSERT_EQUAL(std::uint32_t{300}, hits.size());
        for (const json::Value hit : hits) {
          CPPUNIT_ASSERT_EQUAL(std::to_string(expected[seen++].id), std::string(hit["_id"].string()));
          after = ",\"search_after\":" + std::string(hit["sort"].raw());
        }
      }
      // From the middle of the order, as a reader that jumps there.
      const Document& middle = expected[expected.size() / 2];
      const json::Document jump = search("{" + sort + ",\"search_after\":[" + std::to_string(middle.at) + "," +
                                         std::to_string(middle.id) + "]}");
      CPPUNIT_ASSERT_EQUAL(std::to_string(expected[expected.size() / 2 + 1].id),
                           std::string((*jump.root()["hits"]["hits"].begin())["_id"].string()));
    }
  }

  void totalsCountWhatNoHitComesFrom() {
    for (const std::string kind : {R"({"term":{"kind":"k3"}})", R"({"match_all":{}})"}) {
      const std::string body = R"("sort":[{"at":"desc"}],"size":5,"query":)" + kind;
      const json::Document exact = search("{" + body + R"(,"track_total_hits":true})");
      const auto matching = kind.find("k3") != std::string::npos
                                ? std::count_if(documents_.begin(), documents_.end(),
                                                [](const Document& document) { return document.kind == 3; })
                                : kDocuments;
      CPPUNIT_ASSERT_EQUAL(std::int64_t{matching}, *exact.root()["hits"]["total"]["value"].integer());
      const json::Document few = search("{" + body + R"(,"track_total_hits":100})");
      CPPUNIT_ASSERT_EQUAL(std::string("gte"), std::string(few.root()["hits"]["total"]["relation"].string()));
      CPPUNIT_ASSERT_EQUAL(std::int64_t{100}, *few.root()["hits"]["total"]["value"].integer());
    }
  }

  void equalKeysKeepTheOrderOfTheIndex() {
    const json::Document answer = search(R"({"sort":[{"at":"desc"}],"size":12,"track_total_hits":false})");
    std::vector<int> expected;
    for (int at = kDocuments / 5 - 1; expected.size() < 12; --at)
      for (int i = 0; i < 5 && expected.size() < 12; ++i) expected.push_back(at * 5 + i);
    std::size_t seen = 0;
    for (const json::Value hit : answer.root()["hits"]["hits"])
      CPPUNIT_ASSERT_EQUAL(std::to_string(expected[seen++]), std::string(hit["_id"].string()));
    CPPUNIT_ASSERT_EQUAL(expected.size(), seen);
  }

 private:
  json::Document search(const std::string& body) {
    const auto answer = index_->search(body);
    CPPUNIT_ASSERT_MESSAGE(body + std::string(answer.status().message()), answer.isOk());
    auto parsed = json::Document::parse(answer.value().body);
    CPPUNIT_ASSERT(parsed.isOk());
    return std::move(parsed).value();
  }

  gyre::engine::RamDirectory directory_;
  gyre::base::NullObserver observer_;
  std::unique_ptr<Index> index_;
  std::vector<Document> documents_;
};

CPPUNIT_TEST_SUITE_REGISTRATION(WindowOrderTest);
