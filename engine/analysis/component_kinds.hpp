// Which char filters, tokenizers and token filters are there, and how is each made from its settings?
//
// A table a family; a component is made for the index, or for one chain when it depends on what stands before it there.
// Makers read settings; what they leave unread is refused by ComponentSettings::finish, which the caller runs.
//
// THREADS: free functions and constants.
#pragma once

#include <cstdint>
#include <functional>
#include <span>
#include <string>
#include <string_view>
#include <unordered_set>
#include <vector>

#include "engine/analysis/analysis_settings.hpp"
#include "engine/analysis/analyzer.hpp"

namespace gyre::engine {

// What the index's settings allow: "index.max_ngram_diff" and its like.
struct AnalysisLimits {
  std::int64_t max_ngram_diff = 1;
  std::int64_t max_shingle_diff = 3;
};

struct FilterContext {
  const AnalysisLimits& limits;
  // The chain so far; null when only the definition is checked.
  const AnalyzerParts* before = nullptr;
  // Another filter by name, for those that are made of several.
  std::function<Result<TokenFilterPtr>(std::string_view)> named;
};

struct CharFilterKind {
  std::string_view name;
  Result<CharFilterPtr> (*make)(ComponentSettings&);
  bool is_normalizing;  // may stand in a normalizer
};
struct TokenizerKind {
  std::string_view name;
  Result<TokenizerPtr> (*make)(ComponentSettings&, const AnalysisLimits&);
};
struct FilterKind {
  std::string_view name;
  Result<TokenFilterPtr> (*make)(ComponentSettings&, const FilterContext&);
  bool is_normalizing;
};

std::span<const CharFilterKind> charFilterKinds();
std::span<const TokenizerKind> tokenizerKinds();
std::span<const TokenizerKind> patternTokenizerKinds();
std::span<const FilterKind> textFilterKinds();
std::span<const FilterKind> choiceFilterKinds();
std::span<const FilterKind> patternFilterKinds();
std::span<const FilterKind> gramFilterKinds();
std::span<const FilterKind> stemFilterKinds();
std::span<const FilterKind> normalizationFilterKinds();
std::span<const FilterKind> wordDelimiterKinds();
std::span<const FilterKind> synonymKinds();

// Null for an unknown name.
const CharFilterKind* findCharFilterKind(std::string_view name);
const TokenizerKind* findTokenizerKind(std::string_view name);
const FilterKind* findFilterKind(std::string_view name);

struct TextHash {
  using is_transparent = void;
  std::size_t operator()(std::string_view text) const { return std::hash<std::string_view>()(text); }
};
using WordSet = std::unordered_set<std::string, TextHash, std::equal_to<>>;

// The words of a setting; "_english_" and its like stand for a language's stop words, "_none_" for none.
WordSet wordsOf(ComponentSettings& settings, std::string_view name, const std::vector<std::string>& otherwise,
                bool ignores_case);

// Filters that the built-in analyzers are made of.
TokenFilterPtr lowerCaseFilter();
TokenFilterPtr makeStopFilter(WordSet words, bool ignores_case);
TokenFilterPtr makeElisionFilter(WordSet articles, bool ignores_case);
TokenFilterPtr makeFingerprintFilter(std::string separator, std::size_t max_length);
TokenFilterPtr makeKeywordMarker(WordSet words, bool ignores_case);
TokenFilterPtr makeFoldingFilter(bool keeps_original);
bool isLowerCaseFilter(const TokenFilter& filter);
// Null when there is none of that name.
TokenFilterPtr makeStemmer(std::string_view language);

}  // namespace gyre::engine
