#include "engine/analysis/light_stemmers.hpp"

#include <string>

namespace gyre::engine {

namespace {

// Takes 's away, whichever apostrophe it has.
void stripPossessive(std::string& text) {
  if (text.empty() || (text.back() != 's' && text.back() != 'S')) return;
  const std::string_view before = std::string_view(text).substr(0, text.size() - 1);
  for (const std::string_view apostrophe : {"'", "\xe2\x80\x99", "\xef\xbc\x87"}) {
    if (!before.ends_with(apostrophe)) continue;
    text.resize(before.size() - apostrophe.size());
    return;
  }
}

// Plurals only.
void stemMinimalEnglish(std::string& text) {
  const std::size_t size = text.size();
  if (size < 3 || text[size - 1] != 's') return;
  switch (text[size - 2]) {
    case 'u':
    case 's': return;
    case 'e':
      if (size > 3 && text[size - 3] == 'i' && text[size - 4] != 'a' && text[size - 4] != 'e') {
        text.resize(size - 2);
        text[size - 3] = 'y';
        return;
      }
      if (text[size - 3] == 'i' || text[size - 3] == 'a' || text[size - 3] == 'o' || text[size - 3] == 'e') return;
      [[fallthrough]];
    default: text.resize(size - 1);
  }
}

struct Stemmer {
  std::string_view name;
  void (*stem)(std::string&);
};
constexpr Stemmer kStemmers[] = {
    {"minimal_english", stemMinimalEnglish},
};

}  // namespace

TokenFilterPtr makeLightStemmer(std::string_view language) {
  if (language == "possessive_english" || language == "english_possessive") return makeTextFilter(stripPossessive);
  for (const Stemmer& known : kStemmers)
    if (known.name == language) return makeStemFilter(known.stem);
  return nullptr;
}

}  // namespace gyre::engine
