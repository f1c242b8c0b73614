#include "engine/analysis/suffix_stemmers.hpp"

#include <algorithm>
#include <initializer_list>

namespace gyre::engine {

namespace {

using Endings = std::initializer_list<std::u32string_view>;

bool ends(const std::u32string& word, std::u32string_view ending) {
  return std::u32string_view(word).ends_with(ending);
}
bool endsInOneOf(const std::u32string& word, Endings endings) {
  return std::any_of(endings.begin(), endings.end(), [&](std::u32string_view ending) { return ends(word, ending); });
}
bool begins(const std::u32string& word, std::u32string_view beginning) { return word.starts_with(beginning); }
void cut(std::u32string& word, std::size_t count) { word.resize(word.size() - count); }
char32_t& fromEnd(std::u32string& word, std::size_t back) { return word[word.size() - back]; }

// Endings of one length, taken from words longer than `longer_than`.
struct EndingClass {
  std::size_t length;
  std::size_t longer_than;
  Endings endings;
};
// The first class with a fitting ending counts.
void cutByClass(std::u32string& word, std::initializer_list<EndingClass> classes) {
  for (const EndingClass& each : classes)
    if (word.size() > each.longer_than && endsInOneOf(word, each.endings)) return cut(word, each.length);
}

// ---- Bulgarian

void cutBulgarianArticle(std::u32string& word) {
  cutByClass(word, {{3, 6, {U"ият"}}, {2, 5, {U"ът", U"то", U"те", U"та", U"ия"}}, {2, 4, {U"ят"}}});
}

void cutBulgarianPlural(std::u32string& word) {
  if (word.size() > 6) {
    if (endsInOneOf(word, {U"овци", U"ове"})) return cut(word, 3);
    if (ends(word, U"еве")) {
      cut(word, 2);
      word.back() = U'й';
      return;
    }
  }
  if (word.size() > 5) {
    if (ends(word, U"ища")) return cut(word, 3);
    if (ends(word, U"та")) return cut(word, 2);
    if (endsInOneOf(word, {U"ци", U"зи"})) {
      cut(word, 1);
      word.back() = word.back() == U'ц' ? U'к' : U'г';
      return;
    }
    if (fromEnd(word, 3) == U'е' && word.back() == U'и') {
      fromEnd(word, 3) = U'я';
      return cut(word, 1);
    }
  }
  if (word.size() <= 4) return;
  if (ends(word, U"си")) {
    cut(word, 1);
    word.back() = U'х';
  } else if (ends(word, U"и")) {
    cut(word, 1);
  }
}

void stemBulgarian(std::u32string& word) {
  if (word.size() < 4) return;
  if (word.size() > 5 && ends(word, U"ища")) return cut(word, 3);
  cutBulgarianArticle(word);
  cutBulgarianPlural(word);
  if (word.size() > 3) {
    if (ends(word, U"я")) cut(word, 1);
    if (endsInOneOf(word, {U"а", U"о", U"е"})) cut(word, 1);
  }
  if (word.size() > 4 && ends(word, U"ен")) {
    fromEnd(word, 2) = U'н';
    cut(word, 1);
  }
  if (word.size() > 5 && fromEnd(word, 2) == U'ъ') {
    fromEnd(word, 2) = word.back();
    cut(word, 1);
  }
}

// ---- Latvian

// Undoes what an ending with `u` or a soft one did to the consonants before it.
void hardenLatvian(std::u32string& word, char32_t removed) {
  struct Soft {
    std::u32string_view ending, hard;
  };
  static constexpr Soft kBeforeU[] = {{U"kš", U"kst"}, {U"ņņ", U"nn"}};
  static constexpr Soft kSoft[] = {{U"šņ", U"sn"}, {U"žņ", U"zn"}, {U"šļ", U"sl"}, {U"žļ", U"zl"}, {U"ļņ", U"ln"},
                                   {U"ļļ", U"ll"}, {U"č", U"c"},   {U"ļ", U"l"},   {U"ņ", U"n"}};
  const auto replaced = [&](const Soft& soft) {
    if (!ends(word, soft.ending)) return false;
    cut(word, soft.ending.size());
    word += soft.hard;
    return true;
  };
  if (removed == U'u')
    for (const Soft& soft : kBeforeU)
      if (replaced(soft)) return;
  if (endsInOneOf(word, {U"pj", U"bj", U"mj", U"vj"})) return cut(word, 1);
  for (const Soft& soft : kSoft)
    if (replaced(soft)) return;
}

void stemLatvian(std::u32string& word) {
  struct Ending {
    std::u32string_view text;
    std::size_t vowels;  // that a word has at least, beside one more
    bool softens;
  };
  static constexpr Ending kEndings[] = {
      {U"ajiem", 3, false}, {U"ajai", 3, false}, {U"ajam", 2, false}, {U"ajām", 2, false}, {U"ajos", 2, false},
      {U"ajās", 2, false},  {U"iem", 2, true},   {U"ajā", 2, false},  {U"ais", 2, false},  {U"ai", 2, false},
      {U"ei", 2, false},    {U"ām", 1, false},   {U"am", 1, false},   {U"ēm", 1, false},   {U"īm", 1, false},
      {U"im", 1, false},    {U"um", 1, false},   {U"us", 1, true},    {U"as", 1, false},   {U"ās", 1, false},
      {U"es", 1, false},    {U"os", 1, true},    {U"ij", 1, false},   {U"īs", 1, false},   {U"ēs", 1, false},
      {U"is", 1, false},    {U"ie", 1, false},   {U"u", 1, true},     {U"a", 1, true},     {U"i", 1, true},
      {U"e", 1, false},     {U"ā", 1, false},    {U"ē", 1, false},    {U"ī", 1, false},    {U"ū", 1, false},
      {U"o", 1, false},     {U"s", 0, false},    {U"š", 0, false}};
  const auto vowels = static_cast<std::size_t>(std::count_if(word.begin(), word.end(), [](char32_t c) {
    return std::u32string_view(U"aeiouāīēū").find(c) != std::u32string_view::npos;
  }));
  for (const Ending& ending : kEndings) {
    if (vowels <= ending.vowels || word.size() < ending.text.size() + 3 || !ends(word, ending.text)) continue;
    cut(word, ending.text.size());
    if (ending.softens) hardenLatvian(word, ending.text.front());
    return;
  }
}

// ---- Hindi, Bengali

void stemHindi(std::u32string& word) {
  cutByClass(
      word,
      {{5, 6, {U"ाएंगी", U"ाएंगे", U"ाऊंगी", U"ाऊंगा", U"ाइयाँ", U"ाइयों", U"ाइयां"}},
       {4,
        5,
        {U"ाएगी", U"ाएगा", U"ाओगी", U"ाओगे", U"एंगी", U"ेंगी", U"एंगे", U"ेंगे", U"ूंगी", U"ूंगा", U"ातीं", U"नाओं", U"नाएं", U"ताओं",
         U"ताएं", U"ियाँ", U"ियों", U"ियां"}},
       {3,
        4,
        {U"ाकर", U"ाइए", U"ाईं", U"ाया", U"ेगी", U"ेगा", U"ोगी", U"ोगे", U"ाने", U"ाना", U"ाते", U"ाती", U"ाता", U"तीं", U"ाओं",
         U"ाएं", U"ुओं", U"ुएं", U"ुआं"}},
       {2, 3, {U"कर", U"ाओ", U"िए", U"ाई", U"ाए", U"ने", U"नी", U"ना", U"ते", U"ीं", U"ती", U"ता", U"ाँ", U"ां", U"ों", U"ें"}},
       {1, 2, {U"ो", U"े", U"ू", U"ु", U"ी", U"ि", U"ा"}}});
}

void stemBengali(std::u32string& word) {
  cutByClass(
      word,
      {{8, 9, {U"ি\u09dfাছিলাম", U"িতেছিলাম", U"িতেছিলেন", U"ইতেছিলেন", U"ি\u09dfাছিলেন", U"ই\u09dfাছিলেন"}},
       {7, 8, {U"িতেছিলি", U"িতেছিলে", U"ি\u09dfাছিলা", U"ি\u09dfাছিলে", U"িতেছিলা", U"ি\u09dfাছিলি", U"\u09dfেদেরকে"}},
       {6, 7, {U"িতেছিস", U"িতেছেন", U"ি\u09dfাছিস", U"ি\u09dfাছেন", U"েছিলাম", U"েছিলেন", U"েদেরকে"}},
       {5,
        6,
        {U"িতেছি", U"িতেছা", U"িতেছে", U"ছিলাম", U"ছিলেন", U"ি\u09dfাছি", U"ি\u09dfাছা", U"ি\u09dfাছে", U"েছিলে",
         U"েছিলা", U"\u09dfেদের", U"দেরকে"}},
       {4,
        5,
        {U"িলাম", U"িলেন", U"িতাম", U"িতেন", U"িবেন", U"ছিলি", U"ছিলে", U"ছিলা", U"তেছে", U"িতেছ", U"খানা", U"খানি",
         U"গুলো", U"গুলি", U"\u09dfেরা", U"েদের"}},
       {3, 4, {U"লাম", U"িলি", U"ইলি", U"িলে", U"ইলে", U"লেন",      U"িলা",      U"ইলা", U"তাম",
               U"িতি", U"ইতি", U"িতে", U"ইতে", U"তেন", U"িতা",      U"িবা",      U"ইবা", U"িবি",
               U"ইবি", U"বেন", U"িবে", U"ইবে", U"ছেন", U"\u09dfোন", U"\u09dfের", U"েরা", U"দের"}},
       {2, 3, {U"িস", U"েন", U"লি", U"লে", U"লা", U"তি", U"তে", U"তা", U"বি", U"বে", U"বা",
               U"ছি", U"ছা", U"ছে", U"ুন",  U"ুক",  U"টা", U"টি", U"নি", U"ের", U"রা", U"কে"}},
       {1, 2, {U"ি", U"ী", U"া", U"ো", U"ে", U"ব", U"ত"}}});
}

// ---- Sorani

void stemSorani(std::u32string& word) {
  // A postposition, then a possessive pronoun, then one ending of the noun.
  if (word.size() > 5 && ends(word, U"دا"))
    cut(word, 2);
  else if (word.size() > 4 && ends(word, U"نا"))
    cut(word, 1);
  else if (word.size() > 6 && ends(word, U"ەوە"))
    cut(word, 3);
  cutByClass(word, {{3, 6, {U"مان", U"یان", U"تان"}}});
  cutByClass(word, {{3, 6, {U"ێکی"}},
                    {4, 7, {U"یەکی"}},
                    {2, 5, {U"ێک"}},
                    {3, 6, {U"یەک"}},
                    {3, 6, {U"ەکە"}},
                    {2, 5, {U"کە"}},
                    {4, 7, {U"ەکان"}},
                    {3, 6, {U"کان"}},
                    {4, 7, {U"یانی"}},
                    {3, 6, {U"انی"}},
                    {3, 6, {U"یان"}},
                    {2, 5, {U"ان"}},
                    {4, 7, {U"یانە"}},
                    {3, 6, {U"انە"}},
                    {2, 5, {U"ایە", U"ەیە"}},
                    {1, 4, {U"ە"}},
                    {1, 4, {U"ی"}}});
}

// ---- Indonesian

class IndonesianStem {
 public:
  explicit IndonesianStem(std::u32string& word)
      : word_(word), syllables_(std::count_if(word.begin(), word.end(), isVowel)) {}

