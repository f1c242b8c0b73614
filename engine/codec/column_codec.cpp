#include "engine/codec/column_codec.hpp"

#include <algorithm>
#include <array>
#include <bit>
#include <cmath>
#include <cstring>
#include <numeric>

#include "base/cpu_clones.hpp"
#include "engine/codec/bit_packing.hpp"
#include "engine/mapping/numeric_value.hpp"

namespace gyre::engine {
namespace {

constexpr std::uint8_t kWholeNumbers = 0xff;
constexpr std::uint8_t kFloatFlag = 0x80;
// 10^14: with 53 bits of mantissa there is nothing to gain beyond.
constexpr unsigned kMaxExponent = 14;
constexpr std::array<double, kMaxExponent + 1> kPowers = {1e0, 1e1, 1e2,  1e3,  1e4,  1e5,  1e6, 1e7,
                                                          1e8, 1e9, 1e10, 1e11, 1e12, 1e13, 1e14};
constexpr double kLargestWhole = 9007199254740992.0;  // 2^53: whole doubles are exact up to here
constexpr std::size_t kHeaderSize = 40;

// The one formula that both sides use, so packing is lossless by construction. Both operands are exact, so the quotient
// is the double nearest to the decimal, which is what a JSON parser had made of it.
inline std::int64_t fromDecimal(std::int64_t whole, double power, bool is_float) {
  const double value = static_cast<double>(whole) / power;
  return is_float ? encodeFloat(static_cast<float>(value)) : encodeDouble(value);
}

bool toDecimal(std::int64_t encoded, unsigned exponent, bool is_float, std::int64_t& whole) {
  const double scaled = decodeDouble(encoded) * kPowers[exponent];
  if (!(std::fabs(scaled) < kLargestWhole)) return false;
  whole = std::llround(scaled);
  return fromDecimal(whole, kPowers[exponent], is_float) == encoded;
}

std::uint32_t windowCount(std::uint32_t doc_count) {
  return static_cast<std::uint32_t>((std::uint64_t{doc_count} + kWindowDocs - 1) / kWindowDocs);
}
std::uint32_t docsOfWindow(std::uint32_t doc_count, std::uint32_t window) {
  return std::min(kWindowDocs, doc_count - window * kWindowDocs);
}

}  // namespace

// ---- writing
// ---------------------------------------------------------------------------------------------------------

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
  block.data_offset = data_.size();
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
    block.layout = ColumnLayout::kFull;
    appendPacked(data_, std::span<const std::uint64_t>(numbers_), block.width);
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

void ColumnWriter::finish(std::uint32_t doc_count, std::string& out) {
  const std::uint32_t windows = windowCount(doc_count);
  while (window_ < windows) {
    writeBlock(docsOfWindow(doc_count, window_));
    ++window_;
  }
  const std::uint64_t data_start = kHeaderSize + std::uint64_t{windows} * sizeof(ColumnBlock);
  out.reserve(out.size() + data_start + data_.size() + kUnpackSlack);
  base::appendLittle(out, doc_count);
  base::appendLittle(out, windows);
  base::appendLittle<std::uint32_t>(out, is_multi_ ? 1 : 0);
  base::appendLittle<std::uint32_t>(out, 0);
  base::appendLittle(out, totals_.min);
  base::appendLittle(out, totals_.max);
  base::appendLittle(out, totals_.doc_count);
  base::appendLittle(out, totals_.value_count);
  for (ColumnBlock& block : blocks_) {
    block.data_offset += data_start;
    base::appendLittle(out, block);
  }
  out += data_;
  out.append(kUnpackSlack, '\0');
}

// ---- reading
// ---------------------------------------------------------------------------------------------------------

namespace {

GYRE_CPU_CLONES void addBase(std::uint64_t base, std::uint64_t multiplier, std::uint32_t count,
                             std::uint64_t* numbers) {
  if (multiplier == 1) {
    for (std::uint32_t i = 0; i < count; ++i) numbers[i] += base;
  } else {
    for (std::uint32_t i = 0; i < count; ++i) numbers[i] = base + multiplier * numbers[i];
  }
}

GYRE_CPU_CLONES void decimalsToDoubles(double power, std::uint32_t count, std::int64_t* numbers) {
  for (std::uint32_t i = 0; i < count; ++i) numbers[i] = fromDecimal(numbers[i], power, false);
}

class PackedColumn final : public ColumnReader {
 public:
  static Result<std::unique_ptr<ColumnReader>> open(base::ByteView section, std::uint32_t doc_count) {
    auto column = std::unique_ptr<PackedColumn>(new PackedColumn(section, doc_count));
    GYRE_TRY(column->check());
    return std::unique_ptr<ColumnReader>(std::move(column));
  }

