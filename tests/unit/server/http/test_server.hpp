// A server under test: a Handler that does what the test says, and one loop whose time stands still.
//
// THREADS: as HttpServer; the handler's records may be read from any thread.
#pragma once

#include <cppunit/TestAssert.h>

#include <chrono>
#include <condition_variable>
#include <functional>
#include <mutex>
#include <string>
#include <utility>
#include <vector>

#include "base/clock.hpp"
#include "base/observer.hpp"
#include "server/http/http_server.hpp"
#include "tests/unit/server/http/raw_client.hpp"

namespace gyre::http {

inline Response textResponse(std::string body, int status = 200) {
  Response response;
  response.status = status;
  response.content_type = "text/plain";
  response.body = std::move(body);
  return response;
}

// Keeps the requests to "/later", answers others with "METHOD path body".
class RecordingHandler final : public Handler {
 public:
  std::function<bool(Request&, Responder&)> first;  // asked first; true: it has dealt with the request

  void handle(Request& request, Responder responder) override {
    const std::lock_guard lock(mutex_);
    ++count_;
    if (first && first(request, responder)) return changed_.notify_all();
    if (request.path == "/later")
      kept_.push_back(std::move(responder));
    else
      responder.send(textResponse(std::string(request.method) + " " + std::string(request.path) + " " + request.body));
    changed_.notify_all();
  }
  Response refusal(int status, std::string_view reason, std::string_view detail, std::uint64_t id) override {
    return textResponse(std::string(reason) + " " + std::to_string(id != 0) + " " + std::string(detail), status);
  }

  // The requests to "/later" so far, once there are `count`.
  std::vector<Responder> takeKept(std::size_t count) {
    std::unique_lock lock(mutex_);
    CPPUNIT_ASSERT(changed_.wait_for(lock, std::chrono::seconds(10), [&] { return kept_.size() >= count; }));
    return std::exchange(kept_, {});
  }
  std::size_t count() const {
    const std::lock_guard lock(mutex_);
    return count_;
  }

 private:
  mutable std::mutex mutex_;
  std::condition_variable changed_;
  std::vector<Responder> kept_;
  std::size_t count_ = 0;
};

class TestServer {
 public:
  explicit TestServer(const Limits& limits = {}, unsigned loops = 1)
      : server(options(limits, loops, &clock), handler, observer) {
    const Status started = server.start();
    CPPUNIT_ASSERT_MESSAGE(std::string(started.message()), started.isOk());
  }
  // When it returns, the loop has seen everything that came before, and looked at the clock.
  void poke() {
    for (int i = 0; i < 2; ++i) {
      RawClient client(server.port());
      client.send("GET /poke HTTP/1.0\r\n\r\n");
      CPPUNIT_ASSERT_EQUAL(200, client.read().status);
      CPPUNIT_ASSERT(client.isEnded());
    }
  }
  void advance(std::int64_t millis) {
    clock.advance(millis);
    poke();
  }

  base::ManualClock clock{1'700'000'000'000};
  base::NullObserver observer;
  RecordingHandler handler;
  HttpServer server;

 private:
  static Options options(const Limits& limits, unsigned loops, const base::Clock* clock) {
    Options options;
    options.limits = limits;
    options.loops = loops;
    options.clock = clock;
    return options;
  }
};

}  // namespace gyre::http
