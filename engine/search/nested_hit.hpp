// What is a hit that is an object of a nested field?
//
// A document without id and source of its own: it shows those of its root, the source cut down to the object, and says
// where it stands ("_nested").
//
// THREADS: free functions; they borrow the segment.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "engine/codec/nested_docs.hpp"
#include "engine/segment/segment_reader.hpp"
#include "gyre/json.hpp"
#include "gyre/json_writer.hpp"
#include "gyre/status.hpp"

namespace gyre::engine {

// The object at `offset` among those that stand under `path`, relative to the level around it.
struct NestedLevel {
  std::string_view path;
  std::uint32_t offset = 0;
};

// Where an object stands, the outermost level first; empty for a root.
std::vector<NestedLevel> nestedLevelsOf(const SegmentReader& segment, DocId doc);
// The document whose id and source the document shows: itself, or its root.
DocId rootOf(const SegmentReader& segment, DocId doc);

// {"field": …, "offset": …, "_nested": {…}}. REQUIRES: not empty.
void writeNestedIdentity(const std::vector<NestedLevel>& levels, JsonWriter& writer);

// The object within its root's source; missing when the source does not have it (a document may be indexed with its
// source disabled).
json::Value nestedValue(json::Value source, const std::vector<NestedLevel>& levels);
// A source that holds nothing but this object, under its full path.
std::string sourceAround(std::string_view object, const std::vector<NestedLevel>& levels);
// The object of such a source, or of what a filter left of it.
json::Value valueWithin(json::Value source, const std::vector<NestedLevel>& levels);

// The first document that may be nested in `doc`: those up to `doc` and no others are.
DocId firstNestedIn(const SegmentReader& segment, DocId doc);

}  // namespace gyre::engine
