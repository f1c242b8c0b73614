#include "engine/analysis/tokenizer.hpp"

#include <array>

#include "engine/analysis/utf8.hpp"
#include "engine/analysis/word_break_table.hpp"

namespace gyre::engine {

namespace {

constexpr std::uint32_t kEmojiSelector = 0xfe0f;
constexpr std::uint32_t kKeycap = 0x20e3;

// Classes of single bytes, so that ASCII never reaches the two-stage table; bytes of longer characters are kOther.
const std::array<WordBreak, 256>& asciiClasses() {
  static const std::array<WordBreak, 256> classes = [] {
    std::array<WordBreak, 256> made{};
    for (std::uint32_t code = 0; code < 0x80; ++code) made[code] = wordBreakOf(code);
    return made;
  }();
  return classes;
}

bool isLetterClass(WordBreak c) { return c == WordBreak::kLetter || c == WordBreak::kHebrew; }
bool isAttached(WordBreak c) { return c == WordBreak::kExtend || c == WordBreak::kJoiner; }

// One pass over a text, a token at a time. Rule numbers (WB…) are those of UAX #29.
class WordScanner {
 public:
  WordScanner(std::string_view text, TokenSink& sink) : text_(text), sink_(sink) {}

  std::uint32_t run() {
    while (at_ < text_.size()) {
      const auto byte = static_cast<unsigned char>(text_[at_]);
      if (byte < 0x80 && classes_[byte] == WordBreak::kOther) {
        ++at_;
        continue;
      }
      begin();
    }
    return position_;
  }

 private:
  struct Character {
    WordBreak type = WordBreak::kOther;
    std::uint32_t code = 0;
    std::size_t size = 0;  // 0 at the end of the text
    std::size_t units = 0;
  };

  Character characterAt(std::size_t at) const {
    if (at >= text_.size()) return {};
    const CodePoint c = decodeUtf8(text_, at);
    const WordBreak type = c.value < 0x80 ? classes_[c.value] : wordBreakOf(c.value);
    return {type, c.value, c.size, c.value >= 0x10000 ? 2u : 1u};
  }

  bool isRoomFor(std::size_t units) const { return units_ + units <= kMaxTokenLength; }
  bool take(const Character& c) {
    if (c.size == 0 || !isRoomFor(c.units)) return false;
    at_ += c.size;
    units_ += c.units;
    return true;
  }

  // A character that is not ASCII punctuation: a token begins here, or it is passed over.
  void begin() {
    first_ = at_;
    units_ = 0;
    const Character c = characterAt(at_);
    take(c);
    switch (c.type) {
      case WordBreak::kLetter:
      case WordBreak::kHebrew:
      case WordBreak::kNumeric:
      case WordBreak::kKatakana: return word(c.type, true);
      case WordBreak::kExtendNumLet: return word(c.type, false);
      case WordBreak::kComplex: return complexRun();
      case WordBreak::kHan:
      case WordBreak::kHiragana:
      case WordBreak::kEmoji: attached(); return emit();
      case WordBreak::kRegional: return flag();
      case WordBreak::kEmojiText: return emojiText();
      default: return;
    }
  }

  void emit() { sink_.token({text_.substr(first_, at_ - first_), position_++}); }

  // WB4 and WB3c: marks and joiners stay with what is before them, and so does a pictograph behind a joiner.
  bool attached() {
    bool is_glued = false;
    for (;;) {
      const Character c = characterAt(at_);
      if (isAttached(c.type)) {
        if (!take(c)) return is_glued;
        const Character after = characterAt(at_);
        const bool is_pictograph = after.type == WordBreak::kEmoji || after.type == WordBreak::kPictograph ||
                                   (after.type == WordBreak::kEmojiText && after.code >= 0x80);
        if (c.type == WordBreak::kJoiner && is_pictograph) is_glued = take(after) || is_glued;
      } else {
        return is_glued;
      }
    }
  }

  // The run of ASCII letters and digits that most words are; `last` is a class that they continue.
  WordBreak asciiRun(WordBreak last) {
    for (; at_ < text_.size() && units_ < kMaxTokenLength; ++at_, ++units_) {
      const WordBreak type = classes_[static_cast<unsigned char>(text_[at_])];
      if (type != WordBreak::kLetter && type != WordBreak::kNumeric) break;
      last = type;
    }
    return last;
  }

  // Continues a word whose last class is `last`; one of underscores alone is no token.
  void word(WordBreak last, bool has_content) {
    for (;;) {
      if (isLetterClass(last) || last == WordBreak::kNumeric || last == WordBreak::kExtendNumLet) {
        const std::size_t before = at_;
        last = asciiRun(last);
        has_content = has_content || at_ > before;
        if (at_ < text_.size() && classes_[static_cast<unsigned char>(text_[at_])] == WordBreak::kOther &&
            static_cast<unsigned char>(text_[at_]) < 0x80)
          break;
      }
      if (attached()) last = WordBreak::kPictograph;
      const Character c = characterAt(at_);
      if (isJoined(last, c.type)) {
        if (!take(c)) break;
        last = c.type;
        has_content = has_content || c.type != WordBreak::kExtendNumLet;
      } else if (!isMiddle(last, c) || !acrossMiddle(last, c)) {
        break;
      }
    }
    if (has_content) emit();
  }

