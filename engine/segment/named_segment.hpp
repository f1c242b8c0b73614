// How is the name of an index read as a field of its documents?
//
// Segments know nothing of the index they belong to. A view of them has `_index` as a keyword with a column, not
// searchable, which every document has; it is made when it is first asked for.
//
// THREADS: what is made is immutable. OWNS: shares the segments.
#pragma once

#include <memory>
#include <string>
#include <string_view>

#include "engine/segment/segment_reader.hpp"

namespace gyre::engine {

inline constexpr std::string_view kIndexNamePath = "_index";

std::shared_ptr<const Snapshot> withIndexName(const Snapshot& snapshot, const std::string& index_name);

}  // namespace gyre::engine
