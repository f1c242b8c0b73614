// Which documents hold a nested object that matches?
//
// Objects of a nested field are documents before the one that holds them (codec/nested_docs.hpp), so what matches among
// them is joined to the next document of the enclosing kind, a window of objects at a time. A block may begin many
// windows before its root: what its objects gave so far is carried over.
//
// THREADS: as query.hpp says.
#pragma once

#include <cstdint>
#include <string>

#include "engine/codec/nested_docs.hpp"
#include "engine/query/query.hpp"

namespace gyre::engine {

// What a document's score is made of.
enum class NestedScore : std::uint8_t { kAverage, kSum, kMin, kMax, kNone };

// Documents of `parent_path` ("": roots) that hold an object of the nested field `path` that `inner` matches.
QueryPtr makeNestedQuery(std::string path, std::string parent_path, QueryPtr inner, NestedScore score, float boost);

// The two kinds of documents of one segment that a join is about.
struct NestedJoin {
  const std::uint64_t* objects = nullptr;  // null: the segment has none
  const std::uint64_t* parents = nullptr;  // null: the segment has none
  const std::uint64_t* roots = nullptr;
  std::uint32_t doc_count = 0;

  NestedJoin(const SegmentReader& segment, std::string_view path, std::string_view parent_path);
  bool isEmpty() const { return objects == nullptr || parents == nullptr; }
  // The first document whose next parent is also that of `doc`.
  DocId firstBefore(DocId doc) const;
};

}  // namespace gyre::engine