  void run() {
    if (syllables_ > 2 && endsInOneOf(word_, {U"kah", U"lah", U"pun"})) cutEnd(3);
    if (syllables_ > 2) cutPossessive();
    cutAffixes();
  }

 private:
  enum Prefix : unsigned { kKe = 1, kPeng = 2, kDi = 4, kMeng = 8, kTer = 16, kBer = 32, kPe = 64 };

  static bool isVowel(char32_t c) { return c == U'a' || c == U'e' || c == U'i' || c == U'o' || c == U'u'; }
  bool hasVowelAt(std::size_t at) const { return word_.size() > at && isVowel(word_[at]); }

  void cutEnd(std::size_t count) {
    --syllables_;
    cut(word_, count);
  }
  bool cutFront(std::size_t count, unsigned prefix = 0) {
    --syllables_;
    prefixes_ |= prefix;
    word_.erase(0, count);
    return true;
  }
  bool has(unsigned prefixes) const { return (prefixes_ & prefixes) != 0; }

  void cutPossessive() {
    if (endsInOneOf(word_, {U"ku", U"mu"}))
      cutEnd(2);
    else if (ends(word_, U"nya"))
      cutEnd(3);
  }

  void cutAffixes() {
    if (syllables_ > 2 && cutFirstPrefix()) {
      if (syllables_ > 2 && cutSuffix() && syllables_ > 2) cutSecondPrefix();
      return;
    }
    if (syllables_ > 2) cutSecondPrefix();
    if (syllables_ > 2) cutSuffix();
  }

