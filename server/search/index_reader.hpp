// How does a server read an index that another one writes? As SearchEngine, but that it must look how far it is.
//
// The index may hold more than progress() says, never less. What writes is unimplemented.
//
// THREADS: as SearchEngine; look() and refresh() from one thread.
#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include "gyre/status.hpp"
#include "server/search/search_engine.hpp"

namespace gyre::search {

class IndexReader : public SearchEngine {
 public:
  // Asks how far the index is. A failure is why that is not known, and health() until a look is ok: unavailable with
  // the reason "index_missing" when nobody has made it yet, or it is gone; "index_moved" while its writer has not said
  // anything of the data that is there.
  virtual Status look() = 0;
  // Where the log ended, as of the last look.
  virtual std::uint64_t logEnd() const = 0;

  Result<std::vector<BulkItem>> bulk(std::span<const BulkOperation>, std::uint64_t) override { return notHere(); }
  Status commit() override { return notHere(); }
  Status close() override { return {}; }

 private:
  static Status notHere() { return {Code::kUnimplemented, "this server reads an index that another one writes"}; }
};

}  // namespace gyre::search
