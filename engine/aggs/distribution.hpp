// How spread out are these numbers? Count, sum, squares and what follows from them, as the dialect writes them.
//
// THREADS: values.
#pragma once

#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <string_view>

#include "gyre/json_writer.hpp"

namespace gyre::engine {

struct Distribution {
  std::uint64_t count = 0;
  double sum = 0;
  double sum_of_squares = 0;
  double sigma = 2;

  double variance(bool is_sample) const;
  double deviation(bool is_sample) const;
  // "upper", "lower", "upper_sampling", …
  double bound(bool is_upper, bool is_sample) const;
  // By the names of the answer's members: "variance", "std_deviation_sampling", "std_upper"; nothing for others.
  std::optional<double> value(std::string_view name) const;
};

// What a number reads as beside itself ("…_as_string"); none for fields that show none.
using NumberText = std::function<std::string(double)>;
// The members of extended_stats that follow those of stats.
// `is_bare`: some of the texts are written as they are, "true" and "1.5" as true and 1.5.
void writeDistribution(const Distribution& distribution, const NumberText& text, bool is_bare, JsonWriter& writer);

}  // namespace gyre::engine
