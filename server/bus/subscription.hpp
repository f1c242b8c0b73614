// How does one domain hear what happened in another? A thread that reads the other's log and hands each event that the
// domain subscribes to over to its write bus.
//
// The other domain's log is the queue: nothing is written there, so its commands never wait for who listens. The place
// up to which events are settled is a row of the subscriber's own store, moved in the transaction that the event's
// commands are decided in. So an event counts once, however often either side stops, and in the order of its log. A
// portion of events is under way at once, each knowing which one must be settled before it.
//
// A failure that may pass is tried again with back-off, without end; a fault of ours (internal) a few times, then it
// becomes a dead letter, as a refusal does at once.
//
// THREADS: start and stop from one thread, stats from any. OWNS: its thread. REQUIRES: both stores and the handlers
// outlive it; it is stopped before either store is closed.
#pragma once

#include <atomic>
#include <condition_variable>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <mutex>
#include <string>
#include <thread>
#include <vector>

#include "base/clock.hpp"
#include "base/observer.hpp"
#include "gyre/status.hpp"
#include "server/bus/handlers.hpp"
#include "server/bus/reaction_unit.hpp"
#include "server/projector/back_off.hpp"
#include "server/store/primary_store.hpp"

namespace gyre::bus {

struct SubscriptionStats {
  std::uint64_t position = 0;       // of the other log: all up to it is settled, or none of this domain's concern
  std::uint64_t last_sequence = 0;  // of the other log
  std::uint64_t lag = 0;            // last_sequence - position
  std::uint64_t applied = 0;        // events whose commands took effect, since start
  std::uint64_t refused = 0;        // events that became dead letters, since start
  std::uint64_t retries = 0;
  std::string last_error;  // "" when the last portion went well
};

class Subscription {
 public:
  static constexpr std::uint32_t kAttempts = 5;  // of an event that meets a fault of ours

  // `source`: the domain whose events are heard, and its store.
  Subscription(const DomainHandlers& subscriber, store::PrimaryStore& store, std::string source,
               store::PrimaryStore& source_store, const base::Clock& clock, base::Observer& observer);
  ~Subscription();  // stop()
  Subscription(const Subscription&) = delete;
  Subscription& operator=(const Subscription&) = delete;

  void start();
  // After the portion in hand. Harmless when repeated.
  void stop();

  const std::string& source() const { return source_; }
  SubscriptionStats stats() const;

 private:
  struct Portion;

  void run();
  Status begin();
  Status deliver();
  Status submit(const std::vector<store::EventRecord>& events);
  Status keepPosition();
  void report(const Status& outcome);
  void pause(std::int64_t nanos);

  const DomainHandlers& subscriber_;
  store::PrimaryStore& store_;
  const std::string source_;
  store::PrimaryStore& source_store_;
  const base::Clock& clock_;
  base::Observer& observer_;
  const std::string part_;

  // The thread's only.
  std::uint64_t position_ = 0;
  std::uint64_t durable_ = 0;  // the cursor, as far as we know
  std::uint64_t failing_sequence_ = 0;
  std::uint32_t failures_ = 0;  // of that event, in a row
  projector::BackOff back_off_;

  std::atomic<bool> is_stopping_{false};
  mutable std::mutex mutex_;  // guards what follows
  std::condition_variable stopped_;
  SubscriptionStats stats_;
  std::thread thread_;
};

}  // namespace gyre::bus
