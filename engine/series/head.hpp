// Where are samples that are in no block yet?
//
// In memory: a table of series with their labels, and for each series a few samples as they came and the rest as
// compressed chunks. A head takes samples until it is written out as blocks; it is then frozen, and goes when its last
// reader does. Samples of a series may come in any order of time; a later one of the same time replaces an earlier one.
//
// THREADS: append() on one thread; everything else on any, at the same time.
#pragma once

#include <cstdint>
#include <deque>
#include <functional>
#include <map>
#include <optional>
#include <shared_mutex>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "engine/series/label_index.hpp"
#include "engine/series/sample.hpp"
#include "gyre/number_table.hpp"
#include "gyre/sample_batch.hpp"

namespace gyre::engine::series {

class Head final : public LabelIndex {
 public:
  // Samples of the batch from `first` to `end` (indexes); those at or before `floor_ms` or after `ceiling_ms` are left
  // out. Returns how many were.
  std::uint64_t append(const SampleBatch& batch, std::size_t first, std::size_t end, std::int64_t floor_ms,
                       std::int64_t ceiling_ms);

  std::uint64_t sampleCount() const;
  // Memory that series and samples take; a good estimate, not every byte of the allocator.
  std::size_t sizeBytes() const;
  // Of all samples; nothing when there are none.
  struct Range {
    std::int64_t min_ms;
    std::int64_t max_ms;
  };
  std::optional<Range> range() const;

  // Adds the samples of a series in [from_ms, to_ms], ascending, none twice.
  void read(std::uint32_t series, std::int64_t from_ms, std::int64_t to_ms, SampleColumns& into) const;
  // Whether there is any; decodes a chunk only where the range lies inside it.
  bool hasSample(std::uint32_t series, std::int64_t from_ms, std::int64_t to_ms) const;

  // The series in ascending order of their labels.
  std::vector<std::uint32_t> sortedSeries() const;

  // LabelIndex
  std::uint32_t seriesCount() const override;
  void visitNames(const std::function<void(std::string_view)>& visit) const override;
  std::size_t valueCount(std::string_view name) const override;
  void visitValues(std::string_view name,
                   const std::function<void(std::string_view, std::uint32_t)>& visit) const override;
  std::optional<std::uint32_t> find(std::string_view name, std::string_view value) const override;
  void appendSeries(std::uint32_t entry, std::vector<std::uint32_t>& into) const override;
  void labelsOf(std::uint32_t series, LabelViews& into) const override;

 private:
  // A label with a value, and the series that have it.
  struct Pair {
    const std::string* name;
    std::string value;
    std::vector<std::uint32_t> series;
  };
  struct Series {
    std::uint32_t labels_begin = 0;
    std::uint32_t label_count = 0;
    std::int64_t min_ms = 0;
    std::int64_t max_ms = 0;
    bool is_ordered = true;    // every sample was newer than all before it
    std::vector<Sample> open;  // as they came
    std::string chunks;        // those before; chunk.hpp
  };

  std::uint32_t seriesOf(const LabelViews& labels);
  std::uint32_t pairOf(const LabelView& label);
  std::optional<std::uint32_t> findPair(std::uint64_t hash, std::string_view name, std::string_view value) const;
  void add(Series& series, std::int64_t time_ms, double value);
  void seal(Series& series);

  mutable std::shared_mutex mutex_;
  std::map<std::string, std::vector<std::uint32_t>, std::less<>> names_;  // and their pairs
  std::deque<Pair> pairs_;
  NumberTable pair_numbers_;
  std::deque<Series> series_;
  NumberTable series_numbers_;
  std::vector<std::uint32_t> labels_;  // numbers of pairs, those of a series together
  std::uint64_t sample_count_ = 0;
  std::int64_t min_ms_ = 0;
  std::int64_t max_ms_ = 0;
  std::size_t bytes_ = 0;
};

// Puts times in order; of equal ones the last one stays.
void sortSamples(SampleColumns& samples);

}  // namespace gyre::engine::series
