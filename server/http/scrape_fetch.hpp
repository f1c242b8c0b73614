// How is one target fetched? GET, HTTP/1.1, a connection of its own, without waiting: the owner's loop says when the
// socket is ready, and when time is up it lets go.
//
// What comes is bounded: the head, and the body as sent and unpacked. Redirects are not followed.
//
// THREADS: one's. OWNS: the socket.
#pragma once

#include <sys/socket.h>

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "gyre/status.hpp"
#include "server/http/chunked_decoder.hpp"
#include "server/http/content_coding.hpp"
#include "server/http/http_server.hpp"

namespace gyre::http {

struct FetchRequest {
  std::string authority;  // "web-1:8081"
  std::string path;
  std::string agent;            // "gyre/1.0.0"
  std::int64_t timeout_ms = 0;  // told to the target
  std::size_t max_body = 0;
};

class ScrapeFetch {
 public:
  explicit ScrapeFetch(const FetchRequest& request);
  ~ScrapeFetch();
  ScrapeFetch(const ScrapeFetch&) = delete;
  ScrapeFetch& operator=(const ScrapeFetch&) = delete;

  // Begins. unavailable names what is wrong.
  Status connect(const sockaddr_storage& address, socklen_t size);
  int descriptor() const { return socket_; }
  // What it waits for: to read, or first to write.
  bool isSending() const { return phase_ == Phase::kConnect || phase_ == Phase::kSend; }

  // To be called when the socket is ready. True when all of the answer is there; unavailable, too_large or
  // invalid_argument when there will be none.
  Result<bool> advance();
  // What it was doing, for a message when time is up: "connecting", "reading the body (1234 bytes so far)".
  std::string stage() const;

  // REQUIRES: advance() was true.
  std::string& body() { return body_; }
  const std::string& mediaType() const { return media_type_; }

 private:
  enum class Phase : std::uint8_t { kConnect, kSend, kHead, kBody };

  Result<bool> send();
  Result<bool> receive();
  // What came, `input`, as far as it is understood; true at the end of the body.
  Result<bool> take(std::string_view input);
  Status takeHead(std::string_view head);
  Status takeField(std::string_view name, std::string_view value);
  Result<bool> takeBody(std::string_view input);
  Result<bool> finish();
  Status tooLarge() const;

  Limits limits_;
  int socket_ = -1;
  Phase phase_ = Phase::kConnect;
  std::string request_;
  std::size_t sent_ = 0;
  std::string head_;
  std::string body_;
  std::string media_type_;
  std::optional<std::uint64_t> length_;
  bool is_chunked_ = false;
  ContentCoding coding_ = ContentCoding::kIdentity;
  ChunkedDecoder chunks_;
};

}  // namespace gyre::http
