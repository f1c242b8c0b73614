#include "engine/mapping/field_caps.hpp"

#include <algorithm>

#include "gyre/json.hpp"

namespace gyre::engine {

namespace {

std::vector<std::pair<std::string, std::string>> metaOf(const Field& field) {
  std::vector<std::pair<std::string, std::string>> meta;
  for (const FieldParameter& parameter : field.parameters) {
    if (parameter.name != "meta") continue;
    const auto parsed = json::Document::parse(parameter.json);
    if (!parsed.isOk()) continue;
    for (const json::Value entry : parsed->root()) meta.emplace_back(entry.key(), entry.string());
  }
  return meta;
}

// An object is only named for what stands in it.
bool holdsLeaf(const Mapping& mapping, const Field& object) {
  return std::any_of(object.children.begin(), object.children.end(), [&](std::uint16_t ordinal) {
    const Field& child = mapping.fields()[ordinal];
    return child.type != FieldType::kObject || holdsLeaf(mapping, child);
  });
}

}  // namespace

std::vector<FieldCapability> fieldCapabilities(const Mapping& mapping) {
  std::vector<FieldCapability> capabilities;
  for (const Field& declared : mapping.fields()) {
    if (declared.is_hidden) continue;
    const Field* const field = declared.type == FieldType::kAlias ? mapping.find(declared.path) : &declared;
    if (field == nullptr || (field->type == FieldType::kObject && !holdsLeaf(mapping, *field))) continue;
    FieldCapability capability;
    capability.path = declared.path;
    capability.type = field->type_name;
    capability.is_searchable = field->is_indexed;
    capability.is_aggregatable = field->type == FieldType::kText ? field->has_fielddata : field->has_doc_values;
    capability.meta = metaOf(*field);
    capabilities.push_back(std::move(capability));
  }
  std::sort(capabilities.begin(), capabilities.end(),
            [](const FieldCapability& a, const FieldCapability& b) { return a.path < b.path; });
  struct Metadata {
    std::string_view name;
    std::string_view type;
    bool is_searchable;
    bool is_aggregatable;
  };
  constexpr Metadata kMetadata[] = {{"_doc_count", "long", false, false},
                                    {"_field_names", "_field_names", true, false},
                                    {"_id", "_id", true, true},
                                    {"_ignored", "_ignored", true, false},
                                    {"_index", "_index", true, true},
                                    {"_nested_path", "_nested_path", true, false},
                                    {"_routing", "_routing", true, false},
                                    {"_seq_no", "_seq_no", true, true},
                                    {"_source", "_source", false, false},
                                    {"_version", "_version", false, false}};
  for (const Metadata& each : kMetadata)
    capabilities.push_back({std::string(each.name), each.type, each.is_searchable, each.is_aggregatable, {}});
  return capabilities;
}

}  // namespace gyre::engine
