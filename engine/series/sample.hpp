// What is measured, and when?
//
// A time is milliseconds since the epoch, a value any double. One NaN means something: the stale marker, which
// Prometheus writes when a series has ended; its bits are kept exactly, as those of every other value are.
//
// THREADS: values.
#pragma once

#include <bit>
#include <cstdint>
#include <vector>

namespace gyre::engine::series {

struct Sample {
  std::int64_t time_ms = 0;
  double value = 0;
};

// Source: prometheus/model/value, StaleNaN.
inline constexpr std::uint64_t kStaleBits = 0x7ff0000000000002;

inline bool isStale(double value) { return std::bit_cast<std::uint64_t>(value) == kStaleBits; }
inline double staleMarker() { return std::bit_cast<double>(kStaleBits); }

// Samples as columns of one length, times ascending, none twice.
struct SampleColumns {
  std::vector<std::int64_t> times;
  std::vector<double> values;

  std::size_t size() const { return times.size(); }
  void clear() {
    times.clear();
    values.clear();
  }
  void add(std::int64_t time_ms, double value) {
    times.push_back(time_ms);
    values.push_back(value);
  }
};

// What a series did in one bucket of time: (end_ms − resolution, end_ms], open on the left.
struct RollUp {
  std::int64_t end_ms = 0;  // a multiple of the resolution
  // Samples but stale markers. 0 when there was only a stale marker; then only end_ms and is_stale say anything.
  std::uint64_t count = 0;
  double sum = 0;  // compensated (Kahan–Neumaier), so as exact as one double can be
  double min = 0;  // NaN only when every value is
  double max = 0;  // likewise
  double last = 0;
  std::int64_t last_ms = 0;  // the time of `last`: (last_ms, last) is a sample that was written
  bool is_stale = false;     // a stale marker is the bucket's newest entry
};

// Buckets of one series, end_ms ascending; those without any entry are not there.
using RollUps = std::vector<RollUp>;

}  // namespace gyre::engine::series
