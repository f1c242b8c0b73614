// How does a handler that may fail become a route's? Its failure is written as the dialect words it.
//
// THREADS: free.
#pragma once

#include <string>
#include <utility>

#include "server/dialect/cut_json.hpp"
#include "server/dialect/failure.hpp"
#include "server/dialect/route_table.hpp"

namespace gyre::dialect {

template <Result<Response> (*kHandler)(Service&, Call&)>
Response answered(Service& service, Call& call) {
  auto response = kHandler(service, call);
  if (response.isOk()) return std::move(response).value();
  const Status& failure = response.status();
  if (failure.reason() == "malformed_json" && isCutShort(call.request.body))
    return failureResponse(
        {failure.code(), "json_e_o_f_exception", "Unexpected end-of-input: " + std::string(failure.message())});
  return failureResponse(failure);
}

}  // namespace gyre::dialect
