// Does the request parser give the same outcome however its bytes are split, without reading what it was not given?
//
// The first byte seeds the splits, the rest is the stream. Every piece is a copy of its own size, so that a sanitizer
// sees a read beyond it. Limits are small, so that they are reached.
#include <cstdint>
#include <cstdlib>
#include <string>
#include <string_view>

#include "server/http/content_coding.hpp"
#include "server/http/request_parser.hpp"

namespace {

using gyre::http::ContentCoding;
using gyre::http::HeaderField;
using gyre::http::Limits;
using gyre::http::Request;
using gyre::http::RequestParser;

Limits smallLimits() {
  Limits limits;
  limits.request_line_bytes = 200;
  limits.header_bytes = 400;
  limits.header_count = 8;
  limits.body_bytes = 300;
  limits.inflated_body_bytes = 10'000;
  return limits;
}

void append(std::string& out, std::string_view text) {
  out.append(std::to_string(text.size())).append(":").append(text).append("\n");
}

void describe(RequestParser& parser, std::string& out) {
  Request& request = parser.request();
  append(out, request.method);
  append(out, request.target);
  append(out, request.path);
  append(out, request.query);
  for (const HeaderField& field : request.headers) {
    append(out, field.name);
    append(out, field.value);
  }
  append(out, request.body);
  out += parser.keepsAlive() ? "stays\n" : "closes\n";
  if (request.path.empty() || request.path.front() != '/' || request.body.size() > 300) std::abort();
  if (parser.bodyCoding() == ContentCoding::kIdentity) return;
  out += gyre::http::unpackBody(parser.bodyCoding(), 10'000, request.body) ? "damaged\n" : "unpacked\n";
  if (request.body.size() > 10'000) std::abort();
}

// Everything the parser makes of the stream, up to its first refusal. `random` of 0: in one piece.
std::string parseAll(std::string_view bytes, std::uint32_t random) {
  static const Limits limits = smallLimits();
  RequestParser parser(limits);
  std::string out;
  while (!bytes.empty()) {
    random = random * 1'664'525u + (random != 0 ? 1'013'904'223u : 0u);
    const std::string piece(bytes.substr(0, random != 0 ? 1 + (random >> 16) % 23 : bytes.size()));
    bytes.remove_prefix(piece.size());
    for (std::string_view input = piece; !input.empty();) {
      const RequestParser::Progress progress = parser.parse(input);
      if (progress == RequestParser::Progress::kMore && !input.empty()) std::abort();
      if (progress == RequestParser::Progress::kRefused) return out + std::to_string(parser.refusal().status);
      if (progress == RequestParser::Progress::kMore) continue;
      describe(parser, out);
      parser.reset();
    }
  }
  return out;
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  if (size == 0) return 0;
  const std::string_view bytes(reinterpret_cast<const char*>(data + 1), size - 1);
  if (parseAll(bytes, 0) != parseAll(bytes, 1u + data[0])) std::abort();
  return 0;
}
