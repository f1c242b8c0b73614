// Scores of clauses that many documents match are added a window at a time, of few one by one; either way a document's
// score is the sum of what each clause gives it alone.
#include <cppunit/extensions/HelperMacros.h>

#include <iostream>
#include <map>
#include <memory>
#include <random>
#include <string>
#include <vector>

#include "engine/directory/ram_directory.hpp"
#include "engine/index.hpp"
#include "engine/query/window_sums.hpp"
#include "gyre/json.hpp"

namespace gyre::engine {

namespace {

constexpr std::size_t kDocs = 9'000;  // three windows, the last in part
// How many of a hundred documents hold each word.
constexpr unsigned kPercents[] = {97, 80, 55, 30, 12, 5, 2, 1};

std::string wordOf(std::size_t i) { return std::string(3, static_cast<char>('a' + i)); }

}  // namespace

class DenseScoresTest : public CppUnit::TestFixture {
  CPPUNIT_TEST_SUITE(DenseScoresTest);
  CPPUNIT_TEST(scoresAddUp);
  CPPUNIT_TEST(pagesAreTheBestOfAll);
  CPPUNIT_TEST(sumsMoveWhereBitsAre);
  CPPUNIT_TEST_SUITE_END();

  using Scores = std::map<std::string, float>;

  void fill(std::mt19937& random) {
    auto opened = Index::open(
        directory_,
        R"({"mappings":{"properties":{"t":{"type":"text"},"n":{"type":"integer"},"k":{"type":"keyword"}}}})", {},
        observer_);
    CPPUNIT_ASSERT(opened.isOk());
    index_ = std::move(opened).value();
    std::vector<std::string> ids, sources;
    std::vector<Operation> operations;
    for (std::size_t i = 0; i < kDocs; ++i) {
      std::string text;
      for (std::size_t word = 0; word < std::size(kPercents); ++word)
        if (random() % 100 < kPercents[word])
          for (unsigned times = 1 + random() % 3; times > 0; --times) text += wordOf(word) + " ";
      ids.push_back(std::to_string(i));
      sources.push_back(R"({"t":")" + text + R"(","n":)" + std::to_string(random() % 10) + R"(,"k":")" +
                        keyOf(random() % 300) + "\"}");
    }
    for (std::size_t i = 0; i < kDocs; ++i) operations.push_back({Operation::Kind::kIndex, ids[i], 1, sources[i]});
    CPPUNIT_ASSERT(index_->apply(operations, 1).isOk());
    CPPUNIT_ASSERT(index_->refresh().isOk());
  }

  // One key in three documents, others in a few of each window.
  static std::string keyOf(unsigned number) { return "k" + std::to_string(number < 100 ? 0 : number % 40); }

  Scores ask(const std::string& query) {
    const auto answer = index_->search(R"({"size":10000,"_source":false,"query":)" + query + "}");
    CPPUNIT_ASSERT_MESSAGE(query, answer.isOk());
    const auto parsed = json::Document::parse(answer->body);
    Scores scores;
    for (const json::Value hit : parsed->root()["hits"]["hits"])
      scores[std::string(hit["_id"].string())] = static_cast<float>(*hit["_score"].real());
    return scores;
  }

  void dropOne(const std::string& id) {
    Operation operation;
    operation.kind = Operation::Kind::kDelete;
    operation.id = id;
    operation.version = 2;
    CPPUNIT_ASSERT(index_->apply({&operation, 1}, 2).isOk());
  }

  struct Page {
    std::vector<std::pair<std::string, double>> hits;
    std::int64_t total = 0;
  };

  Page page(const std::string& query, std::size_t size, const char* tracked) {
    const auto answer = index_->search("{" + order_ + R"("_source":false,"size":)" + std::to_string(size) +
                                       R"(,"track_total_hits":)" + tracked + R"(,"query":)" + query + "}");
    CPPUNIT_ASSERT_MESSAGE(query, answer.isOk());
    const auto parsed = json::Document::parse(answer->body);
    Page page;
    for (const json::Value hit : parsed->root()["hits"]["hits"])
      page.hits.emplace_back(hit["_id"].string(), *hit["_score"].real());
    if (tracked == std::string("true")) page.total = *parsed->root()["hits"]["total"]["value"].integer();
    return page;
  }

