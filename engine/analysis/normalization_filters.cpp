// Filters that write a script's or language's variants of a letter one way.
#include <algorithm>
#include <iterator>
#include <utility>

#include "engine/analysis/characters.hpp"
#include "engine/analysis/component_kinds.hpp"
#include "engine/analysis/indic_compositions.hpp"

namespace gyre::engine {

namespace {

constexpr char32_t kDeleted = 0;
struct Change {
  char32_t from;
  char32_t to;  // kDeleted: nothing
};

template <std::size_t kCount>
std::u32string changed(const std::u32string& text, const Change (&changes)[kCount]) {
  std::u32string out;
  for (const char32_t c : text) {
    const Change* const change =
        std::find_if(std::begin(changes), std::end(changes), [c](const Change& each) { return each.from == c; });
    if (change == std::end(changes))
      out += c;
    else if (change->to != kDeleted)
      out += change->to;
  }
  return out;
}

bool isAscii(std::string_view text) {
  return std::all_of(text.begin(), text.end(), [](char c) { return static_cast<unsigned char>(c) < 0x80; });
}

std::u32string normalizeArabic(const std::u32string& text) {
  constexpr Change kChanges[] = {{0x622, 0x627},    {0x623, 0x627},    {0x625, 0x627},    {0x649, 0x64a},
                                 {0x629, 0x647},    {0x640, kDeleted}, {0x64b, kDeleted}, {0x64c, kDeleted},
                                 {0x64d, kDeleted}, {0x64e, kDeleted}, {0x64f, kDeleted}, {0x650, kDeleted},
                                 {0x651, kDeleted}, {0x652, kDeleted}};
  return changed(text, kChanges);
}

std::u32string normalizePersian(const std::u32string& text) {
  constexpr Change kChanges[] = {{0x6cc, 0x64a}, {0x6d2, 0x64a}, {0x6a9, 0x643},
                                 {0x6c0, 0x647}, {0x6c1, 0x647}, {0x654, kDeleted}};
  return changed(text, kChanges);
}

std::u32string normalizeHindi(const std::u32string& text) {
  constexpr Change kChanges[] = {
      {0x901, 0x902}, {0x93c, kDeleted},  {0x929, 0x928},     {0x931, 0x930},    {0x934, 0x933}, {0x958, 0x915},
      {0x959, 0x916}, {0x95a, 0x917},     {0x95b, 0x91c},     {0x95c, 0x921},    {0x95d, 0x922}, {0x95e, 0x92b},
      {0x95f, 0x92f}, {0x200c, kDeleted}, {0x200d, kDeleted}, {0x94d, kDeleted}, {0x945, 0x947}, {0x946, 0x947},
      {0x949, 0x94b}, {0x94a, 0x94b},     {0x90d, 0x90f},     {0x90e, 0x90f},    {0x911, 0x913}, {0x912, 0x913},
      {0x972, 0x905}, {0x906, 0x905},     {0x908, 0x907},     {0x90a, 0x909},    {0x960, 0x90b}, {0x961, 0x90c},
      {0x910, 0x90f}, {0x914, 0x913},     {0x940, 0x93f},     {0x942, 0x941},    {0x944, 0x943}, {0x963, 0x962},
      {0x948, 0x947}, {0x94c, 0x94b}};
  // A dead n is a nasal sign.
  std::u32string nasal;
  for (std::size_t i = 0; i < text.size(); ++i) {
    const bool is_dead_n = text[i] == 0x928 && i + 1 < text.size() && text[i + 1] == 0x94d;
    nasal += is_dead_n ? char32_t{0x902} : text[i];
    i += is_dead_n ? 1 : 0;
  }
  return changed(nasal, kChanges);
}

// Bengali spelling that is heard alike.
class BengaliText {
 public:
  explicit BengaliText(std::u32string text) : text_(std::move(text)) {}

  std::u32string normalized() {
    for (at_ = 0; at_ < static_cast<std::ptrdiff_t>(text_.size()); ++at_) step();
    return std::move(text_);
  }

 private:
  static constexpr char32_t kVirama = 0x9cd;
  char32_t& at(std::ptrdiff_t i) { return text_[static_cast<std::size_t>(i)]; }
  bool has(std::ptrdiff_t i) const { return i >= 0 && i < static_cast<std::ptrdiff_t>(text_.size()); }
  bool is(std::ptrdiff_t i, char32_t c) { return has(i) && at(i) == c; }
  void erase(std::ptrdiff_t i) { text_.erase(static_cast<std::size_t>(i), 1); }