  // The letter that the prefix has swallowed comes back.
  bool cutAndRestore(std::size_t count, char32_t letter, unsigned prefix) {
    word_[count] = letter;
    return cutFront(count, prefix);
  }

  bool cutFirstPrefix() {
    if (begins(word_, U"meng")) return cutFront(4, kMeng);
    if (begins(word_, U"meny") && hasVowelAt(4)) return cutAndRestore(3, U's', kMeng);
    if (begins(word_, U"men") || begins(word_, U"mem")) return cutFront(3, kMeng);
    if (begins(word_, U"me")) return cutFront(2, kMeng);
    if (begins(word_, U"peng")) return cutFront(4, kPeng);
    if (begins(word_, U"peny") && hasVowelAt(4)) return cutAndRestore(3, U's', kPeng);
    if (begins(word_, U"peny")) return cutFront(4, kPeng);
    if (begins(word_, U"pen") && hasVowelAt(3)) return cutAndRestore(2, U't', kPeng);
    if (begins(word_, U"pen") || begins(word_, U"pem")) return cutFront(3, kPeng);
    if (begins(word_, U"di")) return cutFront(2, kDi);
    if (begins(word_, U"ter")) return cutFront(3, kTer);
    return begins(word_, U"ke") && cutFront(2, kKe);
  }

