// Which documents of a segment are not deleted?
//
// In memory a bit a document, as SegmentView holds them. On disk the deleted ones inside the commit file: deletes are
// few until a merge drops them, and a commit that carries them needs no further file and no further fsync. FORMAT: one
// byte that says how: 0, runs as varints (documents skipped, documents deleted), repeated; 1, one bit a document, set
// when live, ceil(documents / 8) bytes. The writer takes the shorter.
//
// THREADS: free functions.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "base/bytes.hpp"
#include "engine/codec/doc_id.hpp"

namespace gyre::engine {

using LiveBits = std::vector<std::uint64_t>;

inline bool isLive(const LiveBits* live, DocId doc) {
  return live == nullptr || ((*live)[doc / 64] >> (doc % 64) & 1) != 0;
}
inline void clearLive(LiveBits& live, DocId doc) { live[doc / 64] &= ~(std::uint64_t{1} << (doc % 64)); }

// All documents live; whole windows, padding clear.
LiveBits allLive(std::uint32_t doc_count);
std::uint32_t countLive(const LiveBits& live);

// REQUIRES: live is a bitmap of doc_count documents.
std::string serializeLive(const LiveBits& live, std::uint32_t doc_count);
// Nothing when the bytes are no such bitmap of doc_count documents.
std::optional<LiveBits> parseLive(base::ByteView bytes, std::uint32_t doc_count);

}  // namespace gyre::engine
