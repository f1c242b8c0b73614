#include "engine/analysis/light_stemmers.hpp"

#include <algorithm>
#include <initializer_list>
#include <string>
#include <utility>

#include "engine/analysis/characters.hpp"
#include "engine/analysis/suffix_stemmers.hpp"

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

// Letters without their accents.
struct Plain {
  std::u32string_view accented;
  char32_t plain;
};

template <std::size_t kCount>
void strip(std::u32string& word, const Plain (&letters)[kCount]) {
  for (char32_t& c : word)
    for (const Plain& letter : letters)
      if (letter.accented.find(c) != std::u32string_view::npos) c = letter.plain;
}

bool ends(const std::u32string& word, std::u32string_view ending) {
  return std::u32string_view(word).ends_with(ending);
}
bool endsInOneOf(const std::u32string& word, std::initializer_list<std::u32string_view> endings) {
  return std::any_of(endings.begin(), endings.end(), [&](std::u32string_view ending) { return ends(word, ending); });
}
// The character `back` places before the end, 1 for the last.
char32_t& fromEnd(std::u32string& word, std::size_t back) { return word[word.size() - back]; }
void cut(std::u32string& word, std::size_t count) { word.resize(word.size() - count); }
bool isIn(char32_t c, std::u32string_view letters) { return letters.find(c) != std::u32string_view::npos; }

constexpr Plain kGermanPlain[] = {{U"\u00e4\u00e0\u00e1\u00e2", U'a'},
                                  {U"\u00f6\u00f2\u00f3\u00f4", U'o'},
                                  {U"\u00ef\u00ec\u00ed\u00ee", U'i'},
                                  {U"\u00fc\u00f9\u00fa\u00fb", U'u'}};

void stemLightGerman(std::u32string& word) {
  constexpr std::u32string_view kBeforeS = U"bdfghklmnt";
  strip(word, kGermanPlain);
  if (word.size() > 5 && ends(word, U"ern"))
    cut(word, 3);
  else if (word.size() > 4 && fromEnd(word, 2) == U'e' && isIn(word.back(), U"mnrs"))
    cut(word, 2);
  else if (word.size() > 3 && (word.back() == U'e' || (word.back() == U's' && isIn(fromEnd(word, 2), kBeforeS))))
    cut(word, 1);
  if (word.size() > 5 && ends(word, U"est"))
    cut(word, 3);
  else if (word.size() > 4 && endsInOneOf(word, {U"er", U"en"}))
    cut(word, 2);
  else if (word.size() > 4 && ends(word, U"st") && isIn(fromEnd(word, 3), kBeforeS))
    cut(word, 2);
}

void stemMinimalGerman(std::u32string& word) {
  if (word.size() < 5) return;
  constexpr Plain kUmlauts[] = {{U"\u00e4", U'a'}, {U"\u00f6", U'o'}, {U"\u00fc", U'u'}};
  strip(word, kUmlauts);
  if (word.size() > 6 && ends(word, U"nen"))
    cut(word, 3);
  else if (word.size() > 5 && endsInOneOf(word, {U"en", U"se", U"es", U"er"}))
    cut(word, 2);
  else if (isIn(word.back(), U"nesr"))
    cut(word, 1);
}

constexpr Plain kRomancePlain[] = {{U"\u00e0\u00e1\u00e2\u00e4", U'a'},
                                   {U"\u00f2\u00f3\u00f4\u00f6", U'o'},
                                   {U"\u00e8\u00e9\u00ea\u00eb", U'e'},
                                   {U"\u00f9\u00fa\u00fb\u00fc", U'u'},
                                   {U"\u00ec\u00ed\u00ee\u00ef", U'i'}};

