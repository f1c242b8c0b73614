#include "engine/analysis/analysis_registry.hpp"

#include <algorithm>
#include <iterator>
#include <span>
#include <utility>

#include "engine/analysis/built_in_analyzers.hpp"
#include "engine/analysis/shingled_analyzer.hpp"

namespace gyre::engine {

namespace {

constexpr std::string_view kFamilies[] = {"analyzer", "normalizer", "tokenizer", "filter", "char_filter"};

std::string bracketed(std::string_view text) { return "[" + std::string(text) + "]"; }

Status unknownType(std::string_view family, std::string_view type, std::string_view name) {
  return analysisRefusal("Unknown " + std::string(family) + " type " + bracketed(type) + " for " + bracketed(name));
}

Status missingType(std::string_view family, std::string_view name) {
  return analysisRefusal(std::string(family) + " " + bracketed(name) +
                         " must specify either an analyzer type, or a tokenizer");
}

template <class Kind>
const Kind* findKind(std::span<const Kind> kinds, std::string_view name) {
  for (const Kind& kind : kinds)
    if (kind.name == name) return &kind;
  return nullptr;
}

std::map<std::string, FlatSettings, std::less<>> definitionsOf(const FlatSettings& analysis, std::string_view family) {
  std::map<std::string, FlatSettings, std::less<>> definitions;
  for (auto& [name, settings] : analysis.groups(family)) definitions.emplace(name, settings);
  return definitions;
}

}  // namespace

const CharFilterKind* findCharFilterKind(std::string_view name) { return findKind(charFilterKinds(), name); }

const TokenizerKind* findTokenizerKind(std::string_view name) {
  for (const auto kinds : {tokenizerKinds(), patternTokenizerKinds()})
    if (const TokenizerKind* const kind = findKind(kinds, name)) return kind;
  return nullptr;
}

const FilterKind* findFilterKind(std::string_view name) {
  for (const auto kinds : {textFilterKinds(), choiceFilterKinds(), patternFilterKinds(), gramFilterKinds(),
                           stemFilterKinds(), normalizationFilterKinds(), wordDelimiterKinds(), synonymKinds()})
    if (const FilterKind* const kind = findKind(kinds, name)) return kind;
  return nullptr;
}

Result<std::shared_ptr<const AnalysisRegistry>> AnalysisRegistry::parse(json::Value settings) {
  auto registry = std::make_shared<AnalysisRegistry>();
  GYRE_TRY(registry->load(FlatSettings(settings)));
  return std::shared_ptr<const AnalysisRegistry>(std::move(registry));
}

std::shared_ptr<const AnalysisRegistry> AnalysisRegistry::builtIn() {
  static const std::shared_ptr<const AnalysisRegistry> registry = parse({}).value();
  return registry;
}

Status AnalysisRegistry::load(const FlatSettings& settings) {
  limits_.max_ngram_diff = settings.number("max_ngram_diff", limits_.max_ngram_diff);
  limits_.max_shingle_diff = settings.number("max_shingle_diff", limits_.max_shingle_diff);
  const FlatSettings analysis = settings.below("analysis");
  for (const auto& [name, entry] : analysis.entries()) {
    const std::string_view family = std::string_view(name).substr(0, name.find('.'));
    if (std::find(std::begin(kFamilies), std::end(kFamilies), family) == std::end(kFamilies))
      return analysisRefusal("unknown setting [index.analysis." + name + "]");
  }
  char_filters_ = definitionsOf(analysis, "char_filter");
  tokenizers_ = definitionsOf(analysis, "tokenizer");
  filters_ = definitionsOf(analysis, "filter");
  GYRE_TRY(check());
  for (const auto& [name, definition] : analysis.groups("normalizer")) {
    GYRE_TRY_ASSIGN(auto normalizer, makeNormalizer(name, definition));
    normalizers_.emplace(name, std::move(normalizer));
  }
  for (const auto& [name, definition] : analysis.groups("analyzer")) {
    if (name.starts_with('_')) return analysisRefusal("analyzer name must not start with '_'. got \"" + name + "\"");
    GYRE_TRY_ASSIGN(auto analyzer, makeAnalyzerOf(name, definition));
    analyzers_.emplace(name, std::move(analyzer));
  }
  const auto own = [&](std::string_view name, const Analyzer* otherwise) {
    const auto found = analyzers_.find(name);
    return found == analyzers_.end() ? otherwise : found->second.get();
  };
  default_ = own("default", findAnalyzer("standard"));
  default_search_ = own("default_search", nullptr);
  default_quote_ = own("default_search_quoted", nullptr);
  return {};
}

// What no analyzer uses must make sense all the same.
Status AnalysisRegistry::check() const {
  for (const auto& [name, definition] : char_filters_) GYRE_TRY(makeCharFilter(name, definition).status());
  for (const auto& [name, definition] : tokenizers_) GYRE_TRY(makeTokenizer(name, definition).status());
  for (const auto& [name, definition] : filters_) GYRE_TRY(makeFilter(name, definition, nullptr).status());
  return {};
}

const Analyzer* AnalysisRegistry::analyzer(std::string_view name) const {
  const auto found = analyzers_.find(name);
  return found == analyzers_.end() ? findAnalyzer(name) : found->second.get();
}

const Analyzer* AnalysisRegistry::shingled(const Analyzer& base, std::size_t size) const {
  const std::lock_guard lock(shingled_lock_);
  AnalyzerPtr& made = shingled_[{&base, size}];
  if (made == nullptr) made = makeShingledAnalyzer(base, size);
  return made.get();
}

const Analyzer* AnalysisRegistry::normalizer(std::string_view name) const {
  if (const auto found = normalizers_.find(name); found != normalizers_.end()) return found->second.get();
  static const AnalyzerPtr lower_case = [] {
    AnalyzerParts parts;
    parts.tokenizer = {"keyword", std::make_shared<WholeTokenizer>()};
    parts.filters.push_back({"lowercase", lowerCaseFilter(), true});
    return makeAnalyzer(std::move(parts));
  }();
  return name == "lowercase" ? lower_case.get() : nullptr;
}

Result<CharFilterPtr> AnalysisRegistry::charFilter(std::string_view name) const {
  const auto found = char_filters_.find(name);
  if (found != char_filters_.end()) return makeCharFilter(found->first, found->second);
  const CharFilterKind* const kind = findCharFilterKind(name);
  if (kind == nullptr) return CharFilterPtr();
  ComponentSettings settings("char_filter", std::string(name), {});
  settings.setBare();
  return kind->make(settings);
}

Result<TokenizerPtr> AnalysisRegistry::tokenizer(std::string_view name) const {
  const auto found = tokenizers_.find(name);
  if (found != tokenizers_.end()) return makeTokenizer(found->first, found->second);
  const TokenizerKind* const kind = findTokenizerKind(name);
  if (kind == nullptr) return TokenizerPtr();
  ComponentSettings settings("tokenizer", std::string(name), {});
  settings.setBare();
  return kind->make(settings, limits_);
}

Result<TokenFilterPtr> AnalysisRegistry::filter(std::string_view name, const AnalyzerParts* before) const {
  const auto found = filters_.find(name);
  if (found != filters_.end()) return makeFilter(found->first, found->second, before);
  const FilterKind* const kind = findFilterKind(name);
  if (kind == nullptr) return TokenFilterPtr();
  ComponentSettings settings("filter", std::string(name), {});
  settings.setBare();
  return kind->make(settings, {limits_, before, [&](std::string_view other) { return filter(other, before); }});
}

Result<CharFilterPtr> AnalysisRegistry::makeCharFilter(const std::string& name, const FlatSettings& definition) const {
  const std::string_view type = definition.text("type");
  if (type.empty()) return missingType("char_filter", name);
  const CharFilterKind* const kind = findCharFilterKind(type);
  if (kind == nullptr) return unknownType("char_filter", type, name);
  ComponentSettings settings("char_filter", name, definition);
  GYRE_TRY_ASSIGN(auto made, kind->make(settings));
  GYRE_TRY(settings.finish());
  return made;
}

Result<TokenizerPtr> AnalysisRegistry::makeTokenizer(const std::string& name, const FlatSettings& definition) const {
  const std::string_view type = definition.text("type");
  if (type.empty()) return missingType("tokenizer", name);
  const TokenizerKind* const kind = findTokenizerKind(type);
  if (kind == nullptr) return unknownType("tokenizer", type, name);
  ComponentSettings settings("tokenizer", name, definition);
  GYRE_TRY_ASSIGN(auto made, kind->make(settings, limits_));
  GYRE_TRY(settings.finish());
  return made;
}

Result<TokenFilterPtr> AnalysisRegistry::makeFilter(const std::string& name, const FlatSettings& definition,
                                                    const AnalyzerParts* before) const {
  const std::string_view type = definition.text("type");
  if (type.empty()) return missingType("filter", name);
  const FilterKind* const kind = findFilterKind(type);
  if (kind == nullptr) return unknownType("filter", type, name);
  ComponentSettings settings("filter", name, definition);
  // A filter made of others may not lead back to itself.
  const auto named = [&](std::string_view other) -> Result<TokenFilterPtr> {
    if (other == name) return analysisRefusal("filter " + bracketed(name) + " is made of itself");
    return filter(other, before);
  };
  GYRE_TRY_ASSIGN(auto made, kind->make(settings, {limits_, before, named}));
  GYRE_TRY(settings.finish());
  return made;
}

bool AnalysisRegistry::isNormalizingFilter(std::string_view name) const {
  const auto found = filters_.find(name);
  const FilterKind* const kind = findFilterKind(found == filters_.end() ? name : found->second.text("type"));
  return kind != nullptr && kind->is_normalizing;
}

bool AnalysisRegistry::isNormalizingCharFilter(std::string_view name) const {
  const auto found = char_filters_.find(name);
  const CharFilterKind* const kind =
      findCharFilterKind(found == char_filters_.end() ? name : found->second.text("type"));
  return kind != nullptr && kind->is_normalizing;
}

Result<AnalyzerPtr> AnalysisRegistry::makeAnalyzerOf(const std::string& name, const FlatSettings& definition) const {
  ComponentSettings settings("analyzer", name, definition);
  const std::string type = settings.text("type");
  if (type.empty() && !settings.has("tokenizer")) return missingType("analyzer", name);
  AnalyzerPtr analyzer;
  if (type.empty() || type == "custom") {
    GYRE_TRY_ASSIGN(analyzer, makeCustom(settings));
  } else {
    GYRE_TRY_ASSIGN(analyzer, makeAnalyzerOfType(type, settings));
    if (analyzer == nullptr) return unknownType("analyzer", type, name);
  }
  GYRE_TRY(settings.finish());
  return analyzer;
}

Result<AnalyzerPtr> AnalysisRegistry::makeCustom(ComponentSettings& settings) const {
  const std::string where = "Custom Analyzer " + bracketed(settings.name());
  AnalyzerParts parts;
  const std::string tokenizer_name = settings.text("tokenizer");
  if (tokenizer_name.empty()) return analysisRefusal(where + " must be configured with a tokenizer");
  GYRE_TRY_ASSIGN(parts.tokenizer.part, tokenizer(tokenizer_name));
  if (parts.tokenizer.part == nullptr)
    return analysisRefusal(where + " failed to find tokenizer under name " + bracketed(tokenizer_name));
  parts.tokenizer.name = tokenizer_name;
  GYRE_TRY(addCharFilters(settings, parts, false));
  GYRE_TRY(addFilters(settings, parts, false));
  ChainOptions options;
  const std::int32_t gap = settings.number("position_increment_gap", 100);
  if (gap < 0)
    return analysisRefusal("position_increment_gap of " + bracketed(settings.name()) + " must not be negative");
  options.position_gap = static_cast<std::uint32_t>(gap);
  return makeAnalyzer(std::move(parts), options);
}

Result<AnalyzerPtr> AnalysisRegistry::makeNormalizer(const std::string& name, const FlatSettings& definition) const {
  ComponentSettings settings("normalizer", name, definition);
  const std::string type = settings.text("type", "custom");
  if (type != "custom" && type != "lowercase") return unknownType("normalizer", type, name);
  if (settings.has("tokenizer"))
    return analysisRefusal("Custom normalizer " + bracketed(name) + " cannot configure a tokenizer");
  AnalyzerParts parts;
  parts.tokenizer = {"keyword", std::make_shared<WholeTokenizer>()};
  if (type == "lowercase") parts.filters.push_back({"lowercase", lowerCaseFilter(), true});
  GYRE_TRY(addCharFilters(settings, parts, true));
  GYRE_TRY(addFilters(settings, parts, true));
  GYRE_TRY(settings.finish());
  return makeAnalyzer(std::move(parts));
}

Status AnalysisRegistry::addCharFilters(ComponentSettings& settings, AnalyzerParts& parts, bool is_normalizer) const {
  for (const std::string& name : settings.list("char_filter")) {
    GYRE_TRY_ASSIGN(auto made, charFilter(name));
    if (made == nullptr)
      return analysisRefusal("Custom Analyzer " + bracketed(settings.name()) +
                             " failed to find char_filter under name " + bracketed(name));
    const bool is_normalizing = isNormalizingCharFilter(name);
    if (is_normalizer && !is_normalizing)
      return analysisRefusal("Custom normalizer " + bracketed(settings.name()) + " may not use char filter " +
                             bracketed(name));
    parts.char_filters.push_back({name, std::move(made), is_normalizing});
  }
  return {};
}

Status AnalysisRegistry::addFilters(ComponentSettings& settings, AnalyzerParts& parts, bool is_normalizer) const {
  for (const std::string& name : settings.list("filter")) {
    GYRE_TRY_ASSIGN(auto made, filter(name, &parts));
    if (made == nullptr)
      return analysisRefusal("Custom Analyzer " + bracketed(settings.name()) + " failed to find filter under name " +
                             bracketed(name));
    const bool is_normalizing = isNormalizingFilter(name);
    if (is_normalizer && !is_normalizing)
      return analysisRefusal("Custom normalizer " + bracketed(settings.name()) + " may not use filter " +
                             bracketed(name));
    parts.filters.push_back({name, std::move(made), is_normalizing});
  }
  return {};
}

}  // namespace gyre::engine