  ColumnBlockStats stats() const override { return totals_; }
  ColumnBlockStats blockStats(std::uint32_t window) const override {
    const ColumnBlock each = block(window);
    return {each.min, each.max, each.doc_count, each.value_count};
  }
  bool isMultiValued() const override { return is_multi_; }

  void read(std::uint32_t window, std::int64_t* values, std::uint64_t* present) const override {
    const ColumnBlock each = block(window);
    readNumbers(each, window, values, present);
    toValues(each, docsOfWindow(doc_count_, window), values);
  }

  int unitDigits(std::uint32_t window) const override {
    const ColumnBlock each = block(window);
    return each.decimal == kWholeNumbers || (each.decimal & kFloatFlag) != 0 ? kNoUnits : each.decimal;
  }

  void readUnits(std::uint32_t window, std::int64_t* units, std::uint64_t* present) const override {
    readNumbers(block(window), window, units, present);
  }

  void readOrdinals(std::uint32_t window, std::uint32_t* ordinals, std::uint64_t* present) const override {
    const ColumnBlock each = block(window);
    const std::uint32_t docs = docsOfWindow(doc_count_, window);
    const std::uint8_t* data = section_.data() + each.data_offset;
    const bool is_each = each.layout == ColumnLayout::kFull || each.layout == ColumnLayout::kSlotted;
    if (!is_each || each.width > 32) {
      std::array<std::int64_t, kWindowDocs> values;
      readNumbers(each, window, values.data(), present);
      if (each.layout != ColumnLayout::kEmpty) std::copy_n(values.begin(), docs, ordinals);
      return;
    }
    if (each.layout == ColumnLayout::kFull) {
      fillPresent(docs, present);
    } else {
      std::memcpy(present, data, kWindowWords * 8);
      data += kWindowWords * 8;
    }
    unpack(data, docs, each.width, ordinals);
    const auto base = static_cast<std::uint32_t>(each.base);
    const auto multiplier = static_cast<std::uint32_t>(each.multiplier);
    if (base == 0 && multiplier == 1) return;
    for (std::uint32_t i = 0; i < docs; ++i) ordinals[i] = base + multiplier * ordinals[i];
  }

  std::uint32_t gather(std::uint32_t window, std::span<const std::uint16_t> docs, std::int64_t* values,
                       std::uint32_t* places) const override {
    const ColumnBlock each = block(window);
    const std::uint32_t found = gatherNumbers(each, window, docs, values, places);
    toValues(each, found, values);
    return found;
  }

  std::uint32_t gatherUnits(std::uint32_t window, std::span<const std::uint16_t> docs, std::int64_t* units,
                            std::uint32_t* places) const override {
    return gatherNumbers(block(window), window, docs, units, places);
  }

