// Searches of several required words over many spans, with nested documents between, against the same searches that
// score every document (an aggregation makes them): hits, totals and scores must be the same to the last bit.
#include "engine/query/score_bounds.hpp"

#include <cppunit/extensions/HelperMacros.h>

#include <array>
#include <iostream>
#include <memory>
#include <random>
#include <string>
#include <vector>

#include "engine/directory/ram_directory.hpp"
#include "engine/index.hpp"
#include "gyre/json.hpp"

namespace gyre::engine {

namespace {

constexpr std::size_t kRoots = 24'000;
constexpr unsigned kMostLines = 9;  // about two spans in all
constexpr const char* kWords[] = {"lamp",  "lamb",  "lamps", "retro", "retros",
                                  "chain", "chair", "white", "while", "pink"};

}  // namespace

class ScoreBoundsTest : public CppUnit::TestFixture {
  CPPUNIT_TEST_SUITE(ScoreBoundsTest);
  CPPUNIT_TEST(windowsTellWhatMayExceed);
  CPPUNIT_TEST(hitsAndTotalsAreThoseOfAFullSearch);
  CPPUNIT_TEST_SUITE_END();

 public:
  void windowsTellWhatMayExceed() {
    std::array<std::uint8_t, kWindowDocs> bounds{};
    WindowBits bits{};
    bounds[70] = 200;
    bounds[4095] = 90;
    const WindowBounds window{bits.data(), bounds.data(), 91};
    CPPUNIT_ASSERT(!window.mayExceed(bits.data()));  // 70 is no match
    setBit(bits.data(), 4095);
    CPPUNIT_ASSERT(!window.mayExceed(bits.data()));
    bounds[4095] = 91;
    CPPUNIT_ASSERT(window.mayExceed(bits.data()));
  }

  void hitsAndTotalsAreThoseOfAFullSearch() {
    const auto seed = std::random_device()();
    std::cerr << " seed " << seed << ' ';
    std::mt19937 random(seed);
    fill(random);
    const auto word = [&] { return std::string(kWords[random() % std::size(kWords)]); };
    for (int round = 0; round < 60; ++round) {
      std::string words = word();
      for (auto more = 1 + random() % 3; more > 0; --more) words += " " + word();
      std::string query = R"({"match":{"t":{"query":")" + words + R"(","operator":"and")";
      if (random() % 2 == 0) query += R"(,"fuzziness":1,"prefix_length":1,"max_expansions":10)";
      query += "}}}";
      switch (random() % 5) {
        case 0: query = R"({"bool":{"must":[)" + query + R"(],"filter":[{"range":{"n":{"lt":7}}}]}})"; break;
        case 1: query = R"({"bool":{"must":[)" + query + R"(],"must_not":[{"term":{"n":3}}]}})"; break;
        case 2: query = R"({"bool":{"must":[)" + query + R"(,{"match":{"t":")" + word() + R"("}}]}})"; break;
        default: break;
      }
      std::string body = R"({"size":)" + std::to_string(1 + random() % 30) + R"(,"query":)" + query;
      if (random() % 3 != 0) body += R"(,"sort":[{"_score":"desc"},{"n":"desc"}])";
      const std::string total = random() % 4 == 0 ? "2000" : "true";
      const json::Document found = search(body + R"(,"track_total_hits":)" + total + "}");
      const json::Document full =
          search(body + R"(,"track_total_hits":)" + total + R"(,"aggs":{"n":{"value_count":{"field":"n"}}}})");
      CPPUNIT_ASSERT_EQUAL_MESSAGE(body, std::string(full.root()["hits"].raw()),
                                   std::string(found.root()["hits"].raw()));
    }
  }

 private:
  // Two segments, the smaller one last; some roots deleted.
  void fill(std::mt19937& random) {
    IndexOptions options;
    options.merge_in_background = false;
    auto opened = Index::open(directory_, R"({"mappings":{"properties":{"t":{"type":"text"},"n":{"type":"integer"},
        "lines":{"type":"nested","properties":{"w":{"type":"text"}}}}}})",
                              options, observer_);
    CPPUNIT_ASSERT(opened.isOk());
    index_ = std::move(opened).value();
    std::vector<std::string> ids, sources;
    for (std::size_t i = 0; i < kRoots; ++i) {
      std::string text;
      for (std::size_t w = 0; w < std::size(kWords); ++w)
        if (random() % (2 + w) == 0)
          for (unsigned times = 1 + random() % (1 + random() % 24); times > 0; --times)
            text.append(kWords[w]).append(1, ' ');
      for (auto more = random() % 20; more > 0; --more) text += "filler ";
      std::string lines;
      for (auto more = random() % kMostLines; more > 0; --more)
        lines.append(lines.empty() ? "" : ",").append(R"({"w":"lamp retro"})");
      ids.push_back(std::to_string(i));
      sources.push_back(R"({"t":")" + text + R"(","n":)" + std::to_string(random() % 10) + R"(,"lines":[)" + lines +
                        "]}");
    }
    std::vector<Operation> operations;
    std::uint64_t sequence = 0;
    for (std::size_t i = 0; i < kRoots; ++i) {
      operations.push_back({Operation::Kind::kIndex, ids[i], 1, sources[i]});
      if (i + 1 != kRoots && i + 1 != kRoots * 4 / 5) continue;
      CPPUNIT_ASSERT(index_->apply(operations, ++sequence).isOk());
      CPPUNIT_ASSERT(index_->refresh().isOk());
      operations.clear();
    }
    for (std::size_t i = 0; i < kRoots; i += 1 + random() % 100)
      operations.push_back({Operation::Kind::kDelete, ids[i], 2, ""});
    CPPUNIT_ASSERT(index_->apply(operations, ++sequence).isOk());
    CPPUNIT_ASSERT(index_->refresh().isOk());
  }

  json::Document search(const std::string& body) {
    const auto answer = index_->search(body);
    CPPUNIT_ASSERT_MESSAGE(body + std::string(answer.status().message()), answer.isOk());
    auto parsed = json::Document::parse(answer->body);
    CPPUNIT_ASSERT(parsed.isOk());
    return std::move(parsed).value();
  }

  RamDirectory directory_;
  base::NullObserver observer_;
  std::unique_ptr<Index> index_;
};
CPPUNIT_TEST_SUITE_REGISTRATION(ScoreBoundsTest);

}  // namespace gyre::engine
