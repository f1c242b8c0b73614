// What does a series store hold durably? One small file, replaced as a whole.
//
// FORMAT: docs/SERIES_FORMAT.md, "Commit file".
//
// THREADS: values and free functions.
#pragma once

#include <cstdint>
#include <limits>
#include <string>
#include <string_view>
#include <vector>

#include "base/bytes.hpp"
#include "engine/series/series_source.hpp"
#include "gyre/status.hpp"

namespace gyre::engine::series {

inline constexpr std::string_view kStoreCommitFile = "series";

// "blk_0000000001".
std::string blockName(std::uint64_t number);
bool isBlockName(std::string_view name);

struct CommittedBlock {
  std::string name;
  std::uint64_t size = 0;
  std::uint64_t checksum = 0;  // of its index
  std::int64_t resolution_ms = 0;
  // Samples and their roll-ups are of one unit.
  std::uint64_t unit = 0;
  // Of two samples of one series and time the one of the newer block counts: greater is newer.
  std::uint64_t recency = 0;
  std::int64_t min_ms = 0;
  std::int64_t max_ms = 0;
  std::uint64_t samples = 0;
  std::uint64_t series = 0;
};

struct StoreCommit {
  std::uint64_t sequence = 0;  // every sample up to it is in a block, or was dropped
  std::uint64_t next_block = 1;
  std::uint64_t next_unit = 1;
  std::int64_t newest_ms = std::numeric_limits<std::int64_t>::min();  // of all samples ever
  std::int64_t floor_ms = std::numeric_limits<std::int64_t>::min();   // samples at or before it were retired
  std::vector<CommittedBlock> blocks;                                 // ascending recency
  std::vector<MetricMetadata> metadata;
};

std::string encodeStoreCommit(const StoreCommit& commit);
// corruption names the offset.
Result<StoreCommit> decodeStoreCommit(base::ByteView file);

}  // namespace gyre::engine::series