  void readMulti(std::uint32_t window, std::vector<std::uint32_t>& offsets,
                 std::vector<std::int64_t>& values) const override {
    const ColumnBlock each = block(window);
    const std::uint32_t docs = docsOfWindow(doc_count_, window);
    offsets.assign(docs + 1, 0);
    values.resize(each.value_count);
    const std::uint8_t* data = section_.data() + each.data_offset;
    if (each.layout == ColumnLayout::kMulti) {
      unpack(data, docs + 1, each.offset_width, offsets.data());
      decode(each, data + packedBytes(docs + 1, each.offset_width), each.value_count, values.data());
      toValues(each, each.value_count, values.data());
      return;
    }
    std::array<std::int64_t, kWindowDocs> slots;
    std::array<std::uint64_t, kWindowWords> present;
    read(window, slots.data(), present.data());
    std::uint32_t count = 0;
    for (std::uint32_t i = 0; i < docs; ++i) {
      offsets[i] = count;
      if ((present[i / 64] >> (i % 64) & 1) != 0) values[count++] = slots[i];
    }
    offsets[docs] = count;
  }

  bool readOne(DocId doc, std::int64_t& value) const override {
    const ColumnBlock each = block(doc / kWindowDocs);
    const std::uint32_t i = doc % kWindowDocs;
    const std::uint8_t* data = section_.data() + each.data_offset;
    std::uint32_t slot = i;
    switch (each.layout) {
      case ColumnLayout::kEmpty: return false;
      case ColumnLayout::kFull: break;
      case ColumnLayout::kSlotted:
      case ColumnLayout::kCompact:
        if (!isPresent(data, i)) return false;
        if (each.layout == ColumnLayout::kCompact) slot = rank(data, i);
        data += kWindowWords * 8;
        break;
      case ColumnLayout::kMulti: {
        const auto [first, end] = multiRange(each, data, i);
        if (first == end) return false;
        slot = first;
        data += packedBytes(docsOfWindow(doc_count_, doc / kWindowDocs) + 1, each.offset_width);
      }
    }
    value = one(each, data, slot);
    return true;
  }

  void readAll(DocId doc, std::vector<std::int64_t>& values) const override {
    values.clear();
    const std::uint32_t window = doc / kWindowDocs;
    const ColumnBlock each = block(window);
    if (each.layout != ColumnLayout::kMulti) {
      std::int64_t value = 0;
      if (readOne(doc, value)) values.push_back(value);
      return;
    }
    const std::uint8_t* const data = section_.data() + each.data_offset;
    const auto [first, end] = multiRange(each, data, doc % kWindowDocs);
    const std::uint8_t* const packed = data + packedBytes(docsOfWindow(doc_count_, window) + 1, each.offset_width);
    for (std::uint32_t slot = first; slot < end; ++slot) values.push_back(one(each, packed, slot));
  }

 private:
  PackedColumn(base::ByteView section, std::uint32_t doc_count) : section_(section), doc_count_(doc_count) {}

  ColumnBlock block(std::uint32_t window) const {
    return base::loadLittle<ColumnBlock>(section_.data() + kHeaderSize + std::size_t{window} * sizeof(ColumnBlock));
  }

  Status check() {
    base::ByteReader reader(section_);
    const auto doc_count = reader.little<std::uint32_t>();
    const auto windows = reader.little<std::uint32_t>();
    is_multi_ = reader.little<std::uint32_t>() != 0;
    reader.little<std::uint32_t>();
    totals_.min = reader.little<std::int64_t>();
    totals_.max = reader.little<std::int64_t>();
    totals_.doc_count = reader.little<std::uint32_t>();
    totals_.value_count = reader.little<std::uint32_t>();
    if (!reader.isValid() || doc_count != doc_count_ || windows != windowCount(doc_count_) ||
        reader.remaining() < std::uint64_t{windows} * sizeof(ColumnBlock) + kUnpackSlack)
      return corruption("column: header does not fit the segment");
    for (std::uint32_t window = 0; window < windows; ++window) GYRE_TRY(checkBlock(window));
    return {};
  }

