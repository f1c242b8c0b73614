#include "engine/aggs/value_block.hpp"

#include "engine/mapping/numeric_value.hpp"

namespace gyre::engine {

namespace {
// Below this many documents, asking for each beats decoding the window.
constexpr std::uint32_t kFewDocs = 48;
}  // namespace

void ValueReader::beginSegment(SegmentRun& run, const ColumnReader* column, ValueConversion conversion) {
  conversion_ = conversion;
  run_ = &run;
  column_ = column;
  is_multi_ = column != nullptr && column->isMultiValued();
}

ValueBlock ValueReader::read(const DocBlock& block) {
  ValueBlock values = readStored(block);
  if (conversion_.kind == ValueConversion::Kind::kNone || values.size == 0) return values;
  converted_.resize(values.size);
  for (std::uint32_t i = 0; i < values.size; ++i)
    converted_[i] = encodeDouble(static_cast<double>(values.values[i]) / conversion_.divisor);
  values.values = converted_.data();
  values.whole_window = nullptr;
  return values;
}

ValueBlock ValueReader::readStored(const DocBlock& block) {
  if (column_ == nullptr || block.size == 0) return {};
  if (is_multi_) return readMulti(block);
  return block.size <= kFewDocs ? readOneByOne(block) : readWindow(block);
}

void ValueReader::add(const DocBlock& block, std::uint32_t i, std::int64_t value) {
  values_.push_back(value);
  docs_.push_back(static_cast<std::uint16_t>(block.doc(i)));
  buckets_.push_back(block.bucket(i));
}

ValueBlock ValueReader::gathered() const {
  return {static_cast<std::uint32_t>(values_.size()), values_.data(), docs_.data(), buckets_.data(), nullptr};
}

ValueBlock ValueReader::readOneByOne(const DocBlock& block) {
  values_.clear();
  docs_.clear();
  buckets_.clear();
  const DocId base = windowBegin(block.window);
  for (std::uint32_t i = 0; i < block.size; ++i) {
    std::int64_t value = 0;
    if (column_->readOne(base + block.doc(i), value)) add(block, i, value);
  }
  return gathered();
}

ValueBlock ValueReader::readWindow(const DocBlock& block) {
  ColumnWindow& decoded = run_->read(*column_, block.window);
  if (decoded.is_full && block.docs == nullptr)
    return {block.size, decoded.values.data(), nullptr, block.buckets, &decoded};
  if (decoded.is_full) {
    values_.resize(block.size);
    for (std::uint32_t i = 0; i < block.size; ++i) values_[i] = decoded.values[block.docs[i]];
    return {block.size, values_.data(), block.docs, block.buckets, nullptr};
  }
  values_.clear();
  docs_.clear();
  buckets_.clear();
  for (std::uint32_t i = 0; i < block.size; ++i) {
    const std::uint32_t doc = block.doc(i);
    if (testBit(decoded.present.data(), doc)) add(block, i, decoded.values[doc]);
  }
  return gathered();
}

ValueBlock ValueReader::readMulti(const DocBlock& block) {
  const ColumnWindow& decoded = run_->readMulti(*column_, block.window);
  values_.clear();
  docs_.clear();
  buckets_.clear();
  for (std::uint32_t i = 0; i < block.size; ++i) {
    const std::uint32_t doc = block.doc(i);
    const std::uint32_t first = decoded.offsets[doc];
    for (std::uint32_t at = first; at < decoded.offsets[doc + 1]; ++at) {
      const std::int64_t value = decoded.multi_values[at];
      // Values ascend, so equal ones stand together.
      if (repetitions_ == Repetitions::kDistinct && at > first && value == decoded.multi_values[at - 1]) continue;
      add(block, i, value);
    }
  }
  return gathered();
}

DocBlock ValueReader::absent(const DocBlock& block) {
  if (column_ == nullptr) return block;
  absent_docs_.clear();
  absent_buckets_.clear();
  const ColumnWindow& decoded = run_->read(*column_, block.window);
  if (!decoded.is_full)
    for (std::uint32_t i = 0; i < block.size; ++i) {
      const std::uint32_t doc = block.doc(i);
      if (testBit(decoded.present.data(), doc)) continue;
      absent_docs_.push_back(static_cast<std::uint16_t>(doc));
      absent_buckets_.push_back(block.bucket(i));
    }
  return block.with(static_cast<std::uint32_t>(absent_docs_.size()), absent_docs_.data(), absent_buckets_.data(),
                    block.bucket_count);
}

}  // namespace gyre::engine
