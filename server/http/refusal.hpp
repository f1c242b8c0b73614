// Why does the front not pass a request on?
//
// The status, a stable snake_case reason, and a detail that says what was expected and found. Handler::refusal() makes
// the answer of it.
#pragma once

#include <string>
#include <string_view>

namespace gyre::http {

struct Refusal {
  int status = 400;
  std::string_view reason;  // a literal
  std::string detail;
};

}  // namespace gyre::http
