#include "server/plugin/plugin_handlers.hpp"

#include <cppunit/TestFixture.h>
#include <cppunit/extensions/HelperMacros.h>

#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "server/plugin/plugin_library.hpp"

namespace gyre::plugin {

namespace {

std::string show(const Status& status) {
  std::string text = std::string(status.reason()) + ": " + std::string(status.message());
  for (const Fault& fault : status.faults()) text += "; " + fault.pointer + " " + fault.detail;
  return text;
}

}  // namespace

class PluginHandlersTest : public CppUnit::TestFixture {
  CPPUNIT_TEST_SUITE(PluginHandlersTest);
  CPPUNIT_TEST(descriptionsAreThoseOfTheTable);
  CPPUNIT_TEST(decisionsAreCopied);
  CPPUNIT_TEST(eventsFromOutsideAreDecided);
  CPPUNIT_TEST(refusalsKeepCodeReasonAndFaults);
  CPPUNIT_TEST(brokenRefusalsAreInternal);
  CPPUNIT_TEST(brokenDecisionsAreInternal);
  CPPUNIT_TEST(evolveGivesStateAndOrganization);
  CPPUNIT_TEST(brokenTextIsInternal);
  CPPUNIT_TEST(plansAreReadByKind);
  CPPUNIT_TEST(answersArePresented);
  CPPUNIT_TEST(reactionsAreReadAsCommands);
  CPPUNIT_TEST(brokenReactionsAreInternal);
  CPPUNIT_TEST(activitiesArePresented);
  CPPUNIT_TEST(configurationMayBeRefused);
  CPPUNIT_TEST(positionsBeyondTheListsAreInternal);
  CPPUNIT_TEST_SUITE_END();

 public:
  void setUp() override {
    auto opened = PluginLibrary::open(std::string(GYRE_SMALL_PLUGINS) + "/good/small.so", "1.0", observer_);
    CPPUNIT_ASSERT_MESSAGE(std::string(opened.status().message()), opened.isOk());
    library_ = std::move(*opened);
    handlers_ = std::make_unique<PluginHandlers>(library_->table());
  }

  void descriptionsAreThoseOfTheTable() {
    CPPUNIT_ASSERT_EQUAL(std::string("small"), std::string(handlers_->name()));
    CPPUNIT_ASSERT_EQUAL(std::string("a test"), std::string(handlers_->help()));
    CPPUNIT_ASSERT_EQUAL(std::string(R"({"settings":{},"mappings":{}})"), std::string(handlers_->indexDefinition()));
    CPPUNIT_ASSERT_EQUAL(std::string("[]"), std::string(handlers_->optionsDeclaration()));
    CPPUNIT_ASSERT_EQUAL(std::string("MakeSmall"), std::string(handlers_->commands().at(0).name));
    CPPUNIT_ASSERT_EQUAL(std::string("smallId"), std::string(handlers_->commands().at(0).id_member));
    CPPUNIT_ASSERT_EQUAL(std::string("FindSmall"), std::string(handlers_->queries().at(0).name));
    CPPUNIT_ASSERT(handlers_->events().at(0).is_accepted_from_outside &&
                   !handlers_->events().at(1).is_accepted_from_outside);
  }

  void decisionsAreCopied() {
    const auto events = decide(R"({"a":1})");
    CPPUNIT_ASSERT_MESSAGE(show(events.status()), events.isOk());
    CPPUNIT_ASSERT_EQUAL(std::size_t{1}, events->size());
    CPPUNIT_ASSERT_EQUAL(std::string("SmallMade"), events->at(0).type);
    CPPUNIT_ASSERT_EQUAL(std::string(R"({"a":1})"), events->at(0).data);
  }

  void eventsFromOutsideAreDecided() {
    bus::DecideCall call;
    call.body = "{}";
    const auto events = handlers_->decideEvent(0, call);
    CPPUNIT_ASSERT_EQUAL(std::size_t{2}, events->size());
    CPPUNIT_ASSERT_EQUAL(std::string("SmallSeen"), events->at(1).type);
    CPPUNIT_ASSERT_EQUAL(std::string("internal: small: SmallSeen is not accepted from outside"),
                         show(handlers_->decideEvent(1, call).status()));
  }

