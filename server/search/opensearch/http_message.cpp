#include "server/search/opensearch/http_message.hpp"

#include <algorithm>
#include <charconv>
#include <utility>

namespace gyre::search {
namespace {

constexpr std::size_t kHeadLimit = 64u << 10;
constexpr std::size_t kLineLimit = 1u << 10;      // of a chunk's size or a trailer
constexpr std::size_t kReserveLimit = 16u << 20;  // a length that is announced is believed up to here

Status malformed(std::string what) {
  return {Code::kUnavailable, "malformed_response", "the response " + std::move(what)};
}

char lower(char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c; }

std::string lowered(std::string_view text) {
  std::string result(text);
  std::transform(result.begin(), result.end(), result.begin(), lower);
  return result;
}

std::string_view trimmed(std::string_view text) {
  while (!text.empty() && (text.front() == ' ' || text.front() == '\t')) text.remove_prefix(1);
  while (!text.empty() && (text.back() == ' ' || text.back() == '\t')) text.remove_suffix(1);
  return text;
}

template <class Number>
bool readNumber(std::string_view text, int base, Number& value) {
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value, base);
  return !text.empty() && error == std::errc() && end == text.data() + text.size();
}

}  // namespace

std::string encodeSegment(std::string_view text) {
  constexpr char kDigits[] = "0123456789ABCDEF";
  std::string encoded;
  encoded.reserve(text.size());
  for (const char c : text) {
    const auto byte = static_cast<unsigned char>(c);
    const bool is_unreserved = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '-' ||
                               c == '.' || c == '_' || c == '~';
    if (is_unreserved) {
      encoded += c;
    } else {
      encoded += '%';
      encoded += kDigits[byte >> 4];
      encoded += kDigits[byte & 15];
    }
  }
  return encoded;
}

Result<bool> ResponseReader::feed(std::string_view bytes) {
  if (!bytes.empty()) is_empty_ = false;
  // The bulk of a body goes straight to where it belongs, and so does what comes with the head.
  if (stage_ == Stage::kHead && buffer_.empty()) {
    if (const std::size_t end = bytes.find("\r\n\r\n"); end < kHeadLimit) {
      buffer_.append(bytes.substr(0, end + 4));
      bytes.remove_prefix(end + 4);
      GYRE_TRY(step().status());
    }
  }
  if (stage_ == Stage::kLength && used_ == buffer_.size()) {
    const std::size_t taken = std::min(bytes.size(), remaining_);
    response_.body.append(bytes.substr(0, taken));
    remaining_ -= taken;
    bytes.remove_prefix(taken);
    if (remaining_ == 0) stage_ = Stage::kDone;
  }
  buffer_.append(bytes);
  for (;;) {
    GYRE_TRY_ASSIGN(const bool has_moved, step());
    if (!has_moved) break;
  }
  if (stage_ == Stage::kDone && used_ < buffer_.size()) return malformed("is followed by bytes that nobody asked for");
  if (used_ > 0) {
    buffer_.erase(0, used_);
    searched_ -= std::min(searched_, used_);
    used_ = 0;
  }
  return stage_ == Stage::kDone;
}

Status ResponseReader::end() const {
  if (stage_ == Stage::kDone || stage_ == Stage::kUntilClose) return {};
  return malformed("was cut short after " + std::to_string(response_.body.size()) + " bytes of its body");
}

