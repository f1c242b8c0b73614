// Where does a text fall into tokens?
//
// The first stage of an analyzer behind the char filters. Those that only cut a text hand on its pieces one by one;
// that is the way of the index's hot path, which needs no offsets.
//
// THREADS: immutable and shared.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <string_view>

#include "engine/analysis/token.hpp"
#include "engine/analysis/utf8.hpp"

namespace gyre::engine {

class Tokenizer {
 public:
  virtual ~Tokenizer() = default;
  // Appends the tokens of the text; start and end count the UTF-16 units of this very text. REQUIRES: valid UTF-8.
  virtual void tokenize(std::string_view text, TokenList& out) const = 0;
};
using TokenizerPtr = std::shared_ptr<const Tokenizer>;

// A token that is a piece of the text as it stands.
struct Piece {
  std::string_view text;  // valid during the call that hands it over
  std::uint32_t position = 0;
};

// The next stage.
class PieceSink {
 public:
  virtual ~PieceSink() = default;
  virtual void piece(const Piece& piece) = 0;
};

class PieceTokenizer : public Tokenizer {
 public:
  // Positions start at 0. Returns the position after the last piece.
  virtual std::uint32_t split(std::string_view text, PieceSink& sink) const = 0;
  virtual std::string_view typeOf(std::string_view piece) const;
  void tokenize(std::string_view text, TokenList& out) const final;
};

// Words by UAX #29; each ideograph and hiragana alone, runs of Thai and its like, emoji.
class WordTokenizer final : public PieceTokenizer {
 public:
  explicit WordTokenizer(std::size_t max_length = kMaxTokenLength) : max_length_(max_length) {}
  std::uint32_t split(std::string_view text, PieceSink& sink) const override;
  std::string_view typeOf(std::string_view piece) const override;

 private:
  std::size_t max_length_;
};

// Runs of letters (general category L).
class LetterTokenizer final : public PieceTokenizer {
 public:
  std::uint32_t split(std::string_view text, PieceSink& sink) const override;
};

// Runs of anything but white space (no-break spaces belong to the run).
class WhitespaceTokenizer final : public PieceTokenizer {
 public:
  explicit WhitespaceTokenizer(std::size_t max_length = kMaxTokenLength) : max_length_(max_length) {}
  std::uint32_t split(std::string_view text, PieceSink& sink) const override;

 private:
  std::size_t max_length_;
};

// The whole text, even an empty one.
class WholeTokenizer final : public PieceTokenizer {
 public:
  std::uint32_t split(std::string_view text, PieceSink& sink) const override;
};

// Runs of the characters that `is_part` accepts, cut to the length limit. Returns the position after the last.
template <class IsPart>
std::uint32_t splitRuns(std::string_view text, std::size_t max_length, PieceSink& sink, IsPart is_part) {
  std::uint32_t position = 0;
  std::size_t first = 0;
  std::size_t units = 0;
  for (std::size_t at = 0; at < text.size();) {
    const CodePoint c = decodeUtf8(text, at);
    const bool is_taken = is_part(c.value);
    const std::size_t wide = c.value >= 0x10000 ? 2 : 1;
    if (units > 0 && (!is_taken || units + wide > max_length)) {
      sink.piece({text.substr(first, at - first), position++});
      units = 0;
    }
    if (is_taken) {
      if (units == 0) first = at;
      units += wide;
    }
    at += c.size;
  }
  if (units > 0) sink.piece({text.substr(first), position++});
  return position;
}

// Tells byte offsets of a text as UTF-16 units. Cheap when asked in order.
class Utf16Offsets {
 public:
  explicit Utf16Offsets(std::string_view text) : text_(text) {}
  std::uint32_t at(std::size_t byte);

 private:
  std::string_view text_;
  std::size_t byte_ = 0;
  std::uint32_t units_ = 0;
};

}  // namespace gyre::engine
