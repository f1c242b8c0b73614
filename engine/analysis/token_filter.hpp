// What becomes of a token before it is indexed?
//
// A filter hands on none, one or several tokens for each it is given. One that drops a token leaves the gap in the
// positions, so that phrases respect it.
//
// THREADS: immutable and shared; whatever a call needs lives on its stack.
#pragma once

#include "engine/analysis/tokenizer.hpp"

namespace gyre::engine {

class TokenFilter {
 public:
  virtual ~TokenFilter() = default;
  virtual void apply(const Token& token, TokenSink& next) const = 0;
};

// Unicode's simple lower case.
class LowerCaseFilter final : public TokenFilter {
 public:
  void apply(const Token& token, TokenSink& next) const override;
};

}  // namespace gyre::engine
