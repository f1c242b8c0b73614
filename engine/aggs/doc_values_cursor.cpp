#include "engine/aggs/doc_values_cursor.hpp"

namespace gyre::engine {

namespace {
// As in ValueReader: fewer documents than this are asked one by one.
constexpr std::uint32_t kFewDocs = 48;
}  // namespace

void DocValuesCursor::beginSegment(SegmentRun& run, const ValueSource& source) {
  run_ = &run;
  const FieldReader* const field = source.fieldOf(run.segment());
  column_ = field == nullptr ? nullptr : field->column;
  conversion_ = field == nullptr ? ValueConversion{} : source.conversionOf(*field);
  missing_ = source.missing;
  if (source.missing_text) missing_ = kMissing;
}

void DocValuesCursor::add(std::int64_t value) {
  value = conversion_.apply(value);
  if (is_distinct && values_.size() > offsets_.back() && values_.back() == value) return;
  values_.push_back(value);
}

void DocValuesCursor::load(const DocBlock& block) {
  offsets_.clear();
  values_.clear();
  const DocId base = windowBegin(block.window);
  const ColumnWindow* decoded = nullptr;
  if (column_ != nullptr && block.size > kFewDocs)
    decoded = column_->isMultiValued() ? &run_->readMulti(*column_, block.window) : &run_->read(*column_, block.window);
  std::vector<std::int64_t> all;
  for (std::uint32_t i = 0; i < block.size; ++i) {
    offsets_.push_back(static_cast<std::uint32_t>(values_.size()));
    const std::uint32_t doc = block.doc(i);
    if (decoded != nullptr && column_->isMultiValued()) {
      for (std::uint32_t at = decoded->offsets[doc]; at < decoded->offsets[doc + 1]; ++at)
        add(decoded->multi_values[at]);
    } else if (decoded != nullptr) {
      if (testBit(decoded->present.data(), doc)) add(decoded->values[doc]);
    } else if (column_ != nullptr) {
      column_->readAll(base + doc, all);
      for (const std::int64_t value : all) add(value);
    }
    if (missing_ && values_.size() == offsets_.back()) values_.push_back(*missing_);
  }
  offsets_.push_back(static_cast<std::uint32_t>(values_.size()));
}

}  // namespace gyre::engine
