// Who takes documents that are written to a domain's index, when the domain is a stream?
//
// A stream's index is an alias for its generations. Documents written to it go to the stream's log, and are searchable
// when the stream makes them so; they are never changed.
//
// THREADS: any.
#pragma once

#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "gyre/status.hpp"

namespace gyre::engine {
class Index;
}

namespace gyre::dialect {

struct StreamDocument {
  std::string_view id;  // "" when the sender gave none
  std::string_view source;
};
struct StreamOutcome {
  Status failure;
  std::string id;
  std::uint64_t sequence = 0;
};

class StreamWriter {
 public:
  virtual ~StreamWriter() = default;
  // One outcome a document, in order, once all are durable. Waits for the disk.
  virtual std::vector<StreamOutcome> write(std::span<const StreamDocument> documents) = 0;
  // Waits until a search sees it.
  virtual Status makeSearchable(std::uint64_t sequence) = 0;
  // The same for all that was durable before the call.
  virtual Status makeAllSearchable() = 0;
};

struct StreamGeneration {
  std::string name;  // ".ds-logs-000001"
  std::int64_t created_millis = 0;
  engine::Index* index = nullptr;
  std::shared_ptr<const void> keeps;  // the index is there as long as this is
};

}  // namespace gyre::dialect
