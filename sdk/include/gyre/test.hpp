// Does this domain decide, evolve, project, plan and present as it should? Given-When-Then without a host and without
// mocks.
//
//   Scenario<Payment>(describe)
//       .given("CreatePayment", R"({"paymentId":"p1", …})")
//       .when("ProcessPayment", R"({"paymentId":"p1"})")
//       .thenEvents({{"PaymentProcessed", "{}"}})
//       .thenDocument(R"({"paymentId":"p1","status":"completed", …})");
//
//   Scenario<Payment>(describe).ask("GetPaymentById", R"({"paymentId":"p1"})").thenGets("p1");
//
// It does what the host does, in the same order: bodies are parsed strictly, states are written and read again between
// any two steps, versions count events. JSON is compared by content: member order and white space do not matter, the
// digits of numbers do.
//
// Any test framework: an expectation that does not hold is reported with file and line of the step. The report throws a
// test::Failure, which every framework shows; or it is whatever function the Scenario was given, and the steps go on.
//
// THREADS: one scenario, one thread. OWNS: the domain and the states of its entities.
#pragma once

#include <algorithm>
#include <cstdint>
#include <functional>
#include <map>
#include <optional>
#include <source_location>
#include <stdexcept>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "gyre/json.hpp"
#include "gyre/json_writer.hpp"
#include "gyre/plugin.hpp"
#include "gyre/status.hpp"

namespace gyre::test {

class Failure : public std::runtime_error {
 public:
  using std::runtime_error::runtime_error;
};

using Report = std::function<void(const std::string& failure)>;
inline void throwFailure(const std::string& failure) { throw Failure(failure); }

// Sorted members, no white space; the text itself, marked, when it is no JSON.
inline std::string canonicalJson(std::string_view text) {
  const auto document = json::Document::parse(text, {.max_depth = 128});
  if (!document.isOk()) return "not JSON (" + std::string(document.status().message()) + "): " + std::string(text);
  std::string out;
  JsonWriter writer(out);
  json::writeCanonical(document->root(), writer);
  return out;
}

template <class State>
class Scenario {
 public:
  using Where = std::source_location;
  static constexpr std::int64_t kStart = 1'704'067'200'000;  // 2024-01-01T00:00:00Z

  explicit Scenario(void (*describe)(Domain<State>&), Report report = &throwFailure) : report_(std::move(report)) {
    describe(domain_);
  }
  Scenario(const Scenario&) = delete;
  Scenario& operator=(const Scenario&) = delete;

  // ---- circumstances of the steps that follow

  // The time, in milliseconds since 1970; kStart until told otherwise. It never moves by itself.
  Scenario& at(std::int64_t time_millis) {
    time_millis_ = time_millis;
    return *this;
  }
  // The organisation that the caller's key is bound to; "" for none.
  Scenario& as(std::string_view organization) {
    organization_ = organization;
    return *this;
  }

  // ---- given: what happened before; a refusal is a failure

  Scenario& given(std::string_view command, std::string_view body, Where where = Where::current()) {
    when(command, body, where);
    return requireSuccess(where);
  }
  // An event as it stands in the log, whatever decide would say now.
  Scenario& givenEvent(std::string_view type, std::string_view id, std::string_view data,
                       Where where = Where::current()) {
    const auto parsed = json::Document::parse(data, {.max_depth = 128});
    if (!parsed.isOk()) return fail(where, "the event's data: " + std::string(parsed.status().message()));
    return apply(id, {Event{std::string(type), std::string(data)}}, where);
  }

  // ---- when: the step under test

