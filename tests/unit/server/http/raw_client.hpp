// What does a server really say on the wire? A client that sends the bytes it is given and waits no longer than it
// must.
//
// Every wait ends after ten seconds at most, which fails the test that waits.
//
// THREADS: one thread.
#pragma once

#include <arpa/inet.h>
#include <cppunit/TestAssert.h>
#include <netinet/in.h>
#include <poll.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <chrono>
#include <cstdint>
#include <cstdlib>
#include <string>
#include <string_view>
#include <utility>

namespace gyre::http {

struct RawResponse {
  int status = 0;
  std::string head;  // with the status line
  std::string body;

  bool has(std::string_view text) const { return head.find(text) != std::string::npos; }
};

class RawClient {
 public:
  RawClient() : descriptor_(::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0)) {}
  explicit RawClient(std::uint16_t port) : RawClient() { CPPUNIT_ASSERT(connect(port)); }
  RawClient(RawClient&& other) noexcept
      : descriptor_(std::exchange(other.descriptor_, -1)), received_(std::move(other.received_)) {}
  RawClient(const RawClient&) = delete;
  RawClient& operator=(const RawClient&) = delete;
  ~RawClient() { close(); }

  bool connect(std::uint16_t port) {
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_port = htons(port);
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    return ::connect(descriptor_, reinterpret_cast<const sockaddr*>(&address), sizeof address) == 0;
  }
  int descriptor() const { return descriptor_; }
  void close() {
    if (descriptor_ >= 0) ::close(std::exchange(descriptor_, -1));
  }
  // Goes without a farewell: the server sees a reset.
  void reset() {
    const linger hard{1, 0};
    ::setsockopt(descriptor_, SOL_SOCKET, SO_LINGER, &hard, sizeof hard);
    close();
  }
  void sendEnd() { ::shutdown(descriptor_, SHUT_WR); }
  void shrinkWindow() {
    const int size = 4'096;
    ::setsockopt(descriptor_, SOL_SOCKET, SO_RCVBUF, &size, sizeof size);
  }

  // False when the server no longer takes it.
  bool trySend(std::string_view bytes) {
    while (!bytes.empty()) {
      if (!waitFor(POLLOUT)) return false;
      const ssize_t size = ::send(descriptor_, bytes.data(), bytes.size(), MSG_NOSIGNAL | MSG_DONTWAIT);
      if (size < 0 && errno != EAGAIN) return false;
      if (size > 0) bytes.remove_prefix(static_cast<std::size_t>(size));
    }
    return true;
  }
  void send(std::string_view bytes) { CPPUNIT_ASSERT(trySend(bytes)); }

  // The next answer, 100 Continue included. `has_body` false: to a HEAD.
  RawResponse read(bool has_body = true) {
    std::size_t end = 0;
    while ((end = received_.find("\r\n\r\n")) == std::string::npos)
      if (!receive()) CPPUNIT_FAIL("expected an answer, found the end after \"" + received_.substr(0, 200) + "\"");
    RawResponse response;
    response.head = received_.substr(0, end + 2);
    received_.erase(0, end + 4);
    CPPUNIT_ASSERT_MESSAGE(response.head, response.head.starts_with("HTTP/1.1 "));
    response.status = std::atoi(response.head.c_str() + 9);
    const std::size_t length = response.head.find("Content-Length: ");
    if (length == std::string::npos || !has_body) return response;
    const std::size_t size = std::strtoul(response.head.c_str() + length + 16, nullptr, 10);
    while (received_.size() < size)
      if (!receive())
        CPPUNIT_FAIL("expected a body of " + std::to_string(size) + " bytes, found " +
                     std::to_string(received_.size()));
    response.body = received_.substr(0, size);
    received_.erase(0, size);
    return response;
  }
  // True when the server ends the connection without another byte.
  bool isEnded() { return received_.empty() && !receive(); }
  // A byte, or the end, is there already.
  bool isReadable() const {
    pollfd one{descriptor_, POLLIN, 0};
    return !received_.empty() || ::poll(&one, 1, 0) > 0;
  }

 private:
  bool waitFor(short events) const {
    pollfd one{descriptor_, events, 0};
    const int ready = ::poll(&one, 1, 10'000);
    CPPUNIT_ASSERT_MESSAGE("nothing happened for ten seconds", ready > 0);
    return true;
  }
  bool receive() {
    waitFor(POLLIN);
    char bytes[65'536];
    const ssize_t size = ::recv(descriptor_, bytes, sizeof bytes, 0);
    if (size > 0) received_.append(bytes, static_cast<std::size_t>(size));
    return size > 0;
  }

  int descriptor_ = -1;
  std::string received_;
};

}  // namespace gyre::http
