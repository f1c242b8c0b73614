// How does a column get to disk and back? Writes and reads what doc_values.hpp describes.
//
// FORMAT: docs/INDEX_FORMAT.md, "Columns".
//
// THREADS: a writer belongs to one thread. OWNS: a reader borrows the section's bytes.
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "base/bytes.hpp"
#include "engine/codec/doc_values.hpp"
#include "engine/codec/spool.hpp"
#include "gyre/status.hpp"

namespace gyre::engine {

// What the int64 values stand for; decides whether packing as short decimals is tried.
enum class ColumnContent : std::uint8_t { kWhole, kDouble, kFloat };

// How a block lays out its documents.
enum class ColumnLayout : std::uint8_t {
  kEmpty,    // no document has a value
  kFull,     // every document has one value
  kSlotted,  // presence bits, and a slot for every document: most have one value
  kCompact,  // presence bits, and only the values there are: few have one
  kMulti,    // some document has several
  kTrend,    // every document has one value, and they lie about a straight line
};

// FORMAT: as it stands on disk, 56 bytes.
struct ColumnBlock {
  std::int64_t min = 0;  // of the values as readers see them
  std::int64_t max = 0;
  std::uint64_t base = 0;         // packed 0 stands for this (whole numbers: wrapping)
  std::uint64_t multiplier = 1;   // and packed 1 for base + multiplier
  std::uint64_t data_offset = 0;  // from the start of the section
  std::uint32_t doc_count = 0;
  std::uint32_t value_count = 0;
  std::uint8_t width = 0;
  std::uint8_t offset_width = 0;  // kMulti: bits of an offset
  std::uint8_t decimal = 0xff;    // 0xff whole; else the power of ten divided by, with 0x80 for a float
  ColumnLayout layout = ColumnLayout::kEmpty;
  std::uint32_t reserved = 0;
};
static_assert(sizeof(ColumnBlock) == 56);

class ColumnWriter {
 public:
  // `scratch`: a folder for what waits to be written when there is much of it; "" keeps it in memory.
  explicit ColumnWriter(ColumnContent content, std::string scratch = {})
      : content_(content), full_(std::move(scratch)) {}
  // Documents ascending; values of one document in any order, repetitions kept.
  void add(DocId doc, std::int64_t value) {
    if (doc / kWindowDocs != window_) startWindow(doc / kWindowDocs);
    docs_.push_back(doc);
    values_.push_back(value);
  }
  bool isEmpty() const { return totals_.value_count == 0 && values_.empty(); }
  std::uint32_t docCount() const { return totals_.doc_count; }  // after finish
  // Appends the section; fails as Spool does.
  Status finish(std::uint32_t doc_count, ByteSink& out);
  void finish(std::uint32_t doc_count, std::string& out);

 private:
  void startWindow(std::uint32_t window);
  void writeBlock(std::uint32_t window_docs);
  void sortEachDocument();
  void choosePacking(ColumnBlock& block);
  bool chooseDecimal(ColumnBlock& block);
  void packWhole(ColumnBlock& block, std::span<const std::uint64_t> numbers, std::uint64_t min, std::uint64_t max);
  void writeLayout(ColumnBlock& block, std::uint32_t window_docs);
  void writePresence();
  void writeFull(ColumnBlock& block);

  ColumnContent content_;
  std::uint32_t window_ = 0;
  bool is_multi_ = false;
  ColumnBlockStats totals_;
  std::vector<DocId> docs_;  // of the current window
  std::vector<std::int64_t> values_;
  std::vector<std::uint64_t> numbers_;  // what is packed: as whole numbers, then above the base
  std::vector<std::uint64_t> slots_;
  std::vector<ColumnBlock> blocks_;
  Spool full_;  // data of the blocks before those in data_
  std::string data_;
};

// corruption (without file and offset, which the caller knows) when the section contradicts itself.
Result<std::unique_ptr<ColumnReader>> openColumn(base::ByteView section, std::uint32_t doc_count);

}  // namespace gyre::engine
