// What is known about a token on its way through an analyzer?
//
// THREADS: values.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace gyre::engine {

// Longer tokens are cut into pieces of this many UTF-16 units, as the dialect does.
inline constexpr std::size_t kMaxTokenLength = 255;

namespace token_type {
inline constexpr std::string_view kWord = "word";
inline constexpr std::string_view kAlphanumeric = "<ALPHANUM>";
inline constexpr std::string_view kNumber = "<NUM>";
inline constexpr std::string_view kSynonym = "SYNONYM";
}  // namespace token_type

struct Token {
  std::string text;
  std::uint32_t increment = 1;  // positions behind the token before it; 0 stands at the same one
  std::uint32_t length = 1;     // positions it covers
  std::uint32_t start = 0;      // UTF-16 units of the text as it was given, before the char filters
  std::uint32_t end = 0;
  std::string_view type = token_type::kWord;  // a constant
  bool is_keyword = false;                    // stemmers leave it alone
};

struct TokenList {
  std::vector<Token> tokens;
  std::uint32_t trailing = 0;    // positions behind the last token that held tokens since removed
  std::uint32_t end_offset = 0;  // UTF-16 units of the text

  void clear() {
    tokens.clear();
    trailing = 0;
    end_offset = 0;
  }
  Token& add(std::string_view text, std::uint32_t start, std::uint32_t end) {
    Token& token = tokens.emplace_back();
    token.text = text;
    token.start = start;
    token.end = end;
    return token;
  }
  // Keeps the tokens for which `is_kept` holds; the others leave their gap in the positions.
  template <class IsKept>
  void keepIf(IsKept&& is_kept) {
    std::uint32_t skipped = 0;
    std::size_t kept = 0;
    for (std::size_t i = 0; i < tokens.size(); ++i) {
      if (!is_kept(tokens[i])) {
        skipped += tokens[i].increment;
        continue;
      }
      if (kept != i) tokens[kept] = std::move(tokens[i]);
      tokens[kept++].increment += skipped;
      skipped = 0;
    }
    tokens.resize(kept);
    trailing += skipped;
  }
};

}  // namespace gyre::engine