  // The entity is the one that the body names in the command's id member.
  Scenario& when(std::string_view command, std::string_view body, Where where = Where::current()) {
    for (const auto& entry : domain_.commands())
      if (entry.name == command) return decide(entry, std::nullopt, body, where);
    return fail(where, "no command is called " + std::string(command));
  }
  // An event from outside about entity `id`.
  Scenario& whenEvent(std::string_view type, std::string_view id, std::string_view data,
                      Where where = Where::current()) {
    for (const auto& entry : domain_.events())
      if (entry.name == type && entry.decide != nullptr) return decide(entry, std::string(id), data, where);
    return fail(where, "no event from outside is called " + std::string(type));
  }
  // An event of another domain that this one subscribes to: its reaction's commands are decided in order, and all of
  // them take effect or none.
  Scenario& whenHappens(std::string_view domain, std::string_view type, std::string_view id, std::string_view data,
                        Where where = Where::current()) {
    for (const auto& entry : domain_.subscriptions())
      if (entry.domain == domain && entry.type == type) return react(entry, id, data, where);
    return fail(where, "nothing subscribes to " + std::string(domain) + "." + std::string(type));
  }
  Scenario& ask(std::string_view query, std::string_view parameters, Where where = Where::current()) {
    return plan(query, parameters, false, where);
  }
  // Parameters as they come from a query string: every value a string or a list of strings.
  Scenario& askByUrl(std::string_view query, std::string_view parameters, Where where = Where::current()) {
    return plan(query, parameters, true, where);
  }
  // After ask: what the search engine, or the primary store, says to it. A get of a known entity needs no answer.
  Scenario& answered(std::string_view answer, std::uint64_t version = 0, Where where = Where::current()) {
    return present(answer, version, where);
  }

  // ---- then: what must be true now

