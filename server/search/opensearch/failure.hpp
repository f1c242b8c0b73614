// What does a response that is no success mean for us?
//
// THREADS: free functions.
#pragma once

#include <string_view>

#include "gyre/status.hpp"
#include "server/search/opensearch/http_message.hpp"

namespace gyre::search {

// The first cause of an error object, else of the text: "parsing_exception: unknown query [no]".
std::string causeText(std::string_view body);

// 400: invalid_argument, its reason the cluster's own name for it. 404 of an index: unavailable "index_missing". All
// else is not the asker's fault: unavailable, with "search_engine_busy" for 429 and 503, "search_engine_refused" for
// 401 and 403, "search_engine_failed".
Status failureOf(const HttpResponse& response);

inline bool isSuccess(const HttpResponse& response) { return response.status >= 200 && response.status < 300; }

}  // namespace gyre::search
