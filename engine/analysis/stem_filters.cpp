// Stemmers: Snowball's by libstemmer, and those the dialect has beside them.
#include <libstemmer.h>

#include <memory>
#include <unordered_map>
#include <utility>

#include "engine/analysis/component_kinds.hpp"
#include "engine/analysis/light_stemmers.hpp"
#include "engine/analysis/lower_case.hpp"
#include "engine/analysis/porter_stemmer.hpp"

namespace gyre::engine {

namespace {

// The dialect's name of a stemmer, and libstemmer's algorithm.
struct SnowballName {
  std::string_view name;
  const char* algorithm;
};
constexpr SnowballName kSnowball[] = {
    {"arabic_snowball", "arabic"}, {"armenian", "armenian"},     {"basque", "basque"},
    {"catalan", "catalan"},        {"danish", "danish"},         {"dutch", "dutch"},
    {"porter2", "english"},        {"finnish", "finnish"},       {"french", "french"},
    {"german", "german"},          {"hungarian", "hungarian"},   {"irish", "irish"},
    {"italian", "italian"},        {"lithuanian", "lithuanian"}, {"norwegian", "norwegian"},
    {"portuguese", "portuguese"},  {"romanian", "romanian"},     {"russian", "russian"},
    {"serbian", "serbian"},        {"spanish", "spanish"},       {"swedish", "swedish"},
    {"turkish", "turkish"},        {"porter", "porter"},
};

// A stemmer of libstemmer works for one thread at a time: each thread keeps its own.
sb_stemmer* stemmerOf(const char* algorithm) {
  struct Delete {
    void operator()(sb_stemmer* stemmer) const { sb_stemmer_delete(stemmer); }
  };
  thread_local std::unordered_map<const char*, std::unique_ptr<sb_stemmer, Delete>> stemmers;
  std::unique_ptr<sb_stemmer, Delete>& stemmer = stemmers[algorithm];
  if (stemmer == nullptr) stemmer.reset(sb_stemmer_new(algorithm, "UTF_8"));
  return stemmer.get();
}

TokenFilterPtr makeSnowball(const char* algorithm) {
  return makeStemFilter([algorithm](std::string& text) {
    sb_stemmer* const stemmer = stemmerOf(algorithm);
    if (stemmer == nullptr) return;
    const sb_symbol* const stem =
        sb_stemmer_stem(stemmer, reinterpret_cast<const sb_symbol*>(text.data()), static_cast<int>(text.size()));
    if (stem != nullptr)
      text.assign(reinterpret_cast<const char*>(stem), static_cast<std::size_t>(sb_stemmer_length(stemmer)));
  });
}

std::string capitalised(std::string name) {
  if (!name.empty() && name[0] >= 'a' && name[0] <= 'z') name[0] = static_cast<char>(name[0] - 'a' + 'A');
  return name;
}

Result<TokenFilterPtr> unknownLanguage(const std::string& language) {
  for (const std::string_view absent : kAbsentStemmers)
    if (language == absent) return analysisRefusal("stemmer language [" + language + "] is not offered");
  return analysisRefusal("Invalid stemmer class specified: " + capitalised(language));
}

Result<TokenFilterPtr> makeStemmerFilter(ComponentSettings& settings, const FilterContext&) {
  settings.ignore("name");
  const std::string language = settings.text("language", settings.text("name", "porter"));
  std::string name = language;
  makeLower(name);
  if (TokenFilterPtr stemmer = makeStemmer(name)) return stemmer;
  return unknownLanguage(language);
}

// Here "English" is Porter's second stemmer.
Result<TokenFilterPtr> makeSnowballFilter(ComponentSettings& settings, const FilterContext&) {
  const std::string language = settings.text("language", settings.text("name", "English"));
  std::string name = language;
  makeLower(name);
  if (name == "english") return makeSnowball("english");
  if (name == "arabic") return makeSnowball("arabic");
  for (const SnowballName& known : kSnowball)
    if (known.name == name) return makeSnowball(known.algorithm);
  return unknownLanguage(language);
}

template <const char* (*kLanguage)()>
Result<TokenFilterPtr> makeFixed(ComponentSettings&, const FilterContext&) {
  TokenFilterPtr stemmer = makeStemmer(kLanguage());
  if (stemmer == nullptr) return unknownLanguage(kLanguage());
  return stemmer;
}
constexpr const char* porterName() { return "porter"; }
constexpr const char* kstemName() { return "light_english"; }
constexpr const char* arabicName() { return "arabic"; }
constexpr const char* brazilianName() { return "brazilian"; }
constexpr const char* czechName() { return "czech"; }
constexpr const char* dutchName() { return "dutch"; }
constexpr const char* frenchName() { return "french"; }
constexpr const char* germanName() { return "german"; }
constexpr const char* russianName() { return "russian"; }

constexpr FilterKind kStemFilters[] = {
    {"stemmer", makeStemmerFilter, false},           {"snowball", makeSnowballFilter, false},
    {"porter_stem", makeFixed<porterName>, false},   {"kstem", makeFixed<kstemName>, false},
    {"arabic_stem", makeFixed<arabicName>, false},   {"brazilian_stem", makeFixed<brazilianName>, false},
    {"czech_stem", makeFixed<czechName>, false},     {"dutch_stem", makeFixed<dutchName>, false},
    {"french_stem", makeFixed<frenchName>, false},   {"german_stem", makeFixed<germanName>, false},
    {"russian_stem", makeFixed<russianName>, false},
};

}  // namespace

std::span<const FilterKind> stemFilterKinds() { return kStemFilters; }

TokenFilterPtr makeStemmer(std::string_view language) {
  if (language == "english" || language == "porter") return makeStemFilter(stemByPorter);
  if (TokenFilterPtr light = makeLightStemmer(language)) return light;
  for (const SnowballName& known : kSnowball)
    if (known.name == language) return makeSnowball(known.algorithm);
  return nullptr;
}

}  // namespace gyre::engine
