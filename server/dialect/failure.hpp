// How does the dialect word a failure?
//
// A Status becomes {"error":{"root_cause":[…],"type":…,"reason":…},"status":N}. Its reason is the dialect's type
// ("index_not_found_exception"), its message the dialect's reason. Faults carry what else the error object shows:
//   "index", "index_uuid", "resource.id" and so on   a member of that name
//   "line", "col", "grouped", "failed_shards"        the same, written as the JSON that they are
//   "caused_by"                                      "type: reason", one level deeper for each
//   "caused_by_json"                                 the whole cause, as JSON
//   "suppressed"                                     "type: reason" of what failed besides, in a list
// The root cause is the deepest of the causes that are the dialect's own and not those of the language it was written
// in. A failed search, Status(code, "search_phase_execution_exception", "all shards failed"), never is one itself.
//
// THREADS: free functions.
#pragma once

#include <string>
#include <string_view>

#include "gyre/json_writer.hpp"
#include "gyre/status.hpp"
#include "server/dialect/message.hpp"

namespace gyre::dialect {

int httpStatus(const Status& status);
// The type: the reason, or for a plain Status the dialect's word for its code.
std::string_view typeOf(const Status& status);
Response failureResponse(const Status& status);
// The error object, with its root cause.
void writeError(const Status& status, JsonWriter& writer);
// The error object alone, as it stands in the items of a bulk answer and in failures of a search.
void writeFailure(const Status& status, JsonWriter& writer);

Status illegalArgument(std::string message);
// `kind`: "index_or_alias" where several may be named, "index_expression" where one is.
Status indexNotFound(std::string_view name, std::string_view kind = "index_or_alias");
// 400 of requests that lack something: "Validation Failed: 1: index is missing;".
Status validationFailed(std::string_view what);

}  // namespace gyre::dialect