  // Exactly these, in this order.
  Scenario& thenEvents(const Events& expected, Where where = Where::current()) {
    requireSuccess(where);
    if (events_.size() != expected.size())
      return fail(where, "expected " + listed(expected) + ", found " + listed(events_));
    for (std::size_t i = 0; i < expected.size(); ++i) {
      if (expected[i].type != events_[i].type)
        fail(where, "expected " + listed(expected) + ", found " + listed(events_));
      compare("the data of " + expected[i].type, expected[i].data, events_[i].data, where);
    }
    return *this;
  }
  // After whenHappens: exactly these commands came of it, in this order, whatever was decided on them.
  Scenario& thenCommands(const std::vector<Reaction::Command>& expected, Where where = Where::current()) {
    if (reaction_.commands.size() != expected.size())
      return fail(where, "expected " + std::to_string(expected.size()) + " commands, found " +
                             std::to_string(reaction_.commands.size()));
    for (std::size_t i = 0; i < expected.size(); ++i) {
      if (expected[i].name != reaction_.commands[i].name)
        fail(where, "expected the command " + expected[i].name + ", found " + reaction_.commands[i].name);
      compare("the body of " + expected[i].name, expected[i].body, reaction_.commands[i].body, where);
    }
    return *this;
  }
  // How the activity of this name tells of the entity that the last step was about.
  Scenario& thenActivity(std::string_view name, std::string_view summary, std::string_view data,
                         Where where = Where::current()) {
    for (const auto& entry : domain_.activities()) {
      if (entry.activity.name != name) continue;
      const std::string text = document(where);
      const auto parsed = json::Document::parse(text, {.max_depth = 128});
      if (!parsed.isOk()) return fail(where, "the document is not JSON: " + text);
      const auto item = entry.present(parsed->root());
      if (!item.isOk()) return fail(where, "expected an activity, found " + shown(item.status()));
      if (item->summary != summary)
        fail(where, "expected the summary \"" + std::string(summary) + "\", found \"" + item->summary + "\"");
      return compare("the activity", data, item->data.empty() ? "{}" : item->data, where);
    }
    return fail(where, "no activity is called " + std::string(name));
  }
  // A refusal with this code; reason and pointer (of any of the faults) when given.
  Scenario& thenRefused(Code code, std::string_view reason = {}, std::string_view pointer = {},
                        Where where = Where::current()) {
    if (status_.isOk()) return fail(where, "expected a refusal, found " + listed(events_));
    if (status_.code() != code || (!reason.empty() && status_.reason() != reason))
      return fail(where, "expected a refusal with " + std::string(codeName(code)) + " " + std::string(reason) +
                             ", found " + shown(status_));
    for (const Fault& fault : status_.faults())
      if (fault.pointer == pointer) return *this;
    return pointer.empty() ? *this
                           : fail(where, "expected a fault at " + std::string(pointer) + ", found " + shown(status_));
  }
  // The refusal's message, or the detail of one of its faults, contains this.
  Scenario& thenSays(std::string_view text, Where where = Where::current()) {
    return shown(status_).find(text) != std::string::npos
               ? *this
               : fail(where, "expected a refusal that says \"" + std::string(text) + "\", found " + shown(status_));
  }
  // Exactly these faults, in any order.
  Scenario& thenFaultsAt(std::vector<std::string> pointers, Where where = Where::current()) {
    std::vector<std::string> found;
    for (const Fault& fault : status_.faults()) found.push_back(fault.pointer);
    std::sort(found.begin(), found.end());
    std::sort(pointers.begin(), pointers.end());
    return found == pointers ? *this : fail(where, "expected other faults, found " + shown(status_));
  }
  // State, document and version of the entity that the last step was about.
  Scenario& thenState(std::string_view expected, Where where = Where::current()) {
    requireSuccess(where);
    return compare("the state", expected, entities_[entity_].state, where);
  }
  Scenario& thenDocument(std::string_view expected, Where where = Where::current()) {
    requireSuccess(where);
    return compare("the document", expected, document(where), where);
  }
  Scenario& thenVersion(std::uint64_t expected, Where where = Where::current()) {
    const std::uint64_t version = entities_[entity_].version;
    return version == expected
               ? *this
               : fail(where, "expected version " + std::to_string(expected) + ", found " + std::to_string(version));
  }
  // The request that a query makes of the index; or the id that it reads.
  Scenario& thenSearches(std::string_view expected, Where where = Where::current()) {
    requireSuccess(where);
    if (!plan_ || plan_->kind != Plan::Kind::kSearch) return fail(where, "expected a search");
    return compare("the search request", expected, plan_->text, where);
  }
  Scenario& thenGets(std::string_view id, Where where = Where::current()) {
    requireSuccess(where);
    if (!plan_ || plan_->kind != Plan::Kind::kGet || plan_->text != id)
      return fail(where, "expected a read of " + std::string(id));
    return *this;
  }
  // What the client sees. A read by id is answered here from the scenario's own entities.
  Scenario& thenAnswers(std::string_view expected, Where where = Where::current()) {
    requireSuccess(where);
    if (plan_ && plan_->kind == Plan::Kind::kGet && !answer_) {
      const auto found = entities_.find(plan_->text);
      if (found == entities_.end()) return fail(where, "the query reads " + plan_->text + ", which does not exist");
      present(found->second.state, found->second.version, where);
      requireSuccess(where);
    }
    if (!answer_) return fail(where, "expected an answer; answered() was not called");
    return compare("the answer", expected, *answer_, where);
  }

  // ---- for what the steps above cannot say

  const Status& status() const { return status_; }
  const Events& events() const { return events_; }
  std::string_view state() { return entities_[entity_].state; }
  std::string_view request() const { return plan_ ? std::string_view(plan_->text) : std::string_view(); }
  std::string_view answer() const { return answer_ ? std::string_view(*answer_) : std::string_view(); }
  std::string document(Where where = Where::current()) {
    std::string text;
    withState(entities_[entity_].state, where, [&](const State* state) {
      JsonWriter writer(text);
      if (state != nullptr) domain_.projectFunction()(*state, writer);
    });
    return text;
  }

 private:
  struct Entity {
    std::string state;  // as the primary store keeps it; "" before the first event
    std::uint64_t version = 0;
  };
  using DecideEntry = typename Domain<State>::DecideEntry;
  using QueryEntry = typename Domain<State>::QueryEntry;