void stemLightSpanish(std::u32string& word) {
  if (word.size() < 5) return;
  strip(word, kRomancePlain);
  if (isIn(word.back(), U"oae")) return cut(word, 1);
  if (word.back() != U's') return;
  if (ends(word, U"eses")) return cut(word, 2);
  if (ends(word, U"ces")) {
    fromEnd(word, 3) = U'z';
    return cut(word, 2);
  }
  if (isIn(fromEnd(word, 2), U"oae")) cut(word, 2);
}

void stemLightItalian(std::u32string& word) {
  if (word.size() < 6) return;
  strip(word, kRomancePlain);
  if (!isIn(word.back(), U"eiao")) return;
  const bool may_have_h = word.back() == U'e' || word.back() == U'i';
  cut(word, isIn(fromEnd(word, 2), may_have_h ? U"ih" : U"i") ? 2 : 1);
}

void singularPortuguese(std::u32string& word) {
  const std::size_t size = word.size();
  if (size > 4 && ends(word, U"es") && isIn(fromEnd(word, 3), U"rslz")) return cut(word, 2);
  if (size > 3 && ends(word, U"ns")) {
    fromEnd(word, 2) = U'm';
    return cut(word, 1);
  }
  if (size > 4 && endsInOneOf(word, {U"eis", U"\u00e9is", U"\u00f3is"})) {
    fromEnd(word, 3) = fromEnd(word, 3) == 0xf3 ? U'o' : U'e';
    fromEnd(word, 2) = U'l';
    return cut(word, 1);
  }
  if (size > 4 && ends(word, U"ais")) {
    fromEnd(word, 2) = U'l';
    return cut(word, 1);
  }
  if (size > 4 && ends(word, U"is")) {
    word.back() = U'l';
    return;
  }
  if (size > 3 && endsInOneOf(word, {U"\u00f5es", U"\u00e3es"})) {
    cut(word, 1);
    fromEnd(word, 2) = 0xe3;
    word.back() = U'o';
    return;
  }
  if (size > 6 && ends(word, U"mente")) return cut(word, 5);
  if (size > 3 && word.back() == U's') cut(word, 1);
}

void masculinePortuguese(std::u32string& word) {
  if (word.size() > 7 && endsInOneOf(word, {U"inha", U"iaca", U"eira"})) {
    word.back() = U'o';
  } else if (word.size() > 6) {
    if (endsInOneOf(word, {U"osa", U"ica", U"ida", U"ada", U"iva", U"ama"})) {
      word.back() = U'o';
    } else if (ends(word, U"ona")) {
      fromEnd(word, 3) = 0xe3;
      fromEnd(word, 2) = U'o';
      cut(word, 1);
    } else if (ends(word, U"ora")) {
      cut(word, 1);
    } else if (ends(word, U"esa")) {
      fromEnd(word, 3) = 0xea;
      cut(word, 1);
    } else if (ends(word, U"na")) {
      word.back() = U'o';
    }
  }
}

void stemLightPortuguese(std::u32string& word) {
  if (word.size() < 4) return;
  singularPortuguese(word);
  if (word.size() > 3 && word.back() == U'a') masculinePortuguese(word);
  if (word.size() > 4 && isIn(word.back(), U"eao")) cut(word, 1);
  constexpr Plain kTildes[] = {{U"\u00e3", U'a'}, {U"\u00f5", U'o'}, {U"\u00e7", U'c'}};
  strip(word, kRomancePlain);
  strip(word, kTildes);
}

// Accents, doubled letters and the last vowels.
void finishFrench(std::u32string& word) {
  if (word.size() > 4) {
    constexpr Plain kPlain[] = {{U"\u00e0\u00e1\u00e2", U'a'}, {U"\u00f4", U'o'}, {U"\u00e8\u00e9\u00ea", U'e'},
                                {U"\u00f9\u00fb", U'u'},       {U"\u00ee", U'i'}, {U"\u00e7", U'c'}};
    strip(word, kPlain);
    std::u32string once;
    for (const char32_t c : word)
      if (once.empty() || once.back() != c || !isLetter(c)) once += c;
    word = std::move(once);
  }
  if (word.size() > 4 && ends(word, U"ie")) cut(word, 2);
  if (word.size() <= 4) return;
  if (word.back() == U'r') cut(word, 1);
  if (word.back() == U'e') cut(word, 1);
  if (word.back() == U'e') cut(word, 1);
  if (word.back() == fromEnd(word, 2) && isLetter(word.back())) cut(word, 1);
}

