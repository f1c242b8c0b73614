// Which hits are the best k?
//
// THREADS: belongs to one request. OWNS: borrows the sort keys.
#pragma once

#include <cstdint>
#include <limits>
#include <memory>
#include <span>
#include <vector>

#include "engine/query/segment_run.hpp"
#include "engine/search/sort.hpp"

namespace gyre::engine {

struct Hit {
  std::uint32_t segment = 0;
  DocId doc = 0;
  float score = 0;
  std::vector<SortValue> values;  // one for each key; empty for a search by score
};

class Collector {
 public:
  virtual ~Collector() = default;
  virtual void beginSegment(SegmentRun& run) = 0;
  // `scores` may be null when nothing needs them.
  virtual void collect(std::uint32_t window, const std::uint64_t* bits, const float* scores) = 0;
  virtual void endSegment() = 0;
  // True when no document of the window can become a hit. `max_score` bounds the window's scores.
  virtual bool canSkip(std::uint32_t window, float max_score) const = 0;
  // Whether canSkip looks at the bound, so that it is worth computing.
  virtual bool usesScoreBound() const = 0;
  // Best first. Once, at the end.
  virtual std::vector<Hit> take() = 0;
};

// By score, then index order.
std::unique_ptr<Collector> makeScoreCollector(std::size_t size);
// By the keys, then index order; only hits after `after`, when that is not empty.
std::unique_ptr<Collector> makeSortCollector(std::size_t size, std::span<const SortKey> keys,
                                             std::vector<SortValue> after);

}  // namespace gyre::engine
