// Runs every tests/dsl/**/*.test: documents, requests, and what the answers must show.
//
// A file is a sequence of sections, each a line that begins with '#' and a word, then its lines:
//   # mapping         the mapping's JSON
//   # documents       a line each: an id, a space, the document; an id alone deletes. Each section becomes searchable
//   at
//                     its end, as a segment of its own
//   # merge           everything becomes one segment
//   # request         a search body
//   # expect          what the answer to the last request must have: objects may have more members, arrays are whole,
//                     numbers agree to 1e-6. A string "=12.50" asks for exactly these bytes
//   # absent          a line each: a JSON pointer that the answer must not have
//   # refused         reason, a space, a part of the message
//   # note            a comment
#include <cppunit/extensions/HelperMacros.h>

#include <algorithm>
#include <cmath>
#include <filesystem>
#include <fstream>
#include <memory>
#include <optional>
#include <sstream>
#include <string>
#include <vector>

#include "engine/directory/ram_directory.hpp"
#include "engine/index.hpp"
#include "gyre/json.hpp"

namespace {

using gyre::engine::Index;
using gyre::engine::Operation;
namespace json = gyre::json;

struct Section {
  std::string kind;
  std::string body;
  int line = 0;
};

std::vector<Section> readSections(const std::filesystem::path& path) {
  std::ifstream file(path);
  std::vector<Section> sections;
  std::string line;
  for (int number = 1; std::getline(file, line); ++number) {
    if (line.starts_with("# ")) {
      sections.push_back({line.substr(2), "", number});
    } else if (!sections.empty() && line.find_first_not_of(' ') != std::string::npos) {
      sections.back().body += line + "\n";
    }
  }
  return sections;
}

// "" when `found` has what `expected` asks for, else where and how it differs.
std::string difference(json::Value expected, json::Value found, const std::string& where) {
  const auto differs = [&] {
    return where + ": expected " + std::string(expected.raw()) + ", found " +
           std::string(found.isMissing() ? "nothing" : found.raw());
  };
  if (expected.isString() && expected.string().starts_with("="))
    return expected.string().substr(1) == found.raw() ? "" : differs();
  if (expected.kind() != found.kind()) return differs();
  if (expected.isObject()) {
    for (const json::Value member : expected) {
      const std::string below = difference(member, found[member.key()], where + "/" + std::string(member.key()));
      if (!below.empty()) return below;
    }
    return "";
  }
  if (expected.isArray()) {
    if (expected.size() != found.size()) return differs();
    auto other = found.begin();
    std::size_t position = 0;
    for (const json::Value element : expected) {
      const std::string below = difference(element, *other, where + "/" + std::to_string(position++));
      if (!below.empty()) return below;
      ++other;
    }
    return "";
  }
  if (expected.isNumber()) {
    const double a = expected.real().value_or(0);
    const double b = found.real().value_or(0);
    return a == b || std::fabs(a - b) <= 1e-6 * std::fmax(std::fabs(a), std::fabs(b)) ? "" : differs();
  }
  return expected.isString()             ? (expected.string() == found.string() ? "" : differs())
         : expected.raw() == found.raw() ? ""
                                         : differs();
}

bool has(json::Value value, std::string_view pointer) {
  while (!pointer.empty() && !value.isMissing()) {
    pointer.remove_prefix(1);
    const std::size_t slash = pointer.find('/');
    const std::string name(pointer.substr(0, slash));
    pointer = slash == std::string_view::npos ? std::string_view() : pointer.substr(slash);
    if (value.isArray()) {
      auto element = value.begin();
      for (int i = std::stoi(name); i > 0 && element != value.end(); --i) ++element;
      value = element != value.end() ? *element : json::Value();
    } else {
      value = value[name];
    }
  }
  return !value.isMissing();
}

class DslRun {
 public:
  explicit DslRun(const std::filesystem::path& path) : path_(path) {}

  void run() {
    const std::vector<Section> sections = readSections(path_);
    CPPUNIT_ASSERT_MESSAGE(path_.string() + " has no sections", !sections.empty());
    int checks = 0;
    for (const Section& section : sections) {
      line_ = section.line;
      if (section.kind == "mapping")
        open(section.body);
      else if (section.kind == "documents")
        apply(section.body);
      else if (section.kind == "merge")
        demand(index_->forceMerge(1));
      else if (section.kind == "request")
        answer_ = index_->search(section.body);
      else if (section.kind == "expect")
        expect(section.body), ++checks;
      else if (section.kind == "absent")
        absent(section.body), ++checks;
      else if (section.kind == "refused")
        refused(section.body), ++checks;
      else if (section.kind != "note")
        fail("unknown section \"" + section.kind + "\"");
    }
    CPPUNIT_ASSERT_MESSAGE(path_.string() + " checks nothing", checks > 0);
  }

