#include "server/plugin/plugin_host.hpp"

#include <cppunit/TestFixture.h>
#include <cppunit/extensions/HelperMacros.h>

#include <string>
#include <utility>
#include <vector>

namespace gyre::plugin {

namespace {

class Listener final : public base::Observer {
 public:
  bool isLogged(base::Level) const override { return true; }
  void log(base::Level level, std::string_view part, std::string_view message) override {
    lines.push_back(std::to_string(static_cast<int>(level)) + " " + std::string(part) + ": " + std::string(message));
  }
  bool has(std::string_view text) const {
    for (const std::string& line : lines)
      if (line.find(text) != std::string::npos) return true;
    return false;
  }
  std::vector<std::string> lines;
};

std::string pathOf(const std::string& name) { return std::string(GYRE_SMALL_PLUGINS) + "/" + name; }

}  // namespace

class PluginHostTest : public CppUnit::TestFixture {
  CPPUNIT_TEST_SUITE(PluginHostTest);
  CPPUNIT_TEST(goodPluginsAreLoaded);
  CPPUNIT_TEST(brokenPluginsAreRefusedWithTheReason);
  CPPUNIT_TEST(loadingGoesOnAfterARefusal);
  CPPUNIT_TEST(theSecondOfADomainIsRefusedNamingBoth);
  CPPUNIT_TEST(aMissingFolderIsNotFound);
  CPPUNIT_TEST(thePluginsOwnLinesAreLogged);
  CPPUNIT_TEST(aNullTableIsRefused);
  CPPUNIT_TEST(theShippedPluginsAreAccepted);
  CPPUNIT_TEST_SUITE_END();

 public:
  void goodPluginsAreLoaded() {
    PluginHost host("1.2.3", observer_);
    CPPUNIT_ASSERT(host.load(pathOf("good")).isOk());
    CPPUNIT_ASSERT_EQUAL(std::size_t{0}, host.refused().size());
    CPPUNIT_ASSERT((host.domains() == std::vector<std::string>{"newer", "older", "small"}));
    const LoadedPlugin* const small = host.find("small");
    CPPUNIT_ASSERT_EQUAL(pathOf("good/small.so"), small->file);
    CPPUNIT_ASSERT_EQUAL(std::string("1.0.0"), std::string(small->handlers->version()));
    CPPUNIT_ASSERT_EQUAL(std::size_t{1}, small->handlers->subscriptions().size());
    CPPUNIT_ASSERT_EQUAL(std::size_t{0}, host.find("older")->handlers->subscriptions().size());
    CPPUNIT_ASSERT(host.find("large") == nullptr);
  }

  void brokenPluginsAreRefusedWithTheReason() {
    const std::string minor = std::to_string(GYRE_ABI_MINOR);
    const std::pair<const char*, std::string> cases[] = {
        {"wrong_major", "expected ABI version 1.x, found 2." + minor},
        {"no_symbol", "expected the symbol gyre_plugin_entry_v1, found none"},
        {"null_configure", "configure: expected a function, found null"},
        {"null_evolve", "evolve: expected a function, found null"},
        {"null_project", "project: expected a function, found null"},
        {"null_decide", "command MakeSmall decide: expected a function, found null"},
        {"null_plan", "query FindSmall plan: expected a function, found null"},
        {"null_present", "query FindSmall present: expected a function, found null"},
        {"small_table", "expected a plugin table of at least "},
        {"small_command", "command 0: expected a struct_size of at least"},
        {"null_table", "the plugin cannot serve this host (ABI 1." + minor + "): needs a host of 9.9"},
        {"silent_null", "the plugin cannot serve this host (ABI 1." + minor + "): it gave no reason"},
        {"bad_domain", "domain: expected a name like \"payments\", found \"../Small?\""},
        {"bad_command_name", "command 0: expected a name like \"CreatePayment\", found \"make small\""},
        {"bad_event_name", "event 0: expected a name like \"CreatePayment\", found \"\""},
        {"twice", "command \"MakeSmall\" is declared twice"},
        {"bad_index", "index: expected an object, found an array"},
        {"bad_options", "options: "},
        {"bad_schema", "command MakeSmall schema: "},
        {"no_version", "version: expected text"},
        {"null_entry", "query 1: expected an entry, found null"},
        {"null_list", "event list: expected 2 entries, found null"},
        {"huge_count", "command list: expected at most 4096 entries, found 18446744073709551615"},
        {"null_text", "help: expected text, found a null pointer with size 6"},
        {"bad_utf8", "help: expected UTF-8 text"},
        {"null_react", "subscription large.LargeMade react: expected a function, found null"},
        {"own_event", "subscription 0 domain: expected another domain than its own, found \"small\""},
        {"bad_source", "subscription 0 domain: expected a name like \"payments\", found \"Large!\""},
        {"subscribes_twice", "subscription large.LargeMade is declared twice"},
        {"null_activity", "activity SmallMade present: expected a function, found null"},
        {"no_time_field", "activity SmallMade time_field: expected the name of a field, found nothing"},
        {"bad_filter", "activity SmallMade filter: expected an object, found an array"},
    };
    for (const auto& [name, reason] : cases) {
      const std::string file = pathOf("broken/" + std::string(name) + ".so");
      const auto opened = PluginLibrary::open(file, "1.0", observer_);
      CPPUNIT_ASSERT_MESSAGE(name, !opened.isOk());
      const std::string message(opened.status().message());
      CPPUNIT_ASSERT_EQUAL_MESSAGE(name, std::string("plugin_refused"), std::string(opened.status().reason()));
      CPPUNIT_ASSERT_MESSAGE(message, message.starts_with(file + ": "));
      CPPUNIT_ASSERT_MESSAGE(message, message.find(reason) != std::string::npos);
    }
  }

