// How does a handler that may fail become a route's? Its failure is written as the dialect words it.
//
// THREADS: free.
#pragma once

#include <utility>

#include "server/dialect/failure.hpp"
#include "server/dialect/route_table.hpp"

namespace gyre::dialect {

template <Result<Response> (*kHandler)(Service&, Call&)>
Response answered(Service& service, Call& call) {
  auto response = kHandler(service, call);
  return response.isOk() ? std::move(response).value() : failureResponse(response.status());
}

}  // namespace gyre::dialect