// True when it got anywhere.
Result<bool> ResponseReader::step() {
  std::string_view rest = std::string_view(buffer_).substr(used_);
  std::string_view line;
  switch (stage_) {
    case Stage::kHead: {
      const std::size_t end = buffer_.find("\r\n\r\n", searched_ > 3 ? searched_ - 3 : 0);
      searched_ = buffer_.size();
      if (end == std::string::npos) {
        if (buffer_.size() > kHeadLimit) return malformed("has a head beyond 64 KiB");
        return false;
      }
      GYRE_TRY(readHead(std::string_view(buffer_).substr(0, end)));
      used_ = end + 4;
      if (response_.status >= 100 && response_.status < 200) {  // interim: the real one follows
        buffer_.erase(0, std::exchange(used_, 0));
        searched_ = 0;
        response_ = {};
        has_length_ = is_chunked_ = false;
        return true;
      }
      GYRE_TRY(chooseBody());
      return stage_ != Stage::kDone;
    }
    case Stage::kLength:
    case Stage::kChunk: {
      const std::size_t taken = std::min(rest.size(), remaining_);
      response_.body.append(rest.substr(0, taken));
      used_ += taken;
      remaining_ -= taken;
      if (remaining_ > 0) return false;
      stage_ = stage_ == Stage::kLength ? Stage::kDone : Stage::kChunkEnd;
      return stage_ != Stage::kDone;
    }
    case Stage::kChunkSize: {
      GYRE_TRY_ASSIGN(const bool has_line, takeLine(line));
      if (!has_line) return false;
      if (!readNumber(trimmed(line.substr(0, line.find(';'))), 16, remaining_))
        return malformed("has a chunk without a size");
      if (remaining_ > body_limit_ - std::min(body_limit_, response_.body.size()))
        return malformed("has a body beyond " + std::to_string(body_limit_) + " bytes");
      stage_ = remaining_ == 0 ? Stage::kTrailer : Stage::kChunk;
      return true;
    }
    case Stage::kChunkEnd: {
      GYRE_TRY_ASSIGN(const bool has_line, takeLine(line));
      if (!has_line) return false;
      if (!line.empty()) return malformed("has a chunk that is longer than its size");
      stage_ = Stage::kChunkSize;
      return true;
    }
    case Stage::kTrailer: {
      GYRE_TRY_ASSIGN(const bool has_line, takeLine(line));
      if (has_line && line.empty()) stage_ = Stage::kDone;
      return has_line && stage_ != Stage::kDone;
    }
    case Stage::kUntilClose: {
      response_.body.append(rest);
      used_ += rest.size();
      if (response_.body.size() > body_limit_)
        return malformed("has a body beyond " + std::to_string(body_limit_) + " bytes");
      return false;
    }
    case Stage::kDone: return false;
  }
  return false;
}

// The next line without its end; `line` is borrowed until buffer_ changes.
Result<bool> ResponseReader::takeLine(std::string_view& line) {
  const std::size_t end = buffer_.find("\r\n", used_);
  if (end == std::string::npos) {
    if (buffer_.size() - used_ > kLineLimit) return malformed("has a chunk without a size");
    return false;
  }
  line = std::string_view(buffer_).substr(used_, end - used_);
  used_ = end + 2;
  return true;
}

Status ResponseReader::readHead(std::string_view head) {
  const std::size_t first_end = std::min(head.find("\r\n"), head.size());
  const std::string_view first = head.substr(0, first_end);
  const bool is_http = first.starts_with("HTTP/1.1 ") || first.starts_with("HTTP/1.0 ");
  if (!is_http || !readNumber(first.substr(9, 3), 10, response_.status) || response_.status < 100)
    return malformed("is not HTTP/1.1");
  response_.keeps_alive = first[7] == '1';
  head.remove_prefix(first_end);
  while (!head.empty()) {
    head.remove_prefix(2);
    const std::string_view line = head.substr(0, std::min(head.find("\r\n"), head.size()));
    head.remove_prefix(line.size());
    const std::size_t colon = line.find(':');
    if (colon == std::string_view::npos) return malformed("has a header field without a name");
    GYRE_TRY(readField(line.substr(0, colon), trimmed(line.substr(colon + 1))));
  }
  return {};
}

Status ResponseReader::readField(std::string_view name, std::string_view value) {
  const std::string known = lowered(name);
  if (known == "content-length") {
    if (!readNumber(value, 10, remaining_) || has_length_) return malformed("has a Content-Length that is no number");
    has_length_ = true;
  } else if (known == "transfer-encoding") {
    if (lowered(value) != "chunked") return malformed("has the unknown Transfer-Encoding " + std::string(value));
    is_chunked_ = true;
  } else if (known == "connection") {
    const std::string token = lowered(value);
    if (token == "close") response_.keeps_alive = false;
    if (token == "keep-alive") response_.keeps_alive = true;
  } else if (known == "content-type") {
    response_.content_type = value;
  } else if (known == "content-encoding") {
    response_.content_encoding = lowered(value);
  } else if (known == "x-elastic-product") {
    response_.product = value;
  }
  return {};
}

Status ResponseReader::chooseBody() {
  if (response_.status == 204 || response_.status == 304) {
    stage_ = Stage::kDone;
  } else if (is_chunked_) {
    if (has_length_) return malformed("has both a length and chunks");
    stage_ = Stage::kChunkSize;
  } else if (has_length_) {
    if (remaining_ > body_limit_) return malformed("has a body beyond " + std::to_string(body_limit_) + " bytes");
    response_.body.reserve(std::min(remaining_, kReserveLimit));
    stage_ = remaining_ == 0 ? Stage::kDone : Stage::kLength;
  } else {
    if (response_.keeps_alive) return malformed("has no length");
    stage_ = Stage::kUntilClose;
  }
  return {};
}

}  // namespace gyre::search
