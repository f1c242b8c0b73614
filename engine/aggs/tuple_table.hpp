// Which bucket belongs to this combination of several fields' values?
//
// Every field's values are numbered, and a combination is numbered by what came before its last part and that part: one
// table a field. A document with several values stands in every combination of them.
//
// THREADS: belongs to one request.
#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <utility>
#include <vector>

#include "engine/aggs/bucket_table.hpp"
#include "engine/aggs/doc_values_cursor.hpp"
#include "engine/aggs/term_ids.hpp"
#include "engine/query/field_query.hpp"

namespace gyre::engine {

// One field's part in the combinations.
class TuplePart {
 public:
  static constexpr std::uint32_t kNull = 0xffff'fffeu;  // the part of a document without a value, where that counts
  // What becomes of a number before it is numbered: a stretch's start instead of the value. Encoded as the source's
  // type.
  using Rounding = std::function<std::int64_t(std::int64_t)>;

  TuplePart(ValueSource source, const Snapshot& snapshot, bool keeps_repetitions, bool has_null, Rounding rounding);

  const ValueSource& source() const { return source_; }
  // The first part of combinations: a document counts once for each of its rounded values whose value is within the
  // bounds, and not at all for others; what is below a combination still sees every value. REQUIRES: a number.
  void countWithin(NumberBounds bounds) { counted_within_ = bounds; }
  bool isCounting() const { return counted_within_.has_value(); }
  // Of the j-th of the numbers that ids() told last.
  bool isCounted(std::size_t j) const { return is_counted_[j] != 0; }
  // Its numbers are encoded doubles, whatever the source is: the rounding makes them so.
  void showAsDoubles() { source_shown_ = FieldType::kDouble; }
  FieldType shownType() const { return source_shown_.value_or(source_.type); }
  void beginSegment(SegmentRun& run);
  void load(const DocBlock& block) { cursor_.load(block); }
  // Numbers of the i-th document's values.
  std::span<const std::uint32_t> ids(std::uint32_t i);

  // Below 0 when a's value comes before b's. Neither may be kNull.
  int compare(std::uint32_t a, std::uint32_t b) const;
  // The term, as the index keeps it.
  std::string text(std::uint32_t id) const { return keywords_->term(id); }
  std::int64_t number(std::uint32_t id) const { return numbers_.value(id); }
  std::size_t memoryBytes() const { return keywords_->memoryBytes() + numbers_.memoryBytes(); }

 private:
  ValueSource source_;
  std::optional<FieldType> source_shown_;
  bool has_null_;
  bool keeps_repetitions_;
  Rounding rounding_;
  DocValuesCursor cursor_;
  std::unique_ptr<KeywordIds> keywords_;
  NumberIds numbers_;
  std::vector<std::uint32_t> ids_;
  std::optional<NumberBounds> counted_within_;
  std::vector<std::uint8_t> is_counted_;
};

class TupleTable {
 public:
  explicit TupleTable(std::vector<TuplePart> parts);

  void beginSegment(SegmentRun& run);
  // Counts the block's documents in the buckets of their combinations; those stand beside each other in docs() and
  // buckets() afterwards.
  void collect(const DocBlock& block);
  const std::vector<std::uint16_t>& docs() const { return docs_; }
  const std::vector<std::uint32_t>& buckets() const { return buckets_; }

  std::uint32_t size() const { return static_cast<std::uint32_t>(counts_.size()); }
  std::uint64_t count(std::uint32_t bucket) const { return counts_[bucket]; }
  // The parent bucket it stands in, and its parts' numbers.
  std::uint32_t parentOf(std::uint32_t bucket) const;
  void idsOf(std::uint32_t bucket, std::vector<std::uint32_t>& ids) const;
  const std::vector<TuplePart>& parts() const { return parts_; }
  std::size_t memoryBytes() const;

 private:
  std::vector<TuplePart> parts_;
  struct Step {
    std::uint32_t before;  // the combination of the parts before, or the parent bucket
    std::uint32_t id;
  };
  std::vector<KeyMap> maps_;              // a part each
  std::vector<std::vector<Step>> steps_;  // by combination
  std::vector<std::uint64_t> counts_;
  std::vector<std::uint16_t> docs_;
  std::vector<std::uint32_t> buckets_;
  std::vector<std::uint32_t> prefixes_, extended_;
};

// A part's value as JSON: a text, a number, true.
void writePart(const TuplePart& part, std::uint32_t id, JsonWriter& writer);
std::string partText(const TuplePart& part, std::uint32_t id);

}  // namespace gyre::engine
