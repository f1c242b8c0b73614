// Why does a document score what it does?
//
// A tree of values, each with the rule that made it from those below, worded as the dialect words it.
//
// THREADS: values.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "gyre/json_writer.hpp"

namespace gyre::engine {

struct Explanation {
  bool is_match = false;
  double value = 0;
  bool is_whole = false;   // a count: written without a fraction
  bool is_double = false;  // computed in double precision: written with all its digits
  std::string description;
  std::vector<Explanation> details;

  static Explanation match(double value, std::string description, std::vector<Explanation> details = {}) {
    return {true, value, false, false, std::move(description), std::move(details)};
  }
  static Explanation count(std::uint64_t value, std::string description) {
    return {true, static_cast<double>(value), true, false, std::move(description), {}};
  }
  static Explanation noMatch(std::string description, std::vector<Explanation> details = {}) {
    return {false, 0, false, false, std::move(description), std::move(details)};
  }
};

// {"value":…,"description":…,"details":[…]}
void writeExplanation(const Explanation& explanation, JsonWriter& writer);

// A number as the dialect's descriptions show it: "2.0", "0.3", "3.4028235E38".
std::string describeFloat(float value);
std::string describeDouble(double value);
// A term as Lucene's Term.toString shows it: as text, or its bytes when they are none: "[0 0 ff a]".
std::string describeTerm(std::string_view term);

}  // namespace gyre::engine
