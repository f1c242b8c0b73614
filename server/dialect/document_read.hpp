// What does a read of one document ask for, and what is shown of it?
//
// THREADS: values.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "engine/index.hpp"
#include "engine/search/source_filter.hpp"
#include "gyre/json_writer.hpp"
#include "gyre/status.hpp"
#include "server/dialect/catalog.hpp"
#include "server/dialect/route_table.hpp"

namespace gyre::dialect {

struct DocumentRead {
  std::string id;
  std::string routing;
  bool is_realtime = true;
  bool refreshes = false;
  std::optional<std::int64_t> version;  // a conflict unless the document has it
  std::optional<engine::SourceFilter> source;
  std::optional<std::vector<std::string>> stored_fields;

  // What the parameters say; all but the id.
  static Result<DocumentRead> fromParameters(const Call& call);

  bool showsSource() const;
  // version_conflict_engine_exception, routing_missing_exception, and what the engine says.
  Result<std::optional<engine::StoredDocument>> run(const IndexEntry& index) const;
  // The members of what was found, from "_seq_no" on.
  Status writeFound(const engine::StoredDocument& found, JsonWriter& writer) const;
  // The members of the answer. What was not found has just its name.
  Status write(const IndexEntry& index, const std::optional<engine::StoredDocument>& found, JsonWriter& writer) const;
};

// "a,b" without empty parts.
std::vector<std::string> splitNames(std::string_view list);

}  // namespace gyre::dialect
