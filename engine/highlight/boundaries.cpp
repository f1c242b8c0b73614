#include "engine/highlight/boundaries.hpp"

#include <algorithm>

#include "engine/analysis/characters.hpp"
#include "engine/analysis/lower_case.hpp"

namespace gyre::engine {

namespace {

bool isOneOf(char16_t c, std::u16string_view set) { return set.find(c) != std::u16string_view::npos; }

std::uint32_t codeAt(std::u16string_view text, std::size_t at) {
  const std::uint32_t c = text[at];
  if (c >= 0xd800 && c < 0xdc00 && at + 1 < text.size() && text[at + 1] >= 0xdc00 && text[at + 1] < 0xe000)
    return 0x10000 + ((c - 0xd800) << 10) + (static_cast<std::uint32_t>(text[at + 1]) - 0xdc00);
  return c;
}
std::size_t sizeAt(std::u16string_view text, std::size_t at) { return codeAt(text, at) >= 0x10000 ? 2 : 1; }

// The classes of the word rules that the dialect's runtime has (JDK, sun.text, "word break rules"), which are not those
// of Unicode: numbers may begin with a currency, end with a percent sign, and meet words without a break.
bool isKanji(std::uint32_t c) { return c == 0x3005 || (c >= 0x4e00 && c <= 0x9fa5) || (c >= 0xf900 && c <= 0xfa2d); }
bool isKatakana(std::uint32_t c) { return (c >= 0x30a1 && c <= 0x30fa) || (c >= 0x3099 && c <= 0x309c) || c == 0x30fc; }
bool isHiragana(std::uint32_t c) { return (c >= 0x3041 && c <= 0x3094) || (c >= 0x3099 && c <= 0x309c) || c == 0x30fc; }
bool isIgnored(std::uint32_t c) {
  const WordBreak type = wordBreakOf(c);
  return type == WordBreak::kExtend || type == WordBreak::kJoiner;
}
bool isPlainLetter(std::uint32_t c) {
  return (isLetter(c) || wordBreakOf(c) == WordBreak::kComplex) && !isKanji(c) && !isKatakana(c) && !isHiragana(c);
}
bool isDash(std::uint32_t c) {
  return c == '-' || c == 0x58a || c == 0x5be || (c >= 0x2010 && c <= 0x2015) || c == 0x301c || c == 0x3030 ||
         c == 0xfe58 || c == 0xfe63 || c == 0xff0d;
}
bool isMidWord(std::uint32_t c) {
  return isDash(c) || c == 0xad || c == 0x2027 || c == '"' || c == '\'' || c == '.' || c == '_' || c == 0x203f ||
         c == 0x2040 || c == 0x2054 || c == 0xff3f;
}
bool isMidNumber(std::uint32_t c) { return c == '"' || c == '\'' || c == ',' || c == '.' || c == 0x66b; }
bool isBeforeNumber(std::uint32_t c) {
  return c == '#' || c == '.' || c == '$' || (c >= 0xa3 && c <= 0xa5) || c == 0x58f || c == 0x60b || c == 0xe3f ||
         (c >= 0x20a0 && c <= 0x20bf) || c == 0xfdfc || c == 0xfe69 || c == 0xff04 || c == 0xffe1 || c == 0xffe5 ||
         c == 0xffe6;
}
bool isBehindNumber(std::uint32_t c) { return c == 0xa2 || c == '%' || c == 0x66a || c == 0x2030 || c == 0x2031; }
bool isBlank(std::uint32_t c) {
  return c == '\t' || c == ' ' || c == 0xa0 || c == 0x1680 || (c >= 0x2000 && c <= 0x200a) || c == 0x202f ||
         c == 0x205f || c == 0x3000;
}
bool isLineEnd(std::uint32_t c) { return c == '\n' || c == 0xc || c == 0x2028 || c == 0x2029; }

// Goes through one word of those rules.
class WordScanner {
 public:
  WordScanner(std::u16string_view text, std::size_t at) : text_(text), at_(at) {}

  // Behind the word that begins here; one character at least.
  std::size_t run() {
    const std::size_t first = at_;
    if (run(isKanji) || run(isKatakana) || run(isHiragana)) return at_;
    if (blanks()) return at_;
    const bool is_word = parts(isPlainLetter, isMidWord);
    if (!is_word && isBeforeNumber(code())) step();
    while (number() && parts(isPlainLetter, isMidWord)) {
    }
    if (at_ == first) step();
    return at_;
  }

 private:
  using Class = bool (*)(std::uint32_t);
  std::uint32_t code() const { return at_ < text_.size() ? codeAt(text_, at_) : 0; }
  // With the marks that stand on it.
  void step() {
    do at_ += sizeAt(text_, at_);
    while (at_ < text_.size() && isIgnored(code()));
  }
  bool run(Class is_member) {
    const std::size_t first = at_;
    while (at_ < text_.size() && is_member(code())) step();
    return at_ > first;
  }
  bool blanks() {
    const std::size_t first = at_;
    run(isBlank);
    if (code() == '\r') ++at_;
    if (isLineEnd(code())) ++at_;
    return at_ > first;
  }
  // Members, and single other characters between them.
  bool parts(Class is_member, Class is_between) {
    if (!run(is_member)) return false;
    while (at_ < text_.size() && is_between(code())) {
      const std::size_t before = at_;
      step();
      if (run(is_member)) continue;
      at_ = before;
      break;
    }
    return true;
  }
  // False when the word ends behind it.
  bool number() {
    if (!parts(isDigit, isMidNumber)) return false;
    if (at_ >= text_.size() || !isBehindNumber(code())) return true;
    step();
    return false;
  }

