// How does a refusal name what lies beneath it, and who noticed it?
//
// As the dialect shows it: a fault "caused_by" with "type: reason", one for each level. Some faults of a request the
// dialect notices only when an index is asked, others while it reads the request though they show only where a field is
// mapped: a fault "@noticed_by" tells these apart and is never shown.
//
// THREADS: free function.
#pragma once

#include <string>
#include <string_view>
#include <utility>

#include "gyre/status.hpp"

namespace gyre::engine {

// The failure with its cause, and the cause's own causes, beneath. REQUIRES: neither is ok.
inline Status causedBy(Status failure, const Status& cause) {
  failure.addFault("caused_by", std::string(cause.reason()) + ": " + std::string(cause.message()));
  for (const Fault& fault : cause.faults())
    if (fault.pointer == "caused_by") failure.addFault(fault.pointer, fault.detail);
  return failure;
}

inline constexpr std::string_view kNoticedBy = "@noticed_by";
inline constexpr std::string_view kByIndex = "index";
inline constexpr std::string_view kByRequest = "request";

// A fault "@within" is what the dialect says of a clause that it cannot read around the fault itself; the innermost
// comes first. It says so only of what it notices while it reads the request.
inline constexpr std::string_view kInsideOf = "@within";
// REQUIRES: the failure is not ok.
inline Status within(std::string clause, Status failure) {
  failure.addFault(std::string(kInsideOf), std::move(clause));
  return failure;
}
// The failure as the dialect tells it: its clauses around it.
inline Status withClauses(Status failure) {
  const Status inner = failure;
  for (const Fault& fault : inner.faults())
    if (fault.pointer == kInsideOf)
      failure = causedBy({failure.code(), "x_content_parse_exception", fault.detail}, failure);
  return failure;
}

// REQUIRES: the failure is not ok.
inline Status noticedBy(std::string_view who, Status failure) {
  failure.addFault(std::string(kNoticedBy), std::string(who));
  return failure;
}

}  // namespace gyre::engine
