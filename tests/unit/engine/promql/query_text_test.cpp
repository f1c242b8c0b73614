// Runs tests/promql/*.test: samples, queries, and what they come to.
//
// A file is a sequence of sections, each a line that begins with '#' and a word, then its lines:
//   # load STEP      a line each: a series as PromQL writes it, then its values at 0, STEP, 2 STEP, …: a number, "_"
//   for
//                    none, "stale" for a marker, "2x3" for 2 2 2 2, "1+2x3" for 1 3 5 7
//   # clear          forgets what was loaded
//   # limits name=value …   max_samples, max_points, max_series, max_depth, max_query_bytes, lookback; until the file's
//   end # ask TIME       a query, at that time # range START END STEP  a query, over those times # expect         what
//   the last query gives: a line each a series and its value (or values, a step each, "_" for
//                    none); "scalar" and values; "string" and a text. Numbers agree to 1e-9. Nothing: no series
//   # ordered        the same, in this order
//   # refused        a reason, a space, a part of the message
//   # note           a comment
#include <cppunit/extensions/HelperMacros.h>

#include <algorithm>
#include <charconv>
#include <cmath>
#include <filesystem>
#include <fstream>
#include <limits>
#include <optional>
#include <sstream>
#include <string>
#include <vector>

#include "engine/promql/duration.hpp"
#include "engine/promql/number_format.hpp"
#include "engine/promql/parser.hpp"
#include "engine/promql/query.hpp"
#include "engine/series/memory_source.hpp"
#include "gyre/json.hpp"

namespace {

namespace promql = gyre::engine::promql;
namespace series = gyre::engine::series;
namespace json = gyre::json;

std::int64_t millis(const std::string& text) {
  if (text == "0") return 0;
  const bool is_negative = text.starts_with('-');
  const auto duration = promql::parseDuration(is_negative ? std::string_view(text).substr(1) : std::string_view(text));
  if (!duration.isOk()) CPPUNIT_FAIL(std::string(duration.status().message()));
  return is_negative ? -*duration : *duration;
}

double number(const std::string& text) {
  if (text == "_") return series::staleMarker();
  char* end = nullptr;
  const double value = std::strtod(text.c_str(), &end);
  if (end != text.c_str() + text.size()) CPPUNIT_FAIL("no number: " + text);
  return value;
}

// A series and its values, as lines of load and expect hold them.
struct Line {
  std::string head;
  std::vector<std::string> values;
};

Line splitLine(const std::string& line) {
  const std::size_t brace = line.find('{');
  const std::size_t space = line.find(' ');
  const std::size_t end = brace < space ? line.find('}') + 1 : std::min(space, line.size());
  Line split{line.substr(0, end), {}};
  std::istringstream rest(line.substr(end));
  for (std::string value; rest >> value;) split.values.push_back(value);
  return split;
}

series::Labels labelsOf(const std::string& text) {
  series::Labels labels;
  if (text == "{}") return labels;
  const auto matchers = promql::parseSelector(text);
  if (!matchers.isOk()) CPPUNIT_FAIL(text + ": " + std::string(matchers.status().message()));
  for (const auto& matcher : *matchers) labels.push_back({matcher.name(), matcher.value()});
  std::sort(labels.begin(), labels.end());
  return labels;
}

struct Answered {
  series::Labels labels;
  std::vector<double> values;  // a step each; the stale marker for none
};

class File {
 public:
  explicit File(const std::filesystem::path& path) : name_(path.filename()) {
    options_.evaluation_limits.clock = nullptr;
    std::ifstream in(path);
    std::string kind, argument;
    std::vector<std::string> body;
    std::size_t number = 0, begun = 0;
    for (std::string line; std::getline(in, line);) {
      ++number;
      if (!line.starts_with('#')) {
        if (!line.empty()) body.push_back(line);
        continue;
      }
      run(begun, kind, argument, body);
      body.clear();
      begun = number;
      std::istringstream words(line.substr(1));
      words >> kind;
      std::getline(words, argument);
      argument.erase(0, argument.find_first_not_of(' '));
    }
    run(begun, kind, argument, body);
    CPPUNIT_ASSERT_MESSAGE(name_ + " asks nothing", asked_ > 0);
  }