  void step() {
    char32_t& c = at(at_);
    switch (c) {
      case 0x981: erase(at_--); break;
      case 0x9c0: c = 0x9bf; break;
      case 0x9c2: c = 0x9c1; break;
      case 0x995: khio(); break;
      case 0x999: c = 0x982; break;
      case 0x9af: yaPhala(); break;
      case 0x9ac: baPhala(); break;
      case 0x983: visarga(); break;
      case 0x9b6:
      case 0x9b7: c = 0x9b8; break;
      case 0x9a3: c = 0x9a8; break;
      case 0x9dc:
      case 0x9dd: c = 0x9b0; break;
      case 0x9ce: c = 0x9a4; break;
      default: break;
    }
  }
  void khio() {
    // The dialect asks for the vowel sign here, not for the ssa that the rule is about.
    if (!is(at_ + 1, kVirama) || !is(at_ + 2, 0x9bf)) return;
    erase(at_ + 2);
    if (at_ == 0) {
      at(at_) = 0x996;
      erase(at_ + 1);
    } else {
      at(at_ + 1) = 0x996;
    }
  }
  void yaPhala() {
    if (!is(at_ - 1, kVirama)) return;
    if (at_ == 2) {
      at(at_ - 1) = 0x9c7;
      if (is(at_ + 1, 0x9be)) erase(at_ + 1);
      erase(at_--);
    } else {
      erase(at_);
      erase(at_ - 1);
      at_ -= 2;
    }
  }
  void baPhala() {
    if (!is(at_ - 1, kVirama)) return;
    if (at_ == 2 || (at_ >= 5 && at(at_ - 3) == kVirama)) {
      erase(at_);
      erase(at_ - 1);
      at_ -= 2;
    } else if (at_ >= 2) {
      at(at_ - 1) = at(at_ - 2);
      erase(at_--);
    }
  }
  void visarga() {
    if (has(at_ + 1))
      at(at_) = at(at_ + 1);
    else if (text_.size() <= 3)
      at(at_) = 0x9b9;
    else
      erase(at_--);
  }

