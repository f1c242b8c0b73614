// Which fields does an index have, and what does each do with a value?
//
// Parsed from the dialect's mapping JSON ({"properties":{…}}, "dynamic": true|false|"strict"; objects may say "dynamic" for
// themselves and "enabled": false). A field path is dotted
// ("metadata.tags"); a multi-field hangs under its parent ("description.suggest") and takes the parent's values.
//
// THREADS: a Mapping is immutable; share it by pointer.
#pragma once

#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "gyre/json.hpp"
#include "gyre/status.hpp"

namespace gyre::engine {

class AnalysisRegistry;
class Analyzer;

enum class FieldType : std::uint8_t {
  kObject,       // has children, no values of its own
  kKeyword,      // one term a value; sortable, aggregatable
  kText,         // analysed terms with positions and lengths; scored
  kCompletion,   // prefix suggestions
  kDate,         // milliseconds since the epoch, int64
  kBoolean,      // 0 or 1
  kLong, kInteger, kShort, kByte,
  kDouble, kFloat,
  kScaledFloat,  // round(value * scaling_factor), int64
};

constexpr bool isNumeric(FieldType type) { return type >= FieldType::kDate; }
constexpr bool isFloating(FieldType type) { return type == FieldType::kDouble || type == FieldType::kFloat; }

// A category context of a completion field: suggestions may be asked for one value of it.
struct CompletionContext {
  std::string name;
  std::string path;  // the field whose values are the categories
};

// An unmapped member: mapped on the way in, kept in _source only, or a refusal.
enum class Dynamic : std::uint8_t { kTrue, kFalse, kStrict };

struct Field {
  std::string path;  // full dotted path
  FieldType type = FieldType::kObject;
  std::uint16_t ordinal = 0;     // position in Mapping::fields(); equal mappings have equal ones
  bool is_indexed = true;        // "index": searchable
  bool has_doc_values = true;    // "doc_values": sortable, aggregatable (never text or completion)
  std::uint32_t ignore_above = 0;     // keyword: longer values are kept in _source only; 0 means no limit. Counts UTF-16 units
  double scaling_factor = 0;          // scaled_float
  std::string analyzer = "standard";  // text; completion defaults to "simple"
  const AnalysisRegistry* analysis = nullptr;  // the mapping's, for analyzers that a query names
  // text, completion: of the mapping's AnalysisRegistry; to index, to search, to search a phrase.
  const Analyzer* index_analyzer = nullptr;
  const Analyzer* search_analyzer = nullptr;
  const Analyzer* quote_analyzer = nullptr;
  const Analyzer* normalizer = nullptr;       // keyword: null for none; see normalizeTerm
  std::uint32_t position_gap = 100;           // text: between the values of an array
  std::string format;                 // date; "" is strict_date_optional_time||epoch_millis
  std::uint32_t max_input_length = 50;  // completion, UTF-16 units
  std::vector<CompletionContext> contexts;
  std::vector<std::uint16_t> multi_fields;  // ordinals of the fields that take this one's values too
  std::vector<std::uint16_t> children;      // kObject: ordinals, by name
  std::string name;                         // last part of the path
  Dynamic dynamic = Dynamic::kStrict;       // kObject: for unmapped members; its own setting or inherited
  bool is_enabled = true;                   // kObject: false keeps everything below in _source only
  bool is_nested = false;                   // kObject: each object is a document of its own
  bool is_included_in_parent = false;       // nested: the document that holds it has its values too
  bool is_included_in_root = false;         // nested: the root has its values too
};

class Mapping {
 public:
  // invalid_argument names the field and what is wrong: an unknown type or parameter is refused, never ignored.
  // "dynamic": true is accepted and treated as the dialect says only once dynamic mapping exists; until then it is refused
  // as unimplemented, naming the option. Without "dynamic" a mapping is strict, and json() says so.
  // Analyzers are those of `analysis`, or the dialect's own when it is null.
  static Result<std::shared_ptr<const Mapping>> parse(json::Value mappings,
                                                      std::shared_ptr<const AnalysisRegistry> analysis = nullptr);

  // What a search over several indices reads: all their fields, each as the first index that has it maps it. json() is
  // the first one's. REQUIRES: not empty.
  static std::shared_ptr<const Mapping> merge(std::span<const std::shared_ptr<const Mapping>> mappings);

  // By full path; null when there is none. Does not find kObject paths through their leaf names.
  const Field* find(std::string_view path) const;
  // The innermost nested field that the field at `path` stands in, not the field itself; null for none. There need be no
  // such field.
  const Field* nestedAbove(std::string_view path) const;
  const std::vector<Field>& fields() const { return fields_; }
  // Fields at the top level, by name.
  const std::vector<std::uint16_t>& roots() const { return roots_; }
  Dynamic dynamic() const { return dynamic_; }
  const AnalysisRegistry& analysis() const { return *analysis_; }
  std::shared_ptr<const AnalysisRegistry> sharedAnalysis() const { return analysis_; }
  // The mapping as the dialect writes it.
  const std::string& json() const { return json_; }

 private:
  class Parser;
  std::vector<Field> fields_;
  std::vector<std::uint16_t> roots_;
  std::vector<std::pair<std::string, std::uint16_t>> by_path_;  // sorted
  Dynamic dynamic_ = Dynamic::kStrict;
  std::string json_;
  std::shared_ptr<const AnalysisRegistry> analysis_;
};

}  // namespace gyre::engine
