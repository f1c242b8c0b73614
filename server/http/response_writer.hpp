// Which bytes make an answer?
//
// Status line, headers in the order given, then Content-Type, Content-Length, Date and Connection, which are the
// front's alone: a handler's own are left out, and so is a header whose name or value could end its line (response
// splitting).
//
// THREADS: one loop's.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "server/http/http_server.hpp"
#include "server/http/output_buffer.hpp"

namespace gyre::http {

// The Date header's value, made anew once a second.
class DateText {
 public:
  std::string_view at(std::int64_t now_millis);

 private:
  std::int64_t second_ = -1;
  std::string text_;
};

struct ResponseFrame {
  std::string_view date;
  bool is_head = false;    // the request's method was HEAD: everything but the body
  bool is_http10 = false;  // such a peer must be told that the connection stays
  bool keeps_connection = true;
};

// "OK" for 200; "Unknown" for a status that has no name.
std::string_view reasonPhrase(int status);

// The head alone, of a body that goes on in chunks.
void writeHead(const Response& response, const ResponseFrame& frame, OutputBuffer& out);

void writeResponse(Response&& response, const ResponseFrame& frame, OutputBuffer& out);

}  // namespace gyre::http