  // Of all shapes that tell what they score at most, in each other.
  static std::string randomQuery(std::mt19937& random, int depth) {
    const std::string boost = std::to_string(1 + random() % 4);
    const auto word = [&] { return wordOf(random() % std::size(kPercents)); };
    const auto several = [&](unsigned least) {
      std::string text = "[" + randomQuery(random, depth - 1);
      for (unsigned i = least + random() % 3; i > 1; --i) text += "," + randomQuery(random, depth - 1);
      return text + "]";
    };
    // Of these, all matches score the same.
    if (random() % 4 == 0) {
      const std::string term = R"({"term":{"k":{"value":")" + keyOf(random() % 300) + R"(","boost":)" + boost + "}}}";
      switch (random() % 4) {
        case 0: return term;
        case 1: return R"({"constant_score":{"filter":)" + term + R"(,"boost":)" + boost + "}}";
        case 2: return R"({"terms":{"k":[")" + keyOf(random() % 300) + R"(",")" + keyOf(random() % 300) + R"("]}})";
        default: return R"({"range":{"n":{"gte":)" + std::to_string(random() % 5) + R"(,"boost":)" + boost + "}}}";
      }
    }
    switch (depth == 0 ? random() % 3 : random() % 8) {
      case 0: return R"({"term":{"t":{"value":")" + word() + R"(","boost":)" + boost + "}}}";
      case 1:
      case 2:
        return R"({"match":{"t":{"query":")" + word() + " " + word() + " " + word() + R"(","boost":)" + boost + "}}}";
      case 3:
        return R"({"dis_max":{"tie_breaker":)" + std::string(random() % 2 == 0 ? "0" : "0.3") + R"(,"queries":)" +
               several(2) + "}}";
      case 4: return R"({"bool":{"must":)" + several(1) + R"(,"filter":)" + several(1) + "}}";
      case 5:
        return R"({"bool":{"filter":)" + several(1) + R"(,"must":)" + several(1) + R"(,"must_not":)" + several(1) +
               "}}";
      case 6:
        return R"({"bool":{"should":)" + several(2) + R"(,"minimum_should_match":)" + std::to_string(random() % 3) +
               "}}";
      default: return R"({"bool":{"must":)" + several(1) + R"(,"should":)" + several(1) + "}}";
    }
  }

  static std::string clauses(const std::vector<std::size_t>& words) {
    std::string text = "[";
    for (const std::size_t word : words)
      text += (text == "[" ? "" : ",") + (R"({"term":{"t":")" + wordOf(word)) + "\"}}";
    return text + "]";
  }

