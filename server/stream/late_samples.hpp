// Which samples of a batch are too late for the store they are going to?
//
// THREADS: a free function.
#pragma once

#include <cstdint>
#include <vector>

#include "server/stream/record_batch.hpp"
#include "server/stream/stream_handlers.hpp"

namespace gyre::stream {

// Takes samples before `oldest_ms` out of a batch of sample batches, and says of each which series and time it is (of
// the first thousand; of the others only that they are late), by its place among the batch's sequences.
std::vector<Rejection> takeLateSamples(RecordBatch& batch, std::int64_t oldest_ms);

}  // namespace gyre::stream
