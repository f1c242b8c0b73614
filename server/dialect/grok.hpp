// How does a text come apart by a grok expression? "%{IP:client} %{NUMBER:bytes:int}": named patterns, as one regular
// expression.
//
// THREADS: a Grok is immutable.
#pragma once

#include <cstdint>
#include <map>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "gyre/status.hpp"
#include "server/dialect/json_tree.hpp"

namespace re2 {
class RE2;
}

namespace gyre::dialect {

class Grok {
 public:
  using Bank = std::map<std::string, std::string, std::less<>>;
  // The patterns that are always there.
  static const Bank& bank();

  // `own`: patterns besides the bank's, which count first. illegal_argument_exception for a pattern that is missing or
  // refers to itself, and for an expression that is none.
  static Result<Grok> parse(std::string_view expression, const Bank& own);
  Grok(Grok&&) noexcept;
  Grok& operator=(Grok&&) noexcept;
  ~Grok();

  struct Field {
    std::string name;
    JsonTree value;
  };
  // False when the expression matches no part of the text.
  Result<bool> match(const std::string& text, std::vector<Field>& fields) const;

 private:
  struct Capture {
    std::string name, type;
    int group = 0;
  };
  class Builder;
  Grok();
  std::unique_ptr<re2::RE2> expression_;
  std::vector<Capture> captures_;
};

}  // namespace gyre::dialect