 public:
  void scoresAddUp() {
    const unsigned seed = std::random_device()();
    std::cout << " seed " << seed << std::flush;
    std::mt19937 random(seed);
    fill(random);
    std::vector<Scores> alone;
    for (std::size_t word = 0; word < std::size(kPercents); ++word)
      alone.push_back(ask(R"({"term":{"t":")" + wordOf(word) + "\"}}"));
    const std::vector<std::string> uniform = {R"({"term":{"k":"k0"}})", R"({"term":{"k":"k7"}})",
                                              R"({"range":{"n":{"gte":4,"boost":3}}})"};
    std::vector<Scores> of_uniform;
    for (const std::string& clause : uniform) of_uniform.push_back(ask(clause));
    for (int round = 0; round < 60; ++round) {
      std::vector<std::size_t> must, should;
      for (std::size_t word = 0; word < std::size(kPercents); ++word) {
        const unsigned choice = random() % 6;
        if (choice == 0) must.push_back(word);
        if (choice == 1) should.push_back(word);
      }
      if (must.empty() && should.empty()) continue;
      std::map<std::string, std::pair<double, double>> sums;  // of required, of optional clauses
      for (const auto& [id, score] : alone[must.empty() ? should.front() : must.front()]) sums[id] = {};
      if (must.empty())
        for (const std::size_t word : should)
          for (const auto& [id, score] : alone[word]) sums[id] = {};
      for (const std::size_t word : must) {
        std::erase_if(sums, [&](const auto& entry) { return !alone[word].contains(entry.first); });
        for (auto& [id, sum] : sums) sum.first += static_cast<double>(alone[word].at(id));
      }
      for (auto& [id, sum] : sums)
        for (const std::size_t word : should)
          if (const auto found = alone[word].find(id); found != alone[word].end())
            sum.second += static_cast<double>(found->second);
      std::string required = clauses(must);
      // A clause of which all matches score the same is required with the others.
      if (const std::size_t i = random() % (uniform.size() + 1); i < uniform.size() && !must.empty()) {
        required.back() = ',';
        required += uniform[i] + "]";
        std::erase_if(sums, [&](const auto& entry) { return !of_uniform[i].contains(entry.first); });
        for (auto& [id, sum] : sums) sum.first += static_cast<double>(of_uniform[i].at(id));
      }
      const std::string query = R"({"bool":{"must":)" + required + R"(,"should":)" + clauses(should) + "}}";
      const Scores scores = ask(query);
      CPPUNIT_ASSERT_EQUAL_MESSAGE(query, sums.size(), scores.size());
      for (const auto& [id, sum] : sums)
        CPPUNIT_ASSERT_DOUBLES_EQUAL_MESSAGE(query + " of " + id, sum.first + sum.second,
                                             static_cast<double>(scores.at(id)), 1e-5);
    }
  }

  // A search with a full page looks at less and less; its page must not show it.
  void pagesAreTheBestOfAll() {
    const unsigned seed = std::random_device()();
    std::cout << " seed " << seed << std::flush;
    std::mt19937 random(seed);
    fill(random);
    for (int i = 0; i < 500; ++i) dropOne(std::to_string(random() % kDocs));
    CPPUNIT_ASSERT(index_->refresh().isOk());
    for (int round = 0; round < 150; ++round) {
      const std::string query = randomQuery(random, 2);
      order_ = round % 2 == 0 ? "" : R"("sort":["_score",{"n":"desc"}],)";
      const auto all = page(query, 10'000, "true");
      for (const std::size_t size : {1u, 7u, 40u}) {
        // Nothing is counted, a few matches are, all are.
        for (const char* const tracked : {"false", "50", "true"}) {
          const auto best = page(query, size, tracked);
          const std::string what = query + " " + std::to_string(size) + " " + tracked;
          CPPUNIT_ASSERT_EQUAL_MESSAGE(what, std::min(size, all.hits.size()), best.hits.size());
          for (std::size_t i = 0; i < best.hits.size(); ++i)
            CPPUNIT_ASSERT_MESSAGE(what + " " + std::to_string(i), best.hits[i] == all.hits[i]);
          if (tracked == std::string("true")) CPPUNIT_ASSERT_EQUAL_MESSAGE(what, all.total, best.total);
        }
      }
    }
  }

  void sumsMoveWhereBitsAre() {
    const unsigned seed = std::random_device()();
    std::cout << " seed " << seed << std::flush;
    std::mt19937 random(seed);
    for (const unsigned percent : {0u, 1u, 10u, 20u, 50u, 100u}) {
      WindowBits bits{}, written{};
      std::vector<float> from(kWindowDocs);
      std::vector<double> wide(kWindowDocs), to(kWindowDocs, 1.0), expected(kWindowDocs, 1.0);
      for (std::uint32_t i = 0; i < kWindowDocs; ++i) {
        if (random() % 100 >= percent) continue;
        setBit(written.data(), i);
        from[i] = static_cast<float>(random() % 1000) / 8;
        wide[i] = static_cast<double>(random() % 1000) / 7;
        if (random() % 3 == 0) continue;
        setBit(bits.data(), i);
        expected[i] += static_cast<double>(from[i]);
      }
      std::vector<float> rounded(kWindowDocs), both(kWindowDocs);
      const std::vector<double> first = wide;
      addBoth(bits.data(), first.data(), to.data(), both.data());
      moveSums(bits.data(), written.data(), from.data(), to.data());
      CPPUNIT_ASSERT(to == expected);
      CPPUNIT_ASSERT(from == std::vector<float>(kWindowDocs));
      moveSums(bits.data(), written.data(), wide.data(), rounded.data());
      CPPUNIT_ASSERT(wide == std::vector<double>(kWindowDocs));
      for (std::uint32_t i = 0; i < kWindowDocs; ++i) {
        const bool is_set = testBit(bits.data(), i);
        CPPUNIT_ASSERT_EQUAL(is_set ? static_cast<float>(first[i]) : 0.0f, rounded[i]);
        CPPUNIT_ASSERT_EQUAL(is_set ? static_cast<float>(first[i]) + 1.0f : 0.0f, both[i]);
      }
    }
  }

 private:
  base::NullObserver observer_;
  RamDirectory directory_;
  std::string order_;  // of a page: a member of the request, or nothing
  std::unique_ptr<Index> index_;
};

CPPUNIT_TEST_SUITE_REGISTRATION(DenseScoresTest);

}  // namespace gyre::engine
