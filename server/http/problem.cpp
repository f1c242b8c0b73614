#include "server/http/problem.hpp"

namespace gyre::http {

namespace {

// The fields of RFC 9457 with our two extensions. "about:blank" types would say nothing more than the status, so each
// problem has a URN of its own that clients may compare.
void writeMembers(JsonWriter& writer, int http_status, std::string_view code, std::string_view detail,
                  std::uint64_t request_id) {
  std::string type = "urn:gyre:problem:";
  type += code;
  writer.member("type", type)
      .member("title", statusTitle(http_status))
      .member("status", http_status)
      .member("detail", detail)
      .member("code", code)
      .member("requestId", std::to_string(request_id));
}

Response problemResponse(int http_status, std::string body) {
  Response response;
  response.status = http_status;
  response.content_type = "application/problem+json";
  response.body = std::move(body);
  if (http_status == 429 || http_status == 503) response.headers.emplace_back("Retry-After", "1");
  return response;
}

}  // namespace

int httpStatus(const Status& status) {
  switch (status.code()) {
    case Code::kOk: return 200;
    case Code::kInvalidArgument: return 400;
    case Code::kUnauthenticated: return 401;
    case Code::kPermissionDenied: return 403;
    case Code::kNotFound: return 404;
    case Code::kConflict: return 409;
    case Code::kFailedPrecondition: return 412;
    case Code::kTooLarge: return 413;
    case Code::kUnprocessable: return 422;
    case Code::kResourceExhausted: return 429;
    case Code::kInternal:
    case Code::kCorruption: return 500;
    case Code::kUnimplemented: return 501;
    case Code::kUnavailable: return 503;
    case Code::kDeadlineExceeded: return 504;
  }
  return 500;
}

std::string_view statusTitle(int http_status) {
  switch (http_status) {
    case 400: return "Bad Request";
    case 401: return "Unauthorized";
    case 403: return "Forbidden";
    case 404: return "Not Found";
    case 405: return "Method Not Allowed";
    case 408: return "Request Timeout";
    case 409: return "Conflict";
    case 412: return "Precondition Failed";
    case 413: return "Content Too Large";
    case 414: return "URI Too Long";
    case 415: return "Unsupported Media Type";
    case 417: return "Expectation Failed";
    case 422: return "Unprocessable Content";
    case 429: return "Too Many Requests";
    case 431: return "Request Header Fields Too Large";
    case 500: return "Internal Server Error";
    case 501: return "Not Implemented";
    case 503: return "Service Unavailable";
    case 504: return "Gateway Timeout";
    case 505: return "HTTP Version Not Supported";
    default: return "Error";
  }
}

Response problem(int http_status, std::string_view code, std::string_view detail, std::uint64_t request_id) {
  std::string body;
  JsonWriter writer(body);
  writer.beginObject();
  writeMembers(writer, http_status, code, detail, request_id);
  writer.endObject();
  return problemResponse(http_status, std::move(body));
}

Response problem(const Status& status, std::uint64_t request_id) {
  std::string body;
  JsonWriter writer(body);
  writeProblem(writer, status, request_id);
  return problemResponse(httpStatus(status), std::move(body));
}

void writeProblem(JsonWriter& writer, const Status& status, std::uint64_t request_id) {
  writer.beginObject();
  writeMembers(writer, httpStatus(status), status.reason(), status.message(), request_id);
  if (!status.faults().empty()) {
    writer.key("errors").beginArray();
    for (const Fault& fault : status.faults())
      writer.beginObject().member("pointer", fault.pointer).member("detail", fault.detail).endObject();
    writer.endArray();
  }
  writer.endObject();
}

}  // namespace gyre::http
