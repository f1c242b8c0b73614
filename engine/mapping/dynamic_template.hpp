// Which mapping does a new field get, when the index has templates for it?
//
// {"name": {"match": "*_id", "match_mapping_type": "string", "mapping": {"type": "keyword"}}}: of several, the first
// that matches. In the mapping, {name} stands for the field's name and {dynamic_type} for the type it would have got.
//
// THREADS: immutable.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include "gyre/json.hpp"
#include "gyre/status.hpp"

namespace re2 {
class RE2;
}

namespace gyre::engine {

// What a new field's first value is; the names are those of match_mapping_type.
enum class DynamicKind : std::uint8_t { kObject, kString, kLong, kDouble, kBoolean, kDate };

// The type a field of this kind gets without a template: text, long, float, …
std::string_view dynamicTypeName(DynamicKind kind);

class DynamicTemplate {
 public:
  static Result<std::shared_ptr<const DynamicTemplate>> parse(std::string_view name, json::Value body);
  ~DynamicTemplate();

  const std::string& name() const { return name_; }
  // `path` is the full path, `name` its last part.
  bool matches(std::string_view path, std::string_view name, DynamicKind kind) const;
  // As matches, for a value that has no kind (null).
  bool matchesName(std::string_view path, std::string_view name) const;
  // The field's definition as JSON, with its type.
  std::string definitionFor(std::string_view name, DynamicKind kind) const;
  // {"name":{…}}, as the dialect prints it.
  void write(JsonWriter& out) const;

 private:
  DynamicTemplate();
  bool fits(const std::string& pattern, const re2::RE2* compiled, std::string_view text) const;

  std::string name_;
  std::string match_, unmatch_, path_match_, path_unmatch_;  // "" for none
  std::unique_ptr<re2::RE2> match_regex_, unmatch_regex_;
  bool is_regex_ = false;
  std::optional<DynamicKind> kind_;
  std::string mapping_;  // canonical JSON
};

}  // namespace gyre::engine