  void loadingGoesOnAfterARefusal() {
    PluginHost host("1.0", observer_);
    CPPUNIT_ASSERT(host.load(pathOf("mixed")).isOk());
    CPPUNIT_ASSERT((host.domains() == std::vector<std::string>{"small"}));
    CPPUNIT_ASSERT_EQUAL(std::size_t{3}, host.refused().size());
    const char* const files[] = {"mixed/a_wrong_major.so", "mixed/c_text.so", "mixed/d_empty.so"};
    for (std::size_t i = 0; i < 3; ++i) {
      CPPUNIT_ASSERT_EQUAL(pathOf(files[i]), host.refused()[i].file);
      CPPUNIT_ASSERT(host.refused()[i].why.message().find(files[i]) != std::string::npos);
      CPPUNIT_ASSERT(observer_.has("3 plugin: refused " + pathOf(files[i])));
    }
  }

  void theSecondOfADomainIsRefusedNamingBoth() {
    PluginHost host("1.0", observer_);
    CPPUNIT_ASSERT(host.load(pathOf("twice")).isOk());
    CPPUNIT_ASSERT_EQUAL(pathOf("twice/first.so"), host.find("small")->file);
    CPPUNIT_ASSERT_EQUAL(std::size_t{1}, host.refused().size());
    const std::string message(host.refused()[0].why.message());
    CPPUNIT_ASSERT_MESSAGE(message, message.find("twice/first.so") != std::string::npos &&
                                        message.find("twice/second.so") != std::string::npos);
  }

  void aMissingFolderIsNotFound() {
    PluginHost host("1.0", observer_);
    const Status status = host.load(pathOf("absent"));
    CPPUNIT_ASSERT(status.code() == Code::kNotFound);
    CPPUNIT_ASSERT(status.message().starts_with(pathOf("absent") + ": "));
  }

  void thePluginsOwnLinesAreLogged() {
    CPPUNIT_ASSERT(PluginLibrary::open(pathOf("good/small.so"), "7.8.9", observer_).isOk());
    CPPUNIT_ASSERT(observer_.has("0 plugin/small.so: 7.8.9"));
  }

  void aNullTableIsRefused() { CPPUNIT_ASSERT(!checkPluginTable(nullptr).isOk()); }

  // Those that happen to be built: a build of this test alone has none.
  void theShippedPluginsAreAccepted() {
    PluginHost host("1.0", observer_);
    if (!host.load(GYRE_PLUGIN_DIR).isOk()) return;
    for (const RefusedPlugin& refused : host.refused()) CPPUNIT_FAIL(std::string(refused.why.message()));
  }

 private:
  Listener observer_;
};
CPPUNIT_TEST_SUITE_REGISTRATION(PluginHostTest);

}  // namespace gyre::plugin