  Status checkBlock(std::uint32_t window) const {
    const ColumnBlock each = block(window);
    const std::uint32_t docs = docsOfWindow(doc_count_, window);
    const auto bad = [&](std::string_view what) {
      return corruption("column: block " + std::to_string(window) + ": " + std::string(what));
    };
    std::uint64_t size = 0;
    switch (each.layout) {
      case ColumnLayout::kEmpty:
        if (each.data_offset > section_.size()) return bad("data outside the section");
        return each.value_count == 0 ? Status() : bad("values in an empty block");
      case ColumnLayout::kFull: size = packedBytes(docs, each.width); break;
      case ColumnLayout::kSlotted: size = kWindowWords * 8 + packedBytes(docs, each.width); break;
      case ColumnLayout::kCompact: size = kWindowWords * 8 + packedBytes(each.value_count, each.width); break;
      case ColumnLayout::kMulti:
        size = packedBytes(docs + 1, each.offset_width) + packedBytes(each.value_count, each.width);
        break;
      default: return bad("unknown layout");
    }
    if (each.width > 64 || each.offset_width > 32) return bad("width out of range");
    if (each.decimal != kWholeNumbers && (each.decimal & ~kFloatFlag) > kMaxExponent)
      return bad("exponent out of range");
    const std::uint64_t limit = section_.size() - kUnpackSlack;
    if (each.data_offset > limit || size > limit - each.data_offset) return bad("data outside the section");
    return checkCounts(each, docs) ? Status() : bad("counts contradict the data");
  }

  // What later reads rely on to stay inside their buffers.
  bool checkCounts(const ColumnBlock& each, std::uint32_t docs) const {
    const std::uint8_t* const data = section_.data() + each.data_offset;
    if (each.layout == ColumnLayout::kFull) return each.doc_count == docs && each.value_count == docs;
    if (each.layout == ColumnLayout::kMulti) {
      std::vector<std::uint32_t> offsets(docs + 1);
      unpack(data, docs + 1, each.offset_width, offsets.data());
      return offsets[0] == 0 && offsets[docs] == each.value_count && std::is_sorted(offsets.begin(), offsets.end());
    }
    std::uint32_t count = 0;
    for (std::uint32_t i = 0; i < kWindowWords; ++i)
      count += static_cast<std::uint32_t>(std::popcount(base::loadLittle<std::uint64_t>(data + i * 8)));
    if (docs < kWindowDocs && rank(data, docs) != count) return false;  // bits beyond the last document
    return count == each.value_count && count == each.doc_count;
  }

  static bool isPresent(const std::uint8_t* bits, std::uint32_t i) { return (bits[i / 8] >> (i % 8) & 1) != 0; }
  // Set bits before i.
  static std::uint32_t rank(const std::uint8_t* bits, std::uint32_t i) {
    int count = 0;
    for (std::uint32_t word = 0; word < i / 64; ++word)
      count += std::popcount(base::loadLittle<std::uint64_t>(bits + word * 8));
    return static_cast<std::uint32_t>(count) + (i % 64 == 0 ? 0 : rankInWord(bits, i));
  }
  // Those of its own word only.
  static std::uint32_t rankInWord(const std::uint8_t* bits, std::uint32_t i) {
    const std::uint64_t before = (std::uint64_t{1} << (i % 64)) - 1;
    return static_cast<std::uint32_t>(std::popcount(base::loadLittle<std::uint64_t>(bits + i / 64 * 8) & before));
  }
  // Those before each word.
  static std::array<std::uint32_t, kWindowWords> ranksOfWords(const std::uint8_t* bits) {
    std::array<std::uint32_t, kWindowWords> ranks;
    std::uint32_t count = 0;
    for (std::uint32_t word = 0; word < kWindowWords; ++word) {
      ranks[word] = count;
      count += static_cast<std::uint32_t>(std::popcount(base::loadLittle<std::uint64_t>(bits + word * 8)));
    }
    return ranks;
  }
  static void fillPresent(std::uint32_t docs, std::uint64_t* present) {
    std::memset(present, 0, kWindowWords * 8);
    std::fill_n(present, docs / 64, ~std::uint64_t{0});
    if (docs % 64 != 0) present[docs / 64] = (std::uint64_t{1} << (docs % 64)) - 1;
  }
  static std::pair<std::uint32_t, std::uint32_t> multiRange(const ColumnBlock& each, const std::uint8_t* data,
                                                            std::uint32_t i) {
    return {static_cast<std::uint32_t>(unpackOne(data, i, each.offset_width)),
            static_cast<std::uint32_t>(unpackOne(data, i + 1, each.offset_width))};
  }

