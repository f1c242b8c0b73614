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

// Characters that words are made of; each ideograph is a word.
bool isWordPart(std::uint32_t code) {
  const WordBreak type = wordBreakOf(code);
  return type == WordBreak::kLetter || type == WordBreak::kHebrew || type == WordBreak::kNumeric ||
         type == WordBreak::kKatakana || type == WordBreak::kExtendNumLet || type == WordBreak::kExtend ||
         type == WordBreak::kComplex || type == WordBreak::kHiragana || (isLetter(code) && type != WordBreak::kHan);
}

std::size_t behindWord(std::u16string_view text, std::size_t at) {
  while (at < text.size()) {
    const std::uint32_t code = codeAt(text, at);
    if (isWordPart(code)) {
      at += sizeAt(text, at);
      continue;
    }
    // Hyphens, apostrophes and dots within a word.
    if (at + 1 >= text.size() || at == 0 || !isOneOf(text[at], u"-\u2010\u2011\u00ad\u2027\"'.,\u2019")) break;
    const std::uint32_t before = text[at - 1];
    const std::uint32_t after = codeAt(text, at + 1);
    const bool is_between_digits = isDigit(before) && isDigit(after);
    const bool is_between_letters = isLetter(before) && isLetter(after) && text[at] != u',';
    if (!is_between_digits && !is_between_letters) break;
    ++at;
  }
  return at;
}

bool isSentenceSpace(char16_t c) {
  return isOneOf(c, u" \t\r\f\n\u2028\u00a0\u3000\u1680\u202f\u205f") || (c >= 0x2000 && c <= 0x200a);
}
bool isClosing(char16_t c) { return isOneOf(c, u")]}\"'\u00bb\u2019\u201d\u203a\u300d\u300f"); }
bool isOpening(char16_t c) { return isOneOf(c, u"([{\"'\u00ab\u2018\u201c\u2039\u300c\u300e"); }

bool isLowerLetter(std::uint32_t code) { return isLetter(code) && toUpper(code) != code; }

// Behind the sentence that begins at `at`.
std::size_t behindSentence(std::u16string_view text, std::size_t at) {
  while (at < text.size()) {
    const char16_t c = text[at++];
    if (c == kValueSeparator) return at;
    const bool is_certain = isOneOf(c, u"!?\u3002\uff01\uff1f");
    if (!is_certain && !isOneOf(c, u".\uff0e")) continue;
    bool is_term_certain = is_certain;
    while (at < text.size() && (isOneOf(text[at], u"!?\u3002\uff01\uff1f.\uff0e") || isClosing(text[at])))
      is_term_certain = is_term_certain || isOneOf(text[at++], u"!?\u3002\uff01\uff1f");
    const std::size_t behind_term = at;
    while (at < text.size() && isSentenceSpace(text[at])) ++at;
    if (at < text.size() && text[at] == kValueSeparator) return at + 1;
    if (is_term_certain || at == text.size()) return at;
    if (at == behind_term) continue;
    // A dot ends the sentence unless a small letter follows.
    std::size_t next = at;
    while (next < text.size() && isOpening(text[next])) ++next;
    if (next == text.size() || !isLowerLetter(codeAt(text, next))) return at;
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
  made.places_ = placesOf(text, [&](std::size_t at) {
    if (text[at] == u'\r' && at + 1 < text.size() && text[at + 1] == u'\n') return at + 2;
    return isWordPart(codeAt(text, at)) ? behindWord(text, at) : at + sizeAt(text, at);
  });
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
