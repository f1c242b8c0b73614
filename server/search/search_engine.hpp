// How does the server use a search engine, whichever it is?
//
// One object serves the index of one domain. The embedded engine is the default; OpenSearch is the other; both pass
// tests/conformance/search_engine_suite. Requests and answers are the Elasticsearch dialect's bytes.
//
// THREADS: all methods from any thread; bulk, refresh and commit are called by the projector only.
#pragma once

#include <cstdint>
#include <functional>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "gyre/status.hpp"

namespace gyre::engine {
class Index;
}

namespace gyre::search {

struct BulkOperation {
  enum class Kind : std::uint8_t { kIndex, kDelete };
  Kind kind = Kind::kIndex;
  std::string id;
  std::uint64_t version = 0;  // the sequence of the entity's last event: replays are harmless, order cannot invert
  std::string source;
  bool is_repair = false;  // also replaces a document of the same version: what is held differs from what should be
};

// ok: held (or something newer is). retry: may work later. refuse: never will; goes to the dead letters.
struct BulkItem {
  enum class Verdict : std::uint8_t { kOk, kRetry, kRefuse } verdict = Verdict::kOk;
  std::string cause;
};

struct SearchAnswer {
  std::string body;
  std::uint64_t generation = 0;
  std::uint64_t sequence = 0;  // the last log sequence that the answer reflects
};

struct Progress {
  std::uint64_t applied = 0;     // handed over
  std::uint64_t searchable = 0;  // seen by searches
  std::uint64_t durable = 0;     // survives a crash: where the projector resumes
  std::uint64_t generation = 0;  // changes whenever a search may answer differently
};

struct EngineStats {
  std::uint64_t doc_count = 0;
  std::uint64_t segment_count = 0;
  std::uint64_t size_bytes = 0;
  std::uint64_t memory_bytes = 0;
};

struct IndexedDocument {
  std::string source;
  std::uint64_t version = 0;
};

class SearchEngine {
 public:
  virtual ~SearchEngine() = default;
  // One verdict an operation, in order. `sequence`: all log events up to it are covered once these are applied. A
  // failure of the call as a whole (unavailable, corruption) says nothing was decided: the caller sends all again.
  // While a verdict is retry the mark stays where it is; it moves when the caller has sent the rest again, with the
  // same sequence.
  virtual Result<std::vector<BulkItem>> bulk(std::span<const BulkOperation> operations, std::uint64_t sequence) = 0;
  virtual Status refresh() = 0;
  virtual Status commit() = 0;
  virtual Result<SearchAnswer> search(std::string_view request, std::int64_t deadline_nanos) const = 0;
  // Real-time.
  virtual Result<std::optional<IndexedDocument>> get(std::string_view id) const = 0;
  // Every searchable document in no order, until visit returns false.
  virtual Status scan(
      const std::function<bool(std::string_view id, std::uint64_t version, std::string_view source)>& visit) const = 0;
  // One consistent reading. An engine in another process may find that its index covers less than it did (it was
  // deleted, or put back from a copy), or that it cannot tell yet: applied is then where the caller goes on from, and
  // bulk() fails once before it takes anything that was reckoned from elsewhere.
  virtual Progress progress() const = 0;
  // Why searches cannot be answered now; ok when they can. Does not block.
  virtual Status health() const { return {}; }
  virtual EngineStats stats() const = 0;
  virtual Status close() = 0;
  // The index itself when it is in this process, else null; for the dialect, which reads more of it than a domain does.
  virtual engine::Index* embedded() { return nullptr; }
};

}  // namespace gyre::search
