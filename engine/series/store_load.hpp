// How does a store take over what another one holds? Block by block, as of one sequence: what is applied later counts
// more, what was applied before counts less.
//
// THREADS: one. OWNS: borrows the store. A block that is not finished leaves a file that the next open removes.
#pragma once

#include <memory>

#include "engine/series/store_output.hpp"

namespace gyre::engine::series {

class SeriesStore::Load {
 public:
  explicit Load(SeriesStore& store, std::unique_ptr<Output> output) : store_(store), output_(std::move(output)) {}
  // REQUIRES: labels are above those of the call before, times ascend and lie within the years 1 to 9999; those of all
  // calls should lie in one of the store's windows, or the block is never merged with others.
  void add(const Labels& labels, const SampleColumns& samples);
  // Durable, and seen by readers. Nothing is written when nothing was added.
  Status finish();

 private:
  SeriesStore& store_;
  std::unique_ptr<Output> output_;
  LabelViews views_;
};

}  // namespace gyre::engine::series
