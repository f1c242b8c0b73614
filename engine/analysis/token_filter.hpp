// What becomes of the tokens before they are indexed or looked for?
//
// A filter sees all tokens of a value at once and may change, drop, add and join them. One that drops a token leaves
// the gap in the positions, so that phrases respect it.
//
// THREADS: immutable and shared; whatever a call needs lives on its stack.
#pragma once

#include <memory>
#include <string>
#include <string_view>
#include <utility>

#include "engine/analysis/token.hpp"

namespace gyre::engine {

class TokenFilter {
 public:
  virtual ~TokenFilter() = default;
  virtual void apply(TokenList& list) const = 0;
  // Does it read or set Token::is_keyword? An analysis that is explained shows the flag from there on.
  virtual bool knowsKeywords() const { return false; }
  // May its output hold tokens longer than one position, or several ways through the same positions?
  virtual bool makesGraph() const { return false; }
};
using TokenFilterPtr = std::shared_ptr<const TokenFilter>;

// Changes each token's text for itself: `Rewrite` is called as rewrite(std::string&).
template <class Rewrite>
class TextFilter final : public TokenFilter {
 public:
  explicit TextFilter(Rewrite rewrite) : rewrite_(std::move(rewrite)) {}
  void apply(TokenList& list) const override {
    for (Token& token : list.tokens) rewrite_(token.text);
  }

 private:
  Rewrite rewrite_;
};

template <class Rewrite>
TokenFilterPtr makeTextFilter(Rewrite rewrite) {
  return std::make_shared<TextFilter<Rewrite>>(std::move(rewrite));
}

// The same for stemmers: keywords stay as they are.
template <class Rewrite>
class StemFilter final : public TokenFilter {
 public:
  explicit StemFilter(Rewrite rewrite) : rewrite_(std::move(rewrite)) {}
  void apply(TokenList& list) const override {
    for (Token& token : list.tokens)
      if (!token.is_keyword) rewrite_(token.text);
  }
  bool knowsKeywords() const override { return true; }

 private:
  Rewrite rewrite_;
};

template <class Rewrite>
TokenFilterPtr makeStemFilter(Rewrite rewrite) {
  return std::make_shared<StemFilter<Rewrite>>(std::move(rewrite));
}

// Keeps the tokens for which `is_kept(token)` holds.
template <class IsKept>
class KeepingFilter final : public TokenFilter {
 public:
  explicit KeepingFilter(IsKept is_kept) : is_kept_(std::move(is_kept)) {}
  void apply(TokenList& list) const override { list.keepIf(is_kept_); }

 private:
  IsKept is_kept_;
};

template <class IsKept>
TokenFilterPtr makeKeepingFilter(IsKept is_kept) {
  return std::make_shared<KeepingFilter<IsKept>>(std::move(is_kept));
}

}  // namespace gyre::engine
