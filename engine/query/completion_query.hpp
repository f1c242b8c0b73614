// Which documents have an input that is, once analysed, exactly this?
//
// To Lucene every input of a completion field is one term of the document, so a search over all fields finds it. A
// field with contexts has them in front of every term, and a search without contexts finds nothing there.
//
// COST: where the term exists, one pass over the field's inputs, for lengths are not kept by document.
// THREADS: as query.hpp says.
#pragma once

#include <string>
#include <string_view>

#include "engine/mapping/mapping.hpp"
#include "engine/query/query.hpp"

namespace gyre::engine {

// REQUIRES: a field of type completion. `key`: an analysed form, as completionKey() makes it.
QueryPtr makeCompletionTermQuery(const Field& field, std::string key, float boost);

// The text as the field's search analyzer sees it; "" when no term is left of it.
std::string completionKey(const Field& field, std::string_view text);

}  // namespace gyre::engine
