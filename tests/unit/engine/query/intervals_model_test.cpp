// Intervals of random rules over random texts, against every combination of their parts written out: the same
// documents, with scores that tell where each shortest interval begins and ends.
#include <cppunit/extensions/HelperMacros.h>

#include <algorithm>
#include <cmath>
#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <random>
#include <string>
#include <utility>
#include <vector>

#include "base/observer.hpp"
#include "engine/directory/ram_directory.hpp"
#include "engine/index.hpp"
#include "gyre/json.hpp"

namespace gyre::engine {

namespace {

using Interval = std::pair<std::int64_t, std::int64_t>;  // first and last position
using Intervals = std::vector<Interval>;

// One rule: its JSON, its intervals in a text of one letter a word, and how short they can be.
struct Rule {
  std::string name;  // rules of the same name are the same
  std::string json;
  std::int64_t extent = 1;
  std::function<Intervals(const std::string&)> of;
};

bool isWithin(const Interval& inner, const Interval& outer) {
  return outer.first <= inner.first && inner.second <= outer.second;
}

// Those that hold no other.
Intervals shortest(Intervals all) {
  std::sort(all.begin(), all.end());
  all.erase(std::unique(all.begin(), all.end()), all.end());
  Intervals kept;
  for (const Interval& each : all)
    if (std::none_of(all.begin(), all.end(),
                     [&](const Interval& other) { return other != each && isWithin(other, each); }))
      kept.push_back(each);
  return kept;
}

// Calls visit(choice) for each choice of one interval of each part.
template <class Visit>
void eachChoice(const std::vector<Intervals>& parts, Intervals& choice, const Visit& visit) {
  if (choice.size() == parts.size()) return visit(choice);
  for (const Interval& one : parts[choice.size()]) {
    choice.push_back(one);
    eachChoice(parts, choice, visit);
    choice.pop_back();
  }
}

Interval around(const Intervals& choice) {
  Interval whole = choice.front();
  for (const Interval& one : choice) whole = {std::min(whole.first, one.first), std::max(whole.second, one.second)};
  return whole;
}

bool isOrdered(const Intervals& choice) {
  for (std::size_t i = 1; i < choice.size(); ++i)
    if (choice[i].first <= choice[i - 1].second) return false;
  return true;
}

std::string lettersOf(const std::vector<char>& letters) {
  std::string text;
  for (const char letter : letters) text.append(text.empty() ? "" : " ").append(1, letter);
  return text;
}

}  // namespace

class IntervalsModelTest : public CppUnit::TestFixture {
  CPPUNIT_TEST_SUITE(IntervalsModelTest);
  CPPUNIT_TEST(rulesFindWhatTheyShould);
  CPPUNIT_TEST_SUITE_END();

  static constexpr unsigned kDepth = 2;

  unsigned upTo(unsigned most) { return std::uniform_int_distribution<unsigned>(0, most)(random_); }

  std::vector<char> differentLetters() {
    std::vector<char> letters{'p', 'q', 'r', 'u'};
    std::shuffle(letters.begin(), letters.end(), random_);
    letters.resize(1 + upTo(2));
    return letters;
  }