  // WB5, 8, 9, 10, 13, 13a, 13b.
  static bool isJoined(WordBreak last, WordBreak next) {
    const bool is_last_word = isLetterClass(last) || last == WordBreak::kNumeric;
    const bool is_next_word = isLetterClass(next) || next == WordBreak::kNumeric;
    if (is_last_word && is_next_word) return true;
    if (last == WordBreak::kKatakana && next == WordBreak::kKatakana) return true;
    if (next == WordBreak::kExtendNumLet)
      return is_last_word || last == WordBreak::kKatakana || last == WordBreak::kExtendNumLet;
    return last == WordBreak::kExtendNumLet && (is_next_word || next == WordBreak::kKatakana);
  }

  // May this punctuation stand within a word behind `last`?
  static bool isMiddle(WordBreak last, const Character& c) {
    const bool is_dot = c.type == WordBreak::kMidNumLet || c.type == WordBreak::kSingleQuote;
    if (last == WordBreak::kHebrew && c.type == WordBreak::kDoubleQuote) return true;
    if (isLetterClass(last)) return is_dot || c.type == WordBreak::kMidLetter;
    return last == WordBreak::kNumeric && (is_dot || c.type == WordBreak::kMidNum);
  }

  // WB6, 7, 7b, 7c, 11, 12: punctuation stays when the word goes on behind it; WB7a: a quote stays with Hebrew anyway.
  bool acrossMiddle(WordBreak& last, const Character& middle) {
    const std::size_t at = at_;
    const std::size_t units = units_;
    if (take(middle)) {
      const std::size_t behind = at_;
      const std::size_t behind_units = units_;
      const bool is_glued = attached();
      const Character c = characterAt(at_);
      const bool goes_on = middle.type == WordBreak::kDoubleQuote ? c.type == WordBreak::kHebrew
                           : isLetterClass(last)                  ? isLetterClass(c.type)
                                                                  : c.type == WordBreak::kNumeric;
      if (!is_glued && goes_on && take(c)) {
        last = c.type;
        return true;
      }
      if (last == WordBreak::kHebrew && middle.type == WordBreak::kSingleQuote) {
        at_ = behind;
        units_ = behind_units;
        attached();
        last = WordBreak::kSingleQuote;
        return true;
      }
    }
    at_ = at;
    units_ = units;
    return false;
  }

  void complexRun() {
    attached();
    for (Character c = characterAt(at_); c.type == WordBreak::kComplex && take(c); c = characterAt(at_)) attached();
    emit();
  }

  // WB15, 16: indicators pair up; one alone is no token.
  void flag() {
    attached();
    const Character second = characterAt(at_);
    if (second.type != WordBreak::kRegional || !take(second)) return;
    attached();
    emit();
  }

  void emojiText() {
    const Character next = characterAt(at_);
    if (next.code != kEmojiSelector && next.code != kKeycap) return;
    const bool is_keycap = text_[first_] == '#' || text_[first_] == '*';
    if (is_keycap && next.code == kEmojiSelector && characterAt(at_ + next.size).code != kKeycap) return;
    attached();
    emit();
  }

  const std::array<WordBreak, 256>& classes_ = asciiClasses();
  std::string_view text_;
  TokenSink& sink_;
  std::size_t at_ = 0;
  std::size_t first_ = 0;  // of the token being read
  std::size_t units_ = 0;  // its length in UTF-16 units
  std::uint32_t position_ = 0;
};

// As the dialect's platform sees white space: separators but for the no-break ones, and the control characters.
bool isSpace(std::uint32_t code) {
  if (code < 0x80) return code == ' ' || (code >= 0x09 && code <= 0x0d) || (code >= 0x1c && code <= 0x1f);
  if (code == 0x1680 || code == 0x2028 || code == 0x2029 || code == 0x205f || code == 0x3000) return true;
  return code >= 0x2000 && code <= 0x200a && code != 0x2007;
}

// Runs of the characters that `is_part` accepts, cut to the length limit.
template <class IsPart>
std::uint32_t tokenizeRuns(std::string_view text, TokenSink& sink, IsPart is_part) {
  std::uint32_t position = 0;
  std::size_t first = 0;
  std::size_t units = 0;
  for (std::size_t at = 0; at < text.size();) {
    const CodePoint c = decodeUtf8(text, at);
    const bool is_taken = is_part(c.value);
    const std::size_t wide = c.value >= 0x10000 ? 2 : 1;
    if (units > 0 && (!is_taken || units + wide > kMaxTokenLength)) {
      sink.token({text.substr(first, at - first), position++});
      units = 0;
    }
    if (is_taken) {
      if (units == 0) first = at;
      units += wide;
    }
    at += c.size;
  }
  if (units > 0) sink.token({text.substr(first), position++});
  return position;
}

}  // namespace

std::uint32_t WordTokenizer::tokenize(std::string_view text, TokenSink& sink) const {
  return WordScanner(text, sink).run();
}

std::uint32_t LetterTokenizer::tokenize(std::string_view text, TokenSink& sink) const {
  return tokenizeRuns(text, sink, [](std::uint32_t code) { return isLetter(code); });
}

std::uint32_t WhitespaceTokenizer::tokenize(std::string_view text, TokenSink& sink) const {
  return tokenizeRuns(text, sink, [](std::uint32_t code) { return !isSpace(code); });
}

std::uint32_t WholeTokenizer::tokenize(std::string_view text, TokenSink& sink) const {
  if (text.empty()) return 0;
  sink.token({text, 0});
  return 1;
}

}  // namespace gyre::engine
