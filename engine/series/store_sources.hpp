// Where does a reader of the store find the samples of a range of time? The blocks and heads that have any.
//
// THREADS: values; free functions. OWNS: a Source keeps alive what it reads.
#pragma once

#include <algorithm>
#include <cstdint>
#include <memory>
#include <vector>

#include "engine/series/series_store.hpp"

namespace gyre::engine::series {

// One head or block, and how it is read.
struct Source {
  enum class Kind : std::uint8_t { kHead, kSamples, kRollUps, kThinned };  // thinned: roll-ups read as samples
  Kind kind = Kind::kHead;
  std::shared_ptr<const Head> head;
  std::shared_ptr<const StoredBlock> stored;
  const LabelIndex& index() const {
    return head ? static_cast<const LabelIndex&>(*head) : static_cast<const LabelIndex&>(*stored->block);
  }
};

// Samples and what they were rolled up to.
struct Unit {
  std::shared_ptr<const StoredBlock> samples, minutes, hours;
  const std::shared_ptr<const StoredBlock>& at(std::int64_t resolution_ms) const {
    return resolution_ms == 0 ? samples : resolution_ms == kMinuteMs ? minutes : hours;
  }
  const std::shared_ptr<const StoredBlock>& finest() const { return samples ? samples : minutes ? minutes : hours; }
};

// The units that may have samples in the range, by whole hours; ascending recency.
std::vector<Unit> unitsOf(const StoreView& view, std::int64_t from_ms, std::int64_t to_ms);

// Whether no other samples fall into the hours of a unit's samples: its roll-ups are then all there is.
bool isAlone(const Unit& unit, const std::vector<Unit>& units, const StoreView& view);

// A source for each unit and each head with samples in the range, oldest first. Of a resolution other than 0 roll-ups
// are taken where they are all there is. The damage of a block that would be one.
Result<std::vector<Source>> chooseSources(const StoreView& view, const std::vector<Unit>& units,
                                          std::int64_t resolution_ms, std::int64_t from_ms, std::int64_t to_ms);

// Adds what a source that is not read as roll-ups has of one of its series, in its own order.
Status readSource(const Source& source, std::uint32_t series, std::int64_t from_ms, std::int64_t to_ms,
                  SampleColumns& into);

// Whether all that a source has is in the range: then each of its series has a sample there.
bool isWithin(const Source& source, std::int64_t from_ms, std::int64_t to_ms);

// Whether readSource() would add any sample. Goes by the times that heads and chunks tell of themselves, and decodes a
// chunk only where the range lies inside it.
Result<bool> hasSample(const Source& source, std::uint32_t series, std::int64_t from_ms, std::int64_t to_ms);

// Times of a request, where sums of them cannot overflow.
inline std::int64_t clamped(std::int64_t time_ms) {
  constexpr std::int64_t kFar = std::int64_t{1} << 60;
  return std::clamp(time_ms, -kFar, kFar);
}

}  // namespace gyre::engine::series
