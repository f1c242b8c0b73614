#include "server/http/response_writer.hpp"

#include <Poco/DateTimeFormat.h>
#include <Poco/DateTimeFormatter.h>
#include <Poco/Timestamp.h>

#include <algorithm>
#include <charconv>
#include <utility>

#include "server/http/field_syntax.hpp"

namespace gyre::http {

namespace {

bool isOwnHeader(std::string_view name) {
  for (const std::string_view own : {"Content-Length", "Content-Type", "Date", "Connection", "Transfer-Encoding"})
    if (equalsIgnoringCase(name, own)) return true;
  return false;
}

void appendNumber(std::string& out, std::uint64_t number) {
  char digits[20];
  const auto end = std::to_chars(digits, digits + sizeof digits, number).ptr;
  out.append(digits, end);
}

// 1xx, 204 and 304 have no body, and a Content-Length would announce one.
bool mayHaveBody(int status) { return status >= 200 && status != 204 && status != 304; }

}  // namespace

std::string_view DateText::at(std::int64_t now_millis) {
  const std::int64_t second = now_millis / 1000;
  if (second != second_) {
    second_ = second;
    text_ = Poco::DateTimeFormatter::format(Poco::Timestamp(second * 1'000'000), Poco::DateTimeFormat::HTTP_FORMAT);
  }
  return text_;
}

std::string_view reasonPhrase(int status) {
  switch (status) {
    case 100: return "Continue";
    case 200: return "OK";
    case 201: return "Created";
    case 202: return "Accepted";
    case 204: return "No Content";
    case 206: return "Partial Content";
    case 301: return "Moved Permanently";
    case 302: return "Found";
    case 303: return "See Other";
    case 304: return "Not Modified";
    case 307: return "Temporary Redirect";
    case 308: return "Permanent Redirect";
    case 400: return "Bad Request";
    case 401: return "Unauthorized";
    case 403: return "Forbidden";
    case 404: return "Not Found";
    case 405: return "Method Not Allowed";
    case 406: return "Not Acceptable";
    case 408: return "Request Timeout";
    case 409: return "Conflict";
    case 410: return "Gone";
    case 412: return "Precondition Failed";
    case 413: return "Content Too Large";
    case 414: return "URI Too Long";
    case 415: return "Unsupported Media Type";
    case 417: return "Expectation Failed";
    case 422: return "Unprocessable Content";
    case 428: return "Precondition Required";
    case 429: return "Too Many Requests";
    case 431: return "Request Header Fields Too Large";
    case 500: return "Internal Server Error";
    case 501: return "Not Implemented";
    case 502: return "Bad Gateway";
    case 503: return "Service Unavailable";
    case 504: return "Gateway Timeout";
    case 505: return "HTTP Version Not Supported";
    default: return "Unknown";
  }
}

void writeHead(const Response& response, const ResponseFrame& frame, OutputBuffer& out) {
  std::string& head = out.run();
  const std::size_t before = head.size();
  head += "HTTP/1.1 ";
  appendNumber(head, static_cast<std::uint64_t>(std::clamp(response.status, 100, 999)));
  head.append(" ").append(reasonPhrase(response.status)).append("\r\n");
  for (const auto& [name, value] : response.headers)
    if (isToken(name) && isFieldText(value) && !isOwnHeader(name))
      head.append(name).append(": ").append(value).append("\r\n");
  const bool has_body = mayHaveBody(response.status);
  if (has_body) {
    if (!response.content_type.empty() && isFieldText(response.content_type))
      head.append("Content-Type: ").append(response.content_type).append("\r\n");
    if (response.feed != nullptr) {
      if (!frame.is_http10) head += "Transfer-Encoding: chunked\r\n";
    } else {
      head += "Content-Length: ";
      appendNumber(head, response.body.size());
      head += "\r\n";
    }
  }
  head.append("Date: ").append(frame.date).append("\r\n");
  if (!frame.keeps_connection)
    head += "Connection: close\r\n";
  else if (frame.is_http10)
    head += "Connection: keep-alive\r\n";
  head += "\r\n";
  out.added(head.size() - before);
}

void writeResponse(Response&& response, const ResponseFrame& frame, OutputBuffer& out) {
  const bool has_body = mayHaveBody(response.status);
  writeHead(response, frame, out);
  if (has_body && !frame.is_head) out.appendBody(std::move(response.body));
}

}  // namespace gyre::http
