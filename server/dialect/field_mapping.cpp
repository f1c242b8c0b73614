#include "server/dialect/field_mapping.hpp"

#include <algorithm>

#include "server/dialect/name_match.hpp"

namespace gyre::dialect {

void writeFieldMappings(const engine::Mapping& mapping, const std::vector<std::string_view>& patterns,
                        bool has_defaults, JsonWriter& writer) {
  writer.beginObject();
  for (const engine::Field& field : mapping.fields()) {
    // An object is no field.
    if (field.is_hidden || field.type == engine::FieldType::kObject) continue;
    const bool is_asked = std::any_of(patterns.begin(), patterns.end(), [&](std::string_view pattern) {
      return pattern == "_all" || matchesWildcard(pattern, field.path);
    });
    if (!is_asked) continue;
    writer.key(field.path).beginObject().member("full_name", field.path);
    writer.rawMember("mapping", mapping.fieldJson(field, has_defaults)).endObject();
  }
  writer.endObject();
}

}  // namespace gyre::dialect
