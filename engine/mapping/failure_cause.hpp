// How does a refusal name what lies beneath it?
//
// As the dialect shows it: a fault "caused_by" with "type: reason", one for each level.
//
// THREADS: free function.
#pragma once

#include <string>
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

}  // namespace gyre::engine
