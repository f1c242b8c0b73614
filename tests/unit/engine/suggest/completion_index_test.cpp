#include "engine/suggest/completion_index.hpp"

#include <cppunit/extensions/HelperMacros.h>

#include <algorithm>
#include <random>
#include <string>
#include <vector>

#include "tests/support/seeded_random.hpp"

namespace {

using gyre::engine::Completion;
using gyre::engine::CompletionIndexReader;
using gyre::engine::CompletionWriter;
using gyre::engine::DocId;

constexpr std::uint32_t kDocs = 500;

struct Input {
  std::string text, analysed, context;
  std::uint32_t weight;
  DocId doc;
};

}  // namespace

class CompletionIndexTest : public CppUnit::TestFixture {
  CPPUNIT_TEST_SUITE(CompletionIndexTest);
  CPPUNIT_TEST(answersComeByWeightThenText);
  CPPUNIT_TEST(visitEndsWhenAsked);
  CPPUNIT_TEST(inputsComeBackForMerges);
  CPPUNIT_TEST(damageIsRefusedOrHarmless);
  CPPUNIT_TEST_SUITE_END();

 public:
  void setUp() override { random_ = gyre::test::seededRandom(); }
  void tearDown() override {
    reader_.reset();
    inputs_.clear();
  }

  void answersComeByWeightThenText() {
    for (const std::size_t count : {1u, 63u, 64u, 65u, 200u, 3000u})
      for (const std::uint32_t weights : {1u, 3u, 1000u}) {
        write(count, weights);
        for (const std::string prefix : {"", "a", "ab", "ba", "c", "zz", "abcabc"})
          for (const std::string& context : {std::string(), named("red"), named("blue"), named("none")})
            expect(prefix, context);
      }
  }

  void visitEndsWhenAsked() {
    write(1000, 5);
    int visited = 0;
    reader_->visit("", "", [&](const Completion&) { return ++visited < 5; });
    CPPUNIT_ASSERT_EQUAL(5, visited);
  }

  void inputsComeBackForMerges() {
    write(300, 10);
    CompletionWriter again;
    for (std::uint32_t i = 0; i < reader_->size(); ++i) {
      const Completion each = reader_->input(i);
      again.add(each.doc, each.text, each.analysed, each.weight, reader_->contexts(i));
    }
    std::string bytes;
    again.finish(bytes);
    CPPUNIT_ASSERT(bytes == bytes_);
  }

  void damageIsRefusedOrHarmless() {
    write(150, 10);
    const std::string sound = bytes_;
    for (std::size_t size = 0; size < sound.size(); size += 7)
      CPPUNIT_ASSERT(
          !gyre::engine::openCompletion(gyre::base::asBytes(std::string_view(sound).substr(0, size)), kDocs).isOk());
    for (std::size_t at = 0; at < sound.size(); ++at) {
      std::string damaged = sound;
      damaged[at] = static_cast<char>(random_());
      const auto opened = gyre::engine::openCompletion(gyre::base::asBytes(damaged), kDocs);
      if (!opened.isOk()) continue;
      std::uint32_t visited = 0;
      const auto visit = [&](const Completion& each) {
        CPPUNIT_ASSERT(each.doc < kDocs);
        return ++visited < 1000;
      };
      opened.value()->visit("a", "", visit);
      opened.value()->visit("", named("red"), visit);
    }
  }

 private:
  static std::string named(const std::string& color) { return std::string("color\0", 6) + color; }

  void write(std::size_t count, std::uint32_t weights) {
    inputs_.clear();
    CompletionWriter writer;
    for (std::size_t i = 0; i < count; ++i) {
      Input input{"", "", named(random_() % 10 == 0 ? "red" : "blue"), static_cast<std::uint32_t>(random_() % weights),
                  static_cast<DocId>(random_() % kDocs)};
      for (unsigned letters = random_() % 6; letters > 0; --letters)
        input.analysed += static_cast<char>('a' + random_() % 3);
      input.text = random_() % 2 == 0 ? input.analysed : "X" + input.analysed;
      // Twice the same context counts once.
      writer.add(input.doc, input.text, input.analysed, input.weight, input.context + '\x1d' + input.context + '\x1d');
      inputs_.push_back(input);
    }
    bytes_.clear();
    writer.finish(bytes_);
    auto opened = gyre::engine::openCompletion(gyre::base::asBytes(bytes_), kDocs);
    CPPUNIT_ASSERT_MESSAGE(std::string(opened.status().message()), opened.isOk());
    reader_ = std::move(opened).value();
  }

  static std::string line(std::uint32_t weight, std::string_view text, DocId doc) {
    return std::to_string(weight) + " " + std::string(text) + " " + std::to_string(doc) + "\n";
  }

  void expect(const std::string& prefix, const std::string& context) {
    std::vector<Input> wanted;
    for (const Input& input : inputs_)
      if (input.analysed.starts_with(prefix) && (context.empty() || input.context == context)) wanted.push_back(input);
    std::sort(wanted.begin(), wanted.end(), [](const Input& a, const Input& b) {
      if (a.weight != b.weight) return a.weight > b.weight;
      return a.text != b.text ? a.text < b.text : a.doc < b.doc;
    });
    std::string expected, found;
    for (const Input& input : wanted) expected += line(input.weight, input.text, input.doc);
    reader_->visit(prefix, context, [&](const Completion& each) {
      found += line(each.weight, each.text, each.doc);
      return true;
    });
    CPPUNIT_ASSERT_EQUAL_MESSAGE(prefix, expected, found);
  }

  std::mt19937 random_;
  std::vector<Input> inputs_;
  std::string bytes_;
  std::unique_ptr<CompletionIndexReader> reader_;
};

CPPUNIT_TEST_SUITE_REGISTRATION(CompletionIndexTest);
