// What documents do samples become on a cluster, and how are they read again?
//
// FORMAT: three kinds, in one index, each known by a field that the others have not:
//   a sample   {"sequence","series","time","bits","value"}    id SERIES-TIME
//   a series   {"sequence","series","hour","name","labels"}   id SERIES@HOUR: it had a sample in that hour
//   a family   {"sequence","metric","type","help","unit"}     id family-DIGEST
// `series` is a digest of the labels: 22 characters. `bits` are the value's IEEE 754 bits as a whole number, so that no
// NaN is like another; `value` is there when it is a number. `labels` are "name=value" but for __name__, which is
// `name`; in a label's name "=" and "\" follow a "\". Times are epoch milliseconds, an hour is the time it begins.
//
// THREADS: free functions.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "engine/series/labels.hpp"
#include "engine/series/series_source.hpp"
#include "gyre/json.hpp"
#include "gyre/sample_batch.hpp"
#include "gyre/status.hpp"
#include "server/search/search_engine.hpp"

namespace gyre::stream {

inline constexpr std::string_view kSampleTimeField = "time";

// Longer ones are kept, and found by no filter.
inline constexpr std::size_t kMostTermChars = 8'191;

// The index's definition: settings from the plugin's, the rest is the host's. invalid_argument when that is no JSON.
Result<std::string> seriesIndexDefinition(std::string_view plugin_definition);

// REQUIRES: labels are sorted.
std::string seriesDigest(const std::vector<gyre::Label>& labels);

inline std::int64_t hourOf(std::int64_t time_ms) {
  constexpr std::int64_t kHour = 3'600'000;
  const std::int64_t rest = time_ms % kHour;
  return time_ms - (rest < 0 ? rest + kHour : rest);
}

search::BulkOperation sampleDocument(std::string_view series, std::int64_t time_ms, double value,
                                     std::uint64_t sequence);
search::BulkOperation seriesDocument(std::string_view series, std::int64_t hour_ms,
                                     const std::vector<gyre::Label>& labels, std::uint64_t sequence);
search::BulkOperation familyDocument(const engine::series::MetricMetadata& family, std::uint64_t sequence);

// A label as it stands in `labels`.
std::string labelTerm(std::string_view name, std::string_view value);
// Of a series' source, sorted; nothing when it is none.
std::optional<engine::series::Labels> readSeriesLabels(json::Value source);

}  // namespace gyre::stream
