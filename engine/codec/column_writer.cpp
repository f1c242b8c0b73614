#include "engine/codec/column_codec.hpp"

#include <algorithm>
#include <array>
#include <cmath>
#include <numeric>

#include "engine/codec/bit_packing.hpp"
#include "engine/codec/column_layout.hpp"
#include "engine/codec/column_trend.hpp"

namespace gyre::engine {
namespace {

// Smaller columns, and so nearly all, never leave data_.
constexpr std::size_t kPieceBytes = std::size_t{1} << 20;

bool toDecimal(std::int64_t encoded, unsigned exponent, bool is_float, std::int64_t& whole) {
  const double scaled = decodeDouble(encoded) * kPowers[exponent];
  if (!(std::fabs(scaled) < kLargestWhole)) return false;
  whole = std::llround(scaled);
  return fromDecimal(whole, kPowers[exponent], is_float) == encoded;
}

}  // namespace

void ColumnWriter::startWindow(std::uint32_t window) {
  while (window_ < window) {
    writeBlock(kWindowDocs);
    ++window_;
  }
}

void ColumnWriter::sortEachDocument() {
  for (std::size_t i = 0; i < docs_.size();) {
    std::size_t end = i + 1;
    while (end < docs_.size() && docs_[end] == docs_[i]) ++end;
    std::sort(values_.begin() + static_cast<std::ptrdiff_t>(i), values_.begin() + static_cast<std::ptrdiff_t>(end));
    i = end;
  }
}

void ColumnWriter::writeBlock(std::uint32_t window_docs) {
  ColumnBlock block;
  if (data_.size() >= kPieceBytes) {
    full_.append(base::asBytes(data_));
    data_.clear();
  }
  block.data_offset = full_.size() + data_.size();
  block.value_count = static_cast<std::uint32_t>(values_.size());
  if (!values_.empty()) {
    block.doc_count = 1;
    for (std::size_t i = 1; i < docs_.size(); ++i) block.doc_count += docs_[i] != docs_[i - 1];
    if (block.doc_count < block.value_count) {
      sortEachDocument();
      is_multi_ = true;
    }
    const auto [min, max] = std::minmax_element(values_.begin(), values_.end());
    block.min = *min;
    block.max = *max;
    totals_.min = totals_.value_count == 0 ? block.min : std::min(totals_.min, block.min);
    totals_.max = totals_.value_count == 0 ? block.max : std::max(totals_.max, block.max);
    totals_.doc_count += block.doc_count;
    totals_.value_count += block.value_count;
    choosePacking(block);
    writeLayout(block, window_docs);
  }
  blocks_.push_back(block);
  docs_.clear();
  values_.clear();
}

void ColumnWriter::choosePacking(ColumnBlock& block) {
  numbers_.resize(values_.size());
  if (block.min == block.max) {
    // Constant: as whole numbers, whatever they stand for, with no bits at all.
    block.base = static_cast<std::uint64_t>(block.min);
    std::fill(numbers_.begin(), numbers_.end(), 0);
    return;
  }
  if (content_ != ColumnContent::kWhole && chooseDecimal(block)) return;
  for (std::size_t i = 0; i < values_.size(); ++i) numbers_[i] = static_cast<std::uint64_t>(values_[i]);
  packWhole(block, numbers_, static_cast<std::uint64_t>(block.min), static_cast<std::uint64_t>(block.max));
}

bool ColumnWriter::chooseDecimal(ColumnBlock& block) {
  const bool is_float = content_ == ColumnContent::kFloat;
  unsigned exponent = 0;
  std::int64_t whole = 0;
  for (const std::int64_t value : values_)
    while (!toDecimal(value, exponent, is_float, whole))
      if (++exponent > kMaxExponent) return false;
  std::int64_t min = 0, max = 0;
  for (std::size_t i = 0; i < values_.size(); ++i) {
    // Again from the first: a value that was short at a small exponent may be too large at the final one.
    if (!toDecimal(values_[i], exponent, is_float, whole)) return false;
    min = i == 0 ? whole : std::min(min, whole);
    max = i == 0 ? whole : std::max(max, whole);
    numbers_[i] = static_cast<std::uint64_t>(whole);
  }
  block.decimal = static_cast<std::uint8_t>(exponent | (is_float ? kFloatFlag : 0u));
  packWhole(block, numbers_, static_cast<std::uint64_t>(min), static_cast<std::uint64_t>(max));
  return true;
}

void ColumnWriter::packWhole(ColumnBlock& block, std::span<const std::uint64_t> numbers, std::uint64_t min,
                             std::uint64_t max) {
  // Differences wrap, so the whole range of int64 works.
  std::uint64_t divisor = max - min;
  for (const std::uint64_t number : numbers) {
    if (divisor == 1) break;
    if (const std::uint64_t above = number - min; above % divisor != 0) divisor = std::gcd(above, divisor);
  }
  block.base = min;
  block.multiplier = divisor;
  block.width = static_cast<std::uint8_t>(bitWidth((max - min) / divisor));
  for (auto& number : numbers_) number = divisor == 1 ? number - min : (number - min) / divisor;
}

void ColumnWriter::writePresence() {
  std::array<std::uint64_t, kWindowWords> present{};
  for (const DocId doc : docs_) present[doc % kWindowDocs / 64] |= std::uint64_t{1} << (doc % 64);
  for (const std::uint64_t word : present) base::appendLittle(data_, word);
}

void ColumnWriter::writeLayout(ColumnBlock& block, std::uint32_t window_docs) {
  if (block.value_count > block.doc_count) {
    block.layout = ColumnLayout::kMulti;
    block.offset_width = static_cast<std::uint8_t>(bitWidth(block.value_count));
    std::vector<std::uint32_t> offsets(window_docs + 1, 0);
    for (const DocId doc : docs_) ++offsets[doc % kWindowDocs + 1];
    std::partial_sum(offsets.begin(), offsets.end(), offsets.begin());
    appendPacked(data_, std::span<const std::uint32_t>(offsets), block.offset_width);
    appendPacked(data_, std::span<const std::uint64_t>(numbers_), block.width);
  } else if (block.doc_count == window_docs) {
    writeFull(block);
  } else if (block.doc_count * 2 >= window_docs || block.width == 0) {
    block.layout = ColumnLayout::kSlotted;
    writePresence();
    slots_.assign(window_docs, 0);
    for (std::size_t i = 0; i < docs_.size(); ++i) slots_[docs_[i] % kWindowDocs] = numbers_[i];
    appendPacked(data_, std::span<const std::uint64_t>(slots_), block.width);
  } else {
    block.layout = ColumnLayout::kCompact;
    writePresence();
    appendPacked(data_, std::span<const std::uint64_t>(numbers_), block.width);
  }
}

void ColumnWriter::writeFull(ColumnBlock& block) {
  block.layout = ColumnLayout::kFull;
  if (block.decimal == kWholeNumbers)
    if (const auto trend = findTrend(numbers_, block.width)) {
      block.layout = ColumnLayout::kTrend;
      block.base += block.multiplier * static_cast<std::uint64_t>(trend->lowest);
      block.width = static_cast<std::uint8_t>(trend->width);
      base::appendLittle(data_, trend->slope);
      for (std::uint32_t i = 0; i < numbers_.size(); ++i)
        numbers_[i] -= static_cast<std::uint64_t>(trendAt(trend->slope, i) + trend->lowest);
    }
  appendPacked(data_, std::span<const std::uint64_t>(numbers_), block.width);
}

Status ColumnWriter::finish(std::uint32_t doc_count, ByteSink& out) {
  const std::uint32_t windows = windowCount(doc_count);
  while (window_ < windows) {
    writeBlock(docsOfWindow(doc_count, window_));
    ++window_;
  }
  const std::uint64_t data_start = kColumnHeaderBytes + std::uint64_t{windows} * sizeof(ColumnBlock);
  std::string head;
  head.reserve(data_start);
  base::appendLittle(head, doc_count);
  base::appendLittle(head, windows);
  base::appendLittle<std::uint32_t>(head, is_multi_ ? 1 : 0);
  base::appendLittle<std::uint32_t>(head, 0);
  base::appendLittle(head, totals_.min);
  base::appendLittle(head, totals_.max);
  base::appendLittle(head, totals_.doc_count);
  base::appendLittle(head, totals_.value_count);
  for (ColumnBlock& block : blocks_) {
    block.data_offset += data_start;
    base::appendLittle(head, block);
  }
  out.append(base::asBytes(head));
  full_.copyTo(out);
  data_.append(kUnpackSlack, '\0');
  out.append(base::asBytes(data_));
  return full_.status();
}

void ColumnWriter::finish(std::uint32_t doc_count, std::string& out) {
  StringSink sink(out);
  (void)finish(doc_count, sink);  // without a folder nothing can fail
}

}  // namespace gyre::engine
