// How do samples of many series lie in one file, and how are the series of a label found there?
//
// A block is written once, front to back: the chunks of each series in the order of labels, then an index over labels,
// then a footer that finds the index. The index is checked when the block is opened, the chunks of a series when they
// are read. FORMAT: docs/SERIES_FORMAT.md, "Block file".
//
// THREADS: a writer belongs to one thread; a Block is immutable. OWNS: a Block owns its mapped file, which stays
// readable after its name is removed.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "engine/directory/directory.hpp"
#include "engine/series/label_index.hpp"
#include "engine/series/sample.hpp"
#include "gyre/status.hpp"

namespace gyre::engine::series {

// What an index says of its block.
struct BlockSummary {
  std::int64_t resolution_ms = 0;  // 0: samples
  // Of its samples; of roll-ups the first and last end_ms.
  std::int64_t min_ms = 0;
  std::int64_t max_ms = 0;
  std::uint64_t samples = 0;  // or roll-ups
  std::uint32_t series = 0;
};

class BlockWriter {
 public:
  // The writer appends to `out`, and does not finish it.
  BlockWriter(FileWriter& out, std::int64_t resolution_ms);

  // Series in ascending order of labels, each once, none empty.
  void add(const LabelViews& labels, const SampleColumns& samples);
  void add(const LabelViews& labels, const RollUps& roll_ups);
  const BlockSummary& summary() const { return summary_; }

  struct Written {
    std::uint64_t size = 0;
    std::uint64_t checksum = 0;  // of the index: tells this block from every other
  };
  // Writes the index. The first failure of any call before.
  Result<Written> finish();

 private:
  void addRun(const LabelViews& labels, std::int64_t min_ms, std::int64_t max_ms, std::size_t samples);
  void write(std::string_view bytes);
  std::string makeIndex() const;

  FileWriter& out_;
  Status status_;
  std::string buffer_;  // not handed to out_ yet
  std::string run_;     // chunks of the series being added
  std::uint64_t position_ = 0;
  BlockSummary summary_;
  struct Pair {
    std::string name;
    std::string value;
    std::vector<std::uint32_t> series;
  };
  std::vector<Pair> pairs_;
  std::unordered_map<std::string, std::uint32_t> pair_numbers_;
  std::vector<std::uint32_t> labels_;      // numbers of pairs
  std::vector<std::uint64_t> label_ends_;  // by series
  std::vector<std::uint64_t> run_ends_;    // by series
};

// A column of packed numbers inside the index.
struct PackedColumn {
  std::uint64_t count = 0;
  unsigned width = 0;
  const std::uint8_t* at = nullptr;
  std::uint64_t operator[](std::uint64_t index) const;
  // Where the index-th run begins, when the column holds ends.
  std::uint64_t begin(std::uint64_t index) const { return index == 0 ? 0 : (*this)[index - 1]; }
};

class Block final : public LabelIndex {
 public:
  // corruption names file and offset.
  static Result<std::shared_ptr<const Block>> open(Directory& directory, std::string name);

  const std::string& name() const { return name_; }
  const BlockSummary& summary() const { return summary_; }
  std::uint64_t checksum() const { return checksum_; }
  std::uint64_t sizeBytes() const { return file_->bytes().size(); }

  // Add what a series has in [from_ms, to_ms], ascending. REQUIRES: the block holds samples, or roll-ups.
  Status read(std::uint32_t series, std::int64_t from_ms, std::int64_t to_ms, SampleColumns& into) const;
  Status read(std::uint32_t series, std::int64_t from_ms, std::int64_t to_ms, RollUps& into) const;
  // Whether a series has a sample in [from_ms, to_ms], or a roll-up that ends there.
  Result<bool> hasTime(std::uint32_t series, std::int64_t from_ms, std::int64_t to_ms) const;
  // Reads every chunk and every list.
  Status check() const;

  // LabelIndex
  std::uint32_t seriesCount() const override { return summary_.series; }
  void visitNames(const std::function<void(std::string_view)>& visit) const override;
  std::size_t valueCount(std::string_view name) const override;
  void visitValues(std::string_view name,
                   const std::function<void(std::string_view, std::uint32_t)>& visit) const override;
  std::optional<std::uint32_t> find(std::string_view name, std::string_view value) const override;
  void appendSeries(std::uint32_t entry, std::vector<std::uint32_t>& into) const override;
  void labelsOf(std::uint32_t series, LabelViews& into) const override;

 private:
  Block() = default;
  Status parse();
  Status damaged(std::uint64_t offset, std::string_view what) const;
  std::string_view symbol(std::uint64_t number) const;
  // The place of a name in names_; its entries are the range that follows.
  std::optional<std::uint64_t> findName(std::string_view name) const;
  Result<ByteView> runOf(std::uint32_t series) const;

  std::string name_;
  std::unique_ptr<MappedFile> file_;
  BlockSummary summary_;
  std::uint64_t checksum_ = 0;
  std::uint64_t index_offset_ = 0;
  PackedColumn symbol_ends_, names_, name_ends_, entry_values_, postings_ends_, label_ends_, labels_, run_ends_;
  ByteView symbols_, postings_;
};

}  // namespace gyre::engine::series
