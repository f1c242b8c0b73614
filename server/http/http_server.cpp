#include "server/http/http_server.hpp"

#include <Poco/Exception.h>
#include <Poco/Net/ServerSocket.h>
#include <Poco/Net/SocketAddress.h>
#include <pthread.h>

#include <algorithm>
#include <chrono>
#include <condition_variable>
#include <mutex>
#include <system_error>
#include <thread>

#include "server/http/event_loop.hpp"

namespace gyre::http {

namespace {

constexpr int kBacklog = 4'096;  // the kernel cuts it to net.core.somaxconn

Poco::Net::ServerSocket listenAt(const Poco::Net::SocketAddress& address) {
  Poco::Net::ServerSocket socket;
  socket.bind(address, true, true);
  socket.listen(kBacklog);
  socket.setBlocking(false);
  return socket;
}

// SO_REUSEPORT would let a second server of the same user share the port in silence; a socket without it cannot.
void checkFree(const Poco::Net::SocketAddress& address) {
  Poco::Net::ServerSocket probe;
  probe.bind(address, true, false);
  probe.listen(1);
}

}  // namespace

struct HttpServer::Shared {
  Shared(Options chosen, Handler& handler, base::Observer& observer)
      : options(std::move(chosen)),
        environment{options.limits, handler, observer, options.clock != nullptr ? *options.clock : system_clock,
                    open_connections} {}

  Status addLoops();
  void runLoop(EventLoop& loop);

  const Options options;
  const base::SystemClock system_clock;
  std::atomic<std::uint64_t> open_connections{0};
  LoopEnvironment environment;
  std::uint16_t port = 0;
  std::vector<std::unique_ptr<EventLoop>> loops;
  std::vector<std::thread> threads;
  std::mutex mutex;
  std::condition_variable has_ended;
  std::size_t ended = 0;
};

// The first loop picks the port when any will do; the others share it.
Status HttpServer::Shared::addLoops() {
  const unsigned count = options.loops != 0 ? options.loops : std::max(1u, std::thread::hardware_concurrency());
  port = options.port;
  try {
    Poco::Net::SocketAddress address(options.host, port);
    if (port != 0) checkFree(address);
    for (unsigned i = 0; i < count; ++i) {
      const Poco::Net::ServerSocket listener = listenAt(address);
      if (port == 0) {
        port = listener.address().port();
        address = Poco::Net::SocketAddress(address.host(), port);
      }
      loops.push_back(std::make_unique<EventLoop>(environment, listener));
      GYRE_TRY(loops.back()->open());
    }
  } catch (const Poco::Exception& exception) {
    return unavailable("cannot listen on " + options.host + ":" + std::to_string(options.port) + ": " +
                       exception.displayText());
  }
  return {};
}

void HttpServer::Shared::runLoop(EventLoop& loop) {
  ::pthread_setname_np(::pthread_self(), "gyre-http");
  loop.run();
  const std::lock_guard lock(mutex);
  ++ended;
  has_ended.notify_all();
}

HttpServer::HttpServer(Options options, Handler& handler, base::Observer& observer)
    : shared_(std::make_unique<Shared>(std::move(options), handler, observer)) {}

HttpServer::~HttpServer() { stop(0); }

Status HttpServer::start() {
  Shared& shared = *shared_;
  if (!shared.loops.empty()) return {Code::kFailedPrecondition, "this server was started before"};
  if (Status added = shared.addLoops(); !added.isOk()) {
    shared.loops.clear();
    return added;
  }
  try {
    for (const std::unique_ptr<EventLoop>& loop : shared.loops) {
      shared.threads.emplace_back([&shared, &loop] { shared.runLoop(*loop); });
    }
  } catch (const std::system_error& error) {
    stop(0);
    return unavailable("cannot start the threads of " + shared.options.host + ": " + error.what());
  }
  return {};
}

void HttpServer::stop(std::int64_t grace_ms) {
  Shared& shared = *shared_;
  if (shared.threads.empty()) return;
  if (grace_ms > 0) {
    for (const std::unique_ptr<EventLoop>& loop : shared.loops) loop->finish();
    std::unique_lock lock(shared.mutex);
    shared.has_ended.wait_for(lock, std::chrono::milliseconds(grace_ms),
                              [&] { return shared.ended == shared.threads.size(); });
  }
  for (const std::unique_ptr<EventLoop>& loop : shared.loops) loop->abort();
  for (std::thread& thread : shared.threads) thread.join();
  shared.threads.clear();
}

std::uint16_t HttpServer::port() const { return shared_->port; }

Stats HttpServer::stats() const {
  Stats stats;
  for (const std::unique_ptr<EventLoop>& loop : shared_->loops) {
    const Counters& counters = loop->counters();
    stats.accepted += counters.accepted.load(std::memory_order_relaxed);
    stats.open += counters.open.load(std::memory_order_relaxed);
    stats.requests += counters.requests.load(std::memory_order_relaxed);
    stats.refused += counters.refused.load(std::memory_order_relaxed);
    stats.timeouts += counters.timeouts.load(std::memory_order_relaxed);
    stats.bytes_in += counters.bytes_in.load(std::memory_order_relaxed);
    stats.bytes_out += counters.bytes_out.load(std::memory_order_relaxed);
  }
  return stats;
}

}  // namespace gyre::http
