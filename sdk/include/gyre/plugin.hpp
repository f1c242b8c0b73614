// How do I write a domain in C++? Five pure functions and a table; this header puts the C ABI around them.
//
//   struct Payment { … };                                                    // the state
//   Result<Events>  createPayment(const Command& command, const Payment* state);    // decide
//   Payment         evolve(const Payment* state, const RecordedEvent& event);       // evolve
//   void            paymentDocument(const Payment& payment, JsonWriter& out);       // project
//   Result<Plan>    planSearch(const Query& query);                                 // plan
//   Status          presentSearch(const Query& query, json::Value answer, JsonWriter& out);  // present
//
//   void describe(Domain<Payment>& domain) { domain.name("payments").… }
//   GYRE_PLUGIN(Payment, describe)
//
// None of them may touch a socket, a disk, a clock or shared mutable state: time arrives in the call. So they are
// tested without a host (gyre/test.hpp), cannot block the server, and replay exactly when an index is rebuilt.
//
// State is a class with `static Result<State> read(json::Value)`, `void write(JsonWriter&) const` (what is kept in the
// primary store; must read back) and `std::string_view organizationId() const` ("" when it belongs to none). With
// `std::vector<UniqueKey> uniqueKeys() const` it names what no two entities of an organisation may share.
//
// THREADS: any number of calls at once. Exceptions that reach the edge become an internal error, never cross it.
#pragma once

#include <algorithm>
#include <cstdint>
#include <exception>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "gyre/abi.h"
#include "gyre/activity.hpp"
#include "gyre/json.hpp"
#include "gyre/reaction.hpp"
#include "gyre/schema.hpp"
#include "gyre/status.hpp"

namespace gyre {

// A command, or a domain event from outside, about to be decided.
struct Command {
  std::string_view name;
  std::string_view entity_id;
  json::Value body;                  // checked JSON object; its table has not been applied yet
  std::uint64_t version = 0;         // of the state
  std::int64_t time_millis = 0;      // now, or the time an event from outside states
  std::string_view organization_id;  // the caller's, when its key binds one; else ""
};

// An event that decide says happened. `data` is a JSON object.
struct Event {
  std::string type;
  std::string data;
  bool operator==(const Event&) const = default;
};
using Events = std::vector<Event>;

// An event from the log, about to be applied.
struct RecordedEvent {
  std::string_view entity_id;
  std::string_view type;
  json::Value data;
  std::int64_t time_millis = 0;
};

// A value that one entity of an organisation has and no other may: a second one is refused in the write walk, 409
// "duplicate_key", before anything is written. A key stays taken for good.
struct UniqueKey {
  std::string_view pointer;  // of the member it comes from: "/number"
  std::string value;
  bool operator==(const UniqueKey&) const = default;
};

template <class State>
std::vector<UniqueKey> uniqueKeysOf(const State* state) {
  if constexpr (requires { state->uniqueKeys(); }) {
    if (state != nullptr) return state->uniqueKeys();
  }
  return {};
}

struct Query {
  std::string_view name;
  json::Value parameters;
  bool is_lenient = false;           // from a query string: see Arguments::Options
  std::string_view organization_id;  // the caller's, when its key binds one; else ""
  std::int64_t time_millis = 0;      // plan only
};

// What a query needs: one entity by id, or a search of the domain's index.
struct Plan {
  enum class Kind : std::uint8_t { kGet, kSearch } kind = Kind::kSearch;
  std::string text;          // kGet: the id; kSearch: the dialect request
  bool is_cacheable = true;  // false when the answer depends on the time of asking
  static Plan get(std::string_view id) { return {Kind::kGet, std::string(id), true}; }
  static Plan search(std::string request) { return {Kind::kSearch, std::move(request), true}; }
};

template <class State>
class Domain {
 public:
  using Decide = Result<Events> (*)(const Command&, const State*);
  using Evolve = State (*)(const State*, const RecordedEvent&);
  using Project = void (*)(const State&, JsonWriter&);
  using MakePlan = Result<Plan> (*)(const Query&);
  // `answer`: a search response, or the state of a get; `version` belongs to a get.
  using Present = Status (*)(const Query&, json::Value answer, std::uint64_t version, JsonWriter&);
  using Configure = Status (*)(json::Value options);
  using React = Result<Reaction> (*)(const ForeignEvent&);
  using PresentActivity = Result<ActivityItem> (*)(json::Value document);

