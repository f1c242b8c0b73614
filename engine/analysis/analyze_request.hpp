// What do these analyzers make of this text? The dialect's _analyze.
//
// The body has "text" (one or several) and says how to analyse it: "analyzer", "normalizer" or "field" by name; or
// "tokenizer", "filter" and "char_filter", each a name or a definition; or nothing, for the default analyzer. With
// "explain": true the answer shows what each part of the chain did.
//
// THREADS: free functions.
#pragma once

#include <cstddef>
#include <string>

#include "gyre/json.hpp"
#include "gyre/status.hpp"

namespace gyre::engine {

class Mapping;

// Without a mapping no index is asked: "field" and "normalizer" need one. The answer is the dialect's; a failure's
// reason is its error type. More than `max_tokens` tokens (index.analyze.max_token_count) are refused.
Result<std::string> runAnalyze(json::Value body, const Mapping* mapping, std::size_t max_tokens = 10'000);

}  // namespace gyre::engine
