// Which parameters does a field of a declared type take, and what do they do to it?
//
// A table a type: each parameter with its default, whether an update may change it, and how it is read. What the
// mapping prints, what an update is compared with and what field mappings with defaults show all come from the same
// tables.
//
// THREADS: free functions over static tables.
#pragma once

#include <span>
#include <string>
#include <string_view>

#include "engine/mapping/field.hpp"
#include "engine/mapping/mapping.hpp"
#include "gyre/json.hpp"
#include "gyre/status.hpp"

namespace gyre::engine {

struct ParameterRule {
  std::string_view name;
  std::string_view default_json;
  enum class Shown : std::uint8_t { kUnlessDefault, kWhenGiven, kAlways };
  Shown shown = Shown::kUnlessDefault;
  bool is_updatable = false;
  // Applies the value to the field; its canonical JSON, or why not.
  Result<std::string> (*read)(Field& field, json::Value value) = nullptr;
};

struct FieldTypeRules {
  std::string_view name;
  FieldType type = FieldType::kObject;
  std::span<const ParameterRule> parameters;
  // What is so of the type before any parameter.
  void (*prepare)(Field& field) = nullptr;
  // What the parameters together must satisfy, and what follows from them; null for nothing.
  Status (*complete)(Field& field) = nullptr;
};

// Null for a type that is not known. Objects are not here: they have members of their own.
const FieldTypeRules* findFieldType(std::string_view name);
// The nearest known type's name, "" when none is near.
std::string_view nearestFieldType(std::string_view name);
// A type that the dialect knows and this engine does not offer (geo_point, rank_feature, join, …).
bool isUnofferedType(std::string_view name);

// Reads everything but "type", "fields", "properties" and "copy_to" into a field whose path and type_name are set.
Status readParameters(Field& field, json::Value definition, const MappingOptions& options);

// Takes over from `incoming`, of the same declared type, what an update may change. illegal_argument_exception lists
// the parameters that it may not.
Status updateParameters(Field& field, const Field& incoming);

// Type and parameters, as members of an object that is open; with `with_defaults` every parameter.
void writeParameters(const Field& field, bool with_defaults, JsonWriter& out);

}  // namespace gyre::engine
