// How do many searches travel in one request, and their answers in one answer?
//
// THREADS: free functions and values.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "engine/search/search_target.hpp"
#include "gyre/status.hpp"

namespace gyre::engine {

struct MultiSearchItem {
  bool names_indices = false;
  std::vector<std::string> indices;
  // The rest of its header, as parameters of a URL: search_type, ignore_unavailable, expand_wildcards, …
  std::vector<std::pair<std::string, std::string>> parameters;
  std::string_view body;  // into the request
};

// A line of header and a line of body for each search; a header may be empty. Refuses the whole request when it has not
// that shape.
Result<std::vector<MultiSearchItem>> parseMultiSearch(std::string_view request);

class MultiSearchResponse {
 public:
  // The answer of a search.
  void add(std::string_view body, int http_status = 200);
  std::string finish(std::int64_t took_millis) const;

 private:
  std::string responses_;
};

}  // namespace gyre::engine
