// What did the index refuse, and why? Letters in the domain's primary store, one an entity, as long as the index holds
// no later document of it.
//
// The store's writer keeps them, so what is said here is gathered and handed over in units. Until a unit is durable the
// index must not commit past the events it is about: settle() says when it may. A unit that failed is handed over
// again.
//
// THREADS: count() from any, the rest from one. REQUIRES: the store outlives it.
#pragma once

#include <cstdint>
#include <memory>
#include <string>

#include "base/clock.hpp"
#include "gyre/status.hpp"
#include "server/store/primary_store.hpp"

namespace gyre::projector {

class DeadLetters {
 public:
  DeadLetters(store::PrimaryStore& store, const base::Clock& clock);
  ~DeadLetters();
  DeadLetters(const DeadLetters&) = delete;
  DeadLetters& operator=(const DeadLetters&) = delete;

  // Reads which entities have one; before anything else.
  Status load();

  // The index refuses the entity's document as of `sequence`. A letter it has already is brought up to date; attempts
  // add up.
  void refuse(std::string entity_id, std::uint64_t sequence, const Status& why, std::uint32_t attempts);
  // The index holds the entity as it is now, or it is gone: its letter, if any, is dropped.
  void accept(const std::string& entity_id);

  // Hands over what has gathered. True when all that was said is durable.
  bool settle();
  // Waits for what is on its way, then as settle().
  bool finish();

  // Entities that have one.
  std::uint64_t count() const;

 private:
  struct Shared;
  const base::Clock& clock_;
  store::PrimaryStore& store_;
  const std::shared_ptr<Shared> shared_;  // with the unit on its way
};

}  // namespace gyre::projector
