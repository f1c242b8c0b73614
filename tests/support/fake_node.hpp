// A scripted node of a search cluster: an HTTP server on a free loopback port that answers what the test tells it to.
//
// GET / is answered as OpenSearch does, unless a script says otherwise. Every request is kept.
//
// THREADS: any. One thread a connection.
#pragma once

#include <Poco/Exception.h>
#include <Poco/Net/ServerSocket.h>
#include <Poco/Net/SocketAddress.h>
#include <Poco/Net/StreamSocket.h>

#include <algorithm>
#include <chrono>
#include <condition_variable>
#include <cstdlib>
#include <functional>
#include <mutex>
#include <string>
#include <string_view>
#include <thread>
#include <vector>

namespace gyre::test {

class FakeNode {
 public:
  struct Request {
    std::string method, target, head, body;
  };
  struct Reply {
    int status = 200;
    std::string body = "{}";
    std::size_t cut_at = std::string::npos;  // so much of the response is sent, then the connection is closed
    bool is_withheld = false;                // no answer until release()
    std::string fields = {};                 // more header fields, each with its line end
  };
  using Script = std::function<Reply(const Request&)>;

  static std::string greeting(std::string_view number = "2.19.6", std::string_view distribution = "opensearch") {
    std::string text = R"({"version":{"number":")" + std::string(number) + "\"";
    if (!distribution.empty()) text += R"(,"distribution":")" + std::string(distribution) + "\"";
    return text + R"(},"tagline":"You Know, for Search"})";
  }

  explicit FakeNode(Script script = {}) : script_(std::move(script)) { open(0); }
  ~FakeNode() { close(); }
  FakeNode(const FakeNode&) = delete;
  FakeNode& operator=(const FakeNode&) = delete;

  std::uint16_t port() const { return port_; }
  std::string url() const { return "http://127.0.0.1:" + std::to_string(port_); }

  void setScript(Script script) {
    const std::lock_guard lock(mutex_);
    script_ = std::move(script);
  }
  // Ends all connections and listens no more; reopen() takes the same port.
  void close() {
    {
      const std::lock_guard lock(mutex_);
      if (is_closed_) return;
      is_closed_ = true;
      for (Poco::Net::StreamSocket& socket : sockets_) shutdown(socket);
    }
    changed_.notify_all();
    acceptor_.join();
    for (std::thread& thread : threads_) thread.join();
    threads_.clear();
    sockets_.clear();
    listener_.close();
  }
  void reopen() { open(port_); }
  void release() {
    {
      const std::lock_guard lock(mutex_);
      is_released_ = true;
    }
    changed_.notify_all();
  }

  std::vector<Request> requests(std::string_view part = {}) const {
    const std::lock_guard lock(mutex_);
    std::vector<Request> found;
    for (const Request& request : requests_)
      if (request.target.find(part) != std::string::npos) found.push_back(request);
    return found;
  }
  // False when it takes unreasonably long.
  [[nodiscard]] bool waitForRequests(std::string_view part, std::size_t count) const {
    std::unique_lock lock(mutex_);
    return changed_.wait_for(lock, std::chrono::seconds(20), [&] {
      return static_cast<std::size_t>(std::count_if(requests_.begin(), requests_.end(), [&](const Request& request) {
               return request.target.find(part) != std::string::npos;
             })) >= count;
    });
  }

 private:
  static void shutdown(Poco::Net::StreamSocket& socket) {
    try {
      socket.shutdown();
    } catch (const Poco::Exception&) {  // it is gone already
    }
  }

  void open(std::uint16_t port) {
    listener_ = Poco::Net::ServerSocket();
    listener_.bind(Poco::Net::SocketAddress("127.0.0.1", port), true);
    listener_.listen();
    port_ = listener_.address().port();
    is_closed_ = is_released_ = false;
    acceptor_ = std::thread([this] { accept(); });
  }

  void accept() {
    for (;;) {
      {
        const std::lock_guard lock(mutex_);
        if (is_closed_) return;
      }
      try {
        if (!listener_.poll(Poco::Timespan(20'000), Poco::Net::Socket::SELECT_READ)) continue;
        Poco::Net::StreamSocket socket = listener_.acceptConnection();
        const std::lock_guard lock(mutex_);
        if (is_closed_) return;
        sockets_.push_back(socket);
        threads_.emplace_back([this, socket]() mutable { serve(socket); });
      } catch (const Poco::Exception&) {
        return;
      }
    }
  }

  void serve(Poco::Net::StreamSocket& socket) {
    std::string received;
    try {
      Request request;
      while (read(socket, received, request) && answer(socket, request)) {
      }
    } catch (const Poco::Exception&) {  // the client went away
    }
    shutdown(socket);
  }

  static bool read(Poco::Net::StreamSocket& socket, std::string& received, Request& request) {
    std::size_t end = 0;
    while ((end = received.find("\r\n\r\n")) == std::string::npos)
      if (!more(socket, received)) return false;
    request = {};
    request.head = received.substr(0, end + 2);
    received.erase(0, end + 4);
    const std::size_t first = request.head.find(' ');
    request.method = request.head.substr(0, first);
    request.target = request.head.substr(first + 1, request.head.find(' ', first + 1) - first - 1);
    const std::size_t at = request.head.find("Content-Length: ");
    const std::size_t length = at == std::string::npos ? 0 : std::strtoul(request.head.c_str() + at + 16, nullptr, 10);
    while (received.size() < length)
      if (!more(socket, received)) return false;
    request.body = received.substr(0, length);
    received.erase(0, length);
    return true;
  }

  static bool more(Poco::Net::StreamSocket& socket, std::string& received) {
    char buffer[16'384];
    const int count = socket.receiveBytes(buffer, sizeof buffer);
    if (count <= 0) return false;
    received.append(buffer, static_cast<std::size_t>(count));
    return true;
  }

  // False when the connection ends with it.
  bool answer(Poco::Net::StreamSocket& socket, const Request& request) {
    Script script;
    {
      const std::lock_guard lock(mutex_);
      requests_.push_back(request);
      script = script_;
    }
    changed_.notify_all();
    Reply reply;
    if (request.target == "/") reply.body = greeting();
    if (script) reply = script(request);
    if (reply.is_withheld) {
      std::unique_lock lock(mutex_);
      changed_.wait(lock, [this] { return is_closed_ || is_released_; });
      if (is_closed_) return false;
    }
    std::string text = "HTTP/1.1 " + std::to_string(reply.status) + " X\r\nContent-Type: application/json\r\n" +
                       reply.fields + "Content-Length: " + std::to_string(reply.body.size()) + "\r\n\r\n" + reply.body;
    const bool is_cut = reply.cut_at < text.size();
    text.resize(std::min(text.size(), reply.cut_at));
    for (std::size_t sent = 0; sent < text.size();)
      sent +=
          static_cast<std::size_t>(socket.sendBytes(text.data() + sent, static_cast<int>(text.size() - sent), 0x4000));
    return !is_cut;
  }

  Poco::Net::ServerSocket listener_;
  std::uint16_t port_ = 0;
  std::thread acceptor_;
  mutable std::mutex mutex_;
  mutable std::condition_variable changed_;
  Script script_;
  bool is_closed_ = true;
  bool is_released_ = false;
  std::vector<Request> requests_;
  std::vector<Poco::Net::StreamSocket> sockets_;
  std::vector<std::thread> threads_;
};

}  // namespace gyre::test
