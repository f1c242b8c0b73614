// Documents that came in the order of their dates are asked for the newest: windows are then looked at from the end,
// and the page and the total must be those of a look at all of them.
#include <cppunit/extensions/HelperMacros.h>

#include <algorithm>
#include <iostream>
#include <memory>
#include <random>
#include <string>
#include <utility>
#include <vector>

#include "engine/codec/doc_id.hpp"
#include "engine/directory/ram_directory.hpp"
#include "engine/index.hpp"
#include "gyre/json.hpp"

namespace gyre::engine {

class NewestFirstTest : public CppUnit::TestFixture {
  CPPUNIT_TEST_SUITE(NewestFirstTest);
  CPPUNIT_TEST(pagesAreThoseOfAll);
  CPPUNIT_TEST_SUITE_END();

  static constexpr std::size_t kDocs = 11 * kWindowDocs + 700;
  // How many of ten thousand documents hold each word.
  static constexpr unsigned kShares[] = {1, 5, 20, 100, 1'000, 9'000};

  struct Doc {
    std::int64_t at = 0;
    bool holds[std::size(kShares)] = {};
    bool is_deleted = false;
  };

  void fill(std::mt19937& random) {
    auto opened = Index::open(directory_, R"({"mappings":{"properties":{"t":{"type":"text"},"at":{"type":"date"}}}})",
                              {}, observer_);
    CPPUNIT_ASSERT(opened.isOk());
    index_ = std::move(opened).value();
    std::vector<std::string> ids, sources;
    for (std::size_t i = 0; i < kDocs; ++i) {
      Doc& doc = docs_.emplace_back();
      // Some come late, and some at the same time.
      doc.at = 10'000'000 + static_cast<std::int64_t>(i / 3 * 1'000) - (random() % 50 == 0 ? 2'000'000 : 0);
      std::string text;
      for (std::size_t word = 0; word < std::size(kShares); ++word) {
        doc.holds[word] = random() % 10'000 < kShares[word];
        if (doc.holds[word]) text += wordOf(word) + " ";
      }
      ids.push_back(std::to_string(i));
      sources.push_back(R"({"t":")" + text + R"(","at":)" + std::to_string(doc.at) + "}");
    }
    std::vector<Operation> operations;
    for (std::size_t i = 0; i < kDocs; ++i) operations.push_back({Operation::Kind::kIndex, ids[i], 1, sources[i]});
    CPPUNIT_ASSERT(index_->apply(operations, 1).isOk());
    CPPUNIT_ASSERT(index_->refresh().isOk());
    std::vector<Operation> dropped;
    for (int i = 0; i < 300; ++i) {
      const std::size_t which = kDocs - 1 - random() % (kDocs / 2);
      if (std::exchange(docs_[which].is_deleted, true)) continue;
      Operation& operation = dropped.emplace_back();
      operation.kind = Operation::Kind::kDelete;
      operation.id = ids[which];
      operation.version = 2;
    }
    CPPUNIT_ASSERT(index_->apply(dropped, 2).isOk());
    CPPUNIT_ASSERT(index_->refresh().isOk());
  }

  static std::string wordOf(std::size_t word) { return "word" + std::to_string(word); }

 public:
  void pagesAreThoseOfAll() {
    const unsigned seed = std::random_device()();
    std::cout << " seed " << seed << std::flush;
    std::mt19937 random(seed);
    fill(random);
    for (int round = 0; round < 120; ++round) {
      const std::size_t word = random() % std::size(kShares);
      const std::int64_t before = 10'000'000 + static_cast<std::int64_t>(random() % (kDocs / 3 * 1'000));
      const bool is_newest = random() % 4 != 0;
      const std::size_t size = 1 + random() % 60;
      std::vector<std::pair<std::int64_t, std::size_t>> expected;
      for (std::size_t i = 0; i < docs_.size(); ++i)
        if (docs_[i].holds[word] && docs_[i].at < before && !docs_[i].is_deleted)
          expected.emplace_back(is_newest ? -docs_[i].at : docs_[i].at, i);
      std::sort(expected.begin(), expected.end());
      const std::string request = R"({"_source":false,"track_total_hits":true,"size":)" + std::to_string(size) +
                                  R"(,"query":{"bool":{"must":[{"match":{"t":")" + wordOf(word) +
                                  R"("}}],"filter":[{"range":{"at":{"lt":)" + std::to_string(before) +
                                  R"(}}}]}},"sort":[{"at":")" + (is_newest ? "desc" : "asc") + R"("}]})";
      const auto answer = index_->search(request);
      CPPUNIT_ASSERT_MESSAGE(request, answer.isOk());
      const auto parsed = json::Document::parse(answer->body);
      const json::Value hits = parsed->root()["hits"];
      CPPUNIT_ASSERT_EQUAL_MESSAGE(request, static_cast<std::int64_t>(expected.size()),
                                   *hits["total"]["value"].integer());
      std::size_t shown = 0;
      for (const json::Value hit : hits["hits"]) {
        CPPUNIT_ASSERT_MESSAGE(request, shown < expected.size());
        CPPUNIT_ASSERT_EQUAL_MESSAGE(request, std::to_string(expected[shown].second), std::string(hit["_id"].string()));
        ++shown;
      }
      CPPUNIT_ASSERT_EQUAL_MESSAGE(request, std::min(size, expected.size()), shown);
    }
  }

 private:
  base::NullObserver observer_;
  RamDirectory directory_;
  std::unique_ptr<Index> index_;
  std::vector<Doc> docs_;
};

CPPUNIT_TEST_SUITE_REGISTRATION(NewestFirstTest);

}  // namespace gyre::engine
