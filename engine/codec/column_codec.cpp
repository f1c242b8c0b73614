#include "engine/codec/column_codec.hpp"

#include <algorithm>
#include <array>
#include <bit>
#include <cstring>

#include "base/cpu_clones.hpp"
#include "engine/codec/bit_packing.hpp"
#include "engine/codec/column_filter.hpp"
#include "engine/codec/column_layout.hpp"
#include "engine/codec/column_trend.hpp"
#include "engine/codec/count_ones.hpp"

namespace gyre::engine {

namespace {

GYRE_CPU_CLONES void addBase(std::uint64_t base, std::uint64_t multiplier, std::uint32_t count,
                             std::uint64_t* numbers) {
  if (multiplier == 1) {
    for (std::uint32_t i = 0; i < count; ++i) numbers[i] += base;
  } else {
    for (std::uint32_t i = 0; i < count; ++i) numbers[i] = base + multiplier * numbers[i];
  }
}

GYRE_CPU_CLONES void addTrend(std::int64_t slope, std::uint64_t multiplier, std::uint32_t count,
                              std::uint64_t* numbers) {
  for (std::uint32_t i = 0; i < count; ++i) numbers[i] += multiplier * static_cast<std::uint64_t>(trendAt(slope, i));
}

GYRE_CPU_CLONES void decimalsToDoubles(double power, std::uint32_t count, std::int64_t* numbers) {
  for (std::uint32_t i = 0; i < count; ++i) numbers[i] = fromDecimal(numbers[i], power, false);
}

// Whether the documents ascend, and all their bits are set.
GYRE_CPU_CLONES bool areSet(const std::uint32_t* bits, const std::uint16_t* docs, std::size_t count) {
  std::uint32_t ascend = 1, all = 1;
  for (std::size_t i = 1; i < count; ++i) ascend &= static_cast<std::uint32_t>(docs[i - 1] < docs[i]);
  for (std::size_t i = 0; i < count; ++i) all &= bits[docs[i] / 32] >> (docs[i] % 32);
  return (all & ascend) != 0;
}

// Documents, ascending, and the bits of just these. A request asks column after column about the same documents of a
// window, most often nested documents' roots, of which all have a value in most columns: the thread keeps what it was
// told last, so that the next column's bits are compared instead of being looked at for each document.
struct PresentDocs {
  static constexpr std::size_t kMaxDocs = 512;
  std::uint32_t count = 0;
  std::array<std::uint16_t, kMaxDocs> docs{};
  std::array<std::uint64_t, kWindowWords> bits{};

  bool isOf(const std::uint8_t* present, std::span<const std::uint16_t> asked) const {
    return count == asked.size() && std::memcmp(docs.data(), asked.data(), asked.size_bytes()) == 0 &&
           std::memcmp(bits.data(), present, sizeof bits) == 0;
  }
  void keep(const std::uint8_t* present, std::span<const std::uint16_t> asked) {
    if (asked.size() > kMaxDocs) return;
    count = static_cast<std::uint32_t>(asked.size());
    std::memcpy(docs.data(), asked.data(), asked.size_bytes());
    std::memcpy(bits.data(), present, sizeof bits);
  }
};
constinit thread_local PresentDocs last_present;

class PackedColumn final : public ColumnReader, public PackedWindows {
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
  PackedWindow packedWindow(std::uint32_t window) const override {
    const ColumnBlock each = block(window);
    return {each, section_.data() + each.data_offset, docsOfWindow(doc_count_, window)};
  }

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
      case ColumnLayout::kTrend: value = onTrend(each, data, i); return true;
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
    return base::loadLittle<ColumnBlock>(section_.data() + kColumnHeaderBytes +
                                         std::size_t{window} * sizeof(ColumnBlock));
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
    const bool takes_decimals = each.layout != ColumnLayout::kTrend;
    if (each.decimal != kWholeNumbers && (!takes_decimals || (each.decimal & ~kFloatFlag) > kMaxExponent))
      return bad("exponent out of range");
    std::uint64_t size = 0;
    switch (each.layout) {
      case ColumnLayout::kEmpty:
        if (each.data_offset > section_.size()) return bad("data outside the section");
        return each.value_count == 0 ? Status() : bad("values in an empty block");
      case ColumnLayout::kFull: size = packedBytes(docs, each.width); break;
      case ColumnLayout::kTrend: size = kSlopeBytes + packedBytes(docs, each.width); break;
      case ColumnLayout::kSlotted: size = kWindowWords * 8 + packedBytes(docs, each.width); break;
      case ColumnLayout::kCompact: size = kWindowWords * 8 + packedBytes(each.value_count, each.width); break;
      case ColumnLayout::kMulti:
        size = packedBytes(docs + 1, each.offset_width) + packedBytes(each.value_count, each.width);
        break;
      default: return bad("unknown layout");
    }
    if (each.width > 64 || each.offset_width > 32) return bad("width out of range");
    const std::uint64_t limit = section_.size() - kUnpackSlack;
    if (each.data_offset > limit || size > limit - each.data_offset) return bad("data outside the section");
    return checkCounts(each, docs) ? Status() : bad("counts contradict the data");
  }

