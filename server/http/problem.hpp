// How does a Status become an HTTP answer? The one place where protocol-free codes meet HTTP (RFC 9457).
//
// THREADS: free functions.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "gyre/json_writer.hpp"
#include "gyre/status.hpp"
#include "server/http/http_server.hpp"

namespace gyre::http {

// The HTTP status of a failure. REQUIRES: !status.isOk().
int httpStatus(const Status& status);

// "Bad Request" for 400, and so on; "Error" for one we do not use.
std::string_view statusTitle(int http_status);

// An application/problem+json answer; `code` is the stable snake_case name. Adds Retry-After to 429 and 503.
Response problem(int http_status, std::string_view code, std::string_view detail, std::uint64_t request_id);
Response problem(const Status& status, std::uint64_t request_id);

// The problem object alone, as a value of what `writer` is writing: for batch answers.
void writeProblem(JsonWriter& writer, const Status& status, std::uint64_t request_id);

}  // namespace gyre::http
