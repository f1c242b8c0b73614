#include "server/search/answer_difference.hpp"

#include <algorithm>
#include <array>
#include <cmath>
#include <map>
#include <vector>

#include "gyre/excerpt.hpp"
#include "gyre/json.hpp"

namespace gyre::search {
namespace {

constexpr std::size_t kShownBytes = 120;     // of each value
constexpr double kTolerance = 1e-5;          // of a number: scores are floats
constexpr std::array<std::string_view, 8> kPassedOver = {"took",     "_shards", "_index",        "_type",
                                                         "_version", "_seq_no", "_primary_term", "timed_out"};

using Difference = std::optional<std::string>;

std::string shown(json::Value value) {
  return value.isMissing() ? std::string("nothing") : std::string(excerpt(value.raw(), kShownBytes));
}

Difference tell(const std::string& path, json::Value one, json::Value other) {
  return path + ": " + shown(one) + ", and " + shown(other);
}

bool isAlike(double one, double other) {
  return one == other || std::abs(one - other) <= kTolerance * std::max(std::abs(one), std::abs(other));
}

Difference compare(const std::string& path, json::Value one, json::Value other);

// Of a hit: what it is sorted by.
json::Value placeOf(json::Value hit) { return hit["sort"].isMissing() ? hit["_score"] : hit["sort"]; }

Difference compareHits(const std::string& path, json::Value one, json::Value other) {
  if (one.size() != other.size()) return path + ": " + std::to_string(one.size()) + " hits, and " + std::to_string(other.size());
  std::map<std::string, json::Value, std::less<>> by_id;
  std::vector<json::Value> others;
  for (const json::Value hit : other) {
    by_id.emplace(hit["_id"].string(), hit);
    others.push_back(hit);
  }
  std::size_t i = 0;
  for (const json::Value hit : one) {
    const std::string at = path + "/" + std::to_string(i);
    if (auto different = compare(at + "/sort", placeOf(hit), placeOf(others[i]))) return different;
    const auto same = by_id.find(hit["_id"].string());
    if (same == by_id.end()) {
      if (compare(at, placeOf(hit), placeOf(others.back()))) return at + ": " + shown(hit["_id"]) + " is in one alone";
    } else if (auto different = compare(at, hit, same->second)) {
      return different;
    }
    ++i;
  }
  return std::nullopt;
}

Difference compareObjects(const std::string& path, json::Value one, json::Value other) {
  const auto isPassedOver = [](std::string_view name) {
    return std::find(kPassedOver.begin(), kPassedOver.end(), name) != kPassedOver.end();
  };
  for (const json::Value member : one) {
    if (isPassedOver(member.key())) continue;
    const std::string at = path + "/" + std::string(member.key());
    const json::Value same = other[member.key()];
    const bool is_hits = member.key() == "hits" && member.isArray() && same.isArray();
    if (auto different = is_hits ? compareHits(at, member, same) : compare(at, member, same)) return different;
  }
  for (const json::Value member : other)
    if (!isPassedOver(member.key()) && one[member.key()].isMissing())
      return tell(path + "/" + std::string(member.key()), json::Value(), member);
  return std::nullopt;
}

Difference compare(const std::string& path, json::Value one, json::Value other) {
  if (one.isObject() && other.isObject()) return compareObjects(path, one, other);
  if (one.isArray() && other.isArray()) {
    if (one.size() != other.size()) return tell(path, one, other);
    std::vector<json::Value> others;
    for (const json::Value value : other) others.push_back(value);
    std::size_t i = 0;
    for (const json::Value value : one) {
      if (auto different = compare(path + "/" + std::to_string(i), value, others[i])) return different;
      ++i;
    }
    return std::nullopt;
  }
  if (one.raw() == other.raw() && one.isMissing() == other.isMissing()) return std::nullopt;
  if (one.isString() && other.isString() && one.string() == other.string()) return std::nullopt;
  const auto a = one.real(), b = other.real();
  if (a && b && isAlike(*a, *b)) return std::nullopt;
  return tell(path, one, other);
}

}  // namespace

std::optional<std::string> answerDifference(std::string_view one, std::string_view other) {
  if (one == other) return std::nullopt;
  const auto a = json::Document::parse(one), b = json::Document::parse(other);
  if (!a.isOk() || !b.isOk()) return std::string("one of them is no JSON");
  return compare("", a->root(), b->root());
}

}  // namespace gyre::search
