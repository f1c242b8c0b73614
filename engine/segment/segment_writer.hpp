// How does the buffer become a segment? Everything sorted and packed, in one pass over its arrays.
//
// THREADS: one thread; the buffer must not change meanwhile.
#pragma once

#include "engine/codec/stored_fields.hpp"
#include "engine/directory/directory.hpp"
#include "engine/segment/segment_buffer.hpp"
#include "gyre/status.hpp"

namespace gyre::engine {

// Writes the live documents, renumbered without gaps in the order they came, as a segment file; does not finish `out`.
// `dictionary`: what earlier documents of the index were compressed with, or null; used when these are alike.
// `shapes_sources`: documents are kept without what columns tell (codec/source_shapes.hpp), which saves space and costs
// whoever shows them. REQUIRES: at least one is live.
Status writeSegment(SegmentBuffer& buffer, FileWriter& out, const DictionaryPtr& dictionary = nullptr,
                    bool shapes_sources = false);

}  // namespace gyre::engine
