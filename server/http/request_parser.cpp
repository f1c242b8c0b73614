#include "server/http/request_parser.hpp"

#include <algorithm>
#include <charconv>
#include <optional>
#include <system_error>
#include <utility>

#include "server/http/field_syntax.hpp"
#include "server/http/percent_encoding.hpp"

namespace gyre::http {

namespace {

constexpr std::size_t kLongestMethod = 32;
constexpr std::size_t kKeptCapacity = 4u << 10;  // what an idle connection may hold on to
constexpr std::size_t kBodyOnTrust = 64u << 10;  // reserved for a body before its bytes have come
constexpr std::size_t kBodyPadding = 64;         // room behind a body for parsers that read in wide steps

bool isTargetText(std::string_view target) {
  return std::all_of(target.begin(), target.end(), [](char c) {
    const auto byte = static_cast<unsigned char>(c);
    return byte > 0x20 && byte != 0x7F && byte != '#';
  });
}

// A registered name, an address or nothing, with a port or without: no more is checked than that it cannot be taken for
// a list, a path or credentials.
bool isHostText(std::string_view host) {
  return std::all_of(host.begin(), host.end(), [](char c) {
    const auto byte = static_cast<unsigned char>(c);
    return byte > 0x20 && byte < 0x7F && std::string_view(",/\\@?#<>\"").find(c) == std::string_view::npos;
  });
}

// The part of an absolute-form target after its authority; nothing when it is not one.
std::optional<std::string_view> afterAuthority(std::string_view target) {
  for (const std::string_view scheme : {"http://", "https://"}) {
    if (!equalsIgnoringCase(target.substr(0, scheme.size()), scheme)) continue;
    const std::size_t end = std::min(target.find_first_of("/?", scheme.size()), target.size());
    if (end == scheme.size()) return std::nullopt;
    return target.substr(end);
  }
  return std::nullopt;
}

bool hasDotSegment(std::string_view path) {
  for (std::size_t begin = 1; begin <= path.size();) {
    const std::size_t end = std::min(path.find('/', begin), path.size());
    const std::string_view segment = path.substr(begin, end - begin);
    if (segment == "." || segment == "..") return true;
    begin = end + 1;
  }
  return false;
}

void shrinkText(std::string& text) {
  if (text.capacity() > kKeptCapacity) text = std::string();
  text.clear();
}

}  // namespace

RequestParser::Progress RequestParser::parse(std::string_view& input) {
  if (phase_ == Phase::kRequestLine || phase_ == Phase::kFields) {
    const Progress head = takeHead(input);
    if (head != Progress::kComplete) return head;
  }
  return phase_ == Phase::kChunkedBody ? takeChunkedBody(input) : takeSizedBody(input);
}

void RequestParser::reset() {
  phase_ = Phase::kRequestLine;
  shrinkText(line_);
  shrinkText(head_);
  shrinkText(decoded_path_);
  shrinkText(request_.body);
  method_ = target_ = {};
  fields_.clear();
  field_bytes_ = 0;
  body_size_ = 0;
  chunked_.reset();
  body_coding_ = ContentCoding::kIdentity;
  has_skipped_line_ = is_http10_ = has_host_ = has_length_ = is_chunked_ = has_content_encoding_ = false;
  wants_close_ = wants_keep_alive_ = expects_continue_ = accepts_gzip_ = false;
  keeps_alive_ = true;
}

bool RequestParser::takeContinue() {
  return isInBody() && request_.body.empty() && std::exchange(expects_continue_, false);
}

// kComplete: the head is whole and phase_ says how the body comes.
RequestParser::Progress RequestParser::takeHead(std::string_view& input) {
  while (true) {
    const bool is_request_line = phase_ == Phase::kRequestLine;
    const std::size_t allowed = is_request_line ? limits_.request_line_bytes : limits_.header_bytes - field_bytes_;
    const Line outcome = takeLine(input, allowed);
    if (outcome == Line::kMore) return Progress::kMore;
    if (outcome == Line::kRefused) return Progress::kRefused;
    if (is_request_line && current_.empty() && !has_skipped_line_) {
      line_.clear();
      has_skipped_line_ = true;  // some clients end a body with a line end too many (RFC 9112, 2.2)
      continue;
    }
    const bool is_last = !is_request_line && current_.empty();
    const bool is_good = is_request_line ? parseRequestLine(current_) : is_last ? finishHead() : parseField(current_);
    line_.clear();
    if (!is_good) return Progress::kRefused;
    if (is_last) return Progress::kComplete;
    phase_ = Phase::kFields;
  }
}

// Leaves a whole line, without its line end, in current_. Every byte is checked in the order it came, and the size
// limit counts as a byte of that order: this is what makes the outcome independent of how the bytes were split.
RequestParser::Line RequestParser::takeLine(std::string_view& input, std::size_t allowed) {
  const std::string_view chunk = input.substr(0, allowed - std::min(allowed, line_.size()));
  const std::size_t line_feed = chunk.find('\n');
  const bool is_whole = line_feed != std::string_view::npos;
  std::string_view piece = chunk.substr(0, line_feed);
  if (!line_.empty() && line_.back() == '\r' && !chunk.empty() && line_feed != 0) {
    malformed("expected LF after CR, found a bare CR");
    return Line::kRefused;
  }
  const bool ends_in_return = !piece.empty() && piece.back() == '\r';
  if (!isFieldText(piece.substr(0, piece.size() - (ends_in_return ? 1 : 0)))) {
    malformed("expected no control character in the head of a request");
    return Line::kRefused;
  }
  input.remove_prefix(is_whole ? line_feed + 1 : chunk.size());
  if (is_whole && line_.empty()) {
    current_ = piece;
  } else {
    line_.append(piece);
    current_ = line_;
  }
  if (is_whole) {
    if (phase_ == Phase::kFields) field_bytes_ += current_.size() + 1;
    if (current_.empty() || current_.back() != '\r') {
      malformed("expected lines to end in CR LF, found a bare LF");
      return Line::kRefused;
    }
    current_.remove_suffix(1);
    return Line::kWhole;
  }
  if (line_.size() < allowed) return Line::kMore;
  if (phase_ == Phase::kRequestLine)
    refuse(414, "uri_too_long",
           "expected a request line of at most " + std::to_string(limits_.request_line_bytes) + " bytes, found more");
  else
    refuse(431, "header_fields_too_large",
           "expected header fields of at most " + std::to_string(limits_.header_bytes) + " bytes together, found more");
  return Line::kRefused;
}

bool RequestParser::parseRequestLine(std::string_view line) {
  const std::size_t first = line.find(' ');
  const std::size_t last = line.rfind(' ');
  if (first == std::string_view::npos || first == last)
    return malformed("expected a request line \"METHOD target HTTP/1.1\", found " + quoteExcerpt(line));
  const std::string_view method = line.substr(0, first);
  const std::string_view target = line.substr(first + 1, last - first - 1);
  if (!isToken(method) || method.size() > kLongestMethod)
    return malformed("expected a method, found " + quoteExcerpt(method));
  if (!parseVersion(line.substr(last + 1))) return false;
  if (target.empty() || !isTargetText(target))
    return malformed("expected a request target, found " + quoteExcerpt(target));
  method_ = keep(method);
  target_ = keep(target);
  return true;
}

bool RequestParser::parseVersion(std::string_view version) {
  const auto isDigit = [](char c) { return c >= '0' && c <= '9'; };
  if (version.size() != 8 || !version.starts_with("HTTP/") || !isDigit(version[5]) || version[6] != '.' ||
      !isDigit(version[7]))
    return malformed("expected the version HTTP/1.1, found " + quoteExcerpt(version));
  if (version != "HTTP/1.1" && version != "HTTP/1.0")
    return refuse(505, "http_version_not_supported",
                  "expected the version HTTP/1.1 or HTTP/1.0, found " + quoteExcerpt(version));
  is_http10_ = version == "HTTP/1.0";
  return true;
}

bool RequestParser::parseField(std::string_view line) {
  if (fields_.size() == limits_.header_count)
    return refuse(431, "header_fields_too_large",
                  "expected at most " + std::to_string(limits_.header_count) + " header fields, found more");
  std::string_view name, value;
  if (const std::string_view fault = splitField(line, name, value); !fault.empty())
    return malformed(std::string(fault) + ", in " + quoteExcerpt(line));
  const FieldSpan field{keep(name), keep(value)};
  for (std::size_t i = field.name.at; i < field.name.at + field.name.size; ++i)
    if (head_[i] >= 'A' && head_[i] <= 'Z') head_[i] = static_cast<char>(head_[i] + ('a' - 'A'));
  fields_.push_back(field);
  return noteField(view(field.name), view(field.value));
}

// The few fields that the front itself obeys; told apart by size first, as most fields are none of them.
bool RequestParser::noteField(std::string_view name, std::string_view value) {
  switch (name.size()) {
    case 4: return name != "host" || noteHost(value);
    case 6:
      if (name != "expect") return true;
      if (!equalsIgnoringCase(value, "100-continue"))
        return refuse(417, "expectation_failed",
                      "expected the expectation \"100-continue\", found " + quoteExcerpt(value));
      expects_continue_ = true;
      return true;
    case 10:
      if (name == "connection") noteConnection(value);
      return true;
    case 14: return name != "content-length" || noteLength(value);
    case 15:
      if (name == "accept-encoding") accepts_gzip_ = allowsGzip(value);
      return true;
    case 16: return name != "content-encoding" || noteContentEncoding(value);
    case 17: return name != "transfer-encoding" || noteTransferEncoding(value);
    default: return true;
  }
}

bool RequestParser::noteHost(std::string_view value) {
  if (has_host_) return malformed("expected one Host field, found several");
  if (!isHostText(value)) return malformed("expected a host name in Host, found " + quoteExcerpt(value));
  has_host_ = true;
  return true;
}

bool RequestParser::noteLength(std::string_view value) {
  if (has_length_) return malformed("expected one Content-Length field, found several");
  const bool is_number =
      !value.empty() && std::all_of(value.begin(), value.end(), [](char c) { return c >= '0' && c <= '9'; });
  const auto parsed = std::from_chars(value.data(), value.data() + value.size(), body_size_);
  if (!is_number || parsed.ec != std::errc())
    return malformed("expected a number in Content-Length, found " + quoteExcerpt(value));
  has_length_ = true;
  return true;
}

bool RequestParser::noteTransferEncoding(std::string_view value) {
  if (is_chunked_ || !equalsIgnoringCase(value, "chunked"))
    return malformed("expected the Transfer-Encoding \"chunked\", once, found " + quoteExcerpt(value));
  is_chunked_ = true;
  return true;
}

bool RequestParser::noteContentEncoding(std::string_view value) {
  const std::optional<ContentCoding> coding = parseContentCoding(value);
  if (!coding || has_content_encoding_)
    return refuse(415, "unsupported_content_encoding",
                  "expected the Content-Encoding gzip, deflate or identity, once, found " + quoteExcerpt(value));
  body_coding_ = *coding;
  has_content_encoding_ = true;
  return true;
}

void RequestParser::noteConnection(std::string_view value) {
  std::string_view option;
  while (nextListElement(value, option)) {
    wants_close_ = wants_close_ || equalsIgnoringCase(option, "close");
    wants_keep_alive_ = wants_keep_alive_ || equalsIgnoringCase(option, "keep-alive");
  }
}

bool RequestParser::finishHead() {
  if (!has_host_ && !is_http10_) return malformed("expected a Host field, found none");
  if (is_chunked_ && has_length_) return malformed("expected Content-Length or Transfer-Encoding, found both");
  if (is_chunked_ && is_http10_) return malformed("expected no Transfer-Encoding with HTTP/1.0, found one");
  const std::string_view method = view(method_);
  if (method == "TRACE" || method == "CONNECT")
    return refuse(501, "method_not_supported", "expected another method, found " + std::string(method));
  if (!parseTarget()) return false;
  if (body_size_ > limits_.body_bytes)
    return refuse(413, "payload_too_large",
                  "expected a body of at most " + std::to_string(limits_.body_bytes) + " bytes, found " +
                      std::to_string(body_size_));
  request_.method = method;
  request_.headers.clear();
  for (const FieldSpan& field : fields_) request_.headers.push_back({view(field.name), view(field.value)});
  keeps_alive_ = !wants_close_ && (!is_http10_ || wants_keep_alive_);
  expects_continue_ = expects_continue_ && !is_http10_ && (is_chunked_ || body_size_ > 0);
  if (body_size_ > 0) request_.body.reserve(std::min<std::size_t>(body_size_, kBodyOnTrust) + kBodyPadding);
  phase_ = is_chunked_ ? Phase::kChunkedBody : Phase::kSizedBody;
  return true;
}

bool RequestParser::parseTarget() {
  request_.target = view(target_);
  std::string_view local = request_.target;
  if (local == "*") {
    if (view(method_) != "OPTIONS")
      return malformed("expected the target \"*\" with OPTIONS only, found it with " + std::string(view(method_)));
    local = "/";
  } else if (local.front() != '/') {
    const std::optional<std::string_view> rest = afterAuthority(local);
    if (!rest) return malformed("expected a target that begins with '/', found " + quoteExcerpt(local));
    local = *rest;
  }
  const std::size_t mark = std::min(local.find('?'), local.size());
  request_.query = local.substr(std::min(mark + 1, local.size()));
  return decodePath(mark == 0 ? std::string_view("/") : local.substr(0, mark));
}

bool RequestParser::decodePath(std::string_view path) {
  request_.path = path;
  if (path.find('%') != std::string_view::npos) {
    if (const Status decoded = appendDecoded(decoded_path_, path, Plus::kIsPlus); !decoded.isOk())
      return malformed("path: " + std::string(decoded.message()));
    request_.path = decoded_path_;
  }
  if (!isUtf8(request_.path)) return malformed("path: expected UTF-8, found " + quoteExcerpt(path));
  if (hasDotSegment(request_.path))
    return malformed("path: expected no \".\" or \"..\" segment, found " + quoteExcerpt(path));
  return true;
}

RequestParser::Progress RequestParser::takeSizedBody(std::string_view& input) {
  std::string& body = request_.body;
  const std::size_t taken = std::min<std::size_t>(body_size_ - body.size(), input.size());
  // A peer that has sent some is believed about the rest; one that has only announced it is not.
  if (body.size() + taken > kBodyOnTrust) body.reserve(body_size_ + kBodyPadding);
  body.append(input.substr(0, taken));
  input.remove_prefix(taken);
  return body.size() == body_size_ ? Progress::kComplete : Progress::kMore;
}

RequestParser::Progress RequestParser::takeChunkedBody(std::string_view& input) {
  switch (chunked_.decode(input, request_.body)) {
    case ChunkedDecoder::Progress::kMore: return Progress::kMore;
    case ChunkedDecoder::Progress::kComplete: return Progress::kComplete;
    case ChunkedDecoder::Progress::kRefused: break;
  }
  refusal_ = chunked_.refusal();
  return Progress::kRefused;
}

bool RequestParser::refuse(int status, std::string_view reason, std::string detail) {
  refusal_ = {status, reason, std::move(detail)};
  return false;
}

RequestParser::Span RequestParser::keep(std::string_view text) {
  const Span span{static_cast<std::uint32_t>(head_.size()), static_cast<std::uint32_t>(text.size())};
  head_.append(text);
  return span;
}

}  // namespace gyre::http
