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

// A document as its index' mapping shows it.
struct FoundDocument {
  std::uint64_t version = 0;
  std::uint64_t seq_no = 0;
  std::string routing;
  bool has_source = false;
  std::string source;
  std::vector<std::string> ignored;  // `_ignored`
  std::string fields;                // stored fields that were asked for, as members of an object; "" for none
};

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
  Result<std::optional<FoundDocument>> run(const IndexEntry& index) const;
  // The members of what was found, from "_seq_no" on.
  Status writeFound(const FoundDocument& found, JsonWriter& writer) const;
  // The members of the answer. What was not found has just its name.
  Status write(const IndexEntry& index, const std::optional<FoundDocument>& found, JsonWriter& writer) const;

 private:
  Status readContent(const engine::Mapping& mapping, std::string stored, FoundDocument& found) const;
};

// What the mapping keeps of a document's source; nothing when it keeps none.
Result<std::optional<std::string>> keptSource(const engine::Mapping& mapping, std::string stored);

// Gets from the engine, and counts it.
Result<std::optional<engine::StoredDocument>> getCounted(const IndexEntry& index, std::string_view id,
                                                         engine::GetOptions options);

// "a,b" without empty parts.
std::vector<std::string> splitNames(std::string_view list);

}  // namespace gyre::dialect
