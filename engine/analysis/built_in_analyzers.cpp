#include "engine/analysis/built_in_analyzers.hpp"

#include <algorithm>
#include <iterator>
#include <map>
#include <string>
#include <utility>

#include "engine/analysis/stop_words.hpp"

namespace gyre::engine {

namespace {

// A language's filters in order. "stop" are its stop words, "keywords" the words that the settings keep from the
// stemmer, "stem:x" a stemmer; other steps are filters by name.
struct Language {
  std::string_view name;
  std::string_view steps;
};
constexpr Language kLanguages[] = {
    {"arabic", "lowercase decimal_digit stop arabic_normalization keywords stem:arabic"},
    {"armenian", "lowercase stop keywords stem:armenian"},
    {"basque", "lowercase stop keywords stem:basque"},
    {"bengali", "lowercase decimal_digit keywords indic_normalization bengali_normalization stop stem:bengali"},
    {"brazilian", "lowercase stop keywords stem:brazilian"},
    {"bulgarian", "lowercase stop keywords stem:bulgarian"},
    {"catalan", "elision:d,l,m,n,s,t lowercase stop keywords stem:catalan"},
    {"cjk", "cjk_width lowercase cjk_bigram stop"},
    {"czech", "lowercase stop keywords stem:czech"},
    {"danish", "lowercase stop keywords stem:danish"},
    {"dutch", "lowercase stop keywords dutch_override stem:dutch"},
    {"english", "stem:possessive_english lowercase stop keywords stem:porter"},
    {"estonian", "lowercase stop keywords stem:estonian"},
    {"finnish", "lowercase stop keywords stem:finnish"},
    {"french", "elision:l,m,t,qu,n,s,j,d,c,jusqu,quoiqu,lorsqu,puisqu lowercase stop keywords stem:light_french"},
    {"galician", "lowercase stop keywords stem:galician"},
    {"german", "lowercase stop keywords german_normalization stem:light_german"},
    {"greek", "greek_lowercase stop keywords stem:greek"},
    {"hindi", "lowercase decimal_digit keywords indic_normalization hindi_normalization stop stem:hindi"},
    {"hungarian", "lowercase stop keywords stem:hungarian"},
    {"indonesian", "lowercase stop keywords stem:indonesian"},
    {"irish", "irish_hyphens elision:d,m,b irish_lowercase stop keywords stem:irish"},
    {"italian",
     "elision:c,l,all,dall,dell,nell,sull,coll,pell,gl,agl,dagl,degl,negl,sugl,un,m,t,s,v,d lowercase stop keywords "
     "stem:light_italian"},
    {"latvian", "lowercase stop keywords stem:latvian"},
    {"lithuanian", "lowercase stop keywords stem:lithuanian"},
    {"norwegian", "lowercase stop keywords stem:norwegian"},
    {"persian", "lowercase decimal_digit arabic_normalization persian_normalization stop"},
    {"portuguese", "lowercase stop keywords stem:light_portuguese"},
    {"romanian", "lowercase stop keywords stem:romanian"},
    {"russian", "lowercase stop keywords stem:russian"},
    {"sorani", "sorani_normalization lowercase decimal_digit stop keywords stem:sorani"},
    {"spanish", "lowercase stop keywords stem:light_spanish"},
    {"swedish", "lowercase stop keywords stem:swedish"},
    {"turkish", "apostrophe turkish_lowercase stop keywords stem:turkish"},
};

// Words whose stems the dialect's Dutch analyzer gives itself.
constexpr std::string_view kDutchOverrides = "fiets=>fiets,bromfiets=>bromfiets,ei=>eier,kind=>kinder";

AnalyzerParts partsOf(std::string_view name, TokenizerPtr tokenizer) {
  AnalyzerParts parts;
  parts.tokenizer = {std::string(name), std::move(tokenizer), false};
  return parts;
}

void addFilter(AnalyzerParts& parts, std::string_view name, TokenFilterPtr filter, bool is_normalizing = false) {
  parts.filters.push_back({std::string(name), std::move(filter), is_normalizing});
}

void addLowerCase(AnalyzerParts& parts) { addFilter(parts, "lowercase", lowerCaseFilter(), true); }

// Nothing is added for an empty list, so that a chain without stop words stays short.
void addStop(AnalyzerParts& parts, ComponentSettings& settings, const std::vector<std::string>& otherwise) {
  WordSet words = wordsOf(settings, "stopwords", otherwise, false);
  if (!words.empty()) addFilter(parts, "stop", makeStopFilter(std::move(words), false));
}

Result<TokenFilterPtr> namedFilter(std::string_view kind_name, FlatSettings definition, bool is_bare) {
  static const AnalysisLimits limits;
  const FilterKind* const kind = findFilterKind(kind_name);
  if (kind == nullptr) return analysisRefusal("filter [" + std::string(kind_name) + "] is not offered");
  ComponentSettings settings("filter", std::string(kind_name), std::move(definition));
  if (is_bare) settings.setBare();
  return kind->make(settings, {limits, nullptr, {}});
}

FlatSettings oneSetting(std::string_view name, std::string_view value) {
  std::string text = "{\"" + std::string(name) + "\":\"" + std::string(value) + "\"}";
  const auto document = json::Document::parse(text);
  return document.isOk() ? FlatSettings(document.value().root()) : FlatSettings();
}

WordSet split(std::string_view list) {
  WordSet words;
  while (!list.empty()) {
    const std::size_t comma = list.find(',');
    words.emplace(list.substr(0, comma));
    list = comma == std::string_view::npos ? std::string_view() : list.substr(comma + 1);
  }
  return words;
}

Status addStep(AnalyzerParts& parts, const Language& language, std::string_view step, ComponentSettings& settings) {
  if (step == "lowercase") {
    addLowerCase(parts);
  } else if (step.ends_with("_lowercase")) {
    GYRE_TRY_ASSIGN(auto filter,
                    namedFilter("lowercase", oneSetting("language", step.substr(0, step.size() - 10)), false));
    addFilter(parts, "lowercase", std::move(filter), true);
  } else if (step == "stop") {
    if (!settings.has("stopwords") && !stopWordsOf(language.name))
      return analysisRefusal("analyzer type [" + std::string(language.name) +
                             "] is not offered: its stop words are missing");
    addStop(parts, settings, {"_" + std::string(language.name) + "_"});
  } else if (step == "irish_hyphens") {
    // What is left of n-athair and its like.
    addFilter(parts, "stop", makeStopFilter(split("h,n,t"), true));
  } else if (step == "keywords") {
    WordSet words = wordsOf(settings, "stem_exclusion", {}, false);
    if (!words.empty()) addFilter(parts, "keyword_marker", makeKeywordMarker(std::move(words), false));
  } else if (step == "dutch_override") {
    FlatSettings rules = oneSetting("rules", kDutchOverrides);
    GYRE_TRY_ASSIGN(auto filter, namedFilter("stemmer_override", std::move(rules), false));
    addFilter(parts, "stemmer_override", std::move(filter));
  } else if (step.starts_with("elision:")) {
    addFilter(parts, "elision", makeElisionFilter(split(step.substr(8)), true), true);
  } else if (step.starts_with("stem:")) {
    TokenFilterPtr stemmer = makeStemmer(step.substr(5));
    if (stemmer == nullptr)
      return analysisRefusal("analyzer type [" + std::string(language.name) +
                             "] is not offered: its stemmer is missing");
    addFilter(parts, "stemmer", std::move(stemmer));
  } else {
    GYRE_TRY_ASSIGN(auto filter, namedFilter(step, {}, true));
    addFilter(parts, step, std::move(filter), true);
  }
  return {};
}

Result<AnalyzerParts> makeLanguage(const Language& language, ComponentSettings& settings) {
  settings.list("stem_exclusion");
  AnalyzerParts parts = partsOf("standard", std::make_shared<WordTokenizer>());
  if (language.name == "persian") {
    // The sign that keeps two letters apart parts words.
    ComponentSettings signs("char_filter", "persian", oneSetting("mappings", "\\\\u200c=>\\\\u0020"));
    GYRE_TRY_ASSIGN(auto filter, findCharFilterKind("mapping")->make(signs));
    parts.char_filters.push_back({"persian", std::move(filter), true});
  }
  for (std::string_view rest = language.steps; !rest.empty();) {
    const std::size_t space = rest.find(' ');
    GYRE_TRY(addStep(parts, language, rest.substr(0, space), settings));
    rest = space == std::string_view::npos ? std::string_view() : rest.substr(space + 1);
  }
  return parts;
}

Result<AnalyzerParts> makeStandard(ComponentSettings& settings) {
  GYRE_TRY_ASSIGN(auto tokenizer, findTokenizerKind("standard")->make(settings, {}));
  AnalyzerParts parts = partsOf("standard", std::move(tokenizer));
  addLowerCase(parts);
  addStop(parts, settings, {"_none_"});
  return parts;
}

Result<AnalyzerParts> makeSimple(ComponentSettings&) {
  AnalyzerParts parts = partsOf("letter", std::make_shared<LetterTokenizer>());
  addLowerCase(parts);
  return parts;
}

Result<AnalyzerParts> makeStop(ComponentSettings& settings) {
  GYRE_TRY_ASSIGN(AnalyzerParts parts, makeSimple(settings));
  addStop(parts, settings, {"_english_"});
  return parts;
}

Result<AnalyzerParts> makeWhitespace(ComponentSettings&) {
  return partsOf("whitespace", std::make_shared<WhitespaceTokenizer>());
}

Result<AnalyzerParts> makeKeyword(ComponentSettings&) { return partsOf("keyword", std::make_shared<WholeTokenizer>()); }

Result<AnalyzerParts> makePattern(ComponentSettings& settings) {
  GYRE_TRY_ASSIGN(auto tokenizer, findTokenizerKind("pattern")->make(settings, {}));
  AnalyzerParts parts = partsOf("pattern", std::move(tokenizer));
  if (settings.boolean("lowercase", true)) addLowerCase(parts);
  addStop(parts, settings, {"_none_"});
  return parts;
}

Result<AnalyzerParts> makeFingerprint(ComponentSettings& settings) {
  const std::string separator = settings.text("separator", " ");
  const std::int32_t max_length = settings.number("max_output_size", 255);
  AnalyzerParts parts = partsOf("standard", std::make_shared<WordTokenizer>());
  addLowerCase(parts);
  addFilter(parts, "asciifolding", makeFoldingFilter(false), true);
  addStop(parts, settings, {"_none_"});
  addFilter(parts, "fingerprint",
            makeFingerprintFilter(separator, static_cast<std::size_t>(max_length < 0 ? 0 : max_length)));
  return parts;
}

Result<AnalyzerParts> makeSnowball(ComponentSettings& settings) {
  std::string language = settings.text("language", "English");
  AnalyzerParts parts = partsOf("standard", std::make_shared<WordTokenizer>());
  addLowerCase(parts);
  constexpr std::string_view kWithStopWords[] = {"English", "Dutch", "German", "German2", "French"};
  const bool has_words =
      std::find(std::begin(kWithStopWords), std::end(kWithStopWords), language) != std::end(kWithStopWords);
  std::string stop_words = language == "German2" ? "_german_" : has_words ? "_" + language + "_" : "_none_";
  for (char& c : stop_words) c = c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c;
  addStop(parts, settings, {stop_words});
  GYRE_TRY_ASSIGN(auto filter, namedFilter("snowball", oneSetting("language", language), false));
  addFilter(parts, "snowball", std::move(filter));
  return parts;
}

struct AnalyzerType {
  std::string_view name;
  Result<AnalyzerParts> (*make)(ComponentSettings&);
};
constexpr AnalyzerType kTypes[] = {
    {"standard", makeStandard}, {"default", makeStandard},        {"simple", makeSimple},
    {"stop", makeStop},         {"whitespace", makeWhitespace},   {"keyword", makeKeyword},
    {"pattern", makePattern},   {"fingerprint", makeFingerprint}, {"snowball", makeSnowball},
    {"chinese", makeStandard},
};

}  // namespace

Result<AnalyzerPtr> makeAnalyzerOfType(std::string_view type, ComponentSettings& settings) {
  ChainOptions options;
  options.is_custom = false;
  const std::int32_t gap = settings.number("position_increment_gap", 100);
  if (gap >= 0) options.position_gap = static_cast<std::uint32_t>(gap);
  for (const AnalyzerType& known : kTypes) {
    if (known.name != type) continue;
    GYRE_TRY_ASSIGN(AnalyzerParts parts, known.make(settings));
    return makeAnalyzer(std::move(parts), options);
  }
  for (const Language& language : kLanguages) {
    if (language.name != type) continue;
    GYRE_TRY_ASSIGN(AnalyzerParts parts, makeLanguage(language, settings));
    return makeAnalyzer(std::move(parts), options);
  }
  return AnalyzerPtr();
}

const Analyzer* findAnalyzer(std::string_view name) {
  // Made once, all of them: a few thousand stop words.
  static const std::map<std::string, AnalyzerPtr, std::less<>> analyzers = [] {
    std::map<std::string, AnalyzerPtr, std::less<>> made;
    const auto add = [&](std::string_view type) {
      ComponentSettings settings("analyzer", std::string(type), {});
      auto analyzer = makeAnalyzerOfType(type, settings);
      if (analyzer.isOk()) made.emplace(type, std::move(analyzer).value());
    };
    for (const AnalyzerType& type : kTypes) add(type.name);
    for (const Language& language : kLanguages) add(language.name);
    return made;
  }();
  const auto found = analyzers.find(name);
  return found == analyzers.end() ? nullptr : found->second.get();
}

}  // namespace gyre::engine