// An ending, the least length of a word that has it, and what stands for it. Most end the stemming.
struct FrenchEnding {
  std::u32string_view ending;
  std::size_t above;
  std::u32string_view replacement;
  bool goes_on = false;
};
constexpr FrenchEnding kFrenchEndings[] = {
    {U"issement", 9, U"ir"},       {U"issant", 8, U"ir"},        {U"ement", 6, U"e"},     {U"ficatrice", 11, U"fier"},
    {U"ficateur", 10, U"fier"},    {U"catrice", 9, U"quer"},     {U"cateur", 8, U"quer"}, {U"atrice", 8, U"er"},
    {U"ateur", 7, U"er"},          {U"trice", 6, U"teur", true}, {U"i\u00e8me", 5, U""},  {U"teuse", 7, U"ter"},
    {U"teur", 6, U"ter"},          {U"euse", 5, U"eu"},          {U"\u00e8re", 8, U"er"}, {U"ive", 7, U"if"},
    {U"folle", 4, U"fou"},         {U"molle", 4, U"mou"},        {U"nnelle", 9, U"n"},    {U"nnel", 9, U"n"},
    {U"\u00e8te", 4, U"et", true}, {U"ique", 8, U"", true},      {U"esse", 8, U"e"},      {U"inage", 7, U"in"},
    {U"isation", 9, U""},          {U"isateur", 9, U""},         {U"ation", 8, U""},      {U"ition", 8, U""},
};

void stemLightFrench(std::u32string& word) {
  if (word.size() > 5 && word.back() == U'x') {
    if (ends(word, U"aux") && fromEnd(word, 4) != U'e') fromEnd(word, 2) = U'l';
    cut(word, 1);
  }
  if (word.size() > 3 && word.back() == U'x') cut(word, 1);
  if (word.size() > 3 && word.back() == U's') cut(word, 1);
  for (const FrenchEnding& each : kFrenchEndings) {
    if (word.size() <= each.above || !ends(word, each.ending)) continue;
    cut(word, each.ending.size());
    word += each.replacement;
    if (each.ending == U"ement" && word.size() > 3 && ends(word, U"ive")) {
      cut(word, 1);
      word.back() = U'f';
    }
    if (each.ending == U"isation" && word.size() > 5 && ends(word, U"ual")) fromEnd(word, 2) = U'e';
    if (!each.goes_on) break;
  }
  finishFrench(word);
}

void stemMinimalFrench(std::u32string& word) {
  if (word.size() < 6) return;
  if (word.back() == U'x') {
    if (ends(word, U"aux")) fromEnd(word, 2) = U'l';
    return cut(word, 1);
  }
  if (word.back() == U's') cut(word, 1);
  if (word.back() == U'r') cut(word, 1);
  if (word.back() == U'e') cut(word, 1);
  if (word.back() == 0xe9) cut(word, 1);
  if (word.back() == fromEnd(word, 2) && isLetter(word.back())) cut(word, 1);
}

