// How much may one request ask of an index?
//
// The limits that an index' settings set, with the dialect's defaults. A request beyond one of them is refused, naming
// the setting.
//
// THREADS: values.
#pragma once

#include <cstdint>

namespace gyre::engine {

struct IndexLimits {
  std::int64_t result_window = 10'000;          // index.max_result_window
  std::int64_t inner_result_window = 100;       // index.max_inner_result_window
  std::int64_t rescore_window = 10'000;         // index.max_rescore_window
  std::int64_t docvalue_fields = 100;           // index.max_docvalue_fields_search
  std::int64_t terms = 65'536;                  // index.max_terms_count
  std::int64_t regex_length = 1'000;            // index.max_regex_length
  std::int64_t scroll_slices = 1'024;           // index.max_slices_per_scroll
  std::int64_t pit_slices = 1'024;              // index.max_slices_per_pit
  std::int64_t nested_depth = INT32_MAX;        // index.query.max_nested_depth
  std::int64_t analyzed_offset = 1'000'000;     // index.highlight.max_analyzed_offset
  std::int64_t adjacency_matrix_filters = 100;  // index.max_adjacency_matrix_filters
};

}  // namespace gyre::engine
