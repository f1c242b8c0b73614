// How does a bus call into a plugin? DomainHandlers over the C ABI: the one adapter between values and the boundary.
//
// Every answer is copied while the plugin's call lasts. What a plugin does against the rules (a code out of range, a
// refusal without refuse(), an event it never declared, text that is not UTF-8) becomes an internal error that names
// the domain and the function; it never reaches a client as something else.
//
// THREADS: any method from any thread at once, but configure, which comes first. OWNS: the table outlives it.
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "gyre/abi.h"
#include "gyre/status.hpp"
#include "server/bus/handlers.hpp"

namespace gyre::plugin {

class PluginStream;

class PluginHandlers final : public bus::DomainHandlers {
 public:
  // REQUIRES: checkPluginTable(&table) is ok.
  explicit PluginHandlers(const gyre_plugin& table);
  ~PluginHandlers() override;

  // `options`: JSON object with every option the plugin declares (config::DomainConfig::plugin_options). Once, before
  // any other call.
  Status configure(std::string_view options);
  // JSON array of the options the plugin declares.
  std::string_view optionsDeclaration() const;

  std::string_view name() const override;
  std::string_view version() const override;
  std::string_view help() const override;
  std::string_view indexDefinition() const override;
  const std::vector<bus::CommandDescription>& commands() const override { return commands_; }
  const std::vector<bus::EventDescription>& events() const override { return events_; }
  const std::vector<bus::QueryDescription>& queries() const override { return queries_; }

  Result<std::vector<bus::DecidedEvent>> decideCommand(std::size_t command, const bus::DecideCall& call) const override;
  Result<std::vector<bus::DecidedEvent>> decideEvent(std::size_t event, const bus::DecideCall& call) const override;
  Result<bus::Evolved> evolve(std::string_view entity_id, std::string_view state, std::string_view type,
                              std::string_view data, std::int64_t time_millis) const override;
  Result<std::string> project(std::string_view entity_id, std::string_view state, std::uint64_t version) const override;
  Result<bus::PlannedQuery> plan(std::size_t query, const bus::QueryCall& call) const override;
  Result<std::string> present(std::size_t query, const bus::QueryCall& call, std::string_view answer,
                              std::uint64_t version) const override;
  const std::vector<bus::SubscriptionDescription>& subscriptions() const override { return subscriptions_; }
  const std::vector<bus::ActivityDescription>& activities() const override { return activities_; }
  Result<bus::PlannedReaction> react(std::size_t subscription, const bus::ForeignEventCall& event) const override;
  Result<bus::PresentedActivity> presentActivity(std::size_t activity, std::string_view document) const override;
  const stream::StreamHandlers* stream() const override;
  const bus::EndpointHandlers* endpoints() const override;

 private:
  Result<std::vector<bus::DecidedEvent>> decide(gyre_decide_fn function, void* handler, std::string_view name,
                                                bool is_event, const bus::DecideCall& call) const;
  bool isDeclaredEvent(std::string_view type) const;

  const gyre_plugin& table_;
  std::vector<bus::CommandDescription> commands_;
  std::vector<bus::EventDescription> events_;
  std::vector<bus::QueryDescription> queries_;
  std::vector<bus::SubscriptionDescription> subscriptions_;
  std::vector<bus::ActivityDescription> activities_;
  std::unique_ptr<PluginStream> stream_;  // null for a domain of entities
};

}  // namespace gyre::plugin
