#include "server/store/read_pool.hpp"

#include <utility>

namespace gyre::store {

Result<std::unique_ptr<ReadConnection>> ReadConnection::open(const std::string& path) {
  GYRE_TRY_ASSIGN(auto database, Database::open(path, Database::Role::kReader));
  GYRE_TRY_ASSIGN(auto entities, EntityReader::open(*database));
  GYRE_TRY_ASSIGN(auto events, EventReader::open(*database));
  GYRE_TRY_ASSIGN(auto deliveries, DeliveryReader::open(*database));
  GYRE_TRY_ASSIGN(auto batches, BatchLogReader::open(*database));
  return std::make_unique<ReadConnection>(ReadConnection{std::move(database), std::move(entities), std::move(events),
                                                         std::move(deliveries), std::move(batches)});
}

Result<std::unique_ptr<ReadPool>> ReadPool::open(const std::string& path, std::size_t connections) {
  auto pool = std::make_unique<ReadPool>();
  for (std::size_t i = 0; i < connections; ++i) {
    GYRE_TRY_ASSIGN(auto connection, ReadConnection::open(path));
    pool->free_.push_back(std::move(connection));
  }
  return pool;
}

ReadPool::Lease ReadPool::borrow() {
  std::unique_lock lock(mutex_);
  changed_.wait(lock, [&] { return !free_.empty(); });
  auto connection = std::move(free_.back());
  free_.pop_back();
  return {*this, std::move(connection)};
}

void ReadPool::giveBack(std::unique_ptr<ReadConnection> connection) {
  {
    const std::lock_guard lock(mutex_);
    free_.push_back(std::move(connection));
  }
  changed_.notify_one();
}

}  // namespace gyre::store
