// When does which connection get to read, to write, or to leave?
//
// One thread, one epoll set, one listener of its own (SO_REUSEPORT: the kernel spreads connections over the loops), one
// completion queue. Level-triggered; a socket is asked for writability only while it is full. All that waits for time
// stands in a TimeoutList.
//
// THREADS: run() on the loop's thread; finish(), abort() and counters() from any.
#pragma once

#include <Poco/Net/ServerSocket.h>

#include <atomic>
#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "base/clock.hpp"
#include "base/observer.hpp"
#include "gyre/status.hpp"
#include "server/http/completion_queue.hpp"
#include "server/http/connection.hpp"
#include "server/http/http_server.hpp"
#include "server/http/timeout_list.hpp"

namespace gyre::http {

// What the loops of a server share. OWNS: everything in it outlives the loops.
struct LoopEnvironment {
  const Limits& limits;
  Handler& handler;
  base::Observer& observer;
  const base::Clock& clock;
  std::atomic<std::uint64_t>& open_connections;  // of all loops
};

class EventLoop final : private CompletionSink {
 public:
  // `listener` is bound and listening; a handle, which the loop shares and closes.
  EventLoop(const LoopEnvironment& environment, const Poco::Net::ServerSocket& listener);
  ~EventLoop() override;
  EventLoop(const EventLoop&) = delete;
  EventLoop& operator=(const EventLoop&) = delete;

  Status open();
  // Returns after finish(), when the last connection has gone, or after abort().
  void run();
  // No new connections; requests in flight are answered, idle connections closed.
  void finish();
  // Leaves at once.
  void abort();
  const Counters& counters() const { return counters_; }

 private:
  struct Peer;

  void complete(Completion completion) override;

  void serve(std::uint64_t key, std::uint32_t events);
  void acceptAll();
  bool acceptOne();
  void survivePressure(int fault);
  void watchListener(bool is_watched);
  void addPeer(int descriptor, std::string address);
  void readFrom(Peer& peer);
  void drain(Peer& peer);
  void takeCompletions();
  void settleTouched();
  // After anything has happened to a peer: writes, then decides what it waits for, or whether it leaves.
  void settle(Peer& peer);
  bool flushOutput(Peer& peer);
  void beginLinger(Peer& peer);
  void watch(Peer& peer);
  void keepTime(Peer& peer);
  void close(Peer& peer);
  void expireAll();
  void expire(Peer& peer, const TimeoutList& list);
  int waitMillis();
  void beginStop();
  Peer* find(std::uint64_t id);

  const LoopEnvironment environment_;
  Poco::Net::ServerSocket listener_;
  Counters counters_;
  LoopContext context_;
  int epoll_ = -1;
  int reserve_ = -1;  // a descriptor to give up when none is left, so that a connection can still be turned away
  bool is_listening_ = false;
  std::int64_t now_ = 0;

  std::vector<std::unique_ptr<Peer>> peers_;  // by slot; null: free
  std::vector<std::size_t> free_slots_;
  std::uint64_t last_generation_ = 0;
  std::size_t open_ = 0;
  Peer* current_ = nullptr;             // being read; settled by its reader
  std::vector<std::uint64_t> touched_;  // answered meanwhile, to be settled before the next wait
  std::vector<Completion> completions_;
  std::unique_ptr<char[]> input_;

  TimeoutList head_waits_;
  TimeoutList body_waits_;
  TimeoutList idle_waits_;
  TimeoutList write_waits_;
  TimeoutList linger_waits_;
  TimeoutList accept_waits_;
  TimeoutLink accept_link_;

  std::atomic<bool> is_finishing_{false};
  std::atomic<bool> is_aborting_{false};
};

}  // namespace gyre::http
