// Which names and values does "a=1&b=2&b=3" carry?
//
// Names and values are percent-decoded, "+" is a space, and both must be UTF-8. A name may come more than once (a list)
// and keeps its place; a piece without "=" has an empty value; empty pieces are skipped.
//
// THREADS: free functions.
#pragma once

#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "gyre/status.hpp"

namespace gyre::http {

using QueryParameters = std::vector<std::pair<std::string, std::string>>;

// Beyond it a query string is refused: no query needs it, and every reader looks names up one by one.
inline constexpr std::size_t kMaximumQueryParameters = 1'000;

// `query` is Request::query. invalid_argument names the byte at fault, counted from the start of `query`; too_large
// when there are more parameters than that.
Result<QueryParameters> parseQueryString(std::string_view query);

}  // namespace gyre::http