  static std::int64_t one(const ColumnBlock& each, const std::uint8_t* packed, std::uint32_t slot) {
    const auto whole = static_cast<std::int64_t>(each.base + each.multiplier * unpackOne(packed, slot, each.width));
    if (each.decimal == kWholeNumbers) return whole;
    return fromDecimal(whole, kPowers[each.decimal & ~kFloatFlag], (each.decimal & kFloatFlag) != 0);
  }

  // The numbers as they are packed; what they stand for is toValues()'s.
  static void decode(const ColumnBlock& each, const std::uint8_t* packed, std::uint32_t count, std::int64_t* numbers) {
    if (each.width == 0) {
      std::fill_n(numbers, count, static_cast<std::int64_t>(each.base));
      return;
    }
    auto* const wrapping = reinterpret_cast<std::uint64_t*>(numbers);  // the same bytes, unsigned so that sums may wrap
    unpack(packed, count, each.width, wrapping);
    addBase(each.base, each.multiplier, count, wrapping);
  }

  // Numbers packed as decimals become doubles.
  static void toValues(const ColumnBlock& each, std::uint32_t count, std::int64_t* numbers) {
    if (each.decimal == kWholeNumbers) return;
    const double power = kPowers[each.decimal & ~kFloatFlag];
    if ((each.decimal & kFloatFlag) != 0) {
      for (std::uint32_t i = 0; i < count; ++i) numbers[i] = fromDecimal(numbers[i], power, true);
    } else {
      decimalsToDoubles(power, count, numbers);
    }
  }

  void readNumbers(const ColumnBlock& each, std::uint32_t window, std::int64_t* numbers, std::uint64_t* present) const {
    const std::uint32_t docs = docsOfWindow(doc_count_, window);
    const std::uint8_t* const data = section_.data() + each.data_offset;
    switch (each.layout) {
      case ColumnLayout::kEmpty: std::memset(present, 0, kWindowWords * 8); return;
      case ColumnLayout::kFull:
        fillPresent(docs, present);
        decode(each, data, docs, numbers);
        return;
      case ColumnLayout::kSlotted:
        std::memcpy(present, data, kWindowWords * 8);
        decode(each, data + kWindowWords * 8, docs, numbers);
        return;
      case ColumnLayout::kCompact: readCompact(each, data, numbers, present); return;
      case ColumnLayout::kMulti: readFirsts(each, data, docs, numbers, present); return;
    }
  }

