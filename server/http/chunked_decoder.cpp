#include "server/http/chunked_decoder.hpp"

#include <algorithm>
#include <utility>

#include "server/http/field_syntax.hpp"

namespace gyre::http {

namespace {

constexpr unsigned kMaximumDigits = 16;             // of a chunk size: 64 bits
constexpr std::size_t kExtensionBytes = 16u << 10;  // of all chunks; nobody is known to send any

int hexValue(char c) {
  if (c >= '0' && c <= '9') return c - '0';
  if (c >= 'a' && c <= 'f') return c - 'a' + 10;
  if (c >= 'A' && c <= 'F') return c - 'A' + 10;
  return -1;
}

}  // namespace

ChunkedDecoder::Progress ChunkedDecoder::decode(std::string_view& input, std::string& body) {
  while (!input.empty()) {
    if (state_ == State::kData) {
      const std::size_t taken = static_cast<std::size_t>(std::min<std::uint64_t>(size_, input.size()));
      body.append(input.substr(0, taken));
      input.remove_prefix(taken);
      size_ -= taken;
      if (size_ == 0) state_ = State::kDataReturn;
      continue;
    }
    const char c = input.front();
    input.remove_prefix(1);
    bool is_good = true;
    switch (state_) {
      case State::kSize: is_good = takeSizeByte(c, body.size()); break;
      case State::kExtension: is_good = takeExtensionByte(c); break;
      case State::kSizeLineFeed:
        is_good = expectByte(c, '\n', size_ == 0 ? State::kTrailer : State::kData, "a chunk size");
        digits_ = 0;
        break;
      case State::kDataReturn: is_good = expectByte(c, '\r', State::kDataLineFeed, "a chunk"); break;
      case State::kDataLineFeed: is_good = expectByte(c, '\n', State::kSize, "a chunk"); break;
      case State::kTrailer: is_good = takeTrailerByte(c); break;
      case State::kData:
      case State::kDone: break;
    }
    if (!is_good) return Progress::kRefused;
    if (state_ == State::kDone) return Progress::kComplete;
  }
  return Progress::kMore;
}

void ChunkedDecoder::reset() {
  state_ = State::kSize;
  size_ = 0;
  digits_ = 0;
  extension_bytes_ = 0;
  trailer_bytes_ = 0;
  trailer_count_ = 0;
  trailer_line_.clear();
}

bool ChunkedDecoder::takeSizeByte(char c, std::size_t body_size) {
  if (const int value = hexValue(c); value >= 0) {
    if (++digits_ > kMaximumDigits)
      return refuse(400, "malformed_request", "expected a chunk size of at most 16 hex digits");
    size_ = size_ * 16 + static_cast<unsigned>(value);
    return true;
  }
  if (digits_ == 0 || (c != ';' && c != '\r'))
    return refuse(400, "malformed_request", "expected a chunk size in hex digits, then its line end or ';'");
  // Refused before its line ends, so that a client that waits for the verdict gets it.
  if (size_ > limits_.body_bytes - std::min(limits_.body_bytes, body_size))
    return refuse(413, "payload_too_large",
                  "expected a body of at most " + std::to_string(limits_.body_bytes) + " bytes, found more");
  state_ = c == ';' ? State::kExtension : State::kSizeLineFeed;
  return true;
}

bool ChunkedDecoder::takeExtensionByte(char c) {
  if (c == '\r') {
    state_ = State::kSizeLineFeed;
    return true;
  }
  if (!isFieldText({&c, 1}))
    return refuse(400, "malformed_request", "expected no control character in a chunk extension");
  if (++extension_bytes_ > kExtensionBytes)
    return refuse(400, "malformed_request", "expected at most 16384 bytes of chunk extensions, found more");
  return true;
}

bool ChunkedDecoder::takeTrailerByte(char c) {
  if (c == '\n') return finishTrailerLine();
  if (++trailer_bytes_ > limits_.header_bytes)
    return refuse(431, "header_fields_too_large",
                  "expected at most " + std::to_string(limits_.header_bytes) + " bytes of trailer fields, found more");
  trailer_line_.push_back(c);
  return true;
}

bool ChunkedDecoder::finishTrailerLine() {
  if (trailer_line_.empty() || trailer_line_.back() != '\r')
    return refuse(400, "malformed_request", "expected a trailer line to end in CR LF, found a bare LF");
  trailer_line_.pop_back();
  if (trailer_line_.empty()) {
    state_ = State::kDone;
    return true;
  }
  if (++trailer_count_ > limits_.header_count)
    return refuse(431, "header_fields_too_large",
                  "expected at most " + std::to_string(limits_.header_count) + " trailer fields, found more");
  std::string_view name, value;
  if (!isFieldText(trailer_line_))
    return refuse(400, "malformed_request", "expected no control character in a trailer field");
  if (const std::string_view fault = splitField(trailer_line_, name, value); !fault.empty())
    return refuse(400, "malformed_request", "trailer: " + std::string(fault));
  trailer_line_.clear();
  return true;
}

bool ChunkedDecoder::expectByte(char found, char expected, State next, std::string_view where) {
  if (found != expected)
    return refuse(400, "malformed_request", "expected CR LF after " + std::string(where) + ", found other bytes");
  state_ = next;
  return true;
}

bool ChunkedDecoder::refuse(int status, std::string_view reason, std::string detail) {
  refusal_ = {status, reason, std::move(detail)};
  return false;
}

}  // namespace gyre::http
