// What do the aggregations of percentiles ask and show in common?
//
// THREADS: free functions.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "engine/aggs/aggregation_parser.hpp"
#include "engine/aggs/distribution.hpp"

namespace gyre::engine {

std::vector<double> defaultPercents();
// An array of numbers from 0 to 100; ascending, each once.
Result<std::vector<double>> readPercents(const AggregationRequest& request, json::Value value);
// Any numbers: ascending, each once.
Result<std::vector<double>> readNumbers(const AggregationRequest& request, json::Value value);
// Refuses the request as the dialect does where its members contradict each other.
Status notBuilt(const AggregationRequest& request, std::string why);
// "99.9" of an order path.
std::optional<double> percentOf(std::string_view text);
// "values": {"1.0": …} or [{"key": 1.0, "value": …}].
void writePercentiles(const std::vector<double>& keys, const std::vector<double>& values, bool is_keyed,
                      const NumberText& text, JsonWriter& writer);

}  // namespace gyre::engine
