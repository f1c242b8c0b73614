// What value does a document have in a field? Columns, read a window at a time.
//
// Numbers (numeric_value.hpp) or ordinals of the field's term dictionary, in blocks of one window (4,096 documents),
// each with minimum, maximum and count of values, bit-packed above the minimum with a common divisor taken out; doubles
// whose values are short decimals are packed as whole numbers. A block whose values are all equal takes no space.
// FORMAT: see docs/INDEX_FORMAT.md, "Columns".
//
// THREADS: immutable; concurrent reads are fine. OWNS: borrows the segment's bytes.
#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include "engine/codec/doc_id.hpp"

namespace gyre::engine {

// What is known of a block without decoding it. min and max are meaningless when value_count is 0.
struct ColumnBlockStats {
  std::int64_t min = 0;
  std::int64_t max = 0;
  std::uint32_t doc_count = 0;    // documents of the window with at least one value
  std::uint32_t value_count = 0;  // values; above doc_count when some have several
};

class ColumnReader {
 public:
  virtual ~ColumnReader() = default;
  // Over the whole segment.
  virtual ColumnBlockStats stats() const = 0;
  // Of window w (documents w * kWindowDocs …).
  virtual ColumnBlockStats blockStats(std::uint32_t window) const = 0;
  // True when some document of the segment has more than one value; then only readMulti() tells all.
  virtual bool isMultiValued() const = 0;

  // Decodes one window. `present` gets a bit for each document with a value, `values` the value of each document (the
  // smallest one when it has several; unspecified where the bit is clear). REQUIRES: values has room for kWindowDocs,
  // present for kWindowWords.
  virtual void read(std::uint32_t window, std::int64_t* values, std::uint64_t* present) const = 0;

  // All values of a window: offsets[i] … offsets[i+1] are those of document i in `values`, ascending, repetitions kept.
  virtual void readMulti(std::uint32_t window, std::vector<std::uint32_t>& offsets,
                         std::vector<std::int64_t>& values) const = 0;

  // As read(), of ordinals. REQUIRES: the column holds ordinals.
  virtual void readOrdinals(std::uint32_t window, std::uint32_t* ordinals, std::uint64_t* present) const = 0;

  // The decimals that the window's doubles are packed with, kNoUnits when they are packed otherwise. Where there are
  // units, a value is exactly units / 10^digits, and sums need no division.
  static constexpr int kNoUnits = -1;
  virtual int unitDigits(std::uint32_t window) const = 0;
  // As read(), of units. REQUIRES: unitDigits(window) is not kNoUnits.
  virtual void readUnits(std::uint32_t window, std::int64_t* units, std::uint64_t* present) const = 0;

  // As read() and readUnits(), for some documents of the window alone (positions, in any order): the values of those
  // that have one, in their order, and in `places` which of `docs` each belongs to; how many. `places` is left alone
  // when every one has a value. REQUIRES: at most kWindowDocs of them, and room for as many.
  virtual std::uint32_t gather(std::uint32_t window, std::span<const std::uint16_t> docs, std::int64_t* values,
                               std::uint32_t* places) const = 0;
  virtual std::uint32_t gatherUnits(std::uint32_t window, std::span<const std::uint16_t> docs, std::int64_t* units,
                                    std::uint32_t* places) const = 0;

  // One document's smallest value, for top hits; false when it has none.
  virtual bool readOne(DocId doc, std::int64_t& value) const = 0;
  virtual void readAll(DocId doc, std::vector<std::int64_t>& values) const = 0;
};

}  // namespace gyre::engine