  Domain& name(std::string_view domain, std::string_view version, std::string_view help) {
    name_ = domain;
    version_ = version;
    help_ = help;
    return *this;
  }
  // JSON: {"settings":{…},"mappings":{…}}.
  Domain& index(std::string_view json) {
    index_ = json;
    return *this;
  }
  // JSON array, see abi.h; and who reads them. Both optional.
  Domain& options(std::string_view json, Configure configure) {
    options_ = json;
    configure_ = configure;
    return *this;
  }
  // `id_member` is the member of the body that names the entity.
  Domain& command(std::string_view name, std::string_view id_member, Table body, std::string_view help, Decide decide) {
    commands_.push_back({name, id_member, toJsonSchema(body), help, decide});
    return *this;
  }
  // An event type; with `decide` it is accepted from outside too.
  Domain& event(std::string_view name, Table data, std::string_view help, Decide decide = nullptr) {
    events_.push_back({name, {}, toJsonSchema(data), help, decide});
    return *this;
  }
  Domain& query(std::string_view name, Table parameters, std::string_view help, MakePlan plan, Present present) {
    queries_.push_back({name, toJsonSchema(parameters), help, plan, present});
    return *this;
  }
  // What this domain does when an event of another one is durable there; see reaction.hpp. At most one function a
  // domain and type.
  Domain& subscribe(std::string_view domain, std::string_view type, std::string_view help, React react) {
    subscriptions_.push_back({domain, type, help, react});
    return *this;
  }
  // What this domain adds to the history of an organisation; see activity.hpp.
  Domain& activity(const Activity& activity, PresentActivity present) {
    activities_.push_back({activity, present});
    return *this;
  }
  Domain& evolve(Evolve function) {
    evolve_ = function;
    return *this;
  }
  Domain& project(Project function) {
    project_ = function;
    return *this;
  }

  struct DecideEntry {
    std::string_view name, id_member;
    std::string schema;
    std::string_view help;
    Decide decide;
  };
  struct QueryEntry {
    std::string_view name;
    std::string schema;
    std::string_view help;
    MakePlan plan;
    Present present;
  };
  struct SubscriptionEntry {
    std::string_view domain, type, help;
    React react;
  };
  struct ActivityEntry {
    Activity activity;
    PresentActivity present;
  };
  // What was declared; for the ABI below and the test kit.
  const std::vector<DecideEntry>& commands() const { return commands_; }
  const std::vector<DecideEntry>& events() const { return events_; }
  const std::vector<QueryEntry>& queries() const { return queries_; }
  const std::vector<SubscriptionEntry>& subscriptions() const { return subscriptions_; }
  const std::vector<ActivityEntry>& activities() const { return activities_; }
  Evolve evolveFunction() const { return evolve_; }
  Project projectFunction() const { return project_; }
  Configure configureFunction() const { return configure_; }
  std::string_view name() const { return name_; }
  std::string_view version() const { return version_; }
  std::string_view help() const { return help_; }
  std::string_view index() const { return index_; }
  std::string_view optionsJson() const { return options_; }

