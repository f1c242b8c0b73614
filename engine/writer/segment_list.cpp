#include "engine/writer/segment_list.hpp"

#include "engine/codec/count_ones.hpp"
namespace gyre::engine {

void LiveSegment::remove(DocId root) {
  const NestedDocs* const nested = segment->nested();
  if (nested != nullptr)
    for (DocId object = nested->blockBegin(root); object < root; ++object) removeOne(object);
  removeOne(root);
}

std::uint32_t LiveSegment::liveRoots() const {
  const NestedDocs* const nested = segment->nested();
  if (nested == nullptr) return live_count;
  if (live == nullptr) return nested->rootCount();
  std::uint32_t count = 0;
  for (std::size_t word = 0; word < live->size(); ++word) count += countOnes((*live)[word] & nested->roots()[word]);
  return count;
}

void LiveSegment::removeOne(DocId doc) {
  if (live == nullptr) {
    live = std::make_shared<LiveBits>(allLive(segment->docCount()));
  } else if (is_shared) {
    live = std::make_shared<LiveBits>(*live);
  }
  is_shared = false;
  clearLive(*live, doc);
  --live_count;
}

SegmentView LiveSegment::view() {
  is_shared = true;
  return {segment, live, live_count};
}

std::optional<SegmentList::Place> SegmentList::find(std::string_view id, std::uint64_t hash) const {
  // The newest first: what changes was often written lately.
  for (std::size_t i = segments_.size(); i-- > 0;) {
    const LiveSegment& each = segments_[i];
    if (const auto doc = each.segment->find(id, hash); doc && isLive(each.live.get(), *doc)) return Place{i, *doc};
  }
  return std::nullopt;
}

LiveSegment* SegmentList::find(std::string_view name) {
  for (LiveSegment& each : segments_)
    if (each.segment->name() == name) return &each;
  return nullptr;
}

bool SegmentList::dropEmpty() {
  return std::erase_if(segments_, [](const LiveSegment& each) { return each.live_count == 0; }) > 0;
}

}  // namespace gyre::engine