 private:
  void run(std::size_t line, const std::string& kind, const std::string& argument,
           const std::vector<std::string>& body) {
    where_ = name_ + ":" + std::to_string(line) + ": ";
    if (kind == "load") return load(millis(argument), body);
    if (kind == "clear") {
      source_ = series::MemorySource();
    } else if (kind == "limits") {
      setLimits(argument);
    } else if (kind == "ask" || kind == "range") {
      ask(kind, argument, body);
    } else if (kind == "expect" || kind == "ordered") {
      expect(body, kind == "ordered");
    } else if (kind == "refused") {
      refused(argument);
    } else if (!kind.empty() && kind != "note") {
      CPPUNIT_FAIL(where_ + "unknown section " + kind);
    }
  }

  void load(std::int64_t step, const std::vector<std::string>& body) {
    for (const std::string& text : body) {
      const Line line = splitLine(text);
      const series::Labels labels = labelsOf(line.head);
      std::int64_t at = 0;
      for (const std::string& value : line.values) {
        const std::size_t times = value.find('x');
        const std::size_t plus = value.find('+', 1);
        const int repeats = times == std::string::npos ? 0 : std::stoi(value.substr(times + 1));
        const double rise =
            plus < times && times != std::string::npos ? number(value.substr(plus + 1, times - plus - 1)) : 0;
        const std::string first = value.substr(0, std::min(plus < times ? plus : times, times));
        for (int i = 0; i <= repeats; ++i, at += step) {
          if (first == "_") continue;
          source_.add(labels, at, first == "stale" ? series::staleMarker() : number(first) + rise * i);
        }
      }
    }
  }

  void setLimits(const std::string& text) {
    std::istringstream words(text);
    for (std::string word; words >> word;) {
      const std::size_t equals = word.find('=');
      const std::string limit = word.substr(0, equals);
      const std::string value = word.substr(equals + 1);
      if (limit == "max_samples") {
        options_.evaluation_limits.max_samples = std::stoul(value);
      } else if (limit == "max_series") {
        options_.evaluation_limits.max_series = std::stoul(value);
      } else if (limit == "max_points") {
        options_.max_points = static_cast<std::uint32_t>(std::stoul(value));
      } else if (limit == "max_depth") {
        options_.parse_limits.max_depth = static_cast<std::uint32_t>(std::stoul(value));
      } else if (limit == "max_query_bytes") {
        options_.parse_limits.max_query_bytes = std::stoul(value);
      } else {
        CPPUNIT_ASSERT_EQUAL_MESSAGE(where_ + "limit", std::string("lookback"), limit);
        options_.evaluation.lookback_ms = millis(value);
      }
    }
  }

  void ask(const std::string& kind, const std::string& argument, const std::vector<std::string>& body) {
    ++asked_;
    std::istringstream words(argument);
    std::string start, end, step;
    words >> start >> end >> step;
    time_ = kind == "ask" ? promql::QueryTime{millis(start), millis(start), 0}
                          : promql::QueryTime{millis(start), millis(end), millis(step)};
    query_.clear();
    for (const std::string& line : body) query_.append(query_.empty() ? "" : "\n").append(line);
    answer_ = promql::answerQuery(source_, query_, time_, options_);
  }

  // The answer as series of values; a scalar's and a string's have no labels.
  std::vector<Answered> answered(std::string& type, std::string& text) const {
    const auto document = json::Document::parse(**answer_);
    CPPUNIT_ASSERT_MESSAGE(where_ + "no JSON: " + **answer_, document.isOk());
    const json::Value result = document->root()["result"];
    type = document->root()["resultType"].string();
    std::vector<Answered> all;
    const auto steps = time_.isInstant()
                           ? std::size_t{1}
                           : static_cast<std::size_t>((time_.end_ms - time_.start_ms) / time_.step_ms + 1);
    const auto point = [&](const json::Value& pair, Answered& into) {
      std::vector<json::Value> parts;
      for (const json::Value part : pair) parts.push_back(part);
      text = parts.at(1).string();
      if (type == "string") return;
      const double seconds = parts.at(0).real().value_or(-1);
      const auto step =
          time_.isInstant()
              ? 0
              : static_cast<std::size_t>(std::llround((seconds * 1000 - static_cast<double>(time_.start_ms)) /
                                                      static_cast<double>(time_.step_ms)));
      CPPUNIT_ASSERT_MESSAGE(where_ + "a point at no step: " + **answer_, step < steps);
      into.values[step] = number(text);
    };
    if (type == "scalar" || type == "string") {
      all.push_back({{}, std::vector<double>(steps, series::staleMarker())});
      point(result, all.back());
      return all;
    }
    for (const json::Value one : result) {
      all.push_back({{}, std::vector<double>(steps, series::staleMarker())});
      for (const json::Value label : one["metric"])
        all.back().labels.push_back({std::string(label.key()), std::string(label.string())});
      if (!one["value"].isMissing()) {
        point(one["value"], all.back());
      } else if (time_.isInstant()) {  // a range vector: its values one after the other
        all.back().values.clear();
        for (const json::Value pair : one["values"]) {
          all.back().values.push_back(0);
          Answered single{{}, {0}};
          point(pair, single);
          all.back().values.back() = single.values[0];
        }
      } else {
        for (const json::Value pair : one["values"]) point(pair, all.back());
      }
    }
    return all;
  }