  Scenario& fail(const Where& where, const std::string& what) {
    report_(std::string(where.file_name()) + ":" + std::to_string(where.line()) + ": " + what);
    return *this;
  }
  Scenario& requireSuccess(const Where& where) {
    return status_.isOk() ? *this : fail(where, "expected no refusal, found " + shown(status_));
  }
  Scenario& compare(const std::string& what, std::string_view expected, std::string_view found, const Where& where) {
    const std::string wanted = canonicalJson(expected);
    const std::string actual = canonicalJson(found);
    return wanted == actual ? *this : fail(where, what + ":\n  expected " + wanted + "\n  found    " + actual);
  }

  static std::string listed(const Events& events) {
    std::string text = events.empty() ? "no events" : "the events";
    for (const Event& event : events) text += " " + event.type;
    return text;
  }
  static std::string shown(const Status& status) {
    if (status.isOk()) return "no refusal";
    std::string text = std::string(codeName(status.code())) + " " + std::string(status.reason()) + ": " +
                       std::string(status.message());
    for (const Fault& fault : status.faults()) text += "\n  at " + fault.pointer + ": " + fault.detail;
    return text;
  }

  void begin() {
    status_ = Status();
    events_.clear();
    answer_.reset();
    plan_.reset();
  }

  // Reads a state as the host does: from its text, each time anew.
  template <class Use>
  void withState(const std::string& text, const Where& where, Use use) {
    if (text.empty()) return use(nullptr);
    const auto document = json::Document::parse(text, {.max_depth = 128});
    if (!document.isOk()) {
      fail(where, "the state is not JSON: " + text);
      return;
    }
    const auto state = State::read(document->root());
    if (state.isOk()) return use(&*state);
    fail(where, "the state does not read back (" + std::string(state.status().message()) + "): " + text);
  }

  Scenario& decide(const DecideEntry& entry, std::optional<std::string> id, std::string_view body, const Where& where) {
    begin();
    const auto parsed = json::Document::parse(body);
    if (!parsed.isOk()) {
      status_ = parsed.status();
      return *this;
    }
    entity_ = id ? *id : std::string(parsed->root()[entry.id_member].string());
    const Entity before = entities_[entity_];
    const std::string organization = organization_;
    withState(before.state, where, [&](const State* state) {
      const auto decided =
          entry.decide(Command{entry.name, entity_, parsed->root(), before.version, time_millis_, organization}, state);
      if (decided.isOk())
        events_ = *decided;
      else
        status_ = decided.status();
    });
    return status_.isOk() ? apply(entity_, events_, where) : *this;
  }

  using SubscriptionEntry = typename Domain<State>::SubscriptionEntry;
  Scenario& react(const SubscriptionEntry& entry, std::string_view id, std::string_view data, const Where& where) {
    begin();
    const auto parsed = json::Document::parse(data, {.max_depth = 128});
    if (!parsed.isOk()) return fail(where, "the event's data: " + std::string(parsed.status().message()));
    auto reaction = entry.react(ForeignEvent{entry.domain, entry.type, id, parsed->root(), 1, 1, time_millis_});
    reaction_ = reaction.isOk() ? *reaction : Reaction();
    status_ = reaction.status();
    const std::map<std::string, Entity, std::less<>> before = entities_;
    const std::string caller = std::exchange(organization_, reaction_.organization_id);
    Events all;
    for (const Reaction::Command& command : reaction_.commands) {
      when(command.name, command.body, where);
      if (!status_.isOk()) break;
      all.insert(all.end(), events_.begin(), events_.end());
    }
    organization_ = caller;
    events_ = std::move(all);
    if (!status_.isOk()) {
      entities_ = before;
      events_.clear();
    }
    return *this;
  }

