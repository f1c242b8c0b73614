#include "engine/suggest/string_distance.hpp"

#include <algorithm>
#include <array>
#include <string>
#include <utility>
#include <vector>

#include "engine/analysis/utf8.hpp"

namespace gyre::engine {

namespace {

using Characters = std::vector<std::uint32_t>;

Characters charactersOf(std::string_view text) {
  Characters characters;
  for (std::size_t at = 0; at < text.size();) {
    const CodePoint c = decodeUtf8(text, at);
    characters.push_back(c.value);
    at += c.size;
  }
  return characters;
}

std::size_t editsBetween(const Characters& a, const Characters& b, bool has_transpositions) {
  std::vector<std::vector<std::size_t>> rows(a.size() + 1, std::vector<std::size_t>(b.size() + 1));
  for (std::size_t i = 0; i <= a.size(); ++i) rows[i][0] = i;
  for (std::size_t j = 0; j <= b.size(); ++j) rows[0][j] = j;
  for (std::size_t i = 1; i <= a.size(); ++i)
    for (std::size_t j = 1; j <= b.size(); ++j) {
      rows[i][j] =
          std::min({rows[i - 1][j] + 1, rows[i][j - 1] + 1, rows[i - 1][j - 1] + (a[i - 1] == b[j - 1] ? 0 : 1)});
      if (has_transpositions && i > 1 && j > 1 && a[i - 1] == b[j - 2] && a[i - 2] == b[j - 1])
        rows[i][j] = std::min(rows[i][j], rows[i - 2][j - 2] + 1);
    }
  return rows[a.size()][b.size()];
}

float share(std::size_t edits, std::size_t length) {
  return length == 0 ? 0 : 1.0f - static_cast<float>(edits) / static_cast<float>(length);
}

float jaroWinkler(const Characters& a, const Characters& b) {
  const Characters& longer = a.size() > b.size() ? a : b;
  const Characters& shorter = a.size() > b.size() ? b : a;
  const std::size_t range = std::max<std::size_t>(longer.size() / 2, 1) - 1;
  std::vector<bool> is_matched(longer.size());
  Characters in_shorter;
  for (std::size_t i = 0; i < shorter.size(); ++i) {
    const std::size_t from = i > range ? i - range : 0;
    for (std::size_t j = from; j < std::min(i + range + 1, longer.size()); ++j) {
      if (is_matched[j] || shorter[i] != longer[j]) continue;
      is_matched[j] = true;
      in_shorter.push_back(shorter[i]);
      break;
    }
  }
  if (in_shorter.empty()) return 0;
  std::size_t swaps = 0;
  for (std::size_t j = 0, at = 0; j < longer.size(); ++j)
    if (is_matched[j] && longer[j] != in_shorter[at++]) ++swaps;
  std::size_t prefix = 0;
  while (prefix < shorter.size() && shorter[prefix] == longer[prefix]) ++prefix;
  const auto m = static_cast<float>(in_shorter.size());
  const float jaro =
      (m / static_cast<float>(a.size()) + m / static_cast<float>(b.size()) + (m - static_cast<float>(swaps / 2)) / m) /
      3;
  constexpr float kThreshold = 0.7f;
  if (jaro < kThreshold) return jaro;
  return jaro + std::min(0.1f, 1.0f / static_cast<float>(longer.size())) * static_cast<float>(prefix) * (1 - jaro);
}

// Kondrak's distance over pairs of characters.
float pairLikeness(const Characters& a, const Characters& b) {
  constexpr std::size_t kPair = 2;
  if (a.empty() || b.empty()) return a.size() == b.size() ? 1 : 0;
  if (a.size() < kPair || b.size() < kPair) {
    std::size_t equal = 0;
    for (std::size_t i = 0; i < std::min(a.size(), b.size()); ++i) equal += a[i] == b[i] ? 1 : 0;
    return static_cast<float>(equal) / static_cast<float>(std::max(a.size(), b.size()));
  }
  const auto at = [](const Characters& text, std::size_t i) { return i == 0 ? 0u : text[i - 1]; };  // a 0 in front
  std::vector<float> above(a.size() + 1), row(a.size() + 1);
  for (std::size_t i = 0; i <= a.size(); ++i) above[i] = static_cast<float>(i);
  for (std::size_t j = 1; j <= b.size(); ++j) {
    row[0] = static_cast<float>(j);
    for (std::size_t i = 1; i <= a.size(); ++i) {
      float cost = 0;
      float counted = kPair;
      for (std::size_t n = 0; n < kPair; ++n) {
        const std::uint32_t x = at(a, i - 1 + n);
        if (x != at(b, j - 1 + n)) {
          ++cost;
        } else if (x == 0) {
          --counted;  // equal only in standing at the start
        }
      }
      row[i] = std::min({row[i - 1] + 1, above[i] + 1, above[i - 1] + cost / counted});
    }
    std::swap(row, above);
  }
  return 1.0f - above[a.size()] / static_cast<float>(std::max(a.size(), b.size()));
}

}  // namespace

std::optional<StringDistance> findStringDistance(std::string_view name) {
  constexpr std::array<std::pair<std::string_view, StringDistance>, 5> kNames = {
      {{"internal", StringDistance::kInternal},
       {"damerau_levenshtein", StringDistance::kDamerauLevenshtein},
       {"levenshtein", StringDistance::kLevenshtein},
       {"jaro_winkler", StringDistance::kJaroWinkler},
       {"ngram", StringDistance::kNgram}}};
  std::string folded(name);
  std::transform(folded.begin(), folded.end(), folded.begin(),
                 [](char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c; });
  for (const auto& [known, distance] : kNames)
    if (known == folded) return distance;
  return std::nullopt;
}

float likeness(StringDistance distance, std::string_view first, std::string_view second, std::uint32_t edits) {
  const Characters a = charactersOf(first);
  const Characters b = charactersOf(second);
  switch (distance) {
    case StringDistance::kInternal: return share(edits, std::min(a.size(), b.size()));
    case StringDistance::kDamerauLevenshtein: return share(editsBetween(a, b, true), std::min(a.size(), b.size()));
    case StringDistance::kLevenshtein: return share(editsBetween(a, b, false), std::max(a.size(), b.size()));
    case StringDistance::kJaroWinkler: return jaroWinkler(a, b);
    case StringDistance::kNgram: return pairLikeness(a, b);
  }
  return 0;
}

}  // namespace gyre::engine