 private:
  std::string_view name_, version_, help_, index_, options_ = "[]";
  std::vector<DecideEntry> commands_, events_;
  std::vector<QueryEntry> queries_;
  std::vector<SubscriptionEntry> subscriptions_;
  std::vector<ActivityEntry> activities_;
  Evolve evolve_ = nullptr;
  Project project_ = nullptr;
  Configure configure_ = nullptr;
};

// ---- implementation ------------------------------------------------------------------------------------------------

namespace abi {

inline gyre_bytes bytes(std::string_view text) { return {text.data(), text.size()}; }
inline std::string_view view(gyre_bytes text) {
  return text.size == 0 ? std::string_view() : std::string_view(text.data, text.size);
}

inline std::int32_t refuse(const gyre_reply* reply, const Status& status) {
  reply->refuse(reply->context, static_cast<std::int32_t>(status.code()), bytes(status.reason()),
                bytes(status.message()));
  for (const Fault& fault : status.faults()) reply->fault(reply->context, bytes(fault.pointer), bytes(fault.detail));
  return static_cast<std::int32_t>(status.code());
}

// Runs `call`, and turns a Status or an exception into a refusal.
template <class Call>
std::int32_t guarded(const gyre_reply* reply, Call&& call) {
  try {
    const Status status = call();
    return status.isOk() ? 0 : refuse(reply, status);
  } catch (const std::exception& error) {
    return refuse(reply, internalError(std::string("the plugin threw: ") + error.what()));
  } catch (...) {
    return refuse(reply, internalError("the plugin threw something that is no std::exception"));
  }
}

inline Result<json::Document> parseObject(gyre_bytes text, std::string_view what) {
  auto document = json::Document::parse(view(text), {.max_depth = 128});
  if (!document.isOk()) return document.status().withPrefix(what);
  return document;
}

// A domain's tables in the ABI's shape, built once when the library is loaded.
template <class State>
class Exported {
 public:
  explicit Exported(void (*describe)(Domain<State>&)) : Exported(described(describe)) {}
  explicit Exported(Domain<State> domain) : domain_(std::move(domain)) {
    for (const DecideEntry& entry : domain_.commands())
      commands_.push_back(std::make_unique<gyre_command>(
          gyre_command{sizeof(gyre_command), 0, bytes(entry.name), bytes(entry.help), bytes(entry.schema),
                       bytes(entry.id_member), handlerOf(entry), &decide}));
    for (const DecideEntry& entry : domain_.events())
      events_.push_back(std::make_unique<gyre_event>(
          gyre_event{sizeof(gyre_event), 0, bytes(entry.name), bytes(entry.help), bytes(entry.schema), handlerOf(entry),
                     entry.decide == nullptr ? nullptr : &decide}));
    for (const QueryEntry& entry : domain_.queries())
      queries_.push_back(
          std::make_unique<gyre_query>(gyre_query{sizeof(gyre_query), 0, bytes(entry.name), bytes(entry.help),
                                                  bytes(entry.schema), handlerOf(entry), &plan, &present}));
    for (const SubscriptionEntry& entry : domain_.subscriptions())
      subscriptions_.push_back(std::make_unique<gyre_subscription>(
          gyre_subscription{sizeof(gyre_subscription), 0, bytes(entry.domain), bytes(entry.type), bytes(entry.help),
                            handlerOf(entry), &react}));
    for (const ActivityEntry& entry : domain_.activities())
      activities_.push_back(std::make_unique<gyre_activity>(gyre_activity{
          sizeof(gyre_activity), 0, bytes(entry.activity.name), bytes(entry.activity.help),
          bytes(entry.activity.time_field), bytes(entry.activity.id_field), bytes(entry.activity.organization_field),
          bytes(entry.activity.filter), handlerOf(entry), &presentActivity}));
    collectPointers(commands_, command_pointers_);
    collectPointers(events_, event_pointers_);
    collectPointers(queries_, query_pointers_);
    collectPointers(subscriptions_, subscription_pointers_);
    collectPointers(activities_, activity_pointers_);
    plugin_ = {sizeof(gyre_plugin),
               GYRE_ABI_MAJOR,
               GYRE_ABI_MINOR,
               bytes(domain_.name()),
               bytes(domain_.version()),
               bytes(domain_.help()),
               bytes(domain_.index()),
               bytes(domain_.optionsJson()),
               command_pointers_.data(),
               command_pointers_.size(),
               event_pointers_.data(),
               event_pointers_.size(),
               query_pointers_.data(),
               query_pointers_.size(),
               this,
               &configure,
               &evolve,
               &project,
               subscription_pointers_.data(),
               subscription_pointers_.size(),
               activity_pointers_.data(),
               activity_pointers_.size(),
               nullptr};
  }
  const gyre_plugin* plugin() const { return &plugin_; }

 private:
  using DecideEntry = typename Domain<State>::DecideEntry;
  using QueryEntry = typename Domain<State>::QueryEntry;
  using SubscriptionEntry = typename Domain<State>::SubscriptionEntry;
  using ActivityEntry = typename Domain<State>::ActivityEntry;

