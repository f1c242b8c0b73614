// Runs every tests/dsl/**/*.test: documents, requests, and what the answers must show.
//
// A file is a sequence of sections, each a line that begins with '#' and a word, then its lines:
//   # mapping [index] the mapping's JSON; without a name the index is "test"
//   # definition [index]  the whole definition: {"settings":{…},"mappings":{…}}; may be refused
//   # analyze [index]     an _analyze body, on no index for "-"
//   # documents [index]   a line each: an id, a space, the document; an id alone deletes. Each section becomes
//   searchable at
//                     its end, as a segment of its own
//   # rejected [index]    two lines each: an id, a space, the document; then reason, a space, a part of the message
//                     or of its cause
//   # put_mapping [index]   merged into the index's mapping
//   # mapped [index]  the index's mapping, exactly
//   # merge           everything becomes one segment
//   # request [indices][?parameters]   a search body. "*" asks all indices of the file, in the order of their mappings;
//   a
//                     URL's parameters stand as they are meant, not encoded
//   # scroll [indices][?parameters]    the same for the first page of a scroll
//   # next            the page after it
//   # point [indices][?parameters]     a search at a point in time
//   # count [indices][?parameters]     the same for a count
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
#include <functional>
#include <memory>
#include <optional>
#include <span>
#include <sstream>
#include <string>
#include <string_view>
#include <vector>

#include "engine/analysis/analyze_request.hpp"
#include "engine/directory/ram_directory.hpp"
#include "engine/index.hpp"
#include "engine/search/scroll_cursor.hpp"
#include "engine/search/searcher.hpp"
#include "gyre/json.hpp"

