// Does a segment contradict itself?
//
// THREADS: free function.
#pragma once

#include <functional>
#include <string_view>

#include "engine/segment/open_segment.hpp"

namespace gyre::engine {

// Reads everything the segment holds, and calls `report` with one line a finding. Checksums are not looked at: they are
// verified when a segment is opened. False when something was reported.
bool checkSegment(const OpenSegment& segment, const std::function<void(std::string_view)>& report);

// Whether the document is an object of a nested field.
inline bool isObject(const OpenSegment& segment, DocId doc) {
  return segment.nested() != nullptr && !segment.nested()->isRoot(doc);
}

}  // namespace gyre::engine
