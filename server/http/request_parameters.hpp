// What does a request ask for outside its body? Its query string as one JSON object, and headers that hold numbers.
//
// THREADS: free functions.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "gyre/status.hpp"
#include "server/http/http_server.hpp"

namespace gyre::http {

inline constexpr std::uint64_t kLongestWaitMillis = 600'000;  // Gyre-Timeout

// A query string as the JSON object a query takes: a name given once is a string, more often a list of strings.
Result<std::string> parametersOf(std::string_view query);

// A header that holds a whole number from 0 to `maximum`; nothing when absent.
Result<std::optional<std::uint64_t>> wholeHeader(const Request& request, std::string_view name, std::uint64_t maximum);

}  // namespace gyre::http
