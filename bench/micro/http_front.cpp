// What does one request cost the HTTP front, in CPU time of the server?
//
// http_front [seconds] [loops] [port]: serves, and at the end prints requests, requests a second, and CPU microseconds
// a request (user and system time of this process, from getrusage). The load comes from another process:
//   GET /hello   13 bytes           wrk -t1 -c64 -d5s http://127.0.0.1:PORT/hello
//   GET /large   1 MiB of text      (with Accept-Encoding: gzip it is packed)
//   POST /       answers the size of the body
//   GET /worker  13 bytes, answered by another thread
#include <poll.h>
#include <sys/resource.h>

#include <condition_variable>
#include <cstdio>
#include <cstdlib>
#include <deque>
#include <mutex>
#include <string>
#include <thread>

#include "base/observer.hpp"
#include "server/http/http_server.hpp"

namespace {

using gyre::http::Request;
using gyre::http::Responder;
using gyre::http::Response;

class BenchHandler final : public gyre::http::Handler {
 public:
  BenchHandler() : large_(1u << 20, 'a'), worker_([this] { answerQueued(); }) {}
  ~BenchHandler() override {
    {
      const std::lock_guard lock(mutex_);
      is_stopping_ = true;
    }
    is_ready_.notify_one();
    worker_.join();
  }

  void handle(Request& request, Responder responder) override {
    if (request.path == "/worker") {
      const std::lock_guard lock(mutex_);
      queue_.push_back(std::move(responder));
      if (queue_.size() == 1) is_ready_.notify_one();
      return;
    }
    if (request.method == "POST") return responder.send(text(std::to_string(request.body.size())));
    responder.send(text(request.path == "/large" ? large_ : "Hello, world!"));
  }
  Response refusal(int status, std::string_view, std::string_view detail, std::uint64_t) override {
    Response response = text(std::string(detail));
    response.status = status;
    return response;
  }

 private:
  static Response text(std::string body) {
    Response response;
    response.content_type = "text/plain";
    response.body = std::move(body);
    return response;
  }
  void answerQueued() {
    std::deque<Responder> taken;
    while (true) {
      {
        std::unique_lock lock(mutex_);
        is_ready_.wait(lock, [&] { return is_stopping_ || !queue_.empty(); });
        if (is_stopping_) return;
        taken.swap(queue_);
      }
      for (Responder& responder : taken) responder.send(text("Hello, world!"));
      taken.clear();
    }
  }

  const std::string large_;
  std::mutex mutex_;
  std::condition_variable is_ready_;
  std::deque<Responder> queue_;
  bool is_stopping_ = false;
  std::thread worker_;
};

double cpuMicros() {
  rusage usage{};
  ::getrusage(RUSAGE_SELF, &usage);
  const auto micros = [](const timeval& time) {
    return static_cast<double>(time.tv_sec) * 1e6 + static_cast<double>(time.tv_usec);
  };
  return micros(usage.ru_utime) + micros(usage.ru_stime);
}

}  // namespace

int main(int argc, char** argv) {
  const auto number = [&](int at, long otherwise) {
    return argc > at ? std::strtol(argv[at], nullptr, 10) : otherwise;
  };
  const long seconds = number(1, 10);
  BenchHandler handler;
  gyre::base::NullObserver observer;
  gyre::http::Options options;
  options.loops = static_cast<unsigned>(number(2, 0));
  options.port = static_cast<std::uint16_t>(number(3, 0));
  gyre::http::HttpServer server(options, handler, observer);
  if (const gyre::Status started = server.start(); !started.isOk()) {
    std::fprintf(stderr, "%s\n", std::string(started.message()).c_str());
    return 1;
  }
  std::printf("http://127.0.0.1:%u\n", static_cast<unsigned>(server.port()));
  std::fflush(stdout);
  const double before = cpuMicros();
  ::poll(nullptr, 0, static_cast<int>(seconds * 1000));
  const double spent = cpuMicros() - before;
  const gyre::http::Stats stats = server.stats();
  server.stop(1'000);
  const double requests = static_cast<double>(stats.requests);
  std::printf("requests %.0f, %.0f/s, %.2f CPU us/request, connections %llu, in %llu, out %llu\n", requests,
              requests / static_cast<double>(seconds), requests > 0 ? spent / requests : 0.0,
              static_cast<unsigned long long>(stats.accepted), static_cast<unsigned long long>(stats.bytes_in),
              static_cast<unsigned long long>(stats.bytes_out));
  return 0;
}
