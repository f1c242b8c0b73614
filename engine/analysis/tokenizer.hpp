// Where does a text fall into tokens?
//
// The first stage of an analyzer. Tokens are pieces of the text as it stands; filters change them afterwards.
//
// THREADS: immutable and shared.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string_view>

namespace gyre::engine {

// Longer tokens are cut into pieces of this many UTF-16 units, as the dialect does.
inline constexpr std::size_t kMaxTokenLength = 255;

struct Token {
  std::string_view text;  // valid during the call that hands it over
  std::uint32_t position = 0;
};

// The next stage.
class TokenSink {
 public:
  virtual ~TokenSink() = default;
  virtual void token(const Token& token) = 0;
};

class Tokenizer {
 public:
  virtual ~Tokenizer() = default;
  // Positions start at 0. Returns the position after the last token.
  virtual std::uint32_t tokenize(std::string_view text, TokenSink& sink) const = 0;
};

// Words by UAX #29; each ideograph and hiragana alone, runs of Thai and its like, emoji.
class WordTokenizer final : public Tokenizer {
 public:
  std::uint32_t tokenize(std::string_view text, TokenSink& sink) const override;
};

// Runs of letters (general category L).
class LetterTokenizer final : public Tokenizer {
 public:
  std::uint32_t tokenize(std::string_view text, TokenSink& sink) const override;
};

// Runs of anything but white space (no-break spaces belong to the run).
class WhitespaceTokenizer final : public Tokenizer {
 public:
  std::uint32_t tokenize(std::string_view text, TokenSink& sink) const override;
};

// The whole text, unless it is empty.
class WholeTokenizer final : public Tokenizer {
 public:
  std::uint32_t tokenize(std::string_view text, TokenSink& sink) const override;
};

}  // namespace gyre::engine
