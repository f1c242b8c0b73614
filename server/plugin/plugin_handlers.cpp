#include "server/plugin/plugin_handlers.hpp"

#include <algorithm>
#include <utility>

#include "gyre/json.hpp"
#include "server/plugin/plugin_members.hpp"

namespace gyre::plugin {

namespace {

gyre_bytes bytes(std::string_view text) { return {text.data(), text.size()}; }
std::string_view view(gyre_bytes text) {
  return text.size == 0 || text.data == nullptr ? std::string_view() : std::string_view(text.data, text.size);
}

bool isUtf8(std::string_view text) { return simdjson::validate_utf8(text.data(), text.size()); }

bool isReason(std::string_view reason) {
  return !reason.empty() && reason.size() <= 64 && std::all_of(reason.begin(), reason.end(), [](char c) {
    return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '_';
  });
}

// Looks like an object from its ends; whether it is one is found when it is read, which for events is at once (evolve).
bool hasBraces(std::string_view text) { return text.size() >= 2 && text.front() == '{' && text.back() == '}'; }

// What one call answered. The sinks copy, since what they are given dies with the call; they are noexcept, since no
// exception may pass through a plugin's frames.
class Reply {
 public:
  Reply() : table_{sizeof(gyre_reply), 0, this, &onText, &onEvent, &onAttribute, &onRefuse, &onFault} {}
  Reply(const Reply&) = delete;
  Reply& operator=(const Reply&) = delete;

  const gyre_reply* table() const { return &table_; }

  // What the function's return and the sinks come to together. `where`: "payments: decide CreatePayment".
  Status outcome(std::int32_t returned, const std::string& where) {
    if (returned == 0 && !is_refused_)
      return isUtf8(text_) ? Status() : broken(where, "answered with text that is not UTF-8");
    if (!is_refused_) return broken(where, "returned " + std::to_string(returned) + " without refuse()");
    if (returned == 0) return broken(where, "called refuse() and returned 0");
    if (code_ <= static_cast<std::int32_t>(Code::kOk) || code_ > static_cast<std::int32_t>(Code::kDeadlineExceeded))
      return broken(where, "refused with the unknown code " + std::to_string(code_));
    if (!isUtf8(message_)) return broken(where, "refused with a message that is not UTF-8");
    const auto code = static_cast<Code>(code_);
    Status status(code, isReason(reason_) ? reason_ : std::string(codeName(code)), std::move(message_));
    for (Fault& fault : faults_)
      if (isUtf8(fault.pointer) && isUtf8(fault.detail))
        status.addFault(std::move(fault.pointer), std::move(fault.detail));
    return status;
  }

  std::string& text() { return text_; }
  std::vector<bus::DecidedEvent>& events() { return events_; }
  // Null when the plugin named no such attribute.
  const std::string* attribute(std::string_view name) const {
    for (const auto& [key, value] : attributes_)
      if (key == name) return &value;
    return nullptr;
  }

  // The attributes whose names begin with `name`: the rest of each name, and its value.
  std::vector<std::pair<std::string, std::string>> attributesBelow(std::string_view name) const {
    std::vector<std::pair<std::string, std::string>> found;
    for (const auto& [key, value] : attributes_)
      if (key.starts_with(name)) found.emplace_back(key.substr(name.size()), value);
    return found;
  }

  static Status broken(const std::string& where, const std::string& what) {
    return internalError(where + ": the plugin " + what);
  }

 private:
  static Reply& self(void* context) { return *static_cast<Reply*>(context); }
  static void onText(void* context, gyre_bytes text) noexcept { self(context).text_ += view(text); }
  static void onEvent(void* context, gyre_bytes type, gyre_bytes data) noexcept {
    self(context).events_.push_back({std::string(view(type)), std::string(view(data))});
  }
  static void onAttribute(void* context, gyre_bytes name, gyre_bytes value) noexcept {
    self(context).attributes_.emplace_back(view(name), view(value));
  }
  static void onRefuse(void* context, std::int32_t code, gyre_bytes reason, gyre_bytes message) noexcept {
    Reply& reply = self(context);
    reply.is_refused_ = true;
    reply.code_ = code;
    reply.reason_ = view(reason);
    reply.message_ = view(message);
  }
  static void onFault(void* context, gyre_bytes pointer, gyre_bytes detail) noexcept {
    self(context).faults_.push_back({std::string(view(pointer)), std::string(view(detail))});
  }

  gyre_reply table_;
  std::string text_;
  std::vector<bus::DecidedEvent> events_;
  std::vector<std::pair<std::string, std::string>> attributes_;
  bool is_refused_ = false;
  std::int32_t code_ = 0;
  std::string reason_, message_;
  std::vector<Fault> faults_;
};

}  // namespace

PluginHandlers::PluginHandlers(const gyre_plugin& table) : table_(table) {
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