// The article and "and" before a word, and its plural and feminine endings.
void stemArabic(std::u32string& word) {
  constexpr std::u32string_view kPrefixes[] = {U"\u0627\u0644",
                                               U"\u0648\u0627\u0644",
                                               U"\u0628\u0627\u0644",
                                               U"\u0643\u0627\u0644",
                                               U"\u0641\u0627\u0644",
                                               U"\u0644\u0644",
                                               U"\u0648"};
  constexpr std::u32string_view kSuffixes[] = {U"\u0647\u0627", U"\u0627\u0646", U"\u0627\u062a", U"\u0648\u0646",
                                               U"\u064a\u0646", U"\u064a\u0647", U"\u064a\u0629", U"\u0647",
                                               U"\u0629",       U"\u064a"};
  for (const std::u32string_view prefix : kPrefixes) {
    const std::size_t least = prefix.size() == 1 ? 4 : prefix.size() + 2;
    if (word.size() < least || !word.starts_with(prefix)) continue;
    word.erase(0, prefix.size());
    break;
  }
  for (const std::u32string_view suffix : kSuffixes)
    if (word.size() >= suffix.size() + 2 && ends(word, suffix)) cut(word, suffix.size());
}

void stemCzech(std::u32string& word) {
  if (word.size() > 7 && ends(word, U"atech"))
    cut(word, 5);
  else if (word.size() > 6 && endsInOneOf(word, {U"\u011btem", U"etem", U"at\u016fm"}))
    cut(word, 4);
  else if (word.size() > 5 &&
           endsInOneOf(word, {U"ech",      U"ich",      U"\u00edch", U"\u00e9ho", U"\u011bmi", U"emi",      U"\u00e9mu",
                              U"\u011bte", U"ete",      U"\u011bti", U"eti",      U"\u00edho", U"iho",      U"\u00edmi",
                              U"\u00edmu", U"imu",      U"\u00e1ch", U"ata",      U"aty",      U"\u00fdch", U"ama",
                              U"ami",      U"ov\u00e9", U"ovi",      U"\u00fdmi"}))
    cut(word, 3);
  else if (word.size() > 4 && endsInOneOf(word, {U"em", U"es", U"\u00e9m", U"\u00edm", U"\u016fm", U"at", U"\u00e1m",
                                                 U"os", U"us", U"\u00fdm", U"mi", U"ou"}))
    cut(word, 2);
  else if (word.size() > 3 && isIn(word.back(), U"aeiou\u016fy\u00e1\u00e9\u00ed\u00fd\u011b"))
    cut(word, 1);
  if (word.size() > 5 && endsInOneOf(word, {U"ov", U"in", U"\u016fv"})) cut(word, 2);
  if (word.empty()) return;
  if (endsInOneOf(word, {U"\u010dt", U"\u0161t"})) {
    fromEnd(word, 2) = fromEnd(word, 2) == 0x10d ? U'c' : U's';
    word.back() = U'k';
    return;
  }
  if (isIn(word.back(), U"c\u010d")) {
    word.back() = U'k';
  } else if (isIn(word.back(), U"z\u017e")) {
    word.back() = U'h';
  } else if (word.size() > 1 && fromEnd(word, 2) == U'e') {
    fromEnd(word, 2) = word.back();
    cut(word, 1);
  } else if (word.size() > 2 && fromEnd(word, 2) == 0x16f) {
    fromEnd(word, 2) = U'o';
  }
}

struct CharacterStemmer {
  std::string_view name;
  CharacterStem stem;
};
constexpr CharacterStemmer kCharacterStemmers[] = {
    {"light_german", stemLightGerman},
    {"minimal_german", stemMinimalGerman},
    {"light_spanish", stemLightSpanish},
    {"light_italian", stemLightItalian},
    {"light_portuguese", stemLightPortuguese},
    {"light_french", stemLightFrench},
    {"minimal_french", stemMinimalFrench},
    {"arabic", stemArabic},
    {"czech", stemCzech},
};

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
  CharacterStem stem = suffixStemmer(language);
  for (const CharacterStemmer& known : kCharacterStemmers)
    if (known.name == language) stem = known.stem;
  if (stem == nullptr) return nullptr;
  return makeStemFilter([stem](std::string& text) {
    std::u32string word = toCharacters(text);
    stem(word);
    text = toText(word);
  });
}

}  // namespace gyre::engine
