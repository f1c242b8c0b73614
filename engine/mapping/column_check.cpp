#include "engine/mapping/column_check.hpp"

#include <string>
#include <string_view>

namespace gyre::engine {

namespace {

Status refusal(std::string message) {
  return {Code::kInvalidArgument, "illegal_argument_exception", std::move(message)};
}

}  // namespace

Status checkColumn(const Field& field) {
  // A count of tokens is an integer to everything that reads it.
  const std::string type(field.type_name == "token_count" ? std::string_view("integer") : field.type_name);
  if (field.type == FieldType::kText && type != "search_as_you_type")
    return refusal(
        "Text fields are not optimised for operations that require per-document field data like aggregations and "
        "sorting, so these operations are disabled by default. Please use a keyword field instead. Alternatively, set "
        "fielddata=true on [" +
        field.path +
        "] in order to load field data by uninverting the inverted index. Note that this can use significant memory.");
  const bool has_none = field.type != FieldType::kText && field.type != FieldType::kCompletion;
  if (has_none && !field.has_doc_values)
    return refusal("Can't load fielddata on [" + field.path + "] because fielddata is unsupported on fields of type [" +
                   type + "]. Use doc values instead.");
  // What a binary holds is not kept apart from its document.
  if (!has_none || field.type == FieldType::kBinary)
    return refusal("Fielddata is not supported on field [" + field.path + "] of type [" + type + "]");
  return {};
}

Status checkSortable(const Field& field) {
  if (field.type == FieldType::kBinary && field.has_doc_values)
    return refusal(field.type_name == "geo_point"
                       ? "can't sort on geo_point field without using specific sorting feature, like geo_distance"
                       : "can't sort on binary field");
  return checkColumn(field);
}

}  // namespace gyre::engine
