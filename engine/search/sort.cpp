#include "engine/search/sort.hpp"

#include <algorithm>
#include <array>
#include <charconv>
#include <cmath>
#include <limits>

#include "engine/codec/column_filter.hpp"
#include "engine/mapping/civil_time.hpp"
#include "engine/mapping/ip_address.hpp"
#include "engine/mapping/numeric_value.hpp"
#include "engine/query/window_range.hpp"

namespace gyre::engine {

namespace {

// A keyword's ordinal keeps room for texts between two terms.
constexpr std::int64_t kOrdinalStep = 2;

std::int64_t undirected(const SortKey& key, std::int64_t number) { return key.is_descending ? ~number : number; }

bool isNarrow(FieldType type) {
  return type == FieldType::kInteger || type == FieldType::kShort || type == FieldType::kByte ||
         type == FieldType::kBoolean;
}

bool isById(const SortKey& key) { return key.kind == SortKey::Kind::kKeyword && key.path == "_id"; }

// Cut towards zero, to the ends of 64 bits.
std::int64_t wholeOf(double value) {
  if (!(std::fabs(value) < 9.2233720368547748e18)) return std::isnan(value) ? 0 : value < 0 ? INT64_MIN : INT64_MAX;
  return static_cast<std::int64_t>(value);
}

void writeReal(double value, JsonWriter& writer) {
  if (std::isinf(value)) {
    writer.string(value < 0 ? "-Infinity" : "Infinity");
    return;
  }
  std::string text;
  JsonWriter(text).real(value);
  if (text.find_first_of(".en") == std::string::npos) text += ".0";
  writer.raw(text);
}

void writeFloat(float value, JsonWriter& writer) {
  if (std::isinf(value)) return writeReal(static_cast<double>(value), writer);
  char text[32];
  std::string shortest(text, std::to_chars(text, text + sizeof text, value).ptr);
  if (shortest.find_first_of(".en") == std::string::npos) shortest += ".0";
  writer.raw(shortest);
}

}  // namespace

std::int64_t scoreKey(float score) { return encodeFloat(score); }
float scoreOfKey(std::int64_t key) { return static_cast<float>(decodeDouble(key)); }

int compareSortValues(std::span<const SortKey> keys, std::span<const SortValue> a, std::span<const SortValue> b) {
  for (std::size_t k = 0; k < keys.size(); ++k) {
    if (keys[k].kind != SortKey::Kind::kKeyword) {
      if (a[k].number != b[k].number) return a[k].number < b[k].number ? -1 : 1;
      continue;
    }
    // Where the missing ones go does not depend on the direction.
    if (a[k].place != b[k].place) return a[k].place < b[k].place ? -1 : 1;
    if (a[k].place != 0) continue;
    const int order = a[k].text.compare(b[k].text);
    if (order != 0) return (order < 0) != keys[k].is_descending ? -1 : 1;
  }
  return 0;
}

void writeSortValue(const SortKey& key, const SortValue& value, JsonWriter& writer) {
  if (key.kind == SortKey::Kind::kKeyword) {
    if (value.place != 0) {
      writer.null();
    } else {
      writer.string(key.type == FieldType::kIp ? formatIp(value.text) : value.text);
    }
    return;
  }
  const std::int64_t number = undirected(key, value.number);
  if (key.kind == SortKey::Kind::kScore) return writeFloat(scoreOfKey(number), writer);
  if (key.kind == SortKey::Kind::kDoc) {
    writer.integer(number);
    return;
  }
  const bool is_end = number == INT64_MAX || number == INT64_MIN;
  if (key.type == FieldType::kDouble) return writeReal(decodeDouble(number), writer);
  if (key.type == FieldType::kFloat) return writeFloat(static_cast<float>(decodeDouble(number)), writer);
  if (key.type == FieldType::kScaledFloat) {
    if (is_end) {
      writer.string(number < 0 ? "-Infinity" : "Infinity");
    } else {
      // The dialect multiplies by the inverse; so 113.21 shows as 113.21000000000001.
      writeReal(static_cast<double>(number) * (1.0 / key.scaling_factor), writer);
    }
    return;
  }
  if (key.type == FieldType::kUnsignedLong) {
    writer.unsignedInteger(decodeUnsigned(number));
  } else {
    writer.integer(number);
  }
}

SortColumn::SortColumn(const SortKey& key, SegmentRun& run) : key_(key), run_(run) {
  if (key.kind == SortKey::Kind::kScore || key.kind == SortKey::Kind::kDoc) return;
  if (isById(key)) {
    rankIds();
  } else {
    field_ = run.segment().field(key.path);
    if (field_ != nullptr && (field_->column == nullptr || !chooseConversion())) field_ = nullptr;
    if (key.nested != nullptr) nested_ = std::make_unique<NestedSortObjects>(*key.nested, run.view());
  }
  if (key.missing == SortKey::Missing::kValue) {
    SortValue value;
    value.text = key.missing_text;
    value.number = directed(key.missing_number);
    missing_ = numberOf(value);
    return;
  }
  // Before or after everything, whatever the direction.
  const bool is_first = key.missing == SortKey::Missing::kFirst;
  if (key.kind == SortKey::Kind::kNumber && isFloating(key.type)) {
    const double end = std::numeric_limits<double>::infinity();
    missing_ = directed(encodeDouble(is_first != key.is_descending ? -end : end));
  } else {
    // The ends of the type: a value there ties with the missing ones, as in the dialect.
    const bool is_narrow = key.kind == SortKey::Kind::kNumber && isNarrow(key.type);
    missing_ = is_first ? (is_narrow ? INT32_MIN : INT64_MIN) : (is_narrow ? INT32_MAX : INT64_MAX);
  }
}

// False when the column's numbers cannot be compared with the key's.
bool SortColumn::chooseConversion() {
  if (key_.kind == SortKey::Kind::kKeyword) {
    conversion_ = Conversion::kOrdinal;
    return field_->terms != nullptr;
  }
  if (field_->terms != nullptr) return false;
  const FieldType held = field_->type;
  const bool is_real = isFloating(key_.type);
  if (held == FieldType::kDateNanos && key_.type == FieldType::kDate) {
    if (key_.is_type_asked) conversion_ = Conversion::kNanosToMillis;
  } else if (held == FieldType::kDate && key_.type == FieldType::kDateNanos) {
    if (key_.is_type_asked) conversion_ = Conversion::kMillisToNanos;
  } else if (held == FieldType::kUnsignedLong) {
    if (!is_real) return key_.type == held;
    conversion_ = Conversion::kUnsignedToReal;
  } else if (held == FieldType::kScaledFloat) {
    if (key_.type == FieldType::kScaledFloat) return true;
    conversion_ = is_real ? Conversion::kScaledToReal : Conversion::kScaledToWhole;
  } else if (isFloating(held)) {
    if (!is_real) conversion_ = Conversion::kRealToWhole;
  } else if (is_real) {
    conversion_ = Conversion::kWholeToReal;
  }
  return key_.type != FieldType::kScaledFloat && (key_.type != FieldType::kUnsignedLong || held == key_.type);
}

std::int64_t SortColumn::nanosOf(std::int64_t millis) const {
  std::int64_t nanos = 0;
  if (millis >= 0 && !__builtin_mul_overflow(millis, kMilliNanos, &nanos)) return nanos;
  failure_ = {Code::kInvalidArgument, "illegal_argument_exception",
              "milliSeconds [" + std::to_string(millis) + "] are " +
                  (millis < 0 ? "before the epoch in 1970" : "after 2262-04-11T23:47:16.854775807") +
                  " and cannot be converted to nanoseconds"};
  return millis < 0 ? INT64_MIN : INT64_MAX;
}

std::int64_t SortColumn::converted(std::int64_t number) const {
  const double inverse_factor = 1.0 / key_.scaling_factor;
  switch (conversion_) {
    case Conversion::kNone: return number;
    case Conversion::kOrdinal: return number * kOrdinalStep;
    case Conversion::kWholeToReal: return encodeDouble(static_cast<double>(number));
    case Conversion::kUnsignedToReal: return encodeDouble(static_cast<double>(decodeUnsigned(number)));
    case Conversion::kScaledToReal: return encodeDouble(static_cast<double>(number) * inverse_factor);
    case Conversion::kScaledToWhole: return wholeOf(static_cast<double>(number) * inverse_factor);
    case Conversion::kRealToWhole: return wholeOf(decodeDouble(number));
    case Conversion::kNanosToMillis: return floorDivide(number, kMilliNanos);
    case Conversion::kMillisToNanos: return nanosOf(number);
  }
  return number;
}

namespace {

std::int64_t combinedUnsigned(std::span<const std::int64_t> encoded, SortKey::Mode mode) {
  std::uint64_t sum = 0;  // wraps, as in the dialect
  for (const std::int64_t value : encoded) sum += decodeUnsigned(value);
  if (mode == SortKey::Mode::kSum || encoded.size() == 1) return encodeUnsigned(sum);
  return encodeUnsigned(
      static_cast<std::uint64_t>(std::floor(static_cast<double>(sum) / static_cast<double>(encoded.size()) + 0.5)));
}

}  // namespace

// One document's values, ascending, made one as the mode says.
std::int64_t SortColumn::combined(std::span<const std::int64_t> values) const {
  const std::size_t count = values.size();
  if (key_.mode == SortKey::Mode::kSmallest) return converted(values.front());
  if (key_.mode == SortKey::Mode::kLargest) return converted(values.back());
  const bool is_median = key_.mode == SortKey::Mode::kMedian;
  const std::span<const std::int64_t> counted =
      is_median ? values.subspan((count - 1) / 2, count % 2 == 0 ? 2 : 1) : values;
  if (isFloating(key_.type)) {
    double sum = 0;
    for (const std::int64_t value : counted) sum += decodeDouble(converted(value));
    if (key_.mode != SortKey::Mode::kSum) sum /= static_cast<double>(counted.size());
    return encodeDouble(key_.type == FieldType::kFloat ? static_cast<double>(static_cast<float>(sum)) : sum);
  }
  if (key_.type == FieldType::kUnsignedLong) return combinedUnsigned(counted, key_.mode);
  std::uint64_t sum = 0;  // wraps, as in the dialect
  for (const std::int64_t value : counted) sum += static_cast<std::uint64_t>(converted(value));
  const auto total = static_cast<std::int64_t>(sum);
  if (key_.mode == SortKey::Mode::kSum || counted.size() == 1)
    return isNarrow(key_.type) ? static_cast<std::int32_t>(total) : total;
  return wholeOf(std::floor(static_cast<double>(total) / static_cast<double>(counted.size()) + 0.5));
}

std::int64_t SortColumn::keyOfObjects(DocId root) {
  gathered_.clear();
  nested_->forEach(root, [this](DocId object) {
    field_->column->readAll(object, of_object_);
    gathered_.insert(gathered_.end(), of_object_.begin(), of_object_.end());
    return !of_object_.empty();
  });
  if (gathered_.empty()) return missing_;
  std::sort(gathered_.begin(), gathered_.end());
  return directed(combined(gathered_));
}

void SortColumn::rankIds() {
  const std::uint32_t count = run_.docCount();
  std::vector<std::uint32_t> order(count);
  ids_.resize(count);
  for (std::uint32_t doc = 0; doc < count; ++doc) {
    order[doc] = doc;
    if (auto id = run_.segment().id(doc); id.isOk()) ids_[doc] = std::move(id).value();
  }
  std::sort(order.begin(), order.end(), [this](std::uint32_t a, std::uint32_t b) { return ids_[a] < ids_[b]; });
  ranks_.resize(count);
  for (std::uint32_t rank = 0; rank < count; ++rank) ranks_[order[rank]] = rank;
  std::sort(ids_.begin(), ids_.end());
}

void SortColumn::read(std::uint32_t window, std::span<const std::uint16_t> docs, const float* scores,
                      std::int64_t* keys) {
  if (key_.kind == SortKey::Kind::kScore) {
    for (std::size_t i = 0; i < docs.size(); ++i) keys[i] = directed(scoreKey(scores[docs[i]]));
    return;
  }
  if (key_.kind == SortKey::Kind::kDoc) {
    const std::int64_t base = static_cast<std::int64_t>(run_.docBase()) + windowBegin(window);
    for (std::size_t i = 0; i < docs.size(); ++i) keys[i] = directed(base + docs[i]);
    return;
  }
  if (!ranks_.empty()) {
    for (std::size_t i = 0; i < docs.size(); ++i)
      keys[i] = directed(std::int64_t{ranks_[windowBegin(window) + docs[i]]} * kOrdinalStep);
    return;
  }
  if (field_ == nullptr) {
    std::fill_n(keys, docs.size(), missing_);
    return;
  }
  if (nested_ != nullptr) {
    for (std::size_t i = 0; i < docs.size(); ++i) keys[i] = keyOfObjects(windowBegin(window) + docs[i]);
    return;
  }
  if (key_.mode != SortKey::Mode::kSmallest && field_->column->isMultiValued()) {
    const ColumnWindow& decoded = run_.readMulti(*field_->column, window);
    for (std::size_t i = 0; i < docs.size(); ++i) {
      const std::uint32_t begin = decoded.offsets[docs[i]];
      const std::uint32_t end = decoded.offsets[docs[i] + 1u];
      keys[i] = begin == end ? missing_ : directed(combined({decoded.multi_values.data() + begin, end - begin}));
    }
    return;
  }
  // A few documents are picked out of the packed window; many share the decoded one.
  constexpr std::size_t kFewDocs = 96;
  if (docs.size() <= kFewDocs) {
    std::array<std::int64_t, kFewDocs> values;
    std::array<std::uint32_t, kFewDocs> places;
    const std::uint32_t found = field_->column->gather(window, docs, values.data(), places.data());
    const bool has_each = found == docs.size();
    if (!has_each) std::fill_n(keys, docs.size(), missing_);
    for (std::uint32_t i = 0; i < found; ++i) keys[has_each ? i : places[i]] = directed(converted(values[i]));
    return;
  }
  const ColumnWindow& decoded = run_.read(*field_->column, window);
  for (std::size_t i = 0; i < docs.size(); ++i)
    keys[i] = testBit(decoded.present.data(), docs[i]) ? directed(converted(decoded.values[docs[i]])) : missing_;
}

bool SortColumn::tellsCheaply() const {
  return key_.kind == SortKey::Kind::kNumber && field_ != nullptr && nested_ == nullptr &&
         conversion_ == Conversion::kNone &&
         (key_.mode == SortKey::Mode::kSmallest || !field_->column->isMultiValued());
}

void SortColumn::keepWithin(std::uint32_t window, std::int64_t lowest, std::int64_t highest, std::uint64_t* bits) {
  const bool keeps_missing = lowest <= missing_ && missing_ <= highest;
  const std::int64_t first = directed(key_.is_descending ? highest : lowest);
  const std::int64_t last = directed(key_.is_descending ? lowest : highest);
  WindowBits within;
  if (!keeps_missing && !run_.hasRead(*field_->column, window) &&
      matchPacked(*field_->column, window, first, last, within.data()))
    return andBits(bits, within.data());
  const ColumnWindow& decoded = run_.read(*field_->column, window);
  matchRange(decoded.values.data(), first, last, decoded.present.data(), within.data());
  if (keeps_missing)
    for (std::uint32_t w = 0; w < kWindowWords; ++w) within[w] |= ~decoded.present[w];
  andBits(bits, within.data());
}

std::int64_t SortColumn::endIn(std::uint32_t window, bool is_smallest, std::int64_t otherwise) const {
  if (key_.kind == SortKey::Kind::kDoc) {
    const std::int64_t first = static_cast<std::int64_t>(run_.docBase()) + windowBegin(window);
    return directed(is_smallest != key_.is_descending ? first : first + kWindowDocs - 1);
  }
  if (key_.kind == SortKey::Kind::kScore || !ranks_.empty()) return otherwise;
  if (field_ == nullptr) return missing_;
  if (nested_ != nullptr) return otherwise;
  const ColumnBlockStats stats = field_->column->blockStats(window);
  if (stats.value_count == 0) return missing_;
  // A sum lies beyond its parts.
  if (key_.mode == SortKey::Mode::kSum && stats.value_count > stats.doc_count) return otherwise;
  const std::int64_t end = directed(converted(is_smallest == key_.is_descending ? stats.max : stats.min));
  if (stats.doc_count == windowSize(window, run_.docCount())) return end;
  return is_smallest ? std::min(end, missing_) : std::max(end, missing_);
}

std::int64_t SortColumn::smallestIn(std::uint32_t window) const { return endIn(window, true, INT64_MIN); }
std::int64_t SortColumn::largestIn(std::uint32_t window) const { return endIn(window, false, INT64_MAX); }

std::int64_t SortColumn::numberOf(const SortValue& value) const {
  if (key_.kind != SortKey::Kind::kKeyword) return value.number;
  if (value.place != 0) return value.place < 0 ? INT64_MIN : INT64_MAX;
  if (!ranks_.empty()) {
    const auto at = std::lower_bound(ids_.begin(), ids_.end(), value.text);
    const std::int64_t number = (at - ids_.begin()) * kOrdinalStep;
    return directed(at != ids_.end() && *at == value.text ? number : number - 1);
  }
  if (field_ == nullptr || field_->terms == nullptr) {
    // All documents here show the missing text: only the order beside that counts.
    const int order = value.text.compare(key_.missing_text);
    return directed(order < 0 ? -1 : order > 0 ? 1 : 0);
  }
  const auto cursor = field_->terms->cursor();
  if (!cursor->seekCeil(value.text)) return directed(std::int64_t{field_->terms->size()} * kOrdinalStep - 1);
  const std::int64_t number = std::int64_t{cursor->ordinal()} * kOrdinalStep;
  return directed(cursor->term() == value.text ? number : number - 1);
}

SortValue SortColumn::valueOf(std::int64_t key) const {
  SortValue value;
  value.number = key;
  if (key_.kind != SortKey::Kind::kKeyword) return value;
  if (!ranks_.empty()) {
    value.text = ids_[static_cast<std::size_t>(undirected(key_, key) / kOrdinalStep)];
    return value;
  }
  if (key == missing_) {
    value.text = key_.missing_text;
    if (key_.missing != SortKey::Missing::kValue) value.place = key_.missing == SortKey::Missing::kFirst ? -1 : 1;
    return value;
  }
  if (terms_ == nullptr) terms_ = field_->terms->cursor();
  if (terms_->seekOrdinal(static_cast<std::uint32_t>(undirected(key_, key) / kOrdinalStep)))
    value.text = terms_->term();
  return value;
}

}  // namespace gyre::engine
