#include "engine/search/sort.hpp"

#include <algorithm>
#include <charconv>
#include <cmath>
#include <limits>

#include "engine/mapping/numeric_value.hpp"

namespace gyre::engine {

namespace {

// A keyword's ordinal keeps room for texts between two terms.
constexpr std::int64_t kOrdinalStep = 2;

std::int64_t undirected(const SortKey& key, std::int64_t number) { return key.is_descending ? ~number : number; }

bool isNarrow(FieldType type) {
  return type == FieldType::kInteger || type == FieldType::kShort || type == FieldType::kByte ||
         type == FieldType::kBoolean;
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
      writer.string(value.text);
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
  if (is_end && isNarrow(key.type)) {
    writer.integer(number < 0 ? INT32_MIN : INT32_MAX);
  } else {
    writer.integer(number);
  }
}

SortColumn::SortColumn(const SortKey& key, SegmentRun& run) : key_(key), run_(run) {
  if (key.kind == SortKey::Kind::kScore || key.kind == SortKey::Kind::kDoc) return;
  field_ = run.segment().field(key.path);
  if (field_ != nullptr && (field_->column == nullptr || field_->type != key.type)) field_ = nullptr;
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
    missing_ = is_first ? INT64_MIN : INT64_MAX;
  }
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
  if (field_ == nullptr) {
    std::fill_n(keys, docs.size(), missing_);
    return;
  }
  const std::int64_t step = key_.kind == SortKey::Kind::kKeyword ? kOrdinalStep : 1;
  if (key_.uses_largest && field_->column->isMultiValued()) {
    const ColumnWindow& decoded = run_.readMulti(*field_->column, window);
    for (std::size_t i = 0; i < docs.size(); ++i) {
      const std::uint32_t end = decoded.offsets[docs[i] + 1u];
      keys[i] = end == decoded.offsets[docs[i]] ? missing_ : directed(decoded.multi_values[end - 1] * step);
    }
    return;
  }
  // A few documents are asked for one by one; many share the decoded window.
  constexpr std::size_t kFewDocs = 96;
  if (docs.size() <= kFewDocs) {
    const DocId base = windowBegin(window);
    for (std::size_t i = 0; i < docs.size(); ++i) {
      std::int64_t value = 0;
      keys[i] = field_->column->readOne(base + docs[i], value) ? directed(value * step) : missing_;
    }
    return;
  }
  const ColumnWindow& decoded = run_.read(*field_->column, window);
  for (std::size_t i = 0; i < docs.size(); ++i)
    keys[i] = testBit(decoded.present.data(), docs[i]) ? directed(decoded.values[docs[i]] * step) : missing_;
}

std::int64_t SortColumn::smallestIn(std::uint32_t window) const {
  if (key_.kind == SortKey::Kind::kScore || key_.kind == SortKey::Kind::kDoc) return INT64_MIN;
  if (field_ == nullptr) return missing_;
  const ColumnBlockStats stats = field_->column->blockStats(window);
  if (stats.value_count == 0) return missing_;
  const std::int64_t step = key_.kind == SortKey::Kind::kKeyword ? kOrdinalStep : 1;
  const std::int64_t best = directed((key_.is_descending ? stats.max : stats.min) * step);
  return stats.doc_count == windowSize(window, run_.docCount()) ? best : std::min(best, missing_);
}

std::int64_t SortColumn::numberOf(const SortValue& value) const {
  if (key_.kind != SortKey::Kind::kKeyword) return value.number;
  if (value.place != 0) return value.place < 0 ? INT64_MIN : INT64_MAX;
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
  if (key == missing_) {
    value.text = key_.missing_text;
    if (key_.missing != SortKey::Missing::kValue) value.place = key_.missing == SortKey::Missing::kFirst ? -1 : 1;
    return value;
  }
  const auto cursor = field_->terms->cursor();
  if (cursor->seekOrdinal(static_cast<std::uint32_t>(undirected(key_, key) / kOrdinalStep)))
    value.text = cursor->term();
  return value;
}

}  // namespace gyre::engine
