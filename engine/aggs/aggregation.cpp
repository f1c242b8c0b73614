#include "engine/aggs/aggregation.hpp"

#include <cmath>
#include <limits>

namespace gyre::engine {

Status AggregationOutput::addBuckets(std::uint64_t count) {
  bucket_count += count;
  if (bucket_count <= kMaxBuckets) return {};
  return {Code::kUnavailable, "too_many_buckets_exception",
          "Trying to create too many buckets. Must be less than or equal to: [" + std::to_string(kMaxBuckets) +
              "]. This limit can be set by changing the [search.max_buckets] cluster level setting."};
}

double Aggregator::orderValue(std::uint32_t, std::string_view) const {
  return std::numeric_limits<double>::quiet_NaN();
}

Result<AggregatorSet> AggregatorSet::make(const Aggregations& aggregations, const Snapshot& snapshot) {
  AggregatorSet set;
  for (const auto& aggregation : aggregations) {
    GYRE_TRY_ASSIGN(auto aggregator, aggregation->aggregator(snapshot));
    set.entries_.push_back({aggregation.get(), std::move(aggregator)});
  }
  return set;
}

void AggregatorSet::beginSegment(SegmentRun& run) {
  for (Entry& entry : entries_) entry.aggregator->beginSegment(run);
}

void AggregatorSet::collect(const DocBlock& block) {
  if (block.size == 0) return;
  for (Entry& entry : entries_) entry.aggregator->collect(block);
}

Status AggregatorSet::writeMembers(std::uint32_t bucket, AggregationOutput& out) {
  for (Entry& entry : entries_) {
    out.writer.key(entry.aggregation->name).beginObject();
    if (!entry.aggregation->meta.empty()) out.writer.rawMember("meta", entry.aggregation->meta);
    GYRE_TRY(entry.aggregator->write(bucket, out));
    out.writer.endObject();
  }
  return {};
}

double AggregatorSet::orderValue(std::uint32_t bucket, std::string_view path) const {
  const std::size_t dot = path.find('.');
  const std::string_view name = path.substr(0, dot);
  const std::string_view property = dot == std::string_view::npos ? std::string_view() : path.substr(dot + 1);
  for (const Entry& entry : entries_)
    if (entry.aggregation->name == name) return entry.aggregator->orderValue(bucket, property);
  return std::numeric_limits<double>::quiet_NaN();
}

std::string doubleText(double value) {
  std::string text;
  // Plain digits where a reader expects them; the shortest form may be 1e+05.
  if (std::fabs(value) < 1e15 && value == std::trunc(value)) {
    JsonWriter(text).integer(static_cast<std::int64_t>(value));
    if (value == 0 && std::signbit(value)) text = "-0";
    return text + ".0";
  }
  JsonWriter(text).real(value);
  return text;
}

void writeDouble(double value, JsonWriter& writer) {
  if (!std::isfinite(value)) {
    writer.null();
  } else {
    writer.raw(doubleText(value));
  }
}

}  // namespace gyre::engine