  void cutSecondPrefix() {
    if (begins(word_, U"ber") || word_ == U"belajar") {
      cutFront(3, kBer);
    } else if (begins(word_, U"be") && word_.size() > 4 && !isVowel(word_[2]) && word_[3] == U'e' && word_[4] == U'r') {
      cutFront(2, kBer);
    } else if (begins(word_, U"per") || word_ == U"pelajar") {
      cutFront(3);
    } else if (begins(word_, U"pe")) {
      cutFront(2, kPe);
    }
  }

  bool cutSuffix() {
    const std::size_t size = word_.size();
    if (ends(word_, U"kan") && !has(kKe | kPeng | kPe))
      cutEnd(3);
    else if (ends(word_, U"an") && !has(kDi | kMeng | kTer))
      cutEnd(2);
    else if (ends(word_, U"i") && !ends(word_, U"si") && !has(kBer | kKe | kPeng))
      cutEnd(1);
    return word_.size() != size;
  }

  std::u32string& word_;
  std::ptrdiff_t syllables_;
  unsigned prefixes_ = 0;
};

void stemIndonesian(std::u32string& word) { IndonesianStem(word).run(); }

struct Named {
  std::string_view name;
  CharacterStem stem;
};
constexpr Named kStemmers[] = {
    {"bengali", stemBengali}, {"bulgarian", stemBulgarian},   {"hindi", stemHindi},
    {"latvian", stemLatvian}, {"indonesian", stemIndonesian}, {"sorani", stemSorani},
};

}  // namespace

CharacterStem suffixStemmer(std::string_view language) {
  for (const Named& known : kStemmers)
    if (known.name == language) return known.stem;
  return nullptr;
}

}  // namespace gyre::engine
