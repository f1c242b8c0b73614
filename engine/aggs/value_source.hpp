// Where do an aggregation's values come from, and what do they mean?
//
// A field of the mapping, or one it lacks, with what stands in for documents without a value. `type` is how values are
// read, which need not be how segments keep them: instants are milliseconds everywhere, unsigned numbers are doubles
// where one computes with them, and if several indices keep a field as different kinds of numbers, all are doubles.
//
// THREADS: a ValueSource is immutable once made.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "engine/aggs/aggregation_parser.hpp"
#include "engine/aggs/value_block.hpp"
#include "engine/aggs/value_format.hpp"
#include "engine/segment/segment_reader.hpp"

namespace gyre::engine {

struct ValueSource {
  std::string path;  // "" when the mapping has no such field: then only `missing` gives values
  FieldType type = FieldType::kDouble;
  FieldType range_of = FieldType::kLong;  // of ranges
  double scaling_factor = 1;
  ValueFormat format;
  std::optional<std::int64_t> missing;      // of numbers, encoded as `type` is
  std::optional<std::string> missing_text;  // of keywords
  bool is_computed_with = false;            // numbers are wanted, not keys

  bool isKeyword() const { return isTermValued(type); }
  bool isRange() const { return type == FieldType::kRange; }
  // A term as answers show it: addresses are kept as bytes.
  std::string shown(std::string_view term) const;
  bool hasMissing() const { return missing || missing_text; }
  double decoded(std::int64_t value) const;

  // As the segments of the snapshot have it.
  Result<ValueSource> on(const Snapshot& snapshot) const;
  // Makes the values doubles.
  void widen();
  // Begins a segment of `reader`.
  void beginSegment(SegmentRun& run, ValueReader& reader) const;
  // Null where the segment has no values of the field.
  const FieldReader* fieldOf(const SegmentReader& segment) const;
  ValueConversion conversionOf(const FieldReader& field) const;
};

// Which fields an aggregation can read.
enum class Accepts : std::uint8_t { kAny, kNumbers, kNumbersAndRanges };

// The members that sources have in common, before they are checked against each other.
struct SourceMembers {
  AggregatedField field;
  json::Value missing;
  std::string format;
  std::optional<FieldType> value_type;
  TimeZone zone;
};
// Takes the member when it is one of these; false when it is none.
Result<bool> readSourceMember(const AggregationRequest& request, json::Value member, SourceMembers& members);
// `unmapped` is the type to assume where neither mapping nor request say.
Result<ValueSource> makeSource(const AggregationRequest& request, const SourceMembers& members, Accepts accepts,
                               FieldType unmapped);
// One value as a request writes it, encoded as the source's type is; makes the source one of doubles where a whole
// number is not enough.
Result<std::int64_t> readSourceValue(const AggregationRequest& request, ValueSource& source, json::Value value);

// The key of a bucket: a number, with its text where it has one.
void writeNumberKey(const ValueSource& source, std::int64_t value, JsonWriter& writer);
void writeNumber(const ValueSource& source, std::int64_t value, JsonWriter& writer);
// The same as text alone: "true", "2024-…", "1.5".
std::string numberText(const ValueSource& source, std::int64_t value);

}  // namespace gyre::engine