  std::u32string text_;
  std::ptrdiff_t at_ = 0;
};

std::u32string normalizeBengali(const std::u32string& text) { return BengaliText(text).normalized(); }

// Umlauts however they are written: ä and ae become a, but the e of a true diphthong ("neue", "quelle") stays.
std::u32string normalizeGerman(const std::u32string& text) {
  enum class Before { kOther, kVowel, kMayBeUmlaut };
  Before before = Before::kOther;
  std::u32string out;
  for (const char32_t c : text) {
    switch (c) {
      case U'a':
      case U'o':
        before = Before::kMayBeUmlaut;
        out += c;
        break;
      case U'u':
        before = before == Before::kOther ? Before::kMayBeUmlaut : Before::kVowel;
        out += c;
        break;
      case U'e':
        if (before != Before::kMayBeUmlaut) out += c;
        before = Before::kVowel;
        break;
      case U'i':
      case U'q':
      case U'y':
        before = Before::kVowel;
        out += c;
        break;
      case 0xe4:
        before = Before::kVowel;
        out += U'a';
        break;
      case 0xf6:
        before = Before::kVowel;
        out += U'o';
        break;
      case 0xfc:
        before = Before::kVowel;
        out += U'u';
        break;
      case 0xdf:
        before = Before::kOther;
        out += U"ss";
        break;
      default: before = Before::kOther; out += c;
    }
  }
  return out;
}

bool isOneOf(char32_t c, std::u32string_view letters) { return letters.find(c) != std::u32string_view::npos; }

// å, æ and ø by their Danish and Norwegian letters.
std::u32string normalizeScandinavian(const std::u32string& text) {
  std::u32string out;
  for (std::size_t i = 0; i < text.size(); ++i) {
    const char32_t c = text[i];
    const char32_t next = i + 1 < text.size() ? text[i + 1] : 0;
    char32_t both = 0;
    if (c == U'a') both = isOneOf(next, U"aAoO") ? 0xe5 : isOneOf(next, U"eE") ? 0xe6 : 0;
    if (c == U'A') both = isOneOf(next, U"aAoO") ? 0xc5 : isOneOf(next, U"eE") ? 0xc6 : 0;
    if (c == U'o') both = isOneOf(next, U"eEoO") ? 0xf8 : 0;
    if (c == U'O') both = isOneOf(next, U"eEoO") ? 0xd8 : 0;
    if (both != 0 && next != 0) {
      out += both;
      ++i;
    } else {
      out += c == 0xe4 ? 0xe6 : c == 0xc4 ? 0xc6 : c == 0xf6 ? 0xf8 : c == 0xd6 ? 0xd8 : c;
    }
  }
  return out;
}

// The same, down to a and o.
std::u32string foldScandinavian(const std::u32string& text) {
  std::u32string out;
  for (std::size_t i = 0; i < text.size(); ++i) {
    const char32_t c = text[i];
    const char32_t next = i + 1 < text.size() ? text[i + 1] : 0;
    out += isOneOf(c, U"\u00e5\u00e4\u00e6")   ? U'a'
           : isOneOf(c, U"\u00c5\u00c4\u00c6") ? U'A'
           : isOneOf(c, U"\u00f8\u00f6")       ? U'o'
           : isOneOf(c, U"\u00d8\u00d6")       ? U'O'
                                               : c;
    const bool is_double =
        next != 0 && ((isOneOf(c, U"aA") && isOneOf(next, U"aAeEoO")) || (isOneOf(c, U"oO") && isOneOf(next, U"eEoO")));
    i += is_double ? 1 : 0;
  }
  return out;
}

// Cyrillic and accented Latin to plain Latin.
std::u32string normalizeSerbian(const std::u32string& text) {
  struct Letter {
    char32_t from;
    std::u32string_view to;
  };
  constexpr Letter kLetters[] = {
      {0x430, U"a"}, {0x431, U"b"},  {0x432, U"v"}, {0x433, U"g"}, {0x434, U"d"},  {0x452, U"dj"}, {0x111, U"dj"},
      {0x435, U"e"}, {0x436, U"z"},  {0x17e, U"z"}, {0x437, U"z"}, {0x438, U"i"},  {0x458, U"j"},  {0x43a, U"k"},
      {0x43b, U"l"}, {0x459, U"lj"}, {0x43c, U"m"}, {0x43d, U"n"}, {0x45a, U"nj"}, {0x43e, U"o"},  {0x43f, U"p"},
      {0x440, U"r"}, {0x441, U"s"},  {0x442, U"t"}, {0x45b, U"c"}, {0x107, U"c"},  {0x10d, U"c"},  {0x443, U"u"},
      {0x444, U"f"}, {0x445, U"h"},  {0x446, U"c"}, {0x447, U"c"}, {0x45f, U"dz"}, {0x448, U"s"},  {0x161, U"s"}};
  std::u32string out;
  for (const char32_t c : text) {
    const Letter* const letter =
        std::find_if(std::begin(kLetters), std::end(kLetters), [c](const Letter& each) { return each.from == c; });
    if (letter == std::end(kLetters))
      out += c;
    else
      out += letter->to;
  }
  return out;
}

std::u32string normalizeSorani(const std::u32string& text) {
  constexpr Change kChanges[] = {{0x64a, 0x6cc},     {0x649, 0x6cc},     {0x643, 0x6a9},    {0x629, 0x6d5},
                                 {0x6be, 0x647},     {0x692, 0x695},     {0x640, kDeleted}, {0x64b, kDeleted},
                                 {0x64c, kDeleted},  {0x64d, kDeleted},  {0x64e, kDeleted}, {0x64f, kDeleted},
                                 {0x650, kDeleted},  {0x651, kDeleted},  {0x652, kDeleted}, {0x200d, kDeleted},
                                 {0x200e, kDeleted}, {0x200f, kDeleted}, {0xad, kDeleted},  {0xfeff, kDeleted}};
  std::u32string placed;
  for (std::size_t i = 0; i < text.size(); ++i) {
    const char32_t c = text[i];
    if (c == 0x200c) {
      if (!placed.empty() && placed.back() == 0x647) placed.back() = 0x6d5;
    } else if (c == 0x647 && i + 1 == text.size()) {
      placed += 0x6d5;
    } else if (c == 0x631 && i == 0) {
      placed += 0x695;
    } else {
      placed += c;
    }
  }
  return changed(placed, kChanges);
}

// Bengali's khanda ta, which may be written by three characters.
// The composition that begins at a place; null for none.
const IndicComposition* indicCompositionAt(const std::u32string& text, std::size_t at) {
  if (text[at] < 0x900 || text[at] >= 0xd80 || at + 1 >= text.size()) return nullptr;
  const char32_t third = at + 2 < text.size() ? text[at + 2] : 0;
  for (const IndicComposition& each : kIndicCompositions)
    if (each.first == text[at] && each.second == text[at + 1] && (each.third == 0 || each.third == third)) return &each;
  return nullptr;
}

std::u32string normalizeIndic(const std::u32string& text) {
  std::u32string out;
  for (std::size_t i = 0; i < text.size(); ++i) {
    const IndicComposition* const composed = indicCompositionAt(text, i);
    out += composed != nullptr ? composed->whole : text[i];
    if (composed != nullptr) i += composed->third != 0 ? 2 : 1;
  }
  return out;
}

// Full-width ASCII and half-width katakana at their ordinary width.
std::u32string normalizeWidth(const std::u32string& text) {
  constexpr std::u32string_view kKatakana =
      U"\u30fb\u30f2\u30a1\u30a3\u30a5\u30a7\u30a9\u30e3\u30e5\u30e7\u30c3\u30fc\u30a2\u30a4\u30a6\u30a8\u30aa\u30ab"
      U"\u30ad"
      U"\u30af\u30b1\u30b3\u30b5\u30b7\u30b9\u30bb\u30bd\u30bf\u30c1\u30c4\u30c6\u30c8\u30ca\u30cb\u30cc\u30cd\u30ce"
      U"\u30cf"
      U"\u30d2\u30d5\u30d8\u30db\u30de\u30df\u30e0\u30e1\u30e2\u30e4\u30e6\u30e8\u30e9\u30ea\u30eb\u30ec\u30ed\u30ef"
      U"\u30f3"
      U"\u3099\u309a";
  // Those that a sound mark turns into the next character, or the one after it.
  constexpr std::u32string_view kVoiced =
      U"\u30ab\u30ad\u30af\u30b1\u30b3\u30b5\u30b7\u30b9\u30bb\u30bd\u30bf\u30c1\u30c4\u30c6\u30c8\u30cf\u30d2\u30d5"
      U"\u30d8\u30db";
  constexpr std::u32string_view kHalfVoiced = U"\u30cf\u30d2\u30d5\u30d8\u30db";
  std::u32string out;
  for (const char32_t c : text) {
    if (c >= 0xff01 && c <= 0xff5e) {
      out += c - 0xfee0;
    } else if (c >= 0xff65 && c <= 0xff9f) {
      const char32_t last = out.empty() ? 0 : out.back();
      if (c == 0xff9e && last == 0x30a6)
        out.back() = 0x30f4;
      else if (c == 0xff9e && last != 0 && isOneOf(last, kVoiced))
        out.back() += 1;
      else if (c == 0xff9f && last != 0 && isOneOf(last, kHalfVoiced))
        out.back() += 2;
      else
        out += kKatakana[c - 0xff65];
    } else {
      out += c;
    }
  }
  return out;
}

template <std::u32string (*kNormalize)(const std::u32string&), bool kLeavesAscii>
Result<TokenFilterPtr> make(ComponentSettings&, const FilterContext&) {
  return makeTextFilter([](std::string& text) {
    if (!kLeavesAscii || !isAscii(text)) text = toText(kNormalize(toCharacters(text)));
  });
}

constexpr FilterKind kNormalizationFilters[] = {
    {"arabic_normalization", make<normalizeArabic, true>, true},
    {"persian_normalization", make<normalizePersian, true>, true},
    {"hindi_normalization", make<normalizeHindi, true>, true},
    {"bengali_normalization", make<normalizeBengali, true>, true},
    {"german_normalization", make<normalizeGerman, false>, true},
    {"scandinavian_normalization", make<normalizeScandinavian, false>, true},
    {"scandinavian_folding", make<foldScandinavian, false>, true},
    {"serbian_normalization", make<normalizeSerbian, true>, true},
    {"sorani_normalization", make<normalizeSorani, true>, true},
    {"indic_normalization", make<normalizeIndic, true>, true},
    {"cjk_width", make<normalizeWidth, true>, true},
};

}  // namespace

std::span<const FilterKind> normalizationFilterKinds() { return kNormalizationFilters; }

}  // namespace gyre::engine
