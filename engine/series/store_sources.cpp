#include "engine/series/store_sources.hpp"

#include <map>

namespace gyre::engine::series {
namespace {

struct Span {
  std::int64_t first_ms;
  std::int64_t last_ms;
  bool meets(std::int64_t from_ms, std::int64_t to_ms) const { return first_ms <= to_ms && last_ms >= from_ms; }
};

// The times that a block may say anything of, in whole hours, so that buckets are seen whole.
Span spanOf(std::int64_t min_ms, std::int64_t max_ms) {
  return {bucketEnd(min_ms, kHourMs) - kHourMs + 1, bucketEnd(max_ms, kHourMs)};
}
Span spanOf(const StoredBlock& block) { return spanOf(block.committed.min_ms, block.committed.max_ms); }

}  // namespace

std::vector<Unit> unitsOf(const StoreView& view, std::int64_t from_ms, std::int64_t to_ms) {
  std::map<std::uint64_t, Unit> units;
  for (const auto& block : view.blocks) {
    Unit& unit = units[block->committed.unit];
    switch (block->committed.resolution_ms) {
      case 0: unit.samples = block; break;
      case kMinuteMs: unit.minutes = block; break;
      default: unit.hours = block; break;
    }
  }
  std::vector<Unit> found;
  for (auto& [number, unit] : units)
    if (spanOf(*unit.finest()).meets(from_ms, to_ms)) found.push_back(std::move(unit));
  std::sort(found.begin(), found.end(), [](const Unit& left, const Unit& right) {
    return left.finest()->committed.recency < right.finest()->committed.recency;
  });
  return found;
}

bool isAlone(const Unit& unit, const std::vector<Unit>& units, const StoreView& view) {
  if (!unit.samples) return true;
  const Span span = spanOf(*unit.samples);
  for (const Unit& other : units)
    if (other.samples && other.samples != unit.samples && spanOf(*other.samples).meets(span.first_ms, span.last_ms))
      return false;
  for (const auto& head : view.heads)
    if (const auto range = head->range();
        range && spanOf(range->min_ms, range->max_ms).meets(span.first_ms, span.last_ms))
      return false;
  return true;
}

Result<std::vector<Source>> chooseSources(const StoreView& view, const std::vector<Unit>& units,
                                          std::int64_t resolution_ms, std::int64_t from_ms, std::int64_t to_ms) {
  std::vector<Source> sources;
  for (const Unit& unit : units) {
    Source source;
    const auto& rolled = unit.at(resolution_ms);
    if (resolution_ms != 0 && rolled && isAlone(unit, units, view)) {
      source.kind = Source::Kind::kRollUps;
      source.stored = rolled;
    } else {
      source.stored = unit.finest();
      source.kind = source.stored->committed.resolution_ms == 0 ? Source::Kind::kSamples : Source::Kind::kThinned;
    }
    GYRE_TRY(source.stored->damage);
    sources.push_back(std::move(source));
  }
  for (const auto& head : view.heads) {
    const auto range = head->range();
    if (range && spanOf(range->min_ms, range->max_ms).meets(from_ms, to_ms))
      sources.push_back({Source::Kind::kHead, head, nullptr});
  }
  return sources;
}

Status readSource(const Source& source, std::uint32_t series, std::int64_t from_ms, std::int64_t to_ms,
                  SampleColumns& into) {
  switch (source.kind) {
    case Source::Kind::kHead: source.head->read(series, from_ms, to_ms, into); break;
    case Source::Kind::kSamples: return source.stored->block->read(series, from_ms, to_ms, into);
    case Source::Kind::kRollUps: break;
    case Source::Kind::kThinned: {
      RollUps roll_ups;
      // The bucket that ends behind the range may have its last sample in it.
      GYRE_TRY(source.stored->block->read(series, from_ms, bucketEnd(to_ms, kHourMs), roll_ups));
      for (const RollUp& bucket : roll_ups) {
        if (bucket.count > 0 && bucket.last_ms >= from_ms && bucket.last_ms <= to_ms)
          into.add(bucket.last_ms, bucket.last);
        if (bucket.is_stale && bucket.end_ms <= to_ms && (bucket.count == 0 || bucket.last_ms < bucket.end_ms))
          into.add(bucket.end_ms, staleMarker());
      }
      break;
    }
  }
  return {};
}

bool isWithin(const Source& source, std::int64_t from_ms, std::int64_t to_ms) {
  if (source.head) {
    const auto range = source.head->range();
    return range && range->min_ms >= from_ms && range->max_ms <= to_ms;
  }
  const CommittedBlock& block = source.stored->committed;
  return block.resolution_ms == 0 && block.min_ms >= from_ms && block.max_ms <= to_ms;
}

Result<bool> hasSample(const Source& source, std::uint32_t series, std::int64_t from_ms, std::int64_t to_ms) {
  if (source.head) return source.head->hasSample(series, from_ms, to_ms);
  // The last sample of a bucket that lies in the range is in the range.
  const std::int64_t resolution_ms = std::max<std::int64_t>(source.stored->committed.resolution_ms, 1);
  GYRE_TRY_ASSIGN(const bool has, source.stored->block->hasTime(series, from_ms + resolution_ms - 1, to_ms));
  if (has || source.kind != Source::Kind::kThinned) return has;
  SampleColumns samples;
  GYRE_TRY(readSource(source, series, from_ms, to_ms, samples));
  return samples.size() > 0;
}

}  // namespace gyre::engine::series
