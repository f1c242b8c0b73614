#include "engine/aggs/aggregation.hpp"

#include <algorithm>
#include <cmath>
#include <limits>
#include <optional>
#include <utility>

#include "engine/aggs/pipeline.hpp"

namespace gyre::engine {

namespace {

// Measures until its end, for whoever asked for a profile.
std::optional<WorkTimer> timed(const Aggregation& aggregation, WorkTime AggregationProfile::*step,
                               std::uint64_t count = 1) {
  if (aggregation.profile == nullptr) return std::nullopt;
  return std::optional<WorkTimer>(std::in_place, (*aggregation.profile).*step, count);
}

}  // namespace

Status tooManyBuckets(std::uint64_t limit) {
  return {Code::kUnavailable, "too_many_buckets_exception",
          "Trying to create too many buckets. Must be less than or equal to: [" + std::to_string(limit) +
              "]. This limit can be set by changing the [search.max_buckets] cluster level setting."};
}

Status AggregationOutput::addBuckets(std::uint64_t count) {
  bucket_count += count;
  return bucket_count <= max_buckets ? Status() : tooManyBuckets(max_buckets);
}

bool needScores(const Aggregations& aggregations) {
  for (const auto& one : aggregations)
    if (one->needsScores() || (one->subs() != nullptr && needScores(*one->subs()))) return true;
  return false;
}

bool areSmallPerBucket(const Aggregations& aggregations) {
  for (const auto& one : aggregations)
    if (one->pipeline() == nullptr && !one->isSmallPerBucket()) return false;
  return true;
}

bool Aggregation::isRewritten(const Snapshot& snapshot) const {
  if (subs() == nullptr) return false;
  return std::any_of(subs()->begin(), subs()->end(), [&](const auto& sub) { return sub->isRewritten(snapshot); });
}

double Aggregator::orderValue(std::uint32_t, std::string_view) const {
  return std::numeric_limits<double>::quiet_NaN();
}

Result<AggregatorSet> AggregatorSet::make(const Aggregations& aggregations, const Snapshot& snapshot) {
  AggregatorSet set;
  for (const auto& aggregation : aggregations) {
    if (const PipelineAggregation* const pipeline = aggregation->pipeline()) {
      set.pipelines_.push_back(pipeline);
      continue;
    }
    const auto timer = timed(*aggregation, &AggregationProfile::initialize);
    GYRE_TRY_ASSIGN(auto aggregator, aggregation->aggregator(snapshot));
    Entry entry{aggregation.get(), std::move(aggregator), false, aggregation->isRewritten(snapshot)};
    for (Entry& earlier : set.entries_)
      if (!entry.is_shared && !earlier.is_shared) entry.is_shared = entry.aggregator->share(*earlier.aggregator);
    set.entries_.push_back(std::move(entry));
  }
  orderPipelines(set.pipelines_);
  return set;
}

void AggregatorSet::beginSegment(SegmentRun& run) {
  for (Entry& entry : entries_) {
    if (entry.is_shared) continue;
    const auto timer = timed(*entry.aggregation, &AggregationProfile::build_leaf_collector);
    entry.aggregator->beginSegment(run);
  }
}

void AggregatorSet::collect(const DocBlock& block) {
  if (block.size == 0) return;
  for (Entry& entry : entries_) {
    if (entry.is_shared) continue;
    const auto timer = timed(*entry.aggregation, &AggregationProfile::collect, block.size);
    entry.aggregator->collect(block);
  }
}

void AggregatorSet::finish() {
  for (Entry& entry : entries_) {
    const auto timer = timed(*entry.aggregation, &AggregationProfile::post_collection);
    entry.aggregator->finish();
  }
}

std::size_t AggregatorSet::memoryBytes() const {
  std::size_t bytes = 0;
  for (const Entry& entry : entries_)
    if (!entry.is_shared) bytes += entry.aggregator->memoryBytes();
  return bytes;
}

Status AggregatorSet::checkMemory() const {
  const std::size_t bytes = memoryBytes();
  if (bytes <= kAggregationMemoryLimit) return {};
  return {Code::kResourceExhausted, "circuit_breaking_exception",
          "[request] Data too large, data for [aggregations] would be [" + std::to_string(bytes) +
              "], which is larger than the limit of [" + std::to_string(kAggregationMemoryLimit) + "]"};
}

Status AggregatorSet::writeMembers(std::uint32_t bucket, AggregationOutput& out) {
  const auto begin = [&out](const Aggregation& aggregation, bool is_rewritten) {
    if (out.has_typed_keys) {
      out.writer.key(std::string(aggregation.typedName()) + "#" + aggregation.name).beginObject();
    } else {
      out.writer.key(aggregation.name).beginObject();
    }
    if (!aggregation.meta.empty() || is_rewritten)
      out.writer.rawMember("meta", aggregation.meta.empty() ? "{}" : aggregation.meta);
  };
  for (Entry& entry : entries_) {
    begin(*entry.aggregation, entry.is_rewritten);
    const auto timer = timed(*entry.aggregation, &AggregationProfile::build_aggregation);
    GYRE_TRY(entry.aggregator->write(bucket, out));
    out.writer.endObject();
    if (AggregationProfile* const profile = entry.aggregation->profile.get()) {
      profile->work.clear();
      JsonWriter work(profile->work);
      work.beginObject();
      entry.aggregator->writeWork(work);
      work.endObject();
    }
  }
  for (const PipelineAggregation* const pipeline : pipelines_) {
    if (pipeline->isParent()) continue;
    begin(*pipeline, false);
    GYRE_TRY(pipeline->writeSibling(*this, bucket, out.writer));
    out.writer.endObject();
  }
  return {};
}

Aggregator* AggregatorSet::find(std::string_view name) const {
  for (const Entry& entry : entries_)
    if (entry.aggregation->name == name) return entry.aggregator.get();
  return nullptr;
}

double AggregatorSet::orderValue(std::uint32_t bucket, std::string_view path) const {
  const std::size_t arrow = path.find('>');
  if (arrow != std::string_view::npos) {
    const Aggregator* const aggregator = find(path.substr(0, arrow));
    std::uint32_t number = kNoBucket;
    if (path.substr(arrow + 1) == "_count" && aggregator != nullptr) return aggregator->orderValue(bucket, {});
    const AggregatorSet* const below = aggregator == nullptr ? nullptr : aggregator->below(bucket, number);
    return below == nullptr ? std::numeric_limits<double>::quiet_NaN()
                            : below->orderValue(number, path.substr(arrow + 1));
  }
  if (const Aggregator* const whole = find(path)) return whole->orderValue(bucket, {});
  // A name may hold dots itself, and so may a property ("99.9").
  for (std::size_t dot = path.find_first_of(".["); dot != std::string_view::npos;
       dot = path.find_first_of(".[", dot + 1)) {
    const Aggregator* const aggregator = find(path.substr(0, dot));
    if (aggregator == nullptr) continue;
    std::string_view property = path.substr(dot + 1);
    if (path[dot] == '[' && property.ends_with(']')) property.remove_suffix(1);
    return aggregator->orderValue(bucket, property);
  }
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
