// Which operations are acknowledged but in no commit point yet?
//
// For an index that is its own primary store: the writer adds every operation it has decided, and nobody is answered
// before sync() has put them on disk. Callers that wait at the same time share one write and one fsync. A commit makes
// the files that it covers superfluous; after a crash the operations beyond the commit are read back in order.
//
// A record that is damaged at the very end was never acknowledged and is dropped; damage before a later record, which
// was written only after the earlier one was synced, is corruption.
// FORMAT: docs/INDEX_FORMAT.md, "Operation log".
//
// THREADS: add() and rotate() under the writer's lock; sync() and trim() from any thread. OWNS: borrows the directory.
#pragma once

#include <condition_variable>
#include <cstdint>
#include <functional>
#include <memory>
#include <mutex>
#include <string>
#include <string_view>
#include <vector>

#include "engine/directory/directory.hpp"
#include "gyre/status.hpp"

namespace gyre::engine {

// "log_0000000001".
bool isLogName(std::string_view name);

struct LoggedOperation {
  bool is_delete = false;
  std::uint64_t seq_no = 0;
  std::uint64_t version = 0;
  std::string_view id;
  std::string_view routing;
  std::string_view source;  // "" for a delete
};

class OperationLog {
 public:
  using Replay = std::function<Status(const LoggedOperation&)>;

  // Reads what is there, oldest first, handing every operation from `first_seq_no` on to `replay`. corruption names
  // file and offset.
  static Result<std::unique_ptr<OperationLog>> open(Directory& directory, std::uint64_t first_seq_no,
                                                    const Replay& replay);

  // Sequence numbers only grow.
  void add(const LoggedOperation& operation);
  // Everything added before the call is durable when it returns. After a failure every later call fails too: what is on
  // disk is not known any more.
  Status sync();
  // What is added from now on goes to another file.
  void rotate();
  // Removes the files that hold nothing from `first_seq_no` on. One that cannot be removed fails the call, and is tried
  // again by the next.
  Status trim(std::uint64_t first_seq_no);
  // Bytes written to the files that have not been removed.
  std::uint64_t sizeBytes() const;

 private:
  struct File {
    std::string name;
    std::uint64_t last_seq_no = 0;
    std::uint64_t size = 0;
  };

  explicit OperationLog(Directory& directory) : directory_(directory) {}
  Status read(const std::string& name, bool is_last, std::uint64_t first_seq_no, const Replay& replay);
  // Both on the thread that leads a sync, without the lock.
  Status write(std::string_view payload, bool begins_file);
  Status beginFile();

  Directory& directory_;
  std::uint64_t next_number_ = 1;       // the leader's
  std::unique_ptr<FileWriter> writer_;  // the leader's

  mutable std::mutex mutex_;
  std::condition_variable is_synced_;
  std::string pending_;
  std::uint64_t added_ = 0;   // operations
  std::uint64_t synced_ = 0;  // operations
  std::uint64_t last_seq_no_ = 0;
  bool is_leading_ = false;
  bool wants_new_file_ = false;
  Status failure_;
  std::vector<File> files_;  // oldest first; the last one is being written while writer_ is open
};

}  // namespace gyre::engine
