// What goes to a node, and what comes back? HTTP/1.1 messages; reading one that arrives in pieces.
//
// A response counts only when it is complete: cut short, without a length, or with one that is not a number, it is a
// failure. Poco's own client takes a body that was cut short for the whole of it.
//
// THREADS: values.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>

#include "gyre/status.hpp"

namespace gyre::search {

struct HttpRequest {
  std::string_view method = "GET";
  std::string target;  // path and query, encoded
  std::string body;
  std::string_view content_type = "application/json";  // of a body
  bool is_repeatable = true;  // else it is sent once, on a connection of its own: the peer may have acted on it
  bool tells_health = true;   // else a late answer says nothing of the node: who knows what a stranger asked for
};

struct HttpResponse {
  int status = 0;
  std::string content_type;
  std::string product;           // X-elastic-product
  std::string content_encoding;  // lower case; "" for none
  std::string body;
  bool keeps_alive = true;  // the connection may be used again
};

// Bytes of a path segment that are not unreserved, percent-encoded.
std::string encodeSegment(std::string_view text);

class ResponseReader {
 public:
  explicit ResponseReader(std::size_t body_limit) : body_limit_(body_limit) {}

  // More bytes of the response. True once it is complete. unavailable (reason "malformed_response") for what is not
  // HTTP or beyond a limit; nothing may be fed after that.
  Result<bool> feed(std::string_view bytes);
  // The peer has closed: ok when that completes the response.
  Status end() const;
  bool isEmpty() const { return is_empty_; }
  // REQUIRES: complete.
  HttpResponse take() { return std::move(response_); }

 private:
  enum class Stage { kHead, kLength, kChunkSize, kChunk, kChunkEnd, kTrailer, kUntilClose, kDone };

  Status readHead(std::string_view head);
  Status readField(std::string_view name, std::string_view value);
  Status chooseBody();
  Result<bool> step();
  Result<bool> takeLine(std::string_view& line);

  const std::size_t body_limit_;
  Stage stage_ = Stage::kHead;
  std::string buffer_;
  std::size_t used_ = 0;       // of buffer_
  std::size_t searched_ = 0;   // of buffer_, for the end of the head
  std::size_t remaining_ = 0;  // of the body, or of the chunk
  bool is_empty_ = true;
  bool has_length_ = false;
  bool is_chunked_ = false;
  HttpResponse response_;
};

}  // namespace gyre::search
