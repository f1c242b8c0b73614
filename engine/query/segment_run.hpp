// What do the parts of one request share while they work through one segment?
//
// Queries, sorts and aggregations walk a segment window by window and often need the same columns: each column's
// current window is decoded once and kept until a later window is asked for.
//
// THREADS: belongs to one request on one thread. OWNS: the decoded windows; borrows the segment.
#pragma once

#include <cstdint>
#include <memory>
#include <string_view>
#include <utility>
#include <vector>

#include "engine/query/window_bits.hpp"
#include "engine/segment/segment_reader.hpp"
#include "gyre/status.hpp"

namespace gyre::engine {

// One decoded window of one column, in the forms that were asked for.
struct ColumnWindow {
  const ColumnReader* column = nullptr;
  // The window of each form; kNoMoreDocs: nothing decoded yet.
  std::uint32_t window = kNoMoreDocs;          // values
  std::uint32_t multi_window = kNoMoreDocs;    // offsets and multi_values
  std::uint32_t unit_window = kNoMoreDocs;     // units
  std::uint32_t ordinal_window = kNoMoreDocs;  // ordinals
  ColumnBlockStats stats;
  bool is_full = false;  // every document of the window has a value
  WindowBits present{};
  std::vector<std::int64_t> values;     // kWindowDocs
  std::vector<std::int64_t> units;      // the same, see ColumnReader::readUnits
  std::vector<std::uint32_t> ordinals;  // the same, see ColumnReader::readOrdinals
  std::vector<std::uint32_t> offsets;   // see ColumnReader::readMulti
  std::vector<std::int64_t> multi_values;
};

class SegmentRun {
 public:
  // `doc_base`: documents of the segments before this one.
  SegmentRun(const SegmentView& view, std::uint32_t ordinal, std::uint64_t doc_base = 0)
      : view_(view), ordinal_(ordinal), doc_base_(doc_base) {}

  const SegmentView& view() const { return view_; }
  const SegmentReader& segment() const { return *view_.segment; }
  std::uint32_t docCount() const { return view_.segment->docCount(); }
  // Position of the segment in the snapshot.
  std::uint32_t ordinal() const { return ordinal_; }
  // What a scorer or aggregator could not compute (a score that is no number); the first one counts, and fails the
  // search.
  void fail(Status failure) {
    if (failure_.isOk()) failure_ = std::move(failure);
  }
  const Status& failure() const { return failure_; }
  // Added to a document's number it gives its place in the index.
  std::uint64_t docBase() const { return doc_base_; }

  // The window's values and presence. REQUIRES: windows of one run do not go back.
  ColumnWindow& read(const ColumnReader& column, std::uint32_t window);
  // The same with offsets and multi_values filled.
  ColumnWindow& readMulti(const ColumnReader& column, std::uint32_t window);
  // Units instead of values. REQUIRES: the window has them.
  ColumnWindow& readUnits(const ColumnReader& column, std::uint32_t window);
  // Ordinals instead of values.
  ColumnWindow& readOrdinals(const ColumnReader& column, std::uint32_t window);
  // Presence, with whatever form is cheapest.
  ColumnWindow& readPresence(const ColumnReader& column, std::uint32_t window);
  // Whether read() would have nothing left to do.
  bool hasRead(const ColumnReader& column, std::uint32_t window) { return entry(column).window == window; }

 private:
  ColumnWindow& entry(const ColumnReader& column);
  void describe(ColumnWindow& decoded, std::uint32_t window) const;

  const SegmentView& view_;
  std::uint32_t ordinal_;
  std::uint64_t doc_base_;
  Status failure_;
  std::vector<std::unique_ptr<ColumnWindow>> windows_;
};

}  // namespace gyre::engine
