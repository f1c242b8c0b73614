// Which fields of a hit are shown with what the query found in them? The "highlight" of a search.
//
// Texts are read from the stored document and analysed again; no index keeps what would spare that.
//
// THREADS: immutable once parsed. OWNS: its queries; borrows the mapping.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

#include "engine/highlight/highlight_options.hpp"
#include "engine/mapping/mapping.hpp"
#include "engine/query/query_parser.hpp"
#include "gyre/json.hpp"
#include "gyre/json_writer.hpp"
#include "gyre/status.hpp"

namespace gyre::engine {

class Highlight {
 public:
  static Result<Highlight> parse(json::Value body, ParseContext& context);

  bool isEmpty() const { return fields_.empty(); }
  // Writes the member "highlight" if there is anything to show. Stored fields are read from `stored`, the document as
  // it came, the others from `source`, what the mapping keeps of it (missing when that is nothing). `query` is the
  // search's own; it may be null when every field has another. `id` names the document in refusals.
  Status write(json::Value source, json::Value stored, std::string_view id, const Query* query,
               JsonWriter& writer) const;

 private:
  struct Wanted {
    std::string pattern;
    HighlightOptions options;
  };
  Status writeField(const Field& field, const HighlightOptions& options, json::Value source, std::string_view id,
                    const Query* query, JsonWriter& writer) const;
  Status tooLong(const Field& field, std::string_view id, const HighlightOptions& options) const;

  const Mapping* mapping_ = nullptr;
  std::size_t max_analyzed_ = 0;  // index.highlight.max_analyzed_offset
  std::string index_name_;
  std::vector<Wanted> fields_;
};

}  // namespace gyre::engine
