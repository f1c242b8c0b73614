// What was asked on the dialect listener, and what is answered?
//
// Independent of how bytes travel: the HTTP front makes a Request and sends a Response.
//
// THREADS: values.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace gyre::dialect {

struct Request {
  std::string method;                                           // "GET"
  std::string path;                                             // as sent, without the query: for messages
  std::vector<std::string> segments;                            // of the path, percent-decoded
  std::vector<std::pair<std::string, std::string>> parameters;  // decoded; "" for a name without a value
  std::string content_type;                                     // as sent; "" when absent
  std::string accept;
  std::string body;
  std::int64_t received_nanos = 0;  // steady clock

  // The last value given; nothing when absent.
  std::optional<std::string_view> parameter(std::string_view name) const {
    for (auto each = parameters.rbegin(); each != parameters.rend(); ++each)
      if (each->first == name) return each->second;
    return std::nullopt;
  }
};

struct Response {
  int status = 200;
  std::string body;
  std::string content_type = "application/json; charset=UTF-8";
  std::vector<std::pair<std::string, std::string>> headers;
};

}  // namespace gyre::dialect
