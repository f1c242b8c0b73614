// Which dictionary do these documents get, and which sections hold them?
//
// THREADS: free functions.
#pragma once

#include <span>
#include <string_view>
#include <vector>

#include "engine/codec/stored_fields.hpp"
#include "engine/segment/segment_file.hpp"

namespace gyre::engine {

// Of `samples`, the documents numbered `docs` as the columns know them; ascending within one segment or buffer.
bool fitsSources(const BlockDictionary& dictionary, std::span<const std::string_view> samples,
                 std::span<const DocId> docs, const SourceShapes::ColumnsFor& columns_for);
// With shapes when columns tell something. May be null, as BlockDictionary::train().
DictionaryPtr trainOnSources(std::span<const std::string_view> samples, std::span<const DocId> docs,
                             const SourceShapes::FormOf& form_of, const SourceShapes::ColumnsFor& columns_for);

// Ends the section of the data and writes those behind it.
Status writeStoredSections(StoredFieldsWriter& stored, SegmentFileWriter& file);

}  // namespace gyre::engine