  void refusalsKeepCodeReasonAndFaults() {
    const Status refused = std::move(decide("refusal")).status();
    CPPUNIT_ASSERT(refused.code() == Code::kConflict);
    CPPUNIT_ASSERT_EQUAL(std::string("already_there: it is there; /a is wrong; /b is wrong too"), show(refused));
    const Status unnamed = std::move(decide("bad reason")).status();
    CPPUNIT_ASSERT_EQUAL(std::string("not_found: gone"), show(unnamed));
  }

  void brokenRefusalsAreInternal() {
    const std::pair<const char*, const char*> cases[] = {
        {"silent", "returned 5 without refuse()"},
        {"contradiction", "called refuse() and returned 0"},
        {"unknown code", "refused with the unknown code 99"},
        {"negative code", "refused with the unknown code -1"},
        {"bad message", "refused with a message that is not UTF-8"},
    };
    for (const auto& [order, what] : cases)
      CPPUNIT_ASSERT_EQUAL("internal: small: decide MakeSmall: the plugin " + std::string(what),
                           show(decide(order).status()));
  }

  void brokenDecisionsAreInternal() {
    CPPUNIT_ASSERT_EQUAL(
        std::string(
            "internal: small: decide MakeSmall: the plugin gave an event it does not declare, \"SomethingElse\""),
        show(decide("undeclared").status()));
    CPPUNIT_ASSERT_EQUAL(
        std::string("internal: small: decide MakeSmall: the plugin gave SmallMade without a JSON object"),
        show(decide("no object").status()));
    CPPUNIT_ASSERT(decide("nothing").isOk() && decide("nothing")->empty());
  }

  void evolveGivesStateAndOrganization() {
    const auto evolved = handlers_->evolve("acme", "", "SmallMade", "{}", 5);
    CPPUNIT_ASSERT_EQUAL(std::string(R"({"last":{}})"), evolved->state);
    CPPUNIT_ASSERT_EQUAL(std::string("acme"), evolved->organization_id);
    CPPUNIT_ASSERT_EQUAL(std::string("internal: small: evolve SmallMade: the plugin returned 5 without refuse()"),
                         show(handlers_->evolve("a", "", "SmallMade", "silent", 5).status()));
  }

  void brokenTextIsInternal() {
    CPPUNIT_ASSERT_EQUAL(std::string("internal: small: project: the plugin answered with text that is not UTF-8"),
                         show(handlers_->project("a", "bad text", 1).status()));
    for (const char* const order : {"array", "nothing", "null bytes"}) {
      CPPUNIT_ASSERT_EQUAL(std::string("internal: small: project: the plugin gave a document that is no JSON object"),
                           show(handlers_->project("a", order, 1).status()));
      CPPUNIT_ASSERT(!handlers_->evolve("a", "", "SmallMade", order, 5).isOk());
    }
    CPPUNIT_ASSERT_EQUAL(std::string("{}"), *handlers_->project("a", "{}", 1));
  }

  void plansAreReadByKind() {
    bus::QueryCall call;
    call.parameters = "{}";
    const auto strict = handlers_->plan(0, call);
    CPPUNIT_ASSERT_EQUAL(std::string(R"({"strict":1})"), strict->search);
    CPPUNIT_ASSERT(!strict->get && strict->is_cacheable);
    call.is_lenient = true;
    CPPUNIT_ASSERT_EQUAL(std::string(R"({"lenient":1})"), handlers_->plan(0, call)->search);
    call.parameters = "get";
    call.organization_id = "id-7";
    const auto get = handlers_->plan(0, call);
    CPPUNIT_ASSERT_EQUAL(std::string("id-7"), get->get.value());
    CPPUNIT_ASSERT(!get->is_cacheable);
    for (const auto& [order, what] :
         {std::pair{"both", "gave both an id and a search"}, {"nothing", "gave neither an id nor a search"}}) {
      call.parameters = order;
      CPPUNIT_ASSERT_EQUAL("internal: small: plan FindSmall: the plugin " + std::string(what),
                           show(handlers_->plan(0, call).status()));
    }
  }