  // Words, in order or not, with a bound of the positions between them or without.
  Rule words(bool is_bounded) {
    const std::vector<char> letters = differentLetters();
    const bool is_ordered = upTo(1) == 0;
    const std::int64_t most = !is_bounded && upTo(1) == 0 ? -1 : std::int64_t{upTo(3)};
    Rule rule;
    rule.json = R"({"match":{"query":")" + lettersOf(letters) + R"(","mode":")" +
                (is_ordered ? "ordered" : "unordered") + R"(","max_gaps":)" + std::to_string(most) + "}}";
    // Of one word nothing else is asked.
    rule.name = letters.size() == 1 ? lettersOf(letters) : rule.json;
    rule.extent = static_cast<std::int64_t>(letters.size());
    rule.of = [=](const std::string& text) {
      std::vector<Intervals> parts;
      for (const char letter : letters) {
        parts.emplace_back();
        for (std::size_t at = 0; at < text.size(); ++at)
          if (text[at] == letter) parts.back().emplace_back(at, at);
      }
      Intervals found, choice;
      eachChoice(parts, choice, [&](const Intervals& chosen) {
        if (!is_ordered || isOrdered(chosen)) found.push_back(around(chosen));
      });
      found = shortest(std::move(found));
      std::erase_if(found, [&](const Interval& each) {
        return most >= 0 && each.second - each.first + 1 - static_cast<std::int64_t>(letters.size()) > most;
      });
      return found;
    };
    return rule;
  }

  // Lists in a list of their own kind are one list, which asks for a word of both twice: another question, so such
  // lists are not made.
  Rule listOf(unsigned depth, unsigned other_kind) {
    constexpr unsigned kKinds = 3;  // all in order, all, any
    const unsigned kind = other_kind == kKinds ? upTo(2) : (other_kind + 1 + upTo(1)) % kKinds;
    std::vector<Rule> parts;
    for (unsigned count = 2 + upTo(1); parts.size() < count;) {
      Rule part = any(depth - 1, kind);
      // The same rule twice asks for two intervals, which is another question.
      if (std::none_of(parts.begin(), parts.end(), [&](const Rule& known) { return known.name == part.name; }))
        parts.push_back(std::move(part));
    }
    Rule rule;
    rule.json =
        kind == 2 ? R"({"any_of":{"intervals":[)"
                  : R"({"all_of":{"mode":")" + std::string(kind == 0 ? "ordered" : "unordered") + R"(","intervals":[)";
    rule.extent = kind == 2 ? INT32_MAX : 0;
    for (const Rule& part : parts) {
      rule.json.append(rule.json.back() == '[' ? "" : ",").append(part.json);
      rule.extent = kind == 2 ? std::min(rule.extent, part.extent) : rule.extent + part.extent;
    }
    rule.json += "]}}";
    // In whatever order parts are written that have none, it is the same list.
    std::vector<std::string> names;
    for (const Rule& part : parts) names.push_back(part.name);
    if (kind != 0) std::sort(names.begin(), names.end());
    rule.name = "list " + std::to_string(kind);
    for (const std::string& name : names) rule.name.append(" [").append(name).append("]");
    rule.of = [=](const std::string& text) {
      std::vector<Intervals> all;
      for (const Rule& part : parts) all.push_back(part.of(text));
      Intervals found, choice;
      if (kind == 2) {
        for (const Intervals& part : all) found.insert(found.end(), part.begin(), part.end());
      } else {
        eachChoice(all, choice, [&](const Intervals& chosen) {
          if (kind == 1 || isOrdered(chosen)) found.push_back(around(chosen));
        });
      }
      return shortest(std::move(found));
    };
    return rule;
  }

  Rule relatedWords() {
    const Rule rule = words(true), reference = words(false);
    struct Relation {
      const char* name;
      bool is_negative;
      bool (*holds)(const Interval&, const Interval&);
    };
    static constexpr Relation kRelations[] = {
        {"containing", false, [](const Interval& a, const Interval& b) { return isWithin(b, a); }},
        {"contained_by", false, [](const Interval& a, const Interval& b) { return isWithin(a, b); }},
        {"not_containing", true, [](const Interval& a, const Interval& b) { return isWithin(b, a); }},
        {"not_contained_by", true, [](const Interval& a, const Interval& b) { return isWithin(a, b); }},
        {"overlapping", false,
         [](const Interval& a, const Interval& b) { return a.first <= b.second && b.first <= a.second; }},
        {"not_overlapping", true,
         [](const Interval& a, const Interval& b) { return a.first <= b.second && b.first <= a.second; }},
        {"before", false, [](const Interval& a, const Interval& b) { return a.second < b.first; }},
        {"after", false, [](const Interval& a, const Interval& b) { return a.first > b.second; }},
    };
    const Relation& relation = kRelations[upTo(7)];
    Rule filtered = rule;
    filtered.name = rule.name + " " + relation.name + " " + reference.name;
    filtered.json.resize(filtered.json.size() - 2);
    filtered.json += R"(,"filter":{")" + std::string(relation.name) + "\":" + reference.json + "}}}";
    filtered.of = [rule, reference, &relation](const std::string& text) {
      Intervals kept = rule.of(text);
      const Intervals others = reference.of(text);
      std::erase_if(kept, [&](const Interval& each) {
        const bool is_related = std::any_of(others.begin(), others.end(),
                                            [&](const Interval& other) { return relation.holds(each, other); });
        return is_related == relation.is_negative;
      });
      return kept;
    };
    return filtered;
  }

  Rule any(unsigned depth, unsigned around) {
    if (depth > 0 && upTo(2) > 0) return listOf(depth, around);
    return upTo(2) == 0 ? relatedWords() : words(depth < kDepth);
  }

  static float scoreOf(const Rule& rule, const Intervals& intervals) {
    float freq = 0;
    for (const Interval& each : intervals)
      freq += 1.0f / static_cast<float>(std::max<std::int64_t>(each.second - each.first + 2 - rule.extent, 1));
    return 1 - 1 / (1 + freq);
  }

 public:
  void rulesFindWhatTheyShould() {
    const std::uint32_t seed = std::random_device{}();
    random_.seed(seed);
    auto opened = Index::open(directory_, R"({"mappings":{"properties":{"t":{"type":"text"}}}})", {}, observer_);
    CPPUNIT_ASSERT(opened.isOk());
    const std::unique_ptr<Index> index = std::move(opened).value();
    std::vector<std::string> texts;
    for (std::uint64_t doc = 0; doc < 120; ++doc) {
      std::string text, letters;
      for (unsigned left = 1 + upTo(11); left > 0; --left) letters += "pqrux"[upTo(4)];
      for (const char letter : letters) text.append(text.empty() ? "" : " ").append(1, letter);
      texts.push_back(letters);
      const std::string id = std::to_string(doc), source = R"({"t":")" + text + "\"}";
      Operation operation;
      operation.id = id;
      operation.version = doc + 1;
      operation.source = source;
      CPPUNIT_ASSERT(index->apply({&operation, 1}, doc + 1).isOk());
      if (doc % 50 == 49) CPPUNIT_ASSERT(index->refresh().isOk());
    }
    CPPUNIT_ASSERT(index->refresh().isOk());
    for (int round = 0; round < 300; ++round) {
      const Rule rule = any(kDepth, 3);
      const std::string request = R"({"size":200,"_source":false,"query":{"intervals":{"t":)" + rule.json + "}}}";
      const std::string where = "seed " + std::to_string(seed) + ": " + request;
      const auto answer = index->search(request);
      CPPUNIT_ASSERT_MESSAGE(where, answer.isOk());
      const auto document = json::Document::parse(answer->body);
      std::map<std::size_t, double> found;
      for (const json::Value hit : document->root()["hits"]["hits"])
        found[std::stoul(std::string(hit["_id"].string()))] = hit["_score"].real().value_or(0);
      for (std::size_t doc = 0; doc < texts.size(); ++doc) {
        const Intervals intervals = rule.of(texts[doc]);
        const std::string here = where + " in " + texts[doc];
        CPPUNIT_ASSERT_EQUAL_MESSAGE(here, !intervals.empty(), found.contains(doc));
        if (!intervals.empty()) CPPUNIT_ASSERT_DOUBLES_EQUAL_MESSAGE(here, scoreOf(rule, intervals), found[doc], 1e-5);
      }
    }
  }

 private:
  base::NullObserver observer_;
  RamDirectory directory_;
  std::mt19937 random_;
};
CPPUNIT_TEST_SUITE_REGISTRATION(IntervalsModelTest);

}  // namespace gyre::engine
