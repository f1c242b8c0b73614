// Does a series have the label that a selector asks for?
//
// = and != compare the value, =~ and !~ match a regular expression against the whole of it (RE2, linear time). A series
// that lacks the label has the value "".
//
// THREADS: immutable; copies share the compiled expression.
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "engine/series/labels.hpp"
#include "gyre/status.hpp"

namespace re2 {
class RE2;
}

namespace gyre::engine::series {

class Matcher {
 public:
  enum class Kind : std::uint8_t { kEqual, kNotEqual, kRegex, kNotRegex };

  // invalid_argument names the label when the expression is no RE2 syntax or needs too much memory.
  static Result<Matcher> make(std::string name, Kind kind, std::string value);

  bool matches(std::string_view value) const;
  // A series without the label matches.
  bool matchesAbsent() const { return matches_absent_; }

  const std::string& name() const { return name_; }
  const std::string& value() const { return value_; }
  Kind kind() const { return kind_; }
  // The values that can match when they are few and known: of =, and of =~ that is an alternation of literals ("a|b").
  // Empty otherwise.
  const std::vector<std::string>& literals() const { return literals_; }
  // As PromQL writes it: host=~"a.*".
  std::string text() const;

 private:
  Matcher(std::string name, Kind kind, std::string value)
      : name_(std::move(name)), kind_(kind), value_(std::move(value)) {}

  std::string name_;
  Kind kind_;
  std::string value_;
  bool matches_absent_ = false;
  std::vector<std::string> literals_;
  std::vector<std::string> excluded_;  // of !~ that is an alternation of literals
  std::shared_ptr<const re2::RE2> regex_;
};

// A series is selected when every matcher holds.
using Matchers = std::vector<Matcher>;

bool matchesAll(const Matchers& matchers, const Labels& labels);

}  // namespace gyre::engine::series