  static Domain<State> described(void (*describe)(Domain<State>&)) {
    Domain<State> domain;
    describe(domain);
    return domain;
  }
  template <class Entry>
  static void* handlerOf(const Entry& entry) {
    return const_cast<Entry*>(&entry);
  }
  template <class Definition>
  static void collectPointers(const std::vector<std::unique_ptr<Definition>>& owned,
                              std::vector<const Definition*>& pointers) {
    for (const auto& definition : owned) pointers.push_back(definition.get());
  }
  static Exported& self(void* plugin) { return *static_cast<Exported*>(plugin); }

  // A state as its evolve wrote it, absent when there is no entity.
  static Result<std::optional<State>> stateOf(gyre_bytes text) {
    if (text.size == 0) return std::optional<State>();
    GYRE_TRY_ASSIGN(const json::Document document, parseObject(text, "state"));
    GYRE_TRY_ASSIGN(State state, State::read(document.root()));
    return std::optional<State>(std::move(state));
  }

  static std::int32_t configure(void* plugin, gyre_bytes options, const gyre_reply* reply) {
    return guarded(reply, [&]() -> Status {
      const auto configure_domain = self(plugin).domain_.configureFunction();
      if (configure_domain == nullptr) return {};
      GYRE_TRY_ASSIGN(const json::Document document, parseObject(options, "options"));
      return configure_domain(document.root());
    });
  }

  static std::int32_t decide(void* handler, const gyre_decide_call* call, const gyre_reply* reply) {
    return guarded(reply, [&]() -> Status {
      const auto& entry = *static_cast<const DecideEntry*>(handler);
      GYRE_TRY_ASSIGN(const json::Document body, parseObject(call->body, "body"));
      GYRE_TRY_ASSIGN(const std::optional<State> state, stateOf(call->state));
      const Command command{entry.name,    view(call->entity_id), body.root(),
                            call->version, call->time_ms,         view(call->organization_id)};
      GYRE_TRY_ASSIGN(const Events events, entry.decide(command, state ? &*state : nullptr));
      for (const Event& event : events) reply->event(reply->context, bytes(event.type), bytes(event.data));
      return {};
    });
  }

  static std::int32_t evolve(void* plugin, const gyre_evolve_call* call, const gyre_reply* reply) {
    return guarded(reply, [&]() -> Status {
      GYRE_TRY_ASSIGN(const std::optional<State> before, stateOf(call->state));
      GYRE_TRY_ASSIGN(const json::Document data, parseObject(call->data, "event data"));
      const State after = self(plugin).domain_.evolveFunction()(
          before ? &*before : nullptr,
          RecordedEvent{view(call->entity_id), view(call->type), data.root(), call->time_ms});
      std::string text;
      JsonWriter writer(text);
      after.write(writer);
      reply->text(reply->context, bytes(text));
      reply->attribute(reply->context, bytes("organizationId"), bytes(after.organizationId()));
      const std::vector<UniqueKey> had = uniqueKeysOf(before ? &*before : nullptr);
      for (const UniqueKey& key : uniqueKeysOf(&after))
        if (std::find(had.begin(), had.end(), key) == had.end())
          reply->attribute(reply->context, bytes("uniqueKey" + std::string(key.pointer)), bytes(key.value));
      return {};
    });
  }

  static std::int32_t project(void* plugin, const gyre_project_call* call, const gyre_reply* reply) {
    return guarded(reply, [&]() -> Status {
      GYRE_TRY_ASSIGN(const std::optional<State> state, stateOf(call->state));
      if (!state) return internalError("project was called without a state");
      std::string text;
      JsonWriter writer(text);
      self(plugin).domain_.projectFunction()(*state, writer);
      reply->text(reply->context, bytes(text));
      return {};
    });
  }

