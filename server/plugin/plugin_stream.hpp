// How does the host call into a stream's plugin? StreamHandlers over the C ABI.
//
// Records go from the plugin's memory into the batch at once. What a plugin does against the rules becomes an internal
// error, as in plugin_handlers.hpp; a record that is not UTF-8, or no sample batch, is one of these.
//
// THREADS: any method from any thread at once. OWNS: the table outlives it.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "gyre/abi.h"
#include "server/bus/endpoint_handlers.hpp"
#include "server/stream/stream_handlers.hpp"

namespace gyre::plugin {

class PluginStream final : public stream::StreamHandlers, public bus::EndpointHandlers {
 public:
  // REQUIRES: checkPluginTable(&table) is ok, and it has a stream.
  explicit PluginStream(const gyre_plugin& table);

  stream::Kind kind() const override { return kind_; }
  std::string_view timeField() const override;
  const std::vector<stream::IntakeDescription>& intakes() const override { return intakes_; }
  const std::vector<stream::TailDescription>& tails() const override { return tails_; }

  Result<stream::Taken> take(std::size_t intake, const stream::TakeCall& call) const override;
  Result<stream::RecordBatch> decide(std::size_t command, std::string_view body, std::string_view organization_id,
                                     std::int64_t time_millis) const override;
  Result<std::vector<stream::ShownRecord>> match(std::size_t tail, const stream::FollowCall& call) const override;
  const std::vector<bus::EndpointDescription>& endpoints() const override { return endpoints_; }
  Result<std::string> planEndpoint(std::size_t endpoint, const bus::EndpointCall& call) const override;
  Result<bus::EndpointAnswer> presentEndpoint(std::size_t endpoint, const bus::EndpointCall& call,
                                              const Result<std::string>& data) const override;

 private:
  std::string where(std::string_view what, gyre_bytes name) const;

  const gyre_plugin& table_;
  const gyre_stream& stream_;
  stream::Kind kind_;
  std::vector<stream::IntakeDescription> intakes_;
  std::vector<stream::TailDescription> tails_;
  std::vector<bus::EndpointDescription> endpoints_;
};

}  // namespace gyre::plugin