  Scenario& apply(std::string_view id, const Events& events, const Where& where) {
    entity_ = id;
    for (const Event& event : events) {
      Entity& entity = entities_[entity_];
      const auto data = json::Document::parse(event.data, {.max_depth = 128});
      if (!data.isOk() || !data->root().isObject())
        return fail(where, "the data of " + event.type + " is no JSON object: " + event.data);
      if (!isDeclared(event.type)) return fail(where, "the domain declares no event " + event.type);
      std::string after;
      withState(entity.state, where, [&](const State* state) {
        JsonWriter writer(after);
        const State evolved =
            domain_.evolveFunction()(state, RecordedEvent{entity_, event.type, data->root(), time_millis_});
        evolved.write(writer);
        claimKeys(evolved);
      });
      if (!status_.isOk()) return *this;
      entity = {std::move(after), entity.version + 1};
      // What was written must read back, and write the same again.
      withState(entity.state, where, [&](const State* state) {
        std::string again;
        JsonWriter writer(again);
        state->write(writer);
        if (again != entity.state) fail(where, "the state reads back as another: " + entity.state + " as " + again);
      });
    }
    return *this;
  }

  // As the write walk does: what another entity of the organisation has is refused.
  void claimKeys(const State& evolved) {
    for (const UniqueKey& key : uniqueKeysOf(&evolved)) {
      const std::string place =
          std::string(key.pointer) + '\n' + std::string(evolved.organizationId()) + '\n' + key.value;
      const auto [owner, is_new] = keys_.emplace(place, entity_);
      if (is_new || owner->second == entity_) continue;
      status_ = Status(Code::kConflict, "duplicate_key", key.value + " belongs to " + owner->second);
      status_.addFault(std::string(key.pointer), "expected a value of its own, found " + key.value);
    }
  }

  bool isDeclared(std::string_view type) const {
    for (const auto& entry : domain_.events())
      if (entry.name == type) return true;
    return false;
  }

  Scenario& plan(std::string_view name, std::string_view parameters, bool is_lenient, const Where& where) {
    begin();
    query_ = nullptr;
    for (const auto& entry : domain_.queries())
      if (entry.name == name) query_ = &entry;
    if (query_ == nullptr) return fail(where, "no query is called " + std::string(name));
    parameters_ = parameters;
    is_lenient_ = is_lenient;
    const auto parsed = json::Document::parse(parameters_);
    if (!parsed.isOk()) {
      status_ = parsed.status();
      return *this;
    }
    auto planned = query_->plan(Query{query_->name, parsed->root(), is_lenient_, organization_, time_millis_});
    if (planned.isOk())
      plan_ = *planned;
    else
      status_ = planned.status();
    return *this;
  }

  Scenario& present(std::string_view answer, std::uint64_t version, const Where& where) {
    if (query_ == nullptr || !plan_) return fail(where, "answered() needs a query that was planned");
    const auto parameters = json::Document::parse(parameters_);
    const auto parsed = json::Document::parse(answer, {.max_depth = 128});
    if (!parsed.isOk()) return fail(where, "the answer given: " + std::string(parsed.status().message()));
    std::string text;
    JsonWriter writer(text);
    status_ = query_->present(Query{query_->name, parameters->root(), is_lenient_, organization_, 0}, parsed->root(),
                              version, writer);
    if (status_.isOk()) answer_ = std::move(text);
    return *this;
  }

  Domain<State> domain_;
  Report report_;
  std::map<std::string, Entity, std::less<>> entities_;
  std::map<std::string, std::string> keys_;  // unique keys, and whose they are
  std::int64_t time_millis_ = kStart;
  std::string organization_;

  // Of the last step.
  std::string entity_;
  Status status_;
  Events events_;
  Reaction reaction_;
  const QueryEntry* query_ = nullptr;
  std::string parameters_;
  bool is_lenient_ = false;
  std::optional<Plan> plan_;
  std::optional<std::string> answer_;
};

}  // namespace gyre::test
