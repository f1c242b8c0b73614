// Which hits are the best k?
//
// THREADS: belongs to one request. OWNS: borrows the sort keys.
#pragma once

#include <cstdint>
#include <functional>
#include <limits>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "engine/query/segment_run.hpp"
#include "engine/search/sort.hpp"

namespace gyre::engine {

// A value of the field that hits are grouped by.
struct GroupKey {
  bool is_missing = true;
  std::int64_t number = 0;
  std::string text;  // of a keyword
};

struct Hit {
  std::uint32_t segment = 0;
  DocId doc = 0;
  float score = 0;
  std::vector<SortValue> values;  // one for each key; empty for a search by score
  GroupKey group;                 // of a collapsed search
};

class Collector {
 public:
  virtual ~Collector() = default;
  // Segments may come in any order.
  virtual void beginSegment(SegmentRun& run) = 0;
  // `scores` may be null when nothing needs them.
  virtual void collect(std::uint32_t window, const std::uint64_t* bits, const float* scores) = 0;
  virtual void endSegment() = 0;
  // True when no document of the window can become a hit. `max_score` bounds the window's scores.
  virtual bool canSkip(std::uint32_t window, float max_score) const = 0;
  // Clears the bits of documents that cannot become hits, as far as that is cheap to tell; false when it tells nothing.
  virtual bool keepCandidates(std::uint32_t, std::uint64_t*) { return false; }
  // Windows of the segment that are likely to hold the best hits, the best first; empty when the segment's own order is
  // as good. Between beginSegment and the first collect.
  // Whoever calls it may collect windows in any order.
  virtual std::vector<std::uint32_t> promisingWindows() { return {}; }
  // What scores no more than this cannot become a hit; -infinity while anything can.
  virtual float scoreFloor() const { return -std::numeric_limits<float>::infinity(); }
  // Whether canSkip looks at the bound, so that it is worth computing.
  virtual bool usesScoreBound() const = 0;
  // Why the documents cannot be collected; ok while they can.
  virtual Status status() const { return {}; }
  // Best first. Once, at the end.
  virtual std::vector<Hit> take() = 0;
};

// Where an earlier page ended: only what comes after it is collected.
struct ScorePosition {
  float score = 0;
  std::uint32_t segment = 0;
  DocId doc = 0;
};

// By score, then index order.
std::unique_ptr<Collector> makeScoreCollector(std::size_t size, std::optional<ScorePosition> after);
// By the keys, then index order; only hits after `after`, when that is not empty.
struct SortPosition {
  std::vector<SortValue> values;
  // The document itself, when equal keys further on are wanted as well.
  bool has_document = false;
  std::uint32_t segment = 0;
  DocId doc = 0;
};
std::unique_ptr<Collector> makeSortCollector(std::size_t size, std::span<const SortKey> keys, SortPosition after);
// The best hit of each group, by the keys (none: by score), then index order. Refuses documents of several groups.
// `path_of`: the field by which documents of a segment are grouped.
using GroupPath = std::function<const std::string&(std::uint32_t segment)>;
std::unique_ptr<Collector> makeGroupCollector(std::size_t size, std::span<const SortKey> keys, GroupPath path_of);

}  // namespace gyre::engine
