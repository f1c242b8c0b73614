// How do samples get from one store into another? Window by window, in order of time: both are read, what the other has
// not, or otherwise, is written to it, and both are compared.
//
// What is written counts as of the sequence that the first store covers, so what came to the other before counts less,
// and what comes after counts more. Only what differs is written, so a move that was interrupted goes on, and one that
// is done again finds nothing to do. Only when all is there does the other store say that it covers the log so far.
// What is in memory at a time: the labels of a window's series, and samples of a part of them.
//
// THREADS: one. REQUIRES: nobody writes either store.
#pragma once

#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "engine/series/batch_rules.hpp"
#include "engine/series/series_source.hpp"
#include "gyre/status.hpp"
#include "server/projector/verify.hpp"
#include "server/stream/stream_index.hpp"
#include "server/stream/time_range.hpp"

namespace gyre::stream {

// Roll-ups whose samples were deleted by retention.
struct LoneRollUps {
  std::uint64_t buckets = 0;
  std::int64_t first_ms = 0, last_ms = 0;  // what they are of, when there are any
};

// A store of samples, as a move sees it. Failures of reading and writing are the store's; unavailable ones may pass.
class SamplePlace {
 public:
  virtual ~SamplePlace() = default;
  virtual const engine::series::SeriesSource& source() const = 0;
  virtual std::uint64_t sequence() const = 0;   // of the log, up to which it holds all
  virtual std::int64_t newestTime() const = 0;  // of a sample that ever came; kNoTimeMs for none
  // Of the range; never less than there are.
  virtual Result<std::uint64_t> sampleCount(const TimeRange& range) const = 0;
  // No sample of the range is before it; nothing when none is in it.
  virtual Result<std::optional<std::int64_t>> firstTime(const TimeRange& range) const = 0;
  virtual LoneRollUps loneRollUps() const { return {}; }

  // Retention has deleted samples of this time or before; kNoTimeMs when it has not. That the other store still has
  // some of them is no difference.
  virtual std::int64_t retiredTime() const { return engine::series::kNoTimeMs; }

  // Whether samples of that time are taken.
  virtual bool takesRetired() const { return true; }
  // Begins a window, or does so again after a failure. What was put and failed is written first, or forgotten.
  virtual Status begin(const TimeRange& window, std::uint64_t as_of) = 0;
  // REQUIRES: within begin() and end(); series come in ascending order of labels, each once.
  virtual Status put(const engine::series::Labels& labels, const engine::series::SampleColumns& samples) = 0;
  // What was put is durable, and is read.
  virtual Status end() = 0;
  // All up to `sequence` is here. Durable then.
  virtual Status cover(std::uint64_t sequence, std::int64_t newest_ms,
                       const std::vector<engine::series::MetricMetadata>& families) = 0;
  // Those that it never takes, since the last call.
  virtual std::vector<RefusedRecord> takeRefused() { return {}; }
};

struct MovedSamples {
  std::uint64_t sequence = 0;  // up to which the other store covers the log now
  std::uint64_t samples = 0;   // written by this run
  std::uint64_t families = 0;  // that are known
  std::uint64_t refused = 0;
  std::string refusal;  // of the first
  LoneRollUps roll_ups;
  std::uint64_t retired = 0;          // not moved since the other store has deleted that time by retention
  std::int64_t retired_until_ms = 0;  // when there are any
  projector::VerifyResult compared;   // by samples; and by families
};

struct MoveOptions {
  std::int64_t longest_window_ms = 24LL * 3'600'000;
  // `total`: samples, or more.
  std::function<void(std::uint64_t done, std::uint64_t total)> progress;
};

// conflict ("index_ahead") when the other store covers more of the log; unavailable when one of them does not answer or
// take anything for five minutes.
Result<MovedSamples> moveSamples(const SamplePlace& from, SamplePlace& to, const MoveOptions& options);

}  // namespace gyre::stream
