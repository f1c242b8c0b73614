// How does the dialect tell that a search has failed?
//
// THREADS: free functions.
#pragma once

#include <string_view>

#include "engine/search/search_target.hpp"
#include "gyre/status.hpp"
#include "server/dialect/failure.hpp"
#include "server/dialect/search_scope.hpp"
#include "server/dialect/service.hpp"

namespace gyre::dialect {

// search_phase_execution_exception with what went wrong in each index, or the request's own fault.
// REQUIRES: !reply.status.isOk().
Status searchFailure(const engine::SearchReply& reply, const SearchScope& scope, const Identity& identity);
// 404: the scroll or point in time is not known, or not any more.
Status contextMissing(std::string_view id);

}  // namespace gyre::dialect
