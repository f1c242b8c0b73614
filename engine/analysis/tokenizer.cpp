#include "engine/analysis/tokenizer.hpp"

#include <array>

#include "engine/analysis/characters.hpp"
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
  WordScanner(std::string_view text, std::size_t max_length, PieceSink& sink)
      : text_(text), max_length_(max_length), sink_(sink) {}

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

  bool isRoomFor(std::size_t units) const { return units_ + units <= max_length_; }
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

  void emit() { sink_.piece({text_.substr(first_, at_ - first_), position_++}); }

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
    for (; at_ < text_.size() && units_ < max_length_; ++at_, ++units_) {
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
  std::size_t max_length_;
  PieceSink& sink_;
  std::size_t at_ = 0;
  std::size_t first_ = 0;  // of the token being read
  std::size_t units_ = 0;  // its length in UTF-16 units
  std::uint32_t position_ = 0;
};

bool isHangul(std::uint32_t code) {
  return (code >= 0x1100 && code <= 0x11ff) || (code >= 0x3131 && code <= 0x318e) ||
         (code >= 0xa960 && code <= 0xa97c) || (code >= 0xac00 && code <= 0xd7fb) || (code >= 0xffa0 && code <= 0xffdc);
}

// The type of a word is that of its characters, if they are of one kind.
std::string_view wordType(std::string_view word) {
  bool is_number = true;
  bool is_katakana = true;
  bool is_hangul = true;
  for (std::size_t at = 0; at < word.size();) {
    const CodePoint c = decodeUtf8(word, at);
    at += c.size;
    const WordBreak type = wordBreakOf(c.value);
    if (isAttached(type)) continue;
    const bool is_punctuation = type == WordBreak::kMidNum || type == WordBreak::kMidNumLet ||
                                type == WordBreak::kSingleQuote || type == WordBreak::kExtendNumLet;
    is_number = is_number && (type == WordBreak::kNumeric || is_punctuation);
    is_katakana = is_katakana && type == WordBreak::kKatakana;
    is_hangul = is_hangul && isHangul(c.value);
  }
  return is_number     ? token_type::kNumber
         : is_katakana ? "<KATAKANA>"
         : is_hangul   ? "<HANGUL>"
                       : token_type::kAlphanumeric;
}

// Hands the pieces on as tokens.
class TokenCollector final : public PieceSink {
 public:
  TokenCollector(const PieceTokenizer& tokenizer, std::string_view text, TokenList& out)
      : tokenizer_(tokenizer), text_(text), offsets_(text), out_(out) {}
  void piece(const Piece& piece) override {
    const auto first = static_cast<std::size_t>(piece.text.data() - text_.data());
    const std::uint32_t start = offsets_.at(first);
    out_.add(piece.text, start, offsets_.at(first + piece.text.size())).type = tokenizer_.typeOf(piece.text);
  }
  std::uint32_t end() { return offsets_.at(text_.size()); }

 private:
  const PieceTokenizer& tokenizer_;
  std::string_view text_;
  Utf16Offsets offsets_;
  TokenList& out_;
};

}  // namespace

std::uint32_t Utf16Offsets::at(std::size_t byte) {
  if (byte < byte_) byte_ = units_ = 0;
  units_ += static_cast<std::uint32_t>(utf16Length(text_.substr(byte_, byte - byte_)));
  byte_ = byte;
  return units_;
}

std::string_view PieceTokenizer::typeOf(std::string_view) const { return token_type::kWord; }

void PieceTokenizer::tokenize(std::string_view text, TokenList& out) const {
  TokenCollector collector(*this, text, out);
  split(text, collector);
  out.end_offset = collector.end();
}

std::uint32_t WordTokenizer::split(std::string_view text, PieceSink& sink) const {
  return WordScanner(text, max_length_, sink).run();
}

std::string_view WordTokenizer::typeOf(std::string_view piece) const {
  switch (wordBreakOf(decodeUtf8(piece, 0).value)) {
    case WordBreak::kComplex: return "<SOUTHEAST_ASIAN>";
    case WordBreak::kHan: return "<IDEOGRAPHIC>";
    case WordBreak::kHiragana: return "<HIRAGANA>";
    case WordBreak::kEmoji:
    case WordBreak::kRegional:
    case WordBreak::kEmojiText: return "<EMOJI>";
    case WordBreak::kNumeric:
      // A digit that a keycap makes an emoji.
      if (piece.size() > 3 && piece.ends_with("\xe2\x83\xa3")) return "<EMOJI>";
      return wordType(piece);
    default: return wordType(piece);
  }
}

std::uint32_t LetterTokenizer::split(std::string_view text, PieceSink& sink) const {
  return splitRuns(text, kMaxTokenLength, sink, [](std::uint32_t code) { return isLetter(code); });
}

std::uint32_t WhitespaceTokenizer::split(std::string_view text, PieceSink& sink) const {
  return splitRuns(text, max_length_, sink, [](std::uint32_t code) { return !isSpace(code); });
}

std::uint32_t WholeTokenizer::split(std::string_view text, PieceSink& sink) const {
  sink.piece({text, 0});
  return 1;
}

}  // namespace gyre::engine
