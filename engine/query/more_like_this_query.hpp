// Which documents have the words that make other documents, or texts, what they are?
//
// The words of what is liked are weighed by how often they stand there and how rare they are elsewhere; the best of
// them are asked for as any of several terms.
//
// THREADS: as query.hpp says.
#pragma once

#include "engine/query/query_parser.hpp"

namespace gyre::engine {

Result<QueryPtr> parseMoreLikeThis(json::Value body, ParseContext& context);

}  // namespace gyre::engine
