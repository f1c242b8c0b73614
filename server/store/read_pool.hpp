// Who reads while the writer writes? A few connections of their own, lent to one reader at a time.
//
// In WAL mode each sees the last commit and waits for nobody. More connections than cores would only queue for the CPU.
//
// THREADS: borrow() from any thread; a Lease stays on its thread. OWNS: the connections; leases end first.
#pragma once

#include <condition_variable>
#include <cstddef>
#include <memory>
#include <mutex>
#include <string>
#include <vector>

#include "gyre/status.hpp"
#include "server/store/batch_log.hpp"
#include "server/store/database.hpp"
#include "server/store/deliveries.hpp"
#include "server/store/entity_store.hpp"
#include "server/store/event_log.hpp"

namespace gyre::store {

struct ReadConnection {
  std::unique_ptr<Database> database;
  EntityReader entities;
  EventReader events;
  DeliveryReader deliveries;
  BatchLogReader batches;
  static Result<std::unique_ptr<ReadConnection>> open(const std::string& path);
};

class ReadPool {
 public:
  static Result<std::unique_ptr<ReadPool>> open(const std::string& path, std::size_t connections);

  class Lease {
   public:
    Lease(ReadPool& pool, std::unique_ptr<ReadConnection> connection)
        : pool_(&pool), connection_(std::move(connection)) {}
    ~Lease() {
      if (connection_) pool_->giveBack(std::move(connection_));
    }
    Lease(Lease&&) = default;
    Lease& operator=(Lease&&) = delete;
    ReadConnection* operator->() const { return connection_.get(); }
    ReadConnection& operator*() const { return *connection_; }

   private:
    ReadPool* pool_;
    std::unique_ptr<ReadConnection> connection_;
  };
  // Waits until one is free; reads are short.
  Lease borrow();

 private:
  void giveBack(std::unique_ptr<ReadConnection> connection);

  std::mutex mutex_;
  std::condition_variable changed_;
  std::vector<std::unique_ptr<ReadConnection>> free_;
};

}  // namespace gyre::store
