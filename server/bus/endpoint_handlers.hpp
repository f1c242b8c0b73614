// What can the host ask of a domain that answers as another system does? A request to the index, and the body of the
// answer.
//
// server/plugin implements this over the C ABI.
//
// THREADS: any method from any thread at once; pure. OWNS: views in the descriptions live as long as the object.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "gyre/status.hpp"

namespace gyre::bus {

struct EndpointDescription {
  std::string_view path;  // "/api/v1/label/{name}/values"
  std::string_view help;
};
struct EndpointCall {
  std::string_view parameters;  // JSON object of lists of strings
  std::string_view organization_id;
  std::int64_t time_millis = 0;
};
struct EndpointAnswer {
  std::string body;
  std::string content_type = "application/json";
  int status = 200;
};

class EndpointHandlers {
 public:
  virtual ~EndpointHandlers() = default;
  virtual const std::vector<EndpointDescription>& endpoints() const = 0;
  // `endpoint`: position in that list. A refusal is for presentEndpoint to word.
  virtual Result<std::string> planEndpoint(std::size_t endpoint, const EndpointCall& call) const = 0;
  // `data`: what the index answered, or why there is nothing.
  virtual Result<EndpointAnswer> presentEndpoint(std::size_t endpoint, const EndpointCall& call,
                                                 const Result<std::string>& data) const = 0;
};

}  // namespace gyre::bus
