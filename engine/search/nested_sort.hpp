// Which nested objects of a document count when hits are sorted by one of their fields?
//
// THREADS: a NestedSort is immutable; the rest belongs to one request. OWNS: borrows the segment.
#pragma once

#include <cstdint>
#include <limits>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "engine/mapping/mapping.hpp"
#include "engine/query/query.hpp"
#include "engine/segment/segment_reader.hpp"
#include "gyre/json.hpp"
#include "gyre/status.hpp"

namespace gyre::engine {

struct NestedSort {
  std::string path;  // "": no object counts
  QueryPtr filter;   // of the objects; null: all
  // The first ones of each document that have a value; only the outermost level's counts.
  std::uint32_t max_children = std::numeric_limits<std::uint32_t>::max();
  std::shared_ptr<const NestedSort> within;  // objects within these
};

// {"path": …, "filter": {…}, "max_children": …, "nested": {…}}.
Result<std::shared_ptr<const NestedSort>> parseNestedSort(json::Value body, const Mapping& mapping,
                                                          std::int64_t now_millis);
// The same, said by "nested_path" and "nested_filter", either of which may be missing.
Result<std::shared_ptr<const NestedSort>> parseNestedSort(json::Value path, json::Value filter, const Mapping& mapping,
                                                          std::int64_t now_millis);

// The objects of one segment that count. Filters are run once, over the whole segment: hits are looked up one by one,
// and the objects of the next may lie in windows that the ones before have passed.
class NestedSortObjects {
 public:
  NestedSortObjects(const NestedSort& sort, const SegmentView& view);
  // Why a filter could not be run.
  const Status& status() const { return status_; }

  // Calls visit(object) for each of a root's objects that count; it returns whether the object has a value.
  template <class Visit>
  void forEach(DocId root, Visit&& visit) const {
    if (bits_.empty()) return;
    std::uint32_t left = most_;
    const DocId first = nested_->blockBegin(root);
    for (DocId each = nextBit(bits_.data(), first, root); each != kNoMoreDocs && left > 0;
         each = nextBit(bits_.data(), each + 1, root))
      if (visit(each)) --left;
  }

 private:
  Status narrow(const NestedSort& sort, const SegmentView& view);

  const NestedDocs* nested_ = nullptr;
  std::vector<std::uint64_t> bits_;  // whole windows; empty when no object counts
  std::string_view around_path_;     // of what `bits_` holds
  std::uint32_t most_ = 0;
  Status status_;
};

}  // namespace gyre::engine
