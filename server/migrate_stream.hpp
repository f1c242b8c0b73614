// How do a stream's records get into another index? Read from the one they are in, by their sequences, and written to
// the other as they came; then compared.
//
// The other index lives in the records' time meanwhile: its generations begin and end as they would have when the
// records came, so that retention deletes what it would have deleted. How much it covers it says itself, so a move that
// was interrupted goes on.
//
// THREADS: one. REQUIRES: nobody writes either index.
#pragma once

#include <cstdint>
#include <functional>
#include <string>

#include "gyre/status.hpp"
#include "server/projector/verify.hpp"
#include "server/stream/record_clock.hpp"
#include "server/stream/stream_index.hpp"

namespace gyre {

struct MovedStream {
  std::uint64_t sequence = 0;  // up to which the other index covers the log now
  std::uint64_t records = 0;   // moved by this run
  std::uint64_t refused = 0;
  std::string refusal;  // of the first
  projector::VerifyResult compared;
};

// The time of the first record; now when there is none. For the clock, before the other index is opened with it.
Result<std::int64_t> firstRecordTime(const stream::StreamIndex& from, const std::string& time_field);

// `time_field`: of the stream. unavailable when the other index takes nothing for five minutes.
Result<MovedStream> moveStream(const stream::StreamIndex& from, stream::StreamIndex& to, stream::RecordClock& clock,
                               const std::string& time_field,
                               const std::function<void(std::uint64_t done, std::uint64_t total)>& progress);

}  // namespace gyre