  std::uint32_t gatherNumbers(const ColumnBlock& each, std::uint32_t window, std::span<const std::uint16_t> docs,
                              std::int64_t* numbers, std::uint32_t* places) const {
    const auto count = static_cast<std::uint32_t>(docs.size());
    const std::uint8_t* const data = section_.data() + each.data_offset;
    std::array<std::uint32_t, kWindowDocs> slots;
    std::uint32_t found = 0;
    switch (each.layout) {
      case ColumnLayout::kEmpty: return 0;
      case ColumnLayout::kFull: gatherPacked(each, data, docs.data(), count, numbers); return count;
      case ColumnLayout::kSlotted:
      case ColumnLayout::kCompact: {
        std::array<std::uint32_t, kWindowWords> ranks{};
        if (each.layout == ColumnLayout::kCompact) ranks = ranksOfWords(data);
        for (std::uint32_t i = 0; i < count; ++i) {
          const std::uint32_t doc = docs[i];
          if (!isPresent(data, doc)) continue;
          slots[found] = each.layout == ColumnLayout::kSlotted ? doc : ranks[doc / 64] + rankInWord(data, doc);
          places[found++] = i;
        }
        gatherPacked(each, data + kWindowWords * 8, slots.data(), found, numbers);
        return found;
      }
      case ColumnLayout::kMulti:
        for (std::uint32_t i = 0; i < count; ++i) {
          const auto [first, end] = multiRange(each, data, docs[i]);
          if (first == end) continue;
          slots[found] = first;
          places[found++] = i;
        }
        const std::uint64_t offsets = packedBytes(docsOfWindow(doc_count_, window) + 1, each.offset_width);
        gatherPacked(each, data + offsets, slots.data(), found, numbers);
        return found;
    }
    return 0;
  }

  template <class Slot>
  static void gatherPacked(const ColumnBlock& each, const std::uint8_t* packed, const Slot* slots, std::uint32_t count,
                           std::int64_t* numbers) {
    constexpr unsigned kOneLoad = 57;  // bits that one load of eight bytes holds wherever they begin
    if (each.width == 0) {
      std::fill_n(numbers, count, static_cast<std::int64_t>(each.base));
    } else if (each.width > kOneLoad) {
      for (std::uint32_t i = 0; i < count; ++i)
        numbers[i] = static_cast<std::int64_t>(each.base + each.multiplier * unpackOne(packed, slots[i], each.width));
    } else {
      const std::uint64_t mask = (std::uint64_t{1} << each.width) - 1;
      for (std::uint32_t i = 0; i < count; ++i) {
        const std::uint64_t bit = std::uint64_t{slots[i]} * each.width;
        const std::uint64_t number = base::loadLittle<std::uint64_t>(packed + bit / 8) >> (bit % 8) & mask;
        numbers[i] = static_cast<std::int64_t>(each.base + each.multiplier * number);
      }
    }
  }

  static void readCompact(const ColumnBlock& each, const std::uint8_t* data, std::int64_t* numbers,
                          std::uint64_t* present) {
    std::array<std::int64_t, kWindowDocs> compact;
    std::memcpy(present, data, kWindowWords * 8);
    decode(each, data + kWindowWords * 8, each.value_count, compact.data());
    std::uint32_t next = 0;
    for (std::uint32_t word = 0; word < kWindowWords; ++word)
      for (std::uint64_t bits = present[word]; bits != 0; bits &= bits - 1)
        numbers[word * 64 + static_cast<std::uint32_t>(std::countr_zero(bits))] = compact[next++];
  }

  static void readFirsts(const ColumnBlock& each, const std::uint8_t* data, std::uint32_t docs, std::int64_t* numbers,
                         std::uint64_t* present) {
    std::array<std::uint32_t, kWindowDocs + 1> offsets;
    unpack(data, docs + 1, each.offset_width, offsets.data());
    std::vector<std::int64_t> all(each.value_count);
    decode(each, data + packedBytes(docs + 1, each.offset_width), each.value_count, all.data());
    std::memset(present, 0, kWindowWords * 8);
    for (std::uint32_t i = 0; i < docs; ++i) {
      if (offsets[i] == offsets[i + 1]) continue;
      present[i / 64] |= std::uint64_t{1} << (i % 64);
      numbers[i] = all[offsets[i]];
    }
  }

  base::ByteView section_;
  std::uint32_t doc_count_;
  bool is_multi_ = false;
  ColumnBlockStats totals_;
};

}  // namespace

Result<std::unique_ptr<ColumnReader>> openColumn(base::ByteView section, std::uint32_t doc_count) {
  return PackedColumn::open(section, doc_count);
}

}  // namespace gyre::engine