  // What later reads rely on to stay inside their buffers.
  bool checkCounts(const ColumnBlock& each, std::uint32_t docs) const {
    const std::uint8_t* const data = section_.data() + each.data_offset;
    if (each.layout == ColumnLayout::kFull || each.layout == ColumnLayout::kTrend)
      return each.doc_count == docs && each.value_count == docs;
    if (each.layout == ColumnLayout::kMulti) {
      std::vector<std::uint32_t> offsets(docs + 1);
      unpack(data, docs + 1, each.offset_width, offsets.data());
      return offsets[0] == 0 && offsets[docs] == each.value_count && std::is_sorted(offsets.begin(), offsets.end());
    }
    std::uint32_t count = 0;
    for (std::uint32_t i = 0; i < kWindowWords; ++i) count += countOnes(base::loadLittle<std::uint64_t>(data + i * 8));
    if (docs < kWindowDocs && rank(data, docs) != count) return false;  // bits beyond the last document
    return count == each.value_count && count == each.doc_count;
  }

  static bool isPresent(const std::uint8_t* bits, std::uint32_t i) { return (bits[i / 8] >> (i % 8) & 1) != 0; }
  // Set bits before i.
  static std::uint32_t rank(const std::uint8_t* bits, std::uint32_t i) {
    std::uint32_t count = 0;
    for (std::uint32_t word = 0; word < i / 64; ++word)
      count += countOnes(base::loadLittle<std::uint64_t>(bits + word * 8));
    return count + (i % 64 == 0 ? 0 : rankInWord(bits, i));
  }
  // Those of its own word only.
  static std::uint32_t rankInWord(const std::uint8_t* bits, std::uint32_t i) {
    const std::uint64_t before = (std::uint64_t{1} << (i % 64)) - 1;
    return countOnes(base::loadLittle<std::uint64_t>(bits + i / 64 * 8) & before);
  }
  // Those before each word.
  static std::array<std::uint32_t, kWindowWords> ranksOfWords(const std::uint8_t* bits) {
    std::array<std::uint32_t, kWindowWords> ranks;
    std::uint32_t count = 0;
    for (std::uint32_t word = 0; word < kWindowWords; ++word) {
      ranks[word] = count;
      count += countOnes(base::loadLittle<std::uint64_t>(bits + word * 8));
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

  static std::int64_t slopeOf(const std::uint8_t* data) { return base::loadLittle<std::int64_t>(data); }
  static std::int64_t onTrend(const ColumnBlock& each, const std::uint8_t* data, std::uint32_t i) {
    const auto line = static_cast<std::uint64_t>(trendAt(slopeOf(data), i));
    const std::uint64_t above = unpackOne(data + kSlopeBytes, i, each.width);
    return static_cast<std::int64_t>(each.base + each.multiplier * (line + above));
  }

  // The numbers as they are packed; what they stand for is toValues()'s.
  static void decode(const ColumnBlock& each, const std::uint8_t* packed, std::uint32_t count, std::int64_t* numbers) {
    if (each.width == 0) {
      std::fill_n(numbers, count, static_cast<std::int64_t>(each.base));
      return;
    }
    auto* const wrapping = reinterpret_cast<std::uint64_t*>(numbers);  // the same bytes, unsigned so that sums may wrap
    // In pieces, so that what was unpacked is still near when the base is added.
    constexpr std::uint32_t kPiece = 1024;
    for (std::uint32_t at = 0; at < count; at += kPiece) {
      const std::uint32_t size = std::min(kPiece, count - at);
      unpack(packed + std::size_t{at} / 8 * each.width, size, each.width, wrapping + at);
      addBase(each.base, each.multiplier, size, wrapping + at);
    }
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
      case ColumnLayout::kTrend:
        fillPresent(docs, present);
        decode(each, data + kSlopeBytes, docs, numbers);
        addTrend(slopeOf(data), each.multiplier, docs, reinterpret_cast<std::uint64_t*>(numbers));
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
      case ColumnLayout::kTrend:
        for (std::uint32_t i = 0; i < count; ++i) numbers[i] = onTrend(each, data, docs[i]);
        return count;
      case ColumnLayout::kSlotted:
      case ColumnLayout::kCompact: {
        // Of nested documents' roots, all are often asked for, and all have a value: then those are in order.
        const bool is_slotted = each.layout == ColumnLayout::kSlotted;
        if (count == each.value_count ? areThePresent(data, docs) : is_slotted && arePresent(data, docs)) {
          const std::uint8_t* const packed = data + kWindowWords * 8;
          if (is_slotted)
            gatherPacked(each, packed, docs.data(), count, numbers);
          else
            decode(each, packed, count, numbers);
          return count;
        }
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

  // Whether the documents ascend, and each has a value.
  static bool arePresent(const std::uint8_t* present, std::span<const std::uint16_t> docs) {
    std::array<std::uint32_t, kWindowDocs / 32> words;
    std::memcpy(words.data(), present, sizeof words);
    return areSet(words.data(), docs.data(), docs.size());
  }

  // The same where no others have a value.
  static bool areThePresent(const std::uint8_t* present, std::span<const std::uint16_t> docs) {
    if (last_present.isOf(present, docs)) return true;
    if (!arePresent(present, docs)) return false;
    last_present.keep(present, docs);
    return true;
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
