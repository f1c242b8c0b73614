// How does the WAL stay small without stalling commits? A thread that copies it into the file.
//
// Copying and its two fsyncs run beside the commits, on a connection of its own. While commits go on there is always a
// rest that came in meanwhile, and SQLite starts the WAL over only when none is left; so after each round the writer
// copies the rest between two batches, which is little. A disk that copies more slowly than commits come in makes the
// writer wait: the WAL stays below a limit plus what one batch writes.
//
// THREADS: committed() and takeRest() from the writer; the rest is its own thread. OWNS: a connection and a thread.
#pragma once

#include <atomic>
#include <condition_variable>
#include <memory>
#include <mutex>
#include <thread>

#include "base/observer.hpp"
#include "gyre/status.hpp"
#include "server/store/database.hpp"

namespace gyre::store {

class Checkpointer {
 public:
  Checkpointer(std::unique_ptr<Database> database, base::Observer& observer);
  ~Checkpointer();  // close()
  Checkpointer(const Checkpointer&) = delete;
  Checkpointer& operator=(const Checkpointer&) = delete;

  // The WAL holds `frames` pages now.
  void committed(int frames);
  // A round has ended: the writer may copy the rest. True once a round. Above the limit it waits for the round under way.
  bool takeRest();
  void close();

 private:
  void work();

  std::unique_ptr<Database> database_;
  base::Observer& observer_;
  std::mutex mutex_;
  std::condition_variable changed_;
  bool is_wanted_ = false;
  bool is_closing_ = false;
  int frames_ = 0;                    // the writer's: pages in the WAL after its last commit
  std::atomic<bool> is_busy_{false};  // a round is asked for or running
  std::atomic<bool> is_rest_wanted_{false};
  std::thread thread_;  // last: it uses the others
};

}  // namespace gyre::store
