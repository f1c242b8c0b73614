// What does a query say of one document, and what did it turn out to ask for?
//
// THREADS: free functions; they borrow the target for the call.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "engine/search/search_target.hpp"
#include "gyre/status.hpp"

namespace gyre::engine {

struct DocumentExplanation {
  bool has_document = false;
  bool is_match = false;
  std::string json;  // the dialect's explanation: value, description, details
};

// `body` is {"query": …}. A document that is not visible in the target's snapshot is not there.
Result<DocumentExplanation> explainDocument(const SearchTarget& target, std::string_view body, std::string_view id,
                                            std::int64_t now_millis);

// The query of the body in Lucene's notation, as _validate/query?explain shows it; "*:*" for a body without one. A
// query that the target cannot run is its refusal.
Result<std::string> describeQuery(const SearchTarget& target, std::string_view body, std::int64_t now_millis);

}  // namespace gyre::engine
