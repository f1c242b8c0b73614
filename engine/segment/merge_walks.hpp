// How are the sources of a merge read when their documents are interleaved?
//
// Each walk reads one source, or one term of it, in the source's own order, one block at a time: the merge takes a
// document of this source and then one of that.
//
// THREADS: belong to one thread. OWNS: borrow the segments.
#pragma once

#include <atomic>
#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "engine/codec/column_codec.hpp"
#include "engine/codec/postings.hpp"
#include "engine/codec/postings_codec.hpp"
#include "engine/codec/stored_fields.hpp"
#include "engine/segment/open_segment.hpp"
#include "engine/segment/segment_merger.hpp"
#include "gyre/status.hpp"

namespace gyre::engine {

// The stored documents of a source.
class SourceWalk {
 public:
  explicit SourceWalk(const OpenSegment& segment) : segment_(&segment) {}
  // Good until the next call. REQUIRES: documents do not go back.
  Result<std::string_view> at(DocId doc);

 private:
  const OpenSegment* segment_;
  std::uint32_t next_block_ = 0;
  DocId first_doc_ = 0;
  std::vector<std::string> sources_;  // of the block before next_block_
};

// The values of a column.
class ColumnWalk {
 public:
  // `column` may be null: no document has a value.
  explicit ColumnWalk(const ColumnReader* column) : column_(column) {}
  // Good until the next call.
  std::span<const std::int64_t> at(DocId doc);

 private:
  const ColumnReader* column_;
  std::uint32_t window_ = kNoMoreDocs;
  std::vector<std::uint32_t> offsets_;
  std::vector<std::int64_t> values_;
};

// The live documents of one term, by their new numbers.
class PostingsWalk {
 public:
  // `postings` is read when the term's documents do not stand in `info`.
  PostingsWalk(const PostingsReader* postings, const TermInfo& info, const DocMap& map, bool has_positions);
  // False behind the last.
  bool next();
  DocId doc() const { return doc_; }
  std::span<const std::uint32_t> positions();

 private:
  const DocMap* map_;
  bool has_positions_;
  bool is_inline_;
  bool is_read_ = false;
  DocId inline_doc_ = 0;
  std::uint32_t inline_position_ = 0;
  std::unique_ptr<PostingsCursor> cursor_;
  std::span<const DocId> docs_;
  std::uint32_t at_ = 0;
  DocId next_ = 0;
  DocId doc_ = 0;
};

// `order`: for each new document its source. Where the live documents of each go.
std::vector<DocMap> mapInOrder(std::span<const MergeSource> sources, std::span<const std::uint16_t> order);

// Calls `visit(source, doc, new doc)` for every live document, in the new order.
template <class Visit>
void eachInOrder(const std::vector<DocMap>& maps, std::span<const std::uint16_t> order, Visit&& visit) {
  std::vector<DocId> next(maps.size(), 0);
  for (DocId number = 0; number < order.size(); ++number) {
    const std::size_t i = order[number];
    while (maps[i](next[i]) == kNoMoreDocs) ++next[i];
    visit(i, next[i]++, number);
  }
}

// Adds all stored documents. `stop` as mergeSegments().
Status interleaveSources(std::span<const MergeSource> sources, const std::vector<DocMap>& maps,
                         std::span<const std::uint16_t> order, const std::atomic<bool>& stop,
                         StoredFieldsWriter& stored);
// Adds the documents of one term. REQUIRES: the walks have not begun.
void interleavePostings(std::vector<PostingsWalk> walks, PostingsWriter& postings);

}  // namespace gyre::engine
