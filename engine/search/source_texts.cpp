#include "engine/search/source_texts.hpp"

#include <algorithm>
#include <utility>

#include "engine/analysis/analyzer.hpp"
#include "engine/analysis/utf8.hpp"
#include "engine/search/field_values.hpp"

namespace gyre::engine {

namespace {

// A multi-field's values are those of the field that it hangs under.
std::string sourcePath(const Field& field, const Mapping& mapping) {
  const std::size_t dot = field.path.rfind('.');
  const Field* const above = dot == std::string::npos ? nullptr : mapping.find(field.path.substr(0, dot));
  const bool hangs = above != nullptr && std::find(above->multi_fields.begin(), above->multi_fields.end(),
                                                   field.ordinal) != above->multi_fields.end();
  return hangs ? above->path : field.path;
}

}  // namespace

std::vector<std::string> textsOf(const Field& field, const Mapping& mapping, json::Value source) {
  std::vector<json::Value> found;
  collectSourceValues(source, sourcePath(field, mapping), found);
  std::vector<std::string> values;
  for (const json::Value value : found) {
    if (value.isObject() || value.isArray() || value.isMissing()) continue;
    if (value.isNull() && !field.null_value) continue;
    std::string text(value.isNull() ? *field.null_value : value.isString() ? value.string() : value.raw());
    if (field.ignore_above != 0 && utf16Length(text) > field.ignore_above) continue;
    // A keyword is shown as its terms are.
    if (field.type == FieldType::kKeyword && field.normalizer != nullptr) text = normalizeTerm(*field.normalizer, text);
    values.push_back(std::move(text));
  }
  return values;
}

}  // namespace gyre::engine
