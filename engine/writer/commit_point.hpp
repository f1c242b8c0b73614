// What does a crash leave? The one file that says which segments make up the index, and what of them is deleted.
//
// Replaced as a whole and atomically, so an index is always exactly what some commit wrote.
// FORMAT: docs/INDEX_FORMAT.md, "Commit file".
//
// THREADS: values.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "base/bytes.hpp"
#include "gyre/status.hpp"

namespace gyre::engine {

inline constexpr std::string_view kCommitFile = "commit";

struct CommittedSegment {
  std::string name;
  std::uint64_t size = 0;      // of the file
  std::uint64_t checksum = 0;  // of its directory: a file from elsewhere under the same name is noticed
  std::uint32_t doc_count = 0;
  std::string live;  // live_docs.hpp; "" when all are live
};

struct CommitPoint {
  std::uint64_t sequence = 0;
  std::uint64_t generation = 0;
  std::uint64_t next_segment = 1;
  std::string definition;  // settings and mappings, as the index was created with
  std::vector<CommittedSegment> segments;
};

std::string encodeCommit(const CommitPoint& commit);
// corruption names the file and the offset.
Result<CommitPoint> decodeCommit(base::ByteView file);

}  // namespace gyre::engine