  void answersArePresented() {
    CPPUNIT_ASSERT_EQUAL(std::string("{}"), *handlers_->present(0, {}, "{}", 0));
    CPPUNIT_ASSERT_EQUAL(std::string("[]"), *handlers_->present(0, {}, "array", 0));
    CPPUNIT_ASSERT_EQUAL(std::string("internal: small: present FindSmall: the plugin gave no answer"),
                         show(handlers_->present(0, {}, "nothing", 0).status()));
  }

  void reactionsAreReadAsCommands() {
    const bus::SubscriptionDescription& subscription = handlers_->subscriptions().at(0);
    CPPUNIT_ASSERT_EQUAL(std::string("large"), std::string(subscription.domain));
    CPPUNIT_ASSERT_EQUAL(std::string("LargeMade"), std::string(subscription.type));
    const auto reaction = react(R"({"a":1})");
    CPPUNIT_ASSERT_MESSAGE(show(reaction.status()), reaction.isOk());
    CPPUNIT_ASSERT_EQUAL(std::string("org-1"), reaction->organization_id);
    CPPUNIT_ASSERT_EQUAL(std::string("MakeSmall"), reaction->commands.at(0).name);
    CPPUNIT_ASSERT_EQUAL(std::string(R"({"a":1})"), reaction->commands.at(0).body);
  }

  void brokenReactionsAreInternal() {
    CPPUNIT_ASSERT_EQUAL(
        std::string(
            "internal: small: react to large.LargeMade: the plugin gave a command it does not have, \"SomethingElse\""),
        show(react("undeclared").status()));
    CPPUNIT_ASSERT_EQUAL(std::string("already_there: it is there; /a is wrong; /b is wrong too"),
                         show(react("refusal").status()));
    CPPUNIT_ASSERT(!handlers_->react(1, {}).isOk());
  }

  void activitiesArePresented() {
    const bus::ActivityDescription& activity = handlers_->activities().at(0);
    CPPUNIT_ASSERT_EQUAL(std::string("madeAt smallId organizationId"), std::string(activity.time_field) + " " +
                                                                           std::string(activity.id_field) + " " +
                                                                           std::string(activity.organization_field));
    const auto item = handlers_->presentActivity(0, R"({"a":1})");
    CPPUNIT_ASSERT_EQUAL(std::string("something small"), item->summary);
    CPPUNIT_ASSERT_EQUAL(std::string(R"({"a":1})"), item->data);
    CPPUNIT_ASSERT_EQUAL(
        std::string("internal: small: present activity SmallMade: the plugin gave data that is no JSON object"),
        show(handlers_->presentActivity(0, "array").status()));
    CPPUNIT_ASSERT(!handlers_->presentActivity(1, "{}").isOk());
  }

  void configurationMayBeRefused() {
    CPPUNIT_ASSERT(handlers_->configure("{}").isOk());
    CPPUNIT_ASSERT_EQUAL(std::string("already_there: it is there; /a is wrong; /b is wrong too"),
                         show(handlers_->configure("refusal")));
  }

  void positionsBeyondTheListsAreInternal() {
    CPPUNIT_ASSERT(handlers_->decideCommand(1, {}).status().code() == Code::kInternal);
    CPPUNIT_ASSERT(handlers_->decideEvent(2, {}).status().code() == Code::kInternal);
    CPPUNIT_ASSERT(handlers_->plan(1, {}).status().code() == Code::kInternal);
    CPPUNIT_ASSERT(handlers_->present(1, {}, "{}", 0).status().code() == Code::kInternal);
  }

 private:
  Result<bus::PlannedReaction> react(std::string_view data) const {
    bus::ForeignEventCall event;
    event.domain = "large";
    event.type = "LargeMade";
    event.entity_id = "org-1";
    event.data = data;
    return handlers_->react(0, event);
  }
  Result<std::vector<bus::DecidedEvent>> decide(std::string_view body) const {
    bus::DecideCall call;
    call.body = body;
    return handlers_->decideCommand(0, call);
  }

  base::NullObserver observer_;
  std::unique_ptr<PluginLibrary> library_;
  std::unique_ptr<PluginHandlers> handlers_;
};
CPPUNIT_TEST_SUITE_REGISTRATION(PluginHandlersTest);

}  // namespace gyre::plugin
