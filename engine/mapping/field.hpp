// What is one field of a mapping, and what does it do with a value?
//
// A field's `type` says how its values are kept and searched; several declared types share one (half_float is a float,
// wildcard a keyword). `type_name` is the type as the mapping declares it. The members below are what the engine reads;
// `parameters` is what the mapping prints and what an update is compared with.
//
// THREADS: values.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace gyre::engine {

class AnalysisRegistry;
class Analyzer;

// FORMAT: the numbers of leaves stand in segment files; append before kAlias, keep numbers together.
enum class FieldType : std::uint8_t {
  kObject,      // has children, no values of its own
  kKeyword,     // one term a value; sortable, aggregatable
  kText,        // analysed terms with positions and lengths; scored
  kCompletion,  // prefix suggestions
  kDate,        // milliseconds since the epoch, int64
  kBoolean,     // 0 or 1
  kLong,
  kInteger,
  kShort,
  kByte,
  kDouble,
  kFloat,
  kScaledFloat,   // round(value * scaling_factor), int64
  kUnsignedLong,  // 0 to 2^64 - 1, the top bit inverted so that int64 order is its order
  kDateNanos,     // nanoseconds since the epoch, int64
  kIp,            // a term of 16 bytes a value: the address, IPv4 within ::ffff:0:0/96
  kRange,         // a term a value: both ends as ordered bytes (range_value.hpp)
  kBinary,        // a term a value, not searchable
  kFlatObject,    // an object whose leaves are terms of two hidden keywords below it
  kAlias,         // another field's name; has no values
};

constexpr bool isNumeric(FieldType type) { return type >= FieldType::kDate && type <= FieldType::kDateNanos; }
constexpr bool isDate(FieldType type) { return type == FieldType::kDate || type == FieldType::kDateNanos; }
constexpr bool isFloating(FieldType type) { return type == FieldType::kDouble || type == FieldType::kFloat; }
// Values are whole terms, with a column of their ordinals.
constexpr bool isTermValued(FieldType type) {
  return type == FieldType::kKeyword || (type >= FieldType::kIp && type <= FieldType::kBinary);
}

// Between path and value in the terms of a flat_object's leaves.
inline constexpr char kFlatPathEnd = '=';

// A context of a completion field: suggestions may be asked for one value of it, a category or a place.
struct CompletionContext {
  std::string name;
  std::string path;             // the field whose values are the document's contexts; "" for none
  std::uint32_t precision = 0;  // of places: characters of a geohash; 0 for categories

  bool isOfPlaces() const { return precision > 0; }
};

// What becomes of an unmapped member. kStrictAllowTemplates: mapped when a dynamic template matches, else a refusal.
enum class Dynamic : std::uint8_t { kTrue, kFalse, kStrict, kStrictAllowTemplates };

// How much of a term's occurrences a text field indexes; kOffsets is kept as kPositions.
enum class IndexDetail : std::uint8_t { kDocs, kFreqs, kPositions, kOffsets };

// A parameter as the mapping prints it.
struct FieldParameter {
  std::string_view name;  // static
  std::string json;
  bool operator==(const FieldParameter&) const = default;
};

struct Field {
  std::string path;  // full dotted path
  std::string name;  // last part of the path
  FieldType type = FieldType::kObject;
  std::string_view type_name = "object";  // as declared; static
  std::uint16_t ordinal = 0;              // position in Mapping::fields(); never changes while a mapping grows
  bool is_indexed = true;                 // "index": searchable
  bool has_doc_values = true;             // "doc_values": sortable, aggregatable (never text or completion)
  bool is_stored = false;                 // "store"; the stored value is read from _source

  // ---- text and keyword
  std::uint32_t ignore_above = 0;     // longer values are kept in _source only; 0 means no limit. Counts UTF-16 units
  bool ignores_all = false;           // an ignore_above of nothing: no value is short enough
  std::string analyzer = "standard";  // text, token_count; completion defaults to "simple"
  const AnalysisRegistry* analysis = nullptr;  // the mapping's, for analyzers that a query names
  // text, token_count, completion: of the mapping's AnalysisRegistry; to index, to search, to search a phrase.
  const Analyzer* index_analyzer = nullptr;
  const Analyzer* search_analyzer = nullptr;
  const Analyzer* quote_analyzer = nullptr;
  const Analyzer* normalizer = nullptr;          // keyword: null for none; see normalizeTerm
  IndexDetail detail = IndexDetail::kPositions;  // text
  bool has_norms = true;                         // text: lengths count in scores
  bool is_scored = true;                         // false: similarity "boolean", match_only_text, wildcard
  bool splits_queries = false;                   // keyword: split_queries_on_whitespace
  std::uint32_t position_gap = 100;              // text: between the values of an array
  bool has_index_phrases = false;                // text: index_phrases; answered by positions
  bool has_fielddata = false;                    // text: "fielddata"
  std::string term_prefix;                       // a path within a flat_object: what its terms begin with
  std::uint8_t shingle_size = 3;                 // search_as_you_type: max_shingle_size

  // ---- numbers, dates, addresses, ranges
  double scaling_factor = 0;              // scaled_float
  std::string format;                     // date; "" is strict_date_optional_time||epoch_millis
  bool is_half = false;                   // kFloat: half_float, rounded to 11 bits
  bool is_coerced = true;                 // "12" and 1.5 are whole numbers; ranges take text
  bool ignores_malformed = false;         // a value that does not fit is left out
  FieldType range_of = FieldType::kLong;  // kRange: the type of its ends
  bool counts_gaps = true;       // token_count: enable_position_increments; completion: preserve_position_increments
  bool keeps_separators = true;  // completion: preserve_separators
  std::optional<std::string> null_value = {};      // stands for null, as text
  std::optional<std::string> constant_value = {};  // constant_keyword

  // ---- completion
  std::uint32_t max_input_length = 50;  // UTF-16 units
  std::vector<CompletionContext> contexts;

  // ---- structure
  std::vector<std::uint16_t> multi_fields;  // ordinals of the fields that take this one's values too, by name
  std::vector<std::uint16_t> children;      // kObject: ordinals, by name
  std::vector<std::string> copy_to;         // paths that take this one's values as well
  std::string alias_path;                   // kAlias
  Dynamic dynamic = Dynamic::kTrue;         // kObject: for unmapped members; its own setting or inherited
  std::optional<Dynamic> own_dynamic = {};  // kObject: as declared
  bool is_enabled = true;                   // kObject: false keeps everything below in _source only
  bool is_nested = false;                   // kObject: each object is a document of its own
  bool is_included_in_parent = false;       // nested: the document that holds it has its values too
  bool is_included_in_root = false;         // nested: the root has its values too
  bool is_hidden = false;                   // made by another field (_2gram, _value), not declared
  bool is_multi_field = false;

  // Those that differ from their default, and those that are always shown, in the order of printing.
  std::vector<FieldParameter> parameters;
};

}  // namespace gyre::engine
