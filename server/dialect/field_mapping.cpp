#include "server/dialect/field_mapping.hpp"

#include <algorithm>
#include <string>

#include "server/dialect/json_tree.hpp"
#include "server/dialect/name_match.hpp"

namespace gyre::dialect {

namespace {

struct DefaultParameter {
  std::string_view types;  // separated by spaces; "" for all
  std::string_view name;
  std::string_view json;
};

// What a field of the type has when it is not told otherwise, in the order it is shown.
constexpr DefaultParameter kDefaults[] = {
    {"text keyword", "index", "true"},
    {"text", "store", "false"},
    {"keyword", "doc_values", "true"},
    {"keyword", "store", "false"},
    {"keyword", "null_value", "null"},
    {"text keyword", "eager_global_ordinals", "false"},
    {"keyword", "ignore_above", "2147483647"},
    {"keyword", "index_options", "\"docs\""},
    {"text", "index_options", "\"positions\""},
    {"keyword", "norms", "false"},
    {"text", "norms", "true"},
    {"text", "fielddata", "false"},
    {"text", "fielddata_frequency_filter", R"({"min":0.0,"max":2147483647,"min_segment_size":0})"},
    {"text", "index_phrases", "false"},
    {"text", "index_prefixes", "null"},
    {"text", "analyzer", "\"default\""},
    {"text", "search_analyzer", "\"default\""},
    {"text", "search_quote_analyzer", "\"default\""},
    {"text", "position_increment_gap", "100"},
    {"text", "term_vector", "\"no\""},
    {"keyword", "normalizer", "\"default\""},
    {"keyword", "split_queries_on_whitespace", "false"},
    {"text keyword", "similarity", "null"},
    {"long integer short byte double float half_float scaled_float unsigned_long date boolean ip", "index", "true"},
    {"long integer short byte double float half_float scaled_float unsigned_long date boolean ip", "store", "false"},
    {"long integer short byte double float half_float scaled_float unsigned_long date boolean ip", "doc_values",
     "true"},
    {"long integer short byte double float half_float scaled_float unsigned_long", "coerce", "true"},
    {"long integer short byte double float half_float scaled_float unsigned_long date ip", "ignore_malformed", "false"},
    {"long integer short byte double float half_float scaled_float unsigned_long date boolean ip", "null_value",
     "null"},
    {"date", "format", "\"strict_date_optional_time||epoch_millis\""},
    {"date", "locale", "\"\""},
    {"", "boost", "1.0"},
    {"", "meta", "{}"},
};

bool isOneOf(std::string_view types, std::string_view type) {
  if (types.empty()) return true;
  for (std::size_t from = 0; from <= types.size();) {
    const std::size_t end = std::min(types.find(' ', from), types.size());
    if (types.substr(from, end - from) == type) return true;
    from = end + 1;
  }
  return false;
}

void writeField(const JsonTree& field, bool has_defaults, JsonWriter& writer) {
  writer.beginObject();
  for (const auto& [name, value] : field.members()) {
    writer.key(name);
    value.write(writer);
  }
  const JsonTree* const type = field.find("type");
  if (has_defaults && type != nullptr)
    for (const DefaultParameter& each : kDefaults)
      if (isOneOf(each.types, type->text()) && field.find(each.name) == nullptr) writer.rawMember(each.name, each.json);
  writer.endObject();
}

class FieldWalk {
 public:
  FieldWalk(const std::vector<std::string_view>& patterns, bool has_defaults, JsonWriter& writer)
      : patterns_(patterns), has_defaults_(has_defaults), writer_(writer) {}

  void walk(const JsonTree& properties, const std::string& prefix) {
    for (const auto& [name, field] : properties.members()) {
      const std::string path = prefix + name;
      const JsonTree* const type = field.find("type");
      if (const JsonTree* const inner = field.find("properties")) walk(*inner, path + ".");
      // An object is no field.
      if (type == nullptr || type->text() == "object" || type->text() == "nested") continue;
      show(path, name, field);
      if (const JsonTree* const more = field.find("fields")) walk(*more, path + ".");
    }
  }

 private:
  void show(const std::string& path, const std::string& name, const JsonTree& field) {
    const bool is_asked = std::any_of(patterns_.begin(), patterns_.end(), [&](std::string_view pattern) {
      return pattern == "_all" || matchesWildcard(pattern, path);
    });
    if (!is_asked) return;
    writer_.key(path).beginObject().member("full_name", path).key("mapping").beginObject().key(name);
    writeField(field, has_defaults_, writer_);
    writer_.endObject().endObject();
  }

  const std::vector<std::string_view>& patterns_;
  bool has_defaults_;
  JsonWriter& writer_;
};

}  // namespace

Status writeFieldMappings(std::string_view mappings, const std::vector<std::string_view>& patterns, bool has_defaults,
                          JsonWriter& writer) {
  GYRE_TRY_ASSIGN(const JsonTree tree, JsonTree::parse(mappings));
  writer.beginObject();
  if (const JsonTree* const properties = tree.find("properties"))
    FieldWalk(patterns, has_defaults, writer).walk(*properties, "");
  writer.endObject();
  return {};
}

}  // namespace gyre::dialect
