// How does a stream use its index, whatever is in it? Records in, in the order of their sequences; answers out.
//
// It is a SearchEngine whose documents are not single things that can be written again: bulk, get and scan are refused.
// Documents go to generations of the embedded engine, or of a cluster; samples to a store of series, whose requests are
// not the search dialect's.
//
// THREADS: apply, refresh, commit and retain from the applier only; the rest from any.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "gyre/status.hpp"
#include "server/search/search_engine.hpp"
#include "server/stream/record_batch.hpp"
#include "server/stream/stream_handlers.hpp"

namespace gyre::stream {

// A record that the index will never take.
struct RefusedRecord {
  std::uint64_t sequence = 0;
  std::int64_t time_millis = 0;
  std::string record;
  std::string cause;
};

struct RetainResult {
  std::uint64_t deleted_records = 0;
  std::uint64_t deleted_generations = 0;
};

class StreamIndex : public search::SearchEngine {
 public:
  // Whether there is room for it; asked before it is logged. resource_exhausted names the limit.
  virtual Status admits(const RecordBatch& /*batch*/) const { return {}; }
  // Called by the applier again and again, before all else: an index in another process is found, and found again,
  // here. A failure says why nothing can be done with it now. progress() may go back.
  virtual Status attend() { return {}; }
  // Takes out of the batch what apply() is known to drop, before it is logged; gives what that was, by its place among
  // the batch's sequences.
  virtual std::vector<Rejection> screen(RecordBatch& /*batch*/) const { return {}; }
  // What apply() took and did not keep, since it was opened.
  virtual std::uint64_t droppedRecords() const { return 0; }
  // Records of sequences up to `after` are held already and passed over; afterwards all up to the batch's last sequence
  // are applied. `arrived_millis`: when the batch came.
  virtual Result<std::vector<RefusedRecord>> apply(const RecordBatch& batch, std::uint64_t first_sequence,
                                                   std::uint64_t after, std::int64_t arrived_millis) = 0;
  // Hands over what apply() gathered, if it does; called before refresh() and commit(). Tells of refused records as
  // apply() does.
  virtual Result<std::vector<RefusedRecord>> flush() { return std::vector<RefusedRecord>(); }
  // Deletes what is older than this, as far as it can be deleted without rewriting: a record counts as of its own time,
  // or of its arrival when that is earlier.
  virtual Result<RetainResult> retain(std::int64_t oldest_millis) = 0;

  Result<std::vector<search::BulkItem>> bulk(std::span<const search::BulkOperation>, std::uint64_t) override {
    return notWritten();
  }
  Result<std::optional<search::IndexedDocument>> get(std::string_view) const override { return notWritten(); }
  Status scan(const std::function<bool(std::string_view, std::uint64_t, std::string_view)>&) const override {
    return notWritten();
  }

 private:
  static Status notWritten() { return {Code::kUnimplemented, "a stream's records only arrive, in order"}; }
};

}  // namespace gyre::stream
