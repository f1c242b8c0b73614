// Who writes? One thread: it takes the units that have gathered, runs them in order, and commits them together.
//
// There is no artificial delay: while a commit waits for the disk the next batch gathers, so batches grow with the load
// by themselves. Units are answered after the fsync, and after readers can see what they wrote.
//
// THREADS: submit(), close() and the counters from any thread. OWNS: the writer's connection, the queued units, its
// thread.
#pragma once

#include <atomic>
#include <condition_variable>
#include <cstddef>
#include <cstdint>
#include <deque>
#include <memory>
#include <mutex>
#include <thread>
#include <vector>

#include "base/observer.hpp"
#include "gyre/status.hpp"
#include "server/store/checkpointer.hpp"
#include "server/store/database.hpp"
#include "server/store/primary_store.hpp"
#include "server/store/sequence_signal.hpp"
#include "server/store/unit_of_work.hpp"

namespace gyre::store {

class GroupCommit {
 public:
  struct Parts {
    std::unique_ptr<Database> database;
    std::unique_ptr<BatchOfWork> work;  // over `database`
    std::unique_ptr<Checkpointer> checkpointer;
    std::uint64_t entities = 0;  // committed so far
  };
  // `signal` says what is committed; it is published after each commit. REQUIRES: signal and observer outlive it.
  GroupCommit(const StoreOptions& options, Parts parts, SequenceSignal& signal, base::Observer& observer);
  ~GroupCommit();  // close()
  GroupCommit(const GroupCommit&) = delete;
  GroupCommit& operator=(const GroupCommit&) = delete;

  void submit(std::unique_ptr<Unit> unit);
  // Finishes what is queued. Harmless when repeated.
  void close();

  std::size_t queued() const;
  std::uint64_t units() const { return units_.load(std::memory_order_relaxed); }
  std::uint64_t commits() const { return commits_.load(std::memory_order_relaxed); }
  std::uint64_t entities() const { return entities_.load(std::memory_order_relaxed); }

 private:
  using Batch = std::vector<std::unique_ptr<Unit>>;

  void work();
  // False at the end. An empty batch: nothing came for a while, and something is to be given back still.
  bool take(Batch& batch);
  void process(Batch& batch);
  // Runs the units and commits; `outcomes` gets one a unit.
  Status commit(const Batch& batch, std::vector<Status>& outcomes);
  Status run(Unit& unit);
  void publish();
  void copyRest();
  // Gives back what trimming freed, as far as it can now.
  void shrinkWhenQuiet();

  const std::size_t queue_units_;
  const std::size_t batch_units_;
  const std::unique_ptr<Database> database_;
  const std::unique_ptr<BatchOfWork> work_;
  const std::unique_ptr<Checkpointer> checkpointer_;
  SequenceSignal& signal_;
  base::Observer& observer_;
  std::atomic<std::uint64_t> units_{0};
  std::atomic<std::uint64_t> commits_{0};
  std::atomic<std::uint64_t> entities_;

  // The writer's thread only.
  bool is_shrink_due_ = false;
  bool is_wal_left_ = false;

  mutable std::mutex mutex_;
  std::condition_variable changed_;
  std::deque<std::unique_ptr<Unit>> queue_;
  bool is_waiting_ = false;  // the writer sleeps
  bool is_closing_ = false;
  std::once_flag joined_;
  std::thread thread_;  // last: it uses the others
};

}  // namespace gyre::store