namespace {

using gyre::engine::Index;
using gyre::engine::Operation;
using gyre::engine::SearchOptions;
using gyre::engine::SearchReply;
using gyre::engine::SearchTarget;
namespace json = gyre::json;

struct Section {
  std::string kind;
  std::string argument;
  std::string body;
  int line = 0;
};

std::vector<Section> readSections(const std::filesystem::path& path) {
  std::ifstream file(path);
  std::vector<Section> sections;
  std::string line;
  for (int number = 1; std::getline(file, line); ++number) {
    if (line.starts_with("# ")) {
      const std::size_t space = std::min(line.find(' ', 2), line.size());
      sections.push_back({line.substr(2, space - 2), line.substr(std::min(space + 1, line.size())), "", number});
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
        demand(open(section.argument, "{\"mappings\":" + section.body + "}"));
      else if (section.kind == "definition")
        reply_ = SearchReply{.status = open(section.argument, section.body)};
      else if (section.kind == "analyze")
        analyze(section.argument, section.body);
      else if (section.kind == "documents")
        apply(section.argument, section.body);
      else if (section.kind == "rejected")
        reject(section.argument, section.body), ++checks;
      else if (section.kind == "put_mapping")
        demand(indexNamed(section.argument).index->putMapping(section.body));
      else if (section.kind == "mapped")
        mapped(*indexNamed(section.argument).index, section.body), ++checks;
      else if (section.kind == "merge")
        demand(indexNamed(section.argument).index->forceMerge(1));
      else if (section.kind == "request")
        ask(section, [](auto targets, auto request, const auto& options) {
          return gyre::engine::runSearch(targets, request, options);
        });
      else if (section.kind == "scroll")
        ask(section,
            [this](auto targets, auto request, const auto& options) { return scroll(targets, request, options); });
      else if (section.kind == "next")
        next();
      else if (section.kind == "point")
        ask(section, [](auto targets, auto request, SearchOptions options) {
          options.has_pit = true;
          options.pit_id = "p";
          return gyre::engine::runSearch(targets, request, options);
        });
      else if (section.kind == "count")
        ask(section, gyre::engine::runCount);
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

  struct TestIndex {
    std::string name;
    std::unique_ptr<gyre::engine::RamDirectory> directory;
    std::unique_ptr<Index> index;
  };

  gyre::Status open(const std::string& given_name, const std::string& definition) {
    gyre::engine::IndexOptions options;
    options.name = given_name.empty() ? "test" : given_name;
    options.merge_in_background = false;
    TestIndex made{options.name, std::make_unique<gyre::engine::RamDirectory>(), nullptr};
    auto opened = Index::open(*made.directory, definition, options, observer_);
    if (!opened.isOk()) return opened.status();
    made.index = std::move(opened).value();
    indices_.push_back(std::move(made));
    return {};
  }

  void analyze(const std::string& name, const std::string& body) {
    const json::Document request = parse(body);
    const auto mapping = name == "-" ? nullptr : indexNamed(name).index->mapping();
    auto answer = gyre::engine::runAnalyze(request.root(), mapping.get());
    reply_.emplace();
    reply_->status = answer.status();
    if (answer.isOk()) reply_->body = std::move(answer).value();
  }

  TestIndex& indexNamed(const std::string& name) {
    if (indices_.empty()) fail("there is no mapping before this");
    if (name.empty()) return indices_.front();
    for (TestIndex& known : indices_)
      if (known.name == name) return known;
    fail("no index is named \"" + name + "\"");
  }

  void apply(const std::string& name, const std::string& body) {
    Index& index = *indexNamed(name).index;
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
      const auto outcome = index.apply({&operation, 1}, version_);
      demand(outcome.status());
      if (outcome.value().front().verdict == gyre::engine::OperationOutcome::Verdict::kRefused)
        demand(outcome.value().front().refusal);
    }
    demand(index.refresh());
  }

  void reject(const std::string& name, const std::string& body) {
    Index& index = *indexNamed(name).index;
    std::istringstream lines(body);
    for (std::string line, expected; std::getline(lines, line) && std::getline(lines, expected);) {
      const std::size_t space = line.find(' ');
      const std::string id = line.substr(0, space), source = line.substr(space + 1);
      Operation operation;
      operation.id = id;
      operation.version = ++version_;
      operation.source = source;
      const auto outcome = index.apply({&operation, 1}, version_);
      demand(outcome.status());
      const gyre::Status& status = outcome.value().front().refusal;
      if (status.isOk()) fail("was taken: " + source);
      std::string message(status.message());
      for (const gyre::Fault& fault : status.faults()) message += " / " + fault.detail;
      const std::size_t end = expected.find(' ');
      if (status.reason() != expected.substr(0, end) || message.find(expected.substr(end + 1)) == std::string::npos)
        fail(source + " was rejected with " + std::string(status.reason()) + ": " + message);
    }
  }

  void mapped(const Index& index, const std::string& body) const {
    const std::string expected = body.substr(0, body.find_last_not_of('\n') + 1);
    if (index.mapping()->json() != expected) fail("the mapping is " + index.mapping()->json());
  }

  using Ask = std::function<SearchReply(std::span<const SearchTarget>, std::string_view, const SearchOptions&)>;

  SearchReply scroll(std::span<const SearchTarget> targets, std::string_view request, const SearchOptions& options) {
    auto opened = gyre::engine::ScrollCursor::open({targets.begin(), targets.end()}, std::string(request), options);
    if (!opened.isOk()) return {.status = opened.status()};
    cursor_ = std::move(opened).value();
    return cursor_->next("s", options);
  }
  void next() {
    if (!cursor_) fail("there is no scroll before this");
    reply_ = cursor_->next("s", {});
  }

  void ask(const Section& section, const Ask& answer) {
    const std::size_t question = std::min(section.argument.find('?'), section.argument.size());
    std::vector<SearchTarget> targets;
    const auto add = [&](TestIndex& each) { targets.push_back({each.name, each.index->snapshot()}); };
    std::istringstream names(section.argument.substr(0, question));
    if (question == 0) {
      add(indexNamed(""));
    } else {
      for (std::string name; std::getline(names, name, ',');) {
        if (name == "*")
          for (TestIndex& each : indices_) add(each);
        else if (name != "-")
          add(indexNamed(name));
      }
    }
    gyre::engine::SearchParameters parameters;
    std::istringstream pairs(section.argument.substr(std::min(question + 1, section.argument.size())));
    reply_.emplace();
    for (std::string pair; std::getline(pairs, pair, '&') && reply_->status.isOk();) {
      const std::size_t equals = std::min(pair.find('='), pair.size());
      const auto read = parameters.read(pair.substr(0, equals), pair.substr(std::min(equals + 1, pair.size())));
      if (read.isOk() && !read.value()) fail("the parameter " + pair + " is none of a search");
      reply_->status = read.status();
    }
    if (!reply_->status.isOk()) return;
    auto options = parameters.finish();
    reply_->status = options.status();
    if (options.isOk()) reply_ = answer(targets, section.body, options.value());
  }

  json::Document parse(const std::string& text) const {
    auto parsed = json::Document::parse(text, {.max_depth = 500});
    if (!parsed.isOk()) fail(std::string(parsed.status().message()) + " in " + text);
    return std::move(parsed).value();
  }
  const std::string& answerBody() const {
    if (!reply_) fail("there is no request before this");
    demand(reply_->status);
    return reply_->body;
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
    if (!reply_) fail("there is no request before this");
    if (reply_->status.isOk()) fail("was answered: " + reply_->body);
    const gyre::Status& status = reply_->status;
    const std::string line = body.substr(0, body.find('\n'));
    const std::size_t space = line.find(' ');
    if (status.reason() != line.substr(0, space))
      fail("refused with " + std::string(status.reason()) + ": " + std::string(status.message()));
    const std::string part = space == std::string::npos ? "" : line.substr(space + 1);
    if (status.message().find(part) == std::string_view::npos) fail("the message is: " + std::string(status.message()));
  }

  std::filesystem::path path_;
  int line_ = 0;
  gyre::base::NullObserver observer_;
  std::vector<TestIndex> indices_;
  std::uint64_t version_ = 0;
  std::optional<SearchReply> reply_;
  std::unique_ptr<gyre::engine::ScrollCursor> cursor_;
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
