// How do many commands reach the server quickly and in order? Rows gathered into batches, a few batches under way at
// once.
//
// A row's commands stay in one batch, in order. finish() waits for everything; flush() is a barrier, for commands that
// need the ones before them. A 429 or 503 of the whole batch is sent again after a pause that grows; a row is refused
// when any of its commands is.
//
// THREADS: add, flush and finish from one; `report` is called from that one too. OWNS: its connections and threads.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <string>

#include "gyre/status.hpp"
#include "server/cli/importer.hpp"

namespace gyre::cli {

struct RowOutcome {
  RowOrigin origin;  // of what was refused: the row that the refusal points at, when it is known
  std::string entity_id;
  std::size_t row_count = 1;
  bool is_imported = false;
  bool was_there = false;  // refused only because the entity exists: a repeated import
  std::string reason;      // when it is neither
};

class BatchSender {
 public:
  static Result<std::unique_ptr<BatchSender>> open(std::string url, std::string key, std::string domain,
                                                   unsigned connections, std::function<void(const RowOutcome&)> report);
  ~BatchSender();

  // Fails when the server can no longer be reached.
  Status add(RowCommands row);
  Status flush();
  // The highest sequence acknowledged.
  std::uint64_t lastSequence() const;

 private:
  class State;
  explicit BatchSender(std::unique_ptr<State> state);
  std::unique_ptr<State> state_;
};

}  // namespace gyre::cli
