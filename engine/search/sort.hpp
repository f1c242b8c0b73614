// In which order do hits come, and what does a hit show for it?
//
// A key of a document is one ordered 64-bit number, smaller first whatever the direction asked: numbers and dates as
// they are kept, a keyword's ordinal (twice, so that a text between two terms has a place), the score's bits. Within
// one segment hits compare by these numbers alone; between segments keywords compare by their text.
//
// THREADS: a SortKeys belongs to one request. OWNS: borrows the mapping and the segments.
#pragma once

#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "engine/mapping/mapping.hpp"
#include "engine/query/segment_run.hpp"
#include "engine/search/nested_sort.hpp"
#include "gyre/json.hpp"
#include "gyre/status.hpp"

namespace gyre::engine {

struct SortKey {
  enum class Kind : std::uint8_t { kScore, kDoc, kNumber, kKeyword };
  enum class Missing : std::uint8_t { kLast, kFirst, kValue };
  // Which of several values counts, or what is made of them.
  enum class Mode : std::uint8_t { kSmallest, kLargest, kSum, kAverage, kMedian };
  Kind kind = Kind::kScore;
  bool is_descending = false;
  Mode mode = Mode::kSmallest;
  std::string path;                   // "_id" for the ids, a kKeyword
  FieldType type = FieldType::kLong;  // as compared and shown; columns of other types are converted
  bool is_type_asked = false;         // "numeric_type": else instants of several resolutions compare by their numbers
  double scaling_factor = 1;
  Missing missing = Missing::kLast;
  std::int64_t missing_number = 0;             // kValue
  std::string missing_text;                    // kValue
  std::shared_ptr<const NestedSort> nested{};  // null: the document's own values; else those of its objects
  std::string format{};                        // of instants that search_after gives as texts
};

// One key's value of one hit, independent of its segment.
struct SortValue {
  std::int64_t number = 0;  // kScore, kDoc, kNumber: as compared
  std::string text;         // kKeyword
  // kKeyword: -1 before every text, 1 after every text, 0 a text.
  std::int8_t place = 0;
};

// "sort": a name, {"field": "desc"}, {"field": {…}}, or an array of those.
Result<std::vector<SortKey>> parseSort(json::Value sort, const Mapping& mapping, std::int64_t now_millis);
// The values of search_after, one for each key.
Result<std::vector<SortValue>> parseSearchAfter(json::Value values, std::span<const SortKey> keys);

// Below 0 when a comes before b.
int compareSortValues(std::span<const SortKey> keys, std::span<const SortValue> a, std::span<const SortValue> b);
void writeSortValue(const SortKey& key, const SortValue& value, JsonWriter& writer);

std::int64_t scoreKey(float score);
float scoreOfKey(std::int64_t key);

// Reads one key's numbers within one segment.
class SortColumn {
 public:
  SortColumn(const SortKey& key, SegmentRun& run);
  // Of a window's documents. `docs` are positions within the window, ascending. REQUIRES: windows do not go back.
  void read(std::uint32_t window, std::span<const std::uint16_t> docs, const float* scores, std::int64_t* keys);
  // Clears the bits of the window's documents whose keys lie outside; some may be left where telling costs too much.
  // REQUIRES: tellsCheaply(), and windows do not go back.
  void keepWithin(std::uint32_t window, std::int64_t lowest, std::int64_t highest, std::uint64_t* bits);
  // Whether the keys are the column's numbers as they stand.
  bool tellsCheaply() const;
  // No document of the window has a smaller key.
  std::int64_t smallestIn(std::uint32_t window) const;
  // No document of the window has a larger key.
  std::int64_t largestIn(std::uint32_t window) const;
  // Why the keys cannot be read; ok while they can.
  Status status() const { return !failure_.isOk() || nested_ == nullptr ? failure_ : nested_->status(); }
  // The number for a value from elsewhere, so that keys of this segment compare with it rightly.
  std::int64_t numberOf(const SortValue& value) const;
  // Of a document's key. The segment must still be there, the run need not.
  SortValue valueOf(std::int64_t key) const;

 private:
  // The end of a window's keys on one side; `otherwise` where they are not known.
  std::int64_t endIn(std::uint32_t window, bool is_smallest, std::int64_t otherwise) const;
  std::int64_t directed(std::int64_t number) const { return key_.is_descending ? ~number : number; }
  std::int64_t converted(std::int64_t number) const;
  std::int64_t nanosOf(std::int64_t millis) const;
  std::int64_t combined(std::span<const std::int64_t> values) const;
  bool chooseConversion();
  std::int64_t keyOfObjects(DocId root);
  void rankIds();

  const SortKey& key_;
  SegmentRun& run_;
  const FieldReader* field_ = nullptr;  // null where the segment has nothing of the field
  // What the column's numbers become.
  enum class Conversion : std::uint8_t {
    kNone,
    kOrdinal,
    kWholeToReal,
    kUnsignedToReal,
    kScaledToReal,
    kScaledToWhole,
    kRealToWhole,
    kNanosToMillis,
    kMillisToNanos,
  };
  Conversion conversion_ = Conversion::kNone;
  std::int64_t missing_ = 0;                   // directed
  mutable Status failure_;                     // a number that cannot be converted
  mutable std::unique_ptr<TermCursor> terms_;  // to look up texts with; made when the first is asked for
  std::unique_ptr<NestedSortObjects> nested_;  // null unless the key is of nested objects
  std::vector<std::int64_t> gathered_, of_object_;
  // Sorting by _id: the ids in order, and the place of each document's in it.
  std::vector<std::string> ids_;
  std::vector<std::uint32_t> ranks_;
};

}  // namespace gyre::engine
