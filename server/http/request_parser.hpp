// Which request do these bytes spell, if any?
//
// An incremental HTTP/1.1 request parser (RFC 9112) that takes bytes as they come and gives the same outcome however
// they were split. It is strict on purpose: whatever two parsers might read differently (a proxy's and this one) is
// refused, because that difference is what request smuggling is made of. What it refuses and with which status is the
// table in tests/unit/server/http/request_parser_test.cpp.
//
// THREADS: one loop's.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "server/http/chunked_decoder.hpp"
#include "server/http/content_coding.hpp"
#include "server/http/http_server.hpp"
#include "server/http/refusal.hpp"

namespace gyre::http {

class RequestParser {
 public:
  enum class Progress { kMore, kComplete, kRefused };

  // OWNS: `limits` outlives the parser.
  explicit RequestParser(const Limits& limits) : limits_(limits), chunked_(limits) {}

  // Takes bytes from the front of `input`. kMore: all were taken and the request goes on. kComplete: request() is
  // whole, what is left belongs to the next one. kRefused: refusal() says why; nothing after it can be trusted.
  // REQUIRES: after kComplete or kRefused, reset() first.
  Progress parse(std::string_view& input);
  // Ready for the next request; forgets this one, keeps a little memory.
  void reset();

  // After kComplete. Its views live until reset(); the body is as sent (de-chunked, not yet inflated).
  Request& request() { return request_; }
  ContentCoding bodyCoding() const { return body_coding_; }
  bool keepsAlive() const { return keeps_alive_; }
  bool isHead() const { return view(method_) == "HEAD"; }
  bool isHttp10() const { return is_http10_; }
  bool acceptsGzip() const { return accepts_gzip_; }

  const Refusal& refusal() const { return refusal_; }

  // No byte of a request has come yet; the line end that may stand before one is not counted.
  bool isIdle() const { return phase_ == Phase::kRequestLine && line_.empty(); }
  bool isInBody() const { return phase_ == Phase::kSizedBody || phase_ == Phase::kChunkedBody; }
  // True once, when the head is complete, its limits allow the body, and the peer waits for "100 Continue" to send it.
  bool takeContinue();

 private:
  enum class Phase { kRequestLine, kFields, kSizedBody, kChunkedBody };
  // Offsets into head_, which moves while it grows.
  struct Span {
    std::uint32_t at = 0;
    std::uint32_t size = 0;
  };
  struct FieldSpan {
    Span name;
    Span value;
  };
  enum class Line { kMore, kWhole, kRefused };

  Line takeLine(std::string_view& input, std::size_t allowed);
  bool parseRequestLine(std::string_view line);
  bool parseVersion(std::string_view version);
  bool parseTarget();
  bool decodePath(std::string_view path);
  bool parseField(std::string_view line);
  bool noteField(std::string_view name, std::string_view value);
  bool noteHost(std::string_view value);
  bool noteLength(std::string_view value);
  bool noteTransferEncoding(std::string_view value);
  bool noteContentEncoding(std::string_view value);
  void noteConnection(std::string_view value);
  bool finishHead();
  Progress takeSizedBody(std::string_view& input);
  Progress takeChunkedBody(std::string_view& input);
  Progress takeHead(std::string_view& input);
  bool refuse(int status, std::string_view reason, std::string detail);
  bool malformed(std::string detail) { return refuse(400, "malformed_request", std::move(detail)); }
  Span keep(std::string_view text);
  std::string_view view(Span span) const { return std::string_view(head_).substr(span.at, span.size); }

  const Limits& limits_;
  Phase phase_ = Phase::kRequestLine;
  std::string line_;          // the line being received, when it came in pieces
  std::string_view current_;  // the line just completed; in line_ or in the input
  std::string head_;          // method, target and fields of the request, back to back
  Span method_;
  Span target_;
  std::vector<FieldSpan> fields_;
  std::size_t field_bytes_ = 0;
  std::string decoded_path_;

  std::uint64_t body_size_ = 0;
  ChunkedDecoder chunked_;
  ContentCoding body_coding_ = ContentCoding::kIdentity;

  bool has_skipped_line_ = false;
  bool is_http10_ = false;
  bool has_host_ = false;
  bool has_length_ = false;
  bool is_chunked_ = false;
  bool has_content_encoding_ = false;
  bool wants_close_ = false;
  bool wants_keep_alive_ = false;
  bool keeps_alive_ = true;
  bool expects_continue_ = false;
  bool accepts_gzip_ = false;

  Request request_;
  Refusal refusal_;
};

}  // namespace gyre::http
