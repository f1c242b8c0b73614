// How does a block of the store come to be? A file is created, filled in order of labels, finished, and opened again.
//
// THREADS: one thread.
#pragma once

#include <memory>
#include <utility>

#include "engine/series/series_store.hpp"

namespace gyre::engine::series {

// The window of a time: windows are open on the left, as buckets are, so buckets never straddle two.
inline std::int64_t windowOf(std::int64_t time_ms, std::int64_t window_ms) { return bucketEnd(time_ms, window_ms); }

Result<std::shared_ptr<const StoredBlock>> openStoredBlock(Directory& directory, CommittedBlock committed);

class SeriesStore::Output {
 public:
  static Result<std::unique_ptr<Output>> create(SeriesStore& store, std::uint64_t unit, std::uint64_t recency,
                                                std::int64_t resolution_ms) {
    CommittedBlock committed;
    committed.name = blockName(store.takeBlock());
    committed.unit = unit;
    committed.recency = recency;
    committed.resolution_ms = resolution_ms;
    GYRE_TRY_ASSIGN(std::unique_ptr<FileWriter> file, store.directory_.create(committed.name));
    return std::unique_ptr<Output>(new Output(store.directory_, std::move(file), std::move(committed)));
  }

  BlockWriter& writer() { return writer_; }

  // Null when nothing was added; the file is then gone.
  Result<std::shared_ptr<const StoredBlock>> finish() {
    if (writer_.summary().series == 0) {
      file_.reset();
      (void)directory_.remove(committed_.name);  // the next open does it if this does not
      return std::shared_ptr<const StoredBlock>();
    }
    GYRE_TRY_ASSIGN(const BlockWriter::Written written, writer_.finish());
    GYRE_TRY(file_->finish());
    const BlockSummary& summary = writer_.summary();
    committed_.size = written.size;
    committed_.checksum = written.checksum;
    committed_.min_ms = summary.min_ms;
    committed_.max_ms = summary.max_ms;
    committed_.samples = summary.samples;
    committed_.series = summary.series;
    return openStoredBlock(directory_, std::move(committed_));
  }

 private:
  Output(Directory& directory, std::unique_ptr<FileWriter> file, CommittedBlock committed)
      : directory_(directory),
        file_(std::move(file)),
        writer_(*file_, committed.resolution_ms),
        committed_(std::move(committed)) {}

  Directory& directory_;
  std::unique_ptr<FileWriter> file_;
  BlockWriter writer_;
  CommittedBlock committed_;
};

}  // namespace gyre::engine::series