  static bool agree(double a, double b) {
    if (series::isStale(a) || series::isStale(b)) return series::isStale(a) && series::isStale(b);
    if (std::isnan(a) || std::isnan(b)) return std::isnan(a) && std::isnan(b);
    if (std::isinf(a) || std::isinf(b)) return a == b;
    return std::abs(a - b) <= 1e-9 * std::max({1.0, std::abs(a), std::abs(b)});
  }

  void expect(const std::vector<std::string>& body, bool is_ordered) {
    CPPUNIT_ASSERT_MESSAGE(where_ + "nothing was asked", answer_.has_value());
    if (!answer_->isOk()) CPPUNIT_FAIL(where_ + query_ + ": " + std::string(answer_->status().message()));
    std::string type, text;
    std::vector<Answered> found = answered(type, text);
    if (type == "string") {
      CPPUNIT_ASSERT_EQUAL_MESSAGE(where_ + query_, std::string("string ") + text, body.at(0));
      return;
    }
    std::vector<Answered> wanted;
    for (const std::string& line : body) {
      const Line split = splitLine(line);
      wanted.push_back({split.head == "scalar" ? series::Labels() : labelsOf(split.head), {}});
      for (const std::string& value : split.values) wanted.back().values.push_back(number(value));
    }
    const auto by_labels = [](const Answered& a, const Answered& b) { return a.labels < b.labels; };
    if (!is_ordered) {
      std::sort(found.begin(), found.end(), by_labels);
      std::sort(wanted.begin(), wanted.end(), by_labels);
    }
    const std::string answer = where_ + query_ + " answers " + **answer_;
    CPPUNIT_ASSERT_EQUAL_MESSAGE(answer, wanted.size(), found.size());
    for (std::size_t i = 0; i < wanted.size(); ++i) {
      CPPUNIT_ASSERT_MESSAGE(answer, wanted[i].labels == found[i].labels);
      CPPUNIT_ASSERT_EQUAL_MESSAGE(answer, wanted[i].values.size(), found[i].values.size());
      for (std::size_t k = 0; k < wanted[i].values.size(); ++k)
        CPPUNIT_ASSERT_MESSAGE(answer, agree(wanted[i].values[k], found[i].values[k]));
    }
  }

  void refused(const std::string& argument) {
    CPPUNIT_ASSERT_MESSAGE(where_ + "nothing was asked", answer_.has_value());
    if (answer_->isOk()) CPPUNIT_FAIL(where_ + query_ + " answers " + **answer_);
    const std::size_t space = argument.find(' ');
    const std::string message(answer_->status().message());
    CPPUNIT_ASSERT_EQUAL_MESSAGE(where_ + query_ + ": " + message, argument.substr(0, space),
                                 std::string(answer_->status().reason()));
    CPPUNIT_ASSERT_MESSAGE(where_ + query_ + ": " + message,
                           message.find(argument.substr(space + 1)) != std::string::npos);
  }

  std::string name_;
  std::string where_;
  series::MemorySource source_;
  promql::QueryOptions options_;
  promql::QueryTime time_;
  std::string query_;
  std::optional<gyre::Result<std::string>> answer_;
  std::size_t asked_ = 0;
};

}  // namespace

class PromqlTextTest : public CppUnit::TestFixture {
  CPPUNIT_TEST_SUITE(PromqlTextTest);
  CPPUNIT_TEST(queriesComeToWhatTheFilesSay);
  CPPUNIT_TEST_SUITE_END();

 public:
  void queriesComeToWhatTheFilesSay() {
    std::size_t files = 0;
    for (const auto& entry : std::filesystem::directory_iterator(GYRE_SOURCE_DIR "/tests/promql")) {
      if (entry.path().extension() != ".test") continue;
      ++files;
      File file(entry.path());
    }
    CPPUNIT_ASSERT(files > 0);
  }
};

CPPUNIT_TEST_SUITE_REGISTRATION(PromqlTextTest);
