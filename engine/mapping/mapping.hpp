// Which fields does an index have, and what does each do with a value?
//
// Parsed from the dialect's mapping JSON ({"properties":{…}}, "dynamic": true|false|"strict"|"strict_allow_templates",
// "dynamic_templates", "date_detection", …; objects may say "dynamic" for themselves and "enabled": false). A field
// path is dotted ("metadata.tags"); a multi-field hangs under its parent ("description.suggest") and takes the parent's
// values.
//
// A mapping never changes; it grows by being replaced. updated() gives one with more fields, in which the fields of the
// old one keep their ordinals.
//
// THREADS: a Mapping is immutable; share it by pointer.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "engine/mapping/field.hpp"
#include "gyre/json.hpp"
#include "gyre/status.hpp"

namespace gyre::engine {

class AnalysisRegistry;
class DynamicTemplate;

// What the index's settings say about its mapping.
struct MappingOptions {
  Dynamic default_dynamic = Dynamic::kTrue;   // of a mapping without "dynamic"; json() names it unless it is kTrue
  std::size_t total_fields_limit = 1000;      // index.mapping.total_fields.limit; objects and multi-fields count
  std::size_t nested_fields_limit = 50;       // index.mapping.nested_fields.limit
  std::size_t nested_objects_limit = 10'000;  // index.mapping.nested_objects.limit, of one document
  std::size_t depth_limit = 20;               // index.mapping.depth.limit
  std::size_t name_length_limit = 0;          // index.mapping.field_name_length.limit, in characters; 0: none
  bool coerces = true;                        // index.mapping.coerce: numbers and ranges that do not say
  bool ignores_malformed = false;             // index.mapping.ignore_malformed: the same

  // From an index's settings, flat ("index.mapping.depth.limit") or nested, with or without "index". What is not about
  // the mapping is left to others.
  static Result<MappingOptions> parse(json::Value settings, Dynamic default_dynamic);
  // The same for a mapping of any size.
  MappingOptions withoutLimits() const;
};

// Everything of a mapping but its fields.
struct MappingRoot {
  std::optional<Dynamic> dynamic;
  std::string meta;  // JSON; "" for none
  bool is_routing_required = false;
  bool is_source_enabled = true;
  std::vector<std::string> source_includes;
  std::vector<std::string> source_excludes;
  std::optional<bool> field_names_enabled;  // accepted for old clients; means nothing
  std::optional<std::vector<std::string>> date_formats;
  std::optional<bool> date_detection;
  std::optional<bool> numeric_detection;
  std::vector<std::shared_ptr<const DynamicTemplate>> templates;
};

class Mapping {
 public:
  // mapper_parsing_exception names the field and what is wrong: an unknown type or parameter is refused, never ignored.
  // Analyzers are those of `analysis`, or the dialect's own when it is null.
  static Result<std::shared_ptr<const Mapping>> parse(json::Value mappings, const MappingOptions& options = {},
                                                      std::shared_ptr<const AnalysisRegistry> analysis = nullptr);

  // This mapping with what `mappings` adds: fields, multi-fields, new values of the parameters that may change.
  // illegal_argument_exception when it contradicts what is there.
  Result<std::shared_ptr<const Mapping>> updated(json::Value mappings) const;

  // This mapping, growing under other options from now on.
  std::shared_ptr<const Mapping> withOptions(const MappingOptions& options) const;

  // This mapping with the fields that dynamic mapping gives the document; null when it gives none.
  // strict_dynamic_mapping_exception when the document may not have what it needs.
  Result<std::shared_ptr<const Mapping>> grownFor(std::string_view source) const;

  // What a search over several indices reads: all their fields, each as the first index that has it maps it. json() is
  // the first one's. REQUIRES: not empty.
  static std::shared_ptr<const Mapping> merge(std::span<const std::shared_ptr<const Mapping>> mappings);

  // By full path, through aliases; null when there is none. Does not find kObject paths through their leaf names.
  const Field* find(std::string_view path) const;
  // The same, but an alias is itself.
  const Field* declared(std::string_view path) const;
  // The innermost nested field that the field at `path` stands in, not the field itself; null for none. There need be
  // no such field.
  const Field* nestedAbove(std::string_view path) const;
  // The flat_object that the path is, or leads into; null for none.
  const Field* flatObjectAt(std::string_view path) const;
  const std::vector<Field>& fields() const { return fields_; }
  // Fields at the top level, by name.
  const std::vector<std::uint16_t>& roots() const { return roots_; }
  Dynamic dynamic() const { return dynamic_; }
  const MappingRoot& root() const { return root_; }
  const MappingOptions& options() const { return options_; }
  const AnalysisRegistry& analysis() const { return *analysis_; }
  std::shared_ptr<const AnalysisRegistry> sharedAnalysis() const { return analysis_; }
  // The mapping as the dialect writes it.
  const std::string& json() const { return json_; }

  // A leaf as field mappings show it: {"name":{"type":…}}, with every parameter when `with_defaults`.
  std::string fieldJson(const Field& field, bool with_defaults) const;

 private:
  friend class MappingBuilder;
  std::string write() const;

  MappingOptions options_;
  std::shared_ptr<const AnalysisRegistry> analysis_;
  MappingRoot root_;
  std::vector<Field> fields_;
  std::vector<std::uint16_t> roots_;
  std::vector<std::pair<std::string, std::uint16_t>> by_path_;  // sorted
  Dynamic dynamic_ = Dynamic::kTrue;
  std::string json_;
};

}  // namespace gyre::engine