 private:
  [[noreturn]] void fail(const std::string& what) const {
    CPPUNIT_FAIL(path_.string() + ":" + std::to_string(line_) + ": " + what);
    std::abort();
  }
  void demand(const gyre::Status& status) const {
    if (!status.isOk()) fail(std::string(status.message()));
  }

  void open(const std::string& mapping) {
    gyre::engine::IndexOptions options;
    options.name = "test";
    options.merge_in_background = false;
    auto opened = Index::open(directory_, "{\"mappings\":" + mapping + "}", options, observer_);
    demand(opened.status());
    index_ = std::move(opened).value();
  }

  void apply(const std::string& body) {
    std::istringstream lines(body);
    for (std::string line; std::getline(lines, line);) {
      const std::size_t space = line.find(' ');
      const std::string source = space == std::string::npos ? "" : line.substr(space + 1);
      Operation operation;
      operation.kind = source.empty() ? Operation::Kind::kDelete : Operation::Kind::kIndex;
      const std::string id = line.substr(0, space);
      operation.id = id;
      operation.version = ++version_;
      operation.source = source;
      const auto outcome = index_->apply({&operation, 1}, version_);
      demand(outcome.status());
      if (outcome.value().front().verdict == gyre::engine::OperationOutcome::Verdict::kRefused)
        demand(outcome.value().front().refusal);
    }
    demand(index_->refresh());
  }

  json::Document parse(const std::string& text) const {
    auto parsed = json::Document::parse(text, {.max_depth = 500});
    if (!parsed.isOk()) fail(std::string(parsed.status().message()) + " in " + text);
    return std::move(parsed).value();
  }
  const std::string& answerBody() const {
    if (!answer_) fail("there is no request before this");
    demand(answer_->status());
    return answer_->value().body;
  }

  void expect(const std::string& body) const {
    const json::Document expected = parse(body);
    const json::Document found = parse(answerBody());
    const std::string what = difference(expected.root(), found.root(), "");
    if (!what.empty()) fail(what + "\n" + answerBody());
  }
  void absent(const std::string& body) const {
    const json::Document found = parse(answerBody());
    std::istringstream lines(body);
    for (std::string pointer; std::getline(lines, pointer);)
      if (has(found.root(), pointer)) fail(pointer + " is there\n" + answerBody());
  }
  void refused(const std::string& body) const {
    if (!answer_) fail("there is no request before this");
    if (answer_->isOk()) fail("was answered: " + answer_->value().body);
    const gyre::Status status = answer_->status();
    const std::string line = body.substr(0, body.find('\n'));
    const std::size_t space = line.find(' ');
    if (status.reason() != line.substr(0, space))
      fail("refused with " + std::string(status.reason()) + ": " + std::string(status.message()));
    const std::string part = space == std::string::npos ? "" : line.substr(space + 1);
    if (status.message().find(part) == std::string_view::npos) fail("the message is: " + std::string(status.message()));
  }

  std::filesystem::path path_;
  int line_ = 0;
  gyre::engine::RamDirectory directory_;
  gyre::base::NullObserver observer_;
  std::unique_ptr<Index> index_;
  std::uint64_t version_ = 0;
  std::optional<gyre::Result<gyre::engine::SearchAnswer>> answer_;
};

class DslFileTest final : public CppUnit::TestCase {
 public:
  DslFileTest(const std::string& name, std::filesystem::path path) : CppUnit::TestCase(name), path_(std::move(path)) {}
  void runTest() override { DslRun(path_).run(); }

 private:
  std::filesystem::path path_;
};

}  // namespace

// One test a file: DslTest::query/term.
class DslTest : public CppUnit::TestFixture {
  CPPUNIT_TEST_SUITE(DslTest);
  CPPUNIT_TEST_SUITE_ADD_CUSTOM_TESTS(addFiles);
  CPPUNIT_TEST_SUITE_END();

 public:
  static void addFiles(TestSuiteBuilderContextType& context) {
    const std::filesystem::path root = std::filesystem::path(GYRE_SOURCE_DIR) / "tests/dsl";
    std::vector<std::filesystem::path> paths;
    for (const auto& entry : std::filesystem::recursive_directory_iterator(root))
      if (entry.path().extension() == ".test") paths.push_back(entry.path());
    std::sort(paths.begin(), paths.end());
    for (const auto& path : paths) {
      const std::string name = std::filesystem::relative(path, root).replace_extension().string();
      context.addTest(new DslFileTest(context.getTestNameFor(name), path));
    }
  }
};

CPPUNIT_TEST_SUITE_REGISTRATION(DslTest);
