#include "server/http/scrape_fetch.hpp"

#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <charconv>
#include <system_error>

#include "server/http/field_syntax.hpp"

namespace gyre::http {

namespace {

constexpr std::size_t kHeadBytes = 64u << 10;
constexpr std::size_t kReadBytes = 64u << 10;
constexpr int kReads = 16;  // before other targets get their turn

// As Prometheus 2.42 asks.
constexpr std::string_view kAccept =
    "application/openmetrics-text;version=1.0.0,application/openmetrics-text;version=0.0.1;q=0.75,"
    "text/plain;version=0.0.4;q=0.5,*/*;q=0.1";

Status systemFailure(const std::string& what, int error) {
  return unavailable(what + ": " + std::generic_category().message(error));
}

std::string lowerCase(std::string_view text) {
  std::string lower(text);
  for (char& c : lower)
    if (c >= 'A' && c <= 'Z') c = static_cast<char>(c + 32);
  return lower;
}

}  // namespace

ScrapeFetch::ScrapeFetch(const FetchRequest& request) : chunks_(limits_) {
  limits_.body_bytes = request.max_body;
  request_.append("GET ").append(request.path).append(" HTTP/1.1\r\nHost: ").append(request.authority);
  request_.append("\r\nAccept: ").append(kAccept);
  request_.append("\r\nAccept-Encoding: gzip\r\nConnection: close\r\nUser-Agent: ").append(request.agent);
  std::string seconds = std::to_string(request.timeout_ms / 1000) + '.';
  const std::string millis = std::to_string(request.timeout_ms % 1000);
  seconds.append(3 - millis.size(), '0').append(millis);
  request_.append("\r\nX-Prometheus-Scrape-Timeout-Seconds: ").append(seconds).append("\r\n\r\n");
}

ScrapeFetch::~ScrapeFetch() {
  if (socket_ >= 0) ::close(socket_);
}

Status ScrapeFetch::connect(const sockaddr_storage& address, socklen_t size) {
  socket_ = ::socket(address.ss_family, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
  if (socket_ < 0) return systemFailure("socket", errno);
  if (::connect(socket_, reinterpret_cast<const sockaddr*>(&address), size) == 0 || errno == EINPROGRESS) return {};
  return systemFailure("cannot connect", errno);
}

Result<bool> ScrapeFetch::advance() {
  if (phase_ == Phase::kConnect) {
    int error = 0;
    socklen_t size = sizeof error;
    if (::getsockopt(socket_, SOL_SOCKET, SO_ERROR, &error, &size) != 0) error = errno;
    if (error != 0) return systemFailure("cannot connect", error);
    phase_ = Phase::kSend;
  }
  return phase_ == Phase::kSend ? send() : receive();
}

Result<bool> ScrapeFetch::send() {
  while (sent_ < request_.size()) {
    const ssize_t count = ::send(socket_, request_.data() + sent_, request_.size() - sent_, MSG_NOSIGNAL);
    if (count < 0 && errno == EINTR) continue;
    if (count < 0 && (errno == EAGAIN || errno == ENOTCONN)) return false;
    if (count < 0) return systemFailure("cannot send", errno);
    sent_ += static_cast<std::size_t>(count);
  }
  phase_ = Phase::kHead;
  return false;
}

Result<bool> ScrapeFetch::receive() {
  std::array<char, kReadBytes> buffer;
  for (int i = 0; i < kReads; ++i) {
    const ssize_t count = ::recv(socket_, buffer.data(), buffer.size(), 0);
    if (count < 0 && errno == EINTR) continue;
    if (count < 0 && errno == EAGAIN) return false;
    if (count < 0) return systemFailure("the connection broke while " + stage(), errno);
    if (count == 0) {
      const bool is_whole = phase_ == Phase::kBody && !is_chunked_ && !length_;
      if (!is_whole) return unavailable("the target closed the connection while " + stage());
      return finish();
    }
    GYRE_TRY_ASSIGN(const bool is_whole, take({buffer.data(), static_cast<std::size_t>(count)}));
    if (is_whole) return finish();
  }
  return false;
}

Result<bool> ScrapeFetch::take(std::string_view input) {
  if (phase_ == Phase::kBody) return takeBody(input);
  head_ += input;
  const std::size_t end = head_.find("\r\n\r\n");
  if (std::min(end, head_.size()) > kHeadBytes)
    return Status(Code::kTooLarge, "expected a head of at most " + std::to_string(kHeadBytes) + " bytes, found more");
  if (end == std::string::npos) return false;
  const std::string rest = head_.substr(end + 4);
  GYRE_TRY(takeHead(std::string_view(head_).substr(0, end)));
  phase_ = Phase::kBody;
  return takeBody(rest);
}

Status ScrapeFetch::takeHead(std::string_view head) {
  std::size_t end = std::min(head.find("\r\n"), head.size());
  const std::string_view line = head.substr(0, end);
  const bool is_http = line.starts_with("HTTP/1.") && line.size() >= 12 && line[8] == ' ';
  if (!is_http) return invalidArgument("expected an answer of HTTP/1.1, found something else");
  if (line.substr(9, 3) != "200") {
    std::string status;
    for (const char c : line.substr(9, 60)) status += c >= 0x20 && c < 0x7f ? c : '?';
    return unavailable("expected status 200, found " + status);
  }
  while (end < head.size()) {
    head.remove_prefix(end + 2);
    end = std::min(head.find("\r\n"), head.size());
    std::string_view name;
    std::string_view value;
    if (const std::string_view wrong = splitField(head.substr(0, end), name, value); !wrong.empty())
      return invalidArgument("a header field: " + std::string(wrong));
    GYRE_TRY(takeField(name, value));
  }
  if (length_ && *length_ > limits_.body_bytes && !is_chunked_) return tooLarge();
  return {};
}

Status ScrapeFetch::takeField(std::string_view name, std::string_view value) {
  if (equalsIgnoringCase(name, "content-type")) {
    media_type_ = lowerCase(trimBlanks(value.substr(0, value.find(';'))));
  } else if (equalsIgnoringCase(name, "transfer-encoding")) {
    if (!equalsIgnoringCase(value, "chunked"))
      return invalidArgument("transfer-encoding: expected chunked, found another");
    is_chunked_ = true;
  } else if (equalsIgnoringCase(name, "content-length")) {
    std::uint64_t length = 0;
    const auto [end, error] = std::from_chars(value.data(), value.data() + value.size(), length);
    if (error != std::errc() || end != value.data() + value.size())
      return invalidArgument("content-length: expected a number");
    length_ = length;
  } else if (equalsIgnoringCase(name, "content-encoding")) {
    const auto coding = parseContentCoding(value);
    if (!coding) return invalidArgument("content-encoding: expected gzip or none, found another");
    coding_ = *coding;
  }
  return {};
}

Result<bool> ScrapeFetch::takeBody(std::string_view input) {
  if (is_chunked_) {
    const ChunkedDecoder::Progress progress = chunks_.decode(input, body_);
    if (progress == ChunkedDecoder::Progress::kRefused)
      return Status(chunks_.refusal().status == 413 ? Code::kTooLarge : Code::kInvalidArgument,
                    chunks_.refusal().detail);
    return progress == ChunkedDecoder::Progress::kComplete;
  }
  body_ += length_ ? input.substr(0, *length_ - body_.size()) : input;
  if (body_.size() > limits_.body_bytes) return tooLarge();
  return length_ && body_.size() == *length_;
}

Result<bool> ScrapeFetch::finish() {
  if (coding_ == ContentCoding::kIdentity) return true;
  if (const auto refusal = unpackBody(coding_, limits_.body_bytes, body_))
    return Status(refusal->status == 413 ? Code::kTooLarge : Code::kInvalidArgument, refusal->detail);
  return true;
}

Status ScrapeFetch::tooLarge() const {
  return {Code::kTooLarge, "expected a body of at most " + std::to_string(limits_.body_bytes) + " bytes, found more"};
}

std::string ScrapeFetch::stage() const {
  switch (phase_) {
    case Phase::kConnect: return "connecting";
    case Phase::kSend: return "sending the request";
    case Phase::kHead: return "waiting for the answer";
    case Phase::kBody: break;
  }
  return "reading the body (" + std::to_string(body_.size()) + " bytes so far)";
}

}  // namespace gyre::http