  std::u16string_view text_;
  std::size_t at_;
};

bool isSentenceSpace(char16_t c) {
  return isOneOf(c, u" \t\r\f\n\u2028\u00a0\u3000\u1680\u202f\u205f") || (c >= 0x2000 && c <= 0x200a);
}
bool isClosing(char16_t c) { return isOneOf(c, u")]}\"'\u00bb\u2019\u201d\u203a\u300d\u300f"); }
bool isOpening(char16_t c) { return isOneOf(c, u"([{\"'\u00ab\u2018\u201c\u2039\u300c\u300e"); }

bool isTitleLetter(std::uint32_t code) { return code == 0x1c5 || code == 0x1c8 || code == 0x1cb || code == 0x1f2; }
bool isLowerLetter(std::uint32_t code) { return isLetter(code) && toUpper(code) != code && !isTitleLetter(code); }
bool isNumber(std::uint32_t code) {
  return isDigit(code) || code == 0xb2 || code == 0xb3 || code == 0xb9 || (code >= 0xbc && code <= 0xbe);
}

// Where does a sentence end that has a dot and white space before `next`?
enum class DotEnd : std::uint8_t { kNowhere, kBehindSpace, kBeforeDot };
// As the dialect's runtime decides, by what follows: not before a small letter or a number, and before the dot itself
// where a symbol follows that no letter is joined to.
DotEnd endOfDot(std::u16string_view text, std::size_t next) {
  const std::uint32_t code = codeAt(text, next);
  if (isLetter(code)) return isLowerLetter(code) ? DotEnd::kNowhere : DotEnd::kBehindSpace;
  if (isNumber(code)) return DotEnd::kNowhere;
  if (isOpening(text[next])) {
    while (next < text.size() && isOpening(text[next])) ++next;
    return next < text.size() && isNumber(codeAt(text, next)) ? DotEnd::kNowhere : DotEnd::kBehindSpace;
  }
  if (isClosing(text[next]) || isOneOf(text[next], u",.\uff0e")) return DotEnd::kNowhere;
  next += sizeAt(text, next);
  return next < text.size() && isLetter(codeAt(text, next)) ? DotEnd::kBehindSpace : DotEnd::kBeforeDot;
}

// Behind the sentence that begins at `at`.
std::size_t behindSentence(std::u16string_view text, std::size_t at) {
  const std::size_t begin = at;
  while (at < text.size()) {
    const char16_t c = text[at++];
    if (c == kValueSeparator) return at;
    const bool is_certain = isOneOf(c, u"!?\u3002\uff01\uff1f");
    if (!is_certain && !isOneOf(c, u".\uff0e")) continue;
    const std::size_t term = at - 1;
    bool is_term_certain = is_certain;
    while (at < text.size() && (isOneOf(text[at], u"!?\u3002\uff01\uff1f.\uff0e") || isClosing(text[at])))
      is_term_certain = is_term_certain || isOneOf(text[at++], u"!?\u3002\uff01\uff1f");
    const std::size_t behind_term = at;
    while (at < text.size() && isSentenceSpace(text[at])) ++at;
    if (at < text.size() && text[at] == kValueSeparator) return at + 1;
    if (is_term_certain || at == text.size()) return at;
    if (at == behind_term) continue;
    const DotEnd end = endOfDot(text, at);
    if (end == DotEnd::kBehindSpace) return at;
    if (end == DotEnd::kBeforeDot && term > begin) return term;
  }
  return at;
}

template <class Behind>
std::vector<std::uint32_t> placesOf(std::u16string_view text, Behind behind) {
  std::vector<std::uint32_t> places(1, 0);
  for (std::size_t at = 0; at < text.size();) {
    at = behind(at);
    places.push_back(static_cast<std::uint32_t>(at));
  }
  return places;
}

}  // namespace

Boundaries Boundaries::ofWords(std::u16string_view text) {
  Boundaries made;
  made.places_ = placesOf(text, [&](std::size_t at) { return WordScanner(text, at).run(); });
  return made;
}

Boundaries Boundaries::ofSentences(std::u16string_view text) {
  Boundaries made;
  made.places_ = placesOf(text, [&](std::size_t at) { return behindSentence(text, at); });
  return made;
}

Boundaries Boundaries::ofValues(std::u16string_view text) {
  Boundaries made;
  made.places_ = placesOf(text, [&](std::size_t at) {
    const std::size_t separator = text.find(kValueSeparator, at);
    return separator == std::u16string_view::npos ? text.size() : separator + 1;
  });
  return made;
}

std::int64_t Boundaries::preceding(std::int64_t offset) const {
  const auto at =
      std::lower_bound(places_.begin(), places_.end(), offset,
                       [](std::uint32_t place, std::int64_t wanted) { return std::int64_t{place} < wanted; });
  return at == places_.begin() ? -1 : std::int64_t{*std::prev(at)};
}

std::int64_t Boundaries::following(std::int64_t offset) const {
  const auto at =
      std::upper_bound(places_.begin(), places_.end(), offset,
                       [](std::int64_t wanted, std::uint32_t place) { return wanted < std::int64_t{place}; });
  return at == places_.end() ? -1 : std::int64_t{*at};
}

}  // namespace gyre::engine