  static std::int32_t plan(void* handler, const gyre_plan_call* call, const gyre_reply* reply) {
    return guarded(reply, [&]() -> Status {
      const auto& entry = *static_cast<const QueryEntry*>(handler);
      GYRE_TRY_ASSIGN(const json::Document parameters, parseObject(call->parameters, "parameters"));
      const Query query{entry.name, parameters.root(), call->is_lenient != 0, view(call->organization_id),
                        call->time_ms};
      GYRE_TRY_ASSIGN(const Plan made, entry.plan(query));
      if (made.kind == Plan::Kind::kGet)
        reply->attribute(reply->context, bytes("get"), bytes(made.text));
      else
        reply->text(reply->context, bytes(made.text));
      if (!made.is_cacheable) reply->attribute(reply->context, bytes("uncacheable"), bytes("true"));
      return {};
    });
  }

  static std::int32_t present(void* handler, const gyre_present_call* call, const gyre_reply* reply) {
    return guarded(reply, [&]() -> Status {
      const auto& entry = *static_cast<const QueryEntry*>(handler);
      GYRE_TRY_ASSIGN(const json::Document parameters, parseObject(call->parameters, "parameters"));
      GYRE_TRY_ASSIGN(const json::Document answer, parseObject(call->answer, "answer"));
      const Query query{entry.name, parameters.root(), call->is_lenient != 0, view(call->organization_id), 0};
      std::string text;
      JsonWriter writer(text);
      GYRE_TRY(entry.present(query, answer.root(), call->version, writer));
      reply->text(reply->context, bytes(text));
      return {};
    });
  }

  static std::int32_t react(void* handler, const gyre_react_call* call, const gyre_reply* reply) {
    return guarded(reply, [&]() -> Status {
      const auto& entry = *static_cast<const SubscriptionEntry*>(handler);
      GYRE_TRY_ASSIGN(const json::Document data, parseObject(call->data, "event data"));
      GYRE_TRY_ASSIGN(const Reaction reaction,
                      entry.react(ForeignEvent{view(call->domain), view(call->type), view(call->entity_id), data.root(),
                                               call->version, call->sequence, call->time_ms}));
      if (!reaction.organization_id.empty())
        reply->attribute(reply->context, bytes("organizationId"), bytes(reaction.organization_id));
      for (const Reaction::Command& command : reaction.commands)
        reply->event(reply->context, bytes(command.name), bytes(command.body));
      return {};
    });
  }

  static std::int32_t presentActivity(void* handler, const gyre_activity_call* call, const gyre_reply* reply) {
    return guarded(reply, [&]() -> Status {
      const auto& entry = *static_cast<const ActivityEntry*>(handler);
      GYRE_TRY_ASSIGN(const json::Document document, parseObject(call->document, "document"));
      GYRE_TRY_ASSIGN(const ActivityItem item, entry.present(document.root()));
      reply->text(reply->context, bytes(item.data.empty() ? std::string_view("{}") : std::string_view(item.data)));
      reply->attribute(reply->context, bytes("summary"), bytes(item.summary));
      return {};
    });
  }

  Domain<State> domain_;
  std::vector<std::unique_ptr<gyre_command>> commands_;
  std::vector<std::unique_ptr<gyre_event>> events_;
  std::vector<std::unique_ptr<gyre_query>> queries_;
  std::vector<std::unique_ptr<gyre_subscription>> subscriptions_;
  std::vector<std::unique_ptr<gyre_activity>> activities_;
  std::vector<const gyre_command*> command_pointers_;
  std::vector<const gyre_event*> event_pointers_;
  std::vector<const gyre_query*> query_pointers_;
  std::vector<const gyre_subscription*> subscription_pointers_;
  std::vector<const gyre_activity*> activity_pointers_;
  gyre_plugin plugin_{};
};

}  // namespace abi
}  // namespace gyre

// Exports the entry point of a domain. `describe` is a void(gyre::Domain<State>&).
#define GYRE_PLUGIN(State, describe)                                                                                 \
  extern "C" __attribute__((visibility("default"))) const gyre_plugin* gyre_plugin_entry_v1(const gyre_host* host) { \
    if (host == nullptr || host->abi_major != GYRE_ABI_MAJOR) return nullptr;                                        \
    try {                                                                                                            \
      static const ::gyre::abi::Exported<State> exported(&(describe));                                               \
      return exported.plugin();                                                                                      \
    } catch (...) {                                                                                                  \
      return nullptr;                                                                                                \
    }                                                                                                                \
  }
