// Which segments does the writer have, and what of them is deleted as of now?
//
// The writer's list runs ahead of the published snapshot: deletes take effect here at once and are published by the
// next refresh. Live bits are copied on the first delete after a refresh, so no snapshot ever changes.
//
// THREADS: guarded by the owner's lock.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string_view>
#include <vector>

#include "engine/codec/live_docs.hpp"
#include "engine/segment/open_segment.hpp"
#include "engine/segment/segment_reader.hpp"

namespace gyre::engine {

struct LiveSegment {
  std::shared_ptr<const OpenSegment> segment;
  std::shared_ptr<LiveBits> live;  // null: all
  std::uint32_t live_count = 0;
  bool is_shared = false;  // a snapshot holds `live`

  // The root and every object nested in it.
  void remove(DocId root);
  // This document alone.
  void removeOne(DocId doc);
  // Live documents that are no nested objects.
  std::uint32_t liveRoots() const;
  SegmentView view();
};

class SegmentList {
 public:
  struct Place {
    std::size_t segment;
    DocId doc;
  };
  // The live document with this id. `hash` is hashId(id).
  std::optional<Place> find(std::string_view id, std::uint64_t hash) const;

  std::vector<LiveSegment>& all() { return segments_; }
  const std::vector<LiveSegment>& all() const { return segments_; }
  LiveSegment* find(std::string_view name);
  // Forgets segments without a live document. True when there was one.
  bool dropEmpty();

 private:
  std::vector<LiveSegment> segments_;
};

}  // namespace gyre::engine
