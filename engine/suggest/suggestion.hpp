// What does the "suggest" object of a request ask for?
//
// THREADS: a request is immutable.
#pragma once

#include <string>
#include <variant>
#include <vector>

#include "engine/mapping/mapping.hpp"
#include "engine/suggest/completion_suggester.hpp"
#include "engine/suggest/phrase_suggester.hpp"
#include "engine/suggest/term_suggester.hpp"
#include "gyre/json.hpp"
#include "gyre/status.hpp"

namespace gyre::engine {

struct SuggestRequest {
  std::string name;
  std::string text;  // as typed
  std::variant<CompletionRequest, TermSuggestRequest, PhraseSuggestRequest> asked;
};

// {"text": …, "name": {"text"|"prefix"|"regex": …, "completion"|"term"|"phrase": {…}}, …}
Result<std::vector<SuggestRequest>> parseSuggest(json::Value body, const Mapping& mapping);

}  // namespace gyre::engine
