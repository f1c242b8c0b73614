// How is a run of samples, or of roll-ups, of one series kept?
//
// FORMAT: docs/SERIES_FORMAT.md, "Chunks". A chunk tells its length, how many it holds, and the time of its first and
// last, so what a query does not need is passed over.
//
// THREADS: free functions.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <string>

#include "base/bytes.hpp"
#include "engine/series/sample.hpp"

namespace gyre::engine::series {

// More samples than this are never in one chunk: a reader decodes a chunk at a time.
inline constexpr std::size_t kMaxChunkSamples = 512;

// REQUIRES: times ascend; 1 to kMaxChunkSamples of them.
void appendChunk(std::string& out, std::span<const std::int64_t> times, std::span<const double> values);
void appendRollUpChunk(std::string& out, std::span<const RollUp> roll_ups);

// Cut into chunks as long as they may be. Nothing for no samples.
void appendChunks(std::string& out, const SampleColumns& samples);
void appendRollUpChunks(std::string& out, const RollUps& roll_ups);

// Reads chunks to the end of `bytes` and adds what lies in [from_ms, to_ms] (by end_ms). False when they make no sense.
bool readChunks(base::ByteView bytes, std::int64_t from_ms, std::int64_t to_ms, SampleColumns& into);
bool readRollUpChunks(base::ByteView bytes, std::int64_t from_ms, std::int64_t to_ms, RollUps& into);

// Whether chunks of either kind have a time (an end_ms) in [from_ms, to_ms]; nothing when they make no sense. Decodes a
// chunk only when the range lies between its first and last time, and then no values.
std::optional<bool> hasTime(base::ByteView bytes, std::int64_t from_ms, std::int64_t to_ms);

}  // namespace gyre::engine::series
