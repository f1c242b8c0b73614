// What comes next from the log? Batches in its order, one of which may be read while the one before is on its way.
//
// Reading states and making their documents takes a processor as long as a search cluster has nothing to do; ahead of
// time it costs nobody anything.
//
// THREADS: one.
#pragma once

#include <cstdint>
#include <optional>

#include "gyre/status.hpp"
#include "server/projector/bulk_buffer.hpp"
#include "server/store/primary_store.hpp"

namespace gyre::projector {

class LogFeed {
 public:
  // `bytes`: see BulkBuffer. `count`: so many events are worth reading ahead.
  LogFeed(const store::PrimaryStore& store, const search::SearchEngine& engine, const Projection& projection,
          std::size_t bytes, std::size_t count);

  // Nothing was read that is not given yet.
  bool isEmpty() const { return !ahead_ && buffer_.isEmpty(); }
  // What was read is read again.
  void clear();

  // What follows `position`, where the batch given last ends, or where the reader went since clear(). A failure of
  // store or index: nothing is lost, ask again.
  Result<Batch> next(std::uint64_t position);

  // There is enough behind the batch that ends at `position`, and nothing was read ahead yet.
  bool isWorthReading(std::uint64_t position) const;
  // While the index takes that batch: what does not depend on it. A failure is met again by next().
  void readAhead(std::uint64_t position);

 private:
  Status readPortion(std::uint64_t position);

  const store::PrimaryStore& store_;
  const std::size_t count_;
  BulkBuffer buffer_;
  std::optional<Batch> ahead_;
};

}  // namespace gyre::projector
