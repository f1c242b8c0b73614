// In which order do the documents of an index stand within each of its segments?
//
// `index.sort.field`, `.order`, `.mode` and `.missing`: an index that has them orders its buffer when it becomes a
// segment, and interleaves the documents of segments that are merged. Documents compare as in a search with that sort,
// by the same code; equal ones keep the order in which they were written.
//
// THREADS: free functions; keys are constant once parsed.
#pragma once

#include <atomic>
#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "engine/mapping/mapping.hpp"
#include "engine/search/sort.hpp"
#include "engine/segment/open_segment.hpp"
#include "engine/segment/segment_merger.hpp"
#include "gyre/json.hpp"
#include "gyre/json_writer.hpp"
#include "gyre/status.hpp"

namespace gyre::engine {

// The settings as lists of texts; nothing for those that are not set, which is not the same as an empty list.
struct IndexSortSettings {
  std::vector<std::string> fields;
  std::optional<std::vector<std::string>> orders, modes, missings;
};

// A setting's value as a list: a text is cut at its commas.
std::vector<std::string> splitSortSetting(std::string_view text);
// Whether `name` ("order", "mode" or "missing") may have that value; illegal_argument_exception in the dialect's words.
Status checkSortSetting(std::string_view name, std::string_view text);
// Whether the lists are as long as that of the fields.
Status checkSortSizes(const IndexSortSettings& settings);

// The keys of an index' settings; none when it has no such setting. illegal_argument_exception when the settings
// contradict themselves or the mapping.
Result<std::vector<SortKey>> parseIndexSort(json::Value settings, const Mapping& mapping);
// [{"field":…,"mode":…,"missing":…,"reverse":…}, …] as `_segments` shows it: what stands in for a missing value is told
// before the order is reversed.
void writeIndexSort(std::span<const SortKey> keys, JsonWriter& writer);
// The mapping of a sorted index has no nested fields: objects stand beside what holds them.
Status checkSortedMapping(const Mapping& mapping);

// The segment's documents as they should stand; empty when they do.
std::vector<DocId> sortedDocs(std::span<const SortKey> keys, const OpenSegment& segment);
// For each document of the merged segment the source that it comes from; empty when the sources may stand one behind
// the other. REQUIRES: each source is sorted. `stop` as mergeSegments().
Result<std::vector<std::uint16_t>> mergeOrder(std::span<const SortKey> keys, std::span<const MergeSource> sources,
                                              const std::atomic<bool>& stop);

}  // namespace gyre::engine
