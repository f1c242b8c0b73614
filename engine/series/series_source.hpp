// Which series are there, and what did they measure? All that an evaluator of queries needs to know of a store.
//
// THREADS: a SeriesSource answers any number of threads while samples are written; a SeriesSet belongs to one thread
// and shows what the source held when it was made. OWNS: a SeriesSet keeps alive what it reads; it must not outlive the
// source.
#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <limits>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "engine/series/labels.hpp"
#include "engine/series/matcher.hpp"
#include "engine/series/sample.hpp"
#include "gyre/status.hpp"

namespace gyre::engine::series {

// What the evaluator is going to do with the samples, so that a store may answer from roll-ups. Only ever a permission:
// without it, samples are given.
struct SelectHint {
  // "" for an instant selector; the PromQL function around a range selector otherwise ("rate", "max_over_time").
  std::string_view function;
  // Evaluation times, after offset and @: first_ms, first_ms + step_ms, … One instant: step_ms 0.
  std::int64_t first_ms = 0;
  std::int64_t step_ms = 0;
  // Length of a range selector; 0 for an instant selector (which looks back for the newest sample).
  std::int64_t range_ms = 0;
  // False forbids roll-ups.
  bool takes_roll_ups = false;
};

struct SelectRequest {
  Matchers matchers;
  // Samples of from_ms ≤ time ≤ to_ms, both included.
  std::int64_t from_ms = std::numeric_limits<std::int64_t>::min();
  std::int64_t to_ms = std::numeric_limits<std::int64_t>::max();
  SelectHint hint;
  // too_large past it.
  std::size_t max_series = 1'000'000;
};

// The series of one selection, numbered from 0, in ascending order of their labels. Series that have no sample in the
// range may be among them.
class SeriesSet {
 public:
  virtual ~SeriesSet() = default;
  virtual std::size_t size() const = 0;
  virtual Labels labels(std::size_t index) const = 0;
  // 0: read() gives samples. 60,000 or 3,600,000: the hint is answered exactly by roll-ups of that many milliseconds
  // and readRollUps() gives them; only then. A bucket counts when its interval meets [from_ms, to_ms], so the first may
  // hold samples before from_ms: a closed window [t − range, t] is the buckets that end in (t − range, t], and besides
  // the sample (last_ms, last) of the bucket that ends at t − range, when last_ms is t − range. An instant selector at
  // t wants the newest bucket that ends at or before t: (last_ms, last), nothing when is_stale.
  virtual std::int64_t resolutionMs() const { return 0; }
  // All samples of a series in the range, ascending, stale markers among them. Replaces what is in `into`. corruption
  // names file and offset.
  virtual Status read(std::size_t index, SampleColumns& into) = 0;
  // REQUIRES: resolutionMs() is not 0.
  virtual Status readRollUps(std::size_t index, RollUps& into) {
    into.clear();
    return internalError("series " + std::to_string(index) + " has no roll-ups");
  }
};

// Which series a listing is about.
struct SeriesFilter {
  // A series counts when it satisfies any of these; none: every series.
  std::vector<Matchers> any_of;
  // Series that have a sample in the range; for names and values of labels, a store may go by coarser blocks of time,
  // never by finer.
  std::int64_t from_ms = std::numeric_limits<std::int64_t>::min();
  std::int64_t to_ms = std::numeric_limits<std::int64_t>::max();
  // Results beyond it are left out; 0 for all.
  std::size_t limit = 0;
  // Asked now and then while the listing goes on, on its thread: a failure ends it and is its answer.
  std::function<Status()> check_time;
};

struct MetricMetadata {
  std::string name;  // of the metric family
  std::string type;  // "counter", "gauge", "histogram", "summary", "unknown", …
  std::string help;
  std::string unit;
};

class SeriesSource {
 public:
  virtual ~SeriesSource() = default;
  virtual Result<std::unique_ptr<SeriesSet>> select(const SelectRequest& request) const = 0;
  // Sorted, each once.
  virtual Result<std::vector<std::string>> labelNames(const SeriesFilter& filter) const = 0;
  virtual Result<std::vector<std::string>> labelValues(std::string_view label, const SeriesFilter& filter) const = 0;
  // Sorted by labels, each once.
  virtual Result<std::vector<Labels>> listSeries(const SeriesFilter& filter) const = 0;
  // Sorted by name; `metric` "" for all.
  virtual Result<std::vector<MetricMetadata>> metadata(std::string_view metric, std::size_t limit) const = 0;
};

}  // namespace gyre::engine::series
