// How do many segments become one? Structure by structure, without parsing a document again.
//
// Deleted documents are left out and the rest renumbered: the sources one after the other, each in its own order, so
// postings and columns stay sorted by themselves, and nested objects before what holds them. Whole blocks of stored
// documents are copied compressed. Everything but one dictionary or column at a time streams to the file. The sources
// of a sorted index are interleaved, still each in its own order; their documents are then packed again.
//
// THREADS: one thread; sources are immutable.
#pragma once

#include <atomic>
#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "engine/codec/live_docs.hpp"
#include "engine/directory/directory.hpp"
#include "engine/segment/open_segment.hpp"
#include "gyre/status.hpp"

namespace gyre::engine {

struct MergeSource {
  std::shared_ptr<const OpenSegment> segment;
  std::shared_ptr<const LiveBits> live;  // null: all
};

// Where one source's documents went.
class DocMap {
 public:
  DocMap() = default;
  // All kept: numbers shift.
  explicit DocMap(DocId base) : base_(base) {}
  // Where each goes, in ascending order; kNoMoreDocs for those left out.
  explicit DocMap(std::vector<DocId> numbers) : numbers_(std::move(numbers)) {}
  // Those set in `live` are kept.
  DocMap(DocId base, const LiveBits& live, std::uint32_t doc_count);

  // kNoMoreDocs when the document was left out.
  DocId operator()(DocId doc) const { return numbers_.empty() ? base_ + doc : numbers_[doc]; }
  // By how much all of them shift; nothing when some were left out.
  std::optional<DocId> shift() const { return numbers_.empty() ? std::optional(base_) : std::nullopt; }

 private:
  DocId base_ = 0;
  std::vector<DocId> numbers_;
};

struct MergeResult {
  std::uint32_t doc_count = 0;
  std::vector<DocMap> maps;  // by source
};

// Does not finish `out`. REQUIRES: at least one live document. `stop`, when it turns true, ends the merge with
// unavailable.
// `shapes_sources`: as writeSegment(). `scratch`: a folder for what waits to be written, so that how much memory it
// takes does not depend on how much is merged; "" keeps it in memory. Of a document it takes a byte for each text field
// that some documents lack or that keeps lengths, and four for a keyword of its own that has a column.
// `order`: for each live document the source that it comes from, 6 bytes a document more; empty: one source after the
// other. Not for documents without what columns tell.
Result<MergeResult> mergeSegments(std::span<const MergeSource> sources, FileWriter& out, const std::atomic<bool>& stop,
                                  bool shapes_sources = false, const std::string& scratch = {},
                                  std::span<const std::uint16_t> order = {});

}  // namespace gyre::engine
