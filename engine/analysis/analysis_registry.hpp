// Which analyzers and normalizers does an index have?
//
// Built once from the index's settings ("analysis": {"analyzer": {…}, "filter": {…}, …}, nested or dotted); everything
// defined there is checked, used or not. Names that the settings do not define are the dialect's own.
//
// THREADS: immutable but for what shingled() makes, under a lock; a Mapping owns it by shared_ptr, and whoever uses one
// of its analyzers keeps the mapping.
#pragma once

#include <cstddef>
#include <map>
#include <memory>
#include <mutex>
#include <string>
#include <string_view>
#include <utility>

#include "engine/analysis/analysis_settings.hpp"
#include "engine/analysis/analyzer.hpp"
#include "engine/analysis/component_kinds.hpp"
#include "gyre/json.hpp"
#include "gyre/status.hpp"

namespace gyre::engine {

class AnalysisRegistry {
 public:
  // `settings` may hold any others beside; missing is none. invalid_argument, reason illegal_argument_exception, names
  // the component.
  static Result<std::shared_ptr<const AnalysisRegistry>> parse(json::Value settings);
  // The one without settings.
  static std::shared_ptr<const AnalysisRegistry> builtIn();

  // Null for an unknown name.
  const Analyzer* analyzer(std::string_view name) const;
  const Analyzer* normalizer(std::string_view name) const;
  // What a text field without an analyzer of its own uses: the settings' analyzer "default", else "standard"; to search
  // "default_search", to search phrases "default_search_quoted".
  const Analyzer& defaultAnalyzer() const { return *default_; }
  // The last two count before the analyzer that a field names; null when the settings have none.
  const Analyzer* defaultSearchAnalyzer() const { return default_search_; }
  const Analyzer* defaultQuoteAnalyzer() const { return default_quote_; }

  // One of its analyzers with words joined, `size` at a time; see shingled_analyzer.hpp.
  const Analyzer* shingled(const Analyzer& base, std::size_t size) const;

  // Single components by name, for an analysis that is put together on the way. Null for an unknown name.
  Result<CharFilterPtr> charFilter(std::string_view name) const;
  Result<TokenizerPtr> tokenizer(std::string_view name) const;
  Result<TokenFilterPtr> filter(std::string_view name, const AnalyzerParts* before) const;
  // The same from a definition ({"type":"stop","stopwords":[…]}).
  Result<CharFilterPtr> makeCharFilter(const std::string& name, const FlatSettings& definition) const;
  Result<TokenizerPtr> makeTokenizer(const std::string& name, const FlatSettings& definition) const;
  Result<TokenFilterPtr> makeFilter(const std::string& name, const FlatSettings& definition,
                                    const AnalyzerParts* before) const;
  // May the named component stand in a normalizer?
  bool isNormalizingFilter(std::string_view name) const;
  bool isNormalizingCharFilter(std::string_view name) const;

 private:
  using Definitions = std::map<std::string, FlatSettings, std::less<>>;
  using Analyzers = std::map<std::string, AnalyzerPtr, std::less<>>;

  Status load(const FlatSettings& settings);
  Status check() const;
  Result<AnalyzerPtr> makeAnalyzerOf(const std::string& name, const FlatSettings& definition) const;
  Result<AnalyzerPtr> makeCustom(ComponentSettings& settings) const;
  Result<AnalyzerPtr> makeNormalizer(const std::string& name, const FlatSettings& definition) const;
  Status addCharFilters(ComponentSettings& settings, AnalyzerParts& parts, bool is_normalizer) const;
  Status addFilters(ComponentSettings& settings, AnalyzerParts& parts, bool is_normalizer) const;

  AnalysisLimits limits_;
  Definitions char_filters_;
  Definitions tokenizers_;
  Definitions filters_;
  Analyzers analyzers_;
  Analyzers normalizers_;
  const Analyzer* default_ = nullptr;
  const Analyzer* default_search_ = nullptr;
  const Analyzer* default_quote_ = nullptr;
  mutable std::mutex shingled_lock_;
  mutable std::map<std::pair<const Analyzer*, std::size_t>, AnalyzerPtr> shingled_;
};

}  // namespace gyre::engine
