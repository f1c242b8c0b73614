#include "server/dialect/field_mapping.hpp"

#include <algorithm>

#include "server/dialect/name_match.hpp"

namespace gyre::dialect {

namespace {

// Every index has them, and nobody maps them.
constexpr std::string_view kMetadata[] = {
    "_data_stream_timestamp", "_doc_count", "_feature", "_field_names", "_id",     "_ignored", "_index",
    "_nested_path",           "_routing",   "_seq_no",  "_source",      "_version"};

}  // namespace

void writeFieldMappings(const engine::Mapping& mapping, const std::vector<std::string_view>& patterns,
                        bool has_defaults, JsonWriter& writer) {
  const auto isAsked = [&](std::string_view path) {
    return std::any_of(patterns.begin(), patterns.end(), [path](std::string_view pattern) {
      return pattern == "_all" || matchesWildcard(pattern, path);
    });
  };
  writer.beginObject();
  for (const std::string_view name : kMetadata)
    if (isAsked(name))
      writer.key(name).beginObject().member("full_name", name).key("mapping").beginObject().endObject().endObject();
  for (const engine::Field& field : mapping.fields()) {
    // An object is no field.
    if (field.is_hidden || field.type == engine::FieldType::kObject || !isAsked(field.path)) continue;
    writer.key(field.path).beginObject().member("full_name", field.path);
    writer.rawMember("mapping", mapping.fieldJson(field, has_defaults)).endObject();
  }
  writer.endObject();
}

}  // namespace gyre::dialect
