#include "server/plugin/plugin_handlers.hpp"

#include <algorithm>
#include <utility>

#include "gyre/json.hpp"
#include "server/plugin/plugin_members.hpp"
#include "server/plugin/plugin_reply.hpp"
#include "server/plugin/plugin_stream.hpp"

namespace gyre::plugin {

PluginHandlers::PluginHandlers(const gyre_plugin& table) : table_(table) {
  if (streamOf(table) != nullptr) stream_ = std::make_unique<PluginStream>(table);
  for (std::uint64_t i = 0; i < table.command_count; ++i) {
    const gyre_command& command = *table.commands[i];
    commands_.push_back({view(command.name), view(command.help), view(command.schema), view(command.id_member)});
  }
  for (std::uint64_t i = 0; i < table.event_count; ++i) {
    const gyre_event& event = *table.events[i];
    events_.push_back({view(event.name), view(event.help), view(event.schema), event.decide != nullptr});
  }
  for (std::uint64_t i = 0; i < table.query_count; ++i) {
    const gyre_query& query = *table.queries[i];
    queries_.push_back({view(query.name), view(query.help), view(query.schema)});
  }
  for (std::uint64_t i = 0; i < subscriptionCount(table); ++i) {
    const gyre_subscription& subscription = *table.subscriptions[i];
    subscriptions_.push_back({view(subscription.domain), view(subscription.type), view(subscription.help)});
  }
  for (std::uint64_t i = 0; i < activityCount(table); ++i) {
    const gyre_activity& activity = *table.activities[i];
    activities_.push_back({view(activity.name), view(activity.help), view(activity.time_field), view(activity.id_field),
                           view(activity.organization_field), view(activity.filter)});
  }
}

PluginHandlers::~PluginHandlers() = default;

const stream::StreamHandlers* PluginHandlers::stream() const { return stream_.get(); }
const bus::EndpointHandlers* PluginHandlers::endpoints() const { return stream_.get(); }

Status PluginHandlers::configure(std::string_view options) {
  Reply reply;
  return reply.outcome(table_.configure(table_.plugin, bytes(options), reply.table()),
                       std::string(name()) + ": configure");
}

std::string_view PluginHandlers::optionsDeclaration() const { return view(table_.options); }
std::string_view PluginHandlers::name() const { return view(table_.domain); }
std::string_view PluginHandlers::version() const { return view(table_.version); }
std::string_view PluginHandlers::help() const { return view(table_.help); }
std::string_view PluginHandlers::indexDefinition() const { return view(table_.index); }

bool PluginHandlers::isDeclaredEvent(std::string_view type) const {
  return std::any_of(events_.begin(), events_.end(),
                     [&](const bus::EventDescription& event) { return event.name == type; });
}

Result<std::vector<bus::DecidedEvent>> PluginHandlers::decide(gyre_decide_fn function, void* handler,
                                                              std::string_view name_of, bool is_event,
                                                              const bus::DecideCall& call) const {
  const std::string where = std::string(name()) + ": decide " + std::string(name_of);
  const gyre_decide_call request{sizeof(gyre_decide_call), is_event ? 1u : 0u,         bytes(call.entity_id),
                                 bytes(call.body),         bytes(call.state),          call.version,
                                 call.time_millis,         bytes(call.organization_id)};
  Reply reply;
  GYRE_TRY(reply.outcome(function(handler, &request, reply.table()), where));
  // The log is for ever: what an evolve could never apply must not get into it.
  for (const bus::DecidedEvent& event : reply.events()) {
    if (!isDeclaredEvent(event.type))
      return Reply::broken(where, "gave an event it does not declare, \"" + event.type + "\"");
    if (!hasBraces(event.data) || !isUtf8(event.data))
      return Reply::broken(where, "gave " + event.type + " without a JSON object");
  }
  return std::move(reply.events());
}

Result<std::vector<bus::DecidedEvent>> PluginHandlers::decideCommand(std::size_t command,
                                                                     const bus::DecideCall& call) const {
  if (command >= commands_.size())
    return internalError(std::string(name()) + ": no command " + std::to_string(command));
  const gyre_command& definition = *table_.commands[command];
  return decide(definition.decide, definition.handler, commands_[command].name, false, call);
}

Result<std::vector<bus::DecidedEvent>> PluginHandlers::decideEvent(std::size_t event,
                                                                   const bus::DecideCall& call) const {
  if (event >= events_.size()) return internalError(std::string(name()) + ": no event " + std::to_string(event));
  const gyre_event& definition = *table_.events[event];
  if (definition.decide == nullptr)
    return internalError(std::string(name()) + ": " + std::string(events_[event].name) +
                         " is not accepted from outside");
  return decide(definition.decide, definition.handler, events_[event].name, true, call);
}

Result<bus::Evolved> PluginHandlers::evolve(std::string_view entity_id, std::string_view state, std::string_view type,
                                            std::string_view data, std::int64_t time_millis) const {
  const gyre_evolve_call request{
      sizeof(gyre_evolve_call), 0, bytes(entity_id), bytes(state), bytes(type), bytes(data), time_millis};
  const std::string where = std::string(name()) + ": evolve " + std::string(type);
  Reply reply;
  GYRE_TRY(reply.outcome(table_.evolve(table_.plugin, &request, reply.table()), where));
  if (!hasBraces(reply.text())) return Reply::broken(where, "gave a state that is no JSON object");
  const std::string* const organization = reply.attribute("organizationId");
  if (organization != nullptr && !isUtf8(*organization))
    return Reply::broken(where, "gave an organizationId that is not UTF-8");
  auto keys = reply.attributesBelow("uniqueKey");
  for (const auto& [pointer, value] : keys)
    if (!isUtf8(pointer) || !isUtf8(value)) return Reply::broken(where, "gave a unique key that is not UTF-8");
  return bus::Evolved{std::move(reply.text()), organization == nullptr ? std::string() : *organization,
                      std::move(keys)};
}

Result<std::string> PluginHandlers::project(std::string_view entity_id, std::string_view state,
                                            std::uint64_t version) const {
  const gyre_project_call request{sizeof(gyre_project_call), 0, bytes(entity_id), bytes(state), version};
  const std::string where = std::string(name()) + ": project";
  Reply reply;
  GYRE_TRY(reply.outcome(table_.project(table_.plugin, &request, reply.table()), where));
  if (!hasBraces(reply.text())) return Reply::broken(where, "gave a document that is no JSON object");
  return std::move(reply.text());
}

Result<bus::PlannedQuery> PluginHandlers::plan(std::size_t query, const bus::QueryCall& call) const {
  if (query >= queries_.size()) return internalError(std::string(name()) + ": no query " + std::to_string(query));
  const gyre_query& definition = *table_.queries[query];
  const gyre_plan_call request{sizeof(gyre_plan_call), call.is_lenient ? 1u : 0u, bytes(call.parameters),
                               bytes(call.organization_id), call.time_millis};
  const std::string where = std::string(name()) + ": plan " + std::string(queries_[query].name);
  Reply reply;
  GYRE_TRY(reply.outcome(definition.plan(definition.handler, &request, reply.table()), where));
  bus::PlannedQuery planned;
  if (const std::string* const id = reply.attribute("get"); id != nullptr) planned.get = *id;
  planned.search = std::move(reply.text());
  planned.is_cacheable = reply.attribute("uncacheable") == nullptr;
  if (planned.get.has_value() == !planned.search.empty())
    return Reply::broken(where, planned.get ? "gave both an id and a search" : "gave neither an id nor a search");
  return planned;
}

Result<std::string> PluginHandlers::present(std::size_t query, const bus::QueryCall& call, std::string_view answer,
                                            std::uint64_t version) const {
  if (query >= queries_.size()) return internalError(std::string(name()) + ": no query " + std::to_string(query));
  const gyre_query& definition = *table_.queries[query];
  const gyre_present_call request{sizeof(gyre_present_call),
                                  call.is_lenient ? 1u : 0u,
                                  bytes(call.parameters),
                                  bytes(call.organization_id),
                                  bytes(answer),
                                  version};
  const std::string where = std::string(name()) + ": present " + std::string(queries_[query].name);
  Reply reply;
  GYRE_TRY(reply.outcome(definition.present(definition.handler, &request, reply.table()), where));
  if (reply.text().empty()) return Reply::broken(where, "gave no answer");
  return std::move(reply.text());
}

Result<bus::PlannedReaction> PluginHandlers::react(std::size_t subscription, const bus::ForeignEventCall& event) const {
  if (subscription >= subscriptions_.size())
    return internalError(std::string(name()) + ": no subscription " + std::to_string(subscription));
  const gyre_subscription& definition = *table_.subscriptions[subscription];
  const gyre_react_call request{sizeof(gyre_react_call), 0,
                                bytes(event.domain),     bytes(event.type),
                                bytes(event.entity_id),  bytes(event.data),
                                event.version,           event.sequence,
                                event.time_millis};
  const std::string where =
      std::string(name()) + ": react to " + std::string(event.domain) + "." + std::string(event.type);
  Reply reply;
  GYRE_TRY(reply.outcome(definition.react(definition.handler, &request, reply.table()), where));
  bus::PlannedReaction reaction;
  if (const std::string* const organization = reply.attribute("organizationId")) {
    if (!isUtf8(*organization)) return Reply::broken(where, "gave an organizationId that is not UTF-8");
    reaction.organization_id = *organization;
  }
  for (bus::DecidedEvent& command : reply.events()) {
    const bool is_known = std::any_of(commands_.begin(), commands_.end(),
                                      [&](const bus::CommandDescription& known) { return known.name == command.type; });
    if (!is_known) return Reply::broken(where, "gave a command it does not have, \"" + command.type + "\"");
    if (!isUtf8(command.data)) return Reply::broken(where, "gave " + command.type + " a body that is not UTF-8");
    reaction.commands.push_back({std::move(command.type), std::move(command.data)});
  }
  return reaction;
}

Result<bus::PresentedActivity> PluginHandlers::presentActivity(std::size_t activity, std::string_view document) const {
  if (activity >= activities_.size())
    return internalError(std::string(name()) + ": no activity " + std::to_string(activity));
  const gyre_activity& definition = *table_.activities[activity];
  const gyre_activity_call request{sizeof(gyre_activity_call), 0, bytes(document)};
  const std::string where = std::string(name()) + ": present activity " + std::string(activities_[activity].name);
  Reply reply;
  GYRE_TRY(reply.outcome(definition.present(definition.handler, &request, reply.table()), where));
  if (!hasBraces(reply.text())) return Reply::broken(where, "gave data that is no JSON object");
  const std::string* const summary = reply.attribute("summary");
  if (summary != nullptr && !isUtf8(*summary)) return Reply::broken(where, "gave a summary that is not UTF-8");
  return bus::PresentedActivity{summary == nullptr ? std::string() : *summary, std::move(reply.text())};
}

}  // namespace gyre::plugin
